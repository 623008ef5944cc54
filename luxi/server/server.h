/* The server end of a socket that speaks LUXI's wire: accepts, cuts requests, hands each to the
 * handler, sends the answers, on the GLib main loop of the calling thread.
 *
 * Answers may come later: the handler keeps the call and answers when it can. Calls of one
 * connection are handled one after another, in order; calls of different connections independently.
 * A client that goes away cancels its call: what the handler registered with luxi_call_on_cancel()
 * is called, and the call must not be touched again. */
#ifndef GANTRY_LUXI_SERVER_SERVER_H
#define GANTRY_LUXI_SERVER_SERVER_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/json-writer.h"

struct json;
struct luxi_call;
struct luxi_server;

/* Handles one call; must end, now or later, in exactly one luxi_call_answer() or luxi_call_fail().
 * method and args (a JSON value, by contract a list) live as long as the call. */
typedef void luxi_handler(struct luxi_call *call, const char *method, struct json *args,
                          void *user_data);

struct luxi_server_options {
    luxi_handler *handler;
    void *user_data;
    /* Mode of the socket file; owner and group are set by the caller (base/fs). */
    unsigned mode;
};

/* A socket file that nobody listens on is replaced; if somebody does, the error says so
 * (ERR_GENERIC). */
struct luxi_server *luxi_server_new(const char *path, const struct luxi_server_options *options,
                                    GError **errp);
/* Ends all connections and removes the socket file. */
void luxi_server_free(struct luxi_server *server);
DEFINE_CLEANUP(struct luxi_server *, luxi_server_free)

/* The writer for the result: write exactly one value, then luxi_call_answer(). */
struct json_writer *luxi_call_result(struct luxi_call *call);
void luxi_call_answer(struct luxi_call *call);
/* Drops what was written of a result and answers with the error. */
void luxi_call_fail(struct luxi_call *call, const GError *error);
/* A request whose arguments cannot be read: answers with a text and closes the connection, as the
 * reference does. */
void luxi_call_refuse(struct luxi_call *call, const char *reason);
/* cancel(data) is called if the client goes away before the answer; NULL takes it back. */
void luxi_call_on_cancel(struct luxi_call *call, void (*cancel)(void *data), void *data);

#endif
