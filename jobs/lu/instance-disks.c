/* Making the disks of an instance usable and undoing that (reference:
 * lib/cmdlib/instance_storage.py LUInstanceActivateDisks, LUInstanceDeactivateDisks). */
#include "config.h"

#include "jobs/lu/disks.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"
#include "jobs/lu/sync.h"

static bool need_nodes(struct lu *lu, enum lock_level level, GError **errp G_GNUC_UNUSED)
{
    if (level == LOCK_LEVEL_NODE) {
        lu_need_instances_nodes(lu, level, false);
    }
    return true;
}

/* --- OP_INSTANCE_ACTIVATE_DISKS -----------------------------------------------------------------
 */
static bool activate_names(struct lu *lu, GError **errp)
{
    struct op_instance_activate_disks *op = lu_params(lu);
    lu_need_apart(lu, LOCK_LEVEL_NODE);
    return lu_lock_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) != NULL;
}

static bool activate_prereq(struct lu *lu, GError **errp)
{
    const struct op_instance_activate_disks *op = lu_params(lu);
    const struct instance *instance =
        lu_locked_instance(lu, op->instance_uuid, op->instance_name, errp);
    return instance != NULL && lu_check_node_online(lu, instance->primary_node, errp);
}

static bool wait_for_sync(struct lu *lu, const char *uuid, GError **errp)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_ref(lu_cfg(lu));
    const struct instance *instance = cfg_instance_get(cfg, uuid);
    struct cfg_disks disks = cfg_instance_disks(cfg, instance);
    bool good, inactive = false;
    if (!lu_disks_wait_for_sync(lu, instance, disks.v, disks.n, false, &good, errp)) {
        return false;
    }
    return good || (lu_instance_record(lu, uuid, NULL, NULL, &inactive, errp) &&
                    err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                             "Some disks of instance %s are degraded", instance->name));
}

static bool activate_exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_instance_activate_disks *op = lu_params(lu);
    CLEANUP(lu_assembled_freep) GArray *assembled = NULL;
    unsigned flags = op->ignore_size ? LU_ASSEMBLE_IGNORE_SIZE : 0;
    if (!lu_disks_assemble(lu, op->instance_uuid, flags, &assembled, errp) ||
        (op->wait_for_sync && !wait_for_sync(lu, op->instance_uuid, errp))) {
        return false;
    }
    const struct instance *instance = cfg_instance_get(lu_cfg(lu), op->instance_uuid);
    const struct node *primary = cfg_node_get(lu_cfg(lu), instance->primary_node);
    json_write_array_begin(result);
    for (guint i = 0; i < assembled->len; i++) {
        const struct lu_assembled *one = &g_array_index(assembled, struct lu_assembled, i);
        json_write_array_begin(result);
        json_write_string(result, primary->name);
        json_write_string(result, one->iv_name);
        json_write_string(result, one->device);
        json_write_array_end(result);
    }
    json_write_array_end(result);
    return true;
}

LU(instance_activate_disks, .expand_names = activate_names, .declare_locks = need_nodes,
   .check_prereq = activate_prereq, .exec = activate_exec)

/* --- OP_INSTANCE_DEACTIVATE_DISKS ---------------------------------------------------------------
 */
static bool deactivate_names(struct lu *lu, GError **errp)
{
    struct op_instance_deactivate_disks *op = lu_params(lu);
    lu_need_apart(lu, LOCK_LEVEL_NODE);
    return lu_lock_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) != NULL;
}

static bool deactivate_prereq(struct lu *lu, GError **errp)
{
    const struct op_instance_deactivate_disks *op = lu_params(lu);
    return lu_locked_instance(lu, op->instance_uuid, op->instance_name, errp) != NULL;
}

static bool deactivate_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_instance_deactivate_disks *op = lu_params(lu);
    const struct instance *instance = cfg_instance_get(lu_cfg(lu), op->instance_uuid);
    /* Looked at here and not before the hooks, as there: the class of the error is the same. */
    return (op->force || lu_check_state(lu, instance, LU_STATE_DOWN,
                                        "its disks are in use and cannot be shut down", errp)) &&
           lu_disks_shutdown(lu, op->instance_uuid, false, NULL, errp);
}

LU(instance_deactivate_disks, .expand_names = deactivate_names, .declare_locks = need_nodes,
   .check_prereq = deactivate_prereq, .exec = deactivate_exec)
