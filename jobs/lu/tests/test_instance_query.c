/* What is told of instances, and of their consoles. */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/tests/unit.h"
#include "jobs/lu/tests/lu-harness.h"

static struct lu_harness *h;

static void set_up(void)
{
    h = lu_harness_new("cluster-drbd.json");
    lu_harness_answer(h, "instance_info", NULL,
                      "{\"state\": 0, \"memory\": 128, \"vcpus\": 1, \"time\": 1.5}");
    lu_harness_answer(h, "blockdev_find", NULL,
                      "{\"dev_path\": \"/dev/drbd0\", \"major\": 147, \"minor\": 0,"
                      " \"is_degraded\": false, \"ldisk_status\": 1}");
}

static void tear_down(void)
{
    g_clear_pointer(&h, lu_harness_free);
}

/* The description of one instance. */
static struct json *described(const char *opcode, const char *name)
{
    struct json *all = NULL;
    lu_harness_ok(h, opcode);
    ck_assert(json_parse(lu_harness_result(h), -1, &all, NULL));
    struct json *one = json_ref(json_get(all, name));
    ck_assert_int_eq(json_kind(one), JSON_OBJECT);
    json_unref(all);
    return one;
}

static const char *text(const struct json *object, const char *key)
{
    ck_assert_int_eq(json_kind(json_get(object, key)), JSON_STRING);
    return json_string(json_get(object, key));
}

START_TEST(all_there_is)
{
    CLEANUP(json_unrefp)
    struct json *one = described("{\"OP_ID\": \"OP_INSTANCE_QUERY_DATA\", \"instances\":"
                                 " [\"web.a\"], \"use_locking\": true}",
                                 "web.a.example");
    ck_assert_str_eq(text(one, "config_state"), "up");
    ck_assert_str_eq(text(one, "run_state"), "up");
    ck_assert_str_eq(text(one, "pnode"), "n1.example");
    ck_assert_str_eq(text(one, "disk_template"), "drbd");
    ck_assert_int_eq(json_len(json_get(one, "snodes")), 1);
    ck_assert_int_eq(json_len(json_at(json_get(one, "nics"), 0)), 9);
    const struct json *disks = json_get(one, "disks");
    ck_assert_int_eq(json_len(disks), 2);
    /* The other way round in the second disk: what is primary is told from the instance. */
    const struct json *drbd = json_get(json_at(disks, 1), "drbd_info");
    ck_assert_str_eq(text(drbd, "primary_node"), "n1.example");
    ck_assert_str_eq(text(drbd, "secondary_node"), "n2.example");
    const struct json *id = json_get(json_at(disks, 0), "logical_id");
    ck_assert_int_eq(json_len(id), 6);
    ck_assert_ptr_null(json_at(id, 5));
    const struct json *status = json_get(json_at(disks, 0), "sstatus");
    ck_assert_int_eq(json_len(status), 7);
    ck_assert_ptr_null(json_at(status, 3));
    ck_assert_int_eq(json_int(json_at(status, 6)), 1);
    ck_assert_ptr_nonnull(strstr(lu_harness_locks(h), "instance/web.a.example shared\n"));
    ck_assert_ptr_nonnull(strstr(lu_harness_locks(h), "nodegroup/"));
    ck_assert_ptr_nonnull(
        strstr(lu_harness_locks(h), "node/00000002-0000-4000-8000-000000000000 shared\n"));
    ck_assert_ptr_null(strstr(lu_harness_locks(h), "exclusive"));
}
END_TEST

START_TEST(what_is_recorded)
{
    CLEANUP(json_unrefp)
    struct json *one =
        described("{\"OP_ID\": \"OP_INSTANCE_QUERY_DATA\", \"static\": true}", "web.b.example");
    ck_assert_ptr_null(json_get(one, "run_state"));
    ck_assert_ptr_null(json_get(json_at(json_get(one, "disks"), 0), "pstatus"));
    ck_assert_str_eq(lu_harness_calls(h), "");
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\n");
}
END_TEST

