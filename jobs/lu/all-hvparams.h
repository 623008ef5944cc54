/* All hypervisor parameters that a cluster knows, for checks of all of them (reference:
 * lib/cmdlib/cluster/verify.py _GetAllHypervisorParameters). */
#ifndef GANTRY_JOBS_LU_ALL_HVPARAMS_H
#define GANTRY_JOBS_LU_ALL_HVPARAMS_H

#include "compat-config/model/cfg.h"

/* source: "cluster", "os debian", "instance web1". filled: the whole set in force there, borrowed
 * until the function returns. */
typedef void lu_hvparams_fn(const char *source, enum hypervisor hypervisor,
                            const struct value_map *filled, void *data);
/* Calls fn for the enabled hypervisors, then for OSes, then for instances that have parameters of
 * their own. */
void lu_all_hvparams(const struct cfg *cfg, lu_hvparams_fn *fn, void *data);

/* The cluster's of a hypervisor; an empty map if it has none. */
const struct value_map *lu_cluster_hvparams(const struct cfg *cfg, enum hypervisor hypervisor);

#endif
