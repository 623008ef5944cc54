/* hinfo: what a cluster consists of, and how well it is. */
#include "config.h"

#include "htools/core/metrics.h"
#include "htools/core/print.h"
#include "htools/programs/cli.h"
#include "htools/programs/load.h"
#include "htools/programs/program.h"

static char *number(unsigned value)
{
    return g_strdup_printf("%u", value);
}

/* Adds the group's row; false if a node of it fails N+1. */
static bool group_row(const struct ht_cluster *cluster, const struct ht_view *view,
                      struct ht_table *table)
{
    GString *score = g_string_new(NULL);
    struct ht_bad_items bad;
    bool happy;

    htools_bad_items(cluster, view, &bad);
    happy = bad.n_nodes == 0;
    g_free(bad.nodes);
    ht_append_fixed(score, 8, ht_score(cluster, view));
    ht_table_cell(table, g_strdup(cluster->groups[view->group].name));
    ht_table_cell(table, number(view->n_nodes));
    ht_table_cell(table, number(view->n_instances));
    ht_table_cell(table, number(bad.n_nodes));
    ht_table_cell(table, number(bad.n_instances));
    ht_table_cell(table, g_strdup(happy ? "True" : "False"));
    ht_table_cell(table, g_string_free(score, FALSE));
    return happy;
}

static void show_groups(const struct ht_cluster *cluster, int64_t verbose)
{
    static const char *const titles[] = {"Group",         "Nodes", "Instances", "Bad_Nodes",
                                         "Bad_Instances", "N+1",   "Score"};
    static const bool numeric[G_N_ELEMENTS(titles)] = {false, true, true, true, true, false, true};
    CLEANUP(ht_table_freep) struct ht_table *table = ht_table_new(G_N_ELEMENTS(titles));
    g_autoptr(GString) out = g_string_new("Node group information:\n");
    unsigned n_views;
    struct ht_view *views = ht_view_split(cluster, &n_views);
    bool happy = true;

    for (unsigned i = 0; i < G_N_ELEMENTS(titles); i++) {
        ht_table_cell(table, g_strdup(titles[i]));
    }
    for (unsigned i = 0; i < n_views; i++) {
        happy = group_row(cluster, &views[i], table) && happy;
    }
    ht_views_free(views, n_views);
    if (verbose > 1) {
        ht_table_print(table, numeric, "  ", out);
        fputs(out->str, stdout);
    }
    printf("Cluster is N+1 %s\n", happy ? "happy" : "unhappy");
}

static void show_split_instances(const struct ht_cluster *cluster, int64_t verbose)
{
    bool found = false;

    for (unsigned i = 0; i < cluster->n_instances; i++) {
        const struct ht_instance *inst = &cluster->instances[i];

        if (ht_cluster_instance_group(cluster, inst) != HT_NONE) {
            continue;
        }
        if (!found) {
            puts("Found instances belonging to multiple node groups:");
            fflush(stdout);
        }
        found = true;
        fprintf(stderr, "  %s\n", inst->name);
    }
    if (!found && verbose > 1) {
        puts("No split instances found");
    }
}

static const char *plural(unsigned n, const char *one, const char *many)
{
    return n == 1 ? one : many;
}

static void show_counts(const struct ht_cluster *cluster, int64_t verbose)
{
    g_autofree char *suffix = ht_cluster_common_suffix(cluster);

    if (cluster->n_instances == 0 && verbose > 1) {
        puts("Cluster is empty.");
    }
    printf("Loaded %u %s, %u %s, %u %s\n", cluster->n_nodes,
           plural(cluster->n_nodes, "node", "nodes"), cluster->n_instances,
           plural(cluster->n_instances, "instance", "instances"), cluster->n_groups,
           plural(cluster->n_groups, "node group", "node groups"));
    if (*suffix != '\0' && verbose > 2) {
        printf("Note: Stripping common suffix of '%s' from names\n", suffix);
    }
}

static void show_all(const struct htools_options *options, const struct ht_cluster *cluster)
{
    struct ht_view all = ht_view_all(cluster);
    g_autoptr(GString) out = g_string_new("Cluster coefficients:\n");

    show_counts(cluster, options->verbose);
    show_split_instances(cluster, options->verbose);
    show_groups(cluster, options->verbose);
    htools_show_instances(options, cluster, &all, "Instances");
    htools_show_nodes(options, cluster, &all, "Cluster");
    ht_score_table(cluster, &all, "  ", out);
    g_string_append(out, "Cluster score: ");
    ht_append_fixed(out, 8, ht_score(cluster, &all));
    puts(out->str);
    ht_view_clear(&all);
}

int hinfo_main(const struct htools_options *options, const char *const *operands)
{
    GError *error = NULL;
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = NULL;
    g_autoptr(GString) ipolicy = g_string_new(NULL);
    g_autofree char *tags = NULL;

    if (!htools_no_operands(operands)) {
        return EXIT_FAILURE;
    }
    cluster = htools_load(options, &error);
    if (cluster == NULL) {
        return htools_complain(NULL, error);
    }
    tags = g_strjoinv(",", (char **)cluster->tags);
    printf("Loaded cluster tags: %s\n", tags);
    if (options->verbose > 2) {
        ht_ipolicy_show(&cluster->ipolicy, ipolicy);
        printf("Loaded cluster ipolicy: %s\n", ipolicy->str);
    }
    if (!htools_set_node_status(options, cluster, &error)) {
        return htools_complain(NULL, error);
    }
    show_all(options, cluster);
    return EXIT_SUCCESS;
}
