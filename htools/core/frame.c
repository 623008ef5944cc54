#include "htools/core/frame.h"

#include <float.h>
#include <math.h>

/* Which resource moves which column: (column, resource, sign, only the "forth" side). */
static const struct {
    int column, resource, sign;
    bool forth;
} effects[] = {
    {HT_COL_FREE_MEM, HT_RES_MEM, -1, false},
    {HT_COL_FREE_MEM_FORTH, HT_RES_MEM_FORTH, -1, true},
    {HT_COL_FREE_DISK, HT_RES_DISK, -1, false},
    {HT_COL_FREE_DISK_FORTH, HT_RES_DISK, -1, true},
    {HT_COL_FREE_DISK, HT_RES_SPINDLES, -1, false},
    {HT_COL_FREE_DISK_FORTH, HT_RES_SPINDLES, -1, true},
    {HT_COL_VCPU_RATIO, HT_RES_CPU, 1, false},
    {HT_COL_VCPU_FORTH, HT_RES_CPU, 1, true},
    {HT_COL_SPINDLES, HT_RES_SPINDLE_USE, 1, false},
    {HT_COL_SPINDLES_FORTH, HT_RES_SPINDLE_USE, 1, true},
    {HT_COL_CPU_LOAD, HT_RES_CPU_LOAD, 1, false},
    {HT_COL_MEM_LOAD, HT_RES_MEM_LOAD, 1, false},
    {HT_COL_DISK_LOAD, HT_RES_DISK_LOAD, 1, false},
    {HT_COL_NET_LOAD, HT_RES_NET_LOAD, 1, false},
};

static double inverse(double value)
{
    return value == 0 ? 0 : 1 / value;
}

/* By how much one unit of the resource moves the node's columns; 0 if it does not. */
static double unit(const struct ht_node *node, int resource)
{
    switch (resource) {
    case HT_RES_DISK:
        return node->excl_storage ? 0 : inverse(node->t_dsk);
    case HT_RES_SPINDLES:
        return node->excl_storage ? inverse((double)node->t_spindles) : 0;
    case HT_RES_SPINDLE_USE:
        return node->excl_storage ? 0 : inverse(node->hi_spindles);
    case HT_RES_MEM:
    case HT_RES_MEM_FORTH:
        return inverse(node->t_mem);
    case HT_RES_CPU:
        return inverse(node->t_cpu * node->cpu_speed);
    case HT_RES_CPU_LOAD:
        return inverse(node->pool.v[HT_UTIL_CPU]);
    case HT_RES_MEM_LOAD:
        return inverse(node->pool.v[HT_UTIL_MEM]);
    case HT_RES_DISK_LOAD:
        return inverse(node->pool.v[HT_UTIL_DSK]);
    default:
        return inverse(node->pool.v[HT_UTIL_NET]);
    }
}

void ht_needs_compute(const struct ht_instance *inst, struct ht_needs *needs)
{
    int64_t spindles = ht_instance_spindles(inst);
    bool local = ht_instance_uses_local_storage(inst), real = !inst->forthcoming;
    double *amount = needs->amount;

    *needs = (struct ht_needs){.set = inst->forthcoming};
    amount[HT_RES_DISK] = local ? (double)inst->dsk : 0;
    /* Also taken where nothing is stored locally, as the reference does. */
    amount[HT_RES_SPINDLES] = spindles == HT_SPINDLES_UNKNOWN ? 0 : (double)spindles;
    amount[HT_RES_SPINDLE_USE] = local ? (double)inst->spindle_use : 0;
    amount[HT_RES_MEM] = ht_instance_uses_memory(inst) ? (double)inst->mem : 0;
    amount[HT_RES_MEM_FORTH] = (double)inst->mem;
    amount[HT_RES_CPU] = ht_instance_online(inst) ? (double)inst->vcpus : 0;
    amount[HT_RES_CPU_LOAD] = real ? inst->util.v[HT_UTIL_CPU] : 0;
    amount[HT_RES_MEM_LOAD] = real ? inst->util.v[HT_UTIL_MEM] : 0;
    amount[HT_RES_DISK_LOAD] = real ? inst->util.v[HT_UTIL_DSK] : 0;
    amount[HT_RES_NET_LOAD] = real ? inst->util.v[HT_UTIL_NET] : 0;
    if (real && ht_instance_uses_secondary_memory(inst)) {
        needs->reserve = (double)inst->mem;
    }
}

