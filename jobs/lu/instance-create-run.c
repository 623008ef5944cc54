/* OP_INSTANCE_CREATE: what is done (reference: lib/cmdlib/instance_create.py Exec). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/disk-make.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/instance-create.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/instance-record.h"
#include "jobs/lu/metadata.h"
#include "jobs/lu/rpc.h"
#include "jobs/lu/sync.h"

static bool take_port(struct lu *lu, struct instance *instance, GError **errp)
{
    if (!const_has(C_HTS_REQ_PORT, (int)instance->hypervisor)) {
        return true;
    }
    struct method_wconfd_allocate_port args = {0};
    CLEANUP(json_unrefp) struct json *port = NULL;
    if (!lu_wconfd(lu, METHOD_wconfd_allocate_port, &args, &port, errp)) {
        return false;
    }
    if (json_kind(port) != JSON_INT) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "The cluster has no free port");
    }
    instance->network_port = json_int(port);
    instance->has.network_port = true;
    return true;
}

/* --- Disks --------------------------------------------------------------------------------------
 */
static void free_disk(void *disk)
{
    fact_object_free(&fact_object_disk, disk);
}

static void make_real(struct disk *disk)
{
    disk->forthcoming = disk->has.forthcoming = false;
    for (size_t i = 0; i < disk->children.n; i++) {
        make_real(&disk->children.v[i]);
    }
}

/* Those that were planned, no longer forthcoming. */
static GPtrArray *planned_disks(struct lu *lu, const char *uuid)
{
    GPtrArray *disks = g_ptr_array_new_with_free_func(free_disk);
    struct cfg_disks found = cfg_instance_disks(lu_cfg(lu), cfg_instance_get(lu_cfg(lu), uuid));
    for (size_t i = 0; i < found.n; i++) {
        struct disk *disk = fact_object_copy(&fact_object_disk, found.v[i]);
        make_real(disk);
        g_ptr_array_add(disks, disk);
    }
    return disks;
}

static GPtrArray *disks_of(struct lu *lu, GError **errp)
{
    const struct op_instance_create *op = lu_params(lu);
    const struct create_own *own = lu->own;
    if (op->commit) {
        return planned_disks(lu, own->instance->uuid);
    }
    const struct lu_disk_plan plan = {
        .disk_template = op->disk_template,
        .instance_uuid = own->instance->uuid,
        .primary_node = own->instance->primary_node,
        .secondary_node = own->nodes->len > 1 ? own->nodes->pdata[1] : NULL,
        .disks = own->disks.v,
        .n = own->disks.n,
        .file_dir = own->file_dir,
        .file_driver = op->file_driver,
        .forthcoming = op->forthcoming,
    };
    return lu_disks_generate(lu, &plan, errp);
}

/* Volumes get the names that they have from now on. */
static bool rename_adopted(struct lu *lu, const GPtrArray *disks, GError **errp)
{
    const struct create_own *own = lu->own;
    g_autoptr(GPtrArray) old = g_ptr_array_new_with_free_func(free_disk);
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func((GDestroyNotify)json_unref);
    g_autofree struct lu_arg_rename *renames = g_new0(struct lu_arg_rename, disks->len + 1);
    for (guint i = 0; i < disks->len; i++) {
        const struct disk *disk = disks->pdata[i];
        struct disk *was = fact_object_copy(&fact_object_disk, disk);
        struct json *id = json_new_array();
        for (size_t j = 0; j < disk->logical_id.n; j++) {
            json_append(id, fact_value_to_json(&disk->logical_id.v[j]));
        }
        CLEANUP(json_unrefp) struct json *name = json_new_string(own->disks.v[i].adopt);
        fact_clear(&type_VALUE, &was->logical_id.v[1]);
        (void)fact_value_set(&was->logical_id.v[1], name);
        g_ptr_array_add(old, was);
        g_ptr_array_add(ids, id);
        renames[i] = (struct lu_arg_rename){.disk = was, .new_id = id};
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, own->instance->primary_node,
                     LU_CALL(blockdev_rename, .devlist = {.v = renames, .n = disks->len}));
    return lu_answer_check(answer, errp, "Cannot rename the volumes that are adopted");
}

static bool make_disks(struct lu *lu, const GPtrArray *disks, GError **errp)
{
    const struct op_instance_create *op = lu_params(lu);
    const struct create_own *own = lu->own;
    if (own->adopt) {
        return op->disk_template != DISK_TEMPLATE_PLAIN || rename_adopted(lu, disks, errp);
    }
    if (op->forthcoming) {
        lu_log(lu, "Instance is forthcoming, not creating disks");
        return true;
    }
    lu_log(lu, "* creating instance disks...");
    if (lu_disks_create(lu, own->instance, (const struct disk *const *)disks->pdata, disks->len,
                        errp)) {
        return true;
    }
    lu_warn(lu, "Device creation failed");
    lu_disks_unreserve(lu, (const struct disk *const *)disks->pdata, disks->len);
    return false;
}

