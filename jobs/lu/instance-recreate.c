/* OP_INSTANCE_RECREATE_DISKS: disks that were lost are made anew, empty (reference:
 * lib/cmdlib/instance_storage.py LUInstanceRecreateDisks). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/disk.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/allocate.h"
#include "jobs/lu/disk-make.h"
#include "jobs/lu/disk-place.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/group-locks.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"
#include "jobs/lu/node-check.h"
#include "jobs/lu/params.h"

struct own {
    struct recreated_disk_list disks; /* by index; none: all as they were */
};

static void clear(void *data)
{
    struct own *own = data;
    fact_clear(&type_recreated_disk_list, &own->disks);
}

static const struct instance *instance_of(struct lu *lu)
{
    const struct op_instance_recreate_disks *op = lu_params(lu);
    return cfg_instance_get(lu_cfg(lu), op->instance_uuid);
}

/* --- Arguments ----------------------------------------------------------------------------------
 */
static int by_index(const void *a, const void *b)
{
    const struct recreated_disk *x = a, *y = b;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Numbers alone are the form of old clients: each counts once. */
static bool read_numbers(struct json *given, struct recreated_disk_list *ret, GError **errp)
{
    struct uint_list numbers = {0};
    if (!fact_decode(&type_uint_list, given, &numbers, NULL, errp)) {
        return false;
    }
    for (size_t i = 0; i < numbers.n; i++) {
        bool seen = false;
        for (size_t j = 0; j < ret->n; j++) {
            seen = seen || ret->v[j].index == numbers.v[i];
        }
        if (!seen) {
            struct recreated_disk *disk = fact_list_add(&type_recreated_disk_list, ret);
            disk->index = numbers.v[i];
            disk->has.index = disk->has.params = true;
        }
    }
    fact_clear(&type_uint_list, &numbers);
    return true;
}

static bool check_change(const struct recreated_disk *disk, GError **errp)
{
    const struct idisk *params = &disk->params;
    if (params->extra != NULL && json_len(params->extra) > 0) {
        struct json_iter it = json_iter_begin(params->extra);
        (void)json_iter_next(&it);
        return err_fail(errp, ERR_TYPE_ENFORCEMENT, ECODE_NONE,
                        "Disk %" G_GINT64_FORMAT ": there is no parameter '%s'",
                        (gint64)disk->index, it.key);
    }
    const char *fixed = params->has.adopt      ? "adopt"
                        : params->has.vg       ? "vg"
                        : params->has.metavg   ? "metavg"
                        : params->has.name     ? "name"
                        : params->has.provider ? "provider"
                        : params->has.access   ? "access"
                                               : NULL;
    return fixed == NULL ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "Disk %" G_GINT64_FORMAT ": only size, mode and spindles can change, not %s",
                    (gint64)disk->index, fixed);
}

static bool read_disks(struct lu *lu, GError **errp)
{
    struct op_instance_recreate_disks *op = lu_params(lu);
    struct own *own = lu->own;
    if (json_kind(op->disks) != JSON_ARRAY || json_len(op->disks) == 0) {
        return true;
    }
    bool numbers = json_kind(json_at(op->disks, 0)) == JSON_INT;
    if (!(numbers ? read_numbers(op->disks, &own->disks, errp)
                  : fact_decode(&type_recreated_disk_list, op->disks, &own->disks, NULL, errp))) {
        err_wrap(errp, ERR_TYPE_ENFORCEMENT, ECODE_NONE);
        return false;
    }
    qsort(own->disks.v, own->disks.n, sizeof own->disks.v[0], by_index);
    for (size_t i = 0; i < own->disks.n; i++) {
        if (i > 0 && own->disks.v[i].index == own->disks.v[i - 1].index) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "Disk %" G_GINT64_FORMAT " is named more than once",
                            (gint64)own->disks.v[i].index);
        }
        if (!check_change(&own->disks.v[i], errp)) {
            return false;
        }
    }
    if (numbers) {
        json_unref(op->disks);
        op->disks = lu_json_of(&type_recreated_disk_list, &own->disks);
    }
    return true;
}

