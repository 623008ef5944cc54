/* Verification of the configuration and of a node group. */
#include "config.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "jobs/lu/tests/lu-harness.h"

static struct lu_harness *h;
static struct json *answer; /* what a healthy node answers; tests spoil it */

static void set(const char *key, const char *text)
{
    struct json *value = NULL;
    ck_assert_msg(json_parse(text, -1, &value, NULL), "%s", text);
    json_set(answer, key, value);
}

static void answer_as(const char *node)
{
    g_autofree char *text = json_to_string(answer, JSON_PYTHON);
    lu_harness_answer(h, "node_verify", node, text);
}

static void healthy(void)
{
    g_autofree char *version =
        g_strdup_printf("[%d, \"%s\"]", C_PROTOCOL_VERSION(), C_RELEASE_VERSION());
    g_autofree char *time =
        g_strdup_printf("[%" G_GINT64_FORMAT ", 0]", g_get_real_time() / G_USEC_PER_SEC);
    answer = json_new_object();
    set(C_NV_VERSION, version);
    set(C_NV_TIME, time);
    set(C_NV_HYPERVISOR, "{\"fake\": null}");
    set(C_NV_HVPARAMS, "[]");
    set(C_NV_NODESETUP, "[]");
    set(C_NV_NODELIST, "{}");
    set(C_NV_NODENETTEST, "{}");
    set(C_NV_MASTERIP, "true");
    set(C_NV_BRIDGES, "[]");
    set(C_NV_USERSCRIPTS, "[]");
    set(C_NV_OSLIST, "[[\"noop\", \"/srv/noop\", true, \"\", [\"a\"], [], [20], false]]");
    set(C_NV_HVINFO, "{\"memory_free\": 4096}");
    set(C_NV_FILELIST, "{}");
}

/* A digest for each file that is compared. */
static void tell_files(void)
{
    struct json *files = json_new_object();
    json_set(files, "/some/file", json_new_string("0123456789abcdef"));
    json_set(answer, C_NV_FILELIST, files);
}

static void set_up(void)
{
    h = lu_harness_new("cluster-3.0.json");
    healthy();
    tell_files();
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
    lu_harness_answer(h, "blockdev_getmirrorstatus_multi", NULL,
                      "[[true, {\"is_degraded\": false}], [true, {\"is_degraded\": false}]]");
    set(C_NV_INSTANCELIST, "[\"inst3.lab.example\"]");
    set(C_NV_CLIENT_CERT,
        "[null, \"21:9C:E8:B6:46:74:53:0F:C5:CB:3B:E4:12:BF:0F:46:BD:C8:DB:0E\"]");
    set(C_NV_ACCEPTED_STORAGE_PATHS, "[]");
    answer_as("node1.lab.example");
    set(C_NV_INSTANCELIST, "[\"inst2.lab.example\"]");
    set(C_NV_CLIENT_CERT,
        "[null, \"1D:42:E9:EB:5C:32:8E:1B:04:37:21:87:4A:A0:6A:BD:08:1C:19:29\"]");
    json_remove(answer, C_NV_ACCEPTED_STORAGE_PATHS);
    answer_as("node2.lab.example");
    answer_as("node3.lab.example");
}

static void tear_down(void)
{
    g_clear_pointer(&answer, json_unref);
    g_clear_pointer(&h, lu_harness_free);
}

static const char group_default[] = "{\"OP_ID\": \"OP_CLUSTER_VERIFY_GROUP\", \"group_name\": "
                                    "\"default\", \"error_codes\": true}";

