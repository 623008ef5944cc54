/* Migration and failover. */
#include "config.h"

#include <limits.h>
#include <string.h>

#include "base/tests/unit.h"
#include "jobs/lu/tests/lu-harness.h"

#define N1 "00000001-0000-4000-8000-000000000000"
#define N2 "00000002-0000-4000-8000-000000000000"

#define MIGRATE  "{\"OP_ID\": \"OP_INSTANCE_MIGRATE\", \"instance_name\": \"web.a\""
#define FAILOVER "{\"OP_ID\": \"OP_INSTANCE_FAILOVER\", \"instance_name\": \"web.a\""
#define WHOLE    "{\"dev_path\": \"/dev/x\", \"is_degraded\": false, \"ldisk_status\": 1}"
#define DEGRADED "{\"dev_path\": \"/dev/x\", \"is_degraded\": true, \"ldisk_status\": 1}"

static struct lu_harness *h;

/* Everything goes well. */
static struct lu_harness *willing(const char *config)
{
    static const char *const fine[] = {
        "bridges_exist",
        "instance_migratable",
        "instance_balloon_memory",
        "blockdev_close",
        "blockdev_open",
        "blockdev_shutdown",
        "drbd_disconnect_net",
        "drbd_attach_net",
        "accept_instance",
        "instance_migrate",
        "instance_finalize_migration_src",
        "instance_finalize_migration_dst",
        "instance_shutdown",
        "instance_start",
    };
    struct lu_harness *harness = lu_harness_new(config);
    for (size_t i = 0; i < G_N_ELEMENTS(fine); i++) {
        lu_harness_answer(harness, fine[i], NULL, "null");
    }
    lu_harness_answer(harness, "hooks_runner", NULL, "[]");
    lu_harness_answer(harness, "instance_info", NULL, "{\"state\": 0, \"memory\": 512}");
    lu_harness_answer(harness, "node_info", NULL,
                      "[\"boot\", [], [{\"memory_free\": 4096, \"hv_version\": [7, 2]}]]");
    lu_harness_answer(harness, "blockdev_find", NULL, WHOLE);
    lu_harness_answer(harness, "blockdev_assemble", NULL, "[\"/dev/x\", \"/link\", null]");
    lu_harness_answer(harness, "migration_info", NULL, "\"the info\"");
    lu_harness_answer(harness, "drbd_wait_sync", NULL, "[true, 100]");
    lu_harness_answer(harness, "instance_get_migration_status", NULL,
                      "{\"status\": \"completed\", \"total_ram\": 5, \"transferred_ram\": 5}");
    return harness;
}

