/* Commands whose job submits jobs that make or move instances (lib/client/gnt_node.py EvacuateNode,
 * MigrateNode; gnt_group.py EvacuateGroup). */
#ifndef GANTRY_CLI_COMPAT_CORE_FOLLOW_H
#define GANTRY_CLI_COMPAT_CORE_FOLLOW_H

#include "cli-compat/core/run.h"
#include "facts/opcode.h"

/* Submits the opcode, which is taken over, follows the jobs of its result and tells how that ended:
 * done: "evacuated"; what: "evacuation". Sets run->exit_code. */
bool follow_moves(struct cli_run *run, struct opcode *op, const char *done, const char *what,
                  GError **errp);
/* The same without words at the end; *ret_bad: how many of the jobs failed. Sets nothing. */
bool follow_jobs(struct cli_run *run, struct opcode *op, size_t *ret_bad, GError **errp);

#endif
