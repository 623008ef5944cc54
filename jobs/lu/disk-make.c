/* Making, wiping and removing the disks of instances on their nodes. */
#include "config.h"

#include "jobs/lu/disk-make.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "compat-config/model/disk.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/disk-place.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/node-check.h"
#include "jobs/lu/rpc-encode.h"
#include "jobs/lu/rpc.h"

/* --- Making them --------------------------------------------------------------------------------
 */
/* What was made so far, to be undone: the array owns the disks, which are complete trees. */
struct made {
    const char *node_uuid;
    struct disk *disk;
};

static void clear_made(void *data)
{
    struct made *made = data;
    fact_object_free(&fact_object_disk, made->disk);
}

static void undo(struct lu *lu, const struct instance *instance, const GArray *all)
{
    for (guint i = 0; i < all->len; i++) {
        const struct made *made = &g_array_index(all, struct made, i);
        CLEANUP(lu_answer_freep)
        struct lu_answer *answer = lu_call_node(
            lu, made->node_uuid,
            LU_CALL(blockdev_remove, .bdev = {.disk = made->disk, .instance = instance}));
        (void)lu_answer_warn(lu, answer, "Could not remove a disk on node %s that was just made",
                             answer->node_name);
    }
}

/* What all devices of one disk on one node have in common. */
struct place {
    const struct instance *instance;
    const char *node_uuid;
    bool primary;
    struct json *info;
    GArray *made;
};

static bool create_device(struct lu *lu, const struct place *place, const struct disk *device,
                          GError **errp)
{
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, place->node_uuid,
        LU_CALL(blockdev_create, .bdev = {.disk = device, .instance = place->instance},
                .size = device->size, .owner = place->instance->name, .on_primary = place->primary,
                .info = place->info,
                .exclusive_storage = lu_node_has_exclusive_storage(lu, place->node_uuid)));
    return lu_answer_check(
        answer, errp, "Cannot make a disk of %" G_GINT64_FORMAT " MiB for instance %s on node %s",
        (gint64)device->size, place->instance->name, answer->node_name);
}

/* Children first; only what is needed on a secondary is made there (_CreateBlockDevInner). */
static bool create_tree(struct lu *lu, const struct place *place, const struct disk *device,
                        bool force, GError **errp)
{
    guint before = place->made->len;
    force =
        force || device->dev_type == DISK_TEMPLATE_DRBD || device->dev_type == DISK_TEMPLATE_PLAIN;
    for (size_t i = 0; i < device->children.n; i++) {
        if (!create_tree(lu, place, &device->children.v[i], force, errp)) {
            return false;
        }
    }
    if (!force) {
        return true;
    }
    if (!create_device(lu, place, device, errp)) {
        return false;
    }
    /* The whole stands for its parts. */
    g_array_set_size(place->made, before);
    struct made made = {.node_uuid = place->node_uuid,
                        .disk = fact_object_copy(&fact_object_disk, device)};
    g_array_append_val(place->made, made);
    return true;
}

static bool create_on(struct lu *lu, const struct place *place, const struct disk *disk,
                      GError **errp)
{
    struct disk *annotated = lu_disk_annotated(lu_cfg(lu), disk, place->instance);
    bool ok = create_tree(lu, place, annotated, place->primary, errp);
    fact_object_free(&fact_object_disk, annotated);
    return ok;
}

/* The primary first, then the other nodes of the disks. */
static GPtrArray *nodes_of(const struct instance *instance, const struct disk *const *disks,
                           size_t n)
{
    GPtrArray *nodes = g_ptr_array_new();
    g_ptr_array_add(nodes, instance->primary_node);
    for (size_t i = 0; i < n; i++) {
        const char *other = cfg_disk_secondary(disks[i], instance->primary_node);
        if (other != NULL && !g_ptr_array_find_with_equal_func(nodes, other, g_str_equal, NULL)) {
            g_ptr_array_add(nodes, (void *)other);
        }
    }
    return nodes;
}

static bool make_folder(struct lu *lu, const struct disk *disk, const char *node_uuid,
                        GError **errp)
{
    if (!const_has(C_DTS_FILEBASED, (int)disk->dev_type)) {
        return true;
    }
    g_autofree char *folder = g_path_get_dirname(cfg_disk_path(disk));
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, node_uuid, LU_CALL(file_storage_dir_create, .file_storage_dir = folder));
    return lu_answer_check(answer, errp, "Cannot make the folder %s on node %s", folder,
                           answer->node_name);
}

/* What volumes carry as their tag. */
static char *instance_info(const struct instance *instance)
{
    return g_strdup_printf("originstname+%s", instance->name);
}

