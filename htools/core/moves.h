/* Moving instances: the six elementary moves (the reference's Moves.hs), and taking them back. */
#ifndef GANTRY_HTOOLS_CORE_MOVES_H
#define GANTRY_HTOOLS_CORE_MOVES_H

#include "htools/core/cluster.h"

/* Remembers nodes and instances as they were, so that trials can be rolled back. Instances added
 * to the cluster since ht_undo_new() are dropped by the rollback. */
struct ht_undo;
struct ht_undo *ht_undo_new(struct ht_cluster *cluster);
void ht_undo_free(struct ht_undo *undo); /* keeps the changes */
DEFINE_CLEANUP(struct ht_undo *, ht_undo_free)
void ht_undo_rollback(struct ht_undo *undo); /* the journal is empty then and can be used again */
void ht_undo_save_node(struct ht_undo *undo, int node);
void ht_undo_save_instance(struct ht_undo *undo, int instance);

/* Moves the instance; nodes and instance are changed in place. On failure nothing has changed.
 * force: soft limits do not count. undo may be NULL. */
enum ht_fail ht_move_apply(struct ht_cluster *cluster, int instance, struct ht_move move,
                           bool force, struct ht_undo *undo);

/* The location score the instance would have with these nodes (snode may be NULL: 0). */
int ht_location_score(const struct ht_node *pnode, const struct ht_node *snode);

/* hbal's column "a=" and the commands without "gnt-instance": "f r:node2". name is the form of the
 * instance's name to print; nodes are named by alias. Appends newly allocated strings to commands.
 */
void ht_move_describe(const struct ht_cluster *cluster, const struct ht_placement *placement,
                      const char *instance_name, GString *actions, GPtrArray *commands);

#endif
