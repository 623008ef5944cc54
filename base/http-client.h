/* The HTTP client: many requests at once on a GLib loop. The only user of libcurl; in an archive of
 * its own (LIBHTTPCLIENT_LIBS), for programs that talk to node daemons.
 *
 * TLS as the reference's RPC does it (lib/rpc/node.py _ConfigRpcCurl, Rpc.hs): the server's
 * certificate must be signed by the given one and by nothing else, its host name is not looked at,
 * a client certificate is sent. No proxy, no redirects, HTTP/1.1. Connections are kept for
 * repeatable requests. One thread: all calls and callbacks belong to the context's thread. */
#ifndef GANTRY_BASE_HTTP_CLIENT_H
#define GANTRY_BASE_HTTP_CLIENT_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"

#define HTTP_CLIENT_ERROR (http_client_error_quark())
GQuark http_client_error_quark(void);
enum http_client_error {
    HTTP_CLIENT_ERROR_CONNECT, /* no connection: host down, refused, name unknown */
    HTTP_CLIENT_ERROR_TIMEOUT,
    HTTP_CLIENT_ERROR_TLS,      /* certificates do not fit together */
    HTTP_CLIENT_ERROR_PROTOCOL, /* connection lost, not HTTP, ... */
    HTTP_CLIENT_ERROR_TOO_LARGE,
    HTTP_CLIENT_ERROR_CANCELLED,
    HTTP_CLIENT_ERROR_SETUP, /* a file of the options cannot be used, a bad host name */
};

struct http_client;

struct http_client_opts {
    GMainContext *context; /* NULL: the default one */
    /* PEM files, read again for each new connection, so renewed certificates count at once. */
    const char *ca_file;   /* the only trust; NULL: plain HTTP only */
    const char *cert_file; /* client certificate and its key in one file; NULL: none */
    /* HTTPS to servers whose certificate nobody here knows (a cluster's RAPI): it is not looked at,
     * and ca_file not used. Never for anything secret. */
    bool any_server;
    guint connect_timeout_ms;
    size_t max_response; /* bytes of a body */
    /* Requests on their way at once; more wait their turn, and their timeouts begin with it.
       0: what the limit of open files allows, with room for others. */
    guint max_parallel;
};
/* Strings are copied. The first client makes the process ignore SIGPIPE if nobody handles it. */
struct http_client *http_client_new(const struct http_client_opts *opts);
/* Cancels what is under way, without calling back. Not from within a callback. */
void http_client_free(struct http_client *client);
DEFINE_CLEANUP(struct http_client *, http_client_free)

struct http_request {
    const char *host; /* name or address, IPv6 without brackets */
    int port;
    bool plain;                 /* http instead of https */
    const char *method;         /* NULL: POST with body, GET without */
    const char *path;           /* begins with "/" */
    const char *const *headers; /* "Name: value", NULL-terminated; may be NULL */
    const void *body;           /* NULL: none */
    size_t body_len;
    guint timeout_ms; /* of the whole request; 0: none */
    /* May be executed twice without harm (a query). Only then a kept connection is used: if the
       other side dies after it took the request, libcurl sends it again over a new connection. */
    bool repeatable;
};

struct http_response {
    GError *error; /* no answer was got; else NULL, and: */
    int status;
    char *body; /* NUL-terminated; NULL with an error */
    size_t body_len;
};

/* Called once, from the context, never from within http_client_send(). responses[i] answers
 * requests[i]; the array is freed afterwards, bodies and errors may be stolen (set NULL). */
typedef void (*http_done_fn)(struct http_response *responses, size_t n, void *user);

/* Requests, headers and bodies are copied. The batch is freed after done returns. */
struct http_batch;
struct http_batch *http_client_send(struct http_client *client, const struct http_request *requests,
                                    size_t n, http_done_fn done, void *user);
/* What is still under way becomes HTTP_CLIENT_ERROR_CANCELLED; done is called all the same. */
void http_batch_cancel(struct http_batch *batch);

/* Sends and runs the client's context until all is answered. n elements, http_responses_free(). */
struct http_response *http_client_perform(struct http_client *client,
                                          const struct http_request *requests, size_t n);
void http_responses_free(struct http_response *responses, size_t n);

#endif
