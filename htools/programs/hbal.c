/* hbal: balances a node group, step by step. */
#include "config.h"

#include <inttypes.h>
#include <math.h>

#include "htools/backends/jobs/submit.h"
#include "htools/core/balance.h"
#include "htools/core/loader.h"
#include "htools/core/metrics.h"
#include "htools/core/print.h"
#include "htools/programs/cli.h"
#include "htools/programs/jobs.h"
#include "htools/programs/load.h"
#include "htools/programs/program.h"

struct run {
    const struct htools_options *options;
    struct ht_cluster *cluster;
    struct ht_view view;
    const char *group_name;
    struct ht_totals before;
    GArray *jobs; /* struct htools_job */
    int name_width, node_width;
};

static void print_names(const struct ht_cluster *cluster, const int *nodes, unsigned n,
                        GString *out)
{
    g_string_append_c(out, '[');
    for (unsigned i = 0; i < n; i++) {
        g_string_append(out, i == 0 ? "" : ",");
        ht_append_show_string(out, cluster->nodes[nodes[i]].name);
    }
    g_string_append_c(out, ']');
}

/* True if there is something to balance at all. */
static bool check_cluster(const struct run *run)
{
    const struct ht_cluster *cluster = run->cluster;
    g_autofree char *suffix = ht_cluster_common_suffix(cluster);
    bool told = false;

    if (cluster->n_instances == 0) {
        puts("Cluster is empty, exiting.");
        return false;
    }
    for (unsigned i = 0; run->options->verbose > 1 && i < cluster->n_instances; i++) {
        if (ht_cluster_instance_group(cluster, &cluster->instances[i]) == HT_NONE) {
            fprintf(stderr, "%s  %s\n",
                    told ? "" : "Found instances belonging to multiple node groups:\n",
                    cluster->instances[i].name);
            told = true;
        }
    }
    if (told) {
        fputs("These instances will not be moved.\n", stderr);
    }
    printf("Loaded %u nodes, %u instances\n", cluster->n_nodes, cluster->n_instances);
    if (*suffix != '\0' && run->options->verbose > 1) {
        printf("Note: Stripping common suffix of '%s' from names\n", suffix);
    }
    return true;
}

/* Finds the group to work on, or tells why there is none. */
static bool select_group(struct run *run)
{
    const struct ht_cluster *cluster = run->cluster;
    const char *wanted = run->options->group;
    unsigned n_views;
    struct ht_view *views;
    int group = HT_NONE;

    if (wanted != NULL) {
        group = ht_cluster_find_group(cluster, wanted);
        if (group == HT_NONE) {
            fprintf(stderr, "Node group %s not found. Node group list is:\n", wanted);
            for (unsigned i = 0; i < cluster->n_groups; i++) {
                fprintf(stderr, "  %s\n", cluster->groups[i].name);
            }
            fputs("Error: Aborting.\n", stderr);
            return false;
        }
    } else {
        views = ht_view_split(cluster, &n_views);
        if (n_views > 1) {
            fputs("Found multiple node groups:\n", stderr);
            for (unsigned i = 0; i < n_views; i++) {
                fprintf(stderr, "  %s\n", cluster->groups[views[i].group].name);
            }
            fputs("Error: Aborting.\n", stderr);
        } else if (n_views == 1) {
            group = views[0].group;
        } else {
            fputs("Error: The cluster has no nodes.\n", stderr);
        }
        ht_views_free(views, n_views);
        if (group == HT_NONE) {
            return false;
        }
    }
    run->view = ht_view_group(cluster, group);
    run->group_name = cluster->groups[group].name;
    return true;
}

