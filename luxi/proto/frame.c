#include "config.h"

#include "luxi/proto/frame.h"

#include <string.h>

#include "facts/errors.h"

/* Bytes [start, scanned) are known to hold no end mark; [0, start) were given out. */
struct luxi_frame {
    GString *buffer;
    size_t start, scanned;
    size_t max;
};

enum {
    /* A buffer that a big message blew up is given back beyond this size. */
    KEEP_BUFFER = 256 * 1024,
};

struct luxi_frame *luxi_frame_new(size_t max)
{
    struct luxi_frame *frame = g_new0(struct luxi_frame, 1);

    frame->buffer = g_string_new(NULL);
    frame->max = max;
    return frame;
}

void luxi_frame_free(struct luxi_frame *frame)
{
    g_string_free(frame->buffer, TRUE);
    g_free(frame);
}

/* Drops what was given out. */
static void compact(struct luxi_frame *frame)
{
    if (frame->start == 0) {
        return;
    }
    if (frame->start == frame->buffer->len && frame->buffer->allocated_len > KEEP_BUFFER) {
        g_string_free(frame->buffer, TRUE);
        frame->buffer = g_string_new(NULL);
    } else {
        g_string_erase(frame->buffer, 0, (gssize)frame->start);
    }
    frame->scanned -= frame->start;
    frame->start = 0;
}

bool luxi_frame_feed(struct luxi_frame *frame, const char *bytes, size_t n, GError **errp)
{
    compact(frame);
    g_string_append_len(frame->buffer, bytes, (gssize)n);
    if (frame->buffer->len > frame->max &&
        memchr(frame->buffer->str, LUXI_END_OF_MESSAGE, frame->max + 1) == NULL) {
        return err_fail(errp, ERR_PROTOCOL, ECODE_NONE,
                        "message is longer than the limit of %zu bytes", frame->max);
    }
    return true;
}

const char *luxi_frame_next(struct luxi_frame *frame, size_t *ret_len)
{
    char *text = frame->buffer->str + frame->start;
    char *end = memchr(frame->buffer->str + frame->scanned, LUXI_END_OF_MESSAGE,
                       frame->buffer->len - frame->scanned);

    if (end == NULL) {
        frame->scanned = frame->buffer->len;
        return NULL;
    }
    *end = '\0';
    *ret_len = (size_t)(end - text);
    frame->start = frame->scanned = (size_t)(end - frame->buffer->str) + 1;
    return text;
}

bool luxi_frame_is_partial(const struct luxi_frame *frame)
{
    return frame->start < frame->buffer->len;
}
