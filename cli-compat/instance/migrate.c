/* Moving instances to where their disks are already (lib/client/gnt_instance.py MigrateInstance,
 * FailoverInstance). */
#include "config.h"

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/confirm.h"
#include "cli-compat/core/submit.h"
#include "facts/constants.h"
#include "facts/errors.h"

/* Before a question is asked about it. */
static bool check_exists(struct cli_run *run, GError **errp)
{
    static const char *const fields[] = {"name", NULL};
    CLEANUP(json_unrefp) struct json *rows = NULL;
    return run_query_old(run, LUXI_query_instances, run->args, fields, &rows, errp);
}

/* Asks unless --force is there. *ret_go: whether to go on; if not, the exit code is set. */
static bool ask(struct cli_run *run, const char *question, bool *ret_go, GError **errp)
{
    *ret_go = true;
    if (command_line_flag(run->line, CLI_OPT_force)) {
        return true;
    }
    if (!check_exists(run, errp)) {
        return false;
    }
    *ret_go = confirm_ask(question);
    run->exit_code = *ret_go ? C_EXIT_SUCCESS : C_EXIT_FAILURE;
    return true;
}

static bool check_target(struct cli_run *run, GError **errp)
{
    return command_line_text(run->line, CLI_OPT_iallocator) == NULL ||
           command_line_text(run->line, CLI_OPT_dst_node) == NULL ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "Either an allocator (-I) or a target node (-n) can be given, not both");
}

bool cmd_instance_failover(struct cli_run *run, GError **errp)
{
    const char *name = run->args[0];
    bool ignore_consistency = command_line_flag(run->line, CLI_OPT_ignore_consist), go;
    g_autofree char *question = g_strdup_printf(
        "Instance %s will be shut down and started on another node. Continue?", name);
    if (!check_target(run, errp) || !ask(run, question, &go, errp)) {
        return false;
    }
    if (go && ignore_consistency) {
        g_autofree char *offline = g_strdup_printf(
            "Before instance %s fails over this way, its node must be marked offline. Is it?",
            name);
        go = confirm_ask(offline);
        run->exit_code = go ? C_EXIT_SUCCESS : C_EXIT_FAILURE;
    }
    if (!go) {
        return true;
    }
    struct opcode *op = opcode_new(OP_ID_instance_failover);
    struct op_instance_failover *params = op->params;
    OP_SET_TEXT(params, instance_name, name);
    OP_SET(params, ignore_consistency, ignore_consistency);
    OP_SET(params, ignore_ipolicy, command_line_flag(run->line, CLI_OPT_ignore_ipolicy));
    OP_SET(params, shutdown_timeout,
           command_line_int(run->line, CLI_OPT_shutdown_timeout, C_DEFAULT_SHUTDOWN_TIMEOUT));
    if (!SUBMIT_SET_JSON(op, instance_failover, iallocator,
                         command_line_json(run->line, CLI_OPT_iallocator), errp) ||
        !SUBMIT_SET_JSON(op, instance_failover, target_node,
                         command_line_json(run->line, CLI_OPT_dst_node), errp)) {
        opcode_free(op);
        return false;
    }
    return submit_or_send(run, op, NULL, errp);
}

/* --non-live is the old form of the mode. */
static bool find_mode(struct cli_run *run, struct json **ret, GError **errp)
{
    const struct json *mode = command_line_json(run->line, CLI_OPT_migration_mode);
    bool live = command_line_flag(run->line, CLI_OPT_nonlive);
    if (!live && mode != NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Either --non-live or --migration-mode can be given, not both");
    }
    *ret = live ? json_copy(mode)
                : json_new_string(fact_enum_migration_mode.words[MIGRATION_NON_LIVE]);
    return true;
}

static bool submit_migrate(struct cli_run *run, const struct json *mode, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_instance_migrate);
    struct op_instance_migrate *params = op->params;
    OP_SET_TEXT(params, instance_name, run->args[0]);
    OP_SET(params, cleanup, command_line_flag(run->line, CLI_OPT_cleanup));
    OP_SET(params, allow_failover, command_line_flag(run->line, CLI_OPT_allow_failover));
    OP_SET(params, allow_runtime_changes, command_line_flag(run->line, CLI_OPT_noruntime_chgs));
    OP_SET(params, ignore_ipolicy, command_line_flag(run->line, CLI_OPT_ignore_ipolicy));
    OP_SET(params, ignore_hvversions, command_line_flag(run->line, CLI_OPT_ignore_hvversions));
    if (!SUBMIT_SET_JSON(op, instance_migrate, mode, mode, errp) ||
        !SUBMIT_SET_JSON(op, instance_migrate, iallocator,
                         command_line_json(run->line, CLI_OPT_iallocator), errp) ||
        !SUBMIT_SET_JSON(op, instance_migrate, target_node,
                         command_line_json(run->line, CLI_OPT_dst_node), errp)) {
        opcode_free(op);
        return false;
    }
    return submit_or_send(run, op, NULL, errp);
}

bool cmd_instance_migrate(struct cli_run *run, GError **errp)
{
    bool cleanup = command_line_flag(run->line, CLI_OPT_cleanup), go;
    g_autofree char *question = g_strdup_printf(
        cleanup ? "What a failed migration of instance %s left will be put right, which may harm "
                  "the guest if anything goes wrong (in the hypervisor, say). Continue?"
                : "Instance %s will be migrated, which may harm the guest if anything goes wrong "
                  "(in the hypervisor, say). Continue?",
        run->args[0]);
    CLEANUP(json_unrefp) struct json *mode = NULL;
    if (!check_target(run, errp) || !ask(run, question, &go, errp)) {
        return false;
    }
    return !go || (find_mode(run, &mode, errp) && submit_migrate(run, mode, errp));
}
