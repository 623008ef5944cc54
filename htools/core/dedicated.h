/* Allocation on clusters whose nodes all have exclusive storage: a place is good if it spoils
 * little for later instances of the policies' smallest sizes (the reference's Dedicated.hs). */
#ifndef GANTRY_HTOOLS_CORE_DEDICATED_H
#define GANTRY_HTOOLS_CORE_DEDICATED_H

#include "htools/core/alloc.h"

/* Every node that could be allocated to (of the group of this name; NULL: of all allocable groups)
 * has exclusive storage. */
bool ht_cluster_dedicated(const struct ht_cluster *cluster, const char *group);

/* As ht_alloc_try(), with the other measure: ret->lost and ret->lost_disk instead of a score. */
bool ht_dedicated_try(struct ht_cluster *cluster, const struct ht_instance *inst,
                      const struct ht_algorithm *algorithm, const struct ht_alloc_nodes *targets,
                      struct ht_alloc_solution *ret, GError **errp)
    __attribute__((warn_unused_result));

/* Negative, 0 or positive: a costs less, the same or more than b. */
int ht_dedicated_compare(const struct ht_alloc_solution *a, const struct ht_alloc_solution *b);

/* As ht_alloc_in_group(). */
bool ht_alloc_dedicated(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                        const char *group, const struct ht_instance *inst, int n_required,
                        struct ht_alloc_solution *ret, GError **errp)
    __attribute__((warn_unused_result));

/* The same in the group of this name, but the lines of ret->log do not name it. */
bool ht_alloc_dedicated_terse(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                              const char *group, const struct ht_instance *inst, int n_required,
                              struct ht_alloc_solution *ret, GError **errp)
    __attribute__((warn_unused_result));

#endif
