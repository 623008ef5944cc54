#include "base/text.h"

#include "base/tests/unit.h"

/* The expected values are what the reference's utils package of 3.0.2 answers. */

START_TEST(split_and_join)
{
    static const struct {
        const char *text;
        const char *parts[4];
    } rows[] = {
        {"a,b", {"a", "b"}},
        {"a\\,b", {"a,b"}},
        {"a\\\\,b", {"a\\", "b"}},
        {"a\\\\\\,b", {"a\\,b"}},
        {"", {""}},
        {" ,", {" ", ""}},
        {"\\", {"\\"}},
        {"a\\", {"a\\"}},
        {"\\a", {"a"}},
        {"a\\\n,b", {"a\\\n", "b"}},
        {",,", {"", "", ""}},
        {"a,b\\", {"a", "b\\"}},
    };
    static const char *const parts[] = {"a\\", "b,c", "", NULL};
    g_autofree char *joined = text_join_escaped(parts, ',');
    g_auto(GStrv) again = text_split_escaped(joined, ',');

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(GStrv) got = text_split_escaped(rows[i].text, ',');

        ck_assert_msg(g_strv_equal((const char *const *)got, rows[i].parts), "%s", rows[i].text);
    }
    ck_assert_str_eq(joined, "a\\\\,b\\,c,");
    ck_assert(g_strv_equal((const char *const *)again, parts));
}
END_TEST

START_TEST(quoting)
{
    static const char *const argv[] = {"", "a b", "a'b", "a-b=/,:@+._", "ä", "a\n", NULL};
    g_autofree char *joined = text_shell_join(argv);
    g_autofree char *one = text_shell_quote("it's");

    ck_assert_str_eq(joined, "'' 'a b' 'a'\\''b' a-b=/,:@+._ 'ä' 'a\n'");
    ck_assert_str_eq(one, "'it'\\''s'");
}
END_TEST

START_TEST(shell_words)
{
    static const struct {
        const char *text, *words; /* with "|" between; NULL: refused */
    } cases[] = {
        {"", ""},
        {"  a\tb\n", "a|b"},
        {"a 'b c' \"d e\"f", "a|b c|d ef"},
        {"'' \"\"", "|"},
        {"a\\ b '\\' \"\\\"\\$\"", "a b|\\|\"\\$"},
        {"# no 'comment", NULL},
        {"#a b", "#a|b"},
        {"a\\", NULL},
        {"\"a", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) words = text_shell_split(cases[i].text);
        g_autofree char *joined = words != NULL ? g_strjoinv("|", words) : NULL;

        ck_assert_msg(g_strcmp0(joined, cases[i].words) == 0, "%s", cases[i].text);
    }
}
END_TEST

START_TEST(safe_text)
{
    g_autofree char *text = text_safe_encode("a\tb\n\r\x01\x7f"
                                             "é€😀\\'\xff\xc3");

    ck_assert_str_eq(text, "a\\tb\\n\\r\\x01\\x7f\\xe9\\u20ac\\U0001f600\\'\\xff\\xc3");
}
END_TEST

START_TEST(natural_order)
{
    static const char *const sorted[] = {"",
                                         "0",
                                         "00",
                                         "1",
                                         "9",
                                         "10a",
                                         "a",
                                         "a1",
                                         "a01",
                                         "a1b",
                                         "a001b",
                                         "a1b2c3d4e10f",
                                         "a1b2c3d4e5",
                                         "a1b2c3d4e5f",
                                         "a1b2c3d10e5",
                                         "node2",
                                         "node10",
                                         "x",
                                         "x-1",
                                         "x-01",
                                         "é2",
                                         "é10",
                                         "é99999999999999999999999",
                                         "é100000000000000000000000"};

    for (size_t i = 0; i < G_N_ELEMENTS(sorted); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(sorted); j++) {
            int order = text_nice_compare_slots(&sorted[i], &sorted[j]);

            ck_assert_msg((order > 0) - (order < 0) == (i > j) - (i < j), "%s / %s", sorted[i],
                          sorted[j]);
        }
    }
}
END_TEST

START_TEST(units)
{
    static const struct {
        double mib;
        const char *texts[4];
    } rows[] = {
        {0, {"0M", "0", "0.0", "0.0"}},
        {1023, {"1023M", "1023", "1.0", "0.0"}},
        {1024, {"1.0G", "1024", "1.0", "0.0"}},
        {1088, {"1.1G", "1088", "1.1", "0.0"}},
        {2000.5, {"2.0G", "2000", "2.0", "0.0"}},
        {1048575, {"1024.0G", "1048575", "1024.0", "1.0"}},
        {1500000, {"1.4T", "1500000", "1464.8", "1.4"}},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (size_t j = 0; j < G_N_ELEMENTS(rows[i].texts); j++) {
            g_autofree char *text = text_format_mib(rows[i].mib, "hmgt"[j]);

            ck_assert_str_eq(text, rows[i].texts[j]);
        }
    }
}
END_TEST

START_TEST(tails)
{
    static const struct {
        const char *text;
        size_t max;
        const char *tail;
    } rows[] = {
        {"", 4, ""},
        {"one\n \n", 10, "one"},
        {"one\ntwo\nthree\n", 9, "...three"},
        {"abcdefgh", 3, "...fgh"},
        {"abcdé", 1, "..."},
        {"é€", 4, "...€"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *tail = text_tail(rows[i].text, rows[i].max);

        ck_assert_str_eq(tail, rows[i].tail);
    }
}
END_TEST

UNIT_MAIN("text", split_and_join, quoting, shell_words, safe_text, natural_order, units, tails)
