/* gnt-node modify (lib/client/gnt_node.py SetNodeParams). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/confirm.h"
#include "cli-compat/core/pyrepr.h"
#include "cli-compat/core/submit.h"
#include "facts/codec.h"
#include "facts/constants.h"

/* [[name, values], ...] of an option as a dictionary; "type/name" becomes one of its own for the
 * type. Owned by the caller; NULL: not given. */
static struct json *state_of(struct cli_run *run, enum cli_option_id option)
{
    const struct json *given = command_line_json(run->line, option);
    struct json *state = NULL;

    for (size_t i = 0; json_kind(given) == JSON_ARRAY && i < json_len(given); i++) {
        const struct json *pair = json_at(given, i);
        g_auto(GStrv) parts = g_strsplit(json_string(json_at(pair, 0)), "/", 2);
        struct json *values = json_copy(json_at(pair, 1));

        state = state != NULL ? state : json_new_object();
        if (parts[1] == NULL) {
            json_set(state, parts[0], values);
            continue;
        }
        if (!json_has(state, parts[0])) {
            json_set(state, parts[0], json_new_object());
        }
        json_set(json_get(state, parts[0]), parts[1], values);
    }
    return state;
}

/* Parameters that come from one option each. */
static const struct {
    enum cli_option_id option;
    const char *param;
} simple[] = {
    {CLI_OPT_mc, "master_candidate"},  {CLI_OPT_drained, "drained"},
    {CLI_OPT_offline, "offline"},      {CLI_OPT_capab_master, "master_capable"},
    {CLI_OPT_capab_vm, "vm_capable"},  {CLI_OPT_secondary_ip, "secondary_ip"},
    {CLI_OPT_node_params, "ndparams"},
};

static bool is_something(struct cli_run *run)
{
    for (size_t i = 0; i < G_N_ELEMENTS(simple); i++) {
        if (command_line_json(run->line, simple[i].option) != NULL) {
            return true;
        }
    }
    return false;
}

static bool set_params(struct cli_run *run, struct opcode *op, const struct json *hv_state,
                       const struct json *disk_state, GError **errp)
{
    struct op_node_set_params *params = op->params;

    OP_SET_TEXT(params, node_name, run->args[0]);
    OP_SET(params, force, command_line_flag(run->line, CLI_OPT_force));
    OP_SET(params, auto_promote, command_line_flag(run->line, CLI_OPT_auto_promote));
    for (size_t i = 0; i < G_N_ELEMENTS(simple); i++) {
        const struct fact_member *member = fact_object_find(op->row->params, simple[i].param);

        if (!submit_set_json(op, member->offset, command_line_json(run->line, simple[i].option),
                             errp)) {
            return false;
        }
    }
    return SUBMIT_SET_JSON(op, node_set_params, powered,
                           command_line_json(run->line, CLI_OPT_node_powered), errp) &&
           SUBMIT_SET_JSON(op, node_set_params, hv_state, hv_state, errp) &&
           SUBMIT_SET_JSON(op, node_set_params, disk_state, disk_state, errp);
}

static void print_changes(struct cli_run *run, const struct json *changes)
{
    if (json_kind(changes) != JSON_ARRAY || json_len(changes) == 0) {
        return;
    }
    run_print(run, "Modified node %s", run->args[0]);
    for (size_t i = 0; i < json_len(changes); i++) {
        g_autofree char *name = pyrepr_str(json_at(json_at(changes, i), 0));
        g_autofree char *value = pyrepr_str(json_at(json_at(changes, i), 1));

        run_print(run, " - %-5s -> %s", name, value);
    }
}

bool cmd_node_modify(struct cli_run *run, GError **errp)
{
    CLEANUP(json_unrefp) struct json *hv_state = state_of(run, CLI_OPT_hv_state);
    CLEANUP(json_unrefp) struct json *disk_state = state_of(run, CLI_OPT_disk_state);
    CLEANUP(json_unrefp) struct json *changes = NULL;
    const struct json *offline = command_line_json(run->line, CLI_OPT_offline);
    struct opcode *op;

    if (!is_something(run) && hv_state == NULL && disk_state == NULL) {
        run_warn(run, "Please give at least one of the parameters.");
        run->exit_code = C_EXIT_FAILURE;
        return true;
    }
    if (json_kind(offline) == JSON_BOOL && !json_boolean(offline) &&
        !command_line_flag(run->line, CLI_OPT_force) &&
        !confirm_ask("The node goes online as it is. If the configuration changed while it was "
                     "away, that can harm instances (split brain); 'gnt-node add --readd' is the "
                     "safe way. Go on?")) {
        run->exit_code = C_EXIT_FAILURE;
        return true;
    }
    op = opcode_new(OP_ID_node_set_params);
    if (!set_params(run, op, hv_state, disk_state, errp)) {
        opcode_free(op);
        return false;
    }
    if (!submit_or_send(run, op, &changes, errp)) {
        return false;
    }
    print_changes(run, changes);
    return true;
}
