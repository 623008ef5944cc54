#include "htools/core/trial.h"

int64_t ht_trial_peer_mem(const struct ht_trial *trial, int peer)
{
    return peer == trial->peer ? trial->peer_mem : ht_counts_get(&trial->node->peers, peer);
}

/* The largest reservation once the trial's peer has its new value. */
static int64_t peers_max(const struct ht_trial *trial)
{
    const struct ht_counts *peers = &trial->node->peers;

    for (unsigned i = 0; i < peers->n; i++) {
        if (peers->v[i].key != trial->peer) {
            return MAX(peers->v[i].value, trial->peer_mem);
        }
    }
    return trial->peer_mem;
}

/* How many desired locations of the instance the node does not offer. */
static int64_t missed_locations(const struct ht_node *node, const struct ht_instance *inst)
{
    if (inst->desired_locations.n == 0) {
        return 0;
    }
    return (int64_t)inst->desired_locations.n -
           ht_set_common(&inst->desired_locations, &node->location_tags);
}

/* The change of conflicting primaries when the instance's tags come (add) or go. */
static int64_t conflicts_change(const struct ht_node *node, const struct ht_instance *inst,
                                bool add)
{
    int64_t change = 0;

    for (unsigned i = 0; i < inst->n_excl_tags; i++) {
        int tag = inst->excl_tags[i];
        int64_t before = ht_counts_get(&node->excl_tags, tag), copies = 1;
        bool seen = false;

        for (unsigned j = 0; j < inst->n_excl_tags; j++) {
            if (inst->excl_tags[j] == tag && j != i) {
                seen = seen || j < i;
                copies++;
            }
        }
        if (seen) {
            continue;
        }
        int64_t after = add ? before + copies : MAX(0, before - copies);

        change += MAX(0, after - 1) - MAX(0, before - 1);
    }
    return change;
}

static void tags_put(struct ht_trial *trial, const struct ht_instance *inst, bool add)
{
    int64_t base = trial->node->load.conflicts;

    if (inst->n_excl_tags == 0) {
        return;
    }
    trial->tags += add ? 1 : -1;
    trial->load.conflicts =
        trial->tags == 0 ? base : base + conflicts_change(trial->node, inst, trial->tags > 0);
}

static bool tags_collide(const struct ht_node *node, const struct ht_instance *inst)
{
    for (unsigned i = 0; i < inst->n_excl_tags; i++) {
        if (ht_counts_get(&node->excl_tags, inst->excl_tags[i]) > 0) {
            return true;
        }
    }
    return false;
}

/* Matches Node.hs, calcNewFreeSpindles: only counted with exclusive storage; an unknown number
 * makes the instance not fit when added and changes nothing when removed. */
static int64_t free_spindles(const struct ht_node *node, const struct ht_instance *inst,
                             int64_t before, bool add)
{
    int64_t spindles;

    if (!node->excl_storage) {
        return 0;
    }
    spindles = ht_instance_spindles(inst);
    if (spindles == HT_SPINDLES_UNKNOWN) {
        return add ? -1 : before;
    }
    return add ? before - spindles : before + spindles;
}

/* Matches Node.hs, calcSpindleUse. */
static double used_spindles(const struct ht_node *node, const struct ht_instance *inst,
                            double before, bool add)
{
    if (node->excl_storage) {
        return 0.0;
    }
    if (!ht_instance_uses_local_storage(inst)) {
        return before;
    }
    return add ? before + (double)inst->spindle_use : before - (double)inst->spindle_use;
}

void ht_trial_remove_primary(struct ht_trial *trial, const struct ht_instance *inst,
                             int location_score)
{
    const struct ht_node *node = trial->node;
    struct ht_load *load = &trial->load;
    int64_t disk = ht_instance_uses_local_storage(inst) ? inst->dsk : 0;
    int64_t cpus = ht_instance_online(inst) ? inst->vcpus : 0;

    if (!inst->forthcoming) {
        load->i_mem -= ht_instance_uses_memory(inst) ? inst->mem : 0;
        load->fail_n1 = ht_load_unallocated_mem(node, load) <= load->r_mem;
        load->f_dsk += disk;
        load->f_spindles = free_spindles(node, inst, load->f_spindles, false);
        load->inst_spindles = used_spindles(node, inst, load->inst_spindles, false);
        load->u_cpu -= cpus;
        for (int i = 0; i < HT_UTIL_COUNT; i++) {
            load->util.v[i] -= inst->util.v[i];
        }
        load->location_score -= location_score + missed_locations(node, inst);
        load->n_pri--;
    }
    tags_put(trial, inst, false);
    load->f_mem_forth += inst->mem;
    load->f_dsk_forth += disk;
    load->f_spindles_forth = free_spindles(node, inst, load->f_spindles_forth, false);
    load->inst_spindles_forth = used_spindles(node, inst, load->inst_spindles_forth, false);
    load->u_cpu_forth -= cpus;
}

