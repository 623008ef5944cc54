/* One job: its file and what it says (reference: src/Ganeti/JQueue.hs). */
#ifndef GANTRY_JOBS_FILE_JOB_H
#define GANTRY_JOBS_FILE_JOB_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "facts/objects.h"

struct json;

enum {
    /* The largest job file that is read, in bytes. */
    JOB_MAX_FILE = 64 * 1024 * 1024,
};

void job_free(struct queued_job *job);
DEFINE_CLEANUP(struct queued_job *, job_free)

/* From the text of a file. */
struct queued_job *job_parse(const char *text, size_t len, GError **errp);
/* From the queue, live first, then from the archive if `archived` is allowed. *ret_archived (may be
 * NULL) tells where it was. Errors: ERR_JOB_LOST if there is no such job, ERR_JOB_FILE_CORRUPTED
 * with the JSON path. */
struct queued_job *job_load(const char *queue_dir, int64_t id, bool archived, bool *ret_archived,
                            GError **errp);

/* The status of a job follows from those of its opcodes (calcJobStatus). */
enum job_status job_status_of(const struct queued_job *job);
bool job_is_finalized(enum job_status status);
/* The most urgent priority among opcodes that have not ended (calcJobPriority). */
int64_t job_priority_of(const struct queued_job *job);

/* One line about an opcode as submitted, "INSTANCE_STARTUP(web1)"; owned by the caller. What is not
 * an opcode is "INVALID_OP", an unknown one stands with its own name. */
char *job_opcode_summary(struct json *input);

#endif
