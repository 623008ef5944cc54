/* Hypervisor state and disk state. */
#include "config.h"

#include "jobs/lu/state.h"

#include <string.h>

#include "base/json.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "jobs/lu/params.h"

/* All are whole numbers, of MiB where they are sizes (constants HVSTS_PARAMETER_TYPES,
 * DSS_PARAMETER_TYPES). */
static const char *const hv_names_of_state[] = {"cpu_node", "cpu_total", "mem_hv",
                                                "mem_node", "mem_total", NULL};
static const char *const disk_names_of_state[] = {"disk_overhead", "disk_reserved", "disk_total",
                                                  NULL};

/* One dictionary of numbers, changed. */
static bool merge_numbers(const struct json *given, const char *const *names, struct json *into,
                          GError **errp)
{
    if (json_kind(given) != JSON_OBJECT) {
        return err_fail(errp, ERR_TYPE_ENFORCEMENT, ECODE_NONE, "A state must be a dictionary");
    }
    struct json_iter it = json_iter_begin(given);
    while (json_iter_next(&it)) {
        struct json *value = NULL;
        if (!g_strv_contains(names, it.key)) {
            return err_fail(errp, ERR_TYPE_ENFORCEMENT, ECODE_NONE, "There is no parameter '%s'",
                            it.key);
        }
        if (json_kind(it.value) == JSON_STRING &&
            strcmp(json_string(it.value), C_VALUE_DEFAULT) == 0) {
            json_remove(into, it.key);
            continue;
        }
        if (!lu_force_value(it.key, VTYPE_INT, it.value, &value, errp)) {
            return false;
        }
        json_set(into, it.key, value);
    }
    return true;
}

static struct json *object_at(struct any_map *state, const char *key)
{
    struct json **slot = fact_dict_get(&type_any_map, state, key);
    struct json *copy =
        slot != NULL && json_kind(*slot) == JSON_OBJECT ? json_copy(*slot) : json_new_object();
    slot = fact_dict_add(&type_any_map, state, key);
    *slot = copy;
    return copy;
}

bool lu_hv_state_merge(const struct any_dict *given, struct any_map *state, GError **errp)
{
    for (size_t i = 0; i < given->n; i++) {
        const char *key = given->v[i].key;
        if (fact_enum_find(&fact_enum_hypervisor, key) < 0) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "'%s' in the hypervisor state is no hypervisor", key);
        }
        if (!merge_numbers(given->v[i].value, hv_names_of_state, object_at(state, key), errp)) {
            return false;
        }
    }
    return true;
}

/* Storage type, then name of the storage unit, then numbers. */
bool lu_disk_state_merge(const struct any_dict *given, struct any_map *state, GError **errp)
{
    for (size_t i = 0; i < given->n; i++) {
        const char *key = given->v[i].key;
        if (strcmp(key, fact_enum_disk_template.words[DISK_TEMPLATE_PLAIN]) != 0) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "'%s' in the disk state is no storage that has a state", key);
        }
        if (json_kind(given->v[i].value) != JSON_OBJECT) {
            return err_fail(errp, ERR_TYPE_ENFORCEMENT, ECODE_NONE,
                            "The disk state of '%s' must be a dictionary", key);
        }
        struct json *units = object_at(state, key);
        struct json_iter it = json_iter_begin(given->v[i].value);
        while (json_iter_next(&it)) {
            const struct json *old = json_get(units, it.key);
            struct json *unit = json_kind(old) == JSON_OBJECT ? json_copy(old) : json_new_object();
            json_set(units, it.key, unit);
            if (!merge_numbers(it.value, disk_names_of_state, unit, errp)) {
                return false;
            }
        }
    }
    return true;
}

/* --- The cluster's ------------------------------------------------------------------------------
 */
static void fill(struct json *numbers, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (!json_has(numbers, names[i])) {
            /* A node has one processor, and one for itself, until it is told otherwise. */
            json_set(numbers, names[i], json_new_int(g_str_has_prefix(names[i], "cpu_") ? 1 : 0));
        }
    }
}

void lu_hv_state_fill(struct any_map *state)
{
    for (size_t i = 0; i < state->n; i++) {
        fill(object_at(state, state->v[i].key), hv_names_of_state);
    }
}

void lu_disk_state_fill(struct any_map *state)
{
    for (size_t i = 0; i < state->n; i++) {
        struct json_iter it = json_iter_begin(object_at(state, state->v[i].key));
        while (json_iter_next(&it)) {
            fill(it.value, disk_names_of_state);
        }
    }
}
