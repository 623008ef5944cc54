/* What a node would carry after some changes, without making them: a copy of its numbers plus the
 * little of its lists that one instance can influence. Node.hs is matched operation by operation.
 *
 * A trial is about one instance; at most one primary and one secondary placement of it are taken
 * off or put on. Private to core. */
#ifndef GANTRY_HTOOLS_CORE_TRIAL_H
#define GANTRY_HTOOLS_CORE_TRIAL_H

#include "htools/core/node.h"

struct ht_trial {
    const struct ht_node *node;
    struct ht_load load;
    /* The peer whose reservation differs from node->peers, HT_NONE if none does. */
    int peer;
    int64_t peer_mem;
    /* The instance's exclusion tags: -1 taken off, 1 put on, 0 as they were. */
    int tags;
};

static inline void ht_trial_init(struct ht_trial *trial, const struct ht_node *node)
{
    trial->node = node;
    trial->load = node->load;
    trial->peer = HT_NONE;
    trial->peer_mem = 0;
    trial->tags = 0;
}

/* The reservation for a primary node, as changed by the trial. */
int64_t ht_trial_peer_mem(const struct ht_trial *trial, int peer);

void ht_trial_remove_primary(struct ht_trial *trial, const struct ht_instance *inst,
                             int location_score);
/* pnode: the primary node whose reservation shrinks. */
void ht_trial_remove_secondary(struct ht_trial *trial, const struct ht_instance *inst, int pnode);
/* On failure the trial is as before. */
enum ht_fail ht_trial_add_primary(struct ht_trial *trial, const struct ht_instance *inst,
                                  int location_score, bool force);
enum ht_fail ht_trial_add_secondary(struct ht_trial *trial, const struct ht_instance *inst,
                                    int pnode, bool force, bool ignore_disks);

/* An instance that is there already, while data is loaded: real disks and memory are part of what
 * the node reports and are not counted again (Node.hs, setPri and setSec). */
void ht_trial_place_primary(struct ht_trial *trial, const struct ht_instance *inst);
void ht_trial_place_secondary(struct ht_trial *trial, const struct ht_instance *inst);

/* Memory that new instances could get, with the load of the trial. */
static inline int64_t ht_load_unallocated_mem(const struct ht_node *node,
                                              const struct ht_load *load)
{
    return (int64_t)node->t_mem - node->n_mem - load->i_mem - MAX(0, node->x_mem);
}

#endif
