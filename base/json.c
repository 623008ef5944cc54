#include "config.h"

#include "base/json.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

G_DEFINE_QUARK(gantry_json_error, json_error)

static struct json_object *raw(const struct json *value)
{
    return (struct json_object *)value;
}

static struct json *wrap(struct json_object *object)
{
    return (struct json *)object;
}

/* True if only JSON blanks stand from `from` to the end. */
static bool only_blanks(const char *text, size_t from, size_t len)
{
    for (size_t i = from; i < len; i++) {
        if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0') {
            return false;
        }
    }
    return true;
}

/* json-c takes NaN and Infinity, which JSON does not have, and silently turns a number that is too
 * large into the largest one. Depth is bounded by JSON_MAX_DEPTH. */
static bool all_exact(struct json_object *object)
{
    switch (json_object_get_type(object)) {
    case json_type_double:
        return isfinite(json_object_get_double(object));
    case json_type_int:
        return json_object_get_uint64(object) <= INT64_MAX &&
               json_object_get_int64(object) > INT64_MIN;
    case json_type_array:
        for (size_t i = 0; i < json_object_array_length(object); i++) {
            if (!all_exact(json_object_array_get_idx(object, i))) {
                return false;
            }
        }
        return true;
    case json_type_object: {
        struct json_iter it = json_iter_begin(wrap(object));

        while (json_iter_next(&it)) {
            if (!all_exact(raw(it.value))) {
                return false;
            }
        }
        return true;
    }
    case json_type_boolean:
    case json_type_string:
    case json_type_null:
        break;
    }
    return true;
}

/* ---- plain text ----
 *
 * Nearly all that the reference and we ever write needs nothing but this: ASCII texts without
 * escapes and numbers of ordinary length. It is read here in one pass; json-c takes each character
 * through a state machine, which is what the start of a daemon on a large cluster would consist of.
 * Whatever is not plain, all errors included, is left to json-c, so there is one judge of what JSON
 * is. */

struct plain {
    const char *at, *end;
    int depth;
};

static bool plain_value(struct plain *in, struct json_object **ret);

static void skip_blanks(struct plain *in)
{
    while (in->at < in->end &&
           (*in->at == ' ' || *in->at == '\n' || *in->at == '\t' || *in->at == '\r')) {
        in->at++;
    }
}

/* Whether the next character is this one, which is then behind us. */
static bool take(struct plain *in, char c)
{
    skip_blanks(in);
    if (in->at == in->end || *in->at != c) {
        return false;
    }
    in->at++;
    return true;
}

/* From an opening quote to behind the closing one, ASCII only; *ret points into the text. */
static bool plain_text(struct plain *in, const char **ret, size_t *ret_len)
{
    const char *c, *start;

    if (!take(in, '"')) {
        return false;
    }
    start = c = in->at;
    while (c < in->end && (unsigned char)(*c - 0x20) < 0x60 && *c != '"' && *c != '\\') {
        c++;
    }
    *ret = start;
    *ret_len = (size_t)(c - start);
    if (c == in->end || *c != '"') {
        return false;
    }
    in->at = c + 1;
    return true;
}

static bool plain_string(struct plain *in, struct json_object **ret)
{
    const char *text;
    size_t len;

    if (!plain_text(in, &text, &len)) {
        return false;
    }
    *ret = json_object_new_string_len(text, (int)len);
    return true;
}

static size_t skip_digits(struct plain *in)
{
    const char *start = in->at;

    while (in->at < in->end && g_ascii_isdigit(*in->at)) {
        in->at++;
    }
    return (size_t)(in->at - start);
}

/* Between the digits of an ordinary number and those that may overflow. */
enum { PLAIN_DIGITS = 18, PLAIN_NUMBER = 32 };

static bool plain_fraction(struct plain *in, const char *start, struct json_object **ret)
{
    char number[PLAIN_NUMBER];
    size_t len;

    in->at++;
    if (skip_digits(in) == 0 || (in->at < in->end && (*in->at == 'e' || *in->at == 'E'))) {
        return false;
    }
    len = (size_t)(in->at - start);
    if (len >= sizeof(number)) {
        return false;
    }
    memcpy(number, start, len);
    number[len] = '\0';
    *ret = json_object_new_double(g_ascii_strtod(number, NULL));
    return true;
}

static bool plain_number(struct plain *in, struct json_object **ret)
{
    const char *start = in->at;
    bool negative = take(in, '-');
    const char *digits = in->at;
    size_t n = skip_digits(in);
    int64_t value = 0;

    if (n == 0 || n > PLAIN_DIGITS || (digits[0] == '0' && (n > 1 || negative))) {
        return false;
    }
    if (in->at < in->end && *in->at == '.') {
        return plain_fraction(in, start, ret);
    }
    if (in->at < in->end && (*in->at == 'e' || *in->at == 'E')) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        value = value * 10 + (digits[i] - '0');
    }
    *ret = json_object_new_int64(negative ? -value : value);
    return true;
}

static bool plain_word(struct plain *in, const char *word, struct json_object *value,
                       struct json_object **ret)
{
    size_t len = strlen(word);

