/* OP_INSTANCE_REINSTALL: the operating system is installed again (reference:
 * lib/cmdlib/instance_operation.py LUInstanceReinstall). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/metadata.h"
#include "jobs/lu/names.h"
#include "jobs/lu/node-check.h"
#include "jobs/lu/params.h"
#include "jobs/lu/rpc.h"

/* What the scripts get, and what of it is recorded. */
struct own {
    struct value_map public, private, secret;
    struct value_map filled; /* with what the cluster has for the operating system */
};

static void clear(void *data)
{
    struct own *own = data;
    fact_clear(&type_value_map, &own->public);
    fact_clear(&type_value_map, &own->private);
    fact_clear(&type_value_map, &own->secret);
    fact_clear(&type_value_map, &own->filled);
}

static const struct instance *instance_of(struct lu *lu)
{
    const struct op_instance_reinstall *op = lu_params(lu);
    return cfg_instance_get(lu_cfg(lu), op->instance_uuid);
}

static bool check_arguments(struct lu *lu, GError **errp)
{
    const struct op_instance_reinstall *op = lu_params(lu);
    return lu_check_no_image(&op->osparams, errp);
}

static bool expand_names(struct lu *lu, GError **errp)
{
    struct op_instance_reinstall *op = lu_params(lu);
    return lu_lock_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) != NULL;
}

/* --- Parameters ---------------------------------------------------------------------------------
 */
/* One parameter given over those that the instance has; "default" takes one away (common.py
 * GetUpdatedParams). */
static void update(struct value_map *map, const char *name, struct json *value)
{
    if (lu_value_is_default(value)) {
        fact_dict_remove(&type_value_map, map, name);
    } else {
        (void)fact_value_set(fact_dict_add(&type_value_map, map, name), value);
    }
}

static void find_params(struct lu *lu, const struct instance *instance)
{
    const struct op_instance_reinstall *op = lu_params(lu);
    struct own *own = lu->own;
    struct instance with = *instance;
    lu_map_merge(&own->public, &instance->osparams);
    lu_map_merge(&own->private, &instance->osparams_private);
    for (size_t i = 0; i < op->osparams.n; i++) {
        update(&own->public, op->osparams.v[i].key, op->osparams.v[i].value);
    }
    for (size_t i = 0; i < op->osparams_private.n; i++) {
        update(&own->private, op->osparams_private.v[i].key, op->osparams_private.v[i].value);
    }
    for (size_t i = 0; i < op->osparams_secret.n; i++) {
        const char *name = op->osparams_secret.v[i].key;
        (void)fact_value_set(fact_dict_add(&type_value_map, &own->secret, name),
                             op->osparams_secret.v[i].value);
    }
    with.osparams = own->public;
    if (op->has.os_type) {
        with.os = op->os_type;
    }
    struct value_map filled = cfg_osparams(lu_cfg(lu), &with, 0);
    lu_map_merge(&own->filled, &filled);
    lu_map_merge(&own->filled, &own->private);
    lu_map_merge(&own->filled, &own->secret);
    cfg_filled_free(&filled);
}

static bool check_prereq(struct lu *lu, GError **errp)
{
    const struct op_instance_reinstall *op = lu_params(lu);
    const struct own *own = lu->own;
    const struct instance *instance =
        lu_locked_instance(lu, op->instance_uuid, op->instance_name, errp);
    if (instance == NULL || !lu_check_node_online(lu, instance->primary_node, errp)) {
        return false;
    }
    if (instance->disks.n == 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Instance %s has no disks to install anything on", instance->name);
    }
    if (!lu_check_state(lu, instance, LU_STATE_DOWN, "it cannot be reinstalled", errp)) {
        return false;
    }
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, instance);
    find_params(lu, instance);
    return lu_check_os(lu, (const char *const *)nodes->pdata, nodes->len,
                       op->has.os_type ? op->os_type : instance->os, &own->filled,
                       op->force_variant, errp);
}

/* --- What is done -------------------------------------------------------------------------------
 */
static void replace_map(struct value_map *map, const struct value_map *with)
{
    fact_clear(&type_value_map, map);
    fact_copy(&type_value_map, map, with);
}

/* Operating system and parameters, in one change. */
static bool record(struct lu *lu, GError **errp)
{
    const struct op_instance_reinstall *op = lu_params(lu);
    const struct own *own = lu->own;
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    struct instance *instance = cfg_txn_edit_instance(txn, op->instance_uuid);
    if (instance == NULL) {
        cfg_txn_abort(txn);
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE, "Instance %s has gone meanwhile",
                        op->instance_name);
    }
    if (op->has.os_type) {
        lu_text_set(&instance->os, op->os_type);
    }
    replace_map(&instance->osparams, &own->public);
    replace_map(&instance->osparams_private, &own->private);
    return lu_commit(lu, txn, errp);
}

static bool run_scripts(struct lu *lu, GError **errp)
{
    const struct own *own = lu->own;
    const struct instance *instance = instance_of(lu);
    lu_info(lu, "Running instance OS create scripts...");
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, instance->primary_node,
        LU_CALL(instance_os_add, .instance_osp = {.instance = instance, .osparams = &own->filled},
                .reinstall = true, .debug = lu->op->common->debug_level));
    return lu_answer_check(answer, errp, "Could not install OS for instance '%s' on node '%s'",
                           instance->name, answer->node_name);
}

static bool exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_instance_reinstall *op = lu_params(lu);
    const struct own *own = lu->own;
    const char *os = op->has.os_type ? op->os_type : instance_of(lu)->os;
    if (op->has.os_type) {
        lu_log(lu, "Changing OS scripts to '%s'...", op->os_type);
    }
    if (os == NULL || *os == '\0') {
        lu_info(lu, "The instance has no operating system, so there is nothing to install");
        return true;
    }
    if (!record(lu, errp) || !lu_disks_start_whole(lu, op->instance_uuid, errp)) {
        return false;
    }
    bool ok = run_scripts(lu, errp);
    if (ok) {
        lu_tell_metadata(lu, instance_of(lu), &own->filled, &own->private, &own->secret);
    }
    g_autoptr(GError) error = NULL;
    if (!lu_disks_shutdown(lu, op->instance_uuid, false, NULL, &error)) {
        if (ok) {
            g_propagate_error(errp, g_steal_pointer(&error));
            return false;
        }
        lu_warn(lu, "Cannot shut the disks down again: %s", error->message);
    }
    return ok;
}

static bool hooks_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    lu_instance_env(lu, instance_of(lu), env);
    return true;
}

static bool hooks_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post, GError **errp G_GNUC_UNUSED)
{
    lu_instance_hooks_nodes(lu, instance_of(lu), pre, post);
    return true;
}

LU(instance_reinstall, .own_size = sizeof(struct own), .clear = clear,
   .check_arguments = check_arguments, .expand_names = expand_names, .check_prereq = check_prereq,
   .exec = exec, .hooks_env = hooks_env, .hooks_nodes = hooks_nodes)
