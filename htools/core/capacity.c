#include "htools/core/capacity.h"

#include "htools/core/moves.h"
#include "htools/core/pairs.h"
#include "htools/core/redundancy.h"
#include "htools/core/trial.h"

/* The steps by which sizes shrink (Types.hs). */
enum { UNIT_MEM = 64, UNIT_DISK = 256, UNIT_CPU = 1, UNIT_SPINDLES = 1 };

enum { SMALL_STEP = 10, LEAST_BIG_STEP = 20 };

void ht_capacity_init(struct ht_capacity *capacity)
{
    *capacity = (struct ht_capacity){.placed = g_array_new(FALSE, FALSE, sizeof(int))};
}

void ht_capacity_clear(struct ht_capacity *capacity)
{
    g_array_unref(capacity->placed);
}

/* What stays the same during one question. */
struct filling {
    struct ht_cluster *cluster;
    const struct ht_view *view;
    const struct ht_algorithm *algorithm;
    const struct ht_alloc_nodes *targets;
    struct ht_capacity *capacity;
};

static bool try_place(const struct filling *f, const struct ht_algorithm *algorithm,
                      const struct ht_instance *inst, struct ht_alloc_solution *ret, GError **errp)
{
    return ht_alloc_try(f->cluster, f->view, algorithm, inst, f->targets, ret, errp);
}

/* One instance after the other until nothing fits or limit (negative: none) is reached. */
static bool fill_by_one(const struct filling *f, const struct ht_algorithm *algorithm,
                        int64_t limit, const struct ht_instance *inst, struct ht_undo *undo,
                        GError **errp)
{
    struct ht_algorithm own = *algorithm;
    bool found = true;

    /* Matches iterateAllocSmallStep: DRBD is redundant by itself. */
    if (ht_instance_has_secondary(inst)) {
        own.capacity = false;
    }
    for (int64_t left = limit; found; left--) {
        struct ht_alloc_solution solution;
        bool quick = left != 0 && !own.capacity &&
                     ht_pairs_best(f->cluster, f->view, &own, inst, f->targets, &solution) &&
                     solution.found;

        /* The last attempt is made in full: it tells the reasons. */
        if (!quick && !try_place(f, &own, inst, &solution, errp)) {
            return false;
        }
        found = solution.found && left != 0;
        if (found) {
            g_autofree char *name = g_strdup_printf("new-%u", f->capacity->placed->len);
            int idx;

            ht_undo_save_node(undo, solution.pnode);
            if (solution.snode != HT_NONE) {
                ht_undo_save_node(undo, solution.snode);
            }
            idx = ht_alloc_place(f->cluster, inst, name, &solution);
            g_array_append_val(f->capacity->placed, idx);
        } else {
            memcpy(f->capacity->failures, solution.failures, sizeof(solution.failures));
            f->capacity->attempted = true;
        }
        ht_alloc_solution_clear(&solution);
    }
    return true;
}

/* Matches guessBigstepSize. */
static int64_t big_step(const struct filling *f, const struct ht_instance *inst)
{
    int64_t available = 0, guess;

    for (unsigned i = 0; i < f->view->n_nodes; i++) {
        available += ht_node_available_mem(&f->cluster->nodes[f->view->nodes[i]]);
    }
    guess = inst->mem > 0 ? available / inst->mem - f->view->n_nodes : 0;
    return MAX(guess, LEAST_BIG_STEP);
}

static bool redundant(const struct filling *f)
{
    return ht_view_redundant(f->cluster, f->view, f->algorithm);
}

/* Matches iterateAlloc': whole groups of instances without a look at redundancy; when that breaks
 * it, smaller groups, and in the end one by one. */
static bool fill_in_steps(const struct filling *f, int64_t limit, const struct ht_instance *inst,
                          GError **errp)
{
    struct ht_algorithm careless = *f->algorithm;
    bool huge = true;

    careless.capacity = false;
    for (;;) {
        CLEANUP(ht_undo_freep) struct ht_undo *undo = ht_undo_new(f->cluster);
        int64_t step = huge ? big_step(f, inst) : SMALL_STEP;
        int64_t this_time = limit < 0 ? step : MIN(step, limit);
        int64_t next = limit < 0 ? -1 : MAX(0, limit - step);
        unsigned before = f->capacity->placed->len;

        if (!fill_by_one(f, &careless, this_time, inst, undo, errp)) {
            return false;
        }
        if (redundant(f)) {
            if (next == 0 || f->capacity->placed->len == before) {
                return true;
            }
            limit = next;
            continue;
        }
        ht_undo_rollback(undo);
        g_array_set_size(f->capacity->placed, before);
        if (!huge) {
            return fill_by_one(f, f->algorithm, limit, inst, NULL, errp);
        }
        huge = false;
    }
}

