#include "config.h"

#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "cli-compat/core/filter-text.h"
#include "facts/errors.h"

START_TEST(filters_mean_what_the_reference_makes_of_them)
{
    g_autofree char *path = g_build_filename(g_getenv("GANTRY_TOP_SRCDIR"),
                                             "cli-compat/core/tests/filter-text.cases", NULL);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    int n = 0;

    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) parts = g_strsplit(lines[i], "\t", 2);
        g_autofree char *filter = NULL, *found = NULL;
        g_autoptr(GError) error = NULL;
        CLEANUP(json_unrefp) struct json *json = NULL;

        if (lines[i][0] == '#' || g_strv_length(parts) < 2) {
            continue;
        }
        filter = g_strcompress(parts[0]);
        json = filter_text_parse(filter, &error);
        found = json != NULL ? json_to_string(json, JSON_PYTHON) : g_strdup("error");
        ck_assert_msg(g_str_equal(found, parts[1]), "%s: %s, not %s", parts[0], found, parts[1]);
        ck_assert(json != NULL || err_class(error) == ERR_QUERY_FILTER_PARSE);
        n++;
    }
    ck_assert_int_gt(n, 50);
}
END_TEST

/* The reference takes "and" for flags of the regular expression here. */
START_TEST(flags_end_with_the_expression)
{
    CLEANUP(json_unrefp) struct json *json = filter_text_parse("name =~ /x/ and offline", NULL);
    g_autofree char *text = json_to_string(json, JSON_PYTHON);

    ck_assert_str_eq(text, "[\"&\", [\"=~\", \"name\", \"x\"], [\"?\", \"offline\"]]");
}
END_TEST

START_TEST(nesting_is_bounded)
{
    g_autofree char *deep = g_strnfill(100000, '(');
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(filter_text_parse(deep, &error));
    ck_assert_int_eq(err_class(error), ERR_QUERY_FILTER_PARSE);
}
END_TEST

START_TEST(arguments_become_filters)
{
    static const struct {
        const char *args[4];
        bool force, numeric;
        const char *expected;
    } cases[] = {
        {{NULL}, false, false, "null"},
        {{"web1", "db*"},
         false,
         false,
         "[\"|\", [\"==\", \"name\", \"web1\"], [\"=~\", \"name\", \"^db[^.]*(\\\\..*)?$\"]]"},
        {{"offline"}, true, false, "[\"?\", \"offline\"]"},
        {{"not offline"}, false, false, "[\"!\", [\"?\", \"offline\"]]"},
        {{"12", "13"}, false, true, "[\"|\", [\"==\", \"name\", 12], [\"==\", \"name\", 13]]"},
        {{"x"}, false, true, "error"},
        {{"a", "b"}, true, false, "error"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        CLEANUP(json_unrefp) struct json *json = NULL;
        g_autoptr(GError) error = NULL;
        bool good = filter_text_from_args(cases[i].args, cases[i].force, "name", cases[i].numeric,
                                          &json, &error);
        g_autofree char *text = good ? json_to_string(json, JSON_PYTHON) : g_strdup("error");

        ck_assert_str_eq(text, cases[i].expected);
    }
}
END_TEST

UNIT_MAIN("filter-text", filters_mean_what_the_reference_makes_of_them,
          flags_end_with_the_expression, nesting_is_bounded, arguments_become_filters)
