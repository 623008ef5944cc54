#include "config.h"

#include "noded/proto/content.h"

#include <string.h>

#include "base/zlib.h"
#include "facts/constants.h"
#include "facts/errors.h"

enum {
    /* Shorter texts are not worth it; as the reference. */
    COMPRESS_FROM = 512,
    COMPRESS_LEVEL = 3,
};

char *rpc_content_unpack(const struct rpc_content *content, size_t *ret_len, GError **errp)
{
    g_autofree guchar *packed = NULL;
    size_t len;

    if (content->encoding == C_RPC_ENCODING_NONE) {
        *ret_len = strlen(content->data);
        return g_strdup(content->data);
    }
    if (content->encoding != C_RPC_ENCODING_ZLIB_BASE64) {
        err_set(errp, ERR_GENERIC, ECODE_NONE, "unknown encoding %" G_GINT64_FORMAT " of a text",
                (gint64)content->encoding);
        return NULL;
    }
    packed = g_base64_decode(content->data, &len);
    return zlib_unpack(packed, len, RPC_CONTENT_MAX, ret_len, errp);
}

void rpc_content_write(struct json_writer *w, const char *text, size_t len)
{
    json_write_array_begin(w);
    if (len < COMPRESS_FROM) {
        json_write_int(w, C_RPC_ENCODING_NONE);
        json_write_string_len(w, text, len);
    } else {
        size_t packed_len;
        g_autofree guchar *packed = zlib_pack(text, len, COMPRESS_LEVEL, &packed_len);
        g_autofree char *base64 = g_base64_encode(packed, packed_len);

        json_write_int(w, C_RPC_ENCODING_ZLIB_BASE64);
        json_write_string(w, base64);
    }
    json_write_array_end(w);
}
