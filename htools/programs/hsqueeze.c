/* hsqueeze: switches nodes off while the others have room enough, and on again. Only nodes that
 * carry nothing but instances on shared storage can go. */
#include "config.h"

#include <math.h>

#include "htools/backends/jobs/opcodes.h"
#include "htools/backends/jobs/submit.h"
#include "htools/core/balance.h"
#include "htools/core/loader.h"
#include "htools/programs/cli.h"
#include "htools/programs/jobs.h"
#include "htools/programs/load.h"
#include "htools/programs/program.h"

/* Some nodes switched off or on, and the cluster balanced after that. */
struct state {
    struct ht_cluster *cluster; /* owned */
    GArray *jobs;
};

static void state_clear(struct state *state)
{
    g_clear_pointer(&state->cluster, ht_cluster_free);
    g_clear_pointer(&state->jobs, g_array_unref);
}

/* A stand-in for so many standard instances (instanceFromSpecAndFactor in Hsqueeze.hs). */
static struct ht_instance standard_instance(const struct ht_cluster *cluster, double factor)
{
    const struct ht_ispec *std = &cluster->ipolicy.std;
    struct ht_instance inst;

    ht_instance_init(&inst, "standard", HT_DT_EXT);
    inst.mem = (int64_t)floor(factor * (double)std->memory_size);
    inst.vcpus = (int64_t)floor(factor * (double)std->cpu_count);
    inst.spindle_use = (int64_t)floor(factor * (double)std->spindle_use);
    inst.auto_balance = false;
    return inst;
}

static void balance(struct state *state)
{
    struct ht_cluster *cluster = state->cluster;
    struct ht_algorithm algorithm = ht_algorithm_default();
    struct ht_view all = ht_view_all(cluster);
    struct ht_placement step;
    struct ht_balancer *balancer;
    g_autofree int *pnodes = g_new(int, cluster->n_instances + 1);
    g_autofree int *snodes = g_new(int, cluster->n_instances + 1);

    algorithm.min_gain = 0;
    algorithm.min_gain_limit = 0;
    for (unsigned i = 0; i < cluster->n_instances; i++) {
        pnodes[i] = cluster->instances[i].pnode;
        snodes[i] = cluster->instances[i].snode;
    }
    balancer = ht_balancer_new(cluster, &all, &algorithm);
    while (ht_balancer_step(balancer, &step)) {
        int i = step.instance;

        htools_jobs_add(state->jobs, cluster, &step, pnodes[i], snodes[i],
                        cluster->instances[i].name, NULL);
        pnodes[i] = step.pnode;
        snodes[i] = step.snode;
    }
    ht_balancer_free(balancer);
    ht_view_clear(&all);
}

/* The state with the first n of the nodes set offline or online. */
static struct state switched(const struct ht_cluster *cluster, bool offline, const int *nodes,
                             unsigned n)
{
    struct state state = {.cluster = ht_cluster_copy(cluster), .jobs = htools_jobs_new()};

    for (unsigned i = 0; i < n; i++) {
        state.cluster->nodes[nodes[i]].offline = offline;
    }
    balance(&state);
    return state;
}

/* Every node, whether on or off, could take the instance. */
static bool all_have_room(struct ht_cluster *cluster, const struct ht_instance *inst)
{
    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        if (!ht_node_has_room(&cluster->nodes[i], inst)) {
            return false;
        }
    }
    return true;
}

static bool all_on_online_nodes(const struct ht_cluster *cluster)
{
    for (unsigned i = 0; i < cluster->n_instances; i++) {
        if (cluster->nodes[cluster->instances[i].pnode].offline) {
            return false;
        }
    }
    return true;
}

static bool suffices(const struct ht_cluster *cluster, bool offline, const int *nodes, unsigned n,
                     const struct ht_instance *inst)
{
    struct state state = switched(cluster, offline, nodes, n);
    bool ok = all_on_online_nodes(state.cluster) && all_have_room(state.cluster, inst);

    state_clear(&state);
    return ok;
}

static bool has_local_storage(const struct ht_cluster *cluster, const struct ht_node *node)
{
    for (unsigned i = 0; i < node->pri.n; i++) {
        if (ht_instance_uses_local_storage(&cluster->instances[node->pri.v[i]])) {
            return true;
        }
    }
    return false;
}

static gint compare_load(gconstpointer a, gconstpointer b, gpointer cluster)
{
    const struct ht_node *nodes = ((const struct ht_cluster *)cluster)->nodes;
    unsigned left = nodes[*(const int *)a].pri.n, right = nodes[*(const int *)b].pri.n;

    return left > right ? -1 : left < right;
}

