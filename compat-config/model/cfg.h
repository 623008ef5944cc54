/* The configuration as one immutable snapshot: objects, indexes over them, links between them.
 *
 * A snapshot is reference counted and never changes; a change (compat-config/model/txn.h) makes the
 * next one, which shares all untouched objects with it. Whatever these functions return is borrowed
 * from the snapshot and lives as long as a reference to it.
 *
 * Indexes by name and links are made when they are first asked for, each in one pass. That is why a
 * snapshot belongs to one thread.
 *
 * Sizes are MiB. */
#ifndef GANTRY_COMPAT_CONFIG_MODEL_CFG_H
#define GANTRY_COMPAT_CONFIG_MODEL_CFG_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "facts/objects.h"

struct cfg;

const struct cfg *cfg_ref(const struct cfg *cfg);
/* NULL is allowed. */
void cfg_unref(const struct cfg *cfg);
DEFINE_CLEANUP(const struct cfg *, cfg_unref)

int64_t cfg_version(const struct cfg *cfg);
int64_t cfg_serial(const struct cfg *cfg);
double cfg_ctime(const struct cfg *cfg);
double cfg_mtime(const struct cfg *cfg);
const struct cluster *cfg_cluster(const struct cfg *cfg);

/* --- Objects ------------------------------------------------------------------------------------
 *
 * In the order of their UUIDs (byte order), which is the order of the file. */

/* KIND(kind, C type and descriptor, member of the file, what texts call it) */
#define CFG_KINDS(KIND)                                                                            \
    KIND(node, node, nodes, "Node")                                                                \
    KIND(group, node_group, nodegroups, "NodeGroup")                                               \
    KIND(instance, instance, instances, "Instance")                                                \
    KIND(network, network, networks, "Network")                                                    \
    KIND(disk, disk, disks, "Disk")                                                                \
    KIND(filter, filter_rule, filters, "Filter")

enum cfg_kind {
#define KIND(kind, type, member, title) CFG_KIND_##kind,
    CFG_KINDS(KIND)
#undef KIND
        CFG_KIND_COUNT,
};

/* Generic access; the typed functions below are made from these. */
size_t cfg_count(const struct cfg *cfg, enum cfg_kind kind);
const void *cfg_at(const struct cfg *cfg, enum cfg_kind kind, size_t index);
const void *cfg_get(const struct cfg *cfg, enum cfg_kind kind, const char *uuid);
const void *cfg_find(const struct cfg *cfg, enum cfg_kind kind, const char *text, GError **errp);
const void *cfg_named(const struct cfg *cfg, enum cfg_kind kind, const char *name);
const struct fact_object *cfg_kind_object(enum cfg_kind kind);
/* All objects of a kind in natural order of their names (of their UUIDs where they have no names),
 * as lists show them: cfg_count() of them, borrowed. Sorted once for all snapshots that share the
 * objects. */
const void *const *cfg_in_order(const struct cfg *cfg, enum cfg_kind kind);

/* For each kind, for instance nodes:
 *
 *     size_t cfg_node_count(cfg)
 *     const struct node *cfg_node_at(cfg, index)
 *     const struct node *cfg_node_get(cfg, uuid)          NULL if there is none
 *     const struct node *cfg_node_named(cfg, name)        by its exact name, else NULL
 *     const struct node *cfg_node_find(cfg, text, &error) by UUID, name or unambiguous short name
 *
 * A short name stands for the one name of which it is the part before some dot; an exact name wins
 * (Config.hs getItem, BasicTypes.hs lookupName). The error is what the reference says, with class
 * and code (OpPrereqError, unknown_entity). Disks and filters are found by UUID only. */
