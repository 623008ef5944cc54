/* The functions of all commands, as the rows of facts/clicommands.def name them, and the table of a
 * program's own.
 *
 * The main.c of a program says which rows are its own, and which of their commands this release
 * lacks, in front of the include:
 *
 *     #define cmd_node_add cmd_not_available
 *     #define MINE_node MINE
 *     #include "cli-compat/core/commands.h"
 *
 *     int main(int argc, char **argv)
 *     {
 *         return cli_main(CLI_PROG_node, commands, argc, argv);
 *     }
 *
 * A command without its function does not link. */
#ifndef GANTRY_CLI_COMPAT_CORE_COMMANDS_H
#define GANTRY_CLI_COMPAT_CORE_COMMANDS_H

#include "cli-compat/core/main.h"

#define COMMAND(ident, program, name, handler, flags, columns, usage, doc, args, opts)             \
    cli_handler cmd_##handler;
#include "facts/clicommands.def"

/* MINE_<program> is defined as MINE for one program, so that PICK takes `mine` for its rows; for
 * the others the name stays a word without meaning, and PICK takes `other`. */
#define MINE                       ~, TAKE_FIRST
#define TAKE_FIRST(mine, other)    mine
#define TAKE_SECOND(mine, other)   other
#define SECOND(first, second, ...) second
#define CHOOSE(...)                SECOND(__VA_ARGS__)
#define PICK(program, mine, other) CHOOSE(MINE_##program, TAKE_SECOND, ~)(mine, other)

static cli_handler *const commands[CLI_CMD_COUNT] __attribute__((unused)) = {
#define COMMAND(ident, program, name, handler, flags, columns, usage, doc, args, opts)             \
    [CLI_CMD_##ident] = PICK(program, cmd_##handler, NULL),
#include "facts/clicommands.def"
};

#endif
