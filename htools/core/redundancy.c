#include "config.h"

#include "htools/core/redundancy.h"

#include "htools/core/candidate.h"
#include "htools/core/evacuate.h"
#include "htools/core/metrics.h"
#include "htools/core/moves.h"
#include "htools/core/trial.h"

/* Answers are kept per node. Most clusters carry only DRBD, where losing a node touches nobody but
 * the secondaries of its instances; then only the nodes around a new instance are asked again. */
struct ht_redundancy {
    struct ht_cluster *cluster;
    struct ht_view view;   /* borrowed arrays */
    struct ht_undo *trial; /* a new instance */
    struct ht_undo *loss;  /* of a node, tried out */
    bool *watched;         /* per node: counts at all */
    bool *holds;           /* per node: as things are */
    bool *mixed;           /* per node: carries more than DRBD */
    unsigned *asked;       /* per node: the last question it was asked again for */
    unsigned question;
    unsigned n_failing;
    int *mixed_nodes;
    unsigned n_mixed;
    GArray *added;       /* struct ht_count: memory that failovers bring to a node; scratch */
    int64_t *most_added; /* per node: the most that the loss of one other node brings */
};

static bool is_drbd(const struct ht_instance *inst)
{
    return inst->disk_template == HT_DT_DRBD8;
}

/* Spindles on a node whose storage is exclusive must be known, and not overdrawn. */
static bool spindles_suffice(const struct ht_node *node, const struct ht_instance *inst)
{
    return !node->excl_storage ||
           (ht_instance_spindles(inst) != HT_SPINDLES_UNKNOWN && node->load.f_spindles >= 0);
}

static int64_t *added_memory(GArray *added, int node)
{
    struct ht_count entry = {.key = node};

    for (guint i = 0; i < added->len; i++) {
        struct ht_count *known = &g_array_index(added, struct ht_count, i);

        if (known->key == node) {
            return &known->value;
        }
    }
    g_array_append_val(added, entry);
    return &g_array_index(added, struct ht_count, added->len - 1).value;
}

static int64_t memory_used(const struct ht_instance *inst)
{
    return ht_instance_uses_memory(inst) ? inst->mem : 0;
}

/* Whether all DRBD instances of the node fail over, one after the other, with soft limits ignored:
 * what ht_move_apply() would say to each, in closed form. */
static bool drbd_fails_over(struct ht_redundancy *r, const struct ht_node *node)
{
    const struct ht_node *nodes = r->cluster->nodes;

    g_array_set_size(r->added, 0);
    for (unsigned i = 0; i < node->pri.n; i++) {
        const struct ht_instance *inst = &r->cluster->instances[node->pri.v[i]];
        const struct ht_node *snode;
        int64_t *added;

        if (!is_drbd(inst)) {
            continue;
        }
        if (inst->snode == HT_NONE) {
            return false;
        }
        snode = &nodes[inst->snode];
        added = added_memory(r->added, inst->snode);
        *added += memory_used(inst);
        if (!ht_node_may_migrate(&nodes[inst->pnode], snode) || snode->load.f_dsk <= 0 ||
            ht_load_unallocated_mem(snode, &snode->load) - *added <= 0 ||
            !spindles_suffice(snode, inst) || !spindles_suffice(node, inst) ||
            (!node->offline && node->load.f_dsk <= 0)) {
            return false;
        }
    }
    return true;
}

/* True if this one node could take all that the lost node carries, so that no choice among nodes
 * can go wrong. */
static bool takes_all(struct ht_redundancy *r, const struct ht_node *lost,
                      const struct ht_node *node)
{
    int64_t memory = 0, disk = 0, spindles = 0;

    if (!ht_node_may_migrate(lost, node)) {
        return false;
    }
    for (unsigned i = 0; i < lost->pri.n; i++) {
        const struct ht_instance *inst = &r->cluster->instances[lost->pri.v[i]];

        memory += MAX(0, inst->mem);
        if (is_drbd(inst)) {
            continue;
        }
        /* Spindles are taken by every instance, asked for by those on local storage only (Node.hs,
         * calcNewFreeSpindles and addPriEx). */
        if (node->excl_storage) {
            int64_t own = ht_instance_spindles(inst);

            if (own == HT_SPINDLES_UNKNOWN) {
                return false;
            }
            spindles += MAX(0, own);
        }
        if (ht_instance_uses_local_storage(inst)) {
            disk += MAX(0, inst->dsk);
        }
        if (!ht_disk_template_evacuable(inst->disk_template) &&
            ht_instance_check_policy(inst, node->ipolicy, node->excl_storage) != HT_OK) {
            return false;
        }
    }
    return ht_load_unallocated_mem(node, &node->load) > memory && node->load.f_dsk > disk &&
           (!node->excl_storage || node->load.f_spindles >= spindles);
}

