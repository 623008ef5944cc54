/* Numbers as the reference's tools read them (Haskell's `reads`, behind tryRead and parseUnit in
 * src/Ganeti/Utils.hs): blanks may stand in front but not behind, the number may stand in
 * parentheses, a minus may stand apart from its digits, 0x and 0o are understood, "5." and "+5" are
 * not. Wherever a file format or an option of htools holds a number, it is read by one of these.
 *
 * One difference: an integer beyond 64 bits is an error here; the reference lets it wrap around. */
#ifndef GANTRY_HTOOLS_CORE_READ_H
#define GANTRY_HTOOLS_CORE_READ_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define READ_ERROR (read_error_quark())
GQuark read_error_quark(void);
enum read_error {
    READ_ERROR_SYNTAX,
    READ_ERROR_RANGE,
};

/* what names the thing that is read; it begins the error text. */
bool read_int(const char *what, const char *text, int64_t *ret_value, GError **errp)
    __attribute__((warn_unused_result));
/* Takes integers too, and NaN and Infinity. */
bool read_double(const char *what, const char *text, double *ret_value, GError **errp)
    __attribute__((warn_unused_result));
/* An integer with an optional unit (m, g, t and MiB... are binary; M, G, T, MB... are decimal) as
 * MiB, rounded towards zero. */
bool read_unit(const char *what, const char *text, int64_t *ret_mib, GError **errp)
    __attribute__((warn_unused_result));

#endif
