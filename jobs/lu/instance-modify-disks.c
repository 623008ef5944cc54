/* OP_INSTANCE_SET_PARAMS: disks that come, go and change. */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/disk.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/device-mods.h"
#include "jobs/lu/disk-make.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/instance-modify.h"
#include "jobs/lu/ipolicy-fit.h"
#include "jobs/lu/node-check.h"

static void free_step(void *data)
{
    struct modify_disk_step *step = data;
    fact_object_clear(&fact_object_idisk, &step->wanted);
    g_free(step->uuid);
    g_free(step);
}

void modify_disks_clear(struct modify_own *own)
{
    g_clear_pointer(&own->disk_steps, g_ptr_array_unref);
    g_clear_pointer(&own->disk_mods, g_array_unref);
    json_unref(own->disk_changes);
}

static bool invalid(GError **errp, const char *text)
{
    return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "%s", text);
}

static struct cfg_disks disks_now(struct lu *lu)
{
    return cfg_instance_disks(lu_cfg(lu), modify_instance(lu));
}

bool modify_disks_arguments(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    struct modify_own *own = lu->own;
    own->disk_mods = lu_mods_read(op->disks, MODIFY_DISK, errp);
    return own->disk_mods != NULL;
}

/* --- Checks -------------------------------------------------------------------------------------
 *
 * What depends on the kind of disks the instance has is looked at with its lock held. */
/* What all changes of an instance are judged by. */
struct facts {
    enum disk_template disk_template;
    bool mixed, exclusive;
};

static struct facts gather(struct lu *lu)
{
    struct facts facts = {0};
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, modify_instance(lu));
    facts.disk_template = cfg_instance_disk_template(lu_cfg(lu), modify_instance(lu), &facts.mixed);
    for (guint i = 0; i < nodes->len; i++) {
        facts.exclusive = facts.exclusive || lu_node_has_exclusive_storage(lu, nodes->pdata[i]);
    }
    return facts;
}

static bool check_template(const struct lu_mod *mod, const struct facts *facts, GError **errp)
{
    const struct json *given = json_get(mod->params, "dev_type");
    const char *word = fact_enum_disk_template.words[facts->disk_template];
    if (facts->disk_template == DISK_TEMPLATE_DISKLESS) {
        return invalid(errp, "The instance has no disks, so there is no template for a new one; "
                             "attach a disk or recreate the instance");
    }
    if (facts->mixed) {
        return invalid(errp, "The instance has disks of several templates; none can be added");
    }
    json_remove(mod->params, "dev_type");
    return given == NULL ||
           (json_kind(given) == JSON_STRING && strcmp(json_string(given), word) == 0) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "A new disk has the template of the others, %s", word);
}

/* KVM alone reaches disks with drivers of its own (common.py IsValidDiskAccessModeCombination). */
static bool check_access(struct lu *lu, const struct idisk *wanted, const struct facts *facts,
                         GError **errp)
{
    const struct instance *instance = modify_instance(lu);
    const char *kernel = fact_enum_disk_access_mode.words[DISK_ACCESS_MODE_KERNELSPACE];
    const char *word = fact_enum_disk_template.words[facts->disk_template];
    if (!const_has(C_DTS_HAVE_ACCESS, (int)facts->disk_template)) {
        return true;
    }
    struct value_map params = cfg_diskparams(lu_cfg(lu), modify_group(lu), word);
    const struct fact_value *usual = fact_dict_get(&type_value_map, &params, "access");
    const char *access = wanted->has.access ? wanted->access
                         : usual != NULL    ? fact_value_text(usual)
                                            : kernel;
    bool good = g_strcmp0(access, kernel) == 0 || instance->hypervisor == HYPERVISOR_KVM;
    cfg_filled_free(&params);
    return good || err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                            "The hypervisor %s cannot reach disks with the access mode '%s'",
                            fact_enum_hypervisor.words[instance->hypervisor], access);
}

