/* For the files of compat-config/replica alone. */
#ifndef GANTRY_COMPAT_CONFIG_REPLICA_WCONFD_CLIENT_PRIVATE_H
#define GANTRY_COMPAT_CONFIG_REPLICA_WCONFD_CLIENT_PRIVATE_H

#include "compat-config/replica/wconfd-client.h"

/* The present configuration of a local client, borrowed; NULL: it has a daemon. */
const struct cfg *wconfd_client_local_config(const struct wconfd_client *client);
/* Whether the daemon is known not to have our methods. */
bool wconfd_client_is_reference(const struct wconfd_client *client);

#endif
