/* Volumes and storage units of nodes (lib/client/gnt_node.py ListVolumes, ListStorage). */
#include "config.h"

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/list.h"
#include "cli-compat/core/old-table.h"
#include "cli-compat/core/submit.h"

bool cmd_node_volumes(struct cli_run *run, GError **errp)
{
    static const struct old_column columns[] = {
        {"node", "Node", false, NULL}, {"phys", "PhysDev", false, NULL},
        {"vg", "VG", false, NULL},     {"name", "Name", false, NULL},
        {"size", "Size", true, NULL},  {"instance", "Instance", false, NULL},
        {NULL, NULL, false, NULL},
    };
    CLEANUP(json_unrefp) struct json *fields = list_fields(run, NULL);
    CLEANUP(json_unrefp) struct json *nodes = run_texts(run->args);
    CLEANUP(json_unrefp) struct json *rows = NULL;
    struct opcode *op = opcode_new(OP_ID_node_queryvols);

    if (!SUBMIT_SET_JSON(op, node_queryvols, nodes, nodes, errp) ||
        !SUBMIT_SET_JSON(op, node_queryvols, output_fields, fields, errp)) {
        opcode_free(op);
        return false;
    }
    return submit_opcode(run, op, &rows, errp) && old_table_print(run, columns, fields, rows, errp);
}

/* Python's idea of true. */
static char *allocatable_text(const struct json *value)
{
    bool is_true = false;

    switch (json_kind(value)) {
    case JSON_NULL:
        break;
    case JSON_BOOL:
        is_true = json_boolean(value);
        break;
    case JSON_INT:
    case JSON_FLOAT:
        is_true = json_double(value) != 0;
        break;
    case JSON_STRING:
        is_true = json_string_len(value) > 0;
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        is_true = json_len(value) > 0;
        break;
    }
    return g_strdup(is_true ? "Y" : "N");
}

bool cmd_node_list_storage(struct cli_run *run, GError **errp)
{
    static const struct old_column columns[] = {
        {"node", "Node", false, NULL},
        {"type", "Type", false, NULL},
        {"name", "Name", false, NULL},
        {"size", "Size", true, NULL},
        {"used", "Used", true, NULL},
        {"free", "Free", true, NULL},
        {"allocatable", "Allocatable", false, allocatable_text},
        {NULL, NULL, false, NULL},
    };
    CLEANUP(json_unrefp) struct json *fields = list_fields(run, NULL);
    CLEANUP(json_unrefp) struct json *nodes = run_texts(run->args);
    CLEANUP(json_unrefp) struct json *rows = NULL;
    struct opcode *op = opcode_new(OP_ID_node_query_storage);

    if (!SUBMIT_SET_JSON(op, node_query_storage, nodes, nodes, errp) ||
        !SUBMIT_SET_JSON(op, node_query_storage, storage_type,
                         command_line_json(run->line, CLI_OPT_storage_type), errp) ||
        !SUBMIT_SET_JSON(op, node_query_storage, output_fields, fields, errp)) {
        opcode_free(op);
        return false;
    }
    return submit_opcode(run, op, &rows, errp) && old_table_print(run, columns, fields, rows, errp);
}
