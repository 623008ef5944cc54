/* Hooks around logical units (reference: lib/hooksmaster.py). */
#include "config.h"

#include "jobs/lu/run-hooks.h"

#include "base/log.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/rpc.h"

bool lu_hooks_begin(struct lu *lu, struct lu_hooks *hooks, GError **errp)
{
    if (lu->op->row->hooks_path == NULL) {
        return true;
    }
    hooks->pre = hooks_env_new();
    hooks->pre_nodes = g_ptr_array_new_with_free_func(g_free);
    hooks->post_nodes = g_ptr_array_new_with_free_func(g_free);
    return (lu->ops->hooks_nodes == NULL ||
            lu->ops->hooks_nodes(lu, hooks->pre_nodes, hooks->post_nodes, errp)) &&
           (lu->ops->hooks_env == NULL || lu->ops->hooks_env(lu, hooks->pre, errp));
}

void lu_hooks_clear(struct lu_hooks *hooks)
{
    g_clear_pointer(&hooks->pre, hooks_env_free);
    g_clear_pointer(&hooks->pre_nodes, g_ptr_array_unref);
    g_clear_pointer(&hooks->post_nodes, g_ptr_array_unref);
}

static struct hooks_about about(const struct lu *lu, const char *path)
{
    const struct op_row *row = lu->op->row;
    const struct cfg *cfg = lu_cfg(lu);
    const struct node *master = cfg_master(cfg);
    return (struct hooks_about){
        .opcode = row->wire_id,
        .path = path,
        .object = row->hooks_path != NULL ? fact_enum_hook_type.words[row->object] : NULL,
        .cluster_name = cfg_cluster(cfg)->cluster_name,
        .master_name = master != NULL ? master->name : NULL,
    };
}

static struct lu_answers *call(struct lu *lu, const char *path, enum hooks_phase phase,
                               const GPtrArray *nodes, const struct hooks_env *pre,
                               const struct hooks_env *post)
{
    const struct hooks_about common = about(lu, path);
    CLEANUP(json_unrefp) struct json *variables = hooks_env_finish(&common, phase, pre, post);
    struct any_dict env = {0};
    /* It is an object of texts, so this cannot fail. */
    fact_decode(&type_any_dict, variables, &env, NULL, NULL);
    struct lu_answers *answers =
        lu_call_nodes(lu, (const char *const *)nodes->pdata, nodes->len,
                      LU_CALL(hooks_runner, .hpath = (char *)path,
                              .phase = (char *)hooks_phase_word(phase), .env = env));
    fact_clear(&type_any_dict, &env);
    return answers;
}

static void warn(void *data, const char *text)
{
    lu_warn(data, "%s", text);
}

static struct hooks_results read_answers(const struct lu_answers *answers)
{
    struct hooks_results results = {.v = g_new0(struct hooks_result, answers->n)};
    for (size_t i = 0; i < answers->n; i++) {
        const struct lu_answer *answer = &answers->v[i];
        struct hooks_result *result = &results.v[results.n++];
        result->node_name = g_strdup(answer->node_name);
        result->node_uuid = g_strdup(answer->node_uuid);
        result->offline = answer->offline;
        result->fail_msg = g_strdup(answer->fail_msg);
        if (answer->fail_msg == NULL) {
            hooks_result_read(result, answer->payload);
        }
    }
    return results;
}

static bool run(struct lu *lu, const struct lu_hooks *hooks, enum hooks_phase phase,
                const GPtrArray *nodes, struct json **result, GError **errp)
{
    CLEANUP(hooks_env_freep) struct hooks_env *post = NULL;
    if (phase == HOOKS_POST) {
        post = hooks_env_new();
        if (lu->ops->hooks_env != NULL && !lu->ops->hooks_env(lu, post, errp)) {
            return false;
        }
    }
    if (nodes->len == 0) {
        return true;
    }
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers = call(lu, lu->op->row->hooks_path, phase, nodes, hooks->pre, post);
    struct hooks_results results = read_answers(answers);
    bool ok = hooks_results_judge(&results, phase, warn, lu, errp) &&
              (lu->ops->hooks_results == NULL ||
               lu->ops->hooks_results(lu, phase, &results, result, errp));
    hooks_results_clear(&results);
    return ok;
}

bool lu_hooks_run(struct lu *lu, struct lu_hooks *hooks, enum hooks_phase phase,
                  struct json **result, GError **errp)
{
    if (hooks->pre == NULL) {
        return true;
    }
    if (phase == HOOKS_POST && lu->ops->post_hooks_nodes != NULL && hooks->post_nodes->len > 0) {
        lu->ops->post_hooks_nodes(lu, hooks->post_nodes);
    }
    return run(lu, hooks, phase, phase == HOOKS_PRE ? hooks->pre_nodes : hooks->post_nodes, result,
               errp);
}

void lu_hooks_config_update(struct lu *lu, struct lu_hooks *hooks)
{
    const struct node *master = cfg_master(lu_cfg(lu));
    if (master == NULL) {
        return;
    }
    g_autoptr(GPtrArray) nodes = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(nodes, g_strdup(master->uuid));
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers =
        call(lu, C_HOOKS_NAME_CFGUPDATE, HOOKS_POST, nodes, hooks->pre, NULL);
    /* Nobody judges what these hooks say, nor whether they could run. */
    if (answers->v[0].fail_msg != NULL) {
        log_info("hooks for a changed configuration: %s", answers->v[0].fail_msg);
    }
}

void lu_hooks_post_on(struct lu *lu, const char *node)
{
    struct lu_hooks hooks = {0};
    CLEANUP(json_unrefp) struct json *result = NULL;
    g_autoptr(GError) error = NULL;
    if (lu_hooks_begin(lu, &hooks, &error) && hooks.pre != NULL) {
        g_ptr_array_set_size(hooks.post_nodes, 0);
        g_ptr_array_add(hooks.post_nodes, g_strdup(node));
        (void)run(lu, &hooks, HOOKS_POST, hooks.post_nodes, &result, &error);
    }
    if (error != NULL) {
        lu_warn(lu, "Hooks on node %s: %s", node, error->message);
    }
    lu_hooks_clear(&hooks);
}
