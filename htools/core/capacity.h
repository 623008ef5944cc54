/* How many instances still fit: allocation of the same size again and again, and with sizes that
 * shrink (the reference's iterateAlloc and tieredAlloc in Cluster.hs). */
#ifndef GANTRY_HTOOLS_CORE_CAPACITY_H
#define GANTRY_HTOOLS_CORE_CAPACITY_H

#include "htools/core/alloc.h"

struct ht_capacity {
    GArray *placed;                 /* int: new instances of the cluster, in order */
    unsigned failures[HT_FAIL_END]; /* of the last attempt, by reason */
    bool attempted;                 /* there was one */
};
void ht_capacity_init(struct ht_capacity *capacity);
void ht_capacity_clear(struct ht_capacity *capacity);

/* Both add the instances that fit to the cluster and to capacity->placed, which may have some from
 * before. limit: at most this many, negative for no limit. view is the whole cluster; it may get
 * more instances, which it need not list. */
bool ht_capacity_fill(struct ht_cluster *cluster, const struct ht_view *view,
                      const struct ht_algorithm *algorithm, int64_t limit,
                      const struct ht_instance *inst, const struct ht_alloc_nodes *targets,
                      struct ht_capacity *capacity, GError **errp)
    __attribute__((warn_unused_result));
bool ht_capacity_fill_tiered(struct ht_cluster *cluster, const struct ht_view *view,
                             const struct ht_algorithm *algorithm, int64_t limit,
                             const struct ht_instance *inst, const struct ht_alloc_nodes *targets,
                             struct ht_capacity *capacity, GError **errp)
    __attribute__((warn_unused_result));

/* The reasons, the least frequent first. */
void ht_capacity_reasons(const struct ht_capacity *capacity, enum ht_fail ret[HT_FAIL_COUNT]);

#endif
