#include "config.h"

#include <string.h>

#include "base/json-scan.h"
#include "base/json-writer.h"
#include "base/json.h"
#include "base/parse.h"
#include "facts/kind.h"

bool fact_wrong_kind(const char *expected, const struct json *json, const struct fact_path *path,
                     GError **errp)
{
    return fact_fail(errp, FACT_ERROR_KIND, path, "expected %s, found %s", expected,
                     json_kind_name(json_kind(json)));
}

static bool equal_bytes(const struct fact_type *type, const void *a, const void *b)
{
    return memcmp(a, b, type->size) == 0;
}

static bool bool_decode(const struct fact_type *type, struct json *json, void *value,
                        const struct fact_path *path, GError **errp)
{
    (void)type;
    if (json_kind(json) != JSON_BOOL) {
        return fact_wrong_kind("true or false", json, path, errp);
    }
    *(bool *)value = json_boolean(json);
    return true;
}

static bool bool_decode_text(const struct fact_type *type, const char *text, size_t len,
                             void *value)
{
    bool is_true = len == 4 && memcmp(text, "true", 4) == 0;

    (void)type;
    if (!is_true && (len != 5 || memcmp(text, "false", 5) != 0)) {
        return false;
    }
    *(bool *)value = is_true;
    return true;
}

static void bool_encode(const struct fact_type *type, const void *value, struct json_writer *w)
{
    (void)type;
    json_write_bool(w, *(const bool *)value);
}

const struct fact_kind fact_kind_bool = {
    .name = "bool",
    .decode = bool_decode,
    .decode_text = bool_decode_text,
    .encode = bool_encode,
    .equal = equal_bytes,
};

static bool take_int(const struct fact_type *type, int64_t number, void *value,
                     const struct fact_path *path, GError **errp)
{
    if (number < type->min || number > type->max) {
        return fact_fail(errp, FACT_ERROR_VALUE, path,
                         "%" G_GINT64_FORMAT " is not in the range %" G_GINT64_FORMAT
                         " to %" G_GINT64_FORMAT,
                         number, type->min, type->max);
    }
    *(int64_t *)value = number;
    return true;
}

/* A whole number; 5.0 counts as one, because the reference's JSON readers do not tell them apart.
 */
static bool int_decode(const struct fact_type *type, struct json *json, void *value,
                       const struct fact_path *path, GError **errp)
{
    int64_t number;

    if (json_kind(json) == JSON_INT) {
        number = json_int(json);
    } else if (json_kind(json) == JSON_FLOAT && json_double(json) >= -9e15 &&
               json_double(json) <= 9e15 &&
               json_double(json) == (double)(int64_t)json_double(json)) {
        number = (int64_t)json_double(json);
    } else {
        return fact_wrong_kind("an integer", json, path, errp);
    }
    return take_int(type, number, value, path, errp);
}

