/* Starting, stopping and rebooting instances. */
#include "config.h"

#include <string.h>

#include "base/tests/unit.h"
#include "jobs/lu/tests/lu-harness.h"

static struct lu_harness *h;

static void set_up(void)
{
    h = lu_harness_new("cluster-3.0.json");
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
    lu_harness_answer(h, "bridges_exist", NULL, "null");
    lu_harness_answer(h, "instance_info", NULL, "{}");
    lu_harness_answer(h, "node_info", NULL, "[\"boot\", [], [{\"memory_free\": 500}]]");
    lu_harness_answer(h, "blockdev_assemble", NULL, "[\"/dev/x\", \"/link\", null]");
    lu_harness_answer(h, "blockdev_shutdown", NULL, "null");
    lu_harness_answer(h, "instance_start", NULL, "null");
    lu_harness_answer(h, "instance_shutdown", NULL, "null");
    lu_harness_answer(h, "instance_reboot", NULL, "null");
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

/* The names of the calls, hooks left out, as "a b c ". */
static char *call_names(void)
{
    g_auto(GStrv) lines = g_strsplit(lu_harness_calls(h), "\n", -1);
    g_autoptr(GString) names = g_string_new(NULL);
    for (size_t i = 0; lines[i] != NULL && *lines[i] != '\0'; i++) {
        if (!g_str_has_prefix(lines[i], "hooks_runner")) {
            g_string_append_len(names, lines[i], strchr(lines[i], ' ') - lines[i] + 1);
        }
    }
    return g_string_free(g_steal_pointer(&names), FALSE);
}

static const struct instance *instance(const char *name)
{
    return cfg_instance_named(lu_harness_cfg(h), name);
}

START_TEST(start_and_stop)
{
    int64_t serial = instance("inst2.lab.example")->serial_no;
    lu_harness_ok(h, "{\"OP_ID\": \"OP_INSTANCE_SHUTDOWN\", \"instance_name\": \"inst2\"}");
    ck_assert_str_eq(lu_harness_locks(h),
                     "cluster/BGL shared\ninstance/inst2.lab.example exclusive\n");
    g_autofree char *stopped = call_names();
    ck_assert_str_eq(stopped, "instance_shutdown blockdev_shutdown ");
    ck_assert_int_eq(instance("inst2.lab.example")->admin_state, ADMIN_DOWN);
    ck_assert(!instance("inst2.lab.example")->disks_active);
    /* One change for the state, one for the disks. */
    ck_assert_int_eq(instance("inst2.lab.example")->serial_no, serial + 2);

    lu_harness_ok(h, "{\"OP_ID\": \"OP_INSTANCE_STARTUP\", \"instance_name\": \"inst2\"}");
    g_autofree char *started = call_names();
    ck_assert_str_eq(started, "bridges_exist instance_info node_info blockdev_assemble "
                              "blockdev_assemble instance_start ");
    ck_assert_int_eq(instance("inst2.lab.example")->admin_state, ADMIN_UP);
    ck_assert(instance("inst2.lab.example")->disks_active);
    const char *calls = lu_harness_calls(h);
    ck_assert_ptr_nonnull(strstr(calls, "\"GANETI_INSTANCE_NAME\": \"inst2.lab.example\""));
    ck_assert_ptr_nonnull(strstr(calls, "\"GANETI_INSTANCE_DISK0_SIZE\": "));
    ck_assert_ptr_nonnull(strstr(calls, "\"GANETI_INSTANCE_BE_auto_balance\": \"True\""));
    ck_assert_ptr_nonnull(strstr(calls, "\"GANETI_FORCE\": \"False\""));
    /* They run on the master and on the primary node. */
    ck_assert_ptr_nonnull(strstr(calls, "hooks_runner node1.lab.example"));
    ck_assert_ptr_nonnull(strstr(calls, "hooks_runner node2.lab.example"));
}
END_TEST

START_TEST(not_enough_memory)
{
    lu_harness_answer(h, "node_info", NULL, "[\"boot\", [], [{\"memory_free\": 5}]]");
    lu_harness_fails(h, "{\"OP_ID\": \"OP_INSTANCE_STARTUP\", \"instance_name\": \"inst1\"}",
                     ERR_OP_PREREQ, ECODE_NORES);
    lu_harness_answer(h, "node_info", NULL, "[\"boot\", []]");
    lu_harness_fails(h, "{\"OP_ID\": \"OP_INSTANCE_STARTUP\", \"instance_name\": \"inst1\"}",
                     ERR_OP_PREREQ, ECODE_ENVIRON);
}
END_TEST

START_TEST(start_fails)
{
    lu_harness_failure(h, "instance_start", NULL, "no such kernel");
    lu_harness_fails(h, "{\"OP_ID\": \"OP_INSTANCE_STARTUP\", \"instance_name\": \"inst2\"}",
                     ERR_OP_EXEC, ECODE_NONE);
    ck_assert_ptr_nonnull(strstr(lu_harness_error(h)->message, "no such kernel"));
    /* What was assembled is undone; that it shall run stays recorded. */
    ck_assert(!instance("inst2.lab.example")->disks_active);
    ck_assert_int_eq(instance("inst2.lab.example")->admin_state, ADMIN_UP);
}
END_TEST

START_TEST(disks_fail)
{
    lu_harness_failure(h, "blockdev_assemble", NULL, "no such file");
    lu_harness_fails(h, "{\"OP_ID\": \"OP_INSTANCE_STARTUP\", \"instance_name\": \"inst2\"}",
                     ERR_OP_EXEC, ECODE_NONE);
    ck_assert(!instance("inst2.lab.example")->disks_active);
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "no such file"));
    ck_assert_ptr_null(strstr(lu_harness_calls(h), "instance_start"));
}
END_TEST

