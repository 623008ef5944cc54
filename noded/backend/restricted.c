/* Commands that the site allows the master to have run (backend.py RunRestrictedCmd). */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/backend/common.h"

enum {
    MAX_MODE = 0755,
    /* A wrong command costs so much time, so that nobody can try many. */
    INVALID_DELAY_S = 10,
    LOCK_TIMEOUT_S = 8,
    MS = 1000,
};

static bool check_owner(const char *path, struct stat *st, GError **errp)
{
    if (stat(path, st) != 0) {
        return fs_error_set(errp, errno, "find", path);
    }
    if ((st->st_mode & 07777 & ~MAX_MODE) != 0) {
        return noded_fail(errp, "others than its owner may change %s", path);
    }
    return (st->st_uid == 0 && st->st_gid == 0) || noded_fail(errp, "%s is not root's", path);
}

/* The path of the command if folder and file are what they must be. */
static char *find_command(const char *name, GError **errp)
{
    const char *dir = path_get(PATH_RESTRICTED_COMMANDS_DIR);
    g_autofree char *path = g_build_filename(dir, name, NULL);
    struct stat st;

    if (!check_owner(dir, &st, errp)) {
        return NULL;
    }
    if (!S_ISDIR(st.st_mode)) {
        noded_error_set(errp, "%s is no folder", dir);
        return NULL;
    }
    if (!backend_is_plugin_name(name)) {
        noded_error_set(errp, "'%s' cannot be the name of a command", name);
        return NULL;
    }
    if (!check_owner(path, &st, errp)) {
        return NULL;
    }
    if (!S_ISREG(st.st_mode) || access(path, X_OK) != 0) {
        noded_error_set(errp, "%s cannot be executed", path);
        return NULL;
    }
    return g_steal_pointer(&path);
}

/* The lock is held while the command is looked for, and as long as a wrong one is waited for. */
static struct cmd *prepare(const char *name, GError **errp)
{
    CLEANUP(fs_lock_freep)
    struct fs_lock *lock = backend_lock(PATH_RESTRICTED_COMMANDS_LOCK_FILE, LOCK_TIMEOUT_S, errp);
    g_autofree char *path = lock == NULL ? NULL : find_command(name, errp);
    struct cmd *cmd;

    if (path == NULL) {
        log_info("waiting %d seconds before the answer", INVALID_DELAY_S);
        (void)poll(NULL, 0, INVALID_DELAY_S * MS);
        return NULL;
    }
    cmd = cmd_new(path, NULL);
    cmd_set_env(cmd, "PATH", NULL);
    cmd_set_env(cmd, "LC_ALL", NULL);
    return cmd;
}

NODED_CALL(restricted_command, NODED_WORKER)
{
    CLEANUP(cmd_freep) struct cmd *cmd = NULL;
    CLEANUP(cmd_result_freep) struct cmd_result *done = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *output = NULL;

    log_info("Preparing to run restricted command '%s'", args->cmd);
    if (!C_ENABLE_RESTRICTED_COMMANDS) {
        return noded_fail(errp, "this build runs no restricted commands (configure switch)");
    }
    cmd = prepare(args->cmd, &error);
    done = cmd == NULL ? NULL : cmd_run(cmd, &error);
    if (done == NULL) {
        /* Who asks is not told why; the log is. */
        log_error("restricted command '%s': %s", args->cmd, error->message);
        return noded_fail(errp, "Executing command '%s' failed", args->cmd);
    }
    if (!cmd_result_ok(done)) {
        return cmd_result_fail(done, errp);
    }
    output = backend_output(done);
    json_write_string(result, output);
    return true;
}
