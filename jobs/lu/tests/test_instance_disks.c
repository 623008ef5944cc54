/* Disks of instances: made usable, shut down, and gone with the instance. */
#include "config.h"

#include <string.h>

#include "base/tests/unit.h"
#include "jobs/lu/tests/lu-harness.h"

static struct lu_harness *h;

static void begin(const char *config)
{
    g_clear_pointer(&h, lu_harness_free);
    h = lu_harness_new(config);
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
    lu_harness_answer(h, "instance_info", NULL, "{}");
    lu_harness_answer(h, "blockdev_assemble", NULL, "[\"/dev/x\", \"/link\", null]");
    lu_harness_answer(h, "blockdev_shutdown", NULL, "null");
    lu_harness_answer(h, "blockdev_remove", NULL, "null");
    lu_harness_answer(h, "file_storage_dir_remove", NULL, "null");
    lu_harness_answer(h, "instance_shutdown", NULL, "null");
}

static void set_up(void)
{
    begin("cluster-3.0.json");
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

/* "CALL NODE ", hooks left out. */
static char *call_names(void)
{
    return lu_harness_call_names(h, 5, ' ', NULL);
}

static const struct instance *instance(const char *name)
{
    return cfg_instance_named(lu_harness_cfg(h), name);
}

START_TEST(activate)
{
    lu_harness_ok(h, "{\"OP_ID\": \"OP_INSTANCE_ACTIVATE_DISKS\", \"instance_name\": \"inst4\"}");
    ck_assert_str_eq(lu_harness_result(h), "[[\"node3.lab.example\", \"disk/0\", \"/dev/x\"]]");
    ck_assert_str_eq(lu_harness_locks(h),
                     "cluster/BGL shared\ninstance/inst4.lab.example exclusive\n"
                     "node/7567f5c7-c01b-4b25-a523-a52717681c80 exclusive\n");
    ck_assert(instance("inst4.lab.example")->disks_active);
    g_autofree char *calls = call_names();
    ck_assert_str_eq(calls, "blockdev_assemble node3 blockdev_assemble node3 ");
}
END_TEST

START_TEST(activate_fails)
{
    lu_harness_failure(h, "blockdev_assemble", NULL, "no such file");
    lu_harness_fails(h, "{\"OP_ID\": \"OP_INSTANCE_ACTIVATE_DISKS\", \"instance_name\": \"inst4\"}",
                     ERR_OP_EXEC, ECODE_NONE);
    ck_assert(!instance("inst4.lab.example")->disks_active);
    lu_harness_fails(h, "{\"OP_ID\": \"OP_INSTANCE_ACTIVATE_DISKS\", \"instance_name\": \"no\"}",
                     ERR_OP_PREREQ, ECODE_NOENT);
}
END_TEST

START_TEST(activate_and_wait)
{
    static const char op[] = "{\"OP_ID\": \"OP_INSTANCE_ACTIVATE_DISKS\", \"instance_name\":"
                             " \"web.a.example\", \"wait_for_sync\": true}";
    begin("cluster-drbd.json");
    lu_harness_answer(h, "blockdev_getmirrorstatus", NULL,
                      "[{\"sync_percent\": null, \"is_degraded\": false, \"estimated_time\": null},"
                      " {\"sync_percent\": null, \"is_degraded\": false}]");
    lu_harness_ok(h, op);
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "are in sync"));
    lu_harness_answer(h, "blockdev_getmirrorstatus", NULL,
                      "[{\"sync_percent\": null, \"is_degraded\": true}, null]");
    lu_harness_fails(h, op, ERR_OP_EXEC, ECODE_NONE);
    ck_assert(!instance("web.a.example")->disks_active);
    lu_harness_failure(h, "blockdev_getmirrorstatus", NULL, "away");
    lu_harness_fails(h, op, ERR_REMOTE, ECODE_NONE);
}
END_TEST

