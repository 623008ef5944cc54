#include "config.h"

#include "jobs/lu/all-hvparams.h"

#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "jobs/lu/params.h"

const struct value_map *lu_cluster_hvparams(const struct cfg *cfg, enum hypervisor hypervisor)
{
    static const struct value_map none = {0};
    const struct value_map *found = fact_dict_get(&type_hv_map, &cfg_cluster(cfg)->hvparams,
                                                  fact_enum_hypervisor.words[hypervisor]);
    return found != NULL ? found : &none;
}

static void of_os(const struct cfg *cfg, const char *os, const struct hv_map *by_hypervisor,
                  lu_hvparams_fn *fn, void *data)
{
    g_autofree char *source = g_strdup_printf("os %s", os);
    for (size_t i = 0; i < by_hypervisor->n; i++) {
        const struct hv_map_entry *entry = &by_hypervisor->v[i];
        int hypervisor = fact_enum_find(&fact_enum_hypervisor, entry->key);
        if (entry->value.n == 0 || hypervisor < 0) {
            continue;
        }
        struct value_map filled = {0};
        lu_map_merge(&filled, lu_cluster_hvparams(cfg, (enum hypervisor)hypervisor));
        lu_map_merge(&filled, &entry->value);
        fn(source, (enum hypervisor)hypervisor, &filled, data);
        fact_clear(&type_value_map, &filled);
    }
}

void lu_all_hvparams(const struct cfg *cfg, lu_hvparams_fn *fn, void *data)
{
    const struct cluster *cluster = cfg_cluster(cfg);
    for (size_t i = 0; i < cluster->enabled_hypervisors.n; i++) {
        enum hypervisor hypervisor = cluster->enabled_hypervisors.v[i];
        fn("cluster", hypervisor, lu_cluster_hvparams(cfg, hypervisor), data);
    }
    for (size_t i = 0; i < cluster->os_hvp.n; i++) {
        of_os(cfg, cluster->os_hvp.v[i].key, &cluster->os_hvp.v[i].value, fn, data);
    }
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        const struct instance *instance = cfg_instance_at(cfg, i);
        if (instance->hvparams.n == 0 || cfg_instance_is_forthcoming(instance)) {
            continue;
        }
        g_autofree char *source = g_strdup_printf("instance %s", instance->name);
        struct value_map filled = cfg_hvparams(cfg, instance, 0);
        fn(source, instance->hypervisor, &filled, data);
        cfg_filled_free(&filled);
    }
}
