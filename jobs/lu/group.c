/* Node groups: making and removing them (reference: lib/cmdlib/group.py). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/communication.h"
#include "jobs/lu/ipolicy.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"
#include "jobs/lu/params.h"
#include "jobs/lu/state.h"

/* Hooks of groups run on the master and are told the name. */
static bool master_only(struct lu *lu, GPtrArray *pre, GPtrArray *post, GError **errp G_GNUC_UNUSED)
{
    const struct node *master = cfg_master(lu_cfg(lu));
    if (master != NULL) {
        g_ptr_array_add(pre, g_strdup(master->uuid));
        g_ptr_array_add(post, g_strdup(master->uuid));
    }
    return true;
}

/* --- OP_GROUP_ADD -------------------------------------------------------------------------------
 */
struct add_own {
    struct node_group *group; /* what is to be added; taken by exec */
};

static void add_clear(void *data)
{
    struct add_own *own = data;
    fact_object_free(&fact_object_node_group, own->group);
}

/* The lock of the group must be held before the group exists, so its UUID is made here. */
static bool add_names(struct lu *lu, GError **errp G_GNUC_UNUSED)
{
    struct add_own *own = lu->own;
    own->group = fact_object_new(&fact_object_node_group);
    own->group->uuid = g_uuid_string_random();
    own->group->has.uuid = true;
    lu_need_new(lu, LOCK_LEVEL_NODEGROUP, own->group->uuid);
    return true;
}

static bool fill_group(struct lu *lu, const struct op_group_add *op, struct node_group *group,
                       GError **errp)
{
    fact_object_set_defaults(&fact_object_node_group, group);
    lu_text_set(&group->name, op->group_name);
    group->has.name = true;
    if (op->has.alloc_policy) {
        group->alloc_policy = op->alloc_policy;
    }
    return lu_force_params(&op->ndparams, &nd_params, &fact_object_ndparams, &group->ndparams,
                           errp) &&
           lu_force_diskparams(&op->diskparams, &group->diskparams, errp) &&
           lu_hv_state_merge(&op->hv_state, &group->hv_state_static, errp) &&
           lu_disk_state_merge(&op->disk_state, &group->disk_state_static, errp) &&
           lu_ipolicy_of_group(lu_cfg(lu), &op->ipolicy, &group->ipolicy, errp);
}

static bool add_prereq(struct lu *lu, GError **errp)
{
    const struct op_group_add *op = lu_params(lu);
    struct add_own *own = lu->own;
    const struct node_group *existing = lu_expand_group(lu, op->group_name, NULL);
    if (existing != NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_EXISTS,
                        "There is a node group '%s' already (UUID %s)", op->group_name,
                        existing->uuid);
    }
    return fill_group(lu, op, own->group, errp);
}

static bool add_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_group_add *op = lu_params(lu);
    hooks_env_set(env, "GROUP_NAME", op->group_name);
    return true;
}

/* A cluster with a network for talking to instances wants each group in it (group.py
 * _ConnectInstanceCommunicationNetwork). */
static void connect_communication(struct lu *lu, const char *group_uuid)
{
    const char *name = cfg_cluster(lu_cfg(lu))->instance_communication_network;
    if (name == NULL || *name == '\0' || lu_expand_network(lu, name, NULL) == NULL) {
        return;
    }
    struct opcode *op = lu_op_connect_communication(group_uuid, name);
    lu_jobs_add(lu, &op, 1);
}

static bool add_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    struct add_own *own = lu->own;
    g_autofree char *uuid = g_strdup(own->group->uuid);
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    if (!cfg_txn_add_group(txn, own->group)) {
        cfg_txn_abort(txn);
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "There is a node group %s already", uuid);
    }
    own->group = NULL;
    if (!lu_commit(lu, txn, errp)) {
        return false;
    }
    connect_communication(lu, uuid);
    return true;
}

LU(group_add, .own_size = sizeof(struct add_own), .clear = add_clear, .expand_names = add_names,
   .check_prereq = add_prereq, .exec = add_exec, .hooks_env = add_env, .hooks_nodes = master_only)

/* --- OP_GROUP_REMOVE ----------------------------------------------------------------------------
 */
struct remove_own {
    char *uuid;
};

static void remove_clear(void *data)
{
    struct remove_own *own = data;
    g_free(own->uuid);
}

static bool remove_names(struct lu *lu, GError **errp)
{
    const struct op_group_remove *op = lu_params(lu);
    struct remove_own *own = lu->own;
    const struct node_group *group = lu_expand_group(lu, op->group_name, errp);
    if (group == NULL) {
        return false;
    }
    own->uuid = g_strdup(group->uuid);
    lu_need(lu, LOCK_LEVEL_NODEGROUP, group->uuid);
    return true;
}

static bool remove_prereq(struct lu *lu, GError **errp)
{
    const struct op_group_remove *op = lu_params(lu);
    const struct remove_own *own = lu->own;
    const struct node_group *group = cfg_group_get(lu_cfg(lu), own->uuid);
    if (group == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_NOENT, "Node group '%s' has gone meanwhile",
                        op->group_name);
    }
    struct cfg_nodes nodes = cfg_group_nodes(lu_cfg(lu), group);
    if (nodes.n > 0) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        for (size_t i = 0; i < nodes.n; i++) {
            g_ptr_array_add(names, nodes.v[i]->name);
        }
        g_ptr_array_sort(names, text_nice_compare_slots);
        g_ptr_array_add(names, NULL);
        g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "Node group '%s' is not empty: move its nodes away first (%s)",
                        op->group_name, list);
    }
    if (cfg_group_count(lu_cfg(lu)) == 1) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "Node group '%s' is the only one and cannot be removed", op->group_name);
    }
    return true;
}

static bool remove_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_group_remove *op = lu_params(lu);
    hooks_env_set(env, "GROUP_NAME", op->group_name);
    return true;
}

static bool remove_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct remove_own *own = lu->own;
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    if (!cfg_txn_remove(txn, CFG_KIND_group, own->uuid)) {
        cfg_txn_abort(txn);
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "Node group %s has gone meanwhile",
                        own->uuid);
    }
    return lu_commit(lu, txn, errp);
}

LU(group_remove, .own_size = sizeof(struct remove_own), .clear = remove_clear,
   .expand_names = remove_names, .check_prereq = remove_prereq, .exec = remove_exec,
   .hooks_env = remove_env, .hooks_nodes = master_only)
