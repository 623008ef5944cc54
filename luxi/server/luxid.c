/* ganeti-luxid: answers what clients ask on the master's socket, and keeps the job queue. */
#include "config.h"

#include "luxi/server/luxid.h"

#include "base/daemon.h"
#include "base/fs.h"
#include "compat-config/paths/daemon-start.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/wconfdcalls.h"
#include "luxi/client/async.h"
#include "noded/client/mastership.h"

enum {
    SOCKET_MODE = 0660,
    CLEANUP_SECONDS = 60,
};

static void config_changed(const struct cfg *cfg, const GError *error, void *data)
{
    struct luxid *luxid = data;

    if (cfg != NULL && luxid->queue != NULL) {
        job_queue_set_config(luxid->queue, cfg);
    }
    if (error != NULL) {
        g_warning("the configuration on disk cannot be read, going on with the last good one: %s",
                  error->message);
    } else {
        g_info("configuration serial number %" G_GINT64_FORMAT, (gint64)cfg_serial(cfg));
    }
}

static void job_changed(int64_t job, void *data)
{
    job_waiters_changed(((struct luxid *)data)->waiters, job);
}

/* ---- locks of dead jobs ---- */

static void locks_are_clean(struct json *result, const GError *error, void *data)
{
    (void)result;
    (void)data;
    if (error != NULL) {
        g_warning("locks of a dead job may be freed late: %s", error->message);
    }
}

/* Our own wconfd sees deaths by itself; the reference's looks only now and then. */
static void job_died(int64_t job, void *data)
{
    const struct method_row *row = &method_rows[METHOD_wconfd_cleanup_locks];
    const struct method_wconfd_cleanup_locks args = {0};

    (void)job;
    (void)data;
    (void)luxi_async_call(path_get(PATH_WCONFD_SOCKET), row->wire, row->args, &args,
                          CLEANUP_SECONDS, locks_are_clean, NULL);
}

/* Like those of the reference's luxid, a name with the time, so that it is never an old one. */
static struct fs_lock *take_livelock(GError **errp)
{
    g_autofree char *path =
        g_strdup_printf("%s/%s_%" G_GINT64_FORMAT, path_get(PATH_LIVELOCK_DIR),
                        C_LUXI_LIVELOCK_PREFIX, g_get_real_time() / G_USEC_PER_SEC);

    return fs_lock_take(path, FS_LOCK_BOTH, errp);
}

static bool start_queue(struct daemon *daemon, GError **errp)
{
    struct luxid *luxid = daemon_get_user(daemon);
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_watch_get(luxid->config);
    const char *launcher = g_getenv("GANTRY_JOB_LAUNCHER");
    const struct job_queue_options options = {
        .queue_dir = luxid->env.queue_dir,
        .livelock_dir = path_get(PATH_LIVELOCK_DIR),
        .lock_file = path_get(PATH_JOB_QUEUE_LOCK_FILE),
        .launcher = launcher != NULL ? launcher : path_get(PATH_JOB_LAUNCHER),
        .debug = daemon_get_options(daemon)->debug,
        .rpc = luxid->env.rpc,
        .config = cfg,
        .job_changed = job_changed,
        .job_died = job_died,
        .data = luxid,
    };

    luxid->livelock = take_livelock(errp);
    if (luxid->livelock == NULL) {
        return false;
    }
    luxid->waiters = job_waiters_new();
    luxid->submissions = submissions_new(luxid);
    luxid->queue = job_queue_new(&options, errp);
    return luxid->queue != NULL;
}

/* The cluster's address, on this node, which is the master (activateMasterIP in
 * src/Ganeti/Query/Server.hs). It may be there already. */
static void activate_master_ip(struct luxid *luxid)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_watch_get(luxid->config);
    const struct cluster *cluster = cfg_cluster(cfg);
    const struct node *master = cfg_master(cfg);
    struct master_network_parameters params = {
        .uuid = cluster->master_node,
        .ip = cluster->master_ip,
        .netmask = cluster->master_netmask,
        .netdev = cluster->master_netdev,
        .ip_family = cluster->primary_ip_family,
        .has = {.uuid = true, .ip = true, .netmask = true, .netdev = true, .ip_family = true},
    };
    g_autoptr(GString) arguments = g_string_new(NULL);
    struct json_writer w = json_writer_init(arguments, JSON_COMPACT);

    if (master == NULL) {
        return;
    }
    json_write_array_begin(&w);
    fact_object_encode(&fact_object_master_network_parameters, &params, &w);
    json_write_bool(&w, cluster->use_external_mip_script);
    json_write_array_end(&w);
    luxid_tell_master(luxid, master, RPC_node_activate_master_ip, arguments->str);
}

static bool prepare(struct daemon *daemon, GError **errp)
{
    struct luxid *luxid = daemon_get_user(daemon);
    const struct luxi_server_options server = {
        .handler = luxid_dispatch, .user_data = luxid, .mode = SOCKET_MODE};

    luxid->config = cfg_watch_new(path_get(PATH_CLUSTER_CONF_FILE), config_changed, luxid, errp);
    if (luxid->config == NULL) {
        return false;
    }
    luxid->env.rpc = mastership_rpc_client();
    luxid->env.queue_dir = path_get(PATH_QUEUE_DIR);
    luxid->env.wconfd_socket = path_get(PATH_WCONFD_SOCKET);
    if (!start_queue(daemon, errp)) {
        return false;
    }
    luxid->server = luxi_server_new(path_get(PATH_QUERY_SOCKET), &server, errp);
    if (luxid->server == NULL) {
        return false;
    }
    mastership_share_socket(path_get(PATH_QUERY_SOCKET));
    activate_master_ip(luxid);
    return true;
}

static void cleanup(struct daemon *daemon)
{
    struct luxid *luxid = daemon_get_user(daemon);

    g_clear_pointer(&luxid->server, luxi_server_free);
    g_clear_pointer(&luxid->submissions, submissions_free);
    g_clear_pointer(&luxid->queue, job_queue_free);
    g_clear_pointer(&luxid->waiters, job_waiters_free);
    g_clear_pointer(&luxid->livelock, fs_lock_remove);
    g_clear_pointer(&luxid->env.rpc, rpc_client_free);
    g_clear_pointer(&luxid->config, cfg_watch_free);
}

int main(int argc, char **argv)
{
    struct luxid luxid = {0};
    const struct daemon_desc desc = {
        .log_format = LOG_FORMAT_HASKELL,
        .options = DAEMON_OPTIONS_HASKELL | DAEMON_OPTIONS_VOTING | DAEMON_OPTIONS_NO_USER_CHECKS,
        .check = mastership_check,
        .prepare = prepare,
        .cleanup = cleanup,
    };

    return daemon_start(DAEMON_luxid, desc, argc, argv, &luxid);
}
