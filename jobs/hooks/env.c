/* The environment of hooks. */
#include "config.h"

#include "jobs/hooks/hooks.h"

#include "base/json-writer.h"
#include "base/json.h"
#include "compat-config/paths/paths.h"

struct hooks_env {
    struct json *variables; /* name to text */
};

const char *hooks_phase_word(enum hooks_phase phase)
{
    return phase == HOOKS_PRE ? C_HOOKS_PHASE_PRE : C_HOOKS_PHASE_POST;
}

struct hooks_env *hooks_env_new(void)
{
    struct hooks_env *env = g_new(struct hooks_env, 1);
    env->variables = json_new_object();
    return env;
}

void hooks_env_free(struct hooks_env *env)
{
    if (env != NULL) {
        json_unref(env->variables);
        g_free(env);
    }
}

void hooks_env_set(struct hooks_env *env, const char *name, const char *value)
{
    json_set(env->variables, name, json_new_string(value != NULL ? value : "None"));
}

void hooks_env_setf(struct hooks_env *env, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *value = g_strdup_vprintf(format, args);
    va_end(args);
    hooks_env_set(env, name, value);
}

void hooks_env_set_bool(struct hooks_env *env, const char *name, bool value)
{
    hooks_env_set(env, name, value ? "True" : "False");
}

void hooks_env_set_int(struct hooks_env *env, const char *name, int64_t value)
{
    hooks_env_setf(env, name, "%" G_GINT64_FORMAT, value);
}

void hooks_env_set_words(struct hooks_env *env, const char *name, const char *const *words,
                         size_t n)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (size_t i = 0; i < n; i++) {
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", words[i]);
    }
    hooks_env_set(env, name, text->str);
}

void hooks_env_set_value(struct hooks_env *env, const char *name, const struct fact_value *value)
{
    g_autoptr(GString) text = g_string_new(NULL);
    switch (value != NULL ? value->kind : JSON_NULL) {
    case JSON_NULL:
        hooks_env_set(env, name, NULL);
        return;
    case JSON_BOOL:
        hooks_env_set_bool(env, name, value->boolean);
        return;
    case JSON_STRING:
        hooks_env_set(env, name, value->text);
        return;
    case JSON_INT:
        hooks_env_set_int(env, name, value->integer);
        return;
    case JSON_FLOAT: {
        struct json_writer w = json_writer_init(text, JSON_PYTHON);
        json_write_double(&w, value->number);
        break;
    }
    case JSON_ARRAY:
    case JSON_OBJECT: {
        struct json_writer w = json_writer_init(text, JSON_PYTHON);
        json_write_value(&w, value->tree);
        break;
    }
    }
    hooks_env_set(env, name, text->str);
}

const char *hooks_env_get(const struct hooks_env *env, const char *name)
{
    const struct json *value = json_get(env->variables, name);
    return value != NULL ? json_string(value) : NULL;
}

static void add_all(struct json *out, const struct hooks_env *env, const char *prefix)
{
    struct json_iter it = json_iter_begin(env->variables);
    while (json_iter_next(&it)) {
        g_autofree char *name = g_strconcat(prefix, it.key, NULL);
        json_set(out, name, json_ref(it.value));
    }
}

static void add_text(struct json *out, const char *name, const char *value)
{
    if (value != NULL) {
        json_set(out, name, json_new_string(value));
    }
}

struct json *hooks_env_finish(const struct hooks_about *about, enum hooks_phase phase,
                              const struct hooks_env *pre, const struct hooks_env *post)
{
    struct json *out = json_new_object();
    g_autofree char *version = g_strdup_printf("%d", C_HOOKS_VERSION);
    add_text(out, "PATH", C_HOOKS_PATH);
    add_text(out, "GANETI_HOOKS_VERSION", version);
    add_text(out, "GANETI_OP_CODE", about->opcode);
    add_text(out, "GANETI_DATA_DIR", path_get(PATH_DATA_DIR));
    add_text(out, "GANETI_HOOKS_PHASE", hooks_phase_word(phase));
    add_text(out, "GANETI_HOOKS_PATH", about->path);
    add_text(out, "GANETI_OBJECT_TYPE", about->object);
    add_text(out, "GANETI_CLUSTER", about->cluster_name);
    add_text(out, "GANETI_MASTER", about->master_name);
    if (pre != NULL) {
        add_all(out, pre, "GANETI_");
    }
    if (post != NULL) {
        add_all(out, post, "GANETI_POST_");
    }
    return out;
}
