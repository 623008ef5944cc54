/* The words of the planning model: small enumerations, policies, moves and failure reasons.
 *
 * Units everywhere in htools/: memory and disk in MiB, CPUs and spindles in pieces. Indexes of
 * nodes, instances and groups are their places in the arrays of struct ht_cluster; HT_NONE means
 * "none" (a secondary node that does not exist). */
#ifndef GANTRY_HTOOLS_CORE_TYPES_H
#define GANTRY_HTOOLS_CORE_TYPES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "facts/htools.h"

enum { HT_NONE = -1 };

/* Each takes the wire word and tells whether it knows it. */
bool ht_disk_template_parse(const char *word, enum ht_disk_template *ret);
bool ht_instance_status_parse(const char *word, enum ht_instance_status *ret);
bool ht_alloc_policy_parse(const char *word, enum ht_alloc_policy *ret);
bool ht_evac_mode_parse(const char *word, enum ht_evac_mode *ret);
bool ht_repair_type_parse(const char *word, enum ht_repair_type *ret);
bool ht_repair_result_parse(const char *word, enum ht_repair_result *ret);
/* Wire words. */
const char *ht_disk_template_name(enum ht_disk_template dt);
const char *ht_instance_status_name(enum ht_instance_status status);
const char *ht_alloc_policy_name(enum ht_alloc_policy policy);
/* Its name in Haskell's `show`. */
const char *ht_alloc_policy_show(enum ht_alloc_policy policy);
const char *ht_evac_mode_name(enum ht_evac_mode mode);
/* "FailMem"...: what programs print. */
const char *ht_fail_name(enum ht_fail fail);

enum ht_mirror ht_disk_template_mirror(enum ht_disk_template dt);
/* Disks take space from the node's volume group. */
bool ht_disk_template_local(enum ht_disk_template dt);
/* An instance of this template may be moved at all. */
bool ht_disk_template_movable(enum ht_disk_template dt);
/* An instance of this template can be brought up elsewhere when its node is dead. */
bool ht_disk_template_evacuable(enum ht_disk_template dt);
/* 2 for DRBD, otherwise 1. */
int ht_disk_template_nodes(enum ht_disk_template dt);

/* Load or capacity, in the user's own unit. */
enum { HT_UTIL_CPU, HT_UTIL_MEM, HT_UTIL_DSK, HT_UTIL_NET, HT_UTIL_COUNT };
struct ht_util {
    double v[HT_UTIL_COUNT];
};

struct ht_minmax {
    struct ht_ispec min, max;
};

/* An instance policy. The arrays are owned by whoever made it (the cluster's arena for loaded
 * ones). */
struct ht_ipolicy {
    const struct ht_minmax *minmax;
    unsigned n_minmax;
    struct ht_ispec std;
    const enum ht_disk_template *templates;
    unsigned n_templates;
    double vcpu_ratio, spindle_ratio;
};

/* The policy of a cluster that does not say anything; static storage. */
const struct ht_ipolicy *ht_ipolicy_default(void);
/* Haskell's `show` of it, as hbal -v -v and hinfo -v -v -v print it. */
void ht_ipolicy_show(const struct ht_ipolicy *ipolicy, GString *out);

/* What an allocation asks for (hspace). */
struct ht_rspec {
    int64_t cpu, mem, dsk, spindles;
};

enum ht_move_kind {
    HT_MOVE_FAILOVER,             /* f */
    HT_MOVE_FAILOVER_TO_ANY,      /* fa:target; storage that every node reaches */
    HT_MOVE_REPLACE_PRIMARY,      /* f r:target f */
    HT_MOVE_REPLACE_SECONDARY,    /* r:target */
    HT_MOVE_REPLACE_AND_FAILOVER, /* r:target f */
    HT_MOVE_FAILOVER_AND_REPLACE, /* f r:target */
};

struct ht_move {
    enum ht_move_kind kind;
    int target; /* node; HT_NONE for a failover */
};

/* One executed step: what moved, where it is now, how, and the group's score afterwards. */
struct ht_placement {
    int instance;
    int pnode, snode; /* after the move; snode may be HT_NONE */
    struct ht_move move;
    double score;
};

/* Switches of the algorithms (the reference's AlgorithmParams.hs). */
struct ht_algorithm {
    bool disk_moves;
    bool instance_moves;
    bool restricted_migration;
    bool ignore_soft_errors;
    bool evac_mode;
    bool self_check; /* the balancer compares every step with a full search */
    double min_gain;
    double min_gain_limit;
    bool capacity;                  /* check global N+1 redundancy */
    bool accept_existing;           /* existing violations of it do not count */
    const bool *ignore_groups;      /* per group, or NULL: no capacity checks there */
    const char *const *restrict_to; /* NULL-terminated node names, or NULL */
    const int *only_group;          /* no other group is known; NULL: all are */
};

/* What the command lines start from. */
struct ht_algorithm ht_algorithm_default(void);

#endif
