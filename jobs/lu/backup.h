/* What exports and imports of instances share (reference: lib/cmdlib/backup.py,
 * lib/cmdlib/instance_utils.py CheckCompressionTool). */
#ifndef GANTRY_JOBS_LU_BACKUP_H
#define GANTRY_JOBS_LU_BACKUP_H

#include "jobs/lu/lu.h"

/* A key for a transfer to or from another cluster, on a node; name and certificate (PEM) are the
 * caller's. An OpExecError. */
bool backup_make_key(struct lu *lu, const char *node_uuid, char **ret_name, char **ret_pem,
                     GError **errp);
/* Whether the cluster allows the tool; an OpPrereqError. */
bool backup_check_compress(struct lu *lu, const char *compress, GError **errp);
/* Removes the exports of this name on nodes; warns of failures. tell: also of nodes that do not say
 * which they have. Whether there was any. */
bool backup_remove_from(struct lu *lu, const char *const *nodes, size_t n, const char *name,
                        bool tell);

#endif
