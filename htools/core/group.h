/* A node group of the planning model. */
#ifndef GANTRY_HTOOLS_CORE_GROUP_H
#define GANTRY_HTOOLS_CORE_GROUP_H

#include "htools/core/types.h"

/* Set by backends; strings and arrays live in the cluster's arena. */
struct ht_group {
    const char *name, *uuid;
    int idx;
    enum ht_alloc_policy alloc_policy;
    const char *const *networks; /* UUIDs */
    unsigned n_networks;
    const char *const *tags;
    unsigned n_tags;
    struct ht_ipolicy ipolicy;
};

static inline bool ht_group_allocable(const struct ht_group *group)
{
    return group->alloc_policy != HT_ALLOC_UNALLOCABLE;
}

#endif
