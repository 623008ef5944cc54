/* Whole folders. Errors as in base/fs.h. */
#ifndef GANTRY_BASE_FS_TREE_H
#define GANTRY_BASE_FS_TREE_H

#include <glib.h>
#include <stdbool.h>

/* Removes a folder and all that is in it, without following links; it must be there and be a
 * folder. Stops at the first thing that cannot be removed. */
bool fs_remove_tree(const char *path, GError **errp) __attribute__((warn_unused_result));

#endif
