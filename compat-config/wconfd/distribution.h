/* Sends a new configuration around: the file to the master candidates, the simple store to all
 * nodes (src/Ganeti/WConfd/ConfigWriter.hs distMCsAsyncTask, distSSConfAsyncTask).
 *
 * One round at a time; what comes meanwhile becomes the next round, which sends the newest. Nodes
 * that fail get it again later. */
#ifndef GANTRY_COMPAT_CONFIG_WCONFD_DISTRIBUTION_H
#define GANTRY_COMPAT_CONFIG_WCONFD_DISTRIBUTION_H

#include <stdint.h>

#include "base/cleanup.h"
#include "compat-config/model/cfg.h"
#include "noded/client/rpc.h"

struct distribution;

/* done is called at the end of each round with the newest ticket that it served. rpc is borrowed.
 */
struct distribution *distribution_new(struct rpc_client *rpc, const char *config_path,
                                      void (*done)(uint64_t ticket, void *data), void *data);
/* Drops what is under way. */
void distribution_free(struct distribution *dist);
DEFINE_CLEANUP(struct distribution *, distribution_free)

/* group: UUID of the node group whose nodes get it; NULL: all. done is never called before this
 * returns. */
void distribution_send(struct distribution *dist, const struct cfg *cfg, const char *group,
                       uint64_t ticket);

#endif
