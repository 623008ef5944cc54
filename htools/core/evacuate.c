#include "config.h"

#include "htools/core/evacuate.h"

#include "htools/core/alloc.h"
#include "htools/core/candidate.h"
#include "htools/core/metrics.h"

G_DEFINE_QUARK(ht_evac_error, ht_evac_error)

static void clear_failed(gpointer failed)
{
    g_free(((struct ht_evac_failed *)failed)->reason);
}

void ht_evac_solution_init(struct ht_evac_solution *solution)
{
    solution->moved = g_array_new(FALSE, FALSE, sizeof(struct ht_evac_moved));
    solution->failed = g_array_new(FALSE, FALSE, sizeof(struct ht_evac_failed));
    solution->jobs = g_array_new(FALSE, FALSE, sizeof(struct ht_evac_job));
    g_array_set_clear_func(solution->failed, clear_failed);
}

void ht_evac_solution_clear(struct ht_evac_solution *solution)
{
    g_clear_pointer(&solution->moved, g_array_unref);
    g_clear_pointer(&solution->failed, g_array_unref);
    g_clear_pointer(&solution->jobs, g_array_unref);
}

static void set_impossible(GError **errp, const char *text)
{
    g_set_error_literal(errp, HT_EVAC_ERROR, HT_EVAC_ERROR_IMPOSSIBLE, text);
}

/* One instance on its way; the moves are those of a plan that is tried and rolled back. */
struct evacuation {
    struct ht_cluster *cluster;
    struct ht_view group; /* whose score decides */
    bool force;
    int instance;
    struct ht_undo *trial;
    struct ht_field field; /* of the group */
    bool inside; /* the instance is in the group: the field tells scores of single moves */
};

static void evacuation_begin(struct evacuation *e, struct ht_cluster *cluster, bool force,
                             int instance, int group)
{
    *e = (struct evacuation){
        .cluster = cluster,
        .group = ht_view_group(cluster, group),
        .force = force,
        .instance = instance,
        .trial = ht_undo_new(cluster),
        .inside = ht_cluster_instance_group(cluster, &cluster->instances[instance]) == group,
    };
    ht_field_init(&e->field, cluster, &e->group, NULL);
}

static void evacuation_end(struct evacuation *e)
{
    ht_undo_free(e->trial);
    ht_field_clear(&e->field);
    ht_view_clear(&e->group);
}

static void add_move(struct ht_evac_job *job, enum ht_move_kind kind, int target)
{
    job->moves[job->n_moves++] = (struct ht_move){kind, target};
}

static enum ht_fail apply_job(struct evacuation *e, const struct ht_evac_job *job,
                              struct ht_undo *undo, unsigned *ret_failed)
{
    for (unsigned i = 0; i < job->n_moves; i++) {
        enum ht_fail fail = ht_move_apply(e->cluster, e->instance, job->moves[i], e->force, undo);

        if (fail != HT_OK) {
            *ret_failed = i;
            return fail;
        }
    }
    return HT_OK;
}

/* Tries a job; on success *ret_score is the group's score after it. Nothing is changed. */
static enum ht_fail try_job(struct evacuation *e, const struct ht_evac_job *job, double *ret_score,
                            unsigned *ret_failed)
{
    enum ht_fail fail;

    if (job->n_moves == 1 && e->inside && e->field.n_slots > 0) {
        const struct ht_instance *inst = &e->cluster->instances[e->instance];
        struct ht_move_trial trial;

        *ret_failed = 0;
        fail = ht_move_try(e->cluster, inst, job->moves[0], e->force, &trial);
        if (fail == HT_OK) {
            *ret_score = ht_field_trial_score(&e->field, inst, &trial);
        }
        return fail;
    }
    fail = apply_job(e, job, e->trial, ret_failed);
    if (fail == HT_OK) {
        *ret_score = ht_score(e->cluster, &e->group);
    }
    ht_undo_rollback(e->trial);
    return fail;
}

struct best {
    bool found;
    double score;
    struct ht_evac_job job;
};

