#include "base/cmd.h"

#include <string.h>
#include <unistd.h>

#include "base/cmd-private.h"
#include "base/text.h"

/* Tool directories first: the reference's programs expect lvm, drbdsetup and ip to be found. */
#define CLEAN_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum { ERROR_OUTPUT_MAX = 2000 };

G_DEFINE_QUARK(gantry_cmd_error_quark, cmd_error)

static GPtrArray *passed_variables;

static struct cmd *cmd_alloc(void)
{
    struct cmd *cmd = g_new0(struct cmd, 1);

    cmd->argv = g_ptr_array_new_with_free_func(g_free);
    cmd->env = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    cmd->kept = g_array_new(FALSE, FALSE, sizeof(int));
    cmd->max_output = CMD_DEFAULT_MAX_OUTPUT;
    cmd->input_fd = -1;
    cmd->out_fd = -1;
    cmd->err_fd = -1;
    return cmd;
}

static void add_arg(struct cmd *cmd, char *arg)
{
    g_ptr_array_add(cmd->argv, arg);
    g_clear_pointer(&cmd->text, g_free);
}

static void add_list(struct cmd *cmd, const char *first, va_list args)
{
    for (const char *arg = first; arg != NULL; arg = va_arg(args, const char *)) {
        add_arg(cmd, g_strdup(arg));
    }
}

struct cmd *cmd_new(const char *program, ...)
{
    struct cmd *cmd = cmd_alloc();
    va_list args;

    va_start(args, program);
    add_list(cmd, program, args);
    va_end(args);
    return cmd;
}

struct cmd *cmd_new_argv(const char *const *argv)
{
    struct cmd *cmd = cmd_alloc();

    g_assert(argv[0] != NULL);
    cmd_add_all(cmd, argv);
    return cmd;
}

void cmd_free(struct cmd *cmd)
{
    if (cmd == NULL) {
        return;
    }
    g_ptr_array_unref(cmd->argv);
    g_hash_table_unref(cmd->env);
    g_array_unref(cmd->kept);
    g_clear_pointer(&cmd->input, g_bytes_unref);
    g_free(cmd->cwd);
    g_free(cmd->text);
    g_free(cmd);
}

void cmd_add(struct cmd *cmd, const char *arg, ...)
{
    va_list args;

    va_start(args, arg);
    add_list(cmd, arg, args);
    va_end(args);
}

void cmd_addf(struct cmd *cmd, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_arg(cmd, g_strdup_vprintf(format, args));
    va_end(args);
}

void cmd_add_all(struct cmd *cmd, const char *const *args)
{
    for (size_t i = 0; args[i] != NULL; i++) {
        add_arg(cmd, g_strdup(args[i]));
    }
}

void cmd_inherit_env(struct cmd *cmd)
{
    cmd->inherit_env = true;
}

void cmd_set_env(struct cmd *cmd, const char *name, const char *value)
{
    g_assert(*name != '\0' && strchr(name, '=') == NULL);
    g_hash_table_insert(cmd->env, g_strdup(name), g_strdup(value));
}

void cmd_set_cwd(struct cmd *cmd, const char *dir)
{
    g_free(cmd->cwd);
    cmd->cwd = g_strdup(dir);
}

void cmd_set_timeout(struct cmd *cmd, guint ms)
{
    cmd->timeout_ms = ms;
}

void cmd_set_max_output(struct cmd *cmd, size_t bytes)
{
    cmd->max_output = bytes;
}

void cmd_set_input(struct cmd *cmd, const void *data, size_t len)
{
    g_clear_pointer(&cmd->input, g_bytes_unref);
    cmd->input = g_bytes_new(data, len);
}

void cmd_set_input_fd(struct cmd *cmd, int fd)
{
    cmd->input_fd = fd;
}

void cmd_set_output_fds(struct cmd *cmd, int out, int err)
{
    cmd->out_fd = out;
    cmd->err_fd = err;
}

int cmd_keep_fd(struct cmd *cmd, int fd)
{
    g_assert(cmd->kept->len < CMD_MAX_KEPT_FDS);
    g_array_append_val(cmd->kept, fd);
    return STDERR_FILENO + (int)cmd->kept->len;
}

void cmd_set_interactive(struct cmd *cmd)
{
    cmd->interactive = true;
}

void cmd_set_session(struct cmd *cmd)
{
    cmd->session = true;
}