void ht_trial_remove_secondary(struct ht_trial *trial, const struct ht_instance *inst, int pnode)
{
    const struct ht_node *node = trial->node;
    struct ht_load *load = &trial->load;
    int64_t disk = ht_instance_uses_local_storage(inst) ? inst->dsk : 0;

    if (!inst->forthcoming) {
        int64_t old_mem = ht_trial_peer_mem(trial, pnode);

        trial->peer = pnode;
        trial->peer_mem = old_mem - (ht_instance_uses_secondary_memory(inst) ? inst->mem : 0);
        trial->peer_mem = MAX(0, trial->peer_mem);
        if (old_mem >= load->r_mem) {
            load->r_mem = peers_max(trial);
        }
        load->fail_n1 = ht_load_unallocated_mem(node, load) <= load->r_mem;
        load->f_dsk += disk;
        load->f_spindles = free_spindles(node, inst, load->f_spindles, false);
        load->inst_spindles = used_spindles(node, inst, load->inst_spindles, false);
        load->util.v[HT_UTIL_DSK] -= inst->util.v[HT_UTIL_DSK];
        load->n_sec--;
    }
    load->f_dsk_forth += disk;
    load->f_spindles_forth = free_spindles(node, inst, load->f_spindles_forth, false);
    load->inst_spindles_forth = used_spindles(node, inst, load->inst_spindles_forth, false);
}

enum ht_fail ht_trial_add_primary(struct ht_trial *trial, const struct ht_instance *inst,
                                  int location_score, bool force)
{
    const struct ht_node *node = trial->node;
    struct ht_load load = trial->load;
    bool local = ht_instance_uses_local_storage(inst);
    int64_t disk = local ? inst->dsk : 0;
    int64_t cpus = ht_instance_online(inst) ? inst->vcpus : 0;

    load.f_mem_forth -= inst->mem;
    load.f_dsk_forth -= disk;
    load.f_spindles_forth = free_spindles(node, inst, load.f_spindles_forth, true);
    load.inst_spindles_forth = used_spindles(node, inst, load.inst_spindles_forth, true);
    load.u_cpu_forth += cpus;

    if (!inst->forthcoming) {
        int64_t free_mem;

        load.i_mem += ht_instance_uses_memory(inst) ? inst->mem : 0;
        load.f_dsk -= disk;
        load.f_spindles = free_spindles(node, inst, load.f_spindles, true);
        load.inst_spindles = used_spindles(node, inst, load.inst_spindles, true);
        load.u_cpu += cpus;
        free_mem = ht_load_unallocated_mem(node, &load);
        load.fail_n1 = free_mem <= load.r_mem;

        if (free_mem <= 0) {
            return HT_FAIL_MEM;
        }
        if (local && load.f_dsk <= 0) {
            return HT_FAIL_DISK;
        }
        if (!force && local && load.f_dsk < node->lo_dsk) {
            return HT_FAIL_DISK;
        }
        if (local && node->excl_storage && load.f_spindles < 0) {
            return HT_FAIL_SPINDLES;
        }
        if (!force) {
            if (local && load.inst_spindles > node->hi_spindles) {
                return HT_FAIL_DISK;
            }
            if (load.fail_n1 && !trial->load.fail_n1) {
                return HT_FAIL_MEM;
            }
            if (node->vcpu_ratio >= 0 && node->vcpu_ratio < (double)load.u_cpu / node->t_cpu) {
                return HT_FAIL_CPU;
            }
            if (inst->n_excl_tags > 0 && tags_collide(node, inst)) {
                return HT_FAIL_TAGS;
            }
        }
    }
    if (!force) {
        if (load.f_mem_forth <= 0) {
            return HT_FAIL_MEM;
        }
        if (local && (load.f_dsk_forth <= 0 || load.f_dsk_forth < node->lo_dsk)) {
            return HT_FAIL_DISK;
        }
        if (local && node->excl_storage && load.f_spindles_forth < 0) {
            return HT_FAIL_SPINDLES;
        }
        if (local && load.inst_spindles_forth > node->hi_spindles) {
            return HT_FAIL_DISK;
        }
        if (node->vcpu_ratio >= 0 && node->vcpu_ratio < (double)load.u_cpu_forth / node->t_cpu) {
            return HT_FAIL_CPU;
        }
    }
    if (!inst->forthcoming) {
        for (int i = 0; i < HT_UTIL_COUNT; i++) {
            load.util.v[i] += inst->util.v[i];
        }
        load.location_score += location_score + missed_locations(node, inst);
        load.n_pri++;
    }
    trial->load = load;
    tags_put(trial, inst, true);
    return HT_OK;
}

