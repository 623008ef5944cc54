/* gnt-backup export, import and remove (lib/client/gnt_backup.py). */
#include "config.h"

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/submit.h"
#include "cli-compat/instance/add.h"
#include "facts/constants.h"
#include "facts/errors.h"

bool cmd_backup_export(struct cli_run *run, GError **errp)
{
    const struct json *node = command_line_json(run->line, CLI_OPT_single_node);

    if (node == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "The node that takes the export is missing: -n");
    }
    struct opcode *op = opcode_new(OP_ID_backup_export);
    struct op_backup_export *params = op->params;

    OP_SET_TEXT(params, instance_name, run->args[0]);
    OP_SET(params, shutdown, command_line_flag(run->line, CLI_OPT_noshutdown));
    OP_SET(params, shutdown_timeout, command_line_int(run->line, CLI_OPT_shutdown_timeout, 0));
    OP_SET(params, remove_instance, command_line_flag(run->line, CLI_OPT_remove_instance));
    OP_SET(params, ignore_remove_failures,
           command_line_flag(run->line, CLI_OPT_ignore_remove_failures));
    OP_SET(params, zero_free_space, command_line_flag(run->line, CLI_OPT_zero_free_space));
    OP_SET(params, long_sleep, command_line_flag(run->line, CLI_OPT_long_sleep));
#define FROM_OPTION(member, option)                                                                \
    SUBMIT_SET_JSON(op, backup_export, member, command_line_json(run->line, CLI_OPT_##option), errp)
    if (!SUBMIT_SET_JSON(op, backup_export, target_node, node, errp) ||
        !FROM_OPTION(compress, transport_compression) ||
        !FROM_OPTION(zeroing_timeout_fixed, zeroing_timeout_fixed) ||
        !FROM_OPTION(zeroing_timeout_per_mib, zeroing_timeout_per_mib)) {
        opcode_free(op);
        return false;
    }
#undef FROM_OPTION
    return submit_or_send(run, op, NULL, errp);
}

bool cmd_backup_import(struct cli_run *run, GError **errp)
{
    return instance_create(run, INST_CREATE_IMPORT, errp);
}

bool cmd_backup_remove(struct cli_run *run, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_backup_remove);
    struct op_backup_remove *params = op->params;

    OP_SET_TEXT(params, instance_name, run->args[0]);
    return submit_or_send(run, op, NULL, errp);
}