/* What -v -v -v -v -v tells of every node. */
static void print_node_details(const struct run *run, const struct ht_bad_items *bad,
                               const int *others, unsigned n_others)
{
    g_autoptr(GString) out = g_string_new("Bad nodes: ");

    print_names(run->cluster, bad->nodes, bad->n_nodes, out);
    g_string_append(out, "\nN+1 happy nodes: ");
    print_names(run->cluster, others, n_others, out);
    g_string_append(out, "\nNode policy status: [");
    for (unsigned i = 0; i < n_others; i++) {
        const struct ht_node *node = &run->cluster->nodes[others[i]];
        enum ht_fail fail = ht_node_policy_health(node);

        g_string_append(out, i == 0 ? "(" : ",(");
        ht_append_show_string(out, node->name);
        if (fail == HT_OK) {
            g_string_append(out, ",Ok ())");
        } else {
            g_string_append_printf(out, ",Bad %s)", ht_fail_name(fail));
        }
    }
    g_string_append(out, "]\n");
    fputs(out->str, stdout);
}

static void check_group(const struct run *run)
{
    const struct ht_view *view = &run->view;
    int64_t verbose = run->options->verbose;
    g_autofree int *others = g_new(int, view->n_nodes + 1);
    unsigned n_others = 0, violating = 0;
    struct ht_bad_items bad;

    printf("Group size %u nodes, %u instances\n", view->n_nodes, view->n_instances);
    printf("Selected node group: %s\n", run->group_name);
    htools_bad_items(run->cluster, view, &bad);
    if (verbose >= 1) {
        printf("Initial check done: %u bad nodes, %u bad instances.\n", bad.n_nodes,
               bad.n_instances);
    }
    for (unsigned i = 0; i < view->n_nodes; i++) {
        const struct ht_node *node = &run->cluster->nodes[view->nodes[i]];

        if (node->offline || !node->load.fail_n1) {
            others[n_others++] = node->idx;
            violating += ht_node_policy_health(node) != HT_OK;
        }
    }
    if (verbose > 4) {
        print_node_details(run, &bad, others, n_others);
    }
    if (bad.n_nodes > 0) {
        puts("Cluster is not N+1 happy, continuing but no guarantee "
             "that the cluster will end N+1 happy.");
    }
    if (violating > 0) {
        printf("The cluster contains %u policy-violating nodes.\n", violating);
        puts(run->options->ignore_soft_errors
                 ? "Continuing, ignoring soft errors."
                 : "Continuing, but the set of moves might be too restricted; "
                   "consider using the --ignore-soft-errors option.");
    }
    g_free(bad.nodes);
}

static void print_score(const struct run *run, const char *before, double score, const char *behind)
{
    g_autoptr(GString) out = g_string_new(before);

    ht_append_fixed(out, 8, score);
    g_string_append(out, behind);
    if (run->options->verbose > 2) {
        ht_score_table(run->cluster, &run->view, "  ", out);
    }
    fputs(out->str, stdout);
}

static void print_balanced(double score, double optimum, double min_score)
{
    g_autoptr(GString) out = g_string_new("Cluster is already well balanced (initial score ");

    ht_append_general(out, 6, score);
    g_string_append(out, ",\noptimum score due to N+1 reservations ");
    ht_append_general(out, 6, optimum);
    g_string_append(out, ",\nminimum score ");
    ht_append_general(out, 6, min_score);
    g_string_append(out, ").\nNothing to do, exiting\n");
    fputs(out->str, stdout);
}

static void append_left(GString *out, int width, const char *text)
{
    g_string_append(out, text);
    ht_append_padded(out, width - (int)ht_text_width(text), "");
}

static char *node_pair(const struct ht_cluster *cluster, int pnode, int snode)
{
    return snode == HT_NONE
               ? g_strdup(cluster->nodes[pnode].alias)
               : g_strdup_printf("%s:%s", cluster->nodes[pnode].alias, cluster->nodes[snode].alias);
}

