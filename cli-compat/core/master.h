/* Who the master is, as this node's simple store says. */
#ifndef GANTRY_CLI_COMPAT_CORE_MASTER_H
#define GANTRY_CLI_COMPAT_CORE_MASTER_H

#include <glib.h>
#include <stdbool.h>

/* The master's name, allocated. ERR_CONFIGURATION if this node is in no cluster. */
char *master_name(GError **errp);
/* False (ERR_OP_PREREQ) if this node is not the master or in no cluster (lib/runtime.py GetClient).
 */
bool master_check(GError **errp);

#endif
