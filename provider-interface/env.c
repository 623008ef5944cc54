#include "config.h"

#include "provider-interface/env.h"

#include <string.h>

#include "base/cmd.h"
#include "base/json-writer.h"
#include "base/json.h"
#include "base/text.h"
#include "facts/codec.h"
#include "facts/errors.h"

struct script_env {
    GHashTable *vars; /* name to value */
};

struct script_env *script_env_new(void)
{
    struct script_env *env = g_new0(struct script_env, 1);

    env->vars = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return env;
}

void script_env_free(struct script_env *env)
{
    if (env != NULL) {
        g_hash_table_unref(env->vars);
        g_free(env);
    }
}

void script_env_take(struct script_env *env, const char *name, char *value)
{
    if (value != NULL) {
        g_hash_table_replace(env->vars, g_strdup(name), value);
    }
}

void script_env_set(struct script_env *env, const char *name, const char *value)
{
    script_env_take(env, name, g_strdup(value));
}

const char *script_env_get(const struct script_env *env, const char *name)
{
    return g_hash_table_lookup(env->vars, name);
}

static int compare_names(const void *a, const void *b)
{
    return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

const char **script_env_names(const struct script_env *env)
{
    guint n;
    const char **names = (const char **)g_hash_table_get_keys_as_array(env->vars, &n);

    qsort(names, n, sizeof(*names), compare_names);
    return names;
}

/* Containers do not occur among parameters; should one come, its JSON text says what it is. */
char *script_json_text(const struct json *value)
{
    switch (json_kind(value)) {
    case JSON_NULL:
        return g_strdup("None");
    case JSON_BOOL:
        return g_strdup(json_boolean(value) ? "True" : "False");
    case JSON_STRING:
        return g_strdup(json_string(value));
    case JSON_INT:
    case JSON_FLOAT:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return json_to_string(value, JSON_PYTHON);
}

char *script_value_text(const struct fact_value *value)
{
    CLEANUP(json_unrefp) struct json *tree = fact_value_to_json(value);

    return script_json_text(tree);
}

static char *member_text(const void *value, const struct fact_member *member)
{
    GString *text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_PYTHON);
    CLEANUP(json_unrefp) struct json *tree = NULL;
    g_autofree char *encoded = NULL;

    fact_encode(member->spec->type, (const char *)value + member->offset, &w);
    encoded = g_string_free(text, FALSE);
    if (!json_parse(encoded, -1, &tree, NULL)) {
        g_assert_not_reached();
    }
    return script_json_text(tree);
}

void script_env_set_member(struct script_env *env, const char *name,
                           const struct fact_object *object, const void *value, const char *member,
                           bool only_set)
{
    const struct fact_member *row = fact_object_find(object, member);
    bool set = fact_member_is_set(object, value, row);
    g_autofree char *text = set ? member_text(value, row) : g_strdup("None");

    if (!only_set || (set && *text != '\0')) {
        script_env_take(env, name, g_steal_pointer(&text));
    }
}

void script_env_set_params(struct script_env *env, const char *prefix, enum script_names names,
                           const struct value_map *params)
{
    for (size_t i = 0; i < params->n; i++) {
        const char *key = params->v[i].key;
        g_autofree char *shown =
            names == SCRIPT_NAMES_AS_THEY_ARE ? g_strdup(key) : g_ascii_strup(key, -1);
        g_autofree char *name = g_strconcat(prefix, shown, NULL);

        if (names == SCRIPT_NAMES_UPPER_UNDERSCORE) {
            g_strdelimit(name, "-", '_');
        }
        script_env_take(env, name, script_value_text(&params->v[i].value));
    }
}

void script_env_set_members(struct script_env *env, const char *prefix,
                            const struct fact_object *object, const void *value)
{
    for (size_t i = 0; i < object->n_members; i++) {
        const struct fact_member *member = &object->members[i];
        g_autofree char *name = g_strconcat(prefix, member->name, NULL);

        if (fact_member_is_current(member) && fact_member_is_set(object, value, member)) {
            script_env_take(env, name, member_text(value, member));
        }
    }
}

bool script_env_apply(const struct script_env *env, struct cmd *cmd, GError **errp)
{
    GHashTableIter it;
    gpointer name, value;

    g_hash_table_iter_init(&it, env->vars);
    while (g_hash_table_iter_next(&it, &name, &value)) {
        if (*(const char *)name == '\0' || strchr(name, '=') != NULL) {
            return err_fail(errp, ERR_GENERIC, ECODE_NONE,
                            "'%s' cannot be the name of a variable for a script",
                            (const char *)name);
        }
        cmd_set_env(cmd, name, value);
    }
    return true;
}
