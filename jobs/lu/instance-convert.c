/* OP_INSTANCE_SET_PARAMS: another disk template for an instance (instance_set_params.py
 * _PreCheckDiskTemplate, _ConvertPlainToDrbd, _ConvertDrbdToPlain, _ConvertInstanceDisks). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "compat-config/model/disk.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/allocate.h"
#include "jobs/lu/disk-make.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/instance-modify.h"
#include "jobs/lu/instance-record.h"
#include "jobs/lu/ipolicy-fit.h"
#include "jobs/lu/names.h"
#include "jobs/lu/node-check.h"
#include "jobs/lu/rpc-encode.h"
#include "jobs/lu/rpc.h"
#include "jobs/lu/sync.h"

static const char *word_of(enum disk_template disk_template)
{
    return fact_enum_disk_template.words[disk_template];
}

static bool is_mirrored(const struct op_instance_set_params *op)
{
    return const_has(C_DTS_INT_MIRROR, (int)op->disk_template);
}

static struct cfg_disks disks_now(struct lu *lu)
{
    return cfg_instance_disks(lu_cfg(lu), modify_instance(lu));
}

static bool all_are(struct cfg_disks disks, enum disk_template disk_template)
{
    for (size_t i = 0; i < disks.n; i++) {
        if (disks.v[i]->dev_type != disk_template) {
            return false;
        }
    }
    return disks.n > 0;
}

/* --- Arguments ----------------------------------------------------------------------------------
 */
bool modify_convert_arguments(struct lu *lu, GError **errp)
{
    struct op_instance_set_params *op = lu_params(lu);
    struct modify_own *own = lu->own;
    if (!op->has.disk_template) {
        return true;
    }
    if (own->disk_mods->len > 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Disks cannot be changed one by one while all get another template");
    }
    if (is_mirrored(op)) {
        return lu_allocator_or_node(lu, &op->iallocator, &op->has.iallocator,
                                    op->has.remote_node ? op->remote_node : NULL, errp);
    }
    if (op->has.remote_node) {
        lu_warn(lu, "The secondary node is ignored: disks of the template %s have none",
                word_of(op->disk_template));
        g_clear_pointer(&op->remote_node, g_free);
        op->has.remote_node = false;
    }
    return true;
}

/* --- Checks -------------------------------------------------------------------------------------
 */
static bool check_kinds(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    bool mixed;
    enum disk_template now = cfg_instance_disk_template(lu_cfg(lu), modify_instance(lu), &mixed);
    if (mixed) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_NONE,
                        "The instance has disks of several templates, which cannot be converted");
    }
    if (const_has(C_DTS_NOT_CONVERTIBLE_FROM, (int)now) ||
        const_has(C_DTS_NOT_CONVERTIBLE_TO, (int)op->disk_template)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Disks of the template %s cannot be converted to %s", word_of(now),
                        word_of(op->disk_template));
    }
    if (now == op->disk_template && now != DISK_TEMPLATE_EXT) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "The instance has the disk template %s already", word_of(now));
    }
    for (size_t i = 0; i < cluster->enabled_disk_templates.n; i++) {
        if (cluster->enabled_disk_templates.v[i] == op->disk_template) {
            const char *vg = cluster->volume_group_name;
            return const_has(C_DTS_NOT_LVM, (int)op->disk_template) ||
                   (vg != NULL && *vg != '\0') ||
                   err_fail(errp, ERR_OP_PREREQ, ECODE_STATE, "The cluster has no volume group");
        }
    }
    return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                    "The disk template %s is not enabled on this cluster",
                    word_of(op->disk_template));
}

/* What the client says of the disks of a storage provider. */
static bool add_ext_params(const struct op_instance_set_params *op, struct json *wanted,
                           GError **errp)
{
    for (size_t i = 0; i < op->ext_params.n; i++) {
        const char *key = op->ext_params.v[i].key;
        if (fact_object_find(&fact_object_idisk, key) != NULL && strcmp(key, "provider") != 0) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "'%s' is no parameter of a storage provider", key);
        }
        json_set(wanted, key, json_ref(op->ext_params.v[i].value));
    }
    return true;
}

static const char *vg_of(const struct disk *disk)
{
    const char *vg = NULL, *lv;
    if (disk->dev_type == DISK_TEMPLATE_DRBD && disk->children.n > 0) {
        disk = &disk->children.v[0];
    }
    return cfg_disk_lv(disk, &vg, &lv) ? vg : NULL;
}

/* Size, mode and name stay; what the new template needs comes from the old disk, the cluster and
 * the client (ComputeDisksInfo). */
