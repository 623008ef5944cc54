/* Blocking client of the master's socket (and of every other socket that speaks the same wire).
 *
 * One call at a time. A connection that breaks is not retried: the caller cannot know whether the
 * call was carried out (the reference's client may repeat a call; a submitted job could then run
 * twice). */
#ifndef GANTRY_LUXI_CLIENT_CLIENT_H
#define GANTRY_LUXI_CLIENT_CLIENT_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"

struct json;
struct json_writer;
struct fact_object;
struct luxi_client;

struct luxi_client_options {
    /* Seconds; 0 takes the default. Connecting is tried again, for as long as this, while nobody
     * listens. */
    unsigned connect_timeout;
    /* Seconds without any byte from the server. */
    unsigned read_timeout;
    /* Called when nobody listens, before trying again; returns false (and sets the error) if there
     * is no point, for instance because this node is not the master. NULL: always try again. */
    bool (*may_retry)(const char *path, GError **errp);
};

enum {
    LUXI_CONNECT_TIMEOUT = 30,
    LUXI_READ_TIMEOUT = 180,
};

/* Errors: ERR_TIMEOUT, ERR_PERMISSION, ERR_NO_MASTER, ERR_PROTOCOL with the path and the reason.
 * options may be NULL. */
struct luxi_client *luxi_client_connect(const char *path, const struct luxi_client_options *options,
                                        GError **errp);
void luxi_client_free(struct luxi_client *client);
DEFINE_CLEANUP(struct luxi_client *, luxi_client_free)

/* Calls a method with the arguments of a struct made from rows (JSON form: a list). The result is
 * owned by the caller; an error of the server comes back as the GError it was there. */
bool luxi_client_call(struct luxi_client *client, const char *method,
                      const struct fact_object *args_object, const void *args,
                      struct json **ret_result, GError **errp);
/* The same for arguments that are a JSON value already. */
bool luxi_client_call_json(struct luxi_client *client, const char *method, const struct json *args,
                           struct json **ret_result, GError **errp);
/* The same, but the result is not parsed: *ret_text points into the client and is valid until its
 * next call (see luxi_reply_find()). */
bool luxi_client_call_text(struct luxi_client *client, const char *method, const struct json *args,
                           const char **ret_text, size_t *ret_len, GError **errp);

/* --- An answer that comes late ------------------------------------------------------------------
 *
 * Instead of luxi_client_call(): send, then receive, when luxi_client_fd() is readable, until there
 * is an answer. */
bool luxi_client_send(struct luxi_client *client, const char *method,
                      const struct fact_object *args_object, const void *args, GError **errp);
int luxi_client_fd(const struct luxi_client *client);
/* Never waits. True with *ret_there false: not yet. */
bool luxi_client_try_receive(struct luxi_client *client, bool *ret_there, struct json **ret_result,
                             GError **errp);

#endif
