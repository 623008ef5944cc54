/* Node groups, and moving instances off nodes and out of groups. */
#include "config.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "facts/codec.h"
#include "facts/objects.h"
#include "jobs/lu/tests/lu-harness.h"

#define DEFAULT "82ab96d0-e378-4039-9682-23f11f479a37"
#define RACK2   "4196b613-6fd4-472f-9c9c-477e18336e22"
#define NODE1   "339d45bc-1a9f-47d1-bde3-e547c29980d3"
#define NODE2   "40eeb2cf-b682-45b3-9a33-cc80759e3e20"
#define NODE3   "7567f5c7-c01b-4b25-a523-a52717681c80"

static struct lu_harness *h;

static void set_up(void)
{
    h = lu_harness_new("cluster-3.0.json");
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

static const struct node_group *group(const char *name)
{
    return cfg_group_named(lu_harness_cfg(h), name);
}

START_TEST(assign)
{
    int64_t old = group("default")->serial_no, target = group("rack2")->serial_no;
    lu_harness_ok(h, "{\"OP_ID\": \"OP_GROUP_ASSIGN_NODES\", \"group_name\": \"rack2\","
                     " \"nodes\": [\"node2\", \"node3\"]}");
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\nnode/" NODE2
                                          " exclusive\nnode/" NODE3 " exclusive\nnodegroup/" RACK2
                                          " exclusive\nnodegroup/" DEFAULT " exclusive\n");
    ck_assert_str_eq(cfg_node_get(lu_harness_cfg(h), NODE2)->group, RACK2);
    ck_assert_int_eq(group("default")->serial_no, old + 1);
    ck_assert_int_eq(group("rack2")->serial_no, target + 1);
    ck_assert_ptr_nonnull(strstr(lu_harness_opcode(h), "\"node_uuids\": [\"" NODE2));
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_GROUP_ASSIGN_NODES\", \"group_name\": \"rack2\","
                     " \"nodes\": [\"nobody\"]}",
                     ERR_OP_PREREQ, ECODE_NOENT);
}
END_TEST

START_TEST(assign_splits)
{
    g_clear_pointer(&h, lu_harness_free);
    h = lu_harness_new("cluster-drbd.json");
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_GROUP_ADD\", \"group_name\": \"far\"}");
    const struct cfg *cfg = lu_harness_cfg(h);
    const char *name = NULL;
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        const struct instance *one = cfg_instance_at(cfg, i);
        if (cfg_instance_secondaries(cfg, one).n > 0) {
            name = cfg_instance_primary(cfg, one)->name;
        }
    }
    ck_assert_ptr_nonnull(name);
    g_autofree char *plain = g_strdup_printf("{\"OP_ID\": \"OP_GROUP_ASSIGN_NODES\","
                                             " \"group_name\": \"far\", \"nodes\": [\"%s\"]}",
                                             name);
    g_autofree char *forced = g_strdup_printf("{\"OP_ID\": \"OP_GROUP_ASSIGN_NODES\","
                                              " \"group_name\": \"far\", \"nodes\": [\"%s\"],"
                                              " \"force\": true}",
                                              name);
    lu_harness_fails(h, plain, ERR_OP_EXEC, ECODE_NONE);
    lu_harness_ok(h, forced);
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "two groups"));
}
END_TEST

START_TEST(renaming)
{
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_GROUP_RENAME\", \"group_name\": \"rack2\","
                     " \"new_name\": \"default\"}",
                     ERR_OP_PREREQ, ECODE_EXISTS);
    lu_harness_ok(h, "{\"OP_ID\": \"OP_GROUP_RENAME\", \"group_name\": \"rack2\","
                     " \"new_name\": \"r2\"}");
    ck_assert_str_eq(lu_harness_result(h), "\"r2\"");
    ck_assert_ptr_nonnull(group("r2"));
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "hooks_runner node3.lab.example "));
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "\"GANETI_OLD_NAME\": \"rack2\""));
}
END_TEST

