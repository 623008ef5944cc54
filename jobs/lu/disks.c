/* Disks of an instance on its nodes. */
#include "config.h"

#include "jobs/lu/disks.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/disk.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/rpc.h"

/* --- Where a disk is ----------------------------------------------------------------------------
 */
void lu_disk_devices(const struct disk *disk, const char *primary_uuid, GArray *devices)
{
    struct cfg_drbd drbd;
    struct lu_device one = {.node_uuid = primary_uuid, .disk = disk};
    if (disk->dev_type != DISK_TEMPLATE_DRBD || !cfg_disk_drbd(disk, &drbd)) {
        /* All others stand on one node, and so does whatever they are made of. */
        g_array_append_val(devices, one);
        return;
    }
    bool a_first = strcmp(drbd.node_b, primary_uuid) != 0;
    one.node_uuid = a_first ? drbd.node_a : drbd.node_b;
    g_array_append_val(devices, one);
    one.node_uuid = a_first ? drbd.node_b : drbd.node_a;
    g_array_append_val(devices, one);
}

bool lu_disks_all_in(struct cfg_disks disks, int set)
{
    for (size_t i = 0; i < disks.n; i++) {
        if (!const_has(set, (int)disks.v[i]->dev_type)) {
            return false;
        }
    }
    return disks.n > 0 || const_has(set, DISK_TEMPLATE_DISKLESS);
}

bool lu_disks_any_in(struct cfg_disks disks, int set)
{
    for (size_t i = 0; i < disks.n; i++) {
        if (const_has(set, (int)disks.v[i]->dev_type)) {
            return true;
        }
    }
    return disks.n == 0 && const_has(set, DISK_TEMPLATE_DISKLESS);
}

static bool is_whole_there(struct lu *lu, const struct instance *instance, const struct disk *disk,
                           const char *node_uuid, bool data_only)
{
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, node_uuid, LU_CALL(blockdev_find, .disk = {.disk = disk, .instance = instance}));
    if (!lu_answer_warn(lu, answer, "Cannot find a disk of instance %s on node %s", instance->name,
                        answer->node_name)) {
        return false;
    }
    if (json_kind(answer->payload) != JSON_OBJECT || json_len(answer->payload) == 0) {
        lu_warn(lu, "A disk of instance %s is not on node %s", instance->name, answer->node_name);
        return false;
    }
    struct block_dev_status status = {0};
    g_autoptr(GError) error = NULL;
    if (!fact_object_decode_at(&fact_object_block_dev_status, answer->payload, &status, NULL,
                               &error)) {
        lu_warn(lu, "Node %s on a disk of instance %s: %s", answer->node_name, instance->name,
                error->message);
        return false;
    }
    bool whole = data_only ? status.ldisk_status == C_LDS_OKAY : !status.is_degraded;
    fact_object_clear(&fact_object_block_dev_status, &status);
    return whole;
}

static bool is_consistent(struct lu *lu, const struct instance *instance, const struct disk *disk,
                          const char *node_uuid, bool on_primary, bool data_only)
{
    bool assembled =
        on_primary || disk->dev_type == DISK_TEMPLATE_DRBD || disk->dev_type == DISK_TEMPLATE_PLAIN;
    bool whole = !assembled || is_whole_there(lu, instance, disk, node_uuid, data_only);
    for (size_t i = 0; whole && i < disk->children.n; i++) {
        whole = is_consistent(lu, instance, &disk->children.v[i], node_uuid, on_primary, false);
    }
    return whole;
}

bool lu_disk_is_consistent(struct lu *lu, const struct instance *instance, const struct disk *disk,
                           const char *node_uuid, bool on_primary)
{
    return is_consistent(lu, instance, disk, node_uuid, on_primary, false);
}

bool lu_disk_has_good_data(struct lu *lu, const struct instance *instance, const struct disk *disk,
                           const char *node_uuid, bool on_primary)
{
    return is_consistent(lu, instance, disk, node_uuid, on_primary, true);
}

