/* OP_INSTANCE_REPLACE_DISKS. */
#include "config.h"

#include "jobs/lu/allocate.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/group-locks.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/names.h"
#include "jobs/lu/replace.h"

static void clear(void *data)
{
    struct replace *replace = data;
    g_free(replace->target);
    g_free(replace->other);
    g_free(replace->new_node);
    g_clear_pointer(&replace->disks, g_array_unref);
}

const struct instance *replace_instance(struct lu *lu)
{
    const struct op_instance_replace_disks *op = lu_params(lu);
    return cfg_instance_get(lu_cfg(lu), op->instance_uuid);
}

const char *replace_node_name(struct lu *lu, const char *uuid)
{
    const struct node *node = cfg_node_get(lu_cfg(lu), uuid);
    return node != NULL ? node->name : uuid;
}

bool replace_has(const struct replace *replace, size_t index)
{
    for (guint i = 0; i < replace->disks->len; i++) {
        if (g_array_index(replace->disks, int64_t, i) == (int64_t)index) {
            return true;
        }
    }
    return false;
}

/* --- Arguments and locks ------------------------------------------------------------------------
 */
static bool check_arguments(struct lu *lu, GError **errp)
{
    struct op_instance_replace_disks *op = lu_params(lu);
    const char *node = op->has.remote_node ? op->remote_node : NULL;
    bool given = node != NULL || op->has.iallocator;
    if (op->mode != REPLACE_DISKS_REPLACE_NEW_SECONDARY) {
        return !given || err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                                  "An allocator or a new node is for replacing the secondary node "
                                  "only");
    }
    if (!given) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "A new secondary node needs a name, or an allocator that chooses it");
    }
    return lu_allocator_or_node(lu, &op->iallocator, &op->has.iallocator, node, errp);
}

static bool expand_names(struct lu *lu, GError **errp)
{
    struct op_instance_replace_disks *op = lu_params(lu);
    const struct lu_name_slot remote = {&op->remote_node, &op->remote_node_uuid,
                                        &op->has.remote_node_uuid};
    if (lu_lock_any_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) == NULL ||
        (op->has.remote_node && lu_expand_node_slot(lu, remote, errp) == NULL)) {
        return false;
    }
    if (op->has.iallocator) {
        lu_need_apart(lu, LOCK_LEVEL_NODEGROUP);
    }
    lu_need_apart(lu, LOCK_LEVEL_NODE);
    lu_need_apart(lu, LOCK_LEVEL_NODE_RES);
    return true;
}

static bool declare_locks(struct lu *lu, enum lock_level level, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_replace_disks *op = lu_params(lu);
    if (level == LOCK_LEVEL_NODEGROUP) {
        const struct instance *instance = replace_instance(lu);
        if (instance != NULL) {
            lu_need_instance_groups(lu, instance, false);
        }
    } else if (level != LOCK_LEVEL_NODE && level != LOCK_LEVEL_NODE_RES) {
        return true;
    } else if (op->has.iallocator) {
        lu_need_group_members(lu, level);
    } else {
        lu_need_instances_nodes(lu, level, false);
        if (op->has.remote_node) {
            lu_need(lu, level, op->remote_node_uuid);
        }
    }
    return true;
}

/* --- What is done -------------------------------------------------------------------------------
 */
static void tell(struct lu *lu, const struct instance *instance)
{
    const struct replace *replace = lu->own;
    struct cfg_nodes secondaries = cfg_instance_secondaries(lu_cfg(lu), instance);
    g_autoptr(GString) list = g_string_new(NULL);
    for (guint i = 0; i < replace->disks->len; i++) {
        g_string_append_printf(list, "%s%" G_GINT64_FORMAT, i > 0 ? ", " : "",
                               (gint64)g_array_index(replace->disks, int64_t, i));
    }
    lu_log(lu, "Replacing disk(s) %s for instance '%s'", list->str, instance->name);
    lu_log(lu, "Current primary node: %s", replace_node_name(lu, instance->primary_node));
    lu_log(lu, "Current secondary node: %s", secondaries.n > 0 ? secondaries.v[0]->name : "(none)");
}

/* The disks of an instance that is down are active only as long as this takes. */
static bool shut_down(struct lu *lu, GError **errp)
{
    const struct op_instance_replace_disks *op = lu_params(lu);
    return lu_check_state(lu, replace_instance(lu), LU_STATE_NOT_RUNNING,
                          "its disks cannot be shut down", errp) &&
           lu_disks_shutdown(lu, op->instance_uuid, false, NULL, errp);
}

static bool exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_instance_replace_disks *op = lu_params(lu);
    const struct replace *replace = lu->own;
    const struct instance *instance = replace_instance(lu);
    if (replace->disks->len == 0) {
        lu_log(lu, "No disks need replacement for instance '%s'", instance->name);
        return true;
    }
    tell(lu, instance);
    bool activate = !instance->disks_active && !cfg_instance_is_forthcoming(instance);
    if (activate && !lu_disks_start(lu, op->instance_uuid, true, errp)) {
        return false;
    }
    bool ok = (replace->new_node != NULL ? replace_secondary : replace_local)(lu, errp);
    g_autoptr(GError) error = NULL;
    if (!activate || shut_down(lu, ok ? errp : &error)) {
        return ok;
    }
    if (error != NULL) {
        lu_warn(lu, "%s", error->message);
    }
    return false;
}

/* --- Hooks --------------------------------------------------------------------------------------
 */
static bool hooks_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_replace_disks *op = lu_params(lu);
    const struct instance *instance = replace_instance(lu);
    struct cfg_nodes secondaries = cfg_instance_secondaries(lu_cfg(lu), instance);
    hooks_env_set(env, "MODE", fact_enum_replace_disks_mode.words[op->mode]);
    hooks_env_set(env, "NEW_SECONDARY", op->has.remote_node ? op->remote_node : NULL);
    hooks_env_set(env, "OLD_SECONDARY", secondaries.n > 0 ? secondaries.v[0]->name : NULL);
    lu_instance_env(lu, instance, env);
    return true;
}

static bool hooks_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_replace_disks *op = lu_params(lu);
    lu_master_hooks_nodes(lu, pre, post);
    lu_add_hooks_node(pre, post, replace_instance(lu)->primary_node);
    if (op->has.remote_node) {
        lu_add_hooks_node(pre, post, op->remote_node_uuid);
    }
    return true;
}

LU(instance_replace_disks, .own_size = sizeof(struct replace), .clear = clear,
   .check_arguments = check_arguments, .expand_names = expand_names, .declare_locks = declare_locks,
   .check_prereq = replace_prereq, .exec = exec, .hooks_env = hooks_env, .hooks_nodes = hooks_nodes)
