#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "noded/hypervisor/kvm/build-private.h"
#include "noded/hypervisor/kvm/devices.h"

bool kvm_build_tap_needs(const struct value_map *hvparams, const struct kvm_caps *caps,
                         struct kvm_tap_needs *ret, GError **errp)
{
    int64_t queues = hv_int(hvparams, HV_NAME_virtio_net_queues, 1);

    *ret = (struct kvm_tap_needs){.queues = 1};
    if (strcmp(hv_text(hvparams, HV_NAME_nic_type), C_HT_NIC_PARAVIRTUAL) != 0) {
        return true;
    }
    ret->vnet_hdr = hv_true(hvparams, HV_NAME_vnet_hdr);
    if (!hv_true(hvparams, HV_NAME_vhost_net)) {
        return true;
    }
    if (!caps->vhost) {
        return hv_fail(errp, "vhost_net is configured but it is not available");
    }
    ret->vhost = true;
    if (queues > 1) {
        if (!caps->queues) {
            return hv_fail(errp, "virtio_net_queues is configured but it is not available");
        }
        ret->queues = (int)queues;
    }
    return true;
}

void kvm_start_params(struct value_map *dst, const struct kvm_runtime *runtime,
                      const struct instance *instance)
{
    fact_copy(&type_value_map, dst, &instance->hvparams);
    for (size_t i = 0; i < runtime->hvparams.n; i++) {
        const struct value_map_entry *entry = &runtime->hvparams.v[i];

        fact_copy(&type_VALUE, fact_dict_add(&type_value_map, dst, entry->key), &entry->value);
    }
}

