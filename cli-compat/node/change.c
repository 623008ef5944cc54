/* Commands that change nodes and move instances off them (lib/client/gnt_node.py). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/confirm.h"
#include "cli-compat/core/follow.h"
#include "cli-compat/core/submit.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

/* ---- storage and power ---- */

bool cmd_node_modify_storage(struct cli_run *run, GError **errp)
{
    const struct json *allocatable = command_line_json(run->line, CLI_OPT_allocatable);
    CLEANUP(json_unrefp) struct json *changes = json_new_object();
    CLEANUP(json_unrefp) struct json *type = json_new_string(run->args[1]);
    struct op_node_modify_storage *params;
    struct opcode *op;

    if (allocatable == NULL) {
        run_warn(run, "No changes to perform, exiting.");
        return true;
    }
    json_set(changes, fact_enum_storage_field.words[STORAGE_FIELD_ALLOCATABLE],
             json_copy(allocatable));
    op = opcode_new(OP_ID_node_modify_storage);
    params = op->params;
    OP_SET_TEXT(params, node_name, run->args[0]);
    OP_SET_TEXT(params, name, run->args[2]);
    if (!SUBMIT_SET_JSON(op, node_modify_storage, storage_type, type, errp) ||
        !SUBMIT_SET_JSON(op, node_modify_storage, changes, changes, errp)) {
        opcode_free(op);
        return false;
    }
    return submit_or_send(run, op, NULL, errp);
}

bool cmd_node_repair_storage(struct cli_run *run, GError **errp)
{
    CLEANUP(json_unrefp) struct json *type = json_new_string(run->args[1]);
    struct opcode *op = opcode_new(OP_ID_repair_node_storage);
    struct op_repair_node_storage *params = op->params;

    OP_SET_TEXT(params, node_name, run->args[0]);
    OP_SET_TEXT(params, name, run->args[2]);
    OP_SET(params, ignore_consistency, command_line_flag(run->line, CLI_OPT_ignore_consist));
    if (!SUBMIT_SET_JSON(op, repair_node_storage, storage_type, type, errp)) {
        opcode_free(op);
        return false;
    }
    return submit_or_send(run, op, NULL, errp);
}

bool cmd_node_powercycle(struct cli_run *run, GError **errp)
{
    g_autofree char *question =
        g_strdup_printf("Are you sure you want to hard powercycle node %s?", run->args[0]);
    CLEANUP(json_unrefp) struct json *result = NULL;
    struct op_node_powercycle *params;
    struct opcode *op;

    if (!command_line_flag(run->line, CLI_OPT_confirm) && !confirm_ask(question)) {
        run->exit_code = 2;
        return true;
    }
    op = opcode_new(OP_ID_node_powercycle);
    params = op->params;
    OP_SET_TEXT(params, node_name, run->args[0]);
    OP_SET(params, force, command_line_flag(run->line, CLI_OPT_force));
    if (!submit_or_send(run, op, &result, errp)) {
        return false;
    }
    if (json_kind(result) == JSON_STRING) {
        run_warn(run, "%s", json_string(result));
    }
    return true;
}

/* ---- moving instances ---- */

/* Names in the lists of one node's row, in natural order; owned by the caller, NULL on error. */
static GPtrArray *instances_of(struct cli_run *run, const char *const *fields, GError **errp)
{
    const char *const names[] = {run->args[0], NULL};
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
    CLEANUP(json_unrefp) struct json *rows = NULL;

    if (!run_query_old(run, LUXI_query_nodes, names, fields, &rows, errp)) {
        return NULL;
    }
    for (size_t i = 0; i < json_len(rows); i++) {
        for (size_t j = 0; j < json_len(json_at(rows, i)); j++) {
            const struct json *list = json_at(json_at(rows, i), j);

            for (size_t k = 0; json_kind(list) == JSON_ARRAY && k < json_len(list); k++) {
                const struct json *item = json_at(list, k);
                const char *name = json_kind(item) == JSON_STRING ? json_string(item) : "";

                if (*name != '\0' &&
                    !g_ptr_array_find_with_equal_func(found, name, g_str_equal, NULL)) {
                    g_ptr_array_add(found, g_strdup(name));
                }
            }
        }
    }
    g_ptr_array_sort(found, text_nice_compare_slots);
    g_ptr_array_add(found, NULL);
    return g_steal_pointer(&found);
}

bool cmd_node_migrate(struct cli_run *run, GError **errp)
{
    static const char *const fields[] = {"pinst_list", NULL};
    g_autoptr(GPtrArray) names = instances_of(run, fields, errp);
    g_autofree char *list = names != NULL ? g_strjoinv(", ", (char **)names->pdata) : NULL;
    g_autofree char *question = g_strdup_printf("Migrate instance(s) %s?", list);
    const struct json *mode = command_line_json(run->line, CLI_OPT_migration_mode);
    bool live = command_line_flag(run->line, CLI_OPT_nonlive);
    struct op_node_migrate *params;
    struct opcode *op;

    if (names == NULL) {
        return false;
    }
    if (names->len == 1) {
        run_print(run, "No primary instances on node %s, exiting.", run->args[0]);
        return true;
    }
    if (!command_line_flag(run->line, CLI_OPT_force) && !confirm_ask(question)) {
        run->exit_code = C_EXIT_CONFIRMATION;
        return true;
    }
    if (!live && mode != NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Only one of the --non-live and --migration-mode options can be passed");
    }
    op = opcode_new(OP_ID_node_migrate);
    params = op->params;
    OP_SET_TEXT(params, node_name, run->args[0]);
    OP_SET_TEXT(params, iallocator, command_line_text(run->line, CLI_OPT_iallocator));
    OP_SET_TEXT(params, target_node, command_line_text(run->line, CLI_OPT_dst_node));
    OP_SET(params, allow_runtime_changes, command_line_flag(run->line, CLI_OPT_noruntime_chgs));
    OP_SET(params, ignore_ipolicy, command_line_flag(run->line, CLI_OPT_ignore_ipolicy));
    if (!live) {
        OP_SET(params, mode, MIGRATION_NON_LIVE);
    } else if (!SUBMIT_SET_JSON(op, node_migrate, mode, mode, errp)) {
        opcode_free(op);
        return false;
    }
    return follow_moves(run, op, "migrated", "node migration", errp);
}

