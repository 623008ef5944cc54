/* OP_INSTANCE_SET_PARAMS (reference: lib/cmdlib/instance_set_params.py): locks, order of checks and
 * changes, what is recorded. The parts: instance-modify.h. */
#include "config.h"

#include "jobs/lu/instance-modify.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/ipolicy-fit.h"
#include "jobs/lu/metadata.h"
#include "jobs/lu/names.h"

static void clear(void *data)
{
    struct modify_own *own = data;
    fact_clear(&type_value_map, &own->hvparams);
    fact_clear(&type_value_map, &own->osparams);
    fact_clear(&type_value_map, &own->osparams_private);
    fact_object_clear(&fact_object_beparams, &own->beparams);
    fact_clear(&type_idisk_list, &own->disks);
    modify_nics_clear(own);
    modify_disks_clear(own);
    g_clear_pointer(&own->warnings, g_ptr_array_unref);
}

const struct instance *modify_instance(struct lu *lu)
{
    const struct op_instance_set_params *op = lu_params(lu);
    return cfg_instance_get(lu_cfg(lu), op->instance_uuid);
}

const struct node_group *modify_group(struct lu *lu)
{
    const struct node *primary = cfg_instance_primary(lu_cfg(lu), modify_instance(lu));
    return primary != NULL ? cfg_node_group(lu_cfg(lu), primary) : NULL;
}

struct instance modify_changed(struct lu *lu)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct modify_own *own = lu->own;
    struct instance instance = *modify_instance(lu);
    instance.hvparams = own->hvparams;
    instance.beparams = own->beparams;
    instance.osparams = own->osparams;
    instance.osparams_private = own->osparams_private;
    if (own->nics_change) {
        instance.nics = own->nics;
    }
    if (op->has.os_name) {
        instance.os = op->os_name;
    }
    return instance;
}

void modify_warn_later(struct lu *lu, char *text)
{
    struct modify_own *own = lu->own;
    if (own->warnings == NULL) {
        own->warnings = g_ptr_array_new_with_free_func(g_free);
    }
    g_ptr_array_add(own->warnings, text);
}

/* --- Arguments and locks ------------------------------------------------------------------------
 */
static bool has_some(const struct json *list)
{
    return json_kind(list) == JSON_ARRAY && json_len(list) > 0;
}

static bool expand_primary(struct lu *lu, GError **errp)
{
    struct op_instance_set_params *op = lu_params(lu);
    const struct lu_name_slot slot = {&op->pnode, &op->pnode_uuid, &op->has.pnode_uuid};
    return !op->has.pnode || lu_expand_node_slot(lu, slot, errp) != NULL;
}

static bool check_arguments(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    bool any = has_some(op->nics) || has_some(op->disks) || op->has.disk_template ||
               op->hvparams.n > 0 || op->beparams.n > 0 || op->has.os_name || op->osparams.n > 0 ||
               op->has.offline || op->has.runtime_mem || op->has.pnode ||
               op->osparams_private.n > 0 || op->has.instance_communication;
    if (!any) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "No changes are asked for");
    }
    return modify_params_arguments(lu, errp) && modify_disks_arguments(lu, errp) &&
           modify_convert_arguments(lu, errp) && modify_nics_arguments(lu, errp) &&
           expand_primary(lu, errp);
}

static bool expand_names(struct lu *lu, GError **errp)
{
    struct op_instance_set_params *op = lu_params(lu);
    lu_need_shared(lu, LOCK_LEVEL_NODEGROUP);
    lu_need_apart(lu, LOCK_LEVEL_NODEGROUP);
    lu_need_apart(lu, LOCK_LEVEL_NODE);
    if (op->has.disk_template) {
        lu_need_apart(lu, LOCK_LEVEL_NODE_RES);
    }
    return lu_lock_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) != NULL;
}

