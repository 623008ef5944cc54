/* A job launcher for tests: speaks luxid's protocol, and its jobs do nothing but write their files.
 * What a job does follows from the duration of its OP_TEST_DELAY:
 *
 *     0     succeeds at once
 *     > 0   runs until SIGTERM, then is cancelled
 *     666   its process dies without a word
 *
 * The environment variable SAMPLE_LAUNCHER_DIES names a file: if it is there, the launcher removes
 * it and dies at the next request instead of answering. */
#include "config.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fs.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "jobs/file/job.h"
#include "jobs/file/write.h"
#include "jobs/queue/launch-protocol.h"
#include "jobs/queue/store.h"

enum {
    FATAL_DURATION = 666,
    EXIT_BROKEN = 3,
    /* Seconds after which a job that its test forgot kills itself. */
    LIFETIME = 30,
};

static volatile sig_atomic_t got_term;

static void on_term(int signum)
{
    (void)signum;
    got_term = 1;
}

static void write_or_die(const struct queued_job *job)
{
    if (!job_store_write(path_get(PATH_QUEUE_DIR), job, OPCODE_PROCESSED, JOB_WRITE_DURABLE,
                         NULL)) {
        _exit(EXIT_BROKEN);
    }
}

static double duration_of(const struct queued_job *job)
{
    CLEANUP(opcode_freep) struct opcode *op = opcode_decode(job->ops.v[0].input, NULL, NULL);

    return op != NULL && op->row->id == OP_ID_test_delay
               ? ((const struct op_test_delay *)op->params)->duration
               : 0;
}

static void wait_for_term(void)
{
    sigset_t none;

    sigemptyset(&none);
    while (!got_term) {
        (void)sigsuspend(&none);
    }
}

static void end_job(struct queued_job *job, enum job_status status)
{
    job_mark_unfinished(job, status, NULL);
    job_stamp(job, end_timestamp, job_now());
    write_or_die(job);
}

static void run(int64_t id, struct fs_lock *lock)
{
    g_autofree char *pid = g_strdup_printf("%d\n", (int)getpid());
    CLEANUP(job_freep)
    struct queued_job *job = job_load(path_get(PATH_QUEUE_DIR), id, false, NULL, NULL);
    double duration;

    (void)setsid();
    (void)alarm(LIFETIME);
    if (job == NULL || job_status_of(job) != JOB_STATUS_QUEUED || !fs_lock_write(lock, pid, NULL)) {
        _exit(0);
    }
    (void)signal(SIGTERM, on_term);
    duration = duration_of(job);
    job->livelock = launch_livelock_path(id);
    job->process_id = getpid();
    job->has.livelock = job->has.process_id = true;
    job->ops.v[0].status = JOB_STATUS_WAITING;
    write_or_die(job);
    if (duration == FATAL_DURATION) {
        _exit(1);
    }
    if (duration > 0) {
        wait_for_term();
        end_job(job, JOB_STATUS_CANCELED);
    } else {
        end_job(job, JOB_STATUS_SUCCESS);
    }
    fs_lock_remove(lock);
    _exit(0);
}

static void launch(int64_t id)
{
    g_autofree char *path = launch_livelock_path(id);
    struct launch_reply reply = {.job = id, .pidfd = -1};
    g_autoptr(GError) error = NULL;
    struct fs_lock *lock = fs_lock_take(path, FS_LOCK_BOTH, &error);

    if (lock == NULL) {
        reply.outcome = LAUNCH_RUNS_ALREADY;
    } else {
        pid_t pid = fork();

        if (pid == 0) {
            run(id, lock);
        }
        reply.pid = pid;
        reply.pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        fs_lock_free(lock);
    }
    if (launch_send_reply(LAUNCH_FD, &reply, NULL) != LAUNCH_IO_OK) {
        exit(EXIT_BROKEN);
    }
    launch_reply_clear(&reply);
}

int main(void)
{
    const char *death = getenv("SAMPLE_LAUNCHER_DIES");
    struct launch_request request;
    sigset_t blocked;

    if (!paths_init(NULL)) {
        return EXIT_BROKEN;
    }
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGUSR1);
    (void)sigprocmask(SIG_BLOCK, &blocked, NULL);
    (void)signal(SIGCHLD, SIG_DFL);
    while (launch_receive_request(LAUNCH_FD, &request, NULL) == LAUNCH_IO_OK) {
        if (death != NULL && unlink(death) == 0) {
            return EXIT_BROKEN;
        }
        launch(request.job);
        launch_request_clear(&request);
    }
    return 0;
}
