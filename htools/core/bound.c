#include "htools/core/bound.h"

#include <math.h>

#include "htools/core/frame.h"

/* An instance's two nodes without it, and what that means for the linear part of the score. */
struct source {
    const struct ht_node *pnode, *snode; /* snode NULL: there is none */
    int p_slot, s_slot;
    struct ht_load p_gone, s_gone; /* without the primary, without the secondary */
    double primary_left;           /* tags and locations: what is won, at most */
    double location;               /* the same when only the secondary changes */
    int64_t one;                   /* a forthcoming instance is not counted */
};

/* What is known of one instance that may move. */
struct mover {
    int instance, rank;
    struct ht_needs needs;
    struct ht_kinds kinds;
    struct source
        source;   /* as it was when the instance was last looked at; its nodes are the same */
    double gain;  /* no candidate gained more when this was written... */
    double stamp; /* ...which was when the drift was this */
    bool dirty;   /* nothing is known */
};

struct ht_bounds {
    struct ht_field *field;
    struct ht_frame frame;
    struct mover *movers;
    unsigned n_movers;
    double drift;
    bool fresh;        /* the frame is that of the field */
    bool tags_moved;   /* pairs of locations and tags have changed */
    double *pri, *sec; /* by slot: parts of a target that becomes primary or secondary */
    GArray *touched;   /* int: nodes that changed since the last collection */
    double limit;      /* some candidate's score is at most this */
    double slop;       /* what rounding can do to linear bounds */
};

struct ht_bounds *ht_bounds_new(struct ht_field *field)
{
    struct ht_bounds *bounds = g_new0(struct ht_bounds, 1);
    const struct ht_view *view = field->view;
    g_autofree struct ht_needs *needs = g_new(struct ht_needs, view->n_instances + 1);

    bounds->field = field;
    bounds->movers = g_new0(struct mover, view->n_instances + 1);
    bounds->touched = g_array_new(FALSE, FALSE, sizeof(int));
    bounds->pri = g_aligned_alloc0(field->n_slots + 2, sizeof(double), sizeof(ht_slots));
    bounds->sec = g_aligned_alloc0(field->n_slots + 2, sizeof(double), sizeof(ht_slots));
    for (unsigned i = 0; i < view->n_instances; i++) {
        const struct ht_instance *inst = &field->cluster->instances[view->instances[i]];
        struct mover *mover = &bounds->movers[bounds->n_movers];

        if (!inst->movable || !inst->auto_balance) {
            continue;
        }
        *mover = (struct mover){.instance = inst->idx, .rank = (int)i, .dirty = true};
        ht_needs_compute(inst, &mover->needs);
        needs[bounds->n_movers++] = mover->needs;
    }
    ht_frame_init(&bounds->frame, field, needs, bounds->n_movers);
    return bounds;
}

void ht_bounds_free(struct ht_bounds *bounds)
{
    if (bounds == NULL) {
        return;
    }
    ht_frame_clear(&bounds->frame);
    g_array_unref(bounds->touched);
    g_free(bounds->movers);
    g_aligned_free(bounds->pri);
    g_aligned_free(bounds->sec);
    g_free(bounds);
}

/* Counts of instances on bad nodes, with some more than the load has: N+1 failures and offline
 * nodes. */
static double counted(const struct ht_node *node, const struct ht_load *load, int64_t more_pri,
                      int64_t more_sec, bool fail_n1)
{
    int64_t n_pri = load->n_pri + more_pri, n_all = n_pri + load->n_sec + more_sec;

    if (node->offline) {
        return ht_metric_rows[HT_METRIC_OFFLINE_ALL].weight * (double)n_all +
               ht_metric_rows[HT_METRIC_OFFLINE_PRI].weight * (double)n_pri;
    }
    return fail_n1 ? ht_metric_rows[HT_METRIC_N1].weight * (double)n_all : 0;
}

