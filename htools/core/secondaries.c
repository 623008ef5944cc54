#include "htools/core/secondaries.h"

#include <math.h>

#include "htools/core/alike.h"
#include "htools/core/moves.h"

/* What rounding may add to any comparison of scores, relative to them. */
#define ROUNDING 1e-11
/* A bound on square roots means nothing closer to zero than this, relative to what is added. */
#define LEAST_SHARE 1e-3

/* Secondaries that are alike, and what one of them adds to the score. */
struct ranked {
    const struct ht_alike *alike;
    double adds;
};

/* How far columns of the statistics move with any of a group's secondaries. */
struct spread {
    double least_var, most_var; /* of the change of a variance; least is at most 0 */
    double most_sum;            /* of the change of a sum, as an absolute value */
};

struct group {
    struct ht_alikes alikes;
    GArray *ranked; /* struct ranked; the least added first */
    struct spread spread[HT_COL_COUNT];
    unsigned n_nodes;
    unsigned failures[HT_FAIL_END];
};

/* A secondary that reserves memory for this primary already, so that it needs a trial of its own.
 */
struct special {
    int pnode, snode;
};

struct ht_secondaries {
    const struct ht_cluster *cluster;
    const struct ht_stats *stats;
    const struct ht_instance *inst;
    double score;         /* before */
    struct group *groups; /* by group */
    enum ht_fail *fails;  /* by node: why it would not do, were nothing reserved on it */
    bool *is_target;      /* by node */
    GArray *specials;     /* struct special, by pnode */
    unsigned *first;      /* by node: its first special */
    unsigned *skip;       /* by node: the question in which it is a special */
    unsigned question;
    double weights[HT_COL_COUNT];
};

double ht_pair_score(const struct ht_stats *stats, const struct ht_instance *inst,
                     const struct ht_node *pnode, const struct ht_trial *trial)
{
    struct ht_stats with_both = *stats;

    if (!inst->forthcoming && !pnode->offline) {
        with_both.sums.location += ht_location_score(pnode, trial->node);
    }
    ht_stats_update(&with_both, trial->node, &trial->node->load, &trial->load);
    return ht_stats_score(&with_both);
}

static enum ht_fail try_secondary(const struct ht_secondaries *s, const struct ht_node *node,
                                  int pnode, struct ht_trial *trial)
{
    ht_trial_init(trial, node);
    return ht_trial_add_secondary(trial, s->inst, pnode, false, false);
}

static void widen(struct spread *spread, const struct ht_stats *before,
                  const struct ht_stats *after)
{
    for (int k = 0; k < HT_COL_COUNT; k++) {
        double var = after->var.col[k] - before->var.col[k];

        spread[k].least_var = MIN(spread[k].least_var, var);
        spread[k].most_var = MAX(spread[k].most_var, var);
        spread[k].most_sum = MAX(spread[k].most_sum, fabs(after->sum.col[k] - before->sum.col[k]));
    }
}

/* Finds the classes of a group and their order; false if a score is not finite. */
static bool rank(struct ht_secondaries *s, struct group *group)
{
    for (guint i = 0; i < group->alikes.classes->len; i++) {
        const struct ht_alike *alike = g_ptr_array_index(group->alikes.classes, i);
        struct ht_stats with = *s->stats;
        struct ranked ranked = {.alike = alike};

        ht_stats_update(&with, alike->sample, &alike->sample->load, &alike->after);
        ranked.adds = ht_stats_score(&with) - s->score;
        if (!isfinite(ranked.adds)) {
            return false;
        }
        widen(group->spread, s->stats, &with);
        g_array_append_val(group->ranked, ranked);
    }
    return true;
}

static int compare_ranked(gconstpointer a, gconstpointer b)
{
    double left = ((const struct ranked *)a)->adds, right = ((const struct ranked *)b)->adds;

    return left < right ? -1 : left > right;
}

static int compare_specials(gconstpointer a, gconstpointer b)
{
    const struct special *left = a, *right = b;

    if (left->pnode != right->pnode) {
        return left->pnode < right->pnode ? -1 : 1;
    }
    return left->snode < right->snode ? -1 : left->snode > right->snode;
}

