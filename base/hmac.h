/* Salted HMAC-SHA1, as confd packets and exported certificates carry it (utils/hash.py). GLib
 * computes it, so this needs no TLS library. */
#ifndef GANTRY_BASE_HMAC_H
#define GANTRY_BASE_HMAC_H

#include <glib.h>
#include <stdbool.h>

/* Lower-case hexadecimal HMAC-SHA1 of salt + text (salt NULL: none). len -1: up to the NUL. */
char *hmac_sha1(const char *key, const char *salt, const char *text, gssize len);
/* Compares in constant time, letters of any case. */
bool hmac_sha1_verify(const char *key, const char *salt, const char *text, gssize len,
                      const char *digest);

#endif
