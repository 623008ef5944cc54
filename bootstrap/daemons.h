/* Starting and stopping the daemons of this node, and waiting until they answer. */
#ifndef GANTRY_BOOTSTRAP_DAEMONS_H
#define GANTRY_BOOTSTRAP_DAEMONS_H

#include <glib.h>
#include <stdbool.h>

/* Runs daemon-util with a verb and what belongs to it; words end with NULL. The error is an
 * OpExecError. */
bool daemons_control(GError **errp, const char *verb, ...) G_GNUC_NULL_TERMINATED;

/* Each waits for at most ten seconds; OpExecErrors. */
bool daemons_wait_for_node(const char *node, GError **errp);
bool daemons_wait_for_master(GError **errp);
bool daemons_wait_for_ssh(const char *node, int port, GError **errp);

#endif
