/* SSH keys of the cluster's nodes, seen from the master: what the calls share. */
#ifndef GANTRY_NODED_BACKEND_SSH_KEYS_H
#define GANTRY_NODED_BACKEND_SSH_KEYS_H

#include "noded/backend/call.h"
#include "noded/ssh/public-keys.h"
#include "noded/ssh/remote.h"

/* What this node knows of the cluster; CLEANUP(ssh_cluster_clear), zeroed or loaded. */
struct ssh_cluster {
    char *name, *master;
    char *certificate; /* PEM, without its key */
    char **nodes, **online;
    GHashTable *ports; /* by name of node, texts */
    bool ipv6;
    struct public_keys *keys; /* saved by whoever changes them */
};
bool ssh_cluster_load(struct ssh_cluster *ret, GError **errp);
void ssh_cluster_clear(struct ssh_cluster *cluster);
struct ssh_host ssh_cluster_host(const struct ssh_cluster *cluster, const char *node);

enum ssh_add_flags {
    SSH_ADD_AUTHORIZED = 1 << 0, /* may log in everywhere */
    SSH_ADD_PUBLIC = 1 << 1,     /* stands in the list of the nodes' keys */
    SSH_ADD_GET_LIST = 1 << 2,   /* gets that list */
};
enum ssh_remove_flags {
    SSH_REMOVE_AUTHORIZED = 1 << 0,     /* may not log in any more */
    SSH_REMOVE_PUBLIC = 1 << 1,         /* does not stand in the list any more */
    SSH_REMOVE_OWN_AUTHORIZED = 1 << 2, /* nobody of the cluster may log in there */
    SSH_REMOVE_OWN_LIST = 1 << 3,       /* its own list is emptied */
};
struct ssh_member {
    const char *uuid, *name;
    unsigned flags; /* enum ssh_add_flags or ssh_remove_flags */
};

/* Nodes that could not be told, with the reason: [[name, text], ...]. candidates: names of the
 * nodes that have the list of keys. */
bool ssh_members_add(struct ssh_cluster *cluster, const struct ssh_member *members, size_t n,
                     const char *const *candidates, struct json *failures, GError **errp);

struct ssh_removal {
    const char *const *master_candidates; /* UUIDs */
    const char *const *candidates;        /* names of the nodes that have the list of keys */
    /* The keys of these members, instead of those in the list; NULL: those in the list. */
    const struct public_keys *keys;
    const struct public_keys *spared; /* keys that stay whatever happens; may be NULL */
    bool readd;                       /* that the node has no key is no error */
};
bool ssh_members_remove(struct ssh_cluster *cluster, const struct ssh_member *members, size_t n,
                        const struct ssh_removal *how, struct json *failures, GError **errp);

#endif