enum ht_fail ht_trial_add_secondary(struct ht_trial *trial, const struct ht_instance *inst,
                                    int pnode, bool force, bool ignore_disks)
{
    const struct ht_node *node = trial->node;
    struct ht_load load = trial->load;
    int64_t needed = ht_instance_uses_secondary_memory(inst) ? inst->mem : 0;
    int64_t peer_mem = 0;

    load.f_dsk_forth -= inst->dsk;
    load.f_spindles_forth = free_spindles(node, inst, load.f_spindles_forth, true);
    load.inst_spindles_forth = used_spindles(node, inst, load.inst_spindles_forth, true);

    if (!inst->forthcoming) {
        int64_t unallocated = ht_load_unallocated_mem(node, &load);

        peer_mem = ht_trial_peer_mem(trial, pnode) + needed;
        load.f_dsk -= inst->dsk;
        load.f_spindles = free_spindles(node, inst, load.f_spindles, true);
        load.inst_spindles = used_spindles(node, inst, load.inst_spindles, true);
        load.r_mem = MAX(load.r_mem, peer_mem);
        load.fail_n1 = unallocated <= load.r_mem;

        if (!ht_instance_has_secondary(inst)) {
            return HT_FAIL_DISK;
        }
        if (!ignore_disks && load.f_dsk <= 0) {
            return HT_FAIL_DISK;
        }
        if (!force && load.f_dsk < node->lo_dsk) {
            return HT_FAIL_DISK;
        }
        if (node->excl_storage && load.f_spindles < 0) {
            return HT_FAIL_SPINDLES;
        }
        if (!force) {
            if (load.inst_spindles > node->hi_spindles) {
                return HT_FAIL_DISK;
            }
            if (needed >= unallocated || (load.fail_n1 && !trial->load.fail_n1)) {
                return HT_FAIL_MEM;
            }
        }
    }
    if (!force) {
        if (!ht_instance_has_secondary(inst)) {
            return HT_FAIL_DISK;
        }
        if (load.f_dsk_forth <= 0 || load.f_dsk_forth < node->lo_dsk) {
            return HT_FAIL_DISK;
        }
        if (node->excl_storage && load.f_spindles_forth < 0) {
            return HT_FAIL_SPINDLES;
        }
        if (load.inst_spindles_forth > node->hi_spindles) {
            return HT_FAIL_DISK;
        }
        if (needed >= load.f_mem_forth) {
            return HT_FAIL_MEM;
        }
    }
    if (!inst->forthcoming) {
        trial->peer = pnode;
        trial->peer_mem = peer_mem;
        load.util.v[HT_UTIL_DSK] += inst->util.v[HT_UTIL_DSK];
        load.n_sec++;
    }
    trial->load = load;
    return HT_OK;
}

/* What both kinds of placing do to the numbers that count forthcoming instances. */
static void place_forthcoming(struct ht_trial *trial, const struct ht_instance *inst)
{
    const struct ht_node *node = trial->node;
    struct ht_load *load = &trial->load;

    load->inst_spindles_forth = used_spindles(node, inst, load->inst_spindles_forth, true);
    if (inst->forthcoming) {
        load->f_dsk_forth -= ht_instance_uses_local_storage(inst) ? inst->dsk : 0;
        load->f_spindles_forth = free_spindles(node, inst, load->f_spindles_forth, true);
    }
}

void ht_trial_place_primary(struct ht_trial *trial, const struct ht_instance *inst)
{
    struct ht_load *load = &trial->load;
    int64_t cpus = ht_instance_online(inst) ? inst->vcpus : 0;

    if (!inst->forthcoming) {
        load->u_cpu += cpus;
        for (int i = 0; i < HT_UTIL_COUNT; i++) {
            load->util.v[i] += inst->util.v[i];
        }
        load->inst_spindles = used_spindles(trial->node, inst, load->inst_spindles, true);
        load->location_score += inst->location_score + missed_locations(trial->node, inst);
        load->n_pri++;
    }
    tags_put(trial, inst, true);
    load->u_cpu_forth += cpus;
    load->f_mem_forth -= ht_instance_uses_memory(inst) ? 0 : inst->mem;
    place_forthcoming(trial, inst);
}

void ht_trial_place_secondary(struct ht_trial *trial, const struct ht_instance *inst)
{
    struct ht_load *load = &trial->load;

    if (!inst->forthcoming) {
        load->util.v[HT_UTIL_DSK] += inst->util.v[HT_UTIL_DSK];
        load->inst_spindles = used_spindles(trial->node, inst, load->inst_spindles, true);
        load->n_sec++;
    }
    place_forthcoming(trial, inst);
}
