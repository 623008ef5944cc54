/* Hooks: programs of the site that run before and after operations (backend.py HooksRunner). */
#include "config.h"

#include "noded/backend/hooks.h"

#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "compat-config/paths/paths.h"
#include "compat-config/ssconf/ssconf.h"
#include "facts/constants.h"
#include "noded/backend/common.h"

static bool is_hook(const char *name, const char *path)
{
    return backend_is_plugin_name(name) && g_file_test(path, G_FILE_TEST_IS_REGULAR) &&
           access(path, X_OK) == 0;
}

static void add_result(struct json *results, const char *name, int64_t status, const char *output)
{
    struct json *item = json_new_array();

    json_append(item, json_new_string(name));
    json_append(item, json_new_int(status));
    json_append(item, json_new_string(output));
    json_append(results, item);
}

/* Nothing in the environment but what the master gives (RunCmd with reset_env). */
static struct cmd *hook_cmd(const char *path, const struct json *env)
{
    struct json_iter it = json_iter_begin(env);
    struct cmd *cmd = cmd_new(path, NULL);

    cmd_set_env(cmd, "PATH", NULL);
    cmd_set_env(cmd, "LC_ALL", NULL);
    while (json_iter_next(&it)) {
        cmd_set_env(cmd, it.key, json_string(it.value));
    }
    return cmd;
}

static void run_hook(struct json *results, const char *name, const char *path,
                     const struct json *env)
{
    CLEANUP(cmd_freep) struct cmd *cmd = hook_cmd(path, env);
    g_autoptr(GError) error = NULL;
    CLEANUP(cmd_result_freep) struct cmd_result *done = cmd_run(cmd, &error);
    g_autofree char *output = NULL, *safe = NULL;

    if (done == NULL) {
        output = g_strdup_printf("Hook script execution error: %s", error->message);
        add_result(results, name, C_HKR_FAIL, output);
        return;
    }
    output = backend_output(done);
    safe = text_safe_encode(g_strstrip(output));
    add_result(results, name, cmd_result_ok(done) ? C_HKR_SUCCESS : C_HKR_FAIL, safe);
}

/* One after the other, in the order of their names: a list of [name, status, output]. */
static struct json *run_hooks(const char *hpath, const char *phase, const struct json *env,
                              GError **errp)
{
    g_autofree char *subdir = g_strdup_printf("%s-%s.d", hpath, phase);
    g_autofree char *dir = g_build_filename(path_get(PATH_HOOKS_BASE_DIR), subdir, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) names = NULL;
    struct json *results;

    if (strcmp(phase, C_HOOKS_PHASE_PRE) != 0 && strcmp(phase, C_HOOKS_PHASE_POST) != 0) {
        noded_error_set(errp, "unknown phase of hooks '%s'", phase);
        return NULL;
    }
    if (*hpath == '\0' || strchr(hpath, '/') != NULL) {
        noded_error_set(errp, "'%s' is not a name of hooks", hpath);
        return NULL;
    }
    if (g_file_test(dir, G_FILE_TEST_IS_DIR)) {
        names = backend_list_visible(dir, &error);
        if (names == NULL) {
            log_warning("hooks are skipped: %s", error->message);
        }
    }
    results = json_new_array();
    for (guint i = 0; names != NULL && i < names->len; i++) {
        const char *file = g_ptr_array_index(names, i);
        g_autofree char *name = g_strdup_printf("%s/%s", subdir, file);
        g_autofree char *path = g_build_filename(dir, file, NULL);

        if (is_hook(file, path)) {
            run_hook(results, name, path, env);
        } else {
            add_result(results, name, C_HKR_SKIP, "");
        }
    }
    return results;
}

NODED_CALL(hooks_runner, NODED_WORKER)
{
    CLEANUP(json_unrefp) struct json *env = json_new_object();
    CLEANUP(json_unrefp) struct json *results = NULL;

    for (size_t i = 0; i < args->env.n; i++) {
        struct json *value = args->env.v[i].value;
        const char *key = args->env.v[i].key;

        if (json_kind(value) != JSON_STRING || *key == '\0' || strchr(key, '=') != NULL) {
            return noded_fail(errp, "variable %s of hooks: the value must be a text", key);
        }
        json_set(env, key, json_ref(value));
    }
    results = run_hooks(args->hpath, args->phase, env, errp);
    if (results == NULL) {
        return false;
    }
    json_write_value(result, results);
    return true;
}

/* --- Hooks of calls that the node makes itself --------------------------------------------------
 */

static void warn(void *data G_GNUC_UNUSED, const char *text)
{
    log_warning("%s", text);
}

static bool run_phase(const struct hooks_about *about, enum hooks_phase phase,
                      const struct hooks_env *own, GError **errp)
{
    CLEANUP(json_unrefp)
    struct json *env = hooks_env_finish(about, phase, own, phase == HOOKS_POST ? own : NULL);
    CLEANUP(json_unrefp)
    struct json *answers = run_hooks(about->path, hooks_phase_word(phase), env, errp);
    struct hooks_result result = {.node_name = g_strdup(backend_node_name())};
    struct hooks_results results = {.v = g_memdup2(&result, sizeof(result)), .n = 1};
    bool ok;

    if (answers != NULL) {
        hooks_result_read(&results.v[0], answers);
    }
    ok = answers != NULL && hooks_results_judge(&results, phase, warn, NULL, errp);
    hooks_results_clear(&results);
    return ok;
}

bool hooks_run_around(const char *opcode, const char *hpath, const struct hooks_env *own,
                      hooks_step *step, const void *data, GError **errp)
{
    const char *dir = path_get(PATH_DATA_DIR);
    g_autofree char *cluster = ssconf_read(dir, SSCONF_cluster_name, NULL, errp);
    g_autofree char *master =
        cluster == NULL ? NULL : ssconf_read(dir, SSCONF_master_node, NULL, errp);
    const struct hooks_about about = {
        .opcode = opcode, .path = hpath, .cluster_name = cluster, .master_name = master};

    return master != NULL && run_phase(&about, HOOKS_PRE, own, errp) && step(data, errp) &&
           run_phase(&about, HOOKS_POST, own, errp);
}
