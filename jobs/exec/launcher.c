/* job-launcher: a process for each job, in a millisecond.
 *
 * luxid cannot fork itself (its libraries have threads), and a new program per job would load the
 * configuration each time. So luxid starts this one once: it is single-threaded, keeps a snapshot
 * of the configuration up to date, and forks. See jobs/queue/launch-protocol.h. */
#include "config.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/about.h"
#include "base/fs.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "compat-config/store/store.h"
#include "facts/errors.h"
#include "jobs/exec/job-process.h"
#include "jobs/queue/launch-protocol.h"

enum {
    /* How often a lock file is tried again that its last owner was just removing. */
    LOCK_TRIES = 100,
};

struct launcher {
    GMainContext *context;
    GMainLoop *loop;
    struct cfg_watch *watch; /* NULL: there is no configuration yet, or none that can be read */
};

/* --- The lock file ------------------------------------------------------------------------------
 */
/* Whether the path still names the file that we have locked. */
static bool is_current(const struct fs_lock *lock)
{
    struct stat ours, named;
    return fstat(fs_lock_fd(lock), &ours) == 0 && stat(fs_lock_path(lock), &named) == 0 &&
           ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

static struct fs_lock *take_livelock(int64_t job, GError **errp)
{
    g_autofree char *path = launch_livelock_path(job);
    for (int i = 0; i < LOCK_TRIES; i++) {
        struct fs_lock *lock = fs_lock_take(path, FS_LOCK_BOTH, errp);
        if (lock == NULL || is_current(lock)) {
            return lock;
        }
        fs_lock_free(lock);
    }
    err_set(errp, ERR_JOB_QUEUE, ECODE_NONE, "%s is removed again and again by somebody else",
            path);
    return NULL;
}

/* --- The end of jobs ----------------------------------------------------------------------------
 *
 * luxid learns of it by its pidfd; here they are only taken off the kernel's list. */
static void reap(int number G_GNUC_UNUSED)
{
    int saved = errno;
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    errno = saved;
}

static void hold_reaping(bool hold)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/* --- The fork -----------------------------------------------------------------------------------
 */
/* In the child: nothing of the launcher stays but the snapshot and the lock. */
static int be_job(struct launcher *launcher, const struct launch_request *request,
                  struct fs_lock *lock)
{
    const struct cfg *start = launcher->watch != NULL ? cfg_watch_get(launcher->watch) : NULL;
    const struct job_process process = {
        .job = request->job, .debug = request->debug, .secrets = request->secrets, .start = start};
    g_main_context_pop_thread_default(launcher->context);
    close(LAUNCH_FD);
    setsid();
    int code = job_process_main(&process, lock);
    cfg_unref(start);
    return code;
}

static void launch(struct launcher *launcher, const struct launch_request *request,
                   struct launch_reply *reply)
{
    g_autoptr(GError) error = NULL;
    struct fs_lock *lock = take_livelock(request->job, &error);
    if (lock == NULL) {
        bool busy = g_error_matches(error, FS_ERROR, EWOULDBLOCK);
        reply->outcome = busy ? LAUNCH_RUNS_ALREADY : LAUNCH_FAILED;
        reply->error = busy ? NULL : g_strdup(error->message);
        return;
    }
    /* Loaded before the fork, so that all jobs share it. */
    if (launcher->watch != NULL) {
        cfg_unref(cfg_watch_get(launcher->watch));
    }
    /* Not reaped before the descriptor is there, however short its life. */
    hold_reaping(true);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(be_job(launcher, request, lock));
    }
    if (pid > 0) {
        reply->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    }
    hold_reaping(false);
    if (pid < 0) {
        reply->outcome = LAUNCH_FAILED;
        reply->error = g_strdup_printf("cannot fork: %s", g_strerror(errno));
        fs_lock_remove(lock);
        return;
    }
    fs_lock_free(lock);
    reply->outcome = LAUNCH_STARTED;
    reply->pid = pid;
    log_info("job %" G_GINT64_FORMAT " runs as process %d", (gint64)request->job, (int)pid);
}

