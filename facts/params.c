#include "config.h"

#include "facts/params.h"

#include <string.h>

#include "base/json.h"
#include "facts/checks.h"
#include "facts/codec.h"

const struct hv_name hv_names[] = {
#define HVNAME(name_, vtype_, title_, global_, since_, until_, doc_)                               \
    [HV_NAME_##name_] = {.name = #name_,                                                           \
                         .vtype = vtype_,                                                          \
                         .title = title_,                                                          \
                         .global = global_,                                                        \
                         .since = since_,                                                          \
                         .until = until_,                                                          \
                         .doc = doc_},
#define HVPARAM(hv, name, required, check, min, max, words, words_30, dflt, dflt_30)
#include "facts/hvparams.def"
#undef HVNAME
#undef HVPARAM
};
const size_t hv_names_n = G_N_ELEMENTS(hv_names);

const struct hv_param hv_params[] = {
#define HVNAME(name, vtype, title, global, since, until, doc)
#define HVPARAM(hv, name_, required_, check_, min_, max_, words_, w30, dflt, dflt_30)              \
    {.hypervisor = hv,                                                                             \
     .name = &hv_names[HV_NAME_##name_],                                                           \
     .required = required_,                                                                        \
     .check = HV_CHECK_##check_,                                                                   \
     .min = min_,                                                                                  \
     .max = max_,                                                                                  \
     .words = words_,                                                                              \
     .words_30 = w30,                                                                              \
     .default_json = dflt,                                                                         \
     .default_30 = dflt_30},
#include "facts/hvparams.def"
#undef HVNAME
#undef HVPARAM
};
const size_t hv_params_n = G_N_ELEMENTS(hv_params);

static const struct param_row be_rows[] = {
#define BEPARAM(ident, name_, vtype_, dflt, title_)                                                \
    {.name = name_, .vtype = vtype_, .default_json = dflt, .title = title_},
#include "facts/beparams.def"
#undef BEPARAM
};
static const struct param_row nd_rows[] = {
#define NDPARAM(ident, name_, vtype_, dflt, title_, global_)                                       \
    {.name = name_, .vtype = vtype_, .default_json = dflt, .title = title_, .global = global_},
#include "facts/ndparams.def"
#undef NDPARAM
};
static const struct param_row nic_rows[] = {
#define NICPARAM(ident, name_, vtype_, dflt, title_)                                               \
    {.name = name_, .vtype = vtype_, .default_json = dflt, .title = title_},
#include "facts/nicparams.def"
#undef NICPARAM
};
const struct param_rows be_params = {.v = be_rows, .n = G_N_ELEMENTS(be_rows)};
const struct param_rows nd_params = {.v = nd_rows, .n = G_N_ELEMENTS(nd_rows)};
const struct param_rows nic_params = {.v = nic_rows, .n = G_N_ELEMENTS(nic_rows)};

const struct disk_param disk_params[] = {
#define DISKPARAM(dt, name_, vtype_, dflt, doc_)                                                   \
    {.disk_template = dt, .name = name_, .vtype = vtype_, .default_json = dflt, .doc = doc_},
#define LDPARAM(ident, dt, name, source, vtype)
#include "facts/diskparams.def"
#undef DISKPARAM
#undef LDPARAM
};
const size_t disk_params_n = G_N_ELEMENTS(disk_params);

const struct ld_param ld_params[] = {
#define DISKPARAM(dt, name, vtype, dflt, doc)
#define LDPARAM(ident, dt, name_, source_, vtype_)                                                 \
    {.device = dt, .name = name_, .source = source_, .vtype = vtype_},
#include "facts/diskparams.def"
#undef DISKPARAM
#undef LDPARAM
};
const size_t ld_params_n = G_N_ELEMENTS(ld_params);

bool hv_name_is_current(const struct hv_name *name)
{
    return name->since <= fact_level() && fact_level() <= name->until;
}

const struct fact_value *hv_value(const struct value_map *params, enum hv_name_id name)
{
    return fact_dict_get(&type_value_map, params, hv_names[name].name);
}

const struct fact_value *ld_value(const struct value_map *params, enum ld_param_id param)
{
    return fact_dict_get(&type_value_map, params, ld_params[param].name);
}

const struct hv_name *hv_name_find(const char *name)
{
    for (size_t i = 0; i < hv_names_n; i++) {
        if (strcmp(hv_names[i].name, name) == 0 && hv_name_is_current(&hv_names[i])) {
            return &hv_names[i];
        }
    }
    return NULL;
}

const struct hv_param *hv_param_find(enum hypervisor hypervisor, const char *name)
{
    for (size_t i = 0; i < hv_params_n; i++) {
        if (hv_params[i].hypervisor == hypervisor && strcmp(hv_params[i].name->name, name) == 0 &&
            hv_name_is_current(hv_params[i].name)) {
            return &hv_params[i];
        }
    }
    return NULL;
}

bool hv_param_is_global(const char *name)
{
    const struct hv_name *row = hv_name_find(name);

    return row != NULL && row->global;
}

const char *hv_param_default(const struct hv_param *param)
{
    return fact_level() == LEVEL_3_0 && param->default_30 != NULL ? param->default_30
                                                                  : param->default_json;
}

const char *hv_param_words(const struct hv_param *param)
{
    return fact_level() == LEVEL_3_0 && param->words_30 != NULL ? param->words_30 : param->words;
}

const struct param_row *param_row_find(const struct param_rows *rows, const char *name)
{
    for (size_t i = 0; i < rows->n; i++) {
        if (strcmp(rows->v[i].name, name) == 0) {
            return &rows->v[i];
        }
    }
    return NULL;
}

const struct disk_param *disk_param_find(enum disk_template disk_template, const char *name)
{
    for (size_t i = 0; i < disk_params_n; i++) {
        if (disk_params[i].disk_template == disk_template &&
            strcmp(disk_params[i].name, name) == 0) {
            return &disk_params[i];
        }
    }
    return NULL;
}

/* ---- defaults ---- */

/* Rows are our own text: that they parse is a unit test. */
static struct json *parse_default(const char *text)
{
    struct json *json = NULL;
    g_autoptr(GError) error = NULL;

    if (!json_parse(text, -1, &json, &error)) {
        g_error("default %s: %s", text, error->message);
    }
    return json;
}

static bool fill_value(struct value_map *map, const char *name, const char *default_json)
{
    CLEANUP(json_unrefp) struct json *json = NULL;

    if (fact_dict_get(&type_value_map, map, name) != NULL) {
        return false;
    }
    json = parse_default(default_json);
    (void)fact_value_set(fact_dict_add(&type_value_map, map, name), json);
    return true;
}

bool hv_params_fill_defaults(enum hypervisor hypervisor, struct value_map *map)
{
    bool filled = false;

    for (size_t i = 0; i < hv_params_n; i++) {
        if (hv_params[i].hypervisor == hypervisor && hv_name_is_current(hv_params[i].name)) {
            filled |= fill_value(map, hv_params[i].name->name, hv_param_default(&hv_params[i]));
        }
    }
    return filled;
}

bool disk_params_fill_defaults(enum disk_template disk_template, struct value_map *map)
{
    bool filled = false;

    for (size_t i = 0; i < disk_params_n; i++) {
        if (disk_params[i].disk_template == disk_template) {
            filled |= fill_value(map, disk_params[i].name, disk_params[i].default_json);
        }
    }
    return filled;
}

/* Rows and members have the same names, which is a unit test. */
static bool fill_rows(const struct param_rows *rows, const struct fact_object *object, void *value)
{
    bool filled = false;

    for (size_t i = 0; i < rows->n; i++) {
        const struct fact_member *member = fact_object_find(object, rows->v[i].name);
        CLEANUP(json_unrefp) struct json *json = NULL;

        if (fact_member_is_set(object, value, member)) {
            continue;
        }
        json = parse_default(rows->v[i].default_json);
        if (json == NULL) {
            continue;
        }
        if (!fact_decode(member->spec->type, json, (char *)value + member->offset, NULL, NULL)) {
            g_error("default of %s does not fit its member", rows->v[i].name);
        }
        fact_member_mark_set(object, value, member, true);
        filled = true;
    }
    return filled;
}

bool be_params_fill_defaults(struct beparams *params)
{
    return fill_rows(&be_params, &fact_object_beparams, params);
}

bool nd_params_fill_defaults(struct ndparams *params)
{
    return fill_rows(&nd_params, &fact_object_ndparams, params);
}

bool nic_params_fill_defaults(struct nicparams *params)
{
    return fill_rows(&nic_params, &fact_object_nicparams, params);
}

#define SET_MISSING(object, member_, value_)                                                       \
    do {                                                                                           \
        if (!(object)->has.member_) {                                                              \
            (object)->member_ = (value_);                                                          \
            (object)->has.member_ = true;                                                          \
            filled = true;                                                                         \
        }                                                                                          \
    } while (0)

static void fill_minmax(struct ipolicy *policy)
{
    struct minmax_ispecs *specs = fact_list_add(&type_minmax_ispecs_list, &policy->minmax);
    bool filled = false;

#define ISPEC(ident, name, min_, max_, std_)                                                       \
    SET_MISSING(&specs->min, ident, min_);                                                         \
    SET_MISSING(&specs->max, ident, max_);
#define IPOLICY_RATIO(ident, name, dflt)
#include "facts/ipolicy.def"
#undef ISPEC
#undef IPOLICY_RATIO
    specs->has.min = specs->has.max = filled;
    policy->has.minmax = true;
}

static void fill_templates(struct ipolicy *policy)
{
    for (size_t i = 0; i < fact_enum_disk_template.n; i++) {
        *(enum disk_template *)fact_list_add(&type_disk_template_list, &policy->disk_templates) =
            (enum disk_template)i;
    }
    policy->has.disk_templates = true;
}

bool ipolicy_fill_defaults(struct ipolicy *policy)
{
    bool filled = !policy->has.minmax || !policy->has.disk_templates;

    if (!policy->has.minmax) {
        fill_minmax(policy);
    }
    if (!policy->has.disk_templates) {
        fill_templates(policy);
    }
    policy->has.std = true;
#define ISPEC(ident, name, min_, max_, std_) SET_MISSING(&policy->std, ident, std_);
#define IPOLICY_RATIO(ident, name, dflt)     SET_MISSING(policy, ident, dflt);
#include "facts/ipolicy.def"
#undef ISPEC
#undef IPOLICY_RATIO
    return filled;
}
