/* gnt-instance reinstall (lib/client/gnt_instance.py ReinstallInstance). */
#include "config.h"

#include <stdio.h>

#include "base/json.h"
#include "cli-compat/core/commands.h"
#include "cli-compat/core/confirm.h"
#include "cli-compat/core/submit.h"
#include "cli-compat/instance/many.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

/* --- Which operating system ---------------------------------------------------------------------
 */
static struct opcode *diagnose_op(void)
{
    static const char *const fields[] = {"name", "variants"};
    struct opcode *op = opcode_new(OP_ID_os_diagnose);
    struct op_os_diagnose *params = op->params;

    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        char **slot = fact_list_add(&type_nonempty_str_list, &params->output_fields);

        *slot = g_strdup(fields[i]);
    }
    params->has.output_fields = true;
    return op;
}

/* Each with each of its variants. */
static GPtrArray *os_names(const struct json *rows)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (size_t i = 0; json_kind(rows) == JSON_ARRAY && i < json_len(rows); i++) {
        const struct json *row = json_at(rows, i), *variants;

        if (json_kind(row) != JSON_ARRAY || json_len(row) != 2 ||
            json_kind(json_at(row, 0)) != JSON_STRING) {
            continue;
        }
        variants = json_at(row, 1);
        if (json_kind(variants) != JSON_ARRAY || json_len(variants) == 0) {
            g_ptr_array_add(names, g_strdup(json_string(json_at(row, 0))));
            continue;
        }
        for (size_t j = 0; j < json_len(variants); j++) {
            if (json_kind(json_at(variants, j)) == JSON_STRING) {
                g_ptr_array_add(names, g_strconcat(json_string(json_at(row, 0)), "+",
                                                   json_string(json_at(variants, j)), NULL));
            }
        }
    }
    return names;
}

/* NULL: none was chosen. */
static char *choose(struct cli_run *run, const GPtrArray *names)
{
    g_autofree struct confirm_choice *choices = g_new0(struct confirm_choice, names->len + 1);
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    size_t answer;

    run_print(run, "Available OS templates:");
    for (guint i = 0; i < names->len; i++) {
        char *key = g_strdup_printf("%u", i);

        run_print(run, "%3u: %s", i, (const char *)names->pdata[i]);
        g_ptr_array_add(keys, key);
        choices[i] = (struct confirm_choice){key, names->pdata[i]};
    }
    choices[names->len] = (struct confirm_choice){"x", "Exit gnt-instance reinstall"};
    answer = confirm_choose("Enter OS template number (or x to abort):", choices, names->len + 1);
    return answer < names->len ? g_strdup(names->pdata[answer]) : NULL;
}

/* The operating system that was chosen; NULL: that which the instances have. *ret_go: whether to go
 * on; if not, the exit code is set. */
static bool find_os(struct cli_run *run, char **ret_os, bool *ret_go, GError **errp)
{
    CLEANUP(json_unrefp) struct json *rows = NULL;

    *ret_go = true;
    if (!command_line_flag(run->line, CLI_OPT_select_os)) {
        *ret_os = g_strdup(command_line_text(run->line, CLI_OPT_os));
        return true;
    }
    if (!submit_opcode(run, diagnose_op(), &rows, errp)) {
        return false;
    }
    g_autoptr(GPtrArray) names = os_names(rows);
    if (names->len == 0) {
        run_print(run, "Can't get the OS list");
    } else {
        *ret_os = choose(run, names);
        if (*ret_os == NULL) {
            (void)fprintf(stderr, "User aborted reinstall, exiting\n");
        }
    }
    *ret_go = *ret_os != NULL;
    run->exit_code = *ret_go ? C_EXIT_SUCCESS : C_EXIT_FAILURE;
    return true;
}

/* --- The command --------------------------------------------------------------------------------
 */
static bool is_confirmed(struct cli_run *run, GPtrArray *names, bool many, const char *os)
{
    g_autofree char *what =
        os != NULL ? g_strdup_printf("change the OS to '%s'", os) : g_strdup("keep the same OS");
    g_autofree char *note = g_strdup_printf(
        "Note: *all* data of the instances below will be lost! It will %s.\n", what);
    g_autofree char *question = NULL;

    if (many) {
        return instance_confirm_many(run, names, "reinstall", note);
    }
    if (command_line_flag(run->line, CLI_OPT_force) ||
        command_line_flag(run->line, CLI_OPT_force_multi)) {
        return true;
    }
    question = g_strdup_printf(
        "Instance '%s' will be installed again (and %s): all its data will be lost. Continue?",
        (const char *)names->pdata[0], what);
    return confirm_ask(question);
}

static struct opcode *reinstall_op(struct cli_run *run, const char *name, const char *os,
                                   GError **errp)
{
    struct opcode *op = opcode_new(OP_ID_instance_reinstall);
    struct op_instance_reinstall *params = op->params;

    OP_SET_TEXT(params, instance_name, name);
    OP_SET_TEXT(params, os_type, os);
    OP_SET(params, force_variant, command_line_flag(run->line, CLI_OPT_force_variant));
    if (!SUBMIT_SET_JSON(op, instance_reinstall, osparams,
                         command_line_json(run->line, CLI_OPT_osparams), errp) ||
        !SUBMIT_SET_JSON(op, instance_reinstall, osparams_private,
                         command_line_json(run->line, CLI_OPT_osparams_private), errp) ||
        !SUBMIT_SET_JSON(op, instance_reinstall, osparams_secret,
                         command_line_json(run->line, CLI_OPT_osparams_secret), errp)) {
        opcode_free(op);
        return NULL;
    }
    return op;
}

bool cmd_instance_reinstall(struct cli_run *run, GError **errp)
{
    bool many, go;
    g_autofree char *os = NULL;
    g_autoptr(GPtrArray) names = instance_find(run, &many, errp);

    if (names == NULL || !find_os(run, &os, &go, errp)) {
        return false;
    }
    if (!go) {
        return true;
    }
    if (!is_confirmed(run, names, many, os)) {
        run->exit_code = C_EXIT_FAILURE;
        return true;
    }
    return instance_submit_all(run, names, many, reinstall_op, os, errp);
}
