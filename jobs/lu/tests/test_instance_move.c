/* Instances that move by copying their disks. */
#include "config.h"

#include <string.h>

#include "base/tests/unit.h"
#include "jobs/lu/tests/lu-harness.h"

#define N1 "00000001-0000-4000-8000-000000000000"
#define N3 "00000003-0000-4000-8000-000000000000"

#define MOVE                                                                                       \
    "{\"OP_ID\": \"OP_INSTANCE_MOVE\", \"instance_name\": \"web.b\", \"target_node\": \"%s\"}"

#define LISTENING "[{\"listen_port\": 4321, \"connected\": false}]"
#define SENDING                                                                                    \
    "[{\"listen_port\": 4321, \"connected\": true, \"progress_mbytes\": 10,"                       \
    " \"progress_throughput\": 2.5, \"progress_percent\": 50.0, \"progress_eta\": 4.0}]"
#define DONE "[{\"connected\": true, \"exit_status\": 0}]"
#define BROKEN                                                                                     \
    "[{\"connected\": true, \"exit_status\": 1, \"error_message\": \"disk full\","                 \
    " \"recent_output\": [\"dd: no space\"]}]"

static struct lu_harness *h;

static void set_up(void)
{
    static const char *const fine[] = {
        "blockdev_create", "blockdev_remove", "instance_shutdown", "instance_start",
        "impexp_cleanup",  "impexp_abort",    "bridges_exist",     "blockdev_shutdown",
    };
    h = lu_harness_new("cluster-drbd.json");
    for (size_t i = 0; i < G_N_ELEMENTS(fine); i++) {
        lu_harness_answer(h, fine[i], NULL, "null");
    }
    lu_harness_answer(h, "hooks_runner", NULL, "[]");
    lu_harness_answer(h, "instance_info", NULL, "{}");
    lu_harness_answer(h, "node_info", NULL, "[\"boot\", [], [{\"memory_free\": 4096}]]");
    lu_harness_answer(h, "blockdev_assemble", NULL, "[\"/dev/x\", \"/link\", null]");
    lu_harness_answer(h, "import_start", NULL, "\"import-1\"");
    lu_harness_answer(h, "export_start", NULL, "\"export-1\"");
    lu_harness_answer(h, "impexp_status", "n1.example",
                      "[null]\n" LISTENING "\n" SENDING "\n" DONE);
    lu_harness_answer(h, "impexp_status", "n3.example", SENDING "\n" DONE);
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

static const struct instance *instance(void)
{
    return cfg_instance_named(lu_harness_cfg(h), "web.b.example");
}

/* "CALL NODE ", hooks left out. */
static char *calls(void)
{
    return lu_harness_call_names(h, 2, ' ', NULL);
}

static void move(const char *target)
{
    g_autofree char *op = g_strdup_printf(MOVE, target);
    lu_harness_ok(h, op);
}

static void move_fails(const char *target, enum err_class error_class, enum err_ecode ecode)
{
    g_autofree char *op = g_strdup_printf(MOVE, target);
    lu_harness_fails(h, op, error_class, ecode);
}

START_TEST(move_up)
{
    move("n1");
    g_autofree char *made = calls();
    ck_assert_ptr_nonnull(strstr(made, "instance_shutdown n3 blockdev_create n1 "
                                       "import_start n1 impexp_status n1 impexp_status n1 "
                                       "export_start n3 "));
    ck_assert(g_str_has_suffix(made, "blockdev_remove n3 blockdev_assemble n1 "
                                     "blockdev_assemble n1 instance_start n1 "));
    ck_assert_str_eq(instance()->primary_node, N1);
    struct cfg_disks disks = cfg_instance_disks(lu_harness_cfg(h), instance());
    ck_assert_str_eq(disks.v[0]->nodes.v[0], N1);
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\ninstance/web.b.example exclusive\n"
                                          "node-res/" N1 " exclusive\nnode-res/" N3 " exclusive\n"
                                          "node/" N1 " exclusive\nnode/" N3 " exclusive\n");
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "disk/0 sent 10M, 2.5 MiB/s, 50%, ETA 4s"));
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "4321"));
}
END_TEST

START_TEST(move_down)
{
    lu_harness_ok(h, "{\"OP_ID\": \"OP_INSTANCE_SHUTDOWN\", \"instance_name\": \"web.b\"}");
    move("n1");
    g_autofree char *made = calls();
    ck_assert(g_str_has_suffix(made, "blockdev_remove n3 "));
}
END_TEST

/* What was made on the target goes again, and the instance stays. */
START_TEST(copy_fails)
{
    lu_harness_answer(h, "impexp_status", "n1.example", LISTENING "\n" SENDING "\n" BROKEN);
    lu_harness_answer(h, "impexp_status", "n3.example", SENDING "\n" SENDING "\n" BROKEN);
    move_fails("n1", ERR_OP_EXEC, ECODE_NONE);
    ck_assert_str_eq(instance()->primary_node, N3);
    g_autofree char *made = calls();
    ck_assert_ptr_nonnull(strstr(made, "impexp_abort n3 "));
    ck_assert(g_str_has_suffix(made, "blockdev_remove n1 "));
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "disk full"));
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "dd: no space"));
}
END_TEST

START_TEST(start_fails)
{
    lu_harness_failure(h, "import_start", NULL, "no socat");
    move_fails("n1", ERR_OP_EXEC, ECODE_NONE);
    ck_assert_str_eq(instance()->primary_node, N3);
    lu_harness_failure(h, "blockdev_create", NULL, "no space");
    move_fails("n1", ERR_OP_EXEC, ECODE_NONE);
}
END_TEST

START_TEST(refused)
{
    move_fails("n3", ERR_OP_PREREQ, ECODE_STATE);
    move_fails("n9", ERR_OP_PREREQ, ECODE_NOENT);
    lu_harness_fails(h,
                     "{\"OP_ID\": \"OP_INSTANCE_MOVE\", \"instance_name\": \"web.a\","
                     " \"target_node\": \"n3\"}",
                     ERR_OP_PREREQ, ECODE_STATE);
    lu_harness_answer(h, "node_info", NULL, "[\"boot\", [], [{\"memory_free\": 1}]]");
    move_fails("n1", ERR_OP_PREREQ, ECODE_NORES);
    lu_harness_failure(h, "instance_shutdown", NULL, "hangs");
    lu_harness_answer(h, "node_info", NULL, "[\"boot\", [], [{\"memory_free\": 4096}]]");
    move_fails("n1", ERR_OP_EXEC, ECODE_NONE);
}
END_TEST

UNIT_MAIN_FIXTURE("instance-move", set_up, tear_down, move_up, move_down, copy_fails, start_fails,
                  refused)
