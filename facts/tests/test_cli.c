#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/tests/unit.h"
#include "facts/cli.h"
#include "facts/queryfields.h"

static const struct cli_command *find(const char *program, const char *command)
{
    const struct cli_program *found = cli_program_find(program);

    ck_assert_ptr_nonnull(found);
    return cli_command_find(found->id, command);
}

static bool has_option(const struct cli_command *command, const char *flag)
{
    g_autofree const struct cli_option **options = cli_command_options(command);

    for (size_t i = 0; options[i] != NULL; i++) {
        if (cli_option_has_flag(options[i], flag)) {
            return true;
        }
    }
    return false;
}

START_TEST(commands_are_found_by_name_and_alias)
{
    const struct cli_command *startup = find("gnt-instance", "startup");

    ck_assert_ptr_nonnull(startup);
    ck_assert_ptr_eq(startup, find("gnt-instance", "start"));
    ck_assert_ptr_null(find("gnt-instance", "startu"));
    ck_assert_ptr_null(find("gnt-node", "startup"));
    ck_assert_ptr_null(cli_program_find("gnt-nodes"));
    for (size_t i = 0; i < CLI_CMD_COUNT; i++) {
        ck_assert_ptr_eq(cli_command_find(cli_commands[i].program, cli_commands[i].name),
                         &cli_commands[i]);
    }
}
END_TEST

START_TEST(aliases_lead_to_commands)
{
    const char *alias, *command;

    for (size_t i = 0; i < CLI_PROG_COUNT; i++) {
        for (size_t j = 0; cli_alias_at((enum cli_program_id)i, j, &alias, &command); j++) {
            ck_assert_str_eq(cli_command_find((enum cli_program_id)i, alias)->name, command);
        }
    }
}
END_TEST

START_TEST(common_options_come_last)
{
    g_autofree const struct cli_option **options = cli_command_options(find("gnt-os", "list"));

    ck_assert_int_eq(options[0]->id, CLI_OPT_nohdr);
    ck_assert_int_eq(options[1]->id, CLI_OPT_priority);
    ck_assert_int_eq(options[2]->id, CLI_OPT_debug);
    ck_assert_int_eq(options[3]->id, CLI_OPT_reason);
    ck_assert_ptr_null(options[4]);
}
END_TEST

START_TEST(levels_have_their_own_options)
{
    const struct cli_command *modify = find("gnt-instance", "modify");

    fact_level_set(LEVEL_3_0);
    ck_assert(has_option(modify, "--hotplug"));
    ck_assert(!has_option(modify, "--no-hotplug"));
    fact_level_set(LEVEL_3_1);
    ck_assert(!has_option(modify, "--hotplug"));
    ck_assert(has_option(modify, "--no-hotplug"));
}
END_TEST

START_TEST(arguments_are_counted)
{
    int min, max;

    cli_command_arg_range(find("gnt-instance", "grow-disk"), &min, &max);
    ck_assert_int_eq(min, 3);
    ck_assert_int_eq(max, 3);
    cli_command_arg_range(find("gnt-node", "power"), &min, &max);
    ck_assert_int_eq(min, 1);
    ck_assert_int_eq(max, CLI_ANY);
    cli_command_arg_range(find("gnt-cluster", "info"), &min, &max);
    ck_assert_int_eq(min, 0);
    ck_assert_int_eq(max, 0);
}
END_TEST

START_TEST(environment_variables_are_named_after_the_command)
{
    g_autofree char *name = cli_command_env(find("gnt-node", "list"));

    ck_assert_str_eq(name, "GNT_NODE_LIST");
    ck_assert_ptr_null(cli_command_env(find("gnt-job", "list")));
}
END_TEST

START_TEST(flags_match_whole)
{
    const struct cli_option *really = &cli_options[CLI_OPT_yes_doit];

    ck_assert(cli_option_has_flag(really, "--yes-do-it"));
    ck_assert(cli_option_has_flag(really, "--ya-rly"));
    ck_assert(!cli_option_has_flag(really, "--yes-do"));
    ck_assert(!cli_option_has_flag(really, "--ya-rly "));
    ck_assert(!cli_option_has_flag(&cli_options[CLI_OPT_force], "-"));
}
END_TEST