void ht_frame_init(struct ht_frame *frame, const struct ht_field *field,
                   const struct ht_needs *needs, unsigned n_needs)
{
    unsigned n_pairs = (field->n_slots + 1) / 2, n = 2 * n_pairs;
    double *memory;

    *frame = (struct ht_frame){.n = field->n_slots, .n_pairs = n_pairs};
    for (unsigned i = 0; i < n_needs; i++) {
        for (int r = 0; r < HT_RES_COUNT; r++) {
            frame->biggest[r] = MAX(frame->biggest[r], fabs(needs[i].amount[r]));
        }
        frame->biggest_reserve = MAX(frame->biggest_reserve, fabs(needs[i].reserve));
    }
    for (int i = 0; i < HT_METRIC_COUNT; i++) {
        if (ht_metric_rows[i].column >= 0) {
            frame->weights[ht_metric_rows[i].column] = ht_metric_rows[i].weight;
        }
    }
    memory = frame->memory =
        g_aligned_alloc0((size_t)n * (8 * HT_RES_COUNT + 2) + 1, sizeof(double), sizeof(ht_slots));
    for (int set = 0; set < 2; set++) {
        for (int r = 0; r < HT_RES_COUNT; r++) {
            frame->quad[set][r] = memory;
            frame->linear[set][r] = memory + n;
            memory += 2 * (size_t)n;
        }
        frame->factors[set] = (struct ht_factors *)memory;
        memory += 2 * (size_t)n * HT_RES_COUNT;
    }
    frame->reserve_unit = memory;
    frame->reserve_dev = memory + n;
    for (unsigned slot = 0; slot < field->n_slots; slot++) {
        frame->reserve_unit[slot] = inverse(field->cluster->nodes[field->nodes[slot]].t_mem);
    }
}

void ht_frame_clear(struct ht_frame *frame)
{
    g_aligned_free(frame->memory);
}

/* For one column: how far a single node can be moved (step) and how far all nodes of a move
 * together can move the sum (drag). */
struct reach {
    double step, drag;
    int nodes;
};

static void widen(struct reach *reach, const struct ht_frame *frame, const struct ht_field *field,
                  int resource, bool offline)
{
    double least = INFINITY, most = -INFINITY, size;

    for (unsigned slot = 0; slot < frame->n; slot++) {
        double one = unit(&field->cluster->nodes[field->nodes[slot]], resource);

        least = MIN(least, one);
        most = MAX(most, one);
    }
    if (offline) {
        least = MIN(least, 0);
        most = MAX(most, 0);
    }
    size = frame->biggest[resource];
    reach->step = MAX(reach->step, size * MAX(fabs(least), fabs(most)));
    reach->drag = reach->drag + size * (most - least);
}

static void reaches(const struct ht_frame *frame, const struct ht_field *field,
                    struct reach out[HT_COL_COUNT])
{
    bool offline = field->n_slots < field->view->n_nodes;
    double most = 0;

    for (int k = 0; k < HT_COL_COUNT; k++) {
        out[k] = (struct reach){.nodes = 2};
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(effects); i++) {
        widen(&out[effects[i].column], frame, field, effects[i].resource, offline);
    }
    for (unsigned slot = 0; slot < frame->n; slot++) {
        most = MAX(most, fabs(frame->reserve_unit[slot]));
    }
    most *= frame->biggest_reserve;
    out[HT_COL_RESERVED] = (struct reach){.step = most, .drag = 3 * most, .nodes = 3};
}

/* sqrt that takes rounding below zero for zero. */
static double root(double value)
{
    return value > 0 ? sqrt(value) : 0;
}

/* By how much sqrt(v) - sqrt(v + d) can have grown when v went from old to new, for d between low
 * and high: the difference is monotone in d. */
static double gain_drift(double before, double now, double low, double high, double shift)
{
    double d = now < before ? MAX(low, -MIN(before, now)) : high;
    double drift = (root(now) - root(now + d)) - (root(before) - root(before + d));
    double lowest = MAX(low, -now) - shift;

    if (shift > 0) {
        drift = MAX(drift, 0);
        drift += now + lowest > 0 ? shift / (2 * sqrt(now + lowest)) : sqrt(shift);
    }
    return MAX(drift, 0);
}

