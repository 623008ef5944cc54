#include "config.h"

#include "compat-config/wconfd/distribution.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json-writer.h"
#include "compat-config/paths/paths.h"
#include "compat-config/ssconf/ssconf.h"
#include "compat-config/store/store.h"
#include "facts/constants.h"
#include "facts/rpccalls.h"
#include "noded/proto/content.h"

enum {
    /* Seconds until nodes that failed are tried again, doubled each time. */
    FIRST_RETRY = 30,
    LAST_RETRY = 900,
};

/* What is to be sent. */
struct job {
    const struct cfg *cfg; /* NULL: nothing */
    char *group;           /* NULL: everywhere */
    uint64_t ticket;
};

struct distribution {
    struct rpc_client *rpc;
    char *config_path;
    void (*done)(uint64_t ticket, void *data);
    void *data;

    struct job now, next;
    struct rpc_batch *config_batch, *ssconf_batch;
    guint start; /* source that begins a round */
    bool failed;
    struct ssconf *sent; /* what all nodes have; NULL: unknown */
    struct ssconf *sending;
    guint retry;
    guint retry_seconds;
};

static void job_clear(struct job *job)
{
    cfg_unref(job->cfg);
    g_free(job->group);
    *job = (struct job){0};
}

/* ---- what is sent ---- */

/* NULL: such a user or group does not exist; the node then decides. */
static const char *user_name_of(uid_t uid)
{
    const struct passwd *user = getpwuid(uid);

    return user == NULL ? NULL : user->pw_name;
}

static const char *group_name_of(gid_t gid)
{
    const struct group *group = getgrgid(gid);

    return group == NULL ? NULL : group->gr_name;
}

static double seconds(const struct timespec *time)
{
    return (double)time->tv_sec + (double)time->tv_nsec / 1e9;
}

/* [path, [encoding, text], mode, user, group, atime, mtime]; NULL with a logged reason. */
static char *upload_arguments(const struct distribution *dist)
{
    g_autoptr(GString) config = g_string_new(NULL);
    GString *text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    g_autoptr(GError) error = NULL;
    g_autofree char *path = vcluster_path_to_wire(dist->config_path, &error);
    struct stat st;

    if (path == NULL || stat(dist->config_path, &st) != 0) {
        g_warning("cannot distribute %s: %s", dist->config_path,
                  error != NULL ? error->message : g_strerror(errno));
        g_string_free(text, TRUE);
        return NULL;
    }
    cfg_encode(dist->now.cfg, config);
    json_write_array_begin(&w);
    json_write_string(&w, path);
    rpc_content_write(&w, config->str, config->len);
    json_write_int(&w, (int64_t)st.st_mode);
    json_write_string(&w, user_name_of(st.st_uid));
    json_write_string(&w, group_name_of(st.st_gid));
    json_write_double(&w, seconds(&st.st_atim));
    json_write_double(&w, seconds(&st.st_mtim));
    json_write_array_end(&w);
    return g_string_free(text, FALSE);
}

/* [{key: value, ...}] */
static char *ssconf_arguments(const struct ssconf *ssconf)
{
    GString *text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);

    json_write_array_begin(&w);
    json_write_object_begin(&w);
    for (int i = 0; i < SSCONF_COUNT; i++) {
        if (ssconf->values[i] != NULL) {
            json_write_key(&w, ssconf_rows[i].key);
            json_write_string(&w, ssconf->values[i]);
        }
    }
    json_write_object_end(&w);
    json_write_array_end(&w);
    return g_string_free(text, FALSE);
}

/* ---- a round ---- */

static void begin_round(struct distribution *dist);

static gboolean on_start(gpointer data)
{
    struct distribution *dist = data;

    dist->start = 0;
    begin_round(dist);
    return G_SOURCE_REMOVE;
}

static void start_soon(struct distribution *dist)
{
    if (dist->start == 0) {
        dist->start = g_idle_add_full(G_PRIORITY_DEFAULT, on_start, dist, NULL);
    }
}

static gboolean on_retry(gpointer data)
{
    struct distribution *dist = data;

    dist->retry = 0;
    if (dist->next.cfg == NULL && dist->now.cfg != NULL) {
        dist->next = (struct job){.cfg = cfg_ref(dist->now.cfg), .ticket = dist->now.ticket};
        start_soon(dist);
    }
    return G_SOURCE_REMOVE;
}

static void plan_retry(struct distribution *dist)
{
    if (!dist->failed) {
        dist->retry_seconds = FIRST_RETRY;
    } else if (dist->retry == 0) {
        dist->retry = g_timeout_add_seconds(dist->retry_seconds, on_retry, dist);
        dist->retry_seconds = MIN(dist->retry_seconds * 2, LAST_RETRY);
    }
}

static void end_round(struct distribution *dist)
{
    uint64_t ticket = dist->now.ticket;

    if (dist->config_batch != NULL || dist->ssconf_batch != NULL) {
        return;
    }
    g_debug("distributed the configuration, serial number %" G_GINT64_FORMAT "%s",
            cfg_serial(dist->now.cfg), dist->failed ? ", not to all" : "");
    plan_retry(dist);
    if (dist->next.cfg != NULL) {
        start_soon(dist);
    }
    dist->done(ticket, dist->data);
}

