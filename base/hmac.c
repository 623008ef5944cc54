#include "base/hmac.h"

#include <string.h>

char *hmac_sha1(const char *key, const char *salt, const char *text, gssize len)
{
    g_autoptr(GHmac) hmac = g_hmac_new(G_CHECKSUM_SHA1, (const guchar *)key, strlen(key));

    if (salt != NULL) {
        g_hmac_update(hmac, (const guchar *)salt, -1);
    }
    g_hmac_update(hmac, (const guchar *)text, len);
    return g_strdup(g_hmac_get_string(hmac));
}

bool hmac_sha1_verify(const char *key, const char *salt, const char *text, gssize len,
                      const char *digest)
{
    g_autofree char *expected = hmac_sha1(key, salt, text, len);
    size_t n = strlen(expected);
    unsigned differ = 0;

    if (strlen(digest) != n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        differ |= (unsigned char)(expected[i] ^ g_ascii_tolower(digest[i]));
    }
    return differ == 0;
}