/* The primaries for which the node would answer otherwise than it does in its class. */
static void add_specials(struct ht_secondaries *s, const struct ht_node *snode,
                         const struct ht_trial *alone)
{
    for (unsigned i = 0; i < snode->peers.n; i++) {
        struct special special = {snode->peers.v[i].key, snode->idx};
        struct ht_trial trial;
        enum ht_fail fail;

        if (snode->peers.v[i].value == 0 || !s->is_target[special.pnode] ||
            special.pnode == special.snode ||
            s->cluster->nodes[special.pnode].group != snode->group) {
            continue;
        }
        fail = try_secondary(s, snode, special.pnode, &trial);
        if (fail != s->fails[snode->idx] ||
            (fail == HT_OK && (trial.load.r_mem != alone->load.r_mem ||
                               trial.load.fail_n1 != alone->load.fail_n1))) {
            g_array_append_val(s->specials, special);
        }
    }
}

static void index_specials(struct ht_secondaries *s)
{
    unsigned at = 0;

    g_array_sort(s->specials, compare_specials);
    for (unsigned node = 0; node <= s->cluster->n_nodes; node++) {
        while (at < s->specials->len &&
               g_array_index(s->specials, struct special, at).pnode < (int)node) {
            at++;
        }
        s->first[node] = at;
    }
}

static void add_targets(struct ht_secondaries *s, const struct ht_alloc_nodes *targets)
{
    for (unsigned i = 0; i < targets->n_nodes; i++) {
        s->is_target[targets->nodes[i]] = true;
    }
    for (unsigned i = 0; i < targets->n_nodes; i++) {
        const struct ht_node *node = &s->cluster->nodes[targets->nodes[i]];
        struct group *group = &s->groups[node->group];
        struct ht_trial trial;
        enum ht_fail fail = try_secondary(s, node, HT_NONE, &trial);

        group->n_nodes++;
        s->fails[node->idx] = fail;
        if (fail == HT_OK) {
            ht_alikes_add(&group->alikes, &trial);
        } else {
            group->failures[fail]++;
        }
        add_specials(s, node, &trial);
    }
    index_specials(s);
}

struct ht_secondaries *ht_secondaries_new(const struct ht_cluster *cluster,
                                          const struct ht_stats *stats,
                                          const struct ht_instance *inst,
                                          const struct ht_alloc_nodes *targets)
{
    struct ht_secondaries *s = g_new0(struct ht_secondaries, 1);
    bool ok;

    s->cluster = cluster;
    s->stats = stats;
    s->inst = inst;
    s->score = ht_stats_score(stats);
    s->groups = g_new0(struct group, cluster->n_groups + 1);
    s->fails = g_new0(enum ht_fail, cluster->n_nodes + 1);
    s->is_target = g_new0(bool, cluster->n_nodes + 1);
    s->specials = g_array_new(FALSE, FALSE, sizeof(struct special));
    s->first = g_new0(unsigned, cluster->n_nodes + 1);
    s->skip = g_new0(unsigned, cluster->n_nodes + 1);
    for (int i = 0; i < HT_METRIC_COUNT; i++) {
        if (ht_metric_rows[i].column >= 0) {
            s->weights[ht_metric_rows[i].column] += ht_metric_rows[i].weight;
        }
    }
    for (unsigned i = 0; i < cluster->n_groups; i++) {
        ht_alikes_init(&s->groups[i].alikes);
        s->groups[i].ranked = g_array_new(FALSE, FALSE, sizeof(struct ranked));
    }
    add_targets(s, targets);
    ok = isfinite(s->score);
    for (unsigned i = 0; ok && i < cluster->n_groups; i++) {
        ok = rank(s, &s->groups[i]);
        g_array_sort(s->groups[i].ranked, compare_ranked);
    }
    if (!ok) {
        g_clear_pointer(&s, ht_secondaries_free);
    }
    return s;
}

void ht_secondaries_free(struct ht_secondaries *s)
{
    if (s == NULL) {
        return;
    }
    for (unsigned i = 0; i < s->cluster->n_groups; i++) {
        ht_alikes_clear(&s->groups[i].alikes);
        g_array_unref(s->groups[i].ranked);
    }
    g_free(s->groups);
    g_free(s->fails);
    g_free(s->is_target);
    g_array_unref(s->specials);
    g_free(s->first);
    g_free(s->skip);
    g_free(s);
}

/* By how much a pair can score less than its parts say. For one column: of the root of a variance V
 * that a primary changes by a, a secondary by b, and both together by a + b - c, with
 * |c| = 2 |ds_p ds_s| / n^2 (Statistics.hs, updateStatistics): the mixed difference is at most
 * |a b| / (4 m^1.5) + |c| / (2 m^0.5), m being the least value under a root. */
