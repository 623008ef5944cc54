#include "config.h"

#include "bootstrap/failover.h"

#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "base/net.h"
#include "bootstrap/calls.h"
#include "bootstrap/daemons.h"
#include "compat-config/paths/paths.h"
#include "compat-config/replica/replica.h"
#include "compat-config/ssconf/ssconf.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "jobs/lu/master-address.h"

enum {
    ADDRESS_LIMIT_S = 30, /* for the master address to go or come */
    FIRST_PAUSE_US = G_USEC_PER_SEC,
    LAST_PAUSE_US = 5 * G_USEC_PER_SEC,
    PING_TIMEOUT_MS = 10 * 1000,
};

/* --- Votes --------------------------------------------------------------------------------------
 */
/* Whom each node takes for the master: n texts, NULL where it does not say; freed with the array.
 */
static char **ask_for_master(const char *const *nodes, size_t n)
{
    const struct rpc_call_master_node_name args = {0};
    g_autofree struct rpc_answer *answers = g_new0(struct rpc_answer, n);
    char **votes = g_new0(char *, n + 1);

    bootstrap_call_all(nodes, n, RPC_master_node_name, &args, answers);
    for (size_t i = 0; i < n; i++) {
        if (answers[i].error == NULL && json_kind(answers[i].payload) == JSON_STRING) {
            votes[i] = g_strdup(json_string(answers[i].payload));
        } else {
            log_warning("node %s names no master: %s", nodes[i],
                        answers[i].error != NULL ? answers[i].error->message : "no name");
        }
        g_clear_error(&answers[i].error);
        json_unref(answers[i].payload);
    }
    return votes;
}

static void free_votes(char **votes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_free(votes[i]);
    }
    g_free(votes);
}

bool failover_majority_is_healthy(bool online_only, GPtrArray **ret_unhealthy, GError **errp)
{
    g_auto(GStrv) nodes = ssconf_read_lines(
        path_get(PATH_DATA_DIR), online_only ? SSCONF_online_nodes : SSCONF_node_list, errp);
    GPtrArray *unhealthy = *ret_unhealthy = g_ptr_array_new_with_free_func(g_free);
    size_t n = nodes != NULL ? g_strv_length(nodes) : 0;
    char **votes;

    if (nodes == NULL) {
        return false;
    }
    votes = ask_for_master((const char *const *)nodes, n);
    for (size_t i = 0; i < n; i++) {
        if (votes[i] == NULL) {
            g_ptr_array_add(unhealthy, g_strdup(nodes[i]));
        }
    }
    free_votes(votes, n);
    return 2 * (n - unhealthy->len) > n;
}

/* The name that most nodes say; NULL: none says any. */
static char *winner(char **votes, size_t n)
{
    const char *best = NULL;
    g_autoptr(GHashTable) counts = g_hash_table_new(g_str_hash, g_str_equal);
    unsigned most = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned count;

        if (votes[i] == NULL) {
            continue;
        }
        count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, votes[i])) + 1;
        g_hash_table_insert(counts, votes[i], GUINT_TO_POINTER(count));
        if (count > most) {
            most = count;
            best = votes[i];
        }
    }
    return g_strdup(best);
}

/* --- Whether it may be --------------------------------------------------------------------------
 */
struct failover {
    char *old_master, *new_master; /* names */
    char *master_ip;
};

static void failover_clear(struct failover *failover)
{
    g_free(failover->old_master);
    g_free(failover->new_master);
    g_free(failover->master_ip);
}

static bool read_names(struct failover *failover, GError **errp)
{
    const char *dir = path_get(PATH_DATA_DIR);
    g_autofree char *address = NULL;
    char host[HOST_NAME_MAX + 1] = "";

    if (vcluster_hostname() != NULL) {
        failover->new_master = g_strdup(vcluster_hostname());
    } else if (gethostname(host, sizeof host - 1) != 0 ||
               !net_resolve(host, false, &failover->new_master, &address, NULL)) {
        failover->new_master = g_strdup(host);
    }
    failover->old_master = ssconf_read(dir, SSCONF_master_node, NULL, errp);
    failover->master_ip =
        failover->old_master != NULL ? ssconf_read(dir, SSCONF_master_ip, NULL, errp) : NULL;
    return failover->master_ip != NULL;
}