START_TEST(deactivate)
{
    static const char op[] =
        "{\"OP_ID\": \"OP_INSTANCE_DEACTIVATE_DISKS\", \"instance_name\": \"inst4\"}";
    lu_harness_ok(h, op);
    ck_assert_str_eq(lu_harness_result(h), "null");
    g_autofree char *calls = call_names();
    ck_assert_str_eq(calls, "instance_info node3 blockdev_shutdown node3 ");
    lu_harness_answer(h, "instance_info", NULL, "{\"state\": 0}");
    lu_harness_fails(h, op, ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_ok(h, "{\"OP_ID\": \"OP_INSTANCE_DEACTIVATE_DISKS\", \"instance_name\": \"inst4\","
                     " \"force\": true}");
}
END_TEST

START_TEST(remove_file)
{
    size_t disks = cfg_disk_count(lu_harness_cfg(h));
    lu_harness_ok(h, "{\"OP_ID\": \"OP_INSTANCE_REMOVE\", \"instance_name\": \"inst2\"}");
    g_autofree char *calls = call_names();
    ck_assert_str_eq(calls, "instance_shutdown node2 blockdev_remove node2 "
                            "file_storage_dir_remove node2 ");
    ck_assert_str_eq(lu_harness_locks(h),
                     "cluster/BGL shared\ninstance/inst2.lab.example exclusive\n"
                     "node-res/40eeb2cf-b682-45b3-9a33-cc80759e3e20 exclusive\n"
                     "node/40eeb2cf-b682-45b3-9a33-cc80759e3e20 exclusive\n");
    ck_assert_ptr_null(instance("inst2.lab.example"));
    ck_assert_uint_eq(cfg_disk_count(lu_harness_cfg(h)), disks - 1);
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "\"GANETI_SHUTDOWN_TIMEOUT\": \"120\""));
}
END_TEST

START_TEST(remove_gives_back)
{
    begin("cluster-drbd.json");
    size_t ports = cfg_cluster(lu_harness_cfg(h))->tcpudp_port_pool.n;
    lu_harness_ok(h, "{\"OP_ID\": \"OP_INSTANCE_REMOVE\", \"instance_name\": \"web.a.example\"}");
    /* Two DRBD disks and the console. */
    ck_assert_uint_eq(cfg_cluster(lu_harness_cfg(h))->tcpudp_port_pool.n, ports + 3);
    g_autofree char *calls = call_names();
    ck_assert_str_eq(calls, "instance_shutdown n1.ex blockdev_remove n1.ex blockdev_remove n2.ex "
                            "blockdev_remove n1.ex blockdev_remove n2.ex ");
}
END_TEST

START_TEST(remove_address)
{
    const struct cfg *cfg = lu_harness_cfg(h);
    g_autofree char *before = g_strdup(cfg_network_named(cfg, "netA")->reservations);
    lu_harness_ok(h, "{\"OP_ID\": \"OP_INSTANCE_REMOVE\", \"instance_name\": \"inst3\"}");
    ck_assert_str_ne(cfg_network_named(lu_harness_cfg(h), "netA")->reservations, before);
}
END_TEST

START_TEST(remove_fails)
{
    lu_harness_failure(h, "blockdev_remove", NULL, "in use");
    lu_harness_fails(h, "{\"OP_ID\": \"OP_INSTANCE_REMOVE\", \"instance_name\": \"inst2\"}",
                     ERR_OP_EXEC, ECODE_NONE);
    ck_assert_ptr_nonnull(instance("inst2.lab.example"));
    lu_harness_failure(h, "instance_shutdown", NULL, "hangs");
    lu_harness_fails(h, "{\"OP_ID\": \"OP_INSTANCE_REMOVE\", \"instance_name\": \"inst2\"}",
                     ERR_OP_EXEC, ECODE_NONE);
    lu_harness_ok(h, "{\"OP_ID\": \"OP_INSTANCE_REMOVE\", \"instance_name\": \"inst2\","
                     " \"ignore_failures\": true}");
    ck_assert_ptr_null(instance("inst2.lab.example"));
}
END_TEST

