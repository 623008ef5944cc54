#include "config.h"

#include "jobs/queue/replicator.h"

#include <string.h>

#include "base/fs.h"
#include "base/json-writer.h"
#include "compat-config/paths/paths.h"
#include "facts/rpccalls.h"
#include "jobs/file/job.h"
#include "jobs/file/queue-dir.h"
#include "noded/proto/content.h"

enum {
    /* Seconds until a node that could not be reached is tried again. */
    RETRY_SECONDS = 30,
    /* Renamings in one call. */
    MAX_RENAMES = 100,
};

/* The number of the serial file among those of jobs, which begin at one. */
#define SERIAL_FILE G_GINT64_CONSTANT(0)

/* What a node has to be told, in this order. */
struct task {
    bool is_rename;
    int64_t job;
};

struct peer {
    struct replicator *replicator;
    char *uuid;
    char *name, *address;
    bool offline;
    bool is_stale;       /* no candidate any more; used while the configuration is gone through */
    GQueue tasks;        /* struct task */
    GHashTable *pending; /* numbers (in the tasks) of files that will be sent anyway */
    struct rpc_batch *batch;
    guint n_under_way; /* tasks at the head of the queue that the batch carries out */
    guint retry_timer;
    bool is_failing; /* said so in the log already */
};

struct replicator {
    char *queue_dir;
    struct rpc_client *rpc;
    GHashTable *peers; /* uuid (in the peer) -> struct peer */
};

static void send_next(struct peer *peer);

/* ---- arguments ---- */

/* Paths travel as the other node knows them; outside of virtual clusters that is the same. */
static char *wire_path(const char *path)
{
    g_autoptr(GError) error = NULL;
    char *wire = vcluster_path_to_wire(path, &error);

    return wire != NULL ? wire : g_strdup(path);
}

static char *file_path(const struct replicator *replicator, int64_t job)
{
    return job == SERIAL_FILE ? g_strdup(path_get(PATH_JOB_QUEUE_SERIAL_FILE))
                              : queue_dir_job_path(replicator->queue_dir, job);
}

/* NULL if the file is not there (any more). */
static char *update_arguments(const struct replicator *replicator, int64_t job)
{
    g_autofree char *path = file_path(replicator, job);
    g_autofree char *wire = wire_path(path);
    g_autoptr(GError) error = NULL;
    size_t len;
    g_autofree char *text = fs_read_file(path, JOB_MAX_FILE, &len, &error);
    GString *arguments;
    struct json_writer w;

    if (text == NULL) {
        if (!g_error_matches(error, FS_ERROR, ENOENT)) {
            g_warning("cannot copy to the master candidates: %s", error->message);
        }
        return NULL;
    }
    arguments = g_string_new(NULL);
    w = json_writer_init(arguments, JSON_COMPACT);
    json_write_array_begin(&w);
    json_write_string(&w, wire);
    rpc_content_write(&w, text, len);
    json_write_array_end(&w);
    return g_string_free(arguments, FALSE);
}

/* The first n tasks are renamings. */
static char *rename_arguments(const struct peer *peer, guint n)
{
    const char *queue_dir = peer->replicator->queue_dir;
    GString *arguments = g_string_new(NULL);
    struct json_writer w = json_writer_init(arguments, JSON_COMPACT);
    const GList *link = peer->tasks.head;

    json_write_array_begin(&w);
    json_write_array_begin(&w);
    for (guint i = 0; i < n; i++, link = link->next) {
        const struct task *task = link->data;
        g_autofree char *live = queue_dir_job_path(queue_dir, task->job);
        g_autofree char *archived = queue_dir_archive_path(queue_dir, task->job);
        g_autofree char *from = wire_path(live), *to = wire_path(archived);

        json_write_array_begin(&w);
        json_write_string(&w, from);
        json_write_string(&w, to);
        json_write_array_end(&w);
    }
    json_write_array_end(&w);
    json_write_array_end(&w);
    return g_string_free(arguments, FALSE);
}

