/* ganeti-noded: does on its node what the master asks for. */
#include "config.h"

#include <string.h>
#include <sys/mman.h>

#include "base/cmd.h"
#include "base/daemon.h"
#include "base/fs.h"
#include "base/http-server.h"
#include "base/parse.h"
#include "base/tls.h"
#include "compat-config/paths/daemon-start.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/server/dispatch.h"
#include "noded/server/peer.h"
#include "noded/server/runner.h"

enum {
    /* A configuration of 20,000 instances is 60 MB as text and travels as 8 MB. */
    MAX_BODY = 128 * 1024 * 1024,
    DEFAULT_MAX_CLIENTS = 20,
    MAX_MAX_CLIENTS = 1000,
    STOP_GRACE_S = 20,
    HTTP_OK = 200,
    HTTP_BAD_REQUEST = 400,
    HTTP_FORBIDDEN = 403,
    HTTP_NOT_FOUND = 404,
};

struct noded {
    struct daemon *daemon;
    struct http_server *server;
    struct runner *runner;
    guint grace; /* timer of a graceful stop */
    int exit_code;
    /* Options */
    bool no_mlock;
    int max_clients;
};

/* --- Requests -----------------------------------------------------------------------------------
 */

static void reply(struct http_call *call, const char *text, size_t len)
{
    http_call_reply(call, HTTP_OK, "application/json", text, len, NULL);
}

static const struct rpc_row *find_row(struct http_call *call)
{
    const char *path = http_call_path(call);

    return rpc_row_find(*path == '/' ? path + 1 : path);
}

static void stop(struct daemon *daemon);

static void on_worker_done(const char *answer, size_t len, const GError *error, void *user)
{
    struct http_call *call = user;
    struct noded *noded = http_call_data(call);
    bool leaves = find_row(call)->id == RPC_node_leave_cluster && noded_answer_is_good(answer, len);
    g_autoptr(GString) text = g_string_new(NULL);

    if (error != NULL) {
        log_error("%s: %s", http_call_path(call), error->message);
        noded_answer_error(text, error->message);
        reply(call, text->str, text->len);
        return;
    }
    reply(call, answer, len);
    if (leaves) {
        log_info("this node has left its cluster, the daemon ends");
        stop(noded->daemon);
    }
}

/* Strangers are turned away before they can send anything; the rest in the order of the reference
 * (server/noded.py HandleRequest). */
static int admit(struct http_call *call, void *user)
{
    const struct noded *noded = user;

    if (!daemon_get_options(noded->daemon)->no_ssl && !noded_peer_may_call(call)) {
        return HTTP_FORBIDDEN;
    }
    if (strcmp(http_call_method(call), "POST") != 0) {
        log_warning("%s: method %s, only POST is supported", http_call_peer(call),
                    http_call_method(call));
        return HTTP_BAD_REQUEST;
    }
    if (find_row(call) == NULL) {
        log_warning("%s: unknown call %s", http_call_peer(call), http_call_path(call));
        return HTTP_NOT_FOUND;
    }
    return 0;
}

static void handle(struct http_call *call, void *user)
{
    struct noded *noded = user;
    const struct rpc_row *row = find_row(call);
    size_t len;
    const char *body = http_call_body(call, &len);

    log_info("%s %s %s", http_call_peer(call), http_call_method(call), http_call_path(call));
    http_call_set_data(call, noded);
    if (noded_call_mode(row->id) == NODED_WORKER) {
        runner_submit(noded->runner, row->id, body, len, on_worker_done, call);
    } else {
        g_autoptr(GString) answer = g_string_new(NULL);

        noded_answer(row->id, body, len, answer);
        reply(call, answer->str, answer->len);
    }
}

/* --- Life ---------------------------------------------------------------------------------------
 */

static void work(unsigned id, const char *text, size_t len, GString *answer)
{
    noded_answer(id, text, len, answer);
}

static void in_runner(void *user)
{
    struct noded *noded = user;

    daemon_forked(noded->daemon);
}

static void on_runner_lost(void *user)
{
    struct noded *noded = user;

    noded->exit_code = DAEMON_EXIT_FAILURE;
    daemon_quit(noded->daemon, noded->exit_code);
}

/* The pages in use stay in memory, so that a node that runs out of it can still be told to shut
 * guests down. What is never touched is not fetched for that: the daemon stays small. */
static void lock_memory(void)
{
    if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0) {
        log_warning("cannot lock memory: %s", g_strerror(errno));
    }
}