static void add(GPtrArray *argv, const char *option, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void add(GPtrArray *argv, const char *option, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(argv, g_strdup(option));
    g_ptr_array_add(argv, g_strdup_vprintf(format, args));
    va_end(args);
}

static bool add_stored(GPtrArray *argv, const struct kvm_runtime *runtime, GError **errp)
{
    for (size_t i = 0; i < runtime->command.n; i++) {
        const struct json *arg = runtime->command.v[i];

        if (json_kind(arg) == JSON_STRING) {
            g_ptr_array_add(argv, g_strdup(json_string(arg)));
        } else if (json_kind(arg) == JSON_INT) {
            g_ptr_array_add(argv, g_strdup_printf("%" G_GINT64_FORMAT, json_int(arg)));
        } else {
            return hv_fail(errp,
                           "runtime file: argument %" G_GSIZE_FORMAT
                           " of the command is neither a text nor a number",
                           i);
        }
    }
    if (argv->len == 0) {
        return hv_fail(errp, "runtime file: the command is empty");
    }
    return true;
}

/* "fd=3" or "fds=3:4". */
static void append_fds(GString *out, const char *word, const int *fds, size_t n)
{
    g_string_append_printf(out, "%s%s=", word, n > 1 ? "s" : "");
    for (size_t i = 0; i < n; i++) {
        g_string_append_printf(out, "%s%d", i > 0 ? ":" : "", fds[i]);
    }
}

static void add_nic(GPtrArray *argv, const struct kvm_nic *nic, size_t index,
                    const struct kvm_tap *tap, const struct kvm_tap_needs *needs,
                    const char *driver)
{
    g_autoptr(GString) netdev = g_string_new(NULL);
    g_autofree char *device =
        nic->hvinfo.id != NULL ? kvm_hvinfo_text(&nic->hvinfo) : g_strdup(driver);
    g_autofree char *id = nic->hvinfo.id != NULL ? g_strdup(nic->hvinfo.id)
                                                 : g_strdup_printf("netdev%" G_GSIZE_FORMAT, index);

    g_string_printf(netdev, "type=tap,id=%s,", id);
    append_fds(netdev, "fd", tap->fds, tap->n_fds);
    if (tap->n_vhost_fds > 0) {
        append_fds(netdev, ",vhostfd", tap->vhost_fds, tap->n_vhost_fds);
    }
    g_string_append(netdev, needs->vhost ? ",vhost=on" : "");
    add(argv, "-netdev", "%s", netdev->str);
    add(argv, "-device", "%s,netdev=%s,mac=%s", device, id, nic->mac);
    if (needs->queues > 1) {
        char *last = argv->pdata[argv->len - 1];

        argv->pdata[argv->len - 1] =
            g_strdup_printf("%s,mq=on,vectors=%d", last, 2 * needs->queues + 2);
        g_free(last);
    }
}

static bool add_nics(GPtrArray *argv, const struct kvm_runtime *runtime,
                     const struct value_map *hvp, const struct kvm_start *start,
                     const struct kvm_host *host, GError **errp)
{
    struct kvm_tap_needs needs;

    if (runtime->nics.n == 0) {
        add(argv, "-net", "none");
        return true;
    }
    if (!kvm_build_tap_needs(hvp, host->caps, &needs, errp)) {
        return false;
    }
    for (size_t i = 0; i < runtime->nics.n; i++) {
        add_nic(argv, &runtime->nics.v[i], i, &start->taps[i], &needs, kvm_nic_driver(hvp));
    }
    return true;
}

bool kvm_build_cache(const struct value_map *hvp, enum disk_template template,
                     struct kvm_cache *ret, GError **errp)
{
    const char *word = hv_text(hvp, HV_NAME_disk_cache);

    *ret = (struct kvm_cache){.writeback = true};
    if (const_has(C_DTS_EXT_MIRROR, template) && template != DISK_TEMPLATE_RBD) {
        /* A cached write on the old node would meet the new one's after a migration. */
        log_debug("disk_cache '%s' is not for shared storage, taking '%s'", word, C_HT_CACHE_NONE);
        ret->direct = true;
    } else if (strcmp(word, C_HT_CACHE_NONE) == 0) {
        ret->direct = true;
    } else if (strcmp(word, C_HT_CACHE_WTHROUGH) == 0) {
        ret->writeback = false;
    } else if (strcmp(word, C_HT_CACHE_WBACK) != 0 && strcmp(word, C_HT_CACHE_DEFAULT) != 0) {
        return hv_fail(errp, "Invalid KVM cache setting '%s'", word);
    }
    return true;
}

static bool is_made_of(const char *text, size_t len, const char *chars)
{
    return len > 0 && strspn(text, chars) >= len;
}

/* "gluster://HOST:PORT/VOLUME/PATH". */
static bool append_gluster(GString *out, const char *uri)
{
    static const char prefix[] = "gluster://";
    const char *host = uri + strlen(prefix);
    const char *port, *volume, *path;

    if (!g_str_has_prefix(uri, prefix) || (port = strchr(host, ':')) == NULL ||
        (volume = strchr(port, '/')) == NULL || (path = strchr(volume + 1, '/')) == NULL) {
        return false;
    }
    if (!is_made_of(host, (size_t)(port - host), "abcdefghijklmnopqrstuvwxyz0123456789-.") ||
        !is_made_of(port + 1, (size_t)(volume - port - 1), "0123456789") || path == volume + 1 ||
        path[1] == '\0') {
        return false;
    }
    g_string_append_printf(out,
                           ",file.driver=gluster,file.server.0.type=inet,file.server.0.host=%.*s"
                           ",file.server.0.port=%.*s,file.volume=%.*s,file.path=%s",
                           (int)(port - host), host, (int)(volume - port - 1), port + 1,
                           (int)(path - volume - 1), volume + 1, path + 1);
    return true;
}

/* "rbd:POOL/IMAGE". */
static bool append_rbd(GString *out, const char *uri)
{
    static const char prefix[] = "rbd:";
    const char *pool = uri + strlen(prefix);
    const char *image;

    if (!g_str_has_prefix(uri, prefix) || (image = strchr(pool, '/')) == NULL ||
        !is_made_of(pool, (size_t)(image - pool), G_CSET_a_2_z G_CSET_A_2_Z "0123456789_") ||
        !is_made_of(image + 1, strlen(image + 1), G_CSET_a_2_z "0123456789-.")) {
        return false;
    }
    g_string_append_printf(out, ",file.driver=rbd,file.pool=%.*s,file.image=%s",
                           (int)(image - pool), pool, image + 1);
    return true;
}

bool kvm_disk_is_userspace(const struct kvm_disk *disk)
{
    return g_strcmp0(fact_value_text(ld_value(&disk->params, LD_rbd_access)),
                     fact_enum_disk_access_mode.words[DISK_ACCESS_MODE_USERSPACE]) == 0;
}

/* What 3.0 calls "default" is this in 3.1 (cfgupgrade). */
static const char *discard_of(const struct value_map *hvp)
{
    const char *word = hv_text(hvp, HV_NAME_disk_discard);

    return strcmp(word, C_HT_DISCARD_UNMAP) == 0 ? word : C_HT_DISCARD_IGNORE;
}

char *kvm_build_blockdev(const struct kvm_disk_use *use, const struct value_map *hvparams,
                         const struct kvm_caps *caps, GError **errp)
{
    const struct kvm_disk *disk = &use->disk;
    bool userspace = kvm_disk_is_userspace(disk);
    const char *target = userspace && use->uri != NULL ? use->uri : use->link;
    g_autoptr(GString) out = g_string_new(NULL);
    struct kvm_cache cache;

    if (!kvm_build_cache(hvparams, disk->dev_type, &cache, errp)) {
        return NULL;
    }
    if (target == NULL) {
        hv_fail(errp, "runtime file: disk %s has no device", disk->hvinfo.id);
        return NULL;
    }
    g_string_printf(out, "driver=raw,node-name=%s,discard=%s,cache.direct=%s,cache.no-flush=%s",
                    disk->hvinfo.id, discard_of(hvparams), kvm_on_off(cache.direct),
                    kvm_on_off(cache.no_flush));
    if (!userspace) {
        g_string_append_printf(out, ",file.driver=%s,file.filename=%s,file.aio=%s",
                               const_has(C_DTS_FILEBASED, disk->dev_type) ? "file" : "host_device",
                               target, hv_text(hvparams, HV_NAME_disk_aio));
    } else if (!append_gluster(out, target) && !append_rbd(out, target)) {
        hv_fail(errp, "Unsupported storage URI scheme: %s", target);
        return NULL;
    }
    if (caps->auto_read_only) {
        g_string_append(out, ",auto-read-only=off");
    }
    return g_strdup(out->str);
}

static bool add_disk(GPtrArray *argv, const struct kvm_disk_use *use, const struct value_map *hvp,
                     const struct kvm_caps *caps, bool ide, GError **errp)
{
    g_autofree char *device = ide ? g_strdup("ide-hd") : kvm_hvinfo_text(&use->disk.hvinfo);
    g_autofree char *blockdev = NULL;
    struct kvm_cache cache;

    if (use->disk.mode != DISK_MODE_RW) {
        return hv_fail(errp, "Instance has read-only disks which are not supported by KVM");
    }
    if (use->disk.hvinfo.id == NULL) {
        return hv_fail(errp, "runtime file: disk %s has no device name", use->disk.uuid);
    }
    blockdev = kvm_build_blockdev(use, hvp, caps, errp);
    if (blockdev == NULL || !kvm_build_cache(hvp, use->disk.dev_type, &cache, errp)) {
        return false;
    }
    add(argv, "-device", "%s,drive=%s,write-cache=%s", device, use->disk.hvinfo.id,
        kvm_on_off(cache.writeback));
    add(argv, "-blockdev", "%s", blockdev);
    return true;
}

/* _GenerateKVMBlockDevicesOptions. */
static bool add_disks(GPtrArray *argv, const struct kvm_runtime *runtime,
                      const struct value_map *hvp, const struct kvm_caps *caps, GError **errp)
{
    bool ide = strcmp(hv_text(hvp, HV_NAME_disk_type), C_HT_DISK_IDE) == 0;
    const char *driver = ide ? "ide-hd" : kvm_disk_driver(hvp);
    bool boot = hv_text(hvp, HV_NAME_kernel_path)[0] == '\0' &&
                strcmp(hv_text(hvp, HV_NAME_boot_order), C_HT_BO_DISK) == 0;

    if (!kvm_caps_has_device(caps, driver)) {
        return hv_fail(errp, "QEMU does not support disk driver '%s'", driver);
    }
    for (size_t i = 0; i < runtime->disks.n; i++) {
        if (i == 0 && boot) {
            add(argv, "-boot", "order=c");
        }
        if (!add_disk(argv, &runtime->disks.v[i], hvp, caps, ide, errp)) {
            return false;
        }
    }
    return true;
}

/* _GenerateRunwith. */
static void add_security(GPtrArray *argv, const struct instance *instance, const char *user,
                         const struct kvm_caps *caps)
{
    g_autofree char *root = hv_true(&instance->hvparams, HV_NAME_use_chroot)
                                ? kvm_guest_path(PATH_KVM_CHROOT_DIR, instance->name, "")
                                : NULL;

    if (caps->run_with && (user != NULL || root != NULL)) {
        add(argv, "-run-with", "%s%s%s%s%s", user != NULL ? "user=" : "", user != NULL ? user : "",
            user != NULL && root != NULL ? "," : "", root != NULL ? "chroot=" : "",
            root != NULL ? root : "");
        return;
    }
    if (user != NULL) {
        add(argv, "-runas", "%s", user);
    }
    if (root != NULL) {
        add(argv, "-chroot", "%s", root);
    }
}

static bool has_arg(const GPtrArray *argv, const char *arg)
{
    for (guint i = 0; i < argv->len; i++) {
        if (strcmp(argv->pdata[i], arg) == 0) {
            return true;
        }
    }
    return false;
}

static void add_control_sockets(GPtrArray *argv, const char *name)
{
    g_autofree char *qmp = kvm_guest_path(PATH_KVM_CTRL_DIR, name, ".qmp");
    g_autofree char *kvmd = kvm_guest_path(PATH_KVM_CTRL_DIR, name, ".kvmd");

    add(argv, "-qmp", "unix:%s,server,nowait", qmp);
    add(argv, "-qmp", "unix:%s,server,nowait", kvmd);
}

static bool build_all(GPtrArray *argv, const struct kvm_runtime *runtime,
                      const struct instance *instance, const struct value_map *hvp,
                      const struct kvm_start *start, const struct kvm_host *host, GError **errp)
{
    const char *keymap = hv_text(&instance->hvparams, HV_NAME_keymap);

    if (!add_stored(argv, runtime, errp)) {
        return false;
    }
    if (keymap[0] != '\0') {
        add(argv, "-k", "%s", keymap);
    }
    if (!add_nics(argv, runtime, hvp, start, host, errp)) {
        return false;
    }
    if (start->incoming != NULL) {
        add(argv, "-incoming", "tcp:%s:%d", start->incoming, start->incoming_port);
    }
    add_control_sockets(argv, instance->name);
    if (!add_disks(argv, runtime, hvp, host->caps, errp)) {
        return false;
    }
    /* It waits until passwords are set and processors pinned. */
    if (start->incoming == NULL && !has_arg(argv, "-S")) {
        g_ptr_array_add(argv, g_strdup("-S"));
    }
    add_security(argv, instance, start->user, host->caps);
    return true;
}

char **kvm_build_command(const struct kvm_runtime *runtime, const struct instance *instance,
                         const struct kvm_start *start, const struct kvm_host *host, GError **errp)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
    struct value_map hvp = {0};
    bool ok;

    kvm_start_params(&hvp, runtime, instance);
    ok = build_all(argv, runtime, instance, &hvp, start, host, errp);
    fact_clear(&type_value_map, &hvp);
    if (!ok) {
        g_ptr_array_unref(argv);
        return NULL;
    }
    g_ptr_array_add(argv, NULL);
    g_ptr_array_set_free_func(argv, NULL);
    return (char **)g_ptr_array_free(argv, FALSE);
}
