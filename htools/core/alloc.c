#include "config.h"

#include "htools/core/alloc.h"

#include "htools/core/moves.h"
#include "htools/core/print.h"
#include "htools/core/redundancy.h"
#include "htools/core/secondaries.h"

G_DEFINE_QUARK(ht_alloc_error, ht_alloc_error)

/* With fewer nodes it is quicker to try all pairs than to find out which to leave out. */
enum { MANY_NODES = 12 };

/* A place that would do. order tells when it was looked at: of equal scores the reference takes the
 * latest (AllocationSolution.hs, collectionToSolution and bestAllocElement). */
struct place {
    int pnode, snode;
    double score;
    unsigned order;
};

struct search {
    struct ht_cluster *cluster;
    const struct ht_view *view;
    const struct ht_algorithm *algorithm;
    const struct ht_instance *inst;
    struct ht_stats stats;            /* of the view before */
    struct ht_redundancy *redundancy; /* made when the first place is found */
    GArray *places;                   /* of one primary node, or all single nodes */
    struct ht_alloc_solution *ret;
};

static void add_failures(struct ht_alloc_solution *solution, enum ht_fail fail, unsigned n)
{
    solution->failures[fail] += n;
    solution->n_failures += n;
}

static int compare_places(gconstpointer a, gconstpointer b)
{
    const struct place *left = a, *right = b;

    if (left->score != right->score) {
        return left->score < right->score ? -1 : 1;
    }
    return left->order > right->order ? -1 : 1;
}

static bool keeps_redundancy(struct search *search, const struct place *place)
{
    if (!search->algorithm->capacity) {
        return true;
    }
    if (search->redundancy == NULL) {
        search->redundancy = ht_redundancy_new(search->cluster, search->view, search->algorithm);
    }
    return ht_redundancy_allows(search->redundancy, search->inst, place->pnode, place->snode);
}

/* Brings the best place to the front: usually it is the answer, and the others need no order. */
static void best_first(GArray *places)
{
    struct place *all = (struct place *)places->data;
    guint best = 0;

    for (guint i = 1; i < places->len; i++) {
        best = compare_places(&all[i], &all[best]) < 0 ? i : best;
    }
    if (best != 0) {
        struct place first = all[0];

        all[0] = all[best];
        all[best] = first;
    }
}

/* The best of n_good places with one primary node. */
static void accept(struct ht_alloc_solution *ret, const struct place *best, unsigned n_good)
{
    ret->n_good += n_good;
    if (!(ret->found && ret->score < best->score)) {
        ret->found = true;
        ret->pnode = best->pnode;
        ret->snode = best->snode;
        ret->score = best->score;
    }
}

/* Leaves out places, from the best one on, that would cost the cluster its redundancy; the first
 * that does not is the answer for these places. */
static void choose(struct search *search)
{
    unsigned dropped = 0;
    const struct place *best = NULL;

    if (search->places->len == 0) {
        return;
    }
    best_first(search->places);
    while (dropped < search->places->len) {
        best = &g_array_index(search->places, struct place, dropped);
        if (keeps_redundancy(search, best)) {
            break;
        }
        if (dropped++ == 0) {
            g_array_sort(search->places, compare_places);
        }
    }
    add_failures(search->ret, HT_FAIL_N1, dropped);
    if (dropped < search->places->len) {
        accept(search->ret, best, search->places->len - dropped);
    }
    g_array_set_size(search->places, 0);
}

/* How much more the (location, exclusion tag) pairs are shared with inst on node (MapStatistics in
 * Utils/Statistics.hs: occurrences less distinct pairs). */
static int64_t more_shared_pairs(const struct search *search, const struct ht_node *node)
{
    const struct ht_instance *inst = search->inst;
    int64_t more = 0;

    if (inst->forthcoming || node->offline) {
        return 0;
    }
    for (unsigned i = 0; i < node->location_tags.n; i++) {
        for (unsigned j = 0; j < inst->n_excl_tags; j++) {
            int pair =
                ht_cluster_pair(search->cluster, node->location_tags.v[i], inst->excl_tags[j]);
            bool known = ht_counts_get(&search->stats.pairs, pair) > 0;

            for (unsigned k = 0; k < j && !known; k++) {
                known = inst->excl_tags[k] == inst->excl_tags[j];
            }
            more += known;
        }
    }
    return more;
}

