/* Locking a group together with its instances (reference: lib/cmdlib/common.py
 * CheckNodeGroupInstances, lib/config GetNodeGroupInstances). */
#ifndef GANTRY_JOBS_LU_GROUP_LOCKS_H
#define GANTRY_JOBS_LU_GROUP_LOCKS_H

#include "jobs/lu/lu.h"

/* Names of the instances that have any node in the group, sorted as their UUIDs are. Freeing the
 * array frees them. */
GPtrArray *lu_group_instances(const struct cfg *cfg, const char *group_uuid);
/* For expand_names: asks for the locks of these instances as they are now. */
void lu_need_group_instances(struct lu *lu, const char *group_uuid);
/* With the locks held: they are still the same. An OpPrereqError otherwise. */
bool lu_check_group_instances(struct lu *lu, const char *group_uuid, GError **errp);
/* The group or network of an opcode; it was there when its name was expanded. */
const struct node_group *lu_locked_group(struct lu *lu, const char *uuid, const char *name,
                                         GError **errp);
const struct network *lu_locked_network(struct lu *lu, const char *uuid, const char *name,
                                        GError **errp);
/* Appends the nodes of a group to both lists of a unit's hooks. */
void lu_group_hooks_nodes(struct lu *lu, const char *group_uuid, GPtrArray *pre, GPtrArray *post);
/* The master alone. */
void lu_master_hooks_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post);

#endif