/* A later job wins over an earlier one that is not better (evacOneNodeInner). */
static void keep_better(struct best *best, const struct ht_evac_job *job, double score)
{
    if (!best->found || !(best->score < score)) {
        *best = (struct best){true, score, *job};
    }
}

static bool finish(struct evacuation *e, const struct best *best, struct ht_evac_job *job,
                   struct ht_undo *undo)
{
    unsigned failed;

    *job = best->job;
    return apply_job(e, job, undo, &failed) == HT_OK;
}

/* Matches evacOneNodeOnly: one node of the instance changes. */
static bool change_one_node(struct evacuation *e, const int *targets, unsigned n_targets,
                            struct ht_evac_job *job, struct ht_undo *undo, GError **errp)
{
    const struct ht_instance *inst = &e->cluster->instances[e->instance];
    enum ht_move_kind kind = ht_instance_mirror(inst) == HT_MIRROR_INTERNAL
                                 ? HT_MOVE_REPLACE_SECONDARY
                                 : HT_MOVE_FAILOVER_TO_ANY;
    g_autoptr(GString) reasons = g_string_new(NULL);
    struct best best = {.found = false};

    for (unsigned i = 0; i < n_targets; i++) {
        struct ht_evac_job candidate = {.instance = e->instance};
        double score = 0;
        unsigned failed;
        enum ht_fail fail;

        add_move(&candidate, kind, targets[i]);
        fail = try_job(e, &candidate, &score, &failed);
        if (fail == HT_OK) {
            keep_better(&best, &candidate, score);
        } else if (!best.found) {
            g_string_append_printf(reasons, " Node %s failed: %s;",
                                   e->cluster->nodes[targets[i]].name, ht_fail_name(fail));
        }
    }
    if (!best.found) {
        g_set_error(errp, HT_EVAC_ERROR, HT_EVAC_ERROR_IMPOSSIBLE, "Can't find any good node: %s",
                    reasons->str);
        return false;
    }
    return finish(e, &best, job, undo);
}

/* Matches evacDrbdAllInner: first away from a dead primary, then through both new nodes. */
static struct ht_evac_job both_nodes_job(const struct evacuation *e, int pnode, int snode)
{
    const struct ht_instance *inst = &e->cluster->instances[e->instance];
    struct ht_evac_job job = {.instance = e->instance};

    if (e->cluster->nodes[inst->pnode].offline) {
        add_move(&job, HT_MOVE_FAILOVER, HT_NONE);
    }
    add_move(&job, HT_MOVE_REPLACE_SECONDARY, pnode);
    add_move(&job, HT_MOVE_FAILOVER, HT_NONE);
    add_move(&job, HT_MOVE_REPLACE_SECONDARY, snode);
    return job;
}

/* What failed, in the words of the reference's answer. */
static const char *step_of(const struct ht_evac_job *job, unsigned failed)
{
    static const char *const steps[] = {
        "Failing over to the secondary",
        "Changing secondary to new primary",
        "Failing over to new primary",
        "Changing secondary to final secondary",
    };

    return steps[failed + (G_N_ELEMENTS(steps) - job->n_moves)];
}

static bool change_both_nodes(struct evacuation *e, const int *targets, unsigned n_targets,
                              struct ht_evac_job *job, struct ht_undo *undo, GError **errp)
{
    g_autoptr(GString) reason = g_string_new("no nodes available");
    struct best best = {.found = false};

    for (unsigned i = 0; i < n_targets * n_targets; i++) {
        int pnode = targets[i / n_targets], snode = targets[i % n_targets];
        struct ht_evac_job candidate;
        double score = 0;
        unsigned failed = 0;
        enum ht_fail fail;

        if (pnode == snode) {
            continue;
        }
        candidate = both_nodes_job(e, pnode, snode);
        fail = try_job(e, &candidate, &score, &failed);
        if (fail == HT_OK) {
            keep_better(&best, &candidate, score);
        } else if (!best.found) {
            g_string_printf(reason, "Allocation failed: %s: %s", step_of(&candidate, failed),
                            ht_fail_name(fail));
        }
    }
    if (!best.found) {
        g_set_error(errp, HT_EVAC_ERROR, HT_EVAC_ERROR_IMPOSSIBLE,
                    "Can't find any good nodes for relocation: %s", reason->str);
        return false;
    }
    return finish(e, &best, job, undo);
}

