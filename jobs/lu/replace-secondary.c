/* OP_INSTANCE_REPLACE_DISKS with a new secondary node (reference:
 * TLReplaceDisks._ExecDrbd8Secondary). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/disk.h"
#include "facts/codec.h"
#include "jobs/lu/disk-make.h"
#include "jobs/lu/disk-place.h"
#include "jobs/lu/replace.h"
#include "jobs/lu/rpc-encode.h"
#include "jobs/lu/rpc.h"

/* The instance as it was, whatever is recorded meanwhile. */
struct work {
    const struct cfg *cfg;
    const struct instance *instance;
    struct cfg_disks disks;
    GArray *minors; /* on the new node, int64_t, one for each disk */
};

/* --- The new ends -------------------------------------------------------------------------------
 */
static bool allocate_minors(struct lu *lu, const struct work *work, GError **errp)
{
    const struct replace *replace = lu->own;
    const char *const nodes[] = {replace->new_node};
    for (size_t i = 0; i < work->disks.n; i++) {
        int64_t minor;
        if (!lu_allocate_minors(lu, work->disks.v[i]->uuid, nodes, 1, &minor, errp)) {
            return false;
        }
        g_array_append_val(work->minors, minor);
    }
    return true;
}

static void release_minors(struct lu *lu, const struct work *work)
{
    for (size_t i = 0; i < work->disks.n; i++) {
        lu_release_minors(lu, work->disks.v[i]->uuid);
    }
}

/* Gives a disk its new secondary node. */
static bool move_disk(struct lu *lu, const struct work *work, size_t index, struct disk *disk)
{
    const struct replace *replace = lu->own;
    const char *primary = work->instance->primary_node;
    struct cfg_drbd drbd;
    if (!cfg_disk_drbd(disk, &drbd)) {
        return false;
    }
    bool is_a = strcmp(drbd.node_a, primary) == 0;
    return lu_disk_set_ends(
        disk, (struct lu_disk_end){primary, is_a ? drbd.minor_a : drbd.minor_b},
        (struct lu_disk_end){replace->new_node, g_array_index(work->minors, int64_t, index)});
}

/* All disks in one change. */
static bool record(struct lu *lu, const struct work *work, GError **errp)
{
    const struct replace *replace = lu->own;
    const char *const nodes[] = {work->instance->primary_node, replace->new_node};
    lu_info(lu, "Updating instance configuration");
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    bool ok = cfg_txn_edit_instance(txn, work->instance->uuid) != NULL;
    for (size_t i = 0; ok && i < work->disks.n; i++) {
        struct disk *disk = cfg_txn_edit_disk(txn, work->disks.v[i]->uuid);
        ok = disk != NULL && move_disk(lu, work, i, disk);
        if (ok) {
            lu_disk_set_nodes(disk, nodes, G_N_ELEMENTS(nodes));
        }
    }
    if (!ok) {
        cfg_txn_abort(txn);
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE,
                        "Instance %s or one of its disks has gone meanwhile", work->instance->name);
    }
    return lu_commit(lu, txn, errp);
}

/* --- New storage --------------------------------------------------------------------------------
 */
/* A volume of this name on a node that is not one of the instance's is what an attempt before left,
 * and in the way. */
static bool clear_leftover(struct lu *lu, const struct work *work, const struct disk *volume)
{
    const struct replace *replace = lu->own;
    const struct lu_arg_disk what = {.disk = volume, .instance = work->instance};
    CLEANUP(lu_answer_freep)
    struct lu_answer *found =
        lu_call_node(lu, replace->new_node, LU_CALL(blockdev_find, .disk = what));
    if (found->fail_msg != NULL || json_kind(found->payload) != JSON_OBJECT) {
        return false;
    }
    lu_warn(lu, "Node %s has a volume that an attempt before has left, which is removed",
            found->node_name);
    CLEANUP(lu_answer_freep)
    struct lu_answer *gone =
        lu_call_node(lu, replace->new_node, LU_CALL(blockdev_remove, .bdev = what));
    return lu_answer_warn(lu, gone, "Cannot remove it");
}

static bool create_volume(struct lu *lu, const struct work *work, const struct disk *volume,
                          GError **errp)
{
    const struct replace *replace = lu->own;
    g_autoptr(GError) error = NULL;
    if (lu_device_create(lu, work->instance, volume, replace->new_node, false, &error)) {
        return true;
    }
    if (clear_leftover(lu, work, volume)) {
        return lu_device_create(lu, work->instance, volume, replace->new_node, false, errp);
    }
    g_propagate_error(errp, g_steal_pointer(&error));
    return false;
}

