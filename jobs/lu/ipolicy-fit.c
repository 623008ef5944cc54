/* Whether instances fit instance policies. */
#include "config.h"

#include "jobs/lu/ipolicy-fit.h"

#include <string.h>

#include "compat-config/model/fill.h"
#include "facts/codec.h"

static bool is_allowed(const struct ipolicy *filled, enum disk_template disk_template)
{
    for (size_t i = 0; i < filled->disk_templates.n; i++) {
        if (filled->disk_templates.v[i] == disk_template) {
            return true;
        }
    }
    return false;
}

static void check_template(const struct ipolicy *filled, enum disk_template disk_template,
                           GPtrArray *out)
{
    const char *word = fact_enum_disk_template.words[disk_template];
    if (is_allowed(filled, disk_template)) {
        return;
    }
    g_autofree char *text = g_strdup_printf("disk template %s is not allowed", word);
    if (!g_ptr_array_find_with_equal_func(out, text, g_str_equal, NULL)) {
        g_ptr_array_add(out, g_steal_pointer(&text));
    }
}

/* A bound that is not set bounds nothing; a value below 0 is not known. */
static void check_value(const struct minmax_ispecs *range, const char *name, int64_t value,
                        GPtrArray *out)
{
    const struct fact_member *member = fact_object_find(&fact_object_ispec, name);
    const struct ispec *ends[] = {&range->min, &range->max};
    int64_t bounds[] = {value, value};
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        if (fact_member_is_set(&fact_object_ispec, ends[i], member)) {
            bounds[i] = *(const int64_t *)(const void *)((const char *)ends[i] + member->offset);
        }
    }
    if (value >= 0 && (value < bounds[0] || value > bounds[1])) {
        g_ptr_array_add(out,
                        g_strdup_printf("%s %" G_GINT64_FORMAT
                                        " is not in the range from %" G_GINT64_FORMAT
                                        " to %" G_GINT64_FORMAT,
                                        name, (gint64)value, (gint64)bounds[0], (gint64)bounds[1]));
    }
}

static GPtrArray *check_range(const struct minmax_ispecs *range, const struct lu_sizes *sizes)
{
    GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
    check_value(range, "memory-size", sizes->memory, out);
    check_value(range, "cpu-count", sizes->vcpus, out);
    check_value(range, "nic-count", sizes->nics, out);
    check_value(range, "spindle-use", sizes->spindles, out);
    for (size_t i = 0; i < sizes->n_disks; i++) {
        check_value(range, "disk-size", sizes->disks[i].size, out);
    }
    if (sizes->n_disks > 0) {
        check_value(range, "disk-count", (int64_t)sizes->n_disks, out);
    }
    return out;
}

GPtrArray *lu_ipolicy_violations(const struct ipolicy *filled, const struct lu_sizes *sizes)
{
    GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) best = NULL;
    if (sizes->n_disks == 0) {
        check_template(filled, DISK_TEMPLATE_DISKLESS, out);
    }
    for (size_t i = 0; i < sizes->n_disks; i++) {
        check_template(filled, sizes->disks[i].disk_template, out);
    }
    for (size_t i = 0; i < filled->minmax.n; i++) {
        g_autoptr(GPtrArray) one = check_range(&filled->minmax.v[i], sizes);
        if (best == NULL || one->len < best->len) {
            g_clear_pointer(&best, g_ptr_array_unref);
            best = g_steal_pointer(&one);
        }
    }
    if (best != NULL) {
        g_ptr_array_extend_and_steal(out, g_steal_pointer(&best));
    }
    return out;
}

/* Whether a node of the instance has disks that no two instances share. */
static bool has_exclusive_storage(const struct cfg *cfg, const struct instance *instance)
{
    const struct node *primary = cfg_instance_primary(cfg, instance);
    struct cfg_nodes secondaries = cfg_instance_secondaries(cfg, instance);
    bool any = primary != NULL && cfg_node_ndparams(cfg, primary).exclusive_storage;
    for (size_t i = 0; !any && i < secondaries.n; i++) {
        any = cfg_node_ndparams(cfg, secondaries.v[i]).exclusive_storage;
    }
    return any;
}

GPtrArray *lu_ipolicy_violations_of(const struct cfg *cfg, const struct ipolicy *filled,
                                    const struct instance *instance)
{
    struct beparams beparams = cfg_beparams(cfg, instance);
    struct cfg_disks disks = cfg_instance_disks(cfg, instance);
    g_autofree struct lu_sizes_disk *v = g_new0(struct lu_sizes_disk, disks.n);
    struct lu_sizes sizes = {
        .memory = beparams.maxmem,
        .vcpus = beparams.vcpus,
        .nics = (int64_t)instance->nics.n,
        .spindles = beparams.spindle_use,
        .disks = v,
        .n_disks = disks.n,
    };
    bool exclusive = has_exclusive_storage(cfg, instance), known = true;
    int64_t spindles = 0;
    for (size_t i = 0; i < disks.n; i++) {
        v[i] = (struct lu_sizes_disk){disks.v[i]->dev_type, disks.v[i]->size};
        known = known && disks.v[i]->has.spindles;
        spindles += disks.v[i]->spindles;
    }
    if (exclusive) {
        sizes.spindles = known ? spindles : -1;
    }
    GPtrArray *out = lu_ipolicy_violations(filled, &sizes);
    if (exclusive && !known) {
        g_ptr_array_insert(out, 0,
                           g_strdup("the spindles of its disks are not recorded, though storage is "
                                    "exclusive: try gnt-cluster repair-disk-sizes"));
    }
    return out;
}

char *lu_ipolicy_text(GPtrArray *violations)
{
    char *text = NULL;
    if (violations->len > 0) {
        g_ptr_array_add(violations, NULL);
        text = g_strjoinv(", ", (char **)violations->pdata);
    }
    g_ptr_array_unref(violations);
    return text;
}

bool lu_check_target_ipolicy(struct lu *lu, const struct instance *instance,
                             const struct node *target, bool ignore, GError **errp)
{
    const struct cfg *cfg = lu_cfg(lu);
    const struct node *primary = cfg_instance_primary(cfg, instance);
    const struct node_group *group = cfg_node_group(cfg, target);
    if (group == NULL || (primary != NULL && strcmp(primary->group, target->group) == 0)) {
        return true;
    }
    struct ipolicy filled = cfg_group_ipolicy(cfg, group);
    g_autofree char *why = lu_ipolicy_text(lu_ipolicy_violations_of(cfg, &filled, instance));
    if (why == NULL) {
        return true;
    }
    if (ignore) {
        lu_warn(lu, "Instance %s does not fit the policy of node group %s: %s", instance->name,
                group->name, why);
        return true;
    }
    return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "Instance %s does not fit the policy of node group %s: %s", instance->name,
                    group->name, why);
}
