/* Making the disks of an instance anew, and moving them (lib/client/gnt_instance.py RecreateDisks,
 * ReplaceDisks, MoveInstance). */
#include "config.h"

#include "base/json-writer.h"
#include "base/json.h"
#include "base/parse.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/confirm.h"
#include "cli-compat/core/submit.h"
#include "facts/constants.h"
#include "facts/errors.h"

/* --- recreate-disks -----------------------------------------------------------------------------
 */
/* A number of what the option gives as a text. */
static bool to_number(struct json *params, const char *key, bool size, int64_t index, GError **errp)
{
    const struct json *value = json_get(params, key);
    int64_t number;

    if (json_kind(value) != JSON_STRING) {
        return true;
    }
    if (size ? !parse_size_mib(json_string(value), &number, NULL)
             : !parse_int64(json_string(value), INT64_MIN, INT64_MAX, &number, NULL)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Disk %" G_GINT64_FORMAT ": '%s' is no good %s", (gint64)index,
                        json_string(value), key);
    }
    json_set(params, key, json_new_int(number));
    return true;
}

/* [[number, {...}], ...] from "--disk 0:size=1G". */
static struct json *recreated(struct cli_run *run, GError **errp)
{
    const struct json *given = command_line_json(run->line, CLI_OPT_disk);
    CLEANUP(json_unrefp) struct json *disks = json_new_array();

    for (size_t i = 0; i < json_len(given); i++) {
        const struct json *ident = json_at(json_at(given, i), 0);
        CLEANUP(json_unrefp) struct json *params = json_copy(json_at(json_at(given, i), 1));
        g_autofree char *text = json_kind(ident) == JSON_STRING
                                    ? g_strdup(json_string(ident))
                                    : json_to_string(ident, JSON_PYTHON);
        struct json *one;
        int64_t index;

        if (!parse_int64(text, INT64_MIN, INT64_MAX, &index, NULL)) {
            err_set(errp, ERR_OP_PREREQ, ECODE_INVAL, "'%s' is no number of a disk", text);
            return NULL;
        }
        if (json_kind(params) != JSON_OBJECT) {
            err_set(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "Disk %" G_GINT64_FORMAT " needs options, name=value", (gint64)index);
            return NULL;
        }
        if (!to_number(params, "size", true, index, errp) ||
            !to_number(params, "spindles", false, index, errp)) {
            return NULL;
        }
        one = json_new_array();
        json_append(one, json_new_int(index));
        json_append(one, json_ref(params));
        json_append(disks, one);
    }
    return g_steal_pointer(&disks);
}

static struct json *placement(const char *text)
{
    struct json *nodes = json_new_array();
    g_auto(GStrv) names = g_strsplit(text != NULL ? text : "", ":", 2);

    for (size_t i = 0; names[i] != NULL; i++) {
        json_append(nodes, json_new_string(names[i]));
    }
    return nodes;
}

bool cmd_instance_recreate_disks(struct cli_run *run, GError **errp)
{
    const char *node = command_line_text(run->line, CLI_OPT_node_placement);
    CLEANUP(json_unrefp) struct json *disks = recreated(run, errp);
    CLEANUP(json_unrefp) struct json *nodes = placement(node);

    if (disks == NULL) {
        return false;
    }
    if (node != NULL && command_line_text(run->line, CLI_OPT_iallocator) != NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Either nodes (-n) or an allocator (-I) can be given, not both");
    }
    struct opcode *op = opcode_new(OP_ID_instance_recreate_disks);
    struct op_instance_recreate_disks *params = op->params;

    OP_SET_TEXT(params, instance_name, run->args[0]);
    if (!SUBMIT_SET_JSON(op, instance_recreate_disks, disks, disks, errp) ||
        !SUBMIT_SET_JSON(op, instance_recreate_disks, nodes, nodes, errp) ||
        !SUBMIT_SET_JSON(op, instance_recreate_disks, iallocator,
                         command_line_json(run->line, CLI_OPT_iallocator), errp)) {
        opcode_free(op);
        return false;
    }
    return submit_or_send(run, op, NULL, errp);
}

/* --- replace-disks ------------------------------------------------------------------------------
 */
static struct json *indices(const char *text, GError **errp)
{
    CLEANUP(json_unrefp) struct json *list = json_new_array();
    g_auto(GStrv) parts = g_strsplit(text != NULL ? text : "", ",", -1);