/* nodes: the one first on which the disks will be used. */
static bool create_all(struct lu *lu, const struct instance *instance,
                       const struct disk *const *disks, size_t n, const GPtrArray *nodes,
                       GError **errp)
{
    g_autofree char *text = instance_info(instance);
    CLEANUP(json_unrefp) struct json *info = json_new_string(text);
    g_autoptr(GArray) made = g_array_new(FALSE, FALSE, sizeof(struct made));
    g_array_set_clear_func(made, clear_made);

    if (n > 0 && !make_folder(lu, disks[0], nodes->pdata[0], errp)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        for (guint j = 0; j < nodes->len; j++) {
            const struct place place = {.instance = instance,
                                        .node_uuid = nodes->pdata[j],
                                        .primary = j == 0,
                                        .info = info,
                                        .made = made};
            if (!create_on(lu, &place, disks[i], errp)) {
                undo(lu, instance, made);
                return false;
            }
        }
    }
    return true;
}

bool lu_disks_create(struct lu *lu, const struct instance *instance,
                     const struct disk *const *disks, size_t n, GError **errp)
{
    g_autoptr(GPtrArray) nodes = nodes_of(instance, disks, n);
    return create_all(lu, instance, disks, n, nodes, errp);
}

bool lu_disks_create_on(struct lu *lu, const struct instance *instance,
                        const struct disk *const *disks, size_t n, const char *node_uuid,
                        GError **errp)
{
    g_autoptr(GPtrArray) nodes = g_ptr_array_new();
    g_ptr_array_add(nodes, (void *)node_uuid);
    return create_all(lu, instance, disks, n, nodes, errp);
}

void lu_disks_undo(struct lu *lu, const struct instance *instance, const struct disk *const *disks,
                   size_t n)
{
    g_autoptr(GPtrArray) nodes = nodes_of(instance, disks, n);
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(struct made));
    for (size_t i = 0; i < n; i++) {
        for (guint j = 0; j < nodes->len; j++) {
            const struct made one = {.node_uuid = nodes->pdata[j], .disk = (struct disk *)disks[i]};
            g_array_append_val(all, one);
        }
    }
    undo(lu, instance, all);
}

bool lu_device_create(struct lu *lu, const struct instance *instance, const struct disk *device,
                      const char *node_uuid, bool on_primary, GError **errp)
{
    g_autofree char *text = instance_info(instance);
    CLEANUP(json_unrefp) struct json *info = json_new_string(text);
    const struct place place = {
        .instance = instance, .node_uuid = node_uuid, .primary = on_primary, .info = info};
    return create_device(lu, &place, device, errp);
}

static void return_port(struct lu *lu, const struct disk *disk)
{
    struct cfg_drbd drbd;
    g_autoptr(GError) error = NULL;
    if (disk->dev_type != DISK_TEMPLATE_DRBD || !cfg_disk_drbd(disk, &drbd)) {
        return;
    }
    struct method_wconfd_add_tcp_udp_port args = {.has.port = true, .port = drbd.port};
    if (!lu_wconfd(lu, METHOD_wconfd_add_tcp_udp_port, &args, NULL, &error)) {
        lu_warn(lu, "Port %" G_GINT64_FORMAT " stays taken: %s", (gint64)drbd.port, error->message);
    }
}

void lu_disks_unreserve(struct lu *lu, const struct disk *const *disks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        lu_release_minors(lu, disks[i]->uuid);
        return_port(lu, disks[i]);
    }
}

/* --- Removing them ------------------------------------------------------------------------------
 */
static bool remove_disk(struct lu *lu, const struct instance *instance, const struct disk *disk,
                        size_t index, const char *only_node)
{
    bool ok = true;
    g_autoptr(GArray) devices = g_array_new(FALSE, FALSE, sizeof(struct lu_device));
    if (only_node != NULL) {
        const struct lu_device one = {.node_uuid = only_node, .disk = disk};
        g_array_append_val(devices, one);
    } else {
        lu_disk_devices(disk, instance->primary_node, devices);
    }
    for (guint i = 0; i < devices->len; i++) {
        const struct lu_device *device = &g_array_index(devices, struct lu_device, i);
        CLEANUP(lu_answer_freep)
        struct lu_answer *answer = lu_call_node(
            lu, device->node_uuid,
            LU_CALL(blockdev_remove, .bdev = {.disk = device->disk, .instance = instance}));
        if (!lu_answer_warn(lu, answer, "Could not remove disk %zu on node %s; going on", index,
                            answer->node_name)) {
            bool primary = strcmp(device->node_uuid, instance->primary_node) == 0;
            ok = ok && answer->offline && !primary;
        }
    }
    return ok;
}

/* Folders of these disks that have no disk of the instance left in them (_StoragePathsRemoved). */
static bool folder_is_used(const char *folder, struct cfg_disks all,
                           const struct disk *const *removed, size_t n)
{
    for (size_t i = 0; i < all.n; i++) {
        bool goes = false;
        for (size_t j = 0; !goes && j < n; j++) {
            goes = strcmp(all.v[i]->uuid, removed[j]->uuid) == 0;
        }
        if (goes || !const_has(C_DTS_INSTANCE_DEPENDENT_PATH, (int)all.v[i]->dev_type)) {
            continue;
        }
        g_autofree char *other = g_path_get_dirname(cfg_disk_path(all.v[i]));
        if (strcmp(other, folder) == 0) {
            return true;
        }
    }
    return false;
}

