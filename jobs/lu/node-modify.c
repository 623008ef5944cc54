/* OP_NODE_SET_PARAMS: flags, role, addresses and parameters of a node (reference:
 * lib/cmdlib/node.py LUNodeSetParams). */
#include "config.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/net.h"
#include "compat-config/model/fill.h"
#include "facts/checks.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "facts/paths.h"
#include "jobs/lu/candidates.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"
#include "jobs/lu/node-guard.h"
#include "jobs/lu/params.h"
#include "jobs/lu/rpc.h"
#include "jobs/lu/state.h"

/* At most one of the flags is set. */
enum role { ROLE_REGULAR, ROLE_CANDIDATE, ROLE_DRAINED, ROLE_OFFLINE };

struct own {
    bool might_demote; /* the node may be no candidate afterwards */
    bool lock_all;     /* then others become candidates */
    enum role old_role, new_role;
    struct ndparams ndparams;
    struct any_map hv_state, disk_state;
};

static void own_clear(void *data)
{
    struct own *own = data;
    fact_object_clear(&fact_object_ndparams, &own->ndparams);
    fact_clear(&type_any_map, &own->hv_state);
    fact_clear(&type_any_map, &own->disk_state);
}

static enum role role_of(const struct node *node)
{
    return node->master_candidate ? ROLE_CANDIDATE
           : node->drained        ? ROLE_DRAINED
           : node->offline        ? ROLE_OFFLINE
                                  : ROLE_REGULAR;
}

#define IS_TRUE(op, flag)  ((op)->has.flag && (op)->flag)
#define IS_FALSE(op, flag) ((op)->has.flag && !(op)->flag)

/* --- Arguments and locks ------------------------------------------------------------------------
 */
static bool check_arguments(struct lu *lu, GError **errp)
{
    struct op_node_set_params *op = lu_params(lu);
    struct own *own = lu->own;
    if (lu_expand_node_slot(lu, LU_NODE_SLOT(op), errp) == NULL) {
        return false;
    }
    if (!op->has.offline && !op->has.master_candidate && !op->has.drained &&
        !op->has.master_capable && !op->has.vm_capable && !op->has.secondary_ip &&
        !op->has.ndparams && !op->has.hv_state && !op->has.disk_state) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "There is nothing to change");
    }
    if (IS_TRUE(op, offline) + IS_TRUE(op, master_candidate) + IS_TRUE(op, drained) +
            IS_TRUE(op, master_capable) + IS_TRUE(op, vm_capable) >
        1) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "A node can be set into one state at a time only");
    }
    own->might_demote = IS_FALSE(op, master_candidate) || IS_TRUE(op, offline) ||
                        IS_TRUE(op, drained) || IS_FALSE(op, master_capable);
    own->lock_all = op->auto_promote && own->might_demote;
    if (op->has.secondary_ip && fact_check_ipv4(op->secondary_ip) != NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "The secondary address '%s' is no IPv4 address", op->secondary_ip);
    }
    return true;
}

/* Instances that use the node's secondary address: those with a DRBD disk there. */
static bool is_affected(struct lu *lu, const struct instance *instance)
{
    const struct op_node_set_params *op = lu_params(lu);
    struct cfg_nodes secondaries = cfg_instance_secondaries(lu_cfg(lu), instance);
    bool there = secondaries.n > 0 && g_strcmp0(instance->primary_node, op->node_uuid) == 0;
    for (size_t i = 0; i < secondaries.n; i++) {
        there = there || strcmp(secondaries.v[i]->uuid, op->node_uuid) == 0;
    }
    return there;
}

static bool expand_names(struct lu *lu, GError **errp G_GNUC_UNUSED)
{
    const struct op_node_set_params *op = lu_params(lu);
    const struct own *own = lu->own;
    static const enum lock_level levels[] = {LOCK_LEVEL_NODE, LOCK_LEVEL_NODE_RES};
    lu_need_all_shared(lu);
    for (size_t i = 0; i < G_N_ELEMENTS(levels); i++) {
        lu->needs[levels[i]].shared = false;
        if (own->lock_all) {
            lu_need_all(lu, levels[i]);
        } else {
            lu_need(lu, levels[i], op->node_uuid);
        }
    }
    if (op->has.secondary_ip) {
        lu_need_level(lu, LOCK_LEVEL_INSTANCE);
        for (size_t i = 0; i < cfg_instance_count(lu_cfg(lu)); i++) {
            const struct instance *instance = cfg_instance_at(lu_cfg(lu), i);
            if (is_affected(lu, instance)) {
                lu_need(lu, LOCK_LEVEL_INSTANCE, instance->name);
            }
        }
    }
    return true;
}

/* --- Prerequisites ------------------------------------------------------------------------------
 */
