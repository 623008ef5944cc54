/* OP_CLUSTER_REPAIR_DISK_SIZES: recorded sizes become those that disks have (reference:
 * lib/cmdlib/cluster/__init__.py LUClusterRepairDiskSizes). */
#include "config.h"

#include "base/json.h"
#include "jobs/lu/names.h"
#include "jobs/lu/rpc.h"
#include "jobs/lu/verify-group.h"

enum { MIB_SHIFT = 20 };

static bool names(struct lu *lu, GError **errp)
{
    struct op_cluster_repair_disk_sizes *op = lu_params(lu);
    lu_need_shared(lu, LOCK_LEVEL_NODE_RES);
    if (op->instances.n == 0) {
        lu_need_all(lu, LOCK_LEVEL_INSTANCE);
        lu_need_all(lu, LOCK_LEVEL_NODE_RES);
        return true;
    }
    for (size_t i = 0; i < op->instances.n; i++) {
        const struct instance *instance = lu_expand_instance(lu, op->instances.v[i], NULL, errp);
        if (instance == NULL) {
            return false;
        }
        lu_need(lu, LOCK_LEVEL_INSTANCE, instance->name);
    }
    lu_need_apart(lu, LOCK_LEVEL_NODE_RES);
    return true;
}

static bool declare(struct lu *lu, enum lock_level level, GError **errp G_GNUC_UNUSED)
{
    const struct op_cluster_repair_disk_sizes *op = lu_params(lu);
    if (level == LOCK_LEVEL_NODE_RES && op->instances.n > 0) {
        lu_need_instances_nodes(lu, level, true);
    }
    return true;
}

/* --- What was found -----------------------------------------------------------------------------
 */
/* A disk, by texts that outlive a change of the configuration. */
struct one {
    char *instance, *disk_uuid;
    size_t index;
};

static void one_clear(void *data)
{
    struct one *one = data;
    g_free(one->instance);
    g_free(one->disk_uuid);
}

static void write_change(struct json_writer *result, const struct one *one, const char *what,
                         int64_t value)
{
    json_write_array_begin(result);
    json_write_string(result, one->instance);
    json_write_int(result, (int64_t)one->index);
    json_write_string(result, what);
    json_write_int(result, value);
    json_write_array_end(result);
}

/* The data volume of a DRBD disk is at least as large as the disk. */
static bool fix_child(struct lu *lu, struct disk *disk)
{
    if (disk->dev_type != DISK_TEMPLATE_DRBD || disk->children.n == 0 ||
        disk->children.v[0].size >= disk->size) {
        return false;
    }
    lu_info(lu,
            "The data volume below has %" G_GINT64_FORMAT " MiB, the disk %" G_GINT64_FORMAT
            ": corrected",
            (gint64)disk->children.v[0].size, (gint64)disk->size);
    disk->children.v[0].size = disk->size;
    return true;
}

/* size: MiB; spindles: -1 leaves them. All changes of a disk are one commit. */
static bool correct(struct lu *lu, const struct one *one, int64_t size, int64_t spindles,
                    struct json_writer *result, GError **errp)
{
    const struct disk *now = cfg_disk_get(lu_cfg(lu), one->disk_uuid);
    if (now == NULL) {
        return true;
    }
    bool new_size = size != now->size;
    bool new_spindles = spindles >= 0 && (!now->has.spindles || now->spindles != spindles);
    bool small_child = now->dev_type == DISK_TEMPLATE_DRBD && now->children.n > 0 &&
                       now->children.v[0].size < size;
    if (!new_size && !new_spindles && !small_child) {
        return true;
    }
    struct cfg_txn *txn = lu_begin(lu, errp);
    struct disk *disk = txn != NULL ? cfg_txn_edit_disk(txn, one->disk_uuid) : NULL;
    if (txn != NULL && disk == NULL) {
        cfg_txn_abort(txn);
        return true;
    }
    if (txn == NULL) {
        return false;
    }
    if (new_size) {
        lu_info(lu,
                "Disk %zu of instance %s: %" G_GINT64_FORMAT " MiB recorded, it has "
                "%" G_GINT64_FORMAT ": corrected",
                one->index, one->instance, (gint64)disk->size, (gint64)size);
        disk->size = size;
        write_change(result, one, "size", size);
    }
    if (new_spindles) {
        lu_info(lu, "Disk %zu of instance %s has %" G_GINT64_FORMAT " spindles: corrected",
                one->index, one->instance, (gint64)spindles);
        disk->spindles = spindles;
        disk->has.spindles = true;
        write_change(result, one, "spindles", spindles);
    }
    if (fix_child(lu, disk)) {
        write_change(result, one, "size", disk->size);
    }
    return lu_commit(lu, txn, errp);
}