static void source_init(struct source *source, const struct ht_field *field,
                        const struct ht_instance *inst)
{
    const struct ht_node *pnode = &field->cluster->nodes[inst->pnode];
    struct ht_trial trial;

    *source = (struct source){
        .pnode = pnode,
        .p_slot = field->slot_of[inst->pnode],
        .s_slot = HT_NONE,
        .one = inst->forthcoming ? 0 : 1,
    };
    ht_trial_init(&trial, pnode);
    ht_trial_remove_primary(&trial, inst, inst->location_score);
    source->p_gone = trial.load;
    if (!pnode->offline) {
        source->primary_left =
            ht_metric_rows[HT_METRIC_PRI_TAGS].weight *
                (double)(trial.load.conflicts - pnode->load.conflicts) +
            ht_metric_rows[HT_METRIC_LOCATION].weight *
                (double)(trial.load.location_score - pnode->load.location_score) -
            ht_metric_rows[HT_METRIC_LOCATION_EXCL].weight * (double)pnode->location_tags.n *
                inst->n_excl_tags;
        source->location =
            -ht_metric_rows[HT_METRIC_LOCATION].weight * inst->location_score * (double)source->one;
    }
    if (inst->snode != HT_NONE && ht_instance_has_secondary(inst)) {
        source->snode = &field->cluster->nodes[inst->snode];
        source->s_slot = field->slot_of[inst->snode];
        ht_trial_init(&trial, source->snode);
        ht_trial_remove_secondary(&trial, inst, inst->pnode);
        source->s_gone = trial.load;
    }
}

/* The least part of reserved memory when it grows by at least this much. */
static double reserve_at_least(const struct ht_frame *frame, int slot, double growth)
{
    double dev, change;

    if (slot == HT_NONE) {
        return 0;
    }
    dev = frame->reserve_dev[slot];
    change = growth * frame->reserve_unit[slot];
    if (dev + change >= 0) {
        return ht_frame_reserve(frame, slot, growth);
    }
    return -frame->reserve_coef * dev * dev + frame->reserve_weight * change;
}

/* A node that keeps its place for the instance, but as secondary of `pnode` (any_peer: of whoever;
 * then the result is the least there can be). gone: its load without the instance. */
static double part_becomes_secondary(const struct ht_bounds *bounds, const struct mover *mover,
                                     const struct ht_node *node, const struct ht_load *gone,
                                     double peer_mem, bool any_peer)
{
    int slot = bounds->field->slot_of[node->idx];
    double growth =
        MAX((double)gone->r_mem, peer_mem + mover->needs.reserve) - (double)node->load.r_mem;

    return any_peer ? reserve_at_least(&bounds->frame, slot, growth)
                    : ht_frame_reserve(&bounds->frame, slot, growth);
}

/* The parts of the two nodes that are the same for several kinds of moves. */
struct shares {
    double p_stays, p_goes, p_second; /* the old primary: as it is, without, as secondary */
    double s_goes, s_second,
        s_first; /* the old secondary: without, with another primary, primary */
};

static void compute_shares(const struct ht_bounds *bounds, const struct mover *mover, bool any_peer,
                           struct shares *ret)
{
    const struct ht_frame *frame = &bounds->frame;
    const struct ht_needs *needs = &mover->needs;
    const struct source *source = &mover->source;
    const struct ht_node *p = source->pnode, *s = source->snode;
    const struct ht_load *pg = &source->p_gone, *sg = &source->s_gone;
    int64_t one = source->one, reserve = (int64_t)needs->reserve;
    double first = ht_frame_node(frame, needs, source->p_slot, HT_RES_MEM, HT_RES_NET_LOAD, -1);
    double p_base = source->primary_left - counted(p, &p->load, 0, 0, p->load.fail_n1);
    double s_base, s_reserve;

