#include "config.h"

#include "htools/backends/reader/reader.h"

#include <math.h>

G_DEFINE_QUARK(gantry_htools_reader, reader_error)

static void append_path(const struct reader *reader, GString *out)
{
    if (reader == NULL || reader->key == NULL) {
        return;
    }
    append_path(reader->parent, out);
    g_string_append_printf(out, "%s%s", out->len > 0 ? "." : "", reader->key);
    if (reader->index >= 0) {
        g_string_append_printf(out, "[%d]", reader->index);
    }
}

static void set_error(const struct reader *reader, const char *key, enum reader_error code,
                      GError **errp, const char *text)
{
    struct reader place = {.parent = reader, .key = key, .index = -1};
    g_autoptr(GString) path = NULL;

    if (errp == NULL) {
        return;
    }
    path = g_string_new(NULL);
    append_path(key != NULL ? &place : reader, path);
    g_set_error(errp, READER_ERROR, code, "%s%s%s", path->str, path->len > 0 ? ": " : "", text);
}

bool reader_fail(const struct reader *reader, const char *key, GError **errp, const char *format,
                 ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    set_error(reader, key, READER_ERROR_KIND, errp, text);
    return false;
}

static enum json_kind kind_of(const struct doc_value *value)
{
    return value != NULL ? value->kind : JSON_NULL;
}

static bool fail_kind(const struct reader *reader, const char *key, const char *expected,
                      const struct doc_value *found, GError **errp)
{
    return reader_fail(reader, key, errp, "expected %s, found %s", expected,
                       json_kind_name(kind_of(found)));
}

/* The member, which must be there and not null. */
static const struct doc_value *require(const struct reader *reader, const char *key,
                                       const char *expected, GError **errp)
{
    const struct doc_value *value = doc_get(reader->object, key);

    if (value == NULL && errp != NULL) {
        g_autofree char *text = g_strdup_printf("expected %s, found nothing", expected);

        set_error(reader, key, READER_ERROR_MISSING, errp, text);
    }
    return value;
}

/* The member, if it has this kind. */
static const struct doc_value *require_kind(const struct reader *reader, const char *key,
                                            enum json_kind kind, const char *expected,
                                            GError **errp)
{
    const struct doc_value *value = require(reader, key, expected, errp);

    if (value != NULL && kind_of(value) != kind) {
        fail_kind(reader, key, expected, value, errp);
        return NULL;
    }
    return value;
}

bool reader_begin(const struct doc_value *document, struct reader *ret, GError **errp)
{
    *ret = (struct reader){.index = -1, .object = document};
    if (document == NULL || kind_of(document) != JSON_OBJECT) {
        return fail_kind(ret, NULL, "an object", document, errp);
    }
    return true;
}

bool reader_object(const struct reader *reader, const char *key, struct reader *ret, GError **errp)
{
    *ret = (struct reader){
        .parent = reader,
        .key = key,
        .index = -1,
        .object = require_kind(reader, key, JSON_OBJECT, "an object", errp),
    };
    return ret->object != NULL;
}

bool reader_member(const struct reader *reader, const struct doc_member *member, struct reader *ret,
                   GError **errp)
{
    *ret = (struct reader){
        .parent = reader,
        .key = member->key,
        .index = -1,
        .object = &member->value,
    };
    return member->value.kind == JSON_OBJECT ||
           fail_kind(ret, NULL, "an object", &member->value, errp);
}

bool reader_array(const struct reader *reader, const char *key, const struct doc_value **ret,
                  GError **errp)
{
    *ret = require_kind(reader, key, JSON_ARRAY, "an array", errp);
    return *ret != NULL;
}

bool reader_element(const struct reader *reader, const char *key, size_t index, struct reader *ret,
                    GError **errp)
{
    const struct doc_value *array;

    if (!reader_array(reader, key, &array, errp)) {
        return false;
    }
    *ret = (struct reader){
        .parent = reader,
        .key = key,
        .index = (int)index,
        .object = &array->elements[index],
    };
    if (kind_of(ret->object) != JSON_OBJECT) {
        return fail_kind(ret, NULL, "an object", ret->object, errp);
    }
    return true;
}

/* Any JSON number within the limits. */
static bool read_number(const struct reader *reader, const char *key, const char *expected,
                        double *ret, GError **errp)
{
    const struct doc_value *value = require(reader, key, expected, errp);

    if (value == NULL) {
        return false;
    }
    if (!doc_number(value, ret)) {
        return fail_kind(reader, key, expected, value, errp);
    }
    if (!(fabs(*ret) <= (double)READER_MAX_NUMBER)) {
        set_error(reader, key, READER_ERROR_RANGE, errp, "the number is too large");
        return false;
    }
    return true;
}

bool reader_int(const struct reader *reader, const char *key, int64_t *ret, GError **errp)
{
    double value;

    if (!read_number(reader, key, "an integer", &value, errp)) {
        return false;
    }
    *ret = (int64_t)rint(value);
    return true;
}

bool reader_double(const struct reader *reader, const char *key, double *ret, GError **errp)
{
    return read_number(reader, key, "a number", ret, errp);
}

bool reader_bool(const struct reader *reader, const char *key, bool *ret, GError **errp)
{
    const struct doc_value *value = require_kind(reader, key, JSON_BOOL, "a boolean", errp);

    if (value != NULL) {
        *ret = value->boolean;
    }
    return value != NULL;
}

bool reader_string(const struct reader *reader, const char *key, const char **ret, GError **errp)
{
    const struct doc_value *value = require_kind(reader, key, JSON_STRING, "a string", errp);

    if (value == NULL) {
        return false;
    }
    if (strlen(value->text) != value->n) {
        return reader_fail(reader, key, errp, "the text holds a NUL byte");
    }
    *ret = value->text;
    return true;
}

bool reader_strings(const struct reader *reader, const char *key, const char ***ret, GError **errp)
{
    const struct doc_value *array;
    g_autofree const char **list = NULL;

    if (!reader_array(reader, key, &array, errp)) {
        return false;
    }
    list = g_new0(const char *, array->n + 1);
    for (size_t i = 0; i < array->n; i++) {
        const struct doc_value *value = &array->elements[i];

        if (kind_of(value) != JSON_STRING) {
            return fail_kind(reader, key, "only strings", value, errp);
        }
        list[i] = value->text;
    }
    *ret = g_steal_pointer(&list);
    return true;
}

bool reader_has(const struct reader *reader, const char *key)
{
    return doc_get(reader->object, key) != NULL;
}

bool reader_maybe_string(const struct reader *reader, const char *key, const char **ret,
                         GError **errp)
{
    *ret = NULL;
    return !reader_has(reader, key) || reader_string(reader, key, ret, errp);
}
