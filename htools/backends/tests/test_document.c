#include "htools/backends/reader/document.h"

#include "base/tests/unit.h"

static const char *const good[] = {
    "null",
    " true ",
    "0",
    "-0",
    "123456789012345678",
    "9223372036854775807",
    "-9223372036854775807",
    "1.5",
    "-1e3",
    "1E+2",
    "\"\"",
    "\"a\\\"b\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"\\u00e4\\ud83d\\ude00 \xc3\xa4\"",
    "[]",
    "[1,[2,[3]],{}]",
    "{}",
    "{\"a\":1,\"b\":{\"c\":[true,false,null]}}",
    "\t{ \"long member name of all\" : \"value\" }\r\n",
};

static const char *const bad[] = {
    "",
    " ",
    "nul",
    "True",
    "01",
    "-",
    "1.",
    ".5",
    "1e",
    "+1",
    "9223372036854775808",
    "-9223372036854775808",
    "1e999",
    "NaN",
    "Infinity",
    "'a'",
    "\"a",
    "\"a\\",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"\\u0000\"",
    "\"\x01\"",
    "\"\xff\"",
    "\"\xed\xa0\x80\"",
    "[",
    "[1",
    "[1,",
    "[1,]",
    "[1 2]",
    "{",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":1",
    "{\"a\":1,}",
    "{a:1}",
    "{\"a\" 1}",
    "{1:2}",
    "1 2",
    "[] x",
    "// x\n1",
};

START_TEST(what_base_reads_is_read)
{
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GError) error = NULL;
        CLEANUP(document_freep) struct document *document = document_parse(good[i], -1, &error);
        CLEANUP(json_unrefp) struct json *tree = NULL;

        ck_assert_msg(document != NULL, "%s: %s", good[i], error != NULL ? error->message : "");
        ck_assert(json_parse(good[i], -1, &tree, NULL));
        ck_assert_int_eq(document_root(document)->kind, json_kind(tree));
        if (json_kind(tree) == JSON_STRING) {
            ck_assert_str_eq(document_root(document)->text, json_string(tree));
        }
        if (json_kind(tree) == JSON_INT) {
            ck_assert_int_eq(document_root(document)->integer, json_int(tree));
        }
    }
}
END_TEST

START_TEST(what_is_no_json_is_refused)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        CLEANUP(document_freep) struct document *document = document_parse(bad[i], -1, &error);

        ck_assert_msg(document == NULL, "%s", bad[i]);
        ck_assert_msg(g_str_has_prefix(error->message, "not JSON at byte "), "%s", error->message);
    }
}
END_TEST

START_TEST(depth_is_bounded)
{
    g_autofree char *deep = g_strnfill(JSON_MAX_DEPTH + 1, '[');
    g_autoptr(GError) error = NULL;

    ck_assert(document_parse(deep, -1, &error) == NULL);
    ck_assert(g_error_matches(error, JSON_ERROR, JSON_ERROR_LIMIT));
}
END_TEST

START_TEST(members_are_found)
{
    const char *keys[] = {"one", "two"}, *texts[] = {"{\"a\":null,\"b\":2,\"b\":3}", "[1.5]"};
    CLEANUP(document_freep) struct document *document = document_join(keys, texts, 2, NULL);
    const struct doc_value *one = doc_get(document_root(document), "one");
    const struct doc_value *two = doc_get(document_root(document), "two");
    double number;

    ck_assert(doc_get(one, "a") == NULL && doc_get(one, "c") == NULL);
    ck_assert_int_eq(doc_get(one, "b")->integer, 2);
    ck_assert(doc_number(&two->elements[0], &number));
    ck_assert_double_eq(number, 1.5);
    ck_assert(!doc_number(one, &number) && !doc_number(NULL, &number));
    texts[1] = "[";
    {
        g_autoptr(GError) error = NULL;

        ck_assert(document_join(keys, texts, 2, &error) == NULL);
        ck_assert_msg(g_str_has_prefix(error->message, "two: not JSON"), "%s", error->message);
    }
}
END_TEST

/* More than one block of memory, and texts that end at any place in a word. */
START_TEST(large_texts)
{
    g_autoptr(GString) text = g_string_new("[");
    CLEANUP(document_freep) struct document *document = NULL;
    const struct doc_value *root;

    for (int i = 0; i < 40000; i++) {
        g_string_append_printf(text, "%s{\"name\":\"%0*d\",\"n\":%d}", i > 0 ? "," : "", i % 23 + 1,
                               i, i);
    }
    g_string_append_c(text, ']');
    document = document_parse(text->str, (gssize)text->len, NULL);
    root = document_root(document);
    ck_assert_uint_eq(root->n, 40000);
    for (int i = 0; i < 40000; i++) {
        const struct doc_value *name = doc_get(&root->elements[i], "name");
        g_autofree char *expected = g_strdup_printf("%0*d", i % 23 + 1, i);

        ck_assert_str_eq(name->text, expected);
        ck_assert_uint_eq(name->n, strlen(expected));
        ck_assert_int_eq(doc_get(&root->elements[i], "n")->integer, i);
    }
}
END_TEST

START_TEST(trees_are_copied)
{
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        CLEANUP(json_unrefp) struct json *tree = NULL;
        CLEANUP(document_freep) struct document *document = NULL;

        ck_assert(json_parse(good[i], -1, &tree, NULL));
        document = document_from_json(tree);
        ck_assert_int_eq(document_root(document)->kind, json_kind(tree));
    }
}
END_TEST

UNIT_MAIN("document", what_base_reads_is_read, what_is_no_json_is_refused, depth_is_bounded,
          members_are_found, large_texts, trees_are_copied)
