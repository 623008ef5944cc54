/* A node of the planning model: what it has, what it carries, and the only functions that change
 * what it carries.
 *
 * Numbers that change when instances come and go stand in struct ht_load, a plain value that can be
 * copied to try something out; lists and counters stand beside it. "forth" numbers also count
 * instances that do not exist yet (forthcoming), the others only real ones.
 *
 * Matches the reference's Node.hs operation by operation, since the order of floating-point
 * operations decides ties. */
#ifndef GANTRY_HTOOLS_CORE_NODE_H
#define GANTRY_HTOOLS_CORE_NODE_H

#include "htools/core/instance.h"
#include "htools/core/types.h"
#include "htools/core/vec.h"

struct ht_load {
    int64_t i_mem;       /* memory of the instances that run here */
    int64_t f_mem_forth; /* free memory */
    int64_t r_mem;       /* reserved: the most any one other node would bring on failing */
    int64_t f_dsk, f_dsk_forth;
    int64_t u_cpu, u_cpu_forth;
    int64_t f_spindles, f_spindles_forth;
    double inst_spindles, inst_spindles_forth;
    struct ht_util util;
    int n_pri, n_sec;
    int64_t location_score;
    int64_t conflicts; /* primaries that share an exclusion tag with another one */
    bool fail_n1;
};

struct ht_node {
    /* Set by backends (through ht_node_init()). Strings and arrays live in the cluster's arena. */
    const char *name;
    double t_mem;  /* total memory */
    int64_t n_mem; /* memory of the node itself */
    int64_t f_mem; /* free memory as reported */
    double t_dsk;
    double t_cpu;
    double cpu_speed;
    int64_t n_cpu;
    int64_t t_spindles;
    bool offline, is_master, excl_storage;
    bool is_kvm; /* known to run KVM: --static-kvm-node-memory applies */
    int group;
    const char *const *tags;
    unsigned n_tags;

    /* Set by ht_cluster_merge() and the setters below. */
    const char *alias;
    int idx;
    int64_t x_mem; /* memory that nobody accounts for; may be negative */
    double m_dsk;
    int64_t lo_dsk, hi_cpu;
    double hi_spindles;
    double vcpu_ratio;
    const struct ht_ipolicy
        *ipolicy; /* the group's; its vcpu_ratio is overridden by the one above */
    struct ht_util pool;
    struct ht_set migration_tags, recv_migration_tags, location_tags;

    /* What it carries. */
    struct ht_load load;
    struct ht_ints pri, sec;    /* instances, the newest last (the reference lists them first) */
    struct ht_counts peers;     /* memory reserved by primary node, largest first */
    struct ht_counts excl_tags; /* exclusion tags of primaries, also forthcoming ones */
    struct ht_counts pairs;     /* (location, exclusion tag) pairs of primaries */
};

struct ht_node_spec {
    const char *name;
    double t_mem;
    int64_t n_mem, f_mem;
    double t_dsk;
    int64_t f_dsk;
    double t_cpu;
    int64_t n_cpu;
    bool offline;
    int64_t t_spindles, f_spindles;
    int group;
    bool excl_storage;
};
/* A node that carries nothing. The rest of what backends may set has its default. */
void ht_node_init(struct ht_node *node, const struct ht_node_spec *spec);
/* Frees what it carries; the strings belong to the arena. */
void ht_node_clear(struct ht_node *node);
void ht_node_copy(struct ht_node *dst, const struct ht_node *src);

/* --max-cpu and --min-disk, and the policy of the group. */
void ht_node_set_vcpu_ratio(struct ht_node *node, double ratio);
void ht_node_set_min_disk(struct ht_node *node, double ratio);
void ht_node_set_policy(struct ht_node *node, const struct ht_ipolicy *ipolicy);

/* MiB that new instances could get by our records; unallocated is free memory less what the records
 * miss, available is that less what is reserved for failovers. */
int64_t ht_node_recorded_free_mem(const struct ht_node *node);
int64_t ht_node_unallocated_mem(const struct ht_node *node);
int64_t ht_node_available_mem(const struct ht_node *node);
int64_t ht_node_available_disk(const struct ht_node *node);
int64_t ht_node_available_cpu(const struct ht_node *node);
/* Ratios the score is made of. */
double ht_node_free_mem_ratio(const struct ht_node *node);
double ht_node_free_disk_ratio(const struct ht_node *node);
double ht_node_vcpu_use(const struct ht_node *node);
/* HT_OK, or the resource by which the node breaks its own policy. */
enum ht_fail ht_node_policy_health(const struct ht_node *node);

/* Symbols of location/exclusion pairs come from the cluster; see cluster.h. */
struct ht_cluster;

/* Used while data is loaded: put an instance that is already there on its nodes. */
void ht_node_place_primary(struct ht_cluster *cluster, struct ht_node *node,
                           const struct ht_instance *inst);
void ht_node_place_secondary(struct ht_node *node, const struct ht_instance *inst);

/* force: soft limits (N+1, minimum disk, CPU ratio, tags) do not count. The instance must have its
 * new location score already. On failure nothing has changed. */
enum ht_fail ht_node_add_primary(struct ht_cluster *cluster, struct ht_node *node,
                                 const struct ht_instance *inst, bool force);
/* pnode: the primary node to reserve memory for. ignore_disks: the disks are here already. */
enum ht_fail ht_node_add_secondary(struct ht_node *node, const struct ht_instance *inst, int pnode,
                                   bool force, bool ignore_disks);
/* The node could take the instance as a primary; nothing changes. */
bool ht_node_has_room(const struct ht_node *node, const struct ht_instance *inst);
void ht_node_remove_primary(struct ht_cluster *cluster, struct ht_node *node,
                            const struct ht_instance *inst);
/* Takes the reservation from inst->pnode. */
void ht_node_remove_secondary(struct ht_node *node, const struct ht_instance *inst);

/* Live migration from one to the other is allowed by their tags. */
bool ht_node_may_migrate(const struct ht_node *from, const struct ht_node *to);

#endif