static unsigned other_nodes(const struct ht_redundancy *r, const struct ht_node *lost, int *ret)
{
    unsigned n = 0;

    for (unsigned i = 0; i < r->view.n_nodes; i++) {
        const struct ht_node *node = &r->cluster->nodes[r->view.nodes[i]];

        if (node->group == lost->group && node != lost) {
            ret[n++] = node->idx;
        }
    }
    return n;
}

/* Matches GlobalN1.hs, recreate: the instance anew on the best of the targets (of several the
 * last), by the score of the whole view. */
static bool recreate(struct ht_redundancy *r, struct ht_field *field, struct ht_instance inst,
                     const int *targets, unsigned n_targets)
{
    struct ht_trial best = {.node = NULL};
    double best_score = 0;

    inst.idx = HT_NONE;
    for (unsigned i = 0; i < n_targets; i++) {
        const struct ht_node *node = &r->cluster->nodes[targets[i]];
        struct ht_trial trial;
        double score;

        ht_trial_init(&trial, node);
        if (ht_instance_check_policy(&inst, node->ipolicy, node->excl_storage) != HT_OK ||
            ht_trial_add_primary(&trial, &inst, inst.location_score, true) != HT_OK) {
            continue;
        }
        score = ht_field_added_score(field, &inst, &trial);
        if (best.node == NULL || !(best_score < score)) {
            best = trial;
            best_score = score;
        }
    }
    if (best.node == NULL) {
        return false;
    }
    ht_field_added(field, &inst, &best);
    ht_undo_save_node(r->loss, best.node->idx);
    return ht_node_add_primary(r->cluster, &r->cluster->nodes[best.node->idx], &inst, true) ==
           HT_OK;
}

/* All instances that cannot be moved, one after the other. */
static bool recreate_all(struct ht_redundancy *r, const GArray *instances, const int *targets,
                         unsigned n_targets)
{
    struct ht_field field;
    bool ok = true;

    if (instances->len == 0) {
        return true;
    }
    ht_field_init(&field, r->cluster, &r->view, NULL);
    for (guint i = 0; ok && i < instances->len; i++) {
        ok = recreate(r, &field, r->cluster->instances[g_array_index(instances, int, i)], targets,
                      n_targets);
    }
    ht_field_clear(&field);
    return ok;
}

/* Largest memory first; g_array_sort() is stable, and so is the reference's sort. */
static int compare_memory(gconstpointer a, gconstpointer b, gpointer instances)
{
    const struct ht_instance *rows = instances;
    int64_t left = rows[*(const int *)a].mem, right = rows[*(const int *)b].mem;

    return left > right ? -1 : left < right;
}

/* The loss of the node played through; the cluster is left as it is then. */
static bool play_loss(struct ht_redundancy *r, const struct ht_node *lost, const int *primaries,
                      unsigned n_primaries, const int *targets, unsigned n_targets)
{
    static const struct ht_move failover = {HT_MOVE_FAILOVER, HT_NONE};
    struct ht_cluster *cluster = r->cluster;
    g_autoptr(GArray) fixed = g_array_new(FALSE, FALSE, sizeof(int));

    for (unsigned i = 0; i < n_primaries; i++) {
        if (is_drbd(&cluster->instances[primaries[i]]) &&
            ht_move_apply(cluster, primaries[i], failover, true, r->loss) != HT_OK) {
            return false;
        }
    }
    for (unsigned i = 0; i < n_primaries; i++) {
        const struct ht_instance *inst = &cluster->instances[primaries[i]];
        struct ht_evac_job job;

        if (is_drbd(inst)) {
            continue;
        }
        if (!ht_disk_template_evacuable(inst->disk_template)) {
            g_array_append_val(fixed, primaries[i]);
        } else if (!ht_evac_instance(cluster, true, HT_EVAC_CHANGE_PRIMARY, primaries[i],
                                     lost->group, targets, n_targets, &job, r->loss, NULL)) {
            return false;
        }
    }
    g_array_sort_with_data(fixed, compare_memory, cluster->instances);
    return recreate_all(r, fixed, targets, n_targets);
}

static bool is_mixed(const struct ht_cluster *cluster, const struct ht_node *node)
{
    for (unsigned i = 0; i < node->pri.n; i++) {
        if (!is_drbd(&cluster->instances[node->pri.v[i]])) {
            return true;
        }
    }
    return false;
}

