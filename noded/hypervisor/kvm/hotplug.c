#include "config.h"

#include "noded/hypervisor/kvm/hotplug.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/log.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/hypervisor/hv-common.h"
#include "noded/hypervisor/kvm/blockdev-json.h"
#include "noded/hypervisor/kvm/devices.h"
#include "noded/hypervisor/kvm/files.h"
#include "noded/hypervisor/kvm/host.h"
#include "noded/hypervisor/kvm/qmp.h"
#include "noded/hypervisor/kvm/start.h"

enum {
    /* A guest lets go of a device when it likes; the reference gives it five seconds. */
    UNPLUG_MS = 20 * 1000,
    /* From here on a descriptor must be opened as the block device shall be. */
    O_DIRECT_SINCE = 9,
};

static bool wrap(bool ok, GError **errp)
{
    if (!ok) {
        err_wrap(errp, ERR_HOTPLUG, ECODE_NONE);
    }
    return ok;
}

/* --- May it be done? ----------------------------------------------------------------------------
 */

bool kvm_hot_supported(const struct instance *instance, GError **errp)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(qmp_closep) struct qmp *qmp = qmp_open(instance->name, QMP_TIMEOUT_MS, &error);

    /* Every QEMU that has the monitor's greeting can do it. */
    return qmp != NULL ||
           err_fail(errp, ERR_HOTPLUG, ECODE_NONE, "Instance is probably down: %s", error->message);
}

static bool type_is_pluggable(const struct value_map *hvparams, enum hv_hot_target target,
                              GError **errp)
{
    static const char *const nics[] = {C_HT_NIC_E1000,   C_HT_NIC_I82551,   C_HT_NIC_I8259ER,
                                       C_HT_NIC_I85557B, C_HT_NIC_NE2K_PCI, C_HT_NIC_PARAVIRTUAL,
                                       C_HT_NIC_PCNET,   C_HT_NIC_RTL8139,  NULL};
    const char *type =
        hv_text(hvparams, target == HV_HOT_NIC ? HV_NAME_nic_type : HV_NAME_disk_type);
    bool good = target == HV_HOT_NIC
                    ? g_strv_contains(nics, type)
                    : strcmp(type, C_HT_DISK_PARAVIRTUAL) == 0 || kvm_disk_type_is_scsi(type);

    return good || hv_fail(errp, "devices of type '%s' cannot be changed in a running guest", type);
}

static bool has_commands(const char *guest, enum hv_hot_target target, GError **errp)
{
    static const char *const needed[][2] = {
        [HV_HOT_DISK] = {"add-fd", "blockdev-add"}, [HV_HOT_NIC] = {"getfd", "netdev_add"}};
    CLEANUP(qmp_closep) struct qmp *qmp = qmp_open(guest, QMP_TIMEOUT_MS, errp);

    for (size_t i = 0; qmp != NULL && i < G_N_ELEMENTS(needed[target]); i++) {
        bool has;

        if (!qmp_has_command(qmp, needed[target][i], &has, errp)) {
            return false;
        }
        if (!has) {
            return hv_fail(errp, "its QEMU has no command %s", needed[target][i]);
        }
    }
    return qmp != NULL;
}

bool kvm_hot_verify(const struct instance *instance, enum hv_hot_action action,
                    enum hv_hot_target target, GError **errp)
{
    CLEANUP(kvm_runtime_freep)
    struct kvm_runtime *runtime = kvm_files_load_runtime(instance->name, errp);

    return wrap(runtime != NULL && type_is_pluggable(&runtime->hvparams, target, errp) &&
                    (action != HV_HOT_ADD || has_commands(instance->name, target, errp)),
                errp);
}

/* --- What QEMU has ------------------------------------------------------------------------------
 */

static bool is_text(const struct json *object, const char *member, const char *text)
{
    const struct json *value = json_kind(object) == JSON_OBJECT ? json_get(object, member) : NULL;

    return json_kind(value) == JSON_STRING && strcmp(json_string(value), text) == 0;
}

static struct json *array_of(struct json *value)
{
    return json_kind(value) == JSON_ARRAY ? value : NULL;
}

