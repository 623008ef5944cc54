/* From what people type to objects. */
#include "config.h"

#include "jobs/lu/names.h"

#include <string.h>

#include "facts/type.h"

void lu_text_set(char **slot, const char *text)
{
    char *copy = g_strdup(text);
    g_free(*slot);
    *slot = copy;
}

void lu_list_set(void *list, const char *const *texts, size_t n)
{
    struct fact_list *slot = list;
    char **old = slot->v;
    char **copy = g_new0(char *, n);
    for (size_t i = 0; i < n; i++) {
        copy[i] = g_strdup(texts[i]);
    }
    for (size_t i = 0; i < slot->n; i++) {
        g_free(old[i]);
    }
    g_free(old);
    slot->v = copy;
    slot->n = n;
}

/* What is called so, in the case that was typed or in lower case, which is what names are in. */
static const void *find(struct lu *lu, enum cfg_kind kind, const char *name, const char *title,
                        GError **errp)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);
    const void *object = cfg_find(lu_cfg(lu), kind, name, NULL);
    if (object == NULL) {
        object = cfg_find(lu_cfg(lu), kind, lower, NULL);
    }
    if (object == NULL) {
        err_set(errp, ERR_OP_PREREQ, ECODE_NOENT, "%s '%s' is not known", title, name);
    }
    return object;
}

static bool is_expected(const char *title, const char *name, const char *uuid, const char *expected,
                        GError **errp)
{
    if (expected == NULL || strcmp(expected, uuid) == 0) {
        return true;
    }
    return err_fail(
        errp, ERR_OP_PREREQ, ECODE_NOTUNIQUE,
        "%s %s has the UUID %s now, not %s as expected: it may have been replaced since "
        "the job was submitted",
        title, name, uuid, expected);
}

const struct node *lu_expand_node(struct lu *lu, const char *name, const char *expected_uuid,
                                  GError **errp)
{
    const struct node *node = find(lu, CFG_KIND_node, name, "Node", errp);
    return node != NULL && is_expected("Node", node->name, node->uuid, expected_uuid, errp) ? node
                                                                                            : NULL;
}

const struct instance *lu_expand_instance(struct lu *lu, const char *name,
                                          const char *expected_uuid, GError **errp)
{
    const struct instance *instance = find(lu, CFG_KIND_instance, name, "Instance", errp);
    return instance != NULL &&
                   is_expected("Instance", instance->name, instance->uuid, expected_uuid, errp)
               ? instance
               : NULL;
}

const struct node_group *lu_expand_group(struct lu *lu, const char *group, GError **errp)
{
    const struct cfg *cfg = lu_cfg(lu);
    if (group == NULL) {
        if (cfg_group_count(cfg) == 1) {
            return cfg_group_at(cfg, 0);
        }
        err_set(errp, ERR_OP_PREREQ, ECODE_INVAL,
                "There is more than one node group: tell which one is meant");
        return NULL;
    }
    const struct node_group *found = cfg_group_get(cfg, group);
    if (found == NULL) {
        found = cfg_group_named(cfg, group);
    }
    if (found == NULL) {
        err_set(errp, ERR_OP_PREREQ, ECODE_NOENT, "Node group '%s' is not known", group);
    }
    return found;
}

const struct network *lu_expand_network(struct lu *lu, const char *network, GError **errp)
{
    const struct cfg *cfg = lu_cfg(lu);
    const struct network *found = cfg_network_get(cfg, network);
    if (found == NULL) {
        found = cfg_network_named(cfg, network);
    }
    if (found == NULL) {
        err_set(errp, ERR_OP_PREREQ, ECODE_NOENT, "Network '%s' is not known", network);
    }
    return found;
}

static void fill_slot(struct lu_name_slot slot, const char *name, const char *uuid)
{
    lu_text_set(slot.name, name);
    lu_text_set(slot.uuid, uuid);
    *slot.has_uuid = true;
}

const struct node *lu_expand_node_slot(struct lu *lu, struct lu_name_slot slot, GError **errp)
{
    const struct node *node = lu_expand_node(lu, *slot.name, *slot.uuid, errp);
    if (node != NULL) {
        fill_slot(slot, node->name, node->uuid);
    }
    return node;
}

static const struct instance *lock_instance(struct lu *lu, struct lu_name_slot slot,
                                            bool allow_forthcoming, GError **errp)
{
    const struct instance *instance = lu_expand_instance(lu, *slot.name, *slot.uuid, errp);
    if (instance == NULL) {
        return NULL;
    }
    if (!allow_forthcoming && cfg_instance_is_forthcoming(instance)) {
        err_set(errp, ERR_OP_PREREQ, ECODE_NONE,
                "Instance %s is forthcoming: this operation needs a real one", instance->name);
        return NULL;
    }
    fill_slot(slot, instance->name, instance->uuid);
    lu_need(lu, LOCK_LEVEL_INSTANCE, instance->name);
    return instance;
}

const struct instance *lu_lock_instance_slot(struct lu *lu, struct lu_name_slot slot, GError **errp)
{
    return lock_instance(lu, slot, false, errp);
}

const struct instance *lu_lock_any_instance_slot(struct lu *lu, struct lu_name_slot slot,
                                                 GError **errp)
{
    return lock_instance(lu, slot, true, errp);
}

GPtrArray *lu_expand_nodes(struct lu *lu, const char *const *names, size_t n, GError **errp)
{
    g_autoptr(GPtrArray) uuids = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < n; i++) {
        const struct node *node = lu_expand_node(lu, names[i], NULL, errp);
        if (node == NULL) {
            return NULL;
        }
        g_ptr_array_add(uuids, g_strdup(node->uuid));
    }
    for (size_t i = 0; n == 0 && i < cfg_node_count(lu_cfg(lu)); i++) {
        g_ptr_array_add(uuids, g_strdup(cfg_node_at(lu_cfg(lu), i)->uuid));
    }
    return g_steal_pointer(&uuids);
}

GPtrArray *lu_expand_instances(struct lu *lu, const char *const *names, size_t n, GError **errp)
{
    g_autoptr(GPtrArray) uuids = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < n; i++) {
        const struct instance *instance = lu_expand_instance(lu, names[i], NULL, errp);
        if (instance == NULL) {
            return NULL;
        }
        g_ptr_array_add(uuids, g_strdup(instance->uuid));
    }
    for (size_t i = 0; n == 0 && i < cfg_instance_count(lu_cfg(lu)); i++) {
        g_ptr_array_add(uuids, g_strdup(cfg_instance_at(lu_cfg(lu), i)->uuid));
    }
    return g_steal_pointer(&uuids);
}

static void need_nodes_of(struct lu *lu, enum lock_level level, const char *name, bool primary_only)
{
    const struct instance *instance = cfg_instance_named(lu_cfg(lu), name);
    if (instance == NULL || instance->primary_node == NULL) {
        return;
    }
    lu_need(lu, level, instance->primary_node);
    if (primary_only) {
        return;
    }
    struct cfg_nodes secondaries = cfg_instance_secondaries(lu_cfg(lu), instance);
    for (size_t i = 0; i < secondaries.n; i++) {
        lu_need(lu, level, secondaries.v[i]->uuid);
    }
}

void lu_need_instances_nodes(struct lu *lu, enum lock_level level, bool primary_only)
{
    lu_need_level(lu, level);
    g_autoptr(GPtrArray) owned = lu_owned(lu, LOCK_LEVEL_INSTANCE);
    for (guint i = 0; i < owned->len; i++) {
        need_nodes_of(lu, level, owned->pdata[i], primary_only);
    }
}
