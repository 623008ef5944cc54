/* Renaming instances (reference: lib/cmdlib/instance.py LUInstanceRename). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/disk.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/paths.h"
#include "jobs/lu/disk-make.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/hostname.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/names.h"
#include "jobs/lu/rpc.h"

static bool arguments(struct lu *lu, GError **errp)
{
    const struct op_instance_rename *op = lu_params(lu);
    return !op->ip_check || op->name_check ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "The check of the address needs that of the name");
}

static bool resolve(struct lu *lu, GError **errp)
{
    struct op_instance_rename *op = lu_params(lu);
    g_autofree char *name = NULL, *ip = NULL;
    if (!op->name_check) {
        return true;
    }
    if (!lu_hostname_resolve(op->new_name, &name, &ip, errp)) {
        return false;
    }
    g_autofree char *port = g_strdup_printf("%d", daemon_rows[DAEMON_noded].port);
    lu_text_set(&op->new_name, name);
    return !op->ip_check || ip == NULL || !lu_address_answers(ip, port) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_NOTUNIQUE,
                    "Somebody answers at the address %s of %s", ip, name);
}

static bool check_free_name(struct lu *lu, const char *old_name, GError **errp)
{
    const struct op_instance_rename *op = lu_params(lu);
    return strcmp(op->new_name, old_name) == 0 ||
           cfg_instance_named(lu_cfg(lu), op->new_name) == NULL ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_EXISTS, "There is an instance %s already",
                    op->new_name);
}

static bool names(struct lu *lu, GError **errp)
{
    struct op_instance_rename *op = lu_params(lu);
    if (lu_lock_any_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) == NULL) {
        return false;
    }
    if (!resolve(lu, errp) || !check_free_name(lu, op->instance_name, errp)) {
        return false;
    }
    if (strcmp(op->new_name, op->instance_name) != 0) {
        lu_need_new(lu, LOCK_LEVEL_INSTANCE, op->new_name);
    }
    return true;
}

static bool prereq(struct lu *lu, GError **errp)
{
    const struct op_instance_rename *op = lu_params(lu);
    const struct instance *instance =
        lu_locked_instance(lu, op->instance_uuid, op->instance_name, errp);
    if (instance == NULL) {
        return false;
    }
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    for (size_t i = 0; i < disks.n && strcmp(op->new_name, instance->name) != 0; i++) {
        if (const_has(C_DTS_FILEBASED, (int)disks.v[i]->dev_type) &&
            !lu_check_template_enabled(lu, disks.v[i]->dev_type, errp)) {
            return false;
        }
    }
    return lu_check_node_online(lu, instance->primary_node, errp) &&
           lu_check_state(lu, instance, LU_STATE_NOT_RUNNING, "it cannot be renamed", errp) &&
           check_free_name(lu, instance->name, errp);
}

/* Disks in a folder that has the instance's name. */
static bool is_in_folder(const struct disk *disk)
{
    return const_has(C_DTS_INSTANCE_DEPENDENT_PATH, (int)disk->dev_type);
}

static void move_disk(struct disk *disk, const char *new_name)
{
    const char *path = cfg_disk_path(disk);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *top = g_path_get_dirname(folder);
    g_autofree char *base = g_path_get_basename(path);
    g_autofree char *moved = g_build_filename(top, new_name, base, NULL);
    CLEANUP(json_unrefp) struct json *value = json_new_string(moved);
    fact_clear(&type_VALUE, &disk->logical_id.v[1]);
    (void)fact_value_set(&disk->logical_id.v[1], value);
}

static bool record(struct lu *lu, GError **errp)
{
    const struct op_instance_rename *op = lu_params(lu);
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    struct instance *instance = cfg_txn_edit_instance(txn, op->instance_uuid);
    if (instance == NULL) {
        cfg_txn_abort(txn);
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE, "There is no instance %s",
                        op->instance_uuid);
    }
    lu_text_set(&instance->name, op->new_name);
    for (size_t i = 0; i < instance->disks.n; i++) {
        const struct disk *disk = cfg_txn_get(txn, CFG_KIND_disk, instance->disks.v[i]);
        if (disk != NULL && is_in_folder(disk)) {
            move_disk(cfg_txn_edit_disk(txn, disk->uuid), op->new_name);
        }
    }
    return lu_commit(lu, txn, errp);
}

