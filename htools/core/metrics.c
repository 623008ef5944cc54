#include "htools/core/metrics.h"

#include <math.h>

#include "htools/core/print.h"
#include "htools/core/score.h"
#include "htools/core/trial.h"

/* Matches Node.hs, computePDsk: a node without local disks counts as empty. */
static double free_disk(int64_t free, double total)
{
    return total == 0 ? 1 : (double)free / total;
}

void ht_row_compute(const struct ht_node *node, const struct ht_load *load, union ht_row *row)
{
    double *col = row->col;

    col[HT_COL_FREE_MEM] = (double)ht_load_unallocated_mem(node, load) / node->t_mem;
    col[HT_COL_FREE_MEM_FORTH] = (double)load->f_mem_forth / node->t_mem;
    if (node->excl_storage) {
        col[HT_COL_FREE_DISK] = free_disk(load->f_spindles, (double)node->t_spindles);
        col[HT_COL_FREE_DISK_FORTH] = free_disk(load->f_spindles_forth, (double)node->t_spindles);
    } else {
        col[HT_COL_FREE_DISK] = free_disk(load->f_dsk, node->t_dsk);
        col[HT_COL_FREE_DISK_FORTH] = free_disk(load->f_dsk_forth, node->t_dsk);
    }
    col[HT_COL_RESERVED] = (double)load->r_mem / node->t_mem;
    col[HT_COL_VCPU_RATIO] = (double)load->u_cpu / node->t_cpu / node->cpu_speed;
    col[HT_COL_VCPU_FORTH] = (double)load->u_cpu_forth / node->t_cpu / node->cpu_speed;
    col[HT_COL_CPU_LOAD] = load->util.v[HT_UTIL_CPU] / node->pool.v[HT_UTIL_CPU];
    col[HT_COL_MEM_LOAD] = load->util.v[HT_UTIL_MEM] / node->pool.v[HT_UTIL_MEM];
    col[HT_COL_DISK_LOAD] = load->util.v[HT_UTIL_DSK] / node->pool.v[HT_UTIL_DSK];
    col[HT_COL_NET_LOAD] = load->util.v[HT_UTIL_NET] / node->pool.v[HT_UTIL_NET];
    col[HT_COL_SPINDLES] = load->inst_spindles / node->hi_spindles;
    col[HT_COL_SPINDLES_FORTH] = load->inst_spindles_forth / node->hi_spindles;
    for (int i = HT_COL_COUNT; i < HT_COL_PAIRS * 2; i++) {
        col[i] = 0;
    }
}

void ht_sums_add(struct ht_sums *sums, const struct ht_node *node, const struct ht_load *load,
                 int sign)
{
    int64_t all = load->n_pri + load->n_sec;

    if (node->offline) {
        sums->offline_all += sign * all;
        sums->offline_pri += sign * load->n_pri;
        return;
    }
    sums->n1 += load->fail_n1 ? sign * all : 0;
    sums->pri_tags += sign * load->conflicts;
    sums->location += sign * load->location_score;
}

/* Matches Statistics.hs, getStdDevStatistics: the mean first, then the squares around it, both
 * from the first node to the last. */
static void variance(const union ht_row *rows, unsigned n, union ht_row *sum, union ht_row *var)
{
    ht_pair mean[HT_COL_PAIRS], acc[HT_COL_PAIRS] = {{0}};

    for (unsigned i = 0; i < n; i++) {
        for (int k = 0; k < HT_COL_PAIRS; k++) {
            acc[k] += rows[i].pair[k];
        }
    }
    for (int k = 0; k < HT_COL_PAIRS; k++) {
        sum->pair[k] = acc[k];
        mean[k] = acc[k] / (double)n;
        acc[k] = (ht_pair){0, 0};
    }
    for (unsigned i = 0; i < n; i++) {
        for (int k = 0; k < HT_COL_PAIRS; k++) {
            ht_pair d = rows[i].pair[k] - mean[k];

            acc[k] += d * d;
        }
    }
    for (int k = 0; k < HT_COL_PAIRS; k++) {
        var->pair[k] = acc[k] / (double)n;
    }
}

