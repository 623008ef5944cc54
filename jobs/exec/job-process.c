/* The process of one job (reference: lib/jqueue/exec.py). */
#include "config.h"

#include "jobs/exec/job-process.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "compat-config/replica/replica.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "jobs/exec/job-run.h"
#include "jobs/file/job.h"

/* --- Signals ------------------------------------------------------------------------------------
 *
 * luxid's words: TERM to cancel, USR1 for a new priority. The handlers wake up the loop, so nobody
 * has to look at the wishes from time to time. HUP is the reference's wconfd's word for "your locks
 * are granted"; who waits for it has a handler of its own. */
static int wake_fd = -1;
static volatile sig_atomic_t got_term, got_usr1;
static struct job_wishes wishes;

static void on_signal(int number)
{
    int saved = errno;
    const uint64_t one = 1;
    if (number == SIGTERM) {
        got_term = 1;
    } else {
        got_usr1 = 1;
    }
    if (write(wake_fd, &one, sizeof one) < 0) {
        /* Full: the loop wakes up in any case. */
    }
    errno = saved;
}

static gboolean woken(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer data G_GNUC_UNUSED)
{
    uint64_t count;
    if (read(fd, &count, sizeof count) < 0) {
        /* Read already. */
    }
    if (got_term) {
        got_term = 0;
        wishes.cancel = true;
        log_info("asked to cancel");
    }
    if (got_usr1) {
        got_usr1 = 0;
        wishes.new_priority = true;
    }
    return G_SOURCE_CONTINUE;
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(number, &action, NULL);
}

static bool take_signals(GError **errp)
{
    wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd < 0) {
        return fs_error_set(errp, errno, "open", "an event descriptor");
    }
    g_unix_fd_add(wake_fd, G_IO_IN, woken, NULL);
    handle(SIGTERM, on_signal);
    handle(SIGUSR1, on_signal);
    handle(SIGHUP, SIG_IGN);
    handle(SIGPIPE, SIG_IGN);
    handle(SIGINT, SIG_DFL);
    handle(SIGCHLD, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    return true;
}

/* --- The job ------------------------------------------------------------------------------------
 */
static void set_up_log(const struct job_process *process)
{
    g_autofree char *name = g_strdup_printf("job-%" G_GINT64_FORMAT, (gint64)process->job);
    g_autoptr(GError) error = NULL;
    const struct log_opts opts = {
        .program = name,
        .format = LOG_FORMAT_PYTHON,
        .file = path_get(PATH_LOG_JOBS),
        .level = process->debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO,
        .stderr_level = LOG_LEVEL_NONE,
    };
    g_set_prgname(name);
    prctl(PR_SET_NAME, name);
    /* The launcher's log goes on serving where the jobs' own cannot be opened. */
    if (!log_setup(&opts, &error)) {
        log_warning("cannot open the jobs' log: %s", error->message);
    }
}

static struct queued_job *load(const struct job_process *process, const struct fs_lock *lock,
                               GError **errp)
{
    struct queued_job *job = job_load(path_get(PATH_QUEUE_DIR), process->job, false, NULL, errp);
    if (job == NULL) {
        return NULL;
    }
    if (job_status_of(job) != JOB_STATUS_QUEUED) {
        err_set(errp, ERR_JOB_QUEUE, ECODE_NONE, "it is not queued any more");
        job_free(job);
        return NULL;
    }
    g_free(job->livelock);
    job->livelock = g_strdup(fs_lock_path(lock));
    job->has.livelock = true;
    job->process_id = getpid();
    job->has.process_id = true;
    return job;
}

static bool connect_and_run(const struct job_process *process, struct job_run *run,
                            const struct fs_lock *lock, GError **errp)
{
    struct client_id *self = wconfd_identity(process->job, NULL, fs_lock_path(lock));
    CLEANUP(wconfd_client_freep) struct wconfd_client *wconfd = NULL;
    CLEANUP(cfg_replica_freep) struct cfg_replica *replica = NULL;

    wconfd = wconfd_client_connect(NULL, self, errp);
    if (wconfd != NULL) {
        replica = cfg_replica_new(process->start, wconfd, errp);
    }
    bool ok = replica != NULL;
    if (ok) {
        run->env.wconfd = wconfd;
        run->env.replica = replica;
        run->env.client = wconfd_client_self(wconfd);
        ok = job_run(run, errp);
        job_env_clear(run);
    }
    fact_object_free(&fact_object_client_id, self);
    return ok;
}

static bool run_job(const struct job_process *process, struct fs_lock *lock, GError **errp)
{
    g_autofree char *pid = g_strdup_printf("%d\n", (int)getpid());
    CLEANUP(json_unrefp) struct json *secrets = NULL;
    if (!fs_lock_write(lock, pid, errp) || !take_signals(errp) ||
        (process->secrets != NULL && !json_parse(process->secrets, -1, &secrets, errp))) {
        return false;
    }
    CLEANUP(job_freep) struct queued_job *job = load(process, lock, errp);
    if (job == NULL) {
        return false;
    }
    struct job_run run = {
        .job = job,
        .queue_dir = path_get(PATH_QUEUE_DIR),
        .env = {.ops = &job_env_ops},
        .wishes = &wishes,
        .secrets = secrets,
    };
    run.env.data = &run;
    lu_env_init(&run.env);
    bool ok = connect_and_run(process, &run, lock, errp);
    lu_env_clear(&run.env);
    return ok;
}

int job_process_main(const struct job_process *process, struct fs_lock *lock)
{
    g_autoptr(GError) error = NULL;
    set_up_log(process);
    bool ok = run_job(process, lock, &error);
    if (!ok) {
        /* luxid sees the end of this process and ends the job with an error. */
        log_error("cannot run job %" G_GINT64_FORMAT ": %s", (gint64)process->job, error->message);
    }
    fs_lock_remove(lock);
    return ok ? 0 : 1;
}