/* What does not fit this node as it is. */
static bool check_flags(struct lu *lu, const struct node *node, GError **errp)
{
    const struct op_node_set_params *op = lu_params(lu);
    const struct own *own = lu->own;
    const struct cfg *cfg = lu_cfg(lu);
    if ((op->has.master_candidate || op->has.drained || op->has.offline) &&
        cfg_node_is_master(cfg, node)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Node %s is the master; move that role first (gnt-cluster "
                        "master-failover)",
                        node->name);
    }
    if (IS_TRUE(op, master_candidate) && !node->master_capable) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "Node %s is not master capable, so it cannot be a master candidate",
                        node->name);
    }
    if (IS_FALSE(op, vm_capable) && !lu_check_node_unused(lu, node, errp)) {
        return false;
    }
    if (node->master_candidate && own->might_demote && !own->lock_all) {
        struct lu_pool pool = lu_candidate_pool(cfg, node->uuid);
        if (pool.now < pool.wanted) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                            "Without node %s there are too few master candidates: let others be "
                            "promoted (--auto-promote, or auto_promote through RAPI)",
                            node->name);
        }
    }
    return true;
}

/* Afterwards a flag that is false is a change. */
static void drop_ineffective(struct lu *lu, const struct node *node)
{
    struct op_node_set_params *op = lu_params(lu);
    static const char text[] = "Flag %s is not set already";
    if (IS_FALSE(op, master_candidate) && !node->master_candidate) {
        lu_info(lu, text, "master_candidate");
        op->has.master_candidate = false;
    }
    if (IS_FALSE(op, drained) && !node->drained) {
        lu_info(lu, text, "drained");
        op->has.drained = false;
    }
    if (IS_FALSE(op, offline) && !node->offline) {
        lu_info(lu, text, "offline");
        op->has.offline = false;
    }
}

static bool check_power(struct lu *lu, const struct node *node, GError **errp)
{
    const struct op_node_set_params *op = lu_params(lu);
    const char *program = cfg_node_ndparams(lu_cfg(lu), node).oob_program;
    if (program == NULL || *program == '\0') {
        return !op->has.powered ||
               err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "Node %s has no program for out-of-band management, so its power state "
                        "cannot be changed",
                        node->name);
    }
    return !IS_FALSE(op, offline) || node->powered || IS_TRUE(op, powered) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                    "Node %s is switched off: switch it on before it goes online", node->name);
}

/* What follows for the node's being a candidate. */
static bool decide_candidate(struct lu *lu, const struct node *node, GError **errp)
{
    struct op_node_set_params *op = lu_params(lu);
    bool comes_back = IS_FALSE(op, drained) || IS_FALSE(op, offline) ||
                      (IS_TRUE(op, master_capable) && !node->master_capable);
    if (comes_back && lu_candidate_is_short(lu_cfg(lu), NULL)) {
        lu_info(lu, "The node becomes a master candidate, as there are too few");
        OP_SET(op, master_candidate, true);
    }
    if (IS_FALSE(op, master_capable) && node->master_candidate) {
        if (cfg_node_is_master(lu_cfg(lu), node)) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                            "Node %s is the master and must stay master capable", node->name);
        }
        lu_info(lu, "The node is no master candidate any more");
        OP_SET(op, master_candidate, false);
    }
    return true;
}

static enum role new_role(const struct op_node_set_params *op, enum role old_role)
{
    if (IS_TRUE(op, master_candidate)) {
        return ROLE_CANDIDATE;
    }
    if (IS_TRUE(op, drained)) {
        return ROLE_DRAINED;
    }
    if (IS_TRUE(op, offline)) {
        return ROLE_OFFLINE;
    }
    return op->has.master_candidate || op->has.drained || op->has.offline ? ROLE_REGULAR : old_role;
}

/* It answers again. */
static bool check_comes_online(struct lu *lu, const struct node *node, GError **errp)
{
    const struct own *own = lu->own;
    if (own->old_role != ROLE_OFFLINE || own->new_role == ROLE_OFFLINE) {
        return true;
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(lu, node->uuid, LU_CALL(version, .whole = true));
    if (!lu_answer_check_prereq(answer, ECODE_STATE, errp,
                                "Node %s is to go online, but does not tell its version",
                                node->name)) {
        return false;
    }
    lu_warn(lu, "Node %s goes online without being added again: make sure that it is healthy",
            node->name);
    return true;
}

/* From one network to two, or back, begins at the master and by force. */
static bool check_homing(struct lu *lu, const struct node *node, const struct node *master,
                         GError **errp)
{
    const struct op_node_set_params *op = lu_params(lu);
    bool single = strcmp(master->secondary_ip, master->primary_ip) == 0;
    if (single == (strcmp(op->secondary_ip, node->primary_ip) == 0)) {
        return true;
    }
    if (op->force && node == master) {
        lu_warn(lu, single ? "The cluster is to have a second network: all nodes need a secondary "
                             "address"
                           : "The cluster is to have one network: secondary addresses must go");
        return true;
    }
    return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    single ? "The cluster has one network: only the master's secondary address "
                             "can become another one, and only with --force"
                           : "The cluster has two networks: only the master's secondary address "
                             "can become its primary one, and only with --force");
}

