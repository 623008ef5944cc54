/* What every hook finds in its environment (reference: lib/hooksmaster.py). */
#ifndef GANTRY_NODED_PROTO_HOOK_ENV_H
#define GANTRY_NODED_PROTO_HOOK_ENV_H

#include <glib.h>

struct hook_run {
    const char *opcode;  /* wire id */
    const char *path;    /* of the hooks, without phase */
    const char *phase;   /* C_HOOKS_PHASE_PRE, C_HOOKS_PHASE_POST */
    const char *object;  /* C_HTYPE_NODE ...; NULL: not about one */
    const char *cluster; /* NULL: not told */
    const char *master;  /* name; NULL: not told */
};

/* "NAME=value" texts, freed with the array: what is the same for all operations. */
GPtrArray *hook_env_new(const struct hook_run *run);
/* Adds what the operation tells about itself, "NAME=value", NULL-terminated. Its state before the
 * operation goes into both phases, its state afterwards only into the post phase:
 *
 *     hook_env_add(env, C_HOOKS_PHASE_PRE, before);       GANETI_NAME=value
 *     hook_env_add(env, C_HOOKS_PHASE_POST, afterwards);  GANETI_POST_NAME=value */
void hook_env_add(GPtrArray *env, const char *phase, const char *const *vars);

#endif