/* Nodes that could be switched off, the fullest first. */
static GArray *offline_candidates(const struct ht_cluster *cluster)
{
    GArray *candidates = g_array_new(FALSE, FALSE, sizeof(int));

    for (int i = 0; i < (int)cluster->n_nodes; i++) {
        const struct ht_node *node = &cluster->nodes[i];

        if (!node->offline && !node->is_master && node->sec.n == 0 &&
            !has_local_storage(cluster, node)) {
            g_array_append_val(candidates, i);
        }
    }
    g_array_sort_with_data(candidates, compare_load, (gpointer)cluster);
    return candidates;
}

static bool is_standby(const struct ht_node *node)
{
    for (unsigned i = 0; i < node->n_tags; i++) {
        if (g_str_has_prefix(node->tags[i], ht_tag_prefixes[HT_TAG_STANDBY])) {
            return true;
        }
    }
    return false;
}

static GArray *online_candidates(const struct ht_cluster *cluster)
{
    GArray *candidates = g_array_new(FALSE, FALSE, sizeof(int));

    for (int i = 0; i < (int)cluster->n_nodes; i++) {
        if (cluster->nodes[i].offline && is_standby(&cluster->nodes[i])) {
            g_array_append_val(candidates, i);
        }
    }
    return candidates;
}

/* As many of the candidates as can go together, tried from the emptiest on; in the order of the
 * candidates. */
static GArray *choose_offline(const struct ht_cluster *cluster, const GArray *candidates,
                              const struct ht_instance *inst)
{
    GArray *chosen = g_array_new(FALSE, FALSE, sizeof(int));

    for (guint i = candidates->len; i-- > 0;) {
        g_array_prepend_val(chosen, g_array_index(candidates, int, i));
        if (!suffices(cluster, true, (const int *)chosen->data, chosen->len, inst)) {
            g_array_remove_index(chosen, 0);
        }
    }
    return chosen;
}

/* How many of the candidates, from the first on, are enough; *ret_enough tells if all are too few.
 */
static unsigned choose_online(const struct ht_cluster *cluster, const GArray *candidates,
                              const struct ht_instance *inst, bool *ret_enough)
{
    for (unsigned n = 0; n <= candidates->len; n++) {
        if (suffices(cluster, false, (const int *)candidates->data, n, inst)) {
            *ret_enough = true;
            return n;
        }
    }
    *ret_enough = false;
    return candidates->len;
}

static void print_candidates(const struct ht_cluster *cluster, const char *title,
                             const GArray *nodes)
{
    printf("%s candidates: ", title);
    for (guint i = 0; i < nodes->len; i++) {
        printf("%s%s", i > 0 ? "," : "", cluster->nodes[g_array_index(nodes, int, i)].name);
    }
    putchar('\n');
}

static void print_nodes(const struct htools_options *options, const struct ht_cluster *cluster,
                        const char *title, const int *nodes, unsigned n)
{
    if (!options->no_headers) {
        printf("'%s'\n", title);
    }
    for (unsigned i = 0; i < n; i++) {
        puts(cluster->nodes[nodes[i]].name);
    }
}

static void append_power(const struct ht_cluster *cluster, const char *state, const int *nodes,
                         unsigned n, GString *out)
{
    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(out, "  gnt-node power -f %s %s\n", state,
                               cluster->nodes[nodes[i]].alias);
    }
}

static void append_moves(const struct state *state, GString *out)
{
    g_autoptr(GArray) sets = htools_job_sets(state->cluster, state->jobs);

    htools_append_jobs(state->jobs, sets, out);
}

static void plan_moves(const struct state *state, GArray *planned)
{
    g_autoptr(GArray) sets = htools_job_sets(state->cluster, state->jobs);

    htools_submit_add(planned, state->cluster, state->jobs, sets, "Moving instances ");
}

static void plan_power(const struct ht_cluster *cluster, const int *nodes, unsigned n, bool on,
                       GArray *planned)
{
    struct submit_set *set =
        submit_sets_add(planned, g_strdup(on ? "Powering on nodes" : "Powering off nodes"));
    GPtrArray *job = job_new();

    job_add_power(job, cluster, nodes, n, on);
    g_ptr_array_add(set->jobs, job);
}

static void plan_tags(const struct ht_cluster *cluster, const int *nodes, unsigned n,
                      GArray *planned)
{
    const char *const tags[] = {ht_tag_prefixes[HT_TAG_STANDBY_AUTO], NULL};

    for (unsigned i = 0; i < n; i++) {
        const char *name = cluster->nodes[nodes[i]].name;
        struct submit_set *set =
            submit_sets_add(planned, g_strdup_printf("Tagging node %s with standby", name));
        GPtrArray *job = job_new();

        job_add_tags(job, TAG_NODE, name, tags, false);
        g_ptr_array_add(set->jobs, job);
    }
}