static bool check_arguments(struct lu *lu, GError **errp)
{
    struct op_instance_recreate_disks *op = lu_params(lu);
    const char *node = op->nodes.n > 0 ? op->nodes.v[0] : NULL;
    if (!read_disks(lu, errp)) {
        return false;
    }
    /* With neither of them the disks stay where they are: no default allocator then. */
    return (node == NULL && !op->has.iallocator) ||
           lu_allocator_or_node(lu, &op->iallocator, &op->has.iallocator, node, errp);
}

/* --- Locks --------------------------------------------------------------------------------------
 */
/* Whole names and UUIDs into the opcode. */
static void set_nodes(struct lu *lu, const GPtrArray *uuids)
{
    struct op_instance_recreate_disks *op = lu_params(lu);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < uuids->len; i++) {
        g_ptr_array_add(names, cfg_node_get(lu_cfg(lu), uuids->pdata[i])->name);
    }
    lu_list_set(&op->nodes, (const char *const *)names->pdata, names->len);
    lu_list_set(&op->node_uuids, (const char *const *)uuids->pdata, uuids->len);
    op->has.nodes = op->has.node_uuids = true;
}

static bool expand_names(struct lu *lu, GError **errp)
{
    struct op_instance_recreate_disks *op = lu_params(lu);
    if (lu_lock_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) == NULL) {
        return false;
    }
    if (op->nodes.n > 0) {
        g_autoptr(GPtrArray) uuids = lu_expand_nodes(lu, LU_TEXTS(op->nodes), errp);
        if (uuids == NULL) {
            return false;
        }
        set_nodes(lu, uuids);
    } else if (op->has.iallocator) {
        lu_need_apart(lu, LOCK_LEVEL_NODEGROUP);
    }
    lu_need_apart(lu, LOCK_LEVEL_NODE);
    lu_need_apart(lu, LOCK_LEVEL_NODE_RES);
    return true;
}

static bool declare_locks(struct lu *lu, enum lock_level level, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_recreate_disks *op = lu_params(lu);
    if (level == LOCK_LEVEL_NODEGROUP) {
        const struct instance *instance = instance_of(lu);
        if (instance != NULL) {
            lu_need_instance_groups(lu, instance, true);
        }
    } else if (level != LOCK_LEVEL_NODE && level != LOCK_LEVEL_NODE_RES) {
        return true;
    } else if (op->nodes.n > 0) {
        lu_need_many(lu, level, LU_TEXTS(op->node_uuids));
    } else if (op->has.iallocator) {
        lu_need_group_members(lu, level);
    } else {
        lu_need_instances_nodes(lu, level, false);
    }
    return true;
}

/* --- Checks -------------------------------------------------------------------------------------
 */
/* What the allocator is told of the disks as they are. */
static struct json *disks_as_json(const struct cfg_disks disks)
{
    struct idisk_list list = {0};
    for (size_t i = 0; i < disks.n; i++) {
        const struct disk *disk = disks.v[i];
        struct idisk *one = fact_list_add(&type_idisk_list, &list);
        one->size = disk->size;
        one->mode = disk->mode;
        one->spindles = disk->spindles;
        one->has.size = one->has.mode = true;
        one->has.spindles = disk->has.spindles;
        one->extra = json_new_object();
        json_set(one->extra, "dev_type",
                 json_new_string(fact_enum_disk_template.words[disk->dev_type]));
    }
    struct json *out = lu_json_of(&type_idisk_list, &list);
    fact_clear(&type_idisk_list, &list);
    return out;
}