static void set_up(void)
{
    h = willing("cluster-drbd.json");
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

/* The calls, hooks left out, as lines "CALL NODE". */
static char *calls(void)
{
    return lu_harness_call_names(h, INT_MAX, '\n', NULL);
}

static const struct instance *instance(const char *name)
{
    return cfg_instance_named(lu_harness_cfg(h), name);
}

static void is_on(const char *node_uuid)
{
    ck_assert_str_eq(instance("web.a.example")->primary_node, node_uuid);
}

START_TEST(migrate)
{
    lu_harness_ok(h, MIGRATE "}");
    g_autofree char *made = calls();
    ck_assert_str_eq(made, "node_info n2.example\n"
                           "bridges_exist n2.example\n"
                           "instance_migratable n1.example\n"
                           "instance_info n1.example\n"
                           "node_info n1.example\n"
                           "node_info n2.example\n"
                           /* Two disks, each with data and metadata. */
                           "blockdev_find n2.example\nblockdev_find n2.example\n"
                           "blockdev_find n2.example\nblockdev_find n2.example\n"
                           "blockdev_find n2.example\nblockdev_find n2.example\n"
                           "migration_info n1.example\n"
                           "blockdev_close n2.example\n"
                           "drbd_disconnect_net n1.example\ndrbd_disconnect_net n2.example\n"
                           "drbd_attach_net n1.example\ndrbd_attach_net n2.example\n"
                           "drbd_wait_sync n1.example\ndrbd_wait_sync n2.example\n"
                           "blockdev_open n1.example\n"
                           "blockdev_open n2.example\n"
                           "accept_instance n2.example\n"
                           "instance_migrate n1.example\n"
                           "instance_get_migration_status n1.example\n"
                           "instance_finalize_migration_src n1.example\n"
                           "instance_finalize_migration_dst n2.example\n"
                           "blockdev_close n1.example\n"
                           "drbd_wait_sync n1.example\ndrbd_wait_sync n2.example\n"
                           "drbd_disconnect_net n1.example\ndrbd_disconnect_net n2.example\n"
                           "drbd_attach_net n1.example\ndrbd_attach_net n2.example\n"
                           "drbd_wait_sync n1.example\ndrbd_wait_sync n2.example\n");
    is_on(N2);
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\n"
                                          "instance/web.a.example exclusive\n"
                                          "node-res/" N1 " exclusive\n"
                                          "node-res/" N2 " exclusive\n"
                                          "node/" N1 " exclusive\n"
                                          "node/" N2 " exclusive\n");
    const char *all = lu_harness_calls(h);
    ck_assert_ptr_nonnull(strstr(all, "\"GANETI_MIGRATE_LIVE\": \"True\""));
    ck_assert_ptr_nonnull(strstr(all, "\"GANETI_OLD_PRIMARY\": \"n1.example\""));
    ck_assert_ptr_nonnull(strstr(all, "\"GANETI_NEW_PRIMARY\": \"n2.example\""));
    ck_assert_ptr_nonnull(strstr(all, "\"GANETI_OLD_SECONDARY\": \"n2.example\""));
    ck_assert_ptr_nonnull(strstr(lu_harness_opcode(h), "\"mode\": \"live\""));
}
END_TEST

START_TEST(mode)
{
    lu_harness_ok(h, MIGRATE ", \"mode\": \"non-live\"}");
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "\"GANETI_MIGRATE_LIVE\": \"False\""));
    lu_harness_ok(h, MIGRATE ", \"live\": false}");
    ck_assert_ptr_nonnull(strstr(lu_harness_opcode(h), "\"mode\": \"non-live\""));
    lu_harness_fails(h, MIGRATE ", \"live\": true, \"mode\": \"live\"}", ERR_OP_PREREQ,
                     ECODE_INVAL);
}
END_TEST

START_TEST(not_migratable)
{
    /* A plain disk is on one node only. */
    lu_harness_fails(h, "{\"OP_ID\": \"OP_INSTANCE_MIGRATE\", \"instance_name\": \"web.b\"}",
                     ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_fails(h, MIGRATE ", \"target_node\": \"n3\"}", ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, MIGRATE ", \"iallocator\": \"hail\"}", ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, MIGRATE ", \"target_node\": \"nobody\"}", ERR_OP_PREREQ, ECODE_NOENT);
    lu_harness_fails(h, "{\"OP_ID\": \"OP_INSTANCE_MIGRATE\", \"instance_name\": \"x\"}",
                     ERR_OP_PREREQ, ECODE_NOENT);
    lu_harness_failure(h, "bridges_exist", NULL, "no bridge");
    lu_harness_fails(h, MIGRATE "}", ERR_OP_PREREQ, ECODE_ENVIRON);
    lu_harness_answer(h, "bridges_exist", NULL, "null");
    lu_harness_failure(h, "instance_migratable", NULL, "not running");
    lu_harness_fails(h, MIGRATE "}", ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_answer(h, "instance_migratable", NULL, "null");
    lu_harness_answer(h, "node_info", NULL, "[\"boot\", [], [{\"memory_free\": 1}]]");
    lu_harness_fails(h, MIGRATE "}", ERR_OP_PREREQ, ECODE_NORES);
    is_on(N1);
}
END_TEST

START_TEST(falls_back)
{
    lu_harness_failure(h, "instance_migratable", NULL, "not running");
    lu_harness_ok(h, MIGRATE ", \"allow_failover\": true}");
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "instance_start n2.example"));
    ck_assert_ptr_null(strstr(lu_harness_calls(h), "instance_migrate "));
    is_on(N2);
}
END_TEST