static bool any_has(const struct json *list, const char *member, const char *text)
{
    for (size_t i = 0; list != NULL && i < json_len(list); i++) {
        if (is_text(json_at(list, i), member, text)) {
            return true;
        }
    }
    return false;
}

/* Asks a command that returns a list of objects whether one has the text in the member. */
static bool ask_list(struct qmp *qmp, const char *command, const char *member, const char *text,
                     bool *ret, GError **errp)
{
    CLEANUP(json_unrefp) struct json *list = NULL;

    if (!qmp_call(qmp, command, NULL, &list, errp)) {
        return false;
    }
    *ret = any_has(array_of(list), member, text);
    return true;
}

static bool has_pci_device(struct qmp *qmp, const char *id, bool *ret, GError **errp)
{
    CLEANUP(json_unrefp) struct json *buses = NULL;

    *ret = false;
    if (!qmp_call(qmp, "query-pci", NULL, &buses, errp)) {
        return false;
    }
    for (size_t i = 0; array_of(buses) != NULL && i < json_len(buses) && !*ret; i++) {
        struct json *bus = json_at(buses, i);

        *ret = json_kind(bus) == JSON_OBJECT &&
               any_has(array_of(json_get(bus, "devices")), "qdev_id", id);
    }
    return true;
}

/* On the PCI bus, or as a disk on another. */
static bool has_device(struct qmp *qmp, const char *id, bool *ret, GError **errp)
{
    if (!has_pci_device(qmp, id, ret, errp) || *ret) {
        return *ret;
    }
    return ask_list(qmp, "query-block", "qdev", id, ret, errp) &&
           (*ret || ask_list(qmp, "query-block", "device", id, ret, errp));
}

static struct json *id_args(const char *member, const char *id)
{
    struct json *args = json_new_object();

    json_set(args, member, json_new_string(id));
    return args;
}

/* For what is undone after another error: that one counts. */
static void call_quietly(struct qmp *qmp, const char *command, struct json *args)
{
    g_autoptr(GError) error = NULL;

    if (!qmp_call(qmp, command, args, NULL, &error)) {
        log_info("%s", error->message);
    }
}

/* The arguments of device_add that say what and where; nothing but what has a row. */
static struct json *device_args(const struct kvm_hvinfo *info, GError **errp)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    CLEANUP(json_unrefp) struct json *all = NULL;
    struct json *args;
    struct json_iter it;

    fact_object_encode(&fact_object_kvm_hvinfo, info, &w);
    if (!json_parse(text->str, (gssize)text->len, &all, errp)) {
        return NULL;
    }
    args = json_new_object();
    it = json_iter_begin(all);
    while (json_iter_next(&it)) {
        if (fact_object_find(&fact_object_kvm_hvinfo, it.key) != NULL) {
            json_set(args, it.key, json_ref(it.value));
        }
    }
    return args;
}

/* --- Disks --------------------------------------------------------------------------------------
 */

/* QEMU may not be allowed to open the device itself: it gets a descriptor, as a set of its own. */
static bool pass_device(struct qmp *qmp, const char *path, bool direct, int64_t *ret_set,
                        GError **errp)
{
    int flags = O_RDWR | O_CLOEXEC;
    CLEANUP(json_unrefp) struct json *answer = NULL;
    const struct json *set;
    bool ok;
    int fd;

    if (direct && qmp_is_at_least(qmp, O_DIRECT_SINCE, 0)) {
        flags |= O_DIRECT;
    }
    fd = open(path, flags);
    if (fd < 0) {
        return hv_fail(errp, "cannot open %s: %s", path, g_strerror(errno));
    }
    ok = qmp_call_with_fd(qmp, "add-fd", NULL, fd, &answer, errp);
    (void)close(fd);
    if (!ok) {
        return false;
    }
    set = json_kind(answer) == JSON_OBJECT ? json_get(answer, "fdset-id") : NULL;
    if (json_kind(set) != JSON_INT) {
        return hv_fail(errp, "QEMU's answer to add-fd names no set");
    }
    *ret_set = json_int(set);
    return true;
}