/* --- Recorded state -----------------------------------------------------------------------------
 */
bool lu_instance_record(struct lu *lu, const char *uuid, const enum admin_state *state,
                        const enum admin_state_source *source, const bool *disks_active,
                        GError **errp)
{
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    const struct instance *now = cfg_txn_get(txn, CFG_KIND_instance, uuid);
    if (now == NULL) {
        cfg_txn_abort(txn);
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE, "There is no instance %s", uuid);
    }
    bool same = (state == NULL || now->admin_state == *state) &&
                (source == NULL || now->admin_state_source == *source) &&
                (disks_active == NULL || now->disks_active == *disks_active);
    if (same) {
        cfg_txn_abort(txn);
        return true;
    }
    struct instance *instance = cfg_txn_edit_instance(txn, uuid);
    if (state != NULL) {
        instance->admin_state = *state;
    }
    if (source != NULL) {
        instance->admin_state_source = *source;
        instance->has.admin_state_source = true;
    }
    if (disks_active != NULL) {
        instance->disks_active = *disks_active;
    }
    return lu_commit(lu, txn, errp);
}

static bool record_disks(struct lu *lu, const char *uuid, bool active, GError **errp)
{
    return lu_instance_record(lu, uuid, NULL, NULL, &active, errp);
}

/* --- On the nodes -------------------------------------------------------------------------------
 */
void lu_assembled_free(GArray *assembled)
{
    if (assembled == NULL) {
        return;
    }
    for (guint i = 0; i < assembled->len; i++) {
        struct lu_assembled *one = &g_array_index(assembled, struct lu_assembled, i);
        g_free(one->iv_name);
        g_free(one->device);
        json_unref(one->payload);
    }
    g_array_unref(assembled);
}

static const struct disk *without_size(const struct disk *disk)
{
    struct disk *copy = fact_object_copy(&fact_object_disk, disk);
    copy->size = 0;
    for (size_t i = 0; i < copy->children.n; i++) {
        copy->children.v[i].size = 0;
    }
    return copy;
}

static struct lu_answer *assemble_on(struct lu *lu, const struct instance *instance,
                                     const struct disk *disk, const char *node_uuid,
                                     bool on_primary, size_t index, unsigned flags)
{
    const struct disk *sent = (flags & LU_ASSEMBLE_IGNORE_SIZE) != 0 ? without_size(disk) : disk;
    struct lu_answer *answer =
        lu_call_node(lu, node_uuid,
                     LU_CALL(blockdev_assemble, .disk = {.disk = sent, .instance = instance},
                             .instance = {.instance = instance}, .on_primary = on_primary,
                             .idx = (int64_t)index));
    if (sent != disk) {
        fact_object_free(&fact_object_disk, (struct disk *)sent);
    }
    return answer;
}

/* Everywhere as a secondary first: so a DRBD disk finds its other half before it becomes primary.
 */
static bool first_pass(struct lu *lu, const struct instance *instance, struct cfg_disks disks,
                       size_t index, unsigned flags)
{
    bool ok = true;
    for (size_t i = 0; i < disks.n; i++) {
        g_autoptr(GArray) devices = g_array_new(FALSE, FALSE, sizeof(struct lu_device));
        lu_disk_devices(disks.v[i], instance->primary_node, devices);
        for (guint j = 0; j < devices->len; j++) {
            const struct lu_device *device = &g_array_index(devices, struct lu_device, j);
            CLEANUP(lu_answer_freep)
            struct lu_answer *answer =
                assemble_on(lu, instance, device->disk, device->node_uuid, false, index + i, flags);
            bool secondary = strcmp(device->node_uuid, instance->primary_node) != 0;
            if (!lu_answer_warn(lu, answer, "Could not prepare %s on node %s (first pass)",
                                disks.v[i]->iv_name, answer->node_name)) {
                ok = ok && ((flags & LU_ASSEMBLE_IGNORE_SECONDARIES) != 0 ||
                            (secondary && answer->offline));
            }
        }
    }
    return ok;
}

