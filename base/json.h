/* JSON values as trees, read strictly and never coerced. The only file that knows json-c is json.c.
 *
 * A value is a `struct json *`; NULL *is* JSON null, so containers may hold NULL. Values are
 * reference counted without atomics: a tree belongs to one thread. Text from outside is bounded by
 * the limits below before anything is allocated for it.
 *
 * Use trees for free-form data (OS parameters, hook results, unknown members). What has a row in
 * facts/ is decoded to a struct by facts/codec.h. For writing see base/json-writer.h. */
#ifndef GANTRY_BASE_JSON_H
#define GANTRY_BASE_JSON_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

struct json;

enum json_kind {
    JSON_NULL,
    JSON_BOOL,
    JSON_INT,
    JSON_FLOAT,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

enum {
    JSON_MAX_DEPTH = 64,
    /* The largest text json_parse() takes, in bytes: a configuration of 20,000 instances has about
       60 MB. */
    JSON_MAX_TEXT = 512 * 1024 * 1024,
};

#define JSON_ERROR (json_error_quark())
GQuark json_error_quark(void);
enum json_error {
    JSON_ERROR_SYNTAX,
    JSON_ERROR_LIMIT,
};

/* Reads exactly one value from text (len bytes, -1: up to the NUL); anything but blanks behind it
 * is an error, and so is a number that int64_t or double cannot hold. The error tells what is wrong
 * and at which byte. On success *ret_value is owned by the caller (and NULL for null). */
bool json_parse(const char *text, gssize len, struct json **ret_value, GError **errp)
    __attribute__((warn_unused_result));

struct json *json_ref(struct json *value);
void json_unref(struct json *value);
DEFINE_CLEANUP(struct json *, json_unref)

enum json_kind json_kind(const struct json *value);
/* "null", "boolean", "integer"...: for error texts. */
const char *json_kind_name(enum json_kind kind);

/* Each getter requires its own kind (json_double also takes an integer); asking for another is a
 * programming error. */
bool json_boolean(const struct json *value);
int64_t json_int(const struct json *value);
double json_double(const struct json *value);
/* Borrowed. The text may hold NUL bytes: json_string_len() tells its true length. */
const char *json_string(const struct json *value);
size_t json_string_len(const struct json *value);

/* Number of elements of an array or members of an object. */
size_t json_len(const struct json *container);
/* Element of an array, borrowed; index must be below json_len(). */
struct json *json_at(const struct json *array, size_t index);
/* Member of an object, borrowed; NULL if it is null or missing. */
struct json *json_get(const struct json *object, const char *key);
bool json_has(const struct json *object, const char *key);

/* Walks the members in the order of the text:
 *     struct json_iter it = json_iter_begin(object);
 *     while (json_iter_next(&it)) { use it.key, it.value (borrowed) }
 * The object must not change meanwhile. */
struct json_iter {
    const char *key;
    struct json *value;
    const void *next; /* private */
};
struct json_iter json_iter_begin(const struct json *object);
bool json_iter_next(struct json_iter *it);

struct json *json_new_bool(bool value);
struct json *json_new_int(int64_t value);
struct json *json_new_double(double value);
struct json *json_new_string(const char *text);
struct json *json_new_string_len(const char *text, size_t len);
struct json *json_new_array(void);
struct json *json_new_object(void);
/* Both take over the reference of value. Setting a key again replaces the value and keeps its
 * place. */
void json_append(struct json *array, struct json *value);
void json_set(struct json *object, const char *key, struct json *value);
void json_remove(struct json *object, const char *key);

/* Deep equality; 1 and 1.0 differ, the order of members does not matter. NULL is allowed. */
bool json_equal(const struct json *a, const struct json *b);
/* A tree of its own: no node is shared with value. */
struct json *json_copy(const struct json *value);

#endif
