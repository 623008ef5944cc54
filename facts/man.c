#include "config.h"

#include "facts/man.h"

#include <glib.h>

#include "base/cleanup.h"
#include "facts/codec.h"
#include "facts/objects.h"

/* Text as roff shows it: hyphens stay hyphens, nothing is taken for a request. */
static void add_text(GString *out, const char *text)
{
    if (text[0] == '.' || text[0] == '\'') {
        g_string_append(out, "\\&");
    }
    for (const char *at = text; *at != '\0'; at++) {
        switch (*at) {
        case '\\':
            g_string_append(out, "\\e");
            break;
        case '-':
            g_string_append(out, "\\-");
            break;
        default:
            g_string_append_c(out, *at);
        }
    }
}

static void add_bold(GString *out, const char *text)
{
    g_string_append(out, "\\fB");
    add_text(out, text);
    g_string_append(out, "\\fR");
}

static void add_italic(GString *out, const char *text)
{
    g_string_append(out, "\\fI");
    add_text(out, text);
    g_string_append(out, "\\fR");
}

static void add_request(GString *out, const char *request, const char *text)
{
    g_string_append_printf(out, ".%s ", request);
    add_text(out, text);
    g_string_append_c(out, '\n');
}

static void add_sentence(GString *out, const char *text)
{
    add_text(out, text);
    g_string_append(out, g_str_has_suffix(text, "...") ? "\n" : ".\n");
}

/* "-o FIELDS, --output=FIELDS" */
static void add_flags(GString *out, const struct cli_option *option)
{
    g_auto(GStrv) flags = g_strsplit(option->flags, " ", -1);
    g_autofree char *metavar = cli_option_takes_value(option) ? cli_option_metavar(option) : NULL;

    for (size_t i = 0; flags[i] != NULL; i++) {
        if (i > 0) {
            g_string_append(out, ", ");
        }
        add_bold(out, flags[i]);
        if (metavar != NULL) {
            g_string_append_c(out, g_str_has_prefix(flags[i], "--") ? '=' : ' ');
            add_italic(out, metavar);
        }
    }
    g_string_append_c(out, '\n');
}

static void add_words(GString *out, const struct fact_enum *words)
{
    const char *before = "One of";

    for (size_t i = 0; i < words->n; i++) {
        if (fact_word_is_current(words, i)) {
            g_string_append_printf(out, "%s ", before);
            add_bold(out, words->words[i]);
            before = ",";
        }
    }
    g_string_append(out, ".\n");
}

/* Defaults that say something; a JSON text is close enough to what is typed. */
static bool is_telling(const struct cli_option *option)
{
    return cli_option_takes_value(option) && option->default_json != NULL &&
           !g_str_equal(option->default_json, "[]") && !g_str_equal(option->default_json, "{}");
}

static void add_option(GString *out, const struct cli_option *option)
{
    g_string_append(out, ".TP\n");
    add_flags(out, option);
    add_sentence(out, option->help);
    if (option->words != NULL) {
        add_words(out, option->words);
    }
    if (is_telling(option)) {
        g_auto(GStrv) parts = g_strsplit(option->default_json, "\"", -1);
        g_autofree char *plain = g_strjoinv("", parts);

        g_string_append(out, "Default: ");
        add_bold(out, plain);
        g_string_append(out, ".\n");
    }
}

static bool is_common(enum cli_option_id id)
{
    return id == CLI_OPT_debug || id == CLI_OPT_reason;
}

static void add_command(GString *out, const struct cli_program *program,
                        const struct cli_command *command)
{
    g_autofree const struct cli_option **options = cli_command_options(command);

    add_request(out, "SS", command->name);
    add_bold(out, program->name);
    g_string_append_c(out, ' ');
    add_bold(out, command->name);
    if (command->usage[0] != '\0') {
        g_string_append_c(out, ' ');
        add_text(out, command->usage);
    }
    g_string_append(out, "\n.PP\n");
    add_sentence(out, command->doc);
    if (command->columns != NULL) {
        g_string_append(out, "Columns: ");
        add_text(out, command->columns);
        g_string_append(out, ".\n");
    }
    for (size_t i = 0; options[i] != NULL; i++) {
        if (!is_common(options[i]->id)) {
            add_option(out, options[i]);
        }
    }
}

static void add_aliases(GString *out, const struct cli_program *program)
{
    const char *alias, *command;

    for (size_t i = 0; cli_alias_at(program->id, i, &alias, &command); i++) {
        if (i == 0) {
            g_string_append(out, ".SS Other names\n");
        }
        g_string_append(out, ".TP\n");
        add_bold(out, alias);
        g_string_append(out, "\nis ");
        add_bold(out, command);
        g_string_append(out, ".\n");
    }
}

static void add_environment(GString *out, const struct cli_program *program)
{
    for (size_t i = 0; i < CLI_CMD_COUNT; i++) {
        g_autofree char *name =
            cli_commands[i].program == program->id ? cli_command_env(&cli_commands[i]) : NULL;

        if (name != NULL) {
            g_string_append(out, ".SH ENVIRONMENT\n.TP\n");
            add_bold(out, name);
            g_string_append(out, "\nMore arguments of ");
            add_bold(out, cli_commands[i].name);
            g_string_append(out, ", put before those that were typed; quoted as in a shell.\n");
        }
    }
}

char *man_page(const struct cli_program *program)
{
    GString *out =
        g_string_new(".\\\" Printed from facts/clicommands.def and facts/clioptions.def.\n");

    g_string_append_printf(out, ".TH %s 8 \"\" \"Gantry %s\" \"Ganeti\"\n.SH NAME\n", program->name,
                           PACKAGE_VERSION);
    add_text(out, program->name);
    g_string_append(out, " \\- ");
    add_text(out, program->doc);
    g_string_append(out, "\n.SH SYNOPSIS\n");
    add_bold(out, program->name);
    g_string_append(out, " {command} [options...] [argument...]\n.SH COMMANDS\n");
    for (size_t i = 0; i < CLI_CMD_COUNT; i++) {
        if (cli_commands[i].program == program->id && cli_command_is_current(&cli_commands[i])) {
            add_command(out, program, &cli_commands[i]);
        }
    }
    add_aliases(out, program);
    g_string_append(out, ".SH OPTIONS OF ALL COMMANDS\n");
    add_option(out, &cli_options[CLI_OPT_debug]);
    add_option(out, &cli_options[CLI_OPT_reason]);
    g_string_append(out,
                    ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nPrint the options of the command.\n");
    add_environment(out, program);
    return g_string_free(out, FALSE);
}
