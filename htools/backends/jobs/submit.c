#include "config.h"

#include "htools/backends/jobs/submit.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/codec.h"
#include "facts/luximethods.h"
#include "htools/backends/jobs/opcodes.h"
#include "luxi/client/client.h"

G_DEFINE_QUARK(gantry_htools_submit, submit_error)

/* Seconds that the daemon may take to say that nothing has changed. */
enum { WAIT_SECONDS = 60 };

static const char version[] = "(" PACKAGE_NAME ") version " PACKAGE_VERSION;

static void clear_set(gpointer set)
{
    struct submit_set *own = set;

    g_free(own->description);
    g_ptr_array_unref(own->jobs);
}

GArray *submit_sets_new(void)
{
    GArray *sets = g_array_new(FALSE, FALSE, sizeof(struct submit_set));

    g_array_set_clear_func(sets, clear_set);
    return sets;
}

struct submit_set *submit_sets_add(GArray *sets, char *description)
{
    struct submit_set set = {
        .description = description,
        .jobs = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref),
    };

    g_array_append_val(sets, set);
    return &g_array_index(sets, struct submit_set, sets->len - 1);
}

static bool strange(GError **errp, const char *method)
{
    g_set_error(errp, SUBMIT_ERROR, SUBMIT_ERROR_ANSWER,
                "the master daemon's answer to %s makes no sense", method);
    return false;
}

static bool call(struct luxi_client *client, enum luxi_method_id method, struct json *arguments,
                 struct json **ret, GError **errp)
{
    CLEANUP(json_unrefp) struct json *own = arguments;

    return luxi_client_call_json(client, luxi_method_rows[method].name, own, ret, errp);
}

static struct json *id_list(const GArray *ids)
{
    struct json *list = json_new_array();

    for (guint i = 0; i < ids->len; i++) {
        json_append(list, json_new_int(g_array_index(ids, int64_t, i)));
    }
    return list;
}

/* Tells the opcode who made it, why, and with which priority. */
static void annotate(struct opcode *op, const struct submit_note *note)
{
    struct op_common *common = op->common;
    size_t n = common->reason.n;
    struct reason_step step = {
        .source = g_strdup(note->program),
        .reason = note->reason != NULL ? g_strdup(note->reason)
                                       : g_strdup_printf("%s %s called", note->program, version),
        .time = g_get_real_time() * 1000,
        .has = {.source = true, .reason = true, .time = true},
    };

    g_free(common->comment);
    common->comment = g_strdup_printf("%s %s", note->comment, version);
    common->has.comment = true;
    common->reason.v = g_renew(struct reason_step, common->reason.v, n + 1);
    common->reason.v[n] = step;
    common->reason.n = n + 1;
    common->has.reason = true;
    if (note->has_priority) {
        common->priority = note->priority;
        common->has.priority = true;
    }
}

static struct json *job_to_json(const GPtrArray *job)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    struct json *value = NULL;

    json_write_array_begin(&w);
    for (guint i = 0; i < job->len; i++) {
        opcode_encode(g_ptr_array_index(job, i), OPCODE_SUBMITTED, &w);
    }
    json_write_array_end(&w);
    if (!json_parse(text->str, (gssize)text->len, &value, NULL)) {
        g_error("htools: a job that was just written cannot be read");
    }
    return value;
}

/* [true, number] or [false, why not] for each job. */
static bool take_ids(const struct json *answer, guint n, GArray *ids, GError **errp)
{
    const char *method = luxi_method_rows[LUXI_submit_many_jobs].name;

    if (json_kind(answer) != JSON_ARRAY || json_len(answer) != n) {
        return strange(errp, method);
    }
    for (guint i = 0; i < n; i++) {
        const struct json *one = json_at(answer, i);
        const struct json *value;
        int64_t id;

        if (json_kind(one) != JSON_ARRAY || json_len(one) != 2 ||
            json_kind(json_at(one, 0)) != JSON_BOOL) {
            return strange(errp, method);
        }
        value = json_at(one, 1);
        if (!json_boolean(json_at(one, 0))) {
            g_set_error(errp, SUBMIT_ERROR, SUBMIT_ERROR_JOB, "Job submission error: %s",
                        json_kind(value) == JSON_STRING ? json_string(value) : "no reason given");
            return false;
        }
        if (json_kind(value) != JSON_INT) {
            return strange(errp, method);
        }
        id = json_int(value);
        g_array_append_val(ids, id);
    }
    return true;
}

