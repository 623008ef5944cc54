/* For one new instance: the best secondary node to each primary node, and why others would not do,
 * without trying all pairs. Private to core.
 *
 * Nodes that are alike as secondaries are tried once. What a pair scores is nearly what its primary
 * adds plus what its secondary adds; how far it can be off is bounded (the mixed part of the square
 * roots), so the secondaries are looked at in the order of what they add, until the bound says that
 * the rest is worse. */
#ifndef GANTRY_HTOOLS_CORE_SECONDARIES_H
#define GANTRY_HTOOLS_CORE_SECONDARIES_H

#include "htools/core/alloc.h"
#include "htools/core/score.h"
#include "htools/core/trial.h"

struct ht_secondaries;

/* stats: of the nodes that count, before; borrowed. NULL if some number of it is not finite; then
 * all pairs must be tried. */
struct ht_secondaries *ht_secondaries_new(const struct ht_cluster *cluster,
                                          const struct ht_stats *stats,
                                          const struct ht_instance *inst,
                                          const struct ht_alloc_nodes *targets);
void ht_secondaries_free(struct ht_secondaries *secondaries);

struct ht_secondary_choice {
    unsigned failures[HT_FAIL_END]; /* of the other nodes of the group, by reason */
    unsigned n_good;
    int snode;    /* HT_NONE if n_good is 0; of equal ones the last */
    double score; /* of the pair */
};
/* stats: with the instance on pnode. False: try all of them. */
bool ht_secondaries_choose(struct ht_secondaries *secondaries, const struct ht_node *pnode,
                           const struct ht_stats *stats, struct ht_secondary_choice *ret)
    __attribute__((warn_unused_result));

/* The score of a pair: stats are those with the primary, trial is that of the secondary. */
double ht_pair_score(const struct ht_stats *stats, const struct ht_instance *inst,
                     const struct ht_node *pnode, const struct ht_trial *trial);

#endif
