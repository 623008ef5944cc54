/* OP_CLUSTER_DESTROY, OP_CLUSTER_RENAME (reference: lib/cmdlib/cluster/__init__.py). */
#include "config.h"

#include <string.h>
#include <sys/socket.h>

#include "base/net.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/master-address.h"
#include "jobs/lu/names.h"
#include "jobs/lu/rpc.h"
#include "jobs/lu/run-hooks.h"
#include "noded/ssh/known-hosts.h"

/* --- OP_CLUSTER_DESTROY -------------------------------------------------------------------------
 *
 * The command does the rest: the job itself cannot take its daemons away. */
static bool destroy_prereq(struct lu *lu, GError **errp)
{
    const struct cfg *cfg = lu_cfg(lu);
    if (cfg_node_count(cfg) > 1) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "The cluster has %zu more node(s) than its master: remove them first",
                        cfg_node_count(cfg) - 1);
    }
    return cfg_instance_count(cfg) == 0 ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "The cluster has %zu instance(s): remove them first", cfg_instance_count(cfg));
}

static bool destroy_exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    struct method_wconfd_prepare_cluster_destruction args = {0};
    g_autofree char *master = g_strdup(cfg_cluster(lu_cfg(lu))->master_node);
    const struct node *node = cfg_master(lu_cfg(lu));
    lu_hooks_post_on(lu, node->name);
    CLEANUP(lu_answer_freep) struct lu_answer *answer = lu_master_address_call(lu, false);
    lu_answer_warn(lu, answer, "Cannot take the master address away");
    if (!lu_wconfd(lu, METHOD_wconfd_prepare_cluster_destruction, &args, NULL, errp)) {
        return false;
    }
    json_write_string(result, master);
    return true;
}

static bool destroy_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    hooks_env_set(env, "OP_TARGET", cfg_cluster(lu_cfg(lu))->cluster_name);
    return true;
}

LU(cluster_destroy, .check_prereq = destroy_prereq, .exec = destroy_exec, .hooks_env = destroy_env)

/* --- OP_CLUSTER_RENAME --------------------------------------------------------------------------
 */
struct rename_own {
    char *ip; /* the new address */
};

static void rename_clear(void *data)
{
    struct rename_own *own = data;
    g_free(own->ip);
}

static bool rename_prereq(struct lu *lu, GError **errp)
{
    struct op_cluster_rename *op = lu_params(lu);
    struct rename_own *own = lu->own;
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    g_autofree char *name = NULL;
    if (!net_resolve(op->name, cluster->primary_ip_family == AF_INET6, &name, &own->ip, errp)) {
        err_wrap(errp, ERR_OP_PREREQ, ECODE_RESOLVER);
        return false;
    }
    bool same_ip = strcmp(own->ip, cluster->master_ip) == 0;
    if (same_ip && strcmp(name, cluster->cluster_name) == 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "The cluster has the name %s and the address %s already", name, own->ip);
    }
    if (!same_ip && net_tcp_ping(own->ip, daemon_rows[DAEMON_noded].port, NULL)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_NOTUNIQUE,
                        "The address %s of %s is in use: a host answers there", own->ip, name);
    }
    lu_text_set(&op->name, name);
    return true;
}

static bool rename_record(struct lu *lu, GError **errp)
{
    const struct op_cluster_rename *op = lu_params(lu);
    const struct rename_own *own = lu->own;
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    struct cluster *cluster = cfg_txn_edit_cluster(txn);
    lu_text_set(&cluster->cluster_name, op->name);
    lu_text_set(&cluster->master_ip, own->ip);
    return lu_commit(lu, txn, errp);
}

/* The file goes by the name of the cluster. */
static bool send_known_hosts(struct lu *lu, GError **errp)
{
    const struct cfg *cfg = lu_cfg(lu);
    const char *path = path_get(PATH_SSH_KNOWN_HOSTS_FILE);
    g_autoptr(GPtrArray) uuids = g_ptr_array_new();
    if (!ssh_write_known_hosts(cfg_cluster(cfg), errp)) {
        return false;
    }
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        const struct node *node = cfg_node_at(cfg, i);
        if (!node->offline && !cfg_node_is_master(cfg, node)) {
            g_ptr_array_add(uuids, node->uuid);
        }
    }
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers = lu_call_nodes(lu, (const char *const *)uuids->pdata, uuids->len,
                                               LU_CALL(upload_file, .file_name = {path}));
    for (size_t i = 0; i < answers->n; i++) {
        lu_answer_warn(lu, &answers->v[i], "Copy of file %s to node %s failed", path,
                       answers->v[i].node_name);
    }
    return true;
}

/* Whatever went wrong: without its address the master cannot be reached by the cluster's name. */
static void set_address(struct lu *lu)
{
    const char *ip = cfg_cluster(lu_cfg(lu))->master_ip;
    CLEANUP(lu_answer_freep) struct lu_answer *answer = lu_master_address_call(lu, true);
    lu_answer_warn(lu, answer,
                   "Cannot set the master address %s; try gnt-cluster activate-master-ip", ip);
}

static bool rename_exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_cluster_rename *op = lu_params(lu);
    CLEANUP(lu_answer_freep) struct lu_answer *answer = lu_master_address_call(lu, false);
    if (!lu_answer_check(answer, errp, "Cannot take the master address away")) {
        return false;
    }
    bool ok = rename_record(lu, errp) && send_known_hosts(lu, errp);
    set_address(lu);
    if (ok) {
        json_write_string(result, op->name);
    }
    return ok;
}

static bool rename_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_cluster_rename *op = lu_params(lu);
    hooks_env_set(env, "OP_TARGET", cfg_cluster(lu_cfg(lu))->cluster_name);
    hooks_env_set(env, "NEW_NAME", op->name);
    return true;
}

static bool rename_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post,
                         GError **errp G_GNUC_UNUSED)
{
    const struct cfg *cfg = lu_cfg(lu);
    g_ptr_array_add(pre, g_strdup(cfg_cluster(cfg)->master_node));
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        g_ptr_array_add(post, g_strdup(cfg_node_at(cfg, i)->uuid));
    }
    return true;
}

LU(cluster_rename, .own_size = sizeof(struct rename_own), .clear = rename_clear,
   .check_prereq = rename_prereq, .exec = rename_exec, .hooks_env = rename_env,
   .hooks_nodes = rename_nodes)
