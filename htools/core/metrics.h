/* The score of a set of nodes: 0 is perfect. Floating-point operations come in the order of the
 * reference's Metrics.hs and Statistics.hs, over nodes in ascending order, so that results are the
 * same to the last bit. */
#ifndef GANTRY_HTOOLS_CORE_METRICS_H
#define GANTRY_HTOOLS_CORE_METRICS_H

#include "htools/core/cluster.h"

/* Score of the nodes of the view. Of no online node: 0. */
double ht_score(const struct ht_cluster *cluster, const struct ht_view *view);
/* The best score that N+1 reservations leave possible. */
double ht_score_optimal(const struct ht_cluster *cluster, const struct ht_view *view);
/* The table of -v -v -v: every line starts with prefix. */
void ht_score_table(const struct ht_cluster *cluster, const struct ht_view *view,
                    const char *prefix, GString *out);

#endif
