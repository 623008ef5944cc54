/* Following a job until it ends (lib/cli.py GenericPollJob). */
#ifndef GANTRY_CLI_COMPAT_CORE_JOB_POLL_H
#define GANTRY_CLI_COMPAT_CORE_JOB_POLL_H

#include <glib.h>
#include <stdbool.h>

#include "cli-compat/core/run.h"

/* Waits until the job has ended; id is a number as typed. print: show its messages on standard
 * output as they come, and on standard error what it waits for. On success *ret_result (may be
 * NULL) is the list of the opcodes' results, owned by the caller. A job that did not succeed is an
 * error: the one that its opcode ended with, ERR_JOB_CANCELED, ERR_JOB_LOST or ERR_OP_EXEC. */
bool job_poll(struct cli_run *run, const char *id, bool print, struct json **ret_result,
              GError **errp);

/* The text of a log entry in one line of ASCII; allocated. */
char *job_log_text(const struct json *message);

#endif