START_TEST(states)
{
    static const struct {
        const char *info, *state;
    } cases[] = {
        {"{}", "down"},
        {"{\"state\": 1}", "down"},
        {"{\"state\": 0}", "up"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        lu_harness_answer(h, "instance_info", NULL, cases[i].info);
        CLEANUP(json_unrefp)
        struct json *one = described("{\"OP_ID\": \"OP_INSTANCE_QUERY_DATA\"}", "web.b.example");
        ck_assert_str_eq(text(one, "run_state"), cases[i].state);
    }
    /* Nobody said that locks shall be taken. */
    ck_assert_ptr_nonnull(strstr(lu_harness_log(h), "WARNING"));
    ck_assert_ptr_nonnull(strstr(lu_harness_opcode(h), "\"use_locking\": true"));
}
END_TEST

START_TEST(query_errors)
{
    lu_harness_fails(h, "{\"OP_ID\": \"OP_INSTANCE_QUERY_DATA\", \"instances\": [\"nobody\"]}",
                     ERR_OP_PREREQ, ECODE_NOENT);
    lu_harness_failure(h, "instance_info", "n3.example", "broken");
    lu_harness_fails(h, "{\"OP_ID\": \"OP_INSTANCE_QUERY_DATA\"}", ERR_OP_EXEC, ECODE_NONE);
    lu_harness_answer(h, "instance_info", "n3.example", "{}");
    lu_harness_failure(h, "blockdev_find", "n2.example", "broken");
    lu_harness_fails(h, "{\"OP_ID\": \"OP_INSTANCE_QUERY_DATA\"}", ERR_OP_EXEC, ECODE_NONE);
    lu_harness_answer(h, "blockdev_find", NULL, "{\"major\": \"x\"}");
    lu_harness_fails(h, "{\"OP_ID\": \"OP_INSTANCE_QUERY_DATA\", \"instances\": [\"web.b\"]}",
                     ERR_OP_EXEC, ECODE_NONE);
}
END_TEST

#define CONSOLE "{\"OP_ID\": \"OP_INSTANCE_CONSOLE\", \"instance_name\": \"web.a\"}"

START_TEST(console)
{
    lu_harness_answer(h, "instance_list", NULL, "[\"web.a.example\"]");
    lu_harness_answer(h, "instance_console_info", NULL,
                      "{\"web.a.example\": {\"instance\": \"web.a.example\", \"kind\": \"msg\","
                      " \"message\": \"none\"}}");
    lu_harness_ok(h, CONSOLE);
    ck_assert_str_eq(lu_harness_result(h), "{\"instance\": \"web.a.example\", \"kind\": \"msg\","
                                           " \"message\": \"none\"}");
    ck_assert_str_eq(lu_harness_locks(h), "cluster/BGL shared\ninstance/web.a.example shared\n");
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "instance_list n1.example [[\"kvm\"], {"));
    ck_assert_ptr_nonnull(strstr(lu_harness_calls(h), "\"hvParams\": {"));
}
END_TEST

START_TEST(console_errors)
{
    lu_harness_answer(h, "instance_list", NULL, "[\"web.b.example\"]");
    lu_harness_fails(h, CONSOLE, ERR_OP_EXEC, ECODE_NONE);
    ck_assert_ptr_nonnull(strstr(lu_harness_error(h)->message, "ERROR_down"));
    lu_harness_failure(h, "instance_list", NULL, "broken");
    lu_harness_fails(h, CONSOLE, ERR_OP_EXEC, ECODE_NONE);
    lu_harness_answer(h, "instance_list", NULL, "[\"web.a.example\"]");
    lu_harness_answer(h, "instance_console_info", NULL, "{}");
    lu_harness_fails(h, CONSOLE, ERR_OP_EXEC, ECODE_NONE);
}
END_TEST

UNIT_MAIN_FIXTURE("instance-query", set_up, tear_down, all_there_is, what_is_recorded, states,
                  query_errors, console, console_errors)
