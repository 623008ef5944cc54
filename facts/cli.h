/* The command lines of the gnt-* programs, from clioptions.def and clicommands.def: programs,
 * commands, what arguments they take, their options, and everything --help, the manual pages and
 * the shell completion say.
 *
 * Name contract: the command line area expands clicommands.def into its table,
 *
 *     #define COMMAND(ident, program, name, handler, flags, columns, usage, doc, args, opts)
 *         [CLI_CMD_##ident] = cmd_##handler,
 *
 * so a command without its function does not link. Commands that act on tags share handlers; the
 * program's tag_type tells them apart. */
#ifndef GANTRY_FACTS_CLI_H
#define GANTRY_FACTS_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "facts/type.h"

enum cli_option_id {
#define OPTION_V(ident, flags, action, value, dest, dflt, const_, metavar, complete, words, help,  \
                 since, until)                                                                     \
    CLI_OPT_##ident,
#include "facts/clioptions.def"
    CLI_OPT_COUNT,
};

enum cli_program_id {
#define PROGRAM(ident, name, tag_type, doc) CLI_PROG_##ident,
#include "facts/clicommands.def"
    CLI_PROG_COUNT,
};

enum cli_command_id {
#define COMMAND(ident, program, name, handler, flags, columns, usage, doc, args, opts)             \
    CLI_CMD_##ident,
#include "facts/clicommands.def"
    CLI_CMD_COUNT,
};

/* What an option does to its dest. */
enum cli_action {
    CLI_ACTION_STORE,      /* the value given last */
    CLI_ACTION_APPEND,     /* a list of all values given */
    CLI_ACTION_SET,        /* true */
    CLI_ACTION_CLEAR,      /* false */
    CLI_ACTION_CONST,      /* the const of the row */
    CLI_ACTION_COUNT,      /* one more each time */
    CLI_ACTION_DEPRECATED, /* nothing but a warning that says the help text */
};

/* How the text of a value is read (lib/cli_opts.py); what it becomes is given as JSON. */
enum cli_value {
    CLI_VALUE_NONE,
    CLI_VALUE_STRING,
    CLI_VALUE_INT,
    CLI_VALUE_FLOAT,
    CLI_VALUE_BOOL,   /* yes, no, true or false in any case -> bool */
    CLI_VALUE_CHOICE, /* one of the words */
    CLI_VALUE_UNIT,   /* size with unit -> MiB */
    CLI_VALUE_LIST,   /* a,b,c with "\," -> list; "" -> [] */
    CLI_VALUE_KEYVAL, /* key=value,...; no_key -> false, -key -> null, key -> true -> object */
    CLI_VALUE_KEYPRIVATEVAL,     /* KEYVAL that never shows in messages or logs */
    CLI_VALUE_IDENTKEYVAL,       /* ident[:KEYVAL] -> [ident, object]; no_ident -> [ident, false];
                                    -ident -> [ident, null] unless a digit follows */
    CLI_VALUE_MULTI_IDENTKEYVAL, /* ident:KEYVAL/...//... -> list (//) of objects (/) */
    CLI_VALUE_MAYBEFLOAT,        /* float or "default" */
    CLI_VALUE_JSON,
    CLI_VALUE_FILTERACTION, /* word, or "RATE_LIMIT n" -> ["RATE_LIMIT", n] */
};

/* What the shell can complete a value with. */
enum cli_complete {
    CLI_COMPLETE_NONE,
    CLI_COMPLETE_ONE_NODE,
    CLI_COMPLETE_ONE_NODEGROUP,
    CLI_COMPLETE_ONE_IALLOCATOR,
    CLI_COMPLETE_ONE_OS,
    CLI_COMPLETE_INST_ADD_NODES, /* node or node:node */
};

