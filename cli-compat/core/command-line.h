/* The options and arguments of one command line, by the rules of Python's optparse as the reference
 * uses it.
 *
 *  - long options may be shortened as long as they stay unambiguous; a value follows as the next
 * word or behind "=";
 *  - short options may be bundled (-vF), and a value may follow directly (-oname);
 *  - the first word that is no option ends the options, and so does "--", which is dropped. "-"
 * alone is an argument.
 *
 * Values are kept under the dest of the option's row, so options that share a dest replace each
 * other's value. */
#ifndef GANTRY_CLI_COMPAT_CORE_COMMAND_LINE_H
#define GANTRY_CLI_COMPAT_CORE_COMMAND_LINE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "facts/cli.h"

struct command_line;
struct json;

/* words: what stands behind the command, NULL-terminated. Errors: CLI_USAGE_ERROR, ERR_PARAMETER
 * (option-value.h). */
struct command_line *command_line_parse(const struct cli_command *command, const char *const *words,
                                        GError **errp);
void command_line_free(struct command_line *line);
DEFINE_CLEANUP(struct command_line *, command_line_free)

/* --help was seen; what stands behind it was not looked at. */
bool command_line_want_help(const struct command_line *line);
/* NULL-terminated, borrowed. */
const char *const *command_line_args(const struct command_line *line);
/* Texts for standard error: deprecated options that were used. NULL-terminated, borrowed. */
const char *const *command_line_warnings(const struct command_line *line);

/* Whether the command has an option with that dest. */
bool command_line_has(const struct command_line *line, enum cli_option_id option);
/* The value of the option's dest, borrowed; the command must have an option with it.
 * A value that was not given is the default of the row. */
const struct json *command_line_json(const struct command_line *line, enum cli_option_id option);
/* The same for options that are on or off. */
bool command_line_flag(const struct command_line *line, enum cli_option_id option);
/* NULL: not given. */
const char *command_line_text(const struct command_line *line, enum cli_option_id option);
/* `missing` if there is no value. */
int64_t command_line_int(const struct command_line *line, enum cli_option_id option,
                         int64_t missing);

#endif
