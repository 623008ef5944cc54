/* A new cluster, of which this node is the master and the only one (reference: lib/bootstrap.py
 * InitCluster). */
#ifndef GANTRY_BOOTSTRAP_INIT_H
#define GANTRY_BOOTSTRAP_INIT_H

#include <glib.h>
#include <stdbool.h>

#include "facts/objects.h"

struct cluster_init {
    const char *name;         /* of the cluster; the resolver knows its address */
    const char *secondary_ip; /* of this node; NULL: its primary one */
    int ip_version;           /* C_IP4_VERSION or C_IP6_VERSION, of primary addresses */
    /* Everything that was chosen; what is not marked as set takes its default. Enabled hypervisors
     * and disk templates must be set. What only init knows (names, addresses, keys, times) is
     * filled in. */
    struct cluster *cluster;
};

/* Checks everything that can be checked, stops what runs, writes all files and starts the daemons;
 * true when the queue daemon answers. What must not be there is named by an OpPrereqError before
 * anything was changed; an error later tells that there are left-overs. */
bool cluster_init(const struct cluster_init *request, GError **errp);

#endif
