#include "config.h"

#include "luxi/server/job-queue.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fs.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "jobs/file/job.h"
#include "jobs/file/queue-dir.h"
#include "jobs/file/write.h"
#include "jobs/queue/replicator.h"
#include "jobs/queue/store.h"
#include "jobs/scheduler/scheduler.h"
#include "luxi/server/launcher.h"
#include "luxi/server/queue-watch.h"

enum {
    /* Jobs that ended not longer ago are copied to the master candidates again when luxid starts:
       while it was not there, nobody copied their last words. */
    RECOPY_SECONDS = 3600,
};

/* Sources of the steps that luxid adds to reason trails, as the reference's. */
static const char reason_start[] = "gnt:daemon:luxid:startjobs";
static const char reason_death[] = "gnt:daemon:luxid:deathdetection";

struct live_job {
    struct job_queue *queue;
    int64_t id;
    enum job_place place;
    char *secrets;
    char *livelock; /* of its process; NULL: launch_livelock_path() */
    int pidfd;      /* -1: its number is not known (yet) */
    guint watch;
    bool is_cancelled; /* was asked to end by SIGTERM */
    GPtrArray *listeners;
};

struct job_listener {
    struct live_job *job;
    job_listener_fn *fn;
    void *data;
};

struct job_queue {
    char *dir;
    struct job_queue_options options;
    struct fs_lock *lock;
    struct scheduler *scheduler;
    struct launcher *launcher;
    struct replicator *replicator; /* NULL: no copies */
    struct queue_watch *watch;
    GHashTable *live;  /* number (in the job) -> struct live_job */
    GPtrArray *rules;  /* struct filter_rule, copies of those in force */
    guint schedule_at; /* idle source */
};

static void schedule_soon(struct job_queue *queue);

static struct live_job *find(const struct job_queue *queue, int64_t job)
{
    return g_hash_table_lookup(queue->live, &job);
}

/* ---- listeners ---- */

static void tell_listeners(struct live_job *job)
{
    g_autoptr(GPtrArray) told = g_ptr_array_copy(job->listeners, NULL, NULL);

    for (guint i = 0; i < told->len; i++) {
        struct job_listener *listener = g_ptr_array_index(told, i);

        /* One listener may take another one back. */
        if (g_ptr_array_find(job->listeners, listener, NULL) && !listener->fn(listener->data)) {
            job_listener_remove(listener);
        }
    }
}

struct job_listener *job_queue_listen(struct job_queue *queue, int64_t job, job_listener_fn *fn,
                                      void *data)
{
    struct job_listener *listener = g_new(struct job_listener, 1);

    *listener = (struct job_listener){.job = find(queue, job), .fn = fn, .data = data};
    g_assert(listener->job != NULL);
    g_ptr_array_add(listener->job->listeners, listener);
    return listener;
}

void job_listener_remove(struct job_listener *listener)
{
    if (g_ptr_array_remove(listener->job->listeners, listener)) {
        g_free(listener);
    }
}

/* ---- live jobs ---- */

static void free_listener(gpointer listener, gpointer data)
{
    (void)data;
    g_free(listener);
}

static void live_job_free(gpointer data)
{
    struct live_job *job = data;

    if (job->watch != 0) {
        g_source_remove(job->watch);
    }
    if (job->pidfd >= 0) {
        (void)close(job->pidfd);
    }
    g_ptr_array_foreach(job->listeners, free_listener, NULL);
    g_ptr_array_free(job->listeners, TRUE);
    g_free(job->secrets);
    g_free(job->livelock);
    g_free(job);
}

static struct live_job *live_job_new(struct job_queue *queue, int64_t id, enum job_place place)
{
    struct live_job *job = g_new0(struct live_job, 1);

    job->queue = queue;
    job->id = id;
    job->place = place;
    job->pidfd = -1;
    job->listeners = g_ptr_array_new();
    g_hash_table_insert(queue->live, &job->id, job);
    return job;
}

/* The job is over for the queue: others may run. */
static void leave(struct live_job *job)
{
    struct job_queue *queue = job->queue;

    scheduler_remove(queue->scheduler, job->id);
    job->place = JOB_PLACE_UNKNOWN;
    (void)g_hash_table_steal(queue->live, &job->id);
    tell_listeners(job);
    live_job_free(job);
    schedule_soon(queue);
}

/* ---- ends of jobs ---- */

static bool write_job(struct job_queue *queue, const struct queued_job *job, GError **errp)
{
    return job_store_write(queue->dir, job, OPCODE_SUBMITTED, JOB_WRITE_DURABLE, errp);
}

