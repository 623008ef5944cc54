/* gnt-node restricted-command (lib/client/gnt_node.py RestrictedCommand). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/online-nodes.h"
#include "cli-compat/core/submit.h"
#include "facts/constants.h"
#include "facts/errors.h"

/* With the node's name in front of each line, or above them all. */
static void print_output(struct cli_run *run, const char *node, const char *text)
{
    g_auto(GStrv) lines = NULL;

    if (!command_line_flag(run->line, CLI_OPT_show_machine)) {
        run_print(run, "Node: %s\n%s", node, text);
        return;
    }
    lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++) {
        if (*lines[i] != '\0' || lines[i + 1] != NULL) {
            run_print(run, "%s: %s", node, lines[i]);
        }
    }
}

static void print_results(struct cli_run *run, const GPtrArray *nodes, const struct json *results)
{
    for (guint i = 0; i < nodes->len && json_kind(results) == JSON_ARRAY && i < json_len(results);
         i++) {
        const struct json *pair = json_at(results, i);
        bool is_pair = json_kind(pair) == JSON_ARRAY && json_len(pair) == 2 &&
                       json_kind(json_at(pair, 0)) == JSON_BOOL &&
                       json_kind(json_at(pair, 1)) == JSON_STRING;
        const char *text = is_pair ? json_string(json_at(pair, 1)) : "";

        run_print(run, "------------------------------------------------");
        if (is_pair && json_boolean(json_at(pair, 0))) {
            print_output(run, nodes->pdata[i], text);
        } else {
            run_print(run, "%s", text);
            run->exit_code = C_EXIT_FAILURE;
        }
    }
}

bool cmd_node_restricted_command(struct cli_run *run, GError **errp)
{
    const struct online_nodes_spec spec = {
        .names = run->args + 1, .group = command_line_text(run->line, CLI_OPT_nodegroup)};
    CLEANUP(json_unrefp) struct json *names = NULL, *results = NULL;
    g_autoptr(GPtrArray) nodes = NULL;
    struct op_restricted_command *params;
    struct opcode *op;

    if (run->args[1] == NULL && spec.group == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Name the nodes, or a node group with --node-group");
    }
    nodes = online_nodes(run, &spec, errp);
    if (nodes == NULL) {
        return false;
    }
    names = json_new_array();
    for (guint i = 0; i < nodes->len; i++) {
        json_append(names, json_new_string(nodes->pdata[i]));
    }
    op = opcode_new(OP_ID_restricted_command);
    params = op->params;
    OP_SET_TEXT(params, command, run->args[0]);
    OP_SET(params, use_locking, command_line_flag(run->line, CLI_OPT_sync));
    if (!SUBMIT_SET_JSON(op, restricted_command, nodes, names, errp)) {
        opcode_free(op);
        return false;
    }
    if (!submit_or_send(run, op, &results, errp)) {
        return false;
    }
    print_results(run, nodes, results);
    return true;
}
