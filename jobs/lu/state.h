/* What an administrator says about the resources of nodes: hypervisor state and disk state
 * (reference: lib/cmdlib/common.py MergeAndVerifyHvState, MergeAndVerifyDiskState). */
#ifndef GANTRY_JOBS_LU_STATE_H
#define GANTRY_JOBS_LU_STATE_H

#include <glib.h>
#include <stdbool.h>

#include "facts/objects.h"

/* Puts what is given into the state that an object has; "default" takes a value away. given may be
 * empty. Errors are OpPrereqErrors and TypeEnforcementErrors. */
bool lu_hv_state_merge(const struct any_dict *given, struct any_map *state, GError **errp);
bool lu_disk_state_merge(const struct any_dict *given, struct any_map *state, GError **errp);

/* Each dictionary of numbers in a state gets what it lacks: the cluster's is always whole
 * (objects.py SimpleFillHvState, SimpleFillDiskState). */
void lu_hv_state_fill(struct any_map *state);
void lu_disk_state_fill(struct any_map *state);

#endif
