#include "htools/core/node.h"

#include <math.h>

#include "htools/core/cluster.h"
#include "htools/core/trial.h"

void ht_node_init(struct ht_node *node, const struct ht_node_spec *spec)
{
    *node = (struct ht_node){
        .name = spec->name,
        .alias = spec->name,
        .t_mem = spec->t_mem,
        .n_mem = spec->n_mem,
        .f_mem = spec->f_mem,
        .t_dsk = spec->t_dsk,
        .t_cpu = spec->t_cpu,
        .cpu_speed = 1,
        .n_cpu = spec->n_cpu,
        .t_spindles = spec->t_spindles,
        .offline = spec->offline,
        .excl_storage = spec->excl_storage,
        .group = spec->group,
        .idx = HT_NONE,
        .pool = {{1, 1, 1, 1}},
        .load =
            {
                .f_mem_forth = spec->f_mem,
                .f_dsk = spec->f_dsk,
                .f_dsk_forth = spec->f_dsk,
                .u_cpu = spec->n_cpu,
                .u_cpu_forth = spec->n_cpu,
                .f_spindles = spec->f_spindles,
                .f_spindles_forth = spec->f_spindles,
                .fail_n1 = true,
            },
    };
    ht_node_set_policy(node, ht_ipolicy_default());
    ht_node_set_min_disk(node, 0);
}

void ht_node_clear(struct ht_node *node)
{
    ht_ints_clear(&node->pri);
    ht_ints_clear(&node->sec);
    ht_counts_clear(&node->peers);
    ht_counts_clear(&node->excl_tags);
    ht_counts_clear(&node->pairs);
}

void ht_node_copy(struct ht_node *dst, const struct ht_node *src)
{
    struct ht_node own = *dst;

    *dst = *src;
    dst->pri = own.pri;
    dst->sec = own.sec;
    dst->peers = own.peers;
    dst->excl_tags = own.excl_tags;
    dst->pairs = own.pairs;
    ht_ints_copy(&dst->pri, &src->pri);
    ht_ints_copy(&dst->sec, &src->sec);
    ht_counts_copy(&dst->peers, &src->peers);
    ht_counts_copy(&dst->excl_tags, &src->excl_tags);
    ht_counts_copy(&dst->pairs, &src->pairs);
}

/* A limit that does not fit an integer is no limit. */
static int64_t floor_limit(double value)
{
    if (isnan(value) || value >= 0x1p62) {
        return INT64_MAX / 2;
    }
    return value <= -0x1p62 ? INT64_MIN / 2 : (int64_t)floor(value);
}

void ht_node_set_vcpu_ratio(struct ht_node *node, double ratio)
{
    node->vcpu_ratio = ratio;
    node->hi_cpu = floor_limit(ratio * node->t_cpu);
}

void ht_node_set_min_disk(struct ht_node *node, double ratio)
{
    node->m_dsk = ratio;
    node->lo_dsk = floor_limit(ratio * node->t_dsk);
}

void ht_node_set_policy(struct ht_node *node, const struct ht_ipolicy *ipolicy)
{
    node->ipolicy = ipolicy;
    ht_node_set_vcpu_ratio(node, ipolicy->vcpu_ratio);
    node->hi_spindles = ipolicy->spindle_ratio * (double)node->t_spindles;
}

int64_t ht_node_recorded_free_mem(const struct ht_node *node)
{
    return (int64_t)node->t_mem - node->n_mem - node->load.i_mem;
}

int64_t ht_node_unallocated_mem(const struct ht_node *node)
{
    return ht_load_unallocated_mem(node, &node->load);
}

int64_t ht_node_available_mem(const struct ht_node *node)
{
    return MAX(0, ht_node_unallocated_mem(node) - node->load.r_mem);
}

int64_t ht_node_available_disk(const struct ht_node *node)
{
    return MAX(0, node->load.f_dsk - node->lo_dsk);
}

int64_t ht_node_available_cpu(const struct ht_node *node)
{
    return MAX(0, node->hi_cpu - node->load.u_cpu);
}

double ht_node_free_mem_ratio(const struct ht_node *node)
{
    return (double)ht_node_unallocated_mem(node) / node->t_mem;
}

double ht_node_free_disk_ratio(const struct ht_node *node)
{
    double free = (double)node->load.f_dsk, total = node->t_dsk;

    if (node->excl_storage) {
        free = (double)node->load.f_spindles;
        total = (double)node->t_spindles;
    }
    return total == 0 ? 1 : free / total;
}

double ht_node_vcpu_use(const struct ht_node *node)
{
    return (double)node->load.u_cpu / node->t_cpu;
}

