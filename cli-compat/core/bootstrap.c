#include "config.h"

#include <signal.h>

#include "base/cmd.h"
#include "cli-compat/core/run.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"

/* The whole command line goes there as it was typed; the terminal too, so the interrupt is that
 * program's. */
bool cmd_in_bootstrap(struct cli_run *run, GError **errp)
{
    const char *program = g_getenv("GANTRY_BOOTSTRAP");
    CLEANUP(cmd_freep)
    struct cmd *cmd = cmd_new(program != NULL ? program : path_get(PATH_BOOTSTRAP),
                              cli_programs[run->command->program].name, NULL);
    CLEANUP(cmd_result_freep) struct cmd_result *result = NULL;
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    for (char **word = run->argv + 1; *word != NULL; word++) {
        cmd_add(cmd, *word, NULL);
    }
    cmd_inherit_env(cmd);
    cmd_set_interactive(cmd);
    (void)sigaction(SIGINT, &ignore, NULL);
    result = cmd_run(cmd, errp);
    if (result == NULL) {
        return false;
    }
    run->exit_code = result->exit_code >= 0 ? result->exit_code : C_EXIT_FAILURE;
    return true;
}
