/* WaitForJobChange: answers when a job's file says something new (reference: waitForJobChange and
 * computeJobUpdate in src/Ganeti/Query/Server.hs). */
#include "config.h"

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "jobs/file/job.h"
#include "luxi/server/methods.h"

struct job_waiters {
    GHashTable *by_job; /* job number (gint64) -> GPtrArray of struct waiter */
};

struct waiter {
    struct luxid *luxid;
    struct luxi_call *call;
    int64_t job;
    char **fields; /* the log first, then those asked for */
    struct json *prev_job, *prev_log;
    guint timer;
};

static void waiter_free(struct waiter *waiter)
{
    if (waiter->timer != 0) {
        g_source_remove(waiter->timer);
    }
    g_strfreev(waiter->fields);
    json_unref(waiter->prev_job);
    json_unref(waiter->prev_log);
    g_free(waiter);
}

/* ---- what is new ---- */

static void take_row(struct query *query, const GError *error, void *data)
{
    GString *text = data;
    struct json_writer w = json_writer_init(text, JSON_COMPACT);

    if (error != NULL || !query_write_old(query, &w, NULL)) {
        g_string_truncate(text, 0);
    }
}

/* The requested columns of the job as one row, NULL if that does not work. Job queries need no
 * nodes, so they are done at once. */
static struct json *job_row(struct luxid *luxid, int64_t job, char **fields)
{
    g_autofree char *filter_text = g_strdup_printf("[\"%s\",\"%s\",%" G_GINT64_FORMAT "]",
                                                   fact_enum_query_op.words[QUERY_OP_EQUAL],
                                                   query_rows[QUERY_job].name_field, (gint64)job);
    CLEANUP(json_unrefp) struct json *filter = NULL;
    CLEANUP(json_unrefp) struct json *rows = NULL;
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_watch_get(luxid->config);
    struct query_request request = {.kind = QUERY_job, .fields = (const char *const *)fields};
    g_autoptr(GString) text = g_string_new(NULL);

    if (!json_parse(filter_text, -1, &filter, NULL) ||
        !query_filter_parse(filter, &request.filter, NULL)) {
        g_assert_not_reached(); /* made right here */
    }
    (void)query_start(&luxid->env, cfg, &request, take_row, text);
    if (text->len == 0 || !json_parse(text->str, (gssize)text->len, &rows, NULL) ||
        json_len(rows) != 1) {
        return NULL;
    }
    return json_ref(json_at(rows, 0));
}

/* The log entries of all opcodes that are newer than the last one seen. */
static struct json *newer_entries(const struct json *logs, const struct json *prev_log)
{
    struct json *newer = json_new_array();
    bool all = json_kind(prev_log) != JSON_INT;

    for (size_t op = 0; json_kind(logs) == JSON_ARRAY && op < json_len(logs); op++) {
        const struct json *log = json_at(logs, op);

        for (size_t i = 0; i < json_len(log); i++) {
            struct json *entry = json_at(log, i);

            if (all || json_int(json_at(entry, 0)) > json_int(prev_log)) {
                json_append(newer, json_ref(entry));
            }
        }
    }
    return newer;
}

/* [columns, new log entries]; *ret_changed tells whether there is anything new. */
static struct json *compute(const struct waiter *waiter, bool *ret_changed)
{
    CLEANUP(json_unrefp) struct json *row = job_row(waiter->luxid, waiter->job, waiter->fields);
    size_t n = g_strv_length(waiter->fields);
    struct json *columns = json_new_array(), *answer = json_new_array(), *logs;

    for (size_t i = 1; i < n; i++) {
        json_append(columns, row != NULL ? json_ref(json_at(row, i)) : NULL);
    }
    logs = newer_entries(row != NULL ? json_at(row, 0) : NULL, waiter->prev_log);
    *ret_changed = json_len(logs) > 0 || !json_equal(columns, waiter->prev_job);
    json_append(answer, columns);
    json_append(answer, logs);
    return answer;
}

/* ---- waiting ---- */

static void forget(struct waiter *waiter)
{
    struct job_waiters *waiters = waiter->luxid->waiters;
    GPtrArray *same_job = g_hash_table_lookup(waiters->by_job, &waiter->job);

    g_ptr_array_remove_fast(same_job, waiter);
    if (same_job->len == 0) {
        g_hash_table_remove(waiters->by_job, &waiter->job);
    }
}

