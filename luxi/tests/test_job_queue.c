/* The living queue with processes of luxi/tests/sample-launcher.c, in a virtual cluster's folder.
 */
#include "config.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/fs.h"
#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "compat-config/store/store.h"
#include "facts/codec.h"
#include "jobs/file/job.h"
#include "jobs/file/queue-dir.h"
#include "jobs/file/write.h"
#include "jobs/queue/launch-protocol.h"
#include "jobs/queue/store.h"
#include "luxi/server/job-queue.h"

enum { MANY_JOBS = 60 };

static const struct cfg *cfg;
static struct job_queue *queue;
static int64_t died;
static char *death_file;

static void note_death(int64_t job, void *data)
{
    (void)data;
    died = job;
}

static void open_queue_with(const char *launcher)
{
    g_autoptr(GError) error = NULL;
    const struct job_queue_options options = {
        .queue_dir = path_get(PATH_QUEUE_DIR),
        .livelock_dir = path_get(PATH_LIVELOCK_DIR),
        .lock_file = path_get(PATH_JOB_QUEUE_LOCK_FILE),
        .launcher = launcher,
        .config = cfg,
        .job_died = note_death,
    };

    queue = job_queue_new(&options, &error);
    ck_assert_msg(queue != NULL, "%s", error != NULL ? error->message : "");
}

static void open_queue(void)
{
    g_autofree char *launcher =
        g_build_filename(g_getenv("GANTRY_TOP_BUILDDIR"), SAMPLE_LAUNCHER, NULL);

    open_queue_with(launcher);
}

static void close_queue(void)
{
    g_clear_pointer(&queue, job_queue_free);
}

static void make_dir(enum path_id id)
{
    ck_assert_int_eq(g_mkdir_with_parents(path_get(id), 0700), 0);
}

static void setup(void)
{
    /* Processes of the test before may still be ending in theirs. */
    g_autofree char *root = g_strdup_printf("%s/%d/node1", g_getenv("TEST_TMPDIR"), (int)getpid());
    g_autofree char *config =
        g_build_filename(g_getenv("GANTRY_TOP_SRCDIR"), "qa/data/cluster-3.0.2/config.data", NULL);
    const char *numbers = "0\n";
    g_autoptr(GError) error = NULL;

    death_file = g_build_filename(g_getenv("TEST_TMPDIR"), "launcher-dies", NULL);
    g_setenv("GANETI_ROOTDIR", root, TRUE);
    g_setenv("GANETI_HOSTNAME", "node1", TRUE);
    g_setenv("SAMPLE_LAUNCHER_DIES", death_file, TRUE);
    ck_assert_msg(paths_init(&error), "%s", error != NULL ? error->message : "");
    make_dir(PATH_QUEUE_DIR);
    make_dir(PATH_LIVELOCK_DIR);
    ck_assert(fs_write_atomic(path_get(PATH_JOB_QUEUE_SERIAL_FILE), numbers, strlen(numbers), NULL,
                              NULL));
    cfg = cfg_load(config, NULL);
    ck_assert_ptr_nonnull(cfg);
    open_queue();
}

/* Jobs that are left end with their test. */
static void teardown(void)
{
    g_autoptr(GArray) ids = queue_dir_list(path_get(PATH_QUEUE_DIR), false, NULL);

    for (guint i = 0; queue != NULL && i < ids->len; i++) {
        (void)job_queue_signal(queue, g_array_index(ids, int64_t, i), SIGKILL, NULL);
    }
    close_queue();
    cfg_unref(cfg);
    g_free(death_file);
}

/* ---- jobs ---- */

