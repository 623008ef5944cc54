/* Starting, stopping and rebooting instances, and their disks by themselves (reference:
 * lib/cmdlib/instance_operation.py, lib/cmdlib/instance_storage.py). */
#include "config.h"

#include "jobs/lu/instance-run.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/params.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"
#include "jobs/lu/params.h"
#include "jobs/lu/rpc.h"

static const enum admin_state up = ADMIN_UP, down = ADMIN_DOWN;
static const enum admin_state_source by_admin = ADMIN_SOURCE_ADMIN;
static const bool active = true;

static const char not_offline[] = "only an instance that is not put away (offline) can be used so";

/* --- Calls --------------------------------------------------------------------------------------
 */
bool lu_instance_start(struct lu *lu, const char *uuid, const struct value_map *hvparams,
                       const struct beparams *beparams, bool paused, GError **errp)
{
    const struct instance *instance = cfg_instance_get(lu_cfg(lu), uuid);
    struct any_list reason = lu_reason(lu);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, instance->primary_node,
        LU_CALL(
            instance_start,
            .instance_hvp_bep = {.instance = instance, .hvparams = hvparams, .beparams = beparams},
            .startup_paused = paused, .reason = reason));
    fact_clear(&type_any_list, &reason);
    if (lu_answer_check(answer, errp, "Could not start instance %s on node %s", instance->name,
                        answer->node_name)) {
        return true;
    }
    g_autoptr(GError) error = NULL;
    if (!lu_disks_shutdown(lu, uuid, false, NULL, &error)) {
        lu_warn(lu, "Cannot shut its disks down: %s", error->message);
    }
    return false;
}

/* Guest and disks. */
struct lu_answer *lu_guest_shutdown(struct lu *lu, const struct instance *instance,
                                    const char *node_uuid, int64_t timeout)
{
    struct any_list reason = lu_reason(lu);
    CLEANUP(json_unrefp) struct json *seconds = json_new_int(timeout);
    struct lu_answer *answer =
        lu_call_node(lu, node_uuid,
                     LU_CALL(instance_shutdown, .instance = {.instance = instance},
                             .timeout = seconds, .reason = reason));
    fact_clear(&type_any_list, &reason);
    return answer;
}

static bool stop(struct lu *lu, const char *uuid, int64_t timeout, GError **errp)
{
    const struct instance *instance = cfg_instance_get(lu_cfg(lu), uuid);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_guest_shutdown(lu, instance, instance->primary_node, timeout);
    return lu_answer_check(answer, errp, "Could not shut down instance %s on node %s",
                           instance->name, answer->node_name) &&
           lu_disks_shutdown(lu, uuid, false, NULL, errp);
}

/* Whether the primary node can be worked with. Offline, and the opcode says that this does not
 * matter: only the configuration will change. */
static bool check_primary(struct lu *lu, const struct instance *instance, bool ignore_offline,
                          bool *ret_offline, GError **errp)
{
    const struct node *primary = cfg_node_get(lu_cfg(lu), instance->primary_node);
    *ret_offline = primary != NULL && primary->offline;
    if (*ret_offline && ignore_offline) {
        lu_warn(lu, "Primary node %s is offline, which is ignored", primary->name);
        return true;
    }
    return lu_check_node_online(lu, instance->primary_node, errp);
}

/* --- OP_INSTANCE_STARTUP ------------------------------------------------------------------------
 */
struct startup_own {
    bool primary_offline;
    bool user_down; /* what is left of it must be cleared away first */
    struct value_map hvparams;
    struct beparams beparams;
};

static void startup_clear(void *data)
{
    struct startup_own *own = data;
    fact_clear(&type_value_map, &own->hvparams);
    fact_object_clear(&fact_object_beparams, &own->beparams);
}

static bool startup_arguments(struct lu *lu, GError **errp)
{
    const struct op_instance_startup *op = lu_params(lu);
    struct startup_own *own = lu->own;
    return lu_force_hvparams(&op->hvparams, &own->hvparams, errp) &&
           lu_force_params(&op->beparams, &be_params, &fact_object_beparams, &own->beparams, errp);
}

static bool startup_names(struct lu *lu, GError **errp)
{
    struct op_instance_startup *op = lu_params(lu);
    return lu_lock_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) != NULL;
}

/* The parameters of this start, together with those in force. */
static bool check_hvparams(struct lu *lu, const struct instance *instance,
                           const struct value_map *given, GError **errp)
{
    if (given->n == 0) {
        return true;
    }
    struct value_map filled = cfg_hvparams(lu_cfg(lu), instance, 0), whole = {0};
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, instance);
    lu_map_merge(&whole, &filled);
    lu_map_merge(&whole, given);
    cfg_filled_free(&filled);
    bool ok = lu_check_hv_syntax(instance->hypervisor, &whole, errp) &&
              lu_check_hvparams(lu, (const char *const *)nodes->pdata, nodes->len,
                                instance->hypervisor, &whole, errp);
    fact_clear(&type_value_map, &whole);
    return ok;
}