static bool check_affected(struct lu *lu, const struct node *node, GError **errp)
{
    for (size_t i = 0; i < cfg_instance_count(lu_cfg(lu)); i++) {
        const struct instance *instance = cfg_instance_at(lu_cfg(lu), i);
        if (!is_affected(lu, instance)) {
            continue;
        }
        if (!lu_owns(lu, LOCK_LEVEL_INSTANCE, instance->name)) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                            "Instance %s has come to node %s meanwhile; try again", instance->name,
                            node->name);
        }
        if (node->offline) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                            "Node %s is offline and instance %s uses its secondary address, which "
                            "cannot be changed so",
                            node->name, instance->name);
        }
        if (!lu_check_state(lu, instance, LU_STATE_DOWN,
                            "cannot change the secondary address of its node", errp)) {
            return false;
        }
    }
    return true;
}

static bool check_secondary_ip(struct lu *lu, const struct node *node, GError **errp)
{
    const struct op_node_set_params *op = lu_params(lu);
    const struct node *master = cfg_master(lu_cfg(lu));
    if (!op->has.secondary_ip) {
        return true;
    }
    if (!check_homing(lu, node, master, errp) || !check_affected(lu, node, errp)) {
        return false;
    }
    if (node->offline) {
        return true;
    }
    if (!lu_check_node_has_ip(lu, node->uuid, op->secondary_ip, true, errp)) {
        return false;
    }
    return node == master ||
           net_tcp_ping(op->secondary_ip, daemon_rows[DAEMON_noded].port, master->secondary_ip) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_ENVIRON,
                    "The secondary address %s does not answer on the node daemon's port, asked "
                    "from %s",
                    op->secondary_ip, master->secondary_ip);
}

static bool check_prereq(struct lu *lu, GError **errp)
{
    struct op_node_set_params *op = lu_params(lu);
    struct own *own = lu->own;
    const struct node *node = lu_locked_node(lu, op->node_uuid, op->node_name, errp);
    if (node == NULL || !check_flags(lu, node, errp)) {
        return false;
    }
    own->old_role = role_of(node);
    drop_ineffective(lu, node);
    if (!check_power(lu, node, errp) || !decide_candidate(lu, node, errp)) {
        return false;
    }
    own->new_role = new_role(op, own->old_role);
    fact_object_copy_at(&fact_object_ndparams, &own->ndparams, &node->ndparams);
    fact_copy(&type_any_map, &own->hv_state, &node->hv_state_static);
    fact_copy(&type_any_map, &own->disk_state, &node->disk_state_static);
    return check_comes_online(lu, node, errp) && check_secondary_ip(lu, node, errp) &&
           lu_update_params(&op->ndparams, &nd_params, &fact_object_ndparams, &own->ndparams,
                            errp) &&
           lu_check_no_globals(&op->ndparams, &nd_params, errp) &&
           lu_hv_state_merge(&op->hv_state, &own->hv_state, errp) &&
           lu_disk_state_merge(&op->disk_state, &own->disk_state, errp);
}

/* --- Execution ----------------------------------------------------------------------------------
 */
static void write_change(struct json_writer *result, const char *name, const char *value)
{
    json_write_array_begin(result);
    json_write_string(result, name);
    json_write_string(result, value);
    json_write_array_end(result);
}

/* As Python prints it. */
static const char *truth(bool value)
{
    return value ? "True" : "False";
}

static bool record_params(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_node_set_params *op = lu_params(lu);
    const struct own *own = lu->own;
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    struct node *node = cfg_txn_edit_node(txn, op->node_uuid);
    fact_object_clear(&fact_object_ndparams, &node->ndparams);
    fact_object_copy_at(&fact_object_ndparams, &node->ndparams, &own->ndparams);
    fact_clear(&type_any_map, &node->hv_state_static);
    fact_copy(&type_any_map, &node->hv_state_static, &own->hv_state);
    fact_clear(&type_any_map, &node->disk_state_static);
    fact_copy(&type_any_map, &node->disk_state_static, &own->disk_state);
    if (op->has.powered) {
        node->powered = op->powered;
    }
    if (op->has.master_capable) {
        node->master_capable = op->master_capable;
        write_change(result, "master_capable", truth(op->master_capable));
    }
    if (op->has.vm_capable) {
        node->vm_capable = op->vm_capable;
        write_change(result, "vm_capable", truth(op->vm_capable));
    }
    if (op->has.secondary_ip) {
        lu_text_set(&node->secondary_ip, op->secondary_ip);
        write_change(result, "secondary_ip", op->secondary_ip);
    }
    return lu_commit(lu, txn, errp);
}

