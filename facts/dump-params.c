#include "config.h"

#include <glib.h>
#include <string.h>

#include "base/json-writer.h"
#include "facts/codec.h"
#include "facts/factdump.h"
#include "facts/params.h"

static const char *vtype_word(enum vtype vtype)
{
    return fact_enum_vtype.words[vtype];
}

/* ---- hypervisors ---- */

static void dump_check(struct json_writer *w, const struct hv_param *param)
{
    if (param->check == HV_CHECK_RANGE) {
        json_write_key(w, "range");
        json_write_array_begin(w);
        json_write_int(w, param->min);
        if (param->max == INT64_MAX) {
            json_write_null(w);
        } else {
            json_write_int(w, param->max);
        }
        json_write_array_end(w);
    }
    if (param->check == HV_CHECK_ONE_OF && param->name->vtype == VTYPE_STRING) {
        g_auto(GStrv) words = g_strsplit(hv_param_words(param), " ", 0);

        json_write_key(w, "one_of");
        json_write_array_begin(w);
        for (size_t i = 0; words[i] != NULL; i++) {
            json_write_string(w, words[i]);
        }
        json_write_array_end(w);
    }
    dump_bool(w, "file",
              param->check == HV_CHECK_FILE || param->check == HV_CHECK_DIR ||
                  param->check == HV_CHECK_FILE_OR_URL);
}

void dump_hvparams(struct json_writer *w)
{
    json_write_object_begin(w);
    for (size_t i = 0; i < hv_params_n; i++) {
        const struct hv_param *param = &hv_params[i];
        g_autofree char *key = NULL;

        if (!hv_name_is_current(param->name)) {
            continue;
        }
        key = g_strdup_printf("%s/%s", fact_enum_hypervisor.words[param->hypervisor],
                              param->name->name);
        json_write_key(w, key);
        json_write_object_begin(w);
        dump_text(w, "type", vtype_word(param->name->vtype));
        dump_text(w, "title", param->name->title);
        dump_bool(w, "global", param->name->global);
        dump_bool(w, "required", param->required);
        dump_json(w, "default", hv_param_default(param));
        dump_check(w, param);
        json_write_object_end(w);
    }
    json_write_object_end(w);
}

/* ---- backend, nodes, NICs ---- */

static void dump_rows(struct json_writer *w, const struct param_rows *rows)
{
    json_write_object_begin(w);
    for (size_t i = 0; i < rows->n; i++) {
        json_write_key(w, rows->v[i].name);
        json_write_object_begin(w);
        dump_text(w, "type", vtype_word(rows->v[i].vtype));
        dump_text(w, "title", rows->v[i].title);
        dump_bool(w, "global", rows->v[i].global);
        dump_json(w, "default", rows->v[i].default_json);
        json_write_object_end(w);
    }
    json_write_object_end(w);
}

void dump_beparams(struct json_writer *w)
{
    dump_rows(w, &be_params);
}

void dump_ndparams(struct json_writer *w)
{
    dump_rows(w, &nd_params);
}

void dump_nicparams(struct json_writer *w)
{
    dump_rows(w, &nic_params);
}

/* ---- disks ---- */

void dump_diskparams(struct json_writer *w)
{
    json_write_object_begin(w);
    for (size_t i = 0; i < disk_params_n; i++) {
        const struct disk_param *param = &disk_params[i];
        g_autofree char *key = g_strdup_printf(
            "template/%s/%s", fact_enum_disk_template.words[param->disk_template], param->name);

        json_write_key(w, key);
        json_write_object_begin(w);
        dump_text(w, "type", vtype_word(param->vtype));
        dump_json(w, "default", param->default_json);
        json_write_object_end(w);
    }
    for (size_t i = 0; i < ld_params_n; i++) {
        const struct ld_param *param = &ld_params[i];
        g_autofree char *key = g_strdup_printf(
            "device/%s/%s", fact_enum_disk_template.words[param->device], param->name);

        json_write_key(w, key);
        json_write_object_begin(w);
        dump_json(w, "default", disk_param_find(param->device, param->source)->default_json);
        json_write_object_end(w);
    }
    json_write_object_end(w);
}

/* ---- policy ---- */

void dump_ipolicy(struct json_writer *w)
{
    struct ipolicy policy = {0};

    (void)ipolicy_fill_defaults(&policy);
    fact_object_encode(&fact_object_ipolicy, &policy, w);
    fact_object_clear(&fact_object_ipolicy, &policy);
}