/* Whether all nodes answered well. */
static bool check_answers(const char *what, const struct rpc_answer *answers, size_t n)
{
    bool good = true;

    for (size_t i = 0; i < n; i++) {
        if (answers[i].outcome == RPC_FAILED) {
            g_warning("distribution of %s: %s", what, answers[i].error->message);
            good = false;
        }
    }
    return good;
}

static void config_sent(struct rpc_answer *answers, size_t n, void *data)
{
    struct distribution *dist = data;

    dist->config_batch = NULL;
    dist->failed = !check_answers("the configuration", answers, n) || dist->failed;
    end_round(dist);
}

static void ssconf_sent(struct rpc_answer *answers, size_t n, void *data)
{
    struct distribution *dist = data;
    bool good = check_answers("the simple store", answers, n);

    dist->ssconf_batch = NULL;
    dist->failed = !good || dist->failed;
    g_clear_pointer(&dist->sent, ssconf_free);
    if (good && dist->now.group == NULL) {
        dist->sent = g_steal_pointer(&dist->sending);
    }
    g_clear_pointer(&dist->sending, ssconf_free);
    end_round(dist);
}

static bool is_target(const struct distribution *dist, const struct node *node)
{
    return dist->now.group == NULL || strcmp(node->group, dist->now.group) == 0;
}

static bool is_candidate(const struct distribution *dist, const struct node *node)
{
    return cfg_node_role(dist->now.cfg, node) == CFG_NODE_CANDIDATE;
}

static bool is_online(const struct distribution *dist, const struct node *node)
{
    (void)dist;
    return !node->offline;
}

static struct rpc_batch *send_to(struct distribution *dist, enum rpc_id call,
                                 bool (*wanted)(const struct distribution *, const struct node *),
                                 const char *arguments, rpc_done *done)
{
    const struct rpc_row *row = &rpc_rows[call];
    size_t count = cfg_node_count(dist->now.cfg), n = 0;
    g_autofree struct rpc_request *requests = g_new0(struct rpc_request, count + 1);

    for (size_t i = 0; i < count; i++) {
        const struct node *node = cfg_node_at(dist->now.cfg, i);

        if (is_target(dist, node) && wanted(dist, node)) {
            requests[n++] = (struct rpc_request){
                .node = node->name, .address = node->primary_ip, .arguments = arguments};
        }
    }
    return n == 0 ? NULL
                  : rpc_client_call(dist->rpc, row->name,
                                    (unsigned)rpc_timeout_seconds(&row->luxid_timeout), true,
                                    requests, n, done, dist);
}

static void begin_round(struct distribution *dist)
{
    g_autofree char *config = NULL, *ssconf = NULL;

    if (dist->next.cfg == NULL || dist->config_batch != NULL || dist->ssconf_batch != NULL) {
        return;
    }
    job_clear(&dist->now);
    dist->now = dist->next;
    dist->next = (struct job){0};
    dist->failed = false;
    config = upload_arguments(dist);
    if (config == NULL) {
        dist->failed = true;
    } else {
        dist->config_batch =
            send_to(dist, RPC_upload_file_single, is_candidate, config, config_sent);
    }
    dist->sending = ssconf_from_cfg(dist->now.cfg, C_RELEASE_VERSION());
    if (dist->sent == NULL || !ssconf_equal(dist->sent, dist->sending)) {
        ssconf = ssconf_arguments(dist->sending);
        dist->ssconf_batch = send_to(dist, RPC_write_ssconf_files, is_online, ssconf, ssconf_sent);
    }
    if (dist->ssconf_batch == NULL) {
        g_clear_pointer(&dist->sending, ssconf_free);
    }
    end_round(dist);
}

void distribution_send(struct distribution *dist, const struct cfg *cfg, const char *group,
                       uint64_t ticket)
{
    struct job job = {.cfg = cfg_ref(cfg), .ticket = ticket};

    /* What waits for its round may have been for all, or for another group. */
    if (dist->next.cfg == NULL || g_strcmp0(dist->next.group, group) == 0) {
        job.group = g_strdup(group);
    }
    job_clear(&dist->next);
    dist->next = job;
    start_soon(dist);
}

struct distribution *distribution_new(struct rpc_client *rpc, const char *config_path,
                                      void (*done)(uint64_t ticket, void *data), void *data)
{
    struct distribution *dist = g_new0(struct distribution, 1);

    dist->rpc = rpc;
    dist->config_path = g_strdup(config_path);
    dist->done = done;
    dist->data = data;
    dist->retry_seconds = FIRST_RETRY;
    return dist;
}

void distribution_free(struct distribution *dist)
{
    if (dist->start != 0) {
        g_source_remove(dist->start);
    }
    if (dist->retry != 0) {
        g_source_remove(dist->retry);
    }
    g_clear_pointer(&dist->config_batch, rpc_batch_cancel);
    g_clear_pointer(&dist->ssconf_batch, rpc_batch_cancel);
    g_clear_pointer(&dist->sent, ssconf_free);
    g_clear_pointer(&dist->sending, ssconf_free);
    job_clear(&dist->now);
    job_clear(&dist->next);
    g_free(dist->config_path);
    g_free(dist);
}