static bool early(struct daemon *daemon, GError **errp)
{
    struct noded *noded = daemon_get_user(daemon);
    const struct runner_opts opts = {.work = work,
                                     .forked = in_runner,
                                     .lost = on_runner_lost,
                                     .user = noded,
                                     .max_workers = (unsigned)noded->max_clients};

    noded->daemon = daemon;
    noded->runner = runner_new(&opts, errp);
    return noded->runner != NULL;
}

static char *read_pem(const char *option, GError **errp)
{
    return fs_read_file(option != NULL ? option : path_get(PATH_NODED_CERT_FILE), TLS_MAX_PEM, NULL,
                        errp);
}

/* Without a queue the node still does all the rest, as the reference's. */
static void prepare_queue(void)
{
    g_autoptr(GError) error = NULL;

    if (!backend_prepare_queue(&error)) {
        log_critical("cannot prepare the job queue, going on without: %s", error->message);
    }
}

static bool prepare(struct daemon *daemon, GError **errp)
{
    struct noded *noded = daemon_get_user(daemon);
    const struct daemon_options *options = daemon_get_options(daemon);
    g_autofree char *key = NULL, *cert = NULL;
    struct http_server_opts opts = {
        .address = options->bind,
        .port = options->port,
        .max_body = MAX_BODY,
        .admit = admit,
        .handle = handle,
        .user = noded,
    };

    if (!options->no_ssl) {
        key = read_pem(options->ssl_key, errp);
        cert = key == NULL ? NULL : read_pem(options->ssl_cert, errp);
        if (cert == NULL) {
            return false;
        }
        opts.key_pem = key;
        opts.cert_pem = cert;
        opts.ask_client_cert = true;
    }
    noded->server = http_server_new(&opts, errp);
    if (noded->server == NULL) {
        return false;
    }
    runner_attach(noded->runner);
    prepare_queue();
    if (!noded->no_mlock) {
        lock_memory();
    }
    return true;
}

static void reload(struct daemon *daemon)
{
    struct noded *noded = daemon_get_user(daemon);

    runner_reopen_log(noded->runner);
}

static void on_stopped(void *user)
{
    struct noded *noded = user;

    daemon_quit(noded->daemon, noded->exit_code);
}

static gboolean on_grace_over(void *user)
{
    struct noded *noded = user;

    log_warning(
        "%u calls are still running; they go on without this daemon, their answers are lost",
        runner_busy(noded->runner));
    noded->grace = 0;
    daemon_quit(noded->daemon, noded->exit_code);
    return G_SOURCE_REMOVE;
}

/* Nothing new is taken; what runs may end, but not longer than whoever stops us waits. */
static void stop(struct daemon *daemon)
{
    struct noded *noded = daemon_get_user(daemon);

    noded->grace = g_timeout_add_seconds(STOP_GRACE_S, on_grace_over, noded);
    http_server_stop(noded->server, on_stopped, noded);
}

static void cleanup(struct daemon *daemon)
{
    struct noded *noded = daemon_get_user(daemon);

    g_clear_handle_id(&noded->grace, g_source_remove);
    g_clear_pointer(&noded->runner, runner_free);
    g_clear_pointer(&noded->server, http_server_free);
}

static bool set_no_mlock(const char *value G_GNUC_UNUSED, void *user, GError **errp G_GNUC_UNUSED)
{
    ((struct noded *)user)->no_mlock = true;
    return true;
}

static bool set_max_clients(const char *value, void *user, GError **errp)
{
    return parse_int(value, 1, MAX_MAX_CLIENTS, &((struct noded *)user)->max_clients, errp);
}

int main(int argc, char **argv)
{
    static const struct daemon_extra_option extra[] = {
        {"no-mlock", NULL, "do not lock the daemon's memory", set_no_mlock},
        {"max-clients", "NUMBER", "calls that are worked on at the same time (default: 20)",
         set_max_clients},
        {NULL, NULL, NULL, NULL},
    };
    struct noded noded = {.max_clients = DEFAULT_MAX_CLIENTS};
    const struct daemon_desc desc = {
        .console = "/dev/console",
        .log_format = LOG_FORMAT_PYTHON,
        .options = DAEMON_OPTIONS_BIND | DAEMON_OPTIONS_INTERFACE | DAEMON_OPTIONS_SSL,
        .extra = extra,
        .early = early,
        .prepare = prepare,
        .reload = reload,
        .stop = stop,
        .cleanup = cleanup,
    };

    return daemon_start(DAEMON_noded, desc, argc, argv, &noded);
}
