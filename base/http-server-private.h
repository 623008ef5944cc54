/* Shared by http-server.c and http-call.c only. */
#ifndef GANTRY_BASE_HTTP_SERVER_PRIVATE_H
#define GANTRY_BASE_HTTP_SERVER_PRIVATE_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>

#include "base/http-server.h"

struct http_server {
    struct MHD_Daemon *daemon;
    GMainContext *context;
    GSource *source;
    int port;
    int listen_fd; /* -1: the library's or closed */
    size_t max_body;
    int (*admit)(struct http_call *call, void *user);
    http_handle_fn handle;
    void *user;
    GHashTable *calls; /* all that are owed an answer or have a connection */
    void (*stopped)(void *user);
    void *stopped_user;
};

struct http_call {
    struct http_server *server;        /* NULL: freed */
    struct MHD_Connection *connection; /* NULL: gone */
    char *method, *path, *peer;
    GString *body;
    struct http_peer_cert *cert;
    bool cert_read;
    bool too_large;
    bool handed_over; /* to the handler */
    bool suspended;
    bool answered;
    struct MHD_Response *response;
    unsigned status;
    void *data;
};

struct http_call *http_call_new(struct http_server *server, struct MHD_Connection *connection,
                                const char *method, const char *path);
void http_call_free(struct http_call *call);

#endif
