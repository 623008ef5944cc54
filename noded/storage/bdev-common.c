#include "config.h"

#include "noded/storage/bdev-common.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cmd.h"
#include "base/fs.h"
#include "base/parse.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

enum { SECTOR = 512, MAX_SYSFS = 64 };

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

void bdev_identity_set(struct value_list *ret_id, const char *first, const char *second)
{
    const char *const texts[] = {first, second};

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        struct fact_value *value = fact_list_add(&type_value_list, ret_id);

        value->kind = JSON_STRING;
        value->text = g_strdup(texts[i]);
    }
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

char **bdev_dd_export(struct bdev *dev, GError **errp)
{
    GStrvBuilder *argv = g_strv_builder_new();
    g_autofree char *from = g_strdup_printf("if=%s", dev->path);
    g_autofree char *block = g_strdup_printf("bs=%d", C_DD_BLOCK_SIZE);
    g_autofree char *count = g_strdup_printf("count=%" G_GINT64_FORMAT, dev->disk->size);
    char **vector;

    (void)errp;
    g_strv_builder_add_many(argv, C_DD_CMD, from, block, count, "iflag=direct", NULL);
    vector = g_strv_builder_end(argv);
    g_strv_builder_unref(argv);
    return vector;
}

char **bdev_dd_import(struct bdev *dev, GError **errp)
{
    g_autofree char *to = g_strdup_printf("of=%s", dev->path);
    g_autofree char *block = g_strdup_printf("bs=%d", C_DD_BLOCK_SIZE);

    (void)errp;
    return bdev_argv(C_DD_CMD, to, block, "oflag=direct", "conv=notrunc", NULL);
}

/* --- Block devices ------------------------------------------------------------------------------
 */

bool bdev_is_device(const char *path, int64_t *ret_major, int64_t *ret_minor)
{
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISBLK(st.st_mode)) {
        return false;
    }
    *ret_major = major(st.st_rdev);
    *ret_minor = minor(st.st_rdev);
    return true;
}

/* From sysfs; false if it does not say. */
static bool size_from_kernel(int64_t major_number, int64_t minor_number, int64_t *ret_bytes)
{
    g_autofree char *path =
        g_strdup_printf("/sys/dev/block/%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT "/size",
                        major_number, minor_number);
    g_autofree char *text = fs_read_file(path, MAX_SYSFS, NULL, NULL);
    int64_t sectors;

    if (text == NULL || !parse_int64(g_strchomp(text), 0, INT64_MAX / SECTOR, &sectors, NULL)) {
        return false;
    }
    *ret_bytes = sectors * SECTOR;
    return true;
}

bool bdev_device_size(const char *path, int64_t *ret_bytes, GError **errp)
{
    int64_t major_number, minor_number;
    uint64_t bytes = 0;
    int fd, result, errnum;

    if (bdev_is_device(path, &major_number, &minor_number) &&
        size_from_kernel(major_number, minor_number, ret_bytes)) {
        return true;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return bdev_fail(errp, "%s: cannot open to see its size: %s", path, g_strerror(errno));
    }
    result = ioctl(fd, BLKGETSIZE64, &bytes);
    errnum = errno;
    (void)close(fd);
    if (result != 0 || bytes > INT64_MAX) {
        return bdev_fail(errp, "%s: cannot tell its size: %s", path,
                         g_strerror(result != 0 ? errnum : EOVERFLOW));
    }
    *ret_bytes = (int64_t)bytes;
    return true;
}

bool bdev_size_of_device(struct bdev *dev, int64_t *ret_bytes, GError **errp)
{
    return bdev_device_size(dev->path, ret_bytes, errp);
}

/* --- Commands -----------------------------------------------------------------------------------
 */

char **bdev_argv(const char *program, ...)
{
    GStrvBuilder *argv = g_strv_builder_new();
    const char *arg = program;
    char **vector;
    va_list args;

    va_start(args, program);
    for (; arg != NULL; arg = va_arg(args, const char *)) {
        g_strv_builder_add(argv, arg);
    }
    va_end(args);
    vector = g_strv_builder_end(argv);
    g_strv_builder_unref(argv);
    return vector;
}

bool bdev_run(char **argv, char **ret_out, GError **errp, const char *what, ...)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new_argv((const char *const *)argv);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    va_list args;

    g_strfreev(argv);
    if (cmd_check(cmd, ret_out, &error)) {
        return true;
    }
    va_start(args, what);
    text = g_strdup_vprintf(what, args);
    va_end(args);
    return bdev_fail(errp, "%s: %s", text, error->message);
}
