/* What luxid and the job launcher (jobs/exec) say to each other. It stands here because luxid is
 * another area on the floor of jobs/exec.
 *
 * luxid starts the launcher, PATH_JOB_LAUNCHER, once and hands it one end of a pair of sockets as
 * descriptor LAUNCH_FD.
 * A request asks for one job's process, a reply tells how that went; replies come in the order of
 * requests, and luxid may send the next request before it has the reply. When luxid ends, the
 * launcher sees the end of the channel and ends too; jobs outlive both.
 *
 * Who writes the job's file, and how it is made sure that no job runs twice:
 *
 * 1. luxid writes the file durably (status queued), then sends the request. From now on it does not
 *    touch the file.
 * 2. The launcher takes launch_livelock_path(job) with FS_LOCK_BOTH; after that it looks whether
 * the path still names the locked file (the last owner removes it), and tries again if not.
 * Somebody else has it: the reply is LAUNCH_RUNS_ALREADY. The lock belongs to the open file: the
 * launcher forks and closes its descriptor, the job process keeps its own.
 * 3. The process makes a session of its own and writes its number into the lock file first of all
 * ("123\n"), loads the job, and ends at once if the job is not JOB_STATUS_QUEUED (it ran already).
 * Its first write of the file sets livelock, process_id and status waiting in one go.
 * 4. When it is done it makes its last write durable, removes the lock file (fs_lock_remove) and
 *    ends. luxid learns of each write by inotify, and of the end by the pidfd in the reply.
 * 5. Only when the process is gone does luxid write the file again. A job that has not ended by
 * then has failed.
 *
 * The job process need not copy its file to other nodes: luxid sees each write and does that (see
 * jobs/queue/replicator.h).
 *
 * luxid's words to a living job are those of the reference: SIGTERM asks
 * it to cancel (while it waits), SIGUSR1 to read launch_priority_path(job), SIGKILL. They may come
 * as soon as the process exists: the launcher blocks the first two before it forks, and the process
 * unblocks them when it has its handlers. */
#ifndef GANTRY_JOBS_QUEUE_LAUNCH_PROTOCOL_H
#define GANTRY_JOBS_QUEUE_LAUNCH_PROTOCOL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    LAUNCH_FD = 3,
    /* Bytes of the secrets of one job. */
    LAUNCH_MAX_SECRETS = 16 * 1024 * 1024,
};

/* The lock file that the process of a job holds while it lives; owned by the caller. */
char *launch_livelock_path(int64_t job);
/* The job of a file in PATH_LIVELOCK_DIR; false for other files (those of the reference's jobs have
 * a time in their names). */
bool launch_parse_livelock_name(const char *name, int64_t *ret_job);

/* The file with a new priority, a decimal number, for a job that runs; its process removes it.
 * Owned by the caller. */
char *launch_priority_path(int64_t job);

/* A pair of sockets, close-on-exec; ret_fds[0] is luxid's end. Errors are FS_ERROR. */
bool launch_open_channel(int ret_fds[2], GError **errp);

struct launch_request {
    int64_t job;
    bool debug; /* log debug messages */
    /* JSON text: a list with one element per opcode, its secret OS parameters as an object, or
       null; job files hold OPCODE_REDACTED in their place. NULL: there are no secrets. */
    char *secrets;
};

enum launch_outcome {
    LAUNCH_STARTED,
    LAUNCH_RUNS_ALREADY, /* another process holds the livelock */
    LAUNCH_FAILED,
};

struct launch_reply {
    int64_t job;
    enum launch_outcome outcome;
    pid_t pid;   /* LAUNCH_STARTED */
    int pidfd;   /* LAUNCH_STARTED: of the process; -1 otherwise. Owned by the receiver */
    char *error; /* LAUNCH_FAILED: why, one line of at most 1,000 bytes */
};

enum launch_io {
    LAUNCH_IO_OK,
    LAUNCH_IO_AGAIN, /* a non-blocking end: nothing there, or no room */
    LAUNCH_IO_END,   /* the other side is gone */
    LAUNCH_IO_ERROR, /* *errp is set; the channel is useless */
};

/* Sending copies what it is given. What receiving fills in is freed by the _clear functions. */
enum launch_io launch_send_request(int fd, const struct launch_request *request, GError **errp);
enum launch_io launch_receive_request(int fd, struct launch_request *ret, GError **errp);
void launch_request_clear(struct launch_request *request);
/* The receiver gets a pidfd of its own. */
enum launch_io launch_send_reply(int fd, const struct launch_reply *reply, GError **errp);
enum launch_io launch_receive_reply(int fd, struct launch_reply *ret, GError **errp);
void launch_reply_clear(struct launch_reply *reply);

#endif
