/* Disks made anew, operating systems installed again. */
#include "config.h"

#include <string.h>

#include "base/tests/unit.h"
#include "jobs/lu/tests/lu-harness.h"

#define N1 "00000001-0000-4000-8000-000000000000"
#define N2 "00000002-0000-4000-8000-000000000000"
#define N3 "00000003-0000-4000-8000-000000000000"

static struct lu_harness *h;

static void set_up(void)
{
    static const char *const fine[] = {"blockdev_create",         "blockdev_remove",
                                       "blockdev_shutdown",       "file_storage_dir_create",
                                       "instance_shutdown",       "instance_os_add",
                                       "instance_metadata_modify"};
    h = lu_harness_new("cluster-drbd.json");
    for (size_t i = 0; i < G_N_ELEMENTS(fine); i++) {
        lu_harness_answer(h, fine[i], NULL, "null");
    }
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
    lu_harness_answer(h, "instance_info", NULL, "{}");
    lu_harness_answer(h, "os_validate", NULL, "true");
    lu_harness_answer(h, "blockdev_assemble", NULL, "[\"/dev/x\", \"/link\", null]");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_INSTANCE_SHUTDOWN\", \"instance_name\": \"web.a\"}");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_INSTANCE_SHUTDOWN\", \"instance_name\": \"web.b\"}");
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

static const struct instance *instance(const char *name)
{
    return cfg_instance_named(lu_harness_cfg(h), name);
}

static const struct disk *disk(const char *name, size_t index)
{
    return cfg_instance_disks(lu_harness_cfg(h), instance(name)).v[index];
}

/* "CALL NODE ", hooks left out. */
static char *calls(void)
{
    return lu_harness_call_names(h, 2, ' ', NULL);
}

/* --- OP_INSTANCE_RECREATE_DISKS ----------------------------------------------------------------
 */
#define RECREATE "{\"OP_ID\": \"OP_INSTANCE_RECREATE_DISKS\", \"instance_name\": \"web.a\""

START_TEST(recreate_all)
{
    lu_harness_ok(h, RECREATE "}");
    g_autofree char *made = calls();
    /* Data, metadata and the mirror, on both nodes, of two disks. */
    ck_assert_str_eq(made, "instance_info n1 "
                           "blockdev_create n1 blockdev_create n1 blockdev_create n1 "
                           "blockdev_create n2 blockdev_create n2 blockdev_create n2 "
                           "blockdev_create n1 blockdev_create n1 blockdev_create n1 "
                           "blockdev_create n2 blockdev_create n2 blockdev_create n2 ");
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\ninstance/web.a.example exclusive\n"
                                          "node-res/" N1 " exclusive\nnode-res/" N2 " exclusive\n"
                                          "node/" N1 " exclusive\nnode/" N2 " exclusive\n");
    ck_assert_str_eq(lu_harness_result(h), "null");
}
END_TEST

START_TEST(recreate_some)
{
    int64_t size = disk("web.a.example", 1)->size;
    lu_harness_ok(h, RECREATE ", \"disks\": [[1, {\"size\": 2048, \"mode\": \"ro\"}]]}");
    g_autofree char *made = calls();
    ck_assert_str_eq(made, "instance_info n1 "
                           "blockdev_create n1 blockdev_create n1 blockdev_create n1 "
                           "blockdev_create n2 blockdev_create n2 blockdev_create n2 ");
    const struct disk *now = disk("web.a.example", 1);
    ck_assert_int_ne(size, 2048);
    ck_assert_int_eq(now->size, 2048);
    ck_assert_int_eq(now->mode, DISK_MODE_RO);
    ck_assert_int_eq(now->children.v[0].size, 2048);
    /* Numbers alone, as old clients write them. */
    lu_harness_ok(h, RECREATE ", \"disks\": [1, 0, 1]}");
    ck_assert_ptr_nonnull(strstr(lu_harness_opcode(h), "\"disks\": [[0, {}], [1, {}]]"));
}
END_TEST

START_TEST(recreate_elsewhere)
{
    lu_harness_ok(h, RECREATE ", \"nodes\": [\"n3\", \"n1\"]}");
    ck_assert_str_eq(instance("web.a.example")->primary_node, N3);
    const struct disk *now = disk("web.a.example", 0);
    ck_assert_str_eq(now->logical_id.v[0].text, N3);
    ck_assert_str_eq(now->logical_id.v[1].text, N1);
    ck_assert_int_eq(now->logical_id.v[2].integer, 11000);
    ck_assert_str_eq(now->nodes.v[0], N3);
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\ninstance/web.a.example exclusive\n"
                                          "node-res/" N1 " exclusive\nnode-res/" N3 " exclusive\n"
                                          "node/" N1 " exclusive\nnode/" N3 " exclusive\n");
    ck_assert_ptr_nonnull(strstr(lu_harness_opcode(h), "\"node_uuids\": [\"" N3 "\", \"" N1 "\"]"));
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "remove by hand"));
}
END_TEST

