/* Finding places for new instances (the reference's Cluster.hs and AllocationSolution.hs), and the
 * questions an iallocator is asked. */
#ifndef GANTRY_HTOOLS_CORE_ALLOC_H
#define GANTRY_HTOOLS_CORE_ALLOC_H

#include "htools/core/cluster.h"
#include "htools/core/metrics.h"

#define HT_ALLOC_ERROR (ht_alloc_error_quark())
GQuark ht_alloc_error_quark(void);
enum ht_alloc_error {
    HT_ALLOC_ERROR_IMPOSSIBLE,
};

/* Where an instance may go: single nodes, or pairs (then n_required is 2 and every other node of
 * the same group is a possible secondary). */
struct ht_alloc_nodes {
    int n_required;
    int *nodes; /* ascending */
    unsigned n_nodes;
};
void ht_alloc_nodes_clear(struct ht_alloc_nodes *targets);
/* Online nodes of the view that the algorithm's restriction allows. allocable: leave out nodes of
 * unallocable groups. n_required must be 1 or 2, otherwise an error. */
bool ht_alloc_nodes_collect(const struct ht_cluster *cluster, const struct ht_view *view,
                            const struct ht_algorithm *algorithm, int n_required, bool allocable,
                            struct ht_alloc_nodes *ret, GError **errp)
    __attribute__((warn_unused_result));

struct ht_alloc_solution {
    unsigned failures[HT_FAIL_END]; /* by reason */
    unsigned n_failures;
    int64_t n_good; /* places that would do */
    bool found;
    int pnode, snode; /* snode HT_NONE for one node */
    double score;
    /* Of dedicated.h only, there instead of the score: how many instances of each of the policy's
     * smallest sizes fit no more, and the disk space that is left on the nodes. */
    GArray *lost; /* int64_t */
    int64_t lost_disk;
    GPtrArray *log; /* owned strings, the newest first; or NULL */
};
void ht_alloc_solution_clear(struct ht_alloc_solution *solution);

/* Finds the best place for inst, which need not be part of the cluster; nothing is changed. Scores
 * are those of the nodes of view. ret->log is NULL. */
bool ht_alloc_try(struct ht_cluster *cluster, const struct ht_view *view,
                  const struct ht_algorithm *algorithm, const struct ht_instance *inst,
                  const struct ht_alloc_nodes *targets, struct ht_alloc_solution *ret,
                  GError **errp) __attribute__((warn_unused_result));

/* A second node for an instance that has one: the best place with DRBD disks. The instance is taken
 * off its node meanwhile; nothing is changed. */
bool ht_alloc_try_secondary(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                            int instance, struct ht_alloc_solution *ret, GError **errp)
    __attribute__((warn_unused_result));

/* Adds a copy of inst to the cluster at the found place and returns its index. name NULL: as inst.
 */
int ht_alloc_place(struct ht_cluster *cluster, const struct ht_instance *inst, const char *name,
                   const struct ht_alloc_solution *solution);

/* What hail says of a solution: why there is none, or its score and how many were tried. format
 * appends the score. */
char *ht_alloc_explain(const struct ht_cluster *cluster, const struct ht_alloc_solution *solution,
                       void (*format)(const struct ht_alloc_solution *solution, GString *out));

/* Makes ret->log of a solution found by score. */
void ht_alloc_log_score(const struct ht_cluster *cluster, struct ht_alloc_solution *solution);

/* All networks that the instance needs are there. */
bool ht_group_has_networks(const struct ht_group *group, const struct ht_instance *inst);

/* The lines of a solution for one group: "Group name (policy): ..." */
void ht_alloc_describe(const struct ht_group *group, const struct ht_alloc_solution *solution,
                       GPtrArray *out);

/* Best group (allowed: these groups, or NULL for all) and the place in it. */
bool ht_alloc_best_group(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                         const int *allowed, unsigned n_allowed, const struct ht_instance *inst,
                         int n_required, int *ret_group, struct ht_alloc_solution *ret,
                         GError **errp) __attribute__((warn_unused_result));
/* In the group of this name, or (group NULL) in the best one; ret->log is what hail answers. */
bool ht_alloc_in_group(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                       const char *group, const struct ht_instance *inst, int n_required,
                       struct ht_alloc_solution *ret, GError **errp)
    __attribute__((warn_unused_result));

/* What hail is asked. Instances to allocate are not part of the cluster; they live in its arena. */
struct ht_alloc_request {
    struct ht_instance instance;
    int n_required;
    const char *group; /* name or UUID, or NULL */
};
struct ht_request {
    enum ht_request_kind kind;
    struct ht_alloc_request *allocs; /* ALLOCATE: one; MULTI_ALLOCATE: n_allocs */
    unsigned n_allocs;
    const char *const *restrict_to; /* ALLOCATE: NULL-terminated node names, or NULL */
    const int *instances;           /* the others */
    unsigned n_instances;
    int64_t n_required;       /* RELOCATE */
    const int *relocate_from; /* RELOCATE: nodes */
    unsigned n_relocate_from;
    enum ht_evac_mode evac_mode; /* NODE_EVACUATE */
    const int *target_groups;    /* CHANGE_GROUP */
    unsigned n_target_groups;
};

#endif
