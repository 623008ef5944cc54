/* gnt-node power and health: hardware of nodes, out of band (lib/client/gnt_node.py PowerNode,
 * Health). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/confirm.h"
#include "cli-compat/core/list.h"
#include "cli-compat/core/pyrepr.h"
#include "cli-compat/core/submit.h"
#include "cli-compat/core/table.h"
#include "facts/codec.h"
#include "facts/constants.h"

/* The lines of a node, behind its name; a status that is not normal never comes here. */
typedef void add_lines(struct table *table, const char *node, const struct json *value);

static void add_line(struct table *table, const char *node, char *text)
{
    table_add_cell(table, g_strdup(node));
    table_add_cell(table, text);
}

static struct opcode *oob_op(struct cli_run *run, const char *const *names, const char *command,
                             GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_oob_command);
    struct op_oob_command *params = op->params;
    CLEANUP(json_unrefp) struct json *nodes = run_texts(names);
    CLEANUP(json_unrefp) struct json *word = json_new_string(command);

    OP_SET(params, timeout, command_line_int(run->line, CLI_OPT_oob_timeout, 60));
    if (!SUBMIT_SET_JSON(op, oob_command, node_names, nodes, errp) ||
        !SUBMIT_SET_JSON(op, oob_command, command, word, errp)) {
        opcode_free(op);
        return NULL;
    }
    return op;
}

/* Rows [[status, node], [status, value]] as a table; any status that is not normal is exit code 1.
 */
static void print_rows(struct cli_run *run, const struct json *rows, add_lines *add)
{
    CLEANUP(table_freep) struct table *table = table_new();
    const struct table_options options = {
        .header = !command_line_flag(run->line, CLI_OPT_nohdr),
        .separator = command_line_text(run->line, CLI_OPT_sep),
    };

    table_add_column(table, "Node", false);
    table_add_column(table, "Status", false);
    for (size_t i = 0; json_kind(rows) == JSON_ARRAY && i < json_len(rows); i++) {
        const struct json *row = json_at(rows, i), *cell = json_at(row, 1);
        g_autofree char *node = pyrepr_str(json_at(json_at(row, 0), 1));
        int64_t status = json_kind(json_at(cell, 0)) == JSON_INT ? json_int(json_at(cell, 0)) : -1;

        if (status == RS_NORMAL) {
            add(table, node, json_at(cell, 1));
        } else {
            add_line(table, node, g_strdup(list_status_text(status, true)));
            run->exit_code = C_EXIT_FAILURE;
        }
    }
    table_print(table, &options, run->out);
}

/* --- power --------------------------------------------------------------------------------------
 */
static void add_invoked(struct table *table, const char *node,
                        const struct json *value G_GNUC_UNUSED)
{
    add_line(table, node, g_strdup("invoked"));
}

static void add_power(struct table *table, const char *node, const struct json *value)
{
    const struct json *powered =
        json_kind(value) == JSON_OBJECT ? json_get(value, C_OOB_POWER_STATUS_POWERED) : NULL;
    bool on = json_kind(powered) == JSON_BOOL && json_boolean(powered);

    add_line(table, node, g_strdup(on ? "powered" : "unpowered"));
}

/* Nodes that are switched off are marked offline first, in the same job. */
static void add_offline(struct cli_run *run, GPtrArray *ops)
{
    for (size_t i = 1; run->args[i] != NULL; i++) {
        struct opcode *op = opcode_new(OP_ID_node_set_params);
        struct op_node_set_params *params = op->params;

        OP_SET_TEXT(params, node_name, run->args[i]);
        OP_SET(params, offline, true);
        OP_SET(params, auto_promote, command_line_flag(run->line, CLI_OPT_auto_promote));
        g_ptr_array_add(ops, op);
    }
}

