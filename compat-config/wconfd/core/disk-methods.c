/* Methods on the disks of an instance (src/Ganeti/WConfd/ConfigModifications.hs). */
#include "config.h"

#include <string.h>

#include "compat-config/store/store.h"
#include "compat-config/wconfd/core/methods.h"
#include "compat-config/wconfd/core/object-private.h"
#include "facts/codec.h"
#include "facts/errors.h"

/* The disks from this index on are named by their place again. */
static bool rename_from(struct cfg_txn *txn, const struct instance *instance, size_t index,
                        GError **errp)
{
    for (size_t i = index; i < instance->disks.n; i++) {
        struct disk *disk = cfg_txn_edit_disk(txn, instance->disks.v[i]);

        if (disk == NULL) {
            return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE, "Could not find disk with UUID %s",
                            instance->disks.v[i]);
        }
        g_free(disk->iv_name);
        disk->iv_name = g_strdup_printf("disk/%zu", i);
        disk->has.iv_name = true;
    }
    return true;
}

static bool check_attached(const struct cfg *cfg, const char *uuid, GError **errp)
{
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        const struct instance *instance = cfg_instance_at(cfg, i);

        for (size_t k = 0; k < instance->disks.n; k++) {
            if (strcmp(instance->disks.v[k], uuid) == 0) {
                return err_fail(errp, ERR_RESERVATION, ECODE_NONE,
                                "Disk %s already attached to instance %s", uuid, instance->name);
            }
        }
    }
    return true;
}

/* index NULL: behind the last. */
static bool attach(struct wconfd_core *core, struct cfg_txn *txn, const char *instance_uuid,
                   const char *disk_uuid, const int64_t *index, GError **errp)
{
    struct instance *instance;
    size_t at;

    if (cfg_txn_get(txn, CFG_KIND_disk, disk_uuid) == NULL) {
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE, "Disk %s doesn't exist", disk_uuid);
    }
    instance = edit_instance(txn, instance_uuid, errp);
    if (instance == NULL) {
        return false;
    }
    if (index != NULL && *index < 0) {
        return err_fail(errp, ERR_GENERIC, ECODE_NONE, "Not accepting negative indices");
    }
    if (index != NULL && (uint64_t)*index > instance->disks.n) {
        return err_fail(errp, ERR_GENERIC, ECODE_NONE,
                        "Got disk index %" G_GINT64_FORMAT ", but there are only %zu", *index,
                        instance->disks.n);
    }
    if (!check_attached(core->cfg, disk_uuid, errp)) {
        return false;
    }
    at = index == NULL ? instance->disks.n : (size_t)*index;
    (void)fact_list_add(&type_str_list, &instance->disks);
    memmove(instance->disks.v + at + 1, instance->disks.v + at,
            (instance->disks.n - 1 - at) * sizeof(*instance->disks.v));
    instance->disks.v[at] = g_strdup(disk_uuid);
    instance->has.disks = true;
    touch(&fact_object_instance, instance, core_now());
    return rename_from(txn, instance, at, errp);
}

static bool detach(struct cfg_txn *txn, const char *instance_uuid, const char *disk_uuid,
                   GError **errp)
{
    const struct instance *present = cfg_txn_get(txn, CFG_KIND_instance, instance_uuid);
    struct instance *instance;
    size_t at = 0;

    while (present != NULL && at < present->disks.n &&
           strcmp(present->disks.v[at], disk_uuid) != 0) {
        at++;
    }
    if (present != NULL && at == present->disks.n) {
        return true;
    }
    instance = edit_instance(txn, instance_uuid, errp);
    if (instance == NULL) {
        return false;
    }
    fact_list_remove(&type_str_list, &instance->disks, at);
    touch(&fact_object_instance, instance, core_now());
    return rename_from(txn, instance, at, errp);
}

