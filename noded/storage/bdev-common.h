/* For drivers: what several of them do (lib/storage/base.py BlockDev). */
#ifndef GANTRY_NODED_STORAGE_BDEV_COMMON_H
#define GANTRY_NODED_STORAGE_BDEV_COMMON_H

#include "noded/storage/bdev.h"

extern const struct bdev_ops bdev_blockdev, bdev_drbd, bdev_ext, bdev_file, bdev_gluster,
    bdev_plain, bdev_rbd, bdev_sharedfile;

/* Sets a BlockDeviceError; returns false. */
bool bdev_fail(GError **errp, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The two texts of an identity; false and *errp if it has another shape. Borrowed. */
bool bdev_identity(const struct disk *disk, const char **ret_first, const char **ret_second,
                   GError **errp);

/* The other way round; ret_id is zeroed memory. */
void bdev_identity_set(struct value_list *ret_id, const char *first, const char *second);

/* --- Operations that do nothing, or are the same for most ------------------------------------- */

void bdev_no_fini(struct bdev *dev);
bool bdev_no_change(struct bdev *dev, GError **errp); /* assemble, shutdown, close */
bool bdev_no_open(struct bdev *dev, bool force, bool exclusive, GError **errp);
bool bdev_no_spindles(struct bdev *dev, int64_t *ret_spindles, GError **errp);
/* What holds for the children of the disk, nothing without children. */
bool bdev_children_set_info(struct bdev *dev, const char *text, GError **errp);
bool bdev_children_set_sync_params(struct bdev *dev, const struct value_map *params,
                                   GPtrArray *problems, GError **errp);
bool bdev_children_pause_sync(struct bdev *dev, bool pause, GError **errp);
bool bdev_status_healthy(struct bdev *dev, struct bdev_status *ret, GError **errp);
bool bdev_unsupported_snapshot(struct bdev *dev, const char *name, int64_t size,
                               struct value_list *ret_id, GError **errp);
char *bdev_unsupported_uri(struct bdev *dev, enum hypervisor hypervisor, GError **errp);
/* "dd" with large blocks, around the page cache. */
char **bdev_dd_export(struct bdev *dev, GError **errp);
char **bdev_dd_import(struct bdev *dev, GError **errp);

/* --- Block devices ------------------------------------------------------------------------------
 */

/* Whether path is a block device; *ret_major and *ret_minor are its numbers then. */
bool bdev_is_device(const char *path, int64_t *ret_major, int64_t *ret_minor);
/* Size in bytes. The device is not opened if the kernel tells without: one that is in use
 * elsewhere, or the secondary side of a mirror, may not be opened. */
bool bdev_device_size(const char *path, int64_t *ret_bytes, GError **errp);
/* The size operation for disks that are block devices. */
bool bdev_size_of_device(struct bdev *dev, int64_t *ret_bytes, GError **errp);

/* --- Commands -----------------------------------------------------------------------------------
 */

/* Runs argv, which it frees, to success; the error says what (with its object) was to be done.
 * *ret_out (may be NULL) is the standard output. */
bool bdev_run(char **argv, char **ret_out, GError **errp, const char *what, ...)
    G_GNUC_PRINTF(4, 5);
/* Vector of texts; g_strfreev(). */
char **bdev_argv(const char *program, ...) G_GNUC_NULL_TERMINATED;

#endif
