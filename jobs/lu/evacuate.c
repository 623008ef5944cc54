/* Moving instances off nodes and out of groups, by jobs (reference: lib/cmdlib/node.py
 * LUNodeEvacuate, LUNodeMigrate; lib/cmdlib/group.py LUGroupEvacuate). */
#include "config.h"

#include <string.h>

#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/allocate.h"
#include "jobs/lu/evacuate-jobs.h"
#include "jobs/lu/group-locks.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"

struct own {
    char *group_uuid;     /* group evacuate */
    GPtrArray *targets;   /* UUIDs of groups, as asked for, later all */
    GPtrArray *instances; /* names */
};

static void own_clear(void *data)
{
    struct own *own = data;
    g_free(own->group_uuid);
    g_clear_pointer(&own->targets, g_ptr_array_unref);
    g_clear_pointer(&own->instances, g_ptr_array_unref);
}

static char *join(const GPtrArray *texts)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < texts->len; i++) {
        g_string_append_printf(out, "%s%s", i > 0 ? ", " : "", (const char *)texts->pdata[i]);
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* --- OP_NODE_EVACUATE ---------------------------------------------------------------------------
 */
static bool node_arguments(struct lu *lu, GError **errp)
{
    struct op_node_evacuate *op = lu_params(lu);
    if (op->has.remote_node && op->has.iallocator) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Name an allocator or a node, not both");
    }
    if (!op->has.remote_node) {
        return lu_allocator(lu, &op->iallocator, &op->has.iallocator, errp);
    }
    return true;
}

/* Those that are to leave the node. */
static GPtrArray *leaving(struct lu *lu)
{
    const struct op_node_evacuate *op = lu_params(lu);
    const struct node *node = cfg_node_get(lu_cfg(lu), op->node_uuid);
    struct cfg_instances instances = op->mode == EVAC_MODE_PRIMARY_ONLY
                                         ? cfg_node_primaries(lu_cfg(lu), node)
                                         : cfg_node_secondaries(lu_cfg(lu), node);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < instances.n; i++) {
        g_ptr_array_add(names, g_strdup(instances.v[i]->name));
    }
    return names;
}

static bool check_remote(struct lu *lu, GError **errp)
{
    struct op_node_evacuate *op = lu_params(lu);
    const struct lu_name_slot slot = {&op->remote_node, &op->remote_node_uuid,
                                      &op->has.remote_node_uuid};
    if (lu_expand_node_slot(lu, slot, errp) == NULL) {
        return false;
    }
    if (strcmp(op->node_uuid, op->remote_node_uuid) == 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Node %s cannot be the new secondary node of what leaves it",
                        op->node_name);
    }
    return op->mode == EVAC_MODE_SECONDARY_ONLY ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "Only secondary instances can move to a node that is named");
}

/* The node, and where instances may go to: the remote node or all of the node's group. */
static GPtrArray *nodes_of(struct lu *lu)
{
    const struct op_node_evacuate *op = lu_params(lu);
    const struct node *node = cfg_node_get(lu_cfg(lu), op->node_uuid);
    const struct node_group *group = cfg_node_group(lu_cfg(lu), node);
    GPtrArray *uuids = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(uuids, g_strdup(op->node_uuid));
    if (op->has.remote_node) {
        g_ptr_array_add(uuids, g_strdup(op->remote_node_uuid));
        return uuids;
    }
    struct cfg_nodes nodes =
        group != NULL ? cfg_group_nodes(lu_cfg(lu), group) : (struct cfg_nodes){NULL, 0};
    for (size_t i = 0; i < nodes.n; i++) {
        if (nodes.v[i] != node) {
            g_ptr_array_add(uuids, g_strdup(nodes.v[i]->uuid));
        }
    }
    return uuids;
}

