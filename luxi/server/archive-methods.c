/* ArchiveJob and AutoArchiveJobs (reference: handleCall in src/Ganeti/Query/Server.hs, archiveJobs
 * in src/Ganeti/JQueue.hs). */
#include "config.h"

#include "base/json-writer.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "jobs/file/job.h"
#include "jobs/file/queue-dir.h"
#include "luxi/server/methods.h"

enum {
    /* Milliseconds of looking at jobs before others get their turn. */
    SLICE_MS = 20,
    MS = 1000,
};

/* ---- ArchiveJob ---- */

struct archiving {
    struct luxid *luxid;
    struct luxi_call *call;
    int64_t job;
    struct job_listener *listener;
    guint timer;
};

static void archiving_free(struct archiving *archiving)
{
    if (archiving->timer != 0) {
        g_source_remove(archiving->timer);
    }
    if (archiving->listener != NULL) {
        job_listener_remove(archiving->listener);
    }
    g_free(archiving);
}

static void client_is_gone(void *data)
{
    archiving_free(data);
}

static void archive_now(struct luxid *luxid, struct luxi_call *call, int64_t job)
{
    g_autoptr(GError) error = NULL;

    if (job_queue_archive(luxid->queue, &job, 1, &error) == 1 && error == NULL) {
        json_write_bool(luxi_call_result(call), true);
        luxi_call_answer(call);
        return;
    }
    g_prefix_error(&error, "archiving job %" G_GINT64_FORMAT ": ", (gint64)job);
    err_wrap(&error, ERR_JOB_QUEUE, ECODE_NONE);
    luxi_call_fail(call, error);
}

static bool news(void *data)
{
    struct archiving *archiving = data;

    if (job_queue_find(archiving->luxid->queue, archiving->job) != JOB_PLACE_UNKNOWN) {
        return true;
    }
    archiving->listener = NULL;
    luxi_call_on_cancel(archiving->call, NULL, NULL);
    archive_now(archiving->luxid, archiving->call, archiving->job);
    archiving_free(archiving);
    return false;
}

static gboolean time_is_up(gpointer data)
{
    struct archiving *archiving = data;
    g_autoptr(GError) error = NULL;

    archiving->timer = 0;
    err_set(&error, ERR_GENERIC, ECODE_NONE,
            "job %" G_GINT64_FORMAT " has ended, but its process has not; try again later",
            (gint64)archiving->job);
    luxi_call_on_cancel(archiving->call, NULL, NULL);
    luxi_call_fail(archiving->call, error);
    archiving_free(archiving);
    return G_SOURCE_REMOVE;
}

/* The process may still write: it is waited for. */
static void archive_later(struct luxid *luxid, struct luxi_call *call, int64_t job)
{
    struct archiving *archiving = g_new(struct archiving, 1);

    *archiving = (struct archiving){.luxid = luxid, .call = call, .job = job};
    archiving->listener = job_queue_listen(luxid->queue, job, news, archiving);
    archiving->timer = g_timeout_add_seconds(2 * C_RPC_CONNECT_TIMEOUT + 1, time_is_up, archiving);
    luxi_call_on_cancel(call, client_is_gone, archiving);
}

static bool has_ended(const struct luxid *luxid, int64_t id)
{
    CLEANUP(job_freep)
    struct queued_job *job = job_load(luxid->env.queue_dir, id, false, NULL, NULL);

    return job != NULL && job_is_finalized(job_status_of(job));
}

void luxi_do_archive_job(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    const struct luxi_args_archive_job *wanted = args;

    if (!has_ended(luxid, wanted->job)) {
        json_write_bool(luxi_call_result(call), false);
        luxi_call_answer(call);
    } else if (job_queue_find(luxid->queue, wanted->job) == JOB_PLACE_UNKNOWN) {
        archive_now(luxid, call, wanted->job);
    } else {
        archive_later(luxid, call, wanted->job);
    }
}

/* ---- AutoArchiveJobs ---- */

