/* The methods that change single jobs: CancelJob, ChangeJobPriority, PickupJob (reference:
 * handleCall in src/Ganeti/Query/Server.hs; cancelJob and tellJobPriority in src/Ganeti/JQueue.hs).
 */
#include "config.h"

#include <signal.h>

#include "base/fs.h"
#include "base/json-writer.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "jobs/file/job.h"
#include "jobs/queue/launch-protocol.h"
#include "luxi/server/methods.h"

enum {
    PRIORITY_FILE_MODE = 0600,
    /* Seconds that a job may take to get its process before a call about it gives up; the reference
       tries for about six. */
    STARTUP_SECONDS = 6,
};

void luxid_answer_pair(struct luxi_call *call, bool success, const char *format, ...)
{
    struct json_writer *w = luxi_call_result(call);
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    json_write_array_begin(w);
    json_write_bool(w, success);
    json_write_string(w, text);
    json_write_array_end(w);
    luxi_call_answer(call);
}

/* ---- calls that wait for a job ---- */

/* A call about a job, answered now or when the job has come so far. */
struct errand {
    struct luxid *luxid;
    struct luxi_call *call;
    int64_t job;
    struct job_listener *listener;
    guint timer;
    /* Goes on with the errand; false: it waits for the next news. */
    bool (*go_on)(struct errand *errand);
    void (*give_up)(struct errand *errand);
    bool kill;        /* CancelJob */
    int64_t priority; /* ChangeJobPriority */
};

static void errand_free(struct errand *errand)
{
    if (errand->timer != 0) {
        g_source_remove(errand->timer);
    }
    if (errand->listener != NULL) {
        job_listener_remove(errand->listener);
    }
    g_free(errand);
}

static void client_is_gone(void *data)
{
    errand_free(data);
}

static bool news(void *data)
{
    struct errand *errand = data;
    bool is_last = job_queue_find(errand->luxid->queue, errand->job) == JOB_PLACE_UNKNOWN;
    struct job_listener *listener = errand->listener;

    /* The listener goes with this call if the errand is done or the job is over. */
    errand->listener = NULL;
    if (errand->go_on(errand)) {
        errand_free(errand);
        return false;
    }
    if (is_last) {
        errand->give_up(errand);
        errand_free(errand);
        return false;
    }
    errand->listener = listener;
    return true;
}

static gboolean time_is_up(gpointer data)
{
    struct errand *errand = data;

    errand->timer = 0;
    errand->give_up(errand);
    errand_free(errand);
    return G_SOURCE_REMOVE;
}

/* From now on the errand waits; it was not answered yet. */
static void wait_for_job(struct errand *errand, unsigned seconds)
{
    errand->listener = job_queue_listen(errand->luxid->queue, errand->job, news, errand);
    errand->timer = g_timeout_add_seconds(seconds, time_is_up, errand);
    luxi_call_on_cancel(errand->call, client_is_gone, errand);
}

static void answer(struct errand *errand, bool success, const char *text)
{
    luxi_call_on_cancel(errand->call, NULL, NULL);
    luxid_answer_pair(errand->call, success, "Job %" G_GINT64_FORMAT " %s", (gint64)errand->job,
                      text);
}

static void still_starts(struct errand *errand)
{
    answer(errand, false, "is still being started; try again");
}

/* Runs the errand now, or when the job has its process. */
static void run_errand(const struct errand *template, bool (*with_process)(struct errand *errand))
{
    struct errand *errand = g_memdup2(template, sizeof *template);

    errand->go_on = with_process;
    errand->give_up = still_starts;
    if (errand->go_on(errand)) {
        errand_free(errand);
    } else if (errand->listener == NULL) {
        wait_for_job(errand, STARTUP_SECONDS);
    }
}

/* True if the job is where signals reach it; otherwise it is told to the client, or not yet. */
enum reach { REACH_OK, REACH_NOT_YET, REACH_OVER };

static enum reach reach(const struct errand *errand)
{
    switch (job_queue_find(errand->luxid->queue, errand->job)) {
    case JOB_PLACE_RUNNING:
    case JOB_PLACE_ENDING:
        return REACH_OK;
    case JOB_PLACE_QUEUED:
    case JOB_PLACE_STARTING:
        return REACH_NOT_YET;
    case JOB_PLACE_UNKNOWN:
        break;
    }
    return REACH_OVER;
}

static void answer_not_found(struct luxi_call *call, int64_t job)
{
    luxid_answer_pair(call, false, "Job %" G_GINT64_FORMAT " not found in queue", (gint64)job);
}

/* ---- CancelJob ---- */

static bool load_status(const struct errand *errand, enum job_status *ret)
{
    CLEANUP(job_freep)
    struct queued_job *job = job_load(errand->luxid->env.queue_dir, errand->job, false, NULL, NULL);

    if (job != NULL) {
        *ret = job_status_of(job);
    }
    return job != NULL;
}

/* After SIGTERM: the job's file tells how it took it. */
static bool answer_how_it_ended(struct errand *errand)
{
    g_autofree char *text = NULL;
    enum job_status status;

    if (!load_status(errand, &status)) {
        answer(errand, false, "has no readable file any more");
        return true;
    }
    if (status == JOB_STATUS_CANCELED) {
        answer(errand, true, "was cancelled");
        return true;
    }
    if (job_is_finalized(status)) {
        text = g_strdup_printf("ended before it could be cancelled, status %s",
                               fact_enum_job_status.words[status]);
        answer(errand, false, text);
        return true;
    }
    return false;
}

