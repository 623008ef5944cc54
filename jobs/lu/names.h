/* From what people type to objects, for expand_names (reference: lib/cmdlib/common.py
 * Expand..., GetWanted...; lib/cmdlib/base.py _ExpandAndLockInstance).
 *
 * Errors are OpPrereqErrors with the reference's codes. Objects are borrowed from the snapshot. */
#ifndef GANTRY_JOBS_LU_NAMES_H
#define GANTRY_JOBS_LU_NAMES_H

#include "jobs/lu/lu.h"

/* By name or unambiguous short name, in any case. expected_uuid (NULL: any) guards against an
 * object that was replaced while the job waited. */
const struct node *lu_expand_node(struct lu *lu, const char *name, const char *expected_uuid,
                                  GError **errp);
const struct instance *lu_expand_instance(struct lu *lu, const char *name,
                                          const char *expected_uuid, GError **errp);
/* By UUID or name; group NULL: the only group there is, if there is one only. */
const struct node_group *lu_expand_group(struct lu *lu, const char *group, GError **errp);
const struct network *lu_expand_network(struct lu *lu, const char *network, GError **errp);

/* Members of an opcode: *name becomes the whole name and *uuid (owned) the UUID, with their `has`
 * marks. The object is returned. */
struct lu_name_slot {
    char **name, **uuid;
    bool *has_uuid;
};
#define LU_NODE_SLOT(op)                                                                           \
    ((struct lu_name_slot){&(op)->node_name, &(op)->node_uuid, &(op)->has.node_uuid})
#define LU_INSTANCE_SLOT(op)                                                                       \
    ((struct lu_name_slot){&(op)->instance_name, &(op)->instance_uuid, &(op)->has.instance_uuid})
const struct node *lu_expand_node_slot(struct lu *lu, struct lu_name_slot slot, GError **errp);
/* Also asks for the instance's lock. A forthcoming instance is an error. */
const struct instance *lu_lock_instance_slot(struct lu *lu, struct lu_name_slot slot,
                                             GError **errp);
/* The same, whether it is forthcoming or not. */
const struct instance *lu_lock_any_instance_slot(struct lu *lu, struct lu_name_slot slot,
                                                 GError **errp);

/* Names to UUIDs, in their order; no names: all nodes or instances. Freeing the array frees them;
 * NULL on error. */
GPtrArray *lu_expand_nodes(struct lu *lu, const char *const *names, size_t n, GError **errp);
GPtrArray *lu_expand_instances(struct lu *lu, const char *const *names, size_t n, GError **errp);

/* For declare_locks: asks for the nodes of the instances whose locks are held, at LOCK_LEVEL_NODE
 * or LOCK_LEVEL_NODE_RES, which expand_names has asked for with lu_need_apart() (base.py
 * _LockInstancesNodes). */
void lu_need_instances_nodes(struct lu *lu, enum lock_level level, bool primary_only);

/* Replaces a list of texts of an opcode, whatever its element's row is; the texts are copied. */
void lu_list_set(void *list, const char *const *texts, size_t n);
/* The same for an owned text. */
void lu_text_set(char **slot, const char *text);
/* A list of texts as these functions take it. */
#define LU_TEXTS(list) ((const char *const *)(list).v), (list).n

#endif
