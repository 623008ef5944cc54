#include "config.h"

#include <ctype.h>
#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "facts/codec.h"
#include "facts/kind.h"
#include "facts/luximethods.h"
#include "facts/opcode.h"
#include "facts/rapiroutes.h"
#include "facts/rpccalls.h"
#include "facts/wconfdcalls.h"

/* Every object that has rows, whatever family it belongs to. */
static const struct fact_object *const objects[] = {
#define OBJECT(name, unknown, doc) &fact_object_##name,
#define MEMBER_V(object, member, json, type, presence, dflt, doc, since, until)
#define OBJECT_END(name)
#include "facts/objects.def"
#undef OBJECT
#undef MEMBER_V
#undef OBJECT_END
#define OPCODE_V(name, wire, dsc, result, object, hooks, lock, since, until, doc)                  \
    &fact_object_op_##name,
#define USE_AS(opcode, member, wire, param)
#define OPCODE_END(name)
#include "facts/opcodes.def"
#undef OPCODE_V
#undef USE_AS
#undef OPCODE_END
    &fact_object_op_common,
#define RPC_V(name, client, nodes, timeout, offline, lu_timeout, lu_offline, since, until, doc)    \
    &fact_object_rpc_call_##name,
#define ARG_AS(call, name, wire, type, encoding)
#define RPC_END(name)
#include "facts/rpccalls.def"
#undef RPC_V
#undef ARG_AS
#undef RPC_END
#define LUXI(name, wire, doc) &fact_object_luxi_args_##name,
#define LUXI_ARG(method, arg, type, presence, dflt, doc)
#define LUXI_END(name)
#include "facts/luximethods.def"
#undef LUXI
#undef LUXI_ARG
#undef LUXI_END
#define METHOD(name, wire, result, doc) &fact_object_method_##name,
#define ARG(method, name, type, presence, dflt)
#define METHOD_END(name)
#include "facts/wconfdcalls.def"
#undef METHOD
#undef ARG
#undef METHOD_END
};

static const struct fact_enum *const enums[] = {
#define ENUM(name) &fact_enum_##name,
#define WORD_V(name, enumerator, word, since, until, doc)
#define ENUM_END(name)
#include "facts/enums.def"
#undef ENUM
#undef WORD_V
#undef ENUM_END
};

static const char *const docs[] = {
#define ENUM(name)
#define WORD_V(name, enumerator, word, since, until, doc) doc,
#define ENUM_END(name)
#include "facts/enums.def"
#undef ENUM
#undef WORD_V
#undef ENUM_END
#define PARAM_V(ident, type, presence, dflt, dflt_30, flags, since, until, doc) doc,
#include "facts/opparams.def"
#undef PARAM_V
#define OPCODE_V(name, wire, dsc, result, object, hooks, lock, since, until, doc) doc,
#define USE_AS(opcode, member, wire, param)
#define OPCODE_END(name)
#include "facts/opcodes.def"
#undef OPCODE_V
#undef USE_AS
#undef OPCODE_END
#define RPC_V(name, client, nodes, timeout, offline, lu_timeout, lu_offline, since, until, doc) doc,
#define ARG_AS(call, name, wire, type, encoding)
#define RPC_END(name)
#include "facts/rpccalls.def"
#undef RPC_V
#undef ARG_AS
#undef RPC_END
#define LUXI(name, wire, doc) doc,
#define LUXI_ARG(method, arg, type, presence, dflt, doc)
#define LUXI_END(name)
#include "facts/luximethods.def"
#undef LUXI
#undef LUXI_ARG
#undef LUXI_END
#define METHOD(name, wire, result, doc) doc,
#define ARG(method, name, type, presence, dflt)
#define METHOD_END(name)
#include "facts/wconfdcalls.def"
#undef METHOD
#undef ARG
#undef METHOD_END
#define ROUTE(route, path, tags, since, doc) doc,
#include "facts/rapiroutes.def"
};

static void check_doc(const char *doc)
{
    ck_assert_msg(doc[0] != '\0' && !islower((unsigned char)doc[0]), "\"%s\" begins badly", doc);
    ck_assert_msg(doc[strlen(doc) - 1] != '.', "\"%s\" ends with a dot", doc);
}

START_TEST(texts_read_alike)
{
    for (size_t i = 0; i < G_N_ELEMENTS(docs); i++) {
        check_doc(docs[i]);
    }
}
END_TEST

