/* The value of one field of one item: a status and, if that is normal, a value.
 *
 * Getters fill it without copying where they can: texts, lists and objects of the configuration are
 * borrowed from the snapshot that the query holds. */
#ifndef GANTRY_LUXI_QUERY_VALUE_H
#define GANTRY_LUXI_QUERY_VALUE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/json-writer.h"
#include "facts/queryfields.h"

struct fact_type;
struct json;

enum query_form {
    QUERY_FORM_NULL,
    QUERY_FORM_BOOL,
    QUERY_FORM_INT,
    QUERY_FORM_FLOAT,
    QUERY_FORM_TEXT,   /* borrowed */
    QUERY_FORM_FACT,   /* borrowed: something with a type of facts/ */
    QUERY_FORM_JSON,   /* owned tree */
    QUERY_FORM_STRING, /* owned text */
    QUERY_FORM_RAW,    /* owned text that is JSON in the compact style */
};

struct query_value {
    enum qfield_status status;
    enum query_form form;
    union {
        bool boolean;
        int64_t integer;
        double number;
        const char *text;
        char *string;
        struct json *json;
        struct {
            const struct fact_type *type;
            const void *value;
        } fact;
    };
};

/* Values start zeroed, which is a normal null. */
void query_value_clear(struct query_value *value);

/* Ways to fill a value that is clear. */
void query_set_status(struct query_value *value, enum qfield_status status);
void query_set_bool(struct query_value *value, bool boolean);
void query_set_int(struct query_value *value, int64_t integer);
void query_set_float(struct query_value *value, double number);
/* Borrows. NULL is a normal null. */
void query_set_text(struct query_value *value, const char *text);
void query_set_fact(struct query_value *value, const struct fact_type *type, const void *fact);
/* Both take over what they are given. */
void query_set_json(struct query_value *value, struct json *json);
void query_set_string(struct query_value *value, char *string);
/* Writes the value now: for what does not live as long as the query. */
void query_set_encoded(struct query_value *value, const struct fact_type *type, const void *fact);
/* Starts a value that is written piece by piece; end takes the text over. */
struct json_writer query_set_begin(GString *out);
void query_set_end(struct query_value *value, GString *out);

/* Writes [status, value]. */
void query_value_encode(const struct query_value *value, struct json_writer *w);
/* Only the value, null unless the status is normal: for the old calls. */
void query_value_encode_bare(const struct query_value *value, struct json_writer *w);
/* The value as a tree, for whoever must look inside. The caller owns it. */
struct json *query_value_to_json(const struct query_value *value);

#endif
