#include "config.h"

#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "facts/opcode.h"

START_TEST(an_opcode_takes_its_defaults_and_refuses_unknown_members)
{
    CLEANUP(json_unrefp) struct json *json = NULL;
    CLEANUP(json_unrefp) struct json *bad = NULL;
    g_autoptr(GError) error = NULL;
    const struct op_row *row = op_row_find("OP_INSTANCE_STARTUP");
    struct op_instance_startup *op;

    ck_assert(json_parse("{\"instance_name\":\"web1\"}", -1, &json, NULL));
    op = fact_object_decode(row->params, json, NULL, &error);
    ck_assert_ptr_nonnull(op);
    ck_assert_str_eq(op->instance_name, "web1");
    ck_assert(op->has.force && !op->force);
    ck_assert(!op->has.instance_uuid);
    fact_object_free(row->params, op);

    ck_assert(json_parse("{\"instance_name\":\"web1\",\"fast\":true}", -1, &bad, NULL));
    ck_assert_ptr_null(fact_object_decode(row->params, bad, NULL, &error));
    ck_assert_str_eq(error->message, "unknown member \"fast\"");
}
END_TEST

START_TEST(errors_travel)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) back = NULL;
    CLEANUP(json_unrefp) struct json *json = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    struct json_writer w = json_writer_init(out, JSON_COMPACT);

    err_set(&error, ERR_OP_PREREQ, ECODE_NOENT, "Instance '%s' not known", "web1");
    err_encode(error, &w);
    ck_assert_str_eq(out->str,
                     "[\"OpPrereqError\",[\"Instance 'web1' not known\",\"unknown_entity\"]]");
    ck_assert(json_parse(out->str, -1, &json, NULL));
    back = err_decode(json);
    ck_assert_int_eq(err_class(back), ERR_OP_PREREQ);
    ck_assert_int_eq(err_ecode(back), ECODE_NOENT);
    ck_assert(err_is(back, ERR_GENERIC));
    ck_assert_str_eq(back->message, error->message);
}
END_TEST

static struct opcode *decode(const char *text, GError **errp)
{
    CLEANUP(json_unrefp) struct json *json = NULL;

    ck_assert(json_parse(text, -1, &json, NULL));
    return opcode_decode(json, NULL, errp);
}

static char *encode(const struct opcode *op, enum opcode_dialect dialect, enum json_style style)
{
    GString *out = g_string_new(NULL);
    struct json_writer w = json_writer_init(out, style);

    opcode_encode(op, dialect, &w);
    return g_string_free(out, FALSE);
}

/* As a job process of the reference wrote it. */
#define CONNECT                                                                                    \
    "{\"group_name\": \"default\", \"network_name\": \"netA\", \"network_mode\": \"bridged\", "    \
    "\"network_link\": \"br0\", \"network_vlan\": \"\", \"conflicts_check\": true, "               \
    "\"dry_run\": null, \"debug_level\": 0, \"priority\": 0, \"depends\": null, "                  \
    "\"comment\": null, \"reason\": [[\"gnt:client:gnt-network\", \"connect\", "                   \
    "1795246252055624704]], \"OP_ID\": \"OP_NETWORK_CONNECT\"}"

START_TEST(both_dialects_are_written)
{
    CLEANUP(opcode_freep) struct opcode *op = decode(CONNECT, NULL);
    g_autofree char *processed = encode(op, OPCODE_PROCESSED, JSON_PYTHON);
    g_autofree char *submitted = encode(op, OPCODE_SUBMITTED, JSON_COMPACT);
    CLEANUP(opcode_freep) struct opcode *back = decode(submitted, NULL);
    g_autofree char *source = opcode_reason_source(op->row);

    ck_assert_str_eq(processed, CONNECT);
    ck_assert_str_eq(
        submitted,
        "{\"debug_level\":0,\"priority\":0,\"depends\":null,\"comment\":null,\"reason\":[["
        "\"gnt:client:gnt-network\",\"connect\",1795246252055624704]],"
        "\"OP_ID\":\"OP_NETWORK_CONNECT\",\"group_name\":\"default\",\"network_name\":\"netA\","
        "\"network_mode\":\"bridged\",\"network_link\":\"br0\",\"network_vlan\":\"\","
        "\"conflicts_check\":true}");
    ck_assert(opcode_equal(op, back));
    ck_assert_str_eq(source, "gnt:opcode:network_connect");
}
END_TEST

