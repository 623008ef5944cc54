/* gnt-cluster master-failover (lib/client/gnt_cluster.py MasterFailover). */
#include "config.h"

#include "base/json.h"
#include "bootstrap/failover.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/confirm.h"
#include "facts/constants.h"

/* The option takes a text; only an empty one turns it off. */
static bool without_offline(const struct cli_run *run)
{
    const struct json *given = command_line_json(run->line, CLI_OPT_ignore_offline_nodes);

    return json_kind(given) != JSON_STRING || json_string_len(given) > 0;
}

/* False: it was said why not. */
static bool may_go_on(struct cli_run *run, bool no_voting, GError **errp)
{
    g_autoptr(GPtrArray) unhealthy = NULL;
    g_autofree char *names = NULL;

    if (no_voting) {
        return command_line_flag(run->line, CLI_OPT_confirmed) ||
               confirm_ask("This makes the node the master even if most others are down or know "
                           "better, which can leave a cluster with two truths; see gnt-cluster(8). "
                           "Continue?");
    }
    if (failover_majority_is_healthy(without_offline(run), &unhealthy, errp)) {
        return true;
    }
    if (errp == NULL || *errp == NULL) {
        g_ptr_array_add(unhealthy, NULL);
        names = g_strjoinv(", ", (char **)unhealthy->pdata);
        run_warn(run,
                 "More than half of the nodes must answer for that; without an answer: %s. Only if "
                 "you are certain that no other master can come up, use --no-voting",
                 names);
    }
    return false;
}

bool cmd_cluster_master_failover(struct cli_run *run, GError **errp)
{
    bool no_voting = command_line_flag(run->line, CLI_OPT_novoting);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    bool done, ok = false;

    if (!may_go_on(run, no_voting, &error)) {
        if (error != NULL) {
            g_propagate_error(errp, g_steal_pointer(&error));
            return false;
        }
        run->exit_code = C_EXIT_FAILURE;
        return true;
    }
    done = failover_to_this_node(no_voting, &ok, warnings, errp);
    for (guint i = 0; i < warnings->len; i++) {
        run_warn(run, "%s", (const char *)warnings->pdata[i]);
    }
    run->exit_code = ok ? C_EXIT_SUCCESS : C_EXIT_FAILURE;
    return done;
}
