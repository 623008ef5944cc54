/* OP_INSTANCE_SET_PARAMS: changes of disks, carried out. Each is recorded before the next begins.
 */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/disk.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/disk-make.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/instance-modify.h"
#include "jobs/lu/instance-record.h"
#include "jobs/lu/names.h"
#include "jobs/lu/rpc.h"
#include "jobs/lu/sync.h"

static void tell(struct lu *lu, size_t index, struct json *value)
{
    struct modify_own *own = lu->own;
    lu_change_add(own->disk_changes, value, MODIFY_DISK "/%zu", index);
}

static void tell_size(struct lu *lu, const char *what, const struct disk *disk, size_t index)
{
    g_autofree char *text =
        g_strdup_printf("%s:size=%" G_GINT64_FORMAT ",mode=%s", what, (gint64)disk->size,
                        fact_enum_disk_mode.words[disk->mode]);
    tell(lu, index, json_new_string(text));
}

/* What the hypervisor needs of [device, link, URI]. */
static struct json *link_and_uri(const struct json *said)
{
    struct json *extra = json_new_array();
    size_t n = json_kind(said) == JSON_ARRAY ? json_len(said) : 0;
    for (size_t i = 1; i < 3; i++) {
        json_append(extra, i < n ? json_ref(json_at(said, i)) : NULL);
    }
    return extra;
}

static void plug_in(struct lu *lu, const struct disk *disk, const struct json *said, size_t index)
{
    CLEANUP(json_unrefp) struct json *extra = link_and_uri(said);
    tell(lu, index, modify_hotplug(lu, HOTPLUG_ACTION_HOTADD, disk, NULL, extra, index));
}

/* The disk at a place of the instance, as it is recorded now. */
static const struct disk *disk_at(struct lu *lu, size_t index)
{
    return cfg_instance_disks(lu_cfg(lu), modify_instance(lu)).v[index];
}

/* --- One that comes -----------------------------------------------------------------------------
 */
static GPtrArray *generate(struct lu *lu, enum disk_template disk_template,
                           const struct idisk *wanted, size_t index, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct instance *instance = modify_instance(lu);
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, instance);
    g_autofree char *folder = NULL;
    if (!lu_file_storage_dir(lu, disk_template, instance->name,
                             op->has.file_storage_dir ? op->file_storage_dir : NULL, &folder,
                             errp)) {
        return NULL;
    }
    const struct lu_disk_plan plan = {
        .disk_template = disk_template,
        .instance_uuid = instance->uuid,
        .primary_node = instance->primary_node,
        .secondary_node = const_has(C_DTS_INT_MIRROR, (int)disk_template) && nodes->len > 1
                              ? nodes->pdata[1]
                              : NULL,
        .disks = wanted,
        .n = 1,
        .first_index = index,
        .file_dir = folder,
        .file_driver = op->has.file_driver ? op->file_driver : FILE_DRIVER_LOOP,
    };
    return lu_disks_generate(lu, &plan, errp);
}

/* One that cannot be wiped does not stay, neither on the nodes nor in the configuration. */
static bool wipe(struct lu *lu, size_t index, GError **errp)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_ref(lu_cfg(lu));
    const struct instance *instance = modify_instance(lu);
    const struct disk *disk = disk_at(lu, index);
    g_autoptr(GError) error = NULL;
    if (!cfg_cluster(cfg)->prealloc_wipe_disks ||
        lu_disks_wipe(lu, instance, &disk, 1, index, 0, errp)) {
        return true;
    }
    const struct lu_disk_change what = {
        .instance_uuid = instance->uuid, .disk_uuid = disk->uuid, .forget = true};
    (void)lu_disks_remove_some(lu, instance, &disk, 1, NULL);
    if (!lu_instance_detach_disk(lu, &what, &error)) {
        lu_warn(lu, "Disk %zu stays in the configuration: %s", index, error->message);
    }
    return false;
}

static void assemble_new(struct lu *lu, size_t index)
{
    const struct instance *instance = modify_instance(lu);
    const struct disk *disk = disk_at(lu, index);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, instance->primary_node,
        LU_CALL(blockdev_assemble, .disk = {.disk = disk, .instance = instance},
                .instance = {.instance = instance}, .on_primary = true, .idx = (int64_t)index));
    if (lu_answer_warn(lu, answer, "Can't assemble newly created disk %zu", index)) {
        plug_in(lu, disk, answer->payload, index);
    } else {
        tell(lu, index, json_new_string("assemble:failed"));
    }
}

