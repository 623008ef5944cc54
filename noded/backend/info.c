/* node_info: what the node has to give. */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "facts/codec.h"
#include "noded/backend/common.h"
#include "noded/backend/guests.h"
#include "noded/storage/file/paths.h"

enum { MAX_BOOT_ID = 128 };

static const char boot_id_path[] = "/proc/sys/kernel/random/boot_id";

/* One unit: [type, name, [parameters]]. */
static bool parse_unit(const struct json *unit, const char **ret_type, const char **ret_name,
                       GError **errp)
{
    if (json_kind(unit) != JSON_ARRAY || json_len(unit) != 3 ||
        json_kind(json_at(unit, 0)) != JSON_STRING || json_kind(json_at(unit, 1)) != JSON_STRING) {
        return noded_fail(errp, "a storage unit must be a list of type, name and parameters");
    }
    *ret_type = json_string(json_at(unit, 0));
    *ret_name = json_string(json_at(unit, 1));
    return true;
}

static bool write_unit(struct json_writer *result, const struct json *unit, GError **errp)
{
    struct node_storage_info info = {.has = {.storage_size = true, .storage_free = true}};
    const char *type = NULL, *name = NULL;

    if (!parse_unit(unit, &type, &name, errp)) {
        return false;
    }
    if (fact_enum_find(&fact_enum_storage_type, type) != STORAGE_FILE) {
        return noded_fail(errp, "%s does not tell the room of storage of type '%s'",
                          backend_node_name(), type);
    }
    if (!file_path_space(name, &info.storage_size, &info.storage_free, errp)) {
        return false;
    }
    info.type = (char *)type;
    info.has.type = true;
    info.name = (char *)name;
    info.has.name = true;
    fact_object_encode(&fact_object_node_storage_info, &info, result);
    return true;
}

static bool write_units(struct json_writer *result, const struct json *units, GError **errp)
{
    if (units == NULL) {
        json_write_null(result);
        return true;
    }
    if (json_kind(units) != JSON_ARRAY) {
        return noded_fail(errp, "storage units must be a list");
    }
    json_write_array_begin(result);
    for (size_t i = 0; i < json_len(units); i++) {
        if (!write_unit(result, json_at(units, i), errp)) {
            return false;
        }
    }
    json_write_array_end(result);
    return true;
}

bool backend_write_hv_info(struct json_writer *result, const char *word, struct json *params,
                           GError **errp)
{
    struct node_hv_info info = {0};
    struct backend_hv hv;
    bool ok;

    if (!backend_hv_open(word, params, &hv, errp)) {
        return false;
    }
    ok = hv.ops->node_info(&hv.params, &info, errp);
    fact_object_encode(&fact_object_node_hv_info, &info, result);
    fact_object_clear(&fact_object_node_hv_info, &info);
    backend_hv_close(&hv);
    return ok;
}

/* Pairs of a hypervisor and its parameters. */
static bool write_hypervisors(struct json_writer *result, const struct json *specs, GError **errp)
{
    if (specs == NULL) {
        json_write_null(result);
        return true;
    }
    if (json_kind(specs) != JSON_ARRAY) {
        return noded_fail(errp, "hypervisors must be a list");
    }
    json_write_array_begin(result);
    for (size_t i = 0; i < json_len(specs); i++) {
        const struct json *spec = json_at(specs, i);

        if (json_kind(spec) != JSON_ARRAY || json_len(spec) != 2 ||
            json_kind(json_at(spec, 0)) != JSON_STRING) {
            return noded_fail(errp, "a hypervisor must be a pair of name and parameters");
        }
        if (!backend_write_hv_info(result, json_string(json_at(spec, 0)), json_at(spec, 1), errp)) {
            return false;
        }
    }
    json_write_array_end(result);
    return true;
}

NODED_CALL(node_info, NODED_WORKER)
{
    g_autofree char *boot_id = fs_read_file(boot_id_path, MAX_BOOT_ID, NULL, errp);

    if (boot_id == NULL) {
        return false;
    }
    json_write_array_begin(result);
    json_write_string(result, g_strchomp(boot_id));
    if (!write_units(result, args->storage_units, errp) ||
        !write_hypervisors(result, args->hv_specs, errp)) {
        return false;
    }
    json_write_array_end(result);
    return true;
}