/* What must hold on the primary node. */
static bool startup_on_primary(struct lu *lu, const struct instance *instance, GError **errp)
{
    struct startup_own *own = lu->own;
    CLEANUP(json_unrefp) struct json *info = NULL;
    if (!lu_check_bridges(lu, instance, instance->primary_node, errp) ||
        !lu_instance_info(lu, instance, true, &info, errp)) {
        return false;
    }
    if (info != NULL) {
        own->user_down = lu_info_is_user_down(lu, instance, info);
        return true;
    }
    struct beparams beparams = cfg_beparams(lu_cfg(lu), instance);
    g_autofree char *what = g_strdup_printf("starting instance %s", instance->name);
    fact_object_overlay(&fact_object_beparams, &beparams, &own->beparams);
    return lu_check_free_memory(lu, instance->primary_node, what, beparams.minmem,
                                instance->hypervisor, errp);
}

static bool startup_prereq(struct lu *lu, GError **errp)
{
    const struct op_instance_startup *op = lu_params(lu);
    struct startup_own *own = lu->own;
    const struct instance *instance =
        lu_locked_instance(lu, op->instance_uuid, op->instance_name, errp);
    if (instance == NULL || !check_hvparams(lu, instance, &own->hvparams, errp) ||
        !lu_check_state(lu, instance, LU_STATE_ONLINE, not_offline, errp) ||
        !check_primary(lu, instance, op->ignore_offline_nodes, &own->primary_offline, errp)) {
        return false;
    }
    if (own->primary_offline) {
        if (op->hvparams.n > 0 || op->beparams.n > 0) {
            lu_warn(lu, "The parameters of this start are ignored");
        }
        return true;
    }
    return startup_on_primary(lu, instance, errp);
}

static bool startup_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_instance_startup *op = lu_params(lu);
    const struct startup_own *own = lu->own;
    const char *uuid = op->instance_uuid;
    if (!op->no_remember && !lu_instance_record(lu, uuid, &up, &by_admin, &active, errp)) {
        return false;
    }
    if (own->primary_offline) {
        lu_info(lu, "The primary node is offline: the instance is only marked as started");
        return true;
    }
    return (!own->user_down || stop(lu, uuid, op->shutdown_timeout, errp)) &&
           lu_disks_start(lu, uuid, op->force, errp) &&
           lu_instance_start(lu, uuid, &own->hvparams, &own->beparams, op->startup_paused, errp);
}

static bool startup_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_startup *op = lu_params(lu);
    hooks_env_set_bool(env, "FORCE", op->force);
    lu_instance_env(lu, cfg_instance_get(lu_cfg(lu), op->instance_uuid), env);
    return true;
}

static bool startup_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post,
                          GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_startup *op = lu_params(lu);
    lu_instance_hooks_nodes(lu, cfg_instance_get(lu_cfg(lu), op->instance_uuid), pre, post);
    return true;
}

LU(instance_startup, .own_size = sizeof(struct startup_own), .clear = startup_clear,
   .check_arguments = startup_arguments, .expand_names = startup_names,
   .check_prereq = startup_prereq, .exec = startup_exec, .hooks_env = startup_env,
   .hooks_nodes = startup_nodes)

/* --- OP_INSTANCE_SHUTDOWN -----------------------------------------------------------------------
 */
struct shutdown_own {
    bool primary_offline;
};

static bool shutdown_arguments(struct lu *lu, GError **errp G_GNUC_UNUSED)
{
    struct op_instance_shutdown *op = lu_params(lu);
    if (op->no_remember && op->has.admin_state_source) {
        lu_warn(lu, "'admin_state_source' has no effect together with 'no_remember'");
    }
    if (!op->has.admin_state_source) {
        op->admin_state_source = ADMIN_SOURCE_ADMIN;
        op->has.admin_state_source = true;
    }
    return true;
}

static bool shutdown_names(struct lu *lu, GError **errp)
{
    struct op_instance_shutdown *op = lu_params(lu);
    return lu_lock_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) != NULL;
}

static bool check_user_down(struct lu *lu, const struct instance *instance, GError **errp)
{
    CLEANUP(json_unrefp) struct json *info = NULL;
    if (!lu_instance_info(lu, instance, true, &info, errp)) {
        return false;
    }
    return lu_info_is_user_down(lu, instance, info) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_NONE, "Instance %s was not shut down by its user",
                    instance->name);
}

static bool shutdown_prereq(struct lu *lu, GError **errp)
{
    const struct op_instance_shutdown *op = lu_params(lu);
    struct shutdown_own *own = lu->own;
    const struct instance *instance =
        lu_locked_instance(lu, op->instance_uuid, op->instance_name, errp);
    if (instance == NULL) {
        return false;
    }
    if (op->force) {
        lu_warn(lu, "Whether the instance is put away (offline) is not checked");
    } else if (!lu_check_state(lu, instance, LU_STATE_ONLINE, not_offline, errp)) {
        return false;
    }
    return check_primary(lu, instance, op->ignore_offline_nodes, &own->primary_offline, errp) &&
           (op->admin_state_source != ADMIN_SOURCE_USER || check_user_down(lu, instance, errp));
}