/* [bytes, spindles or null] */
static bool take_answer(struct lu *lu, const struct one *one, const struct json *dimensions,
                        bool exclusive, struct json_writer *result, GError **errp)
{
    int64_t spindles = -1;
    if (json_kind(dimensions) != JSON_ARRAY || json_len(dimensions) != 2 ||
        json_kind(json_at(dimensions, 0)) != JSON_INT) {
        lu_warn(lu, "Disk %zu of instance %s did not tell its size, it stays as recorded",
                one->index, one->instance);
        return true;
    }
    const struct json *told = json_at(dimensions, 1);
    if (exclusive && json_kind(told) == JSON_INT) {
        spindles = json_int(told);
    } else if (exclusive) {
        lu_warn(lu, "Disk %zu of instance %s did not tell its spindles, they stay as recorded",
                one->index, one->instance);
    }
    return correct(lu, one, json_int(json_at(dimensions, 0)) >> MIB_SHIFT, spindles, result, errp);
}

/* --- Nodes --------------------------------------------------------------------------------------
 */
/* The disks of locked instances with this primary node; both arrays in the same order. */
static void collect(struct lu *lu, const struct node *node, GArray *args, GArray *ones)
{
    struct cfg_instances primaries = cfg_node_primaries(lu_cfg(lu), node);
    for (size_t i = 0; i < primaries.n; i++) {
        const struct instance *instance = primaries.v[i];
        if (cfg_instance_is_forthcoming(instance) ||
            !lu_owns(lu, LOCK_LEVEL_INSTANCE, instance->name)) {
            continue;
        }
        struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
        for (size_t j = 0; j < disks.n; j++) {
            const struct lu_arg_disk arg = {.disk = disks.v[j], .instance = instance};
            const struct one one = {g_strdup(instance->name), g_strdup(disks.v[j]->uuid), j};
            g_array_append_val(args, arg);
            g_array_append_val(ones, one);
        }
    }
}

static bool repair_node(struct lu *lu, const char *uuid, struct json_writer *result, GError **errp)
{
    const struct node *node = cfg_node_get(lu_cfg(lu), uuid);
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(struct lu_arg_disk));
    g_autoptr(GArray) ones = g_array_new(FALSE, FALSE, sizeof(struct one));
    g_array_set_clear_func(ones, one_clear);
    if (node != NULL) {
        collect(lu, node, args, ones);
    }
    if (args->len == 0) {
        return true;
    }
    bool exclusive = verify_excludes(lu_cfg(lu), uuid);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, uuid,
                     LU_CALL(blockdev_getdimensions,
                             .disks = {(const struct lu_arg_disk *)(void *)args->data, args->len}));
    if (answer->fail_msg != NULL) {
        lu_warn(lu, "Node %s does not tell the sizes of its disks (%s), they stay as recorded",
                answer->node_name, answer->fail_msg);
        return true;
    }
    if (json_kind(answer->payload) != JSON_ARRAY || json_len(answer->payload) != ones->len) {
        lu_warn(lu, "Node %s did not tell the size of each disk, they stay as recorded",
                answer->node_name);
        return true;
    }
    for (guint i = 0; i < ones->len; i++) {
        if (!take_answer(lu, &g_array_index(ones, struct one, i), json_at(answer->payload, i),
                         exclusive, result, errp)) {
            return false;
        }
    }
    return true;
}

static bool exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    g_autoptr(GPtrArray) nodes = lu_owned(lu, LOCK_LEVEL_NODE_RES);
    bool ok = true;
    json_write_array_begin(result);
    for (guint i = 0; ok && i < nodes->len; i++) {
        ok = repair_node(lu, nodes->pdata[i], result, errp);
    }
    json_write_array_end(result);
    return ok;
}

LU(cluster_repair_disk_sizes, .expand_names = names, .declare_locks = declare, .exec = exec)
