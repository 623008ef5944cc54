#include "config.h"

#include "htools/core/dedicated.h"

#include "htools/core/trial.h"

enum {
    /* A policy whose smallest instance needs nothing would fit for ever. */
    MAX_FITTING = 100000,
};

bool ht_cluster_dedicated(const struct ht_cluster *cluster, const char *group)
{
    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        const struct ht_node *node = &cluster->nodes[i];
        const struct ht_group *own = &cluster->groups[node->group];
        bool counts = group != NULL ? strcmp(own->name, group) == 0 : ht_group_allocable(own);

        if (counts && !node->excl_storage) {
            return false;
        }
    }
    return true;
}

static int compare_numbers(const GArray *a, const GArray *b)
{
    for (guint i = 0; i < a->len && i < b->len; i++) {
        int64_t left = g_array_index(a, int64_t, i), right = g_array_index(b, int64_t, i);

        if (left != right) {
            return left < right ? -1 : 1;
        }
    }
    return a->len < b->len ? -1 : a->len > b->len;
}

int ht_dedicated_compare(const struct ht_alloc_solution *a, const struct ht_alloc_solution *b)
{
    int order = compare_numbers(a->lost, b->lost);

    if (order != 0) {
        return order;
    }
    return a->lost_disk < b->lost_disk ? -1 : a->lost_disk > b->lost_disk;
}

static int compare_disk_sizes(gconstpointer a, gconstpointer b)
{
    const struct ht_instance *left = a, *right = b;

    return left->dsk > right->dsk ? -1 : left->dsk < right->dsk;
}

/* The smallest instances of the policy, the largest disk first. */
static GArray *smallest_instances(const struct ht_ipolicy *ipolicy)
{
    GArray *instances = g_array_new(FALSE, FALSE, sizeof(struct ht_instance));

    for (unsigned i = 0; i < ipolicy->n_minmax; i++) {
        const struct ht_ispec *min = &ipolicy->minmax[i].min;
        struct ht_instance inst;

        ht_instance_init(&inst, "smallest", HT_DT_PLAIN);
        inst.mem = min->memory_size;
        inst.dsk = min->disk_size;
        inst.vcpus = min->cpu_count;
        inst.spindle_use = min->spindle_use;
        g_array_append_val(instances, inst);
    }
    g_array_sort(instances, compare_disk_sizes);
    return instances;
}

/* How many instances like inst the node can take one after the other. */
static int64_t count_fitting(struct ht_trial node, const struct ht_instance *inst)
{
    int64_t n = 0;

    while (n < MAX_FITTING && ht_trial_add_primary(&node, inst, 0, false) == HT_OK) {
        n++;
    }
    return n;
}

/* Adds to lost, per smallest instance, how many fewer fit after than before. */
static void add_lost(GArray *lost, const GArray *smallest, const struct ht_trial *after)
{
    struct ht_trial before;

    ht_trial_init(&before, after->node);
    for (guint i = 0; i < smallest->len; i++) {
        const struct ht_instance *inst = &g_array_index(smallest, struct ht_instance, i);

        g_array_index(lost, int64_t, i) +=
            count_fitting(before, inst) - count_fitting(*after, inst);
    }
}

/* The instance on one or two nodes; on success candidate is measured. */
static enum ht_fail measure(const struct ht_cluster *cluster, const struct ht_instance *inst,
                            bool force, int pnode, int snode, struct ht_alloc_solution *candidate)
{
    const struct ht_node *primary = &cluster->nodes[pnode];
    g_autoptr(GArray) smallest = NULL;
    struct ht_trial p, s;
    enum ht_fail fail = ht_instance_check_policy(inst, primary->ipolicy, primary->excl_storage);

    ht_trial_init(&p, primary);
    if (fail == HT_OK) {
        fail = ht_trial_add_primary(&p, inst, inst->location_score, force);
    }
    if (fail == HT_OK && snode != HT_NONE) {
        ht_trial_init(&s, &cluster->nodes[snode]);
        fail = ht_trial_add_secondary(&s, inst, pnode, false, false);
    }
    if (fail != HT_OK) {
        return fail;
    }
    smallest = smallest_instances(primary->ipolicy);
    g_array_set_size(candidate->lost, 0);
    g_array_set_size(candidate->lost, smallest->len);
    add_lost(candidate->lost, smallest, &p);
    candidate->lost_disk = p.load.f_dsk;
    if (snode != HT_NONE) {
        add_lost(candidate->lost, smallest, &s);
        candidate->lost_disk += s.load.f_dsk;
    }
    candidate->pnode = pnode;
    candidate->snode = snode;
    return HT_OK;
}