/* All nodes from which an allocator may choose the new secondary. */
static void need_groups_nodes(struct lu *lu, const GPtrArray *nodes)
{
    for (guint i = 0; i < nodes->len; i++) {
        const struct node *node = cfg_node_get(lu_cfg(lu), nodes->pdata[i]);
        const struct node_group *group = node != NULL ? cfg_node_group(lu_cfg(lu), node) : NULL;
        struct cfg_nodes members = {0};
        if (group != NULL) {
            members = cfg_group_nodes(lu_cfg(lu), group);
        }
        for (size_t j = 0; j < members.n; j++) {
            lu_need(lu, LOCK_LEVEL_NODE, members.v[j]->uuid);
        }
    }
}

static bool declare_nodes(struct lu *lu, const GPtrArray *nodes, GError **errp)
{
    struct op_instance_set_params *op = lu_params(lu);
    const struct lu_name_slot remote = {&op->remote_node, &op->remote_node_uuid,
                                        &op->has.remote_node_uuid};
    lu_need_instances_nodes(lu, LOCK_LEVEL_NODE, false);
    if (!op->has.disk_template) {
        return true;
    }
    if (op->has.remote_node) {
        if (lu_expand_node_slot(lu, remote, errp) == NULL) {
            return false;
        }
        lu_need(lu, LOCK_LEVEL_NODE, op->remote_node_uuid);
    } else if (const_has(C_DTS_INT_MIRROR, (int)op->disk_template)) {
        need_groups_nodes(lu, nodes);
    }
    return true;
}

static bool declare_locks(struct lu *lu, enum lock_level level, GError **errp)
{
    const struct instance *instance = modify_instance(lu);
    if (instance == NULL) {
        return true;
    }
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, instance);
    if (level == LOCK_LEVEL_NODE) {
        return declare_nodes(lu, nodes, errp);
    }
    if (level == LOCK_LEVEL_NODE_RES) {
        g_autoptr(GPtrArray) owned = lu_owned(lu, LOCK_LEVEL_NODE);
        lu_need_many(lu, level, (const char *const *)owned->pdata, owned->len);
    }
    for (guint i = 0; level == LOCK_LEVEL_NODEGROUP && i < nodes->len; i++) {
        const struct node *node = cfg_node_get(lu_cfg(lu), nodes->pdata[i]);
        if (node != NULL) {
            lu_need(lu, level, node->group);
        }
    }
    return true;
}

/* --- Checks -------------------------------------------------------------------------------------
 */
/* Only what does not run gets another primary node by word alone. */
static bool check_primary(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct instance *instance = modify_instance(lu);
    CLEANUP(json_unrefp) struct json *info = NULL;
    g_autoptr(GError) error = NULL;
    if (!op->has.pnode_uuid || op->force || strcmp(op->pnode_uuid, instance->primary_node) == 0) {
        return true;
    }
    if (!lu_instance_info(lu, instance, true, &info, &error)) {
        modify_warn_later(lu, g_strdup(error->message));
        return true;
    }
    return json_kind(info) != JSON_OBJECT || json_len(info) == 0 ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                    "Instance %s still runs on node %s; shut it down first, or use --force",
                    instance->name, cfg_instance_primary(lu_cfg(lu), instance)->name);
}

static bool check_offline(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    return !op->has.offline ||
           lu_check_state(lu, modify_instance(lu), LU_STATE_NOT_RUNNING,
                          op->offline ? "it must be down before it is put away (offline)"
                                      : "it must be put away before it is taken back (online)",
                          errp);
}

