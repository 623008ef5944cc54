#include "config.h"

#include "noded/server/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib-unix.h>

#include "base/fs.h"
#include "base/log.h"
#include "noded/server/runner-private.h"

enum {
    READ_SIZE = 64 * 1024,
    MAX_ANSWER = 512 * 1024 * 1024,
};

G_DEFINE_QUARK(gantry_runner_error_quark, runner_error)

struct runner {
    struct runner_opts opts;
    pid_t pid;
    int socket; /* -1: the runner is gone */
    guint watch;
    GQueue waiting;      /* struct task */
    GHashTable *running; /* struct task */
};

struct task {
    struct runner *runner;
    unsigned id;
    int request; /* file with the request */
    int answer;  /* reading end of the pipe */
    guint watch;
    GString *text;
    GError *error;
    runner_done *done;
    void *user;
};

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

static void task_free(struct task *task)
{
    close_fd(&task->request);
    close_fd(&task->answer);
    g_clear_handle_id(&task->watch, g_source_remove);
    g_string_free(task->text, TRUE);
    g_clear_error(&task->error);
    g_free(task);
}

static bool fail(GError **errp, const char *what)
{
    g_set_error(errp, RUNNER_ERROR, RUNNER_ERROR_START, "cannot %s: %s", what, g_strerror(errno));
    return false;
}

static void start_waiting(struct runner *runner);

/* The end of a task, however it came to it. */
static void finish(struct task *task)
{
    struct runner *runner = task->runner;
    bool whole = task->error == NULL && task->text->len > 0 &&
                 task->text->str[task->text->len - 1] == RUNNER_END;

    if (!whole && task->error == NULL) {
        g_set_error(&task->error, RUNNER_ERROR, RUNNER_ERROR_LOST,
                    "the worker process ended without an answer; the node daemon's log has more");
    }
    g_hash_table_steal(runner->running, task);
    task->done(whole ? task->text->str : NULL, whole ? task->text->len - 1 : 0, task->error,
               task->user);
    task_free(task);
    start_waiting(runner);
}

static gboolean on_answer(int fd, GIOCondition condition G_GNUC_UNUSED, void *user)
{
    struct task *task = user;
    char buffer[READ_SIZE];
    ssize_t n = read(fd, buffer, sizeof(buffer));

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return G_SOURCE_CONTINUE;
    }
    if (n > 0 && task->text->len + (size_t)n <= MAX_ANSWER) {
        g_string_append_len(task->text, buffer, n);
        return G_SOURCE_CONTINUE;
    }
    task->watch = 0;
    finish(task);
    return G_SOURCE_REMOVE;
}

static gboolean on_failed_start(void *user)
{
    struct task *task = user;

    task->watch = 0;
    finish(task);
    return G_SOURCE_REMOVE;
}

static bool send_message(int socket, unsigned id, const int *fds, GError **errp)
{
    struct runner_message message = {.id = id};
    union {
        char bytes[CMSG_SPACE(sizeof(int) * RUNNER_FDS)];
        struct cmsghdr align;
    } control = {.bytes = {0}};
    struct iovec iov = {.iov_base = &message, .iov_len = sizeof(message)};
    struct msghdr header = {.msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof(control.bytes)};
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&header);

    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(sizeof(int) * RUNNER_FDS);
    memcpy(CMSG_DATA(cmsg), fds, sizeof(int) * RUNNER_FDS);
    if (sendmsg(socket, &header, MSG_NOSIGNAL) != (ssize_t)sizeof(message)) {
        return fail(errp, "reach the process that starts workers");
    }
    return true;
}

static bool hand_over(struct task *task, GError **errp)
{
    int ends[2], fds[RUNNER_FDS];
    bool ok;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return fail(errp, "make a pipe");
    }
    task->answer = ends[0];
    (void)g_unix_set_fd_nonblocking(task->answer, TRUE, NULL);
    fds[RUNNER_FD_REQUEST] = task->request;
    fds[RUNNER_FD_ANSWER] = ends[1];
    ok = send_message(task->runner->socket, task->id, fds, errp);
    (void)close(ends[1]);
    return ok;
}

static void start(struct task *task)
{
    g_hash_table_add(task->runner->running, task);
    if (task->error == NULL && hand_over(task, &task->error)) {
        task->watch = g_unix_fd_add(task->answer, G_IO_IN | G_IO_HUP, on_answer, task);
    } else {
        task->watch = g_idle_add(on_failed_start, task);
    }
    close_fd(&task->request);
}

static void start_waiting(struct runner *runner)
{
    while (g_hash_table_size(runner->running) < runner->opts.max_workers) {
        struct task *task = g_queue_pop_head(&runner->waiting);

        if (task == NULL) {
            return;
        }
        start(task);
    }
}

static int write_request(const char *text, size_t len, GError **errp)
{
    int fd = memfd_create("request", MFD_CLOEXEC);

    if (fd < 0 || !fs_write_fd(fd, "request", text, len, NULL) || lseek(fd, 0, SEEK_SET) != 0) {
        fail(errp, "keep the request");
    }
    return fd;
}

void runner_submit(struct runner *runner, unsigned id, const char *text, size_t len,
                   runner_done *done, void *user)
{
    struct task *task = g_new0(struct task, 1);

    *task = (struct task){.runner = runner,
                          .id = id,
                          .answer = -1,
                          .text = g_string_new(NULL),
                          .done = done,
                          .user = user};
    task->request = write_request(text, len, &task->error);
    g_queue_push_tail(&runner->waiting, task);
    start_waiting(runner);
}

static gboolean on_lost(int fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, void *user)
{
    struct runner *runner = user;

    log_critical("the process that starts workers (%d) is gone", (int)runner->pid);
    runner->watch = 0;
    close_fd(&runner->socket);
    if (runner->opts.lost != NULL) {
        runner->opts.lost(runner->opts.user);
    }
    return G_SOURCE_REMOVE;
}

struct runner *runner_new(const struct runner_opts *opts, GError **errp)
{
    struct runner *runner;
    int ends[2];
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        fail(errp, "make a pair of sockets");
        return NULL;
    }
    pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        runner_serve(ends[1], opts);
    }
    (void)close(ends[1]);
    if (pid < 0) {
        fail(errp, "fork");
        (void)close(ends[0]);
        return NULL;
    }
    runner = g_new0(struct runner, 1);
    runner->opts = *opts;
    runner->pid = pid;
    runner->socket = ends[0];
    runner->running = g_hash_table_new_full(NULL, NULL, (GDestroyNotify)task_free, NULL);
    g_queue_init(&runner->waiting);
    return runner;
}

void runner_attach(struct runner *runner)
{
    runner->watch = g_unix_fd_add(runner->socket, G_IO_HUP | G_IO_ERR, on_lost, runner);
}

unsigned runner_busy(const struct runner *runner)
{
    return g_hash_table_size(runner->running) + runner->waiting.length;
}

void runner_reopen_log(struct runner *runner)
{
    if (runner->socket >= 0) {
        (void)kill(runner->pid, SIGHUP);
    }
}

void runner_free(struct runner *runner)
{
    if (runner == NULL) {
        return;
    }
    g_clear_handle_id(&runner->watch, g_source_remove);
    close_fd(&runner->socket);
    g_queue_clear_full(&runner->waiting, (GDestroyNotify)task_free);
    g_hash_table_unref(runner->running);
    g_free(runner);
}
