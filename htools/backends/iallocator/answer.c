#include "config.h"

#include "htools/backends/iallocator/iallocator.h"

#include "htools/backends/jobs/opcodes.h"

static void write_text(struct json_writer *w, const char *key, const char *value)
{
    json_write_key(w, key);
    json_write_string(w, value);
}

void iallocator_write_jobs(struct json_writer *w, const struct ht_cluster *cluster,
                           const GArray *jobs)
{
    json_write_array_begin(w);
    for (guint i = 0; i < jobs->len; i++) {
        const struct ht_evac_job *job = &g_array_index(jobs, struct ht_evac_job, i);
        g_autoptr(GPtrArray) opcodes = job_new();

        for (unsigned m = 0; m < job->n_moves; m++) {
            job_add_move(opcodes, cluster, job->instance, job->moves[m]);
        }
        job_write(opcodes, w);
    }
    json_write_array_end(w);
}

char *iallocator_answer(bool success, const char *info, const char *result)
{
    GString *out = g_string_new(NULL);
    struct json_writer w = json_writer_init(out, JSON_COMPACT);

    json_write_object_begin(&w);
    json_write_key(&w, "success");
    json_write_bool(&w, success);
    write_text(&w, "info", info);
    json_write_key(&w, "result");
    json_write_raw(&w, result != NULL ? result : "[]", strlen(result != NULL ? result : "[]"));
    json_write_object_end(&w);
    return g_string_free(out, FALSE);
}
