/* An instance of the planning model. */
#ifndef GANTRY_HTOOLS_CORE_INSTANCE_H
#define GANTRY_HTOOLS_CORE_INSTANCE_H

#include "htools/core/types.h"
#include "htools/core/vec.h"

enum { HT_SPINDLES_UNKNOWN = -1 };

struct ht_disk {
    int64_t size;     /* MiB */
    int64_t spindles; /* HT_SPINDLES_UNKNOWN if the input does not tell */
};

/* A NIC of an allocation request; only the network matters. */
struct ht_nic {
    const char *network; /* UUID, or NULL */
};

/* The automatic repairs that tags allow (harep). */
enum ht_repair_state { HT_REPAIR_NOT_ENABLED, HT_REPAIR_ENABLED, HT_REPAIR_SUSPENDED };
struct ht_repair_policy {
    enum ht_repair_state state;
    enum ht_repair_type type; /* of ENABLED */
    int64_t until;            /* of SUSPENDED: seconds since the epoch, 0 for ever */
};

struct ht_instance {
    /* Set by backends. Strings and arrays live in the cluster's arena. */
    const char *name;
    int64_t mem, dsk; /* dsk: all disks together */
    const struct ht_disk *disks;
    unsigned n_disks;
    int64_t vcpus;
    enum ht_instance_status status;
    int pnode, snode; /* snode: HT_NONE if there is none */
    bool auto_balance;
    enum ht_disk_template disk_template;
    int64_t spindle_use;
    const char *const *tags; /* n_tags, in the order of the input */
    unsigned n_tags;
    const struct ht_nic *nics;
    unsigned n_nics;
    bool forthcoming;

    /* Set by ht_instance_init() and ht_cluster_merge(). */
    const char *alias; /* name without the common suffix */
    int idx;
    struct ht_util util;
    bool movable;
    const int *excl_tags; /* symbols, in the order of tags; may repeat */
    unsigned n_excl_tags;
    struct ht_set desired_locations;
    int location_score;
    struct ht_repair_policy repair;
};

/* Fills everything that backends do not set with its start value. Call it first. */
void ht_instance_init(struct ht_instance *inst, const char *name, enum ht_disk_template dt);

bool ht_instance_running(const struct ht_instance *inst);
/* Not ADMIN_offline: its CPUs count. */
bool ht_instance_online(const struct ht_instance *inst);
/* Neither running nor offline. */
bool ht_instance_down(const struct ht_instance *inst);
/* Its memory is taken on the primary node. */
bool ht_instance_uses_memory(const struct ht_instance *inst);
/* Its memory is reserved on the secondary node. */
bool ht_instance_uses_secondary_memory(const struct ht_instance *inst);
bool ht_instance_has_secondary(const struct ht_instance *inst);
bool ht_instance_uses_local_storage(const struct ht_instance *inst);
enum ht_mirror ht_instance_mirror(const struct ht_instance *inst);
/* Sum over the disks, HT_SPINDLES_UNKNOWN if one of them is unknown. */
int64_t ht_instance_spindles(const struct ht_instance *inst);
struct ht_rspec ht_instance_rspec(const struct ht_instance *inst);

/* HT_OK, or the first reason why the instance breaks every min/max pair of the policy (the reason
 * given is that of the first pair), or its disk template. */
enum ht_fail ht_instance_check_policy(const struct ht_instance *inst,
                                      const struct ht_ipolicy *ipolicy, bool excl_storage);

#endif
