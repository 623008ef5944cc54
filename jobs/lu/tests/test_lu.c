/* The phases of logical units, by way of the simple ones. */
#include "config.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "jobs/lu/tests/lu-harness.h"

#define NODE1 "339d45bc-1a9f-47d1-bde3-e547c29980d3"

static struct lu_harness *h;

static void set_up(void)
{
    h = lu_harness_new("cluster-3.0.json");
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

/* --- OP_TEST_DELAY ------------------------------------------------------------------------------
 */
START_TEST(delay_on_nodes)
{
    lu_harness_answer(h, "test_delay", NULL, "null");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_TEST_DELAY\", \"duration\": 1.5, \"no_locks\": false,"
                     " \"on_master\": true, \"on_nodes\": [\"NODE1\"], \"repeat\": 2}");
    ck_assert_str_eq(lu_harness_result(h), "null");
    ck_assert_str_eq(lu_harness_calls(h), "test_delay node1.lab.example [1.5]\n"
                                          "test_delay node1.lab.example [1.5]\n");
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\nnode/" NODE1 " exclusive\n");
    ck_assert_str_eq(lu_harness_log(h),
                     " - INFO: Test delay iteration 0/1\n - INFO: Test delay iteration 1/1\n");
    /* The job file shows names in full. */
    ck_assert_ptr_nonnull(strstr(lu_harness_opcode(h), "\"on_nodes\": [\"node1.lab.example\"]"));
    ck_assert_ptr_nonnull(strstr(lu_harness_opcode(h), "\"on_node_uuids\": [\"" NODE1 "\"]"));
}
END_TEST

START_TEST(delay_without_locks)
{
    lu_harness_answer(h, "test_delay", NULL, "null");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_TEST_DELAY\", \"duration\": 0.1}");
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\n");
}
END_TEST

START_TEST(delay_refused)
{
    lu_harness_fails(h, "{\"OP_ID\": \"OP_TEST_DELAY\", \"duration\": 0}", ERR_OP_PREREQ,
                     ECODE_NONE);
    ck_assert_str_eq(lu_harness_locks(h), "");
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_TEST_DELAY\", \"duration\": 1, \"on_nodes\": [\"nobody\"]}",
                     ERR_OP_PREREQ, ECODE_NOENT);
}
END_TEST

START_TEST(delay_fails_on_node)
{
    lu_harness_failure(h, "test_delay", "node1.lab.example", "out of time");
    lu_harness_fails(h, "{\"OP_ID\": \"OP_TEST_DELAY\", \"duration\": 1}", ERR_OP_EXEC, ECODE_NONE);
    ck_assert_ptr_nonnull(strstr(lu_harness_error(h)->message, "node1.lab.example: out of time"));
}
END_TEST

START_TEST(dry_run)
{
    lu_harness_ok(h, "{\"OP_ID\": \"OP_TEST_DELAY\", \"duration\": 1, \"dry_run\": true}");
    ck_assert_str_eq(lu_harness_calls(h), "");
    ck_assert_str_eq(lu_harness_result(h), "null");
}
END_TEST

/* --- Tags ---------------------------------------------------------------------------------------
 */
START_TEST(tags)
{
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
    const struct node *node = cfg_node_named(lu_harness_cfg(h), "node2.lab.example");
    size_t before = node->tags.n;
    int64_t serial = node->serial_no;
    lu_harness_ok(h, "{\"OP_ID\": \"OP_TAGS_SET\", \"kind\": \"node\", \"name\": \"node2\","
                     " \"tags\": [\"new:one\", \"new:two\", \"new:one\"]}");
    node = cfg_node_named(lu_harness_cfg(h), "node2.lab.example");
    ck_assert_uint_eq(node->tags.n, before + 2);
    ck_assert_int_eq(node->serial_no, serial + 1);
    g_autofree char *locks = g_strdup_printf("cluster/BGL shared\nnode/%s exclusive\n", node->uuid);
    ck_assert_str_eq(lu_harness_locks(h), locks);

    lu_harness_ok(h, "{\"OP_ID\": \"OP_TAGS_SEARCH\", \"pattern\": \"^new:\"}");
    ck_assert_str_eq(lu_harness_result(h), "[[\"/nodes/node2.lab.example\", \"new:one\"], "
                                           "[\"/nodes/node2.lab.example\", \"new:two\"]]");

    lu_harness_ok(h, "{\"OP_ID\": \"OP_TAGS_DEL\", \"kind\": \"node\", \"name\": \"node2\","
                     " \"tags\": [\"new:one\"]}");
    node = cfg_node_named(lu_harness_cfg(h), "node2.lab.example");
    ck_assert_uint_eq(node->tags.n, before + 1);
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_TAGS_DEL\", \"kind\": \"node\", \"name\": \"node2\","
                     " \"tags\": [\"new:one\"]}",
                     ERR_OP_PREREQ, ECODE_NOENT);
    lu_harness_ok(h, "{\"OP_ID\": \"OP_TAGS_SET\", \"kind\": \"cluster\", \"tags\": [\"x\"]}");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_TAGS_GET\", \"kind\": \"cluster\"}");
    ck_assert_ptr_nonnull(strstr(lu_harness_result(h), "\"x\""));
}
END_TEST

