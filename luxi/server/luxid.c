/* ganeti-luxid: answers what clients ask on the master's socket, and keeps the job queue. */
#include "config.h"

#include "luxi/server/luxid.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/daemon.h"
#include "base/fs.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/wconfdcalls.h"
#include "luxi/client/async.h"
#include "noded/client/rpc.h"
#include "noded/client/voting.h"

enum {
    SOCKET_MODE = 0660,
    SSCONF_MAX = 128 * 1024,
    CLEANUP_SECONDS = 60,
};

/* The name of the master according to the files that every node has; NULL if they do not tell. */
static char *master_name(GError **errp)
{
    g_autofree char *path = path_format(PATH_SSCONF_FILE, ssconf_rows[SSCONF_master_node].key);
    char *text = fs_read_file(path, SSCONF_MAX, NULL, errp);

    return text == NULL ? NULL : g_strstrip(text);
}

static char *own_name(void)
{
    const char *virtual_name = vcluster_hostname();
    char name[256];

    if (virtual_name != NULL) {
        return g_strdup(virtual_name);
    }
    return g_strdup(gethostname(name, sizeof name) == 0 ? name : "");
}

static struct rpc_client *new_rpc_client(void)
{
    const struct rpc_client_options rpc = {
        .cluster_cert = path_get(PATH_NODED_CERT_FILE),
        .client_cert = path_get(PATH_NODED_CLIENT_CERT_FILE),
        .port = daemon_rows[DAEMON_noded].port,
    };

    return rpc_client_new(&rpc);
}

static bool win_voting(const char *me, GError **errp)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_load(path_get(PATH_CLUSTER_CONF_FILE), errp);
    CLEANUP(rpc_client_freep) struct rpc_client *client = NULL;

    if (cfg == NULL) {
        return false;
    }
    client = new_rpc_client();
    return voting_is_won(client, cfg, me, errp);
}

/* Only the master serves: two daemons that answer differently would be worse than none. */
static bool check(struct daemon *daemon, int *ret_exit, GError **errp)
{
    const struct daemon_options *options = daemon_get_options(daemon);
    g_autofree char *master = NULL, *me = own_name();

    *ret_exit = DAEMON_EXIT_FAILURE;
    if (options->no_voting && !options->yes_do_it) {
        g_set_error(errp, DAEMON_ERROR, DAEMON_ERROR_START,
                    "--no-voting is dangerous and needs --yes-do-it as well");
        return false;
    }
    master = master_name(errp);
    if (master == NULL) {
        return false;
    }
    if (strcmp(master, me) != 0) {
        *ret_exit = C_EXIT_NOTMASTER;
        g_set_error(errp, DAEMON_ERROR, DAEMON_ERROR_START,
                    "this node, %s, is not the master: that is %s; commands must be run there", me,
                    master);
        return false;
    }
    return options->no_voting || win_voting(me, errp);
}

/* The group of all daemons may talk to us, whoever runs the others. A group that does not exist is
 * left to whoever set the machine up that way. */
static void give_socket_to_daemons(const char *path)
{
    const struct group *group = getgrnam(group_name(GROUP_daemons));

    if (group != NULL && chown(path, (uid_t)-1, group->gr_gid) != 0) {
        g_warning("cannot give %s to group %s: %s", path, group->gr_name, g_strerror(errno));
    }
}

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
    luxid->env.rpc = new_rpc_client();
    luxid->env.queue_dir = path_get(PATH_QUEUE_DIR);
    luxid->env.wconfd_socket = path_get(PATH_WCONFD_SOCKET);
    if (!start_queue(daemon, errp)) {
        return false;
    }
    luxid->server = luxi_server_new(path_get(PATH_QUERY_SOCKET), &server, errp);
    if (luxid->server == NULL) {
        return false;
    }
    give_socket_to_daemons(path_get(PATH_QUERY_SOCKET));
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
    const struct daemon_row *row = &daemon_rows[DAEMON_luxid];
    g_autoptr(GError) error = NULL;
    g_autofree char *log_file = NULL, *pid_file = NULL, *version = NULL;
    struct luxid luxid = {0};
    struct daemon_desc desc;

    if (!paths_init(&error) || !paths_take_level(&error)) {
        g_printerr("%s: %s\n", row->name, error->message);
        return DAEMON_EXIT_FAILURE;
    }
    log_file = path_of_log(DAEMON_luxid, DAEMON_LOG_MAIN);
    pid_file = path_format(PATH_DAEMON_PIDFILE, row->name);
    version = g_strdup_printf("%s (ganeti) version %s, " PACKAGE_NAME " " PACKAGE_VERSION,
                              row->name, C_RELEASE_VERSION());
    desc = (struct daemon_desc){
        .name = row->name,
        .version_text = version,
        .log_file = log_file,
        .pid_file = pid_file,
        .user = row->user,
        .group = row->group,
        .log_format = LOG_FORMAT_HASKELL,
        .options = DAEMON_OPTIONS_HASKELL | DAEMON_OPTIONS_VOTING | DAEMON_OPTIONS_NO_USER_CHECKS,
        .check = check,
        .prepare = prepare,
        .cleanup = cleanup,
    };
    return daemon_main(&desc, argc, argv, &luxid);
}
