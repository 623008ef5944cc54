#include "htools/core/candidate.h"

void ht_field_init(struct ht_field *field, struct ht_cluster *cluster, const struct ht_view *view,
                   const struct ht_algorithm *algorithm)
{
    *field = (struct ht_field){.cluster = cluster, .view = view, .algorithm = algorithm};
    field->nodes = g_new(int, view->n_nodes + 1);
    field->slot_of = g_new(int, cluster->n_nodes + 1);
    field->rows = g_aligned_alloc0(view->n_nodes + 1, sizeof(*field->rows), sizeof(ht_pair));
    field->pairs = g_array_new(FALSE, TRUE, sizeof(int64_t));
    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        field->slot_of[i] = HT_NONE;
    }
    for (unsigned i = 0; i < view->n_nodes; i++) {
        const struct ht_node *node = &cluster->nodes[view->nodes[i]];

        ht_sums_add(&field->sums, node, &node->load, 1);
        if (node->offline) {
            continue;
        }
        field->slot_of[node->idx] = (int)field->n_slots;
        field->nodes[field->n_slots] = node->idx;
        ht_row_compute(node, &node->load, &field->rows[field->n_slots++]);
        for (unsigned j = 0; j < node->pairs.n; j++) {
            unsigned pair = (unsigned)node->pairs.v[j].key;

            if (pair >= field->pairs->len) {
                g_array_set_size(field->pairs, pair + 1);
            }
            g_array_index(field->pairs, int64_t, pair) += node->pairs.v[j].value;
        }
    }
    for (unsigned i = 0; i < field->pairs->len; i++) {
        field->sums.location_excl += MAX(0, g_array_index(field->pairs, int64_t, i) - 1);
    }
    if (field->n_slots > 0) {
        ht_values_compute(field->rows, field->n_slots, &field->values);
        field->score = ht_values_score(&field->values, &field->sums);
    }
}

void ht_field_clear(struct ht_field *field)
{
    g_free(field->nodes);
    g_free(field->slot_of);
    g_aligned_free(field->rows);
    g_array_unref(field->pairs);
}

/* Counts the instance's pairs on a node up (1) or down (-1); returns by how much the number of
 * instances beyond the first of each pair grows. */
static int64_t pairs_shift(struct ht_field *field, const struct ht_instance *inst,
                           const struct ht_node *node, int sign)
{
    int64_t change = 0;

    if (node->offline || inst->forthcoming) {
        return 0;
    }
    for (unsigned i = 0; i < node->location_tags.n; i++) {
        for (unsigned j = 0; j < inst->n_excl_tags; j++) {
            unsigned pair = (unsigned)ht_cluster_pair(field->cluster, node->location_tags.v[i],
                                                      inst->excl_tags[j]);
            int64_t *count;

            if (pair >= field->pairs->len) {
                g_array_set_size(field->pairs, pair + 1);
            }
            count = &g_array_index(field->pairs, int64_t, pair);
            change -= MAX(0, *count - 1);
            *count += sign;
            change += MAX(0, *count - 1);
        }
    }
    return change;
}

/* Adds what the trial changes to the sums, except for pairs. */
static void add_trial(struct ht_sums *sums, const struct ht_trial *trial)
{
    ht_sums_add(sums, trial->node, &trial->node->load, -1);
    ht_sums_add(sums, trial->node, &trial->load, 1);
}

struct ht_sums ht_field_trial_sums(struct ht_field *field, const struct ht_instance *inst,
                                   const struct ht_move_trial *trial)
{
    struct ht_sums sums = field->sums;
    const struct ht_trial *nodes[3];
    int n = ht_trial_nodes(trial, nodes);

    for (int i = 0; i < n; i++) {
        add_trial(&sums, nodes[i]);
    }
    if (inst->n_excl_tags > 0 && trial->pnode != inst->pnode) {
        const struct ht_node *from = &field->cluster->nodes[inst->pnode];
        const struct ht_node *to = &field->cluster->nodes[trial->pnode];

        sums.location_excl += pairs_shift(field, inst, from, -1);
        sums.location_excl += pairs_shift(field, inst, to, 1);
        pairs_shift(field, inst, to, -1);
        pairs_shift(field, inst, from, 1);
    }
    return sums;
}

double ht_field_trial_score(struct ht_field *field, const struct ht_instance *inst,
                            const struct ht_move_trial *trial)
{
    struct ht_sums sums = ht_field_trial_sums(field, inst, trial);
    union ht_row saved[3];
    struct ht_values values;
    const struct ht_trial *nodes[3];
    int n = ht_trial_nodes(trial, nodes);

    for (int i = 0; i < n; i++) {
        int slot = field->slot_of[nodes[i]->node->idx];

        if (slot != HT_NONE) {
            saved[i] = field->rows[slot];
            ht_row_compute(nodes[i]->node, &nodes[i]->load, &field->rows[slot]);
        }
    }
    ht_values_compute(field->rows, field->n_slots, &values);
    for (int i = 0; i < n; i++) {
        int slot = field->slot_of[nodes[i]->node->idx];

        if (slot != HT_NONE) {
            field->rows[slot] = saved[i];
        }
    }
    return ht_values_score(&values, &sums);
}

