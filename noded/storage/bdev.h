/* Disks on a node: one table of operations per kind of storage, one folder per driver (file/ ...).
 *
 *     CLEANUP(bdev_freep) struct bdev *dev = bdev_find(disk, errp);
 *     if (dev == NULL || !dev->ops->grow(dev, &how, errp)) ...
 *
 * A struct disk comes as the master sends it: parameters in force in `params`, what only this node
 * needs to know (addresses and minors of DRBD) in its unknown member dynamic_params. Sizes are MiB
 * unless a name says bytes. Errors are of the class BlockDeviceError unless they come from below.
 *
 * A bdev is a view on the disk for one call and keeps nothing in memory between calls. The disk it
 * was made of must outlive it. Operations on a bdev that is not attached (its storage is not there)
 * fail, but for create, attach and remove. Children belong to their parent; a driver whose disks
 * work without their parts drops them when they are not all there. */
#ifndef GANTRY_NODED_STORAGE_BDEV_H
#define GANTRY_NODED_STORAGE_BDEV_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "facts/objects.h"

struct bdev_ops;

struct bdev {
    const struct bdev_ops *ops;
    const struct disk *disk;
    struct bdev **children;
    size_t n_children;
    char *path; /* device or file; NULL: none yet */
    bool attached;
    int64_t major, minor; /* -1: not a device, or not known */
    void *own;            /* the driver's */
};

struct bdev_create {
    bool exclusive_storage;
};

/* For whom a disk is made or assembled; NULL in place of it: for nobody in particular. */
struct bdev_use {
    const char *owner; /* instance */
    bool primary;      /* it runs on this node, so its disks must be writable here */
};

struct bdev_grow {
    int64_t amount;     /* by this much, not to */
    bool dry_run;       /* only whether it could */
    bool backing_store; /* the storage itself; false: what stands on it (DRBD) */
    bool exclusive_storage;
};

/* objects.BlockDevStatus. */
struct bdev_status {
    double sync_percent;    /* below 0: not syncing */
    int64_t estimated_time; /* seconds to the end of the sync; below 0: not known */
    bool degraded;
    int ldisk_status; /* C_LDS_OKAY ... */
};

/* What objects.Disk knows of the kinds of disks (AssembleOnSecondary, ...). */
enum bdev_flags {
    BDEV_ON_SECONDARY = 1 << 0,      /* assembled also where the instance does not run */
    BDEV_OPEN_ON_SECONDARY = 1 << 1, /* ... and opened */
    BDEV_PARTS_OPTIONAL = 1 << 2,    /* works without its children */
};

struct bdev_ops {
    enum disk_template id;
    unsigned flags; /* enum bdev_flags */

    /* Checks the identity, sets path and own. Nothing is opened or changed. */
    bool (*init)(struct bdev *dev, GError **errp);
    void (*fini)(struct bdev *dev);
    /* Looks for the storage and sets `attached` (with major and minor). */
    bool (*attach)(struct bdev *dev, GError **errp);
    bool (*create)(struct bdev *dev, const struct bdev_create *how, GError **errp);
    bool (*remove)(struct bdev *dev, GError **errp);
    /* disk is the same one under its new identity. */
    bool (*rename)(struct bdev *dev, const struct disk *disk, GError **errp);

    /* assemble makes the path usable, shutdown undoes it; open makes it writable, close undoes. */
    bool (*assemble)(struct bdev *dev, GError **errp);
    bool (*shutdown)(struct bdev *dev, GError **errp);
    bool (*open)(struct bdev *dev, bool force, bool exclusive, GError **errp);
    bool (*close)(struct bdev *dev, GError **errp);

    bool (*grow)(struct bdev *dev, const struct bdev_grow *how, GError **errp);
    bool (*size)(struct bdev *dev, int64_t *ret_bytes, GError **errp);
    /* *ret_spindles is -1 where there are none. */
    bool (*spindles)(struct bdev *dev, int64_t *ret_spindles, GError **errp);
    /* text says whose disk it is. */
    bool (*set_info)(struct bdev *dev, const char *text, GError **errp);
    /* *ret_id is the identity of the snapshot, zeroed before; fact_clear(&type_value_list, ret_id).
     */
    bool (*snapshot)(struct bdev *dev, const char *name, int64_t size, struct value_list *ret_id,
                     GError **errp);

    bool (*status)(struct bdev *dev, struct bdev_status *ret, GError **errp);
    /* Problems as texts are added to problems (char *, freed with the array). */
    bool (*set_sync_params)(struct bdev *dev, const struct value_map *params, GPtrArray *problems,
                            GError **errp);
    bool (*pause_sync)(struct bdev *dev, bool pause, GError **errp);
    /* For hypervisors that reach the storage themselves. */
    char *(*userspace_uri)(struct bdev *dev, enum hypervisor hypervisor, GError **errp);
    /* The program that reads the disk to standard output, or writes it from standard input;
     * import may prepare the storage for that. g_strfreev(). */
    char **(*export_argv)(struct bdev *dev, GError **errp);
    char **(*import_argv)(struct bdev *dev, GError **errp);
};

/* NULL: the template has no storage (diskless) or this build no driver for it. */
const struct bdev_ops *bdev_ops_find(enum disk_template disk_template);

void bdev_free(struct bdev *dev);
DEFINE_CLEANUP(struct bdev *, bdev_free)

/* The disk with its children, not yet looked for. */
struct bdev *bdev_new(const struct disk *disk, GError **errp);
/* The disk if its storage is there, else NULL without an error (FindDevice). */
struct bdev *bdev_find(const struct disk *disk, GError **errp);
/* Made usable on this node, children first (_RecursiveAssembleBD). *ret_dev is NULL if there is
 * nothing to do for the disk on a node that is not the instance's primary one. Whose device it is
 * is noted (devcache.h). */
bool bdev_assemble(const struct disk *disk, const struct bdev_use *use, struct bdev **ret_dev,
                   GError **errp) __attribute__((warn_unused_result));
/* Made anew on its children, which are assembled for it; where the disk is used it is then
 * assembled itself, and opened by force on the primary node (BlockdevCreate). */
struct bdev *bdev_create(const struct disk *disk, const struct bdev_use *use,
                         const struct bdev_create *how, GError **errp);

/* State of the disk and all its children together (CombinedSyncStatus). */
bool bdev_combined_status(struct bdev *dev, struct bdev_status *ret, GError **errp);

#endif
