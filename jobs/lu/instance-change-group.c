/* An instance moves to another node group, by jobs (reference: lib/cmdlib/instance.py
 * LUInstanceChangeGroup). */
#include "config.h"

#include <string.h>

#include "facts/codec.h"
#include "jobs/lu/allocate.h"
#include "jobs/lu/evacuate-jobs.h"
#include "jobs/lu/group-locks.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/names.h"

struct own {
    GPtrArray *targets; /* UUIDs; those asked for, or all that come into question */
    size_t n_asked;
};

static void clear(void *data)
{
    struct own *own = data;
    g_clear_pointer(&own->targets, g_ptr_array_unref);
}

static const struct instance *instance_of(struct lu *lu)
{
    const struct op_instance_change_group *op = lu_params(lu);
    return cfg_instance_get(lu_cfg(lu), op->instance_uuid);
}

/* UUIDs of the groups of its nodes, each once; borrowed from the snapshot. */
static GPtrArray *own_groups(struct lu *lu)
{
    GPtrArray *groups = g_ptr_array_new();
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, instance_of(lu));
    for (guint i = 0; i < nodes->len; i++) {
        const struct node *node = cfg_node_get(lu_cfg(lu), nodes->pdata[i]);
        if (node != NULL &&
            !g_ptr_array_find_with_equal_func(groups, node->group, g_str_equal, NULL)) {
            g_ptr_array_add(groups, node->group);
        }
    }
    return groups;
}

static bool expand_names(struct lu *lu, GError **errp)
{
    struct op_instance_change_group *op = lu_params(lu);
    struct own *own = lu->own;
    own->targets = g_ptr_array_new_with_free_func(g_free);
    if (lu_lock_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) == NULL) {
        return false;
    }
    for (size_t i = 0; i < op->target_groups.n; i++) {
        const struct node_group *group = lu_expand_group(lu, op->target_groups.v[i], errp);
        if (group == NULL) {
            return false;
        }
        g_ptr_array_add(own->targets, g_strdup(group->uuid));
    }
    own->n_asked = own->targets->len;
    lu_need_all_shared(lu);
    lu_need_apart(lu, LOCK_LEVEL_NODEGROUP);
    lu_need_apart(lu, LOCK_LEVEL_NODE);
    return lu_allocator(lu, &op->iallocator, &op->has.iallocator, errp);
}

static void need_groups(struct lu *lu, const struct own *own)
{
    g_autoptr(GPtrArray) groups = own_groups(lu);
    lu_need_many(lu, LOCK_LEVEL_NODEGROUP, (const char *const *)own->targets->pdata,
                 own->targets->len);
    lu_need_many(lu, LOCK_LEVEL_NODEGROUP, (const char *const *)groups->pdata, groups->len);
}

/* All nodes of the groups that are locked. */
static void need_nodes(struct lu *lu)
{
    g_autoptr(GPtrArray) groups = lu_owned(lu, LOCK_LEVEL_NODEGROUP);
    lu_need_instances_nodes(lu, LOCK_LEVEL_NODE, false);
    for (guint i = 0; i < groups->len; i++) {
        const struct node_group *group = cfg_group_get(lu_cfg(lu), groups->pdata[i]);
        struct cfg_nodes nodes = {0};
        if (group != NULL) {
            nodes = cfg_group_nodes(lu_cfg(lu), group);
        }
        for (size_t j = 0; j < nodes.n; j++) {
            lu_need(lu, LOCK_LEVEL_NODE, nodes.v[j]->uuid);
        }
    }
}

static bool declare_locks(struct lu *lu, enum lock_level level, GError **errp G_GNUC_UNUSED)
{
    const struct own *own = lu->own;
    if (level != LOCK_LEVEL_NODEGROUP && level != LOCK_LEVEL_NODE) {
        return true;
    }
    if (own->n_asked == 0) {
        lu_need_all(lu, level); /* all groups come into question */
    } else if (level == LOCK_LEVEL_NODEGROUP) {
        need_groups(lu, own);
    } else {
        need_nodes(lu);
    }
    return true;
}

static bool check_locks(struct lu *lu, const GPtrArray *groups, GError **errp)
{
    const struct op_instance_change_group *op = lu_params(lu);
    for (guint i = 0; i < groups->len; i++) {
        if (!lu_owns(lu, LOCK_LEVEL_NODEGROUP, groups->pdata[i])) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                            "The node groups of instance %s have changed meanwhile; try again",
                            op->instance_name);
        }
    }
    return true;
}

static bool check_targets(struct lu *lu, const GPtrArray *groups, GError **errp)
{
    const struct op_instance_change_group *op = lu_params(lu);
    const struct own *own = lu->own;
    for (guint i = 0; i < own->targets->len; i++) {
        const char *uuid = own->targets->pdata[i];
        if (g_ptr_array_find_with_equal_func((GPtrArray *)groups, uuid, g_str_equal, NULL)) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "Instance %s is in node group %s already", op->instance_name,
                            cfg_group_get(lu_cfg(lu), uuid)->name);
        }
    }
    return own->targets->len > 0 ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "There is no other node group to go to");
}

static bool check_prereq(struct lu *lu, GError **errp)
{
    const struct op_instance_change_group *op = lu_params(lu);
    struct own *own = lu->own;
    if (lu_locked_instance(lu, op->instance_uuid, op->instance_name, errp) == NULL) {
        return false;
    }
    g_autoptr(GPtrArray) groups = own_groups(lu);
    for (size_t i = 0; own->n_asked == 0 && i < cfg_group_count(lu_cfg(lu)); i++) {
        const char *uuid = cfg_group_at(lu_cfg(lu), i)->uuid;
        if (!g_ptr_array_find_with_equal_func(groups, uuid, g_str_equal, NULL)) {
            g_ptr_array_add(own->targets, g_strdup(uuid));
        }
    }
    return check_locks(lu, groups, errp) && check_targets(lu, groups, errp);
}

static bool exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_instance_change_group *op = lu_params(lu);
    const struct own *own = lu->own;
    const struct lu_evacuation how = {.early_release = op->early_release};
    const char *const names[] = {op->instance_name};
    const struct ia_request request = {.mode = IALLOCATOR_MODE_CHANGE_GROUP,
                                       .names = names,
                                       .n_names = 1,
                                       .target_groups = (const char *const *)own->targets->pdata,
                                       .n_target_groups = own->targets->len};
    lu_jobs_begin(lu);
    if (!lu_evacuation_ask(lu, &request, op->iallocator, &how, errp)) {
        return false;
    }
    lu_info(lu, "Iallocator returned %u job(s) for changing group of instance '%s'", lu->jobs->len,
            op->instance_name);
    return true;
}

static bool hooks_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct own *own = lu->own;
    hooks_env_set_words(env, "TARGET_GROUPS", (const char *const *)own->targets->pdata,
                        own->targets->len);
    lu_instance_env(lu, instance_of(lu), env);
    return true;
}

static bool hooks_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post, GError **errp G_GNUC_UNUSED)
{
    lu_master_hooks_nodes(lu, pre, post);
    return true;
}

LU(instance_change_group, .own_size = sizeof(struct own), .clear = clear,
   .expand_names = expand_names, .declare_locks = declare_locks, .check_prereq = check_prereq,
   .exec = exec, .hooks_env = hooks_env, .hooks_nodes = hooks_nodes)
