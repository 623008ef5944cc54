/* Making instances. */
#include "config.h"

#include <string.h>

#include "base/tests/unit.h"
#include "compat-config/model/disk.h"
#include "jobs/lu/tests/lu-harness.h"

static struct lu_harness *h;

static void begin(const char *config)
{
    g_clear_pointer(&h, lu_harness_free);
    h = lu_harness_new(config);
    static const char *const answers[][2] = {
        {"hooks_runner", "[]"},
        {"bridges_exist", "null"},
        {"hypervisor_validate_params", "null"},
        {"os_validate", "true"},
        {"os_diagnose", "[[\"noop\", \"/x\", true, \"\", [], [], [20], true]]"},
        {"node_info", "[\"boot\", [{\"type\": \"lvm-vg\", \"storage_free\": 5000}],"
                      " [{\"memory_free\": 5000}]]"},
        {"file_storage_dir_create", "null"},
        {"file_storage_dir_remove", "null"},
        {"blockdev_create", "\"\""},
        {"blockdev_remove", "null"},
        {"blockdev_rename", "null"},
        {"blockdev_wipe", "null"},
        {"blockdev_pause_resume_sync", "[[true, null]]"},
        {"blockdev_getmirrorstatus", "[{\"sync_percent\": null, \"is_degraded\": false}]"},
        {"instance_os_add", "null"},
        {"instance_metadata_modify", "null"},
        {"blockdev_image", "null"},
        {"instance_start", "null"},
        {"vg_list", "{\"xenvg\": 5000}"},
        {"lv_list", "{\"xenvg/old\": [\"700.00\", false, false],"
                    " \"xenvg/busy\": [\"700.00\", false, true]}"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        lu_harness_answer(h, answers[i][0], NULL, answers[i][1]);
    }
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

/* The opcode with what all here have; rest: further members. */
static char *create(const char *rest)
{
    return g_strdup_printf("{\"OP_ID\": \"OP_INSTANCE_CREATE\", \"instance_name\": \"new.example\","
                           " \"mode\": \"create\", \"os_type\": \"noop\", \"name_check\": false,"
                           " \"ip_check\": false, %s}",
                           rest);
}

static void create_ok(const char *rest)
{
    g_autofree char *op = create(rest);
    lu_harness_ok(h, op);
}

static void create_fails(const char *rest, enum err_class error_class, enum err_ecode ecode)
{
    g_autofree char *op = create(rest);
    lu_harness_fails(h, op, error_class, ecode);
}

START_TEST(file)
{
    create_ok(
        "\"disk_template\": \"file\", \"pnode\": \"node2\", \"disks\": [{\"size\": 100}],"
        " \"nics\": [{}], \"tags\": [\"a\"], \"beparams\": {\"maxmem\": 512, \"memory\": \"256\"},"
        " \"hvparams\": {}");
    ck_assert_str_eq(lu_harness_result(h), "[\"node2.lab.example\"]");
    ck_assert_str_eq(lu_harness_locks(h),
                     "cluster/BGL shared\ninstance/new.example exclusive\n"
                     "node-res/40eeb2cf-b682-45b3-9a33-cc80759e3e20 exclusive\n"
                     "node/40eeb2cf-b682-45b3-9a33-cc80759e3e20 exclusive\n"
                     "nodegroup/82ab96d0-e378-4039-9682-23f11f479a37 shared\n");
    g_autofree char *calls = call_names();
    ck_assert_str_eq(calls, "hypervisor_validate_params node2 os_validate node2 "
                            "bridges_exist node2 node_info node2 os_diagnose node2 "
                            "file_storage_dir_create node2 "
                            "blockdev_create node2 blockdev_getmirrorstatus node2 "
                            "instance_os_add node2 instance_metadata_modify node2 "
                            "instance_start node2 ");
    const struct instance *made = instance("new.example");
    ck_assert_ptr_nonnull(made);
    ck_assert_int_eq(made->admin_state, ADMIN_UP);
    ck_assert(made->disks_active);
    ck_assert_int_eq(made->beparams.minmem, 256);
    ck_assert_int_eq(made->beparams.maxmem, 256);
    ck_assert_str_eq(made->tags.v[0], "a");
    ck_assert(g_str_has_prefix(made->nics.v[0].mac, "aa:00:00:"));
    struct cfg_disks disks = cfg_instance_disks(lu_harness_cfg(h), made);
    ck_assert_uint_eq(disks.n, 1);
    ck_assert_str_eq(disks.v[0]->iv_name, "disk/0");
    ck_assert(g_str_has_prefix(cfg_disk_path(disks.v[0]), "/srv/ganeti/file-storage/new.example/"));
    ck_assert(g_str_has_suffix(cfg_disk_path(disks.v[0]), ".file.disk0"));
    const char *bodies = lu_harness_calls(h);
    ck_assert_ptr_nonnull(strstr(bodies, "originstname+new.example"));
    ck_assert_ptr_nonnull(strstr(bodies, "\"GANETI_ADD_MODE\": \"create\""));
    ck_assert_ptr_nonnull(strstr(bodies, "\"GANETI_INSTANCE_DISK0_SIZE\": \"100\""));
}
END_TEST

START_TEST(diskless_not_started)
{
    create_ok("\"disk_template\": \"diskless\", \"pnode\": \"node1\", \"disks\": [],"
              " \"nics\": [{\"network\": \"netA\", \"ip\": \"pool\"}], \"start\": false");
    const struct instance *made = instance("new.example");
    ck_assert_int_eq(made->admin_state, ADMIN_DOWN);
    ck_assert(g_str_has_prefix(made->nics.v[0].ip, "198.51.100."));
    ck_assert_str_eq(made->nics.v[0].nicparams.link, "br0");
    ck_assert_ptr_null(strstr(lu_harness_calls(h), "instance_start"));
}
END_TEST

START_TEST(drbd)
{
    begin("cluster-drbd.json");
    create_ok("\"disk_template\": \"drbd\", \"pnode\": \"n1.example\", \"snode\": \"n3.example\","
              " \"disks\": [{\"size\": 1000}], \"nics\": [], \"no_install\": true");
    const struct instance *made = instance("new.example");
    struct cfg_disks disks = cfg_instance_disks(lu_harness_cfg(h), made);
    struct cfg_drbd ids;
    ck_assert(cfg_disk_drbd(disks.v[0], &ids));
    ck_assert_int_ne(ids.minor_a, 4);
    ck_assert_uint_eq(disks.v[0]->children.n, 2);
    ck_assert_int_eq(disks.v[0]->children.v[1].size, 128);
    ck_assert(made->has.network_port);
    g_autofree char *calls = call_names();
    /* Data, metadata and mirror on each node. */
    ck_assert_ptr_nonnull(strstr(calls, "blockdev_create n1.ex blockdev_create n1.ex "
                                        "blockdev_create n1.ex blockdev_create n3.ex "
                                        "blockdev_create n3.ex blockdev_create n3.ex "
                                        "blockdev_getmirrorstatus n1.ex "));
}
END_TEST

START_TEST(drbd_fails)
{
    static const char op[] =
        "\"disk_template\": \"drbd\", \"pnode\": \"n1.example\", \"snode\": \"n3.example\","
        " \"disks\": [{\"size\": 1000}], \"nics\": [], \"no_install\": true";
    begin("cluster-drbd.json");
    lu_harness_failure(h, "blockdev_create", "n3.example", "full");
    create_fails(op, ERR_OP_EXEC, ECODE_NONE);
    ck_assert_ptr_null(instance("new.example"));
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "blockdev_remove n1.example"));
    begin("cluster-drbd.json");
    lu_harness_answer(h, "blockdev_getmirrorstatus", NULL,
                      "[{\"sync_percent\": null, \"is_degraded\": true}]");
    create_fails(op, ERR_OP_EXEC, ECODE_NONE);
    ck_assert_ptr_null(instance("new.example"));
    lu_harness_answer(h, "node_info", NULL,
                      "[\"boot\", [{\"type\": \"lvm-vg\","
                      " \"storage_free\": 1100}], [{\"memory_free\": 5000}]]");
    create_fails(op, ERR_OP_PREREQ, ECODE_NORES);
}
END_TEST