static bool create_volumes(struct lu *lu, const struct work *work, GError **errp)
{
    const struct replace *replace = lu->own;
    bool ok = true;
    for (size_t i = 0; ok && i < work->disks.n; i++) {
        lu_info(lu, "Adding new local storage on %s for disk/%zu",
                replace_node_name(lu, replace->new_node), i);
        struct disk *annotated = lu_disk_annotated(work->cfg, work->disks.v[i], work->instance);
        for (size_t part = 0; ok && part < annotated->children.n; part++) {
            ok = create_volume(lu, work, &annotated->children.v[part], errp);
        }
        fact_object_free(&fact_object_disk, annotated);
    }
    return ok;
}

/* Without a port: not connected yet. */
static bool create_mirrors(struct lu *lu, const struct work *work, GError **errp)
{
    const struct replace *replace = lu->own;
    bool ok = true;
    for (size_t i = 0; ok && i < work->disks.n; i++) {
        lu_info(lu, "activating a new drbd on %s for disk/%zu",
                replace_node_name(lu, replace->new_node), i);
        struct disk *annotated = lu_disk_annotated(work->cfg, work->disks.v[i], work->instance);
        ok = move_disk(lu, work, i, annotated);
        if (ok) {
            lu_disk_set_alone(annotated);
            ok = lu_device_create(lu, work->instance, annotated, replace->new_node, false, errp);
        } else {
            err_set(errp, ERR_OP_EXEC, ECODE_NONE, "Disk %zu is no DRBD disk", i);
        }
        fact_object_free(&fact_object_disk, annotated);
    }
    return ok;
}

/* What was made on the new node goes again, as nothing refers to it. */
static void undo(struct lu *lu, const struct work *work)
{
    const struct replace *replace = lu->own;
    for (size_t i = 0; i < work->disks.n; i++) {
        struct disk *annotated = lu_disk_annotated(work->cfg, work->disks.v[i], work->instance);
        bool mirrors = i < work->minors->len && move_disk(lu, work, i, annotated);
        if (mirrors) {
            lu_disk_set_alone(annotated);
        }
        for (size_t part = 0; part < (mirrors ? 1 : annotated->children.n); part++) {
            const struct disk *disk = mirrors ? annotated : &annotated->children.v[part];
            CLEANUP(lu_answer_freep)
            struct lu_answer *answer = lu_call_node(
                lu, replace->new_node,
                LU_CALL(blockdev_remove, .bdev = {.disk = disk, .instance = work->instance}));
            (void)lu_answer_warn(lu, answer, "Cannot remove what was made on node %s for disk/%zu",
                                 answer->node_name, i);
        }
        fact_object_free(&fact_object_disk, annotated);
    }
    if (work->minors->len > 0) {
        release_minors(lu, work);
    }
}

/* --- Exchange -----------------------------------------------------------------------------------
 */
static void shut_down_old(struct lu *lu, const struct work *work)
{
    const struct replace *replace = lu->own;
    for (size_t i = 0; i < work->disks.n; i++) {
        lu_info(lu, "Shutting down drbd for disk/%zu on old node", i);
        CLEANUP(lu_answer_freep)
        struct lu_answer *answer =
            lu_call_node(lu, replace->target,
                         LU_CALL(blockdev_shutdown,
                                 .disk = {.disk = work->disks.v[i], .instance = work->instance}));
        if (!lu_answer_warn(lu, answer, "Failed to shut down drbd for disk/%zu on old node", i)) {
            lu_hint(lu, "clean this device up by hand as soon as possible");
        }
    }
}

static bool disconnect(struct lu *lu, const struct work *work, GError **errp)
{
    lu_info(lu, "Detaching primary drbds from the network (=> standalone)");
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, work->instance->primary_node,
        LU_CALL(drbd_disconnect_net,
                .disks = {.v = work->disks.v, .n = work->disks.n, .instance = work->instance}));
    return lu_answer_check(answer, errp, "Cannot detach the disks from the network on node %s",
                           answer->node_name);
}

