/* Disks that are volumes of Ceph (lib/storage/bdev.py RADOSBlockDevice). An identity is (driver,
 * name of the volume). */
#include "config.h"

#include "facts/params.h"
#include "noded/storage/bdev-common.h"
#include "noded/storage/rbd/build.h"
#include "noded/storage/rbd/mapped.h"

struct volume {
    const char *pool, *name; /* of the disk's parameters and identity */
};

static bool rbd_init(struct bdev *dev, GError **errp)
{
    struct volume *volume = g_new0(struct volume, 1);
    const char *driver;

    dev->own = volume;
    volume->pool = fact_value_text(ld_value(&dev->disk->params, LD_rbd_pool));
    if (!bdev_identity(dev->disk, &driver, &volume->name, errp)) {
        return false;
    }
    if (volume->pool == NULL || *volume->pool == '\0' || *volume->pool == '-' ||
        *volume->name == '\0' || *volume->name == '-' || dev->n_children > 0) {
        return bdev_fail(errp, "disk %s: pool '%s' or name cannot be those of an RBD volume",
                         volume->name, volume->pool != NULL ? volume->pool : "");
    }
    return true;
}

static void rbd_fini(struct bdev *dev)
{
    g_free(dev->own);
}

static bool run(const struct bdev *dev, char **argv, const char *what, GError **errp)
{
    const struct volume *volume = dev->own;

    return bdev_run(argv, NULL, errp, "cannot %s volume %s/%s", what, volume->pool, volume->name);
}

/* --- Devices ------------------------------------------------------------------------------------
 */

/* *ret_device is NULL if the volume is not mapped. */
static bool find_device(const struct bdev *dev, char **ret_device, GError **errp)
{
    const struct volume *volume = dev->own;
    g_autofree char *text = NULL;

    *ret_device = NULL;
    return bdev_run(rbd_build_show_mapped(), &text, errp, "cannot see which volumes are mapped") &&
           rbd_mapped_find(text, volume->pool, volume->name, ret_device, errp);
}

/* Looking for a volume maps it: whether it is there shows no sooner. */
static bool rbd_attach(struct bdev *dev, GError **errp)
{
    const struct volume *volume = dev->own;

    dev->attached = false;
    g_clear_pointer(&dev->path, g_free);
    if (!find_device(dev, &dev->path, errp)) {
        return false;
    }
    if (dev->path == NULL &&
        (!run(dev, rbd_build_action(RBD_MAP, volume->pool, volume->name), "map", errp) ||
         !find_device(dev, &dev->path, errp))) {
        return false;
    }
    if (dev->path == NULL) {
        return bdev_fail(errp, "volume %s/%s was mapped, but 'rbd showmapped' does not list it",
                         volume->pool, volume->name);
    }
    dev->attached = bdev_is_device(dev->path, &dev->major, &dev->minor);
    return true;
}

static bool unmap(struct bdev *dev, GError **errp)
{
    g_autofree char *device = NULL;

    return find_device(dev, &device, errp) &&
           (device == NULL || run(dev, rbd_build_unmap(device), "unmap", errp));
}

static bool rbd_shutdown(struct bdev *dev, GError **errp)
{
    if (!dev->attached) {
        return true;
    }
    if (!unmap(dev, errp)) {
        return false;
    }
    dev->attached = false;
    g_clear_pointer(&dev->path, g_free);
    return true;
}

/* --- Volumes ------------------------------------------------------------------------------------
 */

static bool rbd_create(struct bdev *dev, const struct bdev_create *how, GError **errp)
{
    const struct volume *volume = dev->own;

    if (how->exclusive_storage) {
        return bdev_fail(errp, "volume %s/%s cannot have storage for itself", volume->pool,
                         volume->name);
    }
    return run(dev, rbd_build_create(volume->pool, volume->name, dev->disk->size), "create", errp);
}

static bool remove_volume(struct bdev *dev, GError **errp)
{
    const struct volume *volume = dev->own;

    return run(dev, rbd_build_action(RBD_REMOVE, volume->pool, volume->name), "remove", errp);
}

static bool rbd_remove(struct bdev *dev, GError **errp)
{
    return !dev->attached || (rbd_shutdown(dev, errp) && remove_volume(dev, errp));
}

/* Volumes keep their names; the reference does nothing either. */
static bool rbd_rename(struct bdev *dev, const struct disk *disk, GError **errp)
{
    (void)dev;
    (void)disk;
    (void)errp;
    return true;
}

/* Volumes take room only as they are written, so there is nothing to try beforehand. */
static bool rbd_grow(struct bdev *dev, const struct bdev_grow *how, GError **errp)
{
    const struct volume *volume = dev->own;

    if (!how->backing_store || how->dry_run) {
        return true;
    }
    if (how->amount < 0) {
        return bdev_fail(errp, "volume %s/%s: cannot grow by a negative amount", volume->pool,
                         volume->name);
    }
    return run(dev, rbd_build_resize(volume->pool, volume->name, dev->disk->size + how->amount),
               "grow", errp);
}

static char *rbd_uri(struct bdev *dev, enum hypervisor hypervisor, GError **errp)
{
    const struct volume *volume = dev->own;

    return hypervisor == HYPERVISOR_KVM ? g_strdup_printf("rbd:%s/%s", volume->pool, volume->name)
                                        : bdev_unsupported_uri(dev, hypervisor, errp);
}

/* --- Data ---------------------------------------------------------------------------------------
 */

static char **rbd_export(struct bdev *dev, GError **errp)
{
    const struct volume *volume = dev->own;

    (void)errp;
    return rbd_build_action(RBD_EXPORT, volume->pool, volume->name);
}

/* "rbd import" makes the volume, so the empty one goes first. */
static char **rbd_import(struct bdev *dev, GError **errp)
{
    const struct volume *volume = dev->own;

    return unmap(dev, errp) && remove_volume(dev, errp)
               ? rbd_build_action(RBD_IMPORT, volume->pool, volume->name)
               : NULL;
}

const struct bdev_ops bdev_rbd = {
    .id = DISK_TEMPLATE_RBD,
    .init = rbd_init,
    .fini = rbd_fini,
    .attach = rbd_attach,
    .create = rbd_create,
    .remove = rbd_remove,
    .rename = rbd_rename,
    .assemble = bdev_no_change,
    .shutdown = rbd_shutdown,
    .open = bdev_no_open,
    .close = bdev_no_change,
    .grow = rbd_grow,
    .size = bdev_size_of_device,
    .spindles = bdev_no_spindles,
    .set_info = bdev_children_set_info,
    .snapshot = bdev_unsupported_snapshot,
    .status = bdev_status_healthy,
    .set_sync_params = bdev_children_set_sync_params,
    .pause_sync = bdev_children_pause_sync,
    .userspace_uri = rbd_uri,
    .export_argv = rbd_export,
    .import_argv = rbd_import,
};