static bool node_names(struct lu *lu, GError **errp)
{
    struct op_node_evacuate *op = lu_params(lu);
    if (lu_expand_node_slot(lu, LU_NODE_SLOT(op), errp) == NULL ||
        (op->has.remote_node && !check_remote(lu, errp))) {
        return false;
    }
    if (op->mode == EVAC_MODE_ALL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Allocators move primary or secondary instances: say which");
    }
    g_autoptr(GPtrArray) names = leaving(lu), nodes = nodes_of(lu);
    lu_need_all_shared(lu);
    lu_need_many(lu, LOCK_LEVEL_INSTANCE, (const char *const *)names->pdata, names->len);
    lu_need_many(lu, LOCK_LEVEL_NODE, (const char *const *)nodes->pdata, nodes->len);
    for (guint i = 0; i < nodes->len; i++) {
        lu_need(lu, LOCK_LEVEL_NODEGROUP, cfg_node_get(lu_cfg(lu), nodes->pdata[i])->group);
    }
    return true;
}

static bool owns_all(struct lu *lu, enum lock_level level, const GPtrArray *names)
{
    for (guint i = 0; i < names->len; i++) {
        if (!lu_owns(lu, level, names->pdata[i])) {
            return false;
        }
    }
    return true;
}

static bool check_node_locks(struct lu *lu, const struct own *own, GError **errp)
{
    const struct op_node_evacuate *op = lu_params(lu);
    g_autoptr(GPtrArray) nodes = nodes_of(lu), groups = g_ptr_array_new();
    g_autoptr(GPtrArray) owned = lu_owned(lu, LOCK_LEVEL_INSTANCE);
    for (guint i = 0; i < nodes->len; i++) {
        g_ptr_array_add(groups, cfg_node_get(lu_cfg(lu), nodes->pdata[i])->group);
    }
    if (!owns_all(lu, LOCK_LEVEL_NODE, nodes)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "The nodes of the group of node %s have changed meanwhile; try again",
                        op->node_name);
    }
    if (!owns_all(lu, LOCK_LEVEL_NODEGROUP, groups) || owned->len != own->instances->len ||
        !owns_all(lu, LOCK_LEVEL_INSTANCE, own->instances)) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                        "The groups or instances of node %s have changed meanwhile; try again",
                        op->node_name);
    }
    return true;
}

static bool node_prereq(struct lu *lu, GError **errp)
{
    const struct op_node_evacuate *op = lu_params(lu);
    struct own *own = lu->own;
    own->instances = leaving(lu);
    if (!check_node_locks(lu, own, errp)) {
        return false;
    }
    g_autofree char *list = join(own->instances);
    lu_info(lu, "Instances that shall leave node %s: %s", op->node_name,
            own->instances->len > 0 ? list : "none");
    for (guint i = 0; op->has.remote_node && i < own->instances->len; i++) {
        const struct instance *instance = cfg_instance_named(lu_cfg(lu), own->instances->pdata[i]);
        if (g_strcmp0(instance->primary_node, op->remote_node_uuid) == 0) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "Node %s is the primary node of instance %s and cannot be its "
                            "secondary node too",
                            op->remote_node, instance->name);
        }
    }
    return true;
}

static void add_replace(struct lu *lu, const char *instance)
{
    const struct op_node_evacuate *op = lu_params(lu);
    struct opcode *job = opcode_new(OP_ID_instance_replace_disks);
    struct op_instance_replace_disks *params = job->params;
    OP_SET_TEXT(params, instance_name, instance);
    OP_SET_TEXT(params, remote_node, op->remote_node);
    OP_SET(params, mode, REPLACE_DISKS_REPLACE_NEW_SECONDARY);
    OP_SET(params, early_release, op->early_release);
    lu_jobs_add(lu, &job, 1);
}

static bool node_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_node_evacuate *op = lu_params(lu);
    const struct own *own = lu->own;
    const struct lu_evacuation how = {.early_release = op->early_release};
    const struct ia_request request = {.mode = IALLOCATOR_MODE_NODE_EVACUATE,
                                       .names = (const char *const *)own->instances->pdata,
                                       .n_names = own->instances->len,
                                       .evac_mode = op->mode,
                                       .ignore_soft_errors = op->ignore_soft_errors};
    lu_jobs_begin(lu);
    for (guint i = 0; op->has.remote_node && i < own->instances->len; i++) {
        add_replace(lu, own->instances->pdata[i]);
    }
    return own->instances->len == 0 || op->has.remote_node ||
           lu_evacuation_ask(lu, &request, op->iallocator, &how, errp);
}