static bool compute_disk(struct lu *lu, const struct disk *disk, struct idisk *ret, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    CLEANUP(json_unrefp) struct json *wanted = json_new_object();
    const struct fact_value *access = fact_dict_get(&type_value_map, &disk->params, "access");
    const struct fact_value *provider = fact_dict_get(&type_value_map, &disk->params, "provider");
    json_set(wanted, "size", json_new_int(disk->size));
    json_set(wanted, "mode", json_new_string(fact_enum_disk_mode.words[disk->mode]));
    if (disk->name != NULL) {
        json_set(wanted, "name", json_new_string(disk->name));
    }
    if (disk->has.spindles) {
        json_set(wanted, "spindles", json_new_int(disk->spindles));
    }
    if (access != NULL && const_has(C_DTS_HAVE_ACCESS, (int)op->disk_template)) {
        json_set(wanted, "access", fact_value_to_json(access));
    }
    if (const_has(C_DTS_LVM, (int)op->disk_template) && vg_of(disk) != NULL) {
        json_set(wanted, "vg", json_new_string(vg_of(disk)));
    }
    if (!add_ext_params(op, wanted, errp) ||
        !fact_object_decode_at(&fact_object_idisk, wanted, ret, NULL, errp) ||
        !lu_disks_complete(lu, ret, 1, op->disk_template, errp)) {
        return false;
    }
    return disk->dev_type != op->disk_template || provider == NULL ||
           g_strcmp0(fact_value_text(provider), ret->provider) != 0 ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "%s has the provider '%s' already",
                    disk->iv_name, ret->provider);
}

static bool compute_disks(struct lu *lu, GError **errp)
{
    struct modify_own *own = lu->own;
    struct cfg_disks disks = disks_now(lu);
    for (size_t i = 0; i < disks.n; i++) {
        if (!compute_disk(lu, disks.v[i], fact_list_add(&type_idisk_list, &own->disks), errp)) {
            return false;
        }
    }
    return true;
}

static bool check_remote(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct instance *instance = modify_instance(lu);
    if (!is_mirrored(op) || !op->has.remote_node_uuid) {
        return true;
    }
    const struct node *remote = cfg_node_get(lu_cfg(lu), op->remote_node_uuid);
    if (strcmp(op->remote_node_uuid, instance->primary_node) == 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "Node %s is the primary node of the instance and cannot be the secondary",
                        remote->name);
    }
    if (!lu_check_node_usable(lu, op->remote_node_uuid, "secondary", errp) ||
        !lu_check_target_ipolicy(lu, instance, remote, op->ignore_ipolicy, errp)) {
        return false;
    }
    if (cfg_node_group(lu_cfg(lu), remote) != modify_group(lu)) {
        lu_warn(lu, "Primary and secondary node are in different node groups; the disk parameters "
                    "are those of the primary node's group");
    }
    return true;
}

static bool check_group(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct node_group *group = modify_group(lu);
    struct ipolicy policy = cfg_group_ipolicy(lu_cfg(lu), group);
    for (size_t i = 0; i < policy.disk_templates.n; i++) {
        if (policy.disk_templates.v[i] == op->disk_template) {
            return true;
        }
    }
    return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                    "The policy of the node group %s does not allow the disk template %s",
                    group->name, word_of(op->disk_template));
}

static bool check_exclusive(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    bool exclusive =
        lu_node_has_exclusive_storage(lu, modify_instance(lu)->primary_node) ||
        (op->has.remote_node_uuid && lu_node_has_exclusive_storage(lu, op->remote_node_uuid));
    return !exclusive || const_has(C_DTS_EXCL_STORAGE, (int)op->disk_template) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                    "Nodes with exclusive storage do not have disks of the template %s",
                    word_of(op->disk_template));
}

/* Only what is new needs space: nothing on the way from DRBD to plain volumes, the other node's
 * half on the way back. */
static bool check_space(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct modify_own *own = lu->own;
    const char *nodes[2];
    size_t n = 0;
    struct cfg_disks disks = disks_now(lu);
    bool to_plain = op->disk_template == DISK_TEMPLATE_PLAIN && all_are(disks, DISK_TEMPLATE_DRBD);
    bool to_drbd = op->disk_template == DISK_TEMPLATE_DRBD && all_are(disks, DISK_TEMPLATE_PLAIN);
    if (!to_plain && !to_drbd) {
        nodes[n++] = modify_instance(lu)->primary_node;
    }
    if (!to_plain && op->has.remote_node_uuid) {
        nodes[n++] = op->remote_node_uuid;
    }
    return n == 0 ||
           lu_check_disk_space(lu, nodes, n, op->disk_template, own->disks.v, own->disks.n, errp);
}