/* Matches GlobalN1.hs, canEvacuateNode. */
static bool survives_loss(struct ht_redundancy *r, const struct ht_node *lost)
{
    g_autofree int *targets = NULL;
    g_autofree int *primaries = NULL;
    unsigned n_targets, n = lost->pri.n;
    bool ok;

    if (!drbd_fails_over(r, lost)) {
        return false;
    }
    if (!is_mixed(r->cluster, lost)) {
        return true;
    }
    targets = g_new(int, r->view.n_nodes + 1);
    n_targets = other_nodes(r, lost, targets);
    for (unsigned i = 0; i < n_targets; i++) {
        if (takes_all(r, lost, &r->cluster->nodes[targets[i]])) {
            return true;
        }
    }
    primaries = g_new(int, n + 1);
    for (unsigned i = 0; i < n; i++) {
        primaries[i] = lost->pri.v[n - 1 - i];
    }
    ok = play_loss(r, lost, primaries, n, targets, n_targets);
    ht_undo_rollback(r->loss);
    return ok;
}

static bool is_watched(const struct ht_node *node, const struct ht_algorithm *algorithm)
{
    return !(algorithm->accept_existing && node->offline) &&
           !(algorithm->ignore_groups != NULL && algorithm->ignore_groups[node->group]);
}

struct ht_redundancy *ht_redundancy_new(struct ht_cluster *cluster, const struct ht_view *view,
                                        const struct ht_algorithm *algorithm)
{
    struct ht_redundancy *r = g_new0(struct ht_redundancy, 1);

    r->cluster = cluster;
    r->view = *view;
    r->trial = ht_undo_new(cluster);
    r->loss = ht_undo_new(cluster);
    r->watched = g_new0(bool, cluster->n_nodes + 1);
    r->holds = g_new0(bool, cluster->n_nodes + 1);
    r->mixed = g_new0(bool, cluster->n_nodes + 1);
    r->asked = g_new0(unsigned, cluster->n_nodes + 1);
    r->mixed_nodes = g_new0(int, cluster->n_nodes + 1);
    r->added = g_array_new(FALSE, FALSE, sizeof(struct ht_count));
    r->most_added = g_new0(int64_t, cluster->n_nodes + 1);
    for (unsigned i = 0; i < view->n_nodes; i++) {
        const struct ht_node *node = &cluster->nodes[view->nodes[i]];

        r->watched[node->idx] = is_watched(node, algorithm);
        if (!r->watched[node->idx]) {
            continue;
        }
        r->mixed[node->idx] = is_mixed(cluster, node);
        if (r->mixed[node->idx]) {
            r->mixed_nodes[r->n_mixed++] = node->idx;
        }
        r->holds[node->idx] = survives_loss(r, node);
        r->n_failing += !r->holds[node->idx];
        for (guint j = 0; j < r->added->len; j++) {
            const struct ht_count *added = &g_array_index(r->added, struct ht_count, j);

            r->most_added[added->key] = MAX(r->most_added[added->key], added->value);
        }
    }
    return r;
}

void ht_redundancy_free(struct ht_redundancy *r)
{
    if (r == NULL) {
        return;
    }
    ht_undo_free(r->trial);
    ht_undo_free(r->loss);
    g_free(r->watched);
    g_free(r->holds);
    g_free(r->mixed);
    g_free(r->asked);
    g_free(r->mixed_nodes);
    g_array_unref(r->added);
    g_free(r->most_added);
    g_free(r);
}

bool ht_redundancy_holds(const struct ht_redundancy *r)
{
    return r->n_failing == 0;
}

unsigned ht_redundancy_failing(const struct ht_redundancy *r)
{
    return r->n_failing;
}

/* The place of a new instance's row. With a view of one group the reference counts only that
 * group's instances and may hit one of them (Cluster.hs findAllocation, AllocationSolution.hs
 * updateIl); its answer depends on it, so it is done here, too. */
static bool displaces(const struct ht_redundancy *r)
{
    const struct ht_cluster *cluster = r->cluster;
    unsigned row = r->view.n_instances;

    return r->view.group != HT_NONE && row < cluster->n_instances &&
           cluster->nodes[cluster->instances[row].pnode].group == r->view.group;
}

static int place_row(struct ht_redundancy *r, const struct ht_instance *inst)
{
    struct ht_cluster *cluster = r->cluster;
    unsigned row = r->view.n_instances;

    if (inst->idx != HT_NONE && inst->idx < (int)cluster->n_instances) {
        return inst->idx;
    }
    if (displaces(r)) {
        ht_undo_save_instance(r->trial, (int)row);
    } else {
        row = ht_cluster_append_row(cluster);
    }
    cluster->instances[row] = *inst;
    return (int)row;
}

