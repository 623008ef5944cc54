/* Disks that an external storage provider has (lib/storage/extstorage.py ExtStorageDevice). An
 * identity is (provider, volume). */
#include "config.h"

#include "extstorage-interface/ext.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "noded/storage/bdev-common.h"

enum {
    MAX_INFO = 128,
    MAX_SHOWN = 200, /* of what attach printed, in an error */
};

struct ext {
    const char *provider, *volume;
    struct ext_attached attached;
    bool fresh; /* attached by create: the next attach has nothing to do */
};

static bool ext_init(struct bdev *dev, GError **errp)
{
    struct ext *ext = g_new0(struct ext, 1);

    dev->own = ext;
    return bdev_identity(dev->disk, &ext->provider, &ext->volume, errp);
}

static void ext_fini(struct bdev *dev)
{
    struct ext *ext = dev->own;

    if (ext != NULL) {
        ext_attached_clear(&ext->attached);
        g_free(ext);
    }
}

/* --- Scripts ------------------------------------------------------------------------------------
 */

/* What most scripts are told. */
static struct ext_call call_of(const struct bdev *dev)
{
    const struct ext *ext = dev->own;
    const char *uuid = dev->disk->uuid;

    return (struct ext_call){
        .params = &dev->disk->params,
        .vars = {[EXT_VAR_NAME] = ext->volume,
                 [EXT_VAR_CNAME] = dev->disk->name,
                 [EXT_VAR_UUID] = uuid == NULL || *uuid == '\0' ? NULL : uuid}};
}

static bool run(struct bdev *dev, enum ext_script script, const struct ext_call *call,
                GError **errp)
{
    const struct ext *ext = dev->own;

    return ext_run(ext->provider, script, call, NULL, errp);
}

static bool run_plain(struct bdev *dev, enum ext_script script, GError **errp)
{
    const struct ext_call call = call_of(dev);

    return run(dev, script, &call, errp);
}

static char *mib_text(int64_t mib)
{
    return g_strdup_printf("%" G_GINT64_FORMAT, mib);
}

/* --- Attach and detach --------------------------------------------------------------------------
 */

static void forget(struct bdev *dev)
{
    struct ext *ext = dev->own;

    ext_attached_clear(&ext->attached);
    g_clear_pointer(&dev->path, g_free);
    dev->attached = false;
    dev->major = dev->minor = -1;
}

/* NULL: it is there. Allocated. */
static char *take_device(struct bdev *dev)
{
    struct ext *ext = dev->own;
    const char *device = ext->attached.device;
    g_autofree char *shown = NULL;

    if (device == NULL) {
        dev->attached = ext->attached.uris[0] != NULL;
        return dev->attached ? NULL : g_strdup("attach printed neither a device nor a URI");
    }
    if (!bdev_is_device(device, &dev->major, &dev->minor)) {
        g_autofree char *safe = text_safe_encode(device);

        shown = g_strndup(safe, MAX_SHOWN);
        return g_strdup_printf("attach printed '%s', which is not a block device", shown);
    }
    dev->path = g_strdup(device);
    dev->attached = true;
    return NULL;
}

/* *ret_problem is allocated if the provider answers, but the volume is not there. */
static bool attach(struct bdev *dev, char **ret_problem, GError **errp)
{
    const struct ext_call call = call_of(dev);
    struct ext *ext = dev->own;
    g_autofree char *output = NULL;

    forget(dev);
    if (!ext_run(ext->provider, EXT_SCRIPT_ATTACH, &call, &output, errp)) {
        return false;
    }
    ext_attached_parse(output, &ext->attached);
    *ret_problem = take_device(dev);
    return true;
}

static bool ext_attach(struct bdev *dev, GError **errp)
{
    struct ext *ext = dev->own;
    g_autofree char *problem = NULL;

    if (ext->fresh) {
        ext->fresh = false;
        return true;
    }
    if (!attach(dev, &problem, errp)) {
        return false;
    }
    if (problem != NULL) {
        log_error("volume %s of storage provider '%s': %s", ext->volume, ext->provider, problem);
    }
    return true;
}