bool modify_convert_check(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    return !op->has.disk_template ||
           (check_kinds(lu, errp) &&
            lu_check_state(lu, modify_instance(lu), LU_STATE_DOWN,
                           "cannot change its disk template", errp) &&
            compute_disks(lu, errp) && check_remote(lu, errp) && check_group(lu, errp) &&
            check_exclusive(lu, errp) && check_space(lu, errp));
}

/* --- Common to all ways -------------------------------------------------------------------------
 */
static bool choose_remote(struct lu *lu, GError **errp)
{
    struct op_instance_set_params *op = lu_params(lu);
    if (!is_mirrored(op) || op->has.remote_node_uuid) {
        return true;
    }
    lu_log(lu, "Using %s to choose new secondary", op->iallocator);
    const struct ia_request request = {.mode = IALLOCATOR_MODE_ALLOCATE_SECONDARY,
                                       .instance_uuid = op->instance_uuid};
    struct ia_answer answer = {0};
    if (!lu_allocate(lu, &request, op->iallocator, &answer, errp)) {
        return false;
    }
    const struct node *node = lu_expand_node(lu, json_string(answer.result), NULL, errp);
    ia_answer_clear(&answer);
    if (node == NULL) {
        return false;
    }
    lu_log(lu, "%s choose %s as new secondary", op->iallocator, node->name);
    lu_text_set(&op->remote_node, node->name);
    lu_text_set(&op->remote_node_uuid, node->uuid);
    op->has.remote_node = op->has.remote_node_uuid = true;
    return true;
}

static GPtrArray *generate(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct modify_own *own = lu->own;
    const struct instance *instance = modify_instance(lu);
    g_autofree char *folder = NULL;
    if (!lu_file_storage_dir(lu, op->disk_template, instance->name,
                             op->has.file_storage_dir ? op->file_storage_dir : NULL, &folder,
                             errp)) {
        return NULL;
    }
    const struct lu_disk_plan plan = {
        .disk_template = op->disk_template,
        .instance_uuid = instance->uuid,
        .primary_node = instance->primary_node,
        .secondary_node = is_mirrored(op) ? op->remote_node_uuid : NULL,
        .disks = own->disks.v,
        .n = own->disks.n,
        .file_dir = folder,
        .file_driver = op->has.file_driver ? op->file_driver : FILE_DRIVER_LOOP,
    };
    return lu_disks_generate(lu, &plan, errp);
}

/* The new disks are the instance's; the nodes are free for others while they sync. */
static bool adopt(struct lu *lu, const struct disk *const *disks, size_t n, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    return lu_instance_swap_disks(lu, op->instance_uuid, disks, n, errp) &&
           lu_release_all_but(lu, LOCK_LEVEL_NODE, NULL, 0, errp);
}

static bool wait_for_sync(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_ref(lu_cfg(lu));
    struct cfg_disks disks = disks_now(lu);
    bool good;
    if (!lu_disks_wait_for_sync(lu, modify_instance(lu), disks.v, disks.n, !op->wait_for_sync,
                                &good, errp)) {
        return false;
    }
    return good || err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                            "Some disks of this instance are degraded; they must be looked at");
}

/* --- From plain volumes to DRBD -----------------------------------------------------------------
 *
 * The volumes stay and become the first halves. */
static bool create_parts(struct lu *lu, const struct instance *instance, const struct disk *disk,
                         const char *remote, GError **errp)
{
    struct disk *whole = lu_disk_annotated(lu_cfg(lu), disk, instance);
    bool ok =
        lu_device_create(lu, instance, &whole->children.v[1], instance->primary_node, true, errp);
    for (size_t i = 0; ok && i < whole->children.n; i++) {
        ok = lu_device_create(lu, instance, &whole->children.v[i], remote, true, errp);
    }
    fact_object_free(&fact_object_disk, whole);
    return ok;
}

static bool create_drbd(struct lu *lu, const struct instance *instance, const struct disk *disk,
                        const char *remote, GError **errp)
{
    struct disk *whole = lu_disk_annotated(lu_cfg(lu), disk, instance);
    bool ok = lu_device_create(lu, instance, whole, instance->primary_node, true, errp) &&
              lu_device_create(lu, instance, whole, remote, false, errp);
    fact_object_free(&fact_object_disk, whole);
    return ok;
}

