/* Writes JSON text straight into a GString, in the dialects that the reference's programs write.
 *
 *     struct json_writer w = json_writer_init(out, JSON_COMPACT);
 *     json_write_object_begin(&w);
 *     json_write_key(&w, "name");
 *     json_write_string(&w, "web1");
 *     json_write_object_end(&w);
 *
 * The caller keeps begin and end in balance; commas and separators come by themselves. */
#ifndef GANTRY_BASE_JSON_WRITER_H
#define GANTRY_BASE_JSON_WRITER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct json;

enum json_style {
    /* No blanks, non-ASCII text as it is, floats as Haskell shows them (1.5e-2): what wconfd and
     * luxid write (Text.JSON's encodeStrict). */
    JSON_COMPACT,
    /* ", " and ": ", non-ASCII text escaped, floats as Python shows them: what lib/serializer.py
       writes. */
    JSON_PYTHON,
};

struct json_writer {
    GString *out;
    enum json_style style;
    bool need_comma;
};

struct json_writer json_writer_init(GString *out, enum json_style style);

void json_write_object_begin(struct json_writer *w);
void json_write_key(struct json_writer *w, const char *key);
void json_write_object_end(struct json_writer *w);
void json_write_array_begin(struct json_writer *w);
void json_write_array_end(struct json_writer *w);

void json_write_null(struct json_writer *w);
void json_write_bool(struct json_writer *w, bool value);
void json_write_int(struct json_writer *w, int64_t value);
void json_write_double(struct json_writer *w, double value);
/* text NULL writes null. */
void json_write_string(struct json_writer *w, const char *text);
void json_write_string_len(struct json_writer *w, const char *text, size_t len);
/* Text that is one JSON value of the same style already (a cached encoding, for instance). */
void json_write_raw(struct json_writer *w, const char *text, size_t len);
void json_write_value(struct json_writer *w, const struct json *value);

/* The whole value as a new string. */
char *json_to_string(const struct json *value, enum json_style style);

#endif