static void check_members(const struct fact_object *object)
{
    for (size_t i = 0; i < object->n_members; i++) {
        for (size_t j = 0; j < i; j++) {
            ck_assert_msg(strcmp(object->members[i].name, object->members[j].name) != 0,
                          "%s.%s stands there twice", object->name, object->members[i].name);
        }
    }
}

START_TEST(names_are_unique)
{
    for (size_t i = 0; i < G_N_ELEMENTS(objects); i++) {
        check_members(objects[i]);
    }
    for (size_t i = 0; i < OP_ID_COUNT; i++) {
        for (size_t j = 0; j < i; j++) {
            ck_assert_str_ne(op_rows[i].wire_id, op_rows[j].wire_id);
        }
        for (size_t j = 0; j < fact_object_op_common.n_members; j++) {
            ck_assert_ptr_null(
                fact_object_find(op_rows[i].params, fact_object_op_common.members[j].name));
        }
    }
    for (size_t i = 1; i < RPC_COUNT; i++) {
        ck_assert_str_lt(rpc_rows[i - 1].name, rpc_rows[i].name);
    }
}
END_TEST

/* Defaults are JSON texts; one that does not fit its type ends the program. */
static void check_defaults(enum fact_level level)
{
    fact_level_set(level);
    for (size_t i = 0; i < G_N_ELEMENTS(objects); i++) {
        void *value = fact_object_new(objects[i]);

        fact_object_set_defaults(objects[i], value);
        for (size_t j = 0; j < objects[i]->n_members; j++) {
            const struct fact_member *member = &objects[i]->members[j];

            if (fact_member_is_current(member) && member->spec->presence == FACT_DEFAULT &&
                member->spec->type->kind != &fact_kind_any) {
                ck_assert_msg(fact_member_is_set(objects[i], value, member), "%s.%s has no default",
                              objects[i]->name, member->name);
            }
        }
        fact_object_free(objects[i], value);
    }
}

START_TEST(defaults_fit_their_types)
{
    check_defaults(LEVEL_3_0);
    check_defaults(LEVEL_3_1);
}
END_TEST

START_TEST(words_go_round)
{
    for (size_t i = 0; i < G_N_ELEMENTS(enums); i++) {
        for (size_t j = 0; j < enums[i]->n; j++) {
            ck_assert_ptr_nonnull(enums[i]->words[j]);
            ck_assert_int_eq(fact_enum_find(enums[i], enums[i]->words[j]),
                             fact_word_is_current(enums[i], j) ? (int)j : -1);
        }
        ck_assert_int_eq(fact_enum_find(enums[i], "no such word"), -1);
    }
}
END_TEST

START_TEST(summaries_name_a_member)
{
    for (size_t i = 0; i < OP_ID_COUNT; i++) {
        const struct op_row *row = &op_rows[i];

        ck_assert(g_str_has_prefix(row->wire_id, "OP_"));
        if (row->dsc_field != NULL) {
            ck_assert_ptr_nonnull(fact_object_find(row->params, row->dsc_field));
        }
    }
}
END_TEST

/* ---- whatever is written is read again as the same ---- */

static void write_value(struct json_writer *w, const struct fact_type *type, GRand *random,
                        int depth);

static void write_text(struct json_writer *w, const struct fact_type *type, GRand *random)
{
    static const char *const texts[] = {
        "x", "192.0.2.7", "192.0.2.0/24", "2001:db8::1", "2001:db8::/32", "0110", "\xc3\xa4 \"\\",
        ""};

    for (;;) {
        const char *text = texts[g_rand_int_range(random, 0, G_N_ELEMENTS(texts))];

        if (type->check == NULL || type->check(text) == NULL) {
            json_write_string(w, text);
            return;
        }
    }
}

static int random_word(const struct fact_enum *words, GRand *random)
{
    for (;;) {
        int index = g_rand_int_range(random, 0, (gint32)words->n);

        if (fact_word_is_current(words, (size_t)index)) {
            return index;
        }
    }
}