/* Prints a step that has just been made and keeps it as a job. */
static void record_step(struct run *run, const struct ht_placement *placement, int old_pnode,
                        int old_snode)
{
    const struct ht_cluster *cluster = run->cluster;
    const struct ht_instance *inst = &cluster->instances[placement->instance];
    g_autofree char *from = node_pair(cluster, old_pnode, old_snode);
    g_autofree char *to = node_pair(cluster, placement->pnode, placement->snode);
    g_autoptr(GString) line = g_string_new(NULL);
    g_autoptr(GString) score = g_string_new(NULL);
    g_autoptr(GString) actions = g_string_new(NULL);

    htools_jobs_add(run->jobs, cluster, placement, old_pnode, old_snode, inst->alias, actions);
    g_string_printf(line, "  %3u. ", run->jobs->len);
    append_left(line, run->name_width, inst->alias);
    g_string_append_c(line, ' ');
    append_left(line, 2 * run->node_width + 1, from);
    g_string_append(line, " => ");
    append_left(line, 2 * run->node_width + 1, to);
    g_string_append_c(line, ' ');
    ht_append_fixed(score, 8, placement->score);
    ht_append_padded(line, 12, score->str);
    g_string_append_printf(line, " a=%s\n", actions->str);
    fputs(line->str, stdout);
    fflush(stdout);
}

static double balance(struct run *run, double min_score)
{
    struct ht_algorithm algorithm = htools_algorithm(run->options);
    CLEANUP(ht_balancer_freep)
    struct ht_balancer *balancer = ht_balancer_new(run->cluster, &run->view, &algorithm);
    int64_t max = run->options->max_length;
    /* Where the instances of a step were before it: steps change them one at a time. */
    g_autofree int *pnodes = g_new(int, run->cluster->n_instances + 1);
    g_autofree int *snodes = g_new(int, run->cluster->n_instances + 1);
    struct ht_placement placement;

    for (unsigned i = 0; i < run->cluster->n_instances; i++) {
        pnodes[i] = run->cluster->instances[i].pnode;
        snodes[i] = run->cluster->instances[i].snode;
    }
    while ((max < 0 || run->jobs->len < max) && ht_balancer_score(balancer) > min_score &&
           ht_balancer_step(balancer, &placement)) {
        int i = placement.instance;

        record_step(run, &placement, pnodes[i], snodes[i]);
        pnodes[i] = placement.pnode;
        snodes[i] = placement.snode;
    }
    return ht_balancer_score(balancer);
}

static bool give_commands(const struct run *run, const GArray *sets, GError **errp)
{
    g_autoptr(GString) out = g_string_new(NULL);

    htools_append_jobs(run->jobs, sets, out);
    return htools_give_commands(run->options,
                                run->options->first_job_group
                                    ? "First set of jobs:"
                                    : "Commands to run to reach the above solution:",
                                out->str, errp);
}

static bool submit(const struct run *run, const GArray *sets, GError **errp)
{
    g_autoptr(GArray) planned = submit_sets_new();

    htools_submit_add(planned, run->cluster, run->jobs, sets, "Executing jobset for instances ");
    return htools_submit(run->options, "hbal", "rebalancing via hbal", planned, errp);
}

/* The cluster with all groups; moves have changed it in place. */
static bool finish(struct run *run, double score_before, double score, GError **errp)
{
    const struct htools_options *options = run->options;
    g_autoptr(GArray) sets = htools_job_sets(run->cluster, run->jobs);

    if (options->first_job_group && sets->len > 1) {
        g_array_set_size(sets, 1);
    }
    if (run->jobs->len == 0) {
        puts("No solution found");
    } else if (options->verbose > 2) {
        print_score(run, "Final coefficients:   overall ", score, "\n");
    } else {
        g_autoptr(GString) out = g_string_new("Cluster score improved from ");

        ht_append_fixed(out, 8, score_before);
        g_string_append(out, " to ");
        ht_append_fixed(out, 8, score);
        puts(out->str);
    }
    if (options->verbose >= 1) {
        printf("Solution length=%u\n", run->jobs->len);
    }
    if (!give_commands(run, sets, errp) ||
        !htools_save(options, run->cluster, &run->view, "balanced", "after balancing", errp)) {
        return false;
    }
    htools_show_instances(options, run->cluster, &run->view, "Final");
    htools_show_nodes(options, run->cluster, &run->view, "Final cluster");
    if (options->verbose > 3) {
        struct ht_totals after = ht_totals_compute(run->cluster, &run->view);

        printf("Original: mem=%" PRId64 " disk=%" PRId64 "\n", run->before.f_mem,
               run->before.f_dsk);
        printf("Final:    mem=%" PRId64 " disk=%" PRId64 "\n", after.f_mem, after.f_dsk);
    }
    return run->jobs->len == 0 || submit(run, sets, errp);
}

