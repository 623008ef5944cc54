/* Power of nodes, and commands that the site allows. */
#include "config.h"

#include <string.h>

#include "base/tests/unit.h"
#include "jobs/lu/tests/lu-harness.h"

#define N2 "00000002-0000-4000-8000-000000000000"
#define N3 "00000003-0000-4000-8000-000000000000"

static struct lu_harness *h;

static void set_up(void)
{
    h = lu_harness_new("cluster-drbd.json");
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

static void give_program(void)
{
    lu_harness_ok(h, "{\"OP_ID\": \"OP_CLUSTER_SET_PARAMS\", \"ndparams\": {\"oob_program\": "
                     "\"/bin/oob\"}}");
}

static bool is_powered(const char *name)
{
    return cfg_node_named(lu_harness_cfg(h), name)->powered;
}

#define OOB(command, rest) "{\"OP_ID\": \"OP_OOB_COMMAND\", \"command\": \"" command "\"" rest "}"
#define NODES(names)       ", \"node_names\": [" names "]"

START_TEST(no_program)
{
    lu_harness_ok(h, OOB("power-status", NODES("\"n3\", \"n2\"")));
    ck_assert_str_eq(lu_harness_result(h), "[[[0, \"n2.example\"], [3, null]], [[0, "
                                           "\"n3.example\"], [3, null]]]");
    ck_assert_str_eq(lu_harness_calls(h), "");
    ck_assert_str_eq(lu_harness_locks(h),
                     "cluster/BGL shared\nnode/" N2 " exclusive\nnode/" N3 " exclusive\n");
}
END_TEST

START_TEST(power)
{
    give_program();
    lu_harness_answer(h, "run_oob", NULL, "null");
    lu_harness_fails(h, OOB("power-off", NODES("\"n2\"")), ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_ok(h, OOB("power-off", NODES("\"n2\"") ", \"ignore_status\": true"));
    ck_assert_str_eq(lu_harness_result(h), "[[[0, \"n2.example\"], [0, null]]]");
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "run_oob n1.example [\"/bin/oob\", "
                                                      "\"power-off\", \"n2.example\", 60]\n"));
    ck_assert(!is_powered("n2.example"));
    lu_harness_ok(h, OOB("power-on", NODES("\"n2\"")));
    ck_assert(is_powered("n2.example"));
    /* All but the master, which cannot be asked to switch itself off. */
    lu_harness_ok(h, OOB("power-cycle", ""));
    ck_assert_ptr_null(strstr(lu_harness_result(h), "n1.example"));
    lu_harness_fails(h, OOB("power-cycle", NODES("\"n1\"")), ERR_OP_PREREQ, ECODE_INVAL);
    ck_assert_ptr_nonnull(strstr(lu_harness_error(h)->message, "/bin/oob power-cycle n1.example"));
    lu_harness_fails(h, OOB("power-on", NODES("\"nobody\"")), ERR_OP_PREREQ, ECODE_NOENT);
}
END_TEST

START_TEST(bad_answers)
{
    give_program();
    lu_harness_answer(h, "run_oob", NULL, "\"hm\"");
    lu_harness_ok(h, OOB("power-off", NODES("\"n2\"") ", \"ignore_status\": true"));
    ck_assert_str_eq(lu_harness_result(h), "[[[0, \"n2.example\"], [2, null]]]");
    ck_assert(is_powered("n2.example"));
    lu_harness_ok(h, OOB("power-status", NODES("\"n2\"")));
    ck_assert_str_eq(lu_harness_result(h), "[[[0, \"n2.example\"], [2, null]]]");
    lu_harness_failure(h, "run_oob", NULL, "no route");
    lu_harness_ok(h, OOB("power-on", NODES("\"n2\"")));
    ck_assert_str_eq(lu_harness_result(h), "[[[0, \"n2.example\"], [2, null]]]");
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "no route"));
}
END_TEST

START_TEST(states)
{
    give_program();
    lu_harness_answer(h, "run_oob", NULL, "{\"powered\": true}");
    lu_harness_ok(h, OOB("power-status", NODES("\"n1\"")));
    ck_assert_str_eq(lu_harness_result(h), "[[[0, \"n1.example\"], [0, {\"powered\": true}]]]");
    lu_harness_answer(h, "run_oob", NULL, "[[\"fan\", \"OK\"], [\"disk\", \"CRITICAL\"]]");
    lu_harness_ok(h, OOB("health", NODES("\"n1\"")));
    ck_assert_str_eq(lu_harness_result(h), "[[[0, \"n1.example\"], [0, [[\"fan\", \"OK\"], "
                                           "[\"disk\", \"CRITICAL\"]]]]]");
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "'disk' of node n1.example"));
    lu_harness_answer(h, "run_oob", NULL, "[[\"fan\", \"TIRED\"]]");
    lu_harness_ok(h, OOB("health", NODES("\"n1\"")));
    ck_assert_str_eq(lu_harness_result(h), "[[[0, \"n1.example\"], [2, null]]]");
}
END_TEST

START_TEST(restricted)
{
    lu_harness_answer(h, "restricted_command", "n2.example", "\"out\\n\"");
    lu_harness_failure(h, "restricted_command", "n3.example", "not allowed");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_RESTRICTED_COMMAND\", \"command\": \"look\", \"nodes\": "
                     "[\"n2\", \"n3\"]}");
    ck_assert_str_eq(lu_harness_result(h),
                     "[[true, \"out\\n\"], [false, \"Command 'look' failed on node n3.example: not "
                     "allowed\"]]");
    ck_assert_str_eq(lu_harness_calls(h), "restricted_command n2.example [\"look\"]\n"
                                          "restricted_command n3.example [\"look\"]\n");
    ck_assert_str_eq(lu_harness_locks(h),
                     "cluster/BGL shared\nnode/" N2 " shared\nnode/" N3 " shared\n");
    lu_harness_ok(h, "{\"OP_ID\": \"OP_RESTRICTED_COMMAND\", \"command\": \"look\", \"nodes\": "
                     "[\"n2\"], \"use_locking\": true}");
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\nnode/" N2 " exclusive\n");
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_RESTRICTED_COMMAND\", \"command\": \"look\", \"nodes\": "
                     "[\"nobody\"]}",
                     ERR_OP_PREREQ, ECODE_NOENT);
}
END_TEST

UNIT_MAIN_FIXTURE("out_of_band", set_up, tear_down, no_program, power, bad_answers, states,
                  restricted)