static bool fail_over(struct evacuation *e, struct ht_evac_job *job, struct ht_undo *undo,
                      GError **errp)
{
    enum ht_fail fail;
    unsigned failed;

    *job = (struct ht_evac_job){.instance = e->instance};
    add_move(job, HT_MOVE_FAILOVER, HT_NONE);
    fail = apply_job(e, job, undo, &failed);
    if (fail != HT_OK) {
        set_impossible(errp, ht_fail_name(fail));
        return false;
    }
    return true;
}

static bool check_movable(const struct ht_instance *inst, enum ht_evac_mode mode, GError **errp)
{
    const char *name = ht_disk_template_name(inst->disk_template);

    switch (ht_instance_mirror(inst)) {
    case HT_MIRROR_NONE:
        g_set_error(errp, HT_EVAC_ERROR, HT_EVAC_ERROR_IMPOSSIBLE,
                    "Instances of type %s cannot be relocated", name);
        return false;
    case HT_MIRROR_EXTERNAL:
        if (mode == HT_EVAC_CHANGE_SECONDARY) {
            g_set_error(errp, HT_EVAC_ERROR, HT_EVAC_ERROR_IMPOSSIBLE,
                        "Instances with disk template '%s' can't execute change secondary", name);
            return false;
        }
        return true;
    case HT_MIRROR_INTERNAL:
        return true;
    }
    return true;
}

bool ht_evac_instance(struct ht_cluster *cluster, bool ignore_soft_errors, enum ht_evac_mode mode,
                      int instance, int group, const int *targets, unsigned n_targets,
                      struct ht_evac_job *job, struct ht_undo *undo, GError **errp)
{
    const struct ht_instance *inst = &cluster->instances[instance];
    bool mirrored = ht_instance_mirror(inst) == HT_MIRROR_INTERNAL;
    struct evacuation e;
    bool ok;

    if (!check_movable(inst, mode, errp)) {
        return false;
    }
    evacuation_begin(&e, cluster, ignore_soft_errors, instance, group);
    if (mirrored && mode == HT_EVAC_CHANGE_PRIMARY) {
        ok = fail_over(&e, job, undo, errp);
    } else if (mirrored && mode == HT_EVAC_CHANGE_ALL) {
        ok = change_both_nodes(&e, targets, n_targets, job, undo, errp);
    } else {
        ok = change_one_node(&e, targets, n_targets, job, undo, errp);
    }
    evacuation_end(&e);
    return ok;
}

/* Notes what became of an instance (updateEvacSolution). */
static void note_result(const struct ht_cluster *cluster, struct ht_evac_solution *solution,
                        int instance, const struct ht_evac_job *job, const GError *error)
{
    const struct ht_instance *inst = &cluster->instances[instance];
    struct ht_evac_moved moved = {
        .instance = instance,
        .group = cluster->nodes[inst->pnode].group,
        .nodes = {inst->pnode, inst->snode},
        .n_nodes = inst->snode == HT_NONE ? 1 : 2,
    };

    if (error != NULL) {
        struct ht_evac_failed failed = {instance, g_strdup(error->message)};

        g_array_append_val(solution->failed, failed);
        return;
    }
    g_array_append_val(solution->moved, moved);
    g_array_append_vals(solution->jobs, job, 1);
}

/* The nodes that instances are to leave, by the mode (nodesToEvacuate), and those that are down. */
static bool *unwanted_nodes(const struct ht_cluster *cluster, enum ht_evac_mode mode,
                            const int *instances, unsigned n_instances)
{
    bool *unwanted = g_new0(bool, cluster->n_nodes + 1);

    for (unsigned i = 0; i < n_instances; i++) {
        const struct ht_instance *inst = &cluster->instances[instances[i]];

        if (mode != HT_EVAC_CHANGE_SECONDARY) {
            unwanted[inst->pnode] = true;
        }
        if (mode != HT_EVAC_CHANGE_PRIMARY && inst->disk_template == HT_DT_DRBD8 &&
            inst->snode != HT_NONE) {
            unwanted[inst->snode] = true;
        }
    }
    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        unwanted[i] = unwanted[i] || cluster->nodes[i].offline;
    }
    return unwanted;
}

