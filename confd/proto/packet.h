/* Packets of confd: four bytes of magic, then an envelope of JSON signed with the cluster's HMAC
 * key (lib/confd, serializer.py DumpSignedJson; src/Ganeti/Confd/Utils.hs). */
#ifndef GANTRY_CONFD_PROTO_PACKET_H
#define GANTRY_CONFD_PROTO_PACKET_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "facts/objects.h"

enum {
    /* The largest datagram there is. */
    CONFD_MAX_PACKET = 65536,
};

/* A query as a packet. query: what it asks about, may be NULL. rsalt: which salt the reply shall
 * have; one that nobody else uses. now: seconds since 1970, the salt of the request, against which
 * servers compare their clock. */
GString *confd_request_pack(enum confd_request_type type, struct json *query, const char *rsalt,
                            int64_t now, const char *key);

/* The reply in a packet; NULL (ERR_CONFD_MAGIC, ERR_SIGNATURE, or the error of a decoder) if it is
 * none, is not signed with key, or answers another request. Free with
 * fact_object_free(&fact_object_confd_reply, ...). */
struct confd_reply *confd_reply_unpack(const char *packet, size_t len, const char *rsalt,
                                       const char *key, GError **errp);

#endif
