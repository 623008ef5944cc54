#include "config.h"

#include "cli-compat/core/help.h"

#include <string.h>

#include "base/parse.h"
#include "cli-compat/core/text-wrap.h"

enum {
    DEFAULT_WIDTH = 80,
    MIN_TEXT_WIDTH = 11,
    /* Where descriptions of options begin at most. */
    MAX_HELP_COLUMN = 24,
    /* Of the overview: longest name of a command, width of a line, " NAME - ". */
    MAX_NAME_WIDTH = 60,
    OVERVIEW_WIDTH = 79,
    OVERVIEW_FRAME = 3,
};

int help_width(void)
{
    const char *columns = g_getenv("COLUMNS");
    int width;

    return columns != NULL && parse_int(columns, 1, G_MAXINT16, &width, NULL) ? width
                                                                              : DEFAULT_WIDTH;
}

void help_append_program(GString *out, const struct cli_program *program)
{
    int name_width = 0;

    for (size_t i = 0; i < CLI_CMD_COUNT; i++) {
        if (cli_commands[i].program == program->id) {
            name_width = MAX(name_width, (int)strlen(cli_commands[i].name));
        }
    }
    name_width = MIN(name_width, MAX_NAME_WIDTH);
    g_string_append_printf(out,
                           "Usage: %s {command} [options...] [argument...]\n"
                           "For details: %s <command> --help, or man %s\n\nCommands:\n",
                           program->name, program->name, program->name);
    for (size_t i = 0; i < CLI_CMD_COUNT; i++) {
        const struct cli_command *command = &cli_commands[i];
        g_auto(GStrv) lines = NULL;

        if (command->program != program->id) {
            continue;
        }
        lines = text_wrap(command->doc, (size_t)(OVERVIEW_WIDTH - OVERVIEW_FRAME - name_width));
        for (size_t j = 0; lines[j] != NULL; j++) {
            g_string_append_printf(out, " %-*s %s %s\n", name_width, j == 0 ? command->name : "",
                                   j == 0 ? "-" : " ", lines[j]);
        }
    }
    g_string_append_c(out, '\n');
}

static void append_heading(GString *out, const char *title)
{
    g_string_append_printf(out, "%s\n", title);
    for (size_t i = 0; i < strlen(title); i++) {
        g_string_append_c(out, '=');
    }
    g_string_append_c(out, '\n');
}

void help_append_usage(GString *out, const struct cli_command *command)
{
    append_heading(out, "Usage");
    g_string_append_printf(out, "  %s %s %s\n\n", cli_programs[command->program].name,
                           command->name, command->usage);
}

/* "--output=FIELDS, -o FIELDS": long spellings first. */
static char *option_spellings(const struct cli_option *option)
{
    GString *out = g_string_new(NULL);
    g_auto(GStrv) flags = g_strsplit(option->flags, " ", -1);
    g_autofree char *metavar = cli_option_takes_value(option) ? cli_option_metavar(option) : NULL;

    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; flags[i] != NULL; i++) {
            bool is_long = g_str_has_prefix(flags[i], "--");

            if (is_long != (pass == 0)) {
                continue;
            }
            g_string_append_printf(out, "%s%s", out->len > 0 ? ", " : "", flags[i]);
            if (metavar != NULL) {
                g_string_append_printf(out, "%c%s", is_long ? '=' : ' ', metavar);
            }
        }
    }
    return g_string_free(out, FALSE);
}

static void append_option(GString *out, const char *spellings, const char *help, int column,
                          int width)
{
    g_auto(GStrv) lines = text_wrap(help, (size_t)width);
    bool fits = (int)strlen(spellings) <= column - 2;

    g_string_append_printf(out, "%-*s%s", fits ? column : 0, spellings, fits ? "" : "\n");
    for (size_t i = 0; lines[i] != NULL; i++) {
        g_string_append_printf(out, "%*s%s\n", fits && i == 0 ? 0 : column, "", lines[i]);
    }
}

void help_append_command(GString *out, const struct cli_command *command, int width)
{
    static const char help_spellings[] = "--help, -h";
    g_autofree const struct cli_option **options = cli_command_options(command);
    g_autoptr(GPtrArray) spellings = g_ptr_array_new_with_free_func(g_free);
    int text_width = MAX(width - 2, MIN_TEXT_WIDTH);
    int column = (int)strlen(help_spellings);
    g_auto(GStrv) lines = text_wrap(command->doc, (size_t)text_width);

    help_append_usage(out, command);
    for (size_t i = 0; lines[i] != NULL; i++) {
        g_string_append_printf(out, "%s\n", lines[i]);
    }
    g_string_append_c(out, '\n');
    for (size_t i = 0; options[i] != NULL; i++) {
        char *text = option_spellings(options[i]);

        g_ptr_array_add(spellings, text);
        column = MAX(column, (int)strlen(text));
    }
    column = MIN(column + 2, MIN(MAX_HELP_COLUMN, MAX(width - 2 - 20, 0)));
    text_width = MAX(width - 2 - column, MIN_TEXT_WIDTH);
    append_heading(out, "Options");
    for (size_t i = 0; options[i] != NULL; i++) {
        append_option(out, g_ptr_array_index(spellings, i), options[i]->help, column, text_width);
    }
    append_option(out, help_spellings, "Show this help and exit", column, text_width);
}
