/* What hooks are told of an instance (reference: lib/cmdlib/instance_utils.py
 * BuildInstanceHookEnvByObject). */
#ifndef GANTRY_JOBS_LU_INSTANCE_ENV_H
#define GANTRY_JOBS_LU_INSTANCE_ENV_H

#include "jobs/lu/lu.h"

/* The instance need not be that of the snapshot, for hooks of what is about to be changed; its
 * disks and secondary nodes are those the snapshot has for its UUID. Variables that are set already
 * stay: so a unit sets what it wants to be different first. */
void lu_instance_env(struct lu *lu, const struct instance *instance, struct hooks_env *env);
/* Variables of one disk, interface or network; prefix "INSTANCE_DISK0_" and so on. */
void lu_disk_env(const struct disk *disk, const char *prefix, struct hooks_env *env);
void lu_nic_env(const struct cfg *cfg, const struct nic *nic, const char *prefix,
                struct hooks_env *env);
void lu_network_env(const struct network *network, const char *prefix, struct hooks_env *env);

/* Primary and all other nodes of the instance's disks, by UUID (config GetInstanceNodes). Freeing
 * the array frees them. */
GPtrArray *lu_instance_nodes(struct lu *lu, const struct instance *instance);
/* Master, primary and all other nodes of the instance's disks: where nearly all of its hooks run.
 */
void lu_instance_hooks_nodes(struct lu *lu, const struct instance *instance, GPtrArray *pre,
                             GPtrArray *post);

#endif
