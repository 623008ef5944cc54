#include "config.h"

#include "facts/cli.h"

#include <glib.h>
#include <string.h>

#include "facts/objects.h"

#define WORDS(name) &fact_enum_##name
#define NO_WORDS    NULL

const struct cli_option cli_options[CLI_OPT_COUNT] = {
#define OPTION_V(ident, flags_, action_, value_, dest_, dflt, const_, metavar_, complete_, words_, \
                 help_, since_, until_)                                                            \
    [CLI_OPT_##ident] = {.id = CLI_OPT_##ident,                                                    \
                         .flags = flags_,                                                          \
                         .action = CLI_ACTION_##action_,                                           \
                         .value = CLI_VALUE_##value_,                                              \
                         .dest = dest_,                                                            \
                         .default_json = dflt,                                                     \
                         .const_json = const_,                                                     \
                         .metavar = metavar_,                                                      \
                         .complete = CLI_COMPLETE_##complete_,                                     \
                         .words = words_,                                                          \
                         .help = help_,                                                            \
                         .since = since_,                                                          \
                         .until = until_},
#include "facts/clioptions.def"
};

const struct cli_program cli_programs[CLI_PROG_COUNT] = {
#define PROGRAM(ident, name_, tag_type_, doc_)                                                     \
    [CLI_PROG_##                                                                                   \
        ident] = {.id = CLI_PROG_##ident, .name = name_, .tag_type = tag_type_, .doc = doc_},
#include "facts/clicommands.def"
};

#define ARG(kind_, min_, max_, choices_)                                                           \
    {.kind = CLI_ARG_##kind_, .min = min_, .max = max_, .choices = choices_},
#define OPT_V(name, since_, until_) {.option = CLI_OPT_##name, .since = since_, .until = until_},
#define OPT(name)                   OPT_V(name, LEVEL_3_0, LEVEL_LAST)
#define NO_ARGS
#define NO_OPTS

/* The end markers make empty lists legal; they are not counted. */
#define COMMAND(ident, program, name, handler, flags, columns, usage, doc, args, opts)             \
    static const struct cli_arg args_##ident[] = {args{.kind = CLI_ARG_TEXT}};                     \
    static const struct cli_use uses_##ident[] = {opts{.option = CLI_OPT_COUNT}};
#include "facts/clicommands.def"

const struct cli_command cli_commands[CLI_CMD_COUNT] = {
#define COMMAND(ident, program_, name_, handler, flags_, columns_, usage_, doc_, args_list,        \
                opts_list)                                                                         \
    [CLI_CMD_##ident] = {.id = CLI_CMD_##ident,                                                    \
                         .program = CLI_PROG_##program_,                                           \
                         .name = name_,                                                            \
                         .flags = flags_,                                                          \
                         .columns = columns_,                                                      \
                         .usage = usage_,                                                          \
                         .doc = doc_,                                                              \
                         .args = args_##ident,                                                     \
                         .n_args = G_N_ELEMENTS(args_##ident) - 1,                                 \
                         .uses = uses_##ident,                                                     \
                         .n_uses = G_N_ELEMENTS(uses_##ident) - 1},
#include "facts/clicommands.def"
};

static const struct {
    enum cli_program_id program;
    const char *alias, *command;
} aliases[] = {
#define ALIAS(program, alias, command) {CLI_PROG_##program, alias, command},
#include "facts/clicommands.def"
};

/* Every command has them, behind its own (lib/cli.py COMMON_OPTS). */
static const enum cli_option_id common_options[] = {CLI_OPT_debug, CLI_OPT_reason};

const struct cli_program *cli_program_find(const char *name)
{
    for (size_t i = 0; i < CLI_PROG_COUNT; i++) {
        if (strcmp(cli_programs[i].name, name) == 0) {
            return &cli_programs[i];
        }
    }
    return NULL;
}

bool cli_alias_at(enum cli_program_id program, size_t i, const char **ret_alias,
                  const char **ret_command)
{
    for (size_t j = 0; j < G_N_ELEMENTS(aliases); j++) {
        if (aliases[j].program == program && i-- == 0) {
            *ret_alias = aliases[j].alias;
            *ret_command = aliases[j].command;
            return true;
        }
    }
    return false;
}

static const char *resolve_alias(enum cli_program_id program, const char *name)
{
    const char *alias, *command;

    for (size_t i = 0; cli_alias_at(program, i, &alias, &command); i++) {
        if (strcmp(alias, name) == 0) {
            return command;
        }
    }
    return name;
}

bool cli_command_is_current(const struct cli_command *command)
{
    return (command->flags & CLI_SINCE_31) == 0 || fact_level() >= LEVEL_3_1;
}

const struct cli_command *cli_command_find(enum cli_program_id program, const char *name)
{
    const char *real = resolve_alias(program, name);

    for (size_t i = 0; i < CLI_CMD_COUNT; i++) {
        if (cli_commands[i].program == program && strcmp(cli_commands[i].name, real) == 0 &&
            cli_command_is_current(&cli_commands[i])) {
            return &cli_commands[i];
        }
    }
    return NULL;
}

static bool is_current(enum fact_level since, enum fact_level until)
{
    return since <= fact_level() && fact_level() <= until;
}

const struct cli_option **cli_command_options(const struct cli_command *command)
{
    GPtrArray *options = g_ptr_array_new();

    for (size_t i = 0; i < command->n_uses; i++) {
        const struct cli_use *use = &command->uses[i];
        const struct cli_option *option = &cli_options[use->option];

        if (is_current(use->since, use->until) && is_current(option->since, option->until)) {
            g_ptr_array_add(options, (void *)option);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(common_options); i++) {
        g_ptr_array_add(options, (void *)&cli_options[common_options[i]]);
    }
    g_ptr_array_add(options, NULL);
    return (const struct cli_option **)g_ptr_array_free(options, FALSE);
}

void cli_command_arg_range(const struct cli_command *command, int *ret_min, int *ret_max)
{
    *ret_min = *ret_max = 0;
    for (size_t i = 0; i < command->n_args; i++) {
        *ret_min += command->args[i].min;
        if (*ret_max != CLI_ANY) {
            *ret_max = command->args[i].max == CLI_ANY ? CLI_ANY : *ret_max + command->args[i].max;
        }
    }
}

char *cli_command_env(const struct cli_command *command)
{
    g_autofree char *name = NULL;

    if ((command->flags & CLI_ENV) == 0) {
        return NULL;
    }
    name = g_strdup_printf("%s_%s", cli_programs[command->program].name, command->name);
    g_strdelimit(name, "-", '_');
    return g_ascii_strup(name, -1);
}

bool cli_option_takes_value(const struct cli_option *option)
{
    return option->value != CLI_VALUE_NONE;
}

bool cli_option_has_flag(const struct cli_option *option, const char *flag)
{
    size_t length = strlen(flag);

    for (const char *at = strstr(option->flags, flag); at != NULL; at = strstr(at + 1, flag)) {
        if ((at == option->flags || at[-1] == ' ') && (at[length] == '\0' || at[length] == ' ')) {
            return true;
        }
    }
    return false;
}

char *cli_option_metavar(const struct cli_option *option)
{
    return option->metavar != NULL ? g_strdup(option->metavar) : g_ascii_strup(option->dest, -1);
}
