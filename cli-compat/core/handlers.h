/* Makes the table `handlers` of one program's commands; see main.h. Included once, by the program's
 * main.c. */
#ifndef GANTRY_CLI_COMPAT_CORE_HANDLERS_H
#define GANTRY_CLI_COMPAT_CORE_HANDLERS_H

#include "cli-compat/core/main.h"

/* MINE_<program> is defined as MINE for one program, so that PICK takes `mine` for its rows; for
 * the others the name stays a word without meaning, and PICK takes `other`. */
#define MINE                       ~, TAKE_FIRST
#define TAKE_FIRST(mine, other)    mine
#define TAKE_SECOND(mine, other)   other
#define SECOND(first, second, ...) second
#define CHOOSE(...)                SECOND(__VA_ARGS__)
#define PICK(program, mine, other) CHOOSE(MINE_##program, TAKE_SECOND, ~)(mine, other)

static cli_handler *const handlers[CLI_CMD_COUNT] = {
#define COMMAND(ident, program, name, handler, flags, columns, usage, doc, args, opts)             \
    [CLI_CMD_##ident] = PICK(program, cmd_##handler, NULL),
#include "facts/clicommands.def"
};

#endif