    for (size_t i = 0; text != NULL && i < MAX(g_strv_length(parts), 1); i++) {
        int64_t index;

        if (parts[i] == NULL ||
            !parse_int64(g_strstrip(parts[i]), INT64_MIN, INT64_MAX, &index, NULL)) {
            err_set(errp, ERR_OP_PREREQ, ECODE_INVAL, "'%s' is no list of numbers of disks", text);
            return NULL;
        }
        json_append(list, json_new_int(index));
    }
    return g_steal_pointer(&list);
}

static bool find_mode(struct cli_run *run, const struct json *disks,
                      enum replace_disks_mode *ret_mode, GError **errp)
{
    const struct {
        bool given;
        enum replace_disks_mode mode;
    } ways[] = {
        {command_line_flag(run->line, CLI_OPT_on_primary), REPLACE_DISKS_REPLACE_ON_PRIMARY},
        {command_line_flag(run->line, CLI_OPT_on_secondary), REPLACE_DISKS_REPLACE_ON_SECONDARY},
        {command_line_flag(run->line, CLI_OPT_auto_replace), REPLACE_DISKS_REPLACE_AUTO},
        {command_line_text(run->line, CLI_OPT_new_secondary) != NULL,
         REPLACE_DISKS_REPLACE_NEW_SECONDARY},
        {command_line_text(run->line, CLI_OPT_iallocator) != NULL,
         REPLACE_DISKS_REPLACE_NEW_SECONDARY},
    };
    size_t n = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        if (ways[i].given) {
            *ret_mode = ways[i].mode;
            n++;
        }
    }
    if (n != 1) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Exactly one of the options -p, -s, -a, -n and -I is needed");
    }
    return *ret_mode != REPLACE_DISKS_REPLACE_AUTO || json_len(disks) == 0 ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "Which disks are replaced cannot be chosen in the automatic mode (-a)");
}

bool cmd_instance_replace_disks(struct cli_run *run, GError **errp)
{
    CLEANUP(json_unrefp)
    struct json *disks = indices(command_line_text(run->line, CLI_OPT_diskidx), errp);
    enum replace_disks_mode mode = REPLACE_DISKS_REPLACE_AUTO;

    if (disks == NULL || !find_mode(run, disks, &mode, errp)) {
        return false;
    }
    struct opcode *op = opcode_new(OP_ID_instance_replace_disks);
    struct op_instance_replace_disks *params = op->params;

    OP_SET_TEXT(params, instance_name, run->args[0]);
    OP_SET(params, mode, mode);
    OP_SET(params, early_release, command_line_flag(run->line, CLI_OPT_early_release));
    OP_SET(params, ignore_ipolicy, command_line_flag(run->line, CLI_OPT_ignore_ipolicy));
    if (!SUBMIT_SET_JSON(op, instance_replace_disks, disks, disks, errp) ||
        !SUBMIT_SET_JSON(op, instance_replace_disks, remote_node,
                         command_line_json(run->line, CLI_OPT_new_secondary), errp) ||
        !SUBMIT_SET_JSON(op, instance_replace_disks, iallocator,
                         command_line_json(run->line, CLI_OPT_iallocator), errp)) {
        opcode_free(op);
        return false;
    }
    return submit_or_send(run, op, NULL, errp);
}

/* --- move ---------------------------------------------------------------------------------------
 */
bool cmd_instance_move(struct cli_run *run, GError **errp)
{
    const char *name = run->args[0];
    g_autofree char *question = g_strdup_printf(
        "Instance %s will be shut down and its disks copied to another node. Continue?", name);

    if (!command_line_flag(run->line, CLI_OPT_force) && !confirm_ask(question)) {
        run->exit_code = C_EXIT_FAILURE;
        return true;
    }
    struct opcode *op = opcode_new(OP_ID_instance_move);
    struct op_instance_move *params = op->params;

    OP_SET_TEXT(params, instance_name, name);
    OP_SET(params, shutdown_timeout, command_line_int(run->line, CLI_OPT_shutdown_timeout, 0));
    OP_SET(params, ignore_consistency, command_line_flag(run->line, CLI_OPT_ignore_consist));
    OP_SET(params, ignore_ipolicy, command_line_flag(run->line, CLI_OPT_ignore_ipolicy));
    if (!SUBMIT_SET_JSON(op, instance_move, target_node,
                         command_line_json(run->line, CLI_OPT_single_node), errp) ||
        !SUBMIT_SET_JSON(op, instance_move, compress,
                         command_line_json(run->line, CLI_OPT_compress), errp)) {
        opcode_free(op);
        return false;
    }
    return submit_or_send(run, op, NULL, errp);
}