GArray *submit_jobs(struct luxi_client *client, const struct submit_note *note,
                    const GPtrArray *jobs, GError **errp)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    CLEANUP(json_unrefp) struct json *answer = NULL;
    struct json *list = json_new_array(), *arguments = json_new_array();

    for (guint i = 0; i < jobs->len; i++) {
        GPtrArray *job = g_ptr_array_index(jobs, i);

        for (guint j = 0; j < job->len; j++) {
            annotate(g_ptr_array_index(job, j), note);
        }
        json_append(list, job_to_json(job));
    }
    json_append(arguments, list);
    return call(client, LUXI_submit_many_jobs, arguments, &answer, errp) &&
                   take_ids(answer, jobs->len, ids, errp)
               ? g_steal_pointer(&ids)
               : NULL;
}

/* The state in a list of this one field; -1 if there is none. */
static int read_state(const struct json *row)
{
    const struct json *word =
        json_kind(row) == JSON_ARRAY && json_len(row) == 1 ? json_at(row, 0) : NULL;

    return json_kind(word) == JSON_STRING ? fact_enum_find(&fact_enum_job_status, json_string(word))
                                          : -1;
}

static struct json *state_fields(void)
{
    struct json *fields = json_new_array();

    json_append(fields, json_new_string("status"));
    return fields;
}

bool submit_query(struct luxi_client *client, const GArray *ids, int *ret_states, GError **errp)
{
    CLEANUP(json_unrefp) struct json *answer = NULL;
    struct json *arguments = json_new_array();
    const char *method = luxi_method_rows[LUXI_query_jobs].name;

    json_append(arguments, id_list(ids));
    json_append(arguments, state_fields());
    if (!call(client, LUXI_query_jobs, arguments, &answer, errp)) {
        return false;
    }
    if (json_kind(answer) != JSON_ARRAY || json_len(answer) != ids->len) {
        return strange(errp, method);
    }
    for (guint i = 0; i < ids->len; i++) {
        if (json_kind(json_at(answer, i)) == JSON_NULL) {
            g_set_error(errp, SUBMIT_ERROR, SUBMIT_ERROR_JOB, "Missing job id %" PRId64,
                        g_array_index(ids, int64_t, i));
            return false;
        }
        ret_states[i] = read_state(json_at(answer, i));
        if (ret_states[i] < 0) {
            return strange(errp, method);
        }
    }
    return true;
}

/* Waits until the job is not what it was, or for a while. *state becomes what it is. */
static bool wait_for_change(struct luxi_client *client, int64_t id, int *state, GError **errp)
{
    CLEANUP(json_unrefp) struct json *answer = NULL;
    struct json *arguments = json_new_array(), *before = json_new_array();

    json_append(before, json_new_string(fact_enum_job_status.words[*state]));
    json_append(arguments, json_new_int(id));
    json_append(arguments, state_fields());
    json_append(arguments, before);
    json_append(arguments, NULL);
    json_append(arguments, json_new_int(WAIT_SECONDS));
    if (!call(client, LUXI_wait_for_job_change, arguments, &answer, errp)) {
        return false;
    }
    /* A word instead of a list: nothing has changed, or the job is gone; the query tells. */
    if (json_kind(answer) == JSON_ARRAY && json_len(answer) > 0) {
        *state = read_state(json_at(answer, 0));
    }
    return *state >= 0 || strange(errp, luxi_method_rows[LUXI_wait_for_job_change].name);
}

static bool has_ended(int state)
{
    return state == JOB_STATUS_SUCCESS || state == JOB_STATUS_ERROR || state == JOB_STATUS_CANCELED;
}