static void drop_set(struct qmp *qmp, int64_t set)
{
    struct json *args = json_new_object();

    json_set(args, "fdset-id", json_new_int(set));
    call_quietly(qmp, "remove-fd", args);
}

static bool plug_disk(struct qmp *qmp, const struct kvm_disk_use *use, struct json *blockdev,
                      const struct kvm_cache *cache, GError **errp)
{
    const char *id = use->disk.hvinfo.id;
    struct json *args = device_args(&use->disk.hvinfo, errp);

    if (args == NULL) {
        return false;
    }
    json_set(args, "drive", json_new_string(id));
    json_set(args, "write-cache", json_new_string(cache->writeback ? "on" : "off"));
    if (!qmp_call(qmp, "blockdev-add", json_ref(blockdev), NULL, errp)) {
        json_unref(args);
        return false;
    }
    if (!qmp_call(qmp, "device_add", args, NULL, errp)) {
        call_quietly(qmp, "blockdev-del", id_args("node-name", id));
        return false;
    }
    return true;
}

static bool add_disk(const struct instance *instance, const struct value_map *hvparams,
                     const struct kvm_disk_use *use, GError **errp)
{
    CLEANUP(qmp_closep) struct qmp *qmp = qmp_open(instance->name, QMP_TIMEOUT_MS, errp);
    /* What QEMU knows of the command line's abbreviations is of no use here. */
    const struct kvm_caps caps = {0};
    g_autofree char *flat = kvm_build_blockdev(use, hvparams, &caps, qmp != NULL ? errp : NULL);
    CLEANUP(json_unrefp) struct json *blockdev = NULL;
    struct kvm_cache cache;
    int64_t set = -1;
    bool ok;

    if (qmp == NULL || flat == NULL ||
        !kvm_build_cache(hvparams, use->disk.dev_type, &cache, errp)) {
        return false;
    }
    blockdev = kvm_blockdev_to_json(flat);
    if (!kvm_disk_is_userspace(&use->disk)) {
        g_autofree char *path = NULL;

        if (!pass_device(qmp, use->link, cache.direct, &set, errp)) {
            return false;
        }
        path = g_strdup_printf("/dev/fdset/%" G_GINT64_FORMAT, set);
        json_set(json_get(blockdev, "file"), "filename", json_new_string(path));
    }
    ok = plug_disk(qmp, use, blockdev, &cache, errp);
    if (set >= 0) {
        drop_set(qmp, set);
    }
    return ok;
}

/* --- Interfaces ---------------------------------------------------------------------------------
 */

/* Gives QEMU descriptors under names; *ret_names is "NAME-0:NAME-1". */
static bool pass_fds(struct qmp *qmp, const char *prefix, const int *fds, size_t n,
                     GString *ret_names, GError **errp)
{
    for (size_t i = 0; i < n; i++) {
        g_autofree char *name = g_strdup_printf("%s-%" G_GSIZE_FORMAT, prefix, i);

        if (!qmp_call_with_fd(qmp, "getfd", id_args("fdname", name), fds[i], NULL, errp)) {
            return false;
        }
        g_string_append_printf(ret_names, "%s%s", i > 0 ? ":" : "", name);
    }
    return true;
}

static bool plug_netdev(struct qmp *qmp, const char *id, const struct kvm_open_tap *tap,
                        GError **errp)
{
    g_autofree char *vhost_prefix = g_strconcat(id, "-vhost", NULL);
    g_autoptr(GString) fds = g_string_new(NULL), vhost_fds = g_string_new(NULL);
    struct json *args;

    if (!pass_fds(qmp, id, tap->fds, tap->n_fds, fds, errp) ||
        !pass_fds(qmp, vhost_prefix, tap->vhost_fds, tap->n_vhost_fds, vhost_fds, errp)) {
        return false;
    }
    args = id_args("type", "tap");
    json_set(args, "id", json_new_string(id));
    json_set(args, "fds", json_new_string(fds->str));
    if (tap->n_vhost_fds > 0) {
        json_set(args, "vhost", json_new_bool(true));
        json_set(args, "vhostfds", json_new_string(vhost_fds->str));
    }
    return qmp_call(qmp, "netdev_add", args, NULL, errp);
}

