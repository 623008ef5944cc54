/* Questions to the person at the terminal (lib/cli.py AskUser, ConfirmOperation). Without a
 * terminal the answer is no. */
#ifndef GANTRY_CLI_COMPAT_CORE_CONFIRM_H
#define GANTRY_CLI_COMPAT_CORE_CONFIRM_H

#include <glib.h>
#include <stdbool.h>

/* Asks a yes-or-no question. */
bool confirm_ask(const char *question);

/* "The STARTUP will operate on 3 INSTANCES" with their names; extra (may be NULL) is a line of its
 * own in front of the question. names is NULL-terminated. */
bool confirm_operation(const char *const *names, const char *kind, const char *operation,
                       const char *extra);

#endif
