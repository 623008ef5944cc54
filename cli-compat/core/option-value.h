/* The text of an option's value, read as the option's row says (enum cli_value of facts/cli.h). */
#ifndef GANTRY_CLI_COMPAT_CORE_OPTION_VALUE_H
#define GANTRY_CLI_COMPAT_CORE_OPTION_VALUE_H

#include <glib.h>
#include <stdbool.h>

struct cli_option;
struct json;

/* What was typed is no legal command line: programs print their usage and end with code 2. */
#define CLI_USAGE_ERROR (cli_usage_error_quark())
GQuark cli_usage_error_quark(void);
enum cli_usage_error {
    CLI_USAGE_ERROR_OPTION, /* no such option, a value too few or too many */
    CLI_USAGE_ERROR_VALUE,
};

/* flag is the spelling that errors name. On success *ret_value is owned by the caller, a text,
 * number, list or object (booleans for yes and no, NULL for null). Errors: CLI_USAGE_ERROR_VALUE,
 * or ERR_PARAMETER for values with an inner structure, for which the reference ends with code 1
 * (lib/cli_opts.py: checkers raise ParameterError there). */
bool cli_value_parse(const struct cli_option *option, const char *flag, const char *text,
                     struct json **ret_value, GError **errp);

#endif
