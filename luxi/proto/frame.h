/* Messages on a stream: UTF-8 text ended by one byte ETX (3).
 *
 * A reader takes bytes as they come and gives whole messages back:
 *     luxi_frame_feed(reader, bytes, n, &error);
 *     while ((text = luxi_frame_next(reader)) != NULL) ... */
#ifndef GANTRY_LUXI_PROTO_FRAME_H
#define GANTRY_LUXI_PROTO_FRAME_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"

enum {
    LUXI_END_OF_MESSAGE = 3,
    /* What a server takes: the largest sensible request submits some thousand jobs. */
    LUXI_MAX_REQUEST = 64 * 1024 * 1024,
    /* What a client takes: all fields of 20,000 instances fit. */
    LUXI_MAX_REPLY = 512 * 1024 * 1024,
};

struct luxi_frame;

/* max: the longest message accepted, in bytes. */
struct luxi_frame *luxi_frame_new(size_t max);
void luxi_frame_free(struct luxi_frame *frame);
DEFINE_CLEANUP(struct luxi_frame *, luxi_frame_free)

/* False (ERR_PROTOCOL) if the message under way is longer than the maximum; the stream is then
 * useless. */
bool luxi_frame_feed(struct luxi_frame *frame, const char *bytes, size_t n, GError **errp);
/* The next whole message, NUL-terminated, or NULL if there is none yet. Borrowed: valid until the
 * next feed or next. *ret_len is its length. */
const char *luxi_frame_next(struct luxi_frame *frame, size_t *ret_len);
/* True if bytes of an unfinished message are there. */
bool luxi_frame_is_partial(const struct luxi_frame *frame);

#endif
