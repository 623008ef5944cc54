/* What a daemon does to its own process: user, detaching, descriptors, systemd. */
#include "base/daemon-private.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"

enum {
    STARTER_TEXT_MAX = 100 * 1024,
    DAEMON_UMASK = 077, /* the reference's SetupDaemonEnv */
};

G_DEFINE_QUARK(gantry_daemon_error_quark, daemon_error)

static bool fail(GError **errp, enum daemon_error code, const char *what)
{
    g_set_error(errp, DAEMON_ERROR, (int)code, "cannot %s: %s", what, g_strerror(errno));
    return false;
}

static bool find_ids(const struct daemon_desc *desc, uid_t *uid, gid_t *gid, GError **errp)
{
    const struct passwd *user = getpwnam(desc->user);
    const struct group *group;

    if (user == NULL) {
        g_set_error(errp, DAEMON_ERROR, DAEMON_ERROR_USER, "there is no user '%s'", desc->user);
        return false;
    }
    *uid = user->pw_uid;
    *gid = user->pw_gid;
    if (desc->group != NULL) {
        group = getgrnam(desc->group);
        if (group == NULL) {
            g_set_error(errp, DAEMON_ERROR, DAEMON_ERROR_USER, "there is no group '%s'",
                        desc->group);
            return false;
        }
        *gid = group->gr_gid;
    }
    return true;
}

bool daemon_become_user(const struct daemon_desc *desc, GError **errp)
{
    uid_t uid;
    gid_t gid;

    if (desc->user == NULL) {
        return true;
    }
    if (!find_ids(desc, &uid, &gid, errp)) {
        return false;
    }
    if (geteuid() == uid) {
        return true;
    }
    if (geteuid() != 0) {
        g_set_error(errp, DAEMON_ERROR, DAEMON_ERROR_USER,
                    "%s must be started as user '%s' (%d) or root, not as user %d", desc->name,
                    desc->user, (int)uid, (int)geteuid());
        return false;
    }
    if (initgroups(desc->user, gid) != 0 || setgid(gid) != 0 || setuid(uid) != 0) {
        return fail(errp, DAEMON_ERROR_USER, "give up root's privileges");
    }
    return true;
}

/* The starter: passes on what the daemon says before it is up. */
static void wait_for_daemon(int fd, pid_t child) G_GNUC_NORETURN;
static void wait_for_daemon(int fd, pid_t child)
{
    g_autofree char *text = NULL;
    size_t len = 0;
    int code = DAEMON_EXIT_FAILURE;

    (void)waitpid(child, NULL, 0);
    text = fs_read_fd(fd, "daemon", STARTER_TEXT_MAX, &len, NULL);
    /* One byte of exit code, then the text; nothing at all if the daemon died. */
    if (text == NULL || len == 0) {
        (void)fputs("the daemon ended while it started, see its log\n", stderr);
    } else {
        code = (unsigned char)text[0];
        (void)fputs(text + 1, stderr);
    }
    (void)fflush(stderr);
    _exit(code);
}

bool daemon_detach(struct daemon_starter *starter, GError **errp)
{
    int fds[2];
    pid_t pid;

    (void)fflush(NULL);
    if (pipe2(fds, O_CLOEXEC) != 0) {
        return fail(errp, DAEMON_ERROR_START, "make a pipe");
    }
    pid = fork();
    if (pid < 0) {
        return fail(errp, DAEMON_ERROR_START, "fork");
    }
    if (pid > 0) {
        (void)close(fds[1]);
        wait_for_daemon(fds[0], pid);
    }
    (void)close(fds[0]);
    starter->fd = fds[1];
    (void)umask(DAEMON_UMASK);
    if (chdir("/") != 0 || setsid() < 0) {
        return fail(errp, DAEMON_ERROR_START, "leave the session");
    }
    /* Without the leader of the session no terminal can become its controlling one. */
    pid = fork();
    if (pid < 0) {
        return fail(errp, DAEMON_ERROR_START, "fork");
    }
    if (pid > 0) {
        _exit(0);
    }
    if (starter->fd > STDERR_FILENO + 1) {
        (void)close_range(STDERR_FILENO + 1, (unsigned)starter->fd - 1, 0);
    }
    (void)close_range((unsigned)starter->fd + 1, ~0U, 0);
    return true;
}

static void tell_starter(struct daemon_starter *starter, int code, const char *text)
{
    char byte = (char)code;

    if (starter->fd < 0) {
        return;
    }
    /* A starter that was interrupted does not read any more; that is its affair. */
    if (fs_write_fd(starter->fd, "starter", &byte, 1, NULL)) {
        (void)!fs_write_fd(starter->fd, "starter", text, strlen(text), NULL);
    }
    (void)close(starter->fd);
    starter->fd = -1;
}

void daemon_starter_ok(struct daemon_starter *starter)
{
    tell_starter(starter, 0, "");
}

void daemon_starter_fail(struct daemon_starter *starter, int exit_code, const char *text)
{
    tell_starter(starter, exit_code, text);
}

void daemon_starter_leave(struct daemon_starter *starter)
{
    if (starter->fd >= 0) {
        (void)close(starter->fd);
        starter->fd = -1;
    }
}

bool daemon_redirect(const char *log_file, GError **errp)
{
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int out = open(log_file == NULL ? "/dev/null" : log_file,
                   O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    bool ok = false;

    if (out < 0) {
        fs_error_set(errp, errno, "open log file", log_file);
    } else if (in < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
               dup2(out, STDERR_FILENO) < 0) {
        fail(errp, DAEMON_ERROR_START, "redirect output");
    } else {
        ok = true;
    }
    if (in > STDERR_FILENO) {
        (void)close(in);
    }
    if (out > STDERR_FILENO) {
        (void)close(out);
    }
    return ok;
}

void daemon_notify(const char *format, ...)
{
    const char *path = g_getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *text = NULL;
    va_list args;
    socklen_t len;
    int fd;

    if (path == NULL || (*path != '/' && *path != '@') ||
        strlen(path) >= sizeof(address.sun_path)) {
        return;
    }
    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (*path == '@') {
        address.sun_path[0] = '\0';
    } else {
        len++;
    }
    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)!sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&address, len);
        (void)close(fd);
    }
}
