#include "config.h"

#include "cli-compat/core/error-text.h"

#include <string.h>

#include "base/json.h"
#include "cli-compat/core/option-value.h"
#include "cli-compat/core/pyrepr.h"
#include "facts/constants.h"
#include "facts/errors.h"

enum {
    EXIT_CONFIGURATION = 2,
    EXIT_USAGE = 2,
};

/* The first row whose class the error has or derives from counts. %s: the message. */
static const struct {
    enum err_class error_class;
    const char *format;
} rows[] = {
    {ERR_CONFIGURATION, "Corrupt configuration file: %s\nAborting."},
    {ERR_HOOKS_FAILURE, "Failure: hooks general failure: %s"},
    {ERR_RESOLVER, "Failure: can't resolve hostname: %s"},
    {ERR_OP_PREREQ, "Failure: prerequisites not met for this operation:\n%s"},
    {ERR_OP_EXEC, "Failure: command execution error:\n%s"},
    {ERR_TAG, "Failure: invalid tag(s) given:\n%s"},
    {ERR_JOB_QUEUE_DRAIN, "Failure: the job queue is drained and takes no new jobs"},
    {ERR_JOB_QUEUE_FULL,
     "Failure: the job queue is full; it takes new jobs when old ones are archived"},
    {ERR_TYPE_ENFORCEMENT, "Parameter Error: %s"},
    {ERR_PARAMETER, "Failure: wrong parameter: %s"},
    {ERR_NO_MASTER, "Cannot communicate with the queue daemon: %s\nIs ganeti-luxid running?"},
    {ERR_TIMEOUT,
     "Timeout while talking to the master: %s\nWhat was submitted goes on all the same; see "
     "gnt-job list."},
    {ERR_PERMISSION, "You may not talk to the master: %s\nTry again as root."},
    {ERR_PROTOCOL, "Unhandled protocol error while talking to the master:\n%s"},
    {ERR_JOB_LOST, "Error checking job status: %s"},
    {ERR_QUERY_FILTER_PARSE, "Error while parsing query filter: %s"},
    {ERR_JOB_SUBMITTED_EXCEPTION, "JobID: %s"},
    {ERR_GENERIC, "Unhandled error: %s"},
};

/* One line for each hook that failed; the argument is a list of [node, script, output]. */
static char *hooks_text(const struct json *failures)
{
    GString *out = g_string_new("Failure: hooks execution failed:");

    for (size_t i = 0; i < json_len(failures); i++) {
        const struct json *failure = json_at(failures, i);
        g_autofree char *node = NULL, *script = NULL, *output = NULL;

        if (json_kind(failure) != JSON_ARRAY || json_len(failure) != 3) {
            continue;
        }
        node = pyrepr_str(json_at(failure, 0));
        script = pyrepr_str(json_at(failure, 1));
        output = json_at(failure, 2) != NULL ? pyrepr_str(json_at(failure, 2)) : g_strdup("");
        g_string_append_printf(out, "\n  node: %s, script: %s%s%s", node, script,
                               *output != '\0' ? ", output: " : " (no output)", output);
    }
    return g_string_free(out, FALSE);
}

static char *fill(const char *format, const char *message)
{
    const char *place = strstr(format, "%s");

    return place == NULL
               ? g_strdup(format)
               : g_strdup_printf("%.*s%s%s", (int)(place - format), format, message, place + 2);
}

char *error_text(const GError *error)
{
    const struct json *args = err_args(error);

    if (err_is(error, ERR_HOOKS_ABORT) && args != NULL && json_len(args) == 1 &&
        json_kind(json_at(args, 0)) == JSON_ARRAY) {
        return hooks_text(json_at(args, 0));
    }
    if (err_is(error, ERR_OP_PREREQ) && err_ecode(error) != ECODE_NONE) {
        return g_strdup_printf("Failure: prerequisites not met for this operation:\n"
                               "error type: %s, error details:\n%s",
                               err_ecode_word(err_ecode(error)), error->message);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (err_is(error, rows[i].error_class)) {
            return fill(rows[i].format, error->message);
        }
    }
    return g_strdup(error->message);
}

int error_exit_code(const GError *error)
{
    if (error->domain == CLI_USAGE_ERROR) {
        return EXIT_USAGE;
    }
    if (err_is(error, ERR_CONFIGURATION)) {
        return EXIT_CONFIGURATION;
    }
    return err_is(error, ERR_JOB_SUBMITTED_EXCEPTION) ? C_EXIT_SUCCESS : C_EXIT_FAILURE;
}
