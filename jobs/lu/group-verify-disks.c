/* OP_GROUP_VERIFY_DISKS: which instances of a group need their disks activated (reference:
 * lib/cmdlib/group.py LUGroupVerifyDisks). The watcher acts on the result. */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/names.h"
#include "jobs/lu/rpc.h"
#include "jobs/lu/verify-group.h"

struct own {
    char *group_uuid;
};

static void own_clear(void *data)
{
    struct own *own = data;
    g_free(own->group_uuid);
}

/* --- Locks --------------------------------------------------------------------------------------
 *
 * Unless it is strict, only what is free now is looked at: a long job must not hold up the watcher.
 */
static bool names(struct lu *lu, GError **errp)
{
    const struct op_group_verify_disks *op = lu_params(lu);
    struct own *own = lu->own;
    const struct node_group *group = lu_expand_group(lu, op->group_name, errp);
    if (group == NULL) {
        return false;
    }
    own->group_uuid = g_strdup(group->uuid);
    lu_need_all_shared(lu);
    lu_need_level(lu, LOCK_LEVEL_INSTANCE);
    lu_need_apart(lu, LOCK_LEVEL_NODEGROUP);
    lu_need_apart(lu, LOCK_LEVEL_NODE);
    if (!op->is_strict) {
        lu_need_opportunistic(lu, LOCK_LEVEL_INSTANCE, 0);
        lu_need_opportunistic(lu, LOCK_LEVEL_NODE, 0);
    }
    return true;
}

static void need_groups_of(struct lu *lu, const struct instance *instance)
{
    g_autoptr(GPtrArray) nodes = verify_instance_nodes(lu_cfg(lu), instance);
    for (guint i = 0; i < nodes->len; i++) {
        const struct node *node = cfg_node_get(lu_cfg(lu), nodes->pdata[i]);
        if (node != NULL) {
            lu_need(lu, LOCK_LEVEL_NODEGROUP, node->group);
        }
    }
}

static void need_instances(struct lu *lu, struct cfg_instances instances)
{
    for (size_t i = 0; i < instances.n; i++) {
        if (!cfg_instance_is_forthcoming(instances.v[i])) {
            lu_need(lu, LOCK_LEVEL_INSTANCE, instances.v[i]->name);
        }
    }
}

static bool declare(struct lu *lu, enum lock_level level, GError **errp G_GNUC_UNUSED)
{
    const struct own *own = lu->own;
    const struct cfg *cfg = lu_cfg(lu);
    const struct node_group *group = cfg_group_get(cfg, own->group_uuid);
    struct cfg_nodes members = {0};
    if (group != NULL) {
        members = cfg_group_nodes(cfg, group);
    }
    if (level == LOCK_LEVEL_NODEGROUP) {
        g_autoptr(GPtrArray) owned = lu_owned(lu, LOCK_LEVEL_INSTANCE);
        lu_need(lu, level, own->group_uuid);
        for (guint i = 0; i < owned->len; i++) {
            const struct instance *instance = cfg_instance_named(cfg, owned->pdata[i]);
            if (instance != NULL) {
                need_groups_of(lu, instance);
            }
        }
        return true;
    }
    if (level == LOCK_LEVEL_NODE) {
        lu_need_instances_nodes(lu, level, false);
    }
    for (size_t i = 0; i < members.n; i++) {
        if (level == LOCK_LEVEL_INSTANCE) {
            need_instances(lu, cfg_node_primaries(cfg, members.v[i]));
            need_instances(lu, cfg_node_secondaries(cfg, members.v[i]));
        } else if (level == LOCK_LEVEL_NODE) {
            lu_need(lu, level, members.v[i]->uuid);
        }
    }
    return true;
}

/* --- Whether the locks are those that are needed ------------------------------------------------
 */