struct sweep {
    struct luxid *luxid;
    struct luxi_call *call;
    GArray *ids; /* all jobs of the queue, ascending */
    guint at;
    gint64 deadline; /* monotonic */
    int64_t oldest;  /* jobs that ended before this second go; INT64_MAX: all that have ended */
    int64_t n_archived;
    guint idle;
};

static void sweep_free(struct sweep *sweep)
{
    if (sweep->idle != 0) {
        g_source_remove(sweep->idle);
    }
    g_array_free(sweep->ids, TRUE);
    g_free(sweep);
}

static void sweeper_is_gone(void *data)
{
    sweep_free(data);
}

/* jobArchivable: the time of the end, or of the start, decides; a job that has neither stays. */
static bool may_go(const struct sweep *sweep, int64_t id)
{
    CLEANUP(job_freep) struct queued_job *job = NULL;

    if (job_queue_find(sweep->luxid->queue, id) != JOB_PLACE_UNKNOWN) {
        return false;
    }
    job = job_load(sweep->luxid->env.queue_dir, id, false, NULL, NULL);
    if (job == NULL || !job_is_finalized(job_status_of(job))) {
        return false;
    }
    if (job->has.end_timestamp) {
        return job->end_timestamp.seconds < sweep->oldest;
    }
    return job->has.start_timestamp && job->start_timestamp.seconds < sweep->oldest;
}

static void archive_found(struct sweep *sweep, const GArray *found)
{
    g_autoptr(GError) error = NULL;

    sweep->n_archived += (int64_t)job_queue_archive(
        sweep->luxid->queue, (const int64_t *)(const void *)found->data, found->len, &error);
    if (error != NULL) {
        g_warning("archiving old jobs: %s", error->message);
    }
}

/* [jobs archived, jobs not looked at for lack of time] */
static void finish_sweep(struct sweep *sweep)
{
    struct json_writer *w = luxi_call_result(sweep->call);

    luxi_call_on_cancel(sweep->call, NULL, NULL);
    json_write_array_begin(w);
    json_write_int(w, sweep->n_archived);
    json_write_int(w, sweep->ids->len - sweep->at);
    json_write_array_end(w);
    luxi_call_answer(sweep->call);
    sweep_free(sweep);
}

static gboolean go_on(gpointer data)
{
    struct sweep *sweep = data;
    gint64 slice_end = g_get_monotonic_time() + SLICE_MS * MS;
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(int64_t));

    while (sweep->at < sweep->ids->len &&
           g_get_monotonic_time() < MIN(slice_end, sweep->deadline)) {
        int64_t id = g_array_index(sweep->ids, int64_t, sweep->at++);

        if (may_go(sweep, id)) {
            g_array_append_val(found, id);
        }
    }
    archive_found(sweep, found);
    if (sweep->at < sweep->ids->len && g_get_monotonic_time() < sweep->deadline) {
        return G_SOURCE_CONTINUE;
    }
    sweep->idle = 0;
    finish_sweep(sweep);
    return G_SOURCE_REMOVE;
}

void luxi_do_auto_archive_jobs(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    const struct luxi_args_auto_archive_jobs *wanted = args;
    g_autoptr(GError) error = NULL;
    GArray *ids = queue_dir_list(luxid->env.queue_dir, false, &error);
    int64_t seconds = CLAMP(wanted->timeout, 0, G_MAXINT32);
    struct sweep *sweep;

    if (ids == NULL) {
        err_wrap(&error, ERR_JOB_QUEUE, ECODE_NONE);
        luxi_call_fail(call, error);
        return;
    }
    sweep = g_new(struct sweep, 1);
    *sweep = (struct sweep){
        .luxid = luxid,
        .call = call,
        .ids = ids,
        .deadline = g_get_monotonic_time() + seconds * G_USEC_PER_SEC,
        .oldest = wanted->age < 0 ? INT64_MAX : g_get_real_time() / G_USEC_PER_SEC - wanted->age,
    };
    sweep->idle = g_idle_add(go_on, sweep);
    luxi_call_on_cancel(call, sweeper_is_gone, sweep);
}
