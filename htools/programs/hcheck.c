/* hcheck: is the cluster healthy, and would balancing make it so? */
#include "config.h"

#include "htools/core/balance.h"
#include "htools/core/metrics.h"
#include "htools/core/print.h"
#include "htools/core/redundancy.h"
#include "htools/programs/cli.h"
#include "htools/programs/load.h"
#include "htools/programs/program.h"

static const char PREFIX[] = "HCHECK";

/* What is counted: (machine-readable key, words, only with capacity checks). The score of a group
 * and the verdict on the cluster stand behind. */
static const struct {
    const char *key, *words;
    bool capacity;
} counters[] = {
    {"N1_FAIL", "Nodes not N+1 happy", false},
    {"CONFLICT_TAGS", "Nodes with conflicting instances", false},
    {"OFFLINE_PRI", "Instances having the primary node offline", false},
    {"OFFLINE_SEC", "Instances having a secondary node offline", false},
    {"GN1_FAIL", "Nodes not directly evacuateable", true},
};
enum { N1_FAIL, CONFLICT_TAGS, OFFLINE_PRI, OFFLINE_SEC, GN1_FAIL, COUNTERS };

struct stats {
    int64_t count[COUNTERS];
    double score;
};

enum phase { INITIAL, REBALANCED };

struct check {
    const struct htools_options *options;
    struct ht_cluster *cluster;
    struct ht_view *views;
    unsigned n_views;
};

static struct stats group_stats(const struct check *check, const struct ht_view *view)
{
    struct ht_cluster *cluster = check->cluster;
    struct stats stats = {.score = ht_score(cluster, view)};
    struct ht_bad_items bad;

    htools_bad_items(cluster, view, &bad);
    stats.count[N1_FAIL] = bad.n_nodes;
    g_free(bad.nodes);
    for (unsigned i = 0; i < view->n_nodes; i++) {
        const struct ht_node *node = &cluster->nodes[view->nodes[i]];

        stats.count[CONFLICT_TAGS] += node->load.conflicts > 0;
        if (node->offline) {
            stats.count[OFFLINE_PRI] += node->pri.n;
            /* The reference counts nodes here, not instances (Hcheck.hs, perGroupChecks). */
            stats.count[OFFLINE_SEC]++;
        }
    }
    if (check->options->capacity_checks) {
        struct ht_algorithm all_nodes = ht_algorithm_default();
        struct ht_redundancy *redundancy = ht_redundancy_new(cluster, view, &all_nodes);

        stats.count[GN1_FAIL] = ht_redundancy_failing(redundancy);
        ht_redundancy_free(redundancy);
    }
    return stats;
}

static int64_t problems(const struct stats *stats)
{
    int64_t sum = 0;

    for (int i = 0; i < COUNTERS; i++) {
        sum += stats->count[i];
    }
    return sum;
}

/* One value under its key, or in words. */
static void print_value(const struct check *check, const char *level, enum phase phase,
                        const char *key, const char *words, const char *value)
{
    if (check->options->machine_readable) {
        g_autofree char *full =
            g_strdup_printf("%s_%s_%s", phase == INITIAL ? "INIT" : "FINAL", level, key);

        htools_print_key(PREFIX, full, value);
    } else if (check->options->verbose >= 1) {
        printf("    %s: %s\n", words, value);
    }
}

static void print_counters(const struct check *check, const char *level, enum phase phase,
                           const struct stats *stats)
{
    for (int i = 0; i < COUNTERS; i++) {
        g_autofree char *value = g_strdup_printf("%" G_GINT64_FORMAT, stats->count[i]);

        if (!counters[i].capacity || check->options->capacity_checks) {
            print_value(check, level, phase, counters[i].key, counters[i].words, value);
        }
    }
}

static const char *phase_words(enum phase phase)
{
    return phase == INITIAL ? "initially" : "after rebalancing";
}

static void print_group(const struct check *check, const struct ht_group *group, enum phase phase,
                        const struct stats *stats)
{
    g_autofree char *level = g_strdup_printf("GROUP_%d", group->idx);
    g_autoptr(GString) score = g_string_new(NULL);

    if (!check->options->machine_readable && check->options->verbose >= 1) {
        printf("\nStatistics for group %s %s\n", group->name, phase_words(phase));
    }
    ht_append_fixed(score, 8, stats->score);
    print_counters(check, level, phase, stats);
    print_value(check, level, phase, "SCORE", "Group score", score->str);
}

