/* Instances and their disks coming into the configuration and going out of it, each in one change
 * (reference: config AddInstance, AddInstanceDisk, RemoveInstance). */
#ifndef GANTRY_JOBS_LU_INSTANCE_RECORD_H
#define GANTRY_JOBS_LU_INSTANCE_RECORD_H

#include "jobs/lu/lu.h"

/* Takes copies. replace: the instance and its disks are there already (forthcoming) and become
 * these. Addresses and minors reserved for them are theirs from then on. */
bool lu_instance_add(struct lu *lu, const struct instance *instance,
                     const struct disk *const *disks, size_t n, bool replace, GError **errp);
/* Takes the instance and its disks out, gives its addresses back to the pools and its port to the
 * cluster. */
bool lu_instance_forget(struct lu *lu, const char *uuid, GError **errp);

/* --- Disks of an instance -----------------------------------------------------------------------
 */
struct lu_disk_change {
    const char *instance_uuid, *disk_uuid;
    const struct disk *added; /* attaching: copied; NULL: the disk is in the configuration */
    const char *path;         /* the second element of its logical_id from now on; NULL: stays */
    size_t index;             /* attaching: its place, at most behind the last */
    bool forget;              /* detaching: the disk leaves the configuration too */
};
/* The other disks keep their order and get the names of their new places. */
bool lu_instance_attach_disk(struct lu *lu, const struct lu_disk_change *what, GError **errp);
bool lu_instance_detach_disk(struct lu *lu, const struct lu_disk_change *what, GError **errp);
/* Its disks leave the configuration, with their ports given back, and these come in their place. */
bool lu_instance_swap_disks(struct lu *lu, const char *uuid, const struct disk *const *disks,
                            size_t n, GError **errp);

#endif