/* Ends a change that went well or not. */
static enum wconfd_outcome end(struct wconfd_core *core, struct wconfd_call *call,
                               struct cfg_txn *txn, bool good)
{
    if (!good) {
        cfg_txn_abort(txn);
        return WCONFD_ERROR;
    }
    core_commit_as_is(core, txn);
    return done_bool(call, true);
}

enum wconfd_outcome do_wconfd_add_instance_disk(struct wconfd_core *core, struct wconfd_call *call,
                                                const void *args, GError **errp)
{
    const struct method_wconfd_add_instance_disk *a = args;
    struct disk *disk;
    struct cfg_txn *txn;
    g_autofree char *uuid = NULL;
    bool good;

    if (core_is_config_locked(core)) {
        return done_bool(call, false);
    }
    disk = cfg_read_object(CFG_KIND_disk, a->disk, errp);
    if (disk == NULL) {
        return WCONFD_ERROR;
    }
    if (!check_id(core->cfg, "disk", disk->has.name ? disk->name : disk->iv_name, disk->uuid,
                  a->replace, errp)) {
        fact_object_free(&fact_object_disk, disk);
        return WCONFD_ERROR;
    }
    uuid = g_strdup(disk->uuid);
    txn = cfg_txn_begin(core->cfg);
    cfg_txn_replace(txn, CFG_KIND_disk, disk);
    good = attach(core, txn, a->instance, uuid, a->has.index ? &a->index : NULL, errp);
    if (good && reservations_drop_minors(core->reservations, uuid)) {
        core_reservations_changed(core, NULL);
    }
    return end(core, call, txn, good);
}

enum wconfd_outcome do_wconfd_attach_instance_disk(struct wconfd_core *core,
                                                   struct wconfd_call *call, const void *args,
                                                   GError **errp)
{
    const struct method_wconfd_attach_instance_disk *a = args;
    struct cfg_txn *txn;

    if (core_is_config_locked(core)) {
        return done_bool(call, false);
    }
    txn = cfg_txn_begin(core->cfg);
    return end(core, call, txn,
               attach(core, txn, a->instance, a->disk, a->has.index ? &a->index : NULL, errp));
}

enum wconfd_outcome do_wconfd_detach_instance_disk(struct wconfd_core *core,
                                                   struct wconfd_call *call, const void *args,
                                                   GError **errp)
{
    const struct method_wconfd_detach_instance_disk *a = args;
    struct cfg_txn *txn;

    if (core_is_config_locked(core)) {
        return done_bool(call, false);
    }
    txn = cfg_txn_begin(core->cfg);
    return end(core, call, txn, detach(txn, a->instance, a->disk, errp));
}

/* Whether an instance of the transaction's state but this one has the disk. */
static bool is_attached_elsewhere(const struct wconfd_core *core, const char *but,
                                  const char *disk_uuid)
{
    const struct disk *disk = cfg_disk_get(core->cfg, disk_uuid);
    const struct instance *owner = disk == NULL ? NULL : cfg_disk_instance(core->cfg, disk);

    return owner != NULL && strcmp(owner->uuid, but) != 0;
}

enum wconfd_outcome do_wconfd_remove_instance_disk(struct wconfd_core *core,
                                                   struct wconfd_call *call, const void *args,
                                                   GError **errp)
{
    const struct method_wconfd_remove_instance_disk *a = args;
    struct cfg_txn *txn;
    bool good;

    if (core_is_config_locked(core)) {
        return done_bool(call, false);
    }
    txn = cfg_txn_begin(core->cfg);
    good = detach(txn, a->instance, a->disk, errp);
    if (good && is_attached_elsewhere(core, a->instance, a->disk)) {
        good = err_fail(errp, ERR_PROGRAMMER, ECODE_NONE,
                        "Cannot remove disk %s. Disk is attached to an instance", a->disk);
    }
    if (good && cfg_txn_remove(txn, CFG_KIND_disk, a->disk)) {
        touch_cluster(txn, core_now());
    }
    return end(core, call, txn, good);
}
