#include "config.h"

#include "cli-compat/core/main.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "cli-compat/core/error-text.h"
#include "cli-compat/core/help.h"
#include "cli-compat/core/option-value.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "luxi/client/client.h"

/* (lib/cli.py GenericMain, KeyboardInterrupt) */
static void on_interrupt(int signal_number G_GNUC_UNUSED)
{
    static const char text[] = "Aborted. Jobs that were submitted go on all the same.\n";

    (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
    _exit(C_EXIT_FAILURE);
}

static void set_signals(void)
{
    struct sigaction action = {.sa_handler = on_interrupt};

    (void)sigaction(SIGINT, &action, NULL);
    /* A reader that goes away is seen when writing. */
    action.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &action, NULL);
}

/* Writes text to standard output; a reader that went away is no news. */
static int print_and_exit(GString *text, int code)
{
    return fs_write_fd(STDOUT_FILENO, "standard output", text->str, text->len, NULL)
               ? code
               : C_EXIT_FAILURE;
}

/* ---- before the command is known ---- */

/* The answer to a call without a command. */
static int run_without_command(const struct cli_program *program, const char *word)
{
    g_autoptr(GString) out = g_string_new(NULL);

    if (word != NULL && strcmp(word, "--version") == 0) {
        g_string_printf(out, "%s (ganeti %s) %s\n", program->name, PACKAGE_NAME " " PACKAGE_VERSION,
                        C_RELEASE_VERSION());
        return print_and_exit(out, C_EXIT_SUCCESS);
    }
    help_append_program(out, program);
    return print_and_exit(out, word != NULL && strcmp(word, "--help") == 0 ? C_EXIT_SUCCESS
                                                                           : C_EXIT_FAILURE);
}

/* Arguments from the command's environment variable stand in front of those that were typed. */
static char **collect_words(const struct cli_command *command, char **typed, GError **errp)
{
    g_autofree char *variable = cli_command_env(command);
    const char *value = variable != NULL ? g_getenv(variable) : NULL;
    g_auto(GStrv) extra = NULL;
    g_autoptr(GError) error = NULL;
    GPtrArray *words;

    if (value != NULL && !g_shell_parse_argv(value, NULL, &extra, &error) &&
        !g_error_matches(error, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING)) {
        g_set_error(errp, CLI_USAGE_ERROR, CLI_USAGE_ERROR_OPTION, "variable %s: %s", variable,
                    error->message);
        return NULL;
    }
    words = g_ptr_array_new();
    for (size_t i = 0; extra != NULL && extra[i] != NULL; i++) {
        g_ptr_array_add(words, g_strdup(extra[i]));
    }
    for (size_t i = 0; typed[i] != NULL; i++) {
        g_ptr_array_add(words, g_strdup(typed[i]));
    }
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(words, FALSE);
}

/* ---- the command line ---- */

static void report(const GError *error, const struct cli_command *command)
{
    g_autoptr(GString) out = g_string_new(NULL);

    if (error->domain == CLI_USAGE_ERROR) {
        help_append_usage(out, command);
        g_string_append_printf(out, "%s: error: %s\n", cli_programs[command->program].name,
                               error->message);
    } else {
        g_autofree char *text = error_text(error);

        g_string_append_printf(out, "%s\n", text);
    }
    (void)fputs(out->str, stderr);
}

/* (lib/cli.py _CheckArguments) */
static bool check_arg_count(const struct cli_command *command, size_t n)
{
    int min, max;

    cli_command_arg_range(command, &min, &max);
    if (max == 0 && n > 0) {
        (void)fprintf(stderr, "Error: Command %s expects no arguments\n", command->name);
    } else if (max != CLI_ANY && min == max && n != (size_t)min) {
        (void)fprintf(stderr, "Error: Command %s expects %d argument(s)\n", command->name, min);
    } else if (max != CLI_ANY && n > (size_t)max) {
        (void)fprintf(stderr, "Error: Command %s expects only %d argument(s)\n", command->name,
                      max);
    } else if (n < (size_t)min) {
        (void)fprintf(stderr, "Error: Command %s expects at least %d argument(s)\n", command->name,
                      min);
    } else {
        return true;
    }
    return false;
}

