/* SubmitJob, SubmitJobToDrainedQueue and SubmitManyJobs (reference: handleCall in
 * src/Ganeti/Query/Server.hs, queuedJobFromOpCodes in src/Ganeti/JQueue.hs).
 *
 * What comes at the same time is written together: many clients cost as many syncs as one. */
#include "config.h"

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "facts/opcode.h"
#include "jobs/file/job.h"
#include "jobs/file/write.h"
#include "jobs/queue/store.h"
#include "luxi/server/methods.h"

enum {
    /* Jobs that are waited for before they are written, at most; the loop serves others in between.
     */
    MAX_BATCH = 1000,
};

/* One job as it was submitted. */
struct draft {
    GPtrArray *ops; /* struct opcode, without their secrets */
    char *secrets;  /* JSON text; NULL: there are none */
};

struct submission {
    struct submissions *all;
    struct luxi_call *call; /* NULL: the client is gone, the jobs are written all the same */
    GPtrArray *drafts;      /* struct draft */
    bool many;              /* SubmitManyJobs */
};

struct submissions {
    struct luxid *luxid;
    GQueue waiting; /* struct submission */
    guint n_jobs;   /* in those */
    guint idle;
};

/* ---- reading ---- */

static void free_opcode(gpointer op)
{
    opcode_free(op);
}

static void draft_free(gpointer data)
{
    struct draft *draft = data;

    g_ptr_array_free(draft->ops, TRUE);
    g_free(draft->secrets);
    g_free(draft);
}

/* Writes the secret parameters of the opcode, or null; true if there are any. */
static bool write_secrets(const struct opcode *op, struct json_writer *w)
{
    const struct fact_object *object = op->row->params;

    for (size_t i = 0; i < object->n_members; i++) {
        const struct fact_member *member = &object->members[i];
        const void *value = (const char *)op->params + member->offset;

        if ((member->spec->flags & FACT_SECRET) == 0 ||
            !fact_member_is_set(object, op->params, member)) {
            continue;
        }
        fact_encode(member->spec->type, value, w);
        return ((const struct fact_list *)value)->n > 0;
    }
    json_write_null(w);
    return false;
}

static char *collect_secrets(const GPtrArray *ops)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_PYTHON);
    bool any = false;

    json_write_array_begin(&w);
    for (guint i = 0; i < ops->len; i++) {
        any = write_secrets(g_ptr_array_index(ops, i), &w) || any;
    }
    json_write_array_end(&w);
    return any ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

static struct draft *draft_new(struct json *const *v, size_t n, const struct fact_path *path,
                               GError **errp)
{
    struct draft *draft = g_new0(struct draft, 1);

    draft->ops = g_ptr_array_new_with_free_func(free_opcode);
    for (size_t i = 0; i < n; i++) {
        const struct fact_path here = {.up = path, .index = i};
        struct opcode *op = opcode_decode(v[i], &here, errp);

        if (op == NULL) {
            draft_free(draft);
            return NULL;
        }
        g_ptr_array_add(draft->ops, op);
    }
    draft->secrets = collect_secrets(draft->ops);
    return draft;
}

/* ---- making jobs ---- */

/* Dependencies that are counted back from the job get their numbers. */
static bool resolve_dependencies(struct opcode *op, int64_t id, GError **errp)
{
    for (size_t i = 0; i < op->common->depends.n; i++) {
        struct job_dependency *dependency = &op->common->depends.v[i];

        if (dependency->job < 0 && dependency->job + id < 1) {
            return err_fail(errp, ERR_GENERIC, ECODE_NONE,
                            "job %" G_GINT64_FORMAT " cannot depend on the job %" G_GINT64_FORMAT
                            " places before it: there is none",
                            (gint64)id, (gint64)-dependency->job);
        }
        if (dependency->job < 0) {
            dependency->job += id;
        }
    }
    return true;
}

static struct json *encode_input(struct opcode *op)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    struct json *json = NULL;

    opcode_redact(op);
    opcode_encode(op, OPCODE_SUBMITTED, &w);
    if (!json_parse(text->str, (gssize)text->len, &json, NULL)) {
        g_assert_not_reached(); /* written right here */
    }
    return json;
}

static void fill_queued_opcode(struct queued_opcode *queued, struct opcode *op, int64_t job,
                               guint index, struct job_timestamp now)
{
    job_reason_add(op, opcode_reason_source(op->row),
                   g_strdup_printf("job=%" G_GINT64_FORMAT ";index=%u", (gint64)job, index), now);
    queued->status = JOB_STATUS_QUEUED;
    queued->priority = fact_enum_number(&fact_enum_submit_priority, (int)op->common->priority);
    queued->input = encode_input(op);
    queued->has.input = queued->has.status = queued->has.priority = queued->has.log = true;
    queued->has.result = true;
}

