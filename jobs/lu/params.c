/* Parameters as clients give them. */
#include "config.h"

#include "jobs/lu/params.h"

#include <math.h>
#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/parse.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

static bool refuse(const char *name, const struct json *value, const char *expected, GError **errp)
{
    g_autofree char *text = json_to_string(value, JSON_PYTHON);
    return err_fail(errp, ERR_TYPE_ENFORCEMENT, ECODE_NONE, "'%s' (value %.80s) is no %s", name,
                    text, expected);
}

static bool force_string(const char *name, bool may_be_null, const struct json *value,
                         struct json **ret, GError **errp)
{
    if (json_kind(value) == JSON_STRING) {
        *ret = json_copy(value);
        return true;
    }
    if (value == NULL && may_be_null) {
        *ret = NULL;
        return true;
    }
    if (json_kind(value) == JSON_BOOL && !json_boolean(value)) {
        *ret = json_new_string("");
        return true;
    }
    return refuse(name, value, "text", errp);
}

/* Python's idea of true, but for texts, which must say it. */
static bool force_bool(const char *name, const struct json *value, struct json **ret, GError **errp)
{
    bool truth = false;
    switch (json_kind(value)) {
    case JSON_NULL:
        break;
    case JSON_BOOL:
        truth = json_boolean(value);
        break;
    case JSON_INT:
    case JSON_FLOAT:
        truth = json_double(value) != 0;
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        truth = json_len(value) > 0;
        break;
    case JSON_STRING:
        truth = g_ascii_strcasecmp(json_string(value), C_VALUE_TRUE) == 0;
        if (!truth && json_string_len(value) > 0 &&
            g_ascii_strcasecmp(json_string(value), C_VALUE_FALSE) != 0) {
            return refuse(name, value, "truth value", errp);
        }
        break;
    }
    *ret = json_new_bool(truth);
    return true;
}

static bool force_size(const char *name, const struct json *value, struct json **ret, GError **errp)
{
    g_autofree char *text = NULL;
    int64_t mib;
    if (json_kind(value) == JSON_STRING) {
        text = g_strdup(json_string(value));
    } else if (json_kind(value) == JSON_INT || json_kind(value) == JSON_FLOAT) {
        text = json_to_string(value, JSON_PYTHON);
    }
    if (text == NULL || !parse_size_mib(text, &mib, NULL)) {
        return refuse(name, value, "size", errp);
    }
    *ret = json_new_int(mib);
    return true;
}

