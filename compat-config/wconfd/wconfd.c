/* ganeti-wconfd: owns config.data and the locks. */
#include "config.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "base/daemon.h"
#include "base/fs.h"
#include "compat-config/paths/daemon-start.h"
#include "compat-config/paths/paths.h"
#include "compat-config/store/store.h"
#include "compat-config/verify/verify.h"
#include "compat-config/wconfd/core/core.h"
#include "compat-config/wconfd/deaths.h"
#include "compat-config/wconfd/distribution.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "luxi/server/server.h"
#include "noded/client/mastership.h"

enum {
    SOCKET_MODE = 0600,
    FILE_MODE = 0640,
    FILE_MODE_30 = 0600,
    MAX_STATE = 256 * 1024 * 1024,
};

struct wconfd {
    struct daemon *daemon;
    struct wconfd_core *core;
    struct luxi_server *server;
    struct rpc_client *rpc;
    struct distribution *distribution;
    struct deaths *deaths;
    struct fs_lock *livelock;
    guint settle;
    struct stat config_file; /* as we wrote or read it */
    gid_t files_group;       /* -1: as it is */
};

/* ---- calls ---- */

struct call {
    struct wconfd_call call; /* first */
    struct wconfd *wconfd;
    struct luxi_call *luxi;
};

static void call_finished(struct wconfd_call *core_call, const GError *error)
{
    struct call *call = (struct call *)core_call;

    luxi_call_on_cancel(call->luxi, NULL, NULL);
    if (error == NULL) {
        luxi_call_answer(call->luxi);
    } else {
        luxi_call_fail(call->luxi, error);
    }
    g_free(call);
}

static void call_cancelled(void *data)
{
    struct call *call = data;

    wconfd_core_cancel(call->wconfd->core, &call->call);
    g_free(call);
}

static void handle(struct luxi_call *luxi, const char *method, struct json *args, void *user)
{
    struct wconfd *wconfd = user;
    struct call *call = g_new0(struct call, 1);

    g_debug("call of %s", method);
    call->wconfd = wconfd;
    call->luxi = luxi;
    call->call.result = luxi_call_result(luxi);
    call->call.finish = call_finished;
    luxi_call_on_cancel(luxi, call_cancelled, call);
    wconfd_core_begin(wconfd->core, &call->call, method, args);
}

/* ---- what the core asks for ---- */

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* What somebody else wrote must not be lost; it is taken up at the next start. */
static bool check_untouched(const struct wconfd *wconfd, const char *path, GError **errp)
{
    struct stat now;

    if (stat(path, &now) == 0 && same_file(&now, &wconfd->config_file)) {
        return true;
    }
    return err_fail(errp, ERR_LOCK, ECODE_NONE,
                    "Cannot overwrite file %s: it has been modified since last written; restart "
                    "ganeti-wconfd to take up what is in it",
                    path);
}

static bool save_config(const struct cfg *cfg, void *user, GError **errp)
{
    struct wconfd *wconfd = user;
    const char *path = path_get(PATH_CLUSTER_CONF_FILE);
    const struct fs_write_opts opts = {
        .mode = FILE_MODE, .chown = true, .uid = (uid_t)-1, .gid = wconfd->files_group};

    if (!check_untouched(wconfd, path, errp) || !cfg_save(cfg, path, &opts, errp)) {
        g_critical("cannot write the configuration: %s", (*errp)->message);
        return false;
    }
    if (stat(path, &wconfd->config_file) != 0) {
        g_critical("%s: %s", path, g_strerror(errno));
    }
    g_debug("wrote the configuration, serial number %" G_GINT64_FORMAT, cfg_serial(cfg));
    return true;
}

static void save_state(const struct wconfd *wconfd, enum path_id path, const GString *text)
{
    bool modern = fact_level() >= LEVEL_3_1;
    const struct fs_write_opts opts = {
        .mode = modern ? FILE_MODE : FILE_MODE_30,
        .chown = true,
        .uid = (uid_t)-1,
        .gid = wconfd->files_group,
        .flags = FS_WRITE_VOLATILE,
    };
    g_autoptr(GError) error = NULL;

    if (!fs_write_atomic(path_get(path), text->str, text->len, &opts, &error)) {
        g_critical("%s; going on, but a restart of this daemon would lose what it should say",
                   error->message);
    }
}

