/* One job being carried out (reference: lib/jqueue/__init__.py _JobProcessor, lib/jqueue/exec.py).
 */
#ifndef GANTRY_JOBS_EXEC_JOB_RUN_H
#define GANTRY_JOBS_EXEC_JOB_RUN_H

#include <glib.h>
#include <stdbool.h>

#include "facts/objects.h"
#include "facts/opcode.h"
#include "jobs/lu/env.h"
#include "jobs/queue/store.h"

/* What the outside wants of the job; set by signals or tests, read between steps. */
struct job_wishes {
    bool cancel;
    bool new_priority; /* there is a message of luxid, see job_read_priority() */
};

struct job_run {
    struct queued_job *job;
    const char *queue_dir;
    struct lu_env env;
    struct job_wishes *wishes;
    int64_t log_serial;
    struct json *secrets; /* as in struct launch_request; NULL: none */
    /* The opcode under way. */
    struct queued_opcode *queued;
    struct opcode *op;
    /* For node calls, made at the first; and for submitting jobs. */
    struct rpc_client *rpc;
    const char *luxi_socket;
    /* NULL: job_store_write() to queue_dir. For tests. */
    bool (*write)(struct job_run *run, enum job_write how, GError **errp);
};

/* Runs all opcodes that have not ended yet, to the last write of the file. env's wconfd, replica
 * and client must be set. False if the file could not be written: the job is then as the file says,
 * and luxid ends it. */
bool job_run(struct job_run *run, GError **errp);

/* For job-env.c. */
bool job_run_write(struct job_run *run, enum job_write how, GError **errp);
/* Carries out a wish for another priority, if there is one. */
void job_run_take_priority(struct job_run *run);
extern const struct lu_env_ops job_env_ops;
/* Frees connections. */
void job_env_clear(struct job_run *run);

#endif