static bool check_owned(struct lu *lu, struct cfg_instances instances, GError **errp)
{
    for (size_t i = 0; i < instances.n; i++) {
        if (!cfg_instance_is_forthcoming(instances.v[i]) &&
            !lu_owns(lu, LOCK_LEVEL_INSTANCE, instances.v[i]->name)) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                            "Instance %s came into the group while the locks were waited for. Try "
                            "again",
                            instances.v[i]->name);
        }
    }
    return true;
}

static bool check_groups(struct lu *lu, const struct instance *instance, GError **errp)
{
    g_autoptr(GPtrArray) nodes = verify_instance_nodes(lu_cfg(lu), instance);
    for (guint i = 0; i < nodes->len; i++) {
        const struct node *node = cfg_node_get(lu_cfg(lu), nodes->pdata[i]);
        if (node != NULL && !lu_owns(lu, LOCK_LEVEL_NODEGROUP, node->group)) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                            "The groups of instance %s changed while the locks were waited for. "
                            "Try again",
                            instance->name);
        }
    }
    return true;
}

static bool prereq(struct lu *lu, GError **errp)
{
    const struct op_group_verify_disks *op = lu_params(lu);
    const struct own *own = lu->own;
    const struct cfg *cfg = lu_cfg(lu);
    const struct node_group *group = cfg_group_get(cfg, own->group_uuid);
    struct cfg_nodes members = {0};
    if (group != NULL) {
        members = cfg_group_nodes(cfg, group);
    }
    for (size_t i = 0; op->is_strict && i < members.n; i++) {
        if (!check_owned(lu, cfg_node_primaries(cfg, members.v[i]), errp) ||
            !check_owned(lu, cfg_node_secondaries(cfg, members.v[i]), errp)) {
            return false;
        }
    }
    g_autoptr(GPtrArray) owned = lu_owned(lu, LOCK_LEVEL_INSTANCE);
    for (guint i = 0; i < owned->len; i++) {
        const struct instance *instance = cfg_instance_named(cfg, owned->pdata[i]);
        if (instance != NULL && !check_groups(lu, instance, errp)) {
            return false;
        }
    }
    return true;
}

/* --- Looking ------------------------------------------------------------------------------------
 */
struct findings {
    struct lu *lu;
    GPtrArray *instances; /* struct instance whose locks are held, with active disks; borrowed */
    GPtrArray *failed;    /* pairs of node UUID and what is wrong; owned texts */
    GHashTable *inactive; /* names; borrowed */
    GHashTable *missing;  /* name to an array of pairs of node UUID and volume; owned texts */
};

static void fail_node(struct findings *findings, const struct lu_answer *answer)
{
    log_warning("disks of node %s cannot be verified: %s", answer->node_name, answer->fail_msg);
    for (guint i = 0; i < findings->failed->len; i += 2) {
        if (g_str_equal(findings->failed->pdata[i], answer->node_uuid)) {
            g_free(findings->failed->pdata[i + 1]);
            findings->failed->pdata[i + 1] = g_strdup(answer->fail_msg);
            return;
        }
    }
    g_ptr_array_add(findings->failed, g_strdup(answer->node_uuid));
    g_ptr_array_add(findings->failed, g_strdup(answer->fail_msg));
}

static void add_missing(struct findings *findings, const struct instance *instance,
                        const char *node_uuid, const char *volume)
{
    GPtrArray *pairs = g_hash_table_lookup(findings->missing, instance->name);
    if (pairs == NULL) {
        pairs = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(findings->missing, instance->name, pairs);
    }
    g_ptr_array_add(pairs, g_strdup(node_uuid));
    g_ptr_array_add(pairs, g_strdup(volume));
}

/* A volume: [size, inactive, online]. Volumes of a node that did not answer, for whatever reason,
 * count as missing, as in the reference. */