START_TEST(degraded)
{
    lu_harness_answer(h, "blockdev_find", "n2.example", DEGRADED);
    lu_harness_fails(h, MIGRATE "}", ERR_OP_EXEC, ECODE_NONE);
    ck_assert_ptr_null(strstr(lu_harness_calls(h), "migration_info"));
    lu_harness_fails(h, FAILOVER "}", ERR_OP_EXEC, ECODE_NONE);
    is_on(N1);
    lu_harness_ok(h, FAILOVER ", \"ignore_consistency\": true}");
    is_on(N2);
}
END_TEST

START_TEST(versions)
{
    lu_harness_answer(h, "node_info", "n1.example",
                      "[\"boot\", [], [{\"memory_free\": 1, \"hv_version\": [5, 2]}]]");
    lu_harness_ok(h, MIGRATE "}");
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "[5, 2]"));
}
END_TEST

START_TEST(shrinks)
{
    lu_harness_answer(h, "instance_info", NULL, "{\"state\": 0, \"memory\": 8192}");
    lu_harness_fails(h, MIGRATE ", \"allow_runtime_changes\": false}", ERR_OP_EXEC, ECODE_NONE);
    lu_harness_ok(h, MIGRATE "}");
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "instance_balloon_memory n1.example"));
}
END_TEST

/* Whatever was done is undone, and the instance stays where it is. */
static void reverted(void)
{
    const char *all = lu_harness_calls(h);
    ck_assert_ptr_nonnull(strstr(all, "instance_finalize_migration_dst n2.example"));
    ck_assert_ptr_nonnull(strstr(all, "instance_finalize_migration_src n1.example"));
    const char *aborted = strstr(all, "instance_finalize_migration_src");
    ck_assert_ptr_nonnull(strstr(aborted, "blockdev_close n2.example"));
    ck_assert_ptr_nonnull(strstr(aborted, "drbd_attach_net n1.example"));
    is_on(N1);
}

START_TEST(transfer_fails)
{
    lu_harness_failure(h, "accept_instance", NULL, "port in use");
    lu_harness_fails(h, MIGRATE "}", ERR_OP_EXEC, ECODE_NONE);
    ck_assert_ptr_nonnull(strstr(lu_harness_error(h)->message, "port in use"));
    reverted();
    lu_harness_answer(h, "accept_instance", NULL, "null");
    lu_harness_failure(h, "instance_migrate", NULL, "refused");
    lu_harness_fails(h, MIGRATE "}", ERR_OP_EXEC, ECODE_NONE);
    reverted();
    lu_harness_answer(h, "instance_migrate", NULL, "null");
    lu_harness_answer(h, "instance_get_migration_status", NULL, "{\"status\": \"failed\"}");
    lu_harness_fails(h, MIGRATE "}", ERR_OP_EXEC, ECODE_NONE);
    reverted();
    lu_harness_answer(h, "instance_get_migration_status", NULL, "[]");
    lu_harness_fails(h, MIGRATE "}", ERR_OP_EXEC, ECODE_NONE);
    reverted();
}
END_TEST

/* Then nobody can tell where it is: the record stays. */
START_TEST(finish_fails)
{
    lu_harness_failure(h, "instance_finalize_migration_src", NULL, "stuck");
    lu_harness_fails(h, MIGRATE "}", ERR_OP_EXEC, ECODE_NONE);
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "instance_finalize_migration_dst"));
    is_on(N1);
}
END_TEST

START_TEST(cleans_up)
{
    lu_harness_answer(h, "instance_list", NULL, "[]");
    lu_harness_fails(h, MIGRATE ", \"cleanup\": true}", ERR_OP_EXEC, ECODE_NONE);
    lu_harness_answer(h, "instance_list", "n1.example", "[\"web.a.example\"]");
    lu_harness_ok(h, MIGRATE ", \"cleanup\": true}");
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "blockdev_close n2.example"));
    ck_assert_ptr_null(strstr(lu_harness_calls(h), "instance_migratable"));
    is_on(N1);
    lu_harness_answer(h, "instance_list", "n2.example", "[\"web.a.example--incoming\"]");
    lu_harness_fails(h, MIGRATE ", \"cleanup\": true}", ERR_OP_EXEC, ECODE_NONE);
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "instance_finalize_migration_dst"));
    lu_harness_answer(h, "instance_list", "n1.example", "[]");
    lu_harness_ok(h, MIGRATE ", \"cleanup\": true}");
    is_on(N2);
    lu_harness_fails(h, FAILOVER ", \"cleanup\": true}", ERR_OP_PREREQ, ECODE_INVAL);
}
END_TEST

