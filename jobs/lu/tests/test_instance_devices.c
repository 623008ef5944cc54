/* OP_INSTANCE_SET_PARAMS: interfaces, disks, another disk template, another primary node. */
#include "config.h"

#include <limits.h>
#include <string.h>

#include "base/tests/unit.h"
#include "compat-config/model/disk.h"
#include "compat-config/model/pool.h"
#include "facts/codec.h"
#include "jobs/lu/tests/lu-harness.h"

#define MODIFY(name, rest)                                                                         \
    "{\"OP_ID\": \"OP_INSTANCE_SET_PARAMS\", \"instance_name\": \"" name "\", " rest "}"
#define NICS(name, mods)  MODIFY(name, "\"nics\": [" mods "]")
#define DISKS(name, mods) MODIFY(name, "\"disks\": [" mods "]")

static struct lu_harness *h;

static void set_up_with(const char *config)
{
    g_clear_pointer(&h, lu_harness_free);
    h = lu_harness_new(config);
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
    lu_harness_answer(h, "instance_info", NULL, "{}");
    lu_harness_answer(h, "instance_metadata_modify", NULL, "null");
    lu_harness_answer(h, "bridges_exist", NULL, "null");
    lu_harness_answer(h, "hotplug_device", NULL, "null");
    lu_harness_answer(h, "file_storage_dir_create", NULL, "null");
    lu_harness_answer(h, "file_storage_dir_remove", NULL, "null");
    lu_harness_answer(h, "blockdev_create", NULL, "\"\"");
    lu_harness_answer(h, "blockdev_remove", NULL, "null");
    lu_harness_answer(h, "blockdev_rename", NULL, "null");
    lu_harness_answer(h, "blockdev_convert", NULL, "null");
    lu_harness_answer(h, "blockdev_shutdown", NULL, "null");
    lu_harness_answer(h, "blockdev_assemble", NULL, "[\"/dev/x\", \"/link\", null]");
    lu_harness_answer(h, "blockdev_getmirrorstatus", NULL, "[]");
    lu_harness_answer(h, "node_info", NULL,
                      "[\"boot\", [{\"type\": \"lvm-vg\", \"name\": \"xenvg\", \"storage_free\": "
                      "100000, \"storage_size\": 200000}], [{\"memory_free\": 4096}]]");
}