static bool int_decode_text(const struct fact_type *type, const char *text, size_t len, void *value)
{
    int64_t number = 0;

    /* Numbers of up to nine digits without sign. */
    if (len > 9 || (len > 1 && text[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!g_ascii_isdigit(text[i])) {
            return false;
        }
        number = number * 10 + (text[i] - '0');
    }
    return len > 0 && take_int(type, number, value, NULL, NULL);
}

static void int_encode(const struct fact_type *type, const void *value, struct json_writer *w)
{
    (void)type;
    json_write_int(w, *(const int64_t *)value);
}

const struct fact_kind fact_kind_int = {
    .name = "int",
    .decode = int_decode,
    .decode_text = int_decode_text,
    .encode = int_encode,
    .equal = equal_bytes,
};

/* Job IDs come as numbers or as digits (parseJobId in Types.hs). */
static bool numeral_decode(const struct fact_type *type, struct json *json, void *value,
                           const struct fact_path *path, GError **errp)
{
    int64_t number;
    g_autoptr(GError) error = NULL;

    if (json_kind(json) != JSON_STRING) {
        return int_decode(type, json, value, path, errp);
    }
    if (!parse_int64(json_string(json), INT64_MIN, INT64_MAX, &number, &error)) {
        return fact_fail(errp, FACT_ERROR_VALUE, path, "%s", error->message);
    }
    return take_int(type, number, value, path, errp);
}

const struct fact_kind fact_kind_numeral = {
    .name = "numeral",
    .decode = numeral_decode,
    .encode = int_encode,
    .equal = equal_bytes,
};

/* MiB as a number, or a text with a unit (parseUnitAssumeBinary in Utils.hs). */
static bool size_decode(const struct fact_type *type, struct json *json, void *value,
                        const struct fact_path *path, GError **errp)
{
    int64_t mib;
    g_autoptr(GError) error = NULL;

    if (json_kind(json) != JSON_STRING) {
        return int_decode(type, json, value, path, errp);
    }
    if (!parse_size_mib(json_string(json), &mib, &error)) {
        return fact_fail(errp, FACT_ERROR_VALUE, path, "%s", error->message);
    }
    return take_int(type, mib, value, path, errp);
}

const struct fact_kind fact_kind_size = {
    .name = "size",
    .decode = size_decode,
    .encode = int_encode,
    .equal = equal_bytes,
};

static bool float_decode(const struct fact_type *type, struct json *json, void *value,
                         const struct fact_path *path, GError **errp)
{
    (void)type;
    if (json_kind(json) != JSON_FLOAT && json_kind(json) != JSON_INT) {
        return fact_wrong_kind("a number", json, path, errp);
    }
    *(double *)value = json_double(json);
    return true;
}

static void float_encode(const struct fact_type *type, const void *value, struct json_writer *w)
{
    (void)type;
    json_write_double(w, *(const double *)value);
}

static bool float_equal(const struct fact_type *type, const void *a, const void *b)
{
    (void)type;
    return *(const double *)a == *(const double *)b;
}

const struct fact_kind fact_kind_float = {
    .name = "float",
    .decode = float_decode,
    .encode = float_encode,
    .equal = float_equal,
};

static bool str_decode(const struct fact_type *type, struct json *json, void *value,
                       const struct fact_path *path, GError **errp)
{
    const char *text;
    const char *expected;

    if (json_kind(json) != JSON_STRING) {
        return fact_wrong_kind("a string", json, path, errp);
    }
    text = json_string(json);
    if (strlen(text) != json_string_len(json)) {
        return fact_fail(errp, FACT_ERROR_VALUE, path, "a string must not contain a NUL character");
    }
    expected = type->check == NULL ? NULL : type->check(text);
    if (expected != NULL) {
        return fact_fail(errp, FACT_ERROR_VALUE, path, "expected %s, found \"%s\"", expected, text);
    }
    *(char **)value = g_strdup(text);
    return true;
}

static bool str_decode_text(const struct fact_type *type, const char *text, size_t len, void *value)
{
    char *copy;

    if (len < 2 || text[0] != '"' || text[len - 1] != '"' ||
        !json_scan_is_plain(text + 1, len - 2)) {
        return false;
    }
    copy = g_strndup(text + 1, len - 2);
    if (type->check != NULL && type->check(copy) != NULL) {
        g_free(copy);
        return false;
    }
    *(char **)value = copy;
    return true;
}

static void str_encode(const struct fact_type *type, const void *value, struct json_writer *w)
{
    (void)type;
    json_write_string(w, *(char *const *)value);
}

static void str_clear(const struct fact_type *type, void *value)
{
    (void)type;
    g_free(*(char **)value);
}

static void str_copy(const struct fact_type *type, void *dst, const void *src)
{
    (void)type;
    *(char **)dst = g_strdup(*(char *const *)src);
}

static bool str_equal(const struct fact_type *type, const void *a, const void *b)
{
    (void)type;
    return g_strcmp0(*(char *const *)a, *(char *const *)b) == 0;
}

const struct fact_kind fact_kind_str = {
    .name = "str",
    .decode = str_decode,
    .decode_text = str_decode_text,
    .encode = str_encode,
    .clear = str_clear,
    .copy = str_copy,
    .equal = str_equal,
};

static bool any_decode(const struct fact_type *type, struct json *json, void *value,
                       const struct fact_path *path, GError **errp)
{
    (void)type;
    (void)path;
    (void)errp;
    *(struct json **)value = json_ref(json);
    return true;
}

static void any_encode(const struct fact_type *type, const void *value, struct json_writer *w)
{
    (void)type;
    json_write_value(w, *(struct json *const *)value);
}

static void any_clear(const struct fact_type *type, void *value)
{
    (void)type;
    json_unref(*(struct json **)value);
}

static void any_copy(const struct fact_type *type, void *dst, const void *src)
{
    (void)type;
    *(struct json **)dst = json_ref(*(struct json *const *)src);
}

static bool any_equal(const struct fact_type *type, const void *a, const void *b)
{
    (void)type;
    return json_equal(*(struct json *const *)a, *(struct json *const *)b);
}

/* Free-form JSON; trees are shared between copies and must not be changed in place. */
const struct fact_kind fact_kind_any = {
    .name = "any",
    .decode = any_decode,
    .encode = any_encode,
    .clear = any_clear,
    .copy = any_copy,
    .equal = any_equal,
};
