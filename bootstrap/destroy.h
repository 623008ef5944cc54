/* The end of a cluster (reference: lib/bootstrap.py FinalizeClusterDestroy). */
#ifndef GANTRY_BOOTSTRAP_DESTROY_H
#define GANTRY_BOOTSTRAP_DESTROY_H

#include <glib.h>
#include <stdbool.h>

/* After OP_CLUSTER_DESTROY, whose result is master_uuid: takes the master address away, stops the
 * daemons and removes what the cluster put on this node. What could not be done goes into warnings
 * (texts). */
bool cluster_finish_destroy(const char *master_uuid, GPtrArray *warnings, GError **errp);

#endif
