/* Queries that jobs answer: the cluster, operating systems, external storage. */
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
    g_autofree char *root = g_build_filename(g_getenv("TEST_TMPDIR"), "n1.example", NULL);

    g_setenv("GANETI_ROOTDIR", root, TRUE);
    g_setenv("GANETI_HOSTNAME", "n1.example", TRUE);
    h = lu_harness_new("cluster-drbd.json");
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

#define OS(name, path, status, variants, params)                                                   \
    "[\"" name "\", \"" path "\", " status ", \"why\", " variants ", " params ", [20, 15], true]"

static void answer_oses(void)
{
    lu_harness_answer(
        h, "os_diagnose", "n1.example",
        "[" OS("deb", "/a/deb", "true", "[\"x\", \"y\"]",
               "[[\"p\", \"doc\"], [\"q\", \"d\"]]") ", " OS("deb", "/b/deb", "false", "[]",
                                                             "[]") ", " OS("half", "/a/half",
                                                                           "true", "[]", "[]") "]");
    lu_harness_answer(h, "os_diagnose", "n2.example",
                      "[" OS("deb", "/a/deb", "true", "[\"y\", \"z\"]",
                             "[[\"p\", \"doc\"], [\"q\", \"other\"]]") "]");
    lu_harness_failure(h, "os_diagnose", "n3.example", "down");
}

#define DIAGNOSE(fields) "{\"OP_ID\": \"OP_OS_DIAGNOSE\", \"output_fields\": [" fields "]}"

START_TEST(operating_systems)
{
    answer_oses();
    lu_harness_ok(h, DIAGNOSE("\"name\", \"variants\", \"parameters\", \"api_versions\", "
                              "\"trusted\", \"os_hvp\", \"osparams\""));
    ck_assert_str_eq(lu_harness_result(h), "[[\"deb\", [\"y\"], [[\"p\", \"doc\"]], [20, 15], "
                                           "true, {}, {}]]");
    ck_assert_str_eq(lu_harness_calls(h), "os_diagnose n1.example []\nos_diagnose n2.example []\n"
                                          "os_diagnose n3.example []\n");
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\n");
    /* Who asks for the state gets all. */
    lu_harness_ok(h, DIAGNOSE("\"name\", \"valid\", \"node_status\""));
    ck_assert_str_eq(
        lu_harness_result(h),
        "[[\"deb\", true, {\"" N1
        "\": [[\"/a/deb\", true, \"why\", [\"x\", \"y\"], [[\"p\", \"doc\"], [\"q\", \"d\"]], "
        "[20, 15], true], [\"/b/deb\", false, \"why\", [], [], [20, 15], true]], \"" N2
        "\": [[\"/a/deb\", true, \"why\", [\"y\", \"z\"], [[\"p\", \"doc\"], [\"q\", "
        "\"other\"]], [20, 15], true]]}], [\"half\", false, {\"" N1
        "\": [[\"/a/half\", true, \"why\", [], [], [20, 15], true]], \"" N2 "\": []}]]");
}
END_TEST

START_TEST(hidden_ones)
{
    answer_oses();
    lu_harness_ok(h, "{\"OP_ID\": \"OP_CLUSTER_SET_PARAMS\", \"hidden_os\": [[\"add\", "
                     "\"deb\"]]}");
    lu_harness_ok(h, DIAGNOSE("\"name\""));
    ck_assert_str_eq(lu_harness_result(h), "[]");
    lu_harness_ok(h, DIAGNOSE("\"name\", \"hidden\""));
    ck_assert_str_eq(lu_harness_result(h), "[[\"deb\", true]]");
}
END_TEST

START_TEST(names)
{
    answer_oses();
    lu_harness_ok(h, "{\"OP_ID\": \"OP_OS_DIAGNOSE\", \"output_fields\": [\"name\", \"valid\", "
                     "\"hidden\", \"blacklisted\"], \"names\": [\"half\", \"deb\"]}");
    ck_assert_str_eq(lu_harness_result(h), "[[\"half\", false, false, false], [\"deb\", true, "
                                           "false, false]]");
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_OS_DIAGNOSE\", \"output_fields\": [\"name\", \"valid\", "
                     "\"hidden\", \"blacklisted\"], \"names\": [\"none\"]}",
                     ERR_OP_EXEC, ECODE_NONE);
    lu_harness_fails(h, DIAGNOSE("\"name\", \"color\""), ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_answer(h, "os_diagnose", "n1.example", "[[\"deb\", \"/a\"]]");
    lu_harness_fails(h, DIAGNOSE("\"name\""), ERR_OP_EXEC, ECODE_NONE);
}
END_TEST

