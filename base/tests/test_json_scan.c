#include "config.h"

#include <string.h>

#include "base/json-scan.h"
#include "base/json.h"
#include "base/tests/unit.h"

/* All members as "key=value;", or the error. */
static char *scan_text(const char *text)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    struct json_scan scan;

    if (json_scan_begin(&scan, text, strlen(text), &error)) {
        while (json_scan_next(&scan, &error)) {
            g_string_append_printf(out, "%s=%.*s;", scan.key, (int)scan.value_len, scan.value);
        }
        ck_assert_int_eq(scan.complete, error == NULL);
    }
    if (error != NULL) {
        g_string_append(out, error->message);
    }
    return g_string_free(out, FALSE);
}

START_TEST(members_are_found)
{
    static const struct {
        const char *text, *result;
    } cases[] = {
        {"{}", ""},
        {" { } \n", ""},
        {"{\"a\":1}", "a=1;"},
        {"{\"a\" : -1.5e3 , \"b\":null}", "a=-1.5e3;b=null;"},
        {"{\"a\":{\"x\":[1,{}]},\"b\":[\"}\\\"]\"]}", "a={\"x\":[1,{}]};b=[\"}\\\"]\"];"},
        {"{\"\\u0061\\\"\":\"v\"}", "a\"=\"v\";"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *result = scan_text(cases[i].text);

        ck_assert_str_eq(result, cases[i].result);
    }
}
END_TEST

START_TEST(broken_objects_are_refused)
{
    static const struct {
        const char *text, *result;
    } cases[] = {
        {"", "expected an object at byte 0"},
        {"[]", "expected an object at byte 0"},
        {"{", "expected the name of a member at byte 1"},
        {"{\"a", "expected the end of a name at byte 3"},
        {"{\"a\\", "expected the end of a name at byte 4"},
        {"{\"a\"", "expected \":\" at byte 4"},
        {"{\"a\":", "expected a value that ends at byte 5"},
        {"{\"a\":,", "expected a value that ends at byte 5"},
        {"{\"a\":{\"b\":[}", "expected a value that ends at byte 12"},
        {"{\"a\":\"b", "expected a value that ends at byte 7"},
        {"{\"a\":1", "a=1;expected \",\" or \"}\" at byte 6"},
        {"{\"a\":1,}", "a=1;expected the name of a member at byte 7"},
        {"{\"a\":1}x", "a=1;expected the end of the text at byte 7"},
        {"{\"a\":1 2}", "a=1;expected \",\" or \"}\" at byte 7"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *result = scan_text(cases[i].text);

        ck_assert_str_eq(result, cases[i].result);
    }
}
END_TEST

/* All elements, each with ";" behind it, or the error. */
static char *scan_array_text(const char *text)
{
    GString *out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    struct json_scan scan;

    if (json_scan_begin_array(&scan, text, strlen(text), &error)) {
        while (json_scan_next(&scan, &error)) {
            ck_assert_ptr_null(scan.key);
            g_string_append_printf(out, "%.*s;", (int)scan.value_len, scan.value);
        }
        ck_assert_int_eq(scan.complete, error == NULL);
    }
    if (error != NULL) {
        g_string_append(out, error->message);
    }
    return g_string_free(out, FALSE);
}

START_TEST(elements_are_found_or_refused)
{
    static const struct {
        const char *text, *result;
    } cases[] = {
        {"[]", ""},
        {" [ ] \n", ""},
        {"[1, \"]\" ,[2,{\"a\":[]}],null]", "1;\"]\";[2,{\"a\":[]}];null;"},
        {"{}", "expected an array at byte 0"},
        {"[", "expected a value that ends at byte 1"},
        {"[,", "expected a value that ends at byte 1"},
        {"[1", "1;expected \",\" or \"]\" at byte 2"},
        {"[1,]", "1;expected a value that ends at byte 3"},
        {"[1 2]", "1;expected \",\" or \"]\" at byte 3"},
        {"[1}", "1;expected \",\" or \"]\" at byte 2"},
        {"[[1]", "[1];expected \",\" or \"]\" at byte 4"},
        {"[1]]", "1;expected the end of the text at byte 3"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *result = scan_array_text(cases[i].text);

        ck_assert_str_eq(result, cases[i].result);
    }
}
END_TEST

UNIT_MAIN("json-scan", members_are_found, broken_objects_are_refused, elements_are_found_or_refused)
