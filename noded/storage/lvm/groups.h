/* Volume groups and physical volumes of this node (bdev.py LogicalVolume, utils/lvm.py). Sizes are
 * MiB. Errors are those of the command, or BlockDeviceError for a report that cannot be read.
 *
 * Exclusive storage gives each disk physical volumes of its own ("spindles"); they are then counted
 * as if all had the size of the smallest, less a reserve. */
#ifndef GANTRY_NODED_STORAGE_LVM_GROUPS_H
#define GANTRY_NODED_STORAGE_LVM_GROUPS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "facts/objects.h"
#include "noded/storage/lvm/build.h"

/* Runs the report; g_free(). */
char *lvm_report(enum lvm_report report, const char *const *names, GError **errp);

enum lvm_pvs_flags {
    LVM_PVS_ALL = 1 << 0, /* also those that are not allocatable */
    LVM_PVS_LVS = 1 << 1, /* with the logical volumes on them */
};
/* Array of struct lvm_pv_info, freed with it. groups: names; NULL or empty: of all. */
GPtrArray *lvm_pvs(const char *const *groups, unsigned flags, GError **errp);

/* Room in a group that may be written to. *ret_there is false if there is none of that name. With
 * exclusive storage only whole physical volumes count as free. */
bool lvm_group_room(const char *group, bool exclusive, double *ret_size, double *ret_free,
                    bool *ret_there, GError **errp);
/* Physical volumes of a group and how many of them are empty; 0 if there is no such group. */
bool lvm_group_spindles(const char *group, int64_t *ret_all, int64_t *ret_free, GError **errp);

/* Size that each physical volume counts as with exclusive storage; pvs must not be empty. */
double lvm_standard_size(const GPtrArray *pvs);
bool lvm_pv_is_empty(const struct lvm_pv_info *pv);
/* Whether the sizes differ more than exclusive storage can bear. */
bool lvm_sizes_differ(const GPtrArray *pvs);

#endif
