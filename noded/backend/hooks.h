/* Hooks of this node. */
#ifndef GANTRY_NODED_BACKEND_HOOKS_H
#define GANTRY_NODED_BACKEND_HOOKS_H

#include "jobs/hooks/hooks.h"
#include "noded/backend/call.h"

typedef bool hooks_step(const void *data, GError **errp);

/* Runs step() between the hooks of an operation that this node makes alone (backend.py
 * RunLocalHooks). own: what the hooks are told beyond what all are told. A hook that fails before
 * the step is an error and keeps it from being made; after it, it is a line in the log. */
bool hooks_run_around(const char *opcode, const char *hpath, const struct hooks_env *own,
                      hooks_step *step, const void *data, GError **errp);

#endif
