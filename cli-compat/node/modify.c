/* gnt-node modify (lib/client/gnt_node.py SetNodeParams). */
#include "config.h"

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/confirm.h"
#include "cli-compat/core/op-options.h"
#include "cli-compat/core/submit.h"
#include "facts/codec.h"
#include "facts/constants.h"

/* Parameters that come from one option each. */
static const struct option_param simple[] = {
    {CLI_OPT_mc, "master_candidate", OPTION_AS_IT_IS},
    {CLI_OPT_drained, "drained", OPTION_AS_IT_IS},
    {CLI_OPT_offline, "offline", OPTION_AS_IT_IS},
    {CLI_OPT_capab_master, "master_capable", OPTION_AS_IT_IS},
    {CLI_OPT_capab_vm, "vm_capable", OPTION_AS_IT_IS},
    {CLI_OPT_secondary_ip, "secondary_ip", OPTION_AS_IT_IS},
    {CLI_OPT_node_params, "ndparams", OPTION_AS_IT_IS},
    {CLI_OPT_hv_state, "hv_state", OPTION_TREE},
    {CLI_OPT_disk_state, "disk_state", OPTION_TREE},
};

static bool set_params(struct cli_run *run, struct opcode *op, GError **errp)
{
    struct op_node_set_params *params = op->params;

    OP_SET_TEXT(params, node_name, run->args[0]);
    OP_SET(params, force, command_line_flag(run->line, CLI_OPT_force));
    OP_SET(params, auto_promote, command_line_flag(run->line, CLI_OPT_auto_promote));
    return options_to_params(run, op, simple, G_N_ELEMENTS(simple), errp) &&
           SUBMIT_SET_JSON(op, node_set_params, powered,
                           command_line_json(run->line, CLI_OPT_node_powered), errp);
}

bool cmd_node_modify(struct cli_run *run, GError **errp)
{
    CLEANUP(json_unrefp) struct json *changes = NULL;
    const struct json *offline = command_line_json(run->line, CLI_OPT_offline);
    struct opcode *op;

    if (!options_any_given(run, simple, G_N_ELEMENTS(simple))) {
        options_missing(run);
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
    if (!set_params(run, op, errp)) {
        opcode_free(op);
        return false;
    }
    if (!submit_or_send(run, op, &changes, errp)) {
        return false;
    }
    submit_print_changes(run, "node", changes);
    return true;
}
