/* The text of a job file, and changes of a job that are more than one assignment.
 *
 * Two dialects are in the queue, as with opcodes (facts/opcode.h): luxid's, compact and in the
 * order of the rows, and that of job processes, Python's in its own order, with every opcode
 * parameter written out. Whoever writes a job decides; each reads both. */
#ifndef GANTRY_JOBS_FILE_WRITE_H
#define GANTRY_JOBS_FILE_WRITE_H

#include <glib.h>

#include "facts/objects.h"
#include "facts/opcode.h"

/* Appends the file's text. OPCODE_PROCESSED: inputs are written as they stand in the job, so
 * job_inputs_to_processed() comes before the first time. (_QueuedJob.Serialize in
 * lib/jqueue/__init__.py; writeJobToDisk in src/Ganeti/JQueue.hs) */
void job_encode(const struct queued_job *job, enum opcode_dialect dialect, GString *out);
/* Gives each opcode's input the form that job processes write; what is no known opcode stays. */
void job_inputs_to_processed(struct queued_job *job);

struct job_timestamp job_now(void);
/* Sets a timestamp of an object and marks it as set: job_stamp(job, end_timestamp, now). */
#define job_stamp(object, member, now) ((object)->member = (now), (object)->has.member = true)

/* Status and result for each opcode that has not ended (MarkUnfinishedOps). result: borrowed, NULL
 * is null. End timestamps are left to the caller. */
void job_mark_unfinished(struct queued_job *job, enum job_status status, struct json *result);
/* Priority of each opcode that has not ended (changeJobPriority). */
void job_set_priority(struct queued_job *job, int64_t priority);
/* Adds a step to the trail of an opcode; takes over both texts. */
void job_reason_add(struct opcode *op, char *source, char *text, struct job_timestamp when);
/* A job that luxid ends itself: never started and canceled (cancelQueuedJob), or its process could
 * not start or is dead (failQueuedJob): the text becomes result and last reason of each opcode that
 * has not ended. source: of the reason, "gnt:daemon:luxid:startjobs". */
void job_cancel_queued(struct queued_job *job, struct job_timestamp now);
void job_fail(struct queued_job *job, struct job_timestamp now, const char *source,
              const char *text);

#endif
