/* OP_INSTANCE_MOVE: an instance goes to another node by copying its disks (reference:
 * lib/cmdlib/instance.py LUInstanceMove). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/disk-make.h"
#include "jobs/lu/disk-place.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/group-locks.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/instance-run.h"
#include "jobs/lu/ipolicy-fit.h"
#include "jobs/lu/names.h"
#include "jobs/lu/node-check.h"
#include "jobs/lu/rpc.h"
#include "jobs/lu/transfer.h"

static const struct instance *instance_of(struct lu *lu)
{
    const struct op_instance_move *op = lu_params(lu);
    return cfg_instance_get(lu_cfg(lu), op->instance_uuid);
}

/* --- Locks --------------------------------------------------------------------------------------
 */
static bool expand_names(struct lu *lu, GError **errp)
{
    struct op_instance_move *op = lu_params(lu);
    const struct lu_name_slot target = {&op->target_node, &op->target_node_uuid,
                                        &op->has.target_node_uuid};
    lu_need_apart(lu, LOCK_LEVEL_NODE);
    lu_need_apart(lu, LOCK_LEVEL_NODE_RES);
    return lu_lock_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) != NULL &&
           lu_expand_node_slot(lu, target, errp) != NULL;
}

static bool declare_locks(struct lu *lu, enum lock_level level, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_move *op = lu_params(lu);
    if (level == LOCK_LEVEL_NODE || level == LOCK_LEVEL_NODE_RES) {
        lu_need_instances_nodes(lu, level, true);
        lu_need(lu, level, op->target_node_uuid);
    }
    return true;
}

/* --- Checks -------------------------------------------------------------------------------------
 */
static bool check_copyable(struct cfg_disks disks, GError **errp)
{
    for (size_t i = 0; i < disks.n; i++) {
        if (!const_has(C_DTS_COPYABLE, (int)disks.v[i]->dev_type)) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                            "Disk %zu is of the template %s and cannot be copied to another node",
                            i, fact_enum_disk_template.words[disks.v[i]->dev_type]);
        }
    }
    return true;
}

static bool check_memory(struct lu *lu, const struct instance *instance, GError **errp)
{
    const struct op_instance_move *op = lu_params(lu);
    if (instance->admin_state != ADMIN_UP) {
        lu_info(lu, "The memory of the target node is not checked, as nothing will be started");
        return true;
    }
    g_autofree char *what = g_strdup_printf("moving instance %s", instance->name);
    return lu_check_free_memory(lu, op->target_node_uuid, what,
                                cfg_beparams(lu_cfg(lu), instance).maxmem, instance->hypervisor,
                                errp);
}

static bool check_prereq(struct lu *lu, GError **errp)
{
    const struct op_instance_move *op = lu_params(lu);
    const struct instance *instance =
        lu_locked_instance(lu, op->instance_uuid, op->instance_name, errp);
    if (instance == NULL || !check_copyable(cfg_instance_disks(lu_cfg(lu), instance), errp)) {
        return false;
    }
    if (g_strcmp0(op->target_node_uuid, instance->primary_node) == 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE, "Instance %s is on node %s already",
                        instance->name, op->target_node);
    }
    return lu_check_node_usable(lu, op->target_node_uuid, "new primary", errp) &&
           lu_check_target_ipolicy(lu, instance, cfg_node_get(lu_cfg(lu), op->target_node_uuid),
                                   op->ignore_ipolicy, errp) &&
           check_memory(lu, instance, errp) &&
           lu_check_bridges(lu, instance, op->target_node_uuid, errp);
}

/* --- What is done -------------------------------------------------------------------------------
 */
static bool stop_guest(struct lu *lu, const struct instance *instance, GError **errp)
{
    const struct op_instance_move *op = lu_params(lu);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_guest_shutdown(lu, instance, instance->primary_node, op->shutdown_timeout);
    lu_info(lu, "Shutting down instance %s on source node %s", instance->name, answer->node_name);
    if (op->ignore_consistency) {
        (void)lu_answer_warn(lu, answer,
                             "Could not shut down instance %s on node %s, which is ignored; make "
                             "sure that the node is down",
                             instance->name, answer->node_name);
        return true;
    }
    return lu_answer_check(answer, errp, "Could not shut down instance %s on node %s",
                           instance->name, answer->node_name);
}

