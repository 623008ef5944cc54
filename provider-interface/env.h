/* The environment of a script. Values may be secret: they reach no log and no error.
 *
 *     CLEANUP(script_env_freep) struct script_env *env = script_env_new();
 *     script_env_set(env, "VOL_NAME", name);
 *     script_env_apply(env, cmd); */
#ifndef GANTRY_PROVIDER_INTERFACE_ENV_H
#define GANTRY_PROVIDER_INTERFACE_ENV_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "facts/objects.h"

struct cmd;

struct script_env;

struct script_env *script_env_new(void);
void script_env_free(struct script_env *env);
DEFINE_CLEANUP(struct script_env *, script_env_free)

/* value NULL: nothing happens. What was set before is replaced. */
void script_env_set(struct script_env *env, const char *name, const char *value);
void script_env_take(struct script_env *env, const char *name, char *value);
/* NULL if there is no such variable. */
const char *script_env_get(const struct script_env *env, const char *name);
/* Names, sorted; NULL-terminated, borrowed until the next change; g_free(). */
const char **script_env_names(const struct script_env *env);

/* A member of an object as Python's str() prints it; only_set: nothing unless it is set and not
 * empty. member: the name in JSON. */
void script_env_set_member(struct script_env *env, const char *name,
                           const struct fact_object *object, const void *value, const char *member,
                           bool only_set);
enum script_names {
    SCRIPT_NAMES_AS_THEY_ARE,
    SCRIPT_NAMES_UPPER,
    SCRIPT_NAMES_UPPER_UNDERSCORE, /* and "-" becomes "_" */
};
/* PREFIX and the name of each parameter. */
void script_env_set_params(struct script_env *env, const char *prefix, enum script_names names,
                           const struct value_map *params);
/* The same for all members of an object that are set. */
void script_env_set_members(struct script_env *env, const char *prefix,
                            const struct fact_object *object, const void *value);
/* A value as Python's str() prints it; allocated. */
char *script_value_text(const struct fact_value *value);
char *script_json_text(const struct json *value);

/* False if a name cannot be that of a variable. */
bool script_env_apply(const struct script_env *env, struct cmd *cmd, GError **errp)
    __attribute__((warn_unused_result));

#endif
