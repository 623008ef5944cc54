/* What the balancer's parts share: the group's rows and sums, candidates in the reference's order,
 * and their scores. Private to core. */
#ifndef GANTRY_HTOOLS_CORE_CANDIDATE_H
#define GANTRY_HTOOLS_CORE_CANDIDATE_H

#include "htools/core/move-trial.h"
#include "htools/core/score.h"

/* The nodes that count, as numbers. Targets are the online nodes of the view, ascending; "slot" is
 * a place among them. */
struct ht_field {
    struct ht_cluster *cluster;
    const struct ht_view *view;
    const struct ht_algorithm *algorithm;
    int *nodes; /* by slot */
    unsigned n_slots;
    int *slot_of;       /* by node; HT_NONE: offline or not in the view */
    union ht_row *rows; /* by slot */
    struct ht_sums sums;
    GArray *pairs; /* int64_t by pair: instances on online nodes */
    struct ht_values values;
    double score;
};

void ht_field_init(struct ht_field *field, struct ht_cluster *cluster, const struct ht_view *view,
                   const struct ht_algorithm *algorithm);
void ht_field_clear(struct ht_field *field);
/* Moves the instance for good and keeps everything up to date. */
enum ht_fail ht_field_move(struct ht_field *field, int instance, struct ht_move move);

/* One way to move one instance. order: smaller is found first by the reference. */
struct ht_candidate {
    int instance;
    struct ht_move move;
    uint64_t order;
    double low; /* its score is not below this */
};

/* The kinds of moves towards a target that are open to an instance, in order. */
struct ht_kinds {
    enum ht_move_kind kind[4];
    int n;
    bool failover;
};
struct ht_kinds ht_field_kinds(const struct ht_field *field, const struct ht_instance *inst);
/* May be moved at all, by its own flags and --evac-mode. */
bool ht_field_moves(const struct ht_field *field, const struct ht_instance *inst);
uint64_t ht_candidate_order(const struct ht_field *field, int instance_rank, int slot,
                            int kind_rank);

/* The score after a move that has been tried; exactly what the reference computes. */
double ht_field_trial_score(struct ht_field *field, const struct ht_instance *inst,
                            const struct ht_move_trial *trial);
/* The score with the instance, which is on no node of the field now, as primary on the trial's
 * node; and that for good, right before the node is changed. */
double ht_field_added_score(struct ht_field *field, const struct ht_instance *inst,
                            const struct ht_trial *trial);
void ht_field_added(struct ht_field *field, const struct ht_instance *inst,
                    const struct ht_trial *trial);
/* The sums after it. */
struct ht_sums ht_field_trial_sums(struct ht_field *field, const struct ht_instance *inst,
                                   const struct ht_move_trial *trial);

/* The trials of the nodes that change, and how many. */
static inline int ht_trial_nodes(const struct ht_move_trial *trial, const struct ht_trial *out[3])
{
    out[0] = &trial->p;
    out[1] = &trial->s;
    out[2] = &trial->t;
    return trial->n;
}

#endif
