/* Disks of an instance, its beginning, its end and its name (lib/client/gnt_instance.py
 * ActivateDisks, DeactivateDisks, GrowDisk, AddInstance, RemoveInstance, RenameInstance). */
#include "config.h"

#include "base/json.h"
#include "base/parse.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/confirm.h"
#include "cli-compat/core/submit.h"
#include "cli-compat/instance/add.h"
#include "facts/errors.h"

static bool ensure_exists(struct cli_run *run, const char *name, GError **errp)
{
    const char *const names[] = {name, NULL};
    static const char *const fields[] = {"name", NULL};
    CLEANUP(json_unrefp) struct json *rows = NULL;

    if (!run_query_old(run, LUXI_query_instances, names, fields, &rows, errp)) {
        return false;
    }
    return (json_len(rows) == 1 && json_at(json_at(rows, 0), 0) != NULL) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_NOENT, "There is no instance '%s'", name);
}

bool cmd_instance_activate_disks(struct cli_run *run, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_instance_activate_disks);
    struct op_instance_activate_disks *params = op->params;
    CLEANUP(json_unrefp) struct json *disks = NULL;

    OP_SET_TEXT(params, instance_name, run->args[0]);
    OP_SET(params, ignore_size, command_line_flag(run->line, CLI_OPT_ignore_size));
    OP_SET(params, wait_for_sync, command_line_flag(run->line, CLI_OPT_wfsync));
    if (!submit_or_send(run, op, &disks, errp)) {
        return false;
    }
    /* [[node, name in the instance, device], ...], checked by the queue. */
    for (size_t i = 0; i < json_len(disks); i++) {
        const struct json *one = json_at(disks, i);
        const struct json *device = json_at(one, 2);

        run_print(run, "%s:%s:%s", json_string(json_at(one, 0)), json_string(json_at(one, 1)),
                  device != NULL ? json_string(device) : "None");
    }
    return true;
}

bool cmd_instance_deactivate_disks(struct cli_run *run, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_instance_deactivate_disks);
    struct op_instance_deactivate_disks *params = op->params;

    OP_SET_TEXT(params, instance_name, run->args[0]);
    OP_SET(params, force, command_line_flag(run->line, CLI_OPT_force));
    return submit_or_send(run, op, NULL, errp);
}

bool cmd_instance_grow_disk(struct cli_run *run, GError **errp)
{
    int64_t disk, amount;

    if (!parse_int64(run->args[1], INT64_MIN, INT64_MAX, &disk, NULL)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "'%s' is no number of a disk",
                        run->args[1]);
    }
    if (!parse_size_mib(run->args[2], &amount, NULL)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "'%s' is no size", run->args[2]);
    }
    struct opcode *op = opcode_new(OP_ID_instance_grow_disk);
    struct op_instance_grow_disk *params = op->params;

    OP_SET_TEXT(params, instance_name, run->args[0]);
    OP_SET(params, disk, disk);
    OP_SET(params, amount, amount);
    OP_SET(params, wait_for_sync, command_line_flag(run->line, CLI_OPT_nwsync));
    OP_SET(params, absolute, command_line_flag(run->line, CLI_OPT_absolute));
    OP_SET(params, ignore_ipolicy, command_line_flag(run->line, CLI_OPT_ignore_ipolicy));
    return submit_or_send(run, op, NULL, errp);
}

bool cmd_instance_add(struct cli_run *run, GError **errp)
{
    if (command_line_flag(run->line, CLI_OPT_forthcoming) &&
        command_line_flag(run->line, CLI_OPT_commit)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Either --forthcoming or --commit, not both");
    }
    return instance_create(run, INST_CREATE_CREATE, errp);
}

bool cmd_instance_remove(struct cli_run *run, GError **errp)
{
    const char *name = run->args[0];

    if (!command_line_flag(run->line, CLI_OPT_force)) {
        if (!ensure_exists(run, name, errp)) {
            return false;
        }
        g_autofree char *question = g_strdup_printf(
            "Instance %s will be removed together with its disks (and their mirrors): all its data "
            "will be lost. Continue?",
            name);
        if (!confirm_ask(question)) {
            run->exit_code = 1;
            return true;
        }
    }
    struct opcode *op = opcode_new(OP_ID_instance_remove);
    struct op_instance_remove *params = op->params;

    OP_SET_TEXT(params, instance_name, name);
    OP_SET(params, ignore_failures, command_line_flag(run->line, CLI_OPT_ignore_failures));
    OP_SET(params, shutdown_timeout, command_line_int(run->line, CLI_OPT_shutdown_timeout, 0));
    return submit_or_send(run, op, NULL, errp);
}

bool cmd_instance_rename(struct cli_run *run, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_instance_rename);
    struct op_instance_rename *params = op->params;
    CLEANUP(json_unrefp) struct json *name = NULL;

    OP_SET_TEXT(params, instance_name, run->args[0]);
    OP_SET_TEXT(params, new_name, run->args[1]);
    OP_SET(params, ip_check, command_line_flag(run->line, CLI_OPT_ipcheck));
    OP_SET(params, name_check, command_line_flag(run->line, CLI_OPT_namecheck));
    if (!submit_or_send(run, op, &name, errp)) {
        return false;
    }
    if (json_kind(name) == JSON_STRING && json_string_len(name) > 0) {
        run_print(run, "Instance '%s' renamed to '%s'", run->args[0], json_string(name));
    }
    return true;
}
