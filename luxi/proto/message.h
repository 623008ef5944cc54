/* The envelope: {"method": m, "args": [...]} and {"success": bool, "result": value}.
 *
 * Requests are written in Python's dialect, replies in the compact one, as the reference's two ends
 * do. */
#ifndef GANTRY_LUXI_PROTO_MESSAGE_H
#define GANTRY_LUXI_PROTO_MESSAGE_H

#include <glib.h>
#include <stdbool.h>

#include "base/json-writer.h"
#include "facts/objects.h"

/* Starts a request in out; the caller writes one value, the arguments, and ends it. */
struct json_writer luxi_request_begin(GString *out, const char *method);
void luxi_request_end(struct json_writer *w);
/* Reads a request; free with fact_object_free(&fact_object_luxi_request, ...). */
struct luxi_request *luxi_request_parse(const char *text, size_t len, GError **errp);

/* Starts a reply; the caller writes one value, the result, and ends it. */
struct json_writer luxi_reply_begin(GString *out, bool success);
void luxi_reply_end(struct json_writer *w);
/* Replaces what out holds by an error reply. */
void luxi_reply_set_error(GString *out, const GError *error);
/* Reads a reply. A failure becomes the error it carries; a text that is no error (a request the
 * server could not read) becomes ERR_REQUEST, as in the reference's client. On success *ret_result
 * is owned by the caller. */
bool luxi_reply_parse(const char *text, size_t len, struct json **ret_result, GError **errp);
/* The same, but the result of a success stays text: *ret_result points into text, and is yet to be
 * parsed. For answers of which a tree of everything is not wanted. */
bool luxi_reply_find(const char *text, size_t len, const char **ret_result, size_t *ret_len,
                     GError **errp);

#endif
