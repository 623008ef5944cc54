/* Starting and stopping instances (lib/client/gnt_instance.py _StartupInstance, _ShutdownInstance,
 * _RebootInstance). */
#include "config.h"

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/submit.h"
#include "cli-compat/instance/many.h"
#include "facts/codec.h"

/* A dictionary with something in it; else the opcode is submitted without. */
static const struct json *given(struct cli_run *run, enum cli_option_id option)
{
    const struct json *value = command_line_json(run->line, option);

    return json_kind(value) == JSON_OBJECT && json_len(value) > 0 ? value : NULL;
}

static struct opcode *startup_op(struct cli_run *run, const char *name,
                                 const char *data G_GNUC_UNUSED, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_instance_startup);
    struct op_instance_startup *params = op->params;

    OP_SET_TEXT(params, instance_name, name);
    OP_SET(params, force, command_line_flag(run->line, CLI_OPT_force));
    OP_SET(params, ignore_offline_nodes, command_line_flag(run->line, CLI_OPT_ignore_offline));
    OP_SET(params, no_remember, command_line_flag(run->line, CLI_OPT_no_remember));
    OP_SET(params, startup_paused, command_line_flag(run->line, CLI_OPT_startup_paused));
    if (!SUBMIT_SET_JSON(op, instance_startup, hvparams, given(run, CLI_OPT_hvopts), errp) ||
        !SUBMIT_SET_JSON(op, instance_startup, beparams, given(run, CLI_OPT_backend), errp)) {
        opcode_free(op);
        return NULL;
    }
    return op;
}

static struct opcode *shutdown_op(struct cli_run *run, const char *name,
                                  const char *data G_GNUC_UNUSED, GError **errp G_GNUC_UNUSED)
{
    struct opcode *op = opcode_new(OP_ID_instance_shutdown);
    struct op_instance_shutdown *params = op->params;

    OP_SET_TEXT(params, instance_name, name);
    OP_SET(params, force, command_line_flag(run->line, CLI_OPT_force));
    OP_SET(params, timeout, command_line_int(run->line, CLI_OPT_timeout, 0));
    OP_SET(params, ignore_offline_nodes, command_line_flag(run->line, CLI_OPT_ignore_offline));
    OP_SET(params, no_remember, command_line_flag(run->line, CLI_OPT_no_remember));
    return op;
}

static struct opcode *reboot_op(struct cli_run *run, const char *name,
                                const char *data G_GNUC_UNUSED, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_instance_reboot);
    struct op_instance_reboot *params = op->params;

    OP_SET_TEXT(params, instance_name, name);
    OP_SET(params, ignore_secondaries, command_line_flag(run->line, CLI_OPT_ignore_secondaries));
    OP_SET(params, shutdown_timeout, command_line_int(run->line, CLI_OPT_shutdown_timeout, 0));
    if (!SUBMIT_SET_JSON(op, instance_reboot, reboot_type,
                         command_line_json(run->line, CLI_OPT_reboot_type), errp)) {
        opcode_free(op);
        return NULL;
    }
    return op;
}

bool cmd_instance_startup(struct cli_run *run, GError **errp)
{
    return instance_many(run, "startup", startup_op, errp);
}

bool cmd_instance_shutdown(struct cli_run *run, GError **errp)
{
    return instance_many(run, "shutdown", shutdown_op, errp);
}

bool cmd_instance_reboot(struct cli_run *run, GError **errp)
{
    return instance_many(run, "reboot", reboot_op, errp);
}
