/* Numbers from text, strictly: the whole text must be the number (no blanks, no rest), it must lie
 * in the given range, and the locale plays no part. The only place that turns text into numbers. */
#ifndef GANTRY_BASE_PARSE_H
#define GANTRY_BASE_PARSE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define PARSE_ERROR (parse_error_quark())
GQuark parse_error_quark(void);
enum parse_error {
    PARSE_ERROR_SYNTAX,
    PARSE_ERROR_RANGE,
};

/* Decimal, with an optional sign. *ret is set on success only. Errors quote the text, shortened. */
bool parse_int64(const char *text, int64_t min, int64_t max, int64_t *ret, GError **errp)
    __attribute__((warn_unused_result));
bool parse_int(const char *text, int min, int max, int *ret, GError **errp)
    __attribute__((warn_unused_result));
/* Decimal, no sign. */
bool parse_uint64(const char *text, uint64_t max, uint64_t *ret, GError **errp)
    __attribute__((warn_unused_result));
/* Digits with optional sign, point and exponent; never infinite or "nan". */
bool parse_double(const char *text, double min, double max, double *ret, GError **errp)
    __attribute__((warn_unused_result));

/* A size as people type it: digits, optional point and digits, blanks, optional unit (m, mb, mib,
 * g, gb, gib, t, tb, tib in any case; none means MiB). *ret_mib is in MiB, rounded up to the next
 * multiple of 4 (the reference's utils/text.py ParseUnit). */
bool parse_size_mib(const char *text, int64_t *ret_mib, GError **errp)
    __attribute__((warn_unused_result));

#endif
