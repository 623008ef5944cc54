/* VALUE: any JSON value at the cost of a scalar. What the configuration keeps thousands of times
 * (parameters of hypervisors and of the OS, identities of disks) is nearly always a text, a number
 * or a truth value, and a tree of base/json.h for each would cost ten times the memory. */
#ifndef GANTRY_FACTS_VALUE_H
#define GANTRY_FACTS_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"

struct fact_value {
    enum json_kind kind;
    union {
        bool boolean;      /* JSON_BOOL */
        int64_t integer;   /* JSON_INT */
        double number;     /* JSON_FLOAT */
        char *text;        /* JSON_STRING */
        struct json *tree; /* JSON_ARRAY, JSON_OBJECT; not to be changed in place */
    };
};

/* As a tree, owned by the caller; NULL for null. */
struct json *fact_value_to_json(const struct fact_value *value);
/* dst is zeroed memory. Never fails but for a text with a NUL character in it. */
bool fact_value_set(struct fact_value *dst, struct json *json);
/* The text, NULL if it is something else; value NULL is allowed. */
const char *fact_value_text(const struct fact_value *value);
/* Whether it is the truth value true; value NULL is allowed. */
bool fact_value_is_true(const struct fact_value *value);

#endif