/* A new job of one OP_TEST_DELAY; depends: JSON text. */
static int64_t submit(double duration, const char *depends)
{
    const char *dir = path_get(PATH_QUEUE_DIR);
    g_autofree char *input = NULL;
    struct queued_job *job = fact_object_new(&fact_object_queued_job);
    struct queued_opcode *op = fact_list_add(&type_queued_opcode_list, &job->ops);
    const struct queued_job *const jobs[] = {job};
    GError *errors[1] = {NULL};
    int64_t id;

    ck_assert(job_store_last_id(dir, &id, NULL));
    job->id = ++id;
    input = g_strdup_printf(
        "{\"OP_ID\":\"OP_TEST_DELAY\",\"duration\":%f,\"reason\":[],\"depends\":%s}", duration,
        depends);
    ck_assert(json_parse(input, -1, &op->input, NULL));
    op->status = JOB_STATUS_QUEUED;
    job->has.id = job->has.ops = op->has.input = op->has.status = true;
    op->has.result = op->has.priority = op->has.log = true;
    ck_assert(job_store_add(dir, id, jobs, 1, errors));
    job_queue_add(queue, job, NULL);
    job_free(job);
    return id;
}

static enum job_status status_of(int64_t id)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(job_freep)
    struct queued_job *job = job_load(path_get(PATH_QUEUE_DIR), id, false, NULL, &error);

    ck_assert_msg(job != NULL, "%s", error != NULL ? error->message : "");
    return job_status_of(job);
}

static void run_until_status(int64_t id, enum job_status status)
{
    while (status_of(id) != status) {
        (void)g_main_context_iteration(NULL, TRUE);
    }
}

static void run_until_place(int64_t id, enum job_place place)
{
    while (job_queue_find(queue, id) != place) {
        (void)g_main_context_iteration(NULL, TRUE);
    }
}

static void assert_result_has(int64_t id, const char *part)
{
    CLEANUP(job_freep)
    struct queued_job *job = job_load(path_get(PATH_QUEUE_DIR), id, false, NULL, NULL);
    g_autofree char *result = json_to_string(job->ops.v[0].result, JSON_COMPACT);

    ck_assert_msg(strstr(result, part) != NULL, "%s", result);
    ck_assert(job->has.end_timestamp);
}

START_TEST(a_job_runs)
{
    int64_t id = submit(0, "null");

    ck_assert_int_eq(job_queue_find(queue, id), JOB_PLACE_QUEUED);
    run_until_place(id, JOB_PLACE_UNKNOWN);
    ck_assert_int_eq(status_of(id), JOB_STATUS_SUCCESS);
    ck_assert_int_eq(died, 0);
}
END_TEST

START_TEST(a_job_waits_for_another)
{
    int64_t first = submit(60, "null");
    g_autofree char *depends = g_strdup_printf("[[%d,[]]]", (int)first);
    int64_t second = submit(0, depends);

    run_until_status(first, JOB_STATUS_WAITING);
    run_until_place(first, JOB_PLACE_RUNNING);
    ck_assert_int_eq(job_queue_find(queue, second), JOB_PLACE_QUEUED);
    ck_assert(job_queue_signal(queue, first, SIGTERM, NULL));
    run_until_place(second, JOB_PLACE_UNKNOWN);
    ck_assert_int_eq(status_of(first), JOB_STATUS_CANCELED);
    ck_assert_int_eq(status_of(second), JOB_STATUS_SUCCESS);
}
END_TEST

static bool count_news(void *data)
{
    int *left = data;

    return --*left > 0;
}

static bool count_all_news(void *data)
{
    ++*(int *)data;
    return true;
}

START_TEST(listeners_hear_until_they_have_enough)
{
    int64_t id = submit(0, "null");
    int left = 2, all = 0, none = 0;
    struct job_listener *taken_back;

    (void)job_queue_listen(queue, id, count_news, &left);
    (void)job_queue_listen(queue, id, count_all_news, &all);
    taken_back = job_queue_listen(queue, id, count_all_news, &none);
    job_listener_remove(taken_back);
    run_until_place(id, JOB_PLACE_UNKNOWN);
    ck_assert_int_eq(left, 0);
    ck_assert_int_gt(all, 2);
    ck_assert_int_eq(none, 0);
}
END_TEST