static void save_locks(const GString *text, void *user)
{
    save_state(user, PATH_LOCK_STATUS_FILE, text);
}

static void save_reservations(const GString *text, void *user)
{
    save_state(user, PATH_TEMP_RES_STATUS_FILE, text);
}

static void distribute(const struct cfg *cfg, const char *group, uint64_t ticket, void *user)
{
    distribution_send(((struct wconfd *)user)->distribution, cfg, group, ticket);
}

static void distributed(uint64_t ticket, void *user)
{
    wconfd_core_distributed(((struct wconfd *)user)->core, ticket);
}

/* The reference's jobs sleep until then (JQueue.hs notifyJob). */
static void wake(const struct client_id *client, void *user)
{
    (void)user;
    if (client->pid > 1 && kill((pid_t)client->pid, SIGHUP) != 0) {
        g_info("process %" G_GINT64_FORMAT " cannot be told that it got its locks: %s", client->pid,
               g_strerror(errno));
    }
}

static void watch(const struct client_id *client, void *user)
{
    deaths_watch(((struct wconfd *)user)->deaths, client);
}

static void find_dead(void *user)
{
    deaths_find(((struct wconfd *)user)->deaths);
}

static gboolean on_settle(gpointer data)
{
    struct wconfd *wconfd = data;

    wconfd->settle = 0;
    wconfd_core_settle(wconfd->core);
    return G_SOURCE_REMOVE;
}

/* In the next turn of the loop, so that all calls that are there by now share one write. */
static void settle_soon(void *user)
{
    struct wconfd *wconfd = user;

    if (wconfd->settle == 0) {
        wconfd->settle = g_idle_add_full(G_PRIORITY_DEFAULT, on_settle, wconfd, NULL);
    }
}

/* ---- start ---- */

/* A file that is not there is an empty state. */
static bool load_state(struct wconfd *wconfd, enum path_id id,
                       bool (*load)(struct wconfd_core *, const char *, size_t, GError **),
                       GError **errp)
{
    GError *error = NULL;
    size_t len;
    g_autofree char *text = fs_read_file(path_get(id), MAX_STATE, &len, &error);

    if (text == NULL) {
        if (g_error_matches(error, FS_ERROR, ENOENT)) {
            g_info("%s is not there: nothing to remember", path_get(id));
            g_error_free(error);
            return true;
        }
        g_propagate_error(errp, error);
        return false;
    }
    /* Written without a sync: a machine that went down can have left it empty, and then all owners
       are gone too. */
    if (len == 0) {
        g_warning("%s is empty: nothing to remember", path_get(id));
        return true;
    }
    if (!load(wconfd->core, text, len, errp)) {
        g_prefix_error(errp, "%s: ", path_get(id));
        return false;
    }
    return true;
}

static const struct cfg *load_config(struct wconfd *wconfd, GError **errp)
{
    const char *path = path_get(PATH_CLUSTER_CONF_FILE);
    const struct cfg *cfg = cfg_load(path, errp);
    g_autoptr(GPtrArray) problems = NULL;

    if (cfg == NULL) {
        return NULL;
    }
    if (stat(path, &wconfd->config_file) != 0) {
        (void)fs_error_set(errp, errno, "read", path);
        cfg_unref(cfg);
        return NULL;
    }
    problems = cfg_verify_references(cfg);
    if (problems->len > 0) {
        err_set(errp, ERR_CONFIGURATION, ECODE_NONE, "%s: %s", path,
                (const char *)g_ptr_array_index(problems, 0));
        cfg_unref(cfg);
        return NULL;
    }
    return cfg;
}

