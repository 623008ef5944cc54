#include "config.h"

#include "base/json.h"
#include "base/tests/unit.h"
#include "cli-compat/core/info.h"
#include "cli-compat/core/pyrepr.h"
#include "cli-compat/core/table.h"

/* Expected texts: what lib/cli.py and Python print for the same values. */

START_TEST(tables_pad_or_separate)
{
    static const struct {
        bool header;
        const char *separator, *expected;
    } cases[] = {
        {true, NULL, "Node   Free\nnode1  1.0G\nn\303\266de22    ?\n"},
        {false, NULL, "node1  1.0G\nn\303\266de22    ?\n"},
        {true, ":", "Node:Free\nnode1:1.0G\nn\303\266de22:?\n"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        CLEANUP(table_freep) struct table *table = table_new();
        const struct table_options options = {.header = cases[i].header,
                                              .separator = cases[i].separator};
        g_autoptr(GString) out = g_string_new(NULL);

        table_add_column(table, "Node", false);
        table_add_column(table, "Free", true);
        table_add_cell(table, g_strdup("node1"));
        table_add_cell(table, g_strdup("1.0G"));
        table_add_cell(table, g_strdup("n\303\266de22"));
        table_add_cell(table, g_strdup("?"));
        table_print(table, &options, out);
        ck_assert_str_eq(out->str, cases[i].expected);
    }
}
END_TEST

START_TEST(the_last_column_is_not_padded)
{
    CLEANUP(table_freep) struct table *table = table_new();
    const struct table_options options = {.header = true};
    g_autoptr(GString) out = g_string_new(NULL);

    table_add_column(table, "A", false);
    table_add_column(table, "LongTitle", false);
    table_add_cell(table, g_strdup("x"));
    table_add_cell(table, g_strdup("y"));
    table_print(table, &options, out);
    ck_assert_str_eq(out->str, "A LongTitle\nx y\n");
}
END_TEST

START_TEST(trees_are_indented)
{
    CLEANUP(info_freep) struct info *info = info_list();
    struct info *map = info_map(), *sub = info_sorted_map(), *list = info_list(),
                *line = info_inline();
    g_autoptr(GString) out = g_string_new(NULL);

    info_append(line, info_text("a"));
    info_append(line, info_format("%d", 2));
    info_append(list, info_text("x"));
    info_append(list, info_from_json(NULL));
    info_add(sub, "b", info_bool(true));
    info_add(sub, "a", line);
    info_add(map, "Name", info_text("web1"));
    info_add(map, "Sub", sub);
    info_add(map, "List", list);
    info_add(map, "Empty", info_list());
    info_add_aligned(map, "k", info_text("1"));
    info_add_aligned(map, "long", info_text(NULL));
    info_append(info, map);
    info_print(info, out);
    ck_assert_str_eq(out->str, "- Name: web1\n"
                               "  Sub: \n"
                               "    a: [a, 2]\n"
                               "    b: True\n"
                               "  List: \n"
                               "    - x\n"
                               "    - None\n"
                               "  Empty: \n"
                               "  k:    1\n"
                               "  long: None\n");
}
END_TEST

START_TEST(values_look_as_in_python)
{
    static const struct {
        const char *json, *expected;
    } cases[] = {
        {"null", "None"},
        {"\"it's\"", "it's"},
        {"[\"it's\",\"a\\\"b'\",\"\\n\\u0001\\u00fc\"]",
         "[\"it's\", 'a\"b\\'', '\\n\\x01\303\274']"},
        {"{\"a\":[1,2.0,1e20],\"b\":{}}", "{'a': [1, 2.0, 1e+20], 'b': {}}"},
        {"[true,false]", "[True, False]"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        CLEANUP(json_unrefp) struct json *json = NULL;
        g_autofree char *text = NULL;

        ck_assert(json_parse(cases[i].json, -1, &json, NULL));
        text = pyrepr_str(json);
        ck_assert_str_eq(text, cases[i].expected);
    }
}
END_TEST

UNIT_MAIN("print", tables_pad_or_separate, the_last_column_is_not_padded, trees_are_indented,
          values_look_as_in_python)
