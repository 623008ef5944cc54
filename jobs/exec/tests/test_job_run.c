/* A job's way through its opcodes, as its file shows it. */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "compat-config/replica/replica.h"
#include "compat-config/store/store.h"
#include "facts/codec.h"
#include "jobs/exec/job-run.h"
#include "jobs/file/job.h"
#include "jobs/file/write.h"

#define DELAY                                                                                      \
    "{\"OP_ID\": \"OP_TEST_DELAY\", \"duration\": 0.001, \"on_master\": false, \"reason\": []}"
#define BAD_DELAY                                                                                  \
    "{\"OP_ID\": \"OP_TEST_DELAY\", \"duration\": 0.001, \"on_nodes\": [\"nobody\"],"              \
    " \"reason\": []}"

static struct job_run run;
static struct job_wishes wishes;
static GString *states; /* status of each write, with blanks between */
static char *last;      /* text of the last write */
/* After so many writes the job is asked to cancel, or told of another priority; 0: never. */
static size_t writes, cancel_after, priority_after, fail_at;

static bool record(struct job_run *one, enum job_write how, GError **errp)
{
    g_autoptr(GString) text = g_string_new(NULL);
    (void)how;
    writes++;
    if (writes == fail_at) {
        return fs_error_set(errp, ENOSPC, "write", "the job");
    }
    job_encode(one->job, OPCODE_PROCESSED, text);
    g_string_append_printf(states, "%s ", fact_enum_job_status.words[job_status_of(one->job)]);
    g_free(last);
    last = g_strdup(text->str);
    wishes.cancel = wishes.cancel || writes == cancel_after;
    wishes.new_priority = wishes.new_priority || writes == priority_after;
    return true;
}

static void set_up(void)
{
    g_autofree char *path = g_build_filename(g_getenv("GANTRY_TOP_SRCDIR"),
                                             "compat-config/tests/data/cluster-3.0.json", NULL);
    g_autofree char *root = g_build_filename(g_getenv("TEST_TMPDIR"), "node1.lab.example", NULL);
    g_setenv("GANETI_ROOTDIR", root, TRUE);
    g_setenv("GANETI_HOSTNAME", "node1.lab.example", TRUE);
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_load(path, NULL);
    ck_assert_ptr_nonnull(cfg);
    struct client_id *self = wconfd_identity(7, NULL, "/the/livelock");
    run = (struct job_run){.env.ops = &job_env_ops, .wishes = &wishes, .write = record};
    run.env.data = &run;
    run.env.wconfd = wconfd_client_local(NULL, cfg, self, NULL);
    ck_assert_ptr_nonnull(run.env.wconfd);
    run.env.replica = cfg_replica_new(NULL, run.env.wconfd, NULL);
    run.env.client = wconfd_client_self(run.env.wconfd);
    lu_env_init(&run.env);
    fact_object_free(&fact_object_client_id, self);
    wishes = (struct job_wishes){0};
    states = g_string_new(NULL);
    last = NULL;
    writes = cancel_after = priority_after = fail_at = 0;
}

static void tear_down(void)
{
    job_free(run.job);
    json_unref(run.secrets);
    lu_env_clear(&run.env);
    cfg_replica_free(run.env.replica);
    wconfd_client_free(run.env.wconfd);
    g_string_free(states, TRUE);
    g_free(last);
}

static void load(const char *const *opcodes)
{
    g_autoptr(GString) text =
        g_string_new("{\"id\": 7, \"received_timestamp\": [1, 2], \"ops\": [");
    for (size_t i = 0; opcodes[i] != NULL; i++) {
        g_string_append_printf(text,
                               "%s{\"input\": %s, \"status\": \"queued\", \"result\": null,"
                               " \"log\": [], \"priority\": 0}",
                               i > 0 ? ", " : "", opcodes[i]);
    }
    g_string_append(text, "]}");
    g_autoptr(GError) error = NULL;
    run.job = job_parse(text->str, text->len, &error);
    ck_assert_msg(run.job != NULL, "%s", error != NULL ? error->message : "");
}

static void run_all(const char *const *opcodes)
{
    g_autoptr(GError) error = NULL;
    load(opcodes);
    ck_assert_msg(job_run(&run, &error), "%s", error != NULL ? error->message : "");
    /* What is on disk is what is in memory, and can be read. */
    struct queued_job *again = job_parse(last, strlen(last), &error);
    ck_assert_msg(again != NULL, "%s", error != NULL ? error->message : "");
    job_free(again);
}

static char *result_text(size_t index)
{
    return json_to_string(run.job->ops.v[index].result, JSON_PYTHON);
}

START_TEST(success)
{
    const char *const opcodes[] = {DELAY, DELAY, NULL};
    run_all(opcodes);
    ck_assert_str_eq(states->str, "waiting running queued waiting running success ");
    const struct queued_opcode *op = &run.job->ops.v[1];
    ck_assert(op->has.start_timestamp && op->has.exec_timestamp && op->has.end_timestamp);
    ck_assert(run.job->has.start_timestamp && run.job->has.end_timestamp);
}
END_TEST

