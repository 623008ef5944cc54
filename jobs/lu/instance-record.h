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

#endif
