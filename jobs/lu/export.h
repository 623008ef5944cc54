/* The disks of an instance on their way out: to a file on a node of the cluster, or to another
 * cluster (reference: lib/masterd/instance.py ExportInstanceHelper). */
#ifndef GANTRY_JOBS_LU_EXPORT_H
#define GANTRY_JOBS_LU_EXPORT_H

#include "jobs/lu/lu.h"
#include "jobs/lu/remote.h"

struct export;

/* The instance is borrowed from the snapshot, of which a reference is kept. */
struct export *export_new(struct lu *lu, const struct instance *instance);
/* Removes snapshots that are still there. */
void export_free(struct export *export);
DEFINE_CLEANUP(struct export *, export_free)

/* Takes a snapshot of each disk, to be sent in its place; false: not all disks can have one, and
 * none is left. */
bool export_snapshots(struct export *export);

/* Sends all disks; results[i]: whether disk i has arrived. The log tells what fails. *ret_finished
 * of the first: the export has its description. */
void export_to_node(struct export *export, const char *node_uuid, const char *compress,
                    bool *results, bool *ret_finished);
struct export_remote {
    const struct remote_target *targets; /* one for each disk */
    const char *key_name;                /* on the instance's node */
    const char *ca_pem;                  /* of the other side */
    const char *compress;
};
void export_to_cluster(struct export *export, const struct export_remote *remote, bool *results);

#endif
