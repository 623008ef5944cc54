/* Commands that change networks and their connections (lib/client/gnt_network.py). */
#include "config.h"

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/op-options.h"
#include "cli-compat/core/submit.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "facts/params.h"

/* What a network can be given when it is made, and later. */
static const struct option_param settings[] = {
    {CLI_OPT_gateway, "gateway", OPTION_AS_IT_IS},
    {CLI_OPT_network6, "network6", OPTION_AS_IT_IS},
    {CLI_OPT_gateway6, "gateway6", OPTION_AS_IT_IS},
    {CLI_OPT_mac_prefix, "mac_prefix", OPTION_AS_IT_IS},
    {CLI_OPT_add_reserved_ips, "add_reserved_ips", OPTION_WORDS},
};

bool cmd_network_add(struct cli_run *run, GError **errp)
{
    static const struct option_param only_new[] = {
        {CLI_OPT_network, "network", OPTION_AS_IT_IS},
        {CLI_OPT_tag_add, "tags", OPTION_WORDS},
    };
    struct op_network_add *params;
    struct opcode *op;

    if (command_line_text(run->line, CLI_OPT_network) == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "The --network option must be given");
    }
    op = opcode_new(OP_ID_network_add);
    params = op->params;
    OP_SET_TEXT(params, network_name, run->args[0]);
    OP_SET(params, conflicts_check, command_line_flag(run->line, CLI_OPT_noconflictscheck));
    if (!options_to_params(run, op, settings, G_N_ELEMENTS(settings), errp) ||
        !options_to_params(run, op, only_new, G_N_ELEMENTS(only_new), errp)) {
        opcode_free(op);
        return false;
    }
    return submit_or_send(run, op, NULL, errp);
}

bool cmd_network_modify(struct cli_run *run, GError **errp)
{
    static const struct option_param only_old[] = {
        {CLI_OPT_remove_reserved_ips, "remove_reserved_ips", OPTION_WORDS},
    };
    struct op_network_set_params *params;
    struct opcode *op;

    if (!options_any_given(run, settings, G_N_ELEMENTS(settings)) &&
        !options_any_given(run, only_old, G_N_ELEMENTS(only_old))) {
        options_missing(run);
        return true;
    }
    op = opcode_new(OP_ID_network_set_params);
    params = op->params;
    OP_SET_TEXT(params, network_name, run->args[0]);
    if (!options_to_params(run, op, settings, G_N_ELEMENTS(settings), errp) ||
        !options_to_params(run, op, only_old, G_N_ELEMENTS(only_old), errp)) {
        opcode_free(op);
        return false;
    }
    return submit_or_send(run, op, NULL, errp);
}

bool cmd_network_remove(struct cli_run *run, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_network_remove);
    struct op_network_remove *params = op->params;

    OP_SET_TEXT(params, network_name, run->args[0]);
    OP_SET(params, force, command_line_flag(run->line, CLI_OPT_force));
    return submit_or_send(run, op, NULL, errp);
}

bool cmd_network_rename(struct cli_run *run, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_network_rename);
    struct op_network_rename *params = op->params;

    OP_SET_TEXT(params, network_name, run->args[0]);
    OP_SET_TEXT(params, new_name, run->args[1]);
    return submit_or_send(run, op, NULL, errp);
}

/* ---- connections ---- */

/* The groups of the command line, or all of the cluster; owned by the caller. */
static GPtrArray *groups_of(struct cli_run *run, GError **errp)
{
    static const char *const none[] = {NULL}, *const fields[] = {"uuid", NULL};
    g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func(g_free);
    CLEANUP(json_unrefp) struct json *rows = NULL;

    for (size_t i = 1; run->args[i] != NULL; i++) {
        g_ptr_array_add(groups, g_strdup(run->args[i]));
    }
    if (groups->len > 0) {
        return g_steal_pointer(&groups);
    }
    if (!run_query_old(run, LUXI_query_groups, none, fields, &rows, errp)) {
        return NULL;
    }
    for (size_t i = 0; i < json_len(rows); i++) {
        const struct json *uuid = json_at(json_at(rows, i), 0);

        if (json_kind(uuid) == JSON_STRING) {
            g_ptr_array_add(groups, g_strdup(json_string(uuid)));
        }
    }
    return g_steal_pointer(&groups);
}

static struct opcode *connect_op(struct cli_run *run, const char *group, GError **errp)
{
    const struct json *given = command_line_json(run->line, CLI_OPT_nic_params);
    struct nicparams defaults = {0};
    struct opcode *op = opcode_new(OP_ID_network_connect);
    struct op_network_connect *params = op->params;

    (void)nic_params_fill_defaults(&defaults);
    OP_SET_TEXT(params, group_name, group);
    OP_SET_TEXT(params, network_name, run->args[0]);
    OP_SET(params, network_mode, defaults.mode);
    OP_SET_TEXT(params, network_link, defaults.link);
    OP_SET(params, conflicts_check, command_line_flag(run->line, CLI_OPT_noconflictscheck));
    fact_object_clear(&fact_object_nicparams, &defaults);
    if (!SUBMIT_SET_JSON(op, network_connect, network_mode, json_get(given, "mode"), errp) ||
        !SUBMIT_SET_JSON(op, network_connect, network_link, json_get(given, "link"), errp) ||
        !SUBMIT_SET_JSON(op, network_connect, network_vlan, json_get(given, "vlan"), errp)) {
        opcode_free(op);
        return NULL;
    }
    return op;
}

static struct opcode *disconnect_op(struct cli_run *run, const char *group,
                                    GError **errp G_GNUC_UNUSED)
{
    struct opcode *op = opcode_new(OP_ID_network_disconnect);
    struct op_network_disconnect *params = op->params;

    OP_SET_TEXT(params, group_name, group);
    OP_SET_TEXT(params, network_name, run->args[0]);
    return op;
}

static bool for_groups(struct cli_run *run,
                       struct opcode *(*op_for)(struct cli_run *, const char *, GError **),
                       GError **errp)
{
    g_autoptr(GPtrArray) groups = groups_of(run, errp);

    for (guint i = 0; groups != NULL && i < groups->len; i++) {
        struct opcode *op = op_for(run, groups->pdata[i], errp);

        if (op == NULL || !submit_opcode(run, op, NULL, errp)) {
            return false;
        }
    }
    return groups != NULL;
}

bool cmd_network_connect(struct cli_run *run, GError **errp)
{
    return for_groups(run, connect_op, errp);
}

bool cmd_network_disconnect(struct cli_run *run, GError **errp)
{
    return for_groups(run, disconnect_op, errp);
}
