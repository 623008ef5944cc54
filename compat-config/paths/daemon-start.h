/* The start of each daemon: name, user, group, port, log and pid file from its row, the level and
 * the virtual cluster from its surroundings. */
#ifndef GANTRY_COMPAT_CONFIG_PATHS_DAEMON_START_H
#define GANTRY_COMPAT_CONFIG_PATHS_DAEMON_START_H

#include "base/daemon.h"
#include "facts/paths.h"

/* The whole main(): what the row says is filled into desc, the rest is the daemon's own. */
int daemon_start(enum daemon_id id, struct daemon_desc desc, int argc, char **argv, void *user);

#endif
