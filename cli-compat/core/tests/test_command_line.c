#include "config.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "cli-compat/core/command-line.h"
#include "cli-compat/core/option-value.h"
#include "facts/errors.h"

/* What the reference's optparse makes of the same words. */

static struct command_line *parse(enum cli_command_id command, const char *words, GError **errp)
{
    g_auto(GStrv) list = *words != '\0' ? g_strsplit(words, " ", -1) : g_new0(char *, 1);

    return command_line_parse(&cli_commands[command], (const char *const *)list, errp);
}

static char *value_text(const struct command_line *line, enum cli_option_id option)
{
    return json_to_string(command_line_json(line, option), JSON_COMPACT);
}

START_TEST(words_become_options_and_arguments)
{
    static const struct {
        const char *words;
        enum cli_option_id option;
        const char *value, *args;
    } cases[] = {
        {"", CLI_OPT_fields, "null", ""},
        {"", CLI_OPT_nohdr, "false", ""},
        {"--no-headers", CLI_OPT_nohdr, "true", ""},
        {"--no", CLI_OPT_nohdr, "true", ""},
        {"--output name", CLI_OPT_fields, "\"name\"", ""},
        {"--output=name", CLI_OPT_fields, "\"name\"", ""},
        {"--output=", CLI_OPT_fields, "\"\"", ""},
        {"--out=a=b", CLI_OPT_fields, "\"a=b\"", ""},
        {"-o name x", CLI_OPT_fields, "\"name\"", "x"},
        {"-oname", CLI_OPT_fields, "\"name\"", ""},
        {"-o=name", CLI_OPT_fields, "\"=name\"", ""},
        {"-vFoname x", CLI_OPT_fields, "\"name\"", "x"},
        {"-vFoname x", CLI_OPT_force_filter, "true", "x"},
        {"-o a -o b", CLI_OPT_fields, "\"b\"", ""},
        {"-dd", CLI_OPT_debug, "2", ""},
        {"-o --no-headers", CLI_OPT_fields, "\"--no-headers\"", ""},
        {"x --no-headers", CLI_OPT_nohdr, "false", "x --no-headers"},
        {"-- --no-headers", CLI_OPT_nohdr, "false", "--no-headers"},
        {"- -v", CLI_OPT_verbose, "false", "- -v"},
        {"--units m", CLI_OPT_useunits, "\"m\"", ""},
        {"--reason=x y", CLI_OPT_reason, "\"x\"", "y"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        CLEANUP(command_line_freep)
        struct command_line *line = parse(CLI_CMD_node_list, cases[i].words, &error);
        g_autofree char *args = NULL, *value = NULL;

        ck_assert_msg(line != NULL, "%s: %s", cases[i].words, error ? error->message : "");
        args = g_strjoinv(" ", (char **)command_line_args(line));
        value = value_text(line, cases[i].option);
        ck_assert_str_eq(args, cases[i].args);
        ck_assert_msg(strcmp(value, cases[i].value) == 0, "%s: %s", cases[i].words, value);
        ck_assert(!command_line_want_help(line));
    }
}
END_TEST

START_TEST(wrong_words_are_usage_errors)
{
    static const struct {
        const char *words, *message;
    } cases[] = {
        {"--nonsense", "no such option: --nonsense"},
        {"--nonsense=1", "no such option: --nonsense"},
        {"-x", "no such option: -x"},
        {"-vx", "no such option: -x"},
        {"--output", "--output needs a value"},
        {"--out", "--output needs a value"},
        {"-o", "-o needs a value"},
        {"-vo", "-o needs a value"},
        {"--no-headers=1", "--no-headers takes no value"},
        {"--units=x", "option --units: 'x' is none of: h, m, g, t"},
        {"--", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        CLEANUP(command_line_freep)
        struct command_line *line = parse(CLI_CMD_node_list, cases[i].words, &error);

        if (cases[i].message == NULL) {
            ck_assert(line != NULL);
            continue;
        }
        ck_assert(line == NULL);
        ck_assert(error->domain == CLI_USAGE_ERROR);
        ck_assert_str_eq(error->message, cases[i].message);
    }
}
END_TEST

START_TEST(ambiguous_words_name_the_choice)
{
    g_autoptr(GError) error = NULL;

    CLEANUP(command_line_freep) struct command_line *line = parse(CLI_CMD_job_list, "--p", &error);

    ck_assert(line != NULL);
    ck_assert(parse(CLI_CMD_job_list, "--fi", &error) == NULL);
    ck_assert_str_eq(error->message, "--fi may be any of: --filter, --finished");
    g_clear_error(&error);
    ck_assert(parse(CLI_CMD_instance_add, "--h", &error) == NULL);
    ck_assert(strstr(error->message, "--help, ") != NULL);
}
END_TEST

START_TEST(help_ends_the_parsing)
{
    static const char *const cases[] = {"--help", "-h", "--he", "-vh --nonsense", "-v --help x"};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        CLEANUP(command_line_freep)
        struct command_line *line = parse(CLI_CMD_node_list, cases[i], NULL);

        ck_assert(line != NULL && command_line_want_help(line));
    }
}
END_TEST

START_TEST(options_that_share_a_dest_replace_each_other)
{
    CLEANUP(command_line_freep)
    struct command_line *line = parse(CLI_CMD_job_list, "--error --running", NULL);
    g_autofree char *value = value_text(line, CLI_OPT_status_error);

    ck_assert_str_eq(value, "[\"running\"]");
}
END_TEST

START_TEST(repeated_options_collect)
{
    CLEANUP(command_line_freep)
    struct command_line *line = parse(CLI_CMD_backup_list, "-n a --node=b", NULL);
    g_autofree char *value = value_text(line, CLI_OPT_node_list);

    ck_assert_str_eq(value, "[\"a\",\"b\"]");
}
END_TEST

/* Every default must be what the option's own reader takes. */
START_TEST(all_commands_have_good_defaults)
{
    for (size_t i = 0; i < CLI_CMD_COUNT; i++) {
        g_autoptr(GError) error = NULL;
        CLEANUP(command_line_freep)
        struct command_line *line = parse((enum cli_command_id)i, "", &error);

        ck_assert_msg(line != NULL, "%s: %s", cli_commands[i].name, error ? error->message : "");
    }
}
END_TEST

START_TEST(text_that_is_not_utf8_is_refused)
{
    static const char *const cases[] = {"\377", "-o \377", "--output=\377", "--\377", "-\377"};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert(parse(CLI_CMD_node_list, cases[i], &error) == NULL);
        ck_assert(error->domain == CLI_USAGE_ERROR);
    }
}
END_TEST

UNIT_MAIN("command line", words_become_options_and_arguments, wrong_words_are_usage_errors,
          ambiguous_words_name_the_choice, help_ends_the_parsing,
          options_that_share_a_dest_replace_each_other, repeated_options_collect,
          all_commands_have_good_defaults, text_that_is_not_utf8_is_refused)