START_TEST(grow)
{
    static const char op[] = "{\"OP_ID\": \"OP_INSTANCE_GROW_DISK\", \"instance_name\": \"inst4\","
                             " \"disk\": %d, \"amount\": %d, \"absolute\": %s}";
    lu_harness_answer(h, "blockdev_grow", NULL, "null");
    lu_harness_answer(h, "blockdev_getmirrorstatus", NULL, "[]");
    g_autofree char *good = g_strdup_printf(op, 0, 4, "false");
    lu_harness_ok(h, good);
    g_autofree char *calls = call_names();
    ck_assert_str_eq(calls, "blockdev_assemble node3 blockdev_assemble node3 blockdev_grow node3 "
                            "blockdev_grow node3 blockdev_grow node3 "
                            "blockdev_getmirrorstatus node3 instance_info node3 "
                            "blockdev_shutdown node3 ");
    struct cfg_disks disks = cfg_instance_disks(lu_harness_cfg(h), instance("inst4.lab.example"));
    ck_assert_int_eq(disks.v[0]->size, 12);
    g_autofree char *smaller = g_strdup_printf(op, 0, 4, "true");
    lu_harness_fails(h, smaller, ERR_OP_PREREQ, ECODE_STATE);
    g_autofree char *none = g_strdup_printf(op, 7, 4, "false");
    lu_harness_fails(h, none, ERR_OP_PREREQ, ECODE_INVAL);
    g_autofree char *huge = g_strdup_printf(op, 0, 2000000, "false");
    lu_harness_fails(h, huge, ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_failure(h, "blockdev_grow", NULL, "no space");
    lu_harness_fails(h, good, ERR_OP_EXEC, ECODE_NONE);
}
END_TEST

START_TEST(rename_file)
{
    static const char op[] = "{\"OP_ID\": \"OP_INSTANCE_RENAME\", \"instance_name\": \"%s\","
                             " \"new_name\": \"%s\", \"name_check\": false, \"ip_check\": %s}";
    lu_harness_answer(h, "file_storage_dir_rename", NULL, "null");
    lu_harness_answer(h, "blockdev_setinfo", NULL, "null");
    lu_harness_answer(h, "instance_run_rename", NULL, "null");
    g_autofree char *good = g_strdup_printf(op, "inst4", "other.lab.example", "false");
    lu_harness_ok(h, good);
    ck_assert_str_eq(lu_harness_result(h), "\"other.lab.example\"");
    g_autofree char *calls = call_names();
    ck_assert_str_eq(calls, "instance_info node3 file_storage_dir_rename node3 "
                            "blockdev_assemble node3 blockdev_assemble node3 "
                            "blockdev_setinfo node3 instance_run_rename node3 "
                            "blockdev_shutdown node3 ");
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\n"
                                          "instance/inst4.lab.example exclusive\n"
                                          "instance/other.lab.example exclusive\n");
    ck_assert_ptr_null(instance("inst4.lab.example"));
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "/file-storage/other.lab.example/"));
    g_autofree char *taken = g_strdup_printf(op, "other", "inst1.lab.example", "false");
    lu_harness_fails(h, taken, ERR_OP_PREREQ, ECODE_EXISTS);
    g_autofree char *unchecked = g_strdup_printf(op, "other", "x.lab.example", "true");
    lu_harness_fails(h, unchecked, ERR_OP_PREREQ, ECODE_INVAL);
    g_autofree char *up = g_strdup_printf(op, "inst2", "x.lab.example", "false");
    lu_harness_fails(h, up, ERR_OP_PREREQ, ECODE_STATE);
}
END_TEST

UNIT_MAIN_FIXTURE("instance-disks", set_up, tear_down, activate, activate_fails, activate_and_wait,
                  deactivate, remove_file, remove_gives_back, remove_address, remove_fails, grow,
                  rename_file)