static struct queued_job *make_job(const struct draft *draft, int64_t id, struct job_timestamp now)
{
    struct queued_job *job = fact_object_new(&fact_object_queued_job);

    job->id = id;
    job->has.id = job->has.ops = true;
    job_stamp(job, received_timestamp, now);
    for (guint i = 0; i < draft->ops->len; i++) {
        fill_queued_opcode(fact_list_add(&type_queued_opcode_list, &job->ops),
                           g_ptr_array_index(draft->ops, i), id, i, now);
    }
    return job;
}

/* ---- writing and answering ---- */

static void submission_free(struct submission *submission)
{
    g_ptr_array_free(submission->drafts, TRUE);
    g_free(submission);
}

static void fail(struct submission *submission, const GError *error)
{
    if (submission->call != NULL) {
        luxi_call_on_cancel(submission->call, NULL, NULL);
        luxi_call_fail(submission->call, error);
    }
    submission_free(submission);
}

static void answer_many(struct luxi_call *call, const struct queued_job *const *jobs,
                        GError *const *errors, size_t n)
{
    struct json_writer *w = luxi_call_result(call);

    json_write_array_begin(w);
    for (size_t i = 0; i < n; i++) {
        json_write_array_begin(w);
        json_write_bool(w, errors[i] == NULL);
        if (errors[i] == NULL) {
            json_write_int(w, jobs[i]->id);
        } else {
            json_write_string(w, errors[i]->message);
        }
        json_write_array_end(w);
    }
    json_write_array_end(w);
    luxi_call_answer(call);
}

static void answer(struct submission *submission, const struct queued_job *const *jobs,
                   GError *const *errors)
{
    struct luxi_call *call = submission->call;

    if (call == NULL) {
        return;
    }
    luxi_call_on_cancel(call, NULL, NULL);
    if (submission->many) {
        answer_many(call, jobs, errors, submission->drafts->len);
    } else if (errors[0] != NULL) {
        luxi_call_fail(call, errors[0]);
    } else {
        json_write_int(luxi_call_result(call), jobs[0]->id);
        luxi_call_answer(call);
    }
}

static void free_job(gpointer job)
{
    job_free(job);
}

/* All jobs of the submissions, with numbers behind `last`. A submission whose jobs cannot be made
 * is answered with the error and leaves the queue. */
static GPtrArray *make_jobs(GQueue *batch, int64_t last)
{
    GPtrArray *jobs = g_ptr_array_new_with_free_func(free_job);
    struct job_timestamp now = job_now();

    for (GList *link = batch->head, *next; link != NULL; link = next) {
        struct submission *submission = link->data;
        g_autoptr(GError) error = NULL;
        int64_t id = last + jobs->len;
        bool good = true;

        next = link->next;
        for (guint i = 0; good && i < submission->drafts->len; i++) {
            const struct draft *draft = g_ptr_array_index(submission->drafts, i);

            id++;
            for (guint op = 0; good && op < draft->ops->len; op++) {
                good = resolve_dependencies(g_ptr_array_index(draft->ops, op), id, &error);
            }
        }
        if (!good) {
            g_queue_delete_link(batch, link);
            fail(submission, error);
            continue;
        }
        for (guint i = 0; i < submission->drafts->len; i++) {
            id = last + 1 + jobs->len;
            g_ptr_array_add(jobs, make_job(g_ptr_array_index(submission->drafts, i), id, now));
        }
    }
    return jobs;
}

/* Written jobs go into the queue before the client hears of them, so that it finds them there. */
static void accept(struct submissions *all, struct submission *submission,
                   const struct queued_job *const *jobs, GError *const *errors)
{
    for (guint i = 0; i < submission->drafts->len; i++) {
        struct draft *draft = g_ptr_array_index(submission->drafts, i);

        /* A job of no opcodes has succeeded by being submitted. */
        if (errors[i] == NULL && draft->ops->len > 0) {
            job_queue_add(all->luxid->queue, jobs[i], g_steal_pointer(&draft->secrets));
        } else if (errors[i] != NULL) {
            g_warning("a submitted job is lost: %s", errors[i]->message);
        }
    }
    answer(submission, jobs, errors);
    submission_free(submission);
}

