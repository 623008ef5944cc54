#include "config.h"

#include "facts/completion.h"

#include <glib.h>
#include <string.h>

#include "facts/cli-words.h"
#include "facts/cli.h"
#include "facts/codec.h"
#include "facts/objects.h"
#include "facts/paths.h"

static void add_joined(GString *out, const char *words)
{
    g_autofree char *joined = g_strdelimit(g_strdup(words), " ", ',');

    g_string_append(out, joined);
}

static void add_kind(GString *out, const struct cli_option *option)
{
    if (option->words != NULL) {
        const char *before = ":";

        g_string_append(out, cli_value_words[CLI_VALUE_CHOICE]);
        for (size_t i = 0; i < option->words->n; i++) {
            if (fact_word_is_current(option->words, i)) {
                g_string_append_printf(out, "%s%s", before, option->words->words[i]);
                before = ",";
            }
        }
    } else if (option->complete != CLI_COMPLETE_NONE) {
        g_string_append(out, cli_complete_words[option->complete]);
    } else {
        g_string_append(out, cli_value_words[option->value]);
    }
}

static void add_option(GString *out, const struct cli_option *option)
{
    g_auto(GStrv) flags = g_strsplit(option->flags, " ", -1);

    for (size_t i = 0; flags[i] != NULL; i++) {
        g_string_append_printf(out, " %s", flags[i]);
        if (cli_option_takes_value(option)) {
            g_string_append_c(out, '=');
            add_kind(out, option);
        }
    }
}

static void add_arg(GString *out, const struct cli_arg *arg)
{
    for (int i = 0; i < (arg->max == CLI_ANY ? 1 : arg->max); i++) {
        g_string_append_printf(out, " %s", cli_arg_words[arg->kind]);
        if (arg->choices != NULL) {
            g_string_append_c(out, ':');
            add_joined(out, arg->choices);
        }
    }
    if (arg->max == CLI_ANY) {
        g_string_append_c(out, '+');
    }
}

static void add_command(GString *out, const struct cli_command *command)
{
    g_autofree const struct cli_option **options = cli_command_options(command);
    const char *program = cli_programs[command->program].name;

    g_string_append_printf(out, "gnt_options['%s %s']='", program, command->name);
    for (size_t i = 0; options[i] != NULL; i++) {
        add_option(out, options[i]);
    }
    g_string_append(out, "'\n");
    if (command->n_args > 0) {
        g_string_append_printf(out, "gnt_arguments['%s %s']='", program, command->name);
        for (size_t i = 0; i < command->n_args; i++) {
            add_arg(out, &command->args[i]);
        }
        g_string_append(out, "'\n");
    }
}

static void add_program(GString *out, const struct cli_program *program)
{
    g_autoptr(GString) commands = g_string_new(NULL);
    const char *alias, *command;

    for (size_t i = 0; i < CLI_CMD_COUNT; i++) {
        if (cli_commands[i].program == program->id && cli_command_is_current(&cli_commands[i])) {
            g_string_append_printf(commands, " %s", cli_commands[i].name);
            add_command(out, &cli_commands[i]);
        }
    }
    for (size_t i = 0; cli_alias_at(program->id, i, &alias, &command); i++) {
        g_string_append_printf(commands, " %s", alias);
        g_string_append_printf(out, "gnt_aliases['%s %s']=%s\n", program->name, alias, command);
    }
    g_string_append_printf(out, "gnt_commands[%s]='%s'\n", program->name, commands->str + 1);
}

static void add_folders(GString *out, const char *name, enum search_path_id id)
{
    g_auto(GStrv) folders = g_strsplit(search_path_rows[id].folders, ",", -1);

    g_string_append_printf(out, "%s=(", name);
    for (size_t i = 0; folders[i] != NULL; i++) {
        g_string_append_printf(out, "%s%s", i > 0 ? " " : "", folders[i]);
    }
    g_string_append(out, ")\n");
}

char *completion_tables(void)
{
    GString *out = g_string_new("# Printed from facts/clicommands.def and facts/clioptions.def; "
                                "facts/completion.bash explains.\n");
    const char *ssconf = path_plain(PATH_SSCONF_FILE);

    g_string_append_printf(out, "gnt_ssconf=%.*s\ngnt_queue=%s\n",
                           (int)(strstr(ssconf, "%s") - ssconf), ssconf,
                           path_plain(PATH_QUEUE_DIR));
    add_folders(out, "gnt_os", PATH_OS_SEARCH_PATH);
    add_folders(out, "gnt_iallocators", PATH_IALLOCATOR_SEARCH_PATH);
    g_string_append(out, "declare -A gnt_commands gnt_aliases gnt_options gnt_arguments\n");
    for (size_t i = 0; i < CLI_PROG_COUNT; i++) {
        add_program(out, &cli_programs[i]);
    }
    return g_string_free(out, FALSE);
}