START_TEST(adopt)
{
    begin("cluster-drbd.json");
    create_ok("\"disk_template\": \"plain\", \"pnode\": \"n1.example\","
              " \"disks\": [{\"size\": 1, \"adopt\": \"old\"}], \"nics\": [], \"start\": false");
    struct cfg_disks disks = cfg_instance_disks(lu_harness_cfg(h), instance("new.example"));
    ck_assert_int_eq(disks.v[0]->size, 700);
    ck_assert_ptr_null(strstr(lu_harness_calls(h), "blockdev_create"));
    ck_assert_ptr_null(strstr(lu_harness_calls(h), "instance_os_add"));
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "blockdev_rename n1.example"));
    begin("cluster-drbd.json");
    create_fails("\"disk_template\": \"plain\", \"pnode\": \"n1.example\","
                 " \"disks\": [{\"size\": 1, \"adopt\": \"busy\"}], \"nics\": []",
                 ERR_OP_PREREQ, ECODE_STATE);
    create_fails("\"disk_template\": \"plain\", \"pnode\": \"n1.example\","
                 " \"disks\": [{\"size\": 1, \"adopt\": \"gone\"}], \"nics\": []",
                 ERR_OP_PREREQ, ECODE_INVAL);
    create_fails("\"disk_template\": \"plain\", \"pnode\": \"n3.example\","
                 " \"disks\": [{\"size\": 1, \"adopt\": \"y_data\"}], \"nics\": []",
                 ERR_OP_PREREQ, ECODE_NOTUNIQUE);
}
END_TEST

