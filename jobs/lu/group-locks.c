/* Locking a group together with its instances. */
#include "config.h"

#include "jobs/lu/group-locks.h"

#include <string.h>

static bool has_node_in(const struct cfg *cfg, const struct instance *instance,
                        const char *group_uuid)
{
    const struct node *primary = cfg_instance_primary(cfg, instance);
    struct cfg_nodes secondaries = cfg_instance_secondaries(cfg, instance);
    bool found = primary != NULL && strcmp(primary->group, group_uuid) == 0;
    for (size_t i = 0; i < secondaries.n; i++) {
        found = found || strcmp(secondaries.v[i]->group, group_uuid) == 0;
    }
    return found;
}

GPtrArray *lu_group_instances(const struct cfg *cfg, const char *group_uuid)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        const struct instance *instance = cfg_instance_at(cfg, i);
        if (has_node_in(cfg, instance, group_uuid)) {
            g_ptr_array_add(names, g_strdup(instance->name));
        }
    }
    return names;
}

void lu_need_group_instances(struct lu *lu, const char *group_uuid)
{
    g_autoptr(GPtrArray) names = lu_group_instances(lu_cfg(lu), group_uuid);
    lu_need_many(lu, LOCK_LEVEL_INSTANCE, (const char *const *)names->pdata, names->len);
}

bool lu_check_group_instances(struct lu *lu, const char *group_uuid, GError **errp)
{
    g_autoptr(GPtrArray) names = lu_group_instances(lu_cfg(lu), group_uuid);
    g_autoptr(GPtrArray) owned = lu_owned(lu, LOCK_LEVEL_INSTANCE);
    bool same = owned->len == names->len;
    for (guint i = 0; same && i < names->len; i++) {
        same = lu_owns(lu, LOCK_LEVEL_INSTANCE, names->pdata[i]);
    }
    return same ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                    "The instances of node group %s have changed meanwhile; try again", group_uuid);
}

/* UUIDs, borrowed; some may be there twice. */
static GPtrArray *instance_groups(struct lu *lu, const struct instance *instance, bool primary_only)
{
    GPtrArray *groups = g_ptr_array_new();
    const struct node *primary = cfg_instance_primary(lu_cfg(lu), instance);
    struct cfg_nodes secondaries = cfg_instance_secondaries(lu_cfg(lu), instance);
    if (primary != NULL) {
        g_ptr_array_add(groups, primary->group);
    }
    for (size_t i = 0; !primary_only && i < secondaries.n; i++) {
        g_ptr_array_add(groups, secondaries.v[i]->group);
    }
    return groups;
}

void lu_need_instance_groups(struct lu *lu, const struct instance *instance, bool primary_only)
{
    g_autoptr(GPtrArray) groups = instance_groups(lu, instance, primary_only);
    lu_need_shared(lu, LOCK_LEVEL_NODEGROUP);
    lu_need_many(lu, LOCK_LEVEL_NODEGROUP, (const char *const *)groups->pdata, groups->len);
}

void lu_need_group_members(struct lu *lu, enum lock_level level)
{
    g_autoptr(GPtrArray) groups = lu_owned(lu, LOCK_LEVEL_NODEGROUP);
    for (guint i = 0; i < groups->len; i++) {
        const struct node_group *group = cfg_group_get(lu_cfg(lu), groups->pdata[i]);
        struct cfg_nodes nodes =
            group != NULL ? cfg_group_nodes(lu_cfg(lu), group) : (struct cfg_nodes){NULL, 0};
        for (size_t j = 0; j < nodes.n; j++) {
            lu_need(lu, level, nodes.v[j]->uuid);
        }
    }
}

bool lu_check_instance_groups(struct lu *lu, const struct instance *instance, bool primary_only,
                              GError **errp)
{
    g_autoptr(GPtrArray) groups = instance_groups(lu, instance, primary_only);
    g_autoptr(GPtrArray) owned = lu_owned(lu, LOCK_LEVEL_NODEGROUP);
    bool same = true;
    for (guint i = 0; owned->len > 0 && i < groups->len; i++) {
        same = same && lu_owns(lu, LOCK_LEVEL_NODEGROUP, groups->pdata[i]);
    }
    return same || err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                            "The node groups of instance %s have changed meanwhile; try again",
                            instance->name);
}

const struct node_group *lu_locked_group(struct lu *lu, const char *uuid, const char *name,
                                         GError **errp)
{
    const struct node_group *group = cfg_group_get(lu_cfg(lu), uuid);
    if (group == NULL) {
        err_set(errp, ERR_OP_EXEC, ECODE_NONE, "Node group '%s' has gone meanwhile", name);
    }
    return group;
}

const struct network *lu_locked_network(struct lu *lu, const char *uuid, const char *name,
                                        GError **errp)
{
    const struct network *network = cfg_network_get(lu_cfg(lu), uuid);
    if (network == NULL) {
        err_set(errp, ERR_OP_EXEC, ECODE_NONE, "Network '%s' has gone meanwhile", name);
    }
    return network;
}

static void add_once(GPtrArray *nodes, const char *uuid)
{
    if (!g_ptr_array_find_with_equal_func(nodes, uuid, g_str_equal, NULL)) {
        g_ptr_array_add(nodes, g_strdup(uuid));
    }
}

void lu_group_hooks_nodes(struct lu *lu, const char *group_uuid, GPtrArray *pre, GPtrArray *post)
{
    const struct node_group *group = cfg_group_get(lu_cfg(lu), group_uuid);
    struct cfg_nodes nodes =
        group != NULL ? cfg_group_nodes(lu_cfg(lu), group) : (struct cfg_nodes){NULL, 0};
    for (size_t i = 0; i < nodes.n; i++) {
        add_once(pre, nodes.v[i]->uuid);
        add_once(post, nodes.v[i]->uuid);
    }
}

void lu_master_hooks_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post)
{
    add_once(pre, cfg_cluster(lu_cfg(lu))->master_node);
    add_once(post, cfg_cluster(lu_cfg(lu))->master_node);
}

void lu_add_hooks_node(GPtrArray *pre, GPtrArray *post, const char *node_uuid)
{
    add_once(pre, node_uuid);
    add_once(post, node_uuid);
}
