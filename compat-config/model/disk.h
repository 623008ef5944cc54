/* What a disk's logical_id means (src/Ganeti/Objects/Disk.hs DiskLogicalId). */
#ifndef GANTRY_COMPAT_CONFIG_MODEL_DISK_H
#define GANTRY_COMPAT_CONFIG_MODEL_DISK_H

#include "compat-config/model/cfg.h"

struct fact_path;

/* All texts are borrowed from the disk. */
struct cfg_drbd {
    const char *node_a, *node_b; /* UUIDs */
    int64_t port;
    int64_t minor_a, minor_b;
    const char *secret;
};

/* False if it is no DRBD disk (its children are not looked at). */
bool cfg_disk_drbd(const struct disk *disk, struct cfg_drbd *ret);
/* The same for one that may lack its port (0 then), as node daemons get it for a device that is not
 * to be connected yet; such a disk is never recorded. */
bool cfg_disk_drbd_alone(const struct disk *disk, struct cfg_drbd *ret);
/* The other node of a DRBD disk of an instance with this primary node; NULL if it is none. */
const char *cfg_disk_secondary(const struct disk *disk, const char *primary_uuid);
/* "vg/lv" of a plain disk: false if it is none. */
bool cfg_disk_lv(const struct disk *disk, const char **ret_vg, const char **ret_lv);
/* Second element of the logical_id of file, shared file, Gluster, block device, RBD and ext disks:
 * path or name; NULL for others. */
const char *cfg_disk_path(const struct disk *disk);
/* First element: driver, pool or provider. */
const char *cfg_disk_driver(const struct disk *disk);

/* Whether the shape of logical_id is that of dev_type; the error says what is wrong. */
bool cfg_disk_check(const struct disk *disk, const struct fact_path *path, GError **errp);

/* Calls fn for the disk and everything below it, parents first. */
void cfg_disk_walk(const struct disk *disk, void (*fn)(const struct disk *disk, void *data),
                   void *data);

/* --- DRBD minors --------------------------------------------------------------------------------
 */
struct cfg_minor {
    int64_t minor;
    const struct disk *disk;         /* the DRBD disk */
    const struct instance *instance; /* NULL: detached disk */
    size_t disk_index;               /* in the instance */
    const struct node *peer;         /* NULL if it does not exist */
    bool primary;                    /* whether the node is the instance's primary */
};
/* The minors in use on a node, by instance, then disk. Owned by the snapshot. */
struct cfg_minors {
    const struct cfg_minor *v;
    size_t n;
};
struct cfg_minors cfg_node_minors(const struct cfg *cfg, const struct node *node);

#endif
