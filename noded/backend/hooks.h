/* Hooks of this node. */
#ifndef GANTRY_NODED_BACKEND_HOOKS_H
#define GANTRY_NODED_BACKEND_HOOKS_H

#include "noded/backend/call.h"

/* Runs the hooks of a phase one after the other, in the order of their names, for an operation of
 * this node alone (backend.py RunLocalHooks). env: "NAME=value", NULL-terminated; all that the
 * hooks see (noded/proto/hook-env.h). One that fails before the operation is an error, after it a
 * line in the log. */
bool hooks_run_local(const char *hpath, const char *phase, char **env, GError **errp);

#endif
