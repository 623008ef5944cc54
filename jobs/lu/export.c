/* The disks of an instance on their way out. */
#include "config.h"

#include "jobs/lu/export.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/names.h"
#include "jobs/lu/rpc.h"
#include "jobs/lu/transfer.h"

struct export
{
    struct lu *lu;
    const struct cfg *cfg;
    const struct instance *instance;
    struct cfg_disks disks;
    GPtrArray *snapshots; /* struct disk, owned; NULL where there is none */
};

static void free_disk(void *disk)
{
    fact_object_free(&fact_object_disk, disk);
}

struct export *export_new(struct lu *lu, const struct instance *instance)
{
    struct export *export = g_new0(struct export, 1);
    export->lu = lu;
    export->cfg = cfg_ref(lu_cfg(lu));
    export->instance = instance;
    export->disks = cfg_instance_disks(export->cfg, instance);
    export->snapshots = g_ptr_array_new_with_free_func(free_disk);
    g_ptr_array_set_size(export->snapshots, (gint) export->disks.n);
    return export;
}

static const char *node_name(const struct export *export)
{
    const struct node *node = cfg_node_get(export->cfg, export->instance->primary_node);
    return node != NULL ? node->name : "(none)";
}

/* --- Snapshots ----------------------------------------------------------------------------------
 */
static void remove_snapshot(struct export *export, size_t index)
{
    const struct disk *snapshot = export->snapshots->pdata[index];
    if (snapshot == NULL) {
        return;
    }
    lu_log(export->lu, "Removing snapshot of disk/%zu on node %s", index, node_name(export));
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        export->lu, export->instance->primary_node,
        LU_CALL(blockdev_remove, .bdev = {.disk = snapshot, .instance = export->instance}));
    if (lu_answer_warn(export->lu, answer, "Could not remove snapshot for disk/%zu from node %s",
                       index, answer->node_name)) {
        free_disk(export->snapshots->pdata[index]);
        export->snapshots->pdata[index] = NULL;
    }
}

static void remove_snapshots(struct export *export)
{
    for (size_t i = 0; i < export->disks.n; i++) {
        remove_snapshot(export, i);
    }
}

void export_free(struct export *export)
{
    if (export != NULL) {
        remove_snapshots(export);
        g_ptr_array_unref(export->snapshots);
        cfg_unref(export->cfg);
        g_free(export);
    }
}

/* A device of its own; id is what the node made. */
static struct disk *snapshot_disk(const struct disk *disk, const struct json *id)
{
    struct disk *snapshot = fact_object_new(&fact_object_disk);
    fact_object_set_defaults(&fact_object_disk, snapshot);
    snapshot->dev_type =
        disk->dev_type == DISK_TEMPLATE_EXT ? DISK_TEMPLATE_EXT : DISK_TEMPLATE_PLAIN;
    snapshot->size = disk->size;
    snapshot->uuid = g_uuid_string_random();
    lu_text_set(&snapshot->iv_name, disk->iv_name);
    fact_copy(&type_value_map, &snapshot->params, &disk->params);
    for (size_t i = 0; i < json_len(id); i++) {
        CLEANUP(json_unrefp) struct json *part = json_copy(json_at(id, i));
        (void)fact_value_set(fact_list_add(&type_value_list, &snapshot->logical_id), part);
    }
    snapshot->has.dev_type = snapshot->has.size = snapshot->has.uuid = snapshot->has.iv_name =
        snapshot->has.params = snapshot->has.logical_id = true;
    return snapshot;
}

static bool take_snapshot(struct export *export, size_t index)
{
    const struct disk *disk = export->disks.v[index];
    lu_log(export->lu, "Creating a snapshot of disk/%zu on node %s", index, node_name(export));
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        export->lu, export->instance->primary_node,
        LU_CALL(blockdev_snapshot, .cf_bdev = {.disk = disk, .instance = export->instance}));
    if (!lu_answer_warn(export->lu, answer, "Could not snapshot disk/%zu on node %s", index,
                        answer->node_name)) {
        return false;
    }
    if (json_kind(answer->payload) != JSON_ARRAY || json_len(answer->payload) != 2) {
        lu_warn(export->lu, "Node %s does not tell the name of its snapshot of disk/%zu",
                answer->node_name, index);
        return false;
    }
    export->snapshots->pdata[index] = snapshot_disk(disk, answer->payload);
    return true;
}

bool export_snapshots(struct export *export)
{
    bool all = true;
    for (size_t i = 0; i < export->disks.n; i++) {
        if (!const_has(C_DTS_SNAPSHOT_CAPABLE, (int)export->disks.v[i]->dev_type)) {
            return false;
        }
    }
    for (size_t i = 0; i < export->disks.n; i++) {
        all = take_snapshot(export, i) && all;
    }
    if (!all) {
        remove_snapshots(export);
    }
    return all;
}

/* What is sent for a disk. */
static const struct disk *sent_disk(const struct export *export, size_t index)
{
    const struct disk *snapshot = export->snapshots->pdata[index];
    return snapshot != NULL ? snapshot : export->disks.v[index];
}

/* By the operating system's script; raw without an operating system. */
static struct lu_arg_impexp source_of(const struct export *export, size_t index,
                                      struct json *number)
{
    bool script = export->instance->os != NULL && *export->instance->os != '\0';
    return (struct lu_arg_impexp){
        .kind = script ? C_IEIO_SCRIPT : C_IEIO_RAW_DISK,
        .disk = {.disk = sent_disk(export, index), .instance = export->instance},
        .rest = script ? number : NULL};
}

/* --- To a node ----------------------------------------------------------------------------------
 */
static void sent(struct lu *lu G_GNUC_UNUSED, size_t index, void *data)
{
    remove_snapshot(data, index);
}

