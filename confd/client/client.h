/* Asks a confd. */
#ifndef GANTRY_CONFD_CLIENT_CLIENT_H
#define GANTRY_CONFD_CLIENT_CLIENT_H

#include <glib.h>
#include <stdbool.h>

#include "facts/objects.h"

struct confd_peer {
    const char *ip; /* IPv4 or IPv6 */
    int port;       /* 0: the usual one */
};

/* One query to one confd, and its reply within timeout_ms. key: the cluster's, as the file holds
 * it. query: what it asks about, may be NULL. The reply is freed with
 * fact_object_free(&fact_object_confd_reply, ...); its status may be one of failure. NULL:
 * ERR_CONFD_CLIENT. */
struct confd_reply *confd_ask(const struct confd_peer *peer, const char *key,
                              enum confd_request_type type, struct json *query, int timeout_ms,
                              GError **errp);

#endif
