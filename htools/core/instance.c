#include "htools/core/instance.h"

void ht_instance_init(struct ht_instance *inst, const char *name, enum ht_disk_template dt)
{
    *inst = (struct ht_instance){
        .name = name,
        .alias = name,
        .status = HT_STATUS_RUNNING,
        .pnode = HT_NONE,
        .snode = HT_NONE,
        .idx = HT_NONE,
        .auto_balance = true,
        .disk_template = dt,
        .spindle_use = 1,
        .util = {{1, 1, 1, 1}},
        .movable = ht_disk_template_movable(dt),
    };
}

bool ht_instance_running(const struct ht_instance *inst)
{
    return ht_status_rows[inst->status].running;
}

bool ht_instance_online(const struct ht_instance *inst)
{
    return inst->status != HT_STATUS_OFFLINE;
}

bool ht_instance_down(const struct ht_instance *inst)
{
    return !ht_instance_running(inst) && ht_instance_online(inst);
}

bool ht_instance_uses_memory(const struct ht_instance *inst)
{
    return !inst->forthcoming && ht_status_rows[inst->status].uses_memory;
}

bool ht_instance_uses_secondary_memory(const struct ht_instance *inst)
{
    return ht_instance_online(inst) && inst->auto_balance;
}

bool ht_instance_has_secondary(const struct ht_instance *inst)
{
    return inst->disk_template == HT_DT_DRBD8;
}

bool ht_instance_uses_local_storage(const struct ht_instance *inst)
{
    return ht_disk_template_local(inst->disk_template);
}

enum ht_mirror ht_instance_mirror(const struct ht_instance *inst)
{
    return ht_disk_template_mirror(inst->disk_template);
}

int64_t ht_instance_spindles(const struct ht_instance *inst)
{
    int64_t sum = 0;

    for (unsigned i = 0; i < inst->n_disks; i++) {
        if (inst->disks[i].spindles == HT_SPINDLES_UNKNOWN) {
            return HT_SPINDLES_UNKNOWN;
        }
        sum += inst->disks[i].spindles;
    }
    return sum;
}

struct ht_rspec ht_instance_rspec(const struct ht_instance *inst)
{
    int64_t spindles = 0;

    if (inst->n_disks == 1 && inst->disks[0].spindles != HT_SPINDLES_UNKNOWN) {
        spindles = inst->disks[0].spindles;
    }
    return (struct ht_rspec){
        .cpu = inst->vcpus, .mem = inst->mem, .dsk = inst->dsk, .spindles = spindles};
}

/* -1, 0 or 1 as a is less than, equal to or greater than b. */
static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Matches Instance.hs, instCompareISpec: fails where the instance compares to spec as `which`. */
static enum ht_fail compare_spec(const struct ht_instance *inst, const struct ht_ispec *spec,
                                 int which, bool excl_storage)
{
    if (order(inst->mem, spec->memory_size) == which) {
        return HT_FAIL_MEM;
    }
    for (unsigned i = 0; i < inst->n_disks; i++) {
        if (order(inst->disks[i].size, spec->disk_size) == which) {
            return HT_FAIL_DISK;
        }
    }
    if (order(inst->vcpus, spec->cpu_count) == which) {
        return HT_FAIL_CPU;
    }
    if (excl_storage) {
        int64_t spindles = ht_instance_spindles(inst);

        if (spindles == HT_SPINDLES_UNKNOWN || order(spindles, spec->spindle_use) == which) {
            return HT_FAIL_SPINDLES;
        }
    } else if (order(inst->spindle_use, spec->spindle_use) == which) {
        return HT_FAIL_SPINDLES;
    }
    if (inst->disk_template != HT_DT_DISKLESS && order(inst->n_disks, spec->disk_count) == which) {
        return HT_FAIL_DISK_COUNT;
    }
    return HT_OK;
}

enum ht_fail ht_instance_check_policy(const struct ht_instance *inst,
                                      const struct ht_ipolicy *ipolicy, bool excl_storage)
{
    enum ht_fail fail = HT_OK;

    /* The last pair is tried first, and the first pair's reason is the one that stays. */
    for (unsigned i = ipolicy->n_minmax; i-- > 0;) {
        fail = compare_spec(inst, &ipolicy->minmax[i].min, -1, excl_storage);
        if (fail == HT_OK) {
            fail = compare_spec(inst, &ipolicy->minmax[i].max, 1, excl_storage);
        }
        if (fail == HT_OK) {
            break;
        }
    }
    if (fail != HT_OK) {
        return fail;
    }
    for (unsigned i = 0; i < ipolicy->n_templates; i++) {
        if (ipolicy->templates[i] == inst->disk_template) {
            return HT_OK;
        }
    }
    return HT_FAIL_DISK;
}
