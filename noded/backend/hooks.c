/* Hooks: programs of the site that run before and after operations (backend.py HooksRunner). */
#include "config.h"

#include "noded/backend/hooks.h"

#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/backend/common.h"

static bool is_hook(const char *name, const char *path)
{
    return backend_is_plugin_name(name) && g_file_test(path, G_FILE_TEST_IS_REGULAR) &&
           access(path, X_OK) == 0;
}

struct hook_sink {
    void (*take)(const char *name, int64_t status, const char *output, void *user);
    void *user;
};

static void write_hook(const char *name, int64_t status, const char *output, void *user)
{
    struct json_writer *result = user;

    json_write_array_begin(result);
    json_write_string(result, name);
    json_write_int(result, status);
    json_write_string(result, output);
    json_write_array_end(result);
}

/* Nothing in the environment but what the master gives (RunCmd with reset_env). */
static struct cmd *hook_cmd(const char *path, char **env)
{
    struct cmd *cmd = cmd_new(path, NULL);

    cmd_set_env(cmd, "PATH", NULL);
    cmd_set_env(cmd, "LC_ALL", NULL);
    for (char **item = env; *item != NULL; item++) {
        g_auto(GStrv) pair = g_strsplit(*item, "=", 2);

        cmd_set_env(cmd, pair[0], pair[1]);
    }
    return cmd;
}

static void run_hook(const struct hook_sink *sink, const char *name, const char *path, char **env)
{
    CLEANUP(cmd_freep) struct cmd *cmd = hook_cmd(path, env);
    g_autoptr(GError) error = NULL;
    CLEANUP(cmd_result_freep) struct cmd_result *done = cmd_run(cmd, &error);
    g_autofree char *output = NULL, *safe = NULL;

    if (done == NULL) {
        output = g_strdup_printf("Hook script execution error: %s", error->message);
        sink->take(name, C_HKR_FAIL, output, sink->user);
        return;
    }
    output = backend_output(done);
    safe = text_safe_encode(g_strstrip(output));
    sink->take(name, cmd_result_ok(done) ? C_HKR_SUCCESS : C_HKR_FAIL, safe, sink->user);
}

static bool run_hooks(const char *hpath, const char *phase, char **env,
                      const struct hook_sink *sink, GError **errp)
{
    g_autofree char *subdir = g_strdup_printf("%s-%s.d", hpath, phase);
    g_autofree char *dir = g_build_filename(path_get(PATH_HOOKS_BASE_DIR), subdir, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) names = NULL;

    if (strcmp(phase, C_HOOKS_PHASE_PRE) != 0 && strcmp(phase, C_HOOKS_PHASE_POST) != 0) {
        return noded_fail(errp, "unknown phase of hooks '%s'", phase);
    }
    if (*hpath == '\0' || strchr(hpath, '/') != NULL) {
        return noded_fail(errp, "'%s' is not a name of hooks", hpath);
    }
    if (g_file_test(dir, G_FILE_TEST_IS_DIR)) {
        names = backend_list_visible(dir, &error);
        if (names == NULL) {
            log_warning("hooks are skipped: %s", error->message);
        }
    }
    for (guint i = 0; names != NULL && i < names->len; i++) {
        const char *file = g_ptr_array_index(names, i);
        g_autofree char *name = g_strdup_printf("%s/%s", subdir, file);
        g_autofree char *path = g_build_filename(dir, file, NULL);

        if (is_hook(file, path)) {
            run_hook(sink, name, path, env);
        } else {
            sink->take(name, C_HKR_SKIP, "", sink->user);
        }
    }
    return true;
}

/* --- Hooks of calls that the node makes itself --------------------------------------------------
 */

struct local_run {
    const char *phase;
    GString *failures; /* of the pre phase */
};

static void judge_hook(const char *name, int64_t status, const char *output, void *user)
{
    struct local_run *run = user;

    if (status != C_HKR_FAIL) {
        return;
    }
    if (strcmp(run->phase, C_HOOKS_PHASE_PRE) == 0) {
        g_string_append_printf(run->failures, "%s%s: %s", run->failures->len > 0 ? "; " : "", name,
                               output);
    } else {
        log_warning("hook %s failed, output: %s", name, *output != '\0' ? output : "(no output)");
    }
}

bool hooks_run_local(const char *hpath, const char *phase, char **env, GError **errp)
{
    g_autoptr(GString) failures = g_string_new(NULL);
    struct local_run run = {.phase = phase, .failures = failures};
    const struct hook_sink sink = {.take = judge_hook, .user = &run};

    if (!run_hooks(hpath, phase, env, &sink, errp)) {
        return false;
    }
    return failures->len == 0 ||
           noded_fail(errp, "hooks on %s failed: %s", backend_node_name(), failures->str);
}

NODED_CALL(hooks_runner, NODED_WORKER)
{
    g_autoptr(GPtrArray) env = g_ptr_array_new_with_free_func(g_free);
    const struct hook_sink sink = {.take = write_hook, .user = result};
    bool ok;

    for (size_t i = 0; i < args->env.n; i++) {
        const struct json *value = args->env.v[i].value;
        const char *key = args->env.v[i].key;

        if (json_kind(value) != JSON_STRING || *key == '\0' || strchr(key, '=') != NULL) {
            return noded_fail(errp, "variable %s of hooks: the value must be a text", key);
        }
        g_ptr_array_add(env, g_strdup_printf("%s=%s", key, json_string(value)));
    }
    g_ptr_array_add(env, NULL);
    json_write_array_begin(result);
    ok = run_hooks(args->hpath, args->phase, (char **)env->pdata, &sink, errp);
    json_write_array_end(result);
    return ok;
}