#define SET(rest) "{\"OP_ID\": \"OP_GROUP_SET_PARAMS\", \"group_name\": \"rack2\", " rest "}"

START_TEST(set_params)
{
    lu_harness_ok(h, SET("\"ndparams\": {\"spindle_count\": 3}, \"alloc_policy\": \"unallocable\","
                         " \"diskparams\": {\"drbd\": {\"metavg\": \"m\"}}"));
    ck_assert_str_eq(lu_harness_result(h),
                     "[[\"ndparams\", \"{\\\"spindle_count\\\": 3}\"], [\"diskparams\", "
                     "\"{\\\"drbd\\\": {\\\"metavg\\\": \\\"m\\\"}}\"]]");
    ck_assert_str_eq(lu_harness_locks(h),
                     "cluster/BGL shared\ninstance/inst4.lab.example shared\nnodegroup/" RACK2
                     " exclusive\n");
    ck_assert_int_eq(group("rack2")->ndparams.spindle_count, 3);
    ck_assert_int_eq(group("rack2")->alloc_policy, ALLOC_POLICY_UNALLOCABLE);
    ck_assert_ptr_nonnull(
        strstr(lu_harness_calls(h), "\"GANETI_NEW_ALLOC_POLICY\": \"unallocable\""));

    lu_harness_ok(h, SET("\"ndparams\": {\"spindle_count\": \"default\"}, \"ipolicy\": "
                         "{\"vcpu-ratio\": 2.5, \"disk-templates\": [\"file\"]}"));
    ck_assert(!group("rack2")->ndparams.has.spindle_count);
    ck_assert_double_eq(group("rack2")->ipolicy.vcpu_ratio, 2.5);
    lu_harness_ok(h, SET("\"ipolicy\": {\"vcpu-ratio\": \"default\"}"));
    ck_assert(!group("rack2")->ipolicy.has.vcpu_ratio);
    ck_assert_uint_eq(group("rack2")->ipolicy.disk_templates.n, 1);

    lu_harness_fails(h, "{\"OP_ID\": \"OP_GROUP_SET_PARAMS\", \"group_name\": \"rack2\"}",
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, SET("\"ipolicy\": {\"no-such\": 1}"), ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, SET("\"ipolicy\": {\"disk-templates\": [\"rbd\"]}"), ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_fails(h, SET("\"diskparams\": {\"drbd\": {\"x\": 1}}"), ERR_OP_PREREQ, ECODE_INVAL);
}
END_TEST

/* --- Moving instances ---------------------------------------------------------------------------
 */
START_TEST(migrate)
{
    lu_harness_ok(h, "{\"OP_ID\": \"OP_NODE_MIGRATE\", \"node_name\": \"node2\","
                     " \"mode\": \"live\"}");
    ck_assert_str_eq(lu_harness_result(h), "{\"jobs\": [[true, 1]]}");
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\nnode/" NODE2 " shared\n");
    ck_assert_ptr_nonnull(strstr(lu_harness_jobs(h), "\"OP_INSTANCE_MIGRATE\""));
    ck_assert_ptr_nonnull(strstr(lu_harness_jobs(h), "\"mode\": \"live\""));
    ck_assert_ptr_nonnull(strstr(lu_harness_jobs(h), "\"inst2.lab.example\""));
}
END_TEST

START_TEST(evacuate_refused)
{
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_NODE_EVACUATE\", \"node_name\": \"node2\", \"mode\": "
                     "\"secondary-only\", \"iallocator\": \"hail\", \"remote_node\": \"node1\"}",
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_NODE_EVACUATE\", \"node_name\": \"node2\", \"mode\": "
                     "\"primary-only\", \"remote_node\": \"node1\"}",
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_NODE_EVACUATE\", \"node_name\": \"node2\", \"mode\": "
                     "\"secondary-only\", \"remote_node\": \"node2\"}",
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_NODE_EVACUATE\", \"node_name\": \"node2\", \"mode\": "
                     "\"all\"}",
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_GROUP_EVACUATE\", \"group_name\": \"rack2\","
                     " \"target_groups\": [\"rack2\"]}",
                     ERR_OP_PREREQ, ECODE_INVAL);
    /* Nothing to do is no error. */
    lu_harness_ok(h, "{\"OP_ID\": \"OP_NODE_EVACUATE\", \"node_name\": \"node2\", \"mode\": "
                     "\"secondary-only\"}");
    ck_assert_str_eq(lu_harness_result(h), "{\"jobs\": []}");
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\nnode/" NODE1 " shared\nnode/" NODE2
                                          " shared\nnodegroup/" DEFAULT " shared\n");
}
END_TEST

