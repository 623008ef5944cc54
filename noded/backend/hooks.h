/* Hooks of this node. */
#ifndef GANTRY_NODED_BACKEND_HOOKS_H
#define GANTRY_NODED_BACKEND_HOOKS_H

#include "noded/backend/call.h"

/* Runs the hooks of a phase one after the other, in the order of their names, and writes the list
 * of [name, status, output] (backend.py HooksRunner). env: "NAME=value", NULL-terminated; all that
 * the hooks see. */
bool hooks_run(const char *hpath, const char *phase, char **env, struct json_writer *result,
               GError **errp);

#endif
