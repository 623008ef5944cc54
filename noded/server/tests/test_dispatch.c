#include "noded/server/dispatch.h"

#include <string.h>

#include "base/tests/unit.h"
#include "facts/codec.h"
#include "facts/constants.h"

static char *answer_of(enum rpc_id id, const char *text)
{
    GString *answer = g_string_new(NULL);

    noded_answer(id, text, strlen(text), answer);
    return g_string_free(answer, FALSE);
}

static void check_error(enum rpc_id id, const char *text, const char *part)
{
    g_autofree char *answer = answer_of(id, text);

    ck_assert_msg(g_str_has_prefix(answer, "[false, \""), "%s", answer);
    ck_assert_msg(strstr(answer, part) != NULL, "%s", answer);
}

START_TEST(a_result_stands_behind_true)
{
    g_autofree char *answer = answer_of(RPC_version, "[]");
    g_autofree char *expected = g_strdup_printf("[true, %d]", C_PROTOCOL_VERSION());

    ck_assert_str_eq(answer, expected);
}
END_TEST

START_TEST(without_arguments_anything_goes)
{
    g_autofree char *null = answer_of(RPC_version, "null");
    g_autofree char *more = answer_of(RPC_version, "[1, 2]");

    ck_assert_str_eq(null, more);
    ck_assert(g_str_has_prefix(null, "[true, "));
}
END_TEST

START_TEST(what_is_wrong_is_an_answer_too)
{
    check_error(RPC_version, "[", "version");
    check_error(RPC_version, "", "version");
    check_error(RPC_node_has_ip_address, "[]", "node_has_ip_address");
    check_error(RPC_node_has_ip_address, "[7]", "expected");
    check_error(RPC_node_has_ip_address, "[\"nowhere\"]", "nowhere");
}
END_TEST

START_TEST(nothing_of_a_failed_result_is_left)
{
    g_autofree char *answer = answer_of(RPC_node_info, "[[[\"file\", \"/nowhere\", []]], []]");

    ck_assert_msg(g_str_has_prefix(answer, "[false, \""), "%s", answer);
    ck_assert_ptr_null(strstr(answer, "true"));
}
END_TEST

START_TEST(a_body_that_is_no_list)
{
    g_autoptr(GError) error = NULL;
    const struct rpc_row *row = &rpc_rows[RPC_instance_console_info];
    static const char text[] = "{\"web1\": {}}";
    struct rpc_call_instance_console_info *args = noded_decode(row, text, strlen(text), &error);

    ck_assert_ptr_nonnull(args);
    ck_assert_ptr_nonnull(args->instances);
    fact_object_free(row->args, args);
}
END_TEST

UNIT_MAIN("dispatch", a_result_stands_behind_true, without_arguments_anything_goes,
          what_is_wrong_is_an_answer_too, nothing_of_a_failed_result_is_left,
          a_body_that_is_no_list)
