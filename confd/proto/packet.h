/* Packets of confd, for both ends (reference: lib/confd/__init__.py, lib/serializer.py, and
 * src/Ganeti/Confd/{Types,Utils}.hs).
 *
 * A packet is the magic and one JSON object {"msg", "salt", "hmac"}; msg is the text of the request
 * or reply, and hmac is salted HMAC-SHA1 of it with the cluster's key. The salt of a request is the
 * time it was sent, which keeps old packets from being played again; the salt of a reply is the
 * one that its request asked for, so that a client knows to which question it belongs.
 *
 * Keys are the whole text of the key file, with its line end. */
#ifndef GANTRY_CONFD_PROTO_PACKET_H
#define GANTRY_CONFD_PROTO_PACKET_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "facts/objects.h"

struct json;

#define CONFD_PACKET_ERROR (confd_packet_error_quark())
GQuark confd_packet_error_quark(void);
enum confd_packet_error {
    CONFD_PACKET_ERROR_MAGIC,     /* no packet of confd */
    CONFD_PACKET_ERROR_FORMAT,    /* not what a packet looks like */
    CONFD_PACKET_ERROR_SIGNATURE, /* signed with another key, or changed on its way */
    CONFD_PACKET_ERROR_SALT,      /* a request of another time, a reply to another request */
    CONFD_PACKET_ERROR_SIZE,      /* larger than a datagram may be */
};

struct confd_request {
    enum confd_request_type type;
    struct json *query; /* null if the type takes no argument */
    char *rsalt;        /* what the reply shall carry: new for each request */
    int64_t protocol;
};
void confd_request_clear(struct confd_request *request);

struct confd_reply {
    enum confd_reply_status status;
    struct json *answer; /* of CONFD_REPLY_ERROR: a confd_error_type, or a text */
    int64_t serial;      /* of the configuration that the answer comes from */
    int64_t protocol;
};
void confd_reply_clear(struct confd_reply *reply);

/* now: Unix time. NULL if the packet would be too large. */
GString *confd_request_pack(const struct confd_request *request, const char *key, int64_t now,
                            GError **errp);
/* *ret is the caller's to clear on success, and untouched otherwise. */
bool confd_request_unpack(const char *packet, size_t len, const char *key, int64_t now,
                          struct confd_request *ret, GError **errp);

GString *confd_reply_pack(const struct confd_reply *reply, const char *key, const char *rsalt,
                          GError **errp);
bool confd_reply_unpack(const char *packet, size_t len, const char *key, const char *rsalt,
                        struct confd_reply *ret, GError **errp);

#endif