static void print_cluster(const struct check *check, enum phase phase, const struct stats *stats,
                          bool need_rebalance)
{
    bool machine = check->options->machine_readable;
    const char *verdict;

    if (!machine && check->options->verbose >= 1) {
        printf("\nCluster statistics %s\n", phase_words(phase));
    }
    verdict = machine ? (need_rebalance ? "1" : "0") : (need_rebalance ? "True" : "False");
    if (check->n_views == 0) {
        /* Without groups the reference has no sums, and the verdict comes under the first title. */
        print_value(check, "CLUSTER", phase, counters[0].key, counters[0].words, verdict);
        return;
    }
    print_counters(check, "CLUSTER", phase, stats);
    print_value(check, "CLUSTER", phase, "NEED_REBALANCE", "Cluster is not healthy", verdict);
}

/* The counters of all groups together; groups gets those of each. */
static struct stats all_stats(const struct check *check, struct stats *groups)
{
    struct stats sum = {.score = 0};

    for (unsigned i = 0; i < check->n_views; i++) {
        groups[i] = group_stats(check, &check->views[i]);
        for (int k = 0; k < COUNTERS; k++) {
            sum.count[k] += groups[i].count[k];
        }
    }
    return sum;
}

static void print_phase(const struct check *check, enum phase phase, const struct stats *groups,
                        const struct stats *sum, bool need_rebalance)
{
    for (unsigned i = 0; i < check->n_views; i++) {
        print_group(check, &check->cluster->groups[check->views[i].group], phase, &groups[i]);
    }
    print_cluster(check, phase, sum, need_rebalance);
}

static void rebalance(const struct check *check)
{
    struct ht_algorithm algorithm = htools_algorithm(check->options);

    for (unsigned i = 0; i < check->n_views; i++) {
        const struct ht_view *view = &check->views[i];
        double least = check->options->min_score + ht_score_optimal(check->cluster, view);

        if (!(ht_score(check->cluster, view) < least)) {
            ht_balance(check->cluster, view, &algorithm, (int)check->options->max_length, least,
                       NULL);
        }
    }
}

static void print_group_keys(const struct check *check)
{
    for (unsigned i = 0; i < check->cluster->n_groups; i++) {
        g_autofree char *key = g_strdup_printf("GROUP_UUID_%u", i);

        htools_print_key(PREFIX, key, check->cluster->groups[i].uuid);
    }
}

static int run(const struct check *check)
{
    const struct htools_options *options = check->options;
    bool machine = options->machine_readable, simulate, need;
    g_autofree struct stats *groups = g_new0(struct stats, check->n_views + 1);
    struct stats sum;

    if (machine) {
        print_group_keys(check);
    }
    sum = all_stats(check, groups);
    need = problems(&sum) > 0;
    if (options->verbose >= 1 && !machine) {
        puts(options->no_simulation ? "Running in no-simulation mode."
             : need                 ? "Cluster needs rebalancing."
                                    : "No need to rebalance cluster, no problems found.");
    }
    print_phase(check, INITIAL, groups, &sum, need);
    simulate = !options->no_simulation && need;
    if (simulate) {
        rebalance(check);
    }
    if (simulate || machine) {
        sum = all_stats(check, groups);
        /* Still the verdict from before, as the reference prints it. */
        print_phase(check, REBALANCED, groups, &sum, need);
    }
    if (machine) {
        htools_print_key(PREFIX, "OK", "1");
    }
    return simulate ? EXIT_FAILURE : EXIT_SUCCESS;
}

int hcheck_main(const struct htools_options *options, const char *const *operands)
{
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = NULL;
    struct check check = {.options = options};
    int status;

    if (!htools_no_operands(operands)) {
        return EXIT_FAILURE;
    }
    cluster = htools_load_ready(options);
    if (cluster == NULL) {
        return EXIT_FAILURE;
    }
    check.cluster = cluster;
    check.views = ht_view_split(cluster, &check.n_views);
    status = run(&check);
    ht_views_free(check.views, check.n_views);
    return status;
}