static bool plug_nic(struct qmp *qmp, const struct instance *instance, const struct kvm_nic *nic,
                     const struct kvm_open_tap *tap, GError **errp)
{
    const char *id = nic->hvinfo.id;
    struct json *args;

    if (!plug_netdev(qmp, id, tap, errp)) {
        return false;
    }
    args = device_args(&nic->hvinfo, errp);
    if (args == NULL) {
        return false;
    }
    json_set(args, "netdev", json_new_string(id));
    json_set(args, "mac", json_new_string(nic->mac));
    if (hv_true(&instance->hvparams, HV_NAME_use_chroot)) {
        /* There is no ROM to load where it is shut in. */
        json_set(args, "romfile", json_new_string(""));
    }
    if (tap->n_fds > 1) {
        json_set(args, "mq", json_new_bool(true));
        json_set(args, "vectors", json_new_int(2 * (int64_t)tap->n_fds + 2));
    }
    if (!qmp_call(qmp, "device_add", args, NULL, errp)) {
        call_quietly(qmp, "netdev_del", id_args("id", id));
        return false;
    }
    return true;
}

static bool connect_and_plug(const struct instance *instance, const struct kvm_nic *nic,
                             size_t index, const struct kvm_open_tap *tap, GError **errp)
{
    CLEANUP(qmp_closep) struct qmp *qmp = NULL;

    if (!kvm_connect_nic(instance, nic, index, tap->name, errp)) {
        return false;
    }
    qmp = qmp_open(instance->name, QMP_TIMEOUT_MS, errp);
    return qmp != NULL && plug_nic(qmp, instance, nic, tap, errp) &&
           kvm_files_write_nic(instance->name, index, tap->name, errp);
}

static bool add_nic(const struct instance *instance, const struct value_map *hvparams,
                    const struct kvm_nic *nic, size_t index, GError **errp)
{
    CLEANUP(kvm_caps_freep)
    struct kvm_caps *caps = kvm_host_caps(hv_text(&instance->hvparams, HV_NAME_kvm_path), errp);
    struct kvm_tap_needs needs;
    struct kvm_open_tap tap;
    bool ok;

    if (caps == NULL || !kvm_build_tap_needs(hvparams, caps, &needs, errp) ||
        !kvm_tap_open("", &needs, &tap, errp)) {
        return false;
    }
    ok = connect_and_plug(instance, nic, index, &tap, errp);
    kvm_tap_close(&tap);
    return ok;
}

/* --- Removal ------------------------------------------------------------------------------------
 */

/* The guest must agree. */
static bool unplug(struct qmp *qmp, const char *guest, const char *id, GError **errp)
{
    static const char *const events[] = {"DEVICE_DELETED", "DEVICE_UNPLUG_GUEST_ERROR"};
    bool there;

    if (id == NULL) {
        return hv_fail(errp, "%s was started by a release that gave the device no name", guest);
    }
    if (!qmp_call(qmp, "device_del", id_args("id", id), NULL, errp)) {
        return false;
    }
    switch (qmp_wait_event(qmp, events, G_N_ELEMENTS(events), id, UNPLUG_MS)) {
    case 0:
        return true;
    case 1:
        return hv_fail(errp, "the guest %s refuses to let go of %s", guest, id);
    default:
        /* The event may have gone to another connection. */
        return has_device(qmp, id, &there, errp) &&
               (!there || hv_fail(errp,
                                  "the guest %s has not let go of %s within %d seconds: does "
                                  "its system run and know hotplug?",
                                  guest, id, UNPLUG_MS / 1000));
    }
}

/* Guests that 3.0 started have disks that go with their devices. */
static bool remove_node(struct qmp *qmp, const char *id, GError **errp)
{
    bool there;

    return ask_list(qmp, "query-named-block-nodes", "node-name", id, &there, errp) &&
           (!there || qmp_call(qmp, "blockdev-del", id_args("node-name", id), NULL, errp));
}

