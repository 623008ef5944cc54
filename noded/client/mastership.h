/* What the daemons of the master have in common before they serve. */
#ifndef GANTRY_NODED_CLIENT_MASTERSHIP_H
#define GANTRY_NODED_CLIENT_MASTERSHIP_H

#include "base/daemon.h"
#include "noded/client/rpc.h"

/* The check() of such a daemon: this node is the master, in its own view and in that of more than
 * half of the nodes (Daemon/Utils.hs handleMasterVerificationOptions). */
bool mastership_check(struct daemon *daemon, int *ret_exit, GError **errp);
/* A client with this node's certificates and port. */
struct rpc_client *mastership_rpc_client(void);
/* The group of all daemons may use the socket, whoever runs them. A group that does not exist is
 * left to whoever set the machine up that way. */
void mastership_share_socket(const char *path);

#endif
