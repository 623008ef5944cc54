#include "config.h"

#include "base/json.h"
#include "base/tests/unit.h"
#include "facts/errors.h"
#include "luxi/query/filter.h"

/* An item with two columns: 0 a host name (or what a test says), 1 a live number that may be
 * missing. */
struct sample {
    struct query_filter_item item;
    const char *name;
    bool live;
};

static bool sample_value(const struct query_filter_item *item, size_t column,
                         struct query_value *ret_value)
{
    const struct sample *sample = (const struct sample *)item;

    if (column == 1) {
        query_set_int(ret_value, 512);
        return sample->live;
    }
    query_set_text(ret_value, sample->name);
    return true;
}

static void set_column(struct query_filter *leaf, void *data)
{
    (void)data;
    leaf->column = g_str_equal(leaf->field, "mfree") ? 1 : 0;
    leaf->flags = leaf->column == 0 ? QF_HOSTNAME : 0;
}

static struct query_filter *parse(const char *text, GError **errp)
{
    CLEANUP(json_unrefp) struct json *json = NULL;
    struct query_filter *filter = NULL;

    ck_assert(json_parse(text, -1, &json, NULL));
    if (query_filter_parse(json, &filter, errp)) {
        query_filter_walk(filter, set_column, NULL);
    }
    return filter;
}

START_TEST(filters_match)
{
    static const struct {
        const char *filter;
        bool live, expected;
    } cases[] = {
        {"null", false, true},
        {"[\"=\",\"name\",\"web1\"]", false, true},
        {"[\"==\",\"name\",\"web1.example.com\"]", false, true},
        {"[\"=\",\"name\",\"web\"]", false, false},
        {"[\"!=\",\"name\",\"web1\"]", false, false},
        {"[\"<\",\"name\",\"web2\"]", false, true},
        {"[\"=~\",\"name\",\"^w.b\"]", false, true},
        {"[\"&\",[\"=\",\"name\",\"web1\"],[\">\",\"mfree\",1000]]", true, false},
        {"[\"&\",[\"=\",\"name\",\"web1\"],[\">\",\"mfree\",1000]]", false, true},
        {"[\"!\",[\">\",\"mfree\",1000]]", false, true},
        {"[\"|\",[\"=\",\"name\",\"x\"],[\"<=\",\"mfree\",512.0]]", true, true},
        {"[\"|\"]", false, false},
        {"[\"&\"]", false, true},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const struct sample sample = {
            .item = {.value = sample_value}, .name = "web1.example.com", .live = cases[i].live};
        struct query_filter *filter = parse(cases[i].filter, NULL);
        bool match;

        ck_assert(query_filter_match(filter, &sample.item, &match, NULL));
        ck_assert_msg(match == cases[i].expected, "%s", cases[i].filter);
        g_clear_pointer(&filter, query_filter_free);
    }
}
END_TEST

START_TEST(bad_filters_are_refused)
{
    static const char *const cases[] = {
        "1",
        "[]",
        "[1]",
        "[\"%\"]",
        "[\"=\",\"name\"]",
        "[\"=\",\"name\",1.5]",
        "[\"=\",\"name\",null]",
        "[\"!\"]",
        "[\"?\",1]",
        "[\"=~\",\"name\",\"(\"]",
        "[\"&\",1]",
        "[\"?\",\"name\",1]",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_msg(parse(cases[i], &error) == NULL, "%s", cases[i]);
        ck_assert_int_eq(err_class(error), ERR_PARSE);
    }
}
END_TEST

START_TEST(comparing_other_kinds_is_an_error)
{
    static const char *const cases[] = {"[\"=\",\"name\",1]", "[\"?\",\"name\"]",
                                        "[\"=[]\",\"name\",\"x\"]"};
    const struct sample sample = {.item = {.value = sample_value}, .name = "web1"};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        struct query_filter *filter = parse(cases[i], NULL);
        bool match;

        ck_assert(!query_filter_match(filter, &sample.item, &match, &error));
        ck_assert_int_eq(err_class(error), i == 2 ? ERR_GENERIC : ERR_PARAMETER);
        query_filter_free(filter);
    }
}
END_TEST

START_TEST(names_are_found)
{
    struct query_filter *filter =
        parse("[\"|\",[\"=\",\"name\",\"a\"],[\"=\",\"name\",\"b\"]]", NULL);
    GArray *names = query_filter_names(filter, "name");

    ck_assert_uint_eq(names->len, 2);
    ck_assert_str_eq(g_array_index(names, struct query_operand, 1).text, "b");
    g_array_free(names, TRUE);
    ck_assert_ptr_null(query_filter_names(filter, "uuid"));
    query_filter_free(filter);
    names = query_filter_names(NULL, "name");
    ck_assert_uint_eq(names->len, 0);
    g_array_free(names, TRUE);
}
END_TEST

UNIT_MAIN("filter", filters_match, bad_filters_are_refused, comparing_other_kinds_is_an_error,
          names_are_found)
