/* What the calls share. */
#ifndef GANTRY_NODED_BACKEND_COMMON_H
#define GANTRY_NODED_BACKEND_COMMON_H

#include "base/cmd.h"
#include "base/fs.h"
#include "facts/paths.h"
#include "noded/backend/call.h"
#include "provider-interface/provider.h"

/* Name of this node; static. */
const char *backend_node_name(void);

/* Waits at most so many seconds for a lock file of the reference's Python family. */
struct fs_lock *backend_lock(enum path_id path, unsigned seconds, GError **errp)
    __attribute__((warn_unused_result));

/* Mode, user and group for a file; false if the system does not know them. */
bool backend_file_owner(enum daemon_id user, enum group_id group, mode_t mode,
                        struct fs_write_opts *opts, GError **errp);

/* The path of this node that a path of the wire means, without "." and "..", below the folder;
 * allocated. */
char *backend_path_below(enum path_id folder, const char *wire, GError **errp);

/* Whether the name may be that of a script or provider (constants.EXT_PLUGIN_MASK). */
bool backend_is_plugin_name(const char *name);

/* Names in a folder but those that begin with a dot, sorted (utils.ListVisibleFiles). */
GPtrArray *backend_list_visible(const char *dir, GError **errp);

/* Writes the list of all that the folders of a search path hold, good or not; write() is called
 * with the folder and the name of each. */
void backend_write_definitions(struct json_writer *result, enum search_path_id path,
                               void (*write)(struct json_writer *result, const char *dir,
                                             const char *name));
/* The list of [name, help] of a provider's parameters. */
void backend_write_parameters(struct json_writer *result,
                              const struct provider_parameters *parameters);

/* Standard output, then standard error; allocated. */
char *backend_output(const struct cmd_result *result);

/* Whether an interface of this node has the address. */
bool backend_has_address(const char *text, bool *ret_has, GError **errp);
bool backend_bridge_exists(const char *name);

/* Removes the plain files of a folder but `keep`; a folder that is not there is clean. */
bool backend_clean_dir(enum path_id dir, enum path_id keep, GError **errp);
/* A queue that is not there yet gets its version and its serial number (jstore.py
 * InitAndVerifyQueue); the first luxid of a cluster counts on them. */
bool backend_prepare_queue(GError **errp);
/* All job files, also archived ones. */
bool backend_purge_queue(GError **errp);

#endif
