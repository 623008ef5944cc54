#include "config.h"

#include "cli-compat/core/job-poll.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli-compat/core/pyrepr.h"
#include "cli-compat/core/time-text.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

/* What is known of the job so far. */
struct follower {
    struct cli_run *run;
    const char *id;
    bool print;
    struct json *info; /* of the last change; NULL: none yet */
    bool has_serial;
    int64_t serial; /* of the last message */
    bool told_queued, told_waiting;
};

/* -1 if value is no status of a job. */
static int job_status(const struct json *value)
{
    return json_kind(value) == JSON_STRING
               ? fact_enum_find(&fact_enum_job_status, json_string(value))
               : -1;
}

char *job_log_text(const struct json *message)
{
    g_autofree char *text = pyrepr_str(message);

    return text_safe_encode(text);
}

static bool lost(const char *id, GError **errp)
{
    return err_fail(errp, ERR_JOB_LOST, ECODE_NONE, "Job with id %s lost", id);
}

static bool bad_answer(GError **errp)
{
    return err_fail(errp, ERR_PROTOCOL, ECODE_NONE, "the answer about the job makes no sense");
}

/* ---- changes ---- */

/* [serial, [seconds, microseconds], type, message] */
static bool take_message(struct follower *f, const struct json *entry, GError **errp)
{
    int64_t serial;

    if (json_kind(entry) != JSON_ARRAY || json_len(entry) != 4 ||
        json_kind(json_at(entry, 0)) != JSON_INT) {
        return bad_answer(errp);
    }
    serial = json_int(json_at(entry, 0));
    f->serial = f->has_serial ? MAX(f->serial, serial) : serial;
    f->has_serial = true;
    if (f->print) {
        g_autofree char *time = time_text_long((int64_t)time_seconds(json_at(entry, 1)));
        g_autofree char *text = job_log_text(json_at(entry, 3));

        run_print(f->run, "%s %s", time, text);
    }
    return true;
}

/* Once per reason, after the server had nothing new for a while. */
static void tell_waiting(struct follower *f)
{
    int status = f->info != NULL && json_len(f->info) > 0 ? job_status(json_at(f->info, 0)) : -1;

    if (!f->print) {
        return;
    }
    if (status == JOB_STATUS_QUEUED && !f->told_queued) {
        run_warn(f->run, "Job %s is in the queue", f->id);
        f->told_queued = true;
    } else if (status == JOB_STATUS_WAITING && !f->told_waiting) {
        run_warn(f->run, "Job %s is waiting for its locks", f->id);
        f->told_waiting = true;
    }
}

static bool is_ended(int status)
{
    return status == JOB_STATUS_SUCCESS || status == JOB_STATUS_ERROR ||
           status == JOB_STATUS_CANCELING || status == JOB_STATUS_CANCELED;
}

/* [[status], messages]: messages come before the end counts, so that none is missed. */
static bool take_change(struct follower *f, const struct json *change, bool *ret_ended,
                        GError **errp)
{
    const struct json *info, *messages;

    if (json_kind(change) != JSON_ARRAY || json_len(change) != 2) {
        return bad_answer(errp);
    }
    info = json_at(change, 0);
    messages = json_at(change, 1);
    if (json_kind(info) != JSON_ARRAY || json_len(info) != 1) {
        return bad_answer(errp);
    }
    json_unref(f->info);
    f->info = json_copy(info);
    if (json_kind(messages) == JSON_ARRAY && json_len(messages) > 0) {
        for (size_t i = 0; i < json_len(messages); i++) {
            if (!take_message(f, json_at(messages, i), errp)) {
                return false;
            }
        }
        return run_flush(f->run, errp);
    }
    *ret_ended = is_ended(job_status(json_at(info, 0)));
    return true;
}

static bool is_unchanged(const struct json *answer)
{
    return json_kind(answer) == JSON_STRING && strcmp(json_string(answer), C_JOB_NOTCHANGED) == 0;
}

static bool wait_for_change(struct follower *f, bool *ret_ended, GError **errp)
{
    CLEANUP(json_unrefp) struct json *answer = NULL;
    struct json *args = run_list(5, json_new_string(f->id), run_list(1, json_new_string("status")),
                                 json_copy(f->info), f->has_serial ? json_new_int(f->serial) : NULL,
                                 json_new_int(MIN(C_DEFAULT_WFJC_TIMEOUT, C_LUXI_WFJC_TIMEOUT)));

    if (!run_call(f->run, LUXI_wait_for_job_change, args, &answer, errp)) {
        return false;
    }
    if (answer == NULL) {
        return lost(f->id, errp);
    }
    if (is_unchanged(answer)) {
        tell_waiting(f);
        return true;
    }
    return take_change(f, answer, ret_ended, errp);
}

/* ---- the end ---- */

/* The error of the first opcode that failed. */
static bool set_job_error(const struct json *statuses, const struct json *results, GError **errp)
{
    g_autofree char *all = NULL;
    bool some_ok = false;

    for (size_t i = 0; i < MIN(json_len(statuses), json_len(results)); i++) {
        int status = job_status(json_at(statuses, i));
        g_autofree char *text = NULL;
        GError *error;

        some_ok |= status == JOB_STATUS_SUCCESS;
        if (status != JOB_STATUS_ERROR) {
            continue;
        }
        error = err_decode(json_at(results, i));
        if (error != NULL) {
            g_propagate_error(errp, error);
            return false;
        }
        text = pyrepr_str(json_at(results, i));
        return some_ok ? err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "partial failure (opcode %zu): %s",
                                  i, text)
                       : err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "%s", text);
    }
    all = pyrepr_str(results);
    return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "%s", all);
}

static bool read_result(struct follower *f, struct json **ret_result, GError **errp)
{
    CLEANUP(json_unrefp) struct json *rows = NULL;
    const struct json *row, *statuses;
    struct json *results;
    int status;

    if (!run_call_for(f->run, LUXI_query_jobs,
                      run_list(2, run_list(1, json_new_string(f->id)),
                               run_list(3, json_new_string("status"), json_new_string("opstatus"),
                                        json_new_string("opresult"))),
                      JSON_ARRAY, &rows, errp)) {
        return false;
    }
    row = json_len(rows) > 0 ? json_at(rows, 0) : NULL;
    if (row == NULL) {
        return lost(f->id, errp);
    }
    if (json_kind(row) != JSON_ARRAY || json_len(row) != 3) {
        return bad_answer(errp);
    }
    status = job_status(json_at(row, 0));
    statuses = json_at(row, 1);
    results = json_at(row, 2);
    if (status == JOB_STATUS_CANCELING || status == JOB_STATUS_CANCELED) {
        return err_fail(errp, ERR_JOB_CANCELED, ECODE_NONE, "Job was canceled");
    }
    if (status == JOB_STATUS_SUCCESS) {
        if (ret_result != NULL) {
            *ret_result = json_ref(results);
        }
        return true;
    }
    if (json_kind(statuses) != JSON_ARRAY || json_kind(results) != JSON_ARRAY) {
        return bad_answer(errp);
    }
    return set_job_error(statuses, results, errp);
}

bool job_poll(struct cli_run *run, const char *id, bool print, struct json **ret_result,
              GError **errp)
{
    struct follower f = {.run = run, .id = id, .print = print};
    bool ended = false, ok = true;

    while (ok && !ended) {
        ok = wait_for_change(&f, &ended, errp);
    }
    json_unref(f.info);
    return ok && read_result(&f, ret_result, errp);
}