START_TEST(fail_over)
{
    lu_harness_ok(h, FAILOVER ", \"shutdown_timeout\": 7}");
    g_autofree char *made = calls();
    ck_assert_str_eq(made, "node_info n2.example\n"
                           "bridges_exist n2.example\n"
                           "blockdev_find n2.example\nblockdev_find n2.example\n"
                           "blockdev_find n2.example\nblockdev_find n2.example\n"
                           "blockdev_find n2.example\nblockdev_find n2.example\n"
                           "instance_shutdown n1.example\n"
                           "blockdev_shutdown n1.example\nblockdev_shutdown n2.example\n"
                           "blockdev_shutdown n1.example\nblockdev_shutdown n2.example\n"
                           "blockdev_assemble n2.example\nblockdev_assemble n1.example\n"
                           "blockdev_assemble n2.example\nblockdev_assemble n1.example\n"
                           "blockdev_assemble n2.example\nblockdev_assemble n2.example\n"
                           "instance_start n2.example\n");
    is_on(N2);
    ck_assert(instance("web.a.example")->disks_active);
    const char *all = lu_harness_calls(h);
    ck_assert_ptr_nonnull(strstr(all, "\"GANETI_SHUTDOWN_TIMEOUT\": \"7\""));
    ck_assert_ptr_nonnull(strstr(all, "\"GANETI_FAILOVER_CLEANUP\": \"False\""));
}
END_TEST

START_TEST(failover_fails)
{
    lu_harness_failure(h, "instance_shutdown", NULL, "no answer");
    lu_harness_fails(h, FAILOVER "}", ERR_OP_EXEC, ECODE_NONE);
    is_on(N1);
    lu_harness_ok(h, FAILOVER ", \"ignore_consistency\": true}");
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "no answer"));
    is_on(N2);
    lu_harness_answer(h, "instance_shutdown", NULL, "null");
    lu_harness_failure(h, "instance_start", NULL, "no memory");
    lu_harness_fails(h, FAILOVER "}", ERR_OP_EXEC, ECODE_NONE);
    ck_assert(!instance("web.a.example")->disks_active);
    is_on(N1);
}
END_TEST

/* Disks that all nodes see: the administrator, or an allocator, says where to. */
START_TEST(shared_storage)
{
    tear_down();
    h = willing("cluster-3.0.json");
#define INST3 "\"instance_name\": \"inst3\""
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_INSTANCE_FAILOVER\", " INST3 ", \"target_node\": \"node1\"}",
                     ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_INSTANCE_FAILOVER\", " INST3
                     ", \"target_node\": \"node2\", \"iallocator\": \"hail\"}",
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_ok(h,
                  "{\"OP_ID\": \"OP_INSTANCE_FAILOVER\", " INST3 ", \"target_node\": \"node2\"}");
    ck_assert_str_eq(instance("inst3.lab.example")->primary_node,
                     cfg_node_named(lu_harness_cfg(h), "node2.lab.example")->uuid);
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "blockdev_close node1.lab.example"));
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "\"GANETI_OLD_SECONDARY\": \"\""));
    lu_harness_ok(h, "{\"OP_ID\": \"OP_INSTANCE_MIGRATE\", " INST3 ", \"target_node\": \"node3\"}");
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "accept_instance node3.lab.example"));
    ck_assert_ptr_null(strstr(lu_harness_calls(h), "drbd_"));
}
END_TEST

UNIT_MAIN_FIXTURE("instance-migrate", set_up, tear_down, migrate, mode, not_migratable, falls_back,
                  degraded, versions, shrinks, transfer_fails, finish_fails, cleans_up, fail_over,
                  failover_fails, shared_storage)
