#include "config.h"

#include "noded/storage/bdev-common.h"

#include "facts/constants.h"
#include "facts/errors.h"

bool bdev_fail(GError **errp, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    return err_fail(errp, ERR_BLOCK_DEVICE, ECODE_NONE, "%s", text);
}

bool bdev_identity(const struct disk *disk, const char **ret_first, const char **ret_second,
                   GError **errp)
{
    const struct value_list *id = &disk->logical_id;

    *ret_first = id->n == 2 ? fact_value_text(&id->v[0]) : NULL;
    *ret_second = id->n == 2 ? fact_value_text(&id->v[1]) : NULL;
    if (*ret_first == NULL || *ret_second == NULL) {
        return bdev_fail(errp, "disk %s of type '%s': logical_id must be two texts",
                         disk->uuid != NULL ? disk->uuid : "",
                         fact_enum_disk_template.words[disk->dev_type]);
    }
    return true;
}

void bdev_no_fini(struct bdev *dev)
{
    (void)dev;
}

bool bdev_no_change(struct bdev *dev, GError **errp)
{
    (void)dev;
    (void)errp;
    return true;
}

bool bdev_no_open(struct bdev *dev, bool force, bool exclusive, GError **errp)
{
    (void)dev;
    (void)force;
    (void)exclusive;
    (void)errp;
    return true;
}

bool bdev_no_spindles(struct bdev *dev, int64_t *ret_spindles, GError **errp)
{
    (void)dev;
    (void)errp;
    *ret_spindles = -1;
    return true;
}

bool bdev_children_set_info(struct bdev *dev, const char *text, GError **errp)
{
    for (size_t i = 0; i < dev->n_children; i++) {
        if (!dev->children[i]->ops->set_info(dev->children[i], text, errp)) {
            return false;
        }
    }
    return true;
}

bool bdev_children_set_sync_params(struct bdev *dev, const struct value_map *params,
                                   GPtrArray *problems, GError **errp)
{
    for (size_t i = 0; i < dev->n_children; i++) {
        if (!dev->children[i]->ops->set_sync_params(dev->children[i], params, problems, errp)) {
            return false;
        }
    }
    return true;
}

bool bdev_children_pause_sync(struct bdev *dev, bool pause, GError **errp)
{
    for (size_t i = 0; i < dev->n_children; i++) {
        if (!dev->children[i]->ops->pause_sync(dev->children[i], pause, errp)) {
            return false;
        }
    }
    return true;
}

bool bdev_status_healthy(struct bdev *dev, struct bdev_status *ret, GError **errp)
{
    (void)dev;
    (void)errp;
    *ret = (struct bdev_status){
        .sync_percent = -1, .estimated_time = -1, .degraded = false, .ldisk_status = C_LDS_OKAY};
    return true;
}

bool bdev_unsupported_snapshot(struct bdev *dev, const char *name, int64_t size,
                               struct value_list *ret_id, GError **errp)
{
    (void)name;
    (void)size;
    (void)ret_id;
    return bdev_fail(errp, "disk %s: no snapshots of disks of type '%s'", dev->path,
                     fact_enum_disk_template.words[dev->disk->dev_type]);
}

char *bdev_unsupported_uri(struct bdev *dev, enum hypervisor hypervisor, GError **errp)
{
    bdev_fail(errp, "disk %s: hypervisor %s cannot reach disks of type '%s' by itself", dev->path,
              fact_enum_hypervisor.words[hypervisor],
              fact_enum_disk_template.words[dev->disk->dev_type]);
    return NULL;
}
