/* The functions of all commands, as the rows of facts/clicommands.def name them. */
#ifndef GANTRY_CLI_COMPAT_CORE_COMMANDS_H
#define GANTRY_CLI_COMPAT_CORE_COMMANDS_H

#include "cli-compat/core/run.h"

#define COMMAND(ident, program, name, handler, flags, columns, usage, doc, args, opts)             \
    cli_handler cmd_##handler;
#include "facts/clicommands.def"

#endif