START_TEST(external_storage)
{
    lu_harness_answer(h, "extstorage_diagnose", NULL,
                      "[[\"prov\", \"/p\", true, \"\", [[\"a\", \"doc\"]]]]");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_EXT_STORAGE_DIAGNOSE\", \"output_fields\": [\"name\", "
                     "\"nodegroup_status\", \"parameters\"]}");
    ck_assert_str_eq(lu_harness_result(h), "[[\"prov\", {\"default\": true}, [[\"a\", \"doc\"]]]]");
    lu_harness_answer(h, "extstorage_diagnose", "n2.example", "[]");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_EXT_STORAGE_DIAGNOSE\", \"output_fields\": "
                     "[\"nodegroup_status\", \"node_status\"], \"names\": [\"prov\"]}");
    ck_assert_str_eq(lu_harness_result(h),
                     "[[{\"default\": false}, {\"" N1
                     "\": [[\"/p\", true, \"\", [[\"a\", \"doc\"]]]], \"" N2 "\": [], \"" N3
                     "\": [[\"/p\", true, \"\", [[\"a\", \"doc\"]]]]}]]");
}
END_TEST

START_TEST(queries)
{
    answer_oses();
    lu_harness_ok(h, "{\"OP_ID\": \"OP_QUERY\", \"what\": \"os\", \"fields\": [\"name\", "
                     "\"color\"], \"qfilter\": [\"=~\", \"name\", \"^h\"]}");
    ck_assert_ptr_nonnull(strstr(lu_harness_result(h), "\"data\": [[[0, \"half\"], [1, null]]]"));
    ck_assert_ptr_nonnull(strstr(lu_harness_result(h), "\"fields\": [{\"name\": \"name\""));
    lu_harness_ok(h, "{\"OP_ID\": \"OP_QUERY\", \"what\": \"cluster\", \"fields\": [\"name\", "
                     "\"master_node\", \"drain_flag\", \"volume_group_name\"]}");
    ck_assert_ptr_nonnull(strstr(lu_harness_result(h), "\"data\": [[[0, \"c.example\"], [0, "
                                                       "\"n1.example\"], [0, false], [0, "
                                                       "\"xenvg\"]]]"));
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_QUERY\", \"what\": \"cluster\", \"fields\": [\"name\"], "
                     "\"use_locking\": true}",
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, "{\"OP_ID\": \"OP_QUERY\", \"what\": \"node\", \"fields\": [\"name\"]}",
                     ERR_OP_PREREQ, ECODE_INVAL);
    lu_harness_fails(h, "{\"OP_ID\": \"OP_QUERY_FIELDS\", \"what\": \"node\"}", ERR_OP_PREREQ,
                     ECODE_INVAL);
    lu_harness_ok(h, "{\"OP_ID\": \"OP_QUERY_FIELDS\", \"what\": \"extstorage\"}");
    ck_assert_ptr_nonnull(strstr(lu_harness_result(h), "\"nodegroup_status\""));
    lu_harness_ok(h, "{\"OP_ID\": \"OP_QUERY_FIELDS\", \"what\": \"os\", \"fields\": "
                     "[\"trusted\", \"x\"]}");
    ck_assert_ptr_nonnull(strstr(lu_harness_result(h), "\"kind\": \"unknown\""));
}
END_TEST

START_TEST(cluster)
{
    lu_harness_ok(h, "{\"OP_ID\": \"OP_CLUSTER_QUERY\"}");
    const char *result = lu_harness_result(h);
    ck_assert_ptr_nonnull(strstr(result, "\"name\": \"c.example\""));
    ck_assert_ptr_nonnull(strstr(result, "\"hvparams\": {\"kvm\": {"));
    ck_assert_ptr_null(strstr(result, "\"xen-pvm\": {"));
    lu_harness_answer(h, "get_watcher_pause", NULL, "null");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_CLUSTER_CONFIG_QUERY\", \"output_fields\": "
                     "[\"cluster_name\", \"watcher_pause\", \"master_node\", \"tags\"]}");
    ck_assert_str_eq(lu_harness_result(h), "[\"c.example\", null, \"n1.example\", []]");
    lu_harness_answer(h, "get_watcher_pause", NULL, "1900000000.5");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_CLUSTER_CONFIG_QUERY\", \"output_fields\": "
                     "[\"watcher_pause\"]}");
    ck_assert_str_eq(lu_harness_result(h), "[1900000000.5]");
    lu_harness_fails(h, "{\"OP_ID\": \"OP_CLUSTER_CONFIG_QUERY\", \"output_fields\": [\"color\"]}",
                     ERR_OP_PREREQ, ECODE_INVAL);
}
END_TEST

UNIT_MAIN_FIXTURE("query", set_up, tear_down, operating_systems, hidden_ones, names,
                  external_storage, queries, cluster)