#define KIND(kind, type, member, title)                                                            \
    static inline size_t cfg_##kind##_count(const struct cfg *cfg)                                 \
    {                                                                                              \
        return cfg_count(cfg, CFG_KIND_##kind);                                                    \
    }                                                                                              \
    static inline const struct type *cfg_##kind##_at(const struct cfg *cfg, size_t index)          \
    {                                                                                              \
        return cfg_at(cfg, CFG_KIND_##kind, index);                                                \
    }                                                                                              \
    static inline const struct type *cfg_##kind##_get(const struct cfg *cfg, const char *uuid)     \
    {                                                                                              \
        return cfg_get(cfg, CFG_KIND_##kind, uuid);                                                \
    }                                                                                              \
    static inline const struct type *cfg_##kind##_named(const struct cfg *cfg, const char *name)   \
    {                                                                                              \
        return cfg_named(cfg, CFG_KIND_##kind, name);                                              \
    }                                                                                              \
    static inline const struct type *cfg_##kind##_find(const struct cfg *cfg, const char *text,    \
                                                       GError **errp)                              \
    {                                                                                              \
        return cfg_find(cfg, CFG_KIND_##kind, text, errp);                                         \
    }
CFG_KINDS(KIND)
#undef KIND

/* --- Two snapshots
 * --------------------------------------------------------------------------------
 *
 * Objects that both share are not looked into, so this costs what differs and one pass over the
 * kinds that changed. */

/* Calls fn for each object of `to` that is not that of `from` (value: that of `to`), and for each
 * that `to` does not have (value NULL). */
typedef void cfg_diff_fn(enum cfg_kind kind, const char *uuid, const void *value, void *data);
void cfg_diff(const struct cfg *from, const struct cfg *to, cfg_diff_fn *fn, void *data);
/* A snapshot equal to `given` that shares with `base` all objects that are equal in both; a new
 * reference. */
const struct cfg *cfg_share(const struct cfg *given, const struct cfg *base);
/* Whether both are equal in everything, serial numbers and times included. */
bool cfg_equal(const struct cfg *a, const struct cfg *b);

/* --- Links --------------------------------------------------------------------------------------
 *
 * Arrays of borrowed objects. A reference to something that does not exist is left out (the check
 * of the configuration reports it). The object given must be one of this snapshot. */
struct cfg_nodes {
    const struct node *const *v;
    size_t n;
};
struct cfg_instances {
    const struct instance *const *v;
    size_t n;
};
struct cfg_disks {
    const struct disk *const *v;
    size_t n;
};

/* NULL if its group does not exist. */
const struct node_group *cfg_node_group(const struct cfg *cfg, const struct node *node);
/* Nodes of a group, in the order of their UUIDs. */
struct cfg_nodes cfg_group_nodes(const struct cfg *cfg, const struct node_group *group);

/* Instances whose primary node it is; those which have it as a secondary (of a DRBD disk). Both in
 * the order of their UUIDs (Config.hs getNodeInstances). */
struct cfg_instances cfg_node_primaries(const struct cfg *cfg, const struct node *node);
struct cfg_instances cfg_node_secondaries(const struct cfg *cfg, const struct node *node);

/* Disks of an instance, in its order. */
struct cfg_disks cfg_instance_disks(const struct cfg *cfg, const struct instance *instance);
/* The instance that has the disk; NULL if it is detached. */
const struct instance *cfg_disk_instance(const struct cfg *cfg, const struct disk *disk);
/* Its primary node, NULL if there is none (forthcoming, or a broken configuration). */
const struct node *cfg_instance_primary(const struct cfg *cfg, const struct instance *instance);
/* The other nodes of its DRBD disks, each once, in the order of the disks. */
struct cfg_nodes cfg_instance_secondaries(const struct cfg *cfg, const struct instance *instance);
/* Its disk template as lists show it: that of its disks, diskless without any; *ret_mixed (may be
 * NULL): whether they differ, which lists show as "mixed" (lib/utils GetDiskTemplate). */
enum disk_template cfg_instance_disk_template(const struct cfg *cfg,
                                              const struct instance *instance, bool *ret_mixed);
/* Instances with a NIC in the network, each once. */
struct cfg_instances cfg_network_instances(const struct cfg *cfg, const struct network *network);

/* The master, NULL if the configuration names none that exists. */
const struct node *cfg_master(const struct cfg *cfg);
bool cfg_node_is_master(const struct cfg *cfg, const struct node *node);
enum cfg_node_role {
    CFG_NODE_MASTER,
    CFG_NODE_CANDIDATE,
    CFG_NODE_DRAINED,
    CFG_NODE_OFFLINE,
    CFG_NODE_REGULAR,
};
/* The first of these that holds (Config.hs getNodeRole). */
enum cfg_node_role cfg_node_role(const struct cfg *cfg, const struct node *node);

static inline bool cfg_instance_is_forthcoming(const struct instance *instance)
{
    return instance->has.forthcoming && instance->forthcoming;
}

#endif