static void set_flag(struct json_writer *result, const char *name, bool *flag, bool value)
{
    if (*flag != value) {
        *flag = value;
        write_change(result, name, truth(value));
    }
}

static bool record_role(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_node_set_params *op = lu_params(lu);
    const struct own *own = lu->own;
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    struct node *node = cfg_txn_edit_node(txn, op->node_uuid);
    set_flag(result, "master_candidate", &node->master_candidate, own->new_role == ROLE_CANDIDATE);
    set_flag(result, "drained", &node->drained, own->new_role == ROLE_DRAINED);
    set_flag(result, "offline", &node->offline, own->new_role == ROLE_OFFLINE);
    return lu_commit(lu, txn, errp);
}

/* Only after the change is it sure that the node gets no more copies of the configuration. */
static bool change_role(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_node_set_params *op = lu_params(lu);
    const struct own *own = lu->own;
    if (!record_role(lu, result, errp)) {
        return false;
    }
    if (own->old_role == ROLE_CANDIDATE && own->new_role != ROLE_OFFLINE) {
        CLEANUP(lu_answer_freep)
        struct lu_answer *answer =
            lu_call_node(lu, op->node_uuid, LU_CALL(node_demote_from_mc, .whole = true));
        lu_answer_warn(lu, answer, "Node %s could not put its copy of the configuration away",
                       op->node_name);
    }
    return (!own->lock_all || lu_candidates_adjust(lu, op->node_uuid, errp)) &&
           (own->new_role != ROLE_CANDIDATE || lu_candidate_cert_add(lu, op->node_uuid, errp)) &&
           (own->old_role != ROLE_CANDIDATE || lu_candidate_cert_remove(lu, op->node_uuid, errp));
}

static bool change_ssh(struct lu *lu, GError **errp)
{
    const struct op_node_set_params *op = lu_params(lu);
    const struct own *own = lu->own;
    bool was = own->old_role == ROLE_CANDIDATE, is = own->new_role == ROLE_CANDIDATE;
    if (was == is || !cfg_cluster(lu_cfg(lu))->modify_ssh_setup) {
        return true;
    }
    return is ? lu_ssh_key_add(lu, op->node_uuid, op->node_name, LU_SSH_AUTHORIZED | LU_SSH_PUBLIC,
                               errp)
              : lu_ssh_key_remove(lu, op->node_uuid, op->node_name, LU_SSH_AUTHORIZED, errp);
}

static bool exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_node_set_params *op = lu_params(lu);
    const struct own *own = lu->own;
    json_write_array_begin(result);
    if (!record_params(lu, result, errp) ||
        (own->new_role != own->old_role && !change_role(lu, result, errp))) {
        return false;
    }
    json_write_array_end(result);
    lu_kvmd_adjust(lu, op->node_uuid, true);
    return change_ssh(lu, errp);
}

/* --- Hooks --------------------------------------------------------------------------------------
 */
static void set_flag_env(struct hooks_env *env, const char *name, bool has, bool value)
{
    hooks_env_set(env, name, has ? truth(value) : NULL);
}

static bool hooks_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_node_set_params *op = lu_params(lu);
    hooks_env_set(env, "OP_TARGET", op->node_name);
    set_flag_env(env, "MASTER_CANDIDATE", op->has.master_candidate, op->master_candidate);
    set_flag_env(env, "OFFLINE", op->has.offline, op->offline);
    set_flag_env(env, "DRAINED", op->has.drained, op->drained);
    set_flag_env(env, "MASTER_CAPABLE", op->has.master_capable, op->master_capable);
    set_flag_env(env, "VM_CAPABLE", op->has.vm_capable, op->vm_capable);
    return true;
}

static bool hooks_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post, GError **errp G_GNUC_UNUSED)
{
    const struct op_node_set_params *op = lu_params(lu);
    const char *master = cfg_cluster(lu_cfg(lu))->master_node;
    g_ptr_array_add(pre, g_strdup(master));
    g_ptr_array_add(post, g_strdup(master));
    if (strcmp(master, op->node_uuid) != 0) {
        g_ptr_array_add(pre, g_strdup(op->node_uuid));
        g_ptr_array_add(post, g_strdup(op->node_uuid));
    }
    return true;
}

LU(node_set_params, .own_size = sizeof(struct own), .clear = own_clear,
   .check_arguments = check_arguments, .expand_names = expand_names, .check_prereq = check_prereq,
   .exec = exec, .hooks_env = hooks_env, .hooks_nodes = hooks_nodes)
