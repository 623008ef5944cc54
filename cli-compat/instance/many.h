/* Commands on many instances, each a job of its own (lib/client/gnt_instance.py GenericManyOps). */
#ifndef GANTRY_CLI_COMPAT_INSTANCE_MANY_H
#define GANTRY_CLI_COMPAT_INSTANCE_MANY_H

#include <glib.h>
#include <stdbool.h>

#include "cli-compat/core/run.h"
#include "facts/opcode.h"

/* The opcode for one instance, owned by the caller; NULL with an error. data: the caller's. */
typedef struct opcode *instance_op(struct cli_run *run, const char *name, const char *data,
                                   GError **errp);

/* Finds the instances that the arguments mean, asks if there are several, submits and waits.
 * operation: what the question calls it. */
bool instance_many(struct cli_run *run, const char *operation, instance_op *op_for, GError **errp);

/* --- Its steps, for commands that ask more ------------------------------------------------------
 */
/* Names (texts, owned by the array); *ret_many: whether it takes more to confirm the command than
 * for one instance that was named. NULL with an error, also if there are none. */
GPtrArray *instance_find(struct cli_run *run, bool *ret_many, GError **errp);
/* Whether --force-multiple was given or the person says yes; extra (may be NULL): see
 * confirm_operation(). */
bool instance_confirm_many(struct cli_run *run, GPtrArray *names, const char *operation,
                           const char *extra);
/* Sets the exit code. */
bool instance_submit_all(struct cli_run *run, const GPtrArray *names, bool many,
                         instance_op *op_for, const char *data, GError **errp);

#endif