START_TEST(a_queued_job_is_cancelled)
{
    int64_t first = submit(60, "null");
    g_autofree char *depends = g_strdup_printf("[[%d,[]]]", (int)first);
    int64_t second = submit(0, depends);

    ck_assert(job_queue_set_priority(queue, second, -5, NULL));
    ck_assert(job_queue_cancel_queued(queue, second, NULL));
    ck_assert_int_eq(job_queue_find(queue, second), JOB_PLACE_UNKNOWN);
    ck_assert_int_eq(status_of(second), JOB_STATUS_CANCELED);
}
END_TEST

START_TEST(a_death_is_noticed)
{
    int64_t silent = submit(666, "null"), killed;

    run_until_place(silent, JOB_PLACE_UNKNOWN);
    ck_assert_int_eq(status_of(silent), JOB_STATUS_ERROR);
    ck_assert_int_eq(died, silent);
    assert_result_has(silent, "detected death");
    killed = submit(60, "null");
    run_until_status(killed, JOB_STATUS_WAITING);
    run_until_place(killed, JOB_PLACE_RUNNING);
    ck_assert(job_queue_signal(queue, killed, SIGKILL, NULL));
    run_until_place(killed, JOB_PLACE_UNKNOWN);
    ck_assert_int_eq(status_of(killed), JOB_STATUS_ERROR);
    ck_assert_int_eq(died, killed);
}
END_TEST

/* Jobs outlive the queue and are followed by the next one. */
START_TEST(a_restart_finds_jobs_again)
{
    int64_t running = submit(60, "null"), gone = submit(60, "null");
    g_autofree char *depends = g_strdup_printf("[[%d,[]]]", (int)running);
    int64_t queued = submit(0, depends);
    CLEANUP(job_freep) struct queued_job *job = NULL;

    run_until_status(running, JOB_STATUS_WAITING);
    run_until_status(gone, JOB_STATUS_WAITING);
    close_queue();
    job = job_load(path_get(PATH_QUEUE_DIR), gone, false, NULL, NULL);
    ck_assert(job->has.process_id && job->has.livelock);
    ck_assert_int_eq(kill((pid_t)job->process_id, SIGKILL), 0);
    while (!fs_lock_is_dead(job->livelock, FS_LOCK_BOTH)) {
        g_usleep(1000);
    }
    open_queue();
    ck_assert_int_eq(job_queue_find(queue, gone), JOB_PLACE_UNKNOWN);
    ck_assert_int_eq(status_of(gone), JOB_STATUS_ERROR);
    ck_assert_int_eq(job_queue_find(queue, running), JOB_PLACE_RUNNING);
    ck_assert_int_eq(job_queue_find(queue, queued), JOB_PLACE_QUEUED);
    ck_assert(job_queue_signal(queue, running, SIGTERM, NULL));
    run_until_place(queued, JOB_PLACE_UNKNOWN);
    ck_assert_int_eq(status_of(running), JOB_STATUS_CANCELED);
    ck_assert_int_eq(status_of(queued), JOB_STATUS_SUCCESS);
}
END_TEST

/* Whoever holds the lock file is the job's process, even if its file does not say so yet. */
START_TEST(no_job_gets_two_processes)
{
    g_autofree char *path = launch_livelock_path(1);
    struct fs_lock *lock = fs_lock_take(path, FS_LOCK_BOTH, NULL);
    int64_t id = submit(0, "null");

    ck_assert_int_eq(id, 1);
    run_until_place(id, JOB_PLACE_RUNNING);
    ck_assert_int_eq(status_of(id), JOB_STATUS_QUEUED);
    fs_lock_free(lock);
    run_until_place(id, JOB_PLACE_UNKNOWN);
    ck_assert_int_eq(status_of(id), JOB_STATUS_ERROR);
}
END_TEST

