/* The query language: filters such as ["|", ["=", "name", "web1"], ["?", "offline"]].
 *
 * Reference: src/Ganeti/Query/Language.hs (reading), src/Ganeti/Query/Filter.hs (meaning). */
#ifndef GANTRY_LUXI_QUERY_FILTER_H
#define GANTRY_LUXI_QUERY_FILTER_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "facts/objects.h"
#include "luxi/query/value.h"

struct json;

/* What a field is compared with. */
struct query_operand {
    const char *text; /* NULL: number counts */
    double number;
};

struct query_filter {
    enum query_op op; /* QUERY_OP_NOT_EQUAL and QUERY_OP_EQUAL_OLD are read as the others */
    GPtrArray *parts; /* of and, or, not: struct query_filter; NULL for the others */
    const char *field;
    /* Set by whoever runs the filter: position of the field among those that the query computes,
     * and how the field compares (enum qfield_flags). */
    size_t column;
    unsigned flags;
    struct query_operand operand;
    GRegex *regex;
    struct json *source; /* owns the texts above */
};

/* Reads a filter. JSON null is the empty filter: *ret_filter is then NULL. Errors (ERR_PARSE) name
 * what is wrong. */
bool query_filter_parse(struct json *json, struct query_filter **ret_filter, GError **errp);
void query_filter_free(struct query_filter *filter);
DEFINE_CLEANUP(struct query_filter *, query_filter_free)

/* Calls visit for every field use, in order. */
void query_filter_walk(struct query_filter *filter,
                       void (*visit)(struct query_filter *leaf, void *data), void *data);

/* A filter that only asks for names is answered by lookup, not by looking at every item
 * (requestedNames there). Returns the operands (struct query_operand, borrowed from the filter) in
 * order, an empty array for the empty filter, or NULL if the filter asks for more. */
GArray *query_filter_names(const struct query_filter *filter, const char *name_field);

/* How the filter gets at an item. value() fills *ret_value for a leaf's column; false means that
 * the value needs live data which is not there yet: the whole filter then passes. */
struct query_filter_item {
    bool (*value)(const struct query_filter_item *item, size_t column,
                  struct query_value *ret_value);
};

/* Whether the item passes; filter NULL passes all. Errors (ERR_PARAMETER): a field compared with a
 * value of another kind. A field whose status is not normal passes. */
bool query_filter_match(const struct query_filter *filter, const struct query_filter_item *item,
                        bool *ret_match, GError **errp);

#endif
