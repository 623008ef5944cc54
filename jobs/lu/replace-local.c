/* OP_INSTANCE_REPLACE_DISKS on one node: each disk gets new volumes there, which take the names of
 * the old ones (reference: TLReplaceDisks._ExecDrbd8DiskOnly). */
#include "config.h"

#include <time.h>

#include "base/json.h"
#include "compat-config/model/disk.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/disk-make.h"
#include "jobs/lu/disk-place.h"
#include "jobs/lu/replace.h"
#include "jobs/lu/rpc-encode.h"
#include "jobs/lu/rpc.h"

enum { PARTS = 2 }; /* data and metadata */

/* One disk that is replaced. The volumes are owned, with the parameters in force. */
struct one {
    size_t index;
    const struct disk *disk; /* of the snapshot */
    struct disk *old[PARTS], *new[PARTS];
};

struct work {
    const struct cfg *cfg;
    const struct instance *instance;
    GArray *all; /* struct one */
};

static void clear_one(void *data)
{
    struct one *one = data;
    for (size_t i = 0; i < PARTS; i++) {
        fact_object_free(&fact_object_disk, one->old[i]);
        fact_object_free(&fact_object_disk, one->new[i]);
    }
}

static void clear_work(struct work *work)
{
    g_array_unref(work->all);
    cfg_unref(work->cfg);
}

static const char *name_of(const struct disk *volume)
{
    const char *vg, *lv;
    return cfg_disk_lv(volume, &vg, &lv) ? lv : "";
}

/* --- New storage --------------------------------------------------------------------------------
 */
/* Like an old volume, but for its name. */
static struct disk *new_volume(const struct disk *old, int64_t size, size_t index,
                               const char *suffix)
{
    g_autofree char *uuid = g_uuid_string_random();
    g_autofree char *name = g_strdup_printf("%s.disk%zu_%s", uuid, index, suffix);
    struct disk *volume = fact_object_copy(&fact_object_disk, old);
    lu_disk_set_name(volume, name);
    volume->size = size;
    return volume;
}

static bool prepare(struct lu *lu, struct work *work, GError **errp)
{
    struct cfg_disks disks = cfg_instance_disks(work->cfg, work->instance);
    for (size_t i = 0; i < disks.n; i++) {
        const struct disk *disk = disks.v[i];
        if (!replace_has(lu->own, i)) {
            continue;
        }
        if (disk->children.n != PARTS) {
            return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                            "Disk %zu of instance %s is not made of data and metadata", i,
                            work->instance->name);
        }
        struct disk *annotated = lu_disk_annotated(work->cfg, disk, work->instance);
        struct one one = {.index = i, .disk = disk};
        for (size_t part = 0; part < PARTS; part++) {
            const struct disk *child = &annotated->children.v[part];
            one.old[part] = fact_object_copy(&fact_object_disk, child);
            one.new[part] = new_volume(child, part == 0 ? disk->size : C_DRBD_META_SIZE, i,
                                       part == 0 ? "data" : "meta");
        }
        fact_object_free(&fact_object_disk, annotated);
        g_array_append_val(work->all, one);
    }
    return true;
}

/* What was made is gone again, or warned of. */
static void remove_new(struct lu *lu, const struct work *work, const struct disk *volume)
{
    const struct replace *replace = lu->own;
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, replace->target,
        LU_CALL(blockdev_remove, .bdev = {.disk = volume, .instance = work->instance}));
    if (!lu_answer_warn(lu, answer, "Cannot remove the new volume %s on node %s", name_of(volume),
                        answer->node_name)) {
        lu_hint(lu, "remove unused volumes by hand");
    }
}

