#include "htools/core/print.h"

#include <math.h>

#include "base/tests/unit.h"

/* What the reference's runtime prints, taken from it. */
static const struct {
    double value;
    int decimals;
    const char *text;
} fixed[] = {
    {0.25, 1, "0.2"},
    {0.35, 1, "0.4"},
    {0.05, 1, "0.0"},
    {2.5, 0, "2"},
    {3.5, 0, "4"},
    {0.5, 0, "0"},
    {1e-20, 8, "0.00000000"},
    {9.999999996, 8, "10.00000000"},
    {-0.125, 2, "-0.12"},
    {1024, 0, "1024"},
    {123456789.5, 2, "123456789.50"},
    {0.1, -1, "0.1"},
    {4, -1, "4.0"},
    {1e21, 1, "1000000000000000000000.0"},
    {NAN, 8, "NaN"},
    {INFINITY, 2, "Infinity"},
    {-INFINITY, 2, "-Infinity"},
};

START_TEST(fixed_point_rounds_shortest_digits_half_to_even)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(fixed); i++) {
        g_autoptr(GString) out = g_string_new(NULL);

        ht_append_fixed(out, fixed[i].decimals, fixed[i].value);
        ck_assert_str_eq(out->str, fixed[i].text);
    }
}
END_TEST

static const struct {
    double value;
    const char *general, *shown;
} others[] = {
    {0, "0.000000", "0.0"},
    {0.1, "0.100000", "0.1"},
    {0.05, "5.000000e-2", "5.0e-2"},
    {1e-9, "1.000000e-9", "1.0e-9"},
    {9999999, "9999999.000000", "9999999.0"},
    {1e7, "1.000000e7", "1.0e7"},
    {12345678.9, "1.234568e7", "1.23456789e7"},
    {-0.00123, "-1.230000e-3", "-1.23e-3"},
};

START_TEST(general_and_show_choose_the_form_by_size)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(GString) general = g_string_new(NULL);
        g_autoptr(GString) shown = g_string_new(NULL);

        ht_append_general(general, 6, others[i].value);
        ht_append_show_double(shown, others[i].value);
        ck_assert_str_eq(general->str, others[i].general);
        ck_assert_str_eq(shown->str, others[i].shown);
    }
}
END_TEST

START_TEST(shown_strings_are_escaped)
{
    g_autoptr(GString) out = g_string_new(NULL);

    ht_append_show_string(out, "a\"b\\c\n\x0eH\x7f\xc3\xa4"
                               "5");
    ck_assert_str_eq(out->str, "\"a\\\"b\\\\c\\n\\SO\\&H\\DEL\\228\\&5\"");
}
END_TEST

START_TEST(columns_are_as_wide_as_their_characters)
{
    static const bool numeric[] = {false, true};
    CLEANUP(ht_table_freep) struct ht_table *table = ht_table_new(2);
    g_autoptr(GString) out = g_string_new(NULL);

    ht_table_cell(table, g_strdup("Name"));
    ht_table_cell(table, g_strdup("N"));
    ht_table_cell(table, g_strdup("\xc3\xa4"));
    ht_table_cell(table, g_strdup("10"));
    ht_table_print(table, numeric, "--", out);
    ck_assert_str_eq(out->str, "-- Name  N\n-- \xc3\xa4    10\n");
}
END_TEST

UNIT_MAIN("print", fixed_point_rounds_shortest_digits_half_to_even,
          general_and_show_choose_the_form_by_size, shown_strings_are_escaped,
          columns_are_as_wide_as_their_characters)