START_TEST(bad_opcodes_say_why)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"[]", "expected an object, found list"},
        {"{\"a\":1}", "member \"OP_ID\" is missing or no text"},
        {"{\"OP_ID\":\"OP_FLY\"}", "unknown opcode OP_FLY"},
        {"{\"OP_ID\":\"OP_CLUSTER_QUERY\"}", "member \"reason\" is missing"},
        {"{\"OP_ID\":\"OP_CLUSTER_QUERY\",\"reason\":[],\"x\":1}", "unknown member \"x\""},
        {"{\"OP_ID\":\"OP_CLUSTER_QUERY\",\"reason\":[[\"a\",\"b\"]]}",
         "reason[0]: member \"time\" is missing"},
        {"{\"OP_ID\":\"OP_CLUSTER_QUERY\",\"reason\":[],\"priority\":5}",
         "priority: \"5\" is none of: 10, 0, -10"},
        {"{\"OP_ID\":\"OP_BACKUP_EXPORT\",\"reason\":[],\"instance_name\":\"i\",\"target_node\":1}",
         "target_node: expected NonEmptyString or List"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(decode(cases[i].text, &error));
        ck_assert_str_eq(error->message, cases[i].error);
    }
}
END_TEST

static void check_summary(const char *text, const char *summary)
{
    CLEANUP(opcode_freep) struct opcode *op = decode(text, NULL);
    g_autofree char *found = opcode_summary(op);

    ck_assert_str_eq(found, summary);
}

START_TEST(summaries)
{
    fact_level_set(LEVEL_3_0);
    check_summary("{\"OP_ID\":\"OP_TEST_DELAY\",\"reason\":[],\"duration\":0.1}",
                  "TEST_DELAY(0.1)");
    fact_level_set(LEVEL_3_1);
    check_summary("{\"OP_ID\":\"OP_TEST_DELAY\",\"reason\":[],\"duration\":0.1}",
                  "TEST_DELAY(100000000 ns)");
    check_summary("{\"OP_ID\":\"OP_QUERY\",\"reason\":[],\"what\":\"node\",\"fields\":[]}",
                  "QUERY(node)");
    check_summary("{\"OP_ID\":\"OP_CLUSTER_QUERY\",\"reason\":[]}", "CLUSTER_QUERY");
    check_summary("{\"OP_ID\":\"OP_TEST_ALLOCATOR\",\"reason\":[],\"direction\":\"in\","
                  "\"mode\":\"relocate\",\"name\":\"x\"}",
                  "TEST_ALLOCATOR(None)");
}
END_TEST

START_TEST(secrets_are_kept_out_of_files)
{
    CLEANUP(opcode_freep)
    struct opcode *op = decode(
        "{\"OP_ID\":\"OP_TEST_OS_PARAMS\",\"reason\":[],\"osparams_secret\":{\"key\":\"x\"}}",
        NULL);
    CLEANUP(opcode_freep) struct opcode *copy = opcode_copy(op);
    g_autofree char *text = NULL;
    struct op_test_os_params *params = op->params;

    opcode_redact(copy);
    text = encode(copy, OPCODE_SUBMITTED, JSON_COMPACT);
    ck_assert_ptr_nonnull(strstr(text, "\"osparams_secret\":{\"key\":\"<redacted>\"}"));
    ck_assert_str_eq(json_string(params->osparams_secret.v[0].value), "x");
}
END_TEST

START_TEST(sets_are_ordered_and_levels_differ)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(opcode_freep)
    struct opcode *op = decode(
        "{\"OP_ID\":\"OP_CLUSTER_VERIFY\",\"reason\":[],\"ignore_errors\":"
        "[\"ENODEHV\",\"ECLUSTERCFG\",\"ENODEHV\"],\"skip_checks\":[\"hvparam_assessment\"]}",
        &error);
    struct op_cluster_verify *params = op->params;

    ck_assert_uint_eq(params->ignore_errors.n, 2);
    ck_assert_int_eq(params->ignore_errors.v[0], CV_ECLUSTERCFG);
    fact_level_set(LEVEL_3_0);
    ck_assert_ptr_null(decode(
        "{\"OP_ID\":\"OP_CLUSTER_VERIFY\",\"reason\":[],\"skip_checks\":[\"hvparam_assessment\"]}",
        &error));
    ck_assert_str_eq(error->message,
                     "skip_checks[0]: \"hvparam_assessment\" is none of: nplusone_mem");
    ck_assert_ptr_null(op_row_find("OP_NETWORK_RENAME"));
}
END_TEST

UNIT_MAIN("opcodes", an_opcode_takes_its_defaults_and_refuses_unknown_members, errors_travel,
          both_dialects_are_written, bad_opcodes_say_why, summaries, secrets_are_kept_out_of_files,
          sets_are_ordered_and_levels_differ)
