#include "config.h"

#include "noded/storage/bdev.h"

#include "base/log.h"
#include "facts/constants.h"
#include "noded/storage/bdev-common.h"

static const struct bdev_ops *const drivers[] = {&bdev_file, &bdev_sharedfile};

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

static bool assemble_all(struct bdev *dev, GError **errp)
{
    for (size_t i = 0; i < dev->n_children; i++) {
        if (!assemble_all(dev->children[i], errp)) {
            return false;
        }
    }
    return dev->ops->attach(dev, errp) && dev->ops->assemble(dev, errp);
}

struct bdev *bdev_assemble(const struct disk *disk, GError **errp)
{
    CLEANUP(bdev_freep) struct bdev *dev = bdev_new(disk, errp);

    return dev != NULL && assemble_all(dev, errp) ? g_steal_pointer(&dev) : NULL;
}

struct bdev *bdev_create(const struct disk *disk, const struct bdev_create *how, GError **errp)
{
    CLEANUP(bdev_freep) struct bdev *dev = bdev_new(disk, errp);

    if (dev == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < dev->n_children; i++) {
        if (!attach_all(dev->children[i], errp)) {
            return NULL;
        }
    }
    return dev->ops->create(dev, how, errp) && dev->ops->attach(dev, errp) ? g_steal_pointer(&dev)
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

static char **finish(GStrvBuilder *argv)
{
    char **vector = g_strv_builder_end(argv);

    g_strv_builder_unref(argv);
    return vector;
}

char **bdev_export_argv(const struct bdev *dev)
{
    GStrvBuilder *argv = g_strv_builder_new();
    g_autofree char *from = g_strdup_printf("if=%s", dev->path);
    g_autofree char *block = g_strdup_printf("bs=%d", C_DD_BLOCK_SIZE);
    g_autofree char *count = g_strdup_printf("count=%" G_GINT64_FORMAT, dev->disk->size);

    g_strv_builder_add_many(argv, C_DD_CMD, from, block, count, "iflag=direct", NULL);
    return finish(argv);
}

char **bdev_import_argv(const struct bdev *dev)
{
    GStrvBuilder *argv = g_strv_builder_new();
    g_autofree char *to = g_strdup_printf("of=%s", dev->path);
    g_autofree char *block = g_strdup_printf("bs=%d", C_DD_BLOCK_SIZE);

    g_strv_builder_add_many(argv, C_DD_CMD, to, block, "oflag=direct", "conv=notrunc", NULL);
    return finish(argv);
}