/* The process is gone and did not say how the job ended. */
static void write_death(struct live_job *live, struct queued_job *job)
{
    struct job_queue *queue = live->queue;
    g_autoptr(GError) error = NULL;

    if (live->is_cancelled) {
        g_message("job %" G_GINT64_FORMAT " was asked to cancel and its process ended",
                  (gint64)live->id);
        job_mark_unfinished(job, JOB_STATUS_CANCELED, NULL);
        job_stamp(job, end_timestamp, job_now());
    } else {
        g_autofree char *text = g_strdup_printf("detected death of job %" G_GINT64_FORMAT
                                                ": its process ended before the job did",
                                                (gint64)live->id);

        g_warning("%s", text);
        job_fail(job, job_now(), reason_death, text);
    }
    if (!write_job(queue, job, &error)) {
        g_warning("job %" G_GINT64_FORMAT " stays unfinished until luxid starts again: %s",
                  (gint64)live->id, error->message);
    }
    if (queue->options.job_died != NULL) {
        queue->options.job_died(live->id, queue->options.data);
    }
}

/* What a killed process leaves. Whoever holds the lock by now keeps the file. */
static void remove_livelock(const struct live_job *live)
{
    g_autofree char *path = launch_livelock_path(live->id);

    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        fs_lock_remove(fs_lock_take(path, FS_LOCK_BOTH, NULL));
    }
}

static void process_is_gone(struct live_job *live)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(job_freep)
    struct queued_job *job = job_load(live->queue->dir, live->id, false, NULL, &error);

    if (job == NULL) {
        g_warning("the process of job %" G_GINT64_FORMAT " ended, but: %s", (gint64)live->id,
                  error->message);
    } else if (!job_is_finalized(job_status_of(job))) {
        write_death(live, job);
    }
    g_info("job %" G_GINT64_FORMAT " is over", (gint64)live->id);
    remove_livelock(live);
    leave(live);
}

static gboolean on_process_end(gint fd, GIOCondition condition, gpointer data)
{
    struct live_job *job = data;

    (void)fd;
    (void)condition;
    job->watch = 0;
    process_is_gone(job);
    return G_SOURCE_REMOVE;
}

static void follow_pidfd(struct live_job *job, int pidfd)
{
    job->pidfd = pidfd;
    job->watch = g_unix_fd_add(pidfd, G_IO_IN, on_process_end, job);
}

static bool is_dead(const struct live_job *job)
{
    g_autofree char *own = launch_livelock_path(job->id);

    return fs_lock_is_dead(job->livelock != NULL ? job->livelock : own, FS_LOCK_RECORD);
}

/* Follows a process that somebody else started, by the number in the job's file. It is the right
 * process as long as the lock is held once we have a handle of it. */
static void follow_pid(struct live_job *job, const struct queued_job *file)
{
    int pidfd;

    if (file->has.livelock) {
        g_free(job->livelock);
        job->livelock = g_strdup(file->livelock);
    }
    if (!file->has.process_id || file->process_id <= 0) {
        return;
    }
    pidfd = (int)syscall(SYS_pidfd_open, (pid_t)file->process_id, 0);
    if (pidfd >= 0 && !is_dead(job)) {
        follow_pidfd(job, pidfd);
    } else if (pidfd >= 0) {
        (void)close(pidfd);
    }
}

/* ---- news ---- */

static void look_at(struct live_job *live)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(job_freep) struct queued_job *job = NULL;

    if (live->place == JOB_PLACE_RUNNING || live->place == JOB_PLACE_ENDING) {
        job = job_load(live->queue->dir, live->id, false, NULL, &error);
        if (job == NULL) {
            g_warning("job %" G_GINT64_FORMAT " runs, but: %s", (gint64)live->id, error->message);
        }
    }
    if (job != NULL && live->place == JOB_PLACE_RUNNING && job_is_finalized(job_status_of(job))) {
        live->place = JOB_PLACE_ENDING;
        scheduler_remove(live->queue->scheduler, live->id);
        schedule_soon(live->queue);
    }
    if (job != NULL && live->pidfd < 0) {
        follow_pid(live, job);
    }
    tell_listeners(live);
}

static void job_changed(int64_t id, void *data)
{
    struct job_queue *queue = data;
    struct live_job *live = find(queue, id);

    if (queue->replicator != NULL) {
        replicator_job_changed(queue->replicator, id);
    }
    if (live != NULL) {
        look_at(live);
    }
    if (queue->options.job_changed != NULL) {
        queue->options.job_changed(id, queue->options.data);
    }
}