static void check_json(const char *text)
{
    struct json *value = NULL;
    g_autoptr(GError) error = NULL;

    if (text != NULL) {
        ck_assert_msg(json_parse(text, -1, &value, &error), "%s", text);
        json_unref(value);
    }
}

START_TEST(rows_of_options_hold_together)
{
    for (size_t i = 0; i < CLI_OPT_COUNT; i++) {
        const struct cli_option *option = &cli_options[i];
        g_auto(GStrv) flags = g_strsplit(option->flags, " ", -1);

        for (size_t j = 0; flags[j] != NULL; j++) {
            ck_assert_msg(g_regex_match_simple("^(-[A-Za-z]|--[a-z][-a-z0-9]+)$", flags[j], 0, 0),
                          "%s", flags[j]);
            ck_assert(cli_option_has_flag(option, flags[j]));
        }
        ck_assert_msg(g_regex_match_simple("^[A-Z].*([^. ]|[.]{3})$", option->help, 0, 0), "%s",
                      option->help);
        ck_assert_msg((option->value == CLI_VALUE_CHOICE) == (option->words != NULL), "%s",
                      option->flags);
        ck_assert_msg((option->action == CLI_ACTION_CONST) == (option->const_json != NULL), "%s",
                      option->flags);
        ck_assert_msg(cli_option_takes_value(option) == (option->action == CLI_ACTION_STORE ||
                                                         option->action == CLI_ACTION_APPEND),
                      "%s", option->flags);
        check_json(option->default_json);
        check_json(option->const_json);
    }
}
END_TEST

static void check_no_flag_twice(const struct cli_command *command)
{
    g_autofree const struct cli_option **options = cli_command_options(command);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (size_t i = 0; options[i] != NULL; i++) {
        g_auto(GStrv) flags = g_strsplit(options[i]->flags, " ", -1);

        for (size_t j = 0; flags[j] != NULL; j++) {
            ck_assert_msg(g_hash_table_add(seen, g_strdup(flags[j])), "%s has %s twice",
                          command->name, flags[j]);
        }
    }
}

START_TEST(no_command_has_a_flag_twice)
{
    for (size_t i = 0; i < CLI_CMD_COUNT; i++) {
        for (int level = LEVEL_3_0; level <= LEVEL_LAST; level++) {
            fact_level_set((enum fact_level)level);
            check_no_flag_twice(&cli_commands[i]);
        }
        ck_assert_msg(g_regex_match_simple("^[A-Z].*([^. ]|[.]{3})$", cli_commands[i].doc, 0, 0),
                      "%s", cli_commands[i].doc);
    }
    fact_level_set(LEVEL_LAST);
}
END_TEST

static void check_columns(const struct cli_command *command, enum query_kind kind)
{
    g_auto(GStrv) columns = g_strsplit(command->columns, " ", -1);

    for (size_t i = 0; columns[i] != NULL; i++) {
        ck_assert_msg(query_field_find(kind, columns[i]) != NULL, "%s: %s", command->usage,
                      columns[i]);
    }
}

/* The programs are named after what they list. */
START_TEST(default_columns_are_fields)
{
    for (size_t i = 0; i < CLI_PROG_COUNT; i++) {
        const struct cli_command *list = cli_command_find((enum cli_program_id)i, "list");
        const struct query_row *query = query_row_find(cli_programs[i].name + strlen("gnt-"));

        if (list != NULL && list->columns != NULL) {
            check_columns(list, query != NULL ? query->kind : QUERY_export);
        }
    }
    check_columns(find("gnt-debug", "locks"), QUERY_lock);
}
END_TEST

UNIT_MAIN("cli", commands_are_found_by_name_and_alias, aliases_lead_to_commands,
          common_options_come_last, levels_have_their_own_options, arguments_are_counted,
          environment_variables_are_named_after_the_command, flags_match_whole,
          rows_of_options_hold_together, no_command_has_a_flag_twice, default_columns_are_fields)