void ht_values_compute(const union ht_row *rows, unsigned n, struct ht_values *values)
{
    union ht_row sum, var;

    variance(rows, n, &sum, &var);
    for (int k = 0; k < HT_COL_PAIRS * 2; k++) {
        values->dev.col[k] = sqrt(var.col[k]);
    }
    values->reserved_total = sum.col[HT_COL_RESERVED];
}

/* All metrics in the order of their rows. */
static void all_values(const struct ht_values *values, const struct ht_sums *sums,
                       double out[HT_METRIC_COUNT])
{
    for (int i = 0; i < HT_METRIC_COUNT; i++) {
        int column = ht_metric_rows[i].column;

        out[i] = column < 0 ? 0 : values->dev.col[column];
    }
    out[HT_METRIC_N1] = (double)sums->n1;
    out[HT_METRIC_OFFLINE_ALL] = (double)sums->offline_all;
    out[HT_METRIC_OFFLINE_PRI] = (double)sums->offline_pri;
    out[HT_METRIC_PRI_TAGS] = (double)sums->pri_tags;
    out[HT_METRIC_LOCATION] = (double)sums->location;
    out[HT_METRIC_LOCATION_EXCL] = (double)sums->location_excl;
    out[HT_METRIC_RESERVED_TOTAL] = values->reserved_total;
}

double ht_values_score(const struct ht_values *values, const struct ht_sums *sums)
{
    double all[HT_METRIC_COUNT], score = 0;

    all_values(values, sums, all);
    for (int i = 0; i < HT_METRIC_COUNT; i++) {
        score += ht_metric_rows[i].weight * all[i];
    }
    return score;
}

int64_t ht_pairs_excess(const struct ht_counts *pairs)
{
    int64_t excess = 0;

    for (unsigned i = 0; i < pairs->n; i++) {
        excess += pairs->v[i].value - 1;
    }
    return excess;
}

/* Rows of the online nodes, and the sums over all. Returns the number of rows. */
static unsigned collect(const struct ht_cluster *cluster, const struct ht_view *view,
                        union ht_row *rows, struct ht_sums *sums, struct ht_counts *pairs)
{
    unsigned n = 0;

    *sums = (struct ht_sums){0};
    for (unsigned i = 0; i < view->n_nodes; i++) {
        const struct ht_node *node = &cluster->nodes[view->nodes[i]];

        ht_sums_add(sums, node, &node->load, 1);
        if (node->offline) {
            continue;
        }
        ht_row_compute(node, &node->load, &rows[n++]);
        for (unsigned j = 0; j < node->pairs.n; j++) {
            ht_counts_add(pairs, node->pairs.v[j].key, node->pairs.v[j].value);
        }
    }
    sums->location_excl = ht_pairs_excess(pairs);
    return n;
}

static union ht_row *rows_new(unsigned n)
{
    return g_aligned_alloc0(n + 1, sizeof(union ht_row), sizeof(ht_pair));
}

/* False: there is nothing to measure. */
static bool measure(const struct ht_cluster *cluster, const struct ht_view *view,
                    struct ht_values *values, struct ht_sums *sums)
{
    union ht_row *rows = rows_new(view->n_nodes);
    struct ht_counts pairs = {0};
    unsigned n = collect(cluster, view, rows, sums, &pairs);

    if (n > 0) {
        ht_values_compute(rows, n, values);
    }
    ht_counts_clear(&pairs);
    g_aligned_free(rows);
    return n > 0;
}

double ht_score(const struct ht_cluster *cluster, const struct ht_view *view)
{
    struct ht_values values;
    struct ht_sums sums;

    return measure(cluster, view, &values, &sums) ? ht_values_score(&values, &sums) : 0;
}