static bool create(struct lu *lu, const struct work *work, GError **errp)
{
    const struct replace *replace = lu->own;
    for (guint i = 0; i < work->all->len; i++) {
        const struct one *one = &g_array_index(work->all, struct one, i);
        lu_info(lu, "Adding storage on %s for disk/%zu", replace_node_name(lu, replace->target),
                one->index);
        for (size_t part = 0; part < PARTS; part++) {
            if (lu_device_create(lu, work->instance, one->new[part], replace->target, false,
                                 errp)) {
                continue;
            }
            /* Nothing is changed yet: nothing shall stay. */
            for (guint made = 0; made < PARTS * i + part; made++) {
                const struct one *before = &g_array_index(work->all, struct one, made / PARTS);
                remove_new(lu, work, before->new[made % PARTS]);
            }
            return false;
        }
    }
    return true;
}

/* --- Exchange -----------------------------------------------------------------------------------
 */
static struct json *id_of(const struct disk *volume, const char *name)
{
    const char *vg = "", *lv;
    struct json *id = json_new_array();
    (void)cfg_disk_lv(volume, &vg, &lv);
    json_append(id, json_new_string(vg));
    json_append(id, json_new_string(name));
    return id;
}

static bool detach(struct lu *lu, const struct work *work, const struct one *one, GError **errp)
{
    const struct replace *replace = lu->own;
    lu_info(lu, "Detaching %s drbd from local storage", one->disk->iv_name);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, replace->target,
        LU_CALL(blockdev_removechildren, .bdev = {.disk = one->disk, .instance = work->instance},
                .ndevs = {.v = (const struct disk *const *)one->old,
                          .n = PARTS,
                          .instance = work->instance}));
    return lu_answer_check(answer, errp, "Cannot detach %s from its storage on node %s",
                           one->disk->iv_name, answer->node_name);
}

static bool is_there(struct lu *lu, const struct work *work, const struct disk *volume)
{
    const struct replace *replace = lu->own;
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, replace->target,
                     LU_CALL(blockdev_find, .disk = {.disk = volume, .instance = work->instance}));
    return answer->fail_msg == NULL && json_kind(answer->payload) == JSON_OBJECT &&
           json_len(answer->payload) > 0;
}

static bool rename_volumes(struct lu *lu, const struct lu_arg_rename *renames, size_t n,
                           const char *which, GError **errp)
{
    const struct replace *replace = lu->own;
    lu_info(lu, "Renaming the %s LVs on the target node", which);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, replace->target, LU_CALL(blockdev_rename, .devlist = {.v = renames, .n = n}));
    return lu_answer_check(answer, errp, "Cannot rename the %s volumes on node %s", which,
                           answer->node_name);
}

/* The old volumes get out of the way, the new ones take their names; then the objects say so. */
static bool swap_names(struct lu *lu, const struct work *work, struct one *one, GError **errp)
{
    struct lu_arg_rename away[PARTS], in[PARTS];
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func((GDestroyNotify)json_unref);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    size_t n = 0;
    for (size_t part = 0; part < PARTS; part++) {
        char *name = g_strdup_printf("%s_replaced-%" G_GINT64_FORMAT, name_of(one->old[part]),
                                     (gint64)time(NULL));
        g_ptr_array_add(names, name);
        in[part] = (struct lu_arg_rename){.disk = one->new[part],
                                          .new_id = id_of(one->old[part], name_of(one->old[part]))};
        g_ptr_array_add(ids, in[part].new_id);
        /* One that was lost is not there to be renamed. */
        if (is_there(lu, work, one->old[part])) {
            away[n] = (struct lu_arg_rename){.disk = one->old[part],
                                             .new_id = id_of(one->old[part], name)};
            g_ptr_array_add(ids, away[n].new_id);
            n++;
        }
    }
    if (!rename_volumes(lu, away, n, "old", errp) || !rename_volumes(lu, in, PARTS, "new", errp)) {
        return false;
    }
    for (size_t part = 0; part < PARTS; part++) {
        lu_disk_set_name(one->new[part], name_of(one->old[part]));
        lu_disk_set_name(one->old[part], names->pdata[part]);
    }
    return true;
}