static struct json *id_of(const struct disk *disk)
{
    struct json *id = json_new_array();
    for (size_t i = 0; i < disk->logical_id.n; i++) {
        json_append(id, fact_value_to_json(&disk->logical_id.v[i]));
    }
    return id;
}

/* Old volumes get the names of the first halves, or back again. */
static bool rename_volumes(struct lu *lu, struct cfg_disks old, const GPtrArray *new, bool back,
                           GError **errp)
{
    g_autofree struct lu_arg_rename *renames = g_new0(struct lu_arg_rename, old.n);
    for (size_t i = 0; i < old.n; i++) {
        const struct disk *half = &((const struct disk *)new->pdata[i])->children.v[0];
        renames[i] = (struct lu_arg_rename){.disk = back ? half : old.v[i],
                                            .new_id = id_of(back ? old.v[i] : half)};
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, modify_instance(lu)->primary_node,
                     LU_CALL(blockdev_rename, .devlist = {.v = renames, .n = old.n}));
    for (size_t i = 0; i < old.n; i++) {
        json_unref(renames[i].new_id);
    }
    return lu_answer_check(answer, errp,
                           back ? "The volumes could not be given their old names "
                                  "again"
                                : "Failed to rename original LVs");
}

static bool make_mirrors(struct lu *lu, struct cfg_disks old, const GPtrArray *new, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const struct instance *instance = modify_instance(lu);
    lu_log(lu, "Creating additional volumes...");
    for (guint i = 0; i < new->len; i++) {
        if (!create_parts(lu, instance, new->pdata[i], op->remote_node_uuid, errp)) {
            return false;
        }
    }
    lu_log(lu, "Renaming original volumes...");
    if (!rename_volumes(lu, old, new, false, errp)) {
        return false;
    }
    lu_log(lu, "Initializing DRBD devices...");
    for (guint i = 0; i < new->len; i++) {
        if (!create_drbd(lu, instance, new->pdata[i], op->remote_node_uuid, errp)) {
            lu_log(lu, "Initializing of DRBD devices failed; renaming back original volumes...");
            g_autoptr(GError) error = NULL;
            if (!rename_volumes(lu, old, new, true, &error)) {
                lu_warn(lu, "%s", error->message);
            }
            return false;
        }
    }
    return true;
}

static bool plain_to_drbd(struct lu *lu, struct cfg_disks old, GError **errp)
{
    lu_log(lu, "Converting disk template from 'plain' to 'drbd'");
    g_autoptr(GPtrArray) new = choose_remote(lu, errp) ? generate(lu, errp) : NULL;
    if (new == NULL) {
        return false;
    }
    const struct disk *const *v = (const struct disk *const *)new->pdata;
    if (!make_mirrors(lu, old, new, errp)) {
        lu_disks_unreserve(lu, v, new->len);
        return false;
    }
    return adopt(lu, v, new->len, errp) && wait_for_sync(lu, errp);
}

/* --- From DRBD to plain volumes -----------------------------------------------------------------
 */
static void free_disk(void *disk)
{
    fact_object_free(&fact_object_disk, disk);
}

/* The first half, with what people know of the whole. */
static struct disk *first_half(const struct disk *whole, const char *primary)
{
    struct disk *half = fact_object_copy(&fact_object_disk, &whole->children.v[0]);
    half->size = whole->size;
    half->mode = whole->mode;
    half->has.size = half->has.mode = true;
    g_free(half->name);
    half->name = g_strdup(whole->name);
    half->has.name = half->name != NULL;
    lu_text_set(&half->iv_name, whole->iv_name);
    half->has.iv_name = true;
    lu_list_set(&half->nodes, &primary, 1);
    half->has.nodes = true;
    return half;
}

static bool drbd_to_plain(struct lu *lu, struct cfg_disks old, GError **errp)
{
    const struct instance *instance = modify_instance(lu);
    g_autoptr(GPtrArray) new = g_ptr_array_new_with_free_func(free_disk);
    g_autoptr(GPtrArray) metas = g_ptr_array_new();
    g_autofree char *secondary =
        old.n > 0 ? g_strdup(cfg_disk_secondary(old.v[0], instance->primary_node)) : NULL;
    lu_log(lu, "Converting disk template from 'drbd' to 'plain'");
    for (size_t i = 0; i < old.n; i++) {
        if (old.v[i]->children.n < 2) {
            return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "%s has no volumes below it",
                            old.v[i]->iv_name);
        }
        g_ptr_array_add(new, first_half(old.v[i], instance->primary_node));
        g_ptr_array_add(metas, &old.v[i]->children.v[1]);
    }
    if (!adopt(lu, (const struct disk *const *)new->pdata, new->len, errp)) {
        return false;
    }
    instance = modify_instance(lu);
    lu_log(lu, "Removing volumes on the secondary node...");
    if (secondary != NULL) {
        (void)lu_disks_remove_some(lu, instance, old.v, old.n, secondary);
    }
    lu_log(lu, "Removing unneeded volumes on the primary node...");
    (void)lu_disks_remove_some(lu, instance, (const struct disk *const *)metas->pdata, metas->len,
                               NULL);
    return true;
}