static GArray *new_numbers(void)
{
    return g_array_new(FALSE, TRUE, sizeof(int64_t));
}

/* Of equally good places the later one is kept (bestAllocElement). */
static void try_place(const struct ht_cluster *cluster, const struct ht_instance *inst, bool force,
                      int pnode, int snode, struct ht_alloc_solution *candidate,
                      struct ht_alloc_solution *best)
{
    enum ht_fail fail = measure(cluster, inst, force, pnode, snode, candidate);
    GArray *spare = best->lost;

    if (fail != HT_OK) {
        best->failures[fail]++;
        best->n_failures++;
        return;
    }
    best->n_good++;
    if (best->found && ht_dedicated_compare(best, candidate) < 0) {
        return;
    }
    best->found = true;
    best->pnode = pnode;
    best->snode = snode;
    best->lost_disk = candidate->lost_disk;
    best->lost = candidate->lost;
    candidate->lost = spare;
}

/* As Haskell shows the pair of list and number. */
static void append_measure(const struct ht_alloc_solution *solution, GString *out)
{
    g_string_append(out, "([");
    for (guint i = 0; i < solution->lost->len; i++) {
        g_string_append_printf(out, "%s%" G_GINT64_FORMAT, i > 0 ? "," : "",
                               g_array_index(solution->lost, int64_t, i));
    }
    g_string_append_printf(out, "],%" G_GINT64_FORMAT ")", solution->lost_disk);
}

static unsigned try_partners(const struct ht_cluster *cluster, const struct ht_instance *inst,
                             bool force, const struct ht_alloc_nodes *targets, int pnode,
                             struct ht_alloc_solution *candidate, struct ht_alloc_solution *best)
{
    unsigned n = 0;

    for (unsigned i = 0; i < targets->n_nodes; i++) {
        int snode = targets->nodes[i];

        if (snode != pnode && cluster->nodes[snode].group == cluster->nodes[pnode].group) {
            try_place(cluster, inst, force, pnode, snode, candidate, best);
            n++;
        }
    }
    return n;
}

bool ht_dedicated_try(struct ht_cluster *cluster, const struct ht_instance *inst,
                      const struct ht_algorithm *algorithm, const struct ht_alloc_nodes *targets,
                      struct ht_alloc_solution *ret, GError **errp)
{
    struct ht_alloc_solution candidate = {.lost = new_numbers()};
    bool force = algorithm->ignore_soft_errors;
    unsigned n_tried = 0;

    *ret = (struct ht_alloc_solution){
        .lost = new_numbers(),
        .log = g_ptr_array_new_with_free_func(g_free),
    };
    for (unsigned i = 0; i < targets->n_nodes; i++) {
        int pnode = targets->nodes[i];

        if (targets->n_required == 1) {
            try_place(cluster, inst, force, pnode, HT_NONE, &candidate, ret);
            n_tried++;
        } else {
            n_tried += try_partners(cluster, inst, force, targets, pnode, &candidate, ret);
        }
    }
    ht_alloc_solution_clear(&candidate);
    if (n_tried == 0) {
        ht_alloc_solution_clear(ret);
        g_set_error_literal(errp, HT_ALLOC_ERROR, HT_ALLOC_ERROR_IMPOSSIBLE,
                            targets->n_required == 1 ? "No online nodes"
                                                     : "Not enough online nodes");
        return false;
    }
    g_ptr_array_add(ret->log, ht_alloc_explain(cluster, ret, append_measure));
    return true;
}
