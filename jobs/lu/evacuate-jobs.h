/* Moving instances by the jobs that an allocator answers with (reference: lib/cmdlib/common.py
 * LoadNodeEvacResult). */
#ifndef GANTRY_JOBS_LU_EVACUATE_JOBS_H
#define GANTRY_JOBS_LU_EVACUATE_JOBS_H

#include "jobs/iallocator/iallocator.h"
#include "jobs/lu/lu.h"

struct lu_evacuation {
    bool early_release;
    bool force_failover; /* no live migration */
    bool sequential;     /* one job after the other */
};
/* Asks a question of mode NODE_EVACUATE or CHANGE_GROUP; the jobs of the answer become those of the
 * unit. Instances that cannot move are an OpExecError. */
bool lu_evacuation_ask(struct lu *lu, const struct ia_request *request, const char *allocator,
                       const struct lu_evacuation *how, GError **errp);

#endif