static bool move_folder(struct lu *lu, const struct instance *instance, const char *from,
                        const char *to, GError **errp)
{
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, instance->primary_node,
                     LU_CALL(file_storage_dir_rename, .old_file_storage_dir = (char *)from,
                             .new_file_storage_dir = (char *)to));
    return lu_answer_check(answer, errp,
                           "Could not rename the folder '%s' to '%s' on node %s (but the instance "
                           "has its new name)",
                           from, to, answer->node_name);
}

static void set_info(struct lu *lu, const struct instance *instance, struct cfg_disks disks)
{
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, instance);
    g_autofree char *text = g_strdup_printf("originstname+%s", instance->name);
    CLEANUP(json_unrefp) struct json *info = json_new_string(text);
    for (size_t i = 0; i < disks.n; i++) {
        for (guint j = 0; j < nodes->len; j++) {
            CLEANUP(lu_answer_freep)
            struct lu_answer *answer = lu_call_node(
                lu, nodes->pdata[j],
                LU_CALL(blockdev_setinfo, .disk = {.disk = disks.v[i], .instance = instance},
                        .info = info));
            (void)lu_answer_warn(lu, answer, "Error setting info on node %s for disk %zu",
                                 answer->node_name, i);
        }
    }
}

static bool on_nodes(struct lu *lu, const char *uuid, const char *old_name, GError **errp)
{
    if (!lu_disks_start(lu, uuid, false, errp)) {
        return false;
    }
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_ref(lu_cfg(lu));
    const struct instance *instance = cfg_instance_get(cfg, uuid);
    set_info(lu, instance, cfg_instance_disks(cfg, instance));
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, instance->primary_node,
                     LU_CALL(instance_run_rename, .instance = {.instance = instance},
                             .old_name = (char *)old_name, .debug = lu->op->common->debug_level));
    (void)lu_answer_warn(lu, answer,
                         "Could not run OS rename script for instance %s on node %s (but the "
                         "instance has been renamed)",
                         instance->name, answer->node_name);
    return lu_disks_shutdown(lu, uuid, false, NULL, errp);
}

static bool exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_instance_rename *op = lu_params(lu);
    CLEANUP(cfg_unrefp) const struct cfg *old = cfg_ref(lu_cfg(lu));
    const struct instance *before = cfg_instance_get(old, op->instance_uuid);
    struct cfg_disks disks = cfg_instance_disks(old, before);
    bool same = strcmp(op->new_name, before->name) == 0;
    if (!record(lu, errp)) {
        return false;
    }
    json_write_string(result, op->new_name);
    if (cfg_instance_is_forthcoming(before)) {
        return true;
    }
    if (disks.n > 0 && is_in_folder(disks.v[0]) && !same) {
        const struct instance *now = cfg_instance_get(lu_cfg(lu), op->instance_uuid);
        g_autofree char *from = g_path_get_dirname(cfg_disk_path(disks.v[0]));
        g_autofree char *to =
            g_path_get_dirname(cfg_disk_path(cfg_instance_disks(lu_cfg(lu), now).v[0]));
        if (!move_folder(lu, now, from, to, errp)) {
            return false;
        }
    }
    return on_nodes(lu, op->instance_uuid, before->name, errp);
}

static bool env(struct lu *lu, struct hooks_env *hooks, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_rename *op = lu_params(lu);
    hooks_env_set(hooks, "INSTANCE_NEW_NAME", op->new_name);
    lu_instance_env(lu, cfg_instance_get(lu_cfg(lu), op->instance_uuid), hooks);
    return true;
}

static bool nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_rename *op = lu_params(lu);
    lu_instance_hooks_nodes(lu, cfg_instance_get(lu_cfg(lu), op->instance_uuid), pre, post);
    return true;
}

LU(instance_rename, .check_arguments = arguments, .expand_names = names, .check_prereq = prereq,
   .exec = exec, .hooks_env = env, .hooks_nodes = nodes)
