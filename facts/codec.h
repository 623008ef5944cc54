/* The one codec for everything that has rows: JSON to struct, struct to JSON, free, copy, compare,
 * fill.
 *
 * Decoding is strict: a wrong kind, a missing member or a word outside its enum is an error that
 * names the path ("nics[0].mac: expected a string, found null"). On error the target is left
 * cleared. */
#ifndef GANTRY_FACTS_CODEC_H
#define GANTRY_FACTS_CODEC_H

#include <glib.h>
#include <stdbool.h>

#include "facts/type.h"

struct json;
struct json_writer;

#define FACT_ERROR (fact_error_quark())
GQuark fact_error_quark(void);
enum fact_error {
    FACT_ERROR_KIND,    /* another kind of JSON value */
    FACT_ERROR_VALUE,   /* right kind, value not allowed */
    FACT_ERROR_MISSING, /* a required member is not there */
    FACT_ERROR_UNKNOWN, /* a member that has no row */
};

/* The position of a value while decoding; frames live on the stack. Text: "params.disks[0].size".
 */
struct fact_path {
    const struct fact_path *up;
    const char *member; /* NULL: index counts */
    size_t index;
};

/* `value` points to zeroed memory of type->size bytes, owned by the caller, and afterwards holds
 * what fact_clear() frees. `path` is the position of the value, NULL at the top. */
bool fact_decode(const struct fact_type *type, struct json *json, void *value,
                 const struct fact_path *path, GError **errp);
void fact_encode(const struct fact_type *type, const void *value, struct json_writer *w);
/* Frees what the value holds and zeroes it. */
void fact_clear(const struct fact_type *type, void *value);
/* dst is zeroed memory. */
void fact_copy(const struct fact_type *type, void *dst, const void *src);
bool fact_equal(const struct fact_type *type, const void *a, const void *b);

/* The same for whole objects on the heap. */
void *fact_object_new(const struct fact_object *object);
void *fact_object_decode(const struct fact_object *object, struct json *json,
                         const struct fact_path *path, GError **errp);
void fact_object_encode(const struct fact_object *object, const void *value, struct json_writer *w);
/* The same into zeroed memory of the caller's; on error it is left cleared. */
bool fact_object_decode_at(const struct fact_object *object, struct json *json, void *value,
                           const struct fact_path *path, GError **errp);
/* The same from JSON text, without a tree of the whole: for the thousands of objects of a
 * configuration. */
bool fact_object_decode_text_at(const struct fact_object *object, const char *text, size_t len,
                                void *value, const struct fact_path *path, GError **errp);
void fact_object_copy_at(const struct fact_object *object, void *dst, const void *src);
/* Only the members, without the braces: for objects whose JSON form has further members of its own.
 */
void fact_object_encode_members(const struct fact_object *object, const void *value,
                                struct json_writer *w);
/* The same with null for each absent member. */
void fact_object_encode_filled(const struct fact_object *object, const void *value,
                               struct json_writer *w);
void fact_object_clear(const struct fact_object *object, void *value);
void fact_object_free(const struct fact_object *object, void *value);
void *fact_object_copy(const struct fact_object *object, const void *value);
bool fact_object_equal(const struct fact_object *object, const void *a, const void *b);

/* Gives each member of the object that is not set and has a default that default. */
void fact_object_set_defaults(const struct fact_object *object, void *value);
/* Gives each member of dst that is not set the value it has in `parent`: the cluster > group >
 * object filling of parameters (FillDict in objects.py), one layer per call. */
void fact_object_fill(const struct fact_object *object, void *dst, const void *parent);

/* The same from the other end and without copies: what src has set replaces dst's member, which
 * then borrows from src. dst must never be cleared or freed as an object. */
void fact_object_overlay(const struct fact_object *object, void *dst, const void *src);

/* By JSON name, among the rows of the current level; NULL if there is none. */
const struct fact_member *fact_object_find(const struct fact_object *object, const char *name);
bool fact_member_is_set(const struct fact_object *object, const void *value,
                        const struct fact_member *member);
void fact_member_mark_set(const struct fact_object *object, void *value,
                          const struct fact_member *member, bool set);
/* Whether the row exists at the current level. */
bool fact_member_is_current(const struct fact_member *member);
/* The JSON text of the default at the current level, NULL if there is none. */
const char *fact_member_default(const struct fact_member *member);

/* Lists and dictionaries. The pointers returned are borrowed and valid until the next change of the
 * container; the slot that an _add function returns is zeroed memory for the caller to fill (for
 * example by fact_copy()). */
void *fact_list_add(const struct fact_type *type, void *list);
void fact_list_remove(const struct fact_type *type, void *list, size_t index);
/* For a map or set the slot appears in its sorted place. NULL if the key is not there. */
void *fact_dict_get(const struct fact_type *type, const void *dict, const char *key);
/* Key of an entry, borrowed; index must be below the number of entries. */
const char *fact_dict_key(const struct fact_type *type, const void *dict, size_t index);
/* The slot of the key, new at the end or emptied where it stands. */
void *fact_dict_add(const struct fact_type *type, void *dict, const char *key);
bool fact_dict_remove(const struct fact_type *type, void *dict, const char *key);

bool fact_set_has(const struct fact_list *set, const char *text);
/* False if it was there already. */
bool fact_set_add(struct fact_list *set, const char *text);
/* False if it was not there. */
bool fact_set_remove(struct fact_list *set, const char *text);

/* Index of a wire word of the current level, -1 if it is none. */
int fact_enum_find(const struct fact_enum *words, const char *word);
bool fact_word_is_current(const struct fact_enum *words, size_t index);
/* The number that stands for a word on the wire, for enums that are numbers there. */
int64_t fact_enum_number(const struct fact_enum *words, int index);

/* Sets *errp with the position in front of the text. Always returns false, for `return
 * fact_fail(...)`. */
bool fact_fail(GError **errp, enum fact_error code, const struct fact_path *path,
               const char *format, ...) G_GNUC_PRINTF(4, 5);

#endif