double ht_field_added_score(struct ht_field *field, const struct ht_instance *inst,
                            const struct ht_trial *trial)
{
    int slot = field->slot_of[trial->node->idx];
    struct ht_sums sums = field->sums;
    struct ht_values values;
    union ht_row saved;

    if (field->n_slots == 0) {
        return 0;
    }
    add_trial(&sums, trial);
    if (inst->n_excl_tags > 0) {
        sums.location_excl += pairs_shift(field, inst, trial->node, 1);
        pairs_shift(field, inst, trial->node, -1);
    }
    if (slot == HT_NONE) {
        return ht_values_score(&field->values, &sums);
    }
    saved = field->rows[slot];
    ht_row_compute(trial->node, &trial->load, &field->rows[slot]);
    ht_values_compute(field->rows, field->n_slots, &values);
    field->rows[slot] = saved;
    return ht_values_score(&values, &sums);
}

void ht_field_added(struct ht_field *field, const struct ht_instance *inst,
                    const struct ht_trial *trial)
{
    int slot = field->slot_of[trial->node->idx];

    add_trial(&field->sums, trial);
    field->sums.location_excl += pairs_shift(field, inst, trial->node, 1);
    if (slot != HT_NONE) {
        ht_row_compute(trial->node, &trial->load, &field->rows[slot]);
        ht_values_compute(field->rows, field->n_slots, &field->values);
    }
}

static void refresh_node(struct ht_field *field, int node_idx)
{
    const struct ht_node *node = &field->cluster->nodes[node_idx];
    int slot = field->slot_of[node_idx];

    if (slot != HT_NONE) {
        ht_row_compute(node, &node->load, &field->rows[slot]);
    }
}

enum ht_fail ht_field_move(struct ht_field *field, int instance, struct ht_move move)
{
    struct ht_instance *inst = &field->cluster->instances[instance];
    bool force = field->algorithm->ignore_soft_errors;
    struct ht_move_trial trial;
    const struct ht_trial *nodes[3];
    enum ht_fail fail = ht_move_try(field->cluster, inst, move, force, &trial);
    int n, old_pnode = inst->pnode;

    if (fail != HT_OK) {
        return fail;
    }
    n = ht_trial_nodes(&trial, nodes);
    field->sums = ht_field_trial_sums(field, inst, &trial);
    fail = ht_move_apply(field->cluster, instance, move, force, NULL);
    g_assert(fail == HT_OK);
    if (inst->n_excl_tags > 0 && inst->pnode != old_pnode) {
        pairs_shift(field, inst, &field->cluster->nodes[old_pnode], -1);
        pairs_shift(field, inst, &field->cluster->nodes[inst->pnode], 1);
    }
    for (int i = 0; i < n; i++) {
        refresh_node(field, nodes[i]->node->idx);
    }
    ht_values_compute(field->rows, field->n_slots, &field->values);
    field->score = ht_values_score(&field->values, &field->sums);
    return HT_OK;
}

/* Matches Cluster.hs, possibleMoves. */
struct ht_kinds ht_field_kinds(const struct ht_field *field, const struct ht_instance *inst)
{
    const struct ht_algorithm *algorithm = field->algorithm;
    struct ht_kinds kinds = {.n = 0};
    bool use_secondary, drained;

    if (ht_instance_mirror(inst) == HT_MIRROR_EXTERNAL) {
        if (algorithm->instance_moves) {
            kinds.kind[kinds.n++] = HT_MOVE_FAILOVER_TO_ANY;
        }
        return kinds;
    }
    if (ht_instance_mirror(inst) == HT_MIRROR_NONE || inst->snode == HT_NONE) {
        return kinds;
    }
    use_secondary = algorithm->instance_moves && field->slot_of[inst->snode] != HT_NONE;
    drained = field->cluster->nodes[inst->pnode].offline;
    kinds.failover = use_secondary;
    if (!algorithm->disk_moves) {
        return kinds;
    }
    kinds.kind[kinds.n++] = HT_MOVE_REPLACE_SECONDARY;
    if (!algorithm->instance_moves || (algorithm->restricted_migration && !drained)) {
        return kinds;
    }
    kinds.kind[kinds.n++] = HT_MOVE_REPLACE_AND_FAILOVER;
    if (use_secondary) {
        if (!algorithm->restricted_migration) {
            kinds.kind[kinds.n++] = HT_MOVE_REPLACE_PRIMARY;
        }
        kinds.kind[kinds.n++] = HT_MOVE_FAILOVER_AND_REPLACE;
    }
    return kinds;
}

bool ht_field_moves(const struct ht_field *field, const struct ht_instance *inst)
{
    const struct ht_node *nodes = field->cluster->nodes;

    if (!inst->movable || !inst->auto_balance) {
        return false;
    }
    return !field->algorithm->evac_mode || nodes[inst->pnode].offline ||
           (ht_instance_has_secondary(inst) && inst->snode != HT_NONE &&
            nodes[inst->snode].offline);
}

uint64_t ht_candidate_order(const struct ht_field *field, int instance_rank, int slot,
                            int kind_rank)
{
    /* A failover (slot HT_NONE) comes before everything else of its instance. */
    return ((uint64_t)instance_rank * (field->n_slots + 1) + (uint64_t)(slot + 1)) * 4 +
           (uint64_t)kind_rank;
}
