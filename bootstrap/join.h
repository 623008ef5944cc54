/* Preparing a host that shall become a node: by ssh, before the job that adds it (reference:
 * lib/client/gnt_node.py _SetupSSH, lib/bootstrap.py SetupNodeDaemon). */
#ifndef GANTRY_BOOTSTRAP_JOIN_H
#define GANTRY_BOOTSTRAP_JOIN_H

#include <glib.h>
#include <stdbool.h>

#include "facts/objects.h"

struct join_target {
    const char *cluster; /* name of the cluster */
    const char *node;    /* whole name of the host */
    int ssh_port;
    bool check_key; /* its SSH host key must be known, or is shown to the person at the terminal */
    bool debug, verbose; /* handed to the programs there */
};

/* Gives the host the cluster's SSH host keys and a key of root's of its own, which goes into this
 * node's list of public keys under the host's name, and lets the candidates (n UUIDs) log in. */
bool join_set_up_ssh(const struct join_target *target, const char *const *candidates, size_t n,
                     enum ssh_key_type key_type, int64_t key_bits, GError **errp);

/* Makes this version the default one there, gives it the cluster's certificate, the key of confd
 * and the simple store, and starts its node daemon; true when that answers. */
bool join_set_up_daemon(const struct join_target *target, GError **errp);

#endif
