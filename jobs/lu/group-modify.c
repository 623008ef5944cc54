/* Node groups: their nodes, names and parameters (reference: lib/cmdlib/group.py
 * LUGroupAssignNodes, LUGroupSetParams, LUGroupRename). */
#include "config.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "jobs/lu/draft.h"
#include "jobs/lu/group-locks.h"
#include "jobs/lu/ipolicy.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"
#include "jobs/lu/params.h"
#include "jobs/lu/state.h"

struct own {
    char *uuid;
    struct lu_draft draft; /* of the group */
};

static void own_clear(void *data)
{
    struct own *own = data;
    g_free(own->uuid);
    lu_draft_clear(&own->draft);
}

static bool need_group(struct lu *lu, const char *name, GError **errp)
{
    struct own *own = lu->own;
    const struct node_group *group = lu_expand_group(lu, name, errp);
    if (group == NULL) {
        return false;
    }
    own->uuid = g_strdup(group->uuid);
    lu_need(lu, LOCK_LEVEL_NODEGROUP, group->uuid);
    return true;
}

/* --- OP_GROUP_ASSIGN_NODES ----------------------------------------------------------------------
 */
static bool assign_names(struct lu *lu, GError **errp)
{
    struct op_group_assign_nodes *op = lu_params(lu);
    g_autoptr(GPtrArray) uuids = NULL, names = g_ptr_array_new();
    if (!need_group(lu, op->group_name, errp)) {
        return false;
    }
    uuids = lu_expand_nodes(lu, LU_TEXTS(op->nodes), errp);
    if (uuids == NULL) {
        return false;
    }
    for (guint i = 0; i < uuids->len; i++) {
        const struct node *node = cfg_node_get(lu_cfg(lu), uuids->pdata[i]);
        g_ptr_array_add(names, node->name);
        lu_need(lu, LOCK_LEVEL_NODE, node->uuid);
        lu_need(lu, LOCK_LEVEL_NODEGROUP, node->group);
    }
    lu_list_set(&op->nodes, (const char *const *)names->pdata, names->len);
    lu_list_set(&op->node_uuids, (const char *const *)uuids->pdata, uuids->len);
    op->has.node_uuids = true;
    return true;
}

/* The group of a node, after the change if `moved` names it. */
static const char *group_of(const struct node *node, GHashTable *moved, const char *target)
{
    return moved != NULL && g_hash_table_contains(moved, node->uuid) ? target : node->group;
}

/* Whether the nodes of a mirrored instance are in different groups. */
static bool is_split(const struct cfg *cfg, const struct instance *instance, GHashTable *moved,
                     const char *target)
{
    const struct node *primary = cfg_instance_primary(cfg, instance);
    struct cfg_nodes secondaries = cfg_instance_secondaries(cfg, instance);
    for (size_t i = 0; primary != NULL && i < secondaries.n; i++) {
        if (strcmp(group_of(primary, moved, target), group_of(secondaries.v[i], moved, target)) !=
            0) {
            return true;
        }
    }
    return false;
}

static void append(GString *list, const char *name)
{
    g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "", name);
}

static bool check_splits(struct lu *lu, const struct own *own, GError **errp)
{
    const struct op_group_assign_nodes *op = lu_params(lu);
    const struct cfg *cfg = lu_cfg(lu);
    g_autoptr(GHashTable) moved = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GString) fresh = g_string_new(NULL), old = g_string_new(NULL);
    for (size_t i = 0; i < op->node_uuids.n; i++) {
        g_hash_table_add(moved, op->node_uuids.v[i]);
    }
    const void *const *instances = cfg_in_order(cfg, CFG_KIND_instance);
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        const struct instance *instance = instances[i];
        if (is_split(cfg, instance, moved, own->uuid)) {
            append(is_split(cfg, instance, NULL, NULL) ? old : fresh, instance->name);
        }
    }
    if (fresh->len == 0) {
        return true;
    }
    if (!op->force) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                        "These instances would be in two groups, which only --force allows: %s",
                        fresh->str);
    }
    lu_warn(lu, "These instances will be in two groups: %s", fresh->str);
    if (old->len > 0) {
        lu_warn(lu, "These stay in two groups: %s", old->str);
    }
    return true;
}

static bool assign_prereq(struct lu *lu, GError **errp)
{
    const struct op_group_assign_nodes *op = lu_params(lu);
    const struct own *own = lu->own;
    for (size_t i = 0; i < op->node_uuids.n; i++) {
        const struct node *node = cfg_node_get(lu_cfg(lu), op->node_uuids.v[i]);
        if (node == NULL || !lu_owns(lu, LOCK_LEVEL_NODEGROUP, node->group)) {
            return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                            "Node %s has changed its group meanwhile; try again", op->nodes.v[i]);
        }
    }
    return lu_locked_group(lu, own->uuid, op->group_name, errp) != NULL &&
           check_splits(lu, own, errp);
}

/* Each node and each group in question counts the change. */
static bool assign_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_group_assign_nodes *op = lu_params(lu);
    const struct own *own = lu->own;
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    for (size_t i = 0; i < op->node_uuids.n; i++) {
        const struct node *present = cfg_txn_get(txn, CFG_KIND_node, op->node_uuids.v[i]);
        if (present != NULL && strcmp(present->group, own->uuid) != 0) {
            struct node *node = cfg_txn_edit_node(txn, op->node_uuids.v[i]);
            (void)cfg_txn_edit_group(txn, node->group);
            (void)cfg_txn_edit_group(txn, own->uuid);
            lu_text_set(&node->group, own->uuid);
        }
    }
    return lu_commit(lu, txn, errp);
}

