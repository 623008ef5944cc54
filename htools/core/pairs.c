#include "htools/core/pairs.h"

#include <math.h>

#include "htools/core/alike.h"
#include "htools/core/moves.h"

struct pairs {
    struct ht_cluster *cluster;
    const struct ht_algorithm *algorithm;
    const struct ht_instance *inst;
    struct ht_stats stats;
    struct ht_alikes primaries, secondaries;
    bool *primary_fits; /* by node */
    struct ht_alloc_solution *ret;
    bool odd; /* a score is not a number */
};

static bool try_primary(const struct pairs *pairs, const struct ht_node *node,
                        struct ht_trial *trial)
{
    ht_trial_init(trial, node);
    return ht_instance_check_policy(pairs->inst, node->ipolicy, node->excl_storage) == HT_OK &&
           ht_trial_add_primary(trial, pairs->inst, 0, pairs->algorithm->ignore_soft_errors) ==
               HT_OK;
}

static bool try_secondary(const struct pairs *pairs, const struct ht_node *node, int pnode,
                          struct ht_trial *trial)
{
    ht_trial_init(trial, node);
    return ht_trial_add_secondary(trial, pairs->inst, pnode, false, false) == HT_OK;
}

/* Sorts the targets into classes; as secondaries they are taken for nodes that reserve nothing for
 * the primary yet. */
static void classify(struct pairs *pairs, const struct ht_alloc_nodes *targets)
{
    for (unsigned i = 0; i < targets->n_nodes; i++) {
        const struct ht_node *node = &pairs->cluster->nodes[targets->nodes[i]];
        struct ht_trial trial;

        pairs->primary_fits[node->idx] = try_primary(pairs, node, &trial);
        if (pairs->primary_fits[node->idx]) {
            ht_alikes_add(&pairs->primaries, &trial);
        }
        if (try_secondary(pairs, node, HT_NONE, &trial)) {
            ht_alikes_add(&pairs->secondaries, &trial);
        }
    }
}

/* A lower score wins; of equal ones the last pair, first by primary, then by secondary. */
static bool is_better(const struct pairs *pairs, double score, int pnode, int snode)
{
    const struct ht_alloc_solution *best = pairs->ret;

    if (!best->found || score != best->score) {
        return !best->found || score < best->score;
    }
    return pnode > best->pnode || (pnode == best->pnode && snode > best->snode);
}

static void consider(struct pairs *pairs, double score, int pnode, int snode)
{
    pairs->odd = pairs->odd || isnan(score);
    if (is_better(pairs, score, pnode, snode)) {
        pairs->ret->found = true;
        pairs->ret->score = score;
        pairs->ret->pnode = pnode;
        pairs->ret->snode = snode;
    }
}

static double pair_score(const struct pairs *pairs, const struct ht_stats *with_primary,
                         const struct ht_node *pnode, const struct ht_node *snode,
                         const struct ht_load *s_after)
{
    struct ht_stats stats = *with_primary;

    if (!pairs->inst->forthcoming && !pnode->offline) {
        stats.sums.location += ht_location_score(pnode, snode);
    }
    ht_stats_update(&stats, snode, &snode->load, s_after);
    return ht_stats_score(&stats);
}

/* The last pair of two classes in which the secondary has nothing reserved for the primary. */
static bool last_pair(const struct pairs *pairs, const struct ht_alike *p, const struct ht_alike *s,
                      int *pnode, int *snode)
{
    for (guint i = p->nodes->len; i-- > 0;) {
        *pnode = g_array_index(p->nodes, int, i);
        for (guint j = s->nodes->len; j-- > 0;) {
            *snode = g_array_index(s->nodes, int, j);
            if (*snode != *pnode &&
                ht_counts_get(&pairs->cluster->nodes[*snode].peers, *pnode) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void search_classes(struct pairs *pairs)
{
    for (guint i = 0; i < pairs->primaries.classes->len; i++) {
        const struct ht_alike *p = g_ptr_array_index(pairs->primaries.classes, i);
        struct ht_stats with_primary = pairs->stats;

        ht_stats_update(&with_primary, p->sample, &p->sample->load, &p->after);
        for (guint j = 0; j < pairs->secondaries.classes->len; j++) {
            const struct ht_alike *s = g_ptr_array_index(pairs->secondaries.classes, j);
            double score;
            int pnode, snode;

            if (p->traits.group != s->traits.group) {
                continue;
            }
            score = pair_score(pairs, &with_primary, p->sample, s->sample, &s->after);
            pairs->odd = pairs->odd || isnan(score);
            /* Nothing is later than these. */
            if (is_better(pairs, score, INT_MAX, INT_MAX) &&
                last_pair(pairs, p, s, &pnode, &snode)) {
                consider(pairs, score, pnode, snode);
            }
        }
    }
}

/* Pairs that reserve memory for each other already are each like no other. */
static void search_peers(struct pairs *pairs, const struct ht_alloc_nodes *targets)
{
    const struct ht_node *nodes = pairs->cluster->nodes;

    for (unsigned i = 0; i < targets->n_nodes; i++) {
        const struct ht_node *snode = &nodes[targets->nodes[i]];

        for (unsigned j = 0; j < snode->peers.n; j++) {
            const struct ht_node *pnode = &nodes[snode->peers.v[j].key];
            struct ht_stats with_primary = pairs->stats;
            struct ht_trial primary, secondary;

            if (snode->peers.v[j].value == 0 || !pairs->primary_fits[pnode->idx] ||
                pnode->group != snode->group || pnode == snode ||
                !try_secondary(pairs, snode, pnode->idx, &secondary) ||
                !try_primary(pairs, pnode, &primary)) {
                continue;
            }
            ht_stats_update(&with_primary, pnode, &pnode->load, &primary.load);
            consider(pairs, pair_score(pairs, &with_primary, pnode, snode, &secondary.load),
                     pnode->idx, snode->idx);
        }
    }
}

bool ht_pairs_best(struct ht_cluster *cluster, const struct ht_view *view,
                   const struct ht_algorithm *algorithm, const struct ht_instance *inst,
                   const struct ht_alloc_nodes *targets, struct ht_alloc_solution *ret)
{
    struct pairs pairs = {.cluster = cluster, .algorithm = algorithm, .inst = inst, .ret = ret};

    *ret = (struct ht_alloc_solution){.found = false};
    if (inst->n_excl_tags > 0 || targets->n_required != 2) {
        return false;
    }
    ht_alikes_init(&pairs.primaries);
    ht_alikes_init(&pairs.secondaries);
    pairs.primary_fits = g_new0(bool, cluster->n_nodes + 1);
    ht_stats_init(&pairs.stats, cluster, view);
    classify(&pairs, targets);
    search_classes(&pairs);
    search_peers(&pairs, targets);
    ht_stats_clear(&pairs.stats);
    g_free(pairs.primary_fits);
    ht_alikes_clear(&pairs.primaries);
    ht_alikes_clear(&pairs.secondaries);
    return !pairs.odd;
}
