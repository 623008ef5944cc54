/* The disk half of a mirror. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "facts/constants.h"
#include "noded/storage/drbd/private.h"

enum {
    MAX_MINOR = 255, /* of those that are looked for */
    MIB = 1024 * 1024,
    META_MIN = C_DRBD_META_SIZE * MIB,
    /* What a volume of that size may grow to by stripes and extents (_CheckMetaSize). */
    META_MAX = 1024 * MIB,
    READ_SIZE = 128 * 1024,
    SYNC_PARAMS_SECONDS = 5,
};

/* A device that gives errors is worse than none: the mirror works without it (_CanReadDevice). */
static bool can_read(const char *path)
{
    g_autofree char *buffer = g_malloc(READ_SIZE);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && read(fd, buffer, READ_SIZE) >= 0;

    if (!ok) {
        log_warning("cannot read from %s: %s", path, g_strerror(errno));
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return ok;
}

bool drbd_parts_are_there(const struct bdev *dev)
{
    return dev->n_children == 2 && dev->children[0]->attached && dev->children[1]->attached &&
           can_read(dev->children[1]->path);
}

bool drbd_set_speed(const struct bdev *dev, const struct value_map *params, GError **errp)
{
    char **argv = drbd_build_sync_params(drbd_minor_of(dev), params, errp);

    return argv != NULL && bdev_run(argv, NULL, errp, "drbd%d: cannot set the speed of the resync",
                                    drbd_minor_of(dev));
}

struct sync_wait {
    const struct bdev *dev;
    GError *error; /* of the last try */
};

static bool try_sync_params(void *user)
{
    struct sync_wait *wait = user;

    g_clear_error(&wait->error);
    return drbd_set_speed(wait->dev, &wait->dev->disk->params, &wait->error);
}

/* fresh: DRBD does not know the device yet. A disk that was just attached may refuse options for a
 * moment (_AssembleLocal). */
static bool attach_disk(const struct bdev *dev, const char *data, const char *meta, bool fresh,
                        GError **errp)
{
    struct sync_wait wait = {.dev = dev};
    GPtrArray *commands = drbd_build_attach(drbd_minor_of(dev), data, meta, dev->disk->size,
                                            &dev->disk->params, errp);

    if (!drbd_run_all(dev, commands, fresh ? 0 : DRBD_NEW_COMMANDS, "attach its disk", errp)) {
        return false;
    }
    if (!drbd_wait(try_sync_params, &wait, SYNC_PARAMS_SECONDS)) {
        g_propagate_error(errp, wait.error);
        return false;
    }
    return true;
}

bool drbd_attach_parts(const struct bdev *dev, bool fresh, GError **errp)
{
    return attach_disk(dev, dev->children[0]->path, dev->children[1]->path, fresh, errp);
}

/* Whether the disk is the one it shall have; having none may be right. (_MatchesLocal) */
bool drbd_disk_matches(const struct bdev *dev, const struct drbd_show *show)
{
    if (dev->n_children == 0) {
        return show->data == NULL && show->meta == NULL;
    }
    return g_strcmp0(show->data, dev->children[0]->path) == 0 &&
           g_strcmp0(show->meta, dev->children[1]->path) == 0 && show->meta_index <= 0;
}

bool drbd_check_meta_size(const struct bdev *dev, struct bdev *meta, GError **errp)
{
    int64_t bytes;

    if (!meta->ops->size(meta, &bytes, errp)) {
        return false;
    }
    return (bytes >= META_MIN && bytes <= META_MAX) ||
           bdev_fail(errp,
                     "drbd%d: %s has %" G_GINT64_FORMAT
                     " MiB, metadata need %d MiB and at most %d MiB",
                     drbd_minor_of(dev), meta->path, bytes / MIB, META_MIN / MIB, META_MAX / MIB);
}

/* Zeroes in front, so that drbdmeta finds no old file system there. The kernel knows the fastest
 * way for a device. */
static bool zero(int fd)
{
    uint64_t range[] = {0, META_MIN};
    g_autofree char *block = NULL;

    if (ioctl(fd, BLKZEROOUT, range) == 0) {
        return true;
    }
    if (errno != ENOTTY && errno != EOPNOTSUPP) {
        return false;
    }
    block = g_malloc0(MIB);
    for (off_t at = 0; at < META_MIN; at += MIB) {
        if (pwrite(fd, block, MIB, at) != MIB) {
            return false;
        }
    }
    return fsync(fd) == 0;
}

bool drbd_init_meta(int minor, const char *path, GError **errp)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool ok = fd >= 0 && zero(fd);

    if (!ok) {
        bdev_fail(errp, "%s: cannot overwrite it for metadata: %s", path, g_strerror(errno));
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return ok && bdev_run(drbd_build_init_meta(minor, path), NULL, errp,
                          "cannot make metadata of DRBD on %s", path);
}

/* drbdmeta refuses a minor that is in use (FindUnusedMinor). */
static bool find_free_minor(int *ret_minor, GError **errp)
{
    CLEANUP(drbd_proc_freep) struct drbd_proc *proc = drbd_node_read(errp);

    for (int minor = 0; proc != NULL && minor <= MAX_MINOR; minor++) {
        const struct drbd_minor *state = drbd_proc_find(proc, minor);

        if (state == NULL || !drbd_minor_in_use(state)) {
            *ret_minor = minor;
            return true;
        }
    }
    return proc != NULL && bdev_fail(errp, "all %d minors of DRBD are in use", MAX_MINOR + 1);
}

static struct drbd_show *setup_of(const struct bdev *dev, GError **errp)
{
    if (dev->ops != &bdev_drbd) {
        bdev_fail(errp, "%s is not a DRBD disk", dev->path);
        return NULL;
    }
    return drbd_need_attached(dev, errp) ? drbd_read_setup(dev, errp) : NULL;
}

bool drbd_add_disks(struct bdev *dev, struct bdev *data, struct bdev *meta, GError **errp)
{
    CLEANUP(drbd_show_freep) struct drbd_show *show = setup_of(dev, errp);
    int minor = 0;

    if (show == NULL) {
        return false;
    }
    if (show->data != NULL) {
        return bdev_fail(errp, "drbd%d: it has the disk %s already", drbd_minor_of(dev),
                         show->data);
    }
    return data->ops->open(data, false, true, errp) && meta->ops->open(meta, false, true, errp) &&
           drbd_check_meta_size(dev, meta, errp) && find_free_minor(&minor, errp) &&
           drbd_init_meta(minor, meta->path, errp) &&
           attach_disk(dev, data->path, meta->path, false, errp);
}

bool drbd_remove_disks(struct bdev *dev, const char *data, const char *meta, GError **errp)
{
    CLEANUP(drbd_show_freep) struct drbd_show *show = setup_of(dev, errp);

    if (show == NULL || show->data == NULL) {
        return show != NULL;
    }
    if (g_strcmp0(show->data, data) != 0 || g_strcmp0(show->meta, meta) != 0) {
        return bdev_fail(errp, "drbd%d: it has the disk %s with %s, not %s with %s",
                         drbd_minor_of(dev), show->data, show->meta, data, meta);
    }
    return drbd_run_action(dev, DRBD_DETACH, "detach its disk", errp);
}