START_TEST(planned_then_real)
{
    create_ok("\"disk_template\": \"file\", \"pnode\": \"node2\", \"disks\": [{\"size\": 100}],"
              " \"nics\": [{}], \"forthcoming\": true");
    ck_assert(cfg_instance_is_forthcoming(instance("new.example")));
    ck_assert_ptr_null(strstr(lu_harness_calls(h), "blockdev_create"));
    g_autofree char *uuid = g_strdup(instance("new.example")->uuid);
    create_ok("\"disk_template\": \"file\", \"pnode\": \"node2\", \"disks\": [{\"size\": 100}],"
              " \"nics\": [{}], \"commit\": true");
    ck_assert_str_eq(instance("new.example")->uuid, uuid);
    ck_assert(!cfg_instance_is_forthcoming(instance("new.example")));
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "blockdev_create"));
    create_fails("\"disk_template\": \"file\", \"pnode\": \"node2\", \"disks\": [{\"size\": 100}],"
                 " \"nics\": [{}], \"commit\": true",
                 ERR_OP_PREREQ, ECODE_STATE);
}
END_TEST

START_TEST(by_allocator)
{
    lu_harness_answer(h, "all_instances_info", NULL, "{}");
    lu_harness_answer(h, "node_info", NULL,
                      "[\"boot\", [{\"type\": \"file\", \"name\": \"/x\", \"storage_free\": 5000,"
                      " \"storage_size\": 9000}], [{\"memory_free\": 5000, \"memory_total\": 9000,"
                      " \"memory_dom0\": 100, \"cpu_total\": 4, \"cpu_nodes\": 1,"
                      " \"cpu_sockets\": 1, \"cpu_dom0\": 0, \"hv_version\": 1}]]");
    lu_harness_answer(h, "iallocator_runner", NULL,
                      "\"{\\\"success\\\": true, \\\"info\\\": \\\"ok\\\","
                      " \\\"result\\\": [\\\"node2.lab.example\\\"]}\"");
    create_ok("\"disk_template\": \"file\", \"disks\": [{\"size\": 100}], \"nics\": [{}]");
    ck_assert_str_eq(lu_harness_result(h), "[\"node2.lab.example\"]");
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "Selected nodes for instance new.example"));
}
END_TEST

