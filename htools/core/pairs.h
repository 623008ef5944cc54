/* The best pair of nodes for an instance with a secondary, when nodes are many and alike: nodes
 * that carry the same and would carry the same afterwards give the same score, to the last bit, so
 * one pair of each two classes is enough. Private to core. */
#ifndef GANTRY_HTOOLS_CORE_PAIRS_H
#define GANTRY_HTOOLS_CORE_PAIRS_H

#include "htools/core/alloc.h"

/* What ht_alloc_try() without capacity checks would find; only found, pnode, snode and score of ret
 * are set. False: this instance cannot be answered here. */
bool ht_pairs_best(struct ht_cluster *cluster, const struct ht_view *view,
                   const struct ht_algorithm *algorithm, const struct ht_instance *inst,
                   const struct ht_alloc_nodes *targets, struct ht_alloc_solution *ret)
    __attribute__((warn_unused_result));

#endif
