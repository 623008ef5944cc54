/* One call on a socket of this wire for programs with a main loop: nothing blocks. */
#ifndef GANTRY_LUXI_CLIENT_ASYNC_H
#define GANTRY_LUXI_CLIENT_ASYNC_H

#include <glib.h>

#include "facts/type.h"

struct json;
struct luxi_async;

/* result is borrowed. */
typedef void luxi_async_fn(struct json *result, const GError *error, void *data);

/* Connects, calls, and calls fn(data) once with the result or the error, from the thread-default
 * main context, never from within this function. args: a struct made from rows, encoded before it
 * returns. timeout: seconds for all of it. The call is freed after fn returns. */
struct luxi_async *luxi_async_call(const char *path, const char *method,
                                   const struct fact_object *args_object, const void *args,
                                   unsigned timeout, luxi_async_fn *fn, void *data);
/* fn is not called. The server may have got the request. */
void luxi_async_cancel(struct luxi_async *call);

#endif