static bool need_attached(struct bdev *dev, GError **errp)
{
    struct ext *ext = dev->own;
    g_autofree char *problem = NULL;

    if (!attach(dev, &problem, errp)) {
        return false;
    }
    return problem == NULL || bdev_fail(errp, "volume %s of storage provider '%s': %s", ext->volume,
                                        ext->provider, problem);
}

static bool ext_shutdown(struct bdev *dev, GError **errp)
{
    if (!dev->attached && !ext_attach(dev, errp)) {
        return false;
    }
    if (!dev->attached) {
        return true;
    }
    if (!run_plain(dev, EXT_SCRIPT_DETACH, errp)) {
        return false;
    }
    forget(dev);
    return true;
}

/* --- Life ---------------------------------------------------------------------------------------
 */

/* A volume that cannot be reached is of no use, and nobody else would remove it. */
static void undo_create(struct bdev *dev)
{
    struct ext *ext = dev->own;
    g_autoptr(GError) error = NULL;

    log_info("volume %s of storage provider '%s' cannot be attached; removing it", ext->volume,
             ext->provider);
    if (!run_plain(dev, EXT_SCRIPT_REMOVE, &error)) {
        log_error("%s", error->message);
    }
}

static bool ext_create(struct bdev *dev, const struct bdev_create *how, GError **errp)
{
    struct ext_call call = call_of(dev);
    g_autofree char *size = mib_text(dev->disk->size);
    struct ext *ext = dev->own;

    if (how->exclusive_storage) {
        return bdev_fail(errp, "volume %s: external storage cannot be exclusive", ext->volume);
    }
    call.vars[EXT_VAR_SIZE] = size;
    if (!run(dev, EXT_SCRIPT_CREATE, &call, errp)) {
        return false;
    }
    if (!need_attached(dev, errp)) {
        undo_create(dev);
        return false;
    }
    ext->fresh = true;
    return true;
}

static bool ext_remove(struct bdev *dev, GError **errp)
{
    if (!dev->attached && !ext_attach(dev, errp)) {
        return false;
    }
    return !dev->attached || (ext_shutdown(dev, errp) && run_plain(dev, EXT_SCRIPT_REMOVE, errp));
}

/* Volumes keep their names. */
static bool ext_rename(struct bdev *dev, const struct disk *disk, GError **errp)
{
    (void)dev;
    (void)disk;
    (void)errp;
    return true;
}

static bool ext_open(struct bdev *dev, bool force, bool exclusive, GError **errp)
{
    struct ext_call call = call_of(dev);

    (void)force;
    call.vars[EXT_VAR_OPEN_EXCLUSIVE] = exclusive ? "True" : "False";
    return run(dev, EXT_SCRIPT_OPEN, &call, errp);
}

static bool ext_close(struct bdev *dev, GError **errp)
{
    return run_plain(dev, EXT_SCRIPT_CLOSE, errp);
}

static bool ext_grow(struct bdev *dev, const struct bdev_grow *how, GError **errp)
{
    struct ext_call call = call_of(dev);
    g_autofree char *size = mib_text(dev->disk->size);
    g_autofree char *new_size = NULL;

    if (!how->backing_store) {
        return true;
    }
    if (how->amount < 0 || how->amount > INT64_MAX - dev->disk->size) {
        return bdev_fail(errp, "volume of %s: cannot grow by %" G_GINT64_FORMAT " MiB",
                         dev->disk->uuid, how->amount);
    }
    if (!need_attached(dev, errp)) {
        return false;
    }
    new_size = mib_text(dev->disk->size + how->amount);
    call.vars[EXT_VAR_SIZE] = size;
    call.vars[EXT_VAR_NEW_SIZE] = new_size;
    return how->dry_run || run(dev, EXT_SCRIPT_GROW, &call, errp);
}

