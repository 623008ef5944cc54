#include "config.h"

#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "facts/opcodes.h"

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

UNIT_MAIN("opcodes", an_opcode_takes_its_defaults_and_refuses_unknown_members, errors_travel)
