#include "config.h"

#include "jobs/file/job.h"

#include <errno.h>

#include "base/fs.h"
#include "base/json.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "facts/opcode.h"
#include "jobs/file/queue-dir.h"

enum {
    DEFAULT_PRIORITY = 0,
};

void job_free(struct queued_job *job)
{
    fact_object_free(&fact_object_queued_job, job);
}

struct queued_job *job_parse(const char *text, size_t len, GError **errp)
{
    CLEANUP(json_unrefp) struct json *json = NULL;

    if (!json_parse(text, (gssize)len, &json, errp)) {
        return NULL;
    }
    return fact_object_decode(&fact_object_queued_job, json, NULL, errp);
}

static struct queued_job *load_file(const char *path, GError **errp)
{
    g_autofree char *text = NULL;
    size_t len;
    struct queued_job *job;

    text = fs_read_file(path, JOB_MAX_FILE, &len, errp);
    if (text == NULL) {
        return NULL;
    }
    job = job_parse(text, len, errp);
    if (job == NULL) {
        g_prefix_error(errp, "job file %s: ", path);
        err_wrap(errp, ERR_JOB_FILE_CORRUPTED, ECODE_NONE);
    }
    return job;
}

struct queued_job *job_load(const char *queue_dir, int64_t id, bool archived, bool *ret_archived,
                            GError **errp)
{
    g_autoptr(GError) error = NULL;
    bool in_archive = false;
    struct queued_job *job;

    /* A job that is archived between the two looks is found by the second. */
    for (;;) {
        g_autofree char *path =
            in_archive ? queue_dir_archive_path(queue_dir, id) : queue_dir_job_path(queue_dir, id);

        g_clear_error(&error);
        job = load_file(path, &error);
        if (job != NULL || in_archive || !archived || !g_error_matches(error, FS_ERROR, ENOENT)) {
            break;
        }
        in_archive = true;
    }
    if (job == NULL && g_error_matches(error, FS_ERROR, ENOENT)) {
        err_set(errp, ERR_JOB_LOST, ECODE_NONE, "there is no job %" G_GINT64_FORMAT, (gint64)id);
    } else if (job == NULL) {
        g_propagate_error(errp, g_steal_pointer(&error));
    } else if (ret_archived != NULL) {
        *ret_archived = in_archive;
    }
    return job;
}

enum job_status job_status_of(const struct queued_job *job)
{
    enum job_status status = JOB_STATUS_QUEUED;
    bool all_succeeded = true;

    for (size_t i = 0; i < job->ops.n; i++) {
        enum job_status op = job->ops.v[i].status;

        if (op == JOB_STATUS_ERROR || op == JOB_STATUS_CANCELING || op == JOB_STATUS_CANCELED) {
            return op;
        }
        if (op != JOB_STATUS_SUCCESS && op != JOB_STATUS_QUEUED) {
            status = op;
        }
        all_succeeded = all_succeeded && op == JOB_STATUS_SUCCESS;
    }
    return all_succeeded ? JOB_STATUS_SUCCESS : status;
}

bool job_is_finalized(enum job_status status)
{
    return status == JOB_STATUS_CANCELED || status == JOB_STATUS_SUCCESS ||
           status == JOB_STATUS_ERROR;
}

int64_t job_priority_of(const struct queued_job *job)
{
    int64_t priority = INT64_MAX;

    for (size_t i = 0; i < job->ops.n; i++) {
        if (!job_is_finalized(job->ops.v[i].status)) {
            priority = MIN(priority, job->ops.v[i].priority);
        }
    }
    return priority == INT64_MAX ? DEFAULT_PRIORITY : priority;
}

char *job_opcode_summary(struct json *input)
{
    CLEANUP(opcode_freep) struct opcode *op = opcode_decode(input, NULL, NULL);

    return op != NULL ? opcode_summary(op) : opcode_summary_of_json(input);
}
