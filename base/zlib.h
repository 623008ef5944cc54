/* Texts in zlib's format, as they travel in node calls. The only user of zlib; in an archive of its
 * own (LIBZLIB_LIBS). */
#ifndef GANTRY_BASE_ZLIB_H
#define GANTRY_BASE_ZLIB_H

#include <glib.h>

#define ZLIB_ERROR (zlib_error_quark())
GQuark zlib_error_quark(void);
enum zlib_error {
    ZLIB_ERROR_DATA,     /* not such a text, or cut short */
    ZLIB_ERROR_TOO_LONG, /* unpacks to more than the bound */
};

/* NUL-terminated; *ret_len is the length without it. At most max bytes are ever held. */
char *zlib_unpack(const void *data, size_t len, size_t max, size_t *ret_len, GError **errp)
    __attribute__((warn_unused_result));
/* level: 1 (fast) to 9 (small). */
void *zlib_pack(const void *data, size_t len, int level, size_t *ret_len);

#endif
