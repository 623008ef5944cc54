#include "config.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "compat-config/verify/report.h"
#include "facts/codec.h"
#include "facts/params.h"

/* Values have their kinds since they were read; what remains is what no row knows, and what does
 * not go together. */

static void check_unknown(const char *owner, const char *what, const struct json *extra,
                          GPtrArray *problems)
{
    struct json_iter it;

    if (extra == NULL) {
        return;
    }
    it = json_iter_begin(extra);
    while (json_iter_next(&it)) {
        report_add(problems, "%s: unknown parameter %s in %s", owner, it.key, what);
    }
}

/* The reference's utils.ForceDictType refuses sizes with a sign. */
static void check_beparams(const char *owner, const struct beparams *params, GPtrArray *problems)
{
    check_unknown(owner, "beparams", params->extra, problems);
    for (size_t i = 0; i < be_params.n; i++) {
        const struct fact_member *member =
            fact_object_find(&fact_object_beparams, be_params.v[i].name);

        if (be_params.v[i].vtype == VTYPE_SIZE && member != NULL &&
            fact_member_is_set(&fact_object_beparams, params, member) &&
            *(const int64_t *)(const void *)((const char *)params + member->offset) < 0) {
            report_add(problems, "%s: %s is below zero", owner, member->name);
        }
    }
}

static void check_nic(const char *owner, const struct nicparams *filled, GPtrArray *problems)
{
    if (!filled->has.mode) {
        report_add(problems, "%s: NIC without a mode", owner);
    } else if (filled->mode == NIC_MODE_BRIDGED && (!filled->has.link || filled->link[0] == '\0')) {
        report_add(problems, "%s: bridged NIC without a link", owner);
    }
}

static void check_access(const char *owner, const struct value_map_map *diskparams,
                         GPtrArray *problems)
{
    for (size_t i = 0; i < diskparams->n; i++) {
        const struct fact_value *access =
            fact_dict_get(&type_value_map, &diskparams->v[i].value, "access");
        const char *text = fact_value_text(access);
        int dt = fact_enum_find(&fact_enum_disk_template, diskparams->v[i].key);

        if (access == NULL || dt < 0 || disk_param_find((enum disk_template)dt, "access") == NULL) {
            continue;
        }
        if (text == NULL || fact_enum_find(&fact_enum_disk_access_mode, text) < 0) {
            report_add(problems, "%s: %s:access must be kernelspace or userspace", owner,
                       diskparams->v[i].key);
        }
    }
}

/* ---- policies ---- */

static int64_t spec_value(const struct ispec *spec, const struct fact_member *member)
{
    return *(const int64_t *)(const void *)((const char *)spec + member->offset);
}

static bool check_complete(const char *owner, const char *what, const struct ispec *spec,
                           GPtrArray *problems)
{
    bool complete = true;

    for (size_t i = 0; i < fact_object_ispec.n_members; i++) {
        if (!fact_member_is_set(&fact_object_ispec, spec, &fact_object_ispec.members[i])) {
            report_add(problems, "%s: instance policy has no %s in %s", owner,
                       fact_object_ispec.members[i].name, what);
            complete = false;
        }
    }
    return complete;
}

/* Whether the usual instance fits into the range; the range itself is checked on the way. */
static bool check_range(const char *owner, const struct minmax_ispecs *range,
                        const struct ispec *std, GPtrArray *problems)
{
    bool fits = true;

    if (!check_complete(owner, "min", &range->min, problems) ||
        !check_complete(owner, "max", &range->max, problems)) {
        return true;
    }
    for (size_t i = 0; i < fact_object_ispec.n_members; i++) {
        const struct fact_member *member = &fact_object_ispec.members[i];
        int64_t min = spec_value(&range->min, member);
        int64_t max = spec_value(&range->max, member);

        if (min > max) {
            report_add(problems,
                       "%s: instance policy has a smallest %s of %" G_GINT64_FORMAT
                       " and a largest of %" G_GINT64_FORMAT,
                       owner, member->name, (gint64)min, (gint64)max);
        }
        fits = fits && spec_value(std, member) >= min && spec_value(std, member) <= max;
    }
    return fits;
}

