/* OP_CLUSTER_SET_PARAMS in three files: cluster-modify.c carries it out, cluster-draft.c works out
 * what the cluster shall be, cluster-modify-check.c asks nodes and looks at instances (reference:
 * lib/cmdlib/cluster/__init__.py LUClusterSetParams). */
#ifndef GANTRY_JOBS_LU_CLUSTER_MODIFY_H
#define GANTRY_JOBS_LU_CLUSTER_MODIFY_H

#include "jobs/lu/draft.h"
#include "jobs/lu/lu.h"

struct cluster_change {
    struct lu_draft draft; /* of the cluster object */
    /* Disk templates, 1 << enum disk_template: those that can be used afterwards, those of them
     * that cannot now, and those that can now only. */
    unsigned enabled, fresh, gone;
    struct value_map_map diskparams; /* as given, in the form of the rows */
};

static inline struct cluster *cluster_new(const struct cluster_change *change)
{
    return change->draft.draft;
}
static inline const struct cluster *cluster_old(const struct cluster_change *change)
{
    return change->draft.base;
}

/* Puts what the opcode says into the draft. Looks at nothing but the cluster object. */
bool cluster_draft(struct lu *lu, struct cluster_change *change, GError **errp);

/* With the draft made: nothing in use goes away, and the nodes are fit for what is new. */
bool cluster_check_storage(struct lu *lu, const struct cluster_change *change, GError **errp);
/* Instances with the parameters of the draft: their interfaces are good, their disks can be
 * accessed; warns of those that violate the instance policy and did not before. */
bool cluster_check_instances(struct lu *lu, const struct cluster_change *change, GError **errp);
/* Hypervisor parameters and OS parameters on nodes. */
bool cluster_check_params(struct lu *lu, const struct cluster_change *change, GError **errp);

#endif
