/* OP_INSTANCE_REPLACE_DISKS: what is replaced where, and whether it can be. */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "facts/constants.h"
#include "jobs/lu/allocate.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/group-locks.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/ipolicy-fit.h"
#include "jobs/lu/names.h"
#include "jobs/lu/replace.h"
#include "jobs/lu/rpc.h"

/* --- The new node -------------------------------------------------------------------------------
 */
static bool ask_allocator(struct lu *lu, const struct instance *instance, const char *secondary,
                          GError **errp)
{
    const struct op_instance_replace_disks *op = lu_params(lu);
    struct replace *replace = lu->own;
    const struct ia_request request = {
        .mode = IALLOCATOR_MODE_RELOCATE,
        .instance_uuid = instance->uuid,
        .relocate_from = &secondary,
        .n_relocate_from = 1,
    };
    struct ia_answer answer = {0};
    if (!lu_allocate(lu, &request, op->iallocator, &answer, errp)) {
        return false;
    }
    const struct json *first = json_len(answer.result) > 0 ? json_at(answer.result, 0) : NULL;
    const char *name = json_kind(first) == JSON_STRING ? json_string(first) : "";
    const struct node *node = cfg_node_named(lu_cfg(lu), name);
    bool ok = node != NULL ||
              err_fail(errp, ERR_OP_PREREQ, ECODE_NOENT,
                       "Allocator %s chose node '%s', which does not exist", op->iallocator, name);
    if (ok) {
        lu_text_set(&replace->new_node, node->uuid);
        lu_info(lu, "Selected new secondary for instance '%s': %s", instance->name, node->name);
    }
    ia_answer_clear(&answer);
    return ok;
}

static bool find_new_node(struct lu *lu, const struct instance *instance, const char *secondary,
                          GError **errp)
{
    const struct op_instance_replace_disks *op = lu_params(lu);
    struct replace *replace = lu->own;
    if (op->has.iallocator) {
        if (!ask_allocator(lu, instance, secondary, errp)) {
            return false;
        }
    } else if (op->has.remote_node) {
        lu_text_set(&replace->new_node, op->remote_node_uuid);
    }
    const char *why = g_strcmp0(replace->new_node, instance->primary_node) == 0 ? "primary"
                      : g_strcmp0(replace->new_node, secondary) == 0            ? "secondary"
                                                                                : NULL;
    return why == NULL || err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                                   "Node %s is the %s node of instance %s already",
                                   replace_node_name(lu, replace->new_node), why, instance->name);
}

/* The node may take instances at all. */
static bool check_new_node(struct lu *lu, GError **errp)
{
    const struct replace *replace = lu->own;
    const struct node *node = cfg_node_get(lu_cfg(lu), replace->new_node);
    if (node == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_NOENT, "The new node has gone meanwhile");
    }
    return lu_check_node_not_drained(lu, node->uuid, errp) &&
           (node->vm_capable ||
            err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                     "Node %s cannot run instances (vm_capable is off)", node->name));
}

/* --- Which disks --------------------------------------------------------------------------------
 */
static void add_disk(struct replace *replace, int64_t index)
{
    g_array_append_val(replace->disks, index);
}

static void set_nodes(struct replace *replace, const char *target, const char *other)
{
    lu_text_set(&replace->target, target);
    lu_text_set(&replace->other, other);
}

static bool find_by_fault(struct lu *lu, const struct instance *instance, const char *secondary,
                          GError **errp)
{
    struct replace *replace = lu->own;
    if (!replace_is_active(lu, instance)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "The disks of instance %s are not all active: run 'gnt-instance "
                        "activate-disks' first",
                        instance->name);
    }
    g_autoptr(GArray) first = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GArray) second = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!lu_disks_find_faulty(lu, instance, instance->primary_node, first, errp) ||
        !lu_disks_find_faulty(lu, instance, secondary, second, errp)) {
        return false;
    }
    if (first->len > 0 && second->len > 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "Instance %s has faulty disks on both of its nodes and cannot be repaired "
                        "without a person's decision",
                        instance->name);
    }
    const GArray *faulty = first->len > 0 ? first : second;
    for (guint i = 0; i < faulty->len; i++) {
        add_disk(replace, g_array_index(faulty, int64_t, i));
    }
    if (first->len > 0) {
        set_nodes(replace, instance->primary_node, secondary);
    } else if (second->len > 0) {
        set_nodes(replace, secondary, instance->primary_node);
    }
    return true;
}