START_TEST(a_dead_launcher_is_replaced)
{
    int64_t id;

    run_until_place(submit(0, "null"), JOB_PLACE_UNKNOWN);
    ck_assert(g_file_set_contents(death_file, "", 0, NULL));
    id = submit(0, "null");
    run_until_place(id, JOB_PLACE_UNKNOWN);
    ck_assert_int_eq(status_of(id), JOB_STATUS_SUCCESS);
    ck_assert(!g_file_test(death_file, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(without_launcher_jobs_fail)
{
    int64_t id;

    close_queue();
    open_queue_with("/nonexistent/launcher");
    id = submit(0, "null");
    run_until_place(id, JOB_PLACE_UNKNOWN);
    ck_assert_int_eq(status_of(id), JOB_STATUS_ERROR);
    assert_result_has(id, "failed to start");
    close_queue();
    open_queue_with("/bin/true");
    id = submit(0, "null");
    run_until_place(id, JOB_PLACE_UNKNOWN);
    ck_assert_int_eq(status_of(id), JOB_STATUS_ERROR);
}
END_TEST

START_TEST(a_broken_file_harms_one_job)
{
    g_autofree char *path = queue_dir_job_path(path_get(PATH_QUEUE_DIR), 1);
    int64_t id = submit(60, "null");

    run_until_status(id, JOB_STATUS_WAITING);
    close_queue();
    ck_assert(g_file_set_contents(path, "{\"id\": 1, \"ops\": [", -1, NULL));
    open_queue();
    ck_assert_int_eq(job_queue_find(queue, 1), JOB_PLACE_UNKNOWN);
    id = submit(0, "null");
    run_until_place(id, JOB_PLACE_UNKNOWN);
    ck_assert_int_eq(status_of(id), JOB_STATUS_SUCCESS);
}
END_TEST

START_TEST(numbers_are_not_given_twice)
{
    g_autofree char *serial = g_strdup(path_get(PATH_JOB_QUEUE_SERIAL_FILE));
    int64_t last;

    run_until_place(submit(0, "null"), JOB_PLACE_UNKNOWN);
    run_until_place(submit(0, "null"), JOB_PLACE_UNKNOWN);
    close_queue();
    ck_assert(g_file_set_contents(serial, "1\n", -1, NULL));
    open_queue();
    ck_assert(job_store_last_id(path_get(PATH_QUEUE_DIR), &last, NULL));
    ck_assert_int_eq(last, 2);
    close_queue();
    ck_assert(g_file_set_contents(serial, "", -1, NULL));
    open_queue();
    ck_assert(job_store_last_id(path_get(PATH_QUEUE_DIR), &last, NULL));
    ck_assert_int_eq(last, 2);
}
END_TEST

START_TEST(many_jobs_all_end)
{
    int64_t ids[MANY_JOBS];

    for (int i = 0; i < MANY_JOBS; i++) {
        ids[i] = submit(0, "null");
    }
    for (int i = 0; i < MANY_JOBS; i++) {
        run_until_place(ids[i], JOB_PLACE_UNKNOWN);
        ck_assert_int_eq(status_of(ids[i]), JOB_STATUS_SUCCESS);
    }
    ck_assert_uint_eq(job_queue_archive(queue, ids, MANY_JOBS, NULL), MANY_JOBS);
    ck_assert_ptr_null(job_load(path_get(PATH_QUEUE_DIR), ids[3], false, NULL, NULL));
}
END_TEST

UNIT_MAIN_FIXTURE("job_queue", setup, teardown, a_job_runs, a_job_waits_for_another,
                  listeners_hear_until_they_have_enough, a_queued_job_is_cancelled,
                  a_death_is_noticed, a_restart_finds_jobs_again, no_job_gets_two_processes,
                  a_dead_launcher_is_replaced, without_launcher_jobs_fail,
                  a_broken_file_harms_one_job, numbers_are_not_given_twice, many_jobs_all_end)
