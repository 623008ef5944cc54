/* The commands that work with node daemons and certificates themselves, for which gnt-* programs
 * would otherwise all link HTTP and TLS: they start this program with their own command line
 * (core/bootstrap.c). */
#include "config.h"

#include <string.h>

#include "base/about.h"
#include "cli-compat/core/main.h"
#include "facts/constants.h"

#define COMMANDS(COMMAND)                                                                          \
    COMMAND(cluster_destroy)                                                                       \
    COMMAND(cluster_init)                                                                          \
    COMMAND(cluster_master_failover)                                                               \
    COMMAND(node_add)

#define COMMAND(name) cli_handler cmd_##name;
COMMANDS(COMMAND)
#undef COMMAND

static cli_handler *const commands[CLI_CMD_COUNT] = {
#define COMMAND(name) [CLI_CMD_##name] = cmd_##name,
    COMMANDS(COMMAND)
#undef COMMAND
};

int main(int argc, char **argv)
{
    static const char help[] =
        "Usage: bootstrap PROGRAM COMMAND ...\n\nCarries out commands of gnt-cluster and "
        "gnt-node for them; start these.\n";
    const struct cli_program *program = argc > 2 ? cli_program_find(argv[1]) : NULL;
    const struct cli_command *command =
        program != NULL ? cli_command_find((enum cli_program_id)(program - cli_programs), argv[2])
                        : NULL;

    if (about_answer(argc, argv, "bootstrap", help)) {
        return C_EXIT_SUCCESS;
    }
    if (command == NULL || commands[command->id] == NULL) {
        g_printerr("%s", help);
        return C_EXIT_FAILURE;
    }
    return cli_main(command->program, commands, argc - 1, argv + 1);
}
