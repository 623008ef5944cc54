#include "config.h"

#include "provider-interface/script.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cmd.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "facts/errors.h"

enum {
    MS = 1000,
    LOG_MODE = 0600,
    MAX_OUTPUT = 1024 * 1024,
    /* Of output in an error (utils.TailFile reads as much). */
    TAIL_BYTES = 4096,
    TAIL_LINES = 20,
};

char *script_timestamp(void)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();

    return g_date_time_format(now, "%Y-%m-%d_%H_%M_%S");
}

char *script_log_path(const char *dir, GError **errp, const char *part, ...)
{
    g_autoptr(GString) name = g_string_new(NULL);
    g_autofree char *stamp = script_timestamp();
    va_list parts;

    if (!g_file_test(dir, G_FILE_TEST_IS_DIR)) {
        err_set(errp, ERR_GENERIC, ECODE_NONE,
                "the folder %s for logs of scripts is missing; make it and try again", dir);
        return NULL;
    }
    va_start(parts, part);
    for (; part != NULL; part = va_arg(parts, const char *)) {
        g_string_append_printf(name, "%s-", part);
    }
    va_end(parts);
    g_string_append_printf(name, "%s.log", stamp);
    if (strchr(name->str, '/') != NULL) {
        err_set(errp, ERR_GENERIC, ECODE_NONE, "'%s' cannot be the name of a log file", name->str);
        return NULL;
    }
    return g_build_filename(dir, name->str, NULL);
}

/* The last lines, each made safe for people. */
static char *tail_of(const char *text)
{
    g_autofree char *tail = text_tail(text, TAIL_BYTES);
    g_auto(GStrv) lines = g_strsplit(tail, "\n", -1);
    g_autoptr(GString) safe = g_string_new(NULL);
    guint n = g_strv_length(lines);

    for (guint i = n > TAIL_LINES ? n - TAIL_LINES : 0; i < n; i++) {
        g_autofree char *line = text_safe_encode(lines[i]);

        g_string_append_printf(safe, "\n%s", line);
    }
    return g_string_free(g_steal_pointer(&safe), FALSE);
}

static char *read_tail(const char *path)
{
    CLEANUP(fs_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    g_autofree char *text = NULL;
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

    if (size < 0 || lseek(fd, MAX(size - TAIL_BYTES, 0), SEEK_SET) < 0) {
        return g_strdup("");
    }
    text = fs_read_fd(fd, path, MAX_OUTPUT, NULL, NULL);
    return text == NULL ? g_strdup("") : tail_of(text);
}

static bool fail(const struct script *script, const struct cmd_result *done, GError **errp)
{
    g_autofree char *how = cmd_result_how(done);
    g_autofree char *both = g_strconcat(done->out, done->err, NULL);
    g_autofree char *tail = script->log == NULL ? tail_of(both) : read_tail(script->log);

    if (*tail == '\0' || strcmp(tail, "\n") == 0) {
        return err_fail(errp, ERR_GENERIC, ECODE_NONE, "%s %s, without output", script->what, how);
    }
    return err_fail(errp, ERR_GENERIC, ECODE_NONE, "%s %s, last lines of %s:%s", script->what, how,
                    script->log == NULL ? "its output" : script->log, tail);
}

static struct cmd *make_cmd(const struct script *script, GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new(script->path, NULL);

    if (script->args != NULL) {
        cmd_add_all(cmd, script->args);
    }
    if (script->inherit_env) {
        cmd_inherit_env(cmd);
    } else {
        cmd_set_env(cmd, "PATH", NULL);
        cmd_set_env(cmd, "LC_ALL", NULL);
    }
    cmd_set_cwd(cmd, script->dir);
    cmd_set_timeout(cmd, script->timeout * MS);
    cmd_set_max_output(cmd, MAX_OUTPUT);
    return script_env_apply(script->env, cmd, errp) ? g_steal_pointer(&cmd) : NULL;
}

bool script_run(const struct script *script, char **ret_out, GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *cmd = make_cmd(script, errp);
    CLEANUP(cmd_result_freep) struct cmd_result *done = NULL;
    CLEANUP(fs_closep) int log = -1;

    if (cmd == NULL) {
        return false;
    }
    if (script->log != NULL) {
        log = open(script->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, LOG_MODE);
        if (log < 0) {
            return fs_error_set(errp, errno, "open", script->log);
        }
        cmd_set_output_fds(cmd, log, log);
    }
    done = cmd_run(cmd, errp);
    if (done == NULL) {
        g_prefix_error(errp, "%s: ", script->what);
        return false;
    }
    if (!cmd_result_ok(done)) {
        return fail(script, done, errp);
    }
    if (ret_out != NULL) {
        *ret_out = script->log == NULL ? g_steal_pointer(&done->out) : NULL;
    }
    return true;
}
