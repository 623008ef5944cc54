/* Files and folders of this node, virtual clusters included.
 *
 * A virtual cluster is many nodes on one machine: GANETI_ROOTDIR names the folder of this node,
 * whose last part is the node's name, GANETI_HOSTNAME. What is the node's own stands below it. */
#ifndef GANTRY_COMPAT_CONFIG_PATHS_PATHS_H
#define GANTRY_COMPAT_CONFIG_PATHS_PATHS_H

#include <glib.h>
#include <stdbool.h>

#include "facts/paths.h"

/* Reads the environment; programs call it first and end with the error. Without the call, the first
 * use of a path reads it and ends the program if it is bad. */
bool paths_init(GError **errp);

/* Takes the level (facts/level.h) from its file on this node, if there is one and the environment
 * does not name one; daemons call it behind paths_init(). A file that names no level is an error.
 */
bool paths_take_level(GError **errp);

/* The file or folder on this node; static. Not for rows with a %s. */
const char *path_get(enum path_id id);
/* The same with `word` for the %s of the row; allocated. The word must be no path: NULL if it has a
 * slash, is empty, "." or "..". */
char *path_format(enum path_id id, const char *word);
/* The folders of a search path, NULL-terminated; static. */
const char *const *path_list(enum search_path_id id);
/* The program of a daemon, installed or not; allocated. */
char *path_of_daemon(enum daemon_id id);
/* The log file of a daemon; allocated. */
char *path_of_log(enum daemon_id id, enum daemon_log log);
/* A path that is no row, an absolute one of the node's own, below the node's folder in a virtual
 * cluster; allocated, normalized (vcluster.py AddNodePrefix). */
char *path_of_node(const char *path);

/* NULL: no virtual cluster. Static. */
const char *vcluster_hostname(void);
const char *vcluster_node_root(void);

/* A path of this node as the same path of another one, for programs that reach into its folder;
 * allocated (ExchangeNodeRoot). NULL and *errp if the path is not below this node's folder or the
 * name is none. */
char *vcluster_path_on(const char *node_name, const char *path, GError **errp);
/* "GANETI_ROOTDIR=..." and "GANETI_HOSTNAME=..." for a program that runs as another node;
 * g_strfreev(). Empty without a virtual cluster. NULL and *errp if the name is none
 * (EnvironmentForHost). */
char **vcluster_environment(const char *node_name, GError **errp);
/* Paths travel between nodes without the node's folder. Both return the path itself, copied,
 * without a virtual cluster; NULL and *errp if the path is not of the kind (MakeVirtualPath,
 * LocalizeVirtualPath). */
char *vcluster_path_to_wire(const char *path, GError **errp);
char *vcluster_path_from_wire(const char *path, GError **errp);

#endif
