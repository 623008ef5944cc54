#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/tests/unit.h"
#include "compat-config/store/store.h"
#include "luxi/query/query.h"

/* Whole queries on the cluster of qa/data, which the reference made; nobody is there to be asked
 * for live data. */
static const struct cfg *cfg;
static char *queue_dir;
static struct query_env env;

static void setup(void)
{
    const char *top = g_getenv("GANTRY_TOP_SRCDIR");
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_nonnull(top);
    path = g_build_filename(top, "qa/data/cluster-3.0.2/config.data", NULL);
    queue_dir = g_build_filename(top, "qa/data/cluster-3.0.2/queue", NULL);
    cfg = cfg_load(path, &error);
    ck_assert_msg(cfg != NULL, "%s", error != NULL ? error->message : "");
    env = (struct query_env){.queue_dir = queue_dir, .wconfd_socket = "/nonexistent"};
}

static void teardown(void)
{
    cfg_unref(cfg);
    g_free(queue_dir);
}

/* ---- running one ---- */

struct outcome {
    bool done;
    struct json *result;
    char *error;
};

static void query_is_done(struct query *query, const GError *error, void *data)
{
    struct outcome *outcome = data;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) bad = NULL;
    struct json_writer w = json_writer_init(text, JSON_COMPACT);

    outcome->done = true;
    if (error != NULL) {
        outcome->error = g_strdup(error->message);
    } else if (!query_write(query, &w, &bad)) {
        outcome->error = g_strdup(bad->message);
    } else {
        ck_assert(json_parse(text->str, (gssize)text->len, &outcome->result, NULL));
    }
}

static struct outcome run(enum query_kind kind, const char *const *fields, const char *filter)
{
    CLEANUP(json_unrefp) struct json *json = NULL;
    struct query_request request = {.kind = kind, .fields = fields};
    struct outcome outcome = {0};

    ck_assert(json_parse(filter, -1, &json, NULL));
    ck_assert(query_filter_parse(json, &request.filter, NULL));
    (void)query_start(&env, cfg, &request, query_is_done, &outcome);
    ck_assert_msg(outcome.done, "the query waits for somebody");
    return outcome;
}

/* The first column of all items, with blanks between; the error if there is one. */
static char *names(enum query_kind kind, const char *field, const char *filter)
{
    const char *const fields[] = {field, NULL};
    struct outcome outcome = run(kind, fields, filter);
    GString *text = g_string_new(NULL);

    if (outcome.error != NULL) {
        (void)g_string_free(text, TRUE);
        return outcome.error;
    }
    for (size_t i = 0; i < json_len(json_get(outcome.result, "data")); i++) {
        const struct json *cell = json_at(json_at(json_get(outcome.result, "data"), i), 0);
        g_autofree char *value = json_to_string(json_at(cell, 1), JSON_COMPACT);

        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", value);
    }
    json_unref(outcome.result);
    return g_string_free(text, FALSE);
}

/* ---- every field ---- */

static bool fits(enum qfield_type type, const struct json *value)
{
    enum json_kind kind = json_kind(value);

    switch (type) {
    case QF_TYPE_TEXT:
        return kind == JSON_STRING;
    case QF_TYPE_BOOL:
        return kind == JSON_BOOL;
    case QF_TYPE_NUMBER:
    case QF_TYPE_UNIT:
        return kind == JSON_INT;
    case QF_TYPE_FLOAT:
    case QF_TYPE_TIMESTAMP:
        return kind == JSON_INT || kind == JSON_FLOAT;
    default:
        return kind != JSON_NULL || type != QF_TYPE_UNKNOWN;
    }
}

static void check_cell(const struct qfield *field, const struct json *cell)
{
    g_autofree char *text = json_to_string(cell, JSON_COMPACT);
    int64_t status = json_int(json_at(cell, 0));

    ck_assert_uint_eq(json_len(cell), 2);
    ck_assert_msg(status != 1, "%s: %s", field->name, text);
    if (status != 0) {
        ck_assert_msg(json_at(cell, 1) == NULL, "%s: %s", field->name, text);
    } else {
        ck_assert_msg(fits(field->type, json_at(cell, 1)), "%s (%s): %s", field->name,
                      qfield_type_word(field->type), text);
    }
}

static size_t check_all_fields(enum query_kind kind)
{
    size_t n_fields, n_items;
    const struct qfield *all = query_fields(kind, &n_fields);
    g_autofree const char **fields = g_new0(const char *, n_fields + 1);
    struct outcome outcome;

    for (size_t i = 0; i < n_fields; i++) {
        fields[i] = all[i].name;
    }
    outcome = run(kind, fields, "null");
    ck_assert_msg(outcome.error == NULL, "%s: %s", query_word(kind), outcome.error);
    ck_assert_uint_eq(json_len(json_get(outcome.result, "fields")), n_fields);
    n_items = json_len(json_get(outcome.result, "data"));
    for (size_t i = 0; i < n_items; i++) {
        const struct json *row = json_at(json_get(outcome.result, "data"), i);

        ck_assert_uint_eq(json_len(row), n_fields);
        for (size_t j = 0; j < n_fields; j++) {
            check_cell(&all[j], json_at(row, j));
        }
    }
    json_unref(outcome.result);
    return n_items;
}