    ret->p_stays = source->location;
    ret->p_goes = p_base + first + counted(p, pg, 0, 0, pg->fail_n1) +
                  ht_frame_node(frame, needs, source->p_slot, 0, HT_RES_LAST_SECONDARY, -1);
    if (s == NULL) {
        return;
    }
    ret->p_second =
        p_base + first + part_becomes_secondary(bounds, mover, p, pg, 0, any_peer) +
        counted(p, pg, 0, one,
                one ? ht_load_unallocated_mem(p, pg) <= MAX(pg->r_mem, reserve) : pg->fail_n1);

    s_base = -counted(s, &s->load, 0, 0, s->load.fail_n1);
    s_reserve = ht_frame_reserve(frame, source->s_slot, (double)(sg->r_mem - s->load.r_mem));
    ret->s_goes = s_base + s_reserve + counted(s, sg, 0, 0, sg->fail_n1) +
                  ht_frame_node(frame, needs, source->s_slot, 0, HT_RES_LAST_SECONDARY, -1);
    ret->s_second =
        s_base + part_becomes_secondary(bounds, mover, s, sg, 0, any_peer) +
        counted(s, sg, 0, one,
                one ? ht_load_unallocated_mem(s, sg) <= MAX(sg->r_mem, reserve) : sg->fail_n1);
    ret->s_first =
        s_base + s_reserve +
        ht_frame_node(frame, needs, source->s_slot, HT_RES_MEM, HT_RES_NET_LOAD, 1) +
        counted(s, sg, one, 0,
                one ? ht_load_unallocated_mem(s, sg) - (int64_t)needs->amount[HT_RES_MEM] <=
                          sg->r_mem
                    : sg->fail_n1);
}

/* The bound's part of everything but the target. */
static double source_part(const struct shares *shares, enum ht_move_kind kind)
{
    switch (kind) {
    case HT_MOVE_REPLACE_SECONDARY:
        return shares->p_stays + shares->s_goes;
    case HT_MOVE_REPLACE_AND_FAILOVER:
        return shares->p_second + shares->s_goes;
    case HT_MOVE_REPLACE_PRIMARY:
        return shares->p_goes + shares->s_second;
    case HT_MOVE_FAILOVER_AND_REPLACE:
        return shares->p_goes + shares->s_first;
    default:
        return shares->p_goes;
    }
}

static bool becomes_primary(enum ht_move_kind kind)
{
    return kind == HT_MOVE_FAILOVER_TO_ANY || kind == HT_MOVE_REPLACE_PRIMARY ||
           kind == HT_MOVE_REPLACE_AND_FAILOVER;
}

/* What a target that fails N+1 already pays for one more instance. */
static double target_counted(const struct ht_node *node, int64_t one)
{
    return node->load.fail_n1 ? ht_metric_rows[HT_METRIC_N1].weight * (double)one : 0;
}

/* Fills the parts of all targets. */
static void target_parts(struct ht_bounds *bounds, const struct mover *mover)
{
    const struct source *source = &mover->source;
    const struct ht_field *field = bounds->field;
    bool pairs = source->snode != NULL;

    for (unsigned slot = 0; slot < field->n_slots; slot++) {
        const struct ht_node *node = &field->cluster->nodes[field->nodes[slot]];
        double count = target_counted(node, source->one);

        bounds->pri[slot] = count;
        if (pairs) {
            double growth = mover->needs.reserve - (double)node->load.r_mem;

            bounds->sec[slot] =
                count + (growth > 0 ? ht_frame_reserve(&bounds->frame, (int)slot, growth) : 0);
        }
    }
    if (pairs) {
        ht_frame_all_nodes(&bounds->frame, &mover->needs, 0, HT_RES_LAST_SECONDARY, bounds->sec);
    }
    ht_frame_all_nodes(&bounds->frame, &mover->needs, 0, HT_RES_NET_LOAD, bounds->pri);
}

