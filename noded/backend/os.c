/* Operating systems. */
#include "config.h"

#include "noded/backend/os.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "os-interface/environment.h"
#include "provider-interface/script.h"

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

static void write_parameters(struct json_writer *result, const struct os_definition *os)
{
    backend_write_parameters(result, &os->parameters);
}

static void write_nothing(struct json_writer *result, const struct os_definition *os G_GNUC_UNUSED)
{
    json_write_array_begin(result);
    json_write_array_end(result);
}

/* (name, path, good, problem, variants, parameters, versions of the interface, trusted) */
static void write_os(struct json_writer *result, const char *dir, const char *name)
{
    const char *const dirs[] = {dir, NULL};
    CLEANUP(os_definition_freep) struct os_definition *os = os_definition_find(name, dirs);
    g_autofree char *path = g_build_filename(dir, name, NULL);
    bool good = os->problem == NULL;

    json_write_array_begin(result);
    json_write_string(result, name);
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
    backend_write_definitions(result, PATH_OS_SEARCH_PATH, write_os);
}

NODED_CALL(os_diagnose, NODED_WORKER)
{
    backend_write_os_list(result);
    return true;
}

/* --- os_validate --------------------------------------------------------------------------------
 */

static bool check_parameters(const struct os_definition *os, const struct json *params,
                             GError **errp)
{
    struct json_iter it = json_iter_begin(params);

    while (json_iter_next(&it)) {
        if (!provider_has_parameter(&os->parameters, it.key)) {
            return noded_fail(errp, "the operating system '%s' has no parameter '%s'", os->name,
                              it.key);
        }
    }
    return true;
}

static bool run_verify(const struct os_definition *os, const struct rpc_call_os_validate *args,
                       const struct value_map *params, GError **errp)
{
    const struct os_target target = {.os = os, .full_name = args->name, .params = params};
    CLEANUP(script_env_freep) struct script_env *env = os_env_new(&target, errp);
    g_autofree char *what =
        g_strdup_printf("script '%s' of operating system '%s'", C_OS_SCRIPT_VERIFY, os->name);
    g_autoptr(GPtrArray) words = g_ptr_array_new();

    if (env == NULL) {
        return false;
    }
    for (size_t i = 0; i < args->checks.n; i++) {
        g_ptr_array_add(words, (void *)json_string(args->checks.v[i]));
    }
    g_ptr_array_add(words, NULL);
    return script_run(&(struct script){.what = what,
                                       .path = os->scripts[OS_VERIFY],
                                       .args = (const char *const *)words->pdata,
                                       .dir = os->path,
                                       .env = env,
                                       .timeout = os_script_timeout(RPC_os_validate)},
                      NULL, errp);
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
    struct value_map params = {NULL, 0};
    bool parameters, ok;

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
    if ((parameters && !check_parameters(os, args->params, errp)) ||
        !fact_decode(&type_value_map, args->params, &params, NULL, errp)) {
        return false;
    }
    ok = run_verify(os, args, &params, errp);
    fact_clear(&type_value_map, &params);
    return ok;
}
