#include "base/cmd-private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"

/* Descriptors of one start. Sources are kept above every number that the child will use, so that no
 * dup2 overwrites one that is still needed. */
struct wiring {
    int input, out, err; /* the child's */
    int read_out, read_err;
    int kept[CMD_MAX_KEPT_FDS];
};

static void close_if_open(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

static void wiring_close(struct wiring *w)
{
    close_if_open(&w->input);
    close_if_open(&w->out);
    close_if_open(&w->err);
    close_if_open(&w->read_out);
    close_if_open(&w->read_err);
    for (size_t i = 0; i < G_N_ELEMENTS(w->kept); i++) {
        close_if_open(&w->kept[i]);
    }
}

static bool fail(GError **errp, struct cmd *cmd, const char *reason)
{
    g_set_error(errp, CMD_ERROR, CMD_ERROR_START, "cannot start command \"%s\": %s", cmd_text(cmd),
                reason);
    return false;
}

static bool fail_errno(GError **errp, struct cmd *cmd, int errnum)
{
    return fail(errp, cmd, g_strerror(errnum));
}

/* Moves fd above the child's numbers; closes the old one if it is ours. */
static int lift(int fd, bool ours)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1 + CMD_MAX_KEPT_FDS);
    int saved = errno;

    if (ours && fd >= 0) {
        (void)close(fd);
    }
    errno = saved;
    return high;
}

static int input_file(GBytes *data)
{
    gsize len;
    const void *bytes = g_bytes_get_data(data, &len);
    int fd = memfd_create("input", MFD_CLOEXEC);

    if (fd >= 0 && (!fs_write_fd(fd, "input", bytes, len, NULL) || lseek(fd, 0, SEEK_SET) != 0)) {
        (void)close(fd);
        errno = EIO;
        return -1;
    }
    return fd;
}

static int open_input(struct cmd *cmd)
{
    if (cmd->input != NULL) {
        return lift(input_file(cmd->input), true);
    }
    if (cmd->input_fd >= 0) {
        return lift(cmd->input_fd, false);
    }
    return lift(open("/dev/null", O_RDONLY | O_CLOEXEC), true);
}

