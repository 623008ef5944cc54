/* Balancing one group: the best next move, again and again (the reference's tryBalance).
 *
 * Every step gives the move that a full search over all instances, targets and kinds of moves, in
 * the reference's order and with its floating-point results, would find first. Candidates are left
 * out only when a lower bound of their score proves that they cannot win. */
#ifndef GANTRY_HTOOLS_CORE_BALANCE_H
#define GANTRY_HTOOLS_CORE_BALANCE_H

#include "htools/core/cluster.h"

struct ht_balancer;

/* Cluster and view must outlive the balancer; nobody else may move instances meanwhile. */
struct ht_balancer *ht_balancer_new(struct ht_cluster *cluster, const struct ht_view *view,
                                    const struct ht_algorithm *algorithm);
void ht_balancer_free(struct ht_balancer *balancer);
DEFINE_CLEANUP(struct ht_balancer *, ht_balancer_free)

/* The score of the view's nodes as they are now. */
double ht_balancer_score(const struct ht_balancer *balancer);
/* Finds and executes the best move. False: there is none that is worth it, nothing was changed. */
bool ht_balancer_step(struct ht_balancer *balancer, struct ht_placement *ret);

/* Steps until max_steps (negative: no limit), min_score or the end. Returns the number of moves;
 * found (a GArray of struct ht_placement, or NULL) gets them. */
unsigned ht_balance(struct ht_cluster *cluster, const struct ht_view *view,
                    const struct ht_algorithm *algorithm, int max_steps, double min_score,
                    GArray *found);

#endif