static bool check_ipolicy(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    struct instance new = modify_changed(lu);
    const struct node_group *group = modify_group(lu);
    struct beparams be = cfg_beparams(lu_cfg(lu), &new);
    /* Parameters that stay as they are do not count, whatever the policy says of them now. */
    bool params = op->beparams.n > 0;
    if (op->ignore_ipolicy || group == NULL) {
        return true;
    }
    size_t n;
    g_autofree struct lu_sizes_disk *disks = modify_disks_sizes(lu, &n);
    struct lu_sizes sizes = {
        .vcpus = params ? be.vcpus : -1,
        .spindles = params ? be.spindle_use : -1,
        .nics = (int64_t) new.nics.n,
        .disks = disks,
        .n_disks = n,
    };
    struct ipolicy filled = cfg_group_ipolicy(lu_cfg(lu), group);
    const int64_t memories[] = {params ? be.maxmem : -1, params ? be.minmem : -1};
    for (size_t i = 0; i < G_N_ELEMENTS(memories); i++) {
        sizes.memory = memories[i];
        g_autofree char *why = lu_ipolicy_text(lu_ipolicy_violations(&filled, &sizes));
        if (why != NULL) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "Instance %s would not fit the policy of node group %s: %s", new.name,
                            group->name, why);
        }
    }
    return true;
}

static bool check_prereq(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct instance *instance =
        lu_locked_instance(lu, op->instance_uuid, op->instance_name, errp);
    if (instance == NULL) {
        return false;
    }
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, instance);
    return check_primary(lu, errp) && modify_hotplug_check(lu, errp) &&
           modify_convert_check(lu, errp) && modify_disks_check(lu, errp) &&
           check_offline(lu, errp) && modify_params_check(lu, nodes, errp) &&
           modify_nics_check(lu, errp) && check_ipolicy(lu, errp);
}

/* --- What is recorded ---------------------------------------------------------------------------
 */
static struct instance *begin(struct lu *lu, struct cfg_txn **ret_txn, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    *ret_txn = lu_begin(lu, errp);
    if (*ret_txn == NULL) {
        return NULL;
    }
    struct instance *instance = cfg_txn_edit_instance(*ret_txn, op->instance_uuid);
    if (instance == NULL) {
        cfg_txn_abort(*ret_txn);
        err_set(errp, ERR_CONFIGURATION, ECODE_NONE, "Instance %s has gone", op->instance_name);
    }
    return instance;
}

/* Interfaces come before everything else: addresses that were reserved for them go into the pools
 * with the next change of the instance, whatever that is, and must not be there without them. */
static bool record_nics(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct modify_own *own = lu->own;
    struct cfg_txn *txn;
    if (!own->nics_change && !op->has.pnode_uuid) {
        return true;
    }
    struct instance *instance = begin(lu, &txn, errp);
    if (instance == NULL) {
        return false;
    }
    if (op->has.pnode_uuid) {
        lu_text_set(&instance->primary_node, op->pnode_uuid);
    }
    if (own->nics_change) {
        fact_clear(&type_nic_list, &instance->nics);
        fact_copy(&type_nic_list, &instance->nics, &own->nics);
        instance->has.nics = true;
    }
    return lu_commit(lu, txn, errp);
}

static void replace_map(struct value_map *map, const struct value_map *with)
{
    fact_clear(&type_value_map, map);
    fact_copy(&type_value_map, map, with);
}

static bool record_params(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct modify_own *own = lu->own;
    struct cfg_txn *txn;
    bool any = op->hvparams.n > 0 || op->beparams.n > 0 || op->osparams.n > 0 ||
               op->osparams_private.n > 0 || op->has.os_name;
    struct instance *instance = any ? begin(lu, &txn, errp) : NULL;
    if (instance == NULL) {
        return !any;
    }
    replace_map(&instance->hvparams, &own->hvparams);
    replace_map(&instance->osparams, &own->osparams);
    replace_map(&instance->osparams_private, &own->osparams_private);
    fact_object_clear(&fact_object_beparams, &instance->beparams);
    fact_object_copy_at(&fact_object_beparams, &instance->beparams, &own->beparams);
    if (op->has.os_name) {
        lu_text_set(&instance->os, op->os_name);
    }
    return lu_commit(lu, txn, errp);
}

