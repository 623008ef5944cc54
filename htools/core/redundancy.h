/* Global N+1: every node can be lost, because its instances can be brought up on the others of its
 * group (the reference's GlobalN1.hs). Answers many questions of the form "and with this instance
 * more?" about one state of the cluster. */
#ifndef GANTRY_HTOOLS_CORE_REDUNDANCY_H
#define GANTRY_HTOOLS_CORE_REDUNDANCY_H

#include "htools/core/cluster.h"

struct ht_redundancy;

/* The nodes of view are looked at, as far as the algorithm does not leave them out. The cluster
 * must stay as it is while this lives (ht_redundancy_allows() leaves it as it was). */
struct ht_redundancy *ht_redundancy_new(struct ht_cluster *cluster, const struct ht_view *view,
                                        const struct ht_algorithm *algorithm);
void ht_redundancy_free(struct ht_redundancy *redundancy);

/* It holds now. */
bool ht_redundancy_holds(const struct ht_redundancy *redundancy);
/* The number of nodes that cannot be lost. */
unsigned ht_redundancy_failing(const struct ht_redundancy *redundancy);
/* It does not hold, and inst, wherever it came, would not help. */
bool ht_redundancy_lost(const struct ht_redundancy *redundancy, const struct ht_instance *inst);
/* It holds with inst, which is on no node now, on these nodes. */
bool ht_redundancy_allows(struct ht_redundancy *redundancy, const struct ht_instance *inst,
                          int pnode, int snode);

/* For a single question. */
bool ht_view_redundant(struct ht_cluster *cluster, const struct ht_view *view,
                       const struct ht_algorithm *algorithm);

#endif
