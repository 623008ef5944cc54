/* Units about the cluster as a whole, and the disks of a group. */
#include "config.h"

#include <string.h>

#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "jobs/lu/tests/lu-harness.h"

#define DRBD_NODE "-0000-4000-8000-000000000000"

static struct lu_harness *h;

/* The node's files are those of a virtual cluster: a test touches nothing of the machine. */
static void set_up(void)
{
    g_autofree char *root = g_build_filename(g_getenv("TEST_TMPDIR"), "n1.example", NULL);

    g_setenv("GANETI_ROOTDIR", root, TRUE);
    g_setenv("GANETI_HOSTNAME", "n1.example", TRUE);
    h = lu_harness_new("cluster-drbd.json");
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
    lu_harness_answer(h, "drbd_needs_activation", NULL, "[]");
    lu_harness_answer(h, "lv_list", "n1.example",
                      "{\"xenvg/x1_data\": [\"1\", false, true], \"xenvg/x1_meta\": [\"1\", false, "
                      "true], \"xenvg/x2_data\": [\"1\", false, true], \"xenvg/x2_meta\": [\"1\", "
                      "false, true]}");
    lu_harness_answer(h, "lv_list", "n2.example",
                      "{\"xenvg/x1_data\": [\"1\", false, true], \"xenvg/x1_meta\": [\"1\", false, "
                      "true], \"xenvg/x2_data\": [\"1\", false, true], \"xenvg/x2_meta\": [\"1\", "
                      "false, true]}");
    lu_harness_answer(h, "lv_list", "n3.example", "{\"xenvg/y_data\": [\"1\", false, true]}");
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

static const char disks[] = "{\"OP_ID\": \"OP_GROUP_VERIFY_DISKS\", \"group_name\": \"default\"}";
static const char strict[] = "{\"OP_ID\": \"OP_GROUP_VERIFY_DISKS\", \"group_name\": \"default\", "
                             "\"is_strict\": true}";

START_TEST(disks_are_well)
{
    lu_harness_ok(h, disks);
    ck_assert_str_eq(lu_harness_result(h), "[{}, [], {}]");
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "lv_list n1.example [[]]"));
    ck_assert_ptr_nonnull(strstr(lu_harness_locks(h), "instance/web.a.example shared"));
    ck_assert_ptr_nonnull(strstr(lu_harness_locks(h), "nodegroup/"));
    lu_harness_ok(h, strict);
    ck_assert_str_eq(lu_harness_result(h), "[{}, [], {}]");
}
END_TEST

START_TEST(volumes_missing_or_inactive)
{
    lu_harness_answer(h, "lv_list", "n3.example", "{}");
    lu_harness_ok(h, disks);
    ck_assert_str_eq(lu_harness_result(h), "[{}, [], {\"web.b.example\": [[\"00000003" DRBD_NODE
                                           "\", \"xenvg/y_data\"]]}]");
    lu_harness_answer(h, "lv_list", "n3.example", "{\"xenvg/y_data\": [\"1\", true, false]}");
    lu_harness_ok(h, disks);
    ck_assert_str_eq(lu_harness_result(h), "[{}, [\"web.b.example\"], {}]");
}
END_TEST

START_TEST(mirrors_to_activate)
{
    lu_harness_answer(h, "drbd_needs_activation", "n2.example",
                      "[\"d0000001" DRBD_NODE "\", \"unknown\"]");
    lu_harness_ok(h, disks);
    ck_assert_str_eq(lu_harness_result(h), "[{}, [\"web.a.example\"], {}]");
    lu_harness_failure(h, "drbd_needs_activation", "n2.example", "no drbd");
    lu_harness_ok(h, disks);
    ck_assert_ptr_nonnull(strstr(lu_harness_result(h), "[{\"00000002" DRBD_NODE "\": "));
    lu_harness_fails(h, "{\"OP_ID\": \"OP_GROUP_VERIFY_DISKS\", \"group_name\": \"nowhere\"}",
                     ERR_OP_PREREQ, ECODE_NOENT);
}
END_TEST

START_TEST(master_address)
{
    lu_harness_answer(h, "node_activate_master_ip", NULL, "null");
    lu_harness_failure(h, "node_deactivate_master_ip", NULL, "no such address");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_CLUSTER_ACTIVATE_MASTER_IP\"}");
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "node_activate_master_ip "));
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), ", false]\n"));
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL exclusive\n");
    lu_harness_fails(h, "{\"OP_ID\": \"OP_CLUSTER_DEACTIVATE_MASTER_IP\"}", ERR_OP_EXEC,
                     ECODE_NONE);
}
END_TEST

START_TEST(hooks_of_a_new_cluster)
{
    lu_harness_ok(h, "{\"OP_ID\": \"OP_CLUSTER_POST_INIT\"}");
    ck_assert_str_eq(lu_harness_result(h), "true");
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "hooks_runner n1.example [\"cluster-init\", "
                                                      "\"post\""));
}
END_TEST

START_TEST(configuration_goes_out)
{
    int64_t serial = cfg_serial(lu_harness_cfg(h));
    const char *key = path_get(PATH_CONFD_HMAC_KEY);
    g_autofree char *dir = g_path_get_dirname(key);
    bool made = g_mkdir_with_parents(dir, 0700) == 0 && g_file_set_contents(key, "key", 3, NULL);
    lu_harness_answer(h, "upload_file", "n2.example", "null");
    lu_harness_failure(h, "upload_file", "n3.example", "disk full");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_CLUSTER_REDIST_CONF\"}");
    ck_assert_int_eq(cfg_serial(lu_harness_cfg(h)), serial + 1);
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\nnode/[lockset] shared\n");
    if (made) {
        ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "upload_file n2.example"));
        ck_assert_ptr_null(strstr(lu_harness_calls(h), "upload_file n1.example"));
        ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "WARNING"));
    }
}
END_TEST

START_TEST(sizes_are_corrected)
{
    lu_harness_failure(h, "blockdev_getdimensions", "n1.example", "no answer");
    lu_harness_answer(h, "blockdev_getdimensions", "n3.example", "[[4294967296, null]]");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_CLUSTER_REPAIR_DISK_SIZES\"}");
    ck_assert_str_eq(lu_harness_result(h), "[[\"web.b.example\", 0, \"size\", 4096]]");
    ck_assert_int_eq(cfg_disk_get(lu_harness_cfg(h), "d0000003" DRBD_NODE)->size, 4096);
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\ninstance/[lockset] exclusive\n"
                                          "node-res/[lockset] shared\n");
    /* The data volumes of mirrors grow with them. */
    lu_harness_answer(h, "blockdev_getdimensions", "n1.example", "[[2147483648, null], null]");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_CLUSTER_REPAIR_DISK_SIZES\", \"instances\": "
                     "[\"web.a.example\"]}");
    ck_assert_str_eq(lu_harness_result(h), "[[\"web.a.example\", 0, \"size\", 2048], "
                                           "[\"web.a.example\", 0, \"size\", 2048]]");
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_CLUSTER_REPAIR_DISK_SIZES\", \"instances\": "
                     "[\"nobody\"]}",
                     ERR_OP_PREREQ, ECODE_NOENT);
}
END_TEST

UNIT_MAIN_FIXTURE("cluster", set_up, tear_down, disks_are_well, volumes_missing_or_inactive,
                  mirrors_to_activate, master_address, hooks_of_a_new_cluster,
                  configuration_goes_out, sizes_are_corrected)
