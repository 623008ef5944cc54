/* Making a disk larger (reference: lib/cmdlib/instance_storage.py LUInstanceGrowDisk). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "compat-config/model/disk.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/disk-make.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/ipolicy-fit.h"
#include "jobs/lu/names.h"
#include "jobs/lu/node-check.h"
#include "jobs/lu/rpc.h"
#include "jobs/lu/sync.h"

struct own {
    int64_t delta, target; /* MiB */
};

static bool names(struct lu *lu, GError **errp)
{
    struct op_instance_grow_disk *op = lu_params(lu);
    lu_need_apart(lu, LOCK_LEVEL_NODE);
    lu_need_apart(lu, LOCK_LEVEL_NODE_RES);
    return lu_lock_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) != NULL;
}

static bool locks(struct lu *lu, enum lock_level level, GError **errp G_GNUC_UNUSED)
{
    if (level == LOCK_LEVEL_NODE || level == LOCK_LEVEL_NODE_RES) {
        lu_need_instances_nodes(lu, level, false);
    }
    return true;
}

static const struct instance *instance_of(struct lu *lu)
{
    const struct op_instance_grow_disk *op = lu_params(lu);
    return cfg_instance_get(lu_cfg(lu), op->instance_uuid);
}

static const struct disk *disk_of(struct lu *lu)
{
    const struct op_instance_grow_disk *op = lu_params(lu);
    return cfg_instance_disks(lu_cfg(lu), instance_of(lu)).v[op->disk];
}

/* --- Checks -------------------------------------------------------------------------------------
 */
static bool check_size(struct lu *lu, GError **errp)
{
    const struct op_instance_grow_disk *op = lu_params(lu);
    struct own *own = lu->own;
    const struct disk *disk = disk_of(lu);
    own->target = op->absolute ? op->amount : disk->size + op->amount;
    own->delta = own->target - disk->size;
    if (own->delta >= 0) {
        return true;
    }
    return err_fail(errp, ERR_OP_PREREQ, op->absolute ? ECODE_STATE : ECODE_INVAL,
                    "Disk %" G_GINT64_FORMAT " has %" G_GINT64_FORMAT
                    " MiB already and cannot become smaller",
                    (gint64)op->disk, (gint64)disk->size);
}

static bool check_space(struct lu *lu, const GPtrArray *nodes, GError **errp)
{
    const struct own *own = lu->own;
    const struct disk *disk = disk_of(lu);
    const char *vg, *lv;
    /* With exclusive storage the dry run tells. */
    for (guint i = 0; i < nodes->len; i++) {
        if (lu_node_has_exclusive_storage(lu, nodes->pdata[i])) {
            return true;
        }
    }
    if (disk->dev_type == DISK_TEMPLATE_DRBD && disk->children.n > 0) {
        disk = &disk->children.v[0];
    }
    return !cfg_disk_lv(disk, &vg, &lv) || lu_check_vg_space(lu, (const char *const *)nodes->pdata,
                                                             nodes->len, vg, own->delta, errp);
}

static bool check_policy(struct lu *lu, GError **errp)
{
    const struct op_instance_grow_disk *op = lu_params(lu);
    const struct own *own = lu->own;
    const struct instance *instance = instance_of(lu);
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    struct ipolicy policy = cfg_group_ipolicy(
        lu_cfg(lu), cfg_node_group(lu_cfg(lu), cfg_instance_primary(lu_cfg(lu), instance)));
    g_autofree struct lu_sizes_disk *v = g_new0(struct lu_sizes_disk, disks.n);
    for (size_t i = 0; i < disks.n; i++) {
        v[i] = (struct lu_sizes_disk){disks.v[i]->dev_type,
                                      i == (size_t)op->disk ? own->target : disks.v[i]->size};
    }
    const struct lu_sizes sizes = {
        .memory = -1, .vcpus = -1, .nics = -1, .spindles = -1, .disks = v, .n_disks = disks.n};
    g_autofree char *why = lu_ipolicy_text(lu_ipolicy_violations(&policy, &sizes));
    if (why == NULL) {
        return true;
    }
    if (op->ignore_ipolicy) {
        lu_warn(lu, "A disk of this size violates the instance policy: %s", why);
        return true;
    }
    return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "A disk of this size violates the instance policy: %s", why);
}

