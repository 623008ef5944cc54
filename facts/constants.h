/* Constants of the reference that are no rows elsewhere, under C_ and their names there, from
 * constants.def (whose head says what each kind is in C). */
#ifndef GANTRY_FACTS_CONSTANTS_H
#define GANTRY_FACTS_CONSTANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "facts/objects.h"

enum {
#define CONST_INT(name, value)     C_##name = (value),
#define CONST_BOOL(name, value)    C_##name = (value),
#define W(enumerator)              1 << (enumerator) |
#define CONST_SET(name, of, words) C_##name = words 0,
#include "facts/constants.def"
#undef W
};

#define CONST_INT_30(name, value, value_30) int C_##name(void);
#define CONST_LONG(name, value)             extern const int64_t C_##name;
#define CONST_REAL(name, value)             extern const double C_##name;
#define CONST_TEXT(name, text)              extern const char C_##name[];
#define CONST_TEXT_30(name, text, text_30)  const char *C_##name(void);
#define CONST_TEXTS(name, texts)            extern const char *const C_##name[];
#define CONST_INTS(name, ints)                                                                     \
    extern const int C_##name[];                                                                   \
    extern const size_t C_##name##_N;
#define CONST_WORDS(name, of, words) CONST_INTS(name, words)
#include "facts/constants.def"

/* Whether a CONST_SET has the enumerator. */
static inline bool const_has(int set, int enumerator)
{
    return (set >> enumerator & 1) != 0;
}

enum const_kind {
    CONST_KIND_INT,
    CONST_KIND_BOOL,
    CONST_KIND_REAL,
    CONST_KIND_TEXT,
    CONST_KIND_TEXTS,
    CONST_KIND_INTS,
    CONST_KIND_SET,
    CONST_KIND_WORDS,
};

/* A constant by name, for tools; the members that the kind needs are set. */
struct const_row {
    const char *name;
    enum const_kind kind;
    int64_t number, number_30; /* INT, BOOL, SET */
    double real;
    const char *text, *text_30;
    const char *const *texts;
    const int *ints; /* INTS, WORDS */
    size_t n;
    const struct fact_enum *words; /* SET, WORDS */
};

extern const struct const_row const_rows[];
extern const size_t n_const_rows;

#endif