static void answer_allocator(const char *text)
{
    g_autofree char *quoted = NULL;
    CLEANUP(json_unrefp) struct json *value = json_new_string(text);
    quoted = json_to_string(value, JSON_PYTHON);
    lu_harness_answer(h, "iallocator_runner", NULL, quoted);
    lu_harness_answer(
        h, "node_info", NULL,
        "[\"boot\", [{\"type\": \"file\", \"name\": \"/x\", \"storage_free\": 100, "
        "\"storage_size\": 200}], [{\"memory_total\": 1000, \"memory_free\": 500, "
        "\"memory_dom0\": 10, \"cpu_total\": 4, \"cpu_nodes\": 1, \"cpu_sockets\": 1, "
        "\"cpu_dom0\": 1}]]");
    lu_harness_answer(h, "all_instances_info", NULL, "{}");
}

START_TEST(group_evacuate)
{
    answer_allocator(
        "{\"success\": true, \"info\": \"\", \"result\": [[[\"inst4.lab.example\", \"default\", "
        "[\"node1.lab.example\"]]], [], [[{\"OP_ID\": \"OP_INSTANCE_MIGRATE\", \"instance_name\": "
        "\"inst4.lab.example\"}], [{\"OP_ID\": \"OP_INSTANCE_REPLACE_DISKS\", \"instance_name\": "
        "\"inst4.lab.example\", \"mode\": \"replace_new_secondary\"}]]]}");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_GROUP_EVACUATE\", \"group_name\": \"rack2\", \"sequential\":"
                     " true, \"force_failover\": true, \"early_release\": true}");
    ck_assert_str_eq(lu_harness_result(h), "{\"jobs\": [[true, 1], [true, 2]]}");
    const char *jobs = lu_harness_jobs(h);
    ck_assert_ptr_null(strstr(jobs, "OP_INSTANCE_MIGRATE"));
    ck_assert_ptr_nonnull(strstr(jobs, "OP_INSTANCE_FAILOVER"));
    ck_assert_ptr_nonnull(strstr(jobs, "\"early_release\": true"));
    ck_assert_ptr_nonnull(strstr(jobs, "\"depends\": [[-1, [\"error\", \"success\"]]]"));
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "\"GANETI_TARGET_GROUPS\": \"" DEFAULT "\""));

    answer_allocator("{\"success\": true, \"info\": \"\", \"result\": [[], "
                     "[[\"inst4.lab.example\", \"too big\"]], []]}");
    lu_harness_fails(h, "{\"OP_ID\": \"OP_GROUP_EVACUATE\", \"group_name\": \"rack2\"}",
                     ERR_OP_EXEC, ECODE_NONE);
    answer_allocator("{\"success\": false, \"info\": \"no way\", \"result\": []}");
    lu_harness_fails(h, "{\"OP_ID\": \"OP_GROUP_EVACUATE\", \"group_name\": \"rack2\"}",
                     ERR_OP_PREREQ, ECODE_NORES);
}
END_TEST

UNIT_MAIN_FIXTURE("group", set_up, tear_down, assign, assign_splits, renaming, set_params, migrate,
                  evacuate_refused, group_evacuate)