static bool find_by_name(struct lu *lu, const struct instance *instance, const char *secondary,
                         GError **errp)
{
    const struct op_instance_replace_disks *op = lu_params(lu);
    struct replace *replace = lu->own;
    bool primary = op->mode == REPLACE_DISKS_REPLACE_ON_PRIMARY;
    set_nodes(replace, primary ? instance->primary_node : secondary,
              primary ? secondary : instance->primary_node);
    if (op->mode == REPLACE_DISKS_REPLACE_NEW_SECONDARY) {
        const struct node *old = cfg_node_get(lu_cfg(lu), secondary);
        if (!check_new_node(lu, errp)) {
            return false;
        }
        if (old != NULL && old->offline && !replace->early_release) {
            replace->early_release = true;
            lu_info(lu, "Old secondary %s is offline, so its storage is given up at once",
                    old->name);
        }
    }
    for (size_t i = 0; i < op->disks.n; i++) {
        add_disk(replace, op->disks.v[i]);
    }
    for (size_t i = 0; op->disks.n == 0 && i < instance->disks.n; i++) {
        add_disk(replace, (int64_t)i);
    }
    return true;
}

static bool find_disks(struct lu *lu, const struct instance *instance, const char *secondary,
                       GError **errp)
{
    const struct op_instance_replace_disks *op = lu_params(lu);
    bool whole =
        op->mode == REPLACE_DISKS_REPLACE_AUTO || op->mode == REPLACE_DISKS_REPLACE_NEW_SECONDARY;
    if (whole && op->disks.n > 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Which disks are replaced cannot be chosen in this mode");
    }
    return (op->mode == REPLACE_DISKS_REPLACE_AUTO ? find_by_fault : find_by_name)(lu, instance,
                                                                                   secondary, errp);
}

/* --- Checks -------------------------------------------------------------------------------------
 */
/* All of the nodes but an old secondary that is left behind. */
static bool check_online(struct lu *lu, GError **errp)
{
    const struct replace *replace = lu->own;
    const char *const used[] = {replace->new_node != NULL ? replace->new_node : replace->target,
                                replace->other};
    for (size_t i = 0; i < G_N_ELEMENTS(used); i++) {
        if (used[i] != NULL && !lu_check_node_online(lu, used[i], errp)) {
            return false;
        }
    }
    return true;
}

static bool release_others(struct lu *lu, GError **errp)
{
    const struct replace *replace = lu->own;
    const char *const all[] = {replace->new_node, replace->other, replace->target};
    g_autoptr(GPtrArray) keep = g_ptr_array_new();
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        if (all[i] != NULL) {
            g_ptr_array_add(keep, (void *)all[i]);
        }
    }
    const char *const *v = (const char *const *)keep->pdata;
    return lu_release_all_but(lu, LOCK_LEVEL_NODE, v, keep->len, errp) &&
           lu_release_all_but(lu, LOCK_LEVEL_NODE_RES, v, keep->len, errp) &&
           lu_release_all_but(lu, LOCK_LEVEL_NODEGROUP, NULL, 0, errp);
}

static bool check_indices(const struct replace *replace, const struct instance *instance,
                          GError **errp)
{
    for (guint i = 0; i < replace->disks->len; i++) {
        int64_t index = g_array_index(replace->disks, int64_t, i);
        if (index < 0 || index >= (int64_t)instance->disks.n) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "Instance %s has %zu disks, and none with the number %" G_GINT64_FORMAT,
                            instance->name, instance->disks.n, (gint64)index);
        }
    }
    return true;
}

static bool check_policy(struct lu *lu, const struct instance *instance, GError **errp)
{
    const struct op_instance_replace_disks *op = lu_params(lu);
    const struct replace *replace = lu->own;
    return replace->new_node == NULL ||
           lu_check_target_ipolicy(lu, instance, cfg_node_get(lu_cfg(lu), replace->new_node),
                                   op->ignore_ipolicy, errp);
}

bool replace_prereq(struct lu *lu, GError **errp)
{
    const struct op_instance_replace_disks *op = lu_params(lu);
    struct replace *replace = lu->own;
    const struct instance *instance =
        lu_locked_instance(lu, op->instance_uuid, op->instance_name, errp);
    if (instance == NULL || !lu_check_instance_groups(lu, instance, false, errp)) {
        return false;
    }
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    struct cfg_nodes secondaries = cfg_instance_secondaries(lu_cfg(lu), instance);
    if (secondaries.n != 1) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_FAULT,
                        "Instance %s has %zu secondary nodes, where one is expected: only disks of "
                        "the template drbd can be replaced",
                        instance->name, secondaries.n);
    }
    const char *secondary = secondaries.v[0]->uuid;
    replace->early_release = op->early_release;
    replace->disks = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!find_new_node(lu, instance, secondary, errp) ||
        !find_disks(lu, instance, secondary, errp)) {
        return false;
    }
    if (disks.n == 0 || !lu_disks_all_in(disks, C_DTS_DRBD)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Instance %s has other disks than such of the template drbd: they cannot "
                        "be replaced",
                        instance->name);
    }
    return check_policy(lu, instance, errp) && check_online(lu, errp) && release_others(lu, errp) &&
           check_indices(replace, instance, errp);
}