static bool prereq(struct lu *lu, GError **errp)
{
    const struct op_instance_grow_disk *op = lu_params(lu);
    const struct instance *instance =
        lu_locked_instance(lu, op->instance_uuid, op->instance_name, errp);
    if (instance == NULL) {
        return false;
    }
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, instance);
    for (guint i = 0; i < nodes->len; i++) {
        if (!lu_check_node_online(lu, nodes->pdata[i], errp)) {
            return false;
        }
    }
    if (op->disk < 0 || (size_t)op->disk >= instance->disks.n) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Instance %s has %zu disks, and none with the number %" G_GINT64_FORMAT,
                        instance->name, instance->disks.n, (gint64)op->disk);
    }
    if (!const_has(C_DTS_GROWABLE, (int)disk_of(lu)->dev_type)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Disks of the template %s cannot grow",
                        fact_enum_disk_template.words[disk_of(lu)->dev_type]);
    }
    return check_size(lu, errp) && check_space(lu, nodes, errp) && check_policy(lu, errp);
}

/* --- Growing ------------------------------------------------------------------------------------
 */
static bool grow_on(struct lu *lu, const struct instance *instance, const struct disk *disk,
                    const char *node_uuid, bool dry_run, bool backing, GError **errp)
{
    const struct own *own = lu->own;
    CLEANUP(json_unrefp)
    struct json *exclusive = json_new_bool(lu_node_has_exclusive_storage(lu, node_uuid));
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, node_uuid,
                     LU_CALL(blockdev_grow, .cf_bdev = {.disk = disk, .instance = instance},
                             .amount = own->delta, .dryrun = dry_run, .backingstore = backing,
                             .es_flag = exclusive));
    return lu_answer_check(answer, errp, "%s request failed to node %s",
                           dry_run ? "Dry-run grow" : "Grow", answer->node_name);
}

/* First whether it will work everywhere; then the storage below; at last what the guest sees. */
static bool grow(struct lu *lu, const struct instance *instance, const struct disk *disk,
                 GError **errp)
{
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, instance);
    for (int dry = 1; dry >= 0; dry--) {
        for (guint i = 0; i < nodes->len; i++) {
            if (!grow_on(lu, instance, disk, nodes->pdata[i], dry == 1, true, errp)) {
                return false;
            }
        }
    }
    return grow_on(lu, instance, disk, instance->primary_node, false, false, errp);
}

static bool record(struct lu *lu, const char *disk_uuid, GError **errp)
{
    const struct own *own = lu->own;
    const struct op_instance_grow_disk *op = lu_params(lu);
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    struct disk *disk = cfg_txn_edit_disk(txn, disk_uuid);
    if (disk == NULL || cfg_txn_edit_instance(txn, op->instance_uuid) == NULL) {
        cfg_txn_abort(txn);
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE, "There is no disk %s", disk_uuid);
    }
    disk->size += own->delta;
    if (disk->dev_type == DISK_TEMPLATE_DRBD && disk->children.n > 0) {
        disk->children.v[0].size += own->delta;
    }
    return lu_commit(lu, txn, errp);
}

static bool settle(struct lu *lu, const struct instance *instance, const struct disk *disk,
                   GError **errp)
{
    const struct op_instance_grow_disk *op = lu_params(lu);
    bool good;
    if (!op->wait_for_sync) {
        if (!instance->disks_active) {
            lu_warn(lu, "The disk stays active though the instance does not run, as its sync is "
                        "not waited for");
        }
        return true;
    }
    if (!lu_disks_wait_for_sync(lu, instance, &disk, 1, false, &good, errp)) {
        return false;
    }
    if (!good) {
        lu_warn(lu, "The disk is degraded after its sync; look at the instance");
    }
    if (!instance->disks_active) {
        if (!lu_check_state(lu, instance, LU_STATE_DOWN, "its disk cannot be shut down", errp)) {
            return false;
        }
        lu_disk_shutdown(lu, instance, disk);
    }
    return true;
}

