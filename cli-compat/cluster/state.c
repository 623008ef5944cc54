/* What the cluster's daemons are told to do: the master, the queue, the watcher. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/master.h"
#include "cli-compat/core/time-text.h"
#include "cli-compat/core/timespec.h"
#include "facts/errors.h"

bool cmd_cluster_getmaster(struct cli_run *run, GError **errp)
{
    g_autofree char *name = master_name(errp);

    if (name == NULL) {
        return false;
    }
    run_print(run, "%s", name);
    return true;
}

/* Only the exit code tells. */
bool cmd_cluster_master_ping(struct cli_run *run, GError **errp G_GNUC_UNUSED)
{
    CLEANUP(json_unrefp) struct json *answer = NULL;
    bool ok = run_call(run, LUXI_query_cluster_info, NULL, &answer, NULL);

    run->exit_code = ok ? EXIT_SUCCESS : EXIT_FAILURE;
    return true;
}

static bool unknown_word(const struct cli_run *run, GError **errp)
{
    return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "'%s' is none of: %s", run->args[0],
                    run->command->args[0].choices);
}

/* One value of QueryConfigValues, owned by the caller. */
static bool query_value(struct cli_run *run, const char *name, struct json **ret_value,
                        GError **errp)
{
    CLEANUP(json_unrefp) struct json *values = NULL;

    if (!run_call_for(run, LUXI_query_config_values,
                      run_list(1, run_list(1, json_new_string(name))), JSON_ARRAY, &values, errp)) {
        return false;
    }
    if (json_len(values) != 1) {
        return err_fail(errp, ERR_PROTOCOL, ECODE_NONE, "the master does not tell %s", name);
    }
    *ret_value = json_ref(json_at(values, 0));
    return true;
}

/* ---- queue ---- */

static bool set_drain_flag(struct cli_run *run, bool drain, GError **errp)
{
    CLEANUP(json_unrefp) struct json *answer = NULL;

    return run_call(run, LUXI_set_drain_flag, run_list(1, json_new_bool(drain)), &answer, errp);
}

bool cmd_cluster_queue(struct cli_run *run, GError **errp)
{
    const char *word = run->args[0];
    CLEANUP(json_unrefp) struct json *drained = NULL;

    if (strcmp(word, "drain") == 0 || strcmp(word, "undrain") == 0) {
        return set_drain_flag(run, *word == 'd', errp);
    }
    if (strcmp(word, "info") != 0) {
        return unknown_word(run, errp);
    }
    if (!query_value(run, "drain_flag", &drained, errp)) {
        return false;
    }
    run_print(run, "The drain flag is %s",
              json_kind(drained) == JSON_BOOL && json_boolean(drained) ? "set" : "unset");
    return true;
}

/* ---- watcher ---- */

/* until: seconds since 1970, or null. */
static void print_pause(struct cli_run *run, const struct json *until)
{
    bool is_number = json_kind(until) == JSON_INT || json_kind(until) == JSON_FLOAT;
    double now = (double)g_get_real_time() / G_USEC_PER_SEC;
    g_autofree char *text = NULL;

    if (!is_number || json_double(until) < now) {
        run_print(run, "The watcher is not paused.");
        return;
    }
    text = time_text_long((int64_t)json_double(until));
    run_print(run, "The watcher is paused until %s.", text);
}

static bool pause_watcher(struct cli_run *run, const char *timespec, GError **errp)
{
    CLEANUP(json_unrefp) struct json *answer = NULL;
    int64_t seconds;
    double until;

    if (timespec == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "for how long? Say 30m or 1h");
    }
    if (!timespec_parse(timespec, &seconds, errp)) {
        return false;
    }
    until = (double)g_get_real_time() / G_USEC_PER_SEC + (double)seconds;
    if (!run_call(run, LUXI_set_watcher_pause, run_list(1, json_new_double(until)), &answer,
                  errp)) {
        return false;
    }
    print_pause(run, answer);
    return true;
}

bool cmd_cluster_watcher(struct cli_run *run, GError **errp)
{
    const char *word = run->args[0];
    CLEANUP(json_unrefp) struct json *answer = NULL;

    if (strcmp(word, "pause") == 0) {
        return pause_watcher(run, run->args[1], errp);
    }
    if (strcmp(word, "continue") == 0) {
        if (!run_call(run, LUXI_set_watcher_pause, run_list(1, NULL), &answer, errp)) {
            return false;
        }
        run_print(run, "The watcher is no longer paused.");
        return true;
    }
    if (strcmp(word, "info") != 0) {
        return unknown_word(run, errp);
    }
    if (!query_value(run, "watcher_pause", &answer, errp)) {
        return false;
    }
    print_pause(run, answer);
    return true;
}
