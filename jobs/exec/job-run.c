/* One job, opcode after opcode. */
#include "config.h"

#include "jobs/exec/job-run.h"

#include "base/fault.h"
#include "base/fs.h"
#include "base/json-writer.h"
#include "base/json.h"
#include "base/log.h"
#include "base/parse.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "jobs/file/job.h"
#include "jobs/file/write.h"
#include "jobs/lu/processor.h"

enum {
    /* Between looks at a job that this one depends on. */
    DEPENDENCY_PAUSE_MS = 5000,
    /* Bytes of a message about the priority. */
    MESSAGE_MAX = 64,
};

static const char canceled_text[] = "Job canceled by request";

/* --- The file -----------------------------------------------------------------------------------
 */
static struct json *parse_own(const GString *text)
{
    struct json *value = NULL;
    if (!json_parse(text->str, (gssize)text->len, &value, NULL)) {
        g_assert_not_reached(); /* written by our own writer */
    }
    return value;
}

/* The opcode as it is now, names in full; its secrets never reach the disk. */
static void update_input(struct job_run *run)
{
    if (run->op == NULL) {
        return;
    }
    CLEANUP(opcode_freep) struct opcode *copy = opcode_copy(run->op);
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    opcode_redact(copy);
    opcode_encode(copy, OPCODE_PROCESSED, &w);
    json_unref(run->queued->input);
    run->queued->input = parse_own(text);
}

bool job_run_write(struct job_run *run, enum job_write how, GError **errp)
{
    update_input(run);
    if (run->write != NULL) {
        return run->write(run, how, errp);
    }
    return job_store_write(run->queue_dir, run->job, OPCODE_PROCESSED, how, errp);
}

static struct json *error_as_json(GError *error)
{
    g_autoptr(GError) own = g_error_copy(error);
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    if (own->domain != ERR) {
        GError *wrapped = g_steal_pointer(&own);
        err_wrap(&wrapped, ERR_OP_EXEC, ECODE_NONE);
        own = wrapped;
    }
    err_encode(own, &w);
    return parse_own(text);
}

static void set_result(struct queued_opcode *queued, enum job_status status, struct json *result)
{
    json_unref(queued->result);
    queued->result = result;
    queued->status = status;
}

/* --- Wishes from outside ------------------------------------------------------------------------
 */
/* luxid leaves the number in a file (jqueue/exec.py). */
static bool read_priority(int64_t job, int64_t *ret, GError **errp)
{
    g_autofree char *path = g_strdup_printf("%s/%" G_GINT64_FORMAT ".prio",
                                            path_get(PATH_LUXID_MESSAGE_DIR), (gint64)job);
    g_autofree char *text = fs_read_file(path, MESSAGE_MAX, NULL, errp);
    if (text == NULL ||
        !parse_int64(g_strstrip(text), C_OP_PRIO_HIGHEST, C_OP_PRIO_LOWEST, ret, errp)) {
        return false;
    }
    return fs_remove_file(path, errp);
}

static bool may_change_priority(const struct queued_opcode *queued)
{
    return queued->status == JOB_STATUS_QUEUED || queued->status == JOB_STATUS_WAITING;
}

void job_run_take_priority(struct job_run *run)
{
    g_autoptr(GError) error = NULL;
    int64_t priority;
    if (!run->wishes->new_priority) {
        return;
    }
    run->wishes->new_priority = false;
    if (!read_priority(run->job->id, &priority, &error)) {
        log_warning("asked for another priority, but cannot read which: %s", error->message);
        return;
    }
    for (size_t i = 0; i < run->job->ops.n; i++) {
        if (may_change_priority(&run->job->ops.v[i])) {
            run->job->ops.v[i].priority = priority;
        }
    }
    log_info("priority of what is left is %" G_GINT64_FORMAT " now", (gint64)priority);
    if (!job_run_write(run, JOB_WRITE_ORDERED, &error)) {
        log_warning("cannot record the priority: %s", error->message);
    }
}

/* --- Dependencies -------------------------------------------------------------------------------
 *
 * luxid starts a job when those it depends on have ended, so there is little to do here but to
 * judge how they ended (jqueue _JobDependencyManager). */
enum dependency {
    DEPENDENCY_MET,
    DEPENDENCY_FAILED, /* *errp */
    DEPENDENCY_CANCELED,
};

static void let_time_pass(struct job_run *run, guint milliseconds);

static bool wants_status(const struct job_dependency *dependency, enum job_status status)
{
    const char *word = fact_enum_job_status.words[status];
    for (size_t i = 0; i < dependency->states.n; i++) {
        if (g_str_equal(fact_enum_finalized_job_status.words[dependency->states.v[i]], word)) {
            return true;
        }
    }
    return dependency->states.n == 0;
}

