#include "config.h"

#include "compat-config/model/fill.h"

#include <string.h>

#include "facts/codec.h"
#include "facts/params.h"

struct beparams cfg_beparams(const struct cfg *cfg, const struct instance *instance)
{
    struct beparams filled = {0};
    const struct beparams *base =
        fact_dict_get(&type_beparams_map, &cfg_cluster(cfg)->beparams, CFG_PARAMS_DEFAULT);

    if (base != NULL) {
        fact_object_overlay(&fact_object_beparams, &filled, base);
    }
    fact_object_overlay(&fact_object_beparams, &filled, &instance->beparams);
    return filled;
}

struct nicparams cfg_nicparams(const struct cfg *cfg, const struct nic *nic)
{
    struct nicparams filled = {0};
    const struct nicparams *base =
        fact_dict_get(&type_nicparams_map, &cfg_cluster(cfg)->nicparams, CFG_PARAMS_DEFAULT);

    if (base != NULL) {
        fact_object_overlay(&fact_object_nicparams, &filled, base);
    }
    fact_object_overlay(&fact_object_nicparams, &filled, &nic->nicparams);
    return filled;
}

struct ndparams cfg_group_ndparams(const struct cfg *cfg, const struct node_group *group)
{
    struct ndparams filled = {0};

    fact_object_overlay(&fact_object_ndparams, &filled, &cfg_cluster(cfg)->ndparams);
    if (group != NULL) {
        fact_object_overlay(&fact_object_ndparams, &filled, &group->ndparams);
    }
    return filled;
}

struct ndparams cfg_node_ndparams(const struct cfg *cfg, const struct node *node)
{
    struct ndparams filled = cfg_group_ndparams(cfg, cfg_node_group(cfg, node));

    fact_object_overlay(&fact_object_ndparams, &filled, &node->ndparams);
    return filled;
}

struct ipolicy cfg_group_ipolicy(const struct cfg *cfg, const struct node_group *group)
{
    const struct ipolicy *base = &cfg_cluster(cfg)->ipolicy;
    struct ipolicy filled = {0};
    struct ispec std = {0};

    fact_object_overlay(&fact_object_ipolicy, &filled, base);
    fact_object_overlay(&fact_object_ipolicy, &filled, &group->ipolicy);
    fact_object_overlay(&fact_object_ispec, &std, &base->std);
    fact_object_overlay(&fact_object_ispec, &std, &group->ipolicy.std);
    filled.std = std;
    return filled;
}

/* ---- maps ---- */

static const struct value_map *hv_layer(const struct hv_map *map, const struct instance *instance)
{
    return fact_dict_get(&type_hv_map, map, fact_enum_hypervisor.words[instance->hypervisor]);
}

/* The cluster's and the OS's parameters for the instance's hypervisor; either may be NULL. The OS
 * counts with its variant, as it is written in the instance. */
static void hv_layers(const struct cfg *cfg, const struct instance *instance,
                      const struct value_map **ret_cluster, const struct value_map **ret_os)
{
    const struct hv_map *os = NULL;

    *ret_cluster = NULL;
    *ret_os = NULL;
    if (!instance->has.hypervisor) {
        return;
    }
    *ret_cluster = hv_layer(&cfg_cluster(cfg)->hvparams, instance);
    if (instance->os != NULL) {
        os = fact_dict_get(&type_os_hv_map, &cfg_cluster(cfg)->os_hvp, instance->os);
    }
    if (os != NULL) {
        *ret_os = hv_layer(os, instance);
    }
}