static void check_volumes(struct findings *findings, const struct instance *instance,
                          const struct lu_answers *answers)
{
    g_autoptr(GPtrArray) nodes = verify_instance_nodes(lu_cfg(findings->lu), instance);
    for (guint i = 0; i < nodes->len; i++) {
        const struct json *told = verify_payload(answers, nodes->pdata[i]);
        g_autoptr(GPtrArray) volumes =
            verify_instance_volumes(lu_cfg(findings->lu), instance, nodes->pdata[i]);
        for (guint j = 0; j < volumes->len; j++) {
            const struct json *row = told != NULL ? json_get(told, volumes->pdata[j]) : NULL;
            if (json_kind(row) != JSON_ARRAY || json_len(row) != 3 ||
                json_kind(json_at(row, 2)) != JSON_BOOL) {
                add_missing(findings, instance, nodes->pdata[i], volumes->pdata[j]);
            } else if (!json_boolean(json_at(row, 2))) {
                g_hash_table_add(findings->inactive, instance->name);
            }
        }
    }
}

static bool any_has_volumes(const struct findings *findings)
{
    const struct cfg *cfg = lu_cfg(findings->lu);
    for (guint i = 0; i < findings->instances->len; i++) {
        struct cfg_disks disks = cfg_instance_disks(cfg, findings->instances->pdata[i]);
        for (size_t j = 0; j < disks.n; j++) {
            if (const_has(C_DTS_LVM, (int)disks.v[j]->dev_type)) {
                return true;
            }
        }
    }
    return false;
}

static void verify_volumes(struct findings *findings)
{
    const struct cfg *cfg = lu_cfg(findings->lu);
    g_autoptr(GPtrArray) owned = lu_owned(findings->lu, LOCK_LEVEL_NODE);
    g_autoptr(GPtrArray) asked = g_ptr_array_new();
    if (!any_has_volumes(findings)) {
        return;
    }
    for (guint i = 0; i < owned->len; i++) {
        const struct node *node = cfg_node_get(cfg, owned->pdata[i]);
        if (node != NULL && node->vm_capable) {
            g_ptr_array_add(asked, owned->pdata[i]);
        }
    }
    g_ptr_array_sort(asked, text_nice_compare_slots);
    CLEANUP(json_unrefp) struct json *all_groups = json_new_array();
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers = lu_call_nodes(findings->lu, (const char *const *)asked->pdata,
                                               asked->len, LU_CALL(lv_list, .vg_name = all_groups));
    for (size_t i = 0; i < answers->n; i++) {
        if (answers->v[i].fail_msg != NULL && !answers->v[i].offline) {
            fail_node(findings, &answers->v[i]);
        }
    }
    for (guint i = 0; i < findings->instances->len; i++) {
        check_volumes(findings, findings->instances->pdata[i], answers);
    }
}

/* The DRBD instances of a node: all disks of each, as the node expects them. */
static void verify_drbd_of(struct findings *findings, const char *node_uuid, const GArray *disks)
{
    const struct cfg *cfg = lu_cfg(findings->lu);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        findings->lu, node_uuid,
        LU_CALL(drbd_needs_activation,
                .disks = {(const struct lu_arg_disk *)(void *)disks->data, disks->len}));
    if (answer->fail_msg != NULL) {
        fail_node(findings, answer);
        return;
    }
    for (size_t i = 0; json_kind(answer->payload) == JSON_ARRAY && i < json_len(answer->payload);
         i++) {
        const struct json *uuid = json_at(answer->payload, i);
        const struct disk *disk =
            json_kind(uuid) == JSON_STRING ? cfg_disk_get(cfg, json_string(uuid)) : NULL;
        const struct instance *instance = disk != NULL ? cfg_disk_instance(cfg, disk) : NULL;
        if (instance != NULL && lu_owns(findings->lu, LOCK_LEVEL_INSTANCE, instance->name)) {
            g_hash_table_add(findings->inactive, instance->name);
        }
    }
}