static bool attach(struct lu *lu, const struct work *work, const struct one *one, GError **errp)
{
    const struct replace *replace = lu->own;
    lu_info(lu, "Adding new mirror component on %s", replace_node_name(lu, replace->target));
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, replace->target,
        LU_CALL(blockdev_addchildren, .bdev = {.disk = one->disk, .instance = work->instance},
                .ndevs = {.v = (const struct disk *const *)one->new,
                          .n = PARTS,
                          .instance = work->instance}));
    if (answer->fail_msg == NULL) {
        return true;
    }
    for (size_t part = 0; part < PARTS; part++) {
        remove_new(lu, work, one->new[part]);
    }
    return lu_answer_check(answer, errp, "Cannot attach new storage to %s on node %s",
                           one->disk->iv_name, answer->node_name);
}

static bool exchange(struct lu *lu, const struct work *work, GError **errp)
{
    for (guint i = 0; i < work->all->len; i++) {
        struct one *one = &g_array_index(work->all, struct one, i);
        if (!detach(lu, work, one, errp) || !swap_names(lu, work, one, errp) ||
            !attach(lu, work, one, errp)) {
            return false;
        }
    }
    return true;
}

/* --- The whole ----------------------------------------------------------------------------------
 */
static void remove_old(struct lu *lu, const struct work *work, int step)
{
    const struct replace *replace = lu->own;
    lu_step(lu, step, REPLACE_STEPS, "Removing old storage");
    for (guint i = 0; i < work->all->len; i++) {
        const struct one *one = &g_array_index(work->all, struct one, i);
        replace_remove_volumes(lu, replace->target, one->index,
                               (const struct disk *const *)one->old, PARTS);
    }
}

static bool replace_all(struct lu *lu, struct work *work, GError **errp)
{
    const struct replace *replace = lu->own;
    const char *const nodes[] = {replace->other, replace->target};
    lu_step(lu, 1, REPLACE_STEPS, "Check device existence");
    if (!replace_check_present(lu, replace->other, errp) ||
        !replace_check_present(lu, replace->target, errp) ||
        !replace_check_vg(lu, nodes, G_N_ELEMENTS(nodes), errp)) {
        return false;
    }
    lu_step(lu, 2, REPLACE_STEPS, "Check peer consistency");
    if (!replace_check_good(lu, replace->other, false, errp)) {
        return false;
    }
    lu_step(lu, 3, REPLACE_STEPS, "Allocate new storage");
    if (!prepare(lu, work, errp) || !create(lu, work, errp)) {
        return false;
    }
    lu_step(lu, 4, REPLACE_STEPS, "Changing drbd configuration");
    if (!exchange(lu, work, errp)) {
        return false;
    }
    int step = 5;
    if (replace->early_release) {
        remove_old(lu, work, step++);
        if (!lu_release_all_but(lu, LOCK_LEVEL_NODE_RES, NULL, 0, errp)) {
            return false;
        }
    }
    /* Others may use the nodes while this waits. */
    if (!lu_release_all_but(lu, LOCK_LEVEL_NODE, NULL, 0, errp) ||
        !replace_wait(lu, step++, errp)) {
        return false;
    }
    if (!replace->early_release) {
        remove_old(lu, work, step);
    }
    return true;
}

bool replace_local(struct lu *lu, GError **errp)
{
    if (cfg_instance_is_forthcoming(replace_instance(lu))) {
        lu_log(lu, "Instance forthcoming, not touching disks");
        return true;
    }
    struct work work = {.cfg = cfg_ref(lu_cfg(lu)),
                        .instance = replace_instance(lu),
                        .all = g_array_new(FALSE, FALSE, sizeof(struct one))};
    g_array_set_clear_func(work.all, clear_one);
    bool ok = replace_all(lu, &work, errp);
    clear_work(&work);
    return ok;
}