/* ---- talking to one node ---- */

static void drop_first(struct peer *peer)
{
    struct task *task = g_queue_pop_head(&peer->tasks);

    if (!task->is_rename && g_hash_table_lookup(peer->pending, &task->job) == task) {
        g_hash_table_remove(peer->pending, &task->job);
    }
    g_free(task);
}

static gboolean try_again(gpointer data)
{
    struct peer *peer = data;

    peer->retry_timer = 0;
    send_next(peer);
    return G_SOURCE_REMOVE;
}

static void note_failure(struct peer *peer, const struct rpc_answer *answer)
{
    if (!peer->is_failing) {
        g_warning("the copy of the job queue on %s gets old: %s", peer->name,
                  answer->error != NULL ? answer->error->message : "it is offline");
    }
    peer->is_failing = true;
}

static void answered(struct rpc_answer *answers, size_t n, void *data)
{
    struct peer *peer = data;
    const struct rpc_answer *answer = &answers[0];

    (void)n;
    peer->batch = NULL;
    if (answer->outcome != RPC_ANSWERED) {
        note_failure(peer, answer);
    }
    /* What a node refuses it would refuse again: a renaming of a file that it never had, say. */
    if (answer->outcome == RPC_FAILED && !answer->refused) {
        peer->n_under_way = 0;
        peer->retry_timer = g_timeout_add_seconds(RETRY_SECONDS, try_again, peer);
        return;
    }
    if (answer->outcome == RPC_ANSWERED && peer->is_failing) {
        g_message("the copy of the job queue on %s is kept up again", peer->name);
        peer->is_failing = false;
    }
    for (; peer->n_under_way > 0; peer->n_under_way--) {
        drop_first(peer);
    }
    send_next(peer);
}

static void call(struct peer *peer, enum rpc_id id, const char *arguments)
{
    const struct rpc_row *row = &rpc_rows[id];
    const struct rpc_request request = {
        .node = peer->name, .address = peer->address, .arguments = arguments};

    /* Both calls may come twice: the second time a file is the same, and a renaming is refused. */
    peer->batch = rpc_client_call(peer->replicator->rpc, row->name,
                                  (unsigned)rpc_timeout_seconds(&row->luxid_timeout), true,
                                  &request, 1, answered, peer);
}

static guint count_renames(const struct peer *peer)
{
    guint n = 0;

    for (const GList *link = peer->tasks.head; link != NULL && n < MAX_RENAMES; link = link->next) {
        if (!((const struct task *)link->data)->is_rename) {
            break;
        }
        n++;
    }
    return n;
}

static void send_next(struct peer *peer)
{
    while (peer->batch == NULL && peer->retry_timer == 0 && !peer->offline) {
        struct task *task = g_queue_peek_head(&peer->tasks);
        g_autofree char *arguments = NULL;

        if (task == NULL) {
            return;
        }
        if (task->is_rename) {
            peer->n_under_way = count_renames(peer);
            arguments = rename_arguments(peer, peer->n_under_way);
            call(peer, RPC_jobqueue_rename, arguments);
            return;
        }
        /* Changes from here on need another copy. */
        if (g_hash_table_lookup(peer->pending, &task->job) == task) {
            g_hash_table_remove(peer->pending, &task->job);
        }
        arguments = update_arguments(peer->replicator, task->job);
        if (arguments == NULL) {
            drop_first(peer);
            continue;
        }
        peer->n_under_way = 1;
        call(peer, RPC_jobqueue_update, arguments);
    }
}

/* ---- what is to be told ---- */

static void add_update(struct peer *peer, int64_t job)
{
    struct task *task;

    if (g_hash_table_contains(peer->pending, &job)) {
        return;
    }
    task = g_new(struct task, 1);
    *task = (struct task){.job = job};
    g_queue_push_tail(&peer->tasks, task);
    g_hash_table_insert(peer->pending, &task->job, task);
    send_next(peer);
}

