/* Asks the confd daemons of a cluster (reference: lib/confd/client.py, src/Ganeti/Confd/Client.hs).
 *
 * A question goes to several master candidates at once, and the answer of the newest configuration
 * counts, because any one of them may be cut off or behind. Packets may be lost; whoever needs the
 * answer asks again. Calls block. */
#ifndef GANTRY_CONFD_CLIENT_CLIENT_H
#define GANTRY_CONFD_CLIENT_CLIENT_H

#include "confd/proto/packet.h"

struct confd_client;

/* addresses: NULL-terminated IP addresses of one family; port 0: that of the daemon. Errors are of
 * the class ERR_CONFD_CLIENT. */
struct confd_client *confd_client_new(const char *key, const char *const *addresses, unsigned port,
                                      GError **errp);
/* The master candidates as ssconf names them, with the cluster's key. */
struct confd_client *confd_client_new_for_cluster(GError **errp);
void confd_client_free(struct confd_client *client);
DEFINE_CLEANUP(struct confd_client *, confd_client_free)

/* The text of the key file, as keys are used here; the caller owns it. */
char *confd_key_read(GError **errp);

struct confd_question {
    enum confd_request_type type;
    struct json *query;  /* borrowed; NULL: null */
    unsigned coverage;   /* how many daemons are asked; 0: the usual number */
    unsigned timeout_ms; /* for all of it; 0: the reference's 10 s */
};

/* Waits for enough answers (both of two, all but one of four, more than half of more) or the
 * timeout; *ret is the best that came: one that is no error wins over one that is, then the one
 * with the higher serial number. The caller clears it. Without any answer: ERR_CONFD_CLIENT. */
bool confd_client_ask(struct confd_client *client, const struct confd_question *question,
                      struct confd_reply *ret, GError **errp);

/* How many of `asked` daemons must answer. */
unsigned confd_client_needed(unsigned asked);

#endif
