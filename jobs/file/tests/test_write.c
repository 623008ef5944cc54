#include "config.h"

#include <string.h>

#include "base/fs.h"
#include "base/tests/unit.h"
#include "jobs/file/job.h"
#include "jobs/file/queue-dir.h"
#include "jobs/file/write.h"

enum {
    MANY = 20, /* what the folder has at least of each kind */
};

static char *queue_dir;

static void setup(void)
{
    queue_dir =
        g_build_filename(g_getenv("GANTRY_TOP_SRCDIR"), "qa/data/cluster-3.0.2/queue", NULL);
}

static void teardown(void)
{
    g_free(queue_dir);
}

/* Job processes write Python's dialect, with blanks. */
static enum opcode_dialect dialect_of(const char *text)
{
    return strstr(text, "\"id\": ") != NULL ? OPCODE_PROCESSED : OPCODE_SUBMITTED;
}

static void assert_same(const struct queued_job *job, enum opcode_dialect dialect,
                        const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);

    job_encode(job, dialect, text);
    ck_assert_str_eq(text->str, expected);
}

/* Files that the reference's luxid and its job processes wrote come out byte for byte. */
START_TEST(files_of_the_reference_stay_the_same)
{
    g_autoptr(GArray) ids = queue_dir_list(queue_dir, true, NULL);
    int n_processed = 0;

    ck_assert_ptr_nonnull(ids);
    for (guint i = 0; i < ids->len; i++) {
        int64_t id = g_array_index(ids, int64_t, i);
        g_autofree char *live = queue_dir_job_path(queue_dir, id);
        g_autofree char *archived = queue_dir_archive_path(queue_dir, id);
        const char *path = g_file_test(live, G_FILE_TEST_EXISTS) ? live : archived;
        g_autofree char *text = fs_read_file(path, JOB_MAX_FILE, NULL, NULL);
        CLEANUP(job_freep) struct queued_job *job = job_parse(text, strlen(text), NULL);
        enum opcode_dialect dialect = dialect_of(text);

        ck_assert_ptr_nonnull(job);
        assert_same(job, dialect, text);
        if (dialect == OPCODE_PROCESSED) {
            /* Inputs have this form already. */
            job_inputs_to_processed(job);
            assert_same(job, dialect, text);
            n_processed++;
        }
    }
    ck_assert_int_ge(n_processed, MANY);
}
END_TEST

static struct queued_job *two_opcodes(void)
{
    static const char text[] =
        "{\"id\":5,\"ops\":[{\"input\":{\"OP_ID\":\"OP_TEST_DELAY\",\"duration\":1,\"reason\":[]},"
        "\"status\":\"success\",\"result\":7,\"log\":[],\"priority\":0,\"start_timestamp\":null,"
        "\"exec_timestamp\":null,\"end_timestamp\":null},"
        "{\"input\":{\"OP_ID\":\"OP_TEST_DELAY\",\"duration\":1,\"reason\":[]},"
        "\"status\":\"running\",\"result\":null,\"log\":[],\"priority\":0,\"start_timestamp\":null,"
        "\"exec_timestamp\":null,\"end_timestamp\":null}],"
        "\"received_timestamp\":null,\"start_timestamp\":null,\"end_timestamp\":null}";
    struct queued_job *job = job_parse(text, strlen(text), NULL);

    ck_assert_ptr_nonnull(job);
    return job;
}

/* What has ended stays as it is. */
START_TEST(only_the_rest_fails)
{
    CLEANUP(job_freep) struct queued_job *job = two_opcodes();
    g_autoptr(GString) text = g_string_new(NULL);

    job_set_priority(job, -3);
    job_fail(job, (struct job_timestamp){.seconds = 9, .microseconds = 1}, "who", "why");
    ck_assert_int_eq(job->ops.v[0].status, JOB_STATUS_SUCCESS);
    ck_assert_int_eq(job->ops.v[0].priority, 0);
    ck_assert_int_eq(job->ops.v[1].status, JOB_STATUS_ERROR);
    ck_assert_int_eq(job->ops.v[1].priority, -3);
    ck_assert_int_eq(job_status_of(job), JOB_STATUS_ERROR);
    job_encode(job, OPCODE_SUBMITTED, text);
    ck_assert_ptr_nonnull(strstr(text->str, "\"reason\":[[\"who\",\"why\",9000001000]]"));
    ck_assert_ptr_nonnull(strstr(text->str, "\"result\":\"why\""));
}
END_TEST

UNIT_MAIN_FIXTURE("job_write", setup, teardown, files_of_the_reference_stay_the_same,
                  only_the_rest_fails)
