#include "config.h"

#include "facts/opcode.h"

#include <math.h>
#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/codec.h"
#include "facts/kind.h"

#define OPCODE_KEY     "OP_ID"
#define OPCODE_PREFIX  "OP_"
#define OPCODE_INVALID "INVALID_OP"
#define REASON_PREFIX  "gnt:opcode:"

struct opcode *opcode_new(enum op_id id)
{
    struct opcode *op = g_new0(struct opcode, 1);

    op->row = &op_rows[id];
    op->common = fact_object_new(&fact_object_op_common);
    op->params = fact_object_new(op->row->params);
    fact_object_set_defaults(&fact_object_op_common, op->common);
    fact_object_set_defaults(op->row->params, op->params);
    return op;
}

void opcode_free(struct opcode *op)
{
    if (op != NULL) {
        fact_object_free(&fact_object_op_common, op->common);
        fact_object_free(op->row->params, op->params);
        g_free(op);
    }
}

struct opcode *opcode_copy(const struct opcode *op)
{
    struct opcode *copy = g_new0(struct opcode, 1);

    copy->row = op->row;
    copy->common = fact_object_copy(&fact_object_op_common, op->common);
    copy->params = fact_object_copy(op->row->params, op->params);
    return copy;
}

bool opcode_equal(const struct opcode *a, const struct opcode *b)
{
    return a->row == b->row && fact_object_equal(&fact_object_op_common, a->common, b->common) &&
           fact_object_equal(a->row->params, a->params, b->params);
}

/* ---- reading ---- */

static const struct op_row *find_row(struct json *json, const struct fact_path *path, GError **errp)
{
    struct json *id = json_kind(json) == JSON_OBJECT ? json_get(json, OPCODE_KEY) : NULL;
    const struct op_row *row;

    if (json_kind(json) != JSON_OBJECT) {
        (void)fact_wrong_kind("an object", json, path, errp);
        return NULL;
    }
    if (json_kind(id) != JSON_STRING) {
        (void)fact_fail(errp, FACT_ERROR_MISSING, path, "member \"%s\" is missing or no text",
                        OPCODE_KEY);
        return NULL;
    }
    row = op_row_find(json_string(id));
    if (row == NULL) {
        (void)fact_fail(errp, FACT_ERROR_VALUE, path, "unknown opcode %s", json_string(id));
    }
    return row;
}

/* Deals the members out to the two objects that make up an opcode. */
static void split(struct json *json, struct json *common, struct json *params)
{
    struct json_iter it = json_iter_begin(json);

    while (json_iter_next(&it)) {
        if (fact_object_find(&fact_object_op_common, it.key) != NULL) {
            json_set(common, it.key, json_ref(it.value));
        } else if (strcmp(it.key, OPCODE_KEY) != 0) {
            json_set(params, it.key, json_ref(it.value));
        }
    }
}

struct opcode *opcode_decode(struct json *json, const struct fact_path *path, GError **errp)
{
    CLEANUP(json_unrefp) struct json *common = json_new_object();
    CLEANUP(json_unrefp) struct json *params = json_new_object();
    struct opcode *op;
    const struct op_row *row = find_row(json, path, errp);

    if (row == NULL) {
        return NULL;
    }
    split(json, common, params);
    op = g_new0(struct opcode, 1);
    op->row = row;
    op->common = fact_object_decode(&fact_object_op_common, common, path, errp);
    if (op->common != NULL) {
        op->params = fact_object_decode(row->params, params, path, errp);
    }
    if (op->params == NULL) {
        opcode_free(op);
        return NULL;
    }
    return op;
}

/* ---- writing ---- */

static void write_id(const struct opcode *op, struct json_writer *w)
{
    json_write_key(w, OPCODE_KEY);
    json_write_string(w, op->row->wire_id);
}

void opcode_encode(const struct opcode *op, enum opcode_dialect dialect, struct json_writer *w)
{
    json_write_object_begin(w);
    if (dialect == OPCODE_SUBMITTED) {
        fact_object_encode_members(&fact_object_op_common, op->common, w);
        write_id(op, w);
        fact_object_encode_members(op->row->params, op->params, w);
    } else if (dialect == OPCODE_PLAIN) {
        write_id(op, w);
        fact_object_encode_members(op->row->params, op->params, w);
    } else {
        fact_object_encode_filled(op->row->params, op->params, w);
        fact_object_encode_filled(&fact_object_op_common, op->common, w);
        write_id(op, w);
    }
    json_write_object_end(w);
}

void opcode_redact(struct opcode *op)
{
    const struct fact_object *object = op->row->params;

    for (size_t i = 0; i < object->n_members; i++) {
        const struct fact_member *member = &object->members[i];
        struct private_dict *values;

        if ((member->spec->flags & FACT_SECRET) == 0) {
            continue;
        }
        values = (void *)((char *)op->params + member->offset);
        for (size_t j = 0; j < values->n; j++) {
            json_unref(values->v[j].value);
            values->v[j].value = json_new_string(OPCODE_REDACTED);
        }
    }
}

/* ---- texts for people and the reason trail ---- */

static char *duration_text(double seconds)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);

    if (fact_level() >= LEVEL_3_1) {
        return g_strdup_printf("%.0f ns", rint(seconds * 1e9));
    }
    json_write_double(&w, seconds);
    if (strchr(text->str, '.') == NULL) {
        /* The writer drops the point of whole numbers, Haskell's show does not. */
        g_string_append(text, ".0");
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* The value in parentheses; an absent one reads None, as the reference's does. */
static char *described(const struct opcode *op)
{
    const struct fact_object *params = op->row->params;
    const struct fact_member *member = fact_object_find(params, op->row->dsc_field);
    const struct fact_type *type = member->spec->type;
    const void *value = (const char *)op->params + member->offset;

    if (!fact_member_is_set(params, op->params, member)) {
        return g_strdup("None");
    }
    if (type->kind == &fact_kind_float) {
        return duration_text(*(const double *)value);
    }
    if (type->kind == &fact_kind_enum) {
        return g_strdup(type->words->words[*(const int *)value]);
    }
    g_assert(type->kind == &fact_kind_str);
    return g_strdup(*(char *const *)value);
}

char *opcode_summary(const struct opcode *op)
{
    const char *name = op->row->wire_id + strlen(OPCODE_PREFIX);
    g_autofree char *value = NULL;

    if (op->row->dsc_field == NULL) {
        return g_strdup(name);
    }
    value = described(op);
    return g_strdup_printf("%s(%s)", name, value);
}

char *opcode_summary_of_json(struct json *json)
{
    struct json *id = json_kind(json) == JSON_OBJECT ? json_get(json, OPCODE_KEY) : NULL;
    const char *text =
        json_kind(id) == JSON_STRING ? json_string(id) : OPCODE_PREFIX OPCODE_INVALID;

    return g_strdup(strlen(text) < strlen(OPCODE_PREFIX) ? "" : text + strlen(OPCODE_PREFIX));
}

char *opcode_reason_source(const struct op_row *row)
{
    g_autofree char *name = g_ascii_strdown(row->wire_id + strlen(OPCODE_PREFIX), -1);

    return g_strconcat(REASON_PREFIX, name, NULL);
}
