/* Commands that change filter rules (lib/client/gnt_filter.py). No job is needed for these. */
#include "config.h"

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "facts/constants.h"
#include "facts/luximethods.h"

/* [[source, text, nanoseconds]] of --reason. */
static struct json *reason_of(struct cli_run *run)
{
    const char *reason = command_line_text(run->line, CLI_OPT_reason);
    struct json *trail = json_new_array();

    if (reason != NULL && *reason != '\0') {
        json_append(trail,
                    run_list(3, json_new_string(C_OPCODE_REASON_SRC_USER), json_new_string(reason),
                             json_new_int(g_get_real_time() * 1000)));
    }
    return trail;
}

/* Prints the UUID of the rule; uuid NULL: a new one. */
static bool replace(struct cli_run *run, const char *uuid, GError **errp)
{
    CLEANUP(json_unrefp) struct json *result = NULL;
    struct json *args =
        run_list(5, uuid != NULL ? json_new_string(uuid) : NULL,
                 json_copy(command_line_json(run->line, CLI_OPT_filter_priority)),
                 json_copy(command_line_json(run->line, CLI_OPT_filter_predicates)),
                 json_copy(command_line_json(run->line, CLI_OPT_filter_action)), reason_of(run));

    if (!run_call_for(run, LUXI_replace_filter, args, JSON_STRING, &result, errp)) {
        return false;
    }
    run_print(run, "%s", json_string(result));
    return true;
}

bool cmd_filter_add(struct cli_run *run, GError **errp)
{
    return replace(run, NULL, errp);
}

bool cmd_filter_replace(struct cli_run *run, GError **errp)
{
    return replace(run, run->args[0], errp);
}

bool cmd_filter_delete(struct cli_run *run, GError **errp)
{
    CLEANUP(json_unrefp) struct json *result = NULL;

    return run_call(run, LUXI_delete_filter, run_list(1, json_new_string(run->args[0])), &result,
                    errp);
}
