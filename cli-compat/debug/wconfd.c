/* gnt-debug wconfd: a few calls of the configuration daemon by hand (lib/client/gnt_debug.py
 * Wconfd).
 */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/parse.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/pyrepr.h"
#include "compat-config/replica/wconfd-client.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "jobs/queue/launch-protocol.h"

static const struct {
    const char *word;
    enum method_id method;
    size_t n_args;
    const char *done; /* printed instead of the answer; NULL: the answer is printed */
} calls[] = {
    {"echo", METHOD_wconfd_echo, 1, NULL},
    {"cleanuplocks", METHOD_wconfd_cleanup_locks, 0, "Stale locks cleaned up."},
    {"listlocks", METHOD_wconfd_list_locks, 1, NULL},
    {"listalllocks", METHOD_wconfd_list_all_locks, 0, NULL},
    {"listalllocksowners", METHOD_wconfd_list_all_locks_owners, 0, NULL},
    {"flushconfig", METHOD_wconfd_flush_config, 0, "Configuration flushed."},
};

static bool call_method(struct wconfd_client *client, enum method_id method, const char *arg,
                        struct json **ret, GError **errp)
{
    if (method == METHOD_wconfd_echo) {
        const struct method_wconfd_echo args = {.has = {.text = true}, .text = (char *)arg};

        return wconfd_call(client, method, &args, ret, errp);
    }
    if (method == METHOD_wconfd_list_locks) {
        g_autofree char *livelock = NULL;
        struct method_wconfd_list_locks args = {.has = {.client = true}};
        struct client_id *self;
        int64_t job;
        bool ok;

        if (!parse_int64(arg, 1, INT64_MAX, &job, NULL)) {
            return err_fail(errp, ERR_PARAMETER, ECODE_NONE, "'%s' is no number of a job", arg);
        }
        livelock = launch_livelock_path(job);
        self = wconfd_identity(job, NULL, livelock);
        args.client = *self;
        ok = wconfd_call(client, method, &args, ret, errp);
        fact_object_free(&fact_object_client_id, self);
        return ok;
    }
    return wconfd_call(client, method, NULL, ret, errp);
}

static bool talk(struct cli_run *run, size_t i, GError **errp)
{
    CLEANUP(wconfd_client_freep)
    struct wconfd_client *client = wconfd_client_connect(NULL, NULL, errp);
    CLEANUP(json_unrefp) struct json *answer = NULL;

    if (client == NULL || !call_method(client, calls[i].method, run->args[1], &answer, errp)) {
        return false;
    }
    if (calls[i].done != NULL) {
        run_print(run, "%s", calls[i].done);
    } else {
        g_autofree char *text = pyrepr_str(answer);

        run_print(run, "Answer: %s", text);
    }
    return true;
}

bool cmd_debug_wconfd(struct cli_run *run, GError **errp)
{
    size_t given = g_strv_length((char **)run->args) - 1;

    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        if (strcmp(calls[i].word, run->args[0]) != 0) {
            continue;
        }
        if (given != calls[i].n_args) {
            run_warn(run, "Command '%s' takes %s.", calls[i].word,
                     calls[i].n_args == 0 ? "no arguments" : "one argument");
            run->exit_code = C_EXIT_FAILURE;
            return true;
        }
        return talk(run, i, errp);
    }
    run_warn(run, "There is no command '%s'", run->args[0]);
    run->exit_code = C_EXIT_FAILURE;
    return true;
}