static bool as_double(const struct json *value, double *ret)
{
    switch (json_kind(value)) {
    case JSON_INT:
    case JSON_FLOAT:
        *ret = json_double(value);
        return true;
    case JSON_BOOL:
        *ret = json_boolean(value) ? 1 : 0;
        return true;
    case JSON_STRING:
        return parse_double(json_string(value), -G_MAXDOUBLE, G_MAXDOUBLE, ret, NULL);
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return false;
}

static bool force_int(const char *name, const struct json *value, struct json **ret, GError **errp)
{
    int64_t whole;
    double number;
    if (json_kind(value) == JSON_INT) {
        *ret = json_copy(value);
        return true;
    }
    if (json_kind(value) == JSON_STRING) {
        if (!parse_int64(json_string(value), INT64_MIN, INT64_MAX, &whole, NULL)) {
            return refuse(name, value, "integer", errp);
        }
    } else if (as_double(value, &number) && fabs(number) < 9e18) {
        whole = (int64_t)number;
    } else {
        return refuse(name, value, "integer", errp);
    }
    *ret = json_new_int(whole);
    return true;
}

static bool force_float(const char *name, const struct json *value, struct json **ret,
                        GError **errp)
{
    double number;
    if (!as_double(value, &number)) {
        return refuse(name, value, "number", errp);
    }
    *ret = json_new_double(number);
    return true;
}

bool lu_force_value(const char *name, enum vtype vtype, const struct json *value, struct json **ret,
                    GError **errp)
{
    switch (vtype) {
    case VTYPE_STRING:
    case VTYPE_MAYBE_STRING:
        return force_string(name, vtype == VTYPE_MAYBE_STRING, value, ret, errp);
    case VTYPE_BOOL:
        return force_bool(name, value, ret, errp);
    case VTYPE_SIZE:
        return force_size(name, value, ret, errp);
    case VTYPE_INT:
        return force_int(name, value, ret, errp);
    case VTYPE_FLOAT:
        return force_float(name, value, ret, errp);
    }
    g_return_val_if_reached(false);
}

static bool unknown(const char *name, GError **errp)
{
    return err_fail(errp, ERR_TYPE_ENFORCEMENT, ECODE_NONE, "There is no parameter '%s'", name);
}

bool lu_force_params(const struct any_dict *given, const struct param_rows *rows,
                     const struct fact_object *object, void *ret, GError **errp)
{
    CLEANUP(json_unrefp) struct json *forced = json_new_object();
    for (size_t i = 0; i < given->n; i++) {
        const char *name = given->v[i].key;
        const struct param_row *row = param_row_find(rows, name);
        struct json *value = NULL;
        if (row == NULL) {
            return unknown(name, errp);
        }
        if (!lu_force_value(name, row->vtype, given->v[i].value, &value, errp)) {
            return false;
        }
        json_set(forced, name, value);
    }
    if (!fact_object_decode_at(object, forced, ret, NULL, errp)) {
        err_wrap(errp, ERR_TYPE_ENFORCEMENT, ECODE_NONE);
        return false;
    }
    return true;
}

/* --- Changes ------------------------------------------------------------------------------------
 */
bool lu_value_is_default(const struct json *value)
{
    return json_kind(value) == JSON_STRING && strcmp(json_string(value), C_VALUE_DEFAULT) == 0;
}

void lu_split_memory(struct any_dict *given)
{
    static const char *const limits[] = {"maxmem", "minmem"};
    struct json **memory = fact_dict_get(&type_any_dict, given, "memory");
    if (memory == NULL) {
        return;
    }
    CLEANUP(json_unrefp) struct json *value = json_ref(*memory);
    (void)fact_dict_remove(&type_any_dict, given, "memory");
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        (void)fact_dict_remove(&type_any_dict, given, limits[i]);
        *(struct json **)fact_dict_add(&type_any_dict, given, limits[i]) = json_ref(value);
    }
}

bool lu_update_params(const struct any_dict *given, const struct param_rows *rows,
                      const struct fact_object *object, void *params, GError **errp)
{
    struct any_dict set = {.v = g_new0(__typeof__(*set.v), given->n)}; /* borrows from given */
    for (size_t i = 0; i < given->n; i++) {
        const struct fact_member *member = fact_object_find(object, given->v[i].key);
        if (!lu_value_is_default(given->v[i].value)) {
            set.v[set.n++] = given->v[i];
        } else if (member != NULL) {
            fact_clear(member->spec->type, (char *)params + member->offset);
            fact_member_mark_set(object, params, member, false);
        }
    }
    g_autofree void *changes = g_malloc0(object->size);
    bool ok = lu_force_params(&set, rows, object, changes, errp);
    if (ok) {
        /* The parameters that stay come from the old ones. */
        fact_object_fill(object, changes, params);
        fact_object_clear(object, params);
        fact_object_copy_at(object, params, changes);
    }
    fact_object_clear(object, changes);
    g_free(set.v);
    return ok;
}

bool lu_check_no_globals(const struct any_dict *given, const struct param_rows *rows, GError **errp)
{
    for (size_t i = 0; i < given->n; i++) {
        const struct param_row *row = param_row_find(rows, given->v[i].key);
        if (row != NULL && row->global) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "A single node cannot have the parameter %s: change it for the cluster "
                            "or the group",
                            row->name);
        }
    }
    return true;
}

bool lu_force_hvparams(const struct any_dict *given, struct value_map *ret, GError **errp)
{
    for (size_t i = 0; i < given->n; i++) {
        const char *name = given->v[i].key;
        const struct hv_name *row = hv_name_find(name);
        CLEANUP(json_unrefp) struct json *value = NULL;
        if (row == NULL) {
            return unknown(name, errp);
        }
        if (!lu_force_value(name, row->vtype, given->v[i].value, &value, errp)) {
            return false;
        }
        fact_value_set(fact_dict_add(&type_value_map, ret, name), value);
    }
    return true;
}

