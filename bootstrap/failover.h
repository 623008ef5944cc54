/* Making this node the master (reference: lib/bootstrap.py MasterFailover, MajorityHealthy). */
#ifndef GANTRY_BOOTSTRAP_FAILOVER_H
#define GANTRY_BOOTSTRAP_FAILOVER_H

#include <glib.h>
#include <stdbool.h>

/* Whether more than half of all nodes (of those online, if the others shall not count) answer and
 * name a master. Those that are in the way of that go into *ret_unhealthy, texts, the caller's. */
bool failover_majority_is_healthy(bool online_only, GPtrArray **ret_unhealthy, GError **errp);

/* no_voting: whatever the other nodes say, who may follow another master. False only if nothing was
 * changed. Afterwards *ret_ok tells whether all steps worked; what did not goes into warnings
 * (texts). */
bool failover_to_this_node(bool no_voting, bool *ret_ok, GPtrArray *warnings, GError **errp);

#endif