/* The answer is [device, link, URI]. */
static char *device_of(const struct json *payload)
{
    const struct json *device =
        json_kind(payload) == JSON_ARRAY && json_len(payload) > 0 ? json_at(payload, 0) : payload;
    return json_kind(device) == JSON_STRING ? g_strdup(json_string(device)) : NULL;
}

static bool second_pass(struct lu *lu, const struct instance *instance, struct cfg_disks disks,
                        size_t index, unsigned flags, GArray *assembled)
{
    bool ok = true;
    for (size_t i = 0; i < disks.n; i++) {
        CLEANUP(lu_answer_freep)
        struct lu_answer *answer =
            assemble_on(lu, instance, disks.v[i], instance->primary_node, true, index + i, flags);
        struct lu_assembled one = {.iv_name = g_strdup(disks.v[i]->iv_name)};
        if (lu_answer_warn(lu, answer, "Could not prepare %s on its primary node %s (second pass)",
                           disks.v[i]->iv_name, answer->node_name)) {
            one.device = device_of(answer->payload);
            one.payload = json_ref(answer->payload);
        } else {
            ok = false;
        }
        g_array_append_val(assembled, one);
    }
    return ok;
}

bool lu_disks_assemble(struct lu *lu, const char *instance_uuid, unsigned flags,
                       GArray **ret_assembled, GError **errp)
{
    if (!record_disks(lu, instance_uuid, true, errp)) {
        return false;
    }
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_ref(lu_cfg(lu));
    const struct instance *instance = cfg_instance_get(cfg, instance_uuid);
    struct cfg_disks disks = cfg_instance_disks(cfg, instance);
    CLEANUP(lu_assembled_freep)
    GArray *assembled = g_array_new(FALSE, FALSE, sizeof(struct lu_assembled));
    bool first = first_pass(lu, instance, disks, 0, flags);
    bool second = second_pass(lu, instance, disks, 0, flags, assembled);

    if (!first || !second) {
        g_autoptr(GError) error = NULL;
        if (!record_disks(lu, instance_uuid, false, &error)) {
            lu_warn(lu, "Cannot record that the disks are not active: %s", error->message);
        }
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                        "Cannot make the disks of instance %s usable; see the warnings above",
                        instance->name);
    }
    if (ret_assembled != NULL) {
        *ret_assembled = g_steal_pointer(&assembled);
    }
    return true;
}

bool lu_disk_assemble(struct lu *lu, const struct instance *instance, size_t index, GError **errp)
{
    return lu_disk_assemble_told(lu, instance, index, NULL, errp);
}

bool lu_disk_assemble_told(struct lu *lu, const struct instance *instance, size_t index,
                           struct json **ret_said, GError **errp)
{
    struct cfg_disks all = cfg_instance_disks(lu_cfg(lu), instance);
    struct cfg_disks one = {.v = all.v + index, .n = 1};
    CLEANUP(lu_assembled_freep)
    GArray *assembled = g_array_new(FALSE, FALSE, sizeof(struct lu_assembled));
    bool first = first_pass(lu, instance, one, index, 0);
    bool second = second_pass(lu, instance, one, index, 0, assembled);
    if (ret_said != NULL && second) {
        *ret_said = json_ref(g_array_index(assembled, struct lu_assembled, 0).payload);
    }
    return (first && second) ||
           err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                    "Cannot make disk %zu of instance %s usable; see the warnings above", index,
                    instance->name);
}

static bool start(struct lu *lu, const char *instance_uuid, unsigned flags, GError **errp)
{
    if (lu_disks_assemble(lu, instance_uuid, flags, NULL, errp)) {
        return true;
    }
    g_autoptr(GError) error = NULL;
    if (!lu_disks_shutdown(lu, instance_uuid, false, NULL, &error)) {
        lu_warn(lu, "Cannot shut the disks down again: %s", error->message);
    }
    return false;
}