static bool check_sync(struct lu *lu, const char *what, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    return op->wait_for_sync || modify_instance(lu)->disks_active ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "Cannot %s a disk without waiting for its sync (--no-wait-for-sync) while the "
                    "disks of the instance are not active",
                    what);
}

static bool read_wanted(struct modify_disk_step *step, GError **errp)
{
    g_autoptr(GError) error = NULL;
    return fact_object_decode_at(&fact_object_idisk, step->mod->params, &step->wanted, NULL,
                                 &error) ||
           err_fail(errp, ERR_TYPE_ENFORCEMENT, ECODE_NONE, "Parameters of a disk: %s",
                    error->message);
}

static bool check_add(struct lu *lu, struct modify_disk_step *step, const struct facts *facts,
                      GError **errp)
{
    if (!check_template(step->mod, facts, errp) || !read_wanted(step, errp) ||
        !lu_disks_complete(lu, &step->wanted, 1, facts->disk_template, errp)) {
        return false;
    }
    if (step->wanted.has.spindles != facts->exclusive) {
        return invalid(errp, facts->exclusive
                                 ? "With exclusive storage each disk needs its spindles"
                                 : "Spindles are for exclusive storage only");
    }
    return check_sync(lu, "add", errp) && check_access(lu, &step->wanted, facts, errp);
}

/* By UUID, or by a name that only one disk of the cluster has. */
static const struct disk *find_disk(struct lu *lu, const struct lu_mod *mod, GError **errp)
{
    const struct cfg *cfg = lu_cfg(lu);
    const char *uuid, *name;
    const struct disk *found = NULL;
    bool by_uuid = lu_mod_text(mod, "uuid", &uuid);
    bool by_name = lu_mod_text(mod, "name", &name);
    if (json_len(mod->params) != 1 || (!by_uuid && !by_name) || (uuid == NULL && name == NULL)) {
        (void)invalid(errp, "A disk is attached by its name or by its uuid, and by nothing else");
        return NULL;
    }
    if (by_uuid) {
        found = cfg_disk_get(cfg, uuid);
    }
    for (size_t i = 0; by_name && i < cfg_disk_count(cfg); i++) {
        const struct disk *disk = cfg_disk_at(cfg, i);
        if (g_strcmp0(disk->name, name) != 0) {
            continue;
        }
        if (found != NULL) {
            err_set(errp, ERR_CONFIGURATION, ECODE_NONE,
                    "Several disks are named '%s'; give the uuid of one", name);
            return NULL;
        }
        found = disk;
    }
    if (found == NULL) {
        err_set(errp, ERR_OP_PREREQ, ECODE_INVAL, "There is no disk with the %s '%s'",
                by_uuid ? "uuid" : "name", by_uuid ? uuid : name);
    }
    return found;
}

static bool has_text(const struct str_list *list, const char *text)
{
    for (size_t i = 0; i < list->n; i++) {
        if (strcmp(list->v[i], text) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_places(struct lu *lu, const struct disk *disk, GError **errp)
{
    const struct instance *instance = modify_instance(lu);
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, instance);
    struct cfg_drbd drbd;
    for (guint i = 0; disk->nodes.n > 0 && i < nodes->len; i++) {
        if (!has_text(&disk->nodes, nodes->pdata[i])) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "The disk is not on node %s, where instance %s is",
                            cfg_node_get(lu_cfg(lu), nodes->pdata[i])->name, instance->name);
        }
    }
    return !cfg_disk_drbd(disk, &drbd) || strcmp(drbd.node_a, instance->primary_node) == 0 ||
           err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                    "The primary node of the disk is not that of instance %s", instance->name);
}

