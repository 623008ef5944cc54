/* Changes of SSH keys on this node, as other nodes ask for them (reference:
 * lib/tools/ssh_update.py). */
#ifndef GANTRY_NODED_SSH_UPDATE_H
#define GANTRY_NODED_SSH_UPDATE_H

#include <glib.h>
#include <stdbool.h>

#include "facts/objects.h"

/* Whether the request is for the cluster this node belongs to, and from one that has the same
 * certificate, as far as the node has any. cert_pem: NULL if the request has none. */
bool ssh_request_is_ours(const char *cluster_name, const char *cert_pem, GError **errp);

/* Changes authorized_keys, ganeti_pub_keys, and makes a key: what the request has of these. */
bool ssh_update_apply(const struct ssh_update *update, GError **errp);

#endif
