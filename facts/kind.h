/* How each kind of value is read, written, freed, copied and compared; used by the codec and by the
 * rows of facts/types.def only. */
#ifndef GANTRY_FACTS_KIND_H
#define GANTRY_FACTS_KIND_H

#include <glib.h>
#include <stdbool.h>

#include "facts/codec.h"

struct fact_kind {
    const char *name;
    bool (*decode)(const struct fact_type *type, struct json *json, void *value,
                   const struct fact_path *path, GError **errp);
    /* NULL, or a short way from JSON text for what is most common; false: nothing has been done,
       take the long way, which also knows what is wrong. */
    bool (*decode_text)(const struct fact_type *type, const char *text, size_t len, void *value);
    void (*encode)(const struct fact_type *type, const void *value, struct json_writer *w);
    /* NULL: the value owns nothing. */
    void (*clear)(const struct fact_type *type, void *value);
    /* NULL: plain bytes. */
    void (*copy)(const struct fact_type *type, void *dst, const void *src);
    bool (*equal)(const struct fact_type *type, const void *a, const void *b);
};

/* Sets "expected X, found Y" for a value of the wrong JSON kind; returns false. */
bool fact_wrong_kind(const char *expected, const struct json *json, const struct fact_path *path,
                     GError **errp);

extern const struct fact_kind fact_kind_bool;
extern const struct fact_kind fact_kind_int;
extern const struct fact_kind fact_kind_numeral;
extern const struct fact_kind fact_kind_size;
extern const struct fact_kind fact_kind_float;
extern const struct fact_kind fact_kind_str;
extern const struct fact_kind fact_kind_enum;
extern const struct fact_kind fact_kind_enum_int;
extern const struct fact_kind fact_kind_any;
extern const struct fact_kind fact_kind_none;
extern const struct fact_kind fact_kind_union;
extern const struct fact_kind fact_kind_word_set;
extern const struct fact_kind fact_kind_value;
extern const struct fact_kind fact_kind_list;
extern const struct fact_kind fact_kind_set;
extern const struct fact_kind fact_kind_dict;
extern const struct fact_kind fact_kind_map;
extern const struct fact_kind fact_kind_object;

/* Offset of the value in a dictionary's entry (the key, a char *, stands first). */
size_t fact_dict_value_offset(const struct fact_type *type);
size_t fact_dict_entry_size(const struct fact_type *type);

#endif
