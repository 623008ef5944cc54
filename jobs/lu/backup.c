/* Exports of instances: prepared, made, removed (reference: lib/cmdlib/backup.py). */
#include "config.h"

#include "jobs/lu/backup.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/export.h"
#include "jobs/lu/group-locks.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/instance-run.h"
#include "jobs/lu/names.h"
#include "jobs/lu/remote.h"
#include "jobs/lu/rpc.h"
#include "jobs/lu/transfer.h"

/* --- OP_BACKUP_PREPARE --------------------------------------------------------------------------
 */
static bool prepare_names(struct lu *lu, GError **errp)
{
    struct op_backup_prepare *op = lu_params(lu);
    return lu_lock_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) != NULL;
}

static bool prepare_prereq(struct lu *lu, GError **errp)
{
    const struct op_backup_prepare *op = lu_params(lu);
    const struct instance *instance =
        lu_locked_instance(lu, op->instance_uuid, op->instance_name, errp);
    return instance != NULL && lu_check_node_online(lu, instance->primary_node, errp);
}

bool backup_make_key(struct lu *lu, const char *node_uuid, char **ret_name, char **ret_pem,
                     GError **errp)
{
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, node_uuid, LU_CALL(x509_cert_create, .validity = C_RIE_CERT_VALIDITY));
    if (!lu_answer_check(answer, errp, "Cannot make a key and certificate on node %s",
                         answer->node_name)) {
        return false;
    }
    bool pair = json_kind(answer->payload) == JSON_ARRAY && json_len(answer->payload) == 2;
    const struct json *name = pair ? json_at(answer->payload, 0) : NULL;
    const struct json *pem = pair ? json_at(answer->payload, 1) : NULL;
    if (json_kind(name) != JSON_STRING || json_kind(pem) != JSON_STRING) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                        "Node %s does not tell name and certificate of the key that it made",
                        answer->node_name);
    }
    *ret_name = g_strdup(json_string(name));
    *ret_pem = g_strdup(json_string(pem));
    return true;
}

static bool prepare_exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_backup_prepare *op = lu_params(lu);
    const struct instance *instance = cfg_instance_get(lu_cfg(lu), op->instance_uuid);
    g_autofree char *name = NULL, *pem = NULL;
    if (op->mode != EXPORT_MODE_REMOTE) {
        return true;
    }
    g_autofree char *secret = remote_secret(errp);
    if (secret == NULL) {
        return false;
    }
    lu_log(lu, "Generating X509 certificate on %s",
           cfg_node_get(lu_cfg(lu), instance->primary_node)->name);
    if (!backup_make_key(lu, instance->primary_node, &name, &pem, errp)) {
        return false;
    }
    g_autofree char *salt = transfer_secret(REMOTE_SALT_BYTES);
    g_autofree char *ca = remote_sign_cert(secret, salt, pem, errp);
    if (ca == NULL) {
        return false;
    }
    CLEANUP(json_unrefp) struct json *answer = json_new_object();
    json_set(answer, "handshake", remote_handshake(secret));
    json_set(answer, "x509_key_name", remote_key_name(secret, salt, name));
    json_set(answer, "x509_ca", json_new_string(ca));
    json_write_value(result, answer);
    return true;
}

LU(backup_prepare, .expand_names = prepare_names, .check_prereq = prepare_prereq,
   .exec = prepare_exec)

/* --- OP_BACKUP_EXPORT ---------------------------------------------------------------------------
 */
struct own {
    struct remote_target *targets; /* remote: one for each disk */
    size_t n;
    char *key_name, *ca_pem; /* remote */
    bool was_up;
};

static void clear(void *data)
{
    struct own *own = data;
    for (size_t i = 0; i < own->n; i++) {
        remote_target_clear(&own->targets[i]);
    }
    g_free(own->targets);
    g_free(own->key_name);
    g_free(own->ca_pem);
}

static const struct instance *instance_of(struct lu *lu)
{
    const struct op_backup_export *op = lu_params(lu);
    return cfg_instance_get(lu_cfg(lu), op->instance_uuid);
}

static bool inval(GError **errp, const char *text)
{
    return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "%s", text);
}

static bool export_arguments(struct lu *lu, GError **errp)
{
    const struct op_backup_export *op = lu_params(lu);
    if (op->mode == EXPORT_MODE_REMOTE && op->x509_key_name.n == 0) {
        return inval(errp, "The name of the X509 key is missing");
    }
    if (op->mode == EXPORT_MODE_REMOTE && !op->has.destination_x509_ca) {
        return inval(errp, "The destination's X509 certificate is missing");
    }
    if (op->zero_free_space && !op->shutdown) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_NONE,
                        "Free space can only be zeroed while the instance is shut down");
    }
    return !op->zero_free_space ||
           err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                    "Zeroing free space needs a helper guest, which is not available in this "
                    "version; nothing was changed");
}