enum ht_fail ht_node_policy_health(const struct ht_node *node)
{
    if (node->load.inst_spindles > node->hi_spindles) {
        return HT_FAIL_DISK;
    }
    return ht_node_vcpu_use(node) > node->vcpu_ratio ? HT_FAIL_CPU : HT_OK;
}

/* Lists and counters that follow a primary instance around. */
static void list_primary(struct ht_cluster *cluster, struct ht_node *node,
                         const struct ht_instance *inst, bool add)
{
    for (unsigned i = 0; i < inst->n_excl_tags; i++) {
        if (add) {
            ht_counts_add(&node->excl_tags, inst->excl_tags[i], 1);
        } else {
            ht_counts_drop(&node->excl_tags, inst->excl_tags[i]);
        }
    }
    if (inst->forthcoming) {
        return;
    }
    if (add) {
        ht_ints_push(&node->pri, inst->idx);
    } else {
        ht_ints_remove_last(&node->pri, inst->idx);
    }
    for (unsigned i = 0; i < node->location_tags.n; i++) {
        for (unsigned j = 0; j < inst->n_excl_tags; j++) {
            int pair = ht_cluster_pair(cluster, node->location_tags.v[i], inst->excl_tags[j]);

            if (add) {
                ht_counts_add(&node->pairs, pair, 1);
            } else {
                ht_counts_drop(&node->pairs, pair);
            }
        }
    }
}

/* Lists that follow a secondary instance; the trial knows the reservation. */
static void list_secondary(struct ht_node *node, const struct ht_instance *inst,
                           const struct ht_trial *trial, bool add)
{
    if (inst->forthcoming) {
        return;
    }
    if (add) {
        ht_ints_push(&node->sec, inst->idx);
    } else {
        ht_ints_remove_last(&node->sec, inst->idx);
    }
    if (trial->peer == HT_NONE) {
        return;
    }
    if (add || trial->peer_mem > 0) {
        ht_counts_set_sorted(&node->peers, trial->peer, trial->peer_mem);
    } else {
        ht_counts_remove(&node->peers, trial->peer);
    }
}

void ht_node_place_primary(struct ht_cluster *cluster, struct ht_node *node,
                           const struct ht_instance *inst)
{
    struct ht_trial trial;

    ht_trial_init(&trial, node);
    ht_trial_place_primary(&trial, inst);
    node->load = trial.load;
    list_primary(cluster, node, inst, true);
}

void ht_node_place_secondary(struct ht_node *node, const struct ht_instance *inst)
{
    struct ht_trial trial;

    ht_trial_init(&trial, node);
    ht_trial_place_secondary(&trial, inst);
    node->load = trial.load;
    list_secondary(node, inst, &trial, true);
}

enum ht_fail ht_node_add_primary(struct ht_cluster *cluster, struct ht_node *node,
                                 const struct ht_instance *inst, bool force)
{
    struct ht_trial trial;
    enum ht_fail fail;

    ht_trial_init(&trial, node);
    fail = ht_trial_add_primary(&trial, inst, inst->location_score, force);
    if (fail == HT_OK) {
        node->load = trial.load;
        list_primary(cluster, node, inst, true);
    }
    return fail;
}

bool ht_node_has_room(const struct ht_node *node, const struct ht_instance *inst)
{
    struct ht_trial trial;

    ht_trial_init(&trial, node);
    return ht_trial_add_primary(&trial, inst, inst->location_score, false) == HT_OK;
}

enum ht_fail ht_node_add_secondary(struct ht_node *node, const struct ht_instance *inst, int pnode,
                                   bool force, bool ignore_disks)
{
    struct ht_trial trial;
    enum ht_fail fail;

    ht_trial_init(&trial, node);
    fail = ht_trial_add_secondary(&trial, inst, pnode, force, ignore_disks);
    if (fail == HT_OK) {
        node->load = trial.load;
        list_secondary(node, inst, &trial, true);
    }
    return fail;
}

void ht_node_remove_primary(struct ht_cluster *cluster, struct ht_node *node,
                            const struct ht_instance *inst)
{
    struct ht_trial trial;

    ht_trial_init(&trial, node);
    ht_trial_remove_primary(&trial, inst, inst->location_score);
    node->load = trial.load;
    list_primary(cluster, node, inst, false);
}

void ht_node_remove_secondary(struct ht_node *node, const struct ht_instance *inst)
{
    struct ht_trial trial;

    ht_trial_init(&trial, node);
    ht_trial_remove_secondary(&trial, inst, inst->pnode);
    node->load = trial.load;
    list_secondary(node, inst, &trial, false);
}

bool ht_node_may_migrate(const struct ht_node *from, const struct ht_node *to)
{
    return ht_set_within(&from->migration_tags, &to->recv_migration_tags);
}
