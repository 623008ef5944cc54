/* Several instances at once: placed together, moved to another node group. */
#include "config.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "jobs/lu/tests/lu-harness.h"

static struct lu_harness *h;

static void set_up(void)
{
    h = lu_harness_new("cluster-3.0.json");
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
    lu_harness_answer(
        h, "node_info", NULL,
        "[\"boot\", [{\"type\": \"file\", \"name\": \"/x\", \"storage_free\": 10000, "
        "\"storage_size\": 20000}], [{\"memory_total\": 8192, \"memory_free\": 4096, "
        "\"memory_dom0\": 1024, \"cpu_total\": 4, \"cpu_nodes\": 1, \"cpu_sockets\": 1, "
        "\"cpu_dom0\": 0}]]");
    lu_harness_answer(h, "all_instances_info", NULL, "{}");
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

#define CREATE(name, rest)                                                                         \
    "{\"OP_ID\": \"OP_INSTANCE_CREATE\", \"instance_name\": \"" name                               \
    "\", \"mode\": \"create\", \"os_type\": \"noop\", \"nics\": [{}], \"disks\": [{\"size\": "     \
    "64}], \"disk_template\": \"file\"" rest "}"
#define ALLOC(instances, rest)                                                                     \
    "{\"OP_ID\": \"OP_INSTANCE_MULTI_ALLOC\", \"instances\": [" instances "]" rest "}"

static void allocator_says(const char *answer)
{
    CLEANUP(json_unrefp) struct json *text = json_new_string(answer);
    g_autofree char *payload = json_to_string(text, JSON_PYTHON);
    lu_harness_answer(h, "iallocator_runner", NULL, payload);
}

START_TEST(with_nodes)
{
    lu_harness_ok(h, ALLOC(CREATE("new1.lab.example", ", \"pnode\": \"node1\"") "," CREATE(
                               "new2.lab.example", ", \"pnode\": \"node2\""),
                           ""));
    ck_assert_str_eq(lu_harness_result(h),
                     "{\"allocatable\": [\"new1.lab.example\", \"new2.lab.example\"], "
                     "\"failed\": [], \"jobs\": [[true, 1], [true, 2]]}");
    ck_assert(has(lu_harness_jobs(h), "\"pnode\": \"node2.lab.example\""));
    ck_assert(has(lu_harness_locks(h), "node/339d45bc-1a9f-47d1-bde3-e547c29980d3 shared\n"));
    ck_assert_str_eq(lu_harness_calls(h), "");
}
END_TEST

START_TEST(by_allocator)
{
    allocator_says("{\"success\": true, \"info\": \"\", \"result\": [[[\"new2.lab.example\", "
                   "[\"node2.lab.example\"]]], [\"new1.lab.example\"]]}");
    const char *both =
        ALLOC(CREATE("new1.lab.example",
                     ", \"beparams\": {\"memory\": 200}") "," CREATE("new2.lab.example", ""),
              ", \"iallocator\": \".\"");
    lu_harness_ok(h, both);
    ck_assert_str_eq(lu_harness_result(h), "{\"allocatable\": [\"new2.lab.example\"], \"failed\": "
                                           "[\"new1.lab.example\"], \"jobs\": [[true, 1]]}");
    ck_assert(has(lu_harness_jobs(h), "\"pnode\": \"node2.lab.example\""));
    ck_assert(!has(lu_harness_jobs(h), "new1.lab.example"));
    ck_assert(has(lu_harness_calls(h), "\\\"memory\\\": 200"));
    ck_assert(has(lu_harness_calls(h), "multi-allocate"));

    allocator_says("{\"success\": true, \"info\": \"\", \"result\": [[[\"new2.lab.example\", "
                   "[\"node2.lab.example\"]]], []]}");
    lu_harness_fails(h, both, ERR_OP_EXEC, ECODE_NONE);
    ck_assert_str_eq(lu_harness_jobs(h), "");
    allocator_says("{\"success\": false, \"info\": \"full\", \"result\": []}");
    lu_harness_fails(h, both, ERR_OP_PREREQ, ECODE_NORES);
}
END_TEST

START_TEST(dry_run)
{
    lu_harness_ok(
        h, ALLOC(CREATE("new1.lab.example", ", \"pnode\": \"node1\""), ", \"dry_run\": true"));
    ck_assert_str_eq(lu_harness_result(h),
                     "{\"allocatable\": [\"new1.lab.example\"], \"failed\": [], \"jobs\": []}");
    ck_assert_str_eq(lu_harness_jobs(h), "");
}
END_TEST

START_TEST(refused)
{
    lu_harness_fails(
        h, ALLOC(CREATE("a.example", ", \"pnode\": \"node1\"") "," CREATE("b.example", ""), ""),
        ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, ALLOC(CREATE("a.example", "") "," CREATE("a.example", ""), ""),
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, ALLOC(CREATE("a.example", ", \"iallocator\": \"hail\""), ""), ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_fails(h, ALLOC(CREATE("a.example", ", \"pnode\": \"node9\""), ""), ERR_OP_PREREQ,
                     ECODE_NOENT);
    lu_harness_fails(h, ALLOC("{\"OP_ID\": \"OP_TEST_DUMMY\"}", ""), ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, ALLOC(CREATE("a.example", ", \"nosuch\": 1"), ""), ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_fails(
        h,
        ALLOC(CREATE("a.example", ", \"pnode\": \"node1\""), ", \"opportunistic_locking\": true"),
        ERR_OP_PREREQ, ECODE_INVAL);
}
END_TEST

#define CHANGE(rest)                                                                               \
    "{\"OP_ID\": \"OP_INSTANCE_CHANGE_GROUP\", \"instance_name\": \"inst3\"" rest "}"

START_TEST(change_group)
{
    allocator_says(
        "{\"success\": true, \"info\": \"\", \"result\": [[[\"inst3.lab.example\", \"rack2\", "
        "[\"node3.lab.example\"]]], [], [[{\"OP_ID\": \"OP_INSTANCE_MIGRATE\", "
        "\"instance_name\": \"inst3.lab.example\", \"target_node\": \"node3.lab.example\"}]]]}");
    lu_harness_ok(h, CHANGE(", \"target_groups\": [\"rack2\"]"));
    ck_assert_str_eq(lu_harness_result(h), "{\"jobs\": [[true, 1]]}");
    ck_assert(has(lu_harness_jobs(h), "OP_INSTANCE_MIGRATE"));
    ck_assert(has(lu_harness_log(h), "1 job(s)"));
    ck_assert(has(lu_harness_calls(h),
                  "\"GANETI_TARGET_GROUPS\": \"4196b613-6fd4-472f-9c9c-477e18336e22\""));
    ck_assert(has(lu_harness_calls(h), "change-group"));
    ck_assert(has(lu_harness_locks(h), "instance/inst3.lab.example shared\n"));
    /* Any other group. */
    lu_harness_ok(h, CHANGE(""));
    ck_assert(has(lu_harness_calls(h),
                  "\"GANETI_TARGET_GROUPS\": \"4196b613-6fd4-472f-9c9c-477e18336e22\""));
    lu_harness_fails(h, CHANGE(", \"target_groups\": [\"default\"]"), ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, CHANGE(", \"target_groups\": [\"nosuch\"]"), ERR_OP_PREREQ, ECODE_NOENT);
    allocator_says("{\"success\": false, \"info\": \"full\", \"result\": []}");
    lu_harness_fails(h, CHANGE(""), ERR_OP_PREREQ, ECODE_NORES);
    allocator_says("{\"success\": true, \"info\": \"\", \"result\": [[], "
                   "[[\"inst3.lab.example\", \"no memory\"]], []]}");
    lu_harness_fails(h, CHANGE(""), ERR_OP_EXEC, ECODE_NONE);
}
END_TEST

UNIT_MAIN_FIXTURE("instance-many", set_up, tear_down, with_nodes, by_allocator, dry_run, refused,
                  change_group)
