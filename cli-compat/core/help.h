/* What --help and wrong command lines print; the shape is that of optparse's TitledHelpFormatter,
 * the words come from the rows. */
#ifndef GANTRY_CLI_COMPAT_CORE_HELP_H
#define GANTRY_CLI_COMPAT_CORE_HELP_H

#include <glib.h>

#include "facts/cli.h"

/* Columns of the terminal: $COLUMNS, else 80. */
int help_width(void);

/* All commands of the program; each function appends. */
void help_append_program(GString *out, const struct cli_program *program);
/* How to call the command, with the empty line behind it. */
void help_append_usage(GString *out, const struct cli_command *command);
/* The same, with what it does and its options. width: columns. */
void help_append_command(GString *out, const struct cli_command *command, int width);

#endif
