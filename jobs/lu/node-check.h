/* What units ask of nodes before they use them (reference: lib/cmdlib/common.py,
 * lib/cmdlib/instance_utils.py, lib/cmdlib/instance_storage.py). OpPrereqErrors. */
#ifndef GANTRY_JOBS_LU_NODE_CHECK_H
#define GANTRY_JOBS_LU_NODE_CHECK_H

#include "jobs/lu/lu.h"

bool lu_node_has_exclusive_storage(struct lu *lu, const char *node_uuid);
/* Online, not drained and able to run instances; what: "primary", "secondary". */
bool lu_check_node_usable(struct lu *lu, const char *node_uuid, const char *what, GError **errp);
/* Parameters of an OS that ask for an image, which this version does not have. */
bool lu_check_no_image(const struct any_dict *osparams, GError **errp);
/* The OS is there on all nodes and its parameters are good. os NULL: nothing to check. */
bool lu_check_os(struct lu *lu, const char *const *nodes, size_t n, const char *os,
                 const struct value_map *osparams, bool force_variant, GError **errp);

/* The same where the OS is; where it is not, an entry in the log says that nothing was checked. */
bool lu_check_os_if_there(struct lu *lu, const char *const *nodes, size_t n, const char *os,
                          const struct value_map *osparams, GError **errp);

#endif