static bool fill(const struct filling *f, int64_t limit, const struct ht_instance *inst,
                 GError **errp)
{
    /* What fills in steps looks at, DRBD passes by either way, with the same result. */
    if (!f->algorithm->capacity || ht_instance_has_secondary(inst)) {
        return fill_by_one(f, f->algorithm, limit, inst, NULL, errp);
    }
    return fill_in_steps(f, limit, inst, errp);
}

bool ht_capacity_fill(struct ht_cluster *cluster, const struct ht_view *view,
                      const struct ht_algorithm *algorithm, int64_t limit,
                      const struct ht_instance *inst, const struct ht_alloc_nodes *targets,
                      struct ht_capacity *capacity, GError **errp)
{
    struct filling f = {cluster, view, algorithm, targets, capacity};

    return fill(&f, limit, inst, errp);
}

void ht_capacity_reasons(const struct ht_capacity *capacity, enum ht_fail ret[HT_FAIL_COUNT])
{
    for (int i = 0; i < HT_FAIL_COUNT; i++) {
        enum ht_fail fail = (enum ht_fail)(i + 1);
        int place = i;

        while (place > 0 && capacity->failures[ret[place - 1]] > capacity->failures[fail]) {
            ret[place] = ret[place - 1];
            place--;
        }
        ret[place] = fail;
    }
}

/* Makes the one disk of a size to try smaller. */
static void set_disk(struct ht_cluster *cluster, struct ht_instance *inst, int64_t size,
                     int64_t spindles)
{
    struct ht_disk *disk = ht_cluster_alloc(cluster, sizeof(*disk));

    *disk = (struct ht_disk){.size = size, .spindles = spindles};
    inst->disks = disk;
    inst->dsk = size;
}

/* Matches Instance.hs, shrinkByType, for instances of one disk. False: it cannot shrink. */
static bool shrink(struct ht_cluster *cluster, struct ht_instance *inst, enum ht_fail why)
{
    int64_t disk = inst->disks[0].size, spindles = inst->disks[0].spindles;

    switch (why) {
    case HT_FAIL_MEM:
        inst->mem -= UNIT_MEM;
        return inst->mem >= UNIT_MEM;
    case HT_FAIL_DISK:
        set_disk(cluster, inst, disk - UNIT_DISK, spindles);
        return disk - UNIT_DISK >= UNIT_DISK;
    case HT_FAIL_CPU:
        inst->vcpus -= UNIT_CPU;
        return inst->vcpus >= UNIT_CPU;
    case HT_FAIL_SPINDLES:
        set_disk(cluster, inst, disk, spindles - UNIT_SPINDLES);
        return spindles != HT_SPINDLES_UNKNOWN && spindles - UNIT_SPINDLES >= UNIT_SPINDLES;
    default:
        return false;
    }
}

static enum ht_fail try_primary(const struct filling *f, const struct ht_instance *inst,
                                const struct ht_node *node)
{
    enum ht_fail fail = ht_instance_check_policy(inst, node->ipolicy, node->excl_storage);
    struct ht_trial trial;

    ht_trial_init(&trial, node);
    return fail != HT_OK ? fail
                         : ht_trial_add_primary(&trial, inst, 0, f->algorithm->ignore_soft_errors);
}

