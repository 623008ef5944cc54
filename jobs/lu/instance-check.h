/* Checks that many units of instances share (reference: lib/cmdlib/common.py,
 * lib/cmdlib/instance_utils.py). All return false with an OpPrereqError. */
#ifndef GANTRY_JOBS_LU_INSTANCE_CHECK_H
#define GANTRY_JOBS_LU_INSTANCE_CHECK_H

#include "jobs/lu/lu.h"

/* States that an instance may be in: 1 << enum admin_state. */
enum {
    LU_STATE_DOWN = 1 << ADMIN_DOWN,
    LU_STATE_OFFLINE = 1 << ADMIN_OFFLINE,
    LU_STATE_UP = 1 << ADMIN_UP,
    LU_STATE_ONLINE = LU_STATE_DOWN | LU_STATE_UP,
    LU_STATE_NOT_RUNNING = LU_STATE_DOWN | LU_STATE_OFFLINE,
};

/* The instance of an opcode whose lock is held; it was there when its name was expanded. */
const struct instance *lu_locked_instance(struct lu *lu, const char *uuid, const char *name,
                                          GError **errp);
/* Marked to be in one of the states; without LU_STATE_UP among them its primary node is asked
 * whether it runs all the same. what: "cannot shut its disks down", for the text. */
bool lu_check_state(struct lu *lu, const struct instance *instance, unsigned states,
                    const char *what, GError **errp);
bool lu_check_node_online(struct lu *lu, const char *node_uuid, GError **errp);
/* The bridges that its interfaces are connected to exist on the node. */
bool lu_check_bridges(struct lu *lu, const struct instance *instance, const char *node_uuid,
                      GError **errp);
/* mib is free; for what: "starting instance web1". */
bool lu_check_free_memory(struct lu *lu, const char *node_uuid, const char *what, int64_t mib,
                          enum hypervisor hypervisor, GError **errp);
/* The same, and tells how much is free; mib 0: whatever there is will do. */
bool lu_find_free_memory(struct lu *lu, const char *node_uuid, const char *what, int64_t mib,
                         enum hypervisor hypervisor, int64_t *ret_free, GError **errp);
/* The hypervisor's part of an answer to node_info with one hypervisor; NULL if there is none. */
const struct json *lu_node_info_hv(const struct json *info);
/* [[hypervisor, the cluster's parameters]], as node_info takes it; owned by the caller. */
struct json *lu_hv_specs(struct lu *lu, enum hypervisor hypervisor);
/* Hypervisor parameters as a whole on the nodes that run instances. */
bool lu_check_hvparams(struct lu *lu, const char *const *nodes, size_t n,
                       enum hypervisor hypervisor, const struct value_map *filled, GError **errp);

/* What the primary node says of the instance, with the parameters the cluster has for its
 * hypervisor: an object, or NULL (JSON null or {}) if it does not know it. Owned by the caller.
 * prereq: the class of the error. */
bool lu_instance_info(struct lu *lu, const struct instance *instance, bool prereq,
                      struct json **ret, GError **errp);
/* Whether it runs; one that its user has shut down does not. */
bool lu_info_is_running(const struct json *info);
/* Its user has shut it down and the cluster cares. */
bool lu_info_is_user_down(struct lu *lu, const struct instance *instance, const struct json *info);

/* Names of the guests that run on nodes: lists of texts. lu_answers_free(). */
struct lu_answers *lu_call_instance_list(struct lu *lu, const char *const *nodes, size_t n,
                                         enum hypervisor hypervisor);
/* Whether a node's list of texts has this one. */
bool lu_list_has(const struct json *list, const char *text);
/* The node takes no new instances while it is drained. */
bool lu_check_node_not_drained(struct lu *lu, const char *node_uuid, GError **errp);

#endif
