/* Disks that are files, on this node's or on shared storage (lib/storage/filestorage.py
 * FileStorage, which is both). An identity is (driver, path). */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "noded/storage/bdev-common.h"
#include "noded/storage/file/paths.h"

enum {
    BYTES_PER_MIB = 1024 * 1024,
    /* What the umask of the reference's daemon leaves of Python's default. */
    FILE_MODE = 0700,
};

static bool file_init(struct bdev *dev, GError **errp)
{
    const char *driver, *path;

    if (!bdev_identity(dev->disk, &driver, &path, errp)) {
        return false;
    }
    if (dev->n_children > 0) {
        return bdev_fail(errp, "disk %s is a file and can have no parts", path);
    }
    if (!file_path_check(path, false, errp)) {
        return false;
    }
    dev->path = g_strdup(path);
    return true;
}

static bool fail_errno(GError **errp, const char *path, const char *step, int errnum)
{
    return bdev_fail(errp, "%s: cannot %s: %s", path, step, g_strerror(errnum));
}

static bool is_file(const char *path)
{
    return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

static bool file_attach(struct bdev *dev, GError **errp)
{
    (void)errp;
    dev->attached = is_file(dev->path);
    return true;
}

static bool file_assemble(struct bdev *dev, GError **errp)
{
    if (!is_file(dev->path)) {
        return bdev_fail(errp, "%s: No such file", dev->path);
    }
    return true;
}

/* False with errno set. */
static bool resize(int fd, int64_t mib)
{
    if (mib < 0 || mib > INT64_MAX / BYTES_PER_MIB) {
        errno = EFBIG;
        return false;
    }
    return ftruncate(fd, mib * BYTES_PER_MIB) == 0;
}

static bool file_create(struct bdev *dev, const struct bdev_create *how, GError **errp)
{
    int fd;
    bool ok;

    if (how->exclusive_storage) {
        return bdev_fail(errp, "%s: a disk that is a file cannot have storage for itself",
                         dev->path);
    }
    fd = open(dev->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (fd < 0) {
        return fail_errno(errp, dev->path, "create", errno);
    }
    ok = resize(fd, dev->disk->size);
    if (!ok) {
        fail_errno(errp, dev->path, "create", errno);
        (void)unlink(dev->path);
    }
    (void)close(fd);
    return ok;
}

static bool file_remove(struct bdev *dev, GError **errp)
{
    if (unlink(dev->path) != 0 && errno != ENOENT) {
        return fail_errno(errp, dev->path, "remove", errno);
    }
    dev->attached = false;
    return true;
}

static bool file_rename(struct bdev *dev, const struct disk *disk, GError **errp)
{
    const char *driver, *path;

    if (!bdev_identity(disk, &driver, &path, errp) || !file_assemble(dev, errp) ||
        !file_path_check(path, false, errp)) {
        return false;
    }
    if (rename(dev->path, path) != 0) {
        return bdev_fail(errp, "%s: cannot rename to %s: %s", dev->path, path, g_strerror(errno));
    }
    g_free(dev->path);
    dev->path = g_strdup(path);
    return true;
}

static bool file_size(struct bdev *dev, int64_t *ret_bytes, GError **errp)
{
    struct stat st;

    if (!file_assemble(dev, errp)) {
        return false;
    }
    if (stat(dev->path, &st) != 0) {
        return fail_errno(errp, dev->path, "stat", errno);
    }
    *ret_bytes = st.st_size;
    return true;
}

static bool grow_by(struct bdev *dev, int64_t amount, GError **errp)
{
    int fd = open(dev->path, O_RDWR | O_CLOEXEC);
    struct stat st;
    bool ok;

    if (fd < 0) {
        return fail_errno(errp, dev->path, "grow", errno);
    }
    ok = fstat(fd, &st) == 0;
    if (ok && amount > (INT64_MAX - st.st_size) / BYTES_PER_MIB) {
        errno = EFBIG;
        ok = false;
    }
    ok = ok && ftruncate(fd, st.st_size + amount * BYTES_PER_MIB) == 0;
    if (!ok) {
        fail_errno(errp, dev->path, "grow", errno);
    }
    (void)close(fd);
    return ok;
}

static bool file_grow(struct bdev *dev, const struct bdev_grow *how, GError **errp)
{
    if (!how->backing_store || how->dry_run) {
        return true;
    }
    if (!file_assemble(dev, errp)) {
        return false;
    }
    if (how->amount < 0) {
        return bdev_fail(errp, "%s: cannot grow by a negative amount", dev->path);
    }
    return grow_by(dev, how->amount, errp);
}

#define FILE_OPS(template)                                                                         \
    {                                                                                              \
        .id = template, .init = file_init, .fini = bdev_no_fini, .attach = file_attach,            \
        .create = file_create, .remove = file_remove, .rename = file_rename,                       \
        .assemble = file_assemble, .shutdown = bdev_no_change, .open = bdev_no_open,               \
        .close = bdev_no_change, .grow = file_grow, .size = file_size,                             \
        .spindles = bdev_no_spindles, .set_info = bdev_children_set_info,                          \
        .snapshot = bdev_unsupported_snapshot, .status = bdev_status_healthy,                      \
        .set_sync_params = bdev_children_set_sync_params, .pause_sync = bdev_children_pause_sync,  \
        .userspace_uri = bdev_unsupported_uri, .export_argv = bdev_dd_export,                      \
        .import_argv = bdev_dd_import,                                                             \
    }

const struct bdev_ops bdev_file = FILE_OPS(DISK_TEMPLATE_FILE);
const struct bdev_ops bdev_sharedfile = FILE_OPS(DISK_TEMPLATE_SHAREDFILE);