static bool take_answer(struct lu *lu, const struct json *names, GError **errp)
{
    const struct op_instance_recreate_disks *op = lu_params(lu);
    g_autoptr(GPtrArray) uuids = g_ptr_array_new();
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < json_len(names); i++) {
        const struct node *node = lu_expand_node(lu, json_string(json_at(names, i)), NULL, errp);
        if (node == NULL) {
            return false;
        }
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", node->name);
        g_ptr_array_add(uuids, node->uuid);
    }
    set_nodes(lu, uuids);
    lu_info(lu, "Selected nodes for instance %s via iallocator %s: %s", op->instance_name,
            op->iallocator, text->str);
    return true;
}

/* As if the instance were new: allocators cannot move both nodes of an instance at once. */
static bool ask_allocator(struct lu *lu, const struct instance *instance, GError **errp)
{
    const struct op_instance_recreate_disks *op = lu_params(lu);
    struct beparams be = cfg_beparams(lu_cfg(lu), instance);
    CLEANUP(json_unrefp)
    struct json *disks = disks_as_json(cfg_instance_disks(lu_cfg(lu), instance));
    CLEANUP(json_unrefp) struct json *nics = json_new_array();
    json_append(nics, json_new_object());
    const struct ia_instance wanted = {
        .name = instance->name,
        .memory = be.maxmem,
        .spindle_use = be.spindle_use,
        .vcpus = be.vcpus,
        .disk_template = cfg_instance_disk_template(lu_cfg(lu), instance, NULL),
        .hypervisor = instance->hypervisor,
        .os = instance->os,
        .disks = disks,
        .nics = nics,
        .tags = (const char *const *)instance->tags.v,
        .n_tags = instance->tags.n,
    };
    const struct ia_request request = {
        .mode = IALLOCATOR_MODE_ALLOCATE, .instances = &wanted, .n_instances = 1};
    struct ia_answer answer = {0};
    if (!lu_allocate(lu, &request, op->iallocator, &answer, errp)) {
        return false;
    }
    bool ok = take_answer(lu, answer.result, errp) &&
              lu_release_all_but(lu, LOCK_LEVEL_NODE, LU_TEXTS(op->node_uuids), errp) &&
              lu_release_all_but(lu, LOCK_LEVEL_NODE_RES, LU_TEXTS(op->node_uuids), errp);
    ia_answer_clear(&answer);
    return ok;
}

static bool check_number_of_nodes(struct lu *lu, const struct instance *instance, GError **errp)
{
    const struct op_instance_recreate_disks *op = lu_params(lu);
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, instance);
    return op->nodes.n == 0 || op->nodes.n == nodes->len ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "Instance %s is on %u nodes, but %zu are given to take their place",
                    instance->name, nodes->len, op->nodes.n);
}

static bool check_disks(struct lu *lu, const struct instance *instance, GError **errp)
{
    const struct op_instance_recreate_disks *op = lu_params(lu);
    const struct own *own = lu->own;
    size_t n = own->disks.n;
    if (n > 0 && own->disks.v[n - 1].index >= (int64_t)instance->disks.n) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Instance %s has %zu disks, and none with the number %" G_GINT64_FORMAT,
                        instance->name, instance->disks.n, (gint64)own->disks.v[n - 1].index);
    }
    if (n > 0 && n != instance->disks.n && (op->nodes.n > 0 || op->has.iallocator)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "All disks of instance %s must be made anew if its nodes change",
                        instance->name);
    }
    return true;
}

static bool check_spindles(struct lu *lu, const struct instance *instance, GError **errp)
{
    const struct op_instance_recreate_disks *op = lu_params(lu);
    const struct own *own = lu->own;
    g_autoptr(GPtrArray) old = lu_instance_nodes(lu, instance);
    bool moves = op->nodes.n > 0, exclusive = false;
    for (size_t i = 0; i < (moves ? op->node_uuids.n : old->len); i++) {
        exclusive = exclusive ||
                    lu_node_has_exclusive_storage(lu, moves ? op->node_uuids.v[i] : old->pdata[i]);
    }
    for (size_t i = 0; i < own->disks.n; i++) {
        if (own->disks.v[i].params.has.spindles && !exclusive) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "Spindles are for exclusive storage only");
        }
    }
    return true;
}

