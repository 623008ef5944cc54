#include "config.h"

#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"

static char *reprint(const char *text, enum json_style style)
{
    CLEANUP(json_unrefp) struct json *value = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert_msg(json_parse(text, -1, &value, &error), "%s: %s", text,
                  error != NULL ? error->message : "");
    return json_to_string(value, style);
}

START_TEST(values_survive_in_both_styles)
{
    static const struct {
        const char *text, *compact, *python;
    } cases[] = {
        {"null", "null", "null"},
        {" {\"a\" : [1, -2.5,true] , \"b\":{}}\n", "{\"a\":[1,-2.5,true],\"b\":{}}",
         "{\"a\": [1, -2.5, true], \"b\": {}}"},
        {"1795210226.984469", "1.795210226984469e9", "1795210226.984469"},
        {"0.01", "1.0e-2", "0.01"},
        {"5.0", "5", "5.0"},
        {"1e22", "1.0e22", "1e+22"},
        {"\"\\u00fc\\n\\u007f\"", "\"\303\274\\n\\u007f\"", "\"\\u00fc\\n\177\""},
        {"42", "42", "42"},
        {"-0.0", "0", "-0.0"},
        {"\"a \n\"", "\"a \\n\"", "\"a \\n\""},
        {"5e-324", "5.0e-324", "5e-324"},
        {"0.1000000000000000055", "0.1", "0.1"},
        {"123456789012345678", "123456789012345678", "123456789012345678"},
        {"{\"a\":1,\"b\":[],\"a\":{\"c\":[null,false]}}", "{\"a\":{\"c\":[null,false]},\"b\":[]}",
         "{\"a\": {\"c\": [null, false]}, \"b\": []}"},
        {"[0, -9223372036854775807, 9223372036854775806]",
         "[0,-9223372036854775807,9223372036854775806]",
         "[0, -9223372036854775807, 9223372036854775806]"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *compact = reprint(cases[i].text, JSON_COMPACT);
        g_autofree char *python = reprint(cases[i].text, JSON_PYTHON);

        ck_assert_str_eq(compact, cases[i].compact);
        ck_assert_str_eq(python, cases[i].python);
    }
}
END_TEST

START_TEST(bad_text_is_refused)
{
    static const char *const cases[] = {"",
                                        " ",
                                        "{",
                                        "[1,]",
                                        "{\"a\":1,}",
                                        "1 2",
                                        "nul",
                                        "[1] x",
                                        "\"\xff\"",
                                        "\"abc",
                                        "[NaN]",
                                        "{\"a\":-Infinity}",
                                        "[1e400]",
                                        "9223372036854775808",
                                        "-123456789012345678901234567890"};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct json *value = NULL;
        g_autoptr(GError) error = NULL;

        ck_assert_msg(!json_parse(cases[i], -1, &value, &error), "accepted: %s", cases[i]);
        ck_assert_ptr_nonnull(error);
        ck_assert_ptr_null(value);
    }
}
END_TEST

START_TEST(depth_is_bounded)
{
    g_autofree char *deep = g_strnfill(100000, '[');
    struct json *value = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert(!json_parse(deep, -1, &value, &error));
    ck_assert(g_error_matches(error, JSON_ERROR, JSON_ERROR_LIMIT));
}
END_TEST

START_TEST(members_keep_their_order)
{
    CLEANUP(json_unrefp) struct json *object = json_new_object();
    g_autofree char *text = NULL;

    json_set(object, "z", json_new_int(1));
    json_set(object, "a", NULL);
    json_set(object, "z", json_new_int(2));
    ck_assert(json_has(object, "a"));
    ck_assert_ptr_null(json_get(object, "a"));
    ck_assert(!json_has(object, "b"));
    text = json_to_string(object, JSON_COMPACT);
    ck_assert_str_eq(text, "{\"z\":2,\"a\":null}");
}
END_TEST

UNIT_MAIN("json", values_survive_in_both_styles, bad_text_is_refused, depth_is_bounded,
          members_keep_their_order)