static void for_each_peer(struct replicator *replicator,
                          void (*tell)(struct peer *peer, int64_t job), int64_t job)
{
    GHashTableIter iter;
    gpointer peer;

    g_hash_table_iter_init(&iter, replicator->peers);
    while (g_hash_table_iter_next(&iter, NULL, &peer)) {
        tell(peer, job);
    }
}

static void add_rename(struct peer *peer, int64_t job)
{
    struct task *task = g_new(struct task, 1);

    *task = (struct task){.is_rename = true, .job = job};
    g_queue_push_tail(&peer->tasks, task);
    send_next(peer);
}

void replicator_job_changed(struct replicator *replicator, int64_t job)
{
    for_each_peer(replicator, add_update, job);
}

void replicator_serial_changed(struct replicator *replicator)
{
    for_each_peer(replicator, add_update, SERIAL_FILE);
}

void replicator_job_archived(struct replicator *replicator, int64_t job)
{
    for_each_peer(replicator, add_rename, job);
}

/* ---- the nodes ---- */

static void peer_free(gpointer data)
{
    struct peer *peer = data;

    if (peer->batch != NULL) {
        rpc_batch_cancel(peer->batch);
    }
    if (peer->retry_timer != 0) {
        g_source_remove(peer->retry_timer);
    }
    g_queue_clear_full(&peer->tasks, g_free);
    g_hash_table_destroy(peer->pending);
    g_free(peer->uuid);
    g_free(peer->name);
    g_free(peer->address);
    g_free(peer);
}

static void mark_stale(struct peer *peer, int64_t unused)
{
    (void)unused;
    peer->is_stale = true;
}

static void update_peer(struct replicator *replicator, const struct node *node)
{
    struct peer *peer = g_hash_table_lookup(replicator->peers, node->uuid);

    if (peer == NULL) {
        peer = g_new0(struct peer, 1);
        peer->replicator = replicator;
        peer->uuid = g_strdup(node->uuid);
        peer->pending = g_hash_table_new(g_int64_hash, g_int64_equal);
        g_queue_init(&peer->tasks);
        g_hash_table_insert(replicator->peers, peer->uuid, peer);
    }
    g_free(peer->name);
    g_free(peer->address);
    peer->name = g_strdup(node->name);
    peer->address = g_strdup(node->primary_ip);
    peer->is_stale = false;
    peer->offline = node->offline;
    send_next(peer);
}

static gboolean is_stale(gpointer key, gpointer peer, gpointer data)
{
    (void)key;
    (void)data;
    return ((const struct peer *)peer)->is_stale;
}

void replicator_set_config(struct replicator *replicator, const struct cfg *cfg)
{
    for_each_peer(replicator, mark_stale, 0);
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        const struct node *node = cfg_node_at(cfg, i);

        /* The master's own files are the originals. */
        if (node->master_candidate && !cfg_node_is_master(cfg, node)) {
            update_peer(replicator, node);
        }
    }
    g_hash_table_foreach_remove(replicator->peers, is_stale, NULL);
}

bool replicator_is_idle(const struct replicator *replicator)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, replicator->peers);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct peer *peer = value;

        if (peer->batch != NULL ||
            (peer->tasks.length > 0 && peer->retry_timer == 0 && !peer->offline)) {
            return false;
        }
    }
    return true;
}

struct replicator *replicator_new(const char *queue_dir, struct rpc_client *rpc)
{
    struct replicator *replicator = g_new0(struct replicator, 1);

    replicator->queue_dir = g_strdup(queue_dir);
    replicator->rpc = rpc;
    replicator->peers = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, peer_free);
    return replicator;
}

void replicator_free(struct replicator *replicator)
{
    g_hash_table_destroy(replicator->peers);
    g_free(replicator->queue_dir);
    g_free(replicator);
}