static bool export_names(struct lu *lu, GError **errp)
{
    struct op_backup_export *op = lu_params(lu);
    if (lu_lock_instance_slot(lu, LU_INSTANCE_SLOT(op), errp) == NULL) {
        return false;
    }
    if (op->mode == EXPORT_MODE_REMOTE) {
        return true;
    }
    if (json_kind(op->target_node) != JSON_STRING) {
        return inval(errp, "An export within the cluster needs the name of its target node");
    }
    const struct node *node =
        lu_expand_node(lu, json_string(op->target_node),
                       op->has.target_node_uuid ? op->target_node_uuid : NULL, errp);
    if (node == NULL) {
        return false;
    }
    json_unref(op->target_node);
    op->target_node = json_new_string(node->name);
    lu_text_set(&op->target_node_uuid, node->uuid);
    op->has.target_node_uuid = true;
    /* An export before may be on any of them. */
    lu_need_all(lu, LOCK_LEVEL_NODE);
    return true;
}

static bool check_remote(struct lu *lu, const struct instance *instance, GError **errp)
{
    const struct op_backup_export *op = lu_params(lu);
    struct own *own = lu->own;
    size_t n = json_kind(op->target_node) == JSON_ARRAY ? json_len(op->target_node) : 0;
    if (n != instance->disks.n) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Instance %s has %zu disks, but where %zu go is told", instance->name,
                        instance->disks.n, n);
    }
    g_autofree char *secret = remote_secret(errp);
    CLEANUP(json_unrefp) struct json *name = json_new_array();
    for (size_t i = 0; i < op->x509_key_name.n; i++) {
        json_append(name, json_ref(op->x509_key_name.v[i]));
    }
    const char *key = secret != NULL ? remote_check_key_name(secret, name, errp) : NULL;
    if (key == NULL) {
        return false;
    }
    own->key_name = g_strdup(key);
    own->ca_pem = remote_load_cert(secret, op->destination_x509_ca, "destination", errp);
    if (own->ca_pem == NULL) {
        return false;
    }
    own->targets = g_new0(struct remote_target, n + 1);
    own->n = n;
    for (size_t i = 0; i < n; i++) {
        if (!remote_check_disk_info(secret, i, json_at(op->target_node, i), &own->targets[i],
                                    errp)) {
            return false;
        }
    }
    return true;
}

bool backup_check_compress(struct lu *lu, const char *compress, GError **errp)
{
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    bool ok = strcmp(compress, C_IEC_NONE) == 0;
    for (size_t i = 0; i < cluster->compression_tools.n; i++) {
        ok = ok || strcmp(cluster->compression_tools.v[i], compress) == 0;
    }
    return ok || err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                          "The cluster does not allow to compress with '%s' (see 'gnt-cluster "
                          "info' for what it allows)",
                          compress);
}

static bool export_prereq(struct lu *lu, GError **errp)
{
    const struct op_backup_export *op = lu_params(lu);
    struct own *own = lu->own;
    const struct instance *instance =
        lu_locked_instance(lu, op->instance_uuid, op->instance_name, errp);
    if (instance == NULL || !lu_check_node_online(lu, instance->primary_node, errp)) {
        return false;
    }
    own->was_up = instance->admin_state == ADMIN_UP;
    if (op->remove_instance && own->was_up && !op->shutdown) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "Instance %s cannot be removed without being shut down before",
                        instance->name);
    }
    bool target = op->mode == EXPORT_MODE_REMOTE
                      ? check_remote(lu, instance, errp)
                      : lu_check_node_online(lu, op->target_node_uuid, errp) &&
                            lu_check_node_not_drained(lu, op->target_node_uuid, errp);
    if (!target) {
        return false;
    }
    if (op->has.zeroing_timeout_fixed || op->has.zeroing_timeout_per_mib) {
        return inval(errp, "Timeouts for zeroing are given, but free space is not to be zeroed");
    }
    if (op->long_sleep && !op->shutdown) {
        return inval(errp, "A long sleep makes sense only if the instance may be shut down");
    }
    return backup_check_compress(lu, op->compress, errp);
}

/* --- What is done */
static bool stop_guest(struct lu *lu, GError **errp)
{
    const struct op_backup_export *op = lu_params(lu);
    const struct instance *instance = instance_of(lu);
    lu_log(lu, "Shutting down instance %s", instance->name);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_guest_shutdown(lu, instance, instance->primary_node, op->shutdown_timeout);
    return lu_answer_check(answer, errp, "Could not shut down instance %s on node %s",
                           instance->name, answer->node_name);
}

