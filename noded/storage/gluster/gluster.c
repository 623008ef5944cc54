/* Disks that are files on a Gluster volume (lib/storage/gluster.py GlusterStorage). An identity is
 * (driver, path in the volume). */
#include "config.h"

#include <string.h>
#include <sys/stat.h>

#include "base/cmd.h"
#include "base/fs.h"
#include "compat-config/paths/paths.h"
#include "compat-config/ssconf/ssconf.h"
#include "facts/params.h"
#include "noded/storage/bdev-common.h"
#include "noded/storage/file/paths.h"

enum { DIR_MODE = 0750, MAX_PORT = 65535 };

struct volume {
    char *mount_point;
    const char *host, *name, *file; /* of the disk's parameters and identity */
    int64_t port;
};

static bool gluster_init(struct bdev *dev, GError **errp)
{
    struct volume *volume = g_new0(struct volume, 1);
    const struct fact_value *port = ld_value(&dev->disk->params, LD_gluster_port);
    const char *driver;

    dev->own = volume;
    volume->host = fact_value_text(ld_value(&dev->disk->params, LD_gluster_host));
    volume->name = fact_value_text(ld_value(&dev->disk->params, LD_gluster_volume));
    volume->port = port != NULL && port->kind == JSON_INT ? port->integer : 0;
    if (!bdev_identity(dev->disk, &driver, &volume->file, errp)) {
        return false;
    }
    if (volume->host == NULL || *volume->host == '\0' || *volume->host == '-' ||
        volume->name == NULL || *volume->name == '\0' || volume->port <= 0 ||
        volume->port > MAX_PORT || dev->n_children > 0) {
        return bdev_fail(errp, "disk %s: host, port and volume of Gluster must be given",
                         volume->file);
    }
    volume->mount_point =
        ssconf_read(path_get(PATH_DATA_DIR), SSCONF_gluster_storage_dir, NULL, errp);
    if (volume->mount_point == NULL) {
        return false;
    }
    if (!g_path_is_absolute(volume->mount_point)) {
        return bdev_fail(errp, "the cluster has no folder to mount Gluster volumes in; see "
                               "'gnt-cluster modify --gluster-storage-dir'");
    }
    dev->path = g_build_filename(volume->mount_point, volume->file, NULL);
    return file_path_check(dev->path, false, errp);
}

static void gluster_fini(struct bdev *dev)
{
    struct volume *volume = dev->own;

    if (volume != NULL) {
        g_free(volume->mount_point);
        g_free(volume);
    }
}

/* --- The mount ----------------------------------------------------------------------------------
 */

static bool is_mounted(const char *dir)
{
    g_autofree char *up = g_build_filename(dir, "..", NULL);
    struct stat here, above;

    return lstat(dir, &here) == 0 && S_ISDIR(here.st_mode) && lstat(up, &above) == 0 &&
           (here.st_dev != above.st_dev || here.st_ino == above.st_ino);
}

/* The program's exit code is 0 also when it fails. Its working directory is one of ours, since it
 * takes a folder there that has the name of the volume for the mount point. */
static bool mount_volume(const struct volume *volume, GError **errp)
{
    g_autofree char *options = g_strdup_printf("server-port=%" G_GINT64_FORMAT, volume->port);
    g_autofree char *source = g_strdup_printf("%s:/%s", volume->host, volume->name);
    CLEANUP(cmd_freep) struct cmd *cmd = NULL;
    CLEANUP(cmd_result_freep) struct cmd_result *result = NULL;

    if (is_mounted(volume->mount_point)) {
        return true;
    }
    if (g_mkdir_with_parents(volume->mount_point, DIR_MODE) != 0) {
        return fs_error_set(errp, errno, "make folder", volume->mount_point);
    }
    cmd = cmd_new("mount", "-t", "glusterfs", "-o", options, source, volume->mount_point, NULL);
    cmd_set_cwd(cmd, volume->mount_point);
    result = cmd_run(cmd, errp);
    if (result == NULL) {
        return false;
    }
    return is_mounted(volume->mount_point) ||
           bdev_fail(errp,
                     "cannot mount %s on %s: %s; see 'gluster volume info %s' on %s whether it is "
                     "started and reached by tcp",
                     source, volume->mount_point, g_strchomp(result->err), volume->name,
                     volume->host);
}

static bool gluster_attach(struct bdev *dev, GError **errp)
{
    return mount_volume(dev->own, errp) && bdev_file.attach(dev, errp);
}

/* --- Files on it --------------------------------------------------------------------------------
 */

static bool gluster_create(struct bdev *dev, const struct bdev_create *how, GError **errp)
{
    g_autofree char *dir = g_path_get_dirname(dev->path);

    if (!mount_volume(dev->own, errp)) {
        return false;
    }
    if (g_mkdir_with_parents(dir, DIR_MODE) != 0) {
        return fs_error_set(errp, errno, "make folder", dir);
    }
    return bdev_file.create(dev, how, errp);
}

static bool gluster_remove(struct bdev *dev, GError **errp)
{
    return mount_volume(dev->own, errp) && bdev_file.remove(dev, errp);
}

static bool gluster_rename(struct bdev *dev, const struct disk *disk, GError **errp)
{
    (void)disk;
    return bdev_fail(errp, "%s: disks on Gluster cannot be renamed", dev->path);
}

/* The operations of files need no more than the path. */
static bool gluster_assemble(struct bdev *dev, GError **errp)
{
    return bdev_file.assemble(dev, errp);
}

static bool gluster_grow(struct bdev *dev, const struct bdev_grow *how, GError **errp)
{
    return bdev_file.grow(dev, how, errp);
}

static bool gluster_size(struct bdev *dev, int64_t *ret_bytes, GError **errp)
{
    return bdev_file.size(dev, ret_bytes, errp);
}

static char *gluster_uri(struct bdev *dev, enum hypervisor hypervisor, GError **errp)
{
    const struct volume *volume = dev->own;
    bool ipv6 = strchr(volume->host, ':') != NULL;

    if (hypervisor != HYPERVISOR_KVM) {
        return bdev_unsupported_uri(dev, hypervisor, errp);
    }
    return g_strdup_printf("gluster://%s%s%s:%" G_GINT64_FORMAT "/%s/%s", ipv6 ? "[" : "",
                           volume->host, ipv6 ? "]" : "", volume->port, volume->name, volume->file);
}

const struct bdev_ops bdev_gluster = {
    .id = DISK_TEMPLATE_GLUSTER,
    .init = gluster_init,
    .fini = gluster_fini,
    .attach = gluster_attach,
    .create = gluster_create,
    .remove = gluster_remove,
    .rename = gluster_rename,
    .assemble = gluster_assemble,
    .shutdown = bdev_no_change,
    .open = bdev_no_open,
    .close = bdev_no_change,
    .grow = gluster_grow,
    .size = gluster_size,
    .spindles = bdev_no_spindles,
    .set_info = bdev_children_set_info,
    .snapshot = bdev_unsupported_snapshot,
    .status = bdev_status_healthy,
    .set_sync_params = bdev_children_set_sync_params,
    .pause_sync = bdev_children_pause_sync,
    .userspace_uri = gluster_uri,
    .export_argv = bdev_dd_export,
    .import_argv = bdev_dd_import,
};
