/* hroller: in which groups nodes can be rebooted. */
#include "config.h"

#include "htools/core/reboot.h"
#include "htools/programs/cli.h"
#include "htools/programs/load.h"
#include "htools/programs/program.h"

static const char *const order_names[GRAPH_ORDERS] = {
    [GRAPH_LARGEST_FIRST] = "LF",
    [GRAPH_SATURATION] = "Dsatur",
    [GRAPH_COLOR_DEGREE] = "Dcolor",
};

/* Exactly one node must be the master; whether one at all, -f can overrule. */
static bool check_master(const struct htools_options *options, const struct ht_cluster *cluster)
{
    g_autoptr(GString) names = g_string_new(NULL);
    unsigned n = 0;

    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        if (cluster->nodes[i].is_master) {
            g_string_append_printf(names, " %s", cluster->nodes[i].name);
            n++;
        }
    }
    if (n > 1) {
        fprintf(stderr, "Error: Found more than one master node:%s\n", names->str);
        return false;
    }
    if (n == 0) {
        fprintf(stderr, "%s: No master node found; the source of the data may not tell it.\n",
                options->force ? "Warning" : "Error");
    }
    return n == 1 || options->force;
}

static bool has_tag(const struct ht_node *node, char *const *tags)
{
    for (unsigned i = 0; i < node->n_tags; i++) {
        if (g_strv_contains((const char *const *)tags, node->tags[i])) {
            return true;
        }
    }
    return false;
}

/* group: HT_NONE for all. */
static bool *wanted_nodes(const struct htools_options *options, const struct ht_cluster *cluster,
                          int group)
{
    bool *wanted = g_new0(bool, cluster->n_nodes + 1);

    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        const struct ht_node *node = &cluster->nodes[i];

        wanted[i] = !node->offline && (group == HT_NONE || node->group == group) &&
                    (options->node_tags == NULL || has_tag(node, options->node_tags)) &&
                    !(options->skip_non_redundant && reboot_has_unmirrored(cluster, (int)i));
    }
    return wanted;
}

