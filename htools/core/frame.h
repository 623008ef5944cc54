/* The linear lower bound of the score around the present state (see bound.h). Private to core. */
#ifndef GANTRY_HTOOLS_CORE_FRAME_H
#define GANTRY_HTOOLS_CORE_FRAME_H

#include "htools/core/candidate.h"

/* What an instance needs of a node, in the node's units; the amount by which it moves a column is
 * the amount times the column's unit. The ones up to HT_RES_LAST_SECONDARY are also needed by its
 * secondary node. */
enum ht_resource {
    HT_RES_DISK,
    HT_RES_SPINDLES, /* exclusive storage */
    HT_RES_SPINDLE_USE,
    HT_RES_DISK_LOAD,
    HT_RES_LAST_SECONDARY = HT_RES_DISK_LOAD,
    HT_RES_MEM,
    HT_RES_MEM_FORTH,
    HT_RES_CPU,
    HT_RES_CPU_LOAD,
    HT_RES_MEM_LOAD,
    HT_RES_NET_LOAD,
    HT_RES_COUNT
};

struct ht_needs {
    double amount[HT_RES_COUNT];
    double reserve; /* memory reserved on the secondary */
    int set;        /* 0: a real instance, 1: a forthcoming one */
};
void ht_needs_compute(const struct ht_instance *inst, struct ht_needs *needs);

/* Two slots at once. */
typedef double ht_slots __attribute__((vector_size(16), may_alias));

struct ht_factors {
    double quad, linear; /* of the amount squared, and of the amount that comes */
};

struct ht_frame {
    unsigned n, n_pairs;           /* slots, and pairs of them */
    double *quad[2][HT_RES_COUNT]; /* by set, resource, slot */
    double *linear[2][HT_RES_COUNT];
    bool used[2][HT_RES_COUNT];
    struct ht_factors *factors[2];      /* the same by set, slot, resource */
    double *reserve_unit, *reserve_dev; /* by slot */
    double reserve_coef, reserve_weight;
    double weights[HT_COL_COUNT];
    double constant; /* of every candidate's bound, sums included */
    union ht_row mean, var, low, high, common;
    double biggest[HT_RES_COUNT], biggest_reserve;
    double *memory;
};

/* needs: those of everything that may move; they decide how far variances can change. */
void ht_frame_init(struct ht_frame *frame, const struct ht_field *field,
                   const struct ht_needs *needs, unsigned n_needs);
void ht_frame_clear(struct ht_frame *frame);
/* To the present state of the field. drift (may be NULL) grows by the most that the gain of a
 * candidate, none of whose nodes has changed, can have grown since the last update. */
void ht_frame_update(struct ht_frame *frame, const struct ht_field *field, double *drift);

/* The part of the bound that a node contributes when the resources first..last come (sign 1) or go
 * (sign -1). slot HT_NONE: 0. */
static inline double ht_frame_node(const struct ht_frame *frame, const struct ht_needs *needs,
                                   int slot, int first, int last, int sign)
{
    const struct ht_factors *factors;
    double part = 0;

    if (slot == HT_NONE) {
        return 0;
    }
    factors = &frame->factors[needs->set][slot * HT_RES_COUNT];
    for (int r = first; r <= last; r++) {
        double amount = needs->amount[r];

        part += amount * (amount * factors[r].quad + sign * factors[r].linear);
    }
    return part;
}

/* Adds the same for all slots to out, which is aligned and has room for whole pairs. */
void ht_frame_all_nodes(const struct ht_frame *frame, const struct ht_needs *needs, int first,
                        int last, double *out);
/* The part of a node's reserved memory growing by this much. */
double ht_frame_reserve(const struct ht_frame *frame, int slot, double growth);

/* Encloses the score after a trial, whatever the rounding. */
void ht_frame_enclose(const struct ht_frame *frame, struct ht_field *field,
                      const struct ht_instance *inst, const struct ht_move_trial *trial,
                      double *ret_low, double *ret_high);

#endif