START_TEST(failure)
{
    const char *const opcodes[] = {DELAY, BAD_DELAY, DELAY, NULL};
    run_all(opcodes);
    ck_assert_str_eq(states->str, "waiting running queued waiting error ");
    g_autofree char *first = result_text(0), *second = result_text(1), *third = result_text(2);
    ck_assert_str_eq(first, "null");
    ck_assert_str_eq(second,
                     "[\"OpPrereqError\", [\"Node 'nobody' is not known\", \"unknown_entity\"]]");
    ck_assert_str_eq(third, "[\"OpExecError\", [\"Preceding opcode failed\"]]");
    ck_assert(!run.job->ops.v[2].has.start_timestamp);
}
END_TEST

START_TEST(cancel_while_waiting)
{
    const char *const opcodes[] = {DELAY, DELAY, NULL};
    cancel_after = 1;
    run_all(opcodes);
    ck_assert_str_eq(states->str, "waiting canceled ");
    g_autofree char *first = result_text(0), *second = result_text(1);
    ck_assert_str_eq(first, "\"Job canceled by request\"");
    ck_assert_str_eq(second, "\"Job canceled by request\"");
}
END_TEST

START_TEST(cancel_while_running)
{
    const char *const opcodes[] = {DELAY, DELAY, NULL};
    cancel_after = 2;
    run_all(opcodes);
    /* What runs goes on to its end. */
    ck_assert_str_eq(states->str, "waiting running queued canceled ");
    ck_assert_int_eq(run.job->ops.v[0].status, JOB_STATUS_SUCCESS);
    ck_assert_int_eq(run.job->ops.v[1].status, JOB_STATUS_CANCELED);
}
END_TEST

START_TEST(another_priority)
{
    const char *const opcodes[] = {DELAY, DELAY, NULL};
    const char *dir = path_get(PATH_LUXID_MESSAGE_DIR);
    g_autofree char *path = g_build_filename(dir, "7.prio", NULL);
    ck_assert_int_eq(g_mkdir_with_parents(dir, 0700), 0);
    ck_assert(fs_write_atomic(path, "-5", 2, NULL, NULL));
    priority_after = 2;
    run_all(opcodes);
    ck_assert_int_eq(run.job->ops.v[0].priority, 0);
    ck_assert_int_eq(run.job->ops.v[1].priority, -5);
    ck_assert_int_ne(g_access(path, F_OK), 0);
}
END_TEST

/* A message that cannot be read changes nothing. */
START_TEST(no_priority)
{
    const char *const opcodes[] = {DELAY, NULL};
    priority_after = 1;
    run_all(opcodes);
    ck_assert_str_eq(states->str, "waiting running success ");
    ck_assert_int_eq(run.job->ops.v[0].priority, 0);
}
END_TEST

START_TEST(secrets)
{
    const char *const opcodes[] = {
        "{\"OP_ID\": \"OP_TEST_OS_PARAMS\", \"osparams_secret\": {\"pw\": \"<redacted>\"},"
        " \"reason\": []}",
        NULL};
    ck_assert(json_parse("[{\"pw\": \"hunter2\"}]", -1, &run.secrets, NULL));
    run_all(opcodes);
    ck_assert_str_eq(states->str, "waiting running running success ");
    /* This opcode says it, and nothing else does. */
    ck_assert_uint_eq(run.job->ops.v[0].log.n, 1);
    ck_assert_ptr_nonnull(strstr(last, "\"osparams_secret\": {\"pw\": \"<redacted>\"}"));
}
END_TEST

/* After a restart of luxid they are lost. */
START_TEST(lost_secrets)
{
    const char *const opcodes[] = {
        "{\"OP_ID\": \"OP_TEST_OS_PARAMS\", \"osparams_secret\": {\"pw\": \"<redacted>\"},"
        " \"reason\": []}",
        NULL};
    run_all(opcodes);
    ck_assert_str_eq(states->str, "waiting error ");
}
END_TEST

START_TEST(unknown_opcode)
{
    const char *const opcodes[] = {"{\"OP_ID\": \"OP_NO_SUCH\", \"reason\": []}", DELAY, NULL};
    run_all(opcodes);
    ck_assert_int_eq(run.job->ops.v[0].status, JOB_STATUS_ERROR);
    ck_assert_int_eq(run.job->ops.v[1].status, JOB_STATUS_ERROR);
}
END_TEST

/* A log entry that cannot be written harms nothing; the last state must be. */
START_TEST(full_disk)
{
    const char *const opcodes[] = {DELAY, NULL};
    g_autoptr(GError) error = NULL;
    fail_at = 3;
    load(opcodes);
    ck_assert(!job_run(&run, &error));
    ck_assert(g_error_matches(error, FS_ERROR, ENOSPC));
}
END_TEST

UNIT_MAIN_FIXTURE("job-run", set_up, tear_down, success, failure, cancel_while_waiting,
                  cancel_while_running, another_priority, no_priority, secrets, lost_secrets,
                  unknown_opcode, full_disk)
