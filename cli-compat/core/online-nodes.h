/* Which nodes a command may work on (lib/cli.py GetOnlineNodes). */
#ifndef GANTRY_CLI_COMPAT_CORE_ONLINE_NODES_H
#define GANTRY_CLI_COMPAT_CORE_ONLINE_NODES_H

#include <glib.h>
#include <stdbool.h>

#include "cli-compat/core/run.h"

struct online_nodes_spec {
    const char *const *names; /* NULL-terminated; NULL or none: all nodes */
    const char *group;        /* name or UUID; NULL: any */
    bool not_master;
    bool secondary_ips; /* their secondary addresses instead of their names */
    bool quiet;         /* no note about nodes that are left out */
};
/* Texts that the array owns; NULL on error. Names offline nodes on standard error. */
GPtrArray *online_nodes(struct cli_run *run, const struct online_nodes_spec *spec, GError **errp);

#endif