/* Why it fits nowhere, as ht_alloc_try() would count it; false if it fits somewhere. */
static bool fits_nowhere(const struct filling *f, const struct ht_instance *inst,
                         unsigned failures[HT_FAIL_END])
{
    const struct ht_alloc_nodes *targets = f->targets;
    const struct ht_node *nodes = f->cluster->nodes;

    memset(failures, 0, HT_FAIL_END * sizeof(*failures));
    for (unsigned i = 0; i < targets->n_nodes; i++) {
        const struct ht_node *pnode = &nodes[targets->nodes[i]];
        enum ht_fail fail = try_primary(f, inst, pnode);

        if (targets->n_required == 1) {
            failures[fail]++;
        }
        for (unsigned j = 0; j < targets->n_nodes && targets->n_required == 2; j++) {
            const struct ht_node *snode = &nodes[targets->nodes[j]];
            struct ht_trial trial;

            if (j == i || snode->group != pnode->group) {
                continue;
            }
            ht_trial_init(&trial, snode);
            failures[fail != HT_OK
                         ? fail
                         : ht_trial_add_secondary(&trial, inst, pnode->idx, false, false)]++;
        }
        if (failures[HT_OK] > 0) {
            return false;
        }
    }
    return true;
}

/* Matches sufficesShrinking: the first of the ever smaller sizes that fits, as long as it is this
 * reason that makes the others not fit. */
static bool shrink_until_it_fits(const struct filling *f, struct ht_instance *inst,
                                 enum ht_fail why)
{
    struct ht_instance smaller = *inst;

    while (shrink(f->cluster, &smaller, why)) {
        unsigned failures[HT_FAIL_END];
        struct ht_alloc_solution solution;

        if (!fits_nowhere(f, inst, failures)) {
            if (!try_place(f, f->algorithm, inst, &solution, NULL)) {
                return false;
            }
            if (solution.found) {
                return true;
            }
            memcpy(failures, solution.failures, sizeof(failures));
        }
        if (failures[why] == 0) {
            return false;
        }
        *inst = smaller;
    }
    return false;
}

/* A size that fits by shrinking in one way only, tried in the order of reasons. */
static bool find_big_step(const struct filling *f, struct ht_instance *inst,
                          const enum ht_fail reasons[HT_FAIL_COUNT])
{
    for (int i = HT_FAIL_COUNT - 1; i >= 0; i--) {
        struct ht_instance candidate = *inst;

        if (shrink_until_it_fits(f, &candidate, reasons[i])) {
            *inst = candidate;
            return true;
        }
    }
    return false;
}

/* One size that was tried: what to do when all smaller ones bring nothing. */
struct tier {
    struct ht_instance inst;
    int64_t limit; /* for those that follow */
    unsigned failures[HT_FAIL_END];
};

bool ht_capacity_fill_tiered(struct ht_cluster *cluster, const struct ht_view *view,
                             const struct ht_algorithm *algorithm, int64_t limit,
                             const struct ht_instance *inst, const struct ht_alloc_nodes *targets,
                             struct ht_capacity *capacity, GError **errp)
{
    struct filling f = {cluster, view, algorithm, targets, capacity};
    g_autoptr(GArray) tiers = g_array_new(FALSE, FALSE, sizeof(struct tier));
    struct tier tier = {.inst = *inst, .limit = limit};
    unsigned placed_before = capacity->placed->len;
    bool down = true;

    while (down) {
        enum ht_fail reasons[HT_FAIL_COUNT];

        if (!fill(&f, tier.limit, &tier.inst, errp)) {
            return false;
        }
        if (capacity->placed->len > placed_before) {
            /* Progress: those above are answered. */
            g_array_set_size(tiers, 0);
            placed_before = capacity->placed->len;
        }
        down = tier.limit < 0 || tier.limit > capacity->placed->len;
        if (down) {
            tier.limit = tier.limit < 0 ? -1 : tier.limit - capacity->placed->len;
            memcpy(tier.failures, capacity->failures, sizeof(tier.failures));
            g_array_append_val(tiers, tier);
            ht_capacity_reasons(capacity, reasons);
            down = shrink(cluster, &tier.inst, reasons[HT_FAIL_COUNT - 1]);
        }
        /* Nothing smaller in the usual way: the last size that still has another way goes on. */
        while (!down && tiers->len > 0) {
            tier = g_array_index(tiers, struct tier, tiers->len - 1);
            g_array_set_size(tiers, tiers->len - 1);
            memcpy(capacity->failures, tier.failures, sizeof(tier.failures));
            ht_capacity_reasons(capacity, reasons);
            down = find_big_step(&f, &tier.inst, reasons);
        }
    }
    return true;
}
