#include "config.h"

#include "extstorage-interface/ext.h"

#include <string.h>

#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "facts/rpccalls.h"
#include "provider-interface/script.h"

/* The calls that scripts run in are given up after rpc_timeout NORMAL; so much earlier a script is
 * ended, for its error to get through. */
enum { MARGIN_S = 30 };

static const struct {
    const char *word;
    bool required;
} scripts[EXT_SCRIPT_COUNT] = {
#define EXT_SCRIPT(ident, required_)                                                               \
    [EXT_SCRIPT_##ident] = {.word = C_ES_SCRIPT_##ident, .required = (required_)},
#include "facts/extvars.def"
};

static const char *const var_names[EXT_VAR_COUNT] = {
#define EXT_VAR(ident, name, doc) [EXT_VAR_##ident] = name,
#include "facts/extvars.def"
};

static const char parameter_prefix[] =
#define EXT_VAR_PREFIX(prefix) prefix
#include "facts/extvars.def"
    ;

const char *ext_script_word(enum ext_script script)
{
    return scripts[script].word;
}

static bool find_files(struct ext_provider *provider)
{
    g_autofree char *list = NULL;

    for (size_t i = 0; i < EXT_SCRIPT_COUNT; i++) {
        unsigned flags = PROVIDER_FILE_SCRIPT | (scripts[i].required ? PROVIDER_FILE_REQUIRED : 0);

        if (!provider_check_file(provider->path, scripts[i].word, flags, &provider->scripts[i],
                                 &provider->problem)) {
            return false;
        }
    }
    return provider_check_file(provider->path, C_ES_PARAMETERS_FILE, PROVIDER_FILE_REQUIRED, &list,
                               &provider->problem) &&
           provider_read_parameters(provider->path, C_ES_PARAMETERS_FILE, &provider->parameters,
                                    &provider->problem);
}

struct ext_provider *ext_provider_find(const char *name, const char *const *dirs)
{
    struct ext_provider *provider = g_new0(struct ext_provider, 1);

    provider->name = g_strdup(name);
    provider->path = provider_find_dir(name, dirs);
    if (provider->path == NULL) {
        provider->problem = g_strdup_printf(
            "there is no folder of a storage provider '%s' in the search path", name);
    } else {
        (void)find_files(provider);
    }
    return provider;
}

void ext_provider_free(struct ext_provider *provider)
{
    if (provider == NULL) {
        return;
    }
    for (size_t i = 0; i < EXT_SCRIPT_COUNT; i++) {
        g_free(provider->scripts[i]);
    }
    provider_parameters_clear(&provider->parameters);
    g_free(provider->problem);
    g_free(provider->name);
    g_free(provider->path);
    g_free(provider);
}

static struct script_env *make_env(const struct ext_call *call)
{
    struct script_env *env = script_env_new();

    if (call->params != NULL) {
        script_env_set_params(env, parameter_prefix, SCRIPT_NAMES_UPPER, call->params);
    }
    for (size_t i = 0; i < EXT_VAR_COUNT; i++) {
        script_env_set(env, var_names[i], call->vars[i]);
    }
    return env;
}

static bool run(const struct ext_provider *provider, enum ext_script script,
                const struct ext_call *call, char **ret_out, GError **errp)
{
    static const struct rpc_timeout_row limit = {.word = RPC_TIMEOUT_NORMAL};
    CLEANUP(script_env_freep) struct script_env *env = make_env(call);
    g_autofree char *what =
        g_strdup_printf("volume %s: script '%s' of storage provider '%s'", call->vars[EXT_VAR_NAME],
                        scripts[script].word, provider->name);
    g_autofree char *log = NULL;

    if (script != EXT_SCRIPT_ATTACH) {
        log = script_log_path(path_get(PATH_LOG_ES_DIR), errp, scripts[script].word, provider->name,
                              call->vars[EXT_VAR_NAME], NULL);
        if (log == NULL) {
            return false;
        }
    }
    return script_run(&(struct script){.what = what,
                                       .path = provider->scripts[script],
                                       .dir = provider->path,
                                       .env = env,
                                       .inherit_env = true,
                                       .log = log,
                                       .timeout = (unsigned)rpc_timeout_seconds(&limit) - MARGIN_S},
                      ret_out, errp);
}

bool ext_provider_run(const struct ext_provider *provider, enum ext_script script,
                      const struct ext_call *call, char **ret_out, GError **errp)
{
    if (ret_out != NULL) {
        *ret_out = NULL;
    }
    if (provider->scripts[script] == NULL) {
        log_info("storage provider '%s' has no script '%s', which it may lack", provider->name,
                 scripts[script].word);
        return true;
    }
    if (!run(provider, script, call, ret_out, errp)) {
        err_wrap(errp, ERR_BLOCK_DEVICE, ECODE_NONE);
        return false;
    }
    return true;
}

bool ext_run(const char *name, enum ext_script script, const struct ext_call *call, char **ret_out,
             GError **errp)
{
    CLEANUP(ext_provider_freep)
    struct ext_provider *provider = ext_provider_find(name, path_list(PATH_ES_SEARCH_PATH));

    if (provider->problem != NULL) {
        return err_fail(errp, ERR_BLOCK_DEVICE, ECODE_NONE, "storage provider '%s': %s", name,
                        provider->problem);
    }
    return ext_provider_run(provider, script, call, ret_out, errp);
}

/* --- The answer of attach ------------------------------------------------------------------------
 */

void ext_attached_parse(const char *output, struct ext_attached *ret)
{
    g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
    GStrvBuilder *uris = g_strv_builder_new();

    ret->device = lines[0] == NULL || *lines[0] == '\0' ? NULL : g_strdup(lines[0]);
    for (size_t i = 1; lines[0] != NULL && lines[i] != NULL; i++) {
        if (*lines[i] != '\0') {
            g_strv_builder_add(uris, lines[i]);
        }
    }
    ret->uris = g_strv_builder_end(uris);
    g_strv_builder_unref(uris);
}

void ext_attached_clear(struct ext_attached *attached)
{
    g_clear_pointer(&attached->device, g_free);
    g_clear_pointer(&attached->uris, g_strfreev);
}

const char *ext_attached_uri(const struct ext_attached *attached, const char *hypervisor)
{
    size_t len = strlen(hypervisor);

    for (char **uri = attached->uris; uri != NULL && *uri != NULL; uri++) {
        if (g_ascii_strncasecmp(*uri, hypervisor, len) == 0 && (*uri)[len] == ':') {
            return *uri + len + 1;
        }
    }
    return NULL;
}