static void serial_changed(void *data)
{
    struct job_queue *queue = data;

    if (queue->replicator != NULL) {
        replicator_serial_changed(queue->replicator);
    }
}

/* Also the word for processes whose numbers are not known. */
static void livelock_closed(int64_t id, void *data)
{
    struct live_job *live = find(data, id);

    if (live != NULL && live->pidfd < 0 &&
        (live->place == JOB_PLACE_RUNNING || live->place == JOB_PLACE_ENDING) && is_dead(live)) {
        process_is_gone(live);
    }
}

static void look_at_everything(void *data)
{
    struct job_queue *queue = data;
    g_autoptr(GList) ids = g_hash_table_get_keys(queue->live);
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(int64_t));

    for (const GList *link = ids; link != NULL; link = link->next) {
        g_array_append_vals(numbers, link->data, 1);
    }
    for (guint i = 0; i < numbers->len; i++) {
        int64_t id = g_array_index(numbers, int64_t, i);

        job_changed(id, queue);
        livelock_closed(id, queue);
    }
    serial_changed(queue);
}

/* ---- starting ---- */

static void start_failed(struct live_job *live, const char *why)
{
    struct job_queue *queue = live->queue;
    g_autoptr(GError) error = NULL;
    g_autofree char *text =
        g_strdup_printf("job %" G_GINT64_FORMAT " failed to start: %s", (gint64)live->id, why);
    CLEANUP(job_freep) struct queued_job *job = job_load(queue->dir, live->id, false, NULL, &error);

    g_warning("%s", text);
    if (job != NULL) {
        job_fail(job, job_now(), reason_start, text);
    }
    if (job == NULL || !write_job(queue, job, &error)) {
        g_warning("job %" G_GINT64_FORMAT ": %s", (gint64)live->id, error->message);
    }
    leave(live);
}

static void take_reply(struct launch_reply *reply, void *data)
{
    struct job_queue *queue = data;
    struct live_job *live = find(queue, reply->job);

    if (live == NULL || live->place != JOB_PLACE_STARTING) {
        return;
    }
    g_clear_pointer(&live->secrets, g_free);
    if (reply->outcome == LAUNCH_FAILED) {
        start_failed(live, reply->error);
        return;
    }
    live->place = JOB_PLACE_RUNNING;
    if (reply->pidfd >= 0) {
        follow_pidfd(live, reply->pidfd);
        reply->pidfd = -1;
    }
    look_at(live);
    livelock_closed(reply->job, queue);
}

static void start_job(struct job_queue *queue, int64_t id)
{
    struct live_job *live = find(queue, id);

    live->place = JOB_PLACE_STARTING;
    launcher_start_job(queue->launcher, id, live->secrets);
}

static void cancel_rejected(struct job_queue *queue)
{
    g_autoptr(GArray) rejected = scheduler_rejected(queue->scheduler);

    for (guint i = 0; i < rejected->len; i++) {
        int64_t id = g_array_index(rejected, int64_t, i);
        g_autoptr(GError) error = NULL;

        g_message("job %" G_GINT64_FORMAT " is rejected by a filter rule", (gint64)id);
        if (!job_queue_cancel_queued(queue, id, &error)) {
            g_warning("job %" G_GINT64_FORMAT " cannot be cancelled: %s", (gint64)id,
                      error->message);
        }
    }
}

static gboolean schedule(gpointer data)
{
    struct job_queue *queue = data;
    g_autoptr(GArray) picked = NULL;

    queue->schedule_at = 0;
    cancel_rejected(queue);
    picked = scheduler_pick(queue->scheduler);
    for (guint i = 0; i < picked->len; i++) {
        start_job(queue, g_array_index(picked, int64_t, i));
    }
    return G_SOURCE_REMOVE;
}

/* Once for all that happens at a time. */
static void schedule_soon(struct job_queue *queue)
{
    if (queue->schedule_at == 0) {
        queue->schedule_at = g_idle_add_full(G_PRIORITY_DEFAULT, schedule, queue, NULL);
    }
}

/* ---- from outside ---- */

const char *job_queue_dir(const struct job_queue *queue)
{
    return queue->dir;
}

void job_queue_add(struct job_queue *queue, const struct queued_job *job, char *secrets)
{
    struct live_job *live = live_job_new(queue, job->id, JOB_PLACE_QUEUED);

    live->secrets = secrets;
    scheduler_add(queue->scheduler, job, false);
    schedule_soon(queue);
}

enum job_place job_queue_find(const struct job_queue *queue, int64_t job)
{
    const struct live_job *live = find(queue, job);