/* Codes in the order they were told, but those of files, "WEIGHT:CODE:kind:object ". */
static char *codes(void)
{
    g_auto(GStrv) parts = g_strsplit(lu_harness_log(h), "\"  - ", -1);
    g_autoptr(GString) out = g_string_new(NULL);
    for (size_t i = 1; parts[0] != NULL && parts[i] != NULL; i++) {
        g_auto(GStrv) words = g_strsplit(parts[i], ":", 5);
        ck_assert_uint_eq(g_strv_length(words), 5);
        if (!g_str_equal(words[1], "ECLUSTERFILECHECK")) {
            g_string_append_printf(out, "%s:%s:%s:%s ", words[0], words[1], words[2], words[3]);
        }
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void expect(const char *expected)
{
    lu_harness_ok(h, group_default);
    g_autofree char *found = codes();
    ck_assert_str_eq(found, expected);
}

START_TEST(all_is_well)
{
    expect("");
    const char *calls = lu_harness_calls(h);
    ck_assert_str_eq(lu_harness_locks(h),
                     "cluster/BGL shared\n"
                     "instance/inst1.lab.example shared\ninstance/inst2.lab.example shared\n"
                     "instance/inst3.lab.example shared\ninstance/inst5.lab.example shared\n"
                     "instance/inst6.lab.example shared\n"
                     "node/339d45bc-1a9f-47d1-bde3-e547c29980d3 shared\n"
                     "node/40eeb2cf-b682-45b3-9a33-cc80759e3e20 shared\n"
                     "nodegroup/82ab96d0-e378-4039-9682-23f11f479a37 shared\n");
    ck_assert_ptr_nonnull(strstr(calls, "node_verify node1.lab.example"));
    ck_assert_ptr_nonnull(strstr(calls, "\"bridges\": [\"br0\"]"));
    ck_assert_ptr_nonnull(strstr(calls,
                                 "\"nodelist\": [[\"node1.lab.example\", \"node2.lab.example\"], "
                                 "{\"node1.lab.example\": [\"node3.lab.example\"], "
                                 "\"node2.lab.example\": [\"node3.lab.example\"]}, "
                                 "[\"node1.lab.example\", \"node2.lab.example\"]]"));
    ck_assert_ptr_nonnull(strstr(calls, "\"oob-paths\": [\"/bin/true\"]"));
    ck_assert_ptr_nonnull(strstr(calls, "\"master-ip\": [\"node1.lab.example\", \"192.0.2.100\""));
    /* Files are compared with a node outside the group. */
    ck_assert_ptr_nonnull(strstr(calls, "node_verify node3.lab.example [{\"filelist\": "));
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "* Verifying group 'default'\n"));
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "  - NOTICE: 1 offline instance(s) found.\n"));
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "* Hooks Results\n"));
}
END_TEST

/* A spoiled answer of node2 and what is told of it. */
static const struct spoiled {
    const char *check, *value, *expected;
} spoiled[] = {
    {"version", "null", "ERROR:ENODERPC:node:node2.lab.example "},
    {"version", "[1, \"2.0\"]", "ERROR:ENODEVERSION:node:node2.lab.example "},
    {"nodesetup", "[\"no /sys\"]", "ERROR:ENODESETUP:node:node2.lab.example "},
    {"time", "[1, 0]", "ERROR:ENODETIME:node:node2.lab.example "},
    {"time", "\"now\"", "ERROR:ENODETIME:node:node2.lab.example "},
    {"nodelist", "{\"node1.lab.example\": \"refused\"}", "ERROR:ENODESSH:node:node2.lab.example "},
    {"node-net-test", "{\"node1.lab.example\": \"refused\"}",
     "ERROR:ENODENET:node:node2.lab.example "},
    {"master-ip", "false", "ERROR:ENODENET:node:node2.lab.example "},
    {"bridges", "[\"br0\"]", "ERROR:ENODENET:node:node2.lab.example "},
    {"bridges", "null", "ERROR:ENODENET:node:node2.lab.example "},
    {"user-scripts", "[\"x\"]", "ERROR:ENODEUSERSCRIPTS:node:node2.lab.example "},
    {"oob-paths", "[\"no such program\"]", "ERROR:ENODEOOBPATH:node:node2.lab.example "},
    {"allowed-file-storage-paths", "[]", "ERROR:ENODEFILESTORAGEPATHS:node:node2.lab.example "},
    {"file-storage-path", "\"no folder\"",
     "ERROR:ENODEFILESTORAGEPATHUNUSABLE:node:node2.lab.example "},
    {"shared-file-storage-path", "\"no folder\"",
     "ERROR:ENODESHAREDFILESTORAGEPATHUNUSABLE:node:node2.lab.example "},
    {"hypervisor", "{\"fake\": \"broken\"}", "ERROR:ENODEHV:node:node2.lab.example "},
    {"hvparms", "[[\"cluster\", \"fake\", \"no\"]]", "ERROR:ENODEHV:node:node2.lab.example "},
    {"hvinfo", "null", "ERROR:ENODEHV:node:node2.lab.example "},
    {"oslist", "[[1]]", "ERROR:ENODEOS:node:node2.lab.example "},
    {"oslist", "[]", "ERROR:ENODEOS:node:node2.lab.example "},
    {"oslist", "[[\"noop\", \"/srv/noop\", true, \"\", [\"b\"], [], [20], false]]",
     "ERROR:ENODEOS:node:node2.lab.example "},
    {"instancelist", "[]", "ERROR:EINSTANCEDOWN:instance:inst2.lab.example "},
    {"instancelist", "[\"inst2.lab.example\", \"inst1.lab.example\"]",
     "ERROR:EINSTANCEWRONGNODE:instance:inst1.lab.example "},
    {"instancelist", "[\"inst2.lab.example\", \"stranger\"]",
     "ERROR:ENODEORPHANINSTANCE:node:node2.lab.example "},
    {"client-cert", "[1, \"expired\"]",
     "ERROR:ECLUSTERCLIENTCERT:cluster:None ERROR:ECLUSTERCLIENTCERT:cluster:None "},
    {"client-cert", "[null, \"AA\"]",
     "ERROR:ECLUSTERCLIENTCERT:cluster:None ERROR:ECLUSTERCLIENTCERT:cluster:None "},
    {"filelist", "null", "ERROR:ENODEFILECHECK:node:node2.lab.example "},
};

