#include "noded/proto/content.h"

#include <string.h>

#include "base/json.h"
#include "base/tests/unit.h"
#include "base/zlib.h"
#include "facts/codec.h"
#include "facts/constants.h"

enum { LONG = 100 * 1000 };

static void round_trip(const char *text, size_t len, int encoding)
{
    g_autoptr(GString) out = g_string_new(NULL);
    struct json_writer w = json_writer_init(out, JSON_PYTHON);
    CLEANUP(json_unrefp) struct json *json = NULL;
    struct rpc_content content = {0};
    g_autofree char *back = NULL;
    size_t back_len;

    rpc_content_write(&w, text, len);
    ck_assert(json_parse(out->str, (gssize)out->len, &json, NULL));
    ck_assert(fact_object_decode_at(&fact_object_rpc_content, json, &content, NULL, NULL));
    ck_assert_int_eq(content.encoding, encoding);
    back = rpc_content_unpack(&content, &back_len, NULL);
    ck_assert_uint_eq(back_len, len);
    ck_assert_int_eq(memcmp(back, text, len + 1), 0);
    fact_object_clear(&fact_object_rpc_content, &content);
}

START_TEST(short_texts_go_as_they_are)
{
    round_trip("", 0, C_RPC_ENCODING_NONE);
    round_trip("{\"id\": 1}", strlen("{\"id\": 1}"), C_RPC_ENCODING_NONE);
}
END_TEST

START_TEST(long_texts_are_packed)
{
    g_autofree char *text = g_strnfill(LONG, 'x');

    round_trip(text, LONG, C_RPC_ENCODING_ZLIB_BASE64);
}
END_TEST

/* What the reference's client sends for a text of 600 letters "a". */
START_TEST(the_references_form_is_read)
{
    struct rpc_content content = {.encoding = C_RPC_ENCODING_ZLIB_BASE64,
                                  .data = (char *)"eF5LTBwFoyFA/RAAAO6641k="};
    size_t len;
    g_autofree char *text = rpc_content_unpack(&content, &len, NULL);

    ck_assert_ptr_nonnull(text);
    ck_assert_uint_eq(len, 600);
    ck_assert_uint_eq(strspn(text, "a"), 600);
}
END_TEST

START_TEST(damaged_texts_are_refused)
{
    static const struct rpc_content cases[] = {
        {.encoding = 2, .data = (char *)"x"},
        {.encoding = C_RPC_ENCODING_ZLIB_BASE64, .data = (char *)""},
        {.encoding = C_RPC_ENCODING_ZLIB_BASE64, .data = (char *)"!!!"},
        {.encoding = C_RPC_ENCODING_ZLIB_BASE64, .data = (char *)"eF5LTBwFoyE="},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        size_t len;

        ck_assert_ptr_null(rpc_content_unpack(&cases[i], &len, &error));
        ck_assert_ptr_nonnull(error);
    }
}
END_TEST

START_TEST(unpacking_is_bounded)
{
    g_autofree char *text = g_strnfill(LONG, 'x');
    g_autoptr(GError) error = NULL;
    size_t packed_len, len;
    g_autofree void *packed = zlib_pack(text, LONG, 9, &packed_len);
    g_autofree char *whole = zlib_unpack(packed, packed_len, LONG, &len, NULL);

    ck_assert_uint_eq(len, LONG);
    ck_assert_ptr_null(zlib_unpack(packed, packed_len, LONG - 1, &len, &error));
    ck_assert(g_error_matches(error, ZLIB_ERROR, ZLIB_ERROR_TOO_LONG));
}
END_TEST

UNIT_MAIN("content", short_texts_go_as_they_are, long_texts_are_packed, the_references_form_is_read,
          damaged_texts_are_refused, unpacking_is_bounded)