static void check_policy(const char *owner, const struct ipolicy *policy, bool check_std,
                         GPtrArray *problems)
{
    bool fits = false;

    check_unknown(owner, "ipolicy", policy->extra, problems);
    check_unknown(owner, "ipolicy/std", policy->std.extra, problems);
    if (policy->has.disk_templates && policy->disk_templates.n == 0) {
        report_add(problems, "%s: instance policy allows no disk template", owner);
    }
    if (!policy->has.minmax) {
        return;
    }
    if (policy->minmax.n == 0) {
        report_add(problems, "%s: instance policy has no range of sizes", owner);
        return;
    }
    if (check_std && !check_complete(owner, "std", &policy->std, problems)) {
        return;
    }
    for (size_t i = 0; i < policy->minmax.n; i++) {
        fits |= check_range(owner, &policy->minmax.v[i], &policy->std, problems);
    }
    if (check_std && !fits) {
        report_add(problems, "%s: the usual instance fits into no range of the instance policy",
                   owner);
    }
}

/* ---- all objects ---- */

static void check_cluster(const struct cluster *cluster, GPtrArray *problems)
{
    for (size_t i = 0; i < cluster->beparams.n; i++) {
        check_beparams("cluster", &cluster->beparams.v[i].value, problems);
    }
    for (size_t i = 0; i < cluster->nicparams.n; i++) {
        check_unknown("cluster", "nicparams", cluster->nicparams.v[i].value.extra, problems);
        check_nic("cluster", &cluster->nicparams.v[i].value, problems);
    }
    check_unknown("cluster", "ndparams", cluster->ndparams.extra, problems);
    check_policy("cluster", &cluster->ipolicy, true, problems);
    check_access("cluster", &cluster->diskparams, problems);
}

static void check_node(const struct node *node, GPtrArray *problems)
{
    g_autofree char *owner = g_strdup_printf("node %s", node->name);

    check_unknown(owner, "ndparams", node->ndparams.extra, problems);
    for (size_t i = 0; i < nd_params.n; i++) {
        const struct fact_member *member =
            fact_object_find(&fact_object_ndparams, nd_params.v[i].name);

        if (nd_params.v[i].global &&
            fact_member_is_set(&fact_object_ndparams, &node->ndparams, member)) {
            report_add(problems, "%s: %s cannot be set for a single node", owner, member->name);
        }
    }
}

static void check_instance(const struct cfg *cfg, const struct instance *instance,
                           GPtrArray *problems)
{
    g_autofree char *owner =
        g_strdup_printf("instance %s", instance->has.name ? instance->name : instance->uuid);

    check_beparams(owner, &instance->beparams, problems);
    for (size_t i = 0; i < instance->nics.n; i++) {
        struct nicparams filled = cfg_nicparams(cfg, &instance->nics.v[i]);

        check_unknown(owner, "nicparams", instance->nics.v[i].nicparams.extra, problems);
        check_nic(owner, &filled, problems);
    }
}

void verify_parameters(const struct cfg *cfg, GPtrArray *problems)
{
    check_cluster(cfg_cluster(cfg), problems);
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        check_node(cfg_node_at(cfg, i), problems);
    }
    for (size_t i = 0; i < cfg_group_count(cfg); i++) {
        const struct node_group *group = cfg_group_at(cfg, i);
        struct ipolicy filled = cfg_group_ipolicy(cfg, group);
        g_autofree char *owner = g_strdup_printf("node group %s", group->name);

        check_unknown(owner, "ndparams", group->ndparams.extra, problems);
        check_unknown(owner, "ipolicy", group->ipolicy.extra, problems);
        check_policy(owner, &filled, false, problems);
        check_access(owner, &group->diskparams, problems);
    }
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        check_instance(cfg, cfg_instance_at(cfg, i), problems);
    }
}