static bool check_prereq(struct lu *lu, GError **errp)
{
    const struct op_instance_recreate_disks *op = lu_params(lu);
    const struct instance *instance =
        lu_locked_instance(lu, op->instance_uuid, op->instance_name, errp);
    if (instance == NULL || !check_number_of_nodes(lu, instance, errp)) {
        return false;
    }
    const char *primary = op->nodes.n > 0 ? op->node_uuids.v[0] : instance->primary_node;
    if (!op->has.iallocator && !lu_check_node_online(lu, primary, errp)) {
        return false;
    }
    if (instance->disks.n == 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Instance %s has no disks",
                        instance->name);
    }
    if (!lu_check_instance_groups(lu, instance, true, errp)) {
        return false;
    }
    /* An offline node that is left behind cannot be asked. */
    const struct node *old = cfg_instance_primary(lu_cfg(lu), instance);
    bool leaves_offline = (op->nodes.n > 0 || op->has.iallocator) && old != NULL && old->offline;
    return (leaves_offline || lu_check_state(lu, instance, LU_STATE_NOT_RUNNING,
                                             "its disks cannot be made anew", errp)) &&
           check_disks(lu, instance, errp) &&
           (!op->has.iallocator || ask_allocator(lu, instance, errp)) &&
           check_spindles(lu, instance, errp);
}

/* --- What is done -------------------------------------------------------------------------------
 */
/* What changes in a disk; NULL: it stays as it is and is not made anew. */
static const struct idisk *change_of(const struct own *own, size_t index)
{
    static const struct idisk none;
    for (size_t i = 0; i < own->disks.n; i++) {
        if (own->disks.v[i].index == (int64_t)index) {
            return &own->disks.v[i].params;
        }
    }
    return own->disks.n == 0 ? &none : NULL;
}

/* objects.py Disk.Update */
static void change_disk(struct disk *disk, const struct idisk *change)
{
    if (disk->dev_type == DISK_TEMPLATE_DRBD && disk->children.n > 0) {
        struct idisk data = *change;
        data.has.spindles = false;
        change_disk(&disk->children.v[0], &data);
    }
    if (change->has.size) {
        disk->size = change->size;
    }
    if (change->has.mode) {
        disk->mode = change->mode;
        disk->has.mode = true;
    }
    if (change->has.spindles) {
        disk->spindles = change->spindles;
        disk->has.spindles = true;
    }
}

static bool edit(struct lu *lu, struct cfg_txn *txn, struct cfg_disks disks, const int64_t *minors,
                 GError **errp)
{
    const struct op_instance_recreate_disks *op = lu_params(lu);
    bool moves = op->nodes.n > 0;
    for (size_t i = 0; i < disks.n; i++) {
        const struct idisk *change = change_of(lu->own, i);
        struct disk *disk =
            change != NULL || moves ? cfg_txn_edit_disk(txn, disks.v[i]->uuid) : NULL;
        if (change != NULL && disk == NULL) {
            return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE, "There is no disk %s",
                            disks.v[i]->uuid);
        }
        if (change != NULL) {
            change_disk(disk, change);
        }
        if (moves) {
            lu_disk_set_nodes(disk, LU_TEXTS(op->node_uuids));
        }
        if (moves && disk->dev_type == DISK_TEMPLATE_DRBD) {
            (void)lu_disk_set_ends(disk, (struct lu_disk_end){op->node_uuids.v[0], minors[2 * i]},
                                   (struct lu_disk_end){op->node_uuids.v[1], minors[2 * i + 1]});
        }
    }
    if (moves) {
        struct instance *instance = cfg_txn_edit_instance(txn, op->instance_uuid);
        lu_text_set(&instance->primary_node, op->node_uuids.v[0]);
    }
    return true;
}