/* The orders by their number of colours, the fewest first; of equals the later one. */
static void sort_orders(const struct coloring *colorings, int *order)
{
    for (int i = 0; i < GRAPH_ORDERS; i++) {
        int at = i;

        for (; at > 0 && colorings[i].n_colors <= colorings[order[at - 1]].n_colors; at--) {
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
}

static void print_statistics(const struct coloring *colorings)
{
    int order[GRAPH_ORDERS];

    sort_orders(colorings, order);
    for (int i = 0; i < GRAPH_ORDERS; i++) {
        const struct coloring *coloring = &colorings[order[i]];

        if (i > 0) {
            bool tie = coloring->n_colors == colorings[order[i - 1]].n_colors;

            fputs(tie ? " TIE " : " LOOSE ", stdout);
        }
        printf("%s: %u (", order_names[order[i]], coloring->n_colors);
        for (unsigned c = 0; c < coloring->n_colors; c++) {
            printf("%s%u", c > 0 ? "," : "", coloring->colors[c].n);
        }
        putchar(')');
    }
    putchar('\n');
}

/* Groups by the colouring with the fewest colours, split as there is room for what has to move. */
static GArray *plan_groups(const struct htools_options *options, const struct ht_cluster *cluster,
                           const struct coloring *coloring, GError **errp)
{
    GArray *groups = reboot_groups_new();
    bool ok = true;

    for (unsigned i = 0; i < coloring->n_colors && ok; i++) {
        if (options->ignore_non_redundant) {
            struct reboot_group group = {.cluster = NULL};

            ht_ints_copy(&group.nodes, &coloring->colors[i]);
            g_array_append_val(groups, group);
        } else if (!reboot_move_unmirrored(cluster, &coloring->colors[i], groups, errp)) {
            g_prefix_error(errp, "Cannot move the instances without a mirror: ");
            ok = false;
        }
    }
    if (ok && options->full_evacuation) {
        if (!reboot_migrate(cluster, groups, errp)) {
            g_prefix_error(errp, "Cannot migrate the instances off the nodes: ");
            ok = false;
        } else if (!reboot_move_secondaries(cluster, &groups, errp)) {
            g_prefix_error(errp, "Cannot move the secondaries: ");
            ok = false;
        }
    }
    if (!ok) {
        g_clear_pointer(&groups, reboot_groups_free);
    }
    return groups;
}

/* Leaves out the nodes that are not wanted. */
static void drop_unwanted(GArray *groups, const bool *wanted)
{
    for (guint g = 0; g < groups->len; g++) {
        struct ht_ints *nodes = &g_array_index(groups, struct reboot_group, g).nodes;
        unsigned kept = 0;

        for (unsigned i = 0; i < nodes->n; i++) {
            if (wanted[nodes->v[i]]) {
                nodes->v[kept++] = nodes->v[i];
            }
        }
        nodes->n = kept;
    }
}

static gint compare_sizes(gconstpointer a, gconstpointer b)
{
    const struct reboot_group *left = a, *right = b;

    return left->nodes.n > right->nodes.n ? -1 : left->nodes.n < right->nodes.n;
}

static int master_place(const struct ht_cluster *cluster, const struct ht_ints *nodes)
{
    for (unsigned i = 0; i < nodes->n; i++) {
        if (cluster->nodes[nodes->v[i]].is_master) {
            return (int)i;
        }
    }
    return -1;
}

/* The largest group first; the master's group last, and there the master. */
static void arrange(const struct ht_cluster *cluster, GArray *groups)
{
    g_array_sort(groups, compare_sizes);
    for (guint g = 0; g < groups->len; g++) {
        struct reboot_group group = g_array_index(groups, struct reboot_group, g);
        int place = master_place(cluster, &group.nodes);

        if (place >= 0) {
            int master = group.nodes.v[place];
            guint behind = groups->len - g - 1;
            struct reboot_group *slots = (struct reboot_group *)groups->data;

            memmove(&group.nodes.v[place], &group.nodes.v[place + 1],
                    (group.nodes.n - (unsigned)place - 1) * sizeof(int));
            group.nodes.v[group.nodes.n - 1] = master;
            memmove(&slots[g], &slots[g + 1], behind * sizeof(*slots));
            slots[groups->len - 1] = group;
            return;
        }
    }
}

/* Instances whose nodes changed, other than by a failover. */
static void print_moves(const struct ht_cluster *before, const struct ht_cluster *after)
{
    for (unsigned i = 0; after != NULL && i < before->n_instances; i++) {
        const struct ht_instance *old = &before->instances[i], *new = &after->instances[i];
        bool mirrored = ht_instance_has_secondary(old);

        if ((old->pnode == new->pnode && !(mirrored && old->snode != new->snode)) ||
            (new->pnode == old->snode &&new->snode == old->pnode)) {
            continue;
        }
        printf("  %s %s", new->name, after->nodes[new->pnode].name);
        if (mirrored) {
            printf(" %s", after->nodes[new->snode].name);
        }
        putchar('\n');
    }
}

static void print_group(const struct htools_options *options, const struct ht_cluster *cluster,
                        const struct reboot_group *group)
{
    const char *separator = options->one_step_only ? "\n" : ",";

    for (unsigned i = 0; i < group->nodes.n; i++) {
        printf("%s%s", i > 0 ? separator : "", cluster->nodes[group->nodes.v[i]].name);
    }
    if (group->nodes.n > 0 || !options->one_step_only) {
        putchar('\n');
    }
    if (options->print_moves) {
        print_moves(cluster, group->cluster);
    }
}

static void print_groups(const struct htools_options *options, const struct ht_cluster *cluster,
                         const GArray *groups)
{
    guint n = options->one_step_only ? MIN(1, groups->len) : groups->len;

    if (!options->no_headers) {
        puts(options->one_step_only ? "'First Reboot Group'" : "'Node Reboot Groups'");
    }
    for (guint g = 0; g < n; g++) {
        print_group(options, cluster, &g_array_index(groups, struct reboot_group, g));
    }
}

static bool plan_and_print(const struct htools_options *options, const struct ht_cluster *cluster,
                           const bool *wanted, const struct graph *graph, GError **errp)
{
    struct coloring colorings[GRAPH_ORDERS];
    const struct coloring *best = &colorings[0];
    GArray *groups;

    for (int i = 0; i < GRAPH_ORDERS; i++) {
        colorings[i] = graph_color(graph, (enum graph_order)i);
        best = colorings[i].n_colors < best->n_colors ? &colorings[i] : best;
    }
    groups = plan_groups(options, cluster, best, errp);
    if (groups != NULL) {
        drop_unwanted(groups, wanted);
        arrange(cluster, groups);
        if (options->verbose > 1) {
            print_statistics(colorings);
        }
        print_groups(options, cluster, groups);
    }
    for (int i = 0; i < GRAPH_ORDERS; i++) {
        coloring_clear(&colorings[i]);
    }
    reboot_groups_free(groups);
    return groups != NULL;
}

static bool roll(const struct htools_options *options, const struct ht_cluster *cluster,
                 GError **errp)
{
    int group = options->group != NULL ? ht_cluster_find_group(cluster, options->group) : HT_NONE;
    CLEANUP(graph_freep) struct graph *graph = NULL;
    g_autofree bool *wanted = NULL;

    if (options->group != NULL && group == HT_NONE) {
        g_set_error(errp, REBOOT_ERROR, REBOOT_ERROR_CAPACITY, "There is no node group '%s'.",
                    options->group);
        return false;
    }
    wanted = wanted_nodes(options, cluster, group);
    graph = reboot_graph(cluster, wanted, !options->offline_maintenance);
    if (graph == NULL) {
        g_set_error_literal(errp, REBOOT_ERROR, REBOOT_ERROR_CAPACITY,
                            "There is no node to reboot.");
        return false;
    }
    if (options->verbose > 2) {
        g_autoptr(GString) text = g_string_new("Node Graph: ");

        graph_show(graph, text);
        puts(text->str);
    }
    return plan_and_print(options, cluster, wanted, graph, errp);
}

int hroller_main(const struct htools_options *options, const char *const *operands)
{
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = NULL;
    CLEANUP(ht_cluster_freep) struct ht_cluster *original = NULL;
    GError *error = NULL;

    if (!htools_no_operands(operands)) {
        return EXIT_FAILURE;
    }
    cluster = htools_load(options, &error);
    if (cluster == NULL) {
        return htools_complain(NULL, error);
    }
    if (!check_master(options, cluster)) {
        return EXIT_FAILURE;
    }
    /* What is saved does not have the nodes offline that --offline names. */
    original = options->save != NULL ? ht_cluster_copy(cluster) : NULL;
    if (!htools_set_node_status(options, cluster, &error) ||
        !htools_save(options, original, NULL, "original", "before hroller run", &error) ||
        !roll(options, cluster, &error)) {
        return htools_complain(NULL, error);
    }
    return EXIT_SUCCESS;
}