/* Waits for all jobs; states are those of submit_query(). */
static bool wait_for_all(struct luxi_client *client, const GArray *ids, int *states, GError **errp)
{
    if (!submit_query(client, ids, states, errp)) {
        return false;
    }
    for (guint i = 0; i < ids->len; i++) {
        while (!has_ended(states[i])) {
            if (!wait_for_change(client, g_array_index(ids, int64_t, i), &states[i], errp)) {
                g_prefix_error(errp, "Checking job status: ");
                return false;
            }
        }
    }
    return submit_query(client, ids, states, errp);
}

/* "5 (error), 7 (canceled)" of the jobs that did not succeed; NULL if all did. */
static char *list_failures(const GArray *ids, const int *states)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; i < ids->len; i++) {
        if (states[i] != JOB_STATUS_SUCCESS) {
            g_string_append_printf(out, "%s%" PRId64 " (%s)", out->len > 0 ? ", " : "",
                                   g_array_index(ids, int64_t, i),
                                   fact_enum_job_status.words[states[i]]);
        }
    }
    return out->len > 0 ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

static bool run_jobs(struct luxi_client *client, const struct submit_note *note,
                     const GPtrArray *jobs, bool tell, GError **errp)
{
    g_autoptr(GArray) ids = submit_jobs(client, note, jobs, errp);
    g_autofree int *states = ids != NULL ? g_new0(int, ids->len + 1) : NULL;
    g_autofree char *failures = NULL;

    if (ids == NULL) {
        return false;
    }
    if (tell) {
        fputs("Got job IDs ", stdout);
        for (guint i = 0; i < ids->len; i++) {
            printf("%s%" PRId64, i > 0 ? ", " : "", g_array_index(ids, int64_t, i));
        }
        puts("");
        fflush(stdout);
    }
    if (!wait_for_all(client, ids, states, errp)) {
        return false;
    }
    failures = list_failures(ids, states);
    if (failures != NULL) {
        g_set_error(errp, SUBMIT_ERROR, SUBMIT_ERROR_JOB,
                    "Not all jobs completed successfully: %s; \"gnt-job info\" tells why",
                    failures);
        return false;
    }
    return true;
}

bool submit_and_wait(struct luxi_client *client, const struct submit_note *note, GPtrArray *job,
                     GError **errp)
{
    g_autoptr(GPtrArray) jobs = g_ptr_array_new();

    g_ptr_array_add(jobs, job);
    return run_jobs(client, note, jobs, false, errp);
}

/* ---- early exit ---- */

static volatile sig_atomic_t stop_wanted;

static void say(const char *text)
{
    if (write(STDOUT_FILENO, text, strlen(text)) < 0) {
        /* Nobody reads; there is nothing to be done about it here. */
        return;
    }
}

static void on_interrupt(int number)
{
    (void)number;
    stop_wanted = 1;
    say("Cancel request registered, will exit at the end of the current job set...\n");
}

static void on_termination(int number)
{
    (void)number;
    say("Double cancel request, exiting now...\n");
    _exit(2);
}

static void catch_signals(void)
{
    struct sigaction interrupt = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};
    struct sigaction termination = {.sa_handler = on_termination};

    sigemptyset(&interrupt.sa_mask);
    sigemptyset(&termination.sa_mask);
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGTERM, &termination, NULL);
}

static void tell_stop(const GArray *sets, guint n_done)
{
    puts("Exiting early due to user request.");
    printf("%u jobset(s) submitted:\n", n_done);
    for (guint i = 0; i < sets->len; i++) {
        if (i == n_done) {
            printf("%u jobset(s) not submitted:\n", sets->len - n_done);
        }
        printf("  %s\n", g_array_index(sets, struct submit_set, i).description);
    }
}

bool submit_sets(const char *socket, const struct submit_note *note, const GArray *sets,
                 GError **errp)
{
    catch_signals();
    for (guint i = 0; i < sets->len; i++) {
        CLEANUP(luxi_client_freep) struct luxi_client *client = NULL;

        if (stop_wanted) {
            tell_stop(sets, i);
            return true;
        }
        client = luxi_client_connect(socket, NULL, errp);
        if (client == NULL ||
            !run_jobs(client, note, g_array_index(sets, struct submit_set, i).jobs, true, errp)) {
            return false;
        }
    }
    return true;
}