static bool add(struct lu *lu, const struct modify_disk_step *step, size_t index, GError **errp)
{
    const struct modify_own *own = lu->own;
    const struct instance *instance = modify_instance(lu);
    enum disk_template usual = cfg_instance_disk_template(lu_cfg(lu), instance, NULL);
    g_autoptr(GPtrArray) disks = generate(lu, usual, &step->wanted, index, errp);
    if (disks == NULL) {
        return false;
    }
    const struct disk *const *v = (const struct disk *const *)disks->pdata;
    const struct lu_disk_change what = {
        .instance_uuid = instance->uuid, .disk_uuid = v[0]->uuid, .added = v[0], .index = index};
    if (!lu_disks_create(lu, instance, v, disks->len, errp)) {
        lu_disks_unreserve(lu, v, disks->len);
        return false;
    }
    if (!lu_instance_attach_disk(lu, &what, errp) || !wipe(lu, index, errp)) {
        return false;
    }
    tell_size(lu, fact_enum_ddm_full.words[DDM_ADD], v[0], index);
    if (own->hotplug) {
        assemble_new(lu, index);
    }
    return true;
}

/* --- One that is taken --------------------------------------------------------------------------
 */
/* Asks the node to move a disk that is a file. */
static bool move_file(struct lu *lu, const struct disk *disk, const char *path, const char *what,
                      GError **errp)
{
    CLEANUP(json_unrefp) struct json *id = json_new_array();
    json_append(id, json_new_string(cfg_disk_driver(disk)));
    json_append(id, json_new_string(path));
    const struct lu_arg_rename rename = {.disk = disk, .new_id = id};
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(lu, modify_instance(lu)->primary_node,
                                            LU_CALL(blockdev_rename, .devlist = {&rename, 1}));
    return lu_answer_check(answer, errp, "Cannot move the file of a disk that is %s", what);
}

static bool attach(struct lu *lu, const struct modify_disk_step *step, size_t index, GError **errp)
{
    const struct modify_own *own = lu->own;
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_ref(lu_cfg(lu));
    const struct disk *disk = cfg_disk_get(cfg, step->uuid);
    struct lu_disk_change what = {
        .instance_uuid = modify_instance(lu)->uuid, .disk_uuid = step->uuid, .index = index};
    g_autoptr(GPtrArray) dummy = NULL;
    if (const_has(C_DTS_INSTANCE_DEPENDENT_PATH, (int)disk->dev_type)) {
        const struct idisk wanted = {.size = disk->size, .mode = disk->mode};
        dummy = generate(lu, disk->dev_type, &wanted, index, errp);
        if (dummy == NULL) {
            return false;
        }
        what.path = cfg_disk_path(dummy->pdata[0]);
        if (!move_file(lu, disk, what.path, "attached", errp)) {
            return false;
        }
    }
    if (!lu_instance_attach_disk(lu, &what, errp)) {
        return false;
    }
    tell_size(lu, fact_enum_ddm_full.words[DDM_ATTACH], disk, index);
    CLEANUP(json_unrefp) struct json *said = NULL;
    g_autoptr(GError) error = NULL;
    if (!lu_disk_assemble_told(lu, modify_instance(lu), index, &said, &error)) {
        tell(lu, index, json_new_string("assemble:failed"));
    } else if (own->hotplug) {
        plug_in(lu, disk_at(lu, index), said, index);
    }
    return true;
}

/* What both do once the disk is there: its assembly is undone unless the others are assembled. */
static bool settle(struct lu *lu, size_t index, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_ref(lu_cfg(lu));
    const struct instance *instance = modify_instance(lu);
    const struct disk *disk = disk_at(lu, index);
    bool good;
    if (!lu_disks_wait_for_sync(lu, instance, &disk, 1, !op->wait_for_sync, &good, errp)) {
        return false;
    }
    if (!good) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "Disk %zu of instance %s did not sync",
                        index, instance->name);
    }
    if (!instance->disks_active) {
        lu_disk_shutdown(lu, instance, disk);
    }
    return true;
}

/* --- One that changes ---------------------------------------------------------------------------
 */
/* Parameters of a storage provider; "default" takes one away. */
static void set_extra(struct lu *lu, struct disk *disk, const struct lu_mod *mod, size_t index)
{
    struct modify_own *own = lu->own;
    struct json_iter it = json_iter_begin(mod->params);
    while (json_iter_next(&it)) {
        if (disk->dev_type != DISK_TEMPLATE_EXT || strcmp(it.key, "mode") == 0 ||
            strcmp(it.key, "name") == 0) {
            continue;
        }
        if (json_kind(it.value) == JSON_STRING &&
            g_ascii_strcasecmp(json_string(it.value), C_VALUE_DEFAULT) == 0) {
            fact_dict_remove(&type_value_map, &disk->params, it.key);
        } else {
            (void)fact_value_set(fact_dict_add(&type_value_map, &disk->params, it.key), it.value);
        }
        lu_change_add(own->disk_changes, json_ref(it.value), "disk.params:%s/%zu", it.key, index);
    }
}