static bool check_candidate(const struct failover *failover, GError **errp)
{
    g_auto(GStrv) candidates =
        ssconf_read_lines(path_get(PATH_DATA_DIR), SSCONF_master_candidates, errp);
    g_autofree char *list = NULL;

    if (candidates == NULL) {
        return false;
    }
    list = g_strjoinv(", ", candidates);
    return g_strv_contains((const char *const *)candidates, failover->new_master) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                    "This node, %s, is no master candidate; only these can become the master: %s",
                    failover->new_master, list);
}

static bool check_votes(const struct failover *failover, GError **errp)
{
    g_auto(GStrv) nodes = ssconf_read_lines(path_get(PATH_DATA_DIR), SSCONF_node_list, errp);
    size_t n = nodes != NULL ? g_strv_length(nodes) : 0;
    g_autofree char *voted = NULL;
    char **votes;

    if (nodes == NULL) {
        return false;
    }
    votes = ask_for_master((const char *const *)nodes, n);
    voted = winner(votes, n);
    free_votes(votes, n);
    return voted == NULL || strcmp(voted, failover->old_master) == 0 ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                    "The configuration of this node is old: it takes %s for the master, but the "
                    "other nodes name %s. Run \"gnt-cluster redist-conf\" there first",
                    failover->old_master, voted);
}

static bool check(const struct failover *failover, bool no_voting, GError **errp)
{
    if (strcmp(failover->old_master, failover->new_master) == 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "%s is the master already; run this on the node that shall become it",
                        failover->old_master);
    }
    return check_candidate(failover, errp) && (no_voting || check_votes(failover, errp));
}

/* --- The change ---------------------------------------------------------------------------------
 */