static void update_columns(struct ht_frame *frame, const struct ht_field *field,
                           double chord[HT_COL_COUNT], double *drift)
{
    struct reach reach[HT_COL_COUNT];
    double n = frame->n, most_dev;

    reaches(frame, field, reach);
    frame->constant = 0;
    for (int k = 0; k < HT_COL_COUNT; k++) {
        double weight = frame->weights[k], step = reach[k].step;
        double sum = 0, squares = 0, old_mean = frame->mean.col[k], old_var = frame->var.col[k];
        double low, high, mean, var;

        for (unsigned slot = 0; slot < frame->n; slot++) {
            sum += field->rows[slot].col[k];
        }
        mean = sum / n;
        most_dev = 0;
        for (unsigned slot = 0; slot < frame->n; slot++) {
            double dev = field->rows[slot].col[k] - mean;

            squares += dev * dev;
            most_dev = MAX(most_dev, fabs(dev));
        }
        var = squares / n;
        most_dev *= 1 + 1e-9;
        low = step < most_dev ? step * (2 * most_dev - step) : most_dev * most_dev;
        low = -(reach[k].nodes * low + reach[k].drag * reach[k].drag / n) / n;
        high = reach[k].nodes * step * (step + 2 * most_dev) / n;
        low = MAX(low * (1 + 1e-9), -var);
        high *= 1 + 1e-9;
        if (drift != NULL) {
            double shift = 2 * fabs(mean - old_mean) * reach[k].drag / n;

            *drift += weight * gain_drift(old_var, var, MIN(low, frame->low.col[k]),
                                          MAX(high, frame->high.col[k]), shift);
        }
        chord[k] = high > low ? (root(var + high) - root(var + low)) / (high - low) : 0;
        frame->mean.col[k] = mean;
        frame->var.col[k] = var;
        frame->low.col[k] = low;
        frame->high.col[k] = high;
        frame->constant += weight * (root(var + low) - chord[k] * low);
        chord[k] *= weight / n;
        frame->constant -= chord[k] * reach[k].drag * reach[k].drag / n;
    }
}

