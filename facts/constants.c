#include "config.h"

#include "facts/constants.h"

#include <glib.h>

#include "facts/level.h"

#define T(name)       C_##name,
#define I(value)      (value),
#define W(enumerator) (enumerator),

#define CONST_INT_30(name, value, value_30)                                                        \
    int C_##name(void)                                                                             \
    {                                                                                              \
        return fact_level() == LEVEL_3_0 ? (value_30) : (value);                                   \
    }
#define CONST_LONG(name, value) const int64_t C_##name = value;
#define CONST_REAL(name, value) const double C_##name = value;
#define CONST_TEXT(name, text)  const char C_##name[] = text;
#define CONST_TEXT_30(name, text, text_30)                                                         \
    const char *C_##name(void)                                                                     \
    {                                                                                              \
        return fact_level() == LEVEL_3_0 ? (text_30) : (text);                                     \
    }
#define INTS(name, ...)                                                                            \
    const int C_##name[] = {__VA_ARGS__};                                                          \
    const size_t C_##name##_N = G_N_ELEMENTS(C_##name);
#define CONST_INTS(name, ints)       INTS(name, ints)
#define CONST_WORDS(name, of, words) INTS(name, words)
#include "facts/constants.def"

#define CONST_TEXTS(name, texts) const char *const C_##name[] = {texts NULL};
#include "facts/constants.def"

#define ROW(name_, kind_, ...) {.name = name_, .kind = CONST_KIND_##kind_, __VA_ARGS__},
const struct const_row const_rows[] = {
#define CONST_INT(name, value)  ROW(#name, INT, .number = (value), .number_30 = (value))
#define CONST_BOOL(name, value) ROW(#name, BOOL, .number = (value), .number_30 = (value))
#define CONST_INT_30(name, value, value_30)                                                        \
    ROW(#name, INT, .number = (value), .number_30 = (value_30))
#define CONST_LONG(name, value)           ROW(#name, INT, .number = (value), .number_30 = (value))
#define CONST_REAL(name, value)           ROW(#name, REAL, .real = (value))
#define CONST_TEXT(name, text_)           ROW(#name, TEXT, .text = C_##name, .text_30 = C_##name)
#define CONST_TEXT_30(name, text_, at_30) ROW(#name, TEXT, .text = (text_), .text_30 = (at_30))
#define CONST_TEXTS(name, texts_)         ROW(#name, TEXTS, .texts = C_##name)
#define CONST_INTS(name, ints_)           ROW(#name, INTS, .ints = C_##name, .n = G_N_ELEMENTS(C_##name))
#define CONST_SET(name, of, words_)                                                                \
    ROW(#name, SET, .number = C_##name, .number_30 = C_##name, .words = &fact_enum_##of)
#define CONST_WORDS(name, of, words_)                                                              \
    ROW(#name, WORDS, .ints = C_##name, .n = G_N_ELEMENTS(C_##name), .words = &fact_enum_##of)
#include "facts/constants.def"
};
const size_t n_const_rows = G_N_ELEMENTS(const_rows);
