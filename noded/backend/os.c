/* Operating systems. */
#include "config.h"

#include "noded/backend/os.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "os-interface/os.h"

static void write_parameters(struct json_writer *result, const struct os_definition *os)
{
    json_write_array_begin(result);
    for (size_t i = 0; i < os->n_parameters; i++) {
        const struct os_parameter *row = &os->parameters[i];

        json_write_array_begin(result);
        if (row->name != NULL) {
            json_write_string(result, row->name);
        }
        if (row->help != NULL) {
            json_write_string(result, row->help);
        }
        json_write_array_end(result);
    }
    json_write_array_end(result);
}

static void write_variants(struct json_writer *result, const struct os_definition *os)
{
    json_write_array_begin(result);
    for (char **variant = os->variants; variant != NULL && *variant != NULL; variant++) {
        json_write_string(result, *variant);
    }
    json_write_array_end(result);
}

static void write_api_versions(struct json_writer *result, const struct os_definition *os)
{
    json_write_array_begin(result);
    for (size_t i = 0; i < os->n_api_versions; i++) {
        json_write_int(result, os->api_versions[i]);
    }
    json_write_array_end(result);
}

static void write_nothing(struct json_writer *result, const struct os_definition *os G_GNUC_UNUSED)
{
    json_write_array_begin(result);
    json_write_array_end(result);
}

/* (name, path, good, problem, variants, parameters, versions of the interface, trusted) */
static void write_os(struct json_writer *result, const char *dir, const struct os_definition *os)
{
    g_autofree char *path = g_build_filename(dir, os->name, NULL);
    bool good = os->problem == NULL;

    json_write_array_begin(result);
    json_write_string(result, os->name);
    json_write_string(result, path);
    json_write_bool(result, good);
    json_write_string(result, good ? "" : os->problem);
    (good ? write_variants : write_nothing)(result, os);
    (good ? write_parameters : write_nothing)(result, os);
    (good ? write_api_versions : write_nothing)(result, os);
    json_write_bool(result, !good || os->scripts[OS_CREATE_UNTRUSTED] == NULL);
    json_write_array_end(result);
}

void backend_write_os_list(struct json_writer *result)
{
    json_write_array_begin(result);
    for (const char *const *dir = path_list(PATH_OS_SEARCH_PATH); *dir != NULL; dir++) {
        const char *const dirs[] = {*dir, NULL};
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) names = NULL;

        if (!g_file_test(*dir, G_FILE_TEST_IS_DIR)) {
            continue;
        }
        names = backend_list_visible(*dir, &error);
        if (names == NULL) {
            log_error("operating systems: %s", error->message);
            break;
        }
        for (guint i = 0; i < names->len; i++) {
            CLEANUP(os_definition_freep)
            struct os_definition *os = os_definition_find(g_ptr_array_index(names, i), dirs);

            write_os(result, *dir, os);
        }
    }
    json_write_array_end(result);
}

NODED_CALL(os_diagnose, NODED_WORKER)
{
    backend_write_os_list(result);
    return true;
}

/* --- os_validate --------------------------------------------------------------------------------
 */

static bool supports(const struct os_definition *os, const char *parameter)
{
    for (size_t i = 0; i < os->n_parameters; i++) {
        if (g_strcmp0(os->parameters[i].name, parameter) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_parameters(const struct os_definition *os, const struct json *params,
                             GError **errp)
{
    struct json_iter it = json_iter_begin(params);

    while (json_iter_next(&it)) {
        if (!supports(os, it.key)) {
            return noded_fail(errp, "the operating system '%s' has no parameter '%s'", os->name,
                              it.key);
        }
    }
    return true;
}

/* Values may be private, so they are in no error and no log. */
static bool add_parameters(struct cmd *cmd, const struct json *params, GError **errp)
{
    struct json_iter it = json_iter_begin(params);

    while (json_iter_next(&it)) {
        g_autofree char *variable = os_parameter_variable(it.key);

        if (json_kind(it.value) != JSON_STRING) {
            return noded_fail(errp, "the value of OS parameter '%s' must be a text", it.key);
        }
        cmd_set_env(cmd, variable, json_string(it.value));
    }
    return true;
}

static bool run_verify(const struct os_definition *os, const struct rpc_call_os_validate *args,
                       GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new(os->scripts[OS_VERIFY], NULL);
    g_autoptr(GPtrArray) env = os_core_environment(os, args->name, 0);

    for (size_t i = 0; i < args->checks.n; i++) {
        cmd_add(cmd, json_string(args->checks.v[i]), NULL);
    }
    cmd_set_env(cmd, "LC_ALL", NULL);
    for (guint i = 0; i < env->len; i += 2) {
        cmd_set_env(cmd, g_ptr_array_index(env, i), g_ptr_array_index(env, i + 1));
    }
    cmd_set_cwd(cmd, os->path);
    return add_parameters(cmd, args->params, errp) && cmd_check(cmd, NULL, errp);
}

static bool check_checks(const struct rpc_call_os_validate *args, bool *ret_parameters,
                         GError **errp)
{
    *ret_parameters = false;
    for (size_t i = 0; i < args->checks.n; i++) {
        const struct json *check = args->checks.v[i];

        if (json_kind(check) != JSON_STRING ||
            !g_strv_contains(C_OS_VALIDATE_CALLS, json_string(check))) {
            return noded_fail(errp, "operating system '%s': unknown check", args->name);
        }
        *ret_parameters |= strcmp(json_string(check), C_OS_VALIDATE_PARAMETERS) == 0;
    }
    return json_kind(args->params) == JSON_OBJECT ||
           noded_fail(errp, "OS parameters must be a dictionary");
}

NODED_CALL(os_validate, NODED_WORKER)
{
    g_autofree char *name = NULL, *variant = NULL;
    CLEANUP(os_definition_freep) struct os_definition *os = NULL;
    bool parameters;

    if (!check_checks(args, &parameters, errp)) {
        return false;
    }
    os_split_name(args->name, &name, &variant);
    os = os_definition_find(name, path_list(PATH_OS_SEARCH_PATH));
    if (os->problem != NULL) {
        json_write_bool(result, false);
        return !args->required || noded_fail(errp, "%s", os->problem);
    }
    json_write_bool(result, true);
    if (!args->force_variant && !os_definition_check_variant(os, args->name, errp)) {
        return false;
    }
    if (os_definition_api(os) < C_OS_API_V20) {
        return true;
    }
    return (!parameters || check_parameters(os, args->params, errp)) && run_verify(os, args, errp);
}
