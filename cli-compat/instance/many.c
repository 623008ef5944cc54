#include "config.h"

#include "cli-compat/instance/many.h"

#include <string.h>

#include "base/json.h"
#include "cli-compat/core/confirm.h"
#include "cli-compat/core/submit.h"
#include "facts/constants.h"
#include "facts/errors.h"

/* What the arguments are, from the value of the options --node, --tags and their like. */
struct mode {
    bool all;       /* every instance of the cluster */
    bool nodes;     /* nodes, not instances */
    bool by_tags;   /* tags of these, not names */
    bool primaries; /* of nodes: instances that have them as primary node */
    bool secondaries;
};

static struct mode read_mode(const struct cli_run *run)
{
    const char *text = command_line_text(run->line, CLI_OPT_multi_all);
    struct mode mode = {0};

    if (text == NULL) {
        return mode;
    }
    mode.all = strcmp(text, "cluster") == 0;
    mode.nodes = g_str_has_prefix(text, "nodes");
    mode.by_tags = g_str_has_suffix(text, "-by-tags");
    mode.primaries = mode.nodes && !g_str_has_prefix(text, "nodes-sec");
    mode.secondaries = mode.nodes && !g_str_has_prefix(text, "nodes-pri");
    return mode;
}

/* ---- finding instances ---- */

static void add_names(GPtrArray *names, const struct json *list)
{
    for (size_t i = 0; json_kind(list) == JSON_ARRAY && i < json_len(list); i++) {
        if (json_kind(json_at(list, i)) == JSON_STRING) {
            g_ptr_array_add(names, g_strdup(json_string(json_at(list, i))));
        }
    }
}

static bool has_tag(const struct json *tags, const char *const *wanted)
{
    for (size_t i = 0; json_kind(tags) == JSON_ARRAY && i < json_len(tags); i++) {
        if (json_kind(json_at(tags, i)) == JSON_STRING &&
            g_strv_contains(wanted, json_string(json_at(tags, i)))) {
            return true;
        }
    }
    return false;
}

static bool find_by_nodes(struct cli_run *run, const struct mode *mode, GPtrArray *names,
                          GError **errp)
{
    static const char *const fields[] = {"pinst_list", "sinst_list", "tags", NULL};
    static const char *const none[] = {NULL};
    CLEANUP(json_unrefp) struct json *rows = NULL;

    if (!run_query_old(run, LUXI_query_nodes, mode->by_tags ? none : run->args, fields, &rows,
                       errp)) {
        return false;
    }
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < json_len(rows); i++) {
            const struct json *row = json_at(rows, i);

            if ((side == 0 ? mode->primaries : mode->secondaries) &&
                (!mode->by_tags || has_tag(json_at(row, 2), run->args))) {
                add_names(names, json_at(row, (size_t)side));
            }
        }
    }
    return true;
}

static bool find_by_instances(struct cli_run *run, const struct mode *mode, GPtrArray *names,
                              GError **errp)
{
    static const char *const fields[] = {"name", "tags", NULL};
    static const char *const none[] = {NULL};
    CLEANUP(json_unrefp) struct json *rows = NULL;
    bool any = mode->all || mode->by_tags;

    if (!run_query_old(run, LUXI_query_instances, any ? none : run->args, fields, &rows, errp)) {
        return false;
    }
    for (size_t i = 0; i < json_len(rows); i++) {
        const struct json *row = json_at(rows, i);

        if (json_kind(json_at(row, 0)) == JSON_STRING &&
            (!mode->by_tags || has_tag(json_at(row, 1), run->args))) {
            g_ptr_array_add(names, g_strdup(json_string(json_at(row, 0))));
        }
    }
    return true;
}

static bool check_args(const struct cli_run *run, const struct mode *mode, GError **errp)
{
    bool has_args = run->args[0] != NULL;

    if (mode->all && has_args) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Cluster filter mode takes no arguments");
    }
    return mode->all || has_args ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "No %s %s passed",
                    mode->nodes ? "node" : "instance", mode->by_tags ? "tags" : "names");
}

static GPtrArray *find(struct cli_run *run, const struct mode *mode, GError **errp)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    if (!check_args(run, mode, errp) ||
        !(mode->nodes ? find_by_nodes(run, mode, names, errp)
                      : find_by_instances(run, mode, names, errp))) {
        return NULL;
    }
    return g_steal_pointer(&names);
}

static bool none_found(GError **errp)
{
    return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "Selection filter does not match any instances");
}

static bool is_many(const struct mode *mode, const GPtrArray *names)
{
    return mode->all || mode->nodes || mode->by_tags || names->len > 1;
}

GPtrArray *instance_find(struct cli_run *run, bool *ret_many, GError **errp)
{
    const struct mode mode = read_mode(run);
    g_autoptr(GPtrArray) names = find(run, &mode, errp);

    if (names == NULL || (names->len == 0 && !none_found(errp))) {
        return NULL;
    }
    *ret_many = is_many(&mode, names);
    return g_steal_pointer(&names);
}

/* ---- the command ---- */

bool instance_submit_all(struct cli_run *run, const GPtrArray *names, bool many,
                         instance_op *op_for, const char *data, GError **errp)
{
    CLEANUP(job_set_freep) struct job_set *set = job_set_new(run, many);
    bool all_ok;

    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        struct opcode *op = op_for(run, name, data, errp);

        if (op == NULL) {
            return false;
        }
        job_set_add(set, name, &op, 1);
    }
    if (!job_set_wait_or_show(set, &all_ok, errp)) {
        return false;
    }
    run->exit_code = all_ok ? C_EXIT_SUCCESS : C_EXIT_FAILURE;
    return true;
}

bool instance_confirm_many(struct cli_run *run, GPtrArray *names, const char *operation,
                           const char *extra)
{
    bool ok;

    if (command_line_flag(run->line, CLI_OPT_force_multi)) {
        return true;
    }
    g_ptr_array_add(names, NULL);
    ok = confirm_operation((const char *const *)names->pdata, "instances", operation, extra);
    g_ptr_array_set_size(names, (gint)names->len - 1);
    return ok;
}

bool instance_many(struct cli_run *run, const char *operation, instance_op *op_for, GError **errp)
{
    const struct mode mode = read_mode(run);
    g_autoptr(GPtrArray) names = find(run, &mode, errp);
    bool many;

    if (names == NULL) {
        return false;
    }
    if (names->len == 0 && mode.all) {
        run_print(run, "Cluster is empty, no instances to %s", operation);
        return true;
    }
    if (names->len == 0) {
        return none_found(errp);
    }
    many = is_many(&mode, names);
    if (many && !instance_confirm_many(run, names, operation, NULL)) {
        run->exit_code = C_EXIT_FAILURE;
        return true;
    }
    return instance_submit_all(run, names, many, op_for, NULL, errp);
}
