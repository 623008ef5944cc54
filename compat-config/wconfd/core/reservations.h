/* What clients have reserved until their changes are in the configuration
 * (src/Ganeti/WConfd/TempRes.hs). */
#ifndef GANTRY_COMPAT_CONFIG_WCONFD_CORE_RESERVATIONS_H
#define GANTRY_COMPAT_CONFIG_WCONFD_CORE_RESERVATIONS_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "facts/objects.h"

struct json_writer;
struct reservations;

/* RESERVED(kind, member of the file): what belongs to one client and to no other. An address is
 * "ACTION ADDRESS NETWORK-UUID". */
#define RESERVED_KINDS(RESERVED)                                                                   \
    RESERVED(MAC, "mACs")                                                                          \
    RESERVED(DRBD_SECRET, "dRBDSecrets")                                                           \
    RESERVED(LV, "lVs")                                                                            \
    RESERVED(IPV4, "iPv4s")

enum reserved_kind {
#define RESERVED(kind, member) RESERVED_##kind,
    RESERVED_KINDS(RESERVED)
#undef RESERVED
        RESERVED_COUNT,
};

struct reservations *reservations_new(void);
void reservations_free(struct reservations *res);
DEFINE_CLEANUP(struct reservations *, reservations_free)

bool reservations_has(const struct reservations *res, enum reserved_kind kind, const char *value);
/* ERR_RESERVATION if somebody has it. */
bool reservations_add(struct reservations *res, enum reserved_kind kind,
                      const struct client_id *client, const char *value, GError **errp);
/* All kinds; DRBD minors belong to disks, not to clients, and stay. False if there was nothing. */
bool reservations_drop(struct reservations *res, const struct client_id *client);
/* The values of a client, in their order; borrowed, the array is the caller's. */
GPtrArray *reservations_of(const struct reservations *res, enum reserved_kind kind,
                           const struct client_id *client);
void reservations_each_client(const struct reservations *res,
                              void (*fn)(const struct client_id *client, void *data), void *data);

/* An address as a value, and back; each text of *ret is owned by the caller. */
struct reserved_ip {
    char *action, *address, *network;
};
char *reserved_ip_value(const char *action, const char *address, const char *network);
bool reserved_ip_parse(const char *value, struct reserved_ip *ret);
void reserved_ip_clear(struct reserved_ip *ip);
/* [action, address, network] */
void reserved_ip_write(const char *value, struct json_writer *w);

/* DRBD minors on a node: sorted by minor. */
struct reserved_minor {
    int64_t minor;
    char *disk; /* UUID */
};
struct reserved_minors {
    const struct reserved_minor *v;
    size_t n;
};
struct reserved_minors reservations_minors(const struct reservations *res, const char *node);
void reservations_add_minor(struct reservations *res, const char *node, int64_t minor,
                            const char *disk);
/* False if there were none. */
bool reservations_drop_minors(struct reservations *res, const char *disk);

/* The text of tempres.data. */
void reservations_save(const struct reservations *res, GString *out);
/* Into an empty state; on error it is left empty. */
bool reservations_load(struct reservations *res, const char *text, size_t len, GError **errp);

#endif