START_TEST(bad_tags)
{
    lu_harness_fails(h, "{\"OP_ID\": \"OP_TAGS_SET\", \"kind\": \"cluster\", \"tags\": [\"a b\"]}",
                     ERR_TAG, ECODE_NONE);
    lu_harness_fails(h, "{\"OP_ID\": \"OP_TAGS_SET\", \"kind\": \"cluster\", \"tags\": [\"\"]}",
                     ERR_TAG, ECODE_NONE);
    lu_harness_fails(h, "{\"OP_ID\": \"OP_TAGS_SEARCH\", \"pattern\": \"(\"}", ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_fails(h, "{\"OP_ID\": \"OP_TAGS_GET\", \"kind\": \"instance\"}", ERR_OP_PREREQ,
                     ECODE_INVAL);
}
END_TEST

/* --- Groups, and hooks --------------------------------------------------------------------------
 */
START_TEST(group_add_and_remove)
{
    lu_harness_answer(h, "hooks_runner", NULL, "[[\"one\", 2, \"done\"]]");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_GROUP_ADD\", \"group_name\": \"g9\", \"alloc_policy\": null,"
                     " \"ndparams\": {\"spindle_count\": \"3\"}}");
    ck_assert_str_eq(lu_harness_result(h), "null");
    const struct node_group *group = cfg_group_named(lu_harness_cfg(h), "g9");
    ck_assert_ptr_nonnull(group);
    ck_assert_int_eq(group->ndparams.spindle_count, 3);
    ck_assert_int_eq(group->serial_no, 1);
    ck_assert_int_eq(group->alloc_policy, ALLOC_POLICY_PREFERRED);

    /* Before, after, and for the changed configuration. */
    g_auto(GStrv) calls = g_strsplit(lu_harness_calls(h), "\n", -1);
    ck_assert_uint_eq(g_strv_length(calls), 4);
    ck_assert(g_str_has_prefix(calls[0], "hooks_runner node1.lab.example [\"group-add\", \"pre\""));
    ck_assert_ptr_nonnull(strstr(calls[0], "\"GANETI_GROUP_NAME\": \"g9\""));
    ck_assert_ptr_nonnull(strstr(calls[0], "\"GANETI_OBJECT_TYPE\": \"GROUP\""));
    ck_assert_ptr_nonnull(strstr(calls[0], "\"GANETI_MASTER\": \"node1.lab.example\""));
    ck_assert_ptr_null(strstr(calls[0], "GANETI_POST_"));
    ck_assert(
        g_str_has_prefix(calls[1], "hooks_runner node1.lab.example [\"group-add\", \"post\""));
    ck_assert_ptr_nonnull(strstr(calls[1], "\"GANETI_POST_GROUP_NAME\": \"g9\""));
    ck_assert(
        g_str_has_prefix(calls[2], "hooks_runner node1.lab.example [\"config-update\", \"post\""));

    lu_harness_fails(h, "{\"OP_ID\": \"OP_GROUP_ADD\", \"group_name\": \"g9\"}", ERR_OP_PREREQ,
                     ECODE_EXISTS);
    lu_harness_ok(h, "{\"OP_ID\": \"OP_GROUP_REMOVE\", \"group_name\": \"g9\"}");
    ck_assert_ptr_null(cfg_group_named(lu_harness_cfg(h), "g9"));
    lu_harness_fails(h, "{\"OP_ID\": \"OP_GROUP_REMOVE\", \"group_name\": \"default\"}",
                     ERR_OP_PREREQ, ECODE_STATE);
}
END_TEST