static bool copy_disks(struct lu *lu, const struct instance *instance, struct cfg_disks disks)
{
    const struct op_instance_move *op = lu_params(lu);
    g_autofree struct lu_transfer_part *parts = g_new0(struct lu_transfer_part, disks.n + 1);
    g_autofree bool *results = g_new0(bool, disks.n + 1);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    bool ok = true;
    for (size_t i = 0; i < disks.n; i++) {
        const struct lu_arg_impexp raw = {.kind = C_IEIO_RAW_DISK,
                                          .disk = {.disk = disks.v[i], .instance = instance}};
        char *name = g_strdup_printf("disk/%zu", i);
        g_ptr_array_add(names, name);
        parts[i] = (struct lu_transfer_part){.name = name, .source = raw, .target = raw};
    }
    const struct lu_transfer_plan plan = {.instance = instance,
                                          .source_node = instance->primary_node,
                                          .target_node = op->target_node_uuid,
                                          .compress = op->compress,
                                          .parts = parts,
                                          .n = disks.n};
    lu_transfer(lu, &plan, results);
    for (size_t i = 0; i < disks.n; i++) {
        ok = ok && results[i];
    }
    return ok;
}

/* The new primary node of instance and disks, in one change. */
static bool record(struct lu *lu, struct cfg_disks disks, GError **errp)
{
    const struct op_instance_move *op = lu_params(lu);
    const char *const nodes[] = {op->target_node_uuid};
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    struct instance *instance = cfg_txn_edit_instance(txn, op->instance_uuid);
    bool ok = instance != NULL;
    for (size_t i = 0; ok && i < disks.n; i++) {
        struct disk *disk = cfg_txn_edit_disk(txn, disks.v[i]->uuid);
        ok = disk != NULL;
        if (ok) {
            lu_disk_set_nodes(disk, nodes, G_N_ELEMENTS(nodes));
        }
    }
    if (!ok) {
        cfg_txn_abort(txn);
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE,
                        "Instance %s or one of its disks has gone meanwhile", op->instance_name);
    }
    lu_text_set(&instance->primary_node, op->target_node_uuid);
    return lu_commit(lu, txn, errp);
}

static bool start_again(struct lu *lu, GError **errp)
{
    const struct op_instance_move *op = lu_params(lu);
    if (instance_of(lu)->admin_state != ADMIN_UP) {
        return true;
    }
    lu_info(lu, "Starting instance %s on node %s", op->instance_name, op->target_node);
    return lu_disks_start(lu, op->instance_uuid, true, errp) &&
           lu_instance_start(lu, op->instance_uuid, NULL, NULL, false, errp);
}

static bool exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_instance_move *op = lu_params(lu);
    CLEANUP(cfg_unrefp) const struct cfg *before = cfg_ref(lu_cfg(lu));
    const struct instance *instance = cfg_instance_get(before, op->instance_uuid);
    struct cfg_disks disks = cfg_instance_disks(before, instance);
    if (!stop_guest(lu, instance, errp)) {
        return false;
    }
    if (!lu_disks_create_on(lu, instance, disks.v, disks.n, op->target_node_uuid, errp)) {
        lu_warn(lu, "Device creation failed");
        return false;
    }
    if (!copy_disks(lu, instance, disks)) {
        lu_warn(lu, "Some disks could not be copied: what was made on the target node goes again");
        (void)lu_disks_remove_some(lu, instance, disks.v, disks.n, op->target_node_uuid);
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                        "The disks of instance %s could not all be copied: it stays where it is, "
                        "shut down",
                        instance->name);
    }
    if (!record(lu, disks, errp)) {
        return false;
    }
    lu_info(lu, "Removing the disks on the original node");
    (void)lu_disks_remove_some(lu, instance, disks.v, disks.n, instance->primary_node);
    return start_again(lu, errp);
}

/* --- Hooks --------------------------------------------------------------------------------------
 */
static bool hooks_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_move *op = lu_params(lu);
    hooks_env_set(env, "TARGET_NODE", op->target_node);
    hooks_env_set_int(env, "SHUTDOWN_TIMEOUT", op->shutdown_timeout);
    lu_instance_env(lu, instance_of(lu), env);
    return true;
}

static bool hooks_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_move *op = lu_params(lu);
    lu_master_hooks_nodes(lu, pre, post);
    lu_add_hooks_node(pre, post, instance_of(lu)->primary_node);
    lu_add_hooks_node(pre, post, op->target_node_uuid);
    return true;
}

LU(instance_move, .expand_names = expand_names, .declare_locks = declare_locks,
   .check_prereq = check_prereq, .exec = exec, .hooks_env = hooks_env, .hooks_nodes = hooks_nodes)
