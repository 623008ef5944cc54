/* gnt-cluster destroy (lib/client/gnt_cluster.py DestroyCluster). */
#include "config.h"

#include "base/json.h"
#include "bootstrap/destroy.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/submit.h"
#include "facts/constants.h"
#include "facts/errors.h"

bool cmd_cluster_destroy(struct cli_run *run, GError **errp)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    CLEANUP(json_unrefp) struct json *master = NULL;

    if (!command_line_flag(run->line, CLI_OPT_yes_doit)) {
        run_warn(run, "What is destroyed cannot come back. If you mean it, say --yes-do-it.");
        run->exit_code = C_EXIT_FAILURE;
        return true;
    }
    if (!submit_opcode(run, opcode_new(OP_ID_cluster_destroy), &master, errp)) {
        return false;
    }
    if (json_kind(master) != JSON_STRING) {
        return err_fail(errp, ERR_PROTOCOL, ECODE_NONE, "the job does not tell who was the master");
    }
    if (!cluster_finish_destroy(json_string(master), warnings, errp)) {
        return false;
    }
    for (guint i = 0; i < warnings->len; i++) {
        run_warn(run, "%s", (const char *)warnings->pdata[i]);
    }
    return true;
}