/* --- All other ways: a copy ---------------------------------------------------------------------
 */
static bool copy_disk(struct lu *lu, const struct disk *from, const struct disk *to, GError **errp)
{
    const struct instance *instance = modify_instance(lu);
    if (from->dev_type == DISK_TEMPLATE_DRBD && from->children.n > 0) {
        from = &from->children.v[0];
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, instance->primary_node,
                     LU_CALL(blockdev_convert, .bdev_src = {.disk = from, .instance = instance},
                             .bdev_dest = {.disk = to, .instance = instance}));
    return lu_answer_check(answer, errp, "Error while converting the instance's template");
}

static bool copy_disks(struct lu *lu, struct cfg_disks old, const GPtrArray *new, GError **errp)
{
    const struct disk *const *v = (const struct disk *const *)new->pdata;
    for (size_t i = 0; i < old.n && i < new->len; i++) {
        g_autofree char *size = text_format_mib((double)v[i]->size, 'h');
        lu_log(lu, " - copying data from disk %zu (%s), size %s", i, word_of(old.v[i]->dev_type),
               size);
        if (copy_disk(lu, old.v[i], v[i], errp)) {
            continue;
        }
        lu_info(lu, "Some disks failed to copy");
        lu_info(lu, "The instance will not be affected, aborting operation");
        (void)lu_disks_remove_some(lu, modify_instance(lu), v, new->len, NULL);
        return false;
    }
    return true;
}

static bool copy_all(struct lu *lu, struct cfg_disks old, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    const char *to = word_of(op->disk_template);
    enum disk_template from = old.v[0]->dev_type;
    lu_log(lu, "Converting disk template from '%s' to '%s'", word_of(from), to);
    lu_log(lu, "Generating new '%s' disk template...", to);
    g_autoptr(GPtrArray) new = choose_remote(lu, errp) ? generate(lu, errp) : NULL;
    if (new == NULL) {
        return false;
    }
    const struct disk *const *v = (const struct disk *const *)new->pdata;
    lu_log(lu, "Creating new empty disks of type '%s'...", to);
    if (!lu_disks_create(lu, modify_instance(lu), v, new->len, errp)) {
        lu_warn(lu, "Device creation failed");
        lu_disks_unreserve(lu, v, new->len);
        return false;
    }
    lu_log(lu, "Populating the new empty disks of type '%s'...", to);
    if (!copy_disks(lu, old, new, errp)) {
        lu_disks_unreserve(lu, v, new->len);
        return false;
    }
    lu_log(lu, "Adding new disks (%s) to cluster config and attaching them to the instance", to);
    if (!adopt(lu, v, new->len, errp) || !wait_for_sync(lu, errp)) {
        return false;
    }
    lu_log(lu, "Removing old block devices of type '%s'...", word_of(from));
    (void)lu_disks_remove_some(lu, modify_instance(lu), old.v, old.n, NULL);
    return true;
}

bool modify_convert_apply(struct lu *lu, GError **errp)
{
    const struct op_instance_set_params *op = lu_params(lu);
    bool clean;
    if (!op->has.disk_template) {
        return true;
    }
    if (!lu_disks_shutdown(lu, op->instance_uuid, false, &clean, errp)) {
        return false;
    }
    if (!clean) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                        "The disks of the instance could not be shut down, so they are not "
                        "converted");
    }
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_ref(lu_cfg(lu));
    struct cfg_disks old = disks_now(lu);
    enum disk_template from = old.v[0]->dev_type;
    if (from == DISK_TEMPLATE_PLAIN && op->disk_template == DISK_TEMPLATE_DRBD) {
        return plain_to_drbd(lu, old, errp);
    }
    if (from == DISK_TEMPLATE_DRBD && op->disk_template == DISK_TEMPLATE_PLAIN) {
        return drbd_to_plain(lu, old, errp);
    }
    return copy_all(lu, old, errp);
}
