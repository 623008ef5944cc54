/* Commands on many instances, each a job of its own (lib/client/gnt_instance.py GenericManyOps). */
#ifndef GANTRY_CLI_COMPAT_INSTANCE_MANY_H
#define GANTRY_CLI_COMPAT_INSTANCE_MANY_H

#include <stdbool.h>

#include "cli-compat/core/run.h"
#include "facts/opcode.h"

/* The opcode for one instance, owned by the caller; NULL with an error. */
typedef struct opcode *instance_op(struct cli_run *run, const char *name, GError **errp);

/* Finds the instances that the arguments mean, asks if there are several, submits and waits.
 * operation: what the question calls it. */
bool instance_many(struct cli_run *run, const char *operation, instance_op *op_for, GError **errp);

#endif