static void spoil(const char *node, const struct spoiled *row)
{
    set(row->check, row->value);
    answer_as(node);
    lu_harness_ok(h, group_default);
    g_autofree char *found = codes();
    ck_assert_msg(g_str_equal(found, row->expected), "%s %s: %s instead of %s", row->check,
                  row->value, found, row->expected);
}

START_TEST(spoiled_answers)
{
    for (size_t i = 0; i < G_N_ELEMENTS(spoiled); i++) {
        tear_down();
        set_up();
        spoil("node2.lab.example", &spoiled[i]);
        ck_assert_str_eq(lu_harness_result(h), "false");
    }
}
END_TEST

START_TEST(silent_node)
{
    lu_harness_failure(h, "node_verify", "node2.lab.example", "connection refused");
    lu_harness_failure(h, "blockdev_getmirrorstatus_multi", "node2.lab.example", "refused");
    expect("ERROR:ENODERPC:node:node2.lab.example ERROR:ENODEFILECHECK:node:node2.lab.example "
           "ERROR:ENODERPC:node:node2.lab.example "
           "ERROR:EINSTANCEDOWN:instance:inst2.lab.example "
           "ERROR:EINSTANCEFAULTYDISK:instance:inst2.lab.example "
           "ERROR:ENODERPC:node:node2.lab.example ");
}
END_TEST

START_TEST(degraded_disk)
{
    lu_harness_answer(h, "blockdev_getmirrorstatus_multi", "node2.lab.example",
                      "[[true, {\"is_degraded\": true, \"ldisk_status\": 2}]]");
    expect("WARNING:EINSTANCEFAULTYDISK:instance:inst2.lab.example ");
    lu_harness_answer(h, "blockdev_getmirrorstatus_multi", "node2.lab.example",
                      "[[true, {\"is_degraded\": true, \"ldisk_status\": 4}]]");
    expect("ERROR:EINSTANCEFAULTYDISK:instance:inst2.lab.example ");
    lu_harness_answer(h, "blockdev_getmirrorstatus_multi", "node2.lab.example", "[]");
    expect("ERROR:EINSTANCEFAULTYDISK:instance:inst2.lab.example ");
}
END_TEST

static void tell_key(const char *node, const char *digest)
{
    struct json *files = json_new_object();
    json_set(files, path_get(PATH_CONFD_HMAC_KEY), json_new_string(digest));
    json_set(answer, C_NV_FILELIST, files);
    answer_as(node);
}

START_TEST(files_that_differ)
{
    tell_key("node3.lab.example", "1111111111111111");
    tell_key("node2.lab.example", "2222222222222222");
    lu_harness_ok(h, group_default);
    g_autofree char *differs = g_strdup_printf(
        "ERROR:ECLUSTERFILECHECK:cluster:None:File %s found with 2 different checksums (variant 1 "
        "on node3.lab.example; variant 2 on node2.lab.example)",
        path_get(PATH_CONFD_HMAC_KEY));
    g_autofree char *missing = g_strdup_printf(
        "File %s is missing from node(s) node1.lab.example\"", path_get(PATH_CONFD_HMAC_KEY));
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), differs));
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), missing));
    /* What is optional may be missing everywhere. */
    ck_assert_ptr_null(strstr(lu_harness_log(h), path_get(PATH_RAPI_USERS_FILE)));
}
END_TEST

