/* Commands that submit jobs (lib/cli.py SubmitOpCode, SubmitOrSend, JobExecutor).
 *
 *     struct opcode *op = opcode_new(OP_ID_instance_rename);
 *     struct op_instance_rename *params = op->params;
 *
 *     OP_SET_TEXT(params, instance_name, run->args[0]);
 *     OP_SET(params, name_check, command_line_flag(run->line, CLI_OPT_namecheck));
 *     return submit_or_send(run, op, &result, errp);
 *
 * What all opcodes get from the command line (debug level, --dry-run, --priority, --reason and who
 * asks) is added here. Opcodes are taken over. */
#ifndef GANTRY_CLI_COMPAT_CORE_SUBMIT_H
#define GANTRY_CLI_COMPAT_CORE_SUBMIT_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "cli-compat/core/run.h"
#include "facts/opcode.h"

/* Submits the opcode as a job, follows it, and gives its result (owned by the caller; ret_result
 * may be NULL). A job that does not succeed is an error. */
bool submit_opcode(struct cli_run *run, struct opcode *op, struct json **ret_result, GError **errp);
/* The same, but with --submit it does not wait: the error is then ERR_JOB_SUBMITTED_EXCEPTION,
 * which main() prints as the job's number with exit code 0. */
bool submit_or_send(struct cli_run *run, struct opcode *op, struct json **ret_result,
                    GError **errp);

/* A parameter from an option's value (or any JSON) of the parameter's type; value NULL sets
 * nothing. member is one of the fact object's rows: op->row->params. */
bool submit_set_json(struct opcode *op, size_t offset, const struct json *value, GError **errp);
#define SUBMIT_SET_JSON(op, name, member, value, errp)                                             \
    submit_set_json(op, offsetof(struct op_##name, member), value, errp)

/* "Modified node X" and a line for each of [[name, value], ...]; nothing if there are none. The
 * object is the first argument of the command line. */
void submit_print_changes(struct cli_run *run, const char *what, const struct json *changes);

/* --- Several jobs at once -----------------------------------------------------------------------
 */
struct job_set;
/* verbose: their numbers are printed first. */
struct job_set *job_set_new(struct cli_run *run, bool verbose);
void job_set_free(struct job_set *set);
DEFINE_CLEANUP(struct job_set *, job_set_free)

/* A job of n opcodes, to be submitted; name (may be NULL) tells people what it is about. */
void job_set_add(struct job_set *set, const char *name, struct opcode *const *ops, size_t n);
/* A job that was submitted by another one: an element [success, number or text] of its result. */
bool job_set_add_submitted(struct job_set *set, const char *name, const struct json *element,
                           GError **errp);

/* One call for each job instead of one for all: a job that is refused does not hold the others. */
void job_set_submit_each(struct job_set *set);

struct job_set_result {
    bool ok;
    struct json *result; /* the opcodes' results, if ok */
    char *error;         /* else */
};
/* Submits what is to be submitted, and waits for all of them, telling about failures on standard
 * error as they are seen. *ret_results has as many elements as jobs were added, in that order;
 * borrowed from the set. False only if the queue daemon cannot be asked. */
bool job_set_wait(struct job_set *set, const struct job_set_result **ret_results, size_t *ret_n,
                  GError **errp);
/* The same, or with --submit prints only the numbers. *ret_all_ok: whether all jobs succeeded (were
 * submitted). */
bool job_set_wait_or_show(struct job_set *set, bool *ret_all_ok, GError **errp);

/* Follows the jobs that an opcode's result names, if it names some (client/base.py GetResult); sets
 * run->exit_code to 1 if one failed. */
bool submit_follow_jobs(struct cli_run *run, const struct json *result, GError **errp);

#endif