/* --- The channel --------------------------------------------------------------------------------
 */
static gboolean serve(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    struct launcher *launcher = data;
    struct launch_request request = {0};
    g_autoptr(GError) error = NULL;

    switch (launch_receive_request(fd, &request, &error)) {
    case LAUNCH_IO_AGAIN:
        return G_SOURCE_CONTINUE;
    case LAUNCH_IO_END:
        log_info("luxid has ended, so the launcher ends");
        g_main_loop_quit(launcher->loop);
        return G_SOURCE_REMOVE;
    case LAUNCH_IO_ERROR:
        log_error("cannot read luxid's request: %s", error->message);
        g_main_loop_quit(launcher->loop);
        return G_SOURCE_REMOVE;
    case LAUNCH_IO_OK:
        break;
    }
    struct launch_reply reply = {.job = request.job, .pidfd = -1};
    launch(launcher, &request, &reply);
    bool ok = launch_send_reply(fd, &reply, &error) == LAUNCH_IO_OK;
    launch_reply_clear(&reply);
    launch_request_clear(&request);
    if (!ok) {
        log_error("cannot answer luxid: %s",
                  error != NULL ? error->message : "it does not listen any more");
        g_main_loop_quit(launcher->loop);
        return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

static void config_changed(const struct cfg *cfg G_GNUC_UNUSED, const GError *error,
                           void *data G_GNUC_UNUSED)
{
    if (error != NULL) {
        log_warning("cannot read the configuration: %s", error->message);
    }
}

static bool set_up(struct launcher *launcher, GError **errp)
{
    const struct log_opts opts = {
        .program = "job-launcher",
        .format = LOG_FORMAT_PYTHON,
        .file = path_get(PATH_LOG_JOBS),
        .level = LOG_LEVEL_INFO,
        .stderr_level = LOG_LEVEL_NONE,
    };
    g_autoptr(GError) error = NULL;
    if (!log_setup(&opts, errp)) {
        return false;
    }
    /* A context of its own, so that the default one belongs to the jobs. */
    launcher->context = g_main_context_new();
    g_main_context_push_thread_default(launcher->context);
    launcher->loop = g_main_loop_new(launcher->context, FALSE);
    launcher->watch = cfg_watch_new(path_get(PATH_CLUSTER_CONF_FILE), config_changed, NULL, &error);
    if (launcher->watch == NULL) {
        log_warning("jobs begin without a configuration of their own: %s", error->message);
    }
    GSource *source = g_unix_fd_source_new(LAUNCH_FD, G_IO_IN | G_IO_HUP);
    g_source_set_callback(source, G_SOURCE_FUNC(serve), launcher, NULL);
    g_source_attach(source, launcher->context);
    g_source_unref(source);
    return true;
}

static void set_signals(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    const struct sigaction child = {.sa_handler = reap, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    sigaction(SIGCHLD, &child, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGHUP, &ignore, NULL);
}

int main(int argc, char **argv)
{
    static const char help[] = "Usage: job-launcher\n\nStarts the processes of jobs. ganeti-luxid "
                               "runs it; it is not for typing.\n";
    struct launcher launcher = {0};
    g_autoptr(GError) error = NULL;
    struct stat st;

    if (about_answer(argc, argv, "job-launcher", help)) {
        return 0;
    }
    if (fstat(LAUNCH_FD, &st) != 0 || !S_ISSOCK(st.st_mode)) {
        g_printerr("job-launcher is started by ganeti-luxid, with a socket as descriptor %d; it is "
                   "not for typing\n",
                   LAUNCH_FD);
        return 2;
    }
    set_signals();
    if (!paths_init(&error) || !paths_take_level(&error) || !set_up(&launcher, &error)) {
        g_printerr("job-launcher: %s\n", error->message);
        return 1;
    }
    g_main_loop_run(launcher.loop);
    g_clear_pointer(&launcher.watch, cfg_watch_free);
    g_main_loop_unref(launcher.loop);
    g_main_context_pop_thread_default(launcher.context);
    g_main_context_unref(launcher.context);
    return 0;
}