    return live != NULL ? live->place : JOB_PLACE_UNKNOWN;
}

bool job_queue_modify(struct job_queue *queue, int64_t id,
                      void (*change)(struct queued_job *job, const void *data), const void *data,
                      GError **errp)
{
    CLEANUP(job_freep) struct queued_job *job = job_load(queue->dir, id, false, NULL, errp);

    if (job == NULL) {
        return false;
    }
    change(job, data);
    return write_job(queue, job, errp);
}

static void change_to_canceled(struct queued_job *job, const void *data)
{
    (void)data;
    job_cancel_queued(job, job_now());
}

bool job_queue_cancel_queued(struct job_queue *queue, int64_t id, GError **errp)
{
    struct live_job *live = find(queue, id);

    g_assert(live != NULL && live->place == JOB_PLACE_QUEUED);
    if (!job_queue_modify(queue, id, change_to_canceled, NULL, errp)) {
        return false;
    }
    leave(live);
    return true;
}

static void change_priority(struct queued_job *job, const void *data)
{
    job_set_priority(job, *(const int64_t *)data);
}

bool job_queue_set_priority(struct job_queue *queue, int64_t id, int64_t priority, GError **errp)
{
    if (!job_queue_modify(queue, id, change_priority, &priority, errp)) {
        return false;
    }
    scheduler_set_priority(queue->scheduler, id, priority);
    schedule_soon(queue);
    return true;
}

bool job_queue_signal(struct job_queue *queue, int64_t id, int signum, GError **errp)
{
    struct live_job *live = find(queue, id);

    if (live == NULL || live->pidfd < 0) {
        return err_fail(errp, ERR_JOB_QUEUE, ECODE_NONE,
                        "the process of job %" G_GINT64_FORMAT " is not known", (gint64)id);
    }
    live->is_cancelled = signum == SIGTERM || (live->is_cancelled && signum != SIGKILL);
    if (syscall(SYS_pidfd_send_signal, live->pidfd, signum, NULL, 0) != 0) {
        return err_fail(errp, ERR_JOB_QUEUE, ECODE_NONE,
                        "the process of job %" G_GINT64_FORMAT " cannot be signalled: %s",
                        (gint64)id, g_strerror(errno));
    }
    return true;
}

size_t job_queue_archive(struct job_queue *queue, const int64_t *jobs, size_t n, GError **errp)
{
    size_t done = job_store_archive(queue->dir, jobs, n, errp);

    for (size_t i = 0; i < done && queue->replicator != NULL; i++) {
        replicator_job_archived(queue->replicator, jobs[i]);
    }
    return done;
}

/* ---- configuration ---- */

static void free_rule(gpointer rule)
{
    fact_object_free(&fact_object_filter_rule, rule);
}

static bool rules_differ(const struct job_queue *queue, const struct cfg *cfg)
{
    bool differ = queue->rules->len != cfg_filter_count(cfg);

    for (guint i = 0; !differ && i < queue->rules->len; i++) {
        differ = !fact_object_equal(&fact_object_filter_rule, g_ptr_array_index(queue->rules, i),
                                    cfg_filter_at(cfg, i));
    }
    return differ;
}

void job_queue_set_config(struct job_queue *queue, const struct cfg *cfg)
{
    scheduler_set_max_running(queue->scheduler, cfg_cluster(cfg)->max_running_jobs);
    if (rules_differ(queue, cfg)) {
        g_ptr_array_set_size(queue->rules, 0);
        for (size_t i = 0; i < cfg_filter_count(cfg); i++) {
            g_ptr_array_add(queue->rules,
                            fact_object_copy(&fact_object_filter_rule, cfg_filter_at(cfg, i)));
        }
        scheduler_set_rules(queue->scheduler, (const void *)queue->rules->pdata, queue->rules->len);
    }
    if (queue->replicator != NULL) {
        replicator_set_config(queue->replicator, cfg);
    }
    schedule_soon(queue);
}

/* ---- start ---- */

static bool has_started(const struct queued_job *job)
{
    return job_status_of(job) != JOB_STATUS_QUEUED;
}

static void load_unfinished(struct job_queue *queue, struct queued_job *job)
{
    struct live_job *live = live_job_new(queue, job->id, JOB_PLACE_RUNNING);

    follow_pid(live, job);
    if (live->pidfd >= 0 || !is_dead(live)) {
        scheduler_add(queue->scheduler, job, true);
    } else if (has_started(job)) {
        write_death(live, job);
        leave(live);
    } else {
        live->place = JOB_PLACE_QUEUED;
        scheduler_add(queue->scheduler, job, false);
    }
}