static void update_factors(struct ht_frame *frame, const struct ht_field *field,
                           const double chord[HT_COL_COUNT])
{
    for (int set = 0; set < 2; set++) {
        for (int r = 0; r < HT_RES_COUNT; r++) {
            memset(frame->quad[set][r], 0, frame->n * sizeof(double));
            memset(frame->linear[set][r], 0, frame->n * sizeof(double));
            frame->used[set][r] = false;
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(effects); i++) {
        int column = effects[i].column, r = effects[i].resource;

        if (chord[column] == 0) {
            continue;
        }
        for (int set = 0; set < (effects[i].forth ? 2 : 1); set++) {
            frame->used[set][r] = true;
            for (unsigned slot = 0; slot < frame->n; slot++) {
                double one = unit(&field->cluster->nodes[field->nodes[slot]], r);
                double dev = field->rows[slot].col[column] - frame->mean.col[column];

                frame->quad[set][r][slot] += chord[column] * one * one;
                frame->linear[set][r][slot] += 2 * chord[column] * dev * one * effects[i].sign;
            }
        }
    }
    for (int set = 0; set < 2; set++) {
        for (unsigned i = 0; i < frame->n * HT_RES_COUNT; i++) {
            unsigned slot = i / HT_RES_COUNT, r = i % HT_RES_COUNT;

            frame->factors[set][i].quad = frame->quad[set][r][slot];
            frame->factors[set][i].linear = frame->linear[set][r][slot];
        }
    }
    frame->reserve_coef = chord[HT_COL_RESERVED];
    for (unsigned slot = 0; slot < frame->n; slot++) {
        frame->reserve_dev[slot] =
            field->rows[slot].col[HT_COL_RESERVED] - frame->mean.col[HT_COL_RESERVED];
    }
}

/* The part of the score that is linear already. */
static double linear_part(const struct ht_sums *sums, double reserved_total)
{
    return ht_metric_rows[HT_METRIC_N1].weight * (double)sums->n1 +
           ht_metric_rows[HT_METRIC_OFFLINE_ALL].weight * (double)sums->offline_all +
           ht_metric_rows[HT_METRIC_OFFLINE_PRI].weight * (double)sums->offline_pri +
           ht_metric_rows[HT_METRIC_PRI_TAGS].weight * (double)sums->pri_tags +
           ht_metric_rows[HT_METRIC_LOCATION].weight * (double)sums->location +
           ht_metric_rows[HT_METRIC_LOCATION_EXCL].weight * (double)sums->location_excl +
           ht_metric_rows[HT_METRIC_RESERVED_TOTAL].weight * reserved_total;
}

void ht_frame_update(struct ht_frame *frame, const struct ht_field *field, double *drift)
{
    double chord[HT_COL_COUNT];

    update_columns(frame, field, chord, drift);
    update_factors(frame, field, chord);
    frame->reserve_weight = ht_metric_rows[HT_METRIC_RESERVED_TOTAL].weight;
    frame->constant += linear_part(&field->sums, field->values.reserved_total);
}

void ht_frame_all_nodes(const struct ht_frame *frame, const struct ht_needs *needs, int first,
                        int last, double *out)
{
    const ht_slots *quad[HT_RES_COUNT], *linear[HT_RES_COUNT];
    ht_slots amount[HT_RES_COUNT], *sums = (ht_slots *)out;
    int n = 0;

    for (int r = first; r <= last; r++) {
        if (needs->amount[r] != 0 && frame->used[needs->set][r]) {
            quad[n] = (const ht_slots *)frame->quad[needs->set][r];
            linear[n] = (const ht_slots *)frame->linear[needs->set][r];
            amount[n] = (ht_slots){needs->amount[r], needs->amount[r]};
            n++;
        }
    }
    for (unsigned pair = 0; pair < frame->n_pairs; pair++) {
        ht_slots sum = sums[pair];

        for (int i = 0; i < n; i++) {
            sum += amount[i] * (amount[i] * quad[i][pair] + linear[i][pair]);
        }
        sums[pair] = sum;
    }
}

double ht_frame_reserve(const struct ht_frame *frame, int slot, double growth)
{
    double change;

    if (slot == HT_NONE) {
        return 0;
    }
    change = growth * frame->reserve_unit[slot];
    return frame->reserve_coef * change * (change + 2 * frame->reserve_dev[slot]) +
           frame->reserve_weight * change;
}

void ht_frame_enclose(const struct ht_frame *frame, struct ht_field *field,
                      const struct ht_instance *inst, const struct ht_move_trial *trial,
                      double *ret_low, double *ret_high)
{
    struct ht_sums sums = ht_field_trial_sums(field, inst, trial);
    double n = frame->n, reserved = field->values.reserved_total, linear, low = 0, high = 0, slop;
    double change[HT_COL_COUNT] = {0}, squares[HT_COL_COUNT] = {0}, size[HT_COL_COUNT] = {0};
    const struct ht_trial *nodes[3];
    int n_nodes = ht_trial_nodes(trial, nodes);
    /* Sums of n terms lose at most n roundings each way; the rest is generosity. */
    double loss = 64 * (n + 16) * (DBL_EPSILON / 2);

    for (int i = 0; i < n_nodes; i++) {
        int slot = field->slot_of[nodes[i]->node->idx];
        union ht_row after;

        if (slot == HT_NONE) {
            continue;
        }
        ht_row_compute(nodes[i]->node, &nodes[i]->load, &after);
        for (int k = 0; k < HT_COL_COUNT; k++) {
            double x = field->rows[slot].col[k], y = after.col[k], mean = frame->mean.col[k];

            change[k] += y - x;
            squares[k] += (y - x) * ((y - mean) + (x - mean));
            size[k] += (y - mean) * (y - mean) + (x - mean) * (x - mean);
        }
        reserved += after.col[HT_COL_RESERVED] - field->rows[slot].col[HT_COL_RESERVED];
    }
    for (int k = 0; k < HT_COL_COUNT; k++) {
        double var = frame->var.col[k] + (squares[k] - change[k] * change[k] / n) / n;
        double mean = frame->mean.col[k];
        double error = loss * (frame->var.col[k] + size[k] / n) + loss * loss * mean * mean;

        low += frame->weights[k] * root(var - error);
        high += frame->weights[k] * root(var + error);
    }
    linear = linear_part(&sums, reserved);
    slop = loss * (1 + fabs(linear) + high);
    *ret_low = low + linear - slop;
    *ret_high = high + linear + slop;
}