/* One part for a single target. */
static double target_part(const struct ht_bounds *bounds, const struct mover *mover, bool primary,
                          int slot, double peer_mem, bool any_peer)
{
    const struct ht_node *node = &bounds->field->cluster->nodes[bounds->field->nodes[slot]];
    const struct ht_frame *frame = &bounds->frame;
    double part = target_counted(node, mover->source.one);

    if (primary) {
        return part + ht_frame_node(frame, &mover->needs, slot, 0, HT_RES_NET_LOAD, 1);
    }
    part += ht_frame_node(frame, &mover->needs, slot, 0, HT_RES_LAST_SECONDARY, 1);
    return part + part_becomes_secondary(bounds, mover, node, &node->load, peer_mem, any_peer);
}

/* Tries the candidate on the real numbers. Returns what its score cannot be below; infinity if it
 * is not possible. Good ones are appended to found. */
static double examine(struct ht_bounds *bounds, const struct mover *mover, enum ht_move_kind kind,
                      int slot, int kind_rank, GArray *found)
{
    struct ht_field *field = bounds->field;
    const struct ht_instance *inst = &field->cluster->instances[mover->instance];
    struct ht_candidate candidate = {
        .instance = mover->instance,
        .move = {kind, slot == HT_NONE ? HT_NONE : field->nodes[slot]},
        .order = ht_candidate_order(field, mover->rank, slot, kind_rank),
    };
    struct ht_move_trial trial;
    double high;

    if (ht_move_try(field->cluster, inst, candidate.move, field->algorithm->ignore_soft_errors,
                    &trial) != HT_OK) {
        return INFINITY;
    }
    ht_frame_enclose(&bounds->frame, field, inst, &trial, &candidate.low, &high);
    bounds->limit = MIN(bounds->limit, high);
    if (candidate.low <= bounds->limit) {
        g_array_append_val(found, candidate);
    }
    return candidate.low;
}

/* Targets where memory is reserved for the same primary already cost less or more than others. */
static double examine_peers(struct ht_bounds *bounds, const struct mover *mover,
                            const double parts[4], GArray *found)
{
    const struct source *source = &mover->source;
    const struct ht_field *field = bounds->field;
    double least = INFINITY;

    for (int k = 0; k < mover->kinds.n; k++) {
        enum ht_move_kind kind = mover->kinds.kind[k];
        bool by_primaries = !becomes_primary(kind);
        /* Who is secondary where: of the new primary's instances, or the new secondary's peers. */
        const struct ht_node *node =
            kind == HT_MOVE_REPLACE_SECONDARY || kind == HT_MOVE_REPLACE_AND_FAILOVER
                ? source->pnode
                : source->snode;
        unsigned n = by_primaries ? node->pri.n : node->peers.n;

        for (unsigned i = 0; i < n; i++) {
            int other = by_primaries ? field->cluster->instances[node->pri.v[i]].snode
                                     : node->peers.v[i].key;
            int slot = other == HT_NONE ? HT_NONE : field->slot_of[other];
            double low, peer_mem;

            if (slot == HT_NONE || other == source->pnode->idx || other == source->snode->idx) {
                continue;
            }
            if (by_primaries) {
                peer_mem = (double)ht_counts_get(&field->cluster->nodes[other].peers, node->idx);
                low = parts[k] + target_part(bounds, mover, false, slot, peer_mem, false);
            } else {
                const struct ht_load *gone =
                    node == source->pnode ? &source->p_gone : &source->s_gone;

                low = parts[k] + bounds->pri[slot] +
                      part_becomes_secondary(bounds, mover, node, gone,
                                             (double)node->peers.v[i].value, false) -
                      part_becomes_secondary(bounds, mover, node, gone, 0, false);
            }
            if (low - bounds->slop <= bounds->limit) {
                low = examine(bounds, mover, kind, slot, k, found);
            }
            least = MIN(least, low);
        }
    }
    return least;
}

/* The slot with the least part, not counting the nodes the instance is on. */
static int least_slot(const struct ht_bounds *bounds, const struct source *source,
                      const double *parts)
{
    int best = HT_NONE;
    double least = INFINITY;

    for (unsigned slot = 0; slot < bounds->field->n_slots; slot++) {
        if (parts[slot] < least && (int)slot != source->p_slot && (int)slot != source->s_slot) {
            best = (int)slot;
            least = parts[slot];
        }
    }
    return best;
}

