/* The HTTP server of every daemon that has one: TLS or plain, one thread, on a GLib loop, answers
 * now or later. The only user of libmicrohttpd and GnuTLS; in an archive of its own
 * (LIBHTTPSERVER_LIBS).
 *
 * The handler gets each request once its body is complete and must answer it exactly once with
 * http_call_reply(), at once or whenever it likes; the connection waits (and is not watched)
 * meanwhile. Requests beyond the limits are answered here (413, 431, 503). */
#ifndef GANTRY_BASE_HTTP_SERVER_H
#define GANTRY_BASE_HTTP_SERVER_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"

#define HTTP_SERVER_ERROR (http_server_error_quark())
GQuark http_server_error_quark(void);
enum http_server_error {
    HTTP_SERVER_ERROR_ADDRESS, /* not an address, or not ours */
    HTTP_SERVER_ERROR_BIND,
    HTTP_SERVER_ERROR_TLS, /* key and certificate cannot be used */
    HTTP_SERVER_ERROR_START,
};

struct http_server;
struct http_call;

typedef void (*http_handle_fn)(struct http_call *call, void *user);

struct http_server_opts {
    GMainContext *context; /* NULL: the default one */
    const char *address;   /* numeric; NULL: any (both families) */
    int port;              /* 0: the system chooses */
    /* PEM texts; both NULL: plain HTTP. */
    const char *key_pem, *cert_pem;
    /* Asks for a client certificate, naming cert_pem as the authority (some clients send none
       otherwise); a request without one still reaches the handler, which decides. */
    bool ask_client_cert;
    size_t max_body;          /* bytes */
    size_t max_header;        /* bytes of request line and headers; 0: 32 KiB */
    unsigned max_connections; /* 0: 1,000 */
    unsigned idle_timeout_s;  /* of a connection without traffic; 0: none */
    /* May refuse a request before its body is read, by returning a status; 0 lets it in. NULL: all
       are let in. Method, path, headers, peer and certificate are known. */
    int (*admit)(struct http_call *call, void *user);
    http_handle_fn handle;
    void *user;
};

struct http_server *http_server_new(const struct http_server_opts *opts, GError **errp)
    __attribute__((warn_unused_result));
int http_server_port(const struct http_server *server);
/* Stops listening; when the last request is answered, calls stopped from the context. */
void http_server_stop(struct http_server *server, void (*stopped)(void *user), void *user);
/* Not from within the handler. Drops every connection. Calls that are not answered yet stay valid
 * until they are, into the void.
 */
void http_server_free(struct http_server *server);
DEFINE_CLEANUP(struct http_server *, http_server_free)

/* All borrowed from the call, valid until the reply. */
const char *http_call_method(const struct http_call *call);
/* Percent-decoded, without the query. */
const char *http_call_path(const struct http_call *call);
/* The first value of a query argument; "" for one without "="; NULL if it is missing. */
const char *http_call_query(struct http_call *call, const char *name);
/* All of them, in order: each(name, value or NULL, user). */
void http_call_each_query(struct http_call *call,
                          void (*each)(const char *name, const char *value, void *user),
                          void *user);
/* NULL if it is missing; the name in any case. */
const char *http_call_header(struct http_call *call, const char *name);
const char *http_call_body(const struct http_call *call, size_t *ret_len);
/* Numeric address of the client. */
const char *http_call_peer(struct http_call *call);
/* Whether the client went away; the reply is still owed. Known only for calls that wait no longer.
 */
bool http_call_gone(const struct http_call *call);

struct http_peer_cert {
    char *sha1, *sha256; /* "AB:CD:...", of the whole certificate */
    char *pem;
    bool trusted; /* signed by the server's own certificate, and in its time */
};
/* The client's certificate, NULL if it sent none. */
const struct http_peer_cert *http_call_cert(struct http_call *call);

/* For the handler's own data while the call waits. */
void http_call_set_data(struct http_call *call, void *data);
void *http_call_data(const struct http_call *call);

/* headers: NULL-terminated "Name", "value", ... or NULL. The body is copied. The call is gone
 * afterwards. */
void http_call_reply(struct http_call *call, int status, const char *content_type, const void *body,
                     size_t len, const char *const *headers);

#endif