double ht_score_optimal(const struct ht_cluster *cluster, const struct ht_view *view)
{
    double total = 0, largest = 0, others, reserved;
    int64_t peers = 0;

    if (view->n_nodes < 2) {
        return 0;
    }
    for (unsigned i = 0; i < view->n_nodes; i++) {
        const struct ht_node *node = &cluster->nodes[view->nodes[i]];

        total += node->t_mem;
        largest = i == 0 || largest <= node->t_mem ? node->t_mem : largest;
        for (unsigned j = 0; j < node->peers.n; j++) {
            peers += node->peers.v[j].value;
        }
    }
    others = total - largest;
    if (!(others > 0)) {
        return 0;
    }
    reserved = (double)peers / others - (double)peers / total;
    return ht_metric_rows[HT_METRIC_RESERVED_TOTAL].weight * reserved;
}

void ht_score_table(const struct ht_cluster *cluster, const struct ht_view *view,
                    const char *prefix, GString *out)
{
    static const bool numeric[] = {false, true, true};
    CLEANUP(ht_table_freep) struct ht_table *table = ht_table_new(G_N_ELEMENTS(numeric));
    double all[HT_METRIC_COUNT];
    struct ht_values values;
    struct ht_sums sums;

    ht_table_cell(table, g_strdup("Field"));
    ht_table_cell(table, g_strdup("Value"));
    ht_table_cell(table, g_strdup("Weight"));
    if (measure(cluster, view, &values, &sums)) {
        all_values(&values, &sums, all);
        for (int i = 0; i < HT_METRIC_COUNT; i++) {
            GString *value = g_string_new(NULL), *weight = g_string_new("x");

            ht_append_fixed(value, 8, all[i]);
            ht_append_fixed(weight, 2, ht_metric_rows[i].weight);
            ht_table_cell(table, g_strdup(ht_metric_rows[i].name));
            ht_table_cell(table, g_string_free(value, FALSE));
            ht_table_cell(table, g_string_free(weight, FALSE));
        }
    }
    ht_table_print(table, numeric, prefix, out);
}

void ht_stats_init(struct ht_stats *stats, const struct ht_cluster *cluster,
                   const struct ht_view *view)
{
    union ht_row *rows = rows_new(view->n_nodes);
    unsigned n;

    *stats = (struct ht_stats){0};
    n = collect(cluster, view, rows, &stats->sums, &stats->pairs);
    stats->n = n;
    if (n > 0) {
        variance(rows, n, &stats->sum, &stats->var);
    }
    g_aligned_free(rows);
}

void ht_stats_clear(struct ht_stats *stats)
{
    ht_counts_clear(&stats->pairs);
}

void ht_stats_update(struct ht_stats *stats, const struct ht_node *node,
                     const struct ht_load *before, const struct ht_load *after)
{
    union ht_row x, y;
    double nn = stats->n * stats->n;

    ht_sums_add(&stats->sums, node, before, -1);
    ht_sums_add(&stats->sums, node, after, 1);
    if (node->offline) {
        return;
    }
    ht_row_compute(node, before, &x);
    ht_row_compute(node, after, &y);
    for (int k = 0; k < HT_COL_PAIRS; k++) {
        ht_pair ds = y.pair[k] - x.pair[k];
        ht_pair dss = y.pair[k] * y.pair[k] - x.pair[k] * x.pair[k];
        ht_pair dnnvar = (stats->n * dss - 2 * stats->sum.pair[k] * ds) - ds * ds;
        ht_pair var = stats->var.pair[k] + dnnvar / nn;

        stats->sum.pair[k] += ds;
        /* Also 0 when it is not a number. */
        stats->var.pair[k][0] = 0 <= var[0] ? var[0] : 0;
        stats->var.pair[k][1] = 0 <= var[1] ? var[1] : 0;
    }
}

double ht_stats_score(const struct ht_stats *stats)
{
    struct ht_values values;

    if (stats->n == 0) {
        return 0;
    }
    for (int k = 0; k < HT_COL_PAIRS * 2; k++) {
        values.dev.col[k] = sqrt(stats->var.col[k]);
    }
    values.reserved_total = stats->sum.col[HT_COL_RESERVED];
    return ht_values_score(&values, &stats->sums);
}