static bool ended_lately(const struct queued_job *job)
{
    return job->has.end_timestamp &&
           job_now().seconds - job->end_timestamp.seconds < RECOPY_SECONDS;
}

/* One broken file harms one job. */
static void load_job(struct job_queue *queue, int64_t id)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(job_freep) struct queued_job *job = job_load(queue->dir, id, false, NULL, &error);
    bool is_over = job != NULL && job_is_finalized(job_status_of(job));

    if (job == NULL) {
        g_warning("job %" G_GINT64_FORMAT " is left alone: %s", (gint64)id, error->message);
        return;
    }
    if (!is_over) {
        load_unfinished(queue, job);
    }
    if (queue->replicator != NULL && (!is_over || ended_lately(job))) {
        replicator_job_changed(queue->replicator, id);
    }
}

/* A serial file from before a crash, or from a backup, must not give numbers away twice. */
static bool check_serial(const struct job_queue *queue, const GArray *ids, GError **errp)
{
    int64_t highest = ids->len > 0 ? g_array_index(ids, int64_t, ids->len - 1) : 0;
    g_autoptr(GError) error = NULL;
    int64_t last = 0;

    if (job_store_last_id(queue->dir, &last, &error) && last >= highest) {
        return true;
    }
    if (error != NULL && highest == 0) {
        g_propagate_error(errp, g_steal_pointer(&error));
        return false;
    }
    g_warning("the serial file of the queue was behind job %" G_GINT64_FORMAT
              "%s%s, it is set to that",
              (gint64)highest, error != NULL ? ": " : "", error != NULL ? error->message : "");
    return job_store_add(queue->dir, highest, NULL, 0, NULL) ||
           err_fail(errp, ERR_JOB_QUEUE, ECODE_NONE,
                    "the serial file of the queue cannot be written");
}

static bool load(struct job_queue *queue, GError **errp)
{
    g_autoptr(GArray) ids = queue_dir_list(queue->dir, false, errp);

    if (ids == NULL || !check_serial(queue, ids, errp)) {
        return false;
    }
    for (guint i = 0; i < ids->len; i++) {
        load_job(queue, g_array_index(ids, int64_t, i));
    }
    g_message("the job queue has %u jobs on disk: %u queued, %u running", ids->len,
              scheduler_count_queued(queue->scheduler), scheduler_count_running(queue->scheduler));
    return true;
}

struct job_queue *job_queue_new(const struct job_queue_options *options, GError **errp)
{
    static const struct queue_watch_ops watch_ops = {
        .job_changed = job_changed,
        .serial_changed = serial_changed,
        .livelock_closed = livelock_closed,
        .lost_count = look_at_everything,
    };
    CLEANUP(job_queue_freep) struct job_queue *queue = g_new0(struct job_queue, 1);

    queue->dir = g_strdup(options->queue_dir);
    queue->options = *options;
    queue->scheduler = scheduler_new();
    queue->live = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, live_job_free);
    queue->rules = g_ptr_array_new_with_free_func(free_rule);
    queue->launcher = launcher_new(options->launcher, options->debug, take_reply, queue);
    if (options->rpc != NULL) {
        queue->replicator = replicator_new(queue->dir, options->rpc);
    }
    /* Record lock only, as the reference's: the node daemon takes the other one for its own calls.
     */
    queue->lock = fs_lock_take(options->lock_file, FS_LOCK_RECORD, errp);
    if (queue->lock == NULL) {
        g_prefix_error(errp, "the job queue is in use: ");
        return NULL;
    }
    /* Watched before it is read, so that no news falls between the two. */
    queue->watch = queue_watch_new(queue->dir, options->livelock_dir, &watch_ops, queue, errp);
    if (queue->watch == NULL) {
        return NULL;
    }
    job_queue_set_config(queue, options->config);
    if (!load(queue, errp)) {
        return NULL;
    }
    launcher_warm_up(queue->launcher);
    return g_steal_pointer(&queue);
}

void job_queue_free(struct job_queue *queue)
{
    if (queue->schedule_at != 0) {
        g_source_remove(queue->schedule_at);
    }
    g_clear_pointer(&queue->watch, queue_watch_free);
    launcher_free(queue->launcher);
    g_clear_pointer(&queue->replicator, replicator_free);
    g_hash_table_destroy(queue->live);
    scheduler_free(queue->scheduler);
    g_ptr_array_free(queue->rules, TRUE);
    fs_lock_free(queue->lock);
    g_free(queue->dir);
    g_free(queue);
}