static void add_place(struct search *search, int pnode, int snode, double score)
{
    struct place place = {pnode, snode, score, search->places->len};

    g_array_append_val(search->places, place);
}

/* The score of the view if one of its nodes had this row and load; rows are those of online
 * nodes. Computed afresh, not updated, as allocateOnSingle does. */
static double score_with(const struct search *search, union ht_row *rows, unsigned n, unsigned at,
                         const struct ht_trial *trial)
{
    union ht_row before = rows[at];
    struct ht_sums sums = search->stats.sums;
    struct ht_values values;

    ht_sums_add(&sums, trial->node, &trial->node->load, -1);
    ht_sums_add(&sums, trial->node, &trial->load, 1);
    sums.location_excl += more_shared_pairs(search, trial->node);
    ht_row_compute(trial->node, &trial->load, &rows[at]);
    ht_values_compute(rows, n, &values);
    rows[at] = before;
    return ht_values_score(&values, &sums);
}

static enum ht_fail check_node(const struct search *search, const struct ht_node *node)
{
    return ht_instance_check_policy(search->inst, node->ipolicy, node->excl_storage);
}

static void try_singles(struct search *search, const struct ht_alloc_nodes *targets)
{
    const struct ht_view *view = search->view;
    union ht_row *rows = g_aligned_alloc0(view->n_nodes, sizeof(union ht_row), sizeof(ht_pair));
    g_autofree unsigned *row_of = g_new0(unsigned, search->cluster->n_nodes);
    unsigned n = 0;

    for (unsigned i = 0; i < view->n_nodes; i++) {
        const struct ht_node *node = &search->cluster->nodes[view->nodes[i]];

        if (!node->offline) {
            row_of[node->idx] = n;
            ht_row_compute(node, &node->load, &rows[n++]);
        }
    }
    for (unsigned i = 0; i < targets->n_nodes; i++) {
        const struct ht_node *node = &search->cluster->nodes[targets->nodes[i]];
        enum ht_fail fail = check_node(search, node);
        struct ht_trial trial;

        ht_trial_init(&trial, node);
        if (fail == HT_OK) {
            fail = ht_trial_add_primary(&trial, search->inst, search->inst->location_score,
                                        search->algorithm->ignore_soft_errors);
        }
        if (fail == HT_OK) {
            add_place(search, node->idx, HT_NONE,
                      score_with(search, rows, n, row_of[node->idx], &trial));
        } else {
            add_failures(search->ret, fail, 1);
        }
    }
    g_aligned_free(rows);
    choose(search);
}

/* The statistics with the instance on this primary node. */
static enum ht_fail add_primary(const struct search *search, const struct ht_node *pnode,
                                struct ht_stats *ret)
{
    enum ht_fail fail = check_node(search, pnode);
    struct ht_trial primary;

    ht_trial_init(&primary, pnode);
    if (fail == HT_OK) {
        /* The location score only counts in the sum of scores, added below for each pair. */
        fail =
            ht_trial_add_primary(&primary, search->inst, 0, search->algorithm->ignore_soft_errors);
    }
    if (fail == HT_OK) {
        *ret = search->stats;
        ht_stats_update(ret, pnode, &pnode->load, &primary.load);
        ret->sums.location_excl += more_shared_pairs(search, pnode);
    }
    return fail;
}

/* All pairs with this primary node; the secondaries are given. */
static void try_pairs(struct search *search, const struct ht_node *pnode, const int *secondaries,
                      unsigned n)
{
    struct ht_stats with_primary;
    enum ht_fail fail = add_primary(search, pnode, &with_primary);

    if (fail != HT_OK) {
        add_failures(search->ret, fail, n);
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        const struct ht_node *snode = &search->cluster->nodes[secondaries[i]];
        struct ht_trial secondary;

        ht_trial_init(&secondary, snode);
        fail = ht_trial_add_secondary(&secondary, search->inst, pnode->idx, false, false);
        if (fail == HT_OK) {
            add_place(search, pnode->idx, snode->idx,
                      ht_pair_score(&with_primary, search->inst, pnode, &secondary));
        } else {
            add_failures(search->ret, fail, 1);
        }
    }
    choose(search);
}