static bool start_guest(struct lu *lu, GError **errp)
{
    const struct op_backup_export *op = lu_params(lu);
    lu_log(lu, "Starting instance %s", op->instance_name);
    return lu_instance_start(lu, op->instance_uuid, NULL, NULL, false, errp);
}

/* A guest that goes on running needs snapshots; one that may sleep long does without. */
static bool find_snapshots(struct lu *lu, struct export *export, bool *ret_taken, GError **errp)
{
    const struct op_backup_export *op = lu_params(lu);
    const struct own *own = lu->own;
    *ret_taken = false;
    if (op->remove_instance || !own->was_up) {
        return true;
    }
    *ret_taken = export_snapshots(export);
    if (*ret_taken || (op->shutdown && op->long_sleep)) {
        return true;
    }
    return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                    op->shutdown
                        ? "Not all disks can have snapshots: without them the instance stays down "
                          "until all is sent, which --long-sleep allows"
                        : "Not all disks can have snapshots, and the instance is not to be shut "
                          "down: its disks cannot be exported");
}

static bool send_disks(struct lu *lu, struct export *export, bool *results, bool *ret_finished,
                       GError **errp)
{
    const struct op_backup_export *op = lu_params(lu);
    const struct own *own = lu->own;
    bool again = op->shutdown && own->was_up && !op->remove_instance, taken;
    if (!find_snapshots(lu, export, &taken, errp) || (again && taken && !start_guest(lu, errp))) {
        return false;
    }
    if (op->mode == EXPORT_MODE_REMOTE) {
        const struct export_remote remote = {.targets = own->targets,
                                             .key_name = own->key_name,
                                             .ca_pem = own->ca_pem,
                                             .compress = op->compress};
        export_to_cluster(export, &remote, results);
        *ret_finished = true;
    } else {
        export_to_node(export, op->target_node_uuid, op->compress, results, ret_finished);
    }
    return !again || taken || start_guest(lu, errp);
}

/* Disks of an instance that is down are active only as long as this takes. */
static bool export_disks(struct lu *lu, bool *results, bool *ret_finished, GError **errp)
{
    const struct op_backup_export *op = lu_params(lu);
    bool activate = !instance_of(lu)->disks_active;
    if (activate) {
        lu_log(lu, "Activating disks for %s", op->instance_name);
        if (!lu_disks_start_whole(lu, op->instance_uuid, errp)) {
            return false;
        }
    }
    struct export *export = export_new(lu, instance_of(lu));
    bool ok = send_disks(lu, export, results, ret_finished, errp);
    export_free(export);
    if (!activate) {
        return ok;
    }
    g_autoptr(GError) error = NULL;
    lu_log(lu, "Deactivating disks for %s", op->instance_name);
    if (!lu_disks_shutdown(lu, op->instance_uuid, false, NULL, &error)) {
        lu_warn(lu, "Cannot shut the disks down again: %s", error->message);
    }
    return ok;
}

static bool check_results(const bool *results, size_t n, bool finished, GError **errp)
{
    g_autoptr(GString) bad = g_string_new(NULL);
    for (size_t i = 0; i < n; i++) {
        if (!results[i]) {
            g_string_append_printf(bad, "%s%zu", bad->len > 0 ? ", " : "", i);
        }
    }
    if (bad->len == 0 && finished) {
        return true;
    }
    return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "Export failed, errors in %s%s%s",
                    finished ? "" : "export finalization", !finished && bad->len > 0 ? ", " : "",
                    bad->len > 0 ? g_string_prepend(bad, "disk export: disk(s) ")->str : "");
}

/* Those on other nodes, which are older. */
static void remove_old_exports(struct lu *lu)
{
    const struct op_backup_export *op = lu_params(lu);
    g_autoptr(GPtrArray) nodes = g_ptr_array_new();
    for (size_t i = 0; i < cfg_node_count(lu_cfg(lu)); i++) {
        char *uuid = cfg_node_at(lu_cfg(lu), i)->uuid;
        if (strcmp(uuid, op->target_node_uuid) != 0) {
            g_ptr_array_add(nodes, uuid);
        }
    }
    if (nodes->len > 0) {
        lu_log(lu, "Removing old exports for instance %s", op->instance_name);
        (void)backup_remove_from(lu, (const char *const *)nodes->pdata, nodes->len,
                                 op->instance_name, false);
    }
}

