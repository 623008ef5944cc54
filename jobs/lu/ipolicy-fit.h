/* Whether instances fit instance policies (reference: lib/cmdlib/common.py
 * ComputeIPolicySpecViolation, lib/cmdlib/instance_utils.py CheckTargetNodeIPolicy). */
#ifndef GANTRY_JOBS_LU_IPOLICY_FIT_H
#define GANTRY_JOBS_LU_IPOLICY_FIT_H

#include "compat-config/model/cfg.h"
#include "jobs/lu/lu.h"

/* What of an instance is looked at; memory and disks in MiB. Below 0: not known, not looked at. */
struct lu_sizes {
    int64_t memory, vcpus, nics, spindles;
    struct lu_sizes_disk {
        enum disk_template disk_template;
        int64_t size;
    } * disks;
    size_t n_disks;
};

/* What speaks against them in a policy that is in force as a whole, as texts that lack nothing but
 * the name of the instance; empty if they fit. Of several ranges the one that fits best counts.
 * Freeing the array frees the texts. */
GPtrArray *lu_ipolicy_violations(const struct ipolicy *filled, const struct lu_sizes *sizes);
/* The same for an instance as it is recorded. */
GPtrArray *lu_ipolicy_violations_of(const struct cfg *cfg, const struct ipolicy *filled,
                                    const struct instance *instance);
/* What they say as one text, owned by the caller; NULL if there are none. Takes the array. */
char *lu_ipolicy_text(GPtrArray *violations);

/* The instance fits the policy of the node's group, if that is not its own; ignore: only a warning.
 * An OpPrereqError. */
bool lu_check_target_ipolicy(struct lu *lu, const struct instance *instance,
                             const struct node *target, bool ignore, GError **errp);

#endif
