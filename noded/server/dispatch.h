/* From the text of a request to the text of its answer. */
#ifndef GANTRY_NODED_SERVER_DISPATCH_H
#define GANTRY_NODED_SERVER_DISPATCH_H

#include <glib.h>

#include "facts/rpccalls.h"
#include "noded/backend/call.h"

/* The arguments in text (NUL-terminated) as the struct of the call, for fact_object_free(). */
void *noded_decode(const struct rpc_row *row, const char *text, size_t len, GError **errp);

enum noded_mode noded_call_mode(enum rpc_id id);

/* Runs the call with the arguments in text (NUL-terminated) and appends [true, result] or
 * [false, error text]. Whatever is wrong with the arguments is such an error too, as it is in the
 * reference (server/noded.py HandleRequest). */
void noded_answer(enum rpc_id id, const char *text, size_t len, GString *answer);
/* Appends [false, text]. */
void noded_answer_error(GString *answer, const char *text);
/* Whether the call did what it was to do. answer may be NULL. */
bool noded_answer_is_good(const char *answer, size_t len);

#endif
