/* Nodes that an instance changes in the same way: they carry the same and would carry the same
 * afterwards, so that scores with one or the other are equal to the last bit. Private to core. */
#ifndef GANTRY_HTOOLS_CORE_ALIKE_H
#define GANTRY_HTOOLS_CORE_ALIKE_H

#include "htools/core/score.h"
#include "htools/core/trial.h"

/* All that the score of a placement depends on. Compared byte by byte: it is cleared first, and
 * has no gaps. */
struct ht_traits {
    union ht_row before, after;
    struct ht_sums change;
    int64_t group, node; /* node: HT_NONE unless its locations count */
};

/* Nodes of the same traits, ascending if they were added so. */
struct ht_alike {
    struct ht_traits traits;
    const struct ht_node *sample;
    struct ht_load after; /* the sample's */
    GArray *nodes;        /* int */
};

struct ht_alikes {
    GPtrArray *classes; /* struct ht_alike, in the order of their first nodes */
    GHashTable *index;
};

void ht_alikes_init(struct ht_alikes *alikes);
void ht_alikes_clear(struct ht_alikes *alikes);
/* Adds the node of the trial to its class, which is returned. */
struct ht_alike *ht_alikes_add(struct ht_alikes *alikes, const struct ht_trial *trial);

#endif
