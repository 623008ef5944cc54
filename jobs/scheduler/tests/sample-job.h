/* Jobs for tests. */
#ifndef GANTRY_JOBS_SCHEDULER_TESTS_SAMPLE_JOB_H
#define GANTRY_JOBS_SCHEDULER_TESTS_SAMPLE_JOB_H

#include <glib.h>
#include <string.h>

#include "base/tests/unit.h"
#include "jobs/file/job.h"

/* A queued job of one OP_TEST_DELAY; reason and depends are JSON texts of these members. */
static inline struct queued_job *sample_job(int64_t id, int64_t priority, const char *reason,
                                            const char *depends)
{
    g_autofree char *text = g_strdup_printf(
        "{\"id\":%" G_GINT64_FORMAT ",\"ops\":[{\"input\":{\"OP_ID\":\"OP_TEST_DELAY\","
        "\"duration\":1.5,\"on_nodes\":[\"node1\",\"node2\"],\"no_locks\":true,"
        "\"reason\":%s,\"depends\":%s},"
        "\"status\":\"queued\",\"result\":null,\"log\":[],\"priority\":%" G_GINT64_FORMAT ","
        "\"start_timestamp\":null,\"exec_timestamp\":null,\"end_timestamp\":null}],"
        "\"received_timestamp\":null,\"start_timestamp\":null,\"end_timestamp\":null}",
        (gint64)id, reason, depends, (gint64)priority);
    g_autoptr(GError) error = NULL;
    struct queued_job *job = job_parse(text, strlen(text), &error);

    ck_assert_msg(job != NULL, "%s", error != NULL ? error->message : "");
    return job;
}

#endif
