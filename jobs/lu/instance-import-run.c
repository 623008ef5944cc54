/* OP_INSTANCE_CREATE of what was exported: its data come (reference:
 * lib/cmdlib/instance_create.py RunOsScripts; lib/masterd/instance.py RemoteImport). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/backup.h"
#include "jobs/lu/instance-create.h"
#include "jobs/lu/remote.h"
#include "jobs/lu/rpc.h"
#include "jobs/lu/transfer.h"

enum { SECRET_BYTES = 6 };

/* By the operating system's script; raw without an operating system. */
static struct lu_arg_impexp disk_end(const struct instance *instance, const struct disk *disk,
                                     struct json *number)
{
    bool script = *instance->os != '\0';
    return (struct lu_arg_impexp){.kind = script ? C_IEIO_SCRIPT : C_IEIO_RAW_DISK,
                                  .disk = {.disk = disk, .instance = instance},
                                  .rest = script ? number : NULL};
}

/* --- From a node of the cluster -----------------------------------------------------------------
 */
static bool import_local(struct lu *lu, const struct instance *instance)
{
    const struct op_instance_create *op = lu_params(lu);
    const struct create_own *own = lu->own;
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    g_autofree struct lu_transfer_part *parts = g_new0(struct lu_transfer_part, disks.n + 1);
    g_autofree bool *results = g_new0(bool, disks.n + 1);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) trees = g_ptr_array_new_with_free_func((GDestroyNotify)json_unref);
    bool all = true;
    lu_log(lu, "* running the instance OS import scripts...");
    for (size_t i = 0; i < disks.n && i < own->images->len; i++) {
        if (own->images->pdata[i] == NULL) {
            continue;
        }
        char *name = g_strdup_printf("disk/%zu", i);
        struct json *number = json_new_int((int64_t)i), *file = json_new_array();
        json_append(file, json_new_string(own->images->pdata[i]));
        g_ptr_array_add(names, name);
        g_ptr_array_add(trees, number);
        g_ptr_array_add(trees, file);
        parts[i] = (struct lu_transfer_part){.name = name,
                                             .source = {.kind = C_IEIO_FILE, .rest = file},
                                             .target = disk_end(instance, disks.v[i], number)};
    }
    const struct lu_transfer_plan plan = {.instance = instance,
                                          .source_node = op->src_node_uuid,
                                          .target_node = instance->primary_node,
                                          .compress = op->compress,
                                          .parts = parts,
                                          .n = disks.n};
    lu_transfer(lu, &plan, results);
    for (size_t i = 0; i < disks.n; i++) {
        all = all && (results[i] || parts[i].name == NULL);
    }
    return all;
}

/* --- From another cluster -----------------------------------------------------------------------
 */
struct receiving {
    const char *secret, *salt, *host;
    const char *signed_ca;
    struct transfer_end **ends; /* by disk */
    size_t n, listening;
    bool *results;
};

/* Once all disks are waited for, the client may tell the other cluster. */
static void tell_client(struct transfer *transfer, const struct receiving *receiving)
{
    CLEANUP(json_unrefp) struct json *message = json_new_object();
    struct json *disks = json_new_array();
    for (size_t i = 0; i < receiving->n; i++) {
        const struct transfer_end *end = receiving->ends[i];
        json_append(disks, remote_disk_info(receiving->secret, receiving->salt, i, receiving->host,
                                            end->status.listen_port, end->options.magic));
    }
    json_set(message, "disks", disks);
    json_set(message, "x509_ca", json_new_string(receiving->signed_ca));
    lu_log_typed(transfer_lu(transfer), JOB_LOG_REMOTE_IMPORT, json_ref(message));
}

static void listening(struct transfer *transfer, struct transfer_end *end, void *data)
{
    struct receiving *receiving = data;
    lu_log(transfer_lu(transfer), "Disk %zu is now listening", end->index);
    receiving->listening++;
    if (receiving->listening == receiving->n) {
        tell_client(transfer, receiving);
    }
}

static void connected(struct transfer *transfer, struct transfer_end *end, void *data G_GNUC_UNUSED)
{
    lu_log(transfer_lu(transfer), "Disk %zu is now receiving data", end->index);
}

static void ended(struct transfer *transfer, struct transfer_end *end, void *data)
{
    const struct receiving *receiving = data;
    receiving->results[end->index] = end->success;
    if (end->success) {
        lu_log(transfer_lu(transfer), "Disk %zu finished receiving data", end->index);
        return;
    }
    g_autofree char *output = transfer_output(end);
    lu_log(transfer_lu(transfer), "Disk %zu failed to receive data: %s (recent output: %s)",
           end->index, end->error, output);
}