static bool remove_folders(struct lu *lu, const struct instance *instance,
                           const struct disk *const *disks, size_t n, const char *node_uuid)
{
    bool ok = true;
    struct cfg_disks all = cfg_instance_disks(lu_cfg(lu), instance);
    g_autoptr(GHashTable) done = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < n; i++) {
        if (!const_has(C_DTS_INSTANCE_DEPENDENT_PATH, (int)disks[i]->dev_type)) {
            continue;
        }
        char *folder = g_path_get_dirname(cfg_disk_path(disks[i]));
        if (!g_hash_table_add(done, folder) || folder_is_used(folder, all, disks, n)) {
            continue;
        }
        CLEANUP(lu_answer_freep)
        struct lu_answer *answer = lu_call_node(
            lu, node_uuid, LU_CALL(file_storage_dir_remove, .file_storage_dir = folder));
        ok = lu_answer_warn(lu, answer, "Could not remove the folder %s on node %s", folder,
                            answer->node_name) &&
             ok;
    }
    return ok;
}

bool lu_disks_remove_some(struct lu *lu, const struct instance *instance,
                          const struct disk *const *disks, size_t n, const char *node_uuid)
{
    bool ok = true;
    for (size_t i = 0; i < n; i++) {
        ok = remove_disk(lu, instance, disks[i], i, node_uuid) && ok;
    }
    return remove_folders(lu, instance, disks, n,
                          node_uuid != NULL ? node_uuid : instance->primary_node) &&
           ok;
}

bool lu_disks_remove(struct lu *lu, const struct instance *instance, bool ignore_failures)
{
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    bool ok = lu_disks_remove_some(lu, instance, disks.v, disks.n, NULL);
    for (size_t i = 0; (ok || ignore_failures) && i < disks.n; i++) {
        return_port(lu, disks.v[i]);
    }
    return ok;
}

/* --- Wiping them --------------------------------------------------------------------------------
 */
bool lu_disks_pause_sync(struct lu *lu, const struct instance *instance,
                         const struct disk *const *disks, size_t n, bool pause, GError **errp)
{
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, instance->primary_node,
                     LU_CALL(blockdev_pause_resume_sync,
                             .disks = {.v = disks, .n = n, .instance = instance}, .pause = pause));
    const char *what = pause ? "pause" : "continue";
    if (!lu_answer_check(answer, errp, "Cannot %s the sync of the disks of instance %s on node %s",
                         what, instance->name, answer->node_name)) {
        return false;
    }
    size_t told = json_kind(answer->payload) == JSON_ARRAY ? json_len(answer->payload) : 0;
    for (size_t i = 0; i < told; i++) {
        /* [success, text] */
        const struct json *one = json_at(answer->payload, i);
        const struct json *ok =
            json_kind(one) == JSON_ARRAY && json_len(one) > 0 ? json_at(one, 0) : one;
        if (json_kind(ok) != JSON_BOOL || !json_boolean(ok)) {
            lu_warn(lu, "Could not %s the sync of disk %zu of instance %s", what, i,
                    instance->name);
        }
    }
    return true;
}

static bool wipe_disk(struct lu *lu, const struct instance *instance, const struct disk *disk,
                      size_t index, int64_t offset, GError **errp)
{
    int64_t chunk = MIN((int64_t)C_MAX_WIPE_CHUNK,
                        (int64_t)((double)disk->size / 100.0 * C_MIN_WIPE_CHUNK_PERCENT));
    chunk = MAX(chunk, 1);
    lu_info(lu, "* Wiping disk %zu", index);
    while (offset < disk->size) {
        int64_t size = MIN(chunk, disk->size - offset);
        CLEANUP(lu_answer_freep)
        struct lu_answer *answer =
            lu_call_node(lu, instance->primary_node,
                         LU_CALL(blockdev_wipe, .bdev = {.disk = disk, .instance = instance},
                                 .offset = offset, .size = size));
        if (!lu_answer_check(answer, errp, "Cannot wipe disk %zu from %" G_GINT64_FORMAT " MiB on",
                             index, (gint64)offset)) {
            return false;
        }
        offset += size;
    }
    return true;
}

bool lu_disks_wipe(struct lu *lu, const struct instance *instance, const struct disk *const *disks,
                   size_t n, size_t index, int64_t offset, GError **errp)
{
    if (!lu_disks_pause_sync(lu, instance, disks, n, true, errp)) {
        return false;
    }
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        ok = wipe_disk(lu, instance, disks[i], index + i, offset, errp);
    }
    g_autoptr(GError) error = NULL;
    if (!lu_disks_pause_sync(lu, instance, disks, n, false, &error)) {
        lu_warn(lu, "%s", error->message);
    }
    return ok;
}
