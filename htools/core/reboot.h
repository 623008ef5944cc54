/* Taking several nodes down at the same time: where their instances go meanwhile, and which nodes
 * cannot go down together because there is not enough room (the reference's Hroller.hs). */
#ifndef GANTRY_HTOOLS_CORE_REBOOT_H
#define GANTRY_HTOOLS_CORE_REBOOT_H

#include "htools/core/cluster.h"
#include "htools/core/graph.h"

/* Which nodes must not go down together; wanted tells per node whether it is to be rebooted at all.
 * With running instances no two nodes may go whose instances share a secondary node (they could not
 * all be failed over). NULL if no node is wanted. */
struct graph *reboot_graph(const struct ht_cluster *cluster, const bool *wanted, bool running);

/* Nodes that go down together, and the cluster once that is prepared. */
struct reboot_group {
    struct ht_ints nodes;
    struct ht_cluster *cluster; /* owned; NULL: nothing has moved */
};

/* Lists of groups are arrays of struct reboot_group. */
GArray *reboot_groups_new(void);
void reboot_groups_free(GArray *groups);

#define REBOOT_ERROR (reboot_error_quark())
GQuark reboot_error_quark(void);
enum reboot_error {
    REBOOT_ERROR_CAPACITY,
};

/* Instances without a mirror leave the nodes, as many nodes at once as there is room for. The nodes
 * are split into the fewest groups that a greedy search finds, appended to groups. */
bool reboot_move_unmirrored(const struct ht_cluster *cluster, const struct ht_ints *nodes,
                            GArray *groups, GError **errp) __attribute__((warn_unused_result));
/* All mirrored primaries of each group's nodes fail over; start is the cluster of groups that have
 * none of their own. */
bool reboot_migrate(const struct ht_cluster *start, GArray *groups, GError **errp)
    __attribute__((warn_unused_result));
/* Secondaries leave the nodes of each group; the groups are split as there is room. */
bool reboot_move_secondaries(const struct ht_cluster *start, GArray **groups, GError **errp)
    __attribute__((warn_unused_result));

/* Some primary of the node has no mirror. */
bool reboot_has_unmirrored(const struct ht_cluster *cluster, int node);

#endif
