/* Changing nodes, and what they say of their storage. */
#include "config.h"

#include <string.h>

#include "base/tests/unit.h"
#include "compat-config/model/disk.h"
#include "facts/codec.h"
#include "facts/objects.h"
#include "jobs/lu/tests/lu-harness.h"

#define NODE1 "339d45bc-1a9f-47d1-bde3-e547c29980d3"
#define NODE2 "40eeb2cf-b682-45b3-9a33-cc80759e3e20"
#define NODE3 "7567f5c7-c01b-4b25-a523-a52717681c80"

static struct lu_harness *h;

static void set_up(void)
{
    h = lu_harness_new("cluster-3.0.json");
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
    lu_harness_answer(h, "node_ensure_daemon", NULL, "null");
    lu_harness_answer(h, "node_demote_from_mc", NULL, "null");
    lu_harness_answer(h, "node_crypto_tokens", NULL, "[[\"ssl\", \"AA:BB\"]]");
    lu_harness_answer(h, "version", NULL, "20");
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

/* The calls that are no hooks. */
static char *calls(void)
{
    g_auto(GStrv) lines = g_strsplit(lu_harness_calls(h), "\n", -1);
    g_autoptr(GString) kept = g_string_new(NULL);
    for (size_t i = 0; lines[i] != NULL && *lines[i] != '\0'; i++) {
        if (!g_str_has_prefix(lines[i], "hooks_runner")) {
            g_string_append_printf(kept, "%s\n", lines[i]);
        }
    }
    return g_string_free(g_steal_pointer(&kept), FALSE);
}

static const struct node *node(const char *name)
{
    return cfg_node_named(lu_harness_cfg(h), name);
}

static const char *cert_of(const char *uuid)
{
    char **slot =
        fact_dict_get(&type_str_map, &cfg_cluster(lu_harness_cfg(h))->candidate_certs, uuid);
    return slot != NULL ? *slot : NULL;
}

#define MODIFY(name, rest)                                                                         \
    "{\"OP_ID\": \"OP_NODE_SET_PARAMS\", \"node_name\": \"" name "\", " rest "}"

/* --- OP_NODE_SET_PARAMS -------------------------------------------------------------------------
 */
START_TEST(drain_and_back)
{
    int64_t serial = node("node2.lab.example")->serial_no;
    lu_harness_ok(h, MODIFY("node2", "\"drained\": true"));
    ck_assert_str_eq(lu_harness_result(h),
                     "[[\"master_candidate\", \"False\"], [\"drained\", \"True\"]]");
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\nnode-res/" NODE2
                                          " exclusive\nnode/" NODE2 " exclusive\n");
    g_autofree char *drained = calls();
    ck_assert_str_eq(drained, "node_demote_from_mc node2.lab.example []\n"
                              "node_ensure_daemon node2.lab.example [\"ganeti-kvmd\", false]\n");
    ck_assert(node("node2.lab.example")->drained);
    ck_assert(!node("node2.lab.example")->master_candidate);
    /* The parameters, then the role. */
    ck_assert_int_eq(node("node2.lab.example")->serial_no, serial + 2);
    ck_assert_ptr_null(cert_of(NODE2));

    const char *hooks = lu_harness_calls(h);
    ck_assert_ptr_nonnull(strstr(hooks, "hooks_runner node2.lab.example [\"node-modify\""));
    ck_assert_ptr_nonnull(strstr(hooks, "\"GANETI_DRAINED\": \"True\""));
    ck_assert_ptr_nonnull(strstr(hooks, "\"GANETI_OFFLINE\": \"None\""));
    ck_assert_ptr_nonnull(strstr(hooks, "\"GANETI_OP_TARGET\": \"node2.lab.example\""));

    /* There are candidates enough: it stays a regular node. */
    lu_harness_ok(h, MODIFY("node2", "\"drained\": false"));
    ck_assert_str_eq(lu_harness_result(h), "[[\"drained\", \"False\"]]");
    lu_harness_ok(h, MODIFY("node2", "\"master_candidate\": true"));
    ck_assert_str_eq(lu_harness_result(h), "[[\"master_candidate\", \"True\"]]");
    ck_assert_str_eq(cert_of(NODE2), "AA:BB");
}
END_TEST

