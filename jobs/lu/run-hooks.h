/* The hooks of one logical unit, for the processor; and lu_hooks_post_on() for units that take a
 * node away. */
#ifndef GANTRY_JOBS_LU_RUN_HOOKS_H
#define GANTRY_JOBS_LU_RUN_HOOKS_H

#include "jobs/lu/lu.h"

struct lu_hooks {
    struct hooks_env *pre; /* NULL: it has no hooks */
    GPtrArray *pre_nodes, *post_nodes;
};

/* Makes the environment and the lists of nodes. */
bool lu_hooks_begin(struct lu *lu, struct lu_hooks *hooks, GError **errp);
/* Runs the hooks of a phase and hands what they said to the unit. *result: as in hooks_results. */
bool lu_hooks_run(struct lu *lu, struct lu_hooks *hooks, enum hooks_phase phase,
                  struct json **result, GError **errp);
/* The master's hooks for a changed configuration; nobody judges what they say. */
void lu_hooks_config_update(struct lu *lu, struct lu_hooks *hooks);
/* The post hooks on one node before it is gone, which then are not run there any more; what goes
 * wrong is a warning (common.py RunPostHook). node: its name. */
void lu_hooks_post_on(struct lu *lu, const char *node);
void lu_hooks_clear(struct lu_hooks *hooks);

#endif