static enum dependency check_dependency(struct job_run *run,
                                        const struct job_dependency *dependency, GError **errp)
{
    int64_t id = dependency->job;
    enum job_status status;
    if (id == run->job->id) {
        err_set(errp, ERR_OP_EXEC, ECODE_NONE, "A job cannot depend on itself");
        return DEPENDENCY_FAILED;
    }
    for (;;) {
        g_autoptr(GError) error = NULL;
        CLEANUP(job_freep)
        struct queued_job *other = job_load(run->queue_dir, id, true, NULL, &error);
        if (other == NULL) {
            err_set(errp, ERR_OP_EXEC, ECODE_NONE, "Dependency error: %s", error->message);
            return DEPENDENCY_FAILED;
        }
        status = job_status_of(other);
        if (job_is_finalized(status)) {
            break;
        }
        if (run->wishes->cancel) {
            return DEPENDENCY_CANCELED;
        }
        log_warning("started although job %" G_GINT64_FORMAT ", on which this one depends, has not "
                    "ended; waiting",
                    (gint64)id);
        let_time_pass(run, DEPENDENCY_PAUSE_MS);
    }
    if (wants_status(dependency, status)) {
        return DEPENDENCY_MET;
    }
    if (status == JOB_STATUS_CANCELED) {
        return DEPENDENCY_CANCELED;
    }
    err_set(errp, ERR_OP_EXEC, ECODE_NONE,
            "Job %" G_GINT64_FORMAT ", on which this one depends, ended with status '%s', which is "
            "not one that it may end with",
            id, fact_enum_job_status.words[status]);
    return DEPENDENCY_FAILED;
}

static enum dependency check_dependencies(struct job_run *run, GError **errp)
{
    const struct op_common *common = run->op->common;
    for (size_t i = 0; i < common->depends.n; i++) {
        enum dependency found = check_dependency(run, &common->depends.v[i], errp);
        if (found != DEPENDENCY_MET) {
            return found;
        }
    }
    return DEPENDENCY_MET;
}

static gboolean set_flag(gpointer data)
{
    *(bool *)data = true;
    return G_SOURCE_REMOVE;
}

static void let_time_pass(struct job_run *run, guint milliseconds)
{
    bool over = false;
    GSource *timer = g_timeout_source_new(milliseconds);
    g_source_set_callback(timer, set_flag, &over, NULL);
    g_source_attach(timer, g_main_context_get_thread_default());
    while (!over && !run->wishes->cancel) {
        g_main_context_iteration(g_main_context_get_thread_default(), TRUE);
    }
    g_source_destroy(timer);
    g_source_unref(timer);
}

/* --- One opcode ---------------------------------------------------------------------------------
 */
static void mark_waiting(struct job_run *run)
{
    struct job_timestamp now = job_now();
    set_result(run->queued, JOB_STATUS_WAITING, NULL);
    if (!run->queued->has.start_timestamp) {
        job_stamp(run->queued, start_timestamp, now);
    }
    if (!run->job->has.start_timestamp) {
        job_stamp(run->job, start_timestamp, now);
    }
}

/* Secrets come from luxid's memory in the place of what the file says. */
static bool add_secrets(struct job_run *run, size_t index, GError **errp)
{
    if (run->secrets == NULL || json_kind(run->secrets) != JSON_ARRAY ||
        index >= json_len(run->secrets) || json_at(run->secrets, index) == NULL) {
        return true;
    }
    const struct fact_object *object = run->op->row->params;
    const struct fact_member *member = fact_object_find(object, "osparams_secret");
    if (member == NULL) {
        return true;
    }
    void *slot = (char *)run->op->params + member->offset;
    fact_clear(member->spec->type, slot);
    if (!fact_decode(member->spec->type, json_at(run->secrets, index), slot, NULL, errp)) {
        return false;
    }
    fact_member_mark_set(object, run->op->params, member, true);
    return true;
}

/* Tries until the opcode has ended; each attempt waits for locks a little longer, and in the end
 * with a more urgent priority (jqueue _OpExecContext). */
static enum lu_outcome process(struct job_run *run, struct json **ret, GError **errp)
{
    struct lu_attempts attempts = {0};
    for (;;) {
        enum lu_outcome outcome =
            lu_process(&run->env, run->op, lu_attempts_next(&attempts), ret, errp);
        if (outcome != LU_NO_LOCKS) {
            return outcome;
        }
        g_assert(run->queued->status == JOB_STATUS_WAITING);
        if (lu_attempts_over(&attempts) && run->queued->priority > C_OP_PRIO_HIGHEST) {
            g_autoptr(GError) error = NULL;
            run->queued->priority--;
            attempts = (struct lu_attempts){0};
            if (!job_run_write(run, JOB_WRITE_ORDERED, &error)) {
                log_warning("cannot record the priority: %s", error->message);
            }
        }
    }
}

