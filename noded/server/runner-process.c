#include "config.h"

#include "noded/server/runner-private.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"

enum { MAX_REQUEST = 512 * 1024 * 1024 };

static void set_signal(int number, void (*handler)(int))
{
    const struct sigaction action = {.sa_handler = handler};

    (void)sigaction(number, &action, NULL);
}

/* The runner ends when the daemon does, by whatever signal that is told to end. */
static int take_signals(void)
{
    sigset_t set;

    set_signal(SIGTERM, SIG_IGN);
    set_signal(SIGINT, SIG_IGN);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void give_signals_back(void)
{
    sigset_t none;

    set_signal(SIGTERM, SIG_DFL);
    set_signal(SIGINT, SIG_DFL);
    set_signal(SIGHUP, SIG_IGN);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void be_worker(const struct runner_opts *opts, unsigned id, const int *fds) G_GNUC_NORETURN;
static void be_worker(const struct runner_opts *opts, unsigned id, const int *fds)
{
    g_autoptr(GError) error = NULL;
    GString *answer = g_string_new(NULL);
    size_t len;
    char *text = fs_read_fd(fds[RUNNER_FD_REQUEST], "request", MAX_REQUEST, &len, &error);

    if (text != NULL) {
        (void)close(fds[RUNNER_FD_REQUEST]);
        opts->work(id, text, len, answer);
        g_string_append_c(answer, RUNNER_END);
        if (fs_write_fd(fds[RUNNER_FD_ANSWER], "answer", answer->str, answer->len, &error)) {
            _exit(0);
        }
    }
    log_error("%s", error->message);
    _exit(1);
}

static void tell_end(pid_t pid, int status)
{
    if (WIFSIGNALED(status)) {
        log_error("worker %d was ended by signal %d (%s)", (int)pid, WTERMSIG(status),
                  g_strsignal(WTERMSIG(status)));
    } else if (WEXITSTATUS(status) != 0) {
        log_error("worker %d ended with exit code %d", (int)pid, WEXITSTATUS(status));
    }
}

static void handle_signals(int signals)
{
    struct signalfd_siginfo info;
    int status;
    pid_t pid;

    while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        g_autoptr(GError) error = NULL;

        if (info.ssi_signo == SIGHUP && !log_reopen(&error)) {
            log_error("%s", error->message);
        }
    }
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        tell_end(pid, status);
    }
}

/* False when the daemon is gone. */
static bool receive(int socket, struct runner_message *message, int *fds)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * RUNNER_FDS)];
        struct cmsghdr align;
    } control;
    struct iovec iov = {.iov_base = message, .iov_len = sizeof(*message)};
    struct msghdr header = {.msg_iov = &iov,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof(control.bytes)};
    const struct cmsghdr *cmsg;

    if (recvmsg(socket, &header, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(*message)) {
        return false;
    }
    cmsg = CMSG_FIRSTHDR(&header);
    if (cmsg == NULL || cmsg->cmsg_len != CMSG_LEN(sizeof(int) * RUNNER_FDS)) {
        return false;
    }
    memcpy(fds, CMSG_DATA(cmsg), sizeof(int) * RUNNER_FDS);
    return true;
}

static bool handle_request(int socket, int signals, const struct runner_opts *opts)
{
    struct runner_message message;
    int fds[RUNNER_FDS];
    pid_t pid;

    if (!receive(socket, &message, fds)) {
        return false;
    }
    pid = fork();
    if (pid == 0) {
        (void)close(socket);
        (void)close(signals);
        give_signals_back();
        be_worker(opts, message.id, fds);
    }
    if (pid < 0) {
        log_error("cannot fork a worker: %s", g_strerror(errno));
    }
    for (int i = 0; i < RUNNER_FDS; i++) {
        (void)close(fds[i]);
    }
    return true;
}

void runner_serve(int socket, const struct runner_opts *opts)
{
    int signals = take_signals();
    struct pollfd polled[] = {{.fd = socket, .events = POLLIN}, {.fd = signals, .events = POLLIN}};

    if (opts->forked != NULL) {
        opts->forked(opts->user);
    }
    for (;;) {
        if (poll(polled, G_N_ELEMENTS(polled), -1) < 0) {
            continue;
        }
        if (polled[1].revents != 0) {
            handle_signals(signals);
        }
        if (polled[0].revents != 0 && !handle_request(socket, signals, opts)) {
            _exit(0);
        }
    }
}