static double mixed_part(const struct ht_secondaries *s, const struct group *group,
                         const struct ht_stats *with_primary)
{
    double total = 0;

    for (int k = 0; k < HT_COL_COUNT; k++) {
        const struct spread *spread = &group->spread[k];
        double v = s->stats->var.col[k];
        double a = with_primary->var.col[k] - v;
        double b = MAX(-spread->least_var, spread->most_var);
        double ds = fabs(with_primary->sum.col[k] - s->stats->sum.col[k]);
        double c = 2 * ds * spread->most_sum / (s->stats->n * s->stats->n);
        double least = v + MIN(a, 0) + spread->least_var - c;

        if (fabs(a) * b == 0 && c == 0) {
            continue;
        }
        if (!(least > LEAST_SHARE * (v + fabs(a) + b + c))) {
            return INFINITY;
        }
        total += s->weights[k] * (fabs(a) * b / (4 * least * sqrt(least)) + c / (2 * sqrt(least)));
    }
    return total;
}

static void consider(struct ht_secondary_choice *choice, double score, int snode)
{
    if (choice->snode == HT_NONE || score < choice->score ||
        (score == choice->score && snode > choice->snode)) {
        choice->snode = snode;
        choice->score = score;
    }
}

/* The secondaries that answer otherwise for this primary. */
static bool choose_special(struct ht_secondaries *s, const struct ht_node *pnode,
                           const struct ht_stats *stats, struct ht_secondary_choice *ret)
{
    for (unsigned i = s->first[pnode->idx]; i < s->first[pnode->idx + 1]; i++) {
        const struct ht_node *snode =
            &s->cluster->nodes[g_array_index(s->specials, struct special, i).snode];
        struct ht_trial trial;
        enum ht_fail fail = try_secondary(s, snode, pnode->idx, &trial);
        double score;

        s->skip[snode->idx] = s->question;
        ret->failures[s->fails[snode->idx]]--;
        ret->failures[fail]++;
        if (fail != HT_OK) {
            continue;
        }
        score = ht_pair_score(stats, s->inst, pnode, &trial);
        if (!isfinite(score)) {
            return false;
        }
        consider(ret, score, snode->idx);
    }
    return true;
}

/* The last node of the class that may be taken. */
static int last_node(const struct ht_secondaries *s, const struct ht_alike *alike, int pnode)
{
    for (guint i = alike->nodes->len; i-- > 0;) {
        int node = g_array_index(alike->nodes, int, i);

        if (node != pnode && s->skip[node] != s->question) {
            return node;
        }
    }
    return HT_NONE;
}

static bool choose_alike(const struct ht_secondaries *s, const struct group *group,
                         const struct ht_node *pnode, const struct ht_stats *stats,
                         struct ht_secondary_choice *ret)
{
    double with_primary = ht_stats_score(stats);
    double slack = mixed_part(s, group, stats) + ROUNDING * (1 + with_primary + s->score);

    if (!isfinite(with_primary)) {
        return false;
    }
    for (guint i = 0; i < group->ranked->len; i++) {
        const struct ranked *ranked = &g_array_index(group->ranked, struct ranked, i);
        struct ht_trial trial = {.node = ranked->alike->sample, .load = ranked->alike->after};
        double score;
        int snode;

        if (ret->snode != HT_NONE && with_primary + ranked->adds - slack > ret->score) {
            break;
        }
        snode = last_node(s, ranked->alike, pnode->idx);
        if (snode == HT_NONE) {
            continue;
        }
        score = ht_pair_score(stats, s->inst, pnode, &trial);
        if (!isfinite(score)) {
            return false;
        }
        consider(ret, score, snode);
    }
    return true;
}

bool ht_secondaries_choose(struct ht_secondaries *s, const struct ht_node *pnode,
                           const struct ht_stats *stats, struct ht_secondary_choice *ret)
{
    const struct group *group = &s->groups[pnode->group];

    *ret = (struct ht_secondary_choice){.snode = HT_NONE};
    s->question++;
    memcpy(ret->failures, group->failures, sizeof(ret->failures));
    ret->failures[HT_OK] = group->n_nodes;
    for (int i = HT_OK + 1; i < HT_FAIL_END; i++) {
        ret->failures[HT_OK] -= group->failures[i];
    }
    ret->failures[s->fails[pnode->idx]]--;
    if (!choose_special(s, pnode, stats, ret) || !choose_alike(s, group, pnode, stats, ret)) {
        return false;
    }
    ret->n_good = ret->failures[HT_OK];
    ret->failures[HT_OK] = 0;
    return true;
}
