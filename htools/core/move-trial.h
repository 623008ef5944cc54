/* A move tried out: what the nodes would carry. Private to core. */
#ifndef GANTRY_HTOOLS_CORE_MOVE_TRIAL_H
#define GANTRY_HTOOLS_CORE_MOVE_TRIAL_H

#include "htools/core/moves.h"
#include "htools/core/trial.h"

struct ht_move_trial {
    /* p: the old primary; s: the old secondary, or the target of a failover to any node;
     * t: the target of the others. */
    struct ht_trial p, s, t;
    int n;            /* 2: t is unused */
    int pnode, snode; /* afterwards */
    int location_score;
};

/* On failure ret is undefined. */
enum ht_fail ht_move_try(const struct ht_cluster *cluster, const struct ht_instance *inst,
                         struct ht_move move, bool force, struct ht_move_trial *ret);

#endif