bool cmd_node_evacuate(struct cli_run *run, GError **errp)
{
    static const char *const fields[] = {"pinst_list", "sinst_list", NULL};
    static const char *const primary_fields[] = {"pinst_list", NULL};
    const char *target = command_line_text(run->line, CLI_OPT_new_secondary);
    bool primary = target == NULL && command_line_flag(run->line, CLI_OPT_primary_only);
    bool secondary = target != NULL || command_line_flag(run->line, CLI_OPT_secondary_only);
    struct op_node_evacuate *params;
    struct opcode *op;

    if (target != NULL) {
        run_warn(run, "New secondary node given (disabling iallocator), hence evacuating secondary "
                      "instances only.");
    }
    if (primary && secondary) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Only one of the --primary-only and --secondary-only options can be "
                        "passed");
    }
    g_autoptr(GPtrArray) names =
        instances_of(run, primary ? primary_fields : fields + (secondary ? 1 : 0), errp);
    if (names == NULL) {
        return false;
    }
    if (names->len == 1) {
        run_warn(run, "No instances to evacuate on node(s) %s, exiting.", run->args[0]);
        return true;
    }
    g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
    g_autofree char *question =
        g_strdup_printf("Relocate instance(s) %s from node(s) %s?", list, run->args[0]);
    if (!command_line_flag(run->line, CLI_OPT_force) && !confirm_ask(question)) {
        run->exit_code = C_EXIT_CONFIRMATION;
        return true;
    }
    op = opcode_new(OP_ID_node_evacuate);
    params = op->params;
    OP_SET_TEXT(params, node_name, run->args[0]);
    OP_SET(params, mode,
           primary     ? EVAC_MODE_PRIMARY_ONLY
           : secondary ? EVAC_MODE_SECONDARY_ONLY
                       : EVAC_MODE_ALL);
    OP_SET_TEXT(params, remote_node, target);
    OP_SET_TEXT(params, iallocator, command_line_text(run->line, CLI_OPT_iallocator));
    OP_SET(params, early_release, command_line_flag(run->line, CLI_OPT_early_release));
    OP_SET(params, ignore_soft_errors, command_line_flag(run->line, CLI_OPT_ignore_soft_errors));
    return follow_moves(run, op, "evacuated", "evacuation", errp);
}

bool cmd_node_failover(struct cli_run *run, GError **errp)
{
    static const char *const fields[] = {"pinst_list", NULL};
    g_autoptr(GPtrArray) names = instances_of(run, fields, errp);
    CLEANUP(job_set_freep) struct job_set *jobs = NULL;
    const struct job_set_result *results;
    g_autofree char *list = NULL, *question = NULL;
    size_t n, bad = 0;

    if (names == NULL) {
        return false;
    }
    if (names->len == 1) {
        run_warn(run, "No primary instances on node %s, exiting.", run->args[0]);
        return true;
    }
    list = g_strjoinv("','", (char **)names->pdata);
    question = g_strdup_printf("Fail over instance(s) '%s'?", list);
    if (!command_line_flag(run->line, CLI_OPT_force) && !confirm_ask(question)) {
        run->exit_code = C_EXIT_CONFIRMATION;
        return true;
    }
    jobs = job_set_new(run, true);
    for (guint i = 0; i + 1 < names->len; i++) {
        struct opcode *op = opcode_new(OP_ID_instance_failover);
        struct op_instance_failover *params = op->params;

        OP_SET_TEXT(params, instance_name, names->pdata[i]);
        OP_SET(params, ignore_consistency, command_line_flag(run->line, CLI_OPT_ignore_consist));
        OP_SET_TEXT(params, iallocator, command_line_text(run->line, CLI_OPT_iallocator));
        job_set_add(jobs, names->pdata[i], &op, 1);
    }
    if (!job_set_wait(jobs, &results, &n, errp)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        bad += results[i].ok ? 0 : 1;
    }
    if (bad == 0) {
        run_print(run, "All %zu instance(s) failed over successfully.", n);
    } else {
        run_print(run,
                  "There were errors during the failover:\n%zu error(s) out of %zu instance(s).",
                  bad, n);
    }
    return true;
}

/* ---- the node itself ---- */

bool cmd_node_remove(struct cli_run *run, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_node_remove);
    struct op_node_remove *params = op->params;

    OP_SET_TEXT(params, node_name, run->args[0]);
    return submit_opcode(run, op, NULL, errp);
}
