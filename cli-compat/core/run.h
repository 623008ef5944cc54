/* One run of a gnt-* command: what a handler gets, prints with and asks the master through. */
#ifndef GANTRY_CLI_COMPAT_CORE_RUN_H
#define GANTRY_CLI_COMPAT_CORE_RUN_H

#include <glib.h>
#include <stdbool.h>

#include "base/json.h"
#include "cli-compat/core/command-line.h"
#include "facts/luximethods.h"

struct info;
struct luxi_client;

struct cli_run {
    const struct cli_command *command;
    struct command_line *line;
    char **argv;             /* as it was typed, program and command first */
    const char *const *args; /* arguments, as many as the command's row allows */
    GString *out;  /* standard output; written when the command ends or run_flush() is called */
    int exit_code; /* of success; 0 unless the handler sets it */
    struct luxi_client *client; /* of run_call(); NULL until first used */
};

/* Does the command. Its error ends the program with error_exit_code() of error-text.h. */
typedef bool cli_handler(struct cli_run *run, GError **errp);

/* For commands that stand in cli-compat/bootstrap. */
bool cmd_in_bootstrap(struct cli_run *run, GError **errp);
/* For commands that this release lacks. */
bool cmd_not_available(struct cli_run *run, GError **errp);

/* Appends a line to the output. */
void run_print(struct cli_run *run, const char *format, ...) G_GNUC_PRINTF(2, 3);
void run_print_info(struct cli_run *run, const struct info *info);
/* Writes the output so far. False (FS_ERROR) if that fails. */
bool run_flush(struct cli_run *run, GError **errp);
/* A line on standard error, behind the output so far. */
void run_warn(struct cli_run *run, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Calls a method of the queue daemon, connecting first if necessary. args (a list, or NULL for
 * none) is taken over; *ret_result is owned by the caller. Without a daemon the error tells whether
 * this node is no master. */
bool run_call(struct cli_run *run, enum luxi_method_id method, struct json *args,
              struct json **ret_result, GError **errp);
/* The same, with the answer as its JSON text, borrowed until the next call. */
bool run_call_text(struct cli_run *run, enum luxi_method_id method, struct json *args,
                   const char **ret_text, size_t *ret_len, GError **errp);
/* As run_call(); the answer must be of that kind, else ERR_PROTOCOL. */
bool run_call_for(struct cli_run *run, enum luxi_method_id method, struct json *args,
                  enum json_kind kind, struct json **ret_result, GError **errp);

/* Calls a method whose answer is a list of rows of n values each (ERR_PROTOCOL otherwise). */
bool run_query_rows(struct cli_run *run, enum luxi_method_id method, struct json *args, size_t n,
                    struct json **ret_rows, GError **errp);
/* A query of the old style (names, fields, no locks): a list of rows, each with as many values as
 * there are fields (ERR_PROTOCOL otherwise). names and fields are NULL-terminated. */
bool run_query_old(struct cli_run *run, enum luxi_method_id method, const char *const *names,
                   const char *const *fields, struct json **ret_rows, GError **errp);

/* A list of n values (struct json *), taken over. */
struct json *run_list(size_t n, ...);
/* A list of texts; texts is NULL-terminated. */
struct json *run_texts(const char *const *texts);

#endif
