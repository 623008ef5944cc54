/* Commands for several jobs, by number or by status (lib/client/gnt_job.py _MultiJobAction). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/confirm.h"
#include "cli-compat/core/list.h"
#include "cli-compat/core/pyrepr.h"
#include "cli-compat/core/table.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

static const char *const fields[] = {"id", "status", "summary", NULL};
enum { N_FIELDS = G_N_ELEMENTS(fields) - 1 };

/* What a job is told: arguments of the method, behind its number. */
struct order {
    enum luxi_method_id method;
    struct json *argument;
    const char *question;
};

/* A value of a row of [status, value] pairs; NULL if the answer is of another shape. */
static const struct json *value_at(const struct json *row, size_t index)
{
    const struct json *pair =
        json_kind(row) == JSON_ARRAY && index < json_len(row) ? json_at(row, index) : NULL;

    return json_kind(pair) == JSON_ARRAY && json_len(pair) == 2 ? json_at(pair, 1) : NULL;
}

static void print_jobs(struct cli_run *run, const struct json *data)
{
    static const char *const titles[N_FIELDS] = {"ID", "Status", "Summary"};
    CLEANUP(table_freep) struct table *table = table_new();
    const struct table_options options = {.header = true};

    for (size_t i = 0; i < N_FIELDS; i++) {
        table_add_column(table, titles[i], i == 0);
    }
    for (size_t i = 0; i < json_len(data); i++) {
        for (size_t j = 0; j < N_FIELDS; j++) {
            const struct json *value = value_at(json_at(data, i), j);

            table_add_cell(table, json_kind(value) == JSON_ARRAY ? list_text_joined(value)
                                                                 : pyrepr_str(value));
        }
    }
    table_print(table, &options, run->out);
}

/* Their numbers, unless the person says no (then *ret_jobs is NULL). */
static bool find_by_status(struct cli_run *run, const struct json *statuses, const char *question,
                           GPtrArray **ret_jobs, GError **errp)
{
    CLEANUP(json_unrefp) struct json *answer = NULL;
    struct json *filter = list_any_of("status", statuses);
    struct json *data;

    *ret_jobs = NULL;
    if (!run_call_for(
            run, LUXI_query,
            run_list(3, json_new_string(query_word(QUERY_job)), run_texts(fields), filter),
            JSON_OBJECT, &answer, errp)) {
        return false;
    }
    data = json_get(answer, "data");
    if (json_kind(data) != JSON_ARRAY) {
        return err_fail(errp, ERR_PROTOCOL, ECODE_NONE, "the master's answer has no jobs in it");
    }
    if (json_len(data) == 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "No jobs with the requested status have been found");
    }
    if (!command_line_flag(run->line, CLI_OPT_force)) {
        print_jobs(run, data);
        if (!run_flush(run, errp)) {
            return false;
        }
        if (!confirm_ask(question)) {
            run->exit_code = C_EXIT_CONFIRMATION;
            return true;
        }
    }
    *ret_jobs = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < json_len(data); i++) {
        g_ptr_array_add(*ret_jobs, pyrepr_str(value_at(json_at(data, i), 0)));
    }
    return true;
}

/* The answer is [success, text]. */
static bool tell(struct cli_run *run, const struct order *order, const char *job, GError **errp)
{
    CLEANUP(json_unrefp) struct json *answer = NULL;
    g_autofree char *text = NULL;

    if (!run_call_for(run, order->method,
                      run_list(2, json_new_string(job), json_copy(order->argument)), JSON_ARRAY,
                      &answer, errp)) {
        return false;
    }
    if (json_len(answer) != 2 || json_kind(json_at(answer, 0)) != JSON_BOOL) {
        return err_fail(errp, ERR_PROTOCOL, ECODE_NONE, "the master does not tell what came of it");
    }
    if (!json_boolean(json_at(answer, 0))) {
        run->exit_code = C_EXIT_FAILURE;
    }
    text = pyrepr_str(json_at(answer, 1));
    run_print(run, "%s", text);
    return true;
}

static bool tell_all(struct cli_run *run, const struct order *order, GError **errp)
{
    const struct json *statuses = command_line_json(run->line, CLI_OPT_status_pending);
    g_autoptr(GPtrArray) jobs = NULL;

    if ((run->args[0] != NULL) != (statuses == NULL)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Either a status filter or job ID(s) must be specified and never both");
    }
    if (statuses != NULL && (!find_by_status(run, statuses, order->question, &jobs, errp))) {
        return false;
    }
    if (statuses == NULL) {
        jobs = g_ptr_array_new_with_free_func(g_free);
        for (size_t i = 0; run->args[i] != NULL; i++) {
            g_ptr_array_add(jobs, g_strdup(run->args[i]));
        }
    }
    for (guint i = 0; jobs != NULL && i < jobs->len; i++) {
        if (!tell(run, order, jobs->pdata[i], errp)) {
            return false;
        }
    }
    return true;
}

bool cmd_job_cancel(struct cli_run *run, GError **errp)
{
    bool kill = command_line_flag(run->line, CLI_OPT_cancel_kill);
    CLEANUP(json_unrefp) struct json *argument = json_new_bool(kill);
    const struct order order = {.method = LUXI_cancel_job,
                                .argument = argument,
                                .question = kill ? "KILL job(s) listed above?"
                                                 : "Cancel job(s) listed above?"};

    if (kill && !command_line_flag(run->line, CLI_OPT_yes_doit)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "The --kill option must be confirmed with --yes-do-it");
    }
    return tell_all(run, &order, errp);
}

bool cmd_job_change_priority(struct cli_run *run, GError **errp)
{
    const struct json *given = command_line_json(run->line, CLI_OPT_priority);
    CLEANUP(json_unrefp) struct json *argument = NULL;
    struct order order = {.method = LUXI_change_job_priority,
                          .question = "Change priority of job(s) listed above?"};

    if (given == NULL) {
        run_warn(run, "--priority option must be given.");
        run->exit_code = C_EXIT_FAILURE;
        return true;
    }
    argument = json_copy(given);
    order.argument = argument;
    return tell_all(run, &order, errp);
}
