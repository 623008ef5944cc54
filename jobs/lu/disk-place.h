/* Disks that come to stand on other nodes, as records (reference: config SetDiskNodes,
 * AllocateDRBDMinor; what the units do with logical_id themselves). */
#ifndef GANTRY_JOBS_LU_DISK_PLACE_H
#define GANTRY_JOBS_LU_DISK_PLACE_H

#include "jobs/lu/lu.h"

/* The nodes of the disk and of its parts. */
void lu_disk_set_nodes(struct disk *disk, const char *const *nodes, size_t n);

/* One end of a DRBD disk. */
struct lu_disk_end {
    const char *node_uuid;
    int64_t minor;
};
/* Gives a DRBD disk other ends; port and secret stay. False if it is none. */
bool lu_disk_set_ends(struct disk *disk, struct lu_disk_end a, struct lu_disk_end b);
/* Takes the port away: the node that makes such a device leaves it without a connection. */
void lu_disk_set_alone(struct disk *disk);
/* The first element but the driver of a pair: name of a volume, path of a file. */
void lu_disk_set_name(struct disk *disk, const char *name);

/* Reserves minors for a disk on nodes, ret[i] that on nodes[i]; an OpExecError if the
 * configuration daemon has none. */
bool lu_allocate_minors(struct lu *lu, const char *disk_uuid, const char *const *nodes, size_t n,
                        int64_t *ret, GError **errp);
/* Gives the reserved minors of a disk back; warns of failures. */
void lu_release_minors(struct lu *lu, const char *disk_uuid);

#endif