static bool check_attach(struct lu *lu, struct modify_disk_step *step, const struct facts *facts,
                         GError **errp)
{
    const struct disk *disk =
        check_sync(lu, "attach", errp) ? find_disk(lu, step->mod, errp) : NULL;
    if (disk == NULL) {
        return false;
    }
    if (facts->disk_template != DISK_TEMPLATE_DISKLESS &&
        (facts->mixed || disk->dev_type != facts->disk_template)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "The disk has the template %s, those of the instance have %s",
                        fact_enum_disk_template.words[disk->dev_type],
                        facts->mixed ? C_DT_MIXED
                                     : fact_enum_disk_template.words[facts->disk_template]);
    }
    const struct instance *owner = cfg_disk_instance(lu_cfg(lu), disk);
    if (owner != NULL) {
        return err_fail(errp, ERR_RESERVATION, ECODE_NONE,
                        "The disk %s is attached to instance %s already", disk->uuid, owner->name);
    }
    step->uuid = g_strdup(disk->uuid);
    return check_places(lu, disk, errp);
}

static bool is_modifiable(const char *key)
{
    return strcmp(key, "mode") == 0 || strcmp(key, "name") == 0;
}

static bool check_modify(struct modify_disk_step *step, const struct facts *facts, GError **errp)
{
    bool ext = facts->disk_template == DISK_TEMPLATE_EXT;
    if (json_has(step->mod->params, "size")) {
        return invalid(errp, "The size of a disk is changed by 'gnt-instance grow-disk'");
    }
    struct json_iter it = json_iter_begin(step->mod->params);
    while (json_iter_next(&it)) {
        bool fixed = strcmp(it.key, "access") == 0 || strcmp(it.key, "provider") == 0;
        if (ext ? fixed : !is_modifiable(it.key)) {
            return ext ? err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                                  "The parameter '%s' of a disk cannot be changed", it.key)
                       : err_fail(errp, ERR_TYPE_ENFORCEMENT, ECODE_NONE,
                                  "Disks have no parameter '%s' that can be changed", it.key);
        }
    }
    return read_wanted(step, errp);
}

static bool check_remove(struct lu *lu, const struct modify_disk_step *step, GError **errp)
{
    const struct modify_own *own = lu->own;
    if (json_len(step->mod->params) > 0) {
        return invalid(errp, "A disk that is removed or detached takes no parameters");
    }
    return step->mod->action == DDM_DETACH || own->hotplug ||
           lu_check_state(lu, modify_instance(lu), LU_STATE_NOT_RUNNING,
                          "a disk of a running instance cannot be removed without hotplug", errp);
}

static bool check_step(struct lu *lu, struct modify_disk_step *step, const struct facts *facts,
                       GError **errp)
{
    switch (step->mod->action) {
    case DDM_ADD:
        return check_add(lu, step, facts, errp);
    case DDM_ATTACH:
        return check_attach(lu, step, facts, errp);
    case DDM_MODIFY:
        return check_modify(step, facts, errp);
    case DDM_REMOVE:
    case DDM_DETACH:
        break;
    }
    return check_remove(lu, step, errp);
}

/* --- The list as a whole ------------------------------------------------------------------------
 */
static GArray *ids_of(struct cfg_disks disks)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(struct lu_device_id));
    for (size_t i = 0; i < disks.n; i++) {
        const struct lu_device_id id = {disks.v[i]->name, disks.v[i]->uuid};
        g_array_append_val(ids, id);
    }
    return ids;
}

/* Names and UUIDs stand for where disks are before the first change (_LookupDiskMods). */
static bool resolve_names(struct lu *lu, GError **errp)
{
    struct modify_own *own = lu->own;
    g_autoptr(GArray) ids = ids_of(disks_now(lu));
    for (guint i = 0; i < own->disk_mods->len; i++) {
        struct lu_mod *mod = lu_mods_at(own->disk_mods, i);
        char *end;
        size_t index;
        (void)g_ascii_strtoll(mod->device, &end, 10);
        if (*mod->device != '\0' && *end == '\0') {
            continue;
        }
        if (!lu_mod_find(mod, MODIFY_DISK, (const struct lu_device_id *)(void *)ids->data, ids->len,
                         &index, errp)) {
            return false;
        }
        g_free(mod->device);
        mod->device = g_strdup_printf("%zu", index);
    }
    return true;
}

