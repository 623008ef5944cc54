/* The living part of the queue: jobs that have not ended, from their submission to the end of their
 * processes (reference: src/Ganeti/JQScheduler.hs).
 *
 * Nothing is polled: the kernel tells when a job's file changes, when its process ends and when its
 * livelock file is let go. Who writes a job's file when: jobs/queue/launch-protocol.h. */
#ifndef GANTRY_LUXI_SERVER_JOB_QUEUE_H
#define GANTRY_LUXI_SERVER_JOB_QUEUE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "compat-config/model/cfg.h"
#include "facts/objects.h"
#include "noded/client/rpc.h"

struct job_queue;

struct job_queue_options {
    const char *queue_dir;
    const char *livelock_dir;
    const char *lock_file;
    const char *launcher; /* the program */
    bool debug;
    struct rpc_client *rpc;   /* for the copies on master candidates; NULL: no copies */
    const struct cfg *config; /* the first one; borrowed for the call */
    /* The file of a job has changed, by whomever. May be NULL. */
    void (*job_changed)(int64_t job, void *data);
    /* The process of a job is gone though the job had not ended; its locks may be given back. May
       be NULL. */
    void (*job_died)(int64_t job, void *data);
    void *data;
};

/* Takes the lock of the queue and loads it. Jobs that run are followed again, dead ones get their
 * end, queued ones start when the main loop runs. A job file that cannot be read is left alone,
 * with a warning. Strings are copied. */
struct job_queue *job_queue_new(const struct job_queue_options *options, GError **errp);
/* Jobs that run go on. */
void job_queue_free(struct job_queue *queue);
DEFINE_CLEANUP(struct job_queue *, job_queue_free)

const char *job_queue_dir(const struct job_queue *queue);
/* To be called with each new configuration. */
void job_queue_set_config(struct job_queue *queue, const struct cfg *cfg);

/* A new job, whose file is written. secrets: as in struct launch_request, taken over. */
void job_queue_add(struct job_queue *queue, const struct queued_job *job, char *secrets);

enum job_place {
    JOB_PLACE_UNKNOWN, /* has ended, or never was */
    JOB_PLACE_QUEUED,  /* luxid is the one that writes its file */
    JOB_PLACE_STARTING,
    JOB_PLACE_RUNNING,
    /* The job has ended, its process not yet. */
    JOB_PLACE_ENDING,
};
enum job_place job_queue_find(const struct job_queue *queue, int64_t job);

/* Of a queued job: reads its file, lets change() work on it, writes it. */
bool job_queue_modify(struct job_queue *queue, int64_t job,
                      void (*change)(struct queued_job *job, const void *data), const void *data,
                      GError **errp);
/* A queued job is cancelled and leaves the queue. */
bool job_queue_cancel_queued(struct job_queue *queue, int64_t job, GError **errp);
/* A queued job gets another priority. */
bool job_queue_set_priority(struct job_queue *queue, int64_t job, int64_t priority, GError **errp);

/* Of a job that has a process: sends it a signal. SIGTERM is remembered: a process that ends of it
 * before it can say so leaves a cancelled job, one that is killed afterwards a failed one. Errors:
 * the process is gone, or not known. */
bool job_queue_signal(struct job_queue *queue, int64_t job, int signum, GError **errp);

/* Calls fn(data) each time the file of the job or its place changes, until it is taken back or
 * returns false. The call that finds JOB_PLACE_UNKNOWN is the last one, and the listener is gone
 * then. The job must be in the queue. */
struct job_listener;
typedef bool job_listener_fn(void *data);
struct job_listener *job_queue_listen(struct job_queue *queue, int64_t job, job_listener_fn *fn,
                                      void *data);
void job_listener_remove(struct job_listener *listener);

/* The archive; jobs must have ended. Copies follow. */
size_t job_queue_archive(struct job_queue *queue, const int64_t *jobs, size_t n, GError **errp);

#endif
