#include "config.h"

#include "noded/storage/bdev.h"

#include "base/log.h"
#include "noded/storage/bdev-common.h"
#include "noded/storage/devcache.h"

static const struct bdev_ops *const drivers[] = {
    &bdev_blockdev, &bdev_drbd,  &bdev_ext, &bdev_file,
    &bdev_gluster,  &bdev_plain, &bdev_rbd, &bdev_sharedfile,
};

/* DRBD on volumes is the deepest there is. */
enum { MAX_DEPTH = 4 };

const struct bdev_ops *bdev_ops_find(enum disk_template disk_template)
{
    for (size_t i = 0; i < G_N_ELEMENTS(drivers); i++) {
        if (drivers[i]->id == disk_template) {
            return drivers[i];
        }
    }
    return NULL;
}

void bdev_free(struct bdev *dev)
{
    if (dev == NULL) {
        return;
    }
    dev->ops->fini(dev);
    for (size_t i = 0; i < dev->n_children; i++) {
        bdev_free(dev->children[i]);
    }
    g_free(dev->children);
    g_free(dev->path);
    g_free(dev);
}

static struct bdev *new_at_depth(const struct disk *disk, unsigned depth, GError **errp)
{
    const char *word = fact_enum_disk_template.words[disk->dev_type];
    const struct bdev_ops *ops = bdev_ops_find(disk->dev_type);
    CLEANUP(bdev_freep) struct bdev *dev = NULL;

    if (ops == NULL) {
        bdev_fail(errp, "disks of type '%s' are not supported on this node", word);
        return NULL;
    }
    if (depth > MAX_DEPTH) {
        bdev_fail(errp, "a disk of type '%s' is nested more than %d levels deep", word, MAX_DEPTH);
        return NULL;
    }
    dev = g_new0(struct bdev, 1);
    dev->ops = ops;
    dev->disk = disk;
    dev->major = -1;
    dev->minor = -1;
    dev->children = g_new0(struct bdev *, disk->children.n);
    for (; dev->n_children < disk->children.n; dev->n_children++) {
        const struct disk *child = &disk->children.v[dev->n_children];

        dev->children[dev->n_children] = new_at_depth(child, depth + 1, errp);
        if (dev->children[dev->n_children] == NULL) {
            return NULL;
        }
    }
    return ops->init(dev, errp) ? g_steal_pointer(&dev) : NULL;
}

struct bdev *bdev_new(const struct disk *disk, GError **errp)
{
    return new_at_depth(disk, 0, errp);
}

static bool attach_all(struct bdev *dev, GError **errp)
{
    for (size_t i = 0; i < dev->n_children; i++) {
        if (!attach_all(dev->children[i], errp)) {
            return false;
        }
    }
    return dev->ops->attach(dev, errp);
}

struct bdev *bdev_find(const struct disk *disk, GError **errp)
{
    CLEANUP(bdev_freep) struct bdev *dev = bdev_new(disk, errp);

    if (dev == NULL || !attach_all(dev, errp) || !dev->attached) {
        return NULL;
    }
    return g_steal_pointer(&dev);
}

static bool is_primary(const struct bdev_use *use)
{
    return use == NULL || use->primary;
}

static bool has(const struct bdev *dev, enum bdev_flags flag)
{
    return (dev->ops->flags & flag) != 0;
}

static void note_use(const struct bdev *dev, const struct bdev_use *use)
{
    if (use != NULL) {
        devcache_update(dev->path, use->owner, use->primary, dev->disk->iv_name);
    }
}

static bool assemble_all(struct bdev *dev, const struct bdev_use *use, GError **errp);

static bool assemble_children(struct bdev *dev, const struct bdev_use *use, GError **errp)
{
    for (size_t i = 0; i < dev->n_children; i++) {
        g_autoptr(GError) error = NULL;

        if (assemble_all(dev->children[i], use, &error)) {
            continue;
        }
        if (!has(dev, BDEV_PARTS_OPTIONAL)) {
            g_propagate_error(errp, g_steal_pointer(&error));
            return false;
        }
        dev->children[i]->attached = false;
        log_error("%s works without a part of it: %s", dev->path, error->message);
    }
    return true;
}