static void write_object(struct json_writer *w, const struct fact_object *object, GRand *random,
                         int depth)
{
    bool tuple = object->unknown == FACT_UNKNOWN_TUPLE;

    tuple ? json_write_array_begin(w) : json_write_object_begin(w);
    for (size_t i = 0; i < object->n_members; i++) {
        const struct fact_member *member = &object->members[i];
        bool needed =
            member->spec->presence == FACT_REQUIRED || member->spec->presence == FACT_REAL;
        bool absent = !needed && (depth > 3 || g_rand_boolean(random));

        if (!fact_member_is_current(member)) {
            continue;
        }
        if (!tuple && absent) {
            continue;
        }
        if (!tuple) {
            json_write_key(w, member->name);
        }
        if (absent) {
            json_write_null(w);
        } else {
            write_value(w, member->spec->type, random, depth + 1);
        }
    }
    tuple ? json_write_array_end(w) : json_write_object_end(w);
}

static void write_container(struct json_writer *w, const struct fact_type *type, GRand *random,
                            int depth)
{
    bool dict = type->kind == &fact_kind_dict || type->kind == &fact_kind_map;
    int n = depth > 4 ? 0 : g_rand_int_range(random, 0, 3);

    dict ? json_write_object_begin(w) : json_write_array_begin(w);
    for (int i = 0; i < n; i++) {
        char key[2] = {(char)('a' + i), '\0'};

        if (dict && type->words != NULL) {
            json_write_key(w, type->words->words[i]);
        } else if (dict) {
            json_write_key(w, key);
        }
        write_value(w, type->elem, random, depth + 1);
    }
    dict ? json_write_object_end(w) : json_write_array_end(w);
}

static void write_value(struct json_writer *w, const struct fact_type *type, GRand *random,
                        int depth)
{
    const struct fact_kind *kind = type->kind;

    if (kind == &fact_kind_bool) {
        json_write_bool(w, g_rand_boolean(random));
    } else if (kind == &fact_kind_int || kind == &fact_kind_numeral || kind == &fact_kind_size) {
        json_write_int(w, g_rand_boolean(random) ? MAX(type->min, -5) : MIN(type->max, 1000));
    } else if (kind == &fact_kind_float) {
        json_write_double(w, g_rand_double_range(random, -1e6, 1e6));
    } else if (kind == &fact_kind_str) {
        write_text(w, type, random);
    } else if (kind == &fact_kind_enum) {
        json_write_string(w, type->words->words[random_word(type->words, random)]);
    } else if (kind == &fact_kind_enum_int) {
        json_write_int(w, fact_enum_number(type->words, random_word(type->words, random)));
    } else if (kind == &fact_kind_none) {
        json_write_null(w);
    } else if (kind == &fact_kind_union) {
        write_value(w, g_rand_boolean(random) ? type->either : type->other, random, depth);
    } else if (type->object != NULL) {
        write_object(w, type->object, random, depth);
    } else if (type->elem != NULL) {
        write_container(w, type, random, depth);
    } else {
        json_write_int(w, g_rand_int_range(random, 0, 100)); /* free form */
    }
}

static void *read_text(const struct fact_object *object, const char *text)
{
    CLEANUP(json_unrefp) struct json *json = NULL;
    g_autoptr(GError) error = NULL;
    void *value;

    ck_assert(json_parse(text, -1, &json, NULL));
    value = fact_object_decode(object, json, NULL, &error);
    ck_assert_msg(value != NULL, "%s: %s\n%s", object->name, error != NULL ? error->message : "",
                  text);
    return value;
}

static void check_round_trip(const struct fact_object *object, GRand *random)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) again = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    struct json_writer w2 = json_writer_init(again, JSON_COMPACT);
    void *value, *copy, *back;

    write_object(&w, object, random, 0);
    value = read_text(object, text->str);
    copy = fact_object_copy(object, value);
    fact_object_encode(object, copy, &w2);
    back = read_text(object, again->str);
    ck_assert_msg(fact_object_equal(object, value, copy), "%s: a copy differs\n%s", object->name,
                  text->str);
    ck_assert_msg(fact_object_equal(object, value, back), "%s: %s\nbecame %s", object->name,
                  text->str, again->str);
    fact_object_free(object, value);
    fact_object_free(object, copy);
    fact_object_free(object, back);
}

START_TEST(what_is_written_is_read_again)
{
    GRand *random = g_rand_new_with_seed(20260101);

    for (size_t i = 0; i < G_N_ELEMENTS(objects); i++) {
        for (int round = 0; round < 20; round++) {
            check_round_trip(objects[i], random);
        }
    }
    g_rand_free(random);
}
END_TEST

UNIT_MAIN("rows", texts_read_alike, names_are_unique, defaults_fit_their_types, words_go_round,
          summaries_name_a_member, what_is_written_is_read_again)
