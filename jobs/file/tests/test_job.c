#include "config.h"

#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "facts/errors.h"
#include "jobs/file/job.h"
#include "jobs/file/queue-dir.h"

/* A job whose opcodes have these states and priorities ("success:0 queued:-5"). */
static struct queued_job *make_job(const char *states)
{
    g_auto(GStrv) words = g_strsplit(states, " ", -1);
    g_autoptr(GString) text = g_string_new("{\"id\":7,\"ops\":[");
    g_autoptr(GError) error = NULL;
    struct queued_job *job;

    for (size_t i = 0; words[i] != NULL && words[i][0] != '\0'; i++) {
        g_auto(GStrv) parts = g_strsplit(words[i], ":", 2);

        g_string_append_printf(
            text,
            "%s{\"input\":{\"OP_ID\":\"OP_TEST_DELAY\",\"duration\":1.5},\"status\":\"%s\","
            "\"result\":null,\"log\":[],\"priority\":%s,\"start_timestamp\":null,"
            "\"exec_timestamp\":null,\"end_timestamp\":null}",
            i > 0 ? "," : "", parts[0], parts[1] != NULL ? parts[1] : "0");
    }
    g_string_append(text, "],\"received_timestamp\":null,\"start_timestamp\":null,"
                          "\"end_timestamp\":null}");
    job = job_parse(text->str, text->len, &error);
    ck_assert_msg(job != NULL, "%s: %s", text->str, error != NULL ? error->message : "");
    return job;
}

/* The order of opcodes counts, as in calcJobStatus (JQueue.hs). */
START_TEST(status_follows_from_opcodes)
{
    static const struct {
        const char *states;
        enum job_status status;
    } cases[] = {
        {"", JOB_STATUS_SUCCESS},
        {"queued", JOB_STATUS_QUEUED},
        {"queued queued", JOB_STATUS_QUEUED},
        {"waiting", JOB_STATUS_WAITING},
        {"running", JOB_STATUS_RUNNING},
        {"success", JOB_STATUS_SUCCESS},
        {"success success", JOB_STATUS_SUCCESS},
        {"success queued", JOB_STATUS_QUEUED},
        {"queued success", JOB_STATUS_QUEUED},
        {"success running", JOB_STATUS_RUNNING},
        {"success waiting queued", JOB_STATUS_WAITING},
        {"running waiting", JOB_STATUS_WAITING},
        {"success error", JOB_STATUS_ERROR},
        {"error success", JOB_STATUS_ERROR},
        {"success error error", JOB_STATUS_ERROR},
        {"running error", JOB_STATUS_ERROR},
        {"error canceled", JOB_STATUS_ERROR},
        {"canceled error", JOB_STATUS_CANCELED},
        {"success canceled canceled", JOB_STATUS_CANCELED},
        {"running canceling", JOB_STATUS_CANCELING},
        {"canceling canceled", JOB_STATUS_CANCELING},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        CLEANUP(job_freep) struct queued_job *job = make_job(cases[i].states);

        ck_assert_msg(job_status_of(job) == cases[i].status, "%s", cases[i].states);
    }
}
END_TEST

START_TEST(ended_states)
{
    for (int status = 0; status < (int)fact_enum_job_status.n; status++) {
        bool ended = status == JOB_STATUS_SUCCESS || status == JOB_STATUS_ERROR ||
                     status == JOB_STATUS_CANCELED;

        ck_assert_int_eq(job_is_finalized((enum job_status)status), ended);
    }
}
END_TEST

START_TEST(priority_of_what_is_left)
{
    static const struct {
        const char *states;
        int64_t priority;
    } cases[] = {
        {"", 0},
        {"queued:5", 5},
        {"queued:5 queued:-3 queued:9", -3},
        {"success:-20 queued:9", 9},
        {"success:-20 error:-19", 0},
        {"canceled:-20 running:1", 1},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        CLEANUP(job_freep) struct queued_job *job = make_job(cases[i].states);

        ck_assert_int_eq(job_priority_of(job), cases[i].priority);
    }
}
END_TEST