static bool may_go_on(struct cli_run *run, const char *command)
{
    g_autofree char *what = NULL;

    if (strcmp(command, fact_enum_oob_command.words[OOB_POWER_OFF]) != 0 &&
        strcmp(command, fact_enum_oob_command.words[OOB_POWER_CYCLE]) != 0) {
        return true;
    }
    if (run->args[1] == NULL) {
        run_warn(run, "Please name at least one node for this command");
        return false;
    }
    what = g_strdup_printf("power %s", run->args[0]);
    return command_line_flag(run->line, CLI_OPT_force) ||
           confirm_operation(run->args + 1, "nodes", what, NULL);
}

static bool submit_power(struct cli_run *run, GPtrArray *ops, struct json **ret_rows, GError **errp)
{
    CLEANUP(job_set_freep) struct job_set *set = job_set_new(run, false);
    const struct job_set_result *results;
    size_t n;

    job_set_add(set, NULL, (struct opcode *const *)ops->pdata, ops->len);
    if (!job_set_wait(set, &results, &n, errp)) {
        return false;
    }
    if (n != 1 || !results[0].ok || json_kind(results[0].result) != JSON_ARRAY ||
        json_len(results[0].result) == 0) {
        run->exit_code = C_EXIT_FAILURE;
        return true;
    }
    *ret_rows = json_ref(json_at(results[0].result, json_len(results[0].result) - 1));
    return true;
}

bool cmd_node_power(struct cli_run *run, GError **errp)
{
    g_autofree char *command = g_strdup_printf("power-%s", run->args[0]);
    bool ignore_status = command_line_flag(run->line, CLI_OPT_ignore_status);
    bool is_off = strcmp(command, fact_enum_oob_command.words[OOB_POWER_OFF]) == 0;
    bool is_query = strcmp(command, fact_enum_oob_command.words[OOB_POWER_STATUS]) == 0;
    const struct json *delay = command_line_json(run->line, CLI_OPT_power_delay);
    CLEANUP(json_unrefp) struct json *rows = NULL;
    g_autoptr(GPtrArray) ops = NULL;
    struct op_oob_command *params;
    struct opcode *op;

    if (fact_enum_find(&fact_enum_oob_command, command) < 0) {
        run_warn(run, "There is no power command '%s'", run->args[0]);
        run->exit_code = C_EXIT_FAILURE;
        return true;
    }
    if (!may_go_on(run, command)) {
        run->exit_code = C_EXIT_FAILURE;
        return true;
    }
    op = oob_op(run, run->args + 1, command, errp);
    if (op == NULL) {
        return false;
    }
    params = op->params;
    OP_SET(params, ignore_status, ignore_status);
    OP_SET(params, power_delay, delay != NULL ? json_double(delay) : C_OOB_POWER_DELAY);
    ops = g_ptr_array_new();
    if (is_off && !ignore_status) {
        add_offline(run, ops);
    }
    g_ptr_array_add(ops, op);
    if (!submit_power(run, ops, &rows, errp)) {
        return false;
    }
    if (rows != NULL) {
        print_rows(run, rows, is_query ? add_power : add_invoked);
    }
    return true;
}

/* --- health -------------------------------------------------------------------------------------
 */
/* One line for each item; the name stands in the first one only. */
static void add_health(struct table *table, const char *node, const struct json *items)
{
    for (size_t i = 0; json_kind(items) == JSON_ARRAY && i < json_len(items); i++) {
        const struct json *pair = json_at(items, i);
        bool is_pair = json_kind(pair) == JSON_ARRAY && json_len(pair) == 2;
        g_autofree char *item = pyrepr_str(is_pair ? json_at(pair, 0) : pair);
        g_autofree char *state = is_pair ? pyrepr_str(json_at(pair, 1)) : g_strdup("");

        add_line(table, i == 0 ? node : "", g_strdup_printf("%s=%s", item, state));
    }
}

bool cmd_node_health(struct cli_run *run, GError **errp)
{
    CLEANUP(json_unrefp) struct json *rows = NULL;
    struct opcode *op = oob_op(run, run->args, fact_enum_oob_command.words[OOB_HEALTH], errp);

    if (op == NULL || !submit_opcode(run, op, &rows, errp)) {
        return false;
    }
    print_rows(run, rows, add_health);
    return true;
}