START_TEST(refused)
{
    static const struct {
        const char *rest;
        enum err_class error_class;
        enum err_ecode ecode;
    } cases[] = {
        {"\"disk_template\": \"drbd\", \"pnode\": \"node1\", \"disks\": [], \"nics\": []",
         ERR_OP_PREREQ, ECODE_NONE},
        {"\"disk_template\": \"file\", \"pnode\": \"node1\", \"disks\": [{}], \"nics\": []",
         ERR_OP_PREREQ, ECODE_INVAL},
        {"\"disk_template\": \"file\", \"pnode\": \"no\", \"disks\": [], \"nics\": []",
         ERR_OP_PREREQ, ECODE_NOENT},
        {"\"disk_template\": \"file\", \"pnode\": \"node1\", \"iallocator\": \"hail\","
         " \"disks\": [], \"nics\": []",
         ERR_OP_PREREQ, ECODE_INVAL},
        {"\"disk_template\": \"file\", \"pnode\": \"node1\", \"disks\": [],"
         " \"nics\": [{\"mac\": \"aa:00:00:0c:1a:48\"}]",
         ERR_OP_PREREQ, ECODE_NOTUNIQUE},
        {"\"disk_template\": \"file\", \"pnode\": \"node1\", \"disks\": [],"
         " \"nics\": [{\"ip\": \"198.51.100.7\"}]",
         ERR_OP_PREREQ, ECODE_STATE},
        {"\"disk_template\": \"file\", \"pnode\": \"node3\", \"disks\": [],"
         " \"nics\": [{\"network\": \"netA\"}]",
         ERR_OP_PREREQ, ECODE_INVAL},
        {"\"disk_template\": \"file\", \"pnode\": \"node1\", \"disks\": [{\"size\": 2000000}],"
         " \"nics\": []",
         ERR_OP_PREREQ, ECODE_INVAL},
        {"\"disk_template\": \"file\", \"pnode\": \"node1\", \"disks\": [],"
         " \"nics\": [], \"hypervisor\": \"kvm\"",
         ERR_OP_PREREQ, ECODE_STATE},
        {"\"disk_template\": \"file\", \"pnode\": \"node1\", \"disks\": [], \"nics\": [],"
         " \"opportunistic_locking\": true",
         ERR_OP_PREREQ, ECODE_INVAL},
        {"\"disk_template\": \"ext\", \"pnode\": \"node1\", \"disks\": [{\"size\": 5}],"
         " \"nics\": []",
         ERR_OP_PREREQ, ECODE_INVAL},
        {"\"disk_template\": \"file\", \"pnode\": \"node1\", \"disks\": [], \"nics\": [],"
         " \"beparams\": {\"maxmem\": \"9000\"}",
         ERR_OP_PREREQ, ECODE_NORES},
        {"\"disk_template\": \"file\", \"pnode\": \"node1\", \"disks\": [], \"nics\": [],"
         " \"forthcoming\": true, \"commit\": true",
         ERR_OP_PREREQ, ECODE_INVAL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        create_fails(cases[i].rest, cases[i].error_class, cases[i].ecode);
        ck_assert_ptr_null(instance("new.example"));
    }
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_INSTANCE_CREATE\", \"instance_name\": \"inst1.lab.example\","
                     " \"mode\": \"create\", \"os_type\": \"noop\", \"name_check\": false,"
                     " \"ip_check\": false, \"disk_template\": \"file\", \"pnode\": \"node1\","
                     " \"disks\": [], \"nics\": []}",
                     ERR_OP_PREREQ, ECODE_EXISTS);
}
END_TEST

#define ONE_FILE "\"disk_template\": \"file\", \"pnode\": \"node2\", \"disks\": [{\"size\": 100}], "

START_TEST(untrusted)
{
    lu_harness_answer(h, "os_diagnose", NULL,
                      "[[\"noop\", \"/x\", true, \"\", [], [], [20], false]]");
    create_fails(ONE_FILE "\"nics\": []", ERR_OP_PREREQ, ECODE_STATE);
    ck_assert_ptr_null(strstr(lu_harness_calls(h), "blockdev_create"));
    create_ok(ONE_FILE "\"nics\": [], \"no_install\": true");
    ck_assert_ptr_null(strstr(lu_harness_calls(h), "instance_os_add"));
}
END_TEST

START_TEST(image)
{
    create_ok(ONE_FILE "\"nics\": [], \"osparams\": {\"os-image\": \"/srv/image\"}");
    const char *calls = lu_harness_calls(h);
    ck_assert_ptr_nonnull(strstr(calls, "\"/srv/image\", 100]"));
    ck_assert_ptr_null(strstr(calls, "instance_os_add"));
    ck_assert_ptr_null(strstr(calls, "os_diagnose"));
    create_fails(ONE_FILE "\"nics\": [], \"osparams\": {\"os-image\": \"image\"}", ERR_OP_PREREQ,
                 ECODE_INVAL);
}
END_TEST

START_TEST(image_fails)
{
    lu_harness_failure(h, "blockdev_image", NULL, "no such image");
    create_fails(ONE_FILE "\"nics\": [], \"osparams\": {\"os-image\": \"https://x/y\"}",
                 ERR_OP_EXEC, ECODE_NONE);
    ck_assert_ptr_null(instance("new.example"));
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "blockdev_remove"));
}
END_TEST

START_TEST(defaults)
{
    create_ok(ONE_FILE "\"nics\": [{\"mode\": \"bridged\", \"link\": \"br1\"}], "
                       "\"identify_defaults\": true, \"beparams\": {\"minmem\": 64, "
                       "\"vcpus\": 2, \"spindle_use\": 1}");
    const struct instance *made = instance("new.example");
    ck_assert(!made->beparams.has.spindle_use);
    ck_assert(!made->nics.v[0].nicparams.has.mode);
    ck_assert(made->nics.v[0].nicparams.has.link);
}
END_TEST

START_TEST(communication)
{
    create_fails(ONE_FILE "\"nics\": [], \"instance_communication\": true", ERR_OP_PREREQ,
                 ECODE_INVAL);
}
END_TEST

UNIT_MAIN_FIXTURE("instance-create", set_up, tear_down, file, diskless_not_started, drbd,
                  drbd_fails, adopt, planned_then_real, by_allocator, refused, untrusted, image,
                  image_fails, defaults, communication)
