/* Whether this node is the master, by the word of the cluster's nodes (reference:
 * src/Ganeti/Daemon/Utils.hs). Two masters would ruin a cluster, so a daemon of the master starts
 * only if more than half of all nodes name this one. */
#ifndef GANTRY_NODED_CLIENT_VOTING_H
#define GANTRY_NODED_CLIENT_VOTING_H

#include <glib.h>
#include <stdbool.h>

#include "compat-config/model/cfg.h"
#include "noded/client/rpc.h"

/* Asks all nodes, again and again while the missing ones could still decide, for about a minute.
 * Runs the default main context meanwhile. The error tells the count. */
bool voting_is_won(struct rpc_client *client, const struct cfg *cfg, const char *own_name,
                   GError **errp);

#endif