/* As the reference tells it: the first character is no "-". */
static char *info_text(const char *text)
{
    char *info = g_strndup(text, MAX_INFO);

    for (char *c = info; *c != '\0'; c++) {
        if (!g_ascii_isalnum(*c) && strchr(c == info ? "_+." : "_+.-", *c) == NULL) {
            *c = '_';
        }
    }
    return info;
}

static bool ext_set_info(struct bdev *dev, const char *text, GError **errp)
{
    struct ext_call call = call_of(dev);
    g_autofree char *info = info_text(text);

    call.vars[EXT_VAR_METADATA] = info;
    return run(dev, EXT_SCRIPT_SETINFO, &call, errp);
}

static bool ext_snapshot(struct bdev *dev, const char *name, int64_t size,
                         struct value_list *ret_id, GError **errp)
{
    const struct ext *ext = dev->own;
    g_autofree char *chosen =
        name != NULL && *name != '\0' ? g_strdup(name) : g_strconcat(ext->volume, ".snap", NULL);
    g_autofree char *mib = mib_text(size > 0 ? size : dev->disk->size);
    const struct ext_call call = {.params = &dev->disk->params,
                                  .vars = {[EXT_VAR_NAME] = ext->volume,
                                           [EXT_VAR_SNAPSHOT_NAME] = chosen,
                                           [EXT_VAR_SNAPSHOT_SIZE] = mib}};

    if (!run(dev, EXT_SCRIPT_SNAPSHOT, &call, errp)) {
        return false;
    }
    bdev_identity_set(ret_id, ext->provider, chosen);
    return true;
}

static char *ext_userspace_uri(struct bdev *dev, enum hypervisor hypervisor, GError **errp)
{
    const char *word = fact_enum_hypervisor.words[hypervisor];
    const struct ext *ext = dev->own;
    const char *uri;

    if (!need_attached(dev, errp)) {
        return NULL;
    }
    uri = ext_attached_uri(&ext->attached, word);
    if (uri == NULL) {
        bdev_fail(errp,
                  "storage provider '%s' gives hypervisor %s no access to volume %s of its "
                  "own",
                  ext->provider, word, ext->volume);
    }
    return g_strdup(uri);
}

/* --- Whole disks --------------------------------------------------------------------------------
 */

static bool need_device(struct bdev *dev, GError **errp)
{
    const struct ext *ext = dev->own;

    return dev->path != NULL ||
           bdev_fail(errp, "volume %s of storage provider '%s' has no block device on this node",
                     ext->volume, ext->provider);
}

static bool ext_size(struct bdev *dev, int64_t *ret_bytes, GError **errp)
{
    return need_device(dev, errp) && bdev_size_of_device(dev, ret_bytes, errp);
}

static char **ext_export_argv(struct bdev *dev, GError **errp)
{
    return need_device(dev, errp) ? bdev_dd_export(dev, errp) : NULL;
}

static char **ext_import_argv(struct bdev *dev, GError **errp)
{
    return need_device(dev, errp) ? bdev_dd_import(dev, errp) : NULL;
}

const struct bdev_ops bdev_ext = {
    .id = DISK_TEMPLATE_EXT,
    .init = ext_init,
    .fini = ext_fini,
    .attach = ext_attach,
    .create = ext_create,
    .remove = ext_remove,
    .rename = ext_rename,
    .assemble = bdev_no_change,
    .shutdown = ext_shutdown,
    .open = ext_open,
    .close = ext_close,
    .grow = ext_grow,
    .size = ext_size,
    .spindles = bdev_no_spindles,
    .set_info = ext_set_info,
    .snapshot = ext_snapshot,
    .status = bdev_status_healthy,
    .set_sync_params = bdev_children_set_sync_params,
    .pause_sync = bdev_children_pause_sync,
    .userspace_uri = ext_userspace_uri,
    .export_argv = ext_export_argv,
    .import_argv = ext_import_argv,
};
