/* Where job files stand (reference: src/Ganeti/JQueue.hs):
 *
 *     QUEUE/job-N               live jobs
 *     QUEUE/archive/M/job-N     archived ones, M = N / 10000 */
#ifndef GANTRY_JOBS_FILE_QUEUE_DIR_H
#define GANTRY_JOBS_FILE_QUEUE_DIR_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Owned by the caller. */
char *queue_dir_job_path(const char *queue_dir, int64_t id);
char *queue_dir_archive_path(const char *queue_dir, int64_t id);

/* The number in the name of a job file; false for any other name. */
bool queue_dir_parse_name(const char *name, int64_t *ret_id);

/* Numbers of all jobs, ascending (int64_t); archived ones too if asked. A folder of the archive
 * that cannot be read is left out with a warning; the queue itself must be readable. */
GArray *queue_dir_list(const char *queue_dir, bool archived, GError **errp);

#endif
