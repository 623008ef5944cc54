/* Changing parameters of instances. */
#include "config.h"

#include <string.h>

#include "base/tests/unit.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "jobs/lu/tests/lu-harness.h"

#define MODIFY(rest)                                                                               \
    "{\"OP_ID\": \"OP_INSTANCE_SET_PARAMS\", \"instance_name\": \"inst1\", " rest "}"

static struct lu_harness *h;

static void set_up_with(const char *config)
{
    h = lu_harness_new(config);
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
    lu_harness_answer(h, "instance_info", NULL, "{}");
    lu_harness_answer(h, "instance_metadata_modify", NULL, "null");
    lu_harness_answer(h, "hypervisor_validate_params", NULL, "null");
    lu_harness_answer(h, "os_validate", NULL, "true");
    lu_harness_answer(h, "instance_balloon_memory", NULL, "null");
    lu_harness_answer(h, "node_info", NULL,
                      "[\"boot\", [], [{\"memory_free\": 4096, \"cpu_total\": 4}]]");
}

static void set_up(void)
{
    set_up_with("cluster-3.0.json");
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

static const struct instance *inst1(void)
{
    return cfg_instance_named(lu_harness_cfg(h), "inst1.lab.example");
}

static bool calls(const char *text)
{
    return strstr(lu_harness_calls(h), text) != NULL;
}

START_TEST(backend)
{
    int64_t serial = inst1()->serial_no;
    lu_harness_ok(h, MODIFY("\"beparams\": {\"memory\": \"256M\", \"vcpus\": 2}"));
    struct beparams be = cfg_beparams(lu_harness_cfg(h), inst1());
    ck_assert_int_eq(be.maxmem, 256);
    ck_assert_int_eq(be.minmem, 256);
    ck_assert_int_eq(be.vcpus, 2);
    ck_assert_int_eq(inst1()->serial_no, serial + 1);
    ck_assert_str_eq(lu_harness_result(h), "[[\"be/memory\", \"256M\"], [\"be/vcpus\", 2]]");
    ck_assert(calls("\"GANETI_INSTANCE_BE_vcpus\": \"2\""));
    ck_assert_ptr_nonnull(strstr(lu_harness_locks(h), "instance/inst1.lab.example exclusive\n"));
    ck_assert_ptr_nonnull(
        strstr(lu_harness_locks(h), "node/339d45bc-1a9f-47d1-bde3-e547c29980d3 exclusive\n"));

    lu_harness_ok(h, MODIFY("\"beparams\": {\"vcpus\": \"default\", \"maxmem\": null}"));
    ck_assert(!inst1()->beparams.has.vcpus);
    ck_assert(!inst1()->beparams.has.maxmem);
    ck_assert(inst1()->beparams.has.minmem);
    lu_harness_fails(h, MODIFY("\"beparams\": {\"no_such\": 1}"), ERR_TYPE_ENFORCEMENT, ECODE_NONE);
    lu_harness_fails(h, MODIFY("\"beparams\": {\"vcpus\": 1000}"), ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_ok(h, MODIFY("\"beparams\": {\"vcpus\": 1000}, \"ignore_ipolicy\": true"));
}
END_TEST

START_TEST(more_memory)
{
    lu_harness_fails(h, MODIFY("\"beparams\": {\"maxmem\": 8192}"), ERR_OP_PREREQ, ECODE_NORES);
    lu_harness_answer(h, "node_info", NULL, "[\"boot\", [], [{}]]");
    lu_harness_ok(h, MODIFY("\"beparams\": {\"maxmem\": 8192}"));
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "WARNING"));
    lu_harness_ok(h, MODIFY("\"beparams\": {\"maxmem\": 16384}, \"force\": true"));
    ck_assert(!calls("node_info"));
}
END_TEST

#define MODIFY_KVM(rest)                                                                           \
    "{\"OP_ID\": \"OP_INSTANCE_SET_PARAMS\", \"instance_name\": \"web.b\", " rest "}"