static bool ask_again(struct ht_redundancy *r, int node, unsigned *failing_before)
{
    if (node == HT_NONE || !r->watched[node] || r->asked[node] == r->question) {
        return true;
    }
    r->asked[node] = r->question;
    *failing_before += !r->holds[node];
    return survives_loss(r, &r->cluster->nodes[node]);
}

/* The nodes whose instances would fail over to this one. */
static bool ask_primaries(struct ht_redundancy *r, int node, unsigned *failing_before)
{
    const struct ht_ints *sec;

    if (node == HT_NONE) {
        return true;
    }
    sec = &r->cluster->nodes[node].sec;
    for (unsigned i = 0; i < sec->n; i++) {
        if (!ask_again(r, r->cluster->instances[sec->v[i]].pnode, failing_before)) {
            return false;
        }
    }
    return true;
}

static bool ask_around(struct ht_redundancy *r, int pnode, int snode, int displaced)
{
    unsigned failing_before = 0;

    r->question++;
    if (!ask_again(r, pnode, &failing_before) || !ask_again(r, snode, &failing_before) ||
        !ask_again(r, displaced, &failing_before) || !ask_primaries(r, pnode, &failing_before) ||
        !ask_primaries(r, snode, &failing_before)) {
        return false;
    }
    for (unsigned i = 0; i < r->n_mixed; i++) {
        if (!ask_again(r, r->mixed_nodes[i], &failing_before)) {
            return false;
        }
    }
    return failing_before == r->n_failing;
}

/* Nothing but failovers of DRBD instances decides, all of them stay as they are, and the instance
 * gives nothing back. */
static bool only_adds(const struct ht_redundancy *r, const struct ht_instance *inst)
{
    return r->n_mixed == 0 && !displaces(r) && inst->mem >= 0 && inst->dsk >= 0 &&
           ht_instance_spindles(inst) >= HT_SPINDLES_UNKNOWN;
}

bool ht_redundancy_lost(const struct ht_redundancy *r, const struct ht_instance *inst)
{
    return r->n_failing > 0 && only_adds(r, inst);
}

/* True if there is so much room that the answer is yes without playing it through: on the primary
 * node for what fails over to it from any one node, and on the secondary for the instance itself
 * beside that. */
static bool surely_allows(const struct ht_redundancy *r, const struct ht_instance *inst, int pnode,
                          int snode)
{
    const struct ht_node *p = &r->cluster->nodes[pnode], *s;
    int64_t memory = memory_used(inst);

    if (snode == HT_NONE || r->n_failing > 0 || !only_adds(r, inst) || !is_drbd(inst) ||
        inst->forthcoming) {
        return false;
    }
    s = &r->cluster->nodes[snode];
    return !p->excl_storage && !s->excl_storage && ht_node_may_migrate(p, s) &&
           p->load.f_dsk > inst->dsk && s->load.f_dsk > inst->dsk &&
           ht_load_unallocated_mem(p, &p->load) - memory - r->most_added[pnode] > 0 &&
           ht_load_unallocated_mem(s, &s->load) - memory - r->most_added[snode] > 0;
}

bool ht_redundancy_allows(struct ht_redundancy *r, const struct ht_instance *inst, int pnode,
                          int snode)
{
    struct ht_cluster *cluster = r->cluster;
    struct ht_instance placed = *inst;
    unsigned row = r->view.n_instances;
    int displaced = row < cluster->n_instances ? cluster->instances[row].pnode : HT_NONE;
    bool ok;

    if (surely_allows(r, inst, pnode, snode)) {
        return true;
    }
    if (ht_redundancy_lost(r, inst)) {
        return false;
    }
    placed.pnode = pnode;
    placed.snode = snode;
    if (snode != HT_NONE) {
        placed.location_score = ht_location_score(&cluster->nodes[pnode], &cluster->nodes[snode]);
    }
    placed.idx = place_row(r, &placed);
    if (placed.idx != inst->idx) {
        cluster->instances[placed.idx].idx = placed.idx;
    }
    ht_undo_save_node(r->trial, pnode);
    ok = ht_node_add_primary(cluster, &cluster->nodes[pnode], &placed, true) == HT_OK;
    if (ok && snode != HT_NONE) {
        ht_undo_save_node(r->trial, snode);
        ok = ht_node_add_secondary(&cluster->nodes[snode], &placed, pnode, true, false) == HT_OK;
    }
    ok = ok && ask_around(r, pnode, snode, displaced);
    ht_undo_rollback(r->trial);
    return ok;
}

bool ht_view_redundant(struct ht_cluster *cluster, const struct ht_view *view,
                       const struct ht_algorithm *algorithm)
{
    struct ht_redundancy *r = ht_redundancy_new(cluster, view, algorithm);
    bool holds = ht_redundancy_holds(r);

    ht_redundancy_free(r);
    return holds;
}