static bool connect_new(struct lu *lu, GError **errp)
{
    const struct replace *replace = lu->own;
    const struct instance *instance = replace_instance(lu);
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    const char *const nodes[] = {instance->primary_node, replace->new_node};
    lu_info(lu, "Attaching primary drbds to new secondary (standalone => connected)");
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers = lu_call_nodes(
        lu, nodes, G_N_ELEMENTS(nodes),
        LU_CALL(drbd_attach_net, .disks = {.v = disks.v, .n = disks.n, .instance = instance},
                .multimaster = false));
    for (size_t i = 0; i < answers->n; i++) {
        if (!lu_answer_check(&answers->v[i], errp,
                             "Cannot connect the disks on node %s ('gnt-instance info %s' shows "
                             "their state)",
                             answers->v[i].node_name, instance->name)) {
            return false;
        }
    }
    return true;
}

static void remove_old(struct lu *lu, const struct work *work, int step)
{
    const struct replace *replace = lu->own;
    lu_step(lu, step, REPLACE_STEPS, "Removing old storage");
    for (size_t i = 0; i < work->disks.n; i++) {
        const struct disk_list *children = &work->disks.v[i]->children;
        g_autoptr(GPtrArray) volumes = g_ptr_array_new();
        for (size_t part = 0; part < children->n; part++) {
            g_ptr_array_add(volumes, &children->v[part]);
        }
        replace_remove_volumes(lu, replace->target, i, (const struct disk *const *)volumes->pdata,
                               volumes->len);
    }
}

/* --- The whole ----------------------------------------------------------------------------------
 */
/* Up to the change of the record nothing is lost if something fails. */
static bool make_new(struct lu *lu, const struct work *work, GError **errp)
{
    lu_step(lu, 3, REPLACE_STEPS, "Allocate new storage");
    if (!create_volumes(lu, work, errp)) {
        return false;
    }
    lu_step(lu, 4, REPLACE_STEPS, "Changing drbd configuration");
    if (!allocate_minors(lu, work, errp) || !create_mirrors(lu, work, errp)) {
        return false;
    }
    shut_down_old(lu, work);
    return disconnect(lu, work, errp);
}

static bool finish(struct lu *lu, const struct work *work, GError **errp)
{
    const struct replace *replace = lu->own;
    int step = 5;
    if (!lu_release_all_but(lu, LOCK_LEVEL_NODE, NULL, 0, errp) || !connect_new(lu, errp)) {
        return false;
    }
    if (replace->early_release) {
        remove_old(lu, work, step++);
        if (!lu_release_all_but(lu, LOCK_LEVEL_NODE_RES, NULL, 0, errp)) {
            return false;
        }
    }
    if (!replace_wait(lu, step++, errp)) {
        return false;
    }
    if (!replace->early_release) {
        remove_old(lu, work, step);
    }
    return true;
}

static bool replace_all(struct lu *lu, const struct work *work, GError **errp)
{
    const char *const primary[] = {work->instance->primary_node};
    lu_step(lu, 1, REPLACE_STEPS, "Check device existence");
    if (!replace_check_present(lu, primary[0], errp) || !replace_check_vg(lu, primary, 1, errp)) {
        return false;
    }
    lu_step(lu, 2, REPLACE_STEPS, "Check peer consistency");
    if (!replace_check_good(lu, primary[0], true, errp)) {
        return false;
    }
    if (!make_new(lu, work, errp)) {
        undo(lu, work);
        return false;
    }
    return record(lu, work, errp) && finish(lu, work, errp);
}

static bool replace_planned(struct lu *lu, const struct work *work, GError **errp)
{
    lu_log(lu, "Instance forthcoming, will only update the configuration");
    return allocate_minors(lu, work, errp) && record(lu, work, errp) &&
           lu_release_all_but(lu, LOCK_LEVEL_NODE, NULL, 0, errp);
}

bool replace_secondary(struct lu *lu, GError **errp)
{
    struct work work = {.cfg = cfg_ref(lu_cfg(lu)),
                        .instance = replace_instance(lu),
                        .minors = g_array_new(FALSE, FALSE, sizeof(int64_t))};
    work.disks = cfg_instance_disks(work.cfg, work.instance);
    bool ok = (cfg_instance_is_forthcoming(work.instance) ? replace_planned
                                                          : replace_all)(lu, &work, errp);
    g_array_unref(work.minors);
    cfg_unref(work.cfg);
    return ok;
}