START_TEST(recreate_allocated)
{
    lu_harness_answer(h, "node_info", NULL,
                      "[\"boot\", [{\"type\": \"lvm-vg\", \"name\": \"xenvg\", \"storage_free\":"
                      " 90000, \"storage_size\": 100000}], [{\"memory_free\": 4096,"
                      " \"memory_total\": 8192, \"memory_dom0\": 100, \"cpu_total\": 4,"
                      " \"cpu_nodes\": 1, \"cpu_sockets\": 1, \"cpu_dom0\": 1}]]");
    lu_harness_answer(h, "all_instances_info", NULL, "{}");
    lu_harness_answer(h, "iallocator_runner", NULL,
                      "\"{\\\"success\\\": true, \\\"info\\\": \\\"\\\","
                      " \\\"result\\\": [\\\"n2.example\\\", \\\"n3.example\\\"]}\"");
    lu_harness_ok(h, RECREATE ", \"iallocator\": \"hail\"}");
    ck_assert_str_eq(instance("web.a.example")->primary_node, N2);
    /* The whole group is locked, and given back but for the nodes that were chosen. */
    ck_assert_ptr_nonnull(strstr(lu_harness_locks(h), "nodegroup/"));
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "n2.example, n3.example"));
}
END_TEST

START_TEST(recreate_refused)
{
    lu_harness_fails(h, RECREATE ", \"disks\": [7]}", ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, RECREATE ", \"disks\": [[0, {}], [0, {}]]}", ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, RECREATE ", \"disks\": [[0, {\"vg\": \"x\"}]]}", ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_fails(h, RECREATE ", \"disks\": [[0, {\"colour\": \"x\"}]]}", ERR_TYPE_ENFORCEMENT,
                     ECODE_NONE);
    lu_harness_fails(h, RECREATE ", \"disks\": [[0, {\"spindles\": 2}]]}", ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_fails(h, RECREATE ", \"nodes\": [\"n3\"]}", ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, RECREATE ", \"disks\": [0], \"nodes\": [\"n3\", \"n1\"]}", ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_fails(h, RECREATE ", \"nodes\": [\"n3\", \"n1\"], \"iallocator\": \"hail\"}",
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_answer(h, "instance_info", NULL, "{\"state\": 0}");
    lu_harness_fails(h, RECREATE "}", ERR_OP_PREREQ, ECODE_STATE);
}
END_TEST

START_TEST(recreate_fails)
{
    lu_harness_failure(h, "blockdev_create", "n2.example", "no space");
    lu_harness_fails(h, RECREATE "}", ERR_OP_EXEC, ECODE_NONE);
    g_autofree char *made = calls();
    ck_assert_str_eq(made, "instance_info n1 "
                           "blockdev_create n1 blockdev_create n1 blockdev_create n1 "
                           "blockdev_create n2 blockdev_remove n1 ");
}
END_TEST

/* --- OP_INSTANCE_REINSTALL ---------------------------------------------------------------------
 */
#define REINSTALL "{\"OP_ID\": \"OP_INSTANCE_REINSTALL\", \"instance_name\": \"web.b\""

START_TEST(reinstall)
{
    lu_harness_ok(h, REINSTALL "}");
    static const char first[] = "instance_info n3 os_validate n3 blockdev_assemble n3 "
                                "blockdev_assemble n3 instance_os_add n3 ";
    g_autofree char *made = calls();
    ck_assert(g_str_has_prefix(made, first));
    ck_assert(g_str_has_suffix(made, "blockdev_shutdown n3 "));
    ck_assert(!instance("web.b.example")->disks_active);
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\ninstance/web.b.example exclusive\n");
}
END_TEST

START_TEST(reinstall_other)
{
    lu_harness_ok(h, REINSTALL ", \"osparams\": {\"a\": \"1\", \"b\": \"2\"}}");
    lu_harness_ok(h, REINSTALL ", \"os_type\": \"noop\", \"osparams\": {\"b\": \"default\", \"c\":"
                               " \"3\"}, \"osparams_secret\": {\"s\": \"hush\"}}");
    const struct instance *now = instance("web.b.example");
    ck_assert_str_eq(now->os, "noop");
    /* What is not named stays; secrets are not kept. */
    ck_assert_uint_eq(now->osparams.n, 2);
    ck_assert_str_eq(now->osparams.v[0].key, "a");
    ck_assert_str_eq(now->osparams.v[1].key, "c");
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "\"s\": \"hush\""));
    lu_harness_ok(h, REINSTALL "}");
    ck_assert_uint_eq(instance("web.b.example")->osparams.n, 2);
}
END_TEST

START_TEST(reinstall_refused)
{
    lu_harness_fails(h, REINSTALL ", \"osparams\": {\"os-image\": \"/x\"}}", ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_failure(h, "os_validate", NULL, "bad");
    lu_harness_fails(h, REINSTALL "}", ERR_OP_EXEC, ECODE_NONE);
    lu_harness_answer(h, "instance_info", NULL, "{\"state\": 0}");
    lu_harness_fails(h, REINSTALL "}", ERR_OP_PREREQ, ECODE_STATE);
}
END_TEST

START_TEST(reinstall_fails)
{
    lu_harness_failure(h, "instance_os_add", NULL, "script failed");
    lu_harness_fails(h, REINSTALL "}", ERR_OP_EXEC, ECODE_NONE);
    ck_assert(!instance("web.b.example")->disks_active);
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "blockdev_shutdown"));
}
END_TEST

UNIT_MAIN_FIXTURE("instance-rebuild", set_up, tear_down, recreate_all, recreate_some,
                  recreate_elsewhere, recreate_allocated, recreate_refused, recreate_fails,
                  reinstall, reinstall_other, reinstall_refused, reinstall_fails)