static int open_output(int redirected, int *ret_read)
{
    int fds[2];

    if (redirected >= 0) {
        return lift(redirected, false);
    }
    if (pipe2(fds, O_CLOEXEC) != 0) {
        return -1;
    }
    *ret_read = fds[0];
    (void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
    return lift(fds[1], true);
}

static bool wire(struct cmd *cmd, struct wiring *w)
{
    for (guint i = 0; i < cmd->kept->len; i++) {
        w->kept[i] = lift(g_array_index(cmd->kept, int, i), false);
        if (w->kept[i] < 0) {
            return false;
        }
    }
    if (cmd->interactive) {
        w->input = cmd->input != NULL || cmd->input_fd >= 0 ? open_input(cmd) : -1;
        return w->input >= 0 || (cmd->input == NULL && cmd->input_fd < 0);
    }
    w->input = open_input(cmd);
    w->out = open_output(cmd->out_fd, &w->read_out);
    w->err = open_output(cmd->err_fd, &w->read_err);
    return w->input >= 0 && w->out >= 0 && w->err >= 0;
}

/* The program is searched in the child's PATH, which may differ from ours. NULL with errno if there
 * is none that can be executed. */
static char *find_program(const char *name, char **env)
{
    const char *path = g_environ_getenv(env, "PATH");
    g_auto(GStrv) dirs = NULL;
    int errnum = ENOENT;

    if (strchr(name, '/') != NULL) {
        return g_strdup(name);
    }
    dirs = g_strsplit(path == NULL ? "" : path, ":", -1);
    for (size_t i = 0; dirs[i] != NULL; i++) {
        g_autofree char *file = g_build_filename(*dirs[i] == '\0' ? "." : dirs[i], name, NULL);

        if (access(file, X_OK) == 0 && !g_file_test(file, G_FILE_TEST_IS_DIR)) {
            return g_steal_pointer(&file);
        }
        if (errno == EACCES) {
            errnum = EACCES;
        }
    }
    errno = errnum;
    return NULL;
}

static int set_actions(posix_spawn_file_actions_t *actions, struct cmd *cmd, const struct wiring *w)
{
    const int standard[] = {w->input, w->out, w->err};
    const char *cwd = cmd->cwd == NULL ? "/" : cmd->cwd;
    int rc = 0;

    for (int i = 0; rc == 0 && i < (int)G_N_ELEMENTS(standard); i++) {
        if (!cmd->interactive || standard[i] >= 0) {
            rc = posix_spawn_file_actions_adddup2(actions, standard[i], i);
        }
    }
    for (int i = 0; rc == 0 && i < (int)cmd->kept->len; i++) {
        rc = posix_spawn_file_actions_adddup2(actions, w->kept[i], STDERR_FILENO + 1 + i);
    }
    if (rc == 0) {
        rc = posix_spawn_file_actions_addclosefrom_np(actions,
                                                      STDERR_FILENO + 1 + (int)cmd->kept->len);
    }
    return rc != 0 ? rc : posix_spawn_file_actions_addchdir_np(actions, cwd);
}

static int set_attributes(posix_spawnattr_t *attr, const struct cmd *cmd)
{
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    sigset_t none, all;
    int rc;

    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    rc = posix_spawnattr_setsigmask(attr, &none);
    if (rc == 0) {
        rc = posix_spawnattr_setsigdefault(attr, &all);
    }
    if (cmd->session) {
        flags |= POSIX_SPAWN_SETSID;
    } else if (rc == 0 && !cmd->interactive) {
        flags |= POSIX_SPAWN_SETPGROUP;
        rc = posix_spawnattr_setpgroup(attr, 0);
    }
    return rc != 0 ? rc : posix_spawnattr_setflags(attr, flags);
}

static int spawn_file(struct cmd *cmd, const char *file, char **env, const struct wiring *w,
                      GPid *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    int rc;

    rc = posix_spawn_file_actions_init(&actions);
    if (rc != 0) {
        return rc;
    }
    rc = posix_spawnattr_init(&attr);
    if (rc != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return rc;
    }
    rc = set_actions(&actions, cmd, w);
    if (rc == 0) {
        rc = set_attributes(&attr, cmd);
    }
    if (rc == 0) {
        rc = posix_spawn(ret_pid, file, &actions, &attr, cmd_argv(cmd), env);
    }
    (void)posix_spawnattr_destroy(&attr);
    (void)posix_spawn_file_actions_destroy(&actions);
    return rc;
}

static bool start(struct cmd *cmd, struct wiring *w, GPid *ret_pid, int *ret_pidfd, GError **errp)
{
    g_auto(GStrv) env = cmd_build_env(cmd);
    g_autofree char *file = find_program(g_ptr_array_index(cmd->argv, 0), env);
    int rc;

    if (file == NULL) {
        return fail(errp, cmd, errno == ENOENT ? "program not found" : g_strerror(errno));
    }
    if (cmd->cwd != NULL && !g_file_test(cmd->cwd, G_FILE_TEST_IS_DIR)) {
        g_autofree char *reason = g_strdup_printf("%s is not a directory", cmd->cwd);

        return fail(errp, cmd, reason);
    }
    if (!wire(cmd, w)) {
        return fail_errno(errp, cmd, errno);
    }
    rc = spawn_file(cmd, file, env, w, ret_pid);
    if (rc != 0) {
        return fail_errno(errp, cmd, rc);
    }
    /* The child cannot be reaped before this: only its pidfd's owner waits for it. */
    *ret_pidfd = (int)syscall(SYS_pidfd_open, *ret_pid, 0);
    if (*ret_pidfd < 0) {
        rc = errno;
        (void)kill(cmd->interactive ? *ret_pid : -*ret_pid, SIGKILL);
        (void)waitpid(*ret_pid, NULL, 0);
        return fail_errno(errp, cmd, rc);
    }
    return true;
}

bool cmd_spawn(struct cmd *cmd, GPid *ret_pid, int *ret_pidfd, int *ret_out, int *ret_err,
               GError **errp)
{
    CLEANUP(wiring_close) struct wiring w;

    memset(&w, 0xff, sizeof(w));
    if (!start(cmd, &w, ret_pid, ret_pidfd, errp)) {
        return false;
    }
    *ret_out = w.read_out;
    *ret_err = w.read_err;
    w.read_out = -1;
    w.read_err = -1;
    return true;
}