/* The same without looking at each; n_others is the number of secondaries. False: nothing is known
 * yet, try them. */
static bool try_primary(struct search *search, struct ht_secondaries *secondaries,
                        const struct ht_node *pnode, unsigned n_others)
{
    struct ht_stats with_primary;
    enum ht_fail fail = add_primary(search, pnode, &with_primary);
    struct ht_secondary_choice choice;

    if (fail != HT_OK) {
        add_failures(search->ret, fail, n_others);
        return true;
    }
    if (!ht_secondaries_choose(secondaries, pnode, &with_primary, &choice)) {
        return false;
    }
    if (choice.n_good > 0) {
        struct place place = {.pnode = pnode->idx, .snode = choice.snode, .score = choice.score};

        if (keeps_redundancy(search, &place)) {
            accept(search->ret, &place, choice.n_good);
        } else if (ht_redundancy_lost(search->redundancy, search->inst)) {
            add_failures(search->ret, HT_FAIL_N1, choice.n_good);
        } else {
            return false;
        }
    }
    for (int i = HT_OK + 1; i < HT_FAIL_END; i++) {
        add_failures(search->ret, (enum ht_fail)i, choice.failures[i]);
    }
    return true;
}

static unsigned other_targets(const struct search *search, const struct ht_alloc_nodes *targets,
                              const struct ht_node *pnode, int *ret)
{
    unsigned n = 0;

    for (unsigned i = 0; i < targets->n_nodes; i++) {
        if (targets->nodes[i] != pnode->idx &&
            search->cluster->nodes[targets->nodes[i]].group == pnode->group) {
            ret[n++] = targets->nodes[i];
        }
    }
    return n;
}

static bool same_solution(const struct ht_alloc_solution *a, const struct ht_alloc_solution *b)
{
    return memcmp(a->failures, b->failures, sizeof(a->failures)) == 0 &&
           a->n_failures == b->n_failures && a->n_good == b->n_good && a->found == b->found &&
           (!a->found || (a->pnode == b->pnode && a->snode == b->snode && a->score == b->score));
}

static void try_all_pairs(struct search *search, const struct ht_alloc_nodes *targets)
{
    const struct ht_node *nodes = search->cluster->nodes;
    bool worth = targets->n_nodes >= MANY_NODES || search->algorithm->self_check;
    struct ht_secondaries *secondaries =
        worth ? ht_secondaries_new(search->cluster, &search->stats, search->inst, targets) : NULL;
    g_autofree int *others = g_new(int, targets->n_nodes + 1);
    g_autofree unsigned *sizes = g_new0(unsigned, search->cluster->n_groups + 1);

    for (unsigned i = 0; i < targets->n_nodes; i++) {
        sizes[nodes[targets->nodes[i]].group]++;
    }
    for (unsigned i = 0; i < targets->n_nodes; i++) {
        const struct ht_node *pnode = &nodes[targets->nodes[i]];
        struct ht_alloc_solution before = *search->ret, quick;
        bool known =
            secondaries != NULL && try_primary(search, secondaries, pnode, sizes[pnode->group] - 1);

        if (known && !search->algorithm->self_check) {
            continue;
        }
        quick = *search->ret;
        *search->ret = before;
        try_pairs(search, pnode, others, other_targets(search, targets, pnode, others));
        if (known && !same_solution(&quick, search->ret)) {
            g_error("htools: the quick choice of a secondary for %s on %s is wrong",
                    search->inst->name, pnode->name);
        }
    }
    ht_secondaries_free(secondaries);
}