static void receive(struct lu *lu, const struct instance *instance, const char *key_name,
                    struct receiving *receiving)
{
    static const struct transfer_events events = {
        .listening = listening, .connected = connected, .ended = ended};
    const struct op_instance_create *op = lu_params(lu);
    const struct create_own *own = lu->own;
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    g_autoptr(GPtrArray) numbers = g_ptr_array_new_with_free_func((GDestroyNotify)json_unref);
    g_autoptr(GPtrArray) magics = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *base = transfer_secret(SECRET_BYTES);
    /* The other cluster stops its instance before it connects. */
    CLEANUP(transfer_freep)
    struct transfer *transfer = transfer_new(
        lu, instance, C_RIE_CONNECT_TIMEOUT + op->source_shutdown_timeout, &events, receiving);
    for (size_t i = 0; i < disks.n; i++) {
        struct json *number = json_new_int((int64_t)i);
        char *magic = transfer_magic(base, instance->name, i);
        g_ptr_array_add(numbers, number);
        g_ptr_array_add(magics, magic);
        const struct transfer_end end = {
            .import = true,
            .node_uuid = instance->primary_node,
            .index = i,
            .options = {.has = {.key_name = true,
                                .ca_pem = true,
                                .compress = true,
                                .magic = true,
                                .ipv6 = true},
                        .key_name = (char *)key_name,
                        .ca_pem = own->source_ca,
                        .compress = op->compress,
                        .magic = magic,
                        .ipv6 = strchr(receiving->host, ':') != NULL},
            .io = disk_end(instance, disks.v[i], number),
        };
        receiving->ends[i] = transfer_add(transfer, &end);
    }
    transfer_run(transfer);
}

static bool import_remote(struct lu *lu, const struct instance *instance, bool *ret_all,
                          GError **errp)
{
    size_t n = instance->disks.n;
    g_autofree char *name = NULL, *pem = NULL;
    g_autofree char *secret = remote_secret(errp);
    lu_log(lu, "* preparing remote import...");
    if (secret == NULL || !backup_make_key(lu, instance->primary_node, &name, &pem, errp)) {
        return false;
    }
    g_autofree char *salt = transfer_secret(REMOTE_SALT_BYTES);
    g_autofree char *ca = remote_sign_cert(secret, salt, pem, errp);
    g_autofree bool *results = g_new0(bool, n + 1);
    g_autofree struct transfer_end **ends = g_new0(struct transfer_end *, n + 1);
    if (ca != NULL) {
        struct receiving receiving = {
            .secret = secret,
            .salt = salt,
            .host = cfg_node_get(lu_cfg(lu), instance->primary_node)->primary_ip,
            .signed_ca = ca,
            .ends = ends,
            .n = n,
            .results = results,
        };
        receive(lu, instance, name, &receiving);
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, instance->primary_node, LU_CALL(x509_cert_remove, .name = name));
    if (ca == NULL || !lu_answer_check(answer, errp, "Cannot remove the key of the transfer on %s",
                                       answer->node_name)) {
        return false;
    }
    *ret_all = true;
    for (size_t i = 0; i < n; i++) {
        *ret_all = *ret_all && results[i];
    }
    return true;
}

/* --- Both ---------------------------------------------------------------------------------------
 */
/* The operating system learns that the instance had another name. */
static void run_rename(struct lu *lu, const struct instance *instance, const char *old_name)
{
    if (*instance->os == '\0') {
        return;
    }
    lu_log(lu, "Running rename script for %s", instance->name);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, instance->primary_node,
                     LU_CALL(instance_run_rename, .instance = {.instance = instance},
                             .old_name = (char *)old_name, .debug = lu->op->common->debug_level));
    (void)lu_answer_warn(lu, answer, "Failed to run rename script for %s on node %s",
                         instance->name, answer->node_name);
}

bool create_import_exec(struct lu *lu, const struct instance *instance, GError **errp)
{
    const struct op_instance_create *op = lu_params(lu);
    const struct create_own *own = lu->own;
    bool local = op->mode == INST_CREATE_IMPORT, all = false;
    if (local) {
        all = import_local(lu, instance);
    } else if (!import_remote(lu, instance, &all, errp)) {
        return false;
    }
    if (!all) {
        lu_warn(lu, "Some disks for instance %s on node %s were not imported successfully",
                instance->name, cfg_node_get(lu_cfg(lu), instance->primary_node)->name);
    }
    run_rename(lu, instance, local ? own->old_name : op->source_instance_name);
    return true;
}