static void set_up(void)
{
    set_up_with("cluster-3.0.json");
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

static const struct instance *instance(const char *name)
{
    return cfg_instance_named(lu_harness_cfg(h), name);
}

static const struct instance *inst3(void)
{
    return instance("inst3.lab.example");
}

static bool calls(const char *text)
{
    return strstr(lu_harness_calls(h), text) != NULL;
}

static bool said(const char *text)
{
    return strstr(lu_harness_result(h), text) != NULL;
}

static bool reserved(const char *ip)
{
    const struct network *network = cfg_network_named(lu_harness_cfg(h), "netA");
    uint32_t index;
    ck_assert(cfg_pool_index(network, ip, &index));
    return cfg_pool_is_reserved(network, index, false);
}

/* Calls of nodes in their order, without their bodies. */
static char *call_names(void)
{
    return lu_harness_call_names(h, INT_MAX, '\n', "instance_metadata_modify");
}

/* --- Interfaces ---------------------------------------------------------------------------------
 */
START_TEST(nic_added)
{
    lu_harness_ok(h, NICS("inst3", "[\"add\", -1, {\"network\": \"netA\", \"ip\": \"pool\"}]"));
    ck_assert_uint_eq(inst3()->nics.n, 3);
    const struct nic *nic = &inst3()->nics.v[2];
    ck_assert_str_eq(nic->ip, "198.51.100.3");
    ck_assert(g_str_has_prefix(nic->mac, "aa:bb:cc:"));
    ck_assert_int_eq(nic->nicparams.mode, NIC_MODE_BRIDGED);
    ck_assert_ptr_nonnull(nic->uuid);
    ck_assert(reserved("198.51.100.3"));
    g_autofree char *expected =
        g_strdup_printf("[[\"nic.2\", \"add:mac=%s,ip=198.51.100.3,mode=bridged,link=br0,"
                        "network=netA\"]]",
                        nic->mac);
    ck_assert_str_eq(lu_harness_result(h), expected);
    ck_assert(calls("\"GANETI_INSTANCE_NIC_COUNT\": \"3\""));
    ck_assert(calls("bridges_exist node1.lab.example [[\"br0\"]]"));

    /* In front, with parameters of its own. */
    lu_harness_ok(h, NICS("inst3", "[\"add\", 0, {\"mode\": \"routed\", \"link\": \"7\", \"ip\": "
                                   "\"192.0.2.5\", \"mac\": \"AA:00:00:11:22:33\", \"name\": "
                                   "\"first\"}]"));
    nic = &inst3()->nics.v[0];
    ck_assert_str_eq(nic->mac, "aa:00:00:11:22:33");
    ck_assert_str_eq(nic->name, "first");
    ck_assert_str_eq(nic->nicparams.link, "7");
    ck_assert_str_eq(nic->nicparams.vlan, "");
    ck_assert_str_eq(inst3()->nics.v[1].name, "eth0");
}
END_TEST

START_TEST(nic_changed)
{
    int64_t serial = inst3()->serial_no;
    lu_harness_ok(h, NICS("inst3", "[\"modify\", \"eth0\", {\"ip\": \"198.51.100.9\", \"name\": "
                                   "\"none\"}]"));
    ck_assert_str_eq(inst3()->nics.v[0].ip, "198.51.100.9");
    ck_assert_ptr_null(inst3()->nics.v[0].name);
    ck_assert(reserved("198.51.100.9"));
    ck_assert(!reserved("198.51.100.2"));
    ck_assert_int_eq(inst3()->serial_no, serial + 1);
    ck_assert_str_eq(lu_harness_result(h),
                     "[[\"nic.ip/0\", \"198.51.100.9\"], [\"nic.name/0\", null], "
                     "[\"nic.link/0\", \"br0\"], [\"nic.mode/0\", \"bridged\"], "
                     "[\"nic.vlan/0\", \"\"]]");

    /* Out of the network: the prefix is the cluster's again, the address goes back. */
    lu_harness_ok(h, NICS("inst3", "[\"modify\", 0, {\"network\": \"none\", \"ip\": \"none\"}]"));
    ck_assert_ptr_null(inst3()->nics.v[0].network);
    ck_assert_ptr_null(inst3()->nics.v[0].ip);
    ck_assert(g_str_has_prefix(inst3()->nics.v[0].mac, "aa:00:00:"));
    ck_assert(!reserved("198.51.100.9"));
    ck_assert(said("[\"nic.network/0\", null]"));
    lu_harness_ok(h, NICS("inst3", "[\"modify\", 0, {\"network\": \"netA\", \"ip\": \"pool\"}]"));
    ck_assert_str_eq(inst3()->nics.v[0].ip, "198.51.100.2");
    ck_assert(said("[\"nic.ip/0\", \"198.51.100.2\"]"));
    ck_assert(said("[\"nic.network/0\", \"netA\"]"));

    lu_harness_ok(h, NICS("inst3", "[\"modify\", 1, {\"mac\": \"generate\", \"link\": "
                                   "\"default\"}]"));
    ck_assert_str_eq(inst3()->nics.v[1].nicparams.link, "br0");
    /* The old form of clients. */
    lu_harness_ok(h, NICS("inst3", "[1, {\"link\": \"9\"}], [\"remove\", {}]"));
    ck_assert_uint_eq(inst3()->nics.n, 1);
}
END_TEST

START_TEST(nic_removed)
{
    lu_harness_ok(h, NICS("inst3", "[\"remove\", \"7cba5d65-9c1e-4bc6-82f2-06cfa759e5f7\", {}]"));
    ck_assert_uint_eq(inst3()->nics.n, 1);
    ck_assert_str_eq(inst3()->nics.v[0].mac, "aa:00:00:65:eb:89");
    ck_assert(!reserved("198.51.100.2"));
    ck_assert_str_eq(lu_harness_result(h), "[[\"NIC/0\", \"remove\"]]");
    lu_harness_ok(h, NICS("inst3", "[\"remove\", -1, {}]"));
    ck_assert_uint_eq(inst3()->nics.n, 0);
    lu_harness_fails(h, NICS("inst3", "[\"remove\", -1, {}]"), ERR_OP_EXEC, ECODE_NONE);
}
END_TEST

START_TEST(nic_refused)
{
    static const struct {
        const char *mod;
        enum err_class error_class;
        enum err_ecode ecode;
    } cases[] = {
        {"[\"attach\", -1, {}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"[\"detach\", 0, {}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"[\"remove\", 0, {\"ip\": \"192.0.2.1\"}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"[\"add\", -1, {\"network\": \"netA\", \"link\": \"br0\"}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"[\"add\", -1, {\"ip\": \"pool\"}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"[\"add\", -1, {\"ip\": \"nowhere\"}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"[\"add\", -1, {\"mac\": \"aa:bb\"}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"[\"add\", -1, {\"mac\": \"aa:00:00:0c:1a:48\"}]", ERR_OP_PREREQ, ECODE_NOTUNIQUE},
        {"[\"add\", -1, {\"mode\": \"nosuch\"}]", ERR_CONFIGURATION, ECODE_NONE},
        {"[\"add\", -1, {\"mode\": null}]", ERR_TYPE_ENFORCEMENT, ECODE_NONE},
        {"[\"add\", -1, {\"mode\": \"routed\"}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"[\"add\", -1, {\"network\": \"nosuch\"}]", ERR_OP_PREREQ, ECODE_NOENT},
        {"[\"add\", -1, {\"network\": \"netB\"}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"[\"add\", -1, {\"network\": \"netA\", \"ip\": \"198.51.100.2\"}]", ERR_OP_PREREQ,
         ECODE_NOTUNIQUE},
        {"[\"add\", -1, {\"ip\": \"198.51.100.5\"}]", ERR_OP_PREREQ, ECODE_STATE},
        {"[\"add\", \"eth0\", {}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"[\"add\", 5, {}]", ERR_OP_EXEC, ECODE_NONE},
        {"[\"add\", -2, {}]", ERR_OP_EXEC, ECODE_NONE},
        {"[\"add\", -1, {\"name\": \"eth0\"}]", ERR_OP_PREREQ, ECODE_NOTUNIQUE},
        {"[\"add\", -1, {\"name\": \"12\"}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"[\"modify\", \"eth9\", {}]", ERR_OP_PREREQ, ECODE_NOENT},
        {"[\"modify\", 2, {}]", ERR_OP_EXEC, ECODE_NONE},
        {"[\"modify\", 0, {\"mac\": \"auto\"}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"[\"modify\", 0, {\"link\": \"br1\"}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"[\"modify\", 1, {\"ip\": \"pool\"}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"[\"modify\", 1, {\"ip\": \"none\"}]", ERR_OP_PREREQ, ECODE_INVAL},
    };
    int64_t serial = cfg_serial(lu_harness_cfg(h));
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *opcode = g_strdup_printf(NICS("inst3", "%s"), cases[i].mod);
        lu_harness_fails(h, opcode, cases[i].error_class, cases[i].ecode);
    }
    ck_assert_int_eq(cfg_serial(lu_harness_cfg(h)), serial);
    lu_harness_fails(h, NICS("inst3", "[\"add\", {}], [\"remove\", {}]"), ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_failure(h, "bridges_exist", NULL, "no br0");
    lu_harness_fails(h, NICS("inst3", "[\"add\", -1, {}]"), ERR_OP_PREREQ, ECODE_ENVIRON);
    lu_harness_ok(h, MODIFY("inst3", "\"nics\": [[\"add\", -1, {}]], \"force\": true"));
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "WARNING: Bridge br0"));
    lu_harness_ok(h, MODIFY("inst3", "\"nics\": [[\"add\", -1, {\"ip\": \"198.51.100.5\"}]], "
                                     "\"conflicts_check\": false, \"force\": true"));
    /* Nine interfaces are one too many. */
    lu_harness_fails(h,
                     MODIFY("inst3", "\"force\": true, \"nics\": [[\"add\", -1, {}], [\"add\", "
                                     "-1, {}], [\"add\", -1, {}], [\"add\", -1, {}], [\"add\", "
                                     "-1, {}]]"),
                     ERR_OP_PREREQ, ECODE_STATE);
}
END_TEST

START_TEST(nic_plugged)
{
    /* 3.0: it must be possible, or may be. */
    lu_harness_failure(h, "hotplug_supported", NULL, "no such thing");
    lu_harness_fails(h, MODIFY("inst3", "\"nics\": [[\"add\", -1, {}]], \"hotplug\": true"),
                     ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_ok(h, MODIFY("inst3", "\"nics\": [[\"add\", -1, {}]], \"hotplug_if_possible\": "
                                     "true"));
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "no such thing"));
    ck_assert(!calls("hotplug_device"));
    lu_harness_answer(h, "hotplug_supported", NULL, "null");
    lu_harness_ok(h, MODIFY("inst3", "\"nics\": [[\"remove\", -1, {}], [\"modify\", 0, {\"ip\": "
                                     "\"198.51.100.7\"}], [\"add\", 1, {}]], \"hotplug\": true"));
    ck_assert(calls("hotplug_device node1.lab.example [{"));
    ck_assert(calls("\"hotremove\", \"nic\", {"));
    ck_assert(calls("\"hotmod\", \"nic\", {"));
    ck_assert(calls("\"hotadd\", \"nic\", {"));
    ck_assert(said("[\"NIC/2\", \"remove\"], [\"NIC/2\", \"hotplug:done\"], [\"nic.ip/0\""));
    ck_assert(said("[\"nic/0\", \"hotplug:done\"]"));
    ck_assert(said("[\"nic.1\", \"hotplug:done\"]]"));
    lu_harness_failure(h, "hotplug_device", NULL, "busy");
    lu_harness_ok(h, MODIFY("inst3", "\"nics\": [[\"add\", -1, {}]], \"hotplug\": true"));
    ck_assert(said("\"hotplug:failed\""));
    /* A dry run touches no guest. */
    lu_harness_ok(h, MODIFY("inst3", "\"nics\": [[\"add\", -1, {}]], \"hotplug\": true, "
                                     "\"dry_run\": true"));
    ck_assert(!calls("hotplug_device"));
}
END_TEST

START_TEST(communication)
{
    lu_harness_fails(h, MODIFY("inst3", "\"instance_communication\": true"), ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_ok(h, MODIFY("inst3", "\"instance_communication\": false"));
    ck_assert_uint_eq(inst3()->nics.n, 2);
}
END_TEST

/* --- Disks --------------------------------------------------------------------------------------
 */
START_TEST(disk_added)
{
    lu_harness_ok(h, DISKS("inst4", "[\"add\", 0, {\"size\": 126, \"name\": \"log\"}]"));
    const struct instance *inst4 = instance("inst4.lab.example");
    struct cfg_disks disks = cfg_instance_disks(lu_harness_cfg(h), inst4);
    ck_assert_uint_eq(disks.n, 2);
    ck_assert_int_eq(disks.v[0]->size, 128);
    ck_assert_str_eq(disks.v[0]->name, "log");
    ck_assert_str_eq(disks.v[0]->iv_name, "disk/0");
    ck_assert_str_eq(disks.v[1]->iv_name, "disk/1");
    ck_assert_int_eq(disks.v[1]->size, 8);
    ck_assert(
        g_str_has_prefix(cfg_disk_path(disks.v[0]), "/srv/ganeti/file-storage/inst4.lab.example/"));
    ck_assert_str_eq(lu_harness_result(h), "[[\"disk/0\", \"add:size=128,mode=rw\"]]");
    g_autofree char *names = call_names();
    /* Its disks are not active, so that one is not either. */
    ck_assert_str_eq(names, "file_storage_dir_create node3.lab.example\n"
                            "blockdev_create node3.lab.example\n"
                            "blockdev_getmirrorstatus node3.lab.example\n"
                            "blockdev_shutdown node3.lab.example\n");
    lu_harness_failure(h, "blockdev_create", NULL, "full");
    lu_harness_fails(h, DISKS("inst4", "[\"add\", -1, {\"size\": 128}]"), ERR_OP_EXEC, ECODE_NONE);
    ck_assert_uint_eq(instance("inst4.lab.example")->disks.n, 2);
}
END_TEST

START_TEST(disk_changed)
{
    lu_harness_ok(h, DISKS("inst3", "[\"modify\", \"root\", {\"mode\": \"ro\", \"name\": "
                                    "\"none\"}]"));
    struct cfg_disks disks = cfg_instance_disks(lu_harness_cfg(h), inst3());
    ck_assert_int_eq(disks.v[0]->mode, DISK_MODE_RO);
    ck_assert_ptr_null(disks.v[0]->name);
    ck_assert_str_eq(lu_harness_result(h), "[[\"disk.mode/0\", \"ro\"], [\"disk.name/0\", null]]");
    g_autofree char *names = call_names();
    ck_assert_str_eq(names, "");
}
END_TEST

START_TEST(disk_removed)
{
    lu_harness_fails(h, DISKS("inst3", "[\"remove\", 1, {}]"), ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_ok(h, DISKS("inst4", "[\"remove\", 0, {}]"));
    ck_assert_uint_eq(instance("inst4.lab.example")->disks.n, 0);
    ck_assert_ptr_null(cfg_disk_get(lu_harness_cfg(h), "f15ff506-ad47-4396-aaf1-3a368dcceabb"));
    ck_assert_str_eq(lu_harness_result(h), "[[\"disk/0\", \"remove\"]]");
    g_autofree char *names = call_names();
    ck_assert_str_eq(names, "instance_info node3.lab.example\n"
                            "blockdev_remove node3.lab.example\n"
                            "file_storage_dir_remove node3.lab.example\n");

    lu_harness_answer(h, "hotplug_supported", NULL, "null");
    lu_harness_ok(h, MODIFY("inst3", "\"hotplug\": true, \"disks\": [[\"remove\", -1, {}]]"));
    ck_assert_str_eq(lu_harness_result(h),
                     "[[\"disk/1\", \"remove\"], [\"disk/1\", \"hotplug:done\"]]");
    g_autofree char *hot = call_names();
    ck_assert_str_eq(hot, "hotplug_supported node1.lab.example\n"
                          "hotplug_device node1.lab.example\n"
                          "blockdev_shutdown node1.lab.example\n"
                          "blockdev_remove node1.lab.example\n");
    ck_assert_uint_eq(inst3()->disks.n, 1);
    /* In again. */
    lu_harness_ok(h, MODIFY("inst3", "\"hotplug\": true, \"disks\": [[\"add\", -1, {\"size\": "
                                     "64}]]"));
    ck_assert_str_eq(lu_harness_result(h), "[[\"disk/1\", \"add:size=64,mode=rw\"], [\"disk/1\", "
                                           "\"hotplug:done\"]]");
    ck_assert(calls("\"hotadd\", \"disk\", {"));
    ck_assert(calls("[\"/link\", null], 1]"));
}
END_TEST

START_TEST(disk_passed_on)
{
    lu_harness_ok(h, DISKS("inst3", "[\"detach\", \"root\", {}]"));
    const char *uuid = "65ff56e2-47f5-41ed-be13-55c2ba2edf50";
    const struct disk *disk = cfg_disk_get(lu_harness_cfg(h), uuid);
    ck_assert_ptr_nonnull(disk);
    ck_assert_ptr_null(cfg_disk_instance(lu_harness_cfg(h), disk));
    ck_assert_str_eq(cfg_disk_path(disk), "/srv/ganeti/shared-file-storage/"
                                          "afa0fe96-158e-4822-ab5e-1de5e50b35b0.sharedfile.disk0");
    ck_assert_str_eq(lu_harness_result(h), "[[\"disk/0\", \"detach\"]]");
    struct cfg_disks disks = cfg_instance_disks(lu_harness_cfg(h), inst3());
    ck_assert_str_eq(disks.v[0]->iv_name, "disk/0");
    g_autofree char *names = call_names();
    ck_assert_str_eq(names, "blockdev_shutdown node1.lab.example\n"
                            "blockdev_rename node1.lab.example\n");

    lu_harness_fails(h, DISKS("inst4", "[\"attach\", -1, {\"name\": \"root\"}]"), ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_ok(h, DISKS("inst5", "[\"attach\", -1, {\"name\": \"root\"}]"));
    ck_assert_str_eq(lu_harness_result(h), "[[\"disk/0\", \"attach:size=32,mode=rw\"]]");
    const struct instance *inst5 = instance("inst5.lab.example");
    ck_assert_uint_eq(inst5->disks.n, 1);
    ck_assert_str_eq(inst5->disks.v[0], uuid);
    ck_assert(g_str_has_prefix(cfg_disk_path(cfg_disk_get(lu_harness_cfg(h), uuid)),
                               "/srv/ganeti/shared-file-storage/inst5.lab.example/"));
    lu_harness_fails(h,
                     DISKS("inst3", "[\"attach\", -1, {\"uuid\": "
                                    "\"65ff56e2-47f5-41ed-be13-55c2ba2edf50\"}]"),
                     ERR_RESERVATION, ECODE_NONE);
}
END_TEST

START_TEST(disk_refused)
{
    static const struct {
        const char *name, *mod;
        enum err_class error_class;
        enum err_ecode ecode;
    } cases[] = {
        {"inst5", "[\"add\", -1, {\"size\": 64}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"inst4", "[\"add\", -1, {}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"inst4", "[\"add\", -1, {\"size\": 64, \"spindles\": 2}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"inst4", "[\"add\", -1, {\"size\": 64, \"provider\": \"x\"}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"inst4", "[\"add\", -1, {\"size\": 64, \"dev_type\": \"drbd\"}]", ERR_OP_PREREQ,
         ECODE_INVAL},
        {"inst4", "[\"add\", 3, {\"size\": 64}]", ERR_OP_EXEC, ECODE_NONE},
        {"inst3", "[\"add\", -1, {\"size\": 64, \"name\": \"root\"}]", ERR_OP_PREREQ,
         ECODE_NOTUNIQUE},
        {"inst4", "[\"attach\", -1, {}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"inst4", "[\"attach\", -1, {\"name\": \"nosuch\"}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"inst4", "[\"modify\", 0, {\"size\": 64}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"inst4", "[\"modify\", 0, {\"vg\": \"x\"}]", ERR_TYPE_ENFORCEMENT, ECODE_NONE},
        {"inst4", "[\"modify\", \"nosuch\", {}]", ERR_OP_PREREQ, ECODE_NOENT},
        {"inst4", "[\"remove\", 0, {\"mode\": \"ro\"}]", ERR_OP_PREREQ, ECODE_INVAL},
        {"inst4", "[\"remove\", 1, {}]", ERR_OP_EXEC, ECODE_NONE},
        {"inst4", "[\"add\", -1, {\"size\": 90000000}]", ERR_OP_PREREQ, ECODE_INVAL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *opcode = g_strdup_printf(DISKS("%s", "%s"), cases[i].name, cases[i].mod);
        lu_harness_fails(h, opcode, cases[i].error_class, cases[i].ecode);
    }
    lu_harness_fails(h,
                     MODIFY("inst4", "\"wait_for_sync\": false, \"disks\": [[\"add\", -1, "
                                     "{\"size\": 64}]]"),
                     ERR_OP_PREREQ, ECODE_INVAL);
}
END_TEST

/* --- Another disk template ----------------------------------------------------------------------
 */
static void stop(const char *name)
{
    g_autofree char *opcode =
        g_strdup_printf("{\"OP_ID\": \"OP_INSTANCE_SHUTDOWN\", \"instance_name\": \"%s\"}", name);
    lu_harness_answer(h, "instance_shutdown", NULL, "null");
    lu_harness_ok(h, opcode);
}

START_TEST(to_drbd_and_back)
{
    set_up_with("cluster-drbd.json");
    const char *to_drbd = MODIFY("web.b", "\"disk_template\": \"drbd\", \"remote_node\": \"n1\"");
    lu_harness_fails(h, to_drbd, ERR_OP_PREREQ, ECODE_STATE); /* it runs */
    stop("web.b");
    lu_harness_ok(h, to_drbd);
    ck_assert_str_eq(lu_harness_result(h), "[[\"disk_template\", \"drbd\"]]");
    struct cfg_disks disks = cfg_instance_disks(lu_harness_cfg(h), instance("web.b.example"));
    struct cfg_drbd drbd;
    ck_assert_uint_eq(disks.n, 1);
    ck_assert(cfg_disk_drbd(disks.v[0], &drbd));
    ck_assert_int_eq(disks.v[0]->size, 2048);
    ck_assert_ptr_null(cfg_disk_get(lu_harness_cfg(h), "d0000003-0000-4000-8000-000000000000"));
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "Renaming original volumes...\n"));
    ck_assert(calls("\"GANETI_NEW_DISK_TEMPLATE\": \"drbd\""));
    ck_assert_ptr_nonnull(strstr(lu_harness_locks(h), "node-res/"));
    g_autofree char *names = call_names();
    ck_assert_str_eq(names, "instance_info n3.example\nnode_info n1.example\n"
                            "blockdev_shutdown n3.example\n"
                            "blockdev_create n3.example\nblockdev_create n1.example\n"
                            "blockdev_create n1.example\nblockdev_rename n3.example\n"
                            "blockdev_create n3.example\nblockdev_create n1.example\n"
                            "blockdev_getmirrorstatus n3.example\n");

    lu_harness_ok(h, MODIFY("web.b", "\"disk_template\": \"plain\""));
    disks = cfg_instance_disks(lu_harness_cfg(h), instance("web.b.example"));
    ck_assert_int_eq(disks.v[0]->dev_type, DISK_TEMPLATE_PLAIN);
    ck_assert_str_eq(disks.v[0]->iv_name, "disk/0");
    ck_assert_uint_eq(disks.v[0]->nodes.n, 1);
    g_autofree char *back = call_names();
    ck_assert_str_eq(back, "instance_info n3.example\nblockdev_shutdown n3.example\n"
                           "blockdev_shutdown n1.example\nblockdev_remove n1.example\n"
                           "blockdev_remove n3.example\n");
    /* The port is free again, once. */
    const struct int_list *pool = &cfg_cluster(lu_harness_cfg(h))->tcpudp_port_pool;
    size_t found = 0;
    for (size_t i = 0; i < pool->n; i++) {
        found += pool->v[i] == drbd.port ? 1 : 0;
    }
    ck_assert_uint_eq(found, 1);
}
END_TEST

START_TEST(to_drbd_fails)
{
    set_up_with("cluster-drbd.json");
    stop("web.b");
    lu_harness_failure(h, "blockdev_create", "n1.example", "full");
    lu_harness_fails(h, MODIFY("web.b", "\"disk_template\": \"drbd\", \"remote_node\": \"n1\""),
                     ERR_OP_EXEC, ECODE_NONE);
    struct cfg_disks disks = cfg_instance_disks(lu_harness_cfg(h), instance("web.b.example"));
    ck_assert_int_eq(disks.v[0]->dev_type, DISK_TEMPLATE_PLAIN);
    lu_harness_fails(h, MODIFY("web.b", "\"disk_template\": \"drbd\", \"remote_node\": \"n3\""),
                     ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_fails(h, MODIFY("web.b", "\"disk_template\": \"plain\""), ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_fails(h, MODIFY("web.b", "\"disk_template\": \"diskless\""), ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_fails(h, MODIFY("web.b", "\"disk_template\": \"file\""), ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_fails(h,
                     MODIFY("web.b", "\"disk_template\": \"drbd\", \"remote_node\": \"n1\", "
                                     "\"iallocator\": \"hail\""),
                     ERR_OP_PREREQ, ECODE_INVAL);
}
END_TEST

START_TEST(by_copy)
{
    lu_harness_ok(h, MODIFY("inst4", "\"disk_template\": \"sharedfile\""));
    struct cfg_disks disks = cfg_instance_disks(lu_harness_cfg(h), instance("inst4.lab.example"));
    ck_assert_int_eq(disks.v[0]->dev_type, DISK_TEMPLATE_SHAREDFILE);
    ck_assert_int_eq(disks.v[0]->size, 8);
    g_autofree char *names = call_names();
    ck_assert_str_eq(names, "instance_info node3.lab.example\nblockdev_shutdown node3.lab.example\n"
                            "file_storage_dir_create node3.lab.example\n"
                            "blockdev_create node3.lab.example\n"
                            "blockdev_convert node3.lab.example\n"
                            "blockdev_getmirrorstatus node3.lab.example\n"
                            "blockdev_remove node3.lab.example\n"
                            "file_storage_dir_remove node3.lab.example\n");
    lu_harness_failure(h, "blockdev_convert", NULL, "broken pipe");
    lu_harness_fails(h, MODIFY("inst4", "\"disk_template\": \"file\""), ERR_OP_EXEC, ECODE_NONE);
    disks = cfg_instance_disks(lu_harness_cfg(h), instance("inst4.lab.example"));
    ck_assert_int_eq(disks.v[0]->dev_type, DISK_TEMPLATE_SHAREDFILE);
    ck_assert(calls("blockdev_remove node3.lab.example"));
    lu_harness_fails(h,
                     MODIFY("inst4", "\"disk_template\": \"ext\", \"ext_params\": {\"vg\": "
                                     "\"x\", \"provider\": \"p\"}"),
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, MODIFY("inst4", "\"disk_template\": \"ext\""), ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h,
                     MODIFY("inst4", "\"disk_template\": \"file\", \"disks\": [[\"remove\", -1, "
                                     "{}]]"),
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, MODIFY("inst5", "\"disk_template\": \"file\""), ERR_OP_PREREQ, ECODE_INVAL);
}
END_TEST

START_TEST(primary_node)
{
    lu_harness_ok(h, MODIFY("inst4", "\"pnode\": \"node2\""));
    const struct cfg *cfg = lu_harness_cfg(h);
    ck_assert_str_eq(cfg_instance_primary(cfg, instance("inst4.lab.example"))->name,
                     "node2.lab.example");
    ck_assert_str_eq(lu_harness_result(h), "[]");
    lu_harness_answer(h, "instance_info", NULL, "{\"state\": 0, \"memory\": 64}");
    lu_harness_fails(h, MODIFY("inst4", "\"pnode\": \"node1\""), ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_ok(h, MODIFY("inst4", "\"pnode\": \"node1\", \"force\": true"));
    lu_harness_fails(h, MODIFY("inst4", "\"pnode\": \"node9\""), ERR_OP_PREREQ, ECODE_NOENT);
}
END_TEST

UNIT_MAIN_FIXTURE("instance-devices", set_up, tear_down, nic_added, nic_changed, nic_removed,
                  nic_refused, nic_plugged, communication, disk_added, disk_changed, disk_removed,
                  disk_passed_on, disk_refused, to_drbd_and_back, to_drbd_fails, by_copy,
                  primary_node)
