/* Disks of an instance on its nodes: assembling and shutting down (reference:
 * lib/cmdlib/instance_storage.py). Units with the instance's lock only. */
#ifndef GANTRY_JOBS_LU_DISKS_H
#define GANTRY_JOBS_LU_DISKS_H

#include "jobs/lu/lu.h"

/* --- Where a disk is ----------------------------------------------------------------------------
 *
 * The top-level device of a disk on each node that has one, the primary first where it is one of
 * them (objects.py ComputeNodeTree). Borrowed from the disk. */
struct lu_device {
    const char *node_uuid;
    const struct disk *disk;
};
/* Appends to an array of struct lu_device. */
void lu_disk_devices(const struct disk *disk, const char *primary_uuid, GArray *devices);

/* Whether all or some of the templates of an instance's disks are in a CONST_SET; an instance
 * without disks has the template diskless (utils AllDiskOfType, AnyDiskOfType). */
bool lu_disks_all_in(struct cfg_disks disks, int set);
bool lu_disks_any_in(struct cfg_disks disks, int set);
/* Whether the disk is whole on a node, with everything below it; warns of what is not there
 * (CheckDiskConsistency). on_primary: else only what a secondary node assembles is looked at. */
bool lu_disk_is_consistent(struct lu *lu, const struct instance *instance, const struct disk *disk,
                           const char *node_uuid, bool on_primary);

/* The same, where only the data of the disk itself must be good, whatever its mirror is. */
bool lu_disk_has_good_data(struct lu *lu, const struct instance *instance, const struct disk *disk,
                           const char *node_uuid, bool on_primary);

/* Appends the indices (int64_t) of the disks whose data on the node is lost
 * (FindFaultyInstanceDisks). An OpPrereqError. */
bool lu_disks_find_faulty(struct lu *lu, const struct instance *instance, const char *node_uuid,
                          GArray *faulty, GError **errp);

/* --- Recorded state -----------------------------------------------------------------------------
 *
 * Each is one commit, and none if nothing changes (ConfigModifications.hs setInstanceStatus). NULL:
 * stays. The snapshot is fresh afterwards. */
bool lu_instance_record(struct lu *lu, const char *uuid, const enum admin_state *state,
                        const enum admin_state_source *source, const bool *disks_active,
                        GError **errp);

/* --- On the nodes -------------------------------------------------------------------------------
 */
/* What became of a disk on the primary node. */
struct lu_assembled {
    char *iv_name;        /* "disk/0" */
    char *device;         /* path on the primary node; NULL: it could not be assembled */
    struct json *payload; /* the whole answer; NULL */
};
void lu_assembled_free(GArray *assembled);
DEFINE_CLEANUP(GArray *, lu_assembled_free)

enum lu_assemble_flags {
    LU_ASSEMBLE_IGNORE_SECONDARIES = 1 << 0, /* failures there are only warnings */
    LU_ASSEMBLE_IGNORE_SIZE = 1 << 1,        /* the recorded size may be wrong */
};
/* Makes all disks of the instance usable on its primary node and records that they are; if that
 * fails, it records that they are not. Warns of each failure; the error is an OpExecError. An array
 * of struct lu_assembled may be asked for. */
bool lu_disks_assemble(struct lu *lu, const char *instance_uuid, unsigned flags,
                       GArray **ret_assembled, GError **errp);
/* The same for a start: what was assembled is undone on failure. force: as the opcode has it. */
bool lu_disks_start(struct lu *lu, const char *instance_uuid, bool force, GError **errp);
/* The same where nothing can be forced. */
bool lu_disks_start_whole(struct lu *lu, const char *instance_uuid, GError **errp);
/* Records that the disks are not active and undoes their assembly; warns of failures. *ret_clean
 * (may be NULL): whether all went well. An error is one of the configuration only. */
bool lu_disks_shutdown(struct lu *lu, const char *instance_uuid, bool ignore_primary,
                       bool *ret_clean, GError **errp);
/* One disk alone, by its index, with nothing recorded; what fails when shutting down is only warned
 * of. */
bool lu_disk_assemble(struct lu *lu, const struct instance *instance, size_t index, GError **errp);
bool lu_disk_assemble_told(struct lu *lu, const struct instance *instance, size_t index,
                           struct json **ret_said, GError **errp); /* its answer; NULL: unknown */
void lu_disk_shutdown(struct lu *lu, const struct instance *instance, const struct disk *disk);

#endif
