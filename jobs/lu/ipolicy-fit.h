/* Whether an instance fits an instance policy (reference: lib/cmdlib/common.py
 * ComputeIPolicySpecViolation). */
#ifndef GANTRY_JOBS_LU_IPOLICY_FIT_H
#define GANTRY_JOBS_LU_IPOLICY_FIT_H

#include <glib.h>

#include "compat-config/model/cfg.h"

/* What an instance has; -1 where it does not matter. Sizes are MiB. */
struct lu_ispec {
    int64_t memory, vcpus, nics, spindle_use;
    const int64_t *disk_sizes;
    const enum disk_template *disk_templates;
    size_t n_disks;
};
/* What does not fit, as one text; NULL if all does. The caller's. */
char *lu_ipolicy_violations(const struct ipolicy *filled, const struct lu_ispec *spec);

#endif