START_TEST(ignored_and_plain)
{
    set(C_NV_NODESETUP, "[\"no /sys\"]");
    answer_as("node2.lab.example");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_CLUSTER_VERIFY_GROUP\", \"group_name\": \"default\", "
                     "\"ignore_errors\": [\"ENODESETUP\", \"ECLUSTERFILECHECK\"]}");
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "message-list [\"  - WARNING: node "
                                                    "node2.lab.example: node setup error: no "
                                                    "/sys\"]\n"));
    ck_assert_str_eq(lu_harness_result(h), "true");
}
END_TEST

START_TEST(failing_hook)
{
    lu_harness_answer(h, "hooks_runner", "node2.lab.example", "[[\"10check\", 1, \"a\\nb\"]]");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_CLUSTER_VERIFY_GROUP\", \"group_name\": \"default\", "
                     "\"ignore_errors\": [\"ECLUSTERFILECHECK\"]}");
    ck_assert_str_eq(lu_harness_result(h), "false");
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "Script 10check failed, output:"));
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "      a\n      b\n"));
    ck_assert_ptr_nonnull(
        strstr(lu_harness_calls(h), "\"GANETI_POST_NODE_TAGS_node1.lab.example\""));
}
END_TEST

START_TEST(unknown_group)
{
    lu_harness_fails(h, "{\"OP_ID\": \"OP_CLUSTER_VERIFY_GROUP\", \"group_name\": \"nowhere\"}",
                     ERR_OP_PREREQ, ECODE_NOENT);
}
END_TEST

/* Every check is told as failed, and none of them stumbles. */
START_TEST(simulated)
{
    lu_harness_ok(h, "{\"OP_ID\": \"OP_CLUSTER_VERIFY_GROUP\", \"group_name\": \"default\", "
                     "\"debug_simulate_errors\": true, \"verbose\": true}");
    ck_assert_str_eq(lu_harness_result(h), "false");
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "* Verifying node node1.lab.example (master)"));
}
END_TEST

/* --- DRBD and LVM -------------------------------------------------------------------------------
 */
static void drbd_set_up(void)
{
    tear_down();
    h = lu_harness_new("cluster-drbd.json");
    healthy();
    tell_files();
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
    lu_harness_answer(h, "blockdev_getmirrorstatus_multi", NULL,
                      "[[true, {\"is_degraded\": false}], [true, {\"is_degraded\": false}]]");
    set(C_NV_HYPERVISOR, "{\"kvm\": null}");
    set(C_NV_VGLIST, "{\"xenvg\": 50000}");
    set(C_NV_PVLIST, "[{\"name\": \"/dev/sda\", \"size\": 50000}]");
    set(C_NV_DRBDHELPER, "[true, \"/bin/true\"]");
    set(C_NV_DRBDVERSION, "\"8.4.11\"");
    set(C_NV_CLIENT_CERT, "[null, \"AA\"]");
    set(C_NV_INSTANCELIST, "[\"web.a.example\"]");
    set(C_NV_DRBDLIST, "[4, 7]");
    set(C_NV_LVLIST, "{\"xenvg/x1_data\": [], \"xenvg/x1_meta\": [], \"xenvg/x2_data\": [], "
                     "\"xenvg/x2_meta\": []}");
    answer_as("n1.example");
    set(C_NV_INSTANCELIST, "[]");
    set(C_NV_DRBDLIST, "[5, 6]");
    answer_as("n2.example");
    set(C_NV_INSTANCELIST, "[\"web.b.example\"]");
    set(C_NV_DRBDLIST, "[]");
    set(C_NV_LVLIST, "{\"xenvg/y_data\": []}");
    answer_as("n3.example");
}

/* No certificate is on record in this configuration. */
#define CERTS "ERROR:ECLUSTERCLIENTCERT:cluster:None "

START_TEST(drbd_is_well)
{
    drbd_set_up();
    expect(CERTS);
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "\"drbd-helper\": \"/bin/true\""));
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "\"pvlist\": [\"xenvg\"]"));
}
END_TEST

