/* What a fact is made of: value types, members, objects. Rows in *.def files become these
 * descriptors, and facts/codec.h works on them; nobody writes them by hand.
 *
 * A *type* says how one value stands in C and in JSON. A *member* is a named value of an object,
 * with its presence rule and default. An *object* is a C struct made from rows:
 *
 *     struct node {
 *         struct json *extra;       members of the JSON object that have no row (owned; NULL: none)
 *         struct node_has has;      has.name: the member was given (or took its default)
 *         char *name;
 *         ...
 *     };
 *
 * C forms: BOOL bool, INT int64_t, FLOAT double, STR char * (owned), enums `enum x`, ANY and
 * unions struct json *, VALUE struct fact_value, objects by value, lists `{ T *v; size_t n; }`,
 * dictionaries
 * `{ struct { char *key; T value; } *v; size_t n; }`. A set is a list of strings and a map a
 * dictionary that is always sorted (by bytes; a map over an enum in the order of its words) and
 * holds nothing twice, as the reference's own. */
#ifndef GANTRY_FACTS_TYPE_H
#define GANTRY_FACTS_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "facts/level.h"

struct fact_kind;
struct fact_object;

/* The levels from `since` to `until` have a row. */
struct fact_span {
    enum fact_level since, until;
};

struct fact_enum {
    const char *name;
    /* words[i] is the wire word of enumerator i, spans[i] the levels that have it. */
    const char *const *words;
    const struct fact_span *spans;
    size_t n;
};

/* Checks a text beyond its kind; returns NULL if it is good, else what was expected ("an IPv4
 * address"). */
typedef const char *fact_text_check(const char *text);

struct fact_type {
    const struct fact_kind *kind;
    /* How the reference's type descriptions name it; NULL: composed from the parts
     * (facts/type-text.h). */
    const char *text;
    /* Size of the C form. */
    size_t size;
    /* INT: allowed range, both ends inclusive. */
    int64_t min, max;
    fact_text_check *check;
    const struct fact_enum *words;
    const struct fact_type *elem;
    /* Dictionaries: how the reference describes their keys, where it says more than "Anything". */
    const struct fact_type *key;
    /* Unions: the value is one of these. */
    const struct fact_type *either, *other;
    const struct fact_object *object;
};

enum fact_presence {
    FACT_REQUIRED,       /* must be there */
    FACT_OPTIONAL,       /* may be missing or null; not written when absent */
    FACT_NULLABLE,       /* may be missing or null; written as null when absent */
    FACT_DEFAULT,        /* missing: takes the default; always written */
    FACT_DEFAULT_HIDDEN, /* missing: takes the default; not written when equal to it */
    /* Must be there unless the object is forthcoming: its first member is "forthcoming" and true.
     * Not written when absent. */
    FACT_REAL,
};

enum fact_flags {
    FACT_PRIVATE = 1 << 0, /* never in logs or error texts */
    FACT_SECRET = 1 << 1,  /* nor in files: "<redacted>" is written instead of each value */
};

/* Everything about a member but its place; opcodes share these between each other. */
struct fact_spec {
    const struct fact_type *type;
    enum fact_presence presence;
    unsigned flags; /* enum fact_flags */
    /* JSON texts; default_30 NULL: the same at every level. */
    const char *default_json, *default_30;
    enum fact_level since, until;
    const char *doc;
};

struct fact_member {
    const char *name; /* JSON member name */
    size_t offset;
    const struct fact_spec *spec;
};

enum fact_unknown {
    FACT_UNKNOWN_KEEP,   /* unknown members are kept in `extra` and written back at the end */
    FACT_UNKNOWN_REFUSE, /* ... are an error */
    FACT_UNKNOWN_IGNORE, /* ... are dropped */
    FACT_UNKNOWN_TUPLE,  /* the JSON form is a list of the values in row order, without names */
};

struct fact_object {
    const char *name;
    size_t size;
    const struct fact_member *members;
    size_t n_members;
    enum fact_unknown unknown;
    const char *doc;
};

/* The beginning of every struct made from rows; has[i + 1] belongs to member i. */
struct fact_head {
    struct json *extra;
    bool has[];
};

/* Every list, set, dictionary and map starts like this. */
struct fact_list {
    void *v;
    size_t n;
};

#endif
