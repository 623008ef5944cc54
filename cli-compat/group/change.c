/* Commands that change node groups (lib/client/gnt_group.py). */
#include "config.h"

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/follow.h"
#include "cli-compat/core/op-options.h"
#include "cli-compat/core/submit.h"
#include "facts/codec.h"

bool cmd_group_assign_nodes(struct cli_run *run, GError **errp)
{
    CLEANUP(json_unrefp) struct json *nodes = run_texts(run->args + 1);
    struct opcode *op = opcode_new(OP_ID_group_assign_nodes);
    struct op_group_assign_nodes *params = op->params;

    OP_SET_TEXT(params, group_name, run->args[0]);
    OP_SET(params, force, command_line_flag(run->line, CLI_OPT_force));
    if (!SUBMIT_SET_JSON(op, group_assign_nodes, nodes, nodes, errp)) {
        opcode_free(op);
        return false;
    }
    return submit_or_send(run, op, NULL, errp);
}

bool cmd_group_remove(struct cli_run *run, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_group_remove);
    struct op_group_remove *params = op->params;

    OP_SET_TEXT(params, group_name, run->args[0]);
    return submit_or_send(run, op, NULL, errp);
}

bool cmd_group_rename(struct cli_run *run, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_group_rename);
    struct op_group_rename *params = op->params;

    OP_SET_TEXT(params, group_name, run->args[0]);
    OP_SET_TEXT(params, new_name, run->args[1]);
    return submit_or_send(run, op, NULL, errp);
}

bool cmd_group_evacuate(struct cli_run *run, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_group_evacuate);
    struct op_group_evacuate *params = op->params;

    OP_SET_TEXT(params, group_name, run->args[0]);
    OP_SET_TEXT(params, iallocator, command_line_text(run->line, CLI_OPT_iallocator));
    OP_SET(params, early_release, command_line_flag(run->line, CLI_OPT_early_release));
    OP_SET(params, sequential, command_line_flag(run->line, CLI_OPT_sequential));
    OP_SET(params, force_failover, command_line_flag(run->line, CLI_OPT_force_failover));
    if (!SUBMIT_SET_JSON(op, group_evacuate, target_groups,
                         command_line_json(run->line, CLI_OPT_to_group), errp)) {
        opcode_free(op);
        return false;
    }
    return follow_moves(run, op, "evacuated", "evacuation", errp);
}

/* ---- parameters ---- */

static const struct option_param settings[] = {
    {CLI_OPT_alloc_policy, "alloc_policy", OPTION_AS_IT_IS},
    {CLI_OPT_node_params, "ndparams", OPTION_AS_IT_IS},
    {CLI_OPT_disk_params, "diskparams", OPTION_DICT},
    {CLI_OPT_hv_state, "hv_state", OPTION_DICT},
    {CLI_OPT_disk_state, "disk_state", OPTION_TREE},
};

/* What both opcodes have in common; policy is taken over. */
static bool set_params(struct cli_run *run, struct opcode *op, struct json *policy, GError **errp)
{
    const struct fact_member *member = fact_object_find(op->row->params, "ipolicy");
    bool ok = policy != NULL &&
              options_to_params(run, op, settings, G_N_ELEMENTS(settings), errp) &&
              submit_set_json(op, member->offset, policy, errp);

    json_unref(policy);
    if (!ok) {
        opcode_free(op);
    }
    return ok;
}

bool cmd_group_add(struct cli_run *run, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_group_add);
    struct op_group_add *params = op->params;
    CLEANUP(json_unrefp) struct json *result = NULL;

    OP_SET_TEXT(params, group_name, run->args[0]);
    return set_params(run, op, option_policy(run, false, errp), errp) &&
           submit_or_send(run, op, &result, errp) && submit_follow_jobs(run, result, errp);
}

bool cmd_group_modify(struct cli_run *run, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_group_set_params);
    struct op_group_set_params *params = op->params;
    CLEANUP(json_unrefp) struct json *changes = NULL;

    OP_SET_TEXT(params, group_name, run->args[0]);
    if (!set_params(run, op, option_policy(run, true, errp), errp) ||
        !submit_or_send(run, op, &changes, errp)) {
        return false;
    }
    submit_print_changes(run, "node group", changes);
    return true;
}
