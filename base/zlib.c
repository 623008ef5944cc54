#include "config.h"

#include "base/zlib.h"

#include <stdbool.h>

#include <zlib.h>

G_DEFINE_QUARK(gantry_zlib_error_quark, zlib_error)

enum { CHUNK = 64 * 1024 };

/* Appends what the stream gives next; false at its end or at an error, which *ret_code tells. */
static bool unpack_more(z_stream *stream, GByteArray *out, size_t max, int *ret_code)
{
    guint had = out->len, room = (guint)MIN((size_t)CHUNK, max + 1 - had);

    g_byte_array_set_size(out, had + room);
    stream->next_out = out->data + had;
    stream->avail_out = room;
    *ret_code = inflate(stream, Z_NO_FLUSH);
    g_byte_array_set_size(out, had + room - stream->avail_out);
    return *ret_code == Z_OK && out->len <= max;
}

char *zlib_unpack(const void *data, size_t len, size_t max, size_t *ret_len, GError **errp)
{
    g_autoptr(GByteArray) out = g_byte_array_new();
    z_stream stream = {.next_in = (Bytef *)data};
    int code;

    if (len > G_MAXUINT || max >= G_MAXUINT / 2 || inflateInit(&stream) != Z_OK) {
        g_set_error(errp, ZLIB_ERROR, ZLIB_ERROR_TOO_LONG, "compressed text is too long");
        return NULL;
    }
    stream.avail_in = (uInt)len;
    while (unpack_more(&stream, out, max, &code)) {
    }
    (void)inflateEnd(&stream);
    if (out->len > max) {
        g_set_error(errp, ZLIB_ERROR, ZLIB_ERROR_TOO_LONG,
                    "compressed text is longer than %" G_GSIZE_FORMAT " bytes", max);
        return NULL;
    }
    if (code != Z_STREAM_END || stream.avail_in != 0) {
        g_set_error(errp, ZLIB_ERROR, ZLIB_ERROR_DATA, "compressed text is damaged or cut short");
        return NULL;
    }
    *ret_len = out->len;
    g_byte_array_append(out, (const guint8 *)"", 1);
    return (char *)g_byte_array_free(g_steal_pointer(&out), FALSE);
}

void *zlib_pack(const void *data, size_t len, int level, size_t *ret_len)
{
    uLongf size = compressBound(len);
    void *out = g_malloc(size);
    int code = compress2(out, &size, data, len, level);

    g_assert(code == Z_OK);
    *ret_len = size;
    return out;
}
