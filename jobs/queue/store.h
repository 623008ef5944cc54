/* Durable writing of the queue's directory, with the owners and modes of the reference
 * (JOB_QUEUE_FILES_PERMS, getents: masterd and the daemons' group). For luxid and job processes; of
 * one file at a time there is one writer, see jobs/queue/launch-protocol.h.
 *
 * Errors are FS_ERROR; after one the old file is in place, and no other job is harmed. */
#ifndef GANTRY_JOBS_QUEUE_STORE_H
#define GANTRY_JOBS_QUEUE_STORE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "facts/objects.h"
#include "facts/opcode.h"

/* What must be on disk when a write returns. */
enum job_write {
    /* The text and its place: what others may now rely on (a job was accepted, runs, has ended). */
    JOB_WRITE_DURABLE,
    /* After a crash there is this text or the one before, whole: log entries, waiting. */
    JOB_WRITE_ORDERED,
};

/* Writes QUEUE/job-N. Fault points: those of fs_write_atomic(), and job-write. */
bool job_store_write(const char *queue_dir, const struct queued_job *job,
                     enum opcode_dialect dialect, enum job_write how, GError **errp);
/* Makes all JOB_WRITE_ORDERED writes before it durable, one fsync of the directory. */
bool job_store_sync(const char *queue_dir, GError **errp);

/* The number given last, by the serial file. Errors: also ERR_JOB_QUEUE if it holds none. */
bool job_store_last_id(const char *queue_dir, int64_t *ret_id, GError **errp);
/* New jobs, whose numbers were taken behind the last one; last_id is the number given last from now
 * on. All is durable when it returns, with one sync of the directory. errors: n elements; a job
 * whose error is set (the caller's to free) does not exist. False if there is any error. */
bool job_store_add(const char *queue_dir, int64_t last_id, const struct queued_job *const *jobs,
                   size_t n, GError **errors);

/* Moves QUEUE/job-N of each to its place in the archive, whose folders are made; durable when it
 * returns. Returns how many were moved; *errp says why not all, or that the last sync failed. */
size_t job_store_archive(const char *queue_dir, const int64_t *ids, size_t n, GError **errp);

bool job_store_is_drained(void);
bool job_store_set_drained(bool drained, GError **errp);

#endif
