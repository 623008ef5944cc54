/* Who may call: master candidates, by the digests of their certificates. */
#ifndef GANTRY_NODED_SERVER_PEER_H
#define GANTRY_NODED_SERVER_PEER_H

#include <glib.h>
#include <stdbool.h>

#include "base/http-server.h"

/* Whether the digest (SHA-1, "AB:CD:...") is that of a master candidate according to the simple
 * store in data_dir. Before there is a list of candidates, while a cluster is made or upgraded, the
 * cluster's own certificate is the only one that counts (server/noded.py SSLVerifyPeer). */
bool noded_peer_is_known(const char *sha1, const char *data_dir, const char *cluster_cert);

/* The same for a connection's certificate; what is wrong is logged with the peer's address. */
bool noded_peer_may_call(struct http_call *call);

#endif