    if ((size_t)(in->end - in->at) < len || memcmp(in->at, word, len) != 0) {
        json_object_put(value);
        return false;
    }
    in->at += len;
    *ret = value;
    return true;
}

static bool plain_items(struct plain *in, struct json_object *array)
{
    if (take(in, ']')) {
        return true;
    }
    do {
        struct json_object *item = NULL;

        if (!plain_value(in, &item)) {
            return false;
        }
        json_object_array_add(array, item);
    } while (take(in, ','));
    return take(in, ']');
}

static bool plain_members(struct plain *in, struct json_object *object)
{
    if (take(in, '}')) {
        return true;
    }
    do {
        struct json_object *value = NULL;
        char key[128];
        const char *text;
        size_t len;

        if (!plain_text(in, &text, &len) || len >= sizeof(key) || !take(in, ':')) {
            return false;
        }
        memcpy(key, text, len);
        key[len] = '\0';
        if (!plain_value(in, &value)) {
            return false;
        }
        json_object_object_add(object, key, value);
    } while (take(in, ','));
    return take(in, '}');
}

static bool plain_container(struct plain *in, struct json_object *container,
                            bool (*fill)(struct plain *, struct json_object *),
                            struct json_object **ret)
{
    bool good;

    in->at++;
    good = ++in->depth < JSON_MAX_DEPTH && fill(in, container);
    in->depth--;
    if (!good) {
        json_object_put(container);
        return false;
    }
    *ret = container;
    return true;
}

static bool plain_value(struct plain *in, struct json_object **ret)
{
    skip_blanks(in);
    if (in->at == in->end) {
        return false;
    }
    switch (*in->at) {
    case '"':
        return plain_string(in, ret);
    case '[':
        return plain_container(in, json_object_new_array_ext(4), plain_items, ret);
    case '{':
        return plain_container(in, json_object_new_object(), plain_members, ret);
    case 't':
        return plain_word(in, "true", json_object_new_boolean(true), ret);
    case 'f':
        return plain_word(in, "false", json_object_new_boolean(false), ret);
    case 'n':
        return plain_word(in, "null", NULL, ret);
    default:
        return plain_number(in, ret);
    }
}

/* False: not plain; nothing is left behind. */
static bool parse_plain(const char *text, size_t size, struct json_object **ret)
{
    struct plain in = {.at = text, .end = text + size};
    struct json_object *object = NULL;

    if (!plain_value(&in, &object)) {
        return false;
    }
    skip_blanks(&in);
    if (in.at < in.end) {
        json_object_put(object);
        return false;
    }
    *ret = object;
    return true;
}

/* ---- everything else ---- */

static bool parse_any(const char *text, size_t size, struct json_object **ret, GError **errp)
{
    struct json_tokener *tok = json_tokener_new_ex(JSON_MAX_DEPTH);
    struct json_object *object;
    enum json_tokener_error status;
    size_t end;

    if (tok == NULL) {
        g_error("out of memory");
    }
    json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
    object = json_tokener_parse_ex(tok, text, (int)size);
    status = json_tokener_get_error(tok);
    end = json_tokener_get_parse_end(tok);
    if (status == json_tokener_continue && size > 0) {
        /* A number at the very end is complete only once the tokener sees what follows. */
        object = json_tokener_parse_ex(tok, "\n", 1);
        status = json_tokener_get_error(tok);
        end = size;
    }
    json_tokener_free(tok);

    if (status == json_tokener_continue) {
        g_set_error(errp, JSON_ERROR, JSON_ERROR_SYNTAX,
                    "text ends inside a JSON value (%zu bytes read)", size);
    } else if (status != json_tokener_success) {
        g_set_error(errp, JSON_ERROR,
                    status == json_tokener_error_depth ? JSON_ERROR_LIMIT : JSON_ERROR_SYNTAX,
                    "not JSON at byte %zu: %s", end, json_tokener_error_desc(status));
    } else if (!only_blanks(text, end, size)) {
        g_set_error(errp, JSON_ERROR, JSON_ERROR_SYNTAX,
                    "not JSON at byte %zu: more text follows the value", end);
    } else if (!all_exact(object)) {
        g_set_error(errp, JSON_ERROR, JSON_ERROR_SYNTAX,
                    "a number is too large, or none at all (NaN, Infinity)");
    } else {
        *ret = object;
        return true;
    }
    json_object_put(object);
    return false;
}

bool json_parse(const char *text, gssize len, struct json **ret_value, GError **errp)
{
    size_t size = len < 0 ? strlen(text) : (size_t)len;
    struct json_object *object = NULL;
    const char *bad;

    if (size > JSON_MAX_TEXT) {
        g_set_error(errp, JSON_ERROR, JSON_ERROR_LIMIT, "text of %zu bytes is over the limit of %d",
                    size, JSON_MAX_TEXT);
        return false;
    }
    if (parse_plain(text, size, &object)) {
        *ret_value = wrap(object);
        return true;
    }
    /* json-c's own check lets code points above U+10FFFF pass. */
    if (!g_utf8_validate_len(text, size, &bad)) {
        g_set_error(errp, JSON_ERROR, JSON_ERROR_SYNTAX, "not JSON at byte %zu: not UTF-8 text",
                    (size_t)(bad - text));
        return false;
    }
    if (!parse_any(text, size, &object, errp)) {
        return false;
    }
    *ret_value = wrap(object);
    return true;
}

