/* Starting and removing an instance, for the units that do it among other things. */
#ifndef GANTRY_JOBS_LU_INSTANCE_RUN_H
#define GANTRY_JOBS_LU_INSTANCE_RUN_H

#include "jobs/lu/lu.h"

/* Starts the guest on its primary node, whose disks are assembled; they are shut down again if it
 * does not start. hvparams, beparams: for this start only; NULL: none. An OpExecError. */
bool lu_instance_start(struct lu *lu, const char *uuid, const struct value_map *hvparams,
                       const struct beparams *beparams, bool paused, GError **errp);

/* Asks the node to shut the guest down, hard after so many seconds. Owned by the caller, who knows
 * what a failure means. */
struct lu_answer *lu_guest_shutdown(struct lu *lu, const struct instance *instance,
                                    const char *node_uuid, int64_t timeout);

/* Removes its disks, then its record; with failures ignored the record goes in any case. It must
 * not run. An OpExecError. */
bool lu_instance_erase(struct lu *lu, const char *uuid, bool ignore_failures, GError **errp);

#endif
