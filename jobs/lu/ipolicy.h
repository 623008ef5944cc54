/* Instance policies as clients give them (reference: lib/objects.py InstancePolicy,
 * lib/cmdlib/common.py CheckIpolicyVsDiskTemplates). */
#ifndef GANTRY_JOBS_LU_IPOLICY_H
#define GANTRY_JOBS_LU_IPOLICY_H

#include <glib.h>
#include <stdbool.h>

#include "compat-config/model/cfg.h"
#include "facts/objects.h"

/* Whether a policy that is in force as a whole makes sense: each range complete and not empty, the
 * usual instance within one of them (check_std), at least one disk template. OpPrereqErrors. */
bool lu_ipolicy_check(const struct ipolicy *filled, bool check_std, GError **errp);
/* A group's own policy (zeroed memory) from what a client gave, checked together with the
 * cluster's.
 */
bool lu_ipolicy_of_group(const struct cfg *cfg, const struct any_dict *given, struct ipolicy *ret,
                         GError **errp);
/* Puts what a client gave into a group's own policy; what is empty or "default" is taken away
 * (common.py GetUpdatedIPolicy). */
bool lu_ipolicy_update_group(const struct cfg *cfg, const struct any_dict *given,
                             struct ipolicy *policy, GError **errp);

/* The same for the cluster's (of a draft), of which nothing can be taken away. The disk templates
 * that it allows must be among those that the draft enables, even if nothing is given. */
bool lu_ipolicy_update_cluster(const struct any_dict *given, struct cluster *draft, GError **errp);

#endif
