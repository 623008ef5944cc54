/* Questions to the person at the terminal (lib/cli.py AskUser, ConfirmOperation). Without a
 * terminal the answer is no. */
#ifndef GANTRY_CLI_COMPAT_CORE_CONFIRM_H
#define GANTRY_CLI_COMPAT_CORE_CONFIRM_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* Asks a yes-or-no question. */
bool confirm_ask(const char *question);

/* Asks for one of several answers; what is typed is compared in lower case. The index of the
 * answer, that of the last one where nothing can be asked. */
struct confirm_choice {
    const char *key;
    const char *text; /* what it means, for those who ask with "?" */
};
size_t confirm_choose(const char *question, const struct confirm_choice *choices, size_t n);

/* "The STARTUP will operate on 3 INSTANCES" with their names; extra (may be NULL) is a line of its
 * own in front of the question. names is NULL-terminated. */
bool confirm_operation(const char *const *names, const char *kind, const char *operation,
                       const char *extra);

#endif
