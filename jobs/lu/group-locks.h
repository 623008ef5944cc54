/* Locking groups together with instances, and instances together with groups (reference:
 * lib/cmdlib/common.py CheckNodeGroupInstances, lib/config GetNodeGroupInstances). */
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
/* For declare_locks: asks for the groups of an instance's nodes, shared, and for all nodes of the
 * groups whose locks are held: an allocator may choose any of them (config GetInstanceNodeGroups).
 */
void lu_need_instance_groups(struct lu *lu, const struct instance *instance, bool primary_only);
void lu_need_group_members(struct lu *lu, enum lock_level level);
/* With the locks held, if any are: they are still those of the instance. An OpPrereqError otherwise
 * (CheckInstanceNodeGroups). */
bool lu_check_instance_groups(struct lu *lu, const struct instance *instance, bool primary_only,
                              GError **errp);
/* The group or network of an opcode; it was there when its name was expanded. */
const struct node_group *lu_locked_group(struct lu *lu, const char *uuid, const char *name,
                                         GError **errp);
const struct network *lu_locked_network(struct lu *lu, const char *uuid, const char *name,
                                        GError **errp);
/* Appends the nodes of a group to both lists of a unit's hooks. */
void lu_group_hooks_nodes(struct lu *lu, const char *group_uuid, GPtrArray *pre, GPtrArray *post);
/* The master alone. */
void lu_master_hooks_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post);
/* One more node, if it is not among them. */
void lu_add_hooks_node(GPtrArray *pre, GPtrArray *post, const char *node_uuid);

#endif