/* Looks at the candidates with a target, given the parts of the kinds without it. Returns what no
 * score is below. */
static double expand_targets(struct ht_bounds *bounds, const struct mover *mover,
                             const double parts[4], GArray *found)
{
    const struct source *source = &mover->source;
    const double *targets[2] = {bounds->sec, bounds->pri};
    double least = INFINITY, least_part[2] = {INFINITY, INFINITY};
    int best[2] = {HT_NONE, HT_NONE};

    for (int k = 0; k < mover->kinds.n; k++) {
        bool primary = becomes_primary(mover->kinds.kind[k]);

        least_part[primary] = MIN(least_part[primary], parts[k]);
    }
    for (int primary = 0; primary < 2; primary++) {
        if (least_part[primary] < INFINITY) {
            best[primary] = least_slot(bounds, source, targets[primary]);
        }
    }
    /* The most promising one first: it may spare the others. */
    for (int k = 0; k < mover->kinds.n; k++) {
        bool primary = becomes_primary(mover->kinds.kind[k]);
        int slot = best[primary];

        if (slot != HT_NONE && parts[k] + targets[primary][slot] - bounds->slop <= bounds->limit) {
            examine(bounds, mover, mover->kinds.kind[k], slot, k, found);
        }
    }
    for (unsigned slot = 0; slot < bounds->field->n_slots; slot++) {
        double low = MIN(least_part[1] + bounds->pri[slot], least_part[0] + bounds->sec[slot]);

        if (low - bounds->slop > bounds->limit) {
            least = MIN(least, low);
            continue;
        }
        if ((int)slot == source->p_slot || (int)slot == source->s_slot) {
            continue;
        }
        for (int k = 0; k < mover->kinds.n; k++) {
            enum ht_move_kind kind = mover->kinds.kind[k];

            low = parts[k] + targets[becomes_primary(kind)][slot];
            if (low - bounds->slop <= bounds->limit) {
                low = examine(bounds, mover, kind, (int)slot, k, found);
            }
            least = MIN(least, low);
        }
    }
    return least;
}

/* Looks at every candidate of one instance. */
static void expand(struct ht_bounds *bounds, struct mover *mover, GArray *found)
{
    struct ht_field *field = bounds->field;
    double least = INFINITY;

    source_init(&mover->source, field, &field->cluster->instances[mover->instance]);
    if (mover->kinds.failover) {
        least = examine(bounds, mover, HT_MOVE_FAILOVER, HT_NONE, 0, found);
    }
    if (mover->kinds.n > 0) {
        double parts[4] = {0}, low;
        struct shares shares;

        target_parts(bounds, mover);
        compute_shares(bounds, mover, false, &shares);
        for (int k = 0; k < mover->kinds.n; k++) {
            parts[k] = bounds->frame.constant + source_part(&shares, mover->kinds.kind[k]);
        }
        low = expand_targets(bounds, mover, parts, found);
        least = MIN(least, low);
        if (mover->source.snode != NULL) {
            low = examine_peers(bounds, mover, parts, found);
            least = MIN(least, low);
        }
    }
    mover->gain = field->score - least + bounds->slop;
    mover->stamp = bounds->drift;
    mover->dirty = false;
}

static double present_gain(const struct ht_bounds *bounds, const struct mover *mover)
{
    return mover->gain + (bounds->drift - mover->stamp);
}