START_TEST(parameters_of_a_start)
{
    lu_harness_answer(h, "hypervisor_validate_params", NULL, "null");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_INSTANCE_STARTUP\", \"instance_name\": \"inst1\","
                     " \"hvparams\": {\"migration_mode\": \"non-live\"},"
                     " \"beparams\": {\"maxmem\": \"1G\"}}");
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "\"maxmem\": 1024"));
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_INSTANCE_STARTUP\", \"instance_name\": \"inst1\","
                     " \"hvparams\": {\"kernel_path\": \"/x\"}}",
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_INSTANCE_STARTUP\", \"instance_name\": \"inst1\","
                     " \"hvparams\": {\"no_such\": 1}}",
                     ERR_TYPE_ENFORCEMENT, ECODE_NONE);
}
END_TEST

START_TEST(reboots)
{
    lu_harness_answer(h, "instance_info", NULL, "{\"state\": 0}");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_INSTANCE_REBOOT\", \"instance_name\": \"inst2\","
                     " \"reboot_type\": \"hard\"}");
    g_autofree char *hard = call_names();
    ck_assert_str_eq(hard, "bridges_exist instance_info instance_reboot ");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_INSTANCE_REBOOT\", \"instance_name\": \"inst2\","
                     " \"reboot_type\": \"full\"}");
    g_autofree char *full = call_names();
    ck_assert_str_eq(full, "bridges_exist instance_info instance_shutdown blockdev_shutdown "
                           "blockdev_assemble blockdev_assemble instance_start ");
    ck_assert_int_eq(instance("inst2.lab.example")->admin_state, ADMIN_UP);
}
END_TEST

START_TEST(offline_instance)
{
    const char *name = NULL;
    for (size_t i = 0; i < cfg_instance_count(lu_harness_cfg(h)); i++) {
        const struct instance *one = cfg_instance_at(lu_harness_cfg(h), i);
        name = one->admin_state == ADMIN_OFFLINE ? one->name : name;
    }
    ck_assert_ptr_nonnull(name);
    g_autofree char *opcode =
        g_strdup_printf("{\"OP_ID\": \"OP_INSTANCE_STARTUP\", \"instance_name\": \"%s\"}", name);
    lu_harness_fails(h, opcode, ERR_OP_PREREQ, ECODE_STATE);
}
END_TEST

UNIT_MAIN_FIXTURE("instance-run", set_up, tear_down, start_and_stop, not_enough_memory, start_fails,
                  disks_fail, parameters_of_a_start, reboots, offline_instance)