static gboolean write_batch(gpointer data)
{
    struct submissions *all = data;
    const char *dir = job_queue_dir(all->luxid->queue);
    GQueue batch = all->waiting;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) jobs = NULL;
    g_autofree GError **errors = NULL;
    struct submission *submission;
    int64_t last;
    size_t at = 0;

    g_queue_init(&all->waiting);
    all->n_jobs = 0;
    all->idle = 0;
    if (!job_store_last_id(dir, &last, &error)) {
        err_wrap(&error, ERR_JOB_QUEUE, ECODE_NONE);
        while ((submission = g_queue_pop_head(&batch)) != NULL) {
            fail(submission, error);
        }
        return G_SOURCE_REMOVE;
    }
    jobs = make_jobs(&batch, last);
    errors = g_new0(GError *, jobs->len + 1);
    if (jobs->len > 0) {
        (void)job_store_add(dir, last + jobs->len, (const void *)jobs->pdata, jobs->len, errors);
    }
    while ((submission = g_queue_pop_head(&batch)) != NULL) {
        guint n = submission->drafts->len;

        accept(all, submission, (const void *)(jobs->pdata + at), errors + at);
        at += n;
    }
    for (guint i = 0; i < jobs->len; i++) {
        g_clear_error(&errors[i]);
    }
    return G_SOURCE_REMOVE;
}

/* ---- methods ---- */

static void client_is_gone(void *data)
{
    ((struct submission *)data)->call = NULL;
}

/* Takes over drafts. */
static void submit(struct luxid *luxid, struct luxi_call *call, GPtrArray *drafts, bool many)
{
    struct submissions *all = luxid->submissions;
    struct submission *submission = g_new(struct submission, 1);

    *submission = (struct submission){.all = all, .call = call, .drafts = drafts, .many = many};
    luxi_call_on_cancel(call, client_is_gone, submission);
    g_queue_push_tail(&all->waiting, submission);
    all->n_jobs += drafts->len;
    if (all->n_jobs >= MAX_BATCH) {
        if (all->idle != 0) {
            g_source_remove(all->idle);
        }
        (void)write_batch(all);
    } else if (all->idle == 0) {
        /* Behind what other clients sent in the meantime. */
        all->idle = g_idle_add_full(G_PRIORITY_DEFAULT + 1, write_batch, all, NULL);
    }
}

static bool refuse_drained(struct luxi_call *call)
{
    g_autoptr(GError) error = NULL;

    if (!job_store_is_drained()) {
        return false;
    }
    err_set(&error, ERR_GENERIC, ECODE_NONE, "Queue drained");
    luxi_call_fail(call, error);
    return true;
}

static void submit_one(struct luxid *luxid, struct luxi_call *call, const struct any_list *ops,
                       bool even_if_drained)
{
    const struct fact_path path = {.member = "ops"};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) drafts = g_ptr_array_new_with_free_func(draft_free);
    struct draft *draft = draft_new(ops->v, ops->n, &path, &error);

    if (draft == NULL) {
        luxi_call_refuse(call, error->message);
        return;
    }
    g_ptr_array_add(drafts, draft);
    if (even_if_drained || !refuse_drained(call)) {
        submit(luxid, call, g_steal_pointer(&drafts), false);
    }
}

void luxi_do_submit_job(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    submit_one(luxid, call, &((const struct luxi_args_submit_job *)args)->ops, false);
}

void luxi_do_submit_job_to_drained_queue(struct luxid *luxid, struct luxi_call *call,
                                         const void *args)
{
    submit_one(luxid, call, &((const struct luxi_args_submit_job_to_drained_queue *)args)->ops,
               true);
}

static struct draft *read_job(struct json *job, size_t index, GError **errp)
{
    const struct fact_path jobs = {.member = "jobs"};
    const struct fact_path path = {.up = &jobs, .index = index};
    struct any_list ops = {0};
    struct draft *draft;

    if (!fact_decode(&type_any_list, job, &ops, &path, errp)) {
        return NULL;
    }
    draft = draft_new(ops.v, ops.n, &path, errp);
    fact_clear(&type_any_list, &ops);
    return draft;
}

void luxi_do_submit_many_jobs(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    const struct luxi_args_submit_many_jobs *wanted = args;
    g_autoptr(GPtrArray) drafts = g_ptr_array_new_with_free_func(draft_free);

    for (size_t i = 0; i < wanted->jobs.n; i++) {
        g_autoptr(GError) error = NULL;
        struct draft *draft = read_job(wanted->jobs.v[i], i, &error);

        if (draft == NULL) {
            luxi_call_refuse(call, error->message);
            return;
        }
        g_ptr_array_add(drafts, draft);
    }
    if (!refuse_drained(call)) {
        submit(luxid, call, g_steal_pointer(&drafts), true);
    }
}

struct submissions *submissions_new(struct luxid *luxid)
{
    struct submissions *all = g_new0(struct submissions, 1);

    all->luxid = luxid;
    g_queue_init(&all->waiting);
    return all;
}

/* Clients are gone already. What they submitted without hearing of it is written, not lost. */
void submissions_free(struct submissions *all)
{
    if (all->idle != 0) {
        g_source_remove(all->idle);
        (void)write_batch(all);
    }
    g_free(all);
}