START_TEST(pool_is_filled)
{
    /* Two are wanted: with node3 regular, node2 cannot go without it. */
    lu_harness_ok(h, MODIFY("node3", "\"master_candidate\": false"));
    lu_harness_fails(h, MODIFY("node2", "\"offline\": true"), ERR_OP_PREREQ, ECODE_STATE);
    ck_assert(!node("node2.lab.example")->offline);
    lu_harness_ok(h, MODIFY("node2", "\"offline\": true, \"auto_promote\": true"));
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\nnode-res/[lockset] exclusive\n"
                                          "node/[lockset] exclusive\n");
    ck_assert(node("node2.lab.example")->offline);
    ck_assert(node("node3.lab.example")->master_candidate);
    ck_assert_str_eq(cert_of(NODE3), "AA:BB");
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "node3.lab.example"));
    /* An offline node is told nothing. */
    g_autofree char *gone = calls();
    ck_assert_str_eq(gone, "node_crypto_tokens node3.lab.example [[[\"ssl\", \"get\", null]]]\n");
}
END_TEST

START_TEST(comes_online)
{
    lu_harness_ok(h, MODIFY("node3", "\"offline\": true, \"ndparams\": {\"oob_program\": \"/x\"}"));
    lu_harness_ok(h, MODIFY("node3", "\"powered\": false, \"hv_state\": {}"));
    ck_assert(!node("node3.lab.example")->powered);
    lu_harness_fails(h, MODIFY("node3", "\"offline\": false"), ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_failure(h, "version", NULL, "down");
    lu_harness_fails(h, MODIFY("node3", "\"offline\": false, \"powered\": true"), ERR_OP_PREREQ,
                     ECODE_STATE);
    lu_harness_answer(h, "version", NULL, "20");
    lu_harness_ok(h, MODIFY("node3", "\"offline\": false, \"powered\": true"));
    ck_assert(!node("node3.lab.example")->offline && node("node3.lab.example")->powered);
}
END_TEST

START_TEST(parameters)
{
    lu_harness_ok(h, MODIFY("node2", "\"ndparams\": {\"spindle_count\": \"7\", \"oob_program\": "
                                     "\"default\"}, \"vm_capable\": true"));
    ck_assert_str_eq(lu_harness_result(h), "[[\"vm_capable\", \"True\"]]");
    ck_assert_int_eq(node("node2.lab.example")->ndparams.spindle_count, 7);
    ck_assert(!node("node2.lab.example")->ndparams.has.oob_program);
    lu_harness_ok(h, MODIFY("node2", "\"hv_state\": {\"fake\": {\"mem_node\": 64}}"));
    ck_assert_uint_eq(node("node2.lab.example")->hv_state_static.n, 1);

    lu_harness_fails(h, MODIFY("node2", "\"ndparams\": {\"exclusive_storage\": true}"),
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, MODIFY("node2", "\"ndparams\": {\"spindle_count\": \"x\"}"),
                     ERR_TYPE_ENFORCEMENT, ECODE_NONE);
}
END_TEST

START_TEST(changes_refused)
{
    lu_harness_fails(h, MODIFY("node2", "\"force\": true"), ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, MODIFY("node2", "\"drained\": true, \"offline\": true"), ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_fails(h, MODIFY("nobody", "\"drained\": true"), ERR_OP_PREREQ, ECODE_NOENT);
    lu_harness_fails(h, MODIFY("node1", "\"drained\": true"), ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, MODIFY("node1", "\"master_capable\": false"), ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_fails(h, MODIFY("node2", "\"vm_capable\": false"), ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_fails(h, MODIFY("node1", "\"vm_capable\": true, \"powered\": true"), ERR_OP_PREREQ,
                     ECODE_STATE);
    lu_harness_fails(h, MODIFY("node2", "\"secondary_ip\": \"x\""), ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, MODIFY("node2", "\"secondary_ip\": \"192.0.2.52\""), ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_ok(h, MODIFY("node3", "\"master_capable\": false"));
    ck_assert(!node("node3.lab.example")->master_candidate);
    lu_harness_fails(h, MODIFY("node3", "\"master_candidate\": true"), ERR_OP_PREREQ, ECODE_STATE);
}
END_TEST

START_TEST(second_network)
{
    lu_harness_answer(h, "node_has_ip_address", NULL, "false");
    lu_harness_fails(h, MODIFY("node1", "\"secondary_ip\": \"198.51.100.1\", \"force\": true"),
                     ERR_OP_PREREQ, ECODE_ENVIRON);
    lu_harness_answer(h, "node_has_ip_address", NULL, "true");
    lu_harness_fails(h, MODIFY("node1", "\"secondary_ip\": \"198.51.100.1\""), ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_ok(h, MODIFY("node1", "\"secondary_ip\": \"198.51.100.1\", \"force\": true"));
    ck_assert_str_eq(lu_harness_result(h), "[[\"secondary_ip\", \"198.51.100.1\"]]");
    ck_assert_str_eq(node("node1.lab.example")->secondary_ip, "198.51.100.1");
}
END_TEST

/* --- Storage ------------------------------------------------------------------------------------
 */
START_TEST(volumes)
{
    lu_harness_answer(h, "node_volumes", NULL, "[]");
    lu_harness_answer(h, "node_volumes", "node2.lab.example",
                      "[{\"dev\": \"/dev/sdb1\", \"vg\": \"xenvg\", \"name\": \"b\", \"size\": "
                      "\"1024.7\"}, {\"dev\": \"/dev/sda1\", \"vg\": \"xenvg\", \"name\": \"a\", "
                      "\"size\": 5}]");
    lu_harness_failure(h, "node_volumes", "node3.lab.example", "no LVM");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_NODE_QUERYVOLS\", \"output_fields\": [\"node\", \"phys\","
                     " \"vg\", \"name\", \"size\", \"instance\"]}");
    ck_assert_str_eq(lu_harness_result(h),
                     "[[\"node2.lab.example\", \"/dev/sda1\", \"xenvg\", \"a\", \"5\", \"-\"], "
                     "[\"node2.lab.example\", \"/dev/sdb1\", \"xenvg\", \"b\", \"1024\", \"-\"]]");
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "no LVM"));
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\nnode/[lockset] shared\n");
    lu_harness_fails(h, "{\"OP_ID\": \"OP_NODE_QUERYVOLS\", \"output_fields\": [\"x\"]}",
                     ERR_OP_PREREQ, ECODE_INVAL);
}
END_TEST

START_TEST(volumes_of_drbd)
{
    g_clear_pointer(&h, lu_harness_free);
    h = lu_harness_new("cluster-drbd.json");
    const struct cfg *cfg = lu_harness_cfg(h);
    const struct disk *disk = NULL;
    for (size_t i = 0; i < cfg_disk_count(cfg) && disk == NULL; i++) {
        const struct disk *one = cfg_disk_at(cfg, i);
        disk =
            one->dev_type == DISK_TEMPLATE_DRBD && cfg_disk_instance(cfg, one) != NULL ? one : NULL;
    }
    ck_assert_ptr_nonnull(disk);
    const char *vg, *lv;
    struct cfg_drbd drbd;
    ck_assert(cfg_disk_drbd(disk, &drbd) && cfg_disk_lv(&disk->children.v[0], &vg, &lv));
    g_autofree char *answer = g_strdup_printf(
        "[{\"dev\": \"/dev/sda1\", \"vg\": \"%s\", \"name\": \"%s\", \"size\": 1}]", vg, lv);
    g_autofree char *name = g_strdup(cfg_disk_instance(cfg, disk)->name);
    g_autofree char *other = g_strdup(cfg_node_get(cfg, drbd.node_b)->name);
    lu_harness_answer(h, "node_volumes", other, answer);
    g_autofree char *opcode =
        g_strdup_printf("{\"OP_ID\": \"OP_NODE_QUERYVOLS\", \"nodes\": [\"%s\"],"
                        " \"output_fields\": [\"instance\"]}",
                        other);
    lu_harness_ok(h, opcode);
    g_autofree char *expected = g_strdup_printf("[[\"%s\"]]", name);
    ck_assert_str_eq(lu_harness_result(h), expected);
}
END_TEST

START_TEST(storage)
{
    lu_harness_answer(h, "storage_list", NULL, "[[\"/b10\", 5], [\"/b9\", 7]]");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_NODE_QUERY_STORAGE\", \"nodes\": [\"node2\"],"
                     " \"output_fields\": [\"node\", \"type\", \"size\", \"name\"]}");
    ck_assert_str_eq(lu_harness_result(h), "[[\"node2.lab.example\", \"file\", 7, \"/b9\"], "
                                           "[\"node2.lab.example\", \"file\", 5, \"/b10\"]]");
    ck_assert_str_eq(lu_harness_calls(h),
                     "storage_list node2.lab.example [\"file\", [[\"/srv/ganeti/file-storage\"]], "
                     "null, [\"name\", \"size\"]]\n");
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_NODE_QUERY_STORAGE\", \"storage_type\": \"lvm-pv\","
                     " \"output_fields\": [\"name\"]}",
                     ERR_OP_PREREQ, ECODE_NONE);
    lu_harness_fails(h, "{\"OP_ID\": \"OP_NODE_QUERY_STORAGE\", \"output_fields\": [\"x\"]}",
                     ERR_OP_PREREQ, ECODE_INVAL);
}
END_TEST

#define UNIT "\"node_name\": \"node2\", \"name\": \"xenvg\", "

START_TEST(storage_changes)
{
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_NODE_MODIFY_STORAGE\", " UNIT
                     "\"storage_type\": \"file\", \"changes\": {}}",
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_NODE_MODIFY_STORAGE\", " UNIT
                     "\"storage_type\": \"lvm-pv\", \"changes\": {\"size\": 1}}",
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_NODE_MODIFY_STORAGE\", " UNIT
                     "\"storage_type\": \"lvm-pv\", \"changes\": {\"allocatable\": true}}",
                     ERR_OP_PREREQ, ECODE_NONE);
    lu_harness_fails(
        h, "{\"OP_ID\": \"OP_REPAIR_NODE_STORAGE\", " UNIT "\"storage_type\": \"lvm-pv\"}",
        ERR_OP_PREREQ, ECODE_INVAL);
    g_clear_pointer(&h, lu_harness_free);
    h = lu_harness_new("cluster-drbd.json");
    lu_harness_answer(h, "storage_modify", NULL, "null");
    lu_harness_answer(h, "storage_execute", NULL, "null");
    lu_harness_answer(h, "blockdev_getmirrorstatus", NULL, "[{\"ldisk_status\": 1}]");
    g_autofree char *name = g_strdup(cfg_node_at(lu_harness_cfg(h), 0)->name);
    g_autofree char *modify =
        g_strdup_printf("{\"OP_ID\": \"OP_NODE_MODIFY_STORAGE\", \"node_name\": \"%s\", \"name\": "
                        "\"/dev/sdb\", \"storage_type\": \"lvm-pv\", \"changes\": "
                        "{\"allocatable\": true}}",
                        name);
    lu_harness_ok(h, modify);
    g_autofree char *call = g_strdup_printf(
        "storage_modify %s [\"lvm-pv\", [], \"/dev/sdb\", {\"allocatable\": true}]\n", name);
    ck_assert_str_eq(lu_harness_calls(h), call);
    g_autofree char *repair =
        g_strdup_printf("{\"OP_ID\": \"OP_REPAIR_NODE_STORAGE\", \"node_name\": \"%s\", \"name\": "
                        "\"xenvg\", \"storage_type\": \"lvm-vg\"}",
                        name);
    lu_harness_ok(h, repair);
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "[\"lvm-vg\", [], \"xenvg\", "
                                                      "\"fix-consistency\"]"));
    lu_harness_answer(h, "blockdev_getmirrorstatus", NULL, "[{\"ldisk_status\": 4}]");
    lu_harness_fails(h, repair, ERR_OP_PREREQ, ECODE_STATE);
}
END_TEST

START_TEST(powercycle)
{
    lu_harness_answer(h, "node_powercycle", NULL, "\"scheduled\"");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_NODE_POWERCYCLE\", \"node_name\": \"node2\"}");
    ck_assert_str_eq(lu_harness_result(h), "\"scheduled\"");
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\n");
    ck_assert(
        g_str_has_prefix(lu_harness_calls(h), "node_powercycle node2.lab.example [\"fake\", {"));
    lu_harness_fails(h, "{\"OP_ID\": \"OP_NODE_POWERCYCLE\", \"node_name\": \"node1\"}",
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_ok(h, "{\"OP_ID\": \"OP_NODE_POWERCYCLE\", \"node_name\": \"node1\","
                     " \"force\": true}");
}
END_TEST

UNIT_MAIN_FIXTURE("node", set_up, tear_down, drain_and_back, pool_is_filled, comes_online,
                  parameters, changes_refused, second_network, volumes, volumes_of_drbd, storage,
                  storage_changes, powercycle)
