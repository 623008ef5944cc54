#include "htools/core/balance.h"

#include <math.h>

#include "htools/core/bound.h"
#include "htools/core/candidate.h"

struct ht_balancer {
    struct ht_field field;
    struct ht_bounds *bounds;
    GArray *found; /* struct ht_candidate: those that may be the best */
};

struct ht_balancer *ht_balancer_new(struct ht_cluster *cluster, const struct ht_view *view,
                                    const struct ht_algorithm *algorithm)
{
    struct ht_balancer *balancer = g_new0(struct ht_balancer, 1);

    ht_field_init(&balancer->field, cluster, view, algorithm);
    balancer->found = g_array_new(FALSE, FALSE, sizeof(struct ht_candidate));
    balancer->bounds = ht_bounds_new(&balancer->field);
    return balancer;
}

void ht_balancer_free(struct ht_balancer *balancer)
{
    if (balancer == NULL) {
        return;
    }
    ht_bounds_free(balancer->bounds);
    g_array_unref(balancer->found);
    ht_field_clear(&balancer->field);
    g_free(balancer);
}

double ht_balancer_score(const struct ht_balancer *balancer)
{
    return balancer->field.score;
}

/* The best so far; `none` until something is better than the score of now. */
struct best {
    bool none;
    struct ht_candidate candidate;
    double score;
};

/* Keeps the better one, of equals the one that the reference finds first. A score that is not a
 * number never wins. */
static void consider(struct best *best, const struct ht_candidate *candidate, double score)
{
    bool earlier = !best->none && candidate->order < best->candidate.order;

    if (score < best->score || (score == best->score && earlier)) {
        *best = (struct best){.candidate = *candidate, .score = score};
    }
}

static void consider_move(struct ht_field *field, struct best *best,
                          const struct ht_candidate *candidate)
{
    const struct ht_instance *inst = &field->cluster->instances[candidate->instance];
    struct ht_move_trial trial;

    if (ht_move_try(field->cluster, inst, candidate->move, field->algorithm->ignore_soft_errors,
                    &trial) == HT_OK) {
        consider(best, candidate, ht_field_trial_score(field, inst, &trial));
    }
}

/* Every candidate, one after the other: what the bounds are checked against, and what is done when
 * scores are infinite and bounds mean nothing. */
static struct best search_all(struct ht_field *field)
{
    struct best best = {.none = true, .score = field->score};

    for (unsigned i = 0; i < field->view->n_instances; i++) {
        const struct ht_instance *inst = &field->cluster->instances[field->view->instances[i]];
        struct ht_kinds kinds = ht_field_kinds(field, inst);

        if (!ht_field_moves(field, inst)) {
            continue;
        }
        if (kinds.failover) {
            struct ht_candidate candidate = {
                .instance = inst->idx,
                .move = {HT_MOVE_FAILOVER, HT_NONE},
                .order = ht_candidate_order(field, (int)i, HT_NONE, 0),
            };

            consider_move(field, &best, &candidate);
        }
        for (unsigned slot = 0; slot < field->n_slots; slot++) {
            int target = field->nodes[slot];

            for (int k = 0; k < kinds.n && target != inst->pnode && target != inst->snode; k++) {
                struct ht_candidate candidate = {
                    .instance = inst->idx,
                    .move = {kinds.kind[k], target},
                    .order = ht_candidate_order(field, (int)i, (int)slot, k),
                };

                consider_move(field, &best, &candidate);
            }
        }
    }
    return best;
}

static struct best search_bounded(struct ht_balancer *balancer)
{
    struct ht_field *field = &balancer->field;
    struct best best = {.none = true, .score = field->score};

    g_array_set_size(balancer->found, 0);
    ht_bounds_collect(balancer->bounds, balancer->found);
    for (unsigned i = 0; i < balancer->found->len; i++) {
        const struct ht_candidate *candidate =
            &g_array_index(balancer->found, struct ht_candidate, i);

        if (candidate->low <= best.score) {
            consider_move(field, &best, candidate);
        }
    }
    return best;
}

static void check_against_all(struct ht_field *field, const struct best *best)
{
    struct best all = search_all(field);
    struct ht_field fresh;

    g_assert(all.none == best->none);
    g_assert(all.none ||
             (all.score == best->score && all.candidate.order == best->candidate.order));
    ht_field_init(&fresh, field->cluster, field->view, field->algorithm);
    g_assert(memcmp(&fresh.sums, &field->sums, sizeof(fresh.sums)) == 0);
    g_assert(fresh.score == field->score || isnan(field->score));
    ht_field_clear(&fresh);
}

bool ht_balancer_step(struct ht_balancer *balancer, struct ht_placement *ret)
{
    struct ht_field *field = &balancer->field;
    const struct ht_algorithm *algorithm = field->algorithm;
    double before = field->score;
    const struct ht_instance *inst;
    struct best best;

    if (isnan(before)) {
        return false;
    }
    best = isinf(before) ? search_all(field) : search_bounded(balancer);
    if (algorithm->self_check) {
        check_against_all(field, &best);
    }
    if (best.none ||
        !(before > algorithm->min_gain_limit || before - best.score >= algorithm->min_gain)) {
        return false;
    }
    inst = &field->cluster->instances[best.candidate.instance];
    ht_bounds_before_move(balancer->bounds, &best.candidate);
    if (ht_field_move(field, best.candidate.instance, best.candidate.move) != HT_OK) {
        g_assert_not_reached();
    }
    ht_bounds_after_move(balancer->bounds);
    *ret = (struct ht_placement){
        .instance = best.candidate.instance,
        .pnode = inst->pnode,
        .snode = inst->snode,
        .move = best.candidate.move,
        .score = best.score,
    };
    return true;
}

unsigned ht_balance(struct ht_cluster *cluster, const struct ht_view *view,
                    const struct ht_algorithm *algorithm, int max_steps, double min_score,
                    GArray *found)
{
    CLEANUP(ht_balancer_freep)
    struct ht_balancer *balancer = ht_balancer_new(cluster, view, algorithm);
    struct ht_placement placement;
    unsigned n = 0;

    while ((max_steps < 0 || n < (unsigned)max_steps) && ht_balancer_score(balancer) > min_score &&
           ht_balancer_step(balancer, &placement)) {
        n++;
        if (found != NULL) {
            g_array_append_val(found, placement);
        }
    }
    return n;
}
