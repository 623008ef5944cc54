/* Commands of gnt-cluster that are one job (lib/client/gnt_cluster.py). */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/confirm.h"
#include "cli-compat/core/submit.h"
#include "facts/codec.h"

bool cmd_cluster_activate_master_ip(struct cli_run *run, GError **errp)
{
    return submit_opcode(run, opcode_new(OP_ID_cluster_activate_master_ip), NULL, errp);
}

bool cmd_cluster_deactivate_master_ip(struct cli_run *run, GError **errp)
{
    if (!command_line_flag(run->line, CLI_OPT_confirm) &&
        !confirm_ask("This takes the master address down: open connections to it are closed, and "
                     "the master is then reached by the address of its node only. Continue?")) {
        run->exit_code = EXIT_FAILURE;
        return true;
    }
    return submit_opcode(run, opcode_new(OP_ID_cluster_deactivate_master_ip), NULL, errp);
}

bool cmd_cluster_redist_conf(struct cli_run *run, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_cluster_redist_conf);

    return command_line_flag(run->line, CLI_OPT_confirmed) ? submit_to_drained(run, op, NULL, errp)
                                                           : submit_or_send(run, op, NULL, errp);
}

static bool ask_name(struct cli_run *run, char **ret, GError **errp)
{
    static const char *const names[] = {"cluster_name", NULL};
    CLEANUP(json_unrefp) struct json *values = NULL;

    if (!run_call_for(run, LUXI_query_config_values, run_list(1, run_texts(names)), JSON_ARRAY,
                      &values, errp)) {
        return false;
    }
    *ret = json_len(values) == 1 && json_kind(json_at(values, 0)) == JSON_STRING
               ? g_strdup(json_string(json_at(values, 0)))
               : g_strdup("");
    return true;
}

bool cmd_cluster_rename(struct cli_run *run, GError **errp)
{
    g_autofree char *old = NULL, *question = NULL;
    CLEANUP(json_unrefp) struct json *result = NULL;
    struct op_cluster_rename *params;
    struct opcode *op;

    if (!ask_name(run, &old, errp)) {
        return false;
    }
    question = g_strdup_printf("This renames the cluster from '%s' to '%s'. Its address goes away "
                               "for that, and with it every connection to the name of the cluster, "
                               "maybe your own. Continue?",
                               old, run->args[0]);
    if (!command_line_flag(run->line, CLI_OPT_force) && !confirm_ask(question)) {
        run->exit_code = EXIT_FAILURE;
        return true;
    }
    op = opcode_new(OP_ID_cluster_rename);
    params = op->params;
    OP_SET_TEXT(params, name, run->args[0]);
    if (!submit_opcode(run, op, &result, errp)) {
        return false;
    }
    if (json_kind(result) == JSON_STRING) {
        run_print(run, "Cluster renamed from '%s' to '%s'", old, json_string(result));
    }
    return true;
}

bool cmd_cluster_repair_disk_sizes(struct cli_run *run, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_cluster_repair_disk_sizes);
    CLEANUP(json_unrefp) struct json *names = json_new_array();

    for (size_t i = 0; run->args[i] != NULL; i++) {
        json_append(names, json_new_string(run->args[i]));
    }
    if (!SUBMIT_SET_JSON(op, cluster_repair_disk_sizes, instances, names, errp)) {
        opcode_free(op);
        return false;
    }
    return submit_opcode(run, op, NULL, errp);
}

/* --- search-tags --------------------------------------------------------------------------------
 */
static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Pairs of path and tag, sorted; nothing found is exit code 1 without a word. */
bool cmd_cluster_search_tags(struct cli_run *run, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_tags_search);
    struct op_tags_search *params = op->params;
    CLEANUP(json_unrefp) struct json *result = NULL;
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    OP_SET_TEXT(params, pattern, run->args[0]);
    if (!submit_opcode(run, op, &result, errp)) {
        return false;
    }
    for (size_t i = 0; json_kind(result) == JSON_ARRAY && i < json_len(result); i++) {
        const struct json *pair = json_at(result, i);
        if (json_kind(pair) == JSON_ARRAY && json_len(pair) == 2 &&
            json_kind(json_at(pair, 0)) == JSON_STRING &&
            json_kind(json_at(pair, 1)) == JSON_STRING) {
            g_ptr_array_add(lines, g_strdup_printf("%s %s", json_string(json_at(pair, 0)),
                                                   json_string(json_at(pair, 1))));
        }
    }
    g_ptr_array_sort(lines, compare_lines);
    for (guint i = 0; i < lines->len; i++) {
        run_print(run, "%s", (char *)lines->pdata[i]);
    }
    run->exit_code = lines->len == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    return true;
}
