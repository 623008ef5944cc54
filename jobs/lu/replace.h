/* OP_INSTANCE_REPLACE_DISKS: mirrored disks get new storage on one of their nodes, or another
 * secondary node (reference: lib/cmdlib/instance_storage.py TLReplaceDisks). */
#ifndef GANTRY_JOBS_LU_REPLACE_H
#define GANTRY_JOBS_LU_REPLACE_H

#include "jobs/lu/lu.h"

/* The own data of the unit; nodes by UUID. */
struct replace {
    char *target;   /* whose storage goes */
    char *other;    /* whose storage stays */
    char *new_node; /* that takes the place of the target; NULL: none */
    GArray *disks;  /* indices, int64_t */
    bool early_release;
};

/* --- The instance -------------------------------------------------------------------------------
 */
const struct instance *replace_instance(struct lu *lu);
const char *replace_node_name(struct lu *lu, const char *uuid);
/* Whether the disk with this index is to be replaced. */
bool replace_has(const struct replace *replace, size_t index);

bool replace_prereq(struct lu *lu, GError **errp);

/* --- Steps --------------------------------------------------------------------------------------
 *
 * Errors are OpExecErrors. */
enum { REPLACE_STEPS = 6 };

/* Whether every disk is there on all nodes of the instance that are online. */
bool replace_is_active(struct lu *lu, const struct instance *instance);
/* The disks to be replaced are there on a node. */
bool replace_check_present(struct lu *lu, const char *node_uuid, GError **errp);
bool replace_check_vg(struct lu *lu, const char *const *nodes, size_t n, GError **errp);
/* ... and good: as a whole, or their data alone. */
bool replace_check_good(struct lu *lu, const char *node_uuid, bool data_only, GError **errp);
/* Waits for the sync; then those that were replaced must be whole on the primary node. */
bool replace_wait(struct lu *lu, int step, GError **errp);
/* Volumes (struct disk *) that are no longer part of a disk; warns of failures. */
void replace_remove_volumes(struct lu *lu, const char *node_uuid, size_t index,
                            const struct disk *const *volumes, size_t n);

/* The whole of it, with the disks active. */
bool replace_local(struct lu *lu, GError **errp);
bool replace_secondary(struct lu *lu, GError **errp);

#endif