/* The size before, in MiB, rounded up, as the primary node sees it: where wiping begins. */
static bool size_before(struct lu *lu, const struct instance *instance, const struct disk *disk,
                        int64_t *ret, GError **errp)
{
    const int64_t mib = 1024 * 1024;
    const struct lu_arg_disk one = {.disk = disk, .instance = instance};
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, instance->primary_node, LU_CALL(blockdev_getdimensions, .disks = {.v = &one, .n = 1}));
    if (!lu_answer_check(answer, errp, "Cannot ask node %s for the size of the disk",
                         answer->node_name)) {
        return false;
    }
    const struct json *first =
        json_kind(answer->payload) == JSON_ARRAY && json_len(answer->payload) == 1
            ? json_at(answer->payload, 0)
            : NULL;
    const struct json *bytes =
        json_kind(first) == JSON_ARRAY && json_len(first) > 0 ? json_at(first, 0) : NULL;
    if (json_kind(bytes) != JSON_INT) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "Node %s does not tell the size of the disk",
                        answer->node_name);
    }
    *ret = (json_int(bytes) + mib - 1) / mib;
    return true;
}

/* A running guest is told the new size, from 3.1 on. */
static bool tell_guest(struct lu *lu, const struct instance *instance, const struct disk *disk,
                       GError **errp)
{
    const struct own *own = lu->own;
    CLEANUP(json_unrefp) struct json *info = NULL;
    if (fact_level() < LEVEL_3_1) {
        return true;
    }
    if (!lu_instance_info(lu, instance, false, &info, errp)) {
        return false;
    }
    if (!lu_info_is_running(info)) {
        return true;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    CLEANUP(json_unrefp) struct json *wire = NULL;
    CLEANUP(json_unrefp) struct json *bytes = json_new_int(own->target * 1024 * 1024);
    fact_object_encode(&fact_object_disk, disk, &w);
    if (!json_parse(text->str, (gssize)text->len, &wire, errp)) {
        return false;
    }
    lu_log(lu, "Try to notify the Hypervisor about the disk change");
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, instance->primary_node,
        LU_CALL(resize_disk, .instance = {.instance = instance}, .disk = wire, .new_size = bytes));
    (void)lu_answer_warn(lu, answer, "Disk resize in hypervisor failed");
    return true;
}

static bool exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_instance_grow_disk *op = lu_params(lu);
    const struct own *own = lu->own;
    bool wipe = cfg_cluster(lu_cfg(lu))->prealloc_wipe_disks;
    int64_t before = 0;
    CLEANUP(cfg_unrefp) const struct cfg *old = cfg_ref(lu_cfg(lu));
    const struct instance *instance = cfg_instance_get(old, op->instance_uuid);
    const struct disk *disk = disk_of(lu);
    g_autofree char *delta = text_format_mib((double)own->delta, 'h');
    g_autofree char *target = text_format_mib((double)own->target, 'h');

    if (!lu_disk_assemble(lu, instance, (size_t)op->disk, errp)) {
        return false;
    }
    lu_log(lu, "Growing disk %" G_GINT64_FORMAT " of instance '%s' by %s to %s", (gint64)op->disk,
           instance->name, delta, target);
    if ((wipe && !size_before(lu, instance, disk, &before, errp)) ||
        !grow(lu, instance, disk, errp) || !record(lu, disk->uuid, errp)) {
        return false;
    }
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, instance);
    if (!lu_release(lu, LOCK_LEVEL_NODE, (const char *const *)nodes->pdata, nodes->len, errp) ||
        !lu_downgrade(lu, LOCK_LEVEL_INSTANCE, errp)) {
        return false;
    }
    CLEANUP(cfg_unrefp) const struct cfg *now = cfg_ref(lu_cfg(lu));
    instance = cfg_instance_get(now, op->instance_uuid);
    disk = disk_of(lu);
    return (!wipe || lu_disks_wipe(lu, instance, &disk, 1, (size_t)op->disk, before, errp)) &&
           settle(lu, instance, disk, errp) && tell_guest(lu, instance, disk, errp);
}

static bool env(struct lu *lu, struct hooks_env *hooks, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_grow_disk *op = lu_params(lu);
    hooks_env_set_int(hooks, "DISK", op->disk);
    hooks_env_set_int(hooks, "AMOUNT", op->amount);
    hooks_env_set_bool(hooks, "ABSOLUTE", op->absolute);
    lu_instance_env(lu, instance_of(lu), hooks);
    return true;
}

static bool nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post, GError **errp G_GNUC_UNUSED)
{
    lu_instance_hooks_nodes(lu, instance_of(lu), pre, post);
    return true;
}

LU(instance_grow_disk, .own_size = sizeof(struct own), .expand_names = names,
   .declare_locks = locks, .check_prereq = prereq, .exec = exec, .hooks_env = env,
   .hooks_nodes = nodes)
