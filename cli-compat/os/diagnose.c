/* gnt-os list, info, diagnose (lib/client/gnt_os.py). */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/info.h"
#include "cli-compat/core/node-status.h"
#include "cli-compat/core/params-info.h"
#include "cli-compat/core/pyrepr.h"
#include "cli-compat/core/submit.h"
#include "cli-compat/core/table.h"
#include "facts/constants.h"

/* Rows of these fields of all OSes; names and fields are NULL-terminated. */
static bool ask(struct cli_run *run, const char *const *fields, size_t n, struct json **ret_rows,
                GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_os_diagnose);
    CLEANUP(json_unrefp) struct json *list = run_texts(fields);

    if (!SUBMIT_SET_JSON(op, os_diagnose, output_fields, list, errp)) {
        opcode_free(op);
        return false;
    }
    return submit_opcode(run, op, ret_rows, errp) && node_status_check(*ret_rows, n, errp);
}

/* --- list ---------------------------------------------------------------------------------------
 */
/* An OS with variants is listed once for each. */
bool cmd_os_list(struct cli_run *run, GError **errp)
{
    static const char *const fields[] = {"name", "variants", NULL};
    const struct table_options options = {.header = !command_line_flag(run->line, CLI_OPT_nohdr)};
    CLEANUP(table_freep) struct table *table = table_new();
    CLEANUP(json_unrefp) struct json *rows = NULL;

    if (!ask(run, fields, 2, &rows, errp)) {
        return false;
    }
    table_add_column(table, "Name", false);
    for (size_t i = 0; i < json_len(rows); i++) {
        g_autofree char *name = pyrepr_str(json_at(json_at(rows, i), 0));
        const struct json *variants = json_at(json_at(rows, i), 1);
        size_t n = json_kind(variants) == JSON_ARRAY ? json_len(variants) : 0;

        if (n == 0) {
            table_add_cell(table, g_strdup(name));
        }
        for (size_t j = 0; j < n; j++) {
            g_autofree char *variant = pyrepr_str(json_at(variants, j));

            table_add_cell(table, g_strdup_printf("%s+%s", name, variant));
        }
    }
    table_print(table, &options, run->out);
    return true;
}

/* --- info ---------------------------------------------------------------------------------------
 */
enum {
    NAME,
    VALID,
    VARIANTS,
    PARAMS,
    APIS,
    BLACKLISTED,
    HIDDEN,
    OS_HVP,
    OSPARAMS,
    TRUSTED,
    N_INFO
};

static void print_value(struct cli_run *run, const char *label, const struct json *value)
{
    g_autofree char *text = pyrepr_str(value);

    run_print(run, "  - %s: %s", label, text);
}

static void print_list(struct cli_run *run, const char *label, const struct json *list)
{
    run_print(run, "  - %s:", label);
    for (size_t i = 0; json_kind(list) == JSON_ARRAY && i < json_len(list); i++) {
        g_autofree char *text = pyrepr_str(json_at(list, i));

        run_print(run, "    - %s", text);
    }
}

static int compare_numbers(const void *a, const void *b)
{
    double x = json_double(*(const struct json *const *)a);
    double y = json_double(*(const struct json *const *)b);

    return (x > y) - (x < y);
}

/* The same list in order, if it consists of numbers. */
static struct json *sorted(const struct json *list)
{
    g_autoptr(GPtrArray) numbers = g_ptr_array_new();
    struct json *copy = json_new_array();

    for (size_t i = 0; json_kind(list) == JSON_ARRAY && i < json_len(list); i++) {
        if (json_kind(json_at(list, i)) == JSON_INT) {
            g_ptr_array_add(numbers, json_at(list, i));
        }
    }
    g_ptr_array_sort(numbers, compare_numbers);
    for (guint i = 0; i < numbers->len; i++) {
        json_append(copy, json_ref(numbers->pdata[i]));
    }
    return copy;
}

static void print_os(struct cli_run *run, const struct json *row)
{
    g_autofree char *name = pyrepr_str(json_at(row, NAME));
    const struct json *valid = json_at(row, VALID), *params = json_at(row, PARAMS);

    run_print(run, "%s:", name);
    print_value(run, "valid", valid);
    print_value(run, "hidden", json_at(row, HIDDEN));
    print_value(run, "blacklisted", json_at(row, BLACKLISTED));
    if (json_kind(valid) == JSON_BOOL && json_boolean(valid)) {
        CLEANUP(json_unrefp) struct json *apis = sorted(json_at(row, APIS));

        print_list(run, "API versions", apis);
        print_list(run, "variants", json_at(row, VARIANTS));
        run_print(run, "  - parameters:");
        for (size_t i = 0; json_kind(params) == JSON_ARRAY && i < json_len(params); i++) {
            g_autofree char *param = node_status_text(json_at(params, i), 0);
            g_autofree char *doc = node_status_text(json_at(params, i), 1);

            run_print(run, "    - %s: %s", param, doc);
        }
    }
    print_value(run, "trusted", json_at(row, TRUSTED));
    run_print(run, "%s", "");
}

/* What the cluster has for a name with its variant; NULL: nothing. */
static const struct json *params_of(const struct json *rows, size_t field, const char *name)
{
    for (size_t i = 0; i < json_len(rows); i++) {
        const struct json *all = json_at(json_at(rows, i), field);
        const struct json *params = json_kind(all) == JSON_OBJECT ? json_get(all, name) : NULL;

        if (params != NULL) {
            return params;
        }
    }
    return NULL;
}

static struct info *params_or_none(const struct json *params)
{
    CLEANUP(json_unrefp) struct json *empty = json_new_object();

