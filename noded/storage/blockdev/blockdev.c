/* Devices that were there before and stay there (lib/storage/bdev.py PersistentBlockDevice). An
 * identity is ("manual", path below /dev). */
#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "facts/constants.h"
#include "noded/storage/bdev-common.h"

static const char device_dir[] = "/dev/";

/* Links are followed, as far as what they name is there. */
static bool is_below_dev(const char *path)
{
    g_autofree char *real = realpath(path, NULL);
    g_autofree char *plain = g_canonicalize_filename(path, "/");

    return *path == '/' && g_str_has_prefix(real != NULL ? real : plain, device_dir);
}

static bool adopted_init(struct bdev *dev, GError **errp)
{
    const char *driver, *path;

    if (!bdev_identity(dev->disk, &driver, &path, errp)) {
        return false;
    }
    if (strcmp(driver, C_BLOCKDEV_DRIVER_MANUAL) != 0) {
        return bdev_fail(errp, "disk %s: adopted devices are of the kind '%s', not '%s'", path,
                         C_BLOCKDEV_DRIVER_MANUAL, driver);
    }
    if (dev->n_children > 0 || !is_below_dev(path)) {
        return bdev_fail(errp, "disk %s: an adopted device must lie below %s and have no parts",
                         path, device_dir);
    }
    dev->path = g_strdup(path);
    return true;
}

static bool adopted_attach(struct bdev *dev, GError **errp)
{
    (void)errp;
    dev->attached = bdev_is_device(dev->path, &dev->major, &dev->minor);
    if (!dev->attached) {
        log_error("%s is not there, or no block device", dev->path);
    }
    return true;
}

static bool adopted_create(struct bdev *dev, const struct bdev_create *how, GError **errp)
{
    return !how->exclusive_storage ||
           bdev_fail(errp, "%s: an adopted device cannot have storage for itself", dev->path);
}

static bool adopted_rename(struct bdev *dev, const struct disk *disk, GError **errp)
{
    (void)disk;
    return bdev_fail(errp, "%s: adopted devices cannot be renamed", dev->path);
}

static bool adopted_grow(struct bdev *dev, const struct bdev_grow *how, GError **errp)
{
    (void)how;
    return bdev_fail(errp, "%s: adopted devices cannot grow", dev->path);
}

static char **adopted_import(struct bdev *dev, GError **errp)
{
    bdev_fail(errp, "%s: nothing is written to an adopted device", dev->path);
    return NULL;
}

const struct bdev_ops bdev_blockdev = {
    .id = DISK_TEMPLATE_BLOCKDEV,
    .init = adopted_init,
    .fini = bdev_no_fini,
    .attach = adopted_attach,
    .create = adopted_create,
    .remove = bdev_no_change,
    .rename = adopted_rename,
    .assemble = bdev_no_change,
    .shutdown = bdev_no_change,
    .open = bdev_no_open,
    .close = bdev_no_change,
    .grow = adopted_grow,
    .size = bdev_size_of_device,
    .spindles = bdev_no_spindles,
    .set_info = bdev_children_set_info,
    .snapshot = bdev_unsupported_snapshot,
    .status = bdev_status_healthy,
    .set_sync_params = bdev_children_set_sync_params,
    .pause_sync = bdev_children_pause_sync,
    .userspace_uri = bdev_unsupported_uri,
    .export_argv = bdev_dd_export,
    .import_argv = adopted_import,
};