START_TEST(group_parameters_refused)
{
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_GROUP_ADD\", \"group_name\": \"g9\","
                     " \"ndparams\": {\"spindle_count\": \"many\"}}",
                     ERR_TYPE_ENFORCEMENT, ECODE_NONE);
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_GROUP_ADD\", \"group_name\": \"g9\","
                     " \"diskparams\": {\"plain\": {\"no-such\": 1}}}",
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_GROUP_ADD\", \"group_name\": \"g9\","
                     " \"ipolicy\": {\"disk-templates\": [\"rbd\"]}}",
                     ERR_OP_PREREQ, ECODE_INVAL);
    ck_assert_ptr_null(cfg_group_named(lu_harness_cfg(h), "g9"));
}
END_TEST

START_TEST(pre_hook_aborts)
{
    lu_harness_answer(h, "hooks_runner", NULL, "[[\"good\", 2, \"\"], [\"bad\", 1, \"no\"]]");
    lu_harness_fails(h, "{\"OP_ID\": \"OP_GROUP_ADD\", \"group_name\": \"g9\"}", ERR_HOOKS_ABORT,
                     ECODE_NONE);
    ck_assert_ptr_null(cfg_group_named(lu_harness_cfg(h), "g9"));
}
END_TEST

START_TEST(hooks_that_cannot_run)
{
    lu_harness_failure(h, "hooks_runner", NULL, "gone");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_GROUP_ADD\", \"group_name\": \"g9\"}");
    ck_assert_ptr_nonnull(
        strstr(lu_harness_log(h), "Hooks could not run on node node1.lab.example: gone"));
}
END_TEST

/* --- Jobs of a unit -----------------------------------------------------------------------------
 */
START_TEST(verify_submits_jobs)
{
    lu_harness_ok(h, "{\"OP_ID\": \"OP_CLUSTER_VERIFY\", \"verbose\": true, \"priority\": -10,"
                     " \"skip_checks\": [\"nplusone_mem\"], \"reason\": [[\"s\", \"r\", 5]]}");
    /* The configuration and two groups. */
    ck_assert_str_eq(lu_harness_result(h), "{\"jobs\": [[true, 1], [true, 2], [true, 3]]}");
    CLEANUP(json_unrefp) struct json *jobs = NULL;
    ck_assert(json_parse(lu_harness_jobs(h), -1, &jobs, NULL));
    ck_assert_uint_eq(json_len(jobs), 3);
    for (size_t i = 0; i < 3; i++) {
        const struct json *op = json_at(json_at(jobs, i), 0);
        ck_assert_str_eq(json_string(json_get(op, "comment")), "Submitted by OP_CLUSTER_VERIFY");
        ck_assert(json_boolean(json_get(op, "verbose")));
        ck_assert_int_eq(json_int(json_get(op, "priority")), -10);
        ck_assert_uint_eq(json_len(json_get(op, "reason")), 1);
        ck_assert(json_has(op, "skip_checks") == (i > 0));
    }
    g_autofree char *second =
        json_to_string(json_get(json_at(json_at(jobs, 1), 0), "depends"), JSON_PYTHON);
    g_autofree char *third =
        json_to_string(json_get(json_at(json_at(jobs, 2), 0), "depends"), JSON_PYTHON);
    ck_assert_str_eq(second, "[[-1, []]]");
    ck_assert_str_eq(third, "[[-2, []]]");

    lu_harness_ok(h, "{\"OP_ID\": \"OP_CLUSTER_VERIFY_DISKS\"}");
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\nnodegroup/[lockset] shared\n");
    ck_assert_str_eq(lu_harness_result(h), "{\"jobs\": [[true, 4], [true, 5]]}");
    lu_harness_refuse_jobs(h, "the queue is drained");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_CLUSTER_VERIFY_DISKS\", \"group_name\": \"default\"}");
    ck_assert_str_eq(lu_harness_result(h), "{\"jobs\": [[false, \"the queue is drained\"]]}");
}
END_TEST

UNIT_MAIN_FIXTURE("lu", set_up, tear_down, delay_on_nodes, delay_without_locks, delay_refused,
                  delay_fails_on_node, dry_run, tags, bad_tags, group_add_and_remove,
                  group_parameters_refused, pre_hook_aborts, hooks_that_cannot_run,
                  verify_submits_jobs)