START_TEST(hypervisor)
{
    tear_down();
    set_up_with("cluster-drbd.json");
    const char *name = "web.b.example";
    size_t before = cfg_instance_named(lu_harness_cfg(h), name)->hvparams.n;
    lu_harness_ok(h, MODIFY_KVM("\"hvparams\": {\"acpi\": \"false\"}"));
    const struct instance *instance = cfg_instance_named(lu_harness_cfg(h), name);
    ck_assert_uint_eq(instance->hvparams.n, before + 1);
    const struct fact_value *acpi = fact_dict_get(&type_value_map, &instance->hvparams, "acpi");
    ck_assert(acpi != NULL && acpi->kind == JSON_BOOL && !acpi->boolean);
    ck_assert(calls("hypervisor_validate_params n3.example"));
    ck_assert_str_eq(lu_harness_result(h), "[[\"hv/acpi\", \"false\"]]");
    lu_harness_ok(h, MODIFY_KVM("\"hvparams\": {\"acpi\": \"default\"}"));
    ck_assert_uint_eq(cfg_instance_named(lu_harness_cfg(h), name)->hvparams.n, before);
    /* Of another hypervisor, of none, and one that only the cluster has. */
    lu_harness_fails(h, MODIFY_KVM("\"hvparams\": {\"blockdev_prefix\": \"sd\"}"), ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_fails(h, MODIFY_KVM("\"hvparams\": {\"no_such\": 1}"), ERR_TYPE_ENFORCEMENT,
                     ECODE_NONE);
    lu_harness_fails(h, MODIFY_KVM("\"hvparams\": {\"migration_port\": 8102}"), ERR_OP_PREREQ,
                     ECODE_INVAL);
    /* More virtual CPUs than it has, and the sixth CPU of a node with four. */
    lu_harness_fails(h, MODIFY_KVM("\"hvparams\": {\"cpu_mask\": \"0:1:2:3:0:1:2:3\"}"),
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, MODIFY_KVM("\"hvparams\": {\"cpu_mask\": \"0-5\"}"), ERR_OP_PREREQ,
                     ECODE_NORES);
    lu_harness_failure(h, "hypervisor_validate_params", NULL, "no such machine");
    lu_harness_fails(h, MODIFY_KVM("\"hvparams\": {\"acpi\": true}"), ERR_OP_EXEC, ECODE_NONE);
}
END_TEST

START_TEST(operating_system)
{
    lu_harness_ok(h, MODIFY("\"os_name\": \"other\", \"osparams\": {\"a\": \"1\"},"
                            " \"osparams_private\": {\"b\": \"2\"}"));
    ck_assert_str_eq(inst1()->os, "other");
    ck_assert_int_eq((int)inst1()->osparams.n, 1);
    ck_assert_int_eq((int)inst1()->osparams_private.n, 1);
    ck_assert(calls("os_validate node1.lab.example [true, \"other\", [\"parameters\"], {\"a\": "
                    "\"1\", \"b\": \"2\"}"));
    ck_assert_str_eq(lu_harness_result(h), "[[\"os/a\", \"1\"], [\"os_private/b\", \"Private(?, "
                                           "descr='b')\"]]");
    lu_harness_fails(h,
                     MODIFY("\"osparams\": {\"b\": \"1\"}, \"osparams_private\": {\"b\": "
                            "\"2\"}"),
                     ERR_OP_PREREQ, ECODE_NONE);
    lu_harness_failure(h, "os_validate", NULL, "bad");
    lu_harness_fails(h, MODIFY("\"osparams\": {\"a\": \"2\"}"), ERR_OP_EXEC, ECODE_NONE);
    lu_harness_ok(h, MODIFY("\"os_name\": \"third\""));
}
END_TEST

START_TEST(put_away)
{
    lu_harness_ok(h, MODIFY("\"offline\": true"));
    ck_assert_int_eq(inst1()->admin_state, ADMIN_OFFLINE);
    ck_assert_str_eq(lu_harness_result(h), "[[\"admin_state\", \"offline\"]]");
    lu_harness_ok(h, MODIFY("\"offline\": false"));
    ck_assert_int_eq(inst1()->admin_state, ADMIN_DOWN);
    lu_harness_answer(h, "instance_info", NULL, "{\"state\": 0, \"memory\": 128}");
    lu_harness_fails(h, MODIFY("\"offline\": true"), ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_INSTANCE_SET_PARAMS\", \"instance_name\": \"inst2\","
                     " \"offline\": true}",
                     ERR_OP_PREREQ, ECODE_STATE);
}
END_TEST

START_TEST(runtime_memory)
{
    lu_harness_fails(h, MODIFY("\"runtime_mem\": 128"), ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_answer(h, "instance_info", NULL, "{\"state\": 0, \"memory\": 64}");
    lu_harness_ok(h, MODIFY("\"runtime_mem\": 128, \"force\": true"));
    ck_assert(calls("instance_balloon_memory node1.lab.example"));
    ck_assert(calls("\"GANETI_RUNTIME_MEMORY\": \"128\""));
    ck_assert_str_eq(lu_harness_result(h), "[[\"runtime_memory\", 128]]");
    lu_harness_fails(h, MODIFY("\"runtime_mem\": 1000000"), ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, MODIFY("\"runtime_mem\": 1000000, \"force\": true"), ERR_OP_PREREQ,
                     ECODE_NORES);
}
END_TEST

START_TEST(nothing)
{
    lu_harness_fails(h, MODIFY("\"force\": true"), ERR_OP_PREREQ, ECODE_INVAL);
    ck_assert_str_eq(lu_harness_calls(h), "");
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_INSTANCE_SET_PARAMS\", \"instance_name\": \"x\","
                     " \"offline\": true}",
                     ERR_OP_PREREQ, ECODE_NOENT);
}
END_TEST

UNIT_MAIN_FIXTURE("instance-modify", set_up, tear_down, backend, more_memory, hypervisor,
                  operating_system, put_away, runtime_memory, nothing)