static bool shutdown_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_instance_shutdown *op = lu_params(lu);
    const struct shutdown_own *own = lu->own;
    const struct instance *instance = cfg_instance_get(lu_cfg(lu), op->instance_uuid);
    /* One that is put away stays so. */
    if (!op->no_remember && instance->admin_state != ADMIN_OFFLINE &&
        !lu_instance_record(lu, op->instance_uuid, &down, &op->admin_state_source, NULL, errp)) {
        return false;
    }
    if (own->primary_offline) {
        lu_info(lu, "The primary node is offline: the instance is only marked as stopped");
        return true;
    }
    return stop(lu, op->instance_uuid, op->timeout, errp);
}

static bool shutdown_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_shutdown *op = lu_params(lu);
    hooks_env_set_int(env, "TIMEOUT", op->timeout);
    lu_instance_env(lu, cfg_instance_get(lu_cfg(lu), op->instance_uuid), env);
    return true;
}

static bool shutdown_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post,
                           GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_shutdown *op = lu_params(lu);
    lu_instance_hooks_nodes(lu, cfg_instance_get(lu_cfg(lu), op->instance_uuid), pre, post);
    return true;
}

LU(instance_shutdown, .own_size = sizeof(struct shutdown_own),
   .check_arguments = shutdown_arguments, .expand_names = shutdown_names,
   .check_prereq = shutdown_prereq, .exec = shutdown_exec, .hooks_env = shutdown_env,
   .hooks_nodes = shutdown_nodes)

/* --- OP_INSTANCE_REBOOT -------------------------------------------------------------------------
 */
static bool reboot_names(struct lu *lu, GError **errp)
{
    struct op_instance_reboot *op = lu_params(lu);
    return lu_lock_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) != NULL;
}

static bool reboot_prereq(struct lu *lu, GError **errp)
{
    const struct op_instance_reboot *op = lu_params(lu);
    const struct instance *instance =
        lu_locked_instance(lu, op->instance_uuid, op->instance_name, errp);
    return instance != NULL && lu_check_state(lu, instance, LU_STATE_ONLINE, not_offline, errp) &&
           lu_check_node_online(lu, instance->primary_node, errp) &&
           lu_check_bridges(lu, instance, instance->primary_node, errp);
}

static bool reboot_call(struct lu *lu, const struct instance *instance, GError **errp)
{
    const struct op_instance_reboot *op = lu_params(lu);
    struct any_list reason = lu_reason(lu);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, instance->primary_node,
                     LU_CALL(instance_reboot, .inst = {.instance = instance},
                             .reboot_type = (char *)fact_enum_reboot_type.words[op->reboot_type],
                             .shutdown_timeout = op->shutdown_timeout, .reason = reason));
    fact_clear(&type_any_list, &reason);
    return lu_answer_check(answer, errp, "Could not reboot instance %s", instance->name);
}

static bool reboot_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_instance_reboot *op = lu_params(lu);
    const char *uuid = op->instance_uuid;
    const struct instance *instance = cfg_instance_get(lu_cfg(lu), uuid);
    CLEANUP(json_unrefp) struct json *info = NULL;
    if (!lu_instance_info(lu, instance, false, &info, errp)) {
        return false;
    }
    if (info != NULL && op->reboot_type != REBOOT_FULL) {
        if (!reboot_call(lu, instance, errp)) {
            return false;
        }
    } else {
        if (info == NULL) {
            lu_info(lu, "Instance %s was stopped already, so it is only started", instance->name);
        } else if (!stop(lu, uuid, op->shutdown_timeout, errp)) {
            return false;
        }
        if (!lu_disks_start(lu, uuid, op->ignore_secondaries, errp) ||
            !lu_instance_start(lu, uuid, NULL, NULL, false, errp)) {
            return false;
        }
    }
    return lu_instance_record(lu, uuid, &up, &by_admin, &active, errp);
}

static bool reboot_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_reboot *op = lu_params(lu);
    hooks_env_set_bool(env, "IGNORE_SECONDARIES", op->ignore_secondaries);
    hooks_env_set(env, "REBOOT_TYPE", fact_enum_reboot_type.words[op->reboot_type]);
    hooks_env_set_int(env, "SHUTDOWN_TIMEOUT", op->shutdown_timeout);
    lu_instance_env(lu, cfg_instance_get(lu_cfg(lu), op->instance_uuid), env);
    return true;
}

static bool reboot_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post,
                         GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_reboot *op = lu_params(lu);
    lu_instance_hooks_nodes(lu, cfg_instance_get(lu_cfg(lu), op->instance_uuid), pre, post);
    return true;
}

LU(instance_reboot, .expand_names = reboot_names, .check_prereq = reboot_prereq,
   .exec = reboot_exec, .hooks_env = reboot_env, .hooks_nodes = reboot_nodes)
