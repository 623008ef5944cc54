#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "facts/errors.h"
#include "luxi/client/client.h"
#include "luxi/proto/frame.h"
#include "luxi/proto/message.h"
#include "luxi/server/server.h"

START_TEST(frames_are_cut_anywhere)
{
    CLEANUP(luxi_frame_freep) struct luxi_frame *frame = luxi_frame_new(8);
    g_autoptr(GError) error = NULL;
    size_t len;

    ck_assert(luxi_frame_feed(frame, "ab", 2, NULL));
    ck_assert_ptr_null(luxi_frame_next(frame, &len));
    ck_assert(luxi_frame_is_partial(frame));
    ck_assert(luxi_frame_feed(frame, "c\003de\003f", 6, NULL));
    ck_assert_str_eq(luxi_frame_next(frame, &len), "abc");
    ck_assert_str_eq(luxi_frame_next(frame, &len), "de");
    ck_assert_uint_eq(len, 2);
    ck_assert_ptr_null(luxi_frame_next(frame, &len));
    ck_assert(luxi_frame_feed(frame, "ghijklm", 7, NULL));
    ck_assert(!luxi_frame_feed(frame, "n", 1, &error));
    ck_assert_int_eq(err_class(error), ERR_PROTOCOL);
}
END_TEST

START_TEST(replies_carry_values_and_errors)
{
    CLEANUP(json_unrefp) struct json *result = NULL;
    g_autoptr(GError) error = NULL;
    const char *good = "{\"success\":true,\"result\":[1,null]}";
    const char *bad = "{\"success\":false,\"result\":[\"OpPrereqError\",[\"no\",\"wrong_input\"]]}";
    const char *text = "{\"success\":false,\"result\":\"Failed to parse request: x\"}";

    ck_assert(luxi_reply_parse(good, strlen(good), &result, NULL));
    ck_assert_uint_eq(json_len(result), 2);
    ck_assert(!luxi_reply_parse(bad, strlen(bad), &result, &error));
    ck_assert_int_eq(err_class(error), ERR_OP_PREREQ);
    ck_assert_int_eq(err_ecode(error), ECODE_INVAL);
    g_clear_error(&error);
    ck_assert(!luxi_reply_parse(text, strlen(text), &result, &error));
    ck_assert_int_eq(err_class(error), ERR_REQUEST);
    g_clear_error(&error);
    ck_assert(!luxi_reply_parse("[]", 2, &result, &error));
    ck_assert_int_eq(err_class(error), ERR_PROTOCOL);
}
END_TEST

/* Answers "echo" with its arguments, refuses the rest. */
static void echo(struct luxi_call *call, const char *method, struct json *args, void *user_data)
{
    (void)user_data;
    if (strcmp(method, "echo") == 0) {
        json_write_value(luxi_call_result(call), args);
        luxi_call_answer(call);
    } else {
        luxi_call_refuse(call, "no such method");
    }
}

static gpointer run_loop(gpointer data)
{
    g_main_loop_run(data);
    return NULL;
}

START_TEST(client_and_server_talk)
{
    g_autofree char *dir = g_dir_make_tmp("luxi-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "socket", NULL);
    const struct luxi_server_options options = {.handler = echo, .mode = 0600};
    g_autoptr(GError) error = NULL;
    struct luxi_server *server = luxi_server_new(path, &options, &error);
    GMainLoop *loop = g_main_loop_new(NULL, FALSE);
    GThread *thread;
    struct luxi_client *client;
    CLEANUP(json_unrefp) struct json *args = json_new_array();
    CLEANUP(json_unrefp) struct json *result = NULL;
    g_autofree char *big = g_strnfill(3 * 1024 * 1024, 'x');

    ck_assert_ptr_nonnull(server);
    ck_assert_ptr_null(luxi_server_new(path, &options, &error));
    g_clear_error(&error);
    thread = g_thread_new("server", run_loop, loop);
    client = luxi_client_connect(path, NULL, &error);
    ck_assert_ptr_nonnull(client);
    json_append(args, json_new_string(big));
    for (int i = 0; i < 3; i++) {
        g_clear_pointer(&result, json_unref);
        ck_assert(luxi_client_call_json(client, "echo", args, &result, &error));
        ck_assert(json_equal(args, result));
    }
    ck_assert(!luxi_client_call_json(client, "other", args, &result, &error));
    ck_assert_str_eq(error->message, "Failed to parse request: no such method");
    g_clear_error(&error);
    ck_assert(!luxi_client_call_json(client, "echo", args, &result, &error));
    ck_assert_int_eq(err_class(error), ERR_CONNECTION_CLOSED);
    luxi_client_free(client);

    g_main_loop_quit(loop);
    g_main_context_wakeup(NULL);
    g_thread_join(thread);
    g_main_loop_unref(loop);
    luxi_server_free(server);
    ck_assert(g_access(path, F_OK) != 0);
    (void)g_rmdir(dir);
}
END_TEST

UNIT_MAIN("luxi", frames_are_cut_anywhere, replies_carry_values_and_errors, client_and_server_talk)