/* Takes the changed nodes as targets into account. */
static void reconsider_targets(struct ht_bounds *bounds, struct mover *mover)
{
    const struct ht_field *field = bounds->field;
    double gain = present_gain(bounds, mover), least_part[2] = {INFINITY, INFINITY};
    struct shares shares;

    if (mover->kinds.n == 0) {
        return;
    }
    compute_shares(bounds, mover, true, &shares);
    for (int k = 0; k < mover->kinds.n; k++) {
        enum ht_move_kind kind = mover->kinds.kind[k];
        double *least = &least_part[becomes_primary(kind)], part = source_part(&shares, kind);

        *least = MIN(*least, bounds->frame.constant + part);
    }
    for (unsigned i = 0; i < bounds->touched->len; i++) {
        int slot = field->slot_of[g_array_index(bounds->touched, int, i)];

        for (int primary = 0; primary < 2 && slot != HT_NONE; primary++) {
            if (least_part[primary] < INFINITY) {
                double low =
                    least_part[primary] + target_part(bounds, mover, primary, slot, 0, true);

                gain = MAX(gain, field->score - low + bounds->slop);
            }
        }
    }
    mover->gain = gain;
    mover->stamp = bounds->drift;
}

static bool is_touched(const struct ht_bounds *bounds, int node)
{
    for (unsigned i = 0; i < bounds->touched->len; i++) {
        if (g_array_index(bounds->touched, int, i) == node) {
            return true;
        }
    }
    return false;
}

/* Marks what the last moves made worthless. */
static void refresh_movers(struct ht_bounds *bounds)
{
    const struct ht_field *field = bounds->field;

    for (unsigned i = 0; i < bounds->n_movers; i++) {
        struct mover *mover = &bounds->movers[i];
        const struct ht_instance *inst = &field->cluster->instances[mover->instance];

        if (mover->dirty) {
            continue;
        }
        if (is_touched(bounds, inst->pnode) ||
            (inst->snode != HT_NONE && is_touched(bounds, inst->snode)) ||
            (bounds->tags_moved && inst->n_excl_tags > 0)) {
            mover->dirty = true;
        } else {
            reconsider_targets(bounds, mover);
        }
    }
    g_array_set_size(bounds->touched, 0);
    bounds->tags_moved = false;
}

static void collect_from(struct ht_bounds *bounds, struct mover *mover, GArray *found)
{
    const struct ht_field *field = bounds->field;
    const struct ht_instance *inst = &field->cluster->instances[mover->instance];

    if (!ht_field_moves(field, inst)) {
        return;
    }
    mover->kinds = ht_field_kinds(field, inst);
    expand(bounds, mover, found);
}

void ht_bounds_collect(struct ht_bounds *bounds, GArray *found)
{
    struct ht_field *field = bounds->field;
    struct mover *best = NULL;

    if (!bounds->fresh) {
        ht_frame_update(&bounds->frame, field, NULL);
        bounds->fresh = true;
    }
    bounds->limit = field->score;
    bounds->slop = 1e-9 * (1 + fabs(field->score));
    refresh_movers(bounds);
    for (unsigned i = 0; i < bounds->n_movers; i++) {
        struct mover *mover = &bounds->movers[i];

        if (!mover->dirty &&
            (best == NULL || present_gain(bounds, mover) > present_gain(bounds, best))) {
            best = mover;
        }
    }
    if (best != NULL && present_gain(bounds, best) >= 0) {
        collect_from(bounds, best, found);
    }
    for (unsigned i = 0; i < bounds->n_movers; i++) {
        struct mover *mover = &bounds->movers[i];

        if (mover != best &&
            (mover->dirty || field->score - present_gain(bounds, mover) <= bounds->limit)) {
            collect_from(bounds, mover, found);
        }
    }
}

void ht_bounds_before_move(struct ht_bounds *bounds, const struct ht_candidate *candidate)
{
    const struct ht_instance *inst = &bounds->field->cluster->instances[candidate->instance];

    g_array_append_val(bounds->touched, inst->pnode);
    if (inst->snode != HT_NONE) {
        g_array_append_val(bounds->touched, inst->snode);
    }
    if (candidate->move.target != HT_NONE) {
        g_array_append_val(bounds->touched, candidate->move.target);
    }
    bounds->tags_moved = bounds->tags_moved || inst->n_excl_tags > 0;
}

void ht_bounds_after_move(struct ht_bounds *bounds)
{
    ht_frame_update(&bounds->frame, bounds->field, &bounds->drift);
}
