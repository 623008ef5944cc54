/* A job file from somewhere: what loads must come out as something that loads to the same text, and
 * what is computed from a job must not stumble. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/json-writer.h"
#include "facts/codec.h"
#include "jobs/file/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static GString *encode(const struct queued_job *job)
{
    GString *text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);

    fact_object_encode(&fact_object_queued_job, job, &w);
    return text;
}

static void use_everything(const struct queued_job *job)
{
    (void)job_is_finalized(job_status_of(job));
    (void)job_priority_of(job);
    for (size_t i = 0; i < job->ops.n; i++) {
        g_free(job_opcode_summary(job->ops.v[i].input));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct queued_job *job = job_parse((const char *)data, size, NULL);
    struct queued_job *again;
    GString *text, *text_again;

    if (job == NULL) {
        return 0;
    }
    text = encode(job);
    again = job_parse(text->str, text->len, NULL);
    if (again == NULL) {
        abort();
    }
    text_again = encode(again);
    if (!g_string_equal(text, text_again)) {
        abort();
    }
    use_everything(job);
    job_free(again);
    job_free(job);
    (void)g_string_free(text, TRUE);
    (void)g_string_free(text_again, TRUE);
    return 0;
}
