/* Storage of the node, for several calls. */
#ifndef GANTRY_NODED_BACKEND_STORAGE_H
#define GANTRY_NODED_BACKEND_STORAGE_H

#include <glib.h>
#include <stdbool.h>

#include "base/json-writer.h"

/* Writes {"group/volume": [size in MiB as LVM shows it, inactive, open]}; groups: names, empty for
 * all (GetVolumeList). */
bool storage_write_volumes(const char *const *groups, struct json_writer *result, GError **errp);
/* Writes {group: size in MiB} (utils.ListVolumeGroups). */
void storage_write_groups(struct json_writer *result);

#endif