LU(group_assign_nodes, .own_size = sizeof(struct own), .clear = own_clear,
   .expand_names = assign_names, .check_prereq = assign_prereq, .exec = assign_exec)

/* --- OP_GROUP_RENAME ----------------------------------------------------------------------------
 */
static bool rename_names(struct lu *lu, GError **errp)
{
    const struct op_group_rename *op = lu_params(lu);
    return need_group(lu, op->group_name, errp);
}

static bool rename_prereq(struct lu *lu, GError **errp)
{
    const struct op_group_rename *op = lu_params(lu);
    const struct node_group *existing = lu_expand_group(lu, op->new_name, NULL);
    return existing == NULL ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_EXISTS,
                    "There is a node group '%s' already (UUID %s)", op->new_name, existing->uuid);
}

static bool rename_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_group_rename *op = lu_params(lu);
    hooks_env_set(env, "OLD_NAME", op->group_name);
    hooks_env_set(env, "NEW_NAME", op->new_name);
    return true;
}

static bool rename_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post,
                         GError **errp G_GNUC_UNUSED)
{
    const struct own *own = lu->own;
    lu_master_hooks_nodes(lu, pre, post);
    lu_group_hooks_nodes(lu, own->uuid, pre, post);
    return true;
}

static bool rename_exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_group_rename *op = lu_params(lu);
    const struct own *own = lu->own;
    struct cfg_txn *txn = NULL;
    if (lu_locked_group(lu, own->uuid, op->group_name, errp) == NULL ||
        (txn = lu_begin(lu, errp)) == NULL) {
        return false;
    }
    lu_text_set(&cfg_txn_edit_group(txn, own->uuid)->name, op->new_name);
    json_write_string(result, op->new_name);
    return lu_commit(lu, txn, errp);
}

LU(group_rename, .own_size = sizeof(struct own), .clear = own_clear, .expand_names = rename_names,
   .check_prereq = rename_prereq, .exec = rename_exec, .hooks_env = rename_env,
   .hooks_nodes = rename_nodes)

/* --- OP_GROUP_SET_PARAMS ------------------------------------------------------------------------
 */
static bool set_arguments(struct lu *lu, GError **errp)
{
    const struct op_group_set_params *op = lu_params(lu);
    return op->has.ndparams || op->has.diskparams || op->has.alloc_policy || op->has.hv_state ||
           op->has.disk_state || op->has.ipolicy ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "There is nothing to change");
}

static bool set_names(struct lu *lu, GError **errp)
{
    const struct op_group_set_params *op = lu_params(lu);
    const struct own *own = lu->own;
    if (!need_group(lu, op->group_name, errp)) {
        return false;
    }
    lu_need_shared(lu, LOCK_LEVEL_INSTANCE);
    lu_need_group_instances(lu, own->uuid);
    return true;
}

static bool set_prereq(struct lu *lu, GError **errp)
{
    const struct op_group_set_params *op = lu_params(lu);
    struct own *own = lu->own;
    const struct node_group *group = lu_locked_group(lu, own->uuid, op->group_name, errp);
    if (group == NULL || !lu_check_group_instances(lu, own->uuid, errp)) {
        return false;
    }
    lu_draft_begin(&own->draft, &fact_object_node_group, group);
    struct node_group *copy = own->draft.draft;
    if (op->has.alloc_policy) {
        copy->alloc_policy = op->alloc_policy;
    }
    return lu_update_params(&op->ndparams, &nd_params, &fact_object_ndparams, &copy->ndparams,
                            errp) &&
           lu_update_diskparams(&op->diskparams, &copy->diskparams, errp) &&
           lu_hv_state_merge(&op->hv_state, &copy->hv_state_static, errp) &&
           lu_disk_state_merge(&op->disk_state, &copy->disk_state_static, errp) &&
           lu_ipolicy_update_group(lu_cfg(lu), &op->ipolicy, &copy->ipolicy, errp);
}

static void write_change(struct json_writer *result, const char *name, const struct fact_type *type,
                         const void *value)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_PYTHON);
    fact_encode(type, value, &w);
    json_write_array_begin(result);
    json_write_string(result, name);
    json_write_string(result, text->str);
    json_write_array_end(result);
}

static void write_changes(const struct op_group_set_params *op, const struct node_group *group,
                          struct json_writer *result)
{
    json_write_array_begin(result);
    if (op->ndparams.n > 0) {
        const struct fact_member *member = fact_object_find(&fact_object_node_group, "ndparams");
        write_change(result, "ndparams", member->spec->type, &group->ndparams);
    }
    if (op->diskparams.n > 0) {
        write_change(result, "diskparams", &type_value_map_map, &group->diskparams);
    }
    json_write_array_end(result);
}

static bool set_exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_group_set_params *op = lu_params(lu);
    struct own *own = lu->own;
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    lu_draft_apply(&own->draft, cfg_txn_edit_group(txn, own->uuid));
    write_changes(op, own->draft.draft, result);
    return lu_commit(lu, txn, errp);
}

static bool set_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_group_set_params *op = lu_params(lu);
    hooks_env_set(env, "GROUP_NAME", op->group_name);
    hooks_env_set(env, "NEW_ALLOC_POLICY",
                  op->has.alloc_policy ? fact_enum_alloc_policy.words[op->alloc_policy] : NULL);
    return true;
}

static bool set_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post, GError **errp G_GNUC_UNUSED)
{
    lu_master_hooks_nodes(lu, pre, post);
    return true;
}

LU(group_set_params, .own_size = sizeof(struct own), .clear = own_clear,
   .check_arguments = set_arguments, .expand_names = set_names, .check_prereq = set_prereq,
   .exec = set_exec, .hooks_env = set_env, .hooks_nodes = set_nodes)
