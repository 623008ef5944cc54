/* Changes of a guest's devices while it runs. */
#include "config.h"

#include "base/json.h"
#include "facts/codec.h"
#include "noded/backend/common.h"
#include "noded/backend/guest.h"

NODED_CALL(hotplug_supported, NODED_WORKER)
{
    CLEANUP(guest_freep) struct guest *guest = guest_open(&args->instance, errp);
    g_autoptr(GError) error = NULL;

    json_write_null(result);
    if (guest == NULL) {
        return false;
    }
    return guest->hv->hot_supported(guest->instance, &error) ||
           noded_fail(errp, "Hotplug is not supported: %s", error->message);
}

/* A text, or NULL for null. */
static bool read_text(const struct json *list, size_t index, const char **ret, GError **errp)
{
    const struct json *value = index < json_len(list) ? json_at(list, index) : NULL;

    *ret = NULL;
    if (value == NULL) {
        return true;
    }
    if (json_kind(value) != JSON_STRING) {
        return noded_fail(errp, "link and address of a disk must be texts");
    }
    *ret = json_string(value);
    return true;
}

/* extra: [link, address] of a disk that is plugged in, as blockdev_assemble told them. */
static bool read_extra(const struct json *extra, struct hv_disk *disk, GError **errp)
{
    if (json_kind(extra) != JSON_ARRAY) {
        return true;
    }
    return read_text(extra, 0, &disk->link, errp) && read_text(extra, 1, &disk->uri, errp);
}

static bool read_action(const char *word, enum hv_hot_action *ret, GError **errp)
{
    static const enum hv_hot_action actions[] = {
        [HOTPLUG_ACTION_HOTADD] = HV_HOT_ADD,
        [HOTPLUG_ACTION_HOTREMOVE] = HV_HOT_REMOVE,
        [HOTPLUG_ACTION_HOTMOD] = HV_HOT_MODIFY,
    };
    int index = fact_enum_find(&fact_enum_hotplug_action, word);

    if (index < 0) {
        return noded_fail(errp, "'%s' is not a change of a device", word);
    }
    *ret = actions[index];
    return true;
}

static bool change(const struct guest *guest, enum hv_hot_action action,
                   const struct hv_device *device, GError **errp)
{
    g_autoptr(GError) error = NULL;

    if (!guest->hv->hot_verify(guest->instance, action, device->target, &error)) {
        return noded_fail(errp, "Hotplug is not supported: %s", error->message);
    }
    return guest->hv->hot_change(guest->instance, action, device, errp);
}

static bool change_disk(const struct guest *guest, enum hv_hot_action action,
                        const struct rpc_call_hotplug_device *args, size_t index, GError **errp)
{
    struct hv_device device = {.target = HV_HOT_DISK, .index = index};
    struct disk *disk = guest_decode(&fact_object_disk, &args->device, errp);
    bool ok;

    if (disk == NULL) {
        g_prefix_error(errp, "disk: ");
        return false;
    }
    device.disk.disk = disk;
    ok = read_extra(args->extra_params, &device.disk, errp) && change(guest, action, &device, errp);
    fact_object_free(&fact_object_disk, disk);
    return ok;
}

static bool change_nic(const struct guest *guest, enum hv_hot_action action,
                       const struct rpc_call_hotplug_device *args, size_t index, GError **errp)
{
    struct hv_device device = {.target = HV_HOT_NIC, .index = index};
    struct nic *nic = guest_decode(&fact_object_nic, &args->device, errp);
    bool ok;

    if (nic == NULL) {
        g_prefix_error(errp, "interface: ");
        return false;
    }
    device.nic = nic;
    ok = change(guest, action, &device, errp);
    fact_object_free(&fact_object_nic, nic);
    return ok;
}

NODED_CALL(hotplug_device, NODED_WORKER)
{
    CLEANUP(guest_freep) struct guest *guest = guest_open(&args->instance, errp);
    int target = fact_enum_find(&fact_enum_hotplug_target, args->dev_type);
    enum hv_hot_action action = HV_HOT_ADD;

    json_write_null(result);
    if (guest == NULL || !read_action(args->action, &action, errp)) {
        return false;
    }
    if (json_kind(args->seq) != JSON_INT || json_int(args->seq) < 0) {
        return noded_fail(errp, "the index of a device must be a number");
    }
    switch (target) {
    case HOTPLUG_TARGET_DISK:
        return change_disk(guest, action, args, (size_t)json_int(args->seq), errp);
    case HOTPLUG_TARGET_NIC:
        return change_nic(guest, action, args, (size_t)json_int(args->seq), errp);
    default:
        return noded_fail(errp, "devices of the kind '%s' cannot be changed", args->dev_type);
    }
}

NODED_CALL(resize_disk, NODED_WORKER)
{
    CLEANUP(guest_freep) struct guest *guest = guest_open(&args->instance, errp);
    struct disk *disk;
    bool ok;

    json_write_null(result);
    if (guest == NULL) {
        return false;
    }
    if (json_kind(args->new_size) != JSON_INT || json_int(args->new_size) < 0) {
        return noded_fail(errp, "the size of a disk must be a number of bytes");
    }
    disk = fact_object_decode(&fact_object_disk, args->disk, NULL, errp);
    if (disk == NULL) {
        g_prefix_error(errp, "disk: ");
        return false;
    }
    ok = guest->hv->resize_disk(guest->instance, disk, json_int(args->new_size), errp);
    fact_object_free(&fact_object_disk, disk);
    return ok;
}