static enum lu_outcome run_opcode(struct job_run *run, size_t index, struct json **ret,
                                  GError **errp)
{
    if (run->wishes->cancel) {
        return LU_CANCELED;
    }
    if (!add_secrets(run, index, errp)) {
        return LU_FAILED;
    }
    switch (check_dependencies(run, errp)) {
    case DEPENDENCY_MET:
        return process(run, ret, errp);
    case DEPENDENCY_CANCELED:
        return LU_CANCELED;
    case DEPENDENCY_FAILED:
        break;
    }
    return LU_FAILED;
}

/* Puts the outcome into the job. True: the job goes on with the next opcode. */
static bool record(struct job_run *run, size_t index, enum lu_outcome outcome, struct json *result,
                   const GError *error)
{
    struct job_timestamp now = job_now();
    job_stamp(run->queued, end_timestamp, now);
    switch (outcome) {
    case LU_DONE:
        set_result(run->queued, JOB_STATUS_SUCCESS, json_ref(result));
        if (index + 1 < run->job->ops.n) {
            return true;
        }
        break;
    case LU_FAILED: {
        g_autoptr(GError) preceding = NULL;
        set_result(run->queued, JOB_STATUS_ERROR, error_as_json((GError *)error));
        err_set(&preceding, ERR_OP_EXEC, ECODE_NONE, "Preceding opcode failed");
        CLEANUP(json_unrefp) struct json *text = error_as_json(preceding);
        job_mark_unfinished(run->job, JOB_STATUS_ERROR, text);
        break;
    }
    case LU_CANCELED: {
        CLEANUP(json_unrefp) struct json *text = json_new_string(canceled_text);
        job_mark_unfinished(run->job, JOB_STATUS_CANCELED, text);
        break;
    }
    case LU_NO_LOCKS:
        g_assert_not_reached();
    }
    job_stamp(run->job, end_timestamp, now);
    return false;
}

/* What the file has cannot be carried out if it is no opcode of this version. */
static bool decode(struct job_run *run, GError **errp)
{
    run->op = opcode_decode(run->queued->input, NULL, errp);
    if (run->op == NULL) {
        err_wrap(errp, ERR_OP_PREREQ, ECODE_INVAL);
    }
    return run->op != NULL;
}

/* *ret_more: whether the job goes on. */
static bool one_opcode(struct job_run *run, size_t index, bool *ret_more, GError **errp)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(json_unrefp) struct json *result = NULL;
    enum lu_outcome outcome = LU_FAILED;

    run->queued = &run->job->ops.v[index];
    if (decode(run, &error)) {
        g_autofree char *summary = opcode_summary(run->op);
        mark_waiting(run);
        if (!job_run_write(run, JOB_WRITE_ORDERED, errp)) {
            return false;
        }
        log_info("opcode %zu of %zu, %s, waits for its locks", index + 1, run->job->ops.n, summary);
        outcome = run_opcode(run, index, &result, &error);
        if (outcome == LU_FAILED) {
            log_error("%s failed: %s", summary, error->message);
        }
    }
    *ret_more = record(run, index, outcome, result, error);
    (void)FAULT_POINT("job-opcode-end");
    /* What others rely on is that the job has ended; the state between two opcodes is told by the
       next write as well. */
    bool ok = job_run_write(run, *ret_more ? JOB_WRITE_ORDERED : JOB_WRITE_DURABLE, errp);
    g_clear_pointer(&run->op, opcode_free);
    run->queued = NULL;
    return ok;
}

/* Before an opcode that still is queued the whole rest can be cancelled without further ado (jqueue
 * _QueuedJob.Cancel). */
static bool cancel_rest(struct job_run *run, GError **errp)
{
    CLEANUP(json_unrefp) struct json *text = json_new_string(canceled_text);
    job_mark_unfinished(run->job, JOB_STATUS_CANCELED, text);
    job_stamp(run->job, end_timestamp, job_now());
    return job_run_write(run, JOB_WRITE_DURABLE, errp);
}

static void find_log_serial(struct job_run *run)
{
    for (size_t i = 0; i < run->job->ops.n; i++) {
        const struct job_log_entry_list *log = &run->job->ops.v[i].log;
        for (size_t j = 0; j < log->n; j++) {
            run->log_serial = MAX(run->log_serial, log->v[j].serial);
        }
    }
}

bool job_run(struct job_run *run, GError **errp)
{
    find_log_serial(run);
    job_inputs_to_processed(run->job);
    for (size_t i = 0; i < run->job->ops.n; i++) {
        bool more = false;
        if (job_is_finalized(run->job->ops.v[i].status)) {
            continue;
        }
        job_run_take_priority(run);
        if (i > 0 && run->wishes->cancel) {
            return cancel_rest(run, errp);
        }
        if (!one_opcode(run, i, &more, errp)) {
            return false;
        }
        if (!more) {
            break;
        }
    }
    log_info("the job has ended: %s", fact_enum_job_status.words[job_status_of(run->job)]);
    return true;
}
