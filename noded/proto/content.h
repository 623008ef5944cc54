/* Long texts in node calls: [encoding, text], compressed above a size (lib/rpc/node.py _Compress,
 * backend.py _Decompress). */
#ifndef GANTRY_NODED_PROTO_CONTENT_H
#define GANTRY_NODED_PROTO_CONTENT_H

#include <glib.h>
#include <stdbool.h>

#include "base/json-writer.h"
#include "facts/objects.h"

enum {
    /* The largest text, unpacked. */
    RPC_CONTENT_MAX = 512 * 1024 * 1024,
};

/* The text, NUL-terminated and *ret_len long; allocated. */
char *rpc_content_unpack(const struct rpc_content *content, size_t *ret_len, GError **errp)
    __attribute__((warn_unused_result));
/* Writes the two-element list. */
void rpc_content_write(struct json_writer *w, const char *text, size_t len);

#endif