bool lu_disks_start(struct lu *lu, const char *instance_uuid, bool force, GError **errp)
{
    if (start(lu, instance_uuid, force ? LU_ASSEMBLE_IGNORE_SECONDARIES : 0, errp)) {
        return true;
    }
    if (!force) {
        lu_hint(lu, "If a warning above is about a secondary node, --force goes on without it");
    }
    return false;
}

bool lu_disks_start_whole(struct lu *lu, const char *instance_uuid, GError **errp)
{
    return start(lu, instance_uuid, 0, errp);
}

static bool shut_down_device(struct lu *lu, const struct instance *instance,
                             const struct disk *disk, const struct lu_device *device,
                             bool ignore_primary)
{
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, device->node_uuid,
        LU_CALL(blockdev_shutdown, .disk = {.disk = device->disk, .instance = instance}));
    if (lu_answer_warn(lu, answer, "Could not shut down %s on node %s", disk->iv_name,
                       answer->node_name)) {
        return true;
    }
    bool primary = strcmp(device->node_uuid, instance->primary_node) == 0;
    return primary ? ignore_primary : answer->offline;
}

void lu_disk_shutdown(struct lu *lu, const struct instance *instance, const struct disk *disk)
{
    g_autoptr(GArray) devices = g_array_new(FALSE, FALSE, sizeof(struct lu_device));
    lu_disk_devices(disk, instance->primary_node, devices);
    for (guint i = 0; i < devices->len; i++) {
        (void)shut_down_device(lu, instance, disk, &g_array_index(devices, struct lu_device, i),
                               false);
    }
}

bool lu_disks_shutdown(struct lu *lu, const char *instance_uuid, bool ignore_primary,
                       bool *ret_clean, GError **errp)
{
    bool clean = true;
    if (!record_disks(lu, instance_uuid, false, errp)) {
        return false;
    }
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_ref(lu_cfg(lu));
    const struct instance *instance = cfg_instance_get(cfg, instance_uuid);
    struct cfg_disks disks = cfg_instance_disks(cfg, instance);
    for (size_t i = 0; i < disks.n; i++) {
        g_autoptr(GArray) devices = g_array_new(FALSE, FALSE, sizeof(struct lu_device));
        lu_disk_devices(disks.v[i], instance->primary_node, devices);
        for (guint j = 0; j < devices->len; j++) {
            clean =
                shut_down_device(lu, instance, disks.v[i],
                                 &g_array_index(devices, struct lu_device, j), ignore_primary) &&
                clean;
        }
    }
    if (ret_clean != NULL) {
        *ret_clean = clean;
    }
    return true;
}

bool lu_disks_find_faulty(struct lu *lu, const struct instance *instance, const char *node_uuid,
                          GArray *faulty, GError **errp)
{
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, node_uuid,
                     LU_CALL(blockdev_getmirrorstatus,
                             .disks = {.v = disks.v, .n = disks.n, .instance = instance}));
    if (!lu_answer_check_prereq(answer, ECODE_ENVIRON, errp,
                                "Node %s does not tell the state of the disks of instance %s",
                                answer->node_name, instance->name)) {
        return false;
    }
    size_t n = json_kind(answer->payload) == JSON_ARRAY ? json_len(answer->payload) : 0;
    for (size_t i = 0; i < n && i < disks.n; i++) {
        const struct json *status = json_at(answer->payload, i);
        const struct json *data =
            json_kind(status) == JSON_OBJECT ? json_get(status, "ldisk_status") : NULL;
        if (json_kind(data) == JSON_INT && json_int(data) == C_LDS_FAULTY) {
            int64_t index = (int64_t)i;
            g_array_append_val(faulty, index);
        }
    }
    return true;
}
