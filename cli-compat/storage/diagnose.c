/* gnt-storage info, diagnose (lib/client/gnt_storage.py). */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/node-status.h"
#include "cli-compat/core/params-info.h"
#include "cli-compat/core/pyrepr.h"
#include "cli-compat/core/submit.h"
#include "facts/constants.h"

enum { N_FIELDS = 3 };

/* Rows of the fields of all providers; none at all ends the command with code 1 (*ret_rows NULL).
 */
static bool ask(struct cli_run *run, const char *const *fields, struct json **ret_rows,
                GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_ext_storage_diagnose);
    CLEANUP(json_unrefp) struct json *list = run_texts(fields);

    if (!SUBMIT_SET_JSON(op, ext_storage_diagnose, output_fields, list, errp)) {
        opcode_free(op);
        return false;
    }
    if (!submit_opcode(run, op, ret_rows, errp) || !node_status_check(*ret_rows, N_FIELDS, errp)) {
        return false;
    }
    if (json_len(*ret_rows) == 0) {
        run_warn(run, "There are no providers of external storage");
        run->exit_code = C_EXIT_FAILURE;
    }
    return true;
}

/* Names of node groups where it is valid or not, in natural order; borrowed. */
static GPtrArray *groups_of(const struct json *status, bool valid)
{
    GPtrArray *groups = g_ptr_array_new();

    if (json_kind(status) == JSON_OBJECT) {
        struct json_iter it = json_iter_begin(status);

        while (json_iter_next(&it)) {
            if ((json_kind(it.value) == JSON_BOOL && json_boolean(it.value)) == valid) {
                g_ptr_array_add(groups, (void *)it.key);
            }
        }
    }
    g_ptr_array_sort(groups, text_nice_compare_slots);
    return groups;
}

static void print_provider(struct cli_run *run, const char *name, const struct json *row)
{
    g_autoptr(GPtrArray) groups = groups_of(json_at(row, 1), true);
    const struct json *params = json_at(row, 2);

    run_print(run, "%s:", name);
    if (groups->len == 0) {
        run_print(run, "  - Invalid for all nodegroups");
    } else {
        run_print(run, "  - Valid for nodegroups:");
        for (guint i = 0; i < groups->len; i++) {
            run_print(run, "      %s", (const char *)groups->pdata[i]);
        }
        run_print(run, "  - Supported parameters:");
        for (size_t i = 0; json_kind(params) == JSON_ARRAY && i < json_len(params); i++) {
            g_autofree char *param = node_status_text(json_at(params, i), 0);
            g_autofree char *doc = node_status_text(json_at(params, i), 1);

            run_print(run, "      %s: %s", param, doc);
        }
    }
    run_print(run, "%s", "");
}

bool cmd_storage_info(struct cli_run *run, GError **errp)
{
    static const char *const fields[] = {"name", "nodegroup_status", "parameters", NULL};
    CLEANUP(json_unrefp) struct json *rows = NULL;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    if (!ask(run, fields, &rows, errp)) {
        return false;
    }
    for (size_t i = 0; i < json_len(rows); i++) {
        char *name = pyrepr_str(json_at(json_at(rows, i), 0));

        g_hash_table_add(seen, name);
        if (run->args[0] == NULL || g_strv_contains(run->args, name)) {
            print_provider(run, name, json_at(rows, i));
        }
    }
    for (size_t i = 0; json_len(rows) > 0 && run->args[i] != NULL; i++) {
        if (!g_hash_table_contains(seen, run->args[i])) {
            run_print(run, "%s: Not Found\n", run->args[i]);
        }
    }
    return true;
}

static void append_params(GString *out, const struct json *entry)
{
    CLEANUP(json_unrefp) struct json *names = node_status_names(json_at(entry, 3));
    g_autofree char *text = params_comma_join(names);

    if (json_len(names) > 0) {
        g_string_append_printf(out, " [parameters: %s]", text);
    } else {
        g_string_append(out, " [no parameters]");
    }
}

static void print_groups(struct cli_run *run, const struct json *status, bool valid)
{
    g_autoptr(GPtrArray) groups = groups_of(status, valid);

    for (guint i = 0; i < groups->len; i++) {
        run_print(run, "  For nodegroup: %s --> %s", (const char *)groups->pdata[i],
                  valid ? "valid" : "invalid");
    }
}

bool cmd_storage_diagnose(struct cli_run *run, GError **errp)
{
    static const char *const fields[] = {"name", "node_status", "nodegroup_status", NULL};
    const struct node_status_spec spec = {
        .missing = "ExtStorage provider not found", .n_values = 4, .details = append_params};
    CLEANUP(json_unrefp) struct json *rows = NULL;

    if (!ask(run, fields, &rows, errp)) {
        return false;
    }
    for (size_t i = 0; i < json_len(rows); i++) {
        const struct json *row = json_at(rows, i);
        g_autofree char *name = pyrepr_str(json_at(row, 0));
        CLEANUP(node_statuses_freep)
        struct node_statuses *nodes = node_statuses_new(json_at(row, 1), &spec);

        run_print(run, "Provider: %s\n---", name);
        node_statuses_print(run, nodes);
        run_print(run, "  --");
        print_groups(run, json_at(row, 2), true);
        print_groups(run, json_at(row, 2), false);
        run_print(run, "%s", "");
    }
    return true;
}