/* verb: what is done to n nodes. */
static bool finish(const struct htools_options *options, const struct ht_cluster *cluster,
                   const char *commands, const GArray *planned, const char *verb, unsigned n,
                   const char *when, GError **errp)
{
    g_autofree char *comment = g_strdup_printf("%s by %u nodes", verb, n);

    return htools_give_commands(options, "Commands to run:", commands, errp) &&
           htools_submit(options, "hsqueeze", comment, planned, errp) &&
           htools_save(options, cluster, NULL, "squeezed", when, errp);
}

static bool expand(const struct htools_options *options, const struct ht_cluster *cluster,
                   const GArray *candidates, const struct ht_instance *wanted, GError **errp)
{
    const int *nodes = (const int *)candidates->data;
    bool enough, ok;
    unsigned n = choose_online(cluster, candidates, wanted, &enough);
    struct state state = switched(cluster, false, nodes, n);
    g_autoptr(GString) commands = g_string_new("echo Power Commands\n");
    g_autoptr(GArray) planned = submit_sets_new();

    print_nodes(options, cluster, "Nodes to online", nodes, n);
    if (options->verbose > 1 && !enough) {
        puts("Onlining all nodes will not yield enough capacity");
    }
    append_power(cluster, "on", nodes, n, commands);
    append_moves(&state, commands);
    plan_power(cluster, nodes, n, true, planned);
    plan_moves(&state, planned);
    ok = finish(options, state.cluster, commands->str, planned, "expanding", n,
                "after hsqueeze expansion", errp);
    state_clear(&state);
    return ok;
}

static bool condense(const struct htools_options *options, const struct ht_cluster *cluster,
                     const GArray *chosen, GError **errp)
{
    const int *nodes = (const int *)chosen->data;
    struct state state = switched(cluster, true, nodes, chosen->len);
    g_autoptr(GString) commands = g_string_new(NULL);
    g_autoptr(GArray) planned = submit_sets_new();
    bool ok;

    print_nodes(options, cluster, "Nodes to offline", nodes, chosen->len);
    append_moves(&state, commands);
    g_string_append(commands, "\necho Tagging Commands\n");
    for (guint i = 0; i < chosen->len; i++) {
        g_string_append_printf(commands, "  gnt-node add-tags %s %s\n",
                               cluster->nodes[nodes[i]].alias,
                               ht_tag_prefixes[HT_TAG_STANDBY_AUTO]);
    }
    g_string_append(commands, "\necho Power Commands\n");
    append_power(cluster, "off", nodes, chosen->len, commands);
    plan_moves(&state, planned);
    plan_tags(cluster, nodes, chosen->len, planned);
    plan_power(cluster, nodes, chosen->len, false, planned);
    ok = finish(options, state.cluster, commands->str, planned, "condensing", chosen->len,
                "after hsqueeze run", errp);
    state_clear(&state);
    return ok;
}

static bool squeeze(const struct htools_options *options, struct ht_cluster *cluster, GError **errp)
{
    struct ht_instance least = standard_instance(cluster, options->minimal_resources);
    struct ht_instance target = standard_instance(cluster, options->target_resources);
    g_autoptr(GArray) off = offline_candidates(cluster);
    g_autoptr(GArray) on = online_candidates(cluster);
    g_autoptr(GArray) chosen = NULL;

    if (options->verbose > 1) {
        print_candidates(cluster, "Offline", off);
        print_candidates(cluster, "Online", on);
    }
    if (!all_have_room(cluster, &least)) {
        return expand(options, cluster, on, &least, errp);
    }
    chosen = choose_offline(cluster, off, &target);
    if (chosen->len > 0) {
        return condense(options, cluster, chosen, errp);
    }
    if (!options->no_headers) {
        puts("'No action'");
    }
    return htools_give_commands(options, "Commands to run:", "echo Nothing to do", errp) &&
           htools_save(options, cluster, NULL, "squeezed", "after hsqueeze doing nothing", errp);
}

int hsqueeze_main(const struct htools_options *options, const char *const *operands)
{
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = NULL;
    GError *error = NULL;

    if (!htools_no_operands(operands)) {
        return EXIT_FAILURE;
    }
    cluster = htools_load(options, &error);
    if (cluster == NULL ||
        !htools_save(options, cluster, NULL, "original", "before hsqueeze run", &error) ||
        !squeeze(options, cluster, &error)) {
        return htools_complain(NULL, error);
    }
    return EXIT_SUCCESS;
}