static void warn(GPtrArray *warnings, bool *ok, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void warn(GPtrArray *warnings, bool *ok, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    log_error("%s", text);
    g_ptr_array_add(warnings, text);
    *ok = false;
}

/* Durable here and on the other candidates when it returns: the old master cannot overwrite it
 * then. */
static bool record(struct wconfd_client *client, struct cfg_replica *replica,
                   const struct failover *failover, GError **errp)
{
    struct method_wconfd_flush_config nothing = {0};
    struct cfg_txn *txn = cfg_replica_begin(replica, errp);
    const struct node *node;
    struct cluster *cluster;

    if (txn == NULL) {
        return false;
    }
    node = cfg_node_named(cfg_replica_get(replica), failover->new_master);
    if (node == NULL || cfg_node_named(cfg_replica_get(replica), failover->old_master) == NULL) {
        cfg_txn_abort(txn);
        return err_fail(errp, ERR_OP_PREREQ, ECODE_NOENT, "The configuration has no node %s",
                        node == NULL ? failover->new_master : failover->old_master);
    }
    cluster = cfg_txn_edit_cluster(txn);
    g_free(cluster->master_node);
    cluster->master_node = g_strdup(node->uuid);
    return cfg_replica_commit(replica, txn, errp) &&
           wconfd_call(client, METHOD_wconfd_flush_config, &nothing, NULL, errp);
}

static void stop_old_master(const struct cfg *before, const struct failover *failover,
                            GPtrArray *warnings)
{
    const struct rpc_call_node_deactivate_master_ip address = {
        .master_params = lu_master_params(before),
        .use_external_mip_script = cfg_cluster(before)->use_external_mip_script};
    const struct rpc_call_node_stop_master nothing = {0};
    g_autoptr(GError) address_error = NULL, stop_error = NULL;
    bool ignored;

    if (!bootstrap_call(failover->old_master, RPC_node_deactivate_master_ip, &address, NULL,
                        &address_error)) {
        warn(warnings, &ignored, "The master address could not be taken away from %s: %s",
             failover->old_master, address_error->message);
    }
    if (!bootstrap_call(failover->old_master, RPC_node_stop_master, &nothing, NULL, &stop_error)) {
        warn(warnings, &ignored,
             "The daemons of the old master %s could not be stopped; stop them by hand: %s",
             failover->old_master, stop_error->message);
    }
}

static bool change_with(struct wconfd_client *client, const struct failover *failover,
                        GPtrArray *warnings, GError **errp)
{
    CLEANUP(cfg_replica_freep)
    struct cfg_replica *replica = cfg_replica_new(NULL, client, errp);
    CLEANUP(cfg_unrefp) const struct cfg *before = NULL;

    if (replica == NULL) {
        return false;
    }
    before = cfg_ref(cfg_replica_get(replica));
    if (!record(client, replica, failover, errp)) {
        return false;
    }
    stop_old_master(before, failover, warnings);
    return true;
}

/* The configuration daemon runs here for a while though this is not the master. */
static bool change(const struct failover *failover, bool *ok, GPtrArray *warnings, GError **errp)
{
    g_autofree char *livelock =
        g_strdup_printf("%s/bootstrap_failover_%d", path_get(PATH_LIVELOCK_DIR), (int)getpid());
    struct fs_lock *lock = fs_lock_take(livelock, FS_LOCK_BOTH, errp);
    struct client_id *self = wconfd_identity(0, "bootstrap_failover", livelock);
    g_autoptr(GError) error = NULL;
    bool changed = false;

    if (lock != NULL && daemons_control(errp, "start", daemon_rows[DAEMON_wconfd].name,
                                        "--force-node", "--no-voting", "--yes-do-it", NULL)) {
        CLEANUP(wconfd_client_freep)
        struct wconfd_client *client = wconfd_client_connect(NULL, self, errp);

        changed = client != NULL && change_with(client, failover, warnings, errp);
    }
    if (!daemons_control(&error, "stop", daemon_rows[DAEMON_wconfd].name, NULL)) {
        warn(warnings, ok, "The configuration daemon could not be stopped: %s", error->message);
    }
    fact_object_free(&fact_object_client_id, self);
    if (lock != NULL) {
        fs_lock_remove(lock);
    }
    return changed;
}

/* --- Afterwards ---------------------------------------------------------------------------------
 */
static bool wait_for_address(const char *ip, bool up)
{
    gint64 end = g_get_monotonic_time() + ADDRESS_LIMIT_S * G_USEC_PER_SEC;
    gulong pause = FIRST_PAUSE_US;

    while ((net_tcp_try(ip, daemon_rows[DAEMON_noded].port, NULL, PING_TIMEOUT_MS) != NET_SILENT) !=
           up) {
        if (g_get_monotonic_time() > end) {
            return false;
        }
        g_usleep(pause);
        pause = MIN(pause * 3 / 2, LAST_PAUSE_US);
    }
    return true;
}

static void open_queue(GPtrArray *warnings, bool *ok)
{
    g_autoptr(GError) error = NULL;

    if (!fs_remove_file(path_get(PATH_JOB_QUEUE_DRAIN_FILE), &error)) {
        warn(warnings, ok, "The job queue is closed and could not be opened: %s", error->message);
    }
}

static void start_master(const struct failover *failover, bool no_voting, bool *ok,
                         GPtrArray *warnings)
{
    const struct rpc_call_node_start_master_daemons args = {.no_voting = no_voting};
    g_autoptr(GError) error = NULL;

    if (!bootstrap_call(failover->new_master, RPC_node_start_master_daemons, &args, NULL, &error)) {
        warn(warnings, ok, "The daemons of the master could not be started here: %s",
             error->message);
    }
}

static void take_over(const struct failover *failover, bool no_voting, bool *ok,
                      GPtrArray *warnings)
{
    bool local = net_is_loopback(failover->master_ip); /* always there: a virtual cluster */

    if (!local && !wait_for_address(failover->master_ip, false)) {
        warn(warnings, ok,
             "The master address %s still answers after %d seconds, so it will probably not come "
             "up here",
             failover->master_ip, ADDRESS_LIMIT_S);
    }
    open_queue(warnings, ok);
    start_master(failover, no_voting, ok, warnings);
    if (!wait_for_address(failover->master_ip, true)) {
        warn(warnings, ok,
             "The master address %s did not come up within %d seconds; the cluster works, but is "
             "reached by %s only. Try gnt-cluster activate-master-ip",
             failover->master_ip, ADDRESS_LIMIT_S, failover->new_master);
    }
}

bool failover_to_this_node(bool no_voting, bool *ret_ok, GPtrArray *warnings, GError **errp)
{
    struct failover failover = {0};
    bool done = read_names(&failover, errp) && check(&failover, no_voting, errp);

    *ret_ok = true;
    if (done) {
        log_info("making %s the master in the place of %s", failover.new_master,
                 failover.old_master);
        done = change(&failover, ret_ok, warnings, errp);
    }
    if (done) {
        take_over(&failover, no_voting, ret_ok, warnings);
    }
    failover_clear(&failover);
    return done;
}
