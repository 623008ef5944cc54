/* Waiting until mirrored disks are in sync (reference: lib/cmdlib/instance_storage.py
 * WaitForSync). */
#ifndef GANTRY_JOBS_LU_SYNC_H
#define GANTRY_JOBS_LU_SYNC_H

#include "jobs/lu/lu.h"

/* Asks the primary node about mirrored disks among these until none is syncing any more (oneshot:
 * only whether they are degraded). *ret_good: none is degraded. The error is a RemoteError: the
 * node does not answer. */
bool lu_disks_wait_for_sync(struct lu *lu, const struct instance *instance,
                            const struct disk *const *disks, size_t n, bool oneshot, bool *ret_good,
                            GError **errp);

#endif