static bool record_state(struct lu *lu, GError **errp)
{
    static const enum admin_state_source by_admin = ADMIN_SOURCE_ADMIN;
    static const bool inactive = false;
    const struct op_instance_set_params *op = lu_params(lu);
    enum admin_state state = op->offline ? ADMIN_OFFLINE : ADMIN_DOWN;
    return !op->has.offline ||
           lu_instance_record(lu, op->instance_uuid, &state, &by_admin, &inactive, errp);
}

/* --- The result: [[what, new value], ...] -------------------------------------------------------
 */
static void add_changes(struct json *out, const char *kind, const struct any_dict *given)
{
    for (size_t i = 0; i < given->n; i++) {
        lu_change_add(out, json_ref(given->v[i].value), "%s/%s", kind, given->v[i].key);
    }
}

static void append_all(struct json *out, const struct json *list)
{
    for (size_t i = 0; i < json_len(list); i++) {
        json_append(out, json_ref(json_at(list, i)));
    }
}

static void write_result(struct lu *lu, struct json_writer *w)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct modify_own *own = lu->own;
    CLEANUP(json_unrefp) struct json *out = json_new_array();
    if (op->has.runtime_mem) {
        lu_change_add(out, json_new_int(op->runtime_mem), "runtime_memory");
    }
    append_all(out, own->disk_changes);
    if (op->has.disk_template) {
        const char *word = fact_enum_disk_template.words[op->disk_template];
        lu_change_add(out, json_new_string(word), "disk_template");
    }
    append_all(out, own->nic_changes);
    add_changes(out, "hv", &op->hvparams);
    add_changes(out, "be", &op->beparams);
    add_changes(out, "os", &op->osparams);
    for (size_t i = 0; i < op->osparams_private.n; i++) {
        const char *key = op->osparams_private.v[i].key;
        g_autofree char *hidden = g_strdup_printf("Private(?, descr='%s')", key);
        lu_change_add(out, json_new_string(hidden), "os_private/%s", key);
    }
    if (op->has.offline) {
        const char *word = fact_enum_admin_state.words[op->offline ? ADMIN_OFFLINE : ADMIN_DOWN];
        lu_change_add(out, json_new_string(word), "admin_state");
    }
    json_write_value(w, out);
}

static bool exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct modify_own *own = lu->own;
    for (guint i = 0; own->warnings != NULL && i < own->warnings->len; i++) {
        lu_log(lu, "WARNING: %s", (const char *)own->warnings->pdata[i]);
    }
    modify_nics_plug(lu);
    if (!record_nics(lu, errp) || !modify_memory_apply(lu, errp) || !modify_disks_apply(lu, errp) ||
        !modify_convert_apply(lu, errp) ||
        !lu_release_all_but(lu, LOCK_LEVEL_NODE, NULL, 0, errp) ||
        !lu_release_all_but(lu, LOCK_LEVEL_NODE_RES, NULL, 0, errp) || !record_params(lu, errp) ||
        !record_state(lu, errp)) {
        return false;
    }
    lu_tell_metadata(lu, modify_instance(lu), NULL, NULL, NULL);
    write_result(lu, result);
    return true;
}

static bool hooks_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_set_params *op = lu_params(lu);
    struct instance new = modify_changed(lu);
    if (op->has.disk_template) {
        hooks_env_set(env, "NEW_DISK_TEMPLATE", fact_enum_disk_template.words[op->disk_template]);
    }
    if (op->has.runtime_mem) {
        hooks_env_set_int(env, "RUNTIME_MEMORY", op->runtime_mem);
    }
    lu_instance_env(lu, &new, env);
    return true;
}

static bool hooks_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post, GError **errp G_GNUC_UNUSED)
{
    lu_instance_hooks_nodes(lu, modify_instance(lu), pre, post);
    return true;
}

LU(instance_set_params, .own_size = sizeof(struct modify_own), .clear = clear,
   .check_arguments = check_arguments, .expand_names = expand_names, .declare_locks = declare_locks,
   .check_prereq = check_prereq, .exec = exec, .hooks_env = hooks_env, .hooks_nodes = hooks_nodes)