/* Wipes and waits; *ret_good: the disks can be used. */
static bool settle_disks(struct lu *lu, const struct instance *instance, bool *ret_good,
                         GError **errp)
{
    const struct op_instance_create *op = lu_params(lu);
    const struct create_own *own = lu->own;
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    g_autoptr(GError) error = NULL;
    *ret_good = true;
    if (disks.n == 0) {
        return true;
    }
    if (!own->adopt && cfg_cluster(lu_cfg(lu))->prealloc_wipe_disks) {
        lu_log(lu, "* wiping instance disks...");
        if (!lu_disks_wipe(lu, instance, disks.v, disks.n, 0, 0, &error)) {
            lu_warn(lu, "Wiping instance disks failed (%s)", error->message);
            *ret_good = false;
            return true;
        }
    }
    if (op->wait_for_sync) {
        return lu_disks_wait_for_sync(lu, instance, disks.v, disks.n, false, ret_good, errp);
    }
    if (const_has(C_DTS_INT_MIRROR, (int)op->disk_template)) {
        lu_log(lu, "* checking mirrors status");
        return lu_disks_wait_for_sync(lu, instance, disks.v, disks.n, true, ret_good, errp);
    }
    return true;
}

static bool give_up(struct lu *lu, const struct instance *instance, GError **errp)
{
    (void)lu_disks_remove(lu, instance, false);
    return lu_instance_forget(lu, instance->uuid, errp) &&
           err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                    "There are some degraded disks for this "
                    "instance, which was removed again");
}

static bool start(struct lu *lu, const char *uuid, GError **errp)
{
    static const enum admin_state up = ADMIN_UP;
    static const bool active = true;
    if (!lu_instance_record(lu, uuid, &up, NULL, &active, errp)) {
        return false;
    }
    const struct instance *instance = cfg_instance_get(lu_cfg(lu), uuid);
    struct any_list reason = lu_reason(lu);
    lu_log(lu, "* starting instance...");
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, instance->primary_node,
                     LU_CALL(instance_start, .instance_hvp_bep = {.instance = instance},
                             .startup_paused = false, .reason = reason));
    fact_clear(&type_any_list, &reason);
    return lu_answer_check(answer, errp, "Could not start instance");
}

static bool write_nodes(struct lu *lu, struct json_writer *result)
{
    const struct create_own *own = lu->own;
    json_write_array_begin(result);
    for (guint i = 0; i < own->nodes->len; i++) {
        json_write_string(result, cfg_node_get(lu_cfg(lu), own->nodes->pdata[i])->name);
    }
    json_write_array_end(result);
    return true;
}

static bool tell_metadata(struct lu *lu, const struct instance *instance)
{
    const struct create_own *own = lu->own;
    lu_tell_metadata(lu, instance, NULL, &instance->osparams_private, &own->osparams_secret);
    return true;
}

bool create_exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_instance_create *op = lu_params(lu);
    struct create_own *own = lu->own;
    const char *uuid = own->instance->uuid;
    if (!take_port(lu, own->instance, errp)) {
        return false;
    }
    g_autoptr(GPtrArray) disks = disks_of(lu, errp);
    if (disks == NULL || !make_disks(lu, disks, errp)) {
        return false;
    }
    lu_log(lu, "adding instance %s to cluster config", op->instance_name);
    if (!lu_instance_add(lu, own->instance, (const struct disk *const *)disks->pdata, disks->len,
                         op->commit, errp)) {
        return false;
    }
    if (op->forthcoming) {
        lu_log(lu, "Instance is forthcoming; not creating the actual instance");
        return write_nodes(lu, result);
    }
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_ref(lu_cfg(lu));
    const struct instance *instance = cfg_instance_get(cfg, uuid);
    bool good;
    if (!lu_release(lu, LOCK_LEVEL_NODE, (const char *const *)own->nodes->pdata, own->nodes->len,
                    errp) ||
        !settle_disks(lu, instance, &good, errp)) {
        return false;
    }
    if (!good || !create_os_image(lu, instance)) {
        return give_up(lu, instance, errp);
    }
    return lu_release(lu, LOCK_LEVEL_NODE_RES, (const char *const *)own->nodes->pdata,
                      own->nodes->len, errp) &&
           create_os_install(lu, instance, errp) && tell_metadata(lu, instance) &&
           (!op->start || start(lu, uuid, errp)) && write_nodes(lu, result);
}
