/* The main function of a gnt-* program; core/commands.h shows its use. */
#ifndef GANTRY_CLI_COMPAT_CORE_MAIN_H
#define GANTRY_CLI_COMPAT_CORE_MAIN_H

#include "cli-compat/core/run.h"

/* handlers: by command; those of other programs are NULL. Returns the exit code. */
int cli_main(enum cli_program_id program, cli_handler *const handlers[CLI_CMD_COUNT], int argc,
             char **argv);

#endif
