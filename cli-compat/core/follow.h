/* Commands whose job submits jobs that move instances (lib/client/gnt_node.py EvacuateNode,
 * MigrateNode; gnt_group.py EvacuateGroup). */
#ifndef GANTRY_CLI_COMPAT_CORE_FOLLOW_H
#define GANTRY_CLI_COMPAT_CORE_FOLLOW_H

#include "cli-compat/core/run.h"
#include "facts/opcode.h"

/* Submits the opcode, which is taken over, follows the jobs of its result and tells how that ended:
 * done: "evacuated"; what: "evacuation". Sets run->exit_code. */
bool follow_moves(struct cli_run *run, struct opcode *op, const char *done, const char *what,
                  GError **errp);

#endif
