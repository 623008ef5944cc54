#include "config.h"

#include "noded/proto/hook-env.h"

#include <string.h>

#include "compat-config/paths/paths.h"
#include "facts/constants.h"

#define PREFIX      "GANETI_"
#define POST_PREFIX PREFIX "POST_"

static void add(GPtrArray *env, const char *name, const char *value)
{
    if (value != NULL) {
        g_ptr_array_add(env, g_strconcat(name, "=", value, NULL));
    }
}

GPtrArray *hook_env_new(const struct hook_run *run)
{
    GPtrArray *env = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *version = g_strdup_printf("%d", C_HOOKS_VERSION);

    add(env, "PATH", C_HOOKS_PATH);
    add(env, PREFIX "HOOKS_VERSION", version);
    add(env, PREFIX "OP_CODE", run->opcode);
    add(env, PREFIX "DATA_DIR", path_get(PATH_DATA_DIR));
    add(env, PREFIX "HOOKS_PHASE", run->phase);
    add(env, PREFIX "HOOKS_PATH", run->path);
    add(env, PREFIX "OBJECT_TYPE", run->object);
    add(env, PREFIX "CLUSTER", run->cluster);
    add(env, PREFIX "MASTER", run->master);
    return env;
}

void hook_env_add(GPtrArray *env, const char *phase, const char *const *vars)
{
    const char *prefix = strcmp(phase, C_HOOKS_PHASE_POST) == 0 ? POST_PREFIX : PREFIX;

    for (; *vars != NULL; vars++) {
        g_ptr_array_add(env, g_strconcat(prefix, *vars, NULL));
    }
}
