/* The main function of a gnt-* program.
 *
 * Its rows of facts/clicommands.def become its table of handlers; the program's main.c is
 *
 *     #include "cli-compat/core/main.h"
 *
 *     #define MINE_node MINE
 *     #include "cli-compat/core/handlers.h"
 *
 *     int main(int argc, char **argv)
 *     {
 *         return cli_main(CLI_PROG_node, handlers, argc, argv);
 *     }
 *
 * A command without its function cmd_<handler> does not link; one that this release lacks is a line
 * `#define cmd_<handler> cmd_not_available` in front of the include. */
#ifndef GANTRY_CLI_COMPAT_CORE_MAIN_H
#define GANTRY_CLI_COMPAT_CORE_MAIN_H

#include "cli-compat/core/commands.h"

/* handlers: by command; those of other programs are NULL. Returns the exit code. */
int cli_main(enum cli_program_id program, cli_handler *const handlers[CLI_CMD_COUNT], int argc,
             char **argv);

#endif