static bool modify(struct lu *lu, const struct modify_disk_step *step, size_t index, GError **errp)
{
    struct modify_own *own = lu->own;
    const char *name;
    struct cfg_txn *txn = lu_begin(lu, errp);
    struct disk *disk = txn != NULL ? cfg_txn_edit_disk(txn, disk_at(lu, index)->uuid) : NULL;
    if (disk == NULL) {
        cfg_txn_abort(txn);
        return false;
    }
    if (step->wanted.has.mode) {
        disk->mode = step->wanted.mode;
        lu_change_add(own->disk_changes, json_new_string(fact_enum_disk_mode.words[disk->mode]),
                      "disk.mode/%zu", index);
    }
    if (lu_mod_text(step->mod, "name", &name)) {
        g_free(disk->name);
        disk->name = g_strdup(name);
        disk->has.name = name != NULL;
        lu_change_add(own->disk_changes, name != NULL ? json_new_string(name) : NULL,
                      "disk.name/%zu", index);
    }
    set_extra(lu, disk, step->mod, index);
    return lu_commit(lu, txn, errp);
}

/* --- One that goes ------------------------------------------------------------------------------
 */
static bool remove_disk(struct lu *lu, size_t index, GError **errp)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_ref(lu_cfg(lu));
    const struct instance *instance = modify_instance(lu);
    const struct disk *disk = disk_at(lu, index);
    const struct lu_disk_change what = {
        .instance_uuid = instance->uuid, .disk_uuid = disk->uuid, .forget = true};
    (void)lu_disks_remove_some(lu, instance, &disk, 1, NULL);
    return lu_instance_detach_disk(lu, &what, errp);
}

/* <folder>/<instance>/<file> becomes <folder>/<file>. */
static char *detached_path(const struct disk *disk)
{
    const char *path = cfg_disk_path(disk);
    g_autofree char *own = g_path_get_dirname(path), *top = g_path_get_dirname(own),
                    *file = g_path_get_basename(path);
    return g_build_filename(top, file, NULL);
}

static bool detach(struct lu *lu, size_t index, GError **errp)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_ref(lu_cfg(lu));
    const struct instance *instance = modify_instance(lu);
    const struct disk *disk = disk_at(lu, index);
    g_autofree char *path = NULL;
    if (const_has(C_DTS_INSTANCE_DEPENDENT_PATH, (int)disk->dev_type)) {
        path = detached_path(disk);
        if (!move_file(lu, disk, path, "detached", errp)) {
            return false;
        }
    }
    const struct lu_disk_change what = {
        .instance_uuid = instance->uuid, .disk_uuid = disk->uuid, .path = path};
    return lu_instance_detach_disk(lu, &what, errp);
}

/* Out of the guest, and not assembled any more. */
static struct json *take_away(struct lu *lu, enum ddm_full action, size_t index)
{
    const struct modify_own *own = lu->own;
    const struct instance *instance = modify_instance(lu);
    const struct disk *disk = disk_at(lu, index);
    struct json *said = NULL;
    if (own->hotplug) {
        said = modify_hotplug(lu, HOTPLUG_ACTION_HOTREMOVE, disk, NULL, NULL, index);
    }
    if (own->hotplug || action == DDM_DETACH) {
        lu_disk_shutdown(lu, instance, disk);
    }
    return said;
}

static bool take_out(struct lu *lu, const struct modify_disk_step *step, size_t index,
                     GError **errp)
{
    enum ddm_full action = step->mod->action;
    CLEANUP(json_unrefp) struct json *said = take_away(lu, action, index);
    if (action == DDM_REMOVE ? !remove_disk(lu, index, errp) : !detach(lu, index, errp)) {
        return false;
    }
    tell(lu, index, json_new_string(fact_enum_ddm_full.words[action]));
    if (said != NULL) {
        tell(lu, index, json_ref(said));
    }
    return true;
}

/* --- All of them --------------------------------------------------------------------------------
 */
static bool apply(struct lu *lu, const struct modify_disk_step *step, GError **errp)
{
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), modify_instance(lu));
    enum ddm_full action = step->mod->action;
    size_t index;
    if (action == DDM_ADD || action == DDM_ATTACH) {
        return lu_mod_place(step->mod, MODIFY_DISK, disks.n, &index, errp) &&
               (action == DDM_ADD ? add(lu, step, index, errp) : attach(lu, step, index, errp)) &&
               settle(lu, index, errp);
    }
    if (!lu_mod_find(step->mod, MODIFY_DISK, NULL, disks.n, &index, errp)) {
        return false;
    }
    return action == DDM_MODIFY ? modify(lu, step, index, errp) : take_out(lu, step, index, errp);
}

bool modify_disks_apply(struct lu *lu, GError **errp)
{
    struct modify_own *own = lu->own;
    own->disk_changes = json_new_array();
    for (guint i = 0; i < own->disk_steps->len; i++) {
        if (!apply(lu, own->disk_steps->pdata[i], errp)) {
            return false;
        }
    }
    return true;
}
