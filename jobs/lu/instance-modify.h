/* What the parts of OP_INSTANCE_SET_PARAMS share (reference: lib/cmdlib/instance_set_params.py).
 *
 * Prefixes: modify_<part>_arguments() looks at the opcode alone, _check() runs in check_prereq and
 * changes nothing but reservations, _apply() runs in exec. */
#ifndef GANTRY_JOBS_LU_INSTANCE_MODIFY_H
#define GANTRY_JOBS_LU_INSTANCE_MODIFY_H

#include "jobs/lu/device-mods.h"
#include "jobs/lu/lu.h"

/* A change of a disk with its parameters read and checked. */
struct modify_disk_step {
    const struct lu_mod *mod;
    struct idisk wanted;
    char *uuid; /* attach: of the disk */
};
/* What disks are called in results and texts. */
#define MODIFY_DISK "disk"

struct modify_own {
    /* What it will have of its own. */
    struct value_map hvparams, osparams, osparams_private;
    struct beparams beparams;
    struct nic_list nics;
    bool nics_change;

    GArray *nic_mods, *disk_mods; /* struct lu_mod */
    GPtrArray *nic_steps;         /* struct nic_step, in order */
    GPtrArray *disk_steps;        /* struct modify_disk_step, in order */
    struct idisk_list disks;      /* conversion: the new disks, complete */
    bool hotplug;                 /* devices of the running guest change too */
    GPtrArray *warnings;          /* told when the unit starts */
    /* Parts of the result, lists of [what, new value]. */
    struct json *disk_changes, *nic_changes;
};

/* Of the snapshot. */
const struct instance *modify_instance(struct lu *lu);
/* The instance as it will be; borrows from the snapshot and from own. */
struct instance modify_changed(struct lu *lu);
/* The node group of its primary node, NULL if the configuration is broken. */
const struct node_group *modify_group(struct lu *lu);
/* A warning for the start of exec; takes the text. */
void modify_warn_later(struct lu *lu, char *text);

/* --- Parameters: instance-modify-params.c -------------------------------------------------------
 */
bool modify_params_arguments(struct lu *lu, GError **errp);
/* nodes: UUIDs, the primary first. */
bool modify_params_check(struct lu *lu, const GPtrArray *nodes, GError **errp);
/* The memory of the guest that runs. */
bool modify_memory_apply(struct lu *lu, GError **errp);

/* --- Interfaces: instance-modify-nics.c ---------------------------------------------------------
 */
bool modify_nics_arguments(struct lu *lu, GError **errp);
bool modify_nics_check(struct lu *lu, GError **errp);
/* In the running guest; the configuration is the caller's. */
void modify_nics_plug(struct lu *lu);
void modify_nics_clear(struct modify_own *own);

/* --- Disks: instance-modify-disks.c -------------------------------------------------------------
 */
bool modify_disks_arguments(struct lu *lu, GError **errp);
bool modify_disks_check(struct lu *lu, GError **errp);
/* instance-modify-disks-run.c */
bool modify_disks_apply(struct lu *lu, GError **errp);
void modify_disks_clear(struct modify_own *own);
/* How large disks come to be, with those that are added; freed by the caller. */
struct lu_sizes_disk *modify_disks_sizes(struct lu *lu, size_t *ret_n);

/* --- Another disk template: instance-convert.c --------------------------------------------------
 */
bool modify_convert_arguments(struct lu *lu, GError **errp);
bool modify_convert_check(struct lu *lu, GError **errp);
bool modify_convert_apply(struct lu *lu, GError **errp);

/* --- Devices of the running guest: hotplug.c ----------------------------------------------------
 */
/* Sets own->hotplug: whether it is wanted and possible. */
bool modify_hotplug_check(struct lu *lu, GError **errp);
/* Plugs a disk or an interface in or out; extra (may be NULL): what assembling the disk said.
 * Returns what the result says of it; owned by the caller. */
struct json *modify_hotplug(struct lu *lu, enum hotplug_action action, const struct disk *disk,
                            const struct nic *nic, struct json *extra, size_t index);

#endif