static void search_begin(struct search *search, struct ht_cluster *cluster,
                         const struct ht_view *view, const struct ht_algorithm *algorithm,
                         const struct ht_instance *inst, struct ht_alloc_solution *ret)
{
    *ret = (struct ht_alloc_solution){.found = false};
    *search = (struct search){
        .cluster = cluster,
        .view = view,
        .algorithm = algorithm,
        .inst = inst,
        .places = g_array_new(FALSE, FALSE, sizeof(struct place)),
        .ret = ret,
    };
    ht_stats_init(&search->stats, cluster, view);
}

static void search_end(struct search *search)
{
    ht_redundancy_free(search->redundancy);
    ht_stats_clear(&search->stats);
    g_array_unref(search->places);
}

/* True if at least two nodes share a group, so that there is a pair. */
static bool has_pair(const struct ht_cluster *cluster, const struct ht_alloc_nodes *targets)
{
    g_autofree bool *seen = g_new0(bool, cluster->n_groups + 1);

    for (unsigned i = 0; i < targets->n_nodes; i++) {
        int group = cluster->nodes[targets->nodes[i]].group;

        if (seen[group]) {
            return true;
        }
        seen[group] = true;
    }
    return false;
}

bool ht_alloc_try(struct ht_cluster *cluster, const struct ht_view *view,
                  const struct ht_algorithm *algorithm, const struct ht_instance *inst,
                  const struct ht_alloc_nodes *targets, struct ht_alloc_solution *ret,
                  GError **errp)
{
    struct search search;

    if (targets->n_required == 1 && targets->n_nodes == 0) {
        g_set_error_literal(errp, HT_ALLOC_ERROR, HT_ALLOC_ERROR_IMPOSSIBLE, "No online nodes");
        return false;
    }
    if (targets->n_required == 2 && !has_pair(cluster, targets)) {
        g_set_error_literal(errp, HT_ALLOC_ERROR, HT_ALLOC_ERROR_IMPOSSIBLE,
                            "Not enough online nodes");
        return false;
    }
    search_begin(&search, cluster, view, algorithm, inst, ret);
    if (targets->n_required == 1) {
        try_singles(&search, targets);
    } else {
        try_all_pairs(&search, targets);
    }
    search_end(&search);
    return true;
}

bool ht_alloc_try_secondary(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                            int instance, struct ht_alloc_solution *ret, GError **errp)
{
    struct ht_instance inst = cluster->instances[instance];
    struct ht_node *pnode = &cluster->nodes[inst.pnode];
    g_autofree int *secondaries = g_new(int, cluster->n_nodes + 1);
    struct ht_view view;
    CLEANUP(ht_undo_freep) struct ht_undo *undo = NULL;
    struct search search;
    unsigned n = 0;

    if (inst.snode != HT_NONE) {
        g_set_error_literal(errp, HT_ALLOC_ERROR, HT_ALLOC_ERROR_IMPOSSIBLE,
                            "Instance already has a secondary");
        return false;
    }
    undo = ht_undo_new(cluster);
    view = ht_view_all(cluster);
    ht_undo_save_node(undo, pnode->idx);
    ht_node_remove_primary(cluster, pnode, &inst);
    inst.disk_template = HT_DT_DRBD8;
    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        if (cluster->nodes[i].group == pnode->group && (int)i != pnode->idx) {
            secondaries[n++] = (int)i;
        }
    }
    search_begin(&search, cluster, &view, algorithm, &inst, ret);
    try_pairs(&search, pnode, secondaries, n);
    search_end(&search);
    ht_alloc_log_score(cluster, ret);
    ht_undo_rollback(undo);
    ht_view_clear(&view);
    return true;
}

int ht_alloc_place(struct ht_cluster *cluster, const struct ht_instance *inst, const char *name,
                   const struct ht_alloc_solution *solution)
{
    const char *kept = name != NULL ? ht_cluster_strdup(cluster, name) : inst->name;
    struct ht_instance copy = *inst;
    int idx = (int)ht_cluster_append_row(cluster);
    struct ht_instance *added = &cluster->instances[idx];
    struct ht_node *pnode = &cluster->nodes[solution->pnode];

    *added = copy;
    added->idx = idx;
    added->name = kept;
    added->alias = name != NULL ? kept : copy.alias;
    added->pnode = solution->pnode;
    added->snode = solution->snode;
    if (solution->snode != HT_NONE) {
        added->location_score = ht_location_score(pnode, &cluster->nodes[solution->snode]);
    }
    ht_node_add_primary(cluster, pnode, added, true);
    if (solution->snode != HT_NONE) {
        ht_node_add_secondary(&cluster->nodes[solution->snode], added, solution->pnode, true,
                              false);
    }
    return idx;
}

