/* Checks that several units of nodes share (reference: lib/cmdlib/node.py, lib/cmdlib/common.py).
 */
#ifndef GANTRY_JOBS_LU_NODE_GUARD_H
#define GANTRY_JOBS_LU_NODE_GUARD_H

#include "jobs/lu/lu.h"

/* The node of an opcode whose lock is held; it was there when its name was expanded. */
const struct node *lu_locked_node(struct lu *lu, const char *uuid, const char *name, GError **errp);
/* No instance has it as primary or secondary node. */
bool lu_check_node_unused(struct lu *lu, const struct node *node, GError **errp);
/* The node, which may be known by its name only, says that it has the address. prereq: the class of
 * the error. */
bool lu_check_node_has_ip(struct lu *lu, const char *node, const char *address, bool prereq,
                          GError **errp);
/* A storage type that some enabled disk template uses (CheckStorageTypeEnabled). */
bool lu_check_storage_type(struct lu *lu, enum storage_type storage_type, GError **errp);

#endif
