#include "config.h"

#include "base/random.h"

#include <glib.h>
#include <sys/random.h>

enum { MAX_BYTES = 256 }; /* what getrandom(2) gives without being interrupted */

char *random_hex(size_t bytes)
{
    unsigned char random[MAX_BYTES];
    GString *text = g_string_sized_new(2 * bytes);

    g_assert(bytes <= sizeof random);
    if (getrandom(random, bytes, 0) != (ssize_t)bytes) {
        g_error("the kernel gives no random bytes"); /* cannot be for so few */
    }
    for (size_t i = 0; i < bytes; i++) {
        g_string_append_printf(text, "%02x", random[i]);
    }
    return g_string_free(text, FALSE);
}
