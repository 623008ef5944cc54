/* OP_NODE_REMOVE (reference: lib/cmdlib/node.py LUNodeRemove). */
#include "config.h"

#include <string.h>

#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/candidates.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"
#include "jobs/lu/redistribute.h"
#include "jobs/lu/rpc.h"
#include "jobs/lu/run-hooks.h"

static bool check_arguments(struct lu *lu, GError **errp)
{
    struct op_node_remove *op = lu_params(lu);
    return lu_expand_node_slot(lu, LU_NODE_SLOT(op), errp) != NULL;
}

static bool check_prereq(struct lu *lu, GError **errp)
{
    struct op_node_remove *op = lu_params(lu);
    const struct cfg *cfg = lu_cfg(lu);
    const struct node *node = lu_expand_node_slot(lu, LU_NODE_SLOT(op), errp);
    if (node == NULL) {
        return false;
    }
    if (cfg_node_is_master(cfg, node)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Node %s is the master: make another one master first (gnt-cluster "
                        "master-failover)",
                        node->name);
    }
    struct cfg_instances primaries = cfg_node_primaries(cfg, node);
    struct cfg_instances users = primaries.n > 0 ? primaries : cfg_node_secondaries(cfg, node);
    return users.n == 0 || err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                                    "Instance %s is on node %s: move or remove it first",
                                    users.v[0]->name, node->name);
}

static bool record(struct lu *lu, GError **errp)
{
    const struct op_node_remove *op = lu_params(lu);
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    (void)cfg_txn_remove(txn, CFG_KIND_node, op->node_uuid);
    return lu_commit(lu, txn, errp);
}

static bool remove_from_hosts(struct lu *lu, GError **errp)
{
    const struct op_node_remove *op = lu_params(lu);
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    if (!cluster->modify_etc_hosts) {
        return true;
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, cluster->master_node,
        LU_CALL(etc_hosts_modify, .mode = (char *)C_ETC_HOSTS_REMOVE, .name = op->node_name));
    if (!lu_answer_check(answer, errp, "Cannot take node %s out of the master's list of hosts",
                         op->node_name)) {
        return false;
    }
    lu_redistribute_files(lu);
    return true;
}

/* It is called by its name, as the configuration does not have it any more. */
static void leave(struct lu *lu, bool ssh)
{
    const struct op_node_remove *op = lu_params(lu);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, op->node_name, LU_CALL(node_leave_cluster, .modify_ssh_setup = ssh));
    lu_answer_warn(lu, answer, "Node %s did not leave the cluster cleanly", op->node_name);
}

static bool exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_node_remove *op = lu_params(lu);
    bool candidate = cfg_node_get(lu_cfg(lu), op->node_uuid)->master_candidate;
    bool ssh = cfg_cluster(lu_cfg(lu))->modify_ssh_setup;
    unsigned flags = LU_SSH_PUBLIC | LU_SSH_CLEAR_AUTHORIZED | LU_SSH_CLEAR_PUBLIC |
                     (candidate ? LU_SSH_AUTHORIZED : 0);
    if ((ssh && !lu_ssh_key_remove(lu, op->node_uuid, op->node_name, flags, errp)) ||
        !lu_candidates_adjust(lu, op->node_uuid, errp) || !record(lu, errp)) {
        return false;
    }
    lu_hooks_post_on(lu, op->node_name);
    leave(lu, ssh);
    return (!candidate || lu_candidate_cert_remove(lu, op->node_uuid, errp)) &&
           remove_from_hosts(lu, errp);
}

/* --- Hooks --------------------------------------------------------------------------------------
 */
static bool hooks_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_node_remove *op = lu_params(lu);
    hooks_env_set(env, "OP_TARGET", op->node_name);
    hooks_env_set(env, "NODE_NAME", op->node_name);
    return true;
}

/* Not on the node itself: it may be broken, and must be removable all the same. */
static bool hooks_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post, GError **errp G_GNUC_UNUSED)
{
    const struct op_node_remove *op = lu_params(lu);
    for (size_t i = 0; i < cfg_node_count(lu_cfg(lu)); i++) {
        const struct node *node = cfg_node_at(lu_cfg(lu), i);
        if (strcmp(node->uuid, op->node_uuid) != 0) {
            g_ptr_array_add(pre, g_strdup(node->uuid));
            g_ptr_array_add(post, g_strdup(node->uuid));
        }
    }
    return true;
}

LU(node_remove, .check_arguments = check_arguments, .check_prereq = check_prereq, .exec = exec,
   .hooks_env = hooks_env, .hooks_nodes = hooks_nodes)