/* All in one change. */
static bool record(struct lu *lu, GError **errp)
{
    const struct op_instance_recreate_disks *op = lu_params(lu);
    CLEANUP(cfg_unrefp) const struct cfg *before = cfg_ref(lu_cfg(lu));
    struct cfg_disks disks =
        cfg_instance_disks(before, cfg_instance_get(before, op->instance_uuid));
    g_autofree int64_t *minors = g_new0(int64_t, 2 * disks.n + 1);
    for (size_t i = 0; op->nodes.n > 0 && i < disks.n; i++) {
        if (disks.v[i]->dev_type == DISK_TEMPLATE_DRBD &&
            !lu_allocate_minors(lu, disks.v[i]->uuid, LU_TEXTS(op->node_uuids), minors + 2 * i,
                                errp)) {
            return false;
        }
    }
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    if (!edit(lu, txn, disks, minors, errp)) {
        cfg_txn_abort(txn);
        return false;
    }
    return lu_commit(lu, txn, errp);
}

/* Those that are made anew; borrowed. */
static GPtrArray *chosen(const struct own *own, struct cfg_disks disks)
{
    GPtrArray *out = g_ptr_array_new();
    for (size_t i = 0; i < disks.n; i++) {
        if (change_of(own, i) != NULL) {
            g_ptr_array_add(out, (void *)disks.v[i]);
        }
    }
    return out;
}

/* Wiped together if they are all there are, so that their sync is paused for all of them. */
static bool wipe(struct lu *lu, const struct instance *instance, struct cfg_disks disks,
                 GError **errp)
{
    bool all = ((const struct own *)lu->own)->disks.n == 0;
    if (all) {
        return lu_disks_wipe(lu, instance, disks.v, disks.n, 0, 0, errp);
    }
    for (size_t i = 0; i < disks.n; i++) {
        if (change_of(lu->own, i) != NULL &&
            !lu_disks_wipe(lu, instance, disks.v + i, 1, i, 0, errp)) {
            return false;
        }
    }
    return true;
}

static bool check_one_template(struct lu *lu, const struct instance *instance, GError **errp)
{
    bool mixed;
    enum disk_template disk_template = cfg_instance_disk_template(lu_cfg(lu), instance, &mixed);
    if (mixed) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                        "The disks of instance %s are of several templates and cannot be made anew",
                        instance->name);
    }
    return lu_check_template_enabled(lu, disk_template, errp);
}

static bool exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_instance_recreate_disks *op = lu_params(lu);
    if (!record(lu, errp)) {
        return false;
    }
    if (op->nodes.n > 0) {
        lu_warn(lu, "The instance is on other nodes now: remove by hand what is left of its disks "
                    "on the old ones");
    }
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_ref(lu_cfg(lu));
    const struct instance *instance = cfg_instance_get(cfg, op->instance_uuid);
    struct cfg_disks disks = cfg_instance_disks(cfg, instance);
    g_autoptr(GPtrArray) made = chosen(lu->own, disks);
    if (!check_one_template(lu, instance, errp) ||
        !lu_disks_create(lu, instance, (const struct disk *const *)made->pdata, made->len, errp)) {
        return false;
    }
    if (!cfg_cluster(cfg)->prealloc_wipe_disks || wipe(lu, instance, disks, errp)) {
        return true;
    }
    lu_disks_undo(lu, instance, (const struct disk *const *)made->pdata, made->len);
    return false;
}

static bool hooks_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    lu_instance_env(lu, instance_of(lu), env);
    return true;
}

static bool hooks_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post, GError **errp G_GNUC_UNUSED)
{
    lu_instance_hooks_nodes(lu, instance_of(lu), pre, post);
    return true;
}

LU(instance_recreate_disks, .own_size = sizeof(struct own), .clear = clear,
   .check_arguments = check_arguments, .expand_names = expand_names, .declare_locks = declare_locks,
   .check_prereq = check_prereq, .exec = exec, .hooks_env = hooks_env, .hooks_nodes = hooks_nodes)
