/* The process of one job, after the fork. */
#ifndef GANTRY_JOBS_EXEC_JOB_PROCESS_H
#define GANTRY_JOBS_EXEC_JOB_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fs.h"
#include "compat-config/model/cfg.h"

struct job_process {
    int64_t job;
    bool debug;
    const char *secrets;     /* JSON text, see struct launch_request; NULL: none */
    const struct cfg *start; /* a snapshot to begin with; NULL: none */
};

/* Runs the job to its end and returns the exit code. Takes the lock, whose file is removed at the
 * end: until then nobody else may run the job. The thread must have no main context of its own. */
int job_process_main(const struct job_process *process, struct fs_lock *lock);

#endif
