/* What hooks answered. */
#include "config.h"

#include "jobs/hooks/hooks.h"

#include "base/json.h"
#include "facts/errors.h"

static void script_clear(struct hooks_script *script)
{
    g_free(script->name);
    g_free(script->output);
}

static void drop_scripts(struct hooks_result *result)
{
    for (size_t i = 0; i < result->n_scripts; i++) {
        script_clear(&result->scripts[i]);
    }
    g_clear_pointer(&result->scripts, g_free);
    result->n_scripts = 0;
}

void hooks_results_clear(struct hooks_results *results)
{
    for (size_t i = 0; i < results->n; i++) {
        struct hooks_result *result = &results->v[i];
        drop_scripts(result);
        g_free(result->node_name);
        g_free(result->node_uuid);
        g_free(result->fail_msg);
    }
    g_clear_pointer(&results->v, g_free);
    results->n = 0;
}

static bool read_script(struct hooks_script *script, const struct json *entry)
{
    if (json_kind(entry) != JSON_ARRAY || json_len(entry) != 3 ||
        json_kind(json_at(entry, 0)) != JSON_STRING || json_kind(json_at(entry, 1)) != JSON_INT) {
        return false;
    }
    script->name = g_strdup(json_string(json_at(entry, 0)));
    script->status = json_int(json_at(entry, 1));
    /* A script without output may come with null. */
    const struct json *output = json_at(entry, 2);
    script->output = g_strdup(json_kind(output) == JSON_STRING ? json_string(output) : "");
    return true;
}

void hooks_result_read(struct hooks_result *result, struct json *payload)
{
    bool good = json_kind(payload) == JSON_ARRAY;
    if (good) {
        result->scripts = g_new0(struct hooks_script, json_len(payload));
        for (size_t i = 0; good && i < json_len(payload); i++) {
            good = read_script(&result->scripts[i], json_at(payload, i));
            result->n_scripts += good ? 1 : 0;
        }
    }
    if (!good) {
        drop_scripts(result);
        result->fail_msg = g_strdup("its answer is no list of [script, status, output]");
    }
}

static void tell(hooks_warn_fn *warn, void *data, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void tell(hooks_warn_fn *warn, void *data, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    warn(data, text);
}

static void add_failure(struct json **failures, const struct hooks_result *result,
                        const struct hooks_script *script)
{
    if (*failures == NULL) {
        *failures = json_new_array();
    }
    struct json *failure = json_new_array();
    json_append(failure, json_new_string(result->node_name));
    json_append(failure, json_new_string(script->name));
    json_append(failure, json_new_string(script->output));
    json_append(*failures, failure);
}

bool hooks_results_judge(const struct hooks_results *results, enum hooks_phase phase,
                         hooks_warn_fn *warn, void *data, GError **errp)
{
    CLEANUP(json_unrefp) struct json *failures = NULL;
    for (size_t i = 0; i < results->n; i++) {
        const struct hooks_result *result = &results->v[i];
        if (result->offline) {
            continue;
        }
        if (result->fail_msg != NULL) {
            tell(warn, data, "Hooks could not run on node %s: %s", result->node_name,
                 result->fail_msg);
            continue;
        }
        for (size_t j = 0; j < result->n_scripts; j++) {
            const struct hooks_script *script = &result->scripts[j];
            if (script->status != C_HKR_FAIL) {
                continue;
            }
            if (phase == HOOKS_PRE) {
                add_failure(&failures, result, script);
            } else {
                tell(warn, data, "Hook %s failed on node %s, output: %s", script->name,
                     result->node_name, *script->output != '\0' ? script->output : "(none)");
            }
        }
    }
    if (failures == NULL) {
        return true;
    }
    /* Its one argument is the list itself, so it is made from its wire form. */
    CLEANUP(json_unrefp) struct json *wire = json_new_array();
    struct json *args = json_new_array();
    json_append(args, json_ref(failures));
    json_append(wire, json_new_string(err_class_word(ERR_HOOKS_ABORT)));
    json_append(wire, args);
    g_propagate_error(errp, err_decode(wire));
    return false;
}