/* What the list of names is after one more change. */
static bool apply_name(const struct modify_disk_step *step, GArray *ids, GError **errp)
{
    struct lu_device_id id = {0};
    size_t index;
    (void)lu_mod_text(step->mod, "name", &id.name);
    switch (step->mod->action) {
    case DDM_ADD:
    case DDM_ATTACH:
        if (!lu_mod_place(step->mod, MODIFY_DISK, ids->len, &index, errp)) {
            return false;
        }
        g_array_insert_val(ids, (guint)index, id);
        return true;
    case DDM_MODIFY:
    case DDM_REMOVE:
    case DDM_DETACH:
        break;
    }
    if (!lu_mod_find(step->mod, MODIFY_DISK, NULL, ids->len, &index, errp)) {
        return false;
    }
    if (step->mod->action != DDM_MODIFY) {
        g_array_remove_index(ids, (guint)index);
    } else if (json_has(step->mod->params, "name")) {
        g_array_index(ids, struct lu_device_id, index).name = id.name;
    }
    return true;
}

static bool check_list(struct lu *lu, GError **errp)
{
    struct modify_own *own = lu->own;
    g_autoptr(GArray) ids = ids_of(disks_now(lu));
    for (guint i = 0; i < own->disk_steps->len; i++) {
        if (!apply_name(own->disk_steps->pdata[i], ids, errp)) {
            return false;
        }
    }
    return lu_device_names_check((const struct lu_device_id *)(void *)ids->data, ids->len,
                                 MODIFY_DISK, errp) &&
           (ids->len <= C_MAX_DISKS ||
            err_fail(errp, ERR_OP_PREREQ, ECODE_STATE, "An instance cannot have more than %d disks",
                     C_MAX_DISKS));
}

bool modify_disks_check(struct lu *lu, GError **errp)
{
    struct modify_own *own = lu->own;
    own->disk_steps = g_ptr_array_new_with_free_func(free_step);
    if (own->disk_mods->len == 0) {
        return true;
    }
    const struct facts facts = gather(lu);
    if (!resolve_names(lu, errp)) {
        return false;
    }
    for (guint i = 0; i < own->disk_mods->len; i++) {
        struct modify_disk_step *step = g_new0(struct modify_disk_step, 1);
        step->mod = lu_mods_at(own->disk_mods, i);
        g_ptr_array_add(own->disk_steps, step);
        lu_mod_take_none(lu_mods_at(own->disk_mods, i), "name");
        if (!check_step(lu, step, &facts, errp)) {
            return false;
        }
    }
    return check_list(lu, errp);
}

struct lu_sizes_disk *modify_disks_sizes(struct lu *lu, size_t *ret_n)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct modify_own *own = lu->own;
    struct cfg_disks disks = disks_now(lu);
    enum disk_template usual = cfg_instance_disk_template(lu_cfg(lu), modify_instance(lu), NULL);
    struct lu_sizes_disk *v = g_new0(struct lu_sizes_disk, disks.n + own->disk_steps->len + 1);
    *ret_n = 0;
    for (size_t i = 0; i < disks.n; i++) {
        v[(*ret_n)++] = (struct lu_sizes_disk){
            op->has.disk_template ? op->disk_template : disks.v[i]->dev_type, disks.v[i]->size};
    }
    for (guint i = 0; i < own->disk_steps->len; i++) {
        const struct modify_disk_step *step = own->disk_steps->pdata[i];
        if (step->mod->action == DDM_ADD) {
            v[(*ret_n)++] = (struct lu_sizes_disk){usual, step->wanted.size};
        }
    }
    return v;
}