/* Secrets in the command line stay out of the log. */
static bool may_be_secret(const struct cli_command *command)
{
    g_autofree const struct cli_option **options = cli_command_options(command);

    for (size_t i = 0; options[i] != NULL; i++) {
        if (options[i]->value == CLI_VALUE_KEYPRIVATEVAL) {
            return true;
        }
    }
    return false;
}

static void start_log(const struct cli_command *command, const struct command_line *line,
                      char **argv)
{
    bool debug = command_line_int(line, CLI_OPT_debug, 0) > 0;
    const char *const words[] = {cli_programs[command->program].name, command->name, NULL};
    g_autofree char *name = text_shell_join(words);
    const struct log_opts options = {
        .program = name,
        .format = LOG_FORMAT_PYTHON,
        .file = path_get(PATH_LOG_COMMANDS),
        .level = debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO,
        .stderr_level = debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_CRITICAL,
    };

    /* With standard error to fall back on this cannot fail. */
    (void)!log_setup(&options, NULL);
    if (debug && !may_be_secret(command)) {
        g_autofree char *typed = text_shell_join((const char *const *)argv);

        log_debug("Command line: %s", typed);
    }
}

/* ---- the command ---- */

/* Output that nobody reads any more ends the program, but is not worth a word. */
static bool is_broken_pipe(const GError *error)
{
    return g_error_matches(error, FS_ERROR, EPIPE);
}

static int run_handler(cli_handler *handler, struct cli_run *run)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) write_error = NULL;
    bool ok = handler(run, &error);

    if (!run_flush(run, &write_error) && ok) {
        ok = false;
        error = g_steal_pointer(&write_error);
    }
    if (ok) {
        return run->exit_code;
    }
    if (!is_broken_pipe(error)) {
        log_error("Error during command processing: %s", error->message);
        report(error, run->command);
    }
    return error_exit_code(error);
}

static int run_command(const struct cli_command *command, cli_handler *handler, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) words = collect_words(command, argv + 2, &error);
    CLEANUP(command_line_freep)
    struct command_line *line =
        words != NULL ? command_line_parse(command, (const char *const *)words, &error) : NULL;
    CLEANUP(luxi_client_freep) struct luxi_client *client = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    struct cli_run run = {.command = command, .line = line, .argv = argv, .out = out};
    int code;

    if (line == NULL) {
        report(error, command);
        return error_exit_code(error);
    }
    if (command_line_want_help(line)) {
        help_append_command(out, command, help_width());
        return print_and_exit(out, C_EXIT_SUCCESS);
    }
    run.args = command_line_args(line);
    for (size_t i = 0; command_line_warnings(line)[i] != NULL; i++) {
        (void)fprintf(stderr, "%s\n", command_line_warnings(line)[i]);
    }
    if (!check_arg_count(command, g_strv_length((char **)run.args))) {
        return C_EXIT_FAILURE;
    }
    start_log(command, line, argv);
    code = run_handler(handler, &run);
    client = run.client;
    log_shutdown();
    return code;
}

int cli_main(enum cli_program_id id, cli_handler *const handlers[CLI_CMD_COUNT], int argc,
             char **argv)
{
    const struct cli_program *program = &cli_programs[id];
    const struct cli_command *command = argc > 1 ? cli_command_find(id, argv[1]) : NULL;
    g_autoptr(GError) error = NULL;

    g_set_prgname(program->name);
    set_signals();
    if (!paths_init(&error)) {
        (void)fprintf(stderr, "%s: %s\n", program->name, error->message);
        return C_EXIT_FAILURE;
    }
    if (command == NULL) {
        return run_without_command(program, argc > 1 ? argv[1] : NULL);
    }
    return run_command(command, handlers[command->id], argv);
}
