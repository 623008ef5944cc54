/* For cli-compat/cluster/init*.c alone. */
#ifndef GANTRY_CLI_COMPAT_CLUSTER_INIT_H
#define GANTRY_CLI_COMPAT_CLUSTER_INIT_H

#include "cli-compat/core/run.h"
#include "facts/objects.h"

/* The instance policy that the options describe, into *ret (zeroed memory); what they do not say
 * stays unset, but the sizes of a range that they begin, which are those of new clusters
 * (lib/cli.py CreateIPolicyFromOpts). */
bool init_policy(struct cli_run *run, struct ipolicy *ret, GError **errp);

#endif