bool lu_check_hv_syntax(enum hypervisor hypervisor, const struct value_map *filled, GError **errp)
{
    for (size_t i = 0; i < filled->n; i++) {
        const char *name = filled->v[i].key;
        const struct hv_param *row = hv_param_find(hypervisor, name);
        g_autoptr(GError) error = NULL;
        if (row == NULL) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "The hypervisor %s has no parameter '%s'",
                            fact_enum_hypervisor.words[hypervisor], name);
        }
        if (!hv_param_check(row, &filled->v[i].value, &error)) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Hypervisor parameter '%s': %s", name,
                            error->message);
        }
    }
    return true;
}

void lu_map_merge(struct value_map *map, const struct value_map *from)
{
    for (size_t i = 0; from != NULL && i < from->n; i++) {
        fact_copy(&type_VALUE, fact_dict_add(&type_value_map, map, from->v[i].key),
                  &from->v[i].value);
    }
}

static bool force_template(enum disk_template disk_template, const struct any_dict *given,
                           struct value_map *ret, GError **errp)
{
    for (size_t i = 0; i < given->n; i++) {
        const char *name = given->v[i].key;
        const struct disk_param *row = disk_param_find(disk_template, name);
        CLEANUP(json_unrefp) struct json *value = NULL;
        if (row == NULL) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "There is no disk parameter '%s' for the disk template '%s'", name,
                            fact_enum_disk_template.words[disk_template]);
        }
        if (!lu_force_value(name, row->vtype, given->v[i].value, &value, errp)) {
            return false;
        }
        fact_value_set(fact_dict_add(&type_value_map, ret, name), value);
    }
    return true;
}

bool lu_force_diskparams(const struct disk_template_params *given, struct value_map_map *ret,
                         GError **errp)
{
    for (size_t i = 0; i < given->n; i++) {
        int found = fact_enum_find(&fact_enum_disk_template, given->v[i].key);
        if (found < 0) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "There is no disk template '%s'",
                            given->v[i].key);
        }
        if (!force_template((enum disk_template)found, &given->v[i].value,
                            fact_dict_add(&type_value_map_map, ret, given->v[i].key), errp)) {
            return false;
        }
    }
    return true;
}

static bool update_template(enum disk_template disk_template, const struct any_dict *given,
                            struct value_map *params, GError **errp)
{
    struct any_dict set = {.v = g_new0(__typeof__(*set.v), given->n)}; /* borrows from given */
    struct value_map forced = {0};
    for (size_t i = 0; i < given->n; i++) {
        if (!lu_value_is_default(given->v[i].value)) {
            set.v[set.n++] = given->v[i];
        } else {
            fact_dict_remove(&type_value_map, params, given->v[i].key);
        }
    }
    bool ok = force_template(disk_template, &set, &forced, errp);
    if (ok) {
        lu_map_merge(params, &forced);
    }
    fact_clear(&type_value_map, &forced);
    g_free(set.v);
    return ok;
}

bool lu_update_diskparams(const struct disk_template_params *given, struct value_map_map *params,
                          GError **errp)
{
    for (size_t i = 0; i < given->n; i++) {
        const char *name = given->v[i].key;
        int found = fact_enum_find(&fact_enum_disk_template, name);
        if (found < 0) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "There is no disk template '%s'",
                            name);
        }
        struct value_map *own = fact_dict_get(&type_value_map_map, params, name);
        if (own == NULL) {
            own = fact_dict_add(&type_value_map_map, params, name);
        }
        if (!update_template((enum disk_template)found, &given->v[i].value, own, errp)) {
            return false;
        }
    }
    return true;
}

struct json *lu_json_of(const struct fact_type *type, const void *value)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    struct json *json = NULL;
    fact_encode(type, value, &w);
    if (!json_parse(text->str, (gssize)text->len, &json, NULL)) {
        g_assert_not_reached(); /* written right here */
    }
    return json;
}