static const struct spoiled drbd_spoiled[] = {
    {"drbd-list", "[1]", CERTS "ERROR:ENODEDRBD:node:n3.example "},
    {"drbd-list", "\"none\"", CERTS "ERROR:ENODEDRBD:node:n3.example "},
    {"drbd-helper", "[true, \"/bin/false\"]", CERTS "ERROR:ENODEDRBDHELPER:node:n3.example "},
    {"drbd-helper", "[false, \"none\"]", CERTS "ERROR:ENODEDRBDHELPER:node:n3.example "},
    {"drbd-helper", "null", CERTS "ERROR:ENODEDRBDHELPER:node:n3.example "},
    {"drbd-version", "\"9.2\"",
     CERTS "WARNING:ENODEDRBDHELPER:node:00000001-0000-4000-8000-000000000000 "
           "WARNING:ENODEDRBDHELPER:node:00000002-0000-4000-8000-000000000000 "
           "WARNING:ENODEDRBDHELPER:node:00000003-0000-4000-8000-000000000000 "},
    {"lvlist", "{}", CERTS "ERROR:EINSTANCEMISSINGDISK:instance:web.b.example "},
    {"lvlist", "\"no LVM\"", CERTS "ERROR:ENODELVM:node:n3.example "},
    {"lvlist", "{\"xenvg/y_data\": [], \"xenvg/who\": [], \"other/x\": []}",
     CERTS "WARNING:ENODEORPHANLV:node:n3.example "},
    {"vglist", "{\"xenvg\": 5}", CERTS "ERROR:ENODELVM:node:n3.example "},
    {"vglist", "{\"other\": 50000}", CERTS "ERROR:ENODELVM:node:n3.example "},
    {"vglist", "null", CERTS "ERROR:ENODELVM:node:n3.example "},
    {"pvlist", "[{\"name\": \"/dev/a:b\", \"size\": 1}]", CERTS "ERROR:ENODELVM:node:n3.example "},
};

START_TEST(drbd_spoiled_answers)
{
    for (size_t i = 0; i < G_N_ELEMENTS(drbd_spoiled); i++) {
        drbd_set_up();
        spoil("n3.example", &drbd_spoiled[i]);
    }
}
END_TEST

START_TEST(no_memory_for_failover)
{
    drbd_set_up();
    set(C_NV_INSTANCELIST, "[]");
    set(C_NV_DRBDLIST, "[5, 6]");
    set(C_NV_LVLIST, "{\"xenvg/x1_data\": [], \"xenvg/x1_meta\": [], \"xenvg/x2_data\": [], "
                     "\"xenvg/x2_meta\": []}");
    set(C_NV_HVINFO, "{\"memory_free\": 1}");
    answer_as("n2.example");
    expect(CERTS "ERROR:ENODEN1:node:n2.example ");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_CLUSTER_VERIFY_GROUP\", \"group_name\": \"default\", "
                     "\"skip_checks\": [\"nplusone_mem\"]}");
    ck_assert_ptr_null(strstr(lu_harness_log(h), "N+1"));
}
END_TEST

/* --- The configuration --------------------------------------------------------------------------
 */
START_TEST(config_without_certificates)
{
    lu_harness_ok(h, "{\"OP_ID\": \"OP_CLUSTER_VERIFY_CONFIG\", \"error_codes\": true}");
    ck_assert_str_eq(lu_harness_result(h), "false");
    ck_assert_str_eq(lu_harness_calls(h), "");
    ck_assert_ptr_nonnull(strstr(lu_harness_locks(h), "nodegroup/[lockset] shared"));
    const char *log = lu_harness_log(h);
    ck_assert_ptr_nonnull(strstr(log, "* Verifying cluster config\n"));
    ck_assert_ptr_nonnull(strstr(log, "  - ERROR:ECLUSTERCERT:cluster:None:"));
    lu_harness_ok(h, "{\"OP_ID\": \"OP_CLUSTER_VERIFY_CONFIG\", \"ignore_errors\": "
                     "[\"ECLUSTERCERT\"]}");
    ck_assert_str_eq(lu_harness_result(h), "true");
}
END_TEST

UNIT_MAIN_FIXTURE("cluster-verify", set_up, tear_down, all_is_well, spoiled_answers, silent_node,
                  degraded_disk, files_that_differ, ignored_and_plain, failing_hook, unknown_group,
                  simulated, drbd_is_well, drbd_spoiled_answers, no_memory_for_failover,
                  config_without_certificates)