static bool assemble_all(struct bdev *dev, const struct bdev_use *use, GError **errp)
{
    if (!assemble_children(dev, use, errp)) {
        return false;
    }
    if (!is_primary(use) && !has(dev, BDEV_ON_SECONDARY)) {
        return true;
    }
    if (!dev->ops->attach(dev, errp) || !dev->ops->assemble(dev, errp)) {
        return false;
    }
    if ((is_primary(use) || has(dev, BDEV_OPEN_ON_SECONDARY)) &&
        !dev->ops->open(dev, false, true, errp)) {
        return false;
    }
    note_use(dev, use);
    return true;
}

bool bdev_assemble(const struct disk *disk, const struct bdev_use *use, struct bdev **ret_dev,
                   GError **errp)
{
    CLEANUP(bdev_freep) struct bdev *dev = bdev_new(disk, errp);

    *ret_dev = NULL;
    if (dev == NULL || !assemble_all(dev, use, errp)) {
        return false;
    }
    if (is_primary(use) || has(dev, BDEV_ON_SECONDARY)) {
        *ret_dev = g_steal_pointer(&dev);
    }
    return true;
}

/* The children are open in case the disk itself has to be assembled. */
static bool prepare_children(struct bdev *dev, const struct bdev_use *use, GError **errp)
{
    for (size_t i = 0; i < dev->n_children; i++) {
        struct bdev *child = dev->children[i];

        if (!assemble_all(child, use, errp)) {
            g_prefix_error(errp, "part %zu of the disk: ", i);
            return false;
        }
        if ((is_primary(use) || has(dev, BDEV_ON_SECONDARY)) &&
            !child->ops->open(child, false, true, errp)) {
            return false;
        }
    }
    return true;
}

static bool start_created(struct bdev *dev, const struct bdev_use *use, GError **errp)
{
    if (!is_primary(use) && !has(dev, BDEV_ON_SECONDARY)) {
        return true;
    }
    if (!dev->ops->assemble(dev, errp)) {
        g_prefix_error(errp, "made, but cannot be assembled: ");
        return false;
    }
    if ((is_primary(use) || has(dev, BDEV_OPEN_ON_SECONDARY)) &&
        !dev->ops->open(dev, true, true, errp)) {
        g_prefix_error(errp, "made, but cannot be opened: ");
        return false;
    }
    note_use(dev, use);
    return true;
}

struct bdev *bdev_create(const struct disk *disk, const struct bdev_use *use,
                         const struct bdev_create *how, GError **errp)
{
    CLEANUP(bdev_freep) struct bdev *dev = bdev_new(disk, errp);

    if (dev == NULL || !prepare_children(dev, use, errp)) {
        return NULL;
    }
    return dev->ops->create(dev, how, errp) && dev->ops->attach(dev, errp) &&
                   start_created(dev, use, errp)
               ? g_steal_pointer(&dev)
               : NULL;
}

static void merge_status(struct bdev_status *sum, const struct bdev_status *child)
{
    if (child->sync_percent >= 0) {
        sum->sync_percent = sum->sync_percent < 0 ? child->sync_percent
                                                  : MIN(sum->sync_percent, child->sync_percent);
    }
    sum->estimated_time = MAX(sum->estimated_time, child->estimated_time);
    sum->degraded = sum->degraded || child->degraded;
    sum->ldisk_status = MAX(sum->ldisk_status, child->ldisk_status);
}

bool bdev_combined_status(struct bdev *dev, struct bdev_status *ret, GError **errp)
{
    if (!dev->ops->status(dev, ret, errp)) {
        return false;
    }
    for (size_t i = 0; i < dev->n_children; i++) {
        struct bdev_status child;

        if (!dev->children[i]->ops->status(dev->children[i], &child, errp)) {
            return false;
        }
        merge_status(ret, &child);
    }
    return true;
}