const struct fact_value *cfg_hvparam(const struct cfg *cfg, const struct instance *instance,
                                     const char *name)
{
    const struct value_map *layers[3] = {&instance->hvparams};

    hv_layers(cfg, instance, &layers[2], &layers[1]);
    for (size_t i = 0; i < G_N_ELEMENTS(layers); i++) {
        const struct fact_value *value =
            layers[i] == NULL ? NULL : fact_dict_get(&type_value_map, layers[i], name);

        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}

/* Merges two sorted maps; what stands in `over` wins. Keys and values are borrowed, so copying the
 * entries is enough. */
static struct value_map merge(const struct value_map *under, const struct value_map *over)
{
    struct value_map all;
    size_t i = 0, k = 0;

    all.v = g_new(struct value_map_entry, under->n + over->n);
    all.n = 0;
    while (i < under->n || k < over->n) {
        int order = i == under->n ? 1 : k == over->n ? -1 : strcmp(under->v[i].key, over->v[k].key);

        all.v[all.n++] = order < 0 ? under->v[i] : over->v[k];
        i += order <= 0 ? 1 : 0;
        k += order >= 0 ? 1 : 0;
    }
    return all;
}

/* Merges one more layer into a map that owns its array. */
static void put_over(struct value_map *map, const struct value_map *over)
{
    struct value_map merged;

    if (over == NULL || over->n == 0) {
        return;
    }
    merged = merge(map, over);
    g_free(map->v);
    *map = merged;
}

static void drop_globals(struct value_map *map)
{
    size_t kept = 0;

    for (size_t i = 0; i < map->n; i++) {
        if (!hv_param_is_global(map->v[i].key)) {
            map->v[kept++] = map->v[i];
        }
    }
    map->n = kept;
}

struct value_map cfg_hvparams(const struct cfg *cfg, const struct instance *instance,
                              unsigned flags)
{
    const struct value_map *cluster, *os;
    struct value_map filled = {0};

    hv_layers(cfg, instance, &cluster, &os);
    put_over(&filled, cluster);
    put_over(&filled, os);
    put_over(&filled, &instance->hvparams);
    if ((flags & CFG_FILL_NO_GLOBALS) != 0) {
        drop_globals(&filled);
    }
    return filled;
}

struct value_map cfg_osparams(const struct cfg *cfg, const struct instance *instance,
                              unsigned flags)
{
    const struct cluster *cluster = cfg_cluster(cfg);
    bool secret = (flags & CFG_FILL_PRIVATE) != 0;
    const struct value_map_map *base =
        secret ? &cluster->osparams_private_cluster : &cluster->osparams;
    struct value_map filled = {0};

    if (instance->os != NULL) {
        g_autofree char *os = g_strndup(instance->os, strcspn(instance->os, "+"));

        put_over(&filled, fact_dict_get(&type_value_map_map, base, os));
        if ((flags & CFG_FILL_NO_VARIANT) == 0 && strcmp(os, instance->os) != 0) {
            put_over(&filled, fact_dict_get(&type_value_map_map, base, instance->os));
        }
    }
    put_over(&filled, secret ? &instance->osparams_private : &instance->osparams);
    return filled;
}

struct value_map cfg_diskparams(const struct cfg *cfg, const struct node_group *group,
                                const char *disk_template)
{
    struct value_map filled = {0};

    put_over(&filled,
             fact_dict_get(&type_value_map_map, &cfg_cluster(cfg)->diskparams, disk_template));
    put_over(&filled, fact_dict_get(&type_value_map_map, &group->diskparams, disk_template));
    return filled;
}

struct value_map_map cfg_group_diskparams(const struct cfg *cfg, const struct node_group *group)
{
    const struct value_map_map *under = &cfg_cluster(cfg)->diskparams;
    const struct value_map_map *over = &group->diskparams;
    struct value_map_map all = {.v = g_new(struct value_map_map_entry, under->n + over->n)};

    for (size_t i = 0, k = 0; i < under->n || k < over->n;) {
        int order = i == under->n ? 1 : k == over->n ? -1 : strcmp(under->v[i].key, over->v[k].key);

        all.v[all.n++] = order < 0 ? under->v[i] : over->v[k];
        i += order <= 0 ? 1 : 0;
        k += order >= 0 ? 1 : 0;
    }
    return all;
}

void cfg_filled_free(struct value_map *map)
{
    g_free(map->v);
    *map = (struct value_map){0};
}

void cfg_filled_maps_free(struct value_map_map *maps)
{
    g_free(maps->v);
    *maps = (struct value_map_map){0};
}