static void add_disks(struct findings *findings, const struct instance *instance,
                      GHashTable *by_node, GPtrArray *order)
{
    const struct cfg *cfg = lu_cfg(findings->lu);
    struct cfg_disks own = cfg_instance_disks(cfg, instance);
    g_autoptr(GPtrArray) nodes = verify_instance_nodes(cfg, instance);
    for (guint i = 0; i < nodes->len; i++) {
        if (!lu_owns(findings->lu, LOCK_LEVEL_NODE, nodes->pdata[i])) {
            log_info("node %s is not locked: its disks are not verified", (char *)nodes->pdata[i]);
            continue;
        }
        GArray *disks = g_hash_table_lookup(by_node, nodes->pdata[i]);
        if (disks == NULL) {
            disks = g_array_new(FALSE, FALSE, sizeof(struct lu_arg_disk));
            g_hash_table_insert(by_node, nodes->pdata[i], disks);
            g_ptr_array_add(order, nodes->pdata[i]);
        }
        for (size_t j = 0; j < own.n; j++) {
            const struct lu_arg_disk one = {.disk = own.v[j], .instance = instance};
            g_array_append_val(disks, one);
        }
    }
}

static void verify_drbd(struct findings *findings)
{
    g_autoptr(GHashTable) by_node =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_array_unref);
    g_autoptr(GPtrArray) order = g_ptr_array_new();
    for (guint i = 0; i < findings->instances->len; i++) {
        const struct instance *instance = findings->instances->pdata[i];
        if (verify_has_mirror(lu_cfg(findings->lu), instance)) {
            add_disks(findings, instance, by_node, order);
        }
    }
    for (guint i = 0; i < order->len; i++) {
        verify_drbd_of(findings, order->pdata[i], g_hash_table_lookup(by_node, order->pdata[i]));
    }
}

/* --- The result ---------------------------------------------------------------------------------
 */
static void write_pairs(const GPtrArray *pairs, struct json_writer *result)
{
    json_write_array_begin(result);
    for (guint i = 0; i + 1 < pairs->len; i += 2) {
        json_write_array_begin(result);
        json_write_string(result, pairs->pdata[i]);
        json_write_string(result, pairs->pdata[i + 1]);
        json_write_array_end(result);
    }
    json_write_array_end(result);
}

static void write_findings(const struct findings *findings, struct json_writer *result)
{
    json_write_array_begin(result);
    json_write_object_begin(result);
    for (guint i = 0; i + 1 < findings->failed->len; i += 2) {
        json_write_key(result, findings->failed->pdata[i]);
        json_write_string(result, findings->failed->pdata[i + 1]);
    }
    json_write_object_end(result);
    json_write_array_begin(result);
    for (guint i = 0; i < findings->instances->len; i++) {
        const struct instance *instance = findings->instances->pdata[i];
        if (g_hash_table_contains(findings->inactive, instance->name)) {
            json_write_string(result, instance->name);
        }
    }
    json_write_array_end(result);
    json_write_object_begin(result);
    for (guint i = 0; i < findings->instances->len; i++) {
        const struct instance *instance = findings->instances->pdata[i];
        const GPtrArray *pairs = g_hash_table_lookup(findings->missing, instance->name);
        if (pairs != NULL) {
            json_write_key(result, instance->name);
            write_pairs(pairs, result);
        }
    }
    json_write_object_end(result);
    json_write_array_end(result);
}

static bool exec(struct lu *lu, struct json_writer *result, GError **errp G_GNUC_UNUSED)
{
    g_autoptr(GPtrArray) instances = g_ptr_array_new(),
                         failed = g_ptr_array_new_with_free_func(g_free),
                         owned = lu_owned(lu, LOCK_LEVEL_INSTANCE);
    g_autoptr(GHashTable) inactive = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) missing =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
    struct findings findings = {lu, instances, failed, inactive, missing};
    for (guint i = 0; i < owned->len; i++) {
        const struct instance *instance = cfg_instance_named(lu_cfg(lu), owned->pdata[i]);
        if (instance != NULL && instance->disks_active) {
            g_ptr_array_add(instances, (void *)instance);
        }
    }
    verify_volumes(&findings);
    verify_drbd(&findings);
    write_findings(&findings, result);
    return true;
}

LU(group_verify_disks, .own_size = sizeof(struct own), .clear = own_clear, .expand_names = names,
   .declare_locks = declare, .check_prereq = prereq, .exec = exec)
