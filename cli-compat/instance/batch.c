/* Commands whose job submits a job for each instance: batch-create, change-group
 * (lib/client/gnt_instance.py BatchCreate, ChangeGroup). */
#include "config.h"

#include "base/fs.h"
#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/follow.h"
#include "cli-compat/core/submit.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

/* Definitions of some ten thousand instances. */
enum { LARGEST_FILE = 64 * 1024 * 1024 };

/* A list of objects; owned by the caller. */
static struct json *read_definitions(const char *path, GError **errp)
{
    g_autofree char *text = fs_read_file(path, LARGEST_FILE, NULL, errp);
    CLEANUP(json_unrefp) struct json *list = NULL;

    if (text == NULL || !json_parse(text, -1, &list, errp)) {
        return NULL;
    }
    bool good = json_kind(list) == JSON_ARRAY;
    for (size_t i = 0; good && i < json_len(list); i++) {
        good = json_kind(json_at(list, i)) == JSON_OBJECT;
    }
    if (!good) {
        err_set(errp, ERR_PARSE, ECODE_NONE, "it is no list of objects");
        return NULL;
    }
    return g_steal_pointer(&list);
}

static bool check_members(const struct json *definition, size_t index, GError **errp)
{
    g_autoptr(GString) unknown = g_string_new(NULL);
    struct json_iter it = json_iter_begin(definition);

    while (json_iter_next(&it)) {
        if (fact_object_find(&fact_object_op_instance_create, it.key) == NULL &&
            fact_object_find(&fact_object_op_common, it.key) == NULL) {
            g_string_append_printf(unknown, "%s%s", unknown->len > 0 ? ", " : "", it.key);
        }
    }
    return unknown->len == 0 ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Definition %zu has unknown members: %s",
                    index, unknown->str);
}

/* Definitions as opcodes, each checked as far as it can be here. */
static struct json *to_opcodes(const struct json *definitions, GError **errp)
{
    CLEANUP(json_unrefp) struct json *ops = json_new_array();

    for (size_t i = 0; i < json_len(definitions); i++) {
        struct json *op = json_copy(json_at(definitions, i));
        g_autoptr(GError) error = NULL;

        json_append(ops, op);
        if (!check_members(op, i, errp)) {
            return NULL;
        }
        json_set(op, "OP_ID", json_new_string(op_rows[OP_ID_instance_create].wire_id));
        if (!json_has(op, "reason")) {
            json_set(op, "reason", json_new_array());
        }
        struct opcode *decoded = opcode_decode(op, NULL, &error);
        if (decoded == NULL) {
            err_set(errp, ERR_OP_PREREQ, ECODE_INVAL, "Definition %zu: %s", i, error->message);
            return NULL;
        }
        opcode_free(decoded);
    }
    return g_steal_pointer(&ops);
}

bool cmd_instance_batch_create(struct cli_run *run, GError **errp)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(json_unrefp) struct json *definitions = read_definitions(run->args[0], &error);

    if (definitions == NULL) {
        run_warn(run, "Cannot use the definitions of instances in %s: %s", run->args[0],
                 error->message);
        run->exit_code = C_EXIT_FAILURE;
        return true;
    }
    CLEANUP(json_unrefp) struct json *ops = to_opcodes(definitions, errp);
    if (ops == NULL) {
        return false;
    }
    struct opcode *op = opcode_new(OP_ID_instance_multi_alloc);
    struct op_instance_multi_alloc *params = op->params;
    OP_SET_TEXT(params, iallocator, command_line_text(run->line, CLI_OPT_iallocator));
    if (!SUBMIT_SET_JSON(op, instance_multi_alloc, instances, ops, errp)) {
        opcode_free(op);
        return false;
    }
    return follow_moves(run, op, "created", "creation", errp);
}

bool cmd_instance_change_group(struct cli_run *run, GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_instance_change_group);
    struct op_instance_change_group *params = op->params;
    size_t bad;

    OP_SET_TEXT(params, instance_name, run->args[0]);
    OP_SET_TEXT(params, iallocator, command_line_text(run->line, CLI_OPT_iallocator));
    OP_SET(params, early_release, command_line_flag(run->line, CLI_OPT_early_release));
    if (!SUBMIT_SET_JSON(op, instance_change_group, target_groups,
                         command_line_json(run->line, CLI_OPT_to_group), errp)) {
        opcode_free(op);
        return false;
    }
    if (!follow_jobs(run, op, &bad, errp)) {
        return false;
    }
    if (bad == 0) {
        run_print(run, "Instance '%s' changed group successfully.", run->args[0]);
    } else {
        run_print(run, "There were %zu errors while changing group of instance '%s'.", bad,
                  run->args[0]);
        run->exit_code = C_EXIT_FAILURE;
    }
    return true;
}