static bool finalize(struct export *export, const char *node_uuid, const struct disk *const *disks)
{
    const struct node *node = cfg_node_get(export->cfg, node_uuid);
    lu_log(export->lu, "Finalizing export on %s", node->name);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(export->lu, node_uuid,
                     LU_CALL(finalize_export, .instance = {.instance = export->instance},
                             .snap_disks = {.v = disks, .n = export->disks.n}));
    return lu_answer_warn(export->lu, answer,
                          "Could not finalize export for instance %s on node %s",
                          export->instance->name, answer->node_name);
}

/* The file for a disk, as the argument of its import. */
static struct json *file_of(const struct export *export, const struct disk *disk)
{
    g_autofree char *folder = g_strconcat(export->instance->name, ".new", NULL);
    g_autofree char *path = g_build_filename(path_get(PATH_EXPORT_DIR), folder, disk->uuid, NULL);
    g_autofree char *wire = vcluster_path_to_wire(path, NULL);
    struct json *args = json_new_array();
    json_append(args, json_new_string(wire));
    return args;
}

void export_to_node(struct export *export, const char *node_uuid, const char *compress,
                    bool *results, bool *ret_finished)
{
    size_t n = export->disks.n;
    bool snapshots = n > 0 && export->snapshots->pdata[0] != NULL, all = true;
    g_autofree struct lu_transfer_part *parts = g_new0(struct lu_transfer_part, n + 1);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) trees = g_ptr_array_new_with_free_func((GDestroyNotify)json_unref);
    g_autoptr(GPtrArray) disks = g_ptr_array_new_with_free_func(free_disk);
    for (size_t i = 0; i < n; i++) {
        /* Snapshots go as soon as they are sent, but the description still tells of them. */
        struct disk *disk = fact_object_copy(&fact_object_disk, sent_disk(export, i));
        char *name = g_strdup_printf("%s/%zu", snapshots ? "snapshot" : "disk", i);
        struct json *file = file_of(export, disk), *number = json_new_int((int64_t)i);
        g_ptr_array_add(disks, disk);
        g_ptr_array_add(names, name);
        g_ptr_array_add(trees, file);
        g_ptr_array_add(trees, number);
        parts[i] = (struct lu_transfer_part){.name = name,
                                             .source = source_of(export, i, number),
                                             .target = {.kind = C_IEIO_FILE, .rest = file}};
        parts[i].source.disk.disk = disk;
    }
    const struct lu_transfer_plan plan = {.instance = export->instance,
                                          .source_node = export->instance->primary_node,
                                          .target_node = node_uuid,
                                          .compress = compress,
                                          .parts = parts,
                                          .n = n,
                                          .sent = sent,
                                          .data = export};
    lu_transfer(export->lu, &plan, results);
    for (size_t i = 0; i < n; i++) {
        all = all && results[i];
    }
    if (!all) {
        lu_warn(export->lu, "Some disks could not be exported: node %s may have leftovers of this",
                cfg_node_get(export->cfg, node_uuid)->name);
    }
    *ret_finished = all && finalize(export, node_uuid, (const struct disk *const *)disks->pdata);
}

/* --- To another cluster -------------------------------------------------------------------------
 */
struct sending {
    struct export *export;
    bool *results;
};

static void remote_connected(struct transfer *transfer, struct transfer_end *end,
                             void *data G_GNUC_UNUSED)
{
    lu_log(transfer_lu(transfer), "Disk %zu is now sending data", end->index);
}

static void remote_progress(struct transfer *transfer, struct transfer_end *end, const char *text,
                            void *data G_GNUC_UNUSED)
{
    lu_log(transfer_lu(transfer), "Disk %zu sent %s", end->index, text);
}

static void remote_ended(struct transfer *transfer, struct transfer_end *end, void *data)
{
    const struct sending *sending = data;
    if (end->success) {
        lu_log(transfer_lu(transfer), "Disk %zu finished sending data", end->index);
    } else {
        g_autofree char *output = transfer_output(end);
        lu_log(transfer_lu(transfer), "Disk %zu failed to send data: %s (recent output: %s)",
               end->index, end->error, output);
    }
    sending->results[end->index] = end->success;
    remove_snapshot(sending->export, end->index);
}

void export_to_cluster(struct export *export, const struct export_remote *remote, bool *results)
{
    static const struct transfer_events events = {
        .connected = remote_connected, .progress = remote_progress, .ended = remote_ended};
    struct sending sending = {.export = export, .results = results};
    g_autoptr(GPtrArray) numbers = g_ptr_array_new_with_free_func((GDestroyNotify)json_unref);
    CLEANUP(transfer_freep)
    struct transfer *transfer =
        transfer_new(export->lu, export->instance, C_RIE_CONNECT_TIMEOUT, &events, &sending);
    for (size_t i = 0; i < export->disks.n; i++) {
        const struct remote_target *target = &remote->targets[i];
        struct json *number = json_new_int((int64_t)i);
        const struct transfer_end end = {
            .node_uuid = export->instance->primary_node,
            .index = i,
            .options = {.has = {.key_name = true,
                                .ca_pem = true,
                                .compress = true,
                                .magic = true,
                                .ipv6 = true},
                        .key_name = (char *)remote->key_name,
                        .ca_pem = (char *)remote->ca_pem,
                        .compress = (char *)remote->compress,
                        .magic = target->magic,
                        .ipv6 = strchr(target->host, ':') != NULL},
            .io = source_of(export, i, number),
            .host = target->host,
            .port = target->port,
        };
        g_ptr_array_add(numbers, number);
        lu_log(export->lu, "Sending disk %zu to %s:%" G_GINT64_FORMAT, i, target->host,
               (gint64)target->port);
        (void)transfer_add(transfer, &end);
    }
    transfer_run(transfer);
}
