#include "base/parse.h"

#include "base/tests/unit.h"

static const char *const bad_integers[] = {
    "", " 1", "1 ", "+", "-", "1.0", "0x10", "1e3", "--1", "one", "1\n", "99999999999999999999"};

START_TEST(integers)
{
    g_autoptr(GError) error = NULL;
    int64_t value = 7;
    uint64_t big = 7;
    int small = 7;

    ck_assert(parse_int64("-9223372036854775808", INT64_MIN, INT64_MAX, &value, NULL));
    ck_assert_int_eq(value, INT64_MIN);
    ck_assert(parse_int64("+007", 0, 10, &value, NULL));
    ck_assert_int_eq(value, 7);
    for (size_t i = 0; i < G_N_ELEMENTS(bad_integers); i++) {
        ck_assert_msg(!parse_int64(bad_integers[i], INT64_MIN, INT64_MAX, &value, NULL), "%s",
                      bad_integers[i]);
        ck_assert(!parse_uint64(bad_integers[i], UINT64_MAX, &big, NULL));
        ck_assert(!parse_int(bad_integers[i], INT_MIN, INT_MAX, &small, NULL));
    }
    ck_assert_int_eq(value, 7);
    ck_assert(!parse_int("65536", 1, 65535, &small, &error));
    ck_assert(g_error_matches(error, PARSE_ERROR, PARSE_ERROR_RANGE));
    ck_assert_str_eq(error->message, "'65536' is out of range (1 to 65535)");
    ck_assert(parse_uint64("18446744073709551615", UINT64_MAX, &big, NULL));
    ck_assert(big == UINT64_MAX);
    ck_assert(!parse_uint64("-1", UINT64_MAX, &big, NULL));
}
END_TEST

START_TEST(doubles)
{
    static const char *const bad[] = {"",   "nan", "inf", "0x1p3", "1,5",   " 1",
                                      "1 ", "1e",  "e1",  ".",     "1e999", "1.2.3"};
    double value;

    ck_assert(parse_double("-1.5e3", -1e9, 1e9, &value, NULL));
    ck_assert(value == -1500.0);
    ck_assert(parse_double("3", 0, 10, &value, NULL));
    ck_assert(!parse_double("11", 0, 10, &value, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        ck_assert_msg(!parse_double(bad[i], -1e308, 1e308, &value, NULL), "%s", bad[i]);
    }
}
END_TEST

START_TEST(sizes)
{
    /* Values as utils/text.py ParseUnit of 3.0.2 gives them. */
    static const struct {
        const char *text;
        int64_t mib;
    } good[] = {{"1", 4},  {"1.5", 4},        {"1.5g", 1536}, {"1 G", 1024}, {"0.1", 4},
                {"1.", 4}, {"1tib", 1048576}, {"4097", 4100}, {"4.0001", 8}, {"0", 0},
                {"1 ", 4}, {"512MiB", 512},   {".5g", 512}};
    static const char *const bad[] = {"",    "g",    "-1", "1e3",  " 1",
                                      "1kb", "1g x", ".",  "1..5", "99999999999999999999t"};
    int64_t mib;

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_msg(parse_size_mib(good[i].text, &mib, &error), "%s", good[i].text);
        ck_assert_int_eq(mib, good[i].mib);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_msg(!parse_size_mib(bad[i], &mib, &error), "%s", bad[i]);
        ck_assert_ptr_nonnull(error);
    }
}
END_TEST

UNIT_MAIN("parse", integers, doubles, sizes)
