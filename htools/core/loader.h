/* From what a backend delivered to a model that can be planned with (the reference's Loader.hs). */
#ifndef GANTRY_HTOOLS_CORE_LOADER_H
#define GANTRY_HTOOLS_CORE_LOADER_H

#include "htools/core/cluster.h"

struct ht_named_util {
    const char *name;
    struct ht_util util;
};

struct ht_merge_options {
    const struct ht_named_util *utils; /* -U */
    unsigned n_utils;
    bool clear_utils;             /* --ignore-dynu: all instances at zero, utils unused */
    const char *const *excl_tags; /* --exclusion-tags, each with ':' at its end; or NULL */
    const char *const *selected;  /* --select-instances; or NULL */
    const char *const *excluded;  /* --exclude-instances; or NULL */
    bool level_30;                /* the first N+1 flag by the rule of 3.0 */
    int64_t now;                  /* seconds since the epoch */
};

#define HT_LOAD_ERROR (ht_load_error_quark())
GQuark ht_load_error_quark(void);

/* Puts instances on their nodes, works out tags, policies, peers and aliases. Error: selected or
 * excluded instances that do not exist. */
bool ht_cluster_merge(struct ht_cluster *cluster, const struct ht_merge_options *options,
                      GError **errp) __attribute__((warn_unused_result));

/* For an instance that is not part of the cluster (a request): works out what its tags mean by the
 * cluster's tags. */
void ht_cluster_tag_instance(struct ht_cluster *cluster, struct ht_instance *inst);

/* Works out the memory of instances, what is missing, and N+1, for all nodes.
 * static_kvm_node_mem: MiB that replaces the nodes' own memory where KVM is known to run; 0: no.
 * With level_30 the N+1 flag stays as ht_cluster_merge() has set it.
 * Returns the warnings about missing memory or disk, the last node first; the caller frees them. */
GPtrArray *ht_cluster_update_memory(struct ht_cluster *cluster, int64_t static_kvm_node_mem);

/* What a name on a command line means (the reference's lookupName): the whole name, or an
 * unambiguous beginning up to a dot. names is NULL-terminated. Returns the entry, or NULL. */
const char *ht_lookup_name(const char *const *names, const char *text);

/* --offline: sets the nodes offline; error names what does not exist. */
bool ht_cluster_set_offline(struct ht_cluster *cluster, const char *const *names, GError **errp)
    __attribute__((warn_unused_result));

#endif
