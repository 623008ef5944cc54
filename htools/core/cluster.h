/* The whole planning model: groups, nodes, instances, and views of parts of it.
 *
 * A backend makes an empty cluster, adds groups, nodes and instances in the order of its input, and
 * hands it to ht_cluster_merge(); after that only nodes and moves change it. Everything a loaded
 * cluster points to (strings, tag arrays, policies) lives in its arena, which copies share.
 *
 *     locals: CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = ... */
#ifndef GANTRY_HTOOLS_CORE_CLUSTER_H
#define GANTRY_HTOOLS_CORE_CLUSTER_H

#include "base/cleanup.h"
#include "htools/core/group.h"
#include "htools/core/instance.h"
#include "htools/core/node.h"
#include "htools/core/types.h"

struct ht_arena;

struct ht_cluster {
    struct ht_arena *arena;
    struct ht_group *groups;
    unsigned n_groups;
    struct ht_node *nodes;
    unsigned n_nodes;
    struct ht_instance *instances;
    unsigned n_instances;
    const char *const *tags;
    unsigned n_tags;
    struct ht_ipolicy ipolicy;
    bool level_30; /* see struct ht_merge_options */
    unsigned groups_cap, nodes_cap, instances_cap;
};

struct ht_cluster *ht_cluster_new(void);
void ht_cluster_free(struct ht_cluster *cluster);
DEFINE_CLEANUP(struct ht_cluster *, ht_cluster_free)
/* Independent nodes, instances and groups; the arena is shared. */
struct ht_cluster *ht_cluster_copy(const struct ht_cluster *cluster);

/* Memory that lives as long as the cluster and its copies. */
void *ht_cluster_alloc(struct ht_cluster *cluster, size_t size);
const char *ht_cluster_strdup(struct ht_cluster *cluster, const char *text);
/* Copies list (n strings, or -1: NULL-terminated) with its strings. */
const char *const *ht_cluster_strv(struct ht_cluster *cluster, const char *const *list, int n,
                                   unsigned *ret_n);

/* Each gives the new element its index and returns it for filling in; the pointer is valid until
 * the next element of its kind is added. */
struct ht_group *ht_cluster_add_group(struct ht_cluster *cluster, const char *name,
                                      const char *uuid);
struct ht_node *ht_cluster_add_node(struct ht_cluster *cluster, const struct ht_node_spec *spec);
struct ht_instance *ht_cluster_add_instance(struct ht_cluster *cluster, const char *name,
                                            enum ht_disk_template dt);

/* One more row for an instance that no name leads to; returns its index. The caller fills it. */
unsigned ht_cluster_append_row(struct ht_cluster *cluster);

/* By exact name while loading (group: UUID); of several with the same name the last one counts.
 * HT_NONE if unknown. O(1). */
int ht_cluster_group_by_uuid(const struct ht_cluster *cluster, const char *uuid);
int ht_cluster_node_by_name(const struct ht_cluster *cluster, const char *name);
int ht_cluster_instance_by_name(const struct ht_cluster *cluster, const char *name);
/* By name or alias (group: name or UUID); exactly one must match, otherwise HT_NONE (matches the
 * reference's Container.findByName). */
int ht_cluster_find_group(const struct ht_cluster *cluster, const char *name);
int ht_cluster_find_node(const struct ht_cluster *cluster, const char *name);
int ht_cluster_find_instance(const struct ht_cluster *cluster, const char *name);

/* Interned texts and (location, exclusion tag) pairs. */
int ht_cluster_symbol(struct ht_cluster *cluster, const char *text);
const char *ht_cluster_symbol_text(const struct ht_cluster *cluster, int symbol);
int ht_cluster_pair(struct ht_cluster *cluster, int location, int tag);
/* Sorted and without doubles. */
struct ht_set ht_cluster_set(struct ht_cluster *cluster, const int *symbols, unsigned n);

/* Some nodes and instances of a cluster, ascending (the reference's filtered node and instance
 * lists). The arrays are the view's own. */
struct ht_view {
    int *nodes;
    unsigned n_nodes;
    int *instances;
    unsigned n_instances;
    int group; /* HT_NONE: all groups */
};
void ht_view_clear(struct ht_view *view);
struct ht_view ht_view_all(const struct ht_cluster *cluster);
/* The nodes of a group and the instances whose primary node is one of them. */
struct ht_view ht_view_group(const struct ht_cluster *cluster, int group);
/* One view per group that has nodes, ascending by group (the reference's splitCluster). */
struct ht_view *ht_view_split(const struct ht_cluster *cluster, unsigned *ret_n);
void ht_views_free(struct ht_view *views, unsigned n);

/* Its group, or HT_NONE if its nodes are in two groups. */
int ht_cluster_instance_group(const struct ht_cluster *cluster, const struct ht_instance *inst);

/* The longest common suffix, starting with a dot, of all names of nodes and instances; "" if there
 * is none. The caller frees it. */
char *ht_cluster_common_suffix(const struct ht_cluster *cluster);

#endif