static bool remove_disk(const char *guest, const struct kvm_disk *disk, GError **errp)
{
    CLEANUP(qmp_closep) struct qmp *qmp = qmp_open(guest, QMP_TIMEOUT_MS, errp);

    return qmp != NULL && unplug(qmp, guest, disk->hvinfo.id, errp) &&
           remove_node(qmp, disk->hvinfo.id, errp);
}

static bool remove_nic(const char *guest, const struct kvm_nic *nic, size_t index, GError **errp)
{
    CLEANUP(qmp_closep) struct qmp *qmp = qmp_open(guest, QMP_TIMEOUT_MS, errp);

    return qmp != NULL && unplug(qmp, guest, nic->hvinfo.id, errp) &&
           qmp_call(qmp, "netdev_del", id_args("id", nic->hvinfo.id), NULL, errp) &&
           kvm_files_remove_nic(guest, index, errp);
}

/* --- Changes ------------------------------------------------------------------------------------
 */

static bool find_disk(const struct kvm_runtime *runtime, const char *uuid, size_t *ret)
{
    for (*ret = 0; *ret < runtime->disks.n; (*ret)++) {
        if (g_strcmp0(runtime->disks.v[*ret].disk.uuid, uuid) == 0) {
            return true;
        }
    }
    return false;
}

static bool find_nic(const struct kvm_runtime *runtime, const char *uuid, size_t *ret)
{
    for (*ret = 0; *ret < runtime->nics.n; (*ret)++) {
        if (g_strcmp0(runtime->nics.v[*ret].uuid, uuid) == 0) {
            return true;
        }
    }
    return false;
}

static bool fail_unknown(const char *guest, const char *kind, const char *uuid, GError **errp)
{
    return hv_fail(errp, "%s runs without the %s %s: it was added without hotplug", guest, kind,
                   uuid);
}

static struct kvm_slots free_slots(const struct kvm_runtime *runtime)
{
    struct kvm_slots slots = kvm_slots_init(&runtime->hvparams);

    kvm_slots_add_used(&slots, runtime);
    return slots;
}

static bool change_disk(const struct instance *instance, enum hv_hot_action action,
                        const struct hv_device *device, struct kvm_runtime *runtime, GError **errp)
{
    struct kvm_slots slots = free_slots(runtime);
    struct kvm_disk_use *use;
    size_t i;

    switch (action) {
    case HV_HOT_ADD:
        if (!kvm_runtime_add_disk(runtime, &device->disk, errp)) {
            return false;
        }
        use = &runtime->disks.v[runtime->disks.n - 1];
        return kvm_place_disk(&use->disk, &runtime->hvparams, &slots, errp) &&
               add_disk(instance, &runtime->hvparams, use, errp);
    case HV_HOT_REMOVE:
        if (!find_disk(runtime, device->disk.disk->uuid, &i)) {
            return fail_unknown(instance->name, KVM_DISK_KIND, device->disk.disk->uuid, errp);
        }
        if (!remove_disk(instance->name, &runtime->disks.v[i].disk, errp)) {
            return false;
        }
        fact_list_remove(&type_kvm_disk_use_list, &runtime->disks, i);
        return true;
    case HV_HOT_MODIFY:
        break;
    }
    /* What can be changed of a disk does not reach the guest. */
    return true;
}

static bool take_nic(const struct instance *instance, const struct hv_device *device,
                     struct kvm_runtime *runtime, struct kvm_hvinfo *ret_place, GError **errp)
{
    size_t i;

    if (!find_nic(runtime, device->nic->uuid, &i)) {
        return fail_unknown(instance->name, KVM_NIC_KIND, device->nic->uuid, errp);
    }
    if (!remove_nic(instance->name, &runtime->nics.v[i], device->index, errp)) {
        return false;
    }
    if (ret_place != NULL) {
        fact_object_copy_at(&fact_object_kvm_hvinfo, ret_place, &runtime->nics.v[i].hvinfo);
    }
    fact_list_remove(&type_kvm_nic_list, &runtime->nics, i);
    return true;
}

