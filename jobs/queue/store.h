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

/* Takes n numbers in a row; *ret_first is the lowest. With JOB_WRITE_ORDERED the caller syncs
 * before it tells anybody. Errors: also ERR_JOB_QUEUE if the serial file is none. */
bool job_store_take_ids(const char *queue_dir, int64_t n, enum job_write how, int64_t *ret_first,
                        GError **errp);
/* The number given last. */
bool job_store_last_id(const char *queue_dir, int64_t *ret_id, GError **errp);

/* Moves QUEUE/job-N to its place in the archive, whose folders are made. Durable after
 * job_store_sync() (of queue_dir; the archive's side is synced here). */
bool job_store_archive(const char *queue_dir, int64_t id, GError **errp);

bool job_store_is_drained(void);
bool job_store_set_drained(bool drained, GError **errp);

#endif