static bool export_exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_backup_export *op = lu_params(lu);
    size_t n = instance_of(lu)->disks.n;
    g_autofree bool *results = g_new0(bool, n + 1);
    bool finished = false;
    if ((op->shutdown && !stop_guest(lu, errp)) || !export_disks(lu, results, &finished, errp) ||
        !check_results(results, n, finished, errp)) {
        return false;
    }
    if (op->remove_instance) {
        lu_log(lu, "Removing instance %s", op->instance_name);
        if (!lu_instance_erase(lu, op->instance_uuid, op->ignore_remove_failures, errp)) {
            return false;
        }
    }
    if (op->mode == EXPORT_MODE_LOCAL) {
        remove_old_exports(lu);
    }
    json_write_array_begin(result);
    json_write_bool(result, finished);
    json_write_array_begin(result);
    for (size_t i = 0; i < n; i++) {
        json_write_bool(result, results[i]);
    }
    json_write_array_end(result);
    json_write_array_end(result);
    return true;
}

/* --- Hooks */
static bool export_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_backup_export *op = lu_params(lu);
    const struct instance *instance = instance_of(lu);
    hooks_env_set(env, "EXPORT_MODE", fact_enum_export_mode.words[op->mode]);
    if (json_kind(op->target_node) == JSON_STRING) {
        hooks_env_set(env, "EXPORT_NODE", json_string(op->target_node));
    } else {
        g_autofree char *text = json_to_string(op->target_node, JSON_PYTHON);
        hooks_env_set(env, "EXPORT_NODE", text);
    }
    hooks_env_set_bool(env, "EXPORT_DO_SHUTDOWN", op->shutdown);
    hooks_env_set_int(env, "SHUTDOWN_TIMEOUT", op->shutdown_timeout);
    hooks_env_set_bool(env, "REMOVE_INSTANCE", op->remove_instance);
    if (instance != NULL) {
        lu_instance_env(lu, instance, env);
    }
    return true;
}

static bool export_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post,
                         GError **errp G_GNUC_UNUSED)
{
    const struct op_backup_export *op = lu_params(lu);
    lu_master_hooks_nodes(lu, pre, post);
    lu_add_hooks_node(pre, post, instance_of(lu)->primary_node);
    if (op->mode == EXPORT_MODE_LOCAL) {
        lu_add_hooks_node(pre, post, op->target_node_uuid);
    }
    return true;
}

LU(backup_export, .own_size = sizeof(struct own), .clear = clear,
   .check_arguments = export_arguments, .expand_names = export_names, .check_prereq = export_prereq,
   .exec = export_exec, .hooks_env = export_env, .hooks_nodes = export_nodes)

/* --- OP_BACKUP_REMOVE ---------------------------------------------------------------------------
 *
 * Also of an instance that is no more. */
static bool remove_names(struct lu *lu, GError **errp G_GNUC_UNUSED)
{
    lu_need_all(lu, LOCK_LEVEL_NODE);
    return true;
}

bool backup_remove_from(struct lu *lu, const char *const *nodes, size_t n, const char *name,
                        bool tell)
{
    bool found = false;
    CLEANUP(lu_answers_freep)
    struct lu_answers *lists = lu_call_nodes(lu, nodes, n, LU_CALL(export_list, .whole = false));
    for (size_t i = 0; i < lists->n; i++) {
        const struct lu_answer *list = &lists->v[i];
        if (list->fail_msg != NULL) {
            if (tell) {
                (void)lu_answer_warn(lu, list, "Node %s does not tell its exports; going on",
                                     list->node_name);
            }
            continue;
        }
        if (!lu_list_has(list->payload, name)) {
            continue;
        }
        found = true;
        CLEANUP(lu_answer_freep)
        struct lu_answer *gone =
            lu_call_node(lu, list->node_uuid, LU_CALL(export_remove, .export = (char *)name));
        (void)lu_answer_warn(lu, gone, "Could not remove the export of instance %s on node %s",
                             name, gone->node_name);
    }
    return found;
}

static bool remove_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED,
                        GError **errp G_GNUC_UNUSED)
{
    const struct op_backup_remove *op = lu_params(lu);
    const struct instance *instance = lu_expand_instance(lu, op->instance_name, NULL, NULL);
    g_autofree char *name = g_strdup(instance != NULL ? instance->name : op->instance_name);
    g_autoptr(GPtrArray) nodes = lu_owned(lu, LOCK_LEVEL_NODE);
    bool known = instance != NULL;
    if (!backup_remove_from(lu, (const char *const *)nodes->pdata, nodes->len, name, true) &&
        !known) {
        lu_log(lu, "There is no export of '%s'. An instance that is no more needs its whole name",
               name);
    }
    return true;
}

LU(backup_remove, .expand_names = remove_names, .exec = remove_exec)
