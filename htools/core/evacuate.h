/* Taking instances away from nodes or to other groups (the reference's Evacuate.hs), and global
 * N+1: whether every node could be lost (GlobalN1.hs). */
#ifndef GANTRY_HTOOLS_CORE_EVACUATE_H
#define GANTRY_HTOOLS_CORE_EVACUATE_H

#include "htools/core/alloc.h"
#include "htools/core/cluster.h"
#include "htools/core/moves.h"

struct ht_evac_moved {
    int instance, group;
    int nodes[2];
    int n_nodes;
};
struct ht_evac_failed {
    int instance;
    char *reason;
};
/* One job: the moves of one instance, in order. Names are those after all moves. */
struct ht_evac_job {
    int instance;
    struct ht_move moves[4];
    int n_moves;
};
struct ht_evac_solution {
    GArray *moved;  /* struct ht_evac_moved */
    GArray *failed; /* struct ht_evac_failed; the strings are freed with the array */
    GArray *jobs;   /* struct ht_evac_job */
};
void ht_evac_solution_init(struct ht_evac_solution *solution);
void ht_evac_solution_clear(struct ht_evac_solution *solution);

/* Moves one instance away, to the best of the given nodes of group. The cluster is changed on
 * success only. job gets the moves. undo may be NULL. */
bool ht_evac_instance(struct ht_cluster *cluster, const struct ht_view *view,
                      const struct ht_algorithm *algorithm, enum ht_evac_mode mode, int instance,
                      int group, const int *targets, unsigned n_targets, struct ht_evac_job *job,
                      struct ht_undo *undo, GError **errp) __attribute__((warn_unused_result));

/* hail's node-evacuate and change-group; the cluster is changed. target_groups may be empty. */
void ht_evac_nodes(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                   enum ht_evac_mode mode, const int *instances, unsigned n_instances,
                   struct ht_evac_solution *solution);
void ht_evac_change_group(struct ht_cluster *cluster, const struct ht_algorithm *algorithm,
                          const int *target_groups, unsigned n_target_groups, const int *instances,
                          unsigned n_instances, struct ht_evac_solution *solution);

/* All instances of the node could be brought up elsewhere in its group if it died now. */
bool ht_node_evacuable(struct ht_cluster *cluster, const struct ht_view *view, int node);
/* That holds for all nodes of the view that the algorithm looks at. */
bool ht_view_redundant(struct ht_cluster *cluster, const struct ht_view *view,
                       const struct ht_algorithm *algorithm);

#endif