START_TEST(every_field_has_its_type)
{
    ck_assert_uint_eq(check_all_fields(QUERY_instance), cfg_instance_count(cfg));
    ck_assert_uint_eq(check_all_fields(QUERY_node), cfg_node_count(cfg));
    ck_assert_uint_eq(check_all_fields(QUERY_group), cfg_group_count(cfg));
    ck_assert_uint_eq(check_all_fields(QUERY_network), cfg_network_count(cfg));
    ck_assert_uint_eq(check_all_fields(QUERY_filter), cfg_filter_count(cfg));
    ck_assert_uint_gt(check_all_fields(QUERY_job), 0);
    (void)check_all_fields(QUERY_export);
}
END_TEST

START_TEST(unknown_fields_spoil_nothing)
{
    static const char *const fields[] = {"nosuch", "name", NULL};
    struct outcome outcome = run(QUERY_node, fields, "null");
    const struct json *row;

    ck_assert_ptr_nonnull(outcome.result);
    ck_assert_str_eq(json_string(json_get(json_at(json_get(outcome.result, "fields"), 0), "kind")),
                     "unknown");
    row = json_at(json_get(outcome.result, "data"), 0);
    ck_assert_int_eq(json_int(json_at(json_at(row, 0), 0)), 1);
    ck_assert_ptr_null(json_at(json_at(row, 0), 1));
    ck_assert_int_eq(json_int(json_at(json_at(row, 1), 0)), 0);
    json_unref(outcome.result);
}
END_TEST

START_TEST(filters_choose)
{
    static const struct {
        enum query_kind kind;
        const char *field, *filter, *names;
    } cases[] = {
        {QUERY_node, "name", "[\"=\",\"name\",\"node2\"]", "\"node2.lab.example\""},
        {QUERY_node, "name", "[\"=\",\"name\",\"node2.lab.example\"]", "\"node2.lab.example\""},
        {QUERY_node, "name", "[\"=\",\"name\",\"node\"]", "Node name node not found"},
        {QUERY_node, "name", "[\"?\",\"master\"]", "\"node1.lab.example\""},
        {QUERY_node, "name", "[\"!\",[\"?\",\"master\"]]",
         "\"node2.lab.example\" \"node3.lab.example\""},
        {QUERY_node, "name", "[\"|\",[\"=\",\"name\",\"node3\"],[\"=\",\"name\",\"node1\"]]",
         "\"node3.lab.example\" \"node1.lab.example\""},
        {QUERY_node, "name", "[\"=~\",\"name\",\"^node[13]\"]",
         "\"node1.lab.example\" \"node3.lab.example\""},
        {QUERY_group, "name", "[\">\",\"node_cnt\",1]", "\"default\""},
        {QUERY_job, "id", "[\"=\",\"id\",10]", "10"},
        {QUERY_job, "id", "[\"&\",[\">\",\"id\",9],[\"<\",\"id\",12]]", "10 11"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = names(cases[i].kind, cases[i].field, cases[i].filter);

        ck_assert_msg(strcmp(found, cases[i].names) == 0, "%s: %s", cases[i].filter, found);
    }
}
END_TEST

START_TEST(definitions_of_fields)
{
    static const char *const two[] = {"name", "nosuch", NULL};
    static const char *const none[] = {NULL};

    for (int kind = 0; kind < QUERY_COUNT; kind++) {
        g_autoptr(GString) text = g_string_new(NULL);
        CLEANUP(json_unrefp) struct json *json = NULL;
        struct json_writer w = json_writer_init(text, JSON_COMPACT);
        size_t n;

        if (query_rows[kind].via != query_rows[QUERY_node].via) {
            continue;
        }
        (void)query_fields((enum query_kind)kind, &n);
        ck_assert(query_write_fields((enum query_kind)kind, none, &w, NULL));
        ck_assert(json_parse(text->str, -1, &json, NULL));
        ck_assert_uint_eq(json_len(json_get(json, "fields")), n);
        g_string_truncate(text, 0);
        w = json_writer_init(text, JSON_COMPACT);
        ck_assert(query_write_fields((enum query_kind)kind, two, &w, NULL));
        ck_assert_ptr_nonnull(strstr(text->str, "\"nosuch\""));
    }
}
END_TEST

UNIT_MAIN_FIXTURE("query", setup, teardown, every_field_has_its_type, unknown_fields_spoil_nothing,
                  filters_choose, definitions_of_fields)