struct cli_option {
    enum cli_option_id id;
    const char *flags; /* all spellings, blanks between them, short ones first */
    enum cli_action action;
    enum cli_value value;
    const char *dest;         /* NULL: none */
    const char *default_json; /* of the dest; NULL: null */
    const char *const_json;   /* CONST */
    const char *metavar;      /* NULL: cli_option_metavar() makes it from dest */
    enum cli_complete complete;
    const struct fact_enum *words; /* CHOICE */
    const char *help;
    enum fact_level since, until;
};

/* What an argument is; for messages and completion, all but CHOICE are taken as they come. */
enum cli_arg_kind {
    CLI_ARG_TEXT,
    CLI_ARG_CHOICE,  /* completed from the choices, and the command refuses others */
    CLI_ARG_SUGGEST, /* completed from the choices, others are welcome */
    CLI_ARG_COMMAND,
    CLI_ARG_FILE,
    CLI_ARG_FILTER, /* UUID of a filter rule */
    CLI_ARG_GROUP,
    CLI_ARG_HOST,
    CLI_ARG_INSTANCE,
    CLI_ARG_JOB_ID,
    CLI_ARG_NETWORK,
    CLI_ARG_NODE,
    CLI_ARG_OS,
};

enum { CLI_ANY = -1 };

struct cli_arg {
    enum cli_arg_kind kind;
    int min;
    int max;             /* CLI_ANY: no limit */
    const char *choices; /* blanks between them; NULL: none */
};

struct cli_use {
    enum cli_option_id option;
    enum fact_level since, until;
};

enum cli_flags {
    CLI_ENV = 1 << 0,      /* cli_command_env() names a variable with more arguments */
    CLI_SINCE_31 = 1 << 1, /* not at level 3.0 */
};

struct cli_command {
    enum cli_command_id id;
    enum cli_program_id program;
    const char *name;
    unsigned flags;      /* enum cli_flags */
    const char *columns; /* of a list when none are asked for, blanks between them; NULL: no list */
    const char *usage, *doc;
    const struct cli_arg *args;
    size_t n_args;
    const struct cli_use *uses; /* cli_command_options() knows the level */
    size_t n_uses;
};

struct cli_program {
    enum cli_program_id id;
    const char *name;
    const char *tag_type; /* NULL: its commands know no tags */
    const char *doc;
};

extern const struct cli_option cli_options[CLI_OPT_COUNT];
extern const struct cli_program cli_programs[CLI_PROG_COUNT];
/* Those of one program stand together, in alphabetical order. */
extern const struct cli_command cli_commands[CLI_CMD_COUNT];

/* NULL if there is no such program; name without folder. */
const struct cli_program *cli_program_find(const char *name);
/* Takes aliases too, but no abbreviations; NULL if the current level has no such command. */
const struct cli_command *cli_command_find(enum cli_program_id program, const char *name);
/* The i-th alias of the program and its command; false behind the last. */
bool cli_alias_at(enum cli_program_id program, size_t i, const char **ret_alias,
                  const char **ret_command);

/* Whether the current level has the command. */
bool cli_command_is_current(const struct cli_command *command);
/* The options of the command at the current level in the order of --help, the common ones included.
 * NULL-terminated, borrowed pointers; g_free() the array. */
const struct cli_option **cli_command_options(const struct cli_command *command);
/* The fewest and most arguments that the command takes together; CLI_ANY: no limit. */
void cli_command_arg_range(const struct cli_command *command, int *ret_min, int *ret_max);
/* The environment variable whose words, split as by a shell, are put in front of the command's
 * arguments, as "GNT_NODE_LIST"; allocated. NULL if the command has none. */
char *cli_command_env(const struct cli_command *command);

bool cli_option_takes_value(const struct cli_option *option);
/* Whether flag ("-f", "--force") is one of its spellings. */
bool cli_option_has_flag(const struct cli_option *option, const char *flag);
/* What stands for the value in texts; allocated. */
char *cli_option_metavar(const struct cli_option *option);

#endif
