/* Which candidates of a balancing step can still be the best: a proof by lower bounds.
 *
 * The score is a sum of w * sqrt(v + d), where d is what a move changes of a variance. A chord
 * below each root makes a lower bound that is linear in d, and d is a sum over the few nodes that a
 * move touches. So a bound takes some ten multiplications per (instance, target). What passes is
 * tried out on the real numbers, and gets a bound from below and from above that encloses every
 * rounding. What passes again is left to the exact score.
 *
 * Between steps each instance keeps an upper bound of what it can gain. A move leaves all
 * candidates alone that share no node with it, except that their gain drifts with the variances;
 * the drift is bounded for all together. Private to core. */
#ifndef GANTRY_HTOOLS_CORE_BOUND_H
#define GANTRY_HTOOLS_CORE_BOUND_H

#include "htools/core/candidate.h"

struct ht_bounds;
struct ht_bounds *ht_bounds_new(struct ht_field *field);
void ht_bounds_free(struct ht_bounds *bounds);
/* Appends every candidate (struct ht_candidate) that may have the lowest score below the field's;
 * the others are proven worse. */
void ht_bounds_collect(struct ht_bounds *bounds, GArray *found);
/* Around the execution of a candidate. */
void ht_bounds_before_move(struct ht_bounds *bounds, const struct ht_candidate *candidate);
void ht_bounds_after_move(struct ht_bounds *bounds);

#endif