static void write_file(const char *path, const char *text)
{
    g_autofree char *dir = g_path_get_dirname(path);

    ck_assert_int_eq(g_mkdir_with_parents(dir, 0700), 0);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static const char one_job[] =
    "{\"id\": 12345, \"ops\": [], \"received_timestamp\": [1, 2], \"start_timestamp\": null, "
    "\"end_timestamp\": null}";

static char *make_queue(const char *name)
{
    return g_build_filename(g_getenv("TEST_TMPDIR") != NULL ? g_getenv("TEST_TMPDIR") : ".", name,
                            NULL);
}

START_TEST(archived_jobs_are_found_if_allowed)
{
    g_autofree char *queue = make_queue("archived");
    g_autofree char *live = queue_dir_job_path(queue, 12345);
    g_autofree char *old = queue_dir_archive_path(queue, 12345);
    bool archived = false;
    GError *error = NULL;

    ck_assert(g_str_has_suffix(old, "/archive/1/job-12345"));
    write_file(old, one_job);
    ck_assert_ptr_null(job_load(queue, 12345, false, NULL, &error));
    ck_assert(err_is(error, ERR_JOB_LOST));
    g_clear_error(&error);
    job_free(job_load(queue, 12345, true, &archived, &error));
    ck_assert_ptr_null(error);
    ck_assert(archived);
    write_file(live, one_job);
    job_free(job_load(queue, 12345, true, &archived, &error));
    ck_assert_ptr_null(error);
    ck_assert(!archived);
    ck_assert_ptr_null(job_load(queue, 12346, true, NULL, &error));
    ck_assert(err_is(error, ERR_JOB_LOST));
    g_clear_error(&error);
}
END_TEST

START_TEST(broken_files_are_named)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"", "job-12345"},
        {"{\"id\": 12345, \"ops\": [", "job-12345"},
        {"[]", "job-12345"},
        {"{\"id\": \"x\", \"ops\": [], \"received_timestamp\": null}", "id"},
        {"{\"id\": 12345, \"ops\": 7, \"received_timestamp\": null}", "ops"},
        {"{\"id\": 12345, \"ops\": [{\"input\": {}, \"status\": \"odd\"}]}", "ops[0]"},
    };
    g_autofree char *queue = make_queue("broken");
    g_autofree char *live = queue_dir_job_path(queue, 12345);

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *after = NULL;

        write_file(live, cases[i].text);
        ck_assert_ptr_null(job_load(queue, 12345, true, NULL, &error));
        ck_assert_msg(err_is(error, ERR_JOB_FILE_CORRUPTED), "%s: %s", cases[i].text,
                      error->message);
        ck_assert_msg(strstr(error->message, cases[i].said) != NULL &&
                          strstr(error->message, live) != NULL,
                      "%s: %s", cases[i].text, error->message);
        ck_assert(g_file_get_contents(live, &after, NULL, NULL));
        ck_assert_str_eq(after, cases[i].text);
    }
}
END_TEST

START_TEST(names_of_job_files)
{
    static const char *const no_job[] = {"job-",   "job-x",  "job-1x",
                                         "job--1", "serial", "job-99999999999999999999"};
    int64_t id;

    ck_assert(queue_dir_parse_name("job-17", &id));
    ck_assert_int_eq(id, 17);
    for (size_t i = 0; i < G_N_ELEMENTS(no_job); i++) {
        ck_assert_msg(!queue_dir_parse_name(no_job[i], &id), "%s", no_job[i]);
    }
}
END_TEST

START_TEST(queues_are_listed_in_order)
{
    static const int64_t all[] = {3, 9, 20, 12345};
    g_autofree char *queue = make_queue("listed");
    g_autofree char *serial = g_build_filename(queue, "serial", NULL);
    g_autofree char *old = queue_dir_archive_path(queue, 12345);
    g_autoptr(GArray) live = NULL;
    g_autoptr(GArray) both = NULL;

    for (size_t i = 0; i < 3; i++) {
        g_autofree char *path = queue_dir_job_path(queue, all[2 - i]);

        write_file(path, one_job);
    }
    write_file(serial, "20\n");
    write_file(old, one_job);
    live = queue_dir_list(queue, false, NULL);
    both = queue_dir_list(queue, true, NULL);
    ck_assert_uint_eq(live->len, 3);
    ck_assert_uint_eq(both->len, G_N_ELEMENTS(all));
    ck_assert_mem_eq(live->data, all, 3 * sizeof(all[0]));
    ck_assert_mem_eq(both->data, all, sizeof(all));
}
END_TEST

START_TEST(opcodes_in_one_line)
{
    static const struct {
        const char *input, *summary;
    } cases[] = {
        {"{\"OP_ID\":\"OP_INSTANCE_STARTUP\",\"reason\":[],\"instance_name\":\"web1\"}",
         "INSTANCE_STARTUP(web1)"},
        {"{\"OP_ID\":\"OP_CLUSTER_VERIFY\",\"reason\":[]}", "CLUSTER_VERIFY"},
        {"7", "INVALID_OP"},
        {"{}", "INVALID_OP"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        CLEANUP(json_unrefp) struct json *input = NULL;
        g_autofree char *summary = NULL;

        ck_assert(json_parse(cases[i].input, -1, &input, NULL));
        summary = job_opcode_summary(input);
        ck_assert_str_eq(summary, cases[i].summary);
    }
}
END_TEST

UNIT_MAIN("job", status_follows_from_opcodes, ended_states, priority_of_what_is_left,
          archived_jobs_are_found_if_allowed, broken_files_are_named, names_of_job_files,
          queues_are_listed_in_order, opcodes_in_one_line)
