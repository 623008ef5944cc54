/* The parts of the score, for those who compute many: what one node contributes (a row), sums over
 * rows, and running statistics. Private to core. */
#ifndef GANTRY_HTOOLS_CORE_SCORE_H
#define GANTRY_HTOOLS_CORE_SCORE_H

#include "htools/core/metrics.h"

/* Rows are padded to whole pairs of columns, which are computed together. */
enum { HT_COL_PAIRS = (HT_COL_COUNT + 1) / 2 };

typedef double ht_pair __attribute__((vector_size(16)));

/* What a node contributes to the standard deviations. */
union ht_row {
    ht_pair pair[HT_COL_PAIRS];
    double col[HT_COL_PAIRS * 2];
};

/* Sums of integers: exact in any order. */
struct ht_sums {
    int64_t n1, offline_all, offline_pri, pri_tags, location, location_excl;
};

/* The row of a node with this load. */
void ht_row_compute(const struct ht_node *node, const struct ht_load *load, union ht_row *row);
/* Adds sign times what the node contributes to the sums, except for location_excl. */
void ht_sums_add(struct ht_sums *sums, const struct ht_node *node, const struct ht_load *load,
                 int sign);

/* The values of all metrics over rows of online nodes. */
struct ht_values {
    union ht_row dev;
    double reserved_total;
};
void ht_values_compute(const union ht_row *rows, unsigned n, struct ht_values *values);
/* The weighted sum of everything. */
double ht_values_score(const struct ht_values *values, const struct ht_sums *sums);
/* Statistics that are updated node by node (Statistics.hs, updateStatistics). n is 0 when no node
 * is online; then the score is 0. */
struct ht_stats {
    double n;
    union ht_row sum, var;
    struct ht_sums sums;
    struct ht_counts pairs; /* of all online nodes */
};
void ht_stats_init(struct ht_stats *stats, const struct ht_cluster *cluster,
                   const struct ht_view *view);
void ht_stats_clear(struct ht_stats *stats);
/* The node had one load and now has the other; pairs are up to the caller. */
void ht_stats_update(struct ht_stats *stats, const struct ht_node *node,
                     const struct ht_load *before, const struct ht_load *after);
double ht_stats_score(const struct ht_stats *stats);

/* The number of instances beyond the first of each pair. */
int64_t ht_pairs_excess(const struct ht_counts *pairs);

#endif
