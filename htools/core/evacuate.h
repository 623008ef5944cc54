/* Taking instances away from nodes or to other groups: hail's node-evacuate and change-group (the
 * reference's Cluster/Evacuate.hs, and tryChangeGroup in Cluster.hs). */
#ifndef GANTRY_HTOOLS_CORE_EVACUATE_H
#define GANTRY_HTOOLS_CORE_EVACUATE_H

#include "htools/core/cluster.h"
#include "htools/core/moves.h"

struct ht_evac_moved {
    int instance, group; /* the group it is in now */
    int nodes[2];
    unsigned n_nodes;
};
struct ht_evac_failed {
    int instance;
    char *reason;
};
/* One job: the moves of one instance, in order. */
struct ht_evac_job {
    int instance;
    struct ht_move moves[4];
    unsigned n_moves;
};
struct ht_evac_solution {
    GArray *moved;  /* struct ht_evac_moved */
    GArray *failed; /* struct ht_evac_failed; the strings are freed with the array */
    GArray *jobs;   /* struct ht_evac_job */
};
void ht_evac_solution_init(struct ht_evac_solution *solution);
void ht_evac_solution_clear(struct ht_evac_solution *solution);

#define HT_EVAC_ERROR (ht_evac_error_quark())
GQuark ht_evac_error_quark(void);
enum ht_evac_error {
    HT_EVAC_ERROR_IMPOSSIBLE,
};

/* Moves one instance away, to the best of the given nodes by the score of their group (of several
 * best ones the last). The cluster is changed on success only. job gets the moves; undo may be
 * NULL. */
bool ht_evac_instance(struct ht_cluster *cluster, bool ignore_soft_errors, enum ht_evac_mode mode,
                      int instance, int group, const int *targets, unsigned n_targets,
                      struct ht_evac_job *job, struct ht_undo *undo, GError **errp)
    __attribute__((warn_unused_result));

/* The cluster is changed. Instances that cannot move are told in solution. */
void ht_evac_nodes(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                   enum ht_evac_mode mode, const int *instances, unsigned n_instances,
                   struct ht_evac_solution *solution);
/* Without target groups: to any group that none of the instances is in. */
void ht_evac_change_group(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                          const int *target_groups, unsigned n_target_groups, const int *instances,
                          unsigned n_instances, struct ht_evac_solution *solution);

#endif