LU(node_evacuate, .own_size = sizeof(struct own), .clear = own_clear,
   .check_arguments = node_arguments, .expand_names = node_names, .check_prereq = node_prereq,
   .exec = node_exec)

/* --- OP_NODE_MIGRATE ----------------------------------------------------------------------------
 */
static bool migrate_names(struct lu *lu, GError **errp)
{
    struct op_node_migrate *op = lu_params(lu);
    if (lu_expand_node_slot(lu, LU_NODE_SLOT(op), errp) == NULL) {
        return false;
    }
    lu_need_all_shared(lu);
    lu_need(lu, LOCK_LEVEL_NODE, op->node_uuid);
    return true;
}

static bool migrate_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED,
                         GError **errp G_GNUC_UNUSED)
{
    const struct op_node_migrate *op = lu_params(lu);
    const struct node *node = cfg_node_get(lu_cfg(lu), op->node_uuid);
    struct cfg_instances instances = {NULL, 0};
    lu_jobs_begin(lu);
    if (node != NULL) {
        instances = cfg_node_primaries(lu_cfg(lu), node);
    }
    for (size_t i = 0; i < instances.n; i++) {
        struct opcode *job = opcode_new(OP_ID_instance_migrate);
        struct op_instance_migrate *params = job->params;
        OP_SET_TEXT(params, instance_name, instances.v[i]->name);
        if (op->has.mode) {
            OP_SET(params, mode, op->mode);
        }
        if (op->has.live) {
            OP_SET(params, live, op->live);
        }
        OP_SET_TEXT(params, iallocator, op->iallocator);
        OP_SET_TEXT(params, target_node, op->target_node);
        OP_SET(params, allow_runtime_changes, op->allow_runtime_changes);
        OP_SET(params, ignore_ipolicy, op->ignore_ipolicy);
        lu_jobs_add(lu, &job, 1);
    }
    return true;
}

static bool migrate_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_node_migrate *op = lu_params(lu);
    hooks_env_set(env, "NODE_NAME", op->node_name);
    hooks_env_set_bool(env, "ALLOW_RUNTIME_CHANGES", op->allow_runtime_changes);
    return true;
}

static bool migrate_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post,
                          GError **errp G_GNUC_UNUSED)
{
    lu_master_hooks_nodes(lu, pre, post);
    return true;
}

LU(node_migrate, .expand_names = migrate_names, .exec = migrate_exec, .hooks_env = migrate_env,
   .hooks_nodes = migrate_nodes)

/* --- OP_GROUP_EVACUATE --------------------------------------------------------------------------
 */
static bool expand_groups(struct lu *lu, struct own *own, GError **errp)
{
    const struct op_group_evacuate *op = lu_params(lu);
    const struct node_group *group = lu_expand_group(lu, op->group_name, errp);
    if (group == NULL) {
        return false;
    }
    own->group_uuid = g_strdup(group->uuid);
    own->targets = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < op->target_groups.n; i++) {
        const struct node_group *target = lu_expand_group(lu, op->target_groups.v[i], errp);
        if (target == NULL) {
            return false;
        }
        if (target == group) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "Node group '%s' is to be left, so it cannot be a target",
                            op->group_name);
        }
        g_ptr_array_add(own->targets, g_strdup(target->uuid));
    }
    return true;
}

/* The instances' nodes, and all nodes of the groups in question. */
static void need_groups(struct lu *lu, const struct own *own, const GPtrArray *names)
{
    const struct cfg *cfg = lu_cfg(lu);
    bool all = own->targets->len == 0;
    if (all) {
        lu_need_all(lu, LOCK_LEVEL_NODEGROUP);
    } else {
        lu_need(lu, LOCK_LEVEL_NODEGROUP, own->group_uuid);
        lu_need_many(lu, LOCK_LEVEL_NODEGROUP, (const char *const *)own->targets->pdata,
                     own->targets->len);
    }
    for (guint i = 0; i < names->len; i++) {
        g_autoptr(GPtrArray) nodes =
            lu_instance_nodes(lu, cfg_instance_named(cfg, names->pdata[i]));
        for (guint j = 0; j < nodes->len; j++) {
            lu_need(lu, LOCK_LEVEL_NODE, nodes->pdata[j]);
            if (!all) {
                lu_need(lu, LOCK_LEVEL_NODEGROUP, cfg_node_get(cfg, nodes->pdata[j])->group);
            }
        }
    }
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        const struct node *node = cfg_node_at(cfg, i);
        if (all || strcmp(node->group, own->group_uuid) == 0 ||
            g_ptr_array_find_with_equal_func(own->targets, node->group, g_str_equal, NULL)) {
            lu_need(lu, LOCK_LEVEL_NODE, node->uuid);
        }
    }
}

