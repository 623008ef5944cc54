/* Making, wiping and removing the disks of instances on their nodes (reference:
 * lib/cmdlib/instance_storage.py GenerateDiskTemplate, CreateDisks, WipeDisks; instance_utils.py
 * RemoveDisks). Sizes are MiB. */
#ifndef GANTRY_JOBS_LU_DISK_MAKE_H
#define GANTRY_JOBS_LU_DISK_MAKE_H

#include "jobs/lu/lu.h"

/* --- Disks as objects ---------------------------------------------------------------------------
 */
struct lu_disk_plan {
    enum disk_template disk_template;
    const char *instance_uuid;
    const char *primary_node, *secondary_node; /* UUIDs; the latter NULL but for DRBD */
    const struct idisk *disks;                 /* complete, see lu_disks_complete() */
    size_t n;
    size_t first_index;           /* of the first disk in the instance */
    const char *file_dir;         /* files: the instance's folder */
    enum file_driver file_driver; /* files */
    bool forthcoming;
};
/* Checks what a client wants and completes it: access mode, volume group (reference:
 * ComputeDisks). OpPrereqErrors. */
bool lu_disks_complete(struct lu *lu, struct idisk *disks, size_t n,
                       enum disk_template disk_template, GError **errp);
/* New disk objects with names, UUIDs, and for DRBD with ports, minors and secrets of their own. An
 * array of struct disk * that owns them; NULL on error. */
GPtrArray *lu_disks_generate(struct lu *lu, const struct lu_disk_plan *plan, GError **errp);
/* The folder for the instance's disks that are files; *ret NULL for other templates
 * (CalculateFileStorageDir). */
bool lu_file_storage_dir(struct lu *lu, enum disk_template disk_template, const char *instance_name,
                         const char *below, char **ret, GError **errp);
/* Whether the cluster allows the template; OpPrereqError (common.py CheckDiskTemplateEnabled). */
bool lu_check_template_enabled(struct lu *lu, enum disk_template disk_template, GError **errp);
/* Free space in the volume groups of the nodes for new disks of a template; OpPrereqErrors. */
bool lu_check_disk_space(struct lu *lu, const char *const *nodes, size_t n_nodes,
                         enum disk_template disk_template, const struct idisk *disks, size_t n,
                         GError **errp);
/* mib are free in the volume group on each node (_CheckNodesFreeDiskOnVG). */
bool lu_check_vg_space(struct lu *lu, const char *const *nodes, size_t n, const char *vg,
                       int64_t mib, GError **errp);

/* --- On the nodes -------------------------------------------------------------------------------
 *
 * The instance need not be in the configuration yet. */
/* Makes all the disks, children first, on all their nodes; what was made is removed again on
 * failure. OpExecError. */
bool lu_disks_create(struct lu *lu, const struct instance *instance,
                     const struct disk *const *disks, size_t n, GError **errp);
/* The same on one node alone, whatever nodes the disks are on. */
bool lu_disks_create_on(struct lu *lu, const struct instance *instance,
                        const struct disk *const *disks, size_t n, const char *node_uuid,
                        GError **errp);
/* Removes again what lu_disks_create() made; warns of failures (_UndoCreateDisks). */
void lu_disks_undo(struct lu *lu, const struct instance *instance, const struct disk *const *disks,
                   size_t n);
/* Removes all disks of an instance of the configuration; warns of failures. False if something may
 * be left (then, unless ignore_failures, the ports stay taken). */
bool lu_disks_remove(struct lu *lu, const struct instance *instance, bool ignore_failures);
/* The same for some of its disks, or disks that were its own; node_uuid: only what they have there;
 * NULL: everywhere. Folders go once no disk of the instance is left in them; ports are the
 * caller's. */
bool lu_disks_remove_some(struct lu *lu, const struct instance *instance,
                          const struct disk *const *disks, size_t n, const char *node_uuid);
/* One device, without what it is made of; annotated as lu_disk_annotated() does it. */
bool lu_device_create(struct lu *lu, const struct instance *instance, const struct disk *device,
                      const char *node_uuid, bool on_primary, GError **errp);
/* Gives minors and ports back that disks have which come to nothing; warns of failures. */
void lu_disks_unreserve(struct lu *lu, const struct disk *const *disks, size_t n);
/* Overwrites disks of an instance from an offset on, with their sync paused. index: of the first
 * in the instance. */
bool lu_disks_wipe(struct lu *lu, const struct instance *instance, const struct disk *const *disks,
                   size_t n, size_t index, int64_t offset, GError **errp);
/* Stops or continues the sync of disks on the primary node; disks for which that fails are only
 * warned of. */
bool lu_disks_pause_sync(struct lu *lu, const struct instance *instance,
                         const struct disk *const *disks, size_t n, bool pause, GError **errp);

#endif