bool ht_alloc_nodes_collect(const struct ht_cluster *cluster, const struct ht_view *view,
                            const struct ht_algorithm *algorithm, int n_required, bool allocable,
                            struct ht_alloc_nodes *ret, GError **errp)
{
    if (n_required != 1 && n_required != 2) {
        g_set_error_literal(errp, HT_ALLOC_ERROR, HT_ALLOC_ERROR_IMPOSSIBLE,
                            "Unsupported number of nodes, only one or two  supported");
        return false;
    }
    *ret =
        (struct ht_alloc_nodes){.n_required = n_required, .nodes = g_new(int, view->n_nodes + 1)};
    for (unsigned i = 0; i < view->n_nodes; i++) {
        const struct ht_node *node = &cluster->nodes[view->nodes[i]];

        if (!node->offline && (!allocable || ht_group_allocable(&cluster->groups[node->group])) &&
            (algorithm->restrict_to == NULL ||
             g_strv_contains(algorithm->restrict_to, node->name))) {
            ret->nodes[ret->n_nodes++] = node->idx;
        }
    }
    return true;
}

void ht_alloc_nodes_clear(struct ht_alloc_nodes *targets)
{
    g_clear_pointer(&targets->nodes, g_free);
}

void ht_alloc_solution_clear(struct ht_alloc_solution *solution)
{
    g_clear_pointer(&solution->log, g_ptr_array_unref);
    g_clear_pointer(&solution->lost, g_array_unref);
}

static void append_reasons(const struct ht_alloc_solution *solution, GString *out)
{
    const char *comma = "";

    for (int fail = HT_OK + 1; fail < HT_FAIL_END; fail++) {
        if (solution->failures[fail] > 0) {
            g_string_append_printf(out, "%s%s: %u", comma, ht_fail_name((enum ht_fail)fail),
                                   solution->failures[fail]);
            comma = ", ";
        }
    }
}

char *ht_alloc_explain(const struct ht_cluster *cluster, const struct ht_alloc_solution *solution,
                       void (*format)(const struct ht_alloc_solution *solution, GString *out))
{
    GString *out = g_string_new(NULL);

    if (!solution->found) {
        g_string_append(out, "No valid allocation solutions, failure reasons: ");
        if (solution->n_failures == 0) {
            g_string_append(out, "unknown reasons");
        }
        append_reasons(solution, out);
        return g_string_free(out, FALSE);
    }
    g_string_append(out, "score: ");
    format(solution, out);
    g_string_append_printf(out, ", successes %" G_GINT64_FORMAT ", failures %u (", solution->n_good,
                           solution->n_failures);
    append_reasons(solution, out);
    g_string_append_printf(out, ") for node(s) %s", cluster->nodes[solution->pnode].name);
    if (solution->snode != HT_NONE) {
        g_string_append_printf(out, "/%s", cluster->nodes[solution->snode].name);
    }
    return g_string_free(out, FALSE);
}

static void append_score(const struct ht_alloc_solution *solution, GString *out)
{
    ht_append_fixed(out, 8, solution->score);
}

void ht_alloc_log_score(const struct ht_cluster *cluster, struct ht_alloc_solution *solution)
{
    solution->log = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(solution->log, ht_alloc_explain(cluster, solution, append_score));
}

void ht_alloc_describe(const struct ht_group *group, const struct ht_alloc_solution *solution,
                       GPtrArray *out)
{
    for (guint i = 0; i < solution->log->len; i++) {
        g_ptr_array_add(out, g_strdup_printf("Group %s (%s): %s", group->name,
                                             ht_alloc_policy_name(group->alloc_policy),
                                             (const char *)g_ptr_array_index(solution->log, i)));
    }
}