char *const *cmd_argv(struct cmd *cmd)
{
    if (cmd->argv->len == 0 || g_ptr_array_index(cmd->argv, cmd->argv->len - 1) != NULL) {
        g_ptr_array_add(cmd->argv, NULL);
        g_ptr_array_set_size(cmd->argv, (gint)cmd->argv->len - 1);
    }
    return (char *const *)cmd->argv->pdata;
}

const char *cmd_text(struct cmd *cmd)
{
    if (cmd->text == NULL) {
        cmd->text = text_shell_join((const char *const *)cmd_argv(cmd));
    }
    return cmd->text;
}

void cmd_pass_variable(const char *name)
{
    if (passed_variables == NULL) {
        passed_variables = g_ptr_array_new();
    }
    g_ptr_array_add(passed_variables, (char *)g_intern_string(name));
}

static char **clean_env(void)
{
    char **env = g_environ_setenv(NULL, "PATH", CLEAN_PATH, TRUE);

    for (guint i = 0; passed_variables != NULL && i < passed_variables->len; i++) {
        const char *name = g_ptr_array_index(passed_variables, i);
        const char *value = g_getenv(name);

        if (value != NULL) {
            env = g_environ_setenv(env, name, value, TRUE);
        }
    }
    return env;
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **cmd_build_env(const struct cmd *cmd)
{
    char **env = cmd->inherit_env ? g_get_environ() : clean_env();
    GHashTableIter iter;
    void *name, *value;

    env = g_environ_setenv(env, "LC_ALL", "C", TRUE);
    g_hash_table_iter_init(&iter, cmd->env);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        env = value == NULL ? g_environ_unsetenv(env, name)
                            : g_environ_setenv(env, name, value, TRUE);
    }
    qsort(env, g_strv_length(env), sizeof(env[0]), compare_strings);
    return env;
}

void cmd_result_free(struct cmd_result *result)
{
    if (result == NULL) {
        return;
    }
    g_free(result->text);
    g_free(result->out);
    g_free(result->err);
    g_free(result);
}

bool cmd_result_ok(const struct cmd_result *result)
{
    return result->exit_code == 0 && !result->timed_out && !result->cancelled;
}

static char *describe_end(const struct cmd_result *result, enum cmd_error *ret_code)
{
    if (result->cancelled) {
        *ret_code = CMD_ERROR_CANCELLED;
        return g_strdup("was cancelled");
    }
    if (result->timed_out) {
        *ret_code = CMD_ERROR_TIMEOUT;
        return g_strdup_printf("was ended after the timeout of %.2f seconds",
                               result->timeout_ms / 1000.0);
    }
    if (result->term_signal != 0) {
        *ret_code = CMD_ERROR_SIGNAL;
        return g_strdup_printf("was ended by signal %d (%s)", result->term_signal,
                               g_strsignal(result->term_signal));
    }
    *ret_code = CMD_ERROR_EXIT;
    return g_strdup_printf("failed with exit code %d", result->exit_code);
}

char *cmd_result_how(const struct cmd_result *result)
{
    enum cmd_error code;

    return describe_end(result, &code);
}

bool cmd_result_fail(const struct cmd_result *result, GError **errp)
{
    enum cmd_error code;
    g_autofree char *end = describe_end(result, &code);
    g_autofree char *both = g_strconcat(result->out, result->err, NULL);
    g_autofree char *tail = text_tail(result->err_len > 0 ? result->err : both, ERROR_OUTPUT_MAX);

    g_set_error(errp, CMD_ERROR, code, "command \"%s\" %s%s%s", result->text, end,
                *tail == '\0' ? ", without output" : "; output: ", tail);
    return false;
}

bool cmd_check(struct cmd *cmd, char **ret_out, GError **errp)
{
    CLEANUP(cmd_result_freep) struct cmd_result *result = cmd_run(cmd, errp);

    if (result == NULL) {
        return false;
    }
    if (!cmd_result_ok(result)) {
        return cmd_result_fail(result, errp);
    }
    if (result->truncated) {
        g_set_error(errp, CMD_ERROR, CMD_ERROR_TOO_LONG,
                    "command \"%s\" printed more than %zu bytes", result->text, cmd->max_output);
        return false;
    }
    if (ret_out != NULL) {
        *ret_out = g_steal_pointer(&result->out);
    }
    return true;
}
