#include "config.h"

#include "facts/value.h"

#include <string.h>

#include "base/json-writer.h"
#include "facts/kind.h"

bool fact_value_set(struct fact_value *dst, struct json *json)
{
    dst->kind = json_kind(json);
    switch (dst->kind) {
    case JSON_NULL:
        break;
    case JSON_BOOL:
        dst->boolean = json_boolean(json);
        break;
    case JSON_INT:
        dst->integer = json_int(json);
        break;
    case JSON_FLOAT:
        dst->number = json_double(json);
        break;
    case JSON_STRING:
        if (strlen(json_string(json)) != json_string_len(json)) {
            dst->kind = JSON_NULL;
            return false;
        }
        dst->text = g_strdup(json_string(json));
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        dst->tree = json_ref(json);
        break;
    }
    return true;
}

struct json *fact_value_to_json(const struct fact_value *value)
{
    switch (value->kind) {
    case JSON_BOOL:
        return json_new_bool(value->boolean);
    case JSON_INT:
        return json_new_int(value->integer);
    case JSON_FLOAT:
        return json_new_double(value->number);
    case JSON_STRING:
        return json_new_string(value->text);
    case JSON_ARRAY:
    case JSON_OBJECT:
        return json_ref(value->tree);
    case JSON_NULL:
        break;
    }
    return NULL;
}

const char *fact_value_text(const struct fact_value *value)
{
    return value != NULL && value->kind == JSON_STRING ? value->text : NULL;
}

bool fact_value_is_true(const struct fact_value *value)
{
    return value != NULL && value->kind == JSON_BOOL && value->boolean;
}

static bool value_decode(const struct fact_type *type, struct json *json, void *value,
                         const struct fact_path *path, GError **errp)
{
    (void)type;
    if (!fact_value_set(value, json)) {
        return fact_fail(errp, FACT_ERROR_VALUE, path, "a string must not contain a NUL character");
    }
    return true;
}

static void value_encode(const struct fact_type *type, const void *value, struct json_writer *w)
{
    const struct fact_value *from = value;

    (void)type;
    switch (from->kind) {
    case JSON_NULL:
        json_write_null(w);
        break;
    case JSON_BOOL:
        json_write_bool(w, from->boolean);
        break;
    case JSON_INT:
        json_write_int(w, from->integer);
        break;
    case JSON_FLOAT:
        json_write_double(w, from->number);
        break;
    case JSON_STRING:
        json_write_string(w, from->text);
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        json_write_value(w, from->tree);
        break;
    }
}

static void value_clear(const struct fact_type *type, void *value)
{
    struct fact_value *gone = value;

    (void)type;
    if (gone->kind == JSON_STRING) {
        g_free(gone->text);
    } else if (gone->kind == JSON_ARRAY || gone->kind == JSON_OBJECT) {
        json_unref(gone->tree);
    }
}

static void value_copy(const struct fact_type *type, void *dst, const void *src)
{
    struct fact_value *to = dst;
    const struct fact_value *from = src;

    (void)type;
    *to = *from;
    if (from->kind == JSON_STRING) {
        to->text = g_strdup(from->text);
    } else if (from->kind == JSON_ARRAY || from->kind == JSON_OBJECT) {
        to->tree = json_ref(from->tree);
    }
}

static bool value_equal(const struct fact_type *type, const void *a, const void *b)
{
    const struct fact_value *left = a;
    const struct fact_value *right = b;

    (void)type;
    if (left->kind != right->kind) {
        return false;
    }
    switch (left->kind) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return left->boolean == right->boolean;
    case JSON_INT:
        return left->integer == right->integer;
    case JSON_FLOAT:
        return left->number == right->number;
    case JSON_STRING:
        return strcmp(left->text, right->text) == 0;
    case JSON_ARRAY:
    case JSON_OBJECT:
        return json_equal(left->tree, right->tree);
    }
    return false;
}

const struct fact_kind fact_kind_value = {
    .name = "value",
    .decode = value_decode,
    .encode = value_encode,
    .clear = value_clear,
    .copy = value_copy,
    .equal = value_equal,
};