static unsigned wanted_nodes(const struct ht_cluster *cluster, int group, const bool *unwanted,
                             int except, int also_except, int *ret)
{
    unsigned n = 0;

    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        if (cluster->nodes[i].group == group && !unwanted[i] && (int)i != except &&
            (int)i != also_except) {
            ret[n++] = (int)i;
        }
    }
    return n;
}

void ht_evac_nodes(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                   enum ht_evac_mode mode, const int *instances, unsigned n_instances,
                   struct ht_evac_solution *solution)
{
    g_autofree bool *unwanted = unwanted_nodes(cluster, mode, instances, n_instances);
    g_autofree int *targets = g_new(int, cluster->n_nodes + 1);

    for (unsigned i = 0; i < n_instances; i++) {
        int pnode = cluster->instances[instances[i]].pnode;
        int group = cluster->nodes[pnode].group;
        unsigned n = wanted_nodes(cluster, group, unwanted, pnode, HT_NONE, targets);
        g_autoptr(GError) error = NULL;
        struct ht_evac_job job;

        if (!ht_evac_instance(cluster, algorithm->ignore_soft_errors, mode, instances[i], group,
                              targets, n, &job, NULL, &error)) {
            note_result(cluster, solution, instances[i], NULL, error);
        } else {
            note_result(cluster, solution, instances[i], &job, NULL);
        }
    }
}

/* The groups asked for (or all), each once, without those that instances leave. */
static unsigned choose_groups(const struct ht_cluster *cluster, const int *wanted,
                              unsigned n_wanted, const int *instances, unsigned n_instances,
                              int *ret)
{
    g_autofree bool *left = g_new0(bool, cluster->n_groups + 1);
    unsigned n = 0;

    for (unsigned i = 0; i < n_instances; i++) {
        left[cluster->nodes[cluster->instances[instances[i]].pnode].group] = true;
    }
    for (unsigned i = 0; i < (n_wanted > 0 ? n_wanted : cluster->n_groups); i++) {
        int group = n_wanted > 0 ? wanted[i] : (int)i;

        if (!left[group]) {
            ret[n++] = group;
            left[group] = true;
        }
    }
    return n;
}

void ht_evac_change_group(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                          const int *target_groups, unsigned n_target_groups, const int *instances,
                          unsigned n_instances, struct ht_evac_solution *solution)
{
    g_autofree bool *unwanted = unwanted_nodes(cluster, HT_EVAC_CHANGE_PRIMARY, NULL, 0);
    g_autofree int *groups = g_new(int, cluster->n_groups + n_target_groups + 1);
    g_autofree int *targets = g_new(int, cluster->n_nodes + 1);
    unsigned n_groups =
        choose_groups(cluster, target_groups, n_target_groups, instances, n_instances, groups);

    for (unsigned i = 0; i < n_instances; i++) {
        const struct ht_instance *inst = &cluster->instances[instances[i]];
        g_autoptr(GError) error = NULL;
        struct ht_alloc_solution found;
        struct ht_evac_job job;
        int group;

        if (ht_alloc_best_group(cluster, algorithm, groups, n_groups, inst,
                                ht_disk_template_nodes(inst->disk_template), &group, &found,
                                &error)) {
            unsigned n = wanted_nodes(cluster, group, unwanted, inst->pnode, inst->snode, targets);

            ht_alloc_solution_clear(&found);
            /* The switches of the command line are for the choice of the group only. */
            if (!ht_evac_instance(cluster, false, HT_EVAC_CHANGE_ALL, instances[i], group, targets,
                                  n, &job, NULL, &error)) {
                g_assert(error != NULL);
            }
        }
        note_result(cluster, solution, instances[i], &job, error);
    }
}
