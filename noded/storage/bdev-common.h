/* For drivers: what several of them do (lib/storage/base.py BlockDev). */
#ifndef GANTRY_NODED_STORAGE_BDEV_COMMON_H
#define GANTRY_NODED_STORAGE_BDEV_COMMON_H

#include "noded/storage/bdev.h"

extern const struct bdev_ops bdev_file, bdev_sharedfile;

/* Sets a BlockDeviceError; returns false. */
bool bdev_fail(GError **errp, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The two texts of an identity; false and *errp if it has another shape. Borrowed. */
bool bdev_identity(const struct disk *disk, const char **ret_first, const char **ret_second,
                   GError **errp);

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

#endif
