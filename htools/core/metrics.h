/* The score of a set of nodes: 0 is perfect. Floating-point operations come in the order of the
 * reference's Metrics.hs and Statistics.hs, over nodes in ascending order, so that results are the
 * same to the last bit. */
#ifndef GANTRY_HTOOLS_CORE_METRICS_H
#define GANTRY_HTOOLS_CORE_METRICS_H

#include "htools/core/cluster.h"

enum ht_metric {
#define HT_METRIC(ident, ...) HT_METRIC_##ident,
#include "facts/htools.def"
    HT_METRIC_COUNT
};

/* The first ones have an order of summation that matters: standard deviations, then the sum of the
 * reserved memory. The others are sums of integers. */
struct ht_metric_row {
    double dev[16]; /* HT_ROW_...; unused ones are 0 */
    int64_t n1, offline_all, offline_pri, pri_tags, location;
};

/* Score of the nodes (ascending indexes). Of no online node: 0. */
double ht_score(const struct ht_cluster *cluster, const int *nodes, unsigned n_nodes);
double ht_score_view(const struct ht_cluster *cluster, const struct ht_view *view);
/* The best score that N+1 reservations leave possible. */
double ht_score_optimal(const struct ht_cluster *cluster, const struct ht_view *view);
/* The table of -v -v -v: every line starts with prefix. */
void ht_score_table(const struct ht_cluster *cluster, const struct ht_view *view,
                    const char *prefix, GString *out);

/* Running statistics: the reference updates them node by node when it allocates on two nodes, with
 * other roundings than a fresh sum. */
struct ht_stats;
struct ht_stats *ht_stats_new(const struct ht_cluster *cluster, const struct ht_view *view);
void ht_stats_free(struct ht_stats *stats);
DEFINE_CLEANUP(struct ht_stats *, ht_stats_free)

#endif
