#include "config.h"

#include <glib.h>

#include "base/json-writer.h"
#include "facts/cli-words.h"
#include "facts/cli.h"
#include "facts/factdump.h"

static void dump_split(struct json_writer *w, const char *key, const char *words)
{
    g_auto(GStrv) parts = g_strsplit(words, " ", -1);

    json_write_key(w, key);
    json_write_array_begin(w);
    for (size_t i = 0; parts[i] != NULL; i++) {
        json_write_string(w, parts[i]);
    }
    json_write_array_end(w);
}

static void dump_option(struct json_writer *w, const struct cli_option *option)
{
    json_write_object_begin(w);
    dump_split(w, "flags", option->flags);
    dump_text(w, "action", cli_action_words[option->action]);
    if (cli_option_takes_value(option)) {
        dump_text(w, "type", cli_value_words[option->value]);
    }
    if (option->dest != NULL) {
        dump_text(w, "dest", option->dest);
    }
    dump_json(w, "default", option->default_json);
    if (option->const_json != NULL) {
        dump_json(w, "const", option->const_json);
    }
    if (option->metavar != NULL) {
        dump_text(w, "metavar", option->metavar);
    }
    if (option->complete != CLI_COMPLETE_NONE) {
        dump_text(w, "completion", cli_complete_words[option->complete]);
    }
    if (option->words != NULL) {
        json_write_key(w, "choices");
        dump_words(w, option->words);
    }
    json_write_object_end(w);
}

static void dump_arg(struct json_writer *w, const struct cli_arg *arg)
{
    json_write_object_begin(w);
    dump_text(w, "kind", cli_arg_words[arg->kind]);
    json_write_key(w, "min");
    json_write_int(w, arg->min);
    json_write_key(w, "max");
    if (arg->max == CLI_ANY) {
        json_write_null(w);
    } else {
        json_write_int(w, arg->max);
    }
    if (arg->choices != NULL) {
        dump_split(w, "choices", arg->choices);
    }
    json_write_object_end(w);
}

static void dump_command(struct json_writer *w, const struct cli_command *command)
{
    g_autofree const struct cli_option **options = cli_command_options(command);

    json_write_object_begin(w);
    json_write_key(w, "args");
    json_write_array_begin(w);
    for (size_t i = 0; i < command->n_args; i++) {
        dump_arg(w, &command->args[i]);
    }
    json_write_array_end(w);
    json_write_key(w, "options");
    json_write_array_begin(w);
    for (size_t i = 0; options[i] != NULL; i++) {
        dump_option(w, options[i]);
    }
    json_write_array_end(w);
    dump_text(w, "usage", command->usage);
    dump_bool(w, "env", (command->flags & CLI_ENV) != 0);
    if (command->columns != NULL) {
        dump_split(w, "columns", command->columns);
    }
    json_write_object_end(w);
}

static void dump_program(struct json_writer *w, const struct cli_program *program)
{
    const char *alias, *command;

    json_write_object_begin(w);
    dump_text(w, "tag_type", program->tag_type);
    json_write_key(w, "aliases");
    json_write_object_begin(w);
    for (size_t i = 0; cli_alias_at(program->id, i, &alias, &command); i++) {
        dump_text(w, alias, command);
    }
    json_write_object_end(w);
    json_write_key(w, "commands");
    json_write_object_begin(w);
    for (size_t i = 0; i < CLI_CMD_COUNT; i++) {
        if (cli_commands[i].program == program->id && cli_command_is_current(&cli_commands[i])) {
            json_write_key(w, cli_commands[i].name);
            dump_command(w, &cli_commands[i]);
        }
    }
    json_write_object_end(w);
    json_write_object_end(w);
}

void dump_cli(struct json_writer *w)
{
    json_write_object_begin(w);
    for (size_t i = 0; i < CLI_PROG_COUNT; i++) {
        json_write_key(w, cli_programs[i].name);
        dump_program(w, &cli_programs[i]);
    }
    json_write_object_end(w);
}
