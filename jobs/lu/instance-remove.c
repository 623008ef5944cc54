/* Removing instances (reference: lib/cmdlib/instance.py LUInstanceRemove). */
#include "config.h"

#include "facts/codec.h"
#include "jobs/lu/disk-make.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/instance-record.h"
#include "jobs/lu/instance-run.h"
#include "jobs/lu/names.h"
#include "jobs/lu/rpc.h"

static bool remove_names(struct lu *lu, GError **errp)
{
    struct op_instance_remove *op = lu_params(lu);
    /* A forthcoming one may be removed too. */
    if (lu_lock_any_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) == NULL) {
        return false;
    }
    lu_need_apart(lu, LOCK_LEVEL_NODE);
    lu_need_apart(lu, LOCK_LEVEL_NODE_RES);
    return true;
}

static bool remove_locks(struct lu *lu, enum lock_level level, GError **errp G_GNUC_UNUSED)
{
    if (level == LOCK_LEVEL_NODE || level == LOCK_LEVEL_NODE_RES) {
        lu_need_instances_nodes(lu, level, false);
    }
    return true;
}

static bool remove_prereq(struct lu *lu, GError **errp)
{
    const struct op_instance_remove *op = lu_params(lu);
    return lu_locked_instance(lu, op->instance_uuid, op->instance_name, errp) != NULL;
}

static bool shut_down(struct lu *lu, const struct instance *instance, GError **errp)
{
    const struct op_instance_remove *op = lu_params(lu);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_guest_shutdown(lu, instance, instance->primary_node, op->shutdown_timeout);
    if (op->ignore_failures) {
        (void)lu_answer_warn(lu, answer, "Could not shut down instance %s", instance->name);
        return true;
    }
    return lu_answer_check(answer, errp, "Could not shut down instance %s on node %s",
                           instance->name, answer->node_name);
}

bool lu_instance_erase(struct lu *lu, const char *uuid, bool ignore_failures, GError **errp)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_ref(lu_cfg(lu));
    const struct instance *instance = cfg_instance_get(cfg, uuid);
    if (!lu_disks_remove(lu, instance, ignore_failures)) {
        if (!ignore_failures) {
            return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                            "Cannot remove the disks of instance %s; see the warnings above. "
                            "--ignore-failures forgets the instance all the same",
                            instance->name);
        }
        lu_log(lu, "Warning: not all disks of instance %s could be removed", instance->name);
    }
    return lu_instance_forget(lu, uuid, errp);
}

static bool remove_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_instance_remove *op = lu_params(lu);
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_ref(lu_cfg(lu));
    const struct instance *instance = cfg_instance_get(cfg, op->instance_uuid);
    return (cfg_instance_is_forthcoming(instance) || shut_down(lu, instance, errp)) &&
           lu_instance_erase(lu, op->instance_uuid, op->ignore_failures, errp);
}

static bool remove_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_remove *op = lu_params(lu);
    const struct instance *instance = cfg_instance_get(lu_cfg(lu), op->instance_uuid);
    hooks_env_set_int(env, "SHUTDOWN_TIMEOUT", op->shutdown_timeout);
    if (instance != NULL) {
        lu_instance_env(lu, instance, env);
    }
    return true;
}

/* Before on the master only: the instance's own nodes may be gone. */
static bool remove_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post,
                         GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_remove *op = lu_params(lu);
    const struct node *master = cfg_master(lu_cfg(lu));
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
    lu_instance_hooks_nodes(lu, cfg_instance_get(lu_cfg(lu), op->instance_uuid), all, post);
    if (master != NULL) {
        g_ptr_array_add(pre, g_strdup(master->uuid));
    }
    return true;
}

LU(instance_remove, .expand_names = remove_names, .declare_locks = remove_locks,
   .check_prereq = remove_prereq, .exec = remove_exec, .hooks_env = remove_env,
   .hooks_nodes = remove_nodes)