static bool group_names(struct lu *lu, GError **errp)
{
    struct op_group_evacuate *op = lu_params(lu);
    struct own *own = lu->own;
    if (!expand_groups(lu, own, errp)) {
        return false;
    }
    if (!lu_allocator(lu, &op->iallocator, &op->has.iallocator, errp)) {
        return false;
    }
    g_autoptr(GPtrArray) names = lu_group_instances(lu_cfg(lu), own->group_uuid);
    lu_need_all_shared(lu);
    lu_need_level(lu, LOCK_LEVEL_INSTANCE);
    lu_need_group_instances(lu, own->group_uuid);
    need_groups(lu, own, names);
    return true;
}

static bool check_instance_groups(struct lu *lu, const char *name, GError **errp)
{
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, cfg_instance_named(lu_cfg(lu), name));
    for (guint i = 0; i < nodes->len; i++) {
        if (!lu_owns(lu, LOCK_LEVEL_NODE, nodes->pdata[i]) ||
            !lu_owns(lu, LOCK_LEVEL_NODEGROUP, cfg_node_get(lu_cfg(lu), nodes->pdata[i])->group)) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                            "The nodes or groups of instance %s have changed meanwhile; try again",
                            name);
        }
    }
    return true;
}

static bool group_prereq(struct lu *lu, GError **errp)
{
    const struct op_group_evacuate *op = lu_params(lu);
    struct own *own = lu->own;
    if (lu_locked_group(lu, own->group_uuid, op->group_name, errp) == NULL ||
        !lu_check_group_instances(lu, own->group_uuid, errp)) {
        return false;
    }
    own->instances = lu_owned(lu, LOCK_LEVEL_INSTANCE);
    for (guint i = 0; i < own->instances->len; i++) {
        if (!check_instance_groups(lu, own->instances->pdata[i], errp)) {
            return false;
        }
    }
    for (size_t i = 0; op->target_groups.n == 0 && i < cfg_group_count(lu_cfg(lu)); i++) {
        const struct node_group *group = cfg_group_at(lu_cfg(lu), i);
        if (strcmp(group->uuid, own->group_uuid) != 0) {
            g_ptr_array_add(own->targets, g_strdup(group->uuid));
        }
    }
    return own->targets->len > 0 ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "There is no other node group to go to");
}

static bool group_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_group_evacuate *op = lu_params(lu);
    const struct own *own = lu->own;
    const struct lu_evacuation how = {.early_release = op->early_release,
                                      .force_failover = op->force_failover,
                                      .sequential = op->sequential};
    const struct ia_request request = {.mode = IALLOCATOR_MODE_CHANGE_GROUP,
                                       .names = (const char *const *)own->instances->pdata,
                                       .n_names = own->instances->len,
                                       .target_groups = (const char *const *)own->targets->pdata,
                                       .n_target_groups = own->targets->len};
    lu_jobs_begin(lu);
    return lu_evacuation_ask(lu, &request, op->iallocator, &how, errp);
}

static bool group_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_group_evacuate *op = lu_params(lu);
    const struct own *own = lu->own;
    hooks_env_set(env, "GROUP_NAME", op->group_name);
    hooks_env_set_words(env, "TARGET_GROUPS", (const char *const *)own->targets->pdata,
                        own->targets->len);
    return true;
}

static bool group_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post, GError **errp G_GNUC_UNUSED)
{
    const struct own *own = lu->own;
    lu_master_hooks_nodes(lu, pre, post);
    lu_group_hooks_nodes(lu, own->group_uuid, pre, post);
    return true;
}

LU(group_evacuate, .own_size = sizeof(struct own), .clear = own_clear, .expand_names = group_names,
   .check_prereq = group_prereq, .exec = group_exec, .hooks_env = group_env,
   .hooks_nodes = group_nodes)
