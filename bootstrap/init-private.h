/* For bootstrap/init*.c alone. */
#ifndef GANTRY_BOOTSTRAP_INIT_PRIVATE_H
#define GANTRY_BOOTSTRAP_INIT_PRIVATE_H

#include "bootstrap/init.h"
#include "compat-config/model/cfg.h"

/* What is found out on the way. */
struct init_state {
    char *host_name, *host_ip; /* of this node */
    char *secondary_ip;
};

/* No cluster is here, nor what is left of one. */
bool init_check_left_overs(GError **errp);
/* Names, addresses, network; sets the name, address and netmask of the cluster and all of state. */
bool init_check_network(const struct cluster_init *request, struct init_state *state,
                        GError **errp);
/* Volume group, DRBD, users, keys of the host, allocator. */
bool init_check_host(struct cluster *cluster, GError **errp);
/* Values that are judged by themselves. */
bool init_check_values(struct cluster *cluster, GError **errp);
/* Makes the folders for disks that are files. */
bool init_make_storage(struct cluster *cluster, GError **errp);

/* The first configuration; completes the cluster. master_uuid and digest: the node's. */
const struct cfg *init_config(struct cluster *cluster, const struct init_state *state,
                              const char *master_uuid, const char *digest, GError **errp);

#endif