    return info_from_json(params != NULL ? params : empty);
}

/* An argument that is no OS: a variant, or nothing that is known. */
static void print_variant(struct cli_run *run, const struct json *rows, const char *name)
{
    const struct json *hvp = params_of(rows, OS_HVP, name);
    const struct json *osp = params_of(rows, OSPARAMS, name);

    if (hvp == NULL && osp == NULL) {
        run_print(run, "%s: ", name);
    } else {
        CLEANUP(info_freep) struct info *all = info_map();
        struct info *info = info_map();

        info_add(info, "OS-specific hypervisor parameters", params_or_none(hvp));
        info_add(info, "OS parameters", params_or_none(osp));
        info_add(all, name, info);
        run_print_info(run, all);
    }
    run_print(run, "%s", "");
}

static bool has_row(const struct json *rows, const char *name)
{
    for (size_t i = 0; i < json_len(rows); i++) {
        g_autofree char *text = pyrepr_str(json_at(json_at(rows, i), NAME));

        if (strcmp(text, name) == 0) {
            return true;
        }
    }
    return false;
}

bool cmd_os_info(struct cli_run *run, GError **errp)
{
    static const char *const fields[] = {"name",         "valid",       "variants", "parameters",
                                         "api_versions", "blacklisted", "hidden",   "os_hvp",
                                         "osparams",     "trusted",     NULL};
    CLEANUP(json_unrefp) struct json *rows = NULL;

    if (!ask(run, fields, N_INFO, &rows, errp)) {
        return false;
    }
    for (size_t i = 0; i < json_len(rows); i++) {
        g_autofree char *name = pyrepr_str(json_at(json_at(rows, i), NAME));

        if (run->args[0] == NULL || g_strv_contains(run->args, name)) {
            print_os(run, json_at(rows, i));
        }
    }
    for (size_t i = 0; run->args[i] != NULL; i++) {
        if (!has_row(rows, run->args[i])) {
            print_variant(run, rows, run->args[i]);
        }
    }
    return true;
}

/* --- diagnose -----------------------------------------------------------------------------------
 */
enum {
    ENTRY_PATH,
    ENTRY_STATUS,
    ENTRY_DIAGNOSE,
    ENTRY_VARIANTS,
    ENTRY_PARAMS,
    ENTRY_APIS,
    ENTRY_TRUSTED
};

static void append_list(GString *out, const char *label, const char *none, const struct json *list)
{
    if (json_kind(list) == JSON_ARRAY && json_len(list) > 0) {
        g_autofree char *text = params_comma_join(list);

        g_string_append_printf(out, " [%s: %s]", label, text);
    } else {
        g_string_append_printf(out, " [%s]", none);
    }
}

static int64_t newest(const struct json *apis)
{
    int64_t most = 0;

    for (size_t i = 0; json_kind(apis) == JSON_ARRAY && i < json_len(apis); i++) {
        if (json_kind(json_at(apis, i)) == JSON_INT) {
            most = MAX(most, json_int(json_at(apis, i)));
        }
    }
    return most;
}

/* What is behind the state of an OS on a node. */
static void append_details(GString *out, const struct json *entry)
{
    const struct json *apis = json_at(entry, ENTRY_APIS), *trusted = json_at(entry, ENTRY_TRUSTED);
    int64_t api = newest(apis);

    append_list(out, "API versions", "no API versions declared", apis);
    if (api >= C_OS_API_V15) {
        append_list(out, "variants", "no variants", json_at(entry, ENTRY_VARIANTS));
    }
    if (api >= C_OS_API_V20) {
        CLEANUP(json_unrefp) struct json *names = node_status_names(json_at(entry, ENTRY_PARAMS));

        append_list(out, "parameters", "no parameters", names);
    }
    g_string_append(out, json_kind(trusted) == JSON_BOOL && json_boolean(trusted) ? " [trusted]"
                                                                                  : " [untrusted]");
}

static bool is_true(const struct json *value)
{
    return json_kind(value) == JSON_BOOL && json_boolean(value);
}

bool cmd_os_diagnose(struct cli_run *run, GError **errp)
{
    static const char *const fields[] = {"name",   "valid",       "variants", "node_status",
                                         "hidden", "blacklisted", NULL};
    const struct node_status_spec spec = {
        .missing = "OS not found", .n_values = ENTRY_TRUSTED + 1, .details = append_details};
    CLEANUP(json_unrefp) struct json *rows = NULL;

    if (!ask(run, fields, 6, &rows, errp)) {
        return false;
    }
    for (size_t i = 0; i < json_len(rows); i++) {
        const struct json *row = json_at(rows, i), *variants = json_at(row, 2);
        g_autofree char *name = pyrepr_str(json_at(row, 0));
        CLEANUP(node_statuses_freep)
        struct node_statuses *nodes = node_statuses_new(json_at(row, 3), &spec);
        bool good = node_statuses_count(nodes, true) > 0,
             bad = node_statuses_count(nodes, false) > 0;

        run_print(run, "OS: %s [global status: %s]%s%s", name,
                  good && !bad   ? "valid"
                  : !good && bad ? "invalid"
                                 : "partial valid",
                  is_true(json_at(row, 4)) ? " [hidden]" : "",
                  is_true(json_at(row, 5)) ? " [blacklisted]" : "");
        if (json_kind(variants) == JSON_ARRAY && json_len(variants) > 0) {
            g_autofree char *text = params_comma_join(variants);

            run_print(run, "  Variants: [%s]", text);
        }
        node_statuses_print(run, nodes);
        run_print(run, "%s", "");
        if (!good || bad) {
            run->exit_code = EXIT_FAILURE;
        }
    }
    return true;
}
