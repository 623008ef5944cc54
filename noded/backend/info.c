/* node_info: what the node has to give. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "facts/codec.h"
#include "noded/backend/common.h"
#include "noded/backend/guests.h"
#include "noded/storage/file/paths.h"
#include "noded/storage/lvm/groups.h"

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

/* Of a volume group: MiB, or nothing if it cannot be told, which the log explains. */
static void read_group(const char *name, bool exclusive, struct node_storage_info *info)
{
    g_autoptr(GError) error = NULL;
    double size, free;
    bool there;

    if (!lvm_group_room(name, exclusive, &size, &free, &there, &error)) {
        log_error("room of volume group %s: %s", name, error->message);
    } else if (there) {
        info->storage_size = (int64_t)rint(size);
        info->storage_free = (int64_t)rint(free);
        info->has.storage_size = info->has.storage_free = true;
    }
}

/* Physical volumes of a group; they matter with exclusive storage only. */
static bool read_spindles(const char *name, bool exclusive, struct node_storage_info *info,
                          GError **errp)
{
    info->has.storage_size = info->has.storage_free = true;
    return !exclusive || lvm_group_spindles(name, &info->storage_size, &info->storage_free, errp);
}

/* The one parameter of LVM's units is whether storage is exclusive. */
static bool read_unit(enum storage_type type, const char *name, const struct json *params,
                      struct node_storage_info *info, GError **errp)
{
    bool exclusive = false;

    if (type == STORAGE_LVM_PV || type == STORAGE_LVM_VG) {
        if (json_kind(params) != JSON_ARRAY || json_len(params) != 1 ||
            json_kind(json_at(params, 0)) != JSON_BOOL) {
            return noded_fail(errp, "storage of type '%s' needs one parameter, a truth value",
                              fact_enum_storage_type.words[type]);
        }
        exclusive = json_boolean(json_at(params, 0));
    }
    switch (type) {
    case STORAGE_FILE:
        info->has.storage_size = info->has.storage_free = true;
        return file_path_space(name, &info->storage_size, &info->storage_free, errp);
    case STORAGE_LVM_VG:
        read_group(name, exclusive, info);
        return true;
    case STORAGE_LVM_PV:
        return read_spindles(name, exclusive, info, errp);
    default:
        return noded_fail(errp, "%s does not tell the room of storage of type '%s'",
                          backend_node_name(), fact_enum_storage_type.words[type]);
    }
}

static bool write_unit(struct json_writer *result, const struct json *unit, GError **errp)
{
    struct node_storage_info info = {0};
    const char *word = NULL, *name = NULL;
    int type;

    if (!parse_unit(unit, &word, &name, errp)) {
        return false;
    }
    type = fact_enum_find(&fact_enum_storage_type, word);
    if (type < 0) {
        return noded_fail(errp, "there is no storage of type '%s'", word);
    }
    if (!read_unit((enum storage_type)type, name, json_at(unit, 2), &info, errp)) {
        return false;
    }
    info.type = (char *)word;
    info.has.type = true;
    info.name = (char *)name;
    info.has.name = true;
    json_write_object_begin(result);
    fact_object_encode_filled(&fact_object_node_storage_info, &info, result);
    json_write_object_end(result);
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