/* place: where it was before, which it takes over; NULL: a free slot. */
static bool put_nic(const struct instance *instance, const struct hv_device *device,
                    struct kvm_runtime *runtime, const struct kvm_hvinfo *place, GError **errp)
{
    struct kvm_slots slots = free_slots(runtime);
    struct kvm_nic *nic;

    if (!kvm_runtime_add_nic(runtime, device->nic, errp)) {
        return false;
    }
    nic = &runtime->nics.v[runtime->nics.n - 1];
    if (place != NULL) {
        fact_object_copy_at(&fact_object_kvm_hvinfo, &nic->hvinfo, place);
        nic->has.hvinfo = true;
    } else if (!kvm_place_nic(nic, &runtime->hvparams, &slots, errp)) {
        return false;
    }
    return add_nic(instance, &runtime->hvparams, nic, device->index, errp);
}

/* Out, and in again at the same place. */
static bool exchange_nic(const struct instance *instance, const struct hv_device *device,
                         struct kvm_runtime *runtime, GError **errp)
{
    struct kvm_hvinfo place = {0};
    bool ok = take_nic(instance, device, runtime, &place, errp) &&
              kvm_files_save_runtime(instance->name, runtime, errp) &&
              put_nic(instance, device, runtime, &place, errp);

    fact_object_clear(&fact_object_kvm_hvinfo, &place);
    return ok;
}

static bool change_nic(const struct instance *instance, enum hv_hot_action action,
                       const struct hv_device *device, struct kvm_runtime *runtime, GError **errp)
{
    switch (action) {
    case HV_HOT_ADD:
        return put_nic(instance, device, runtime, NULL, errp);
    case HV_HOT_REMOVE:
        return take_nic(instance, device, runtime, NULL, errp);
    case HV_HOT_MODIFY:
        return exchange_nic(instance, device, runtime, errp);
    }
    return true;
}

static bool change(const struct instance *instance, enum hv_hot_action action,
                   const struct hv_device *device, GError **errp)
{
    CLEANUP(kvm_runtime_freep)
    struct kvm_runtime *runtime = kvm_files_load_runtime(instance->name, errp);
    bool ok;

    if (runtime == NULL) {
        return false;
    }
    ok = device->target == HV_HOT_DISK ? change_disk(instance, action, device, runtime, errp)
                                       : change_nic(instance, action, device, runtime, errp);
    return ok && kvm_files_save_runtime(instance->name, runtime, errp);
}

bool kvm_hot_change(const struct instance *instance, enum hv_hot_action action,
                    const struct hv_device *device, GError **errp)
{
    return wrap(change(instance, action, device, errp), errp);
}

/* --- Size ---------------------------------------------------------------------------------------
 */

static bool resize(struct qmp *qmp, const char *member, const char *id, int64_t size, GError **errp)
{
    struct json *args = id_args(member, id);

    json_set(args, "size", json_new_int(size));
    return qmp_call(qmp, "block_resize", args, NULL, errp);
}

bool kvm_resize_disk(const struct instance *instance, const struct disk *disk, int64_t size,
                     GError **errp)
{
    CLEANUP(kvm_runtime_freep)
    struct kvm_runtime *runtime = kvm_files_load_runtime(instance->name, errp);
    CLEANUP(qmp_closep) struct qmp *qmp = NULL;
    const char *id;
    size_t i;
    bool node;

    if (runtime == NULL) {
        return false;
    }
    if (!find_disk(runtime, disk->uuid, &i)) {
        return fail_unknown(instance->name, KVM_DISK_KIND, disk->uuid, errp);
    }
    id = runtime->disks.v[i].disk.hvinfo.id;
    if (id == NULL) {
        return hv_fail(errp, "%s was started by a release that gave the disk no name",
                       instance->name);
    }
    qmp = qmp_open(instance->name, QMP_TIMEOUT_MS, errp);
    if (qmp == NULL || !ask_list(qmp, "query-named-block-nodes", "node-name", id, &node, errp)) {
        return false;
    }
    /* Guests that 3.0 started have no node of the name. */
    return resize(qmp, node ? "node-name" : "device", id, size, errp);
}
