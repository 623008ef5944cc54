/* Parameters as they are in force: cluster, then group, then the object itself (FillDict in
 * lib/objects.py; Config.hs getFilled*).
 *
 * The results borrow their texts from the snapshot: they are not cleared, only forgotten, and live
 * no longer than the snapshot. Those that own an array say so. */
#ifndef GANTRY_COMPAT_CONFIG_MODEL_FILL_H
#define GANTRY_COMPAT_CONFIG_MODEL_FILL_H

#include "compat-config/model/cfg.h"

/* Name of the one group of cluster.beparams and cluster.nicparams. */
#define CFG_PARAMS_DEFAULT "default"

struct beparams cfg_beparams(const struct cfg *cfg, const struct instance *instance);
struct nicparams cfg_nicparams(const struct cfg *cfg, const struct nic *nic);
/* For an exclusive_storage of a node the group and the cluster count alone: UpgradeConfig drops the
 * node's own. */
struct ndparams cfg_node_ndparams(const struct cfg *cfg, const struct node *node);
struct ndparams cfg_group_ndparams(const struct cfg *cfg, const struct node_group *group);
struct ipolicy cfg_group_ipolicy(const struct cfg *cfg, const struct node_group *group);

/* One hypervisor parameter in force: the instance's, else that of its OS, else the cluster's. NULL
 * if none has it. */
const struct fact_value *cfg_hvparam(const struct cfg *cfg, const struct instance *instance,
                                     const char *name);

enum cfg_fill_flags {
    /* Leave out the parameters that are the cluster's alone (HVC_GLOBALS). */
    CFG_FILL_NO_GLOBALS = 1 << 0,
    /* The secret OS parameters instead of the others. */
    CFG_FILL_PRIVATE = 1 << 1,
    /* Leave out what the cluster has for the OS with its variant, as luxid does. */
    CFG_FILL_NO_VARIANT = 1 << 2,
};

/* Sorted maps whose keys and values are borrowed; the array is the caller's: cfg_filled_free(). */
struct value_map cfg_hvparams(const struct cfg *cfg, const struct instance *instance,
                              unsigned flags);
/* The cluster's for the OS without its variant, then for the OS with it, then the instance's own
 * (objects.py SimpleFillOS, Config.hs getFilledInstOsParams). */
struct value_map cfg_osparams(const struct cfg *cfg, const struct instance *instance,
                              unsigned flags);
/* Disk parameters of a template in a group. */
struct value_map cfg_diskparams(const struct cfg *cfg, const struct node_group *group,
                                const char *disk_template);
/* The disk parameters that the reference shows for a group: the cluster's maps with those of the
 * group's templates in their place (Config.hs getGroupDiskParams: whole templates, not members).
 * Values borrowed, array the caller's. */
struct value_map_map cfg_group_diskparams(const struct cfg *cfg, const struct node_group *group);

void cfg_filled_free(struct value_map *map);
void cfg_filled_maps_free(struct value_map_map *maps);

#endif
