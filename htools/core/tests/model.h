/* Made-up clusters for the tests of the planning core: one seed, one cluster. */
#ifndef GANTRY_HTOOLS_CORE_TESTS_MODEL_H
#define GANTRY_HTOOLS_CORE_TESTS_MODEL_H

#include "htools/core/loader.h"

enum model_kind {
    MODEL_DRBD,  /* nodes alike, DRBD only */
    MODEL_MIXED, /* several capacities and templates, offline nodes, tags, forthcoming instances */
};

static inline const char *model_name(char *buffer, size_t size, const char *what, int i)
{
    g_snprintf(buffer, (gulong)size, "%s%d.example.com", what, i);
    return buffer;
}

static inline void model_add_node(struct ht_cluster *cluster, GRand *rand, int i,
                                  enum model_kind kind)
{
    static const char *const tags[] = {"power:a", "power:b"};
    char name[64];
    bool mixed = kind == MODEL_MIXED;
    double memory = mixed ? 32768 * g_rand_int_range(rand, 1, 4) : 65536;
    struct ht_node_spec spec = {
        .name = model_name(name, sizeof(name), "node", i),
        .t_mem = memory,
        .n_mem = 512,
        .f_mem = (int64_t)memory - 512,
        .t_dsk = 1e6,
        .f_dsk = 1000000,
        .t_cpu = mixed ? g_rand_int_range(rand, 4, 17) : 16,
        .n_cpu = 1,
        .offline = mixed && i > 2 && g_rand_int_range(rand, 0, 8) == 0,
        .t_spindles = mixed ? g_rand_int_range(rand, 1, 9) : 4,
        .f_spindles = 4,
        .excl_storage = mixed && g_rand_int_range(rand, 0, 10) == 0,
    };
    struct ht_node *node = ht_cluster_add_node(cluster, &spec);

    if (mixed) {
        node->tags = ht_cluster_strv(cluster, &tags[i % 2], 1, &node->n_tags);
        node->cpu_speed = 0.5 + g_rand_double(rand);
    }
}

static inline void model_add_instance(struct ht_cluster *cluster, GRand *rand, int i,
                                      enum model_kind kind)
{
    static const enum ht_disk_template templates[] = {HT_DT_DRBD8, HT_DT_DRBD8, HT_DT_EXT,
                                                      HT_DT_PLAIN, HT_DT_SHAREDFILE};
    static const char *const tags[] = {"service:web", "service:db"};
    char name[64];
    bool mixed = kind == MODEL_MIXED;
    int n_nodes = (int)cluster->n_nodes, pnode = g_rand_int_range(rand, 0, n_nodes);
    int snode = (pnode + g_rand_int_range(rand, 1, n_nodes)) % n_nodes;
    enum ht_disk_template dt =
        mixed ? templates[g_rand_int_range(rand, 0, G_N_ELEMENTS(templates))] : HT_DT_DRBD8;
    struct ht_instance *inst =
        ht_cluster_add_instance(cluster, model_name(name, sizeof(name), "inst", i), dt);
    struct ht_disk *disk = ht_cluster_alloc(cluster, sizeof(*disk));

    inst->mem = 128 * g_rand_int_range(rand, 1, 24);
    inst->dsk = 1024 * g_rand_int_range(rand, 1, 30);
    *disk = (struct ht_disk){.size = inst->dsk, .spindles = 1};
    inst->disks = disk;
    inst->n_disks = 1;
    inst->vcpus = g_rand_int_range(rand, 1, 5);
    inst->pnode = pnode;
    inst->snode = dt == HT_DT_DRBD8 ? snode : HT_NONE;
    if (mixed) {
        inst->forthcoming = g_rand_int_range(rand, 0, 12) == 0;
        inst->auto_balance = g_rand_int_range(rand, 0, 8) != 0;
        inst->status = g_rand_int_range(rand, 0, 6) == 0 ? HT_STATUS_DOWN : HT_STATUS_RUNNING;
        if (g_rand_int_range(rand, 0, 4) == 0) {
            inst->tags = ht_cluster_strv(cluster, &tags[i % 2], 1, &inst->n_tags);
        }
    }
}

static inline struct ht_cluster *model_new(unsigned seed, enum model_kind kind, int n_nodes,
                                           int n_instances, bool level_30)
{
    static const char *const tags[] = {"htools:iextags:service", "htools:nlocation:power"};
    struct ht_cluster *cluster = ht_cluster_new();
    g_autoptr(GPtrArray) warnings = NULL;
    GRand *rand = g_rand_new_with_seed(seed);
    struct ht_merge_options options = {.level_30 = level_30};

    ht_cluster_add_group(cluster, "default", "uuid-1");
    for (int i = 0; i < n_nodes; i++) {
        model_add_node(cluster, rand, i, kind);
    }
    for (int i = 0; i < n_instances; i++) {
        model_add_instance(cluster, rand, i, kind);
    }
    if (kind == MODEL_MIXED) {
        cluster->tags = ht_cluster_strv(cluster, tags, G_N_ELEMENTS(tags), &cluster->n_tags);
    }
    g_rand_free(rand);
    if (!ht_cluster_merge(cluster, &options, NULL)) {
        g_assert_not_reached();
    }
    warnings = ht_cluster_update_memory(cluster, 0);
    return cluster;
}

#endif