struct json *json_ref(struct json *value)
{
    return wrap(json_object_get(raw(value)));
}

void json_unref(struct json *value)
{
    json_object_put(raw(value));
}

enum json_kind json_kind(const struct json *value)
{
    switch (json_object_get_type(raw(value))) {
    case json_type_boolean:
        return JSON_BOOL;
    case json_type_int:
        return JSON_INT;
    case json_type_double:
        return JSON_FLOAT;
    case json_type_string:
        return JSON_STRING;
    case json_type_array:
        return JSON_ARRAY;
    case json_type_object:
        return JSON_OBJECT;
    case json_type_null:
        break;
    }
    return JSON_NULL;
}

const char *json_kind_name(enum json_kind kind)
{
    static const char *const names[] = {
        [JSON_NULL] = "null",     [JSON_BOOL] = "boolean",  [JSON_INT] = "integer",
        [JSON_FLOAT] = "number",  [JSON_STRING] = "string", [JSON_ARRAY] = "list",
        [JSON_OBJECT] = "object",
    };

    return names[kind];
}

bool json_boolean(const struct json *value)
{
    g_assert(json_kind(value) == JSON_BOOL);
    return json_object_get_boolean(raw(value));
}

int64_t json_int(const struct json *value)
{
    g_assert(json_kind(value) == JSON_INT);
    return json_object_get_int64(raw(value));
}

double json_double(const struct json *value)
{
    g_assert(json_kind(value) == JSON_FLOAT || json_kind(value) == JSON_INT);
    return json_object_get_double(raw(value));
}

const char *json_string(const struct json *value)
{
    g_assert(json_kind(value) == JSON_STRING);
    return json_object_get_string(raw(value));
}

size_t json_string_len(const struct json *value)
{
    g_assert(json_kind(value) == JSON_STRING);
    return (size_t)json_object_get_string_len(raw(value));
}

size_t json_len(const struct json *container)
{
    if (json_kind(container) == JSON_ARRAY) {
        return json_object_array_length(raw(container));
    }
    g_assert(json_kind(container) == JSON_OBJECT);
    return (size_t)json_object_object_length(raw(container));
}

struct json *json_at(const struct json *array, size_t index)
{
    g_assert(json_kind(array) == JSON_ARRAY && index < json_len(array));
    return wrap(json_object_array_get_idx(raw(array), index));
}

struct json *json_get(const struct json *object, const char *key)
{
    g_assert(json_kind(object) == JSON_OBJECT);
    return wrap(json_object_object_get(raw(object), key));
}

bool json_has(const struct json *object, const char *key)
{
    g_assert(json_kind(object) == JSON_OBJECT);
    return json_object_object_get_ex(raw(object), key, NULL);
}

struct json_iter json_iter_begin(const struct json *object)
{
    g_assert(json_kind(object) == JSON_OBJECT);
    return (struct json_iter){.next = json_object_get_object(raw(object))->head};
}

bool json_iter_next(struct json_iter *it)
{
    const struct lh_entry *entry = it->next;

    if (entry == NULL) {
        return false;
    }
    it->key = lh_entry_k(entry);
    it->value = wrap((struct json_object *)lh_entry_v(entry));
    it->next = entry->next;
    return true;
}

struct json *json_new_bool(bool value)
{
    return wrap(json_object_new_boolean(value));
}

struct json *json_new_int(int64_t value)
{
    return wrap(json_object_new_int64(value));
}

struct json *json_new_double(double value)
{
    return wrap(json_object_new_double(value));
}

struct json *json_new_string(const char *text)
{
    return json_new_string_len(text, strlen(text));
}

struct json *json_new_string_len(const char *text, size_t len)
{
    g_assert(len <= JSON_MAX_TEXT);
    return wrap(json_object_new_string_len(text, (int)len));
}

struct json *json_new_array(void)
{
    return wrap(json_object_new_array());
}

struct json *json_new_object(void)
{
    return wrap(json_object_new_object());
}

void json_append(struct json *array, struct json *value)
{
    g_assert(json_kind(array) == JSON_ARRAY);
    json_object_array_add(raw(array), raw(value));
}

void json_set(struct json *object, const char *key, struct json *value)
{
    g_assert(json_kind(object) == JSON_OBJECT);
    json_object_object_add(raw(object), key, raw(value));
}

void json_remove(struct json *object, const char *key)
{
    g_assert(json_kind(object) == JSON_OBJECT);
    json_object_object_del(raw(object), key);
}

bool json_equal(const struct json *a, const struct json *b)
{
    return json_object_equal(raw(a), raw(b));
}

struct json *json_copy(const struct json *value)
{
    struct json_object *copy = NULL;

    if (value != NULL && json_object_deep_copy(raw(value), &copy, NULL) != 0) {
        g_error("out of memory");
    }
    return wrap(copy);
}