static void widths(struct run *run)
{
    for (unsigned i = 0; i < run->view.n_instances; i++) {
        const char *alias = run->cluster->instances[run->view.instances[i]].alias;

        run->name_width = MAX(run->name_width, (int)ht_text_width(alias));
    }
    for (unsigned i = 0; i < run->view.n_nodes; i++) {
        const char *alias = run->cluster->nodes[run->view.nodes[i]].alias;

        run->node_width = MAX(run->node_width, (int)ht_text_width(alias));
    }
}

static int balance_group(struct run *run)
{
    const struct htools_options *options = run->options;
    double score, optimum, final;
    GError *error = NULL;

    check_group(run);
    htools_show_instances(options, run->cluster, &run->view, "Initial");
    htools_show_nodes(options, run->cluster, &run->view, "Initial cluster");
    score = ht_score(run->cluster, &run->view);
    optimum = ht_score_optimal(run->cluster, &run->view);
    print_score(run,
                options->verbose > 2 ? "Initial coefficients: overall " : "Initial score: ", score,
                "\n");
    if (score - optimum < options->min_score) {
        print_balanced(score, optimum, options->min_score);
        return EXIT_SUCCESS;
    }
    puts("Trying to minimize the CV...");
    widths(run);
    run->before = ht_totals_compute(run->cluster, &run->view);
    final = balance(run, optimum + options->min_score);
    return finish(run, score, final, &error) ? EXIT_SUCCESS : htools_complain("hbal", error);
}

static int run_on(struct run *run)
{
    const struct htools_options *options = run->options;
    GError *error = NULL;
    g_autoptr(GString) ipolicy = g_string_new(NULL);
    /* What --save writes first knows nothing of --offline. */
    CLEANUP(ht_cluster_freep) struct ht_cluster *original = NULL;

    if (options->verbose > 1) {
        g_autofree char *tags = g_strjoinv(",", (char **)run->cluster->tags);

        ht_ipolicy_show(&run->cluster->ipolicy, ipolicy);
        printf("Loaded cluster tags: %s\nLoaded cluster ipolicy: %s\n", tags, ipolicy->str);
    }
    original = options->save == NULL ? NULL : ht_cluster_copy(run->cluster);
    if (!htools_set_node_status(options, run->cluster, &error)) {
        return htools_complain(NULL, error);
    }
    if (!check_cluster(run)) {
        return EXIT_SUCCESS;
    }
    if (original != NULL &&
        !htools_save(options, original, NULL, "original", "before balancing", &error)) {
        return htools_complain("hbal", error);
    }
    return select_group(run) ? balance_group(run) : EXIT_FAILURE;
}

int hbal_main(const struct htools_options *options, const char *const *operands)
{
    GError *error = NULL;
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = NULL;
    struct run run = {.options = options};
    int status;

    if (!htools_no_operands(operands)) {
        return EXIT_FAILURE;
    }
    cluster = htools_load(options, &error);
    if (cluster == NULL) {
        return htools_complain(NULL, error);
    }
    run.cluster = cluster;
    run.jobs = htools_jobs_new();
    status = run_on(&run);
    ht_view_clear(&run.view);
    g_array_unref(run.jobs);
    return status;
}