static void could_not_cancel(struct errand *errand)
{
    g_autofree char *text = NULL;
    enum job_status status = JOB_STATUS_RUNNING;

    (void)load_status(errand, &status);
    text = g_strdup_printf("could not be cancelled in %d seconds, status %s; it was told to",
                           C_LUXI_CANCEL_JOB_TIMEOUT, fact_enum_job_status.words[status]);
    answer(errand, false, text);
}

static bool signal_job(struct errand *errand, int signum)
{
    g_autoptr(GError) error = NULL;

    if (job_queue_signal(errand->luxid->queue, errand->job, signum, &error)) {
        return true;
    }
    luxi_call_on_cancel(errand->call, NULL, NULL);
    luxid_answer_pair(errand->call, false, "%s", error->message);
    return false;
}

/* An errand that has its answer, or waits for the next step. */
static bool cancel_process(struct errand *errand)
{
    enum job_status status = JOB_STATUS_QUEUED;

    switch (reach(errand)) {
    case REACH_NOT_YET:
        return false;
    case REACH_OVER:
        luxi_call_on_cancel(errand->call, NULL, NULL);
        answer_not_found(errand->call, errand->job);
        return true;
    case REACH_OK:
        break;
    }
    if (!signal_job(errand, errand->kill ? SIGKILL : SIGTERM)) {
        return true;
    }
    if (errand->kill) {
        answer(errand, true, "was killed");
        return true;
    }
    /* Beyond waiting a job ends when its opcode does, which may take days. */
    if (load_status(errand, &status) && status > JOB_STATUS_WAITING && !job_is_finalized(status)) {
        answer(errand, false,
               "no longer waits and cannot be cancelled (it was told to all the same)");
        return true;
    }
    if (answer_how_it_ended(errand)) {
        return true;
    }
    errand->go_on = answer_how_it_ended;
    errand->give_up = could_not_cancel;
    if (errand->timer != 0) {
        g_source_remove(errand->timer);
        errand->timer = g_timeout_add_seconds(C_LUXI_CANCEL_JOB_TIMEOUT, time_is_up, errand);
    } else {
        wait_for_job(errand, C_LUXI_CANCEL_JOB_TIMEOUT);
    }
    return false;
}

/* A job that waits in the queue is changed here, one that has a process through it. */
static void change_job(const struct errand *errand, void (*in_queue)(const struct errand *errand),
                       bool (*with_process)(struct errand *errand))
{
    switch (job_queue_find(errand->luxid->queue, errand->job)) {
    case JOB_PLACE_UNKNOWN:
        answer_not_found(errand->call, errand->job);
        break;
    case JOB_PLACE_QUEUED:
        in_queue(errand);
        break;
    default:
        run_errand(errand, with_process);
    }
}

static void cancel_queued(const struct errand *errand)
{
    g_autoptr(GError) error = NULL;

    if (job_queue_cancel_queued(errand->luxid->queue, errand->job, &error)) {
        luxid_answer_pair(errand->call, true, "Job %" G_GINT64_FORMAT " was cancelled",
                          (gint64)errand->job);
    } else {
        luxid_answer_pair(errand->call, false, "Job %" G_GINT64_FORMAT " stays in the queue: %s",
                          (gint64)errand->job, error->message);
    }
}

void luxi_do_cancel_job(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    const struct luxi_args_cancel_job *wanted = args;
    const struct errand errand = {
        .luxid = luxid, .call = call, .job = wanted->job, .kill = wanted->kill};

    change_job(&errand, cancel_queued, cancel_process);
}

/* ---- ChangeJobPriority ---- */

static bool write_priority(const struct errand *errand, GError **errp)
{
    const struct fs_write_opts opts = {.mode = PRIORITY_FILE_MODE, .flags = FS_WRITE_VOLATILE};
    g_autofree char *path = launch_priority_path(errand->job);
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)errand->priority);

    return fs_write_atomic(path, text, strlen(text), &opts, errp);
}

static bool tell_priority(struct errand *errand)
{
    g_autoptr(GError) error = NULL;

    switch (reach(errand)) {
    case REACH_NOT_YET:
        return false;
    case REACH_OVER:
        luxi_call_on_cancel(errand->call, NULL, NULL);
        answer_not_found(errand->call, errand->job);
        return true;
    case REACH_OK:
        break;
    }
    if (!write_priority(errand, &error)) {
        luxi_call_on_cancel(errand->call, NULL, NULL);
        luxid_answer_pair(errand->call, false, "%s", error->message);
    } else if (signal_job(errand, SIGUSR1)) {
        answer(errand, true, "runs and was told its new priority");
    }
    return true;
}

static void set_queued_priority(const struct errand *errand)
{
    g_autoptr(GError) error = NULL;

    if (job_queue_set_priority(errand->luxid->queue, errand->job, errand->priority, &error)) {
        luxid_answer_pair(errand->call, true,
                          "Priorities of pending opcodes of job %" G_GINT64_FORMAT
                          " have been changed to %" G_GINT64_FORMAT,
                          (gint64)errand->job, (gint64)errand->priority);
    } else {
        luxid_answer_pair(errand->call, false, "%s", error->message);
    }
}

void luxi_do_change_job_priority(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    const struct luxi_args_change_job_priority *wanted = args;
    const struct errand errand = {
        .luxid = luxid, .call = call, .job = wanted->job, .priority = wanted->priority};

    change_job(&errand, set_queued_priority, tell_priority);
}

/* ---- PickupJob ---- */

/* The reference refuses it as well: it was for programs of before 2.12 that wrote job files. */
void luxi_do_pickup_job(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    g_autoptr(GError) error = NULL;

    (void)luxid;
    (void)args;
    err_set(&error, ERR_GENERIC, ECODE_NONE, "PickupJob is for internal use only");
    luxi_call_fail(call, error);
}
