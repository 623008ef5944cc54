/* known_hosts of the cluster: the key that all its nodes have as SSH hosts, under the cluster's
 * name (reference: lib/ssh.py WriteKnownHostsFile). */
#ifndef GANTRY_NODED_SSH_KNOWN_HOSTS_H
#define GANTRY_NODED_SSH_KNOWN_HOSTS_H

#include <glib.h>
#include <stdbool.h>

#include "facts/objects.h"

/* Writes the file of this node. */
bool ssh_write_known_hosts(const struct cluster *cluster, GError **errp);

#endif