static struct fs_lock *take_livelock(GError **errp)
{
    g_autofree char *name = g_strdup_printf("%s_%" G_GINT64_FORMAT, C_WCONF_LIVELOCK_PREFIX,
                                            g_get_real_time() / G_USEC_PER_SEC);
    g_autofree char *path = g_build_filename(path_get(PATH_LIVELOCK_DIR), name, NULL);

    return fs_lock_take(path, FS_LOCK_BOTH, errp);
}

static gid_t confd_group(void)
{
    const struct group *group = getgrnam(group_name(GROUP_confd));

    return group == NULL ? (gid_t)-1 : group->gr_gid;
}

static void watch_loaded(const struct client_id *client, void *data)
{
    deaths_watch(data, client);
}

static bool start_core(struct wconfd *wconfd, GError **errp)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = load_config(wconfd, errp);
    const struct wconfd_host host = {
        .save_config = save_config,
        .save_locks = save_locks,
        .save_reservations = save_reservations,
        .distribute = distribute,
        .wake = wake,
        .watch = watch,
        .find_dead = find_dead,
        .settle_soon = settle_soon,
        .user = wconfd,
    };

    if (cfg == NULL) {
        return false;
    }
    wconfd->livelock = take_livelock(errp);
    if (wconfd->livelock == NULL) {
        return false;
    }
    wconfd->core = wconfd_core_new(cfg, fs_lock_path(wconfd->livelock), &host);
    wconfd->deaths = deaths_new(wconfd->core, fs_lock_path(wconfd->livelock));
    if (!load_state(wconfd, PATH_LOCK_STATUS_FILE, wconfd_core_load_locks, errp) ||
        !load_state(wconfd, PATH_TEMP_RES_STATUS_FILE, wconfd_core_load_reservations, errp)) {
        return false;
    }
    deaths_find(wconfd->deaths);
    wconfd_core_each_client(wconfd->core, watch_loaded, wconfd->deaths);
    return true;
}

static bool prepare(struct daemon *daemon, GError **errp)
{
    struct wconfd *wconfd = daemon_get_user(daemon);
    const struct luxi_server_options server = {
        .handler = handle, .user_data = wconfd, .mode = SOCKET_MODE};

    wconfd->daemon = daemon;
    wconfd->files_group = confd_group();
    wconfd->rpc = mastership_rpc_client();
    wconfd->distribution =
        distribution_new(wconfd->rpc, path_get(PATH_CLUSTER_CONF_FILE), distributed, wconfd);
    if (!start_core(wconfd, errp)) {
        return false;
    }
    wconfd->server = luxi_server_new(path_get(PATH_WCONFD_SOCKET), &server, errp);
    if (wconfd->server == NULL) {
        return false;
    }
    mastership_share_socket(path_get(PATH_WCONFD_SOCKET));
    return true;
}

static void cleanup(struct daemon *daemon)
{
    struct wconfd *wconfd = daemon_get_user(daemon);

    g_clear_pointer(&wconfd->server, luxi_server_free);
    g_clear_pointer(&wconfd->distribution, distribution_free);
    g_clear_pointer(&wconfd->rpc, rpc_client_free);
    if (wconfd->settle != 0) {
        g_source_remove(wconfd->settle);
    }
    if (wconfd->core != NULL) {
        wconfd_core_settle(wconfd->core); /* what clients did that went away */
    }
    g_clear_pointer(&wconfd->deaths, deaths_free);
    g_clear_pointer(&wconfd->core, wconfd_core_free);
    g_clear_pointer(&wconfd->livelock, fs_lock_remove);
}

int main(int argc, char **argv)
{
    struct wconfd wconfd = {0};
    const struct daemon_desc desc = {
        .log_format = LOG_FORMAT_HASKELL,
        .options = DAEMON_OPTIONS_HASKELL | DAEMON_OPTIONS_VOTING | DAEMON_OPTIONS_NO_USER_CHECKS |
                   DAEMON_OPTIONS_FORCE_NODE,
        .check = mastership_check,
        .prepare = prepare,
        .cleanup = cleanup,
    };

    return daemon_start(DAEMON_wconfd, desc, argc, argv, &wconfd);
}
