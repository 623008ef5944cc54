#include "config.h"

#include "noded/storage/lvm/groups.h"

#include <math.h>

#include "base/cmd.h"
#include "facts/constants.h"
#include "noded/storage/lvm/parse.h"

char *lvm_report(enum lvm_report report, const char *const *names, GError **errp)
{
    g_auto(GStrv) argv = lvm_build_report(report, names);
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new_argv((const char *const *)argv);
    char *text;

    return cmd_check(cmd, &text, errp) ? text : NULL;
}

/* --- Physical volumes ---------------------------------------------------------------------------
 */

static bool wanted(const struct lvm_pv_info *pv, const char *const *groups, unsigned flags)
{
    if ((flags & LVM_PVS_ALL) == 0 && pv->attributes[0] != 'a') {
        return false;
    }
    return groups == NULL || *groups == NULL || g_strv_contains(groups, pv->vg_name);
}

GPtrArray *lvm_pvs(const char *const *groups, unsigned flags, GError **errp)
{
    bool with_lvs = (flags & LVM_PVS_LVS) != 0;
    g_autofree char *text = lvm_report(with_lvs ? LVM_REPORT_PVS_LVS : LVM_REPORT_PVS, NULL, errp);
    GPtrArray *pvs = text != NULL ? lvm_pvs_parse(text, with_lvs, errp) : NULL;
    guint kept = 0;

    if (pvs == NULL) {
        return NULL;
    }
    /* The kept ones go to the front; the array frees the others. */
    for (guint i = 0; i < pvs->len; i++) {
        struct lvm_pv_info *pv = g_ptr_array_index(pvs, i);

        if (wanted(pv, groups, flags)) {
            pvs->pdata[i] = pvs->pdata[kept];
            pvs->pdata[kept++] = pv;
        }
    }
    g_ptr_array_set_size(pvs, (gint)kept);
    return pvs;
}

static void sizes(const GPtrArray *pvs, double *ret_small, double *ret_big)
{
    *ret_small = *ret_big = ((const struct lvm_pv_info *)pvs->pdata[0])->size;
    for (guint i = 1; i < pvs->len; i++) {
        const struct lvm_pv_info *pv = pvs->pdata[i];

        *ret_small = fmin(*ret_small, pv->size);
        *ret_big = fmax(*ret_big, pv->size);
    }
}

double lvm_standard_size(const GPtrArray *pvs)
{
    double small, big;

    sizes(pvs, &small, &big);
    return floor(small / (1 + C_PART_MARGIN + C_PART_RESERVED));
}

bool lvm_pv_is_empty(const struct lvm_pv_info *pv)
{
    return pv->size <= pv->free + 1;
}

bool lvm_sizes_differ(const GPtrArray *pvs)
{
    double small, big;

    sizes(pvs, &small, &big);
    return small * (1 + C_PART_MARGIN) < big * (1 - C_PART_MARGIN);
}

/* --- Volume groups ------------------------------------------------------------------------------
 */

static guint count_empty(const GPtrArray *pvs)
{
    guint n = 0;

    for (guint i = 0; i < pvs->len; i++) {
        n += lvm_pv_is_empty(pvs->pdata[i]);
    }
    return n;
}

bool lvm_group_spindles(const char *group, int64_t *ret_all, int64_t *ret_free, GError **errp)
{
    const char *const groups[] = {group, NULL};
    g_autoptr(GPtrArray) pvs = lvm_pvs(groups, 0, errp);

    if (pvs == NULL) {
        return false;
    }
    *ret_all = pvs->len;
    *ret_free = count_empty(pvs);
    return true;
}

static bool exclusive_room(const char *group, double *ret_free, GError **errp)
{
    const char *const groups[] = {group, NULL};
    g_autoptr(GPtrArray) pvs = lvm_pvs(groups, 0, errp);

    if (pvs == NULL) {
        return false;
    }
    *ret_free = pvs->len > 0 ? lvm_standard_size(pvs) * count_empty(pvs) : 0;
    return true;
}

bool lvm_group_room(const char *group, bool exclusive, double *ret_size, double *ret_free,
                    bool *ret_there, GError **errp)
{
    g_autofree char *text = lvm_report(LVM_REPORT_VGS, NULL, errp);
    g_autoptr(GPtrArray) groups = text != NULL ? lvm_groups_parse(text, errp) : NULL;

    *ret_there = false;
    if (groups == NULL) {
        return false;
    }
    for (guint i = 0; i < groups->len; i++) {
        const struct lvm_group *row = g_ptr_array_index(groups, i);

        if (!row->read_only && g_str_equal(row->name, group)) {
            *ret_there = true;
            *ret_size = row->size;
            *ret_free = row->free;
            return !exclusive || exclusive_room(group, ret_free, errp);
        }
    }
    return true;
}