static void answer(struct waiter *waiter, const struct json *value)
{
    luxi_call_on_cancel(waiter->call, NULL, NULL);
    json_write_value(luxi_call_result(waiter->call), value);
    luxi_call_answer(waiter->call);
    waiter_free(waiter);
}

static gboolean time_is_up(gpointer data)
{
    struct waiter *waiter = data;
    bool changed;
    CLEANUP(json_unrefp) struct json *value = compute(waiter, &changed);

    waiter->timer = 0;
    forget(waiter);
    answer(waiter, value);
    return G_SOURCE_REMOVE;
}

static void client_is_gone(void *data)
{
    forget(data);
    waiter_free(data);
}

void job_waiters_changed(struct job_waiters *waiters, int64_t job)
{
    GPtrArray *same_job = g_hash_table_lookup(waiters->by_job, &job);
    g_autoptr(GPtrArray) looked_at = NULL;

    if (same_job == NULL) {
        return;
    }
    looked_at = g_ptr_array_copy(same_job, NULL, NULL);
    for (guint i = 0; i < looked_at->len; i++) {
        struct waiter *waiter = g_ptr_array_index(looked_at, i);
        bool changed;
        CLEANUP(json_unrefp) struct json *value = compute(waiter, &changed);

        if (changed) {
            forget(waiter);
            answer(waiter, value);
        }
    }
}

static void free_array(gpointer array)
{
    g_ptr_array_free(array, TRUE);
}

struct job_waiters *job_waiters_new(void)
{
    struct job_waiters *waiters = g_new0(struct job_waiters, 1);

    waiters->by_job = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_array);
    return waiters;
}

void job_waiters_free(struct job_waiters *waiters)
{
    /* Calls under way cancel their waiters; the server is freed before this. */
    g_hash_table_destroy(waiters->by_job);
    g_free(waiters);
}

static struct waiter *waiter_new(struct luxid *luxid, struct luxi_call *call,
                                 const struct luxi_args_wait_for_job_change *args)
{
    struct waiter *waiter = g_new0(struct waiter, 1);

    waiter->luxid = luxid;
    waiter->call = call;
    waiter->job = args->job;
    waiter->prev_job = json_ref(args->prev_job);
    waiter->prev_log = json_ref(args->prev_log);
    waiter->fields = g_new0(char *, args->fields.n + 2);
    waiter->fields[0] = g_strdup("oplog");
    for (size_t i = 0; i < args->fields.n; i++) {
        waiter->fields[i + 1] = g_strdup(args->fields.v[i]);
    }
    return waiter;
}

static void start_waiting(struct waiter *waiter, int64_t timeout)
{
    struct job_waiters *waiters = waiter->luxid->waiters;
    GPtrArray *same_job = g_hash_table_lookup(waiters->by_job, &waiter->job);

    if (same_job == NULL) {
        gint64 *key = g_new(gint64, 1);

        *key = waiter->job;
        same_job = g_ptr_array_new();
        g_hash_table_insert(waiters->by_job, key, same_job);
    }
    g_ptr_array_add(same_job, waiter);
    waiter->timer =
        g_timeout_add_seconds((guint)CLAMP(timeout, 0, C_LUXI_WFJC_TIMEOUT), time_is_up, waiter);
    luxi_call_on_cancel(waiter->call, client_is_gone, waiter);
}

void luxi_do_wait_for_job_change(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    const struct luxi_args_wait_for_job_change *wanted = args;
    CLEANUP(job_freep) struct queued_job *job = NULL;
    CLEANUP(json_unrefp) struct json *value = NULL;
    g_autoptr(GError) error = NULL;
    struct waiter *waiter;
    bool changed;

    job = job_load(luxid->env.queue_dir, wanted->job, false, NULL, &error);
    if (job == NULL) {
        err_wrap(&error, ERR_JOB_LOST, ECODE_NONE);
        luxi_call_fail(call, error);
        return;
    }
    waiter = waiter_new(luxid, call, wanted);
    value = compute(waiter, &changed);
    if (changed || job_is_finalized(job_status_of(job)) || wanted->timeout <= 0) {
        answer(waiter, value);
    } else {
        start_waiting(waiter, wanted->timeout);
    }
}
