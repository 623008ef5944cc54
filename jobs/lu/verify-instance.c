/* Instances: whether they run, their disks, their nodes; and what follows from all of them. */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "jobs/lu/all-hvparams.h"
#include "jobs/lu/ipolicy-fit.h"
#include "jobs/lu/verify-group.h"

/* --- Policy and parameters ----------------------------------------------------------------------
 */
static bool any_excludes(const struct verify_group *group, const GPtrArray *nodes)
{
    for (guint i = 0; i < nodes->len; i++) {
        if (verify_excludes(group->cfg, nodes->pdata[i])) {
            return true;
        }
    }
    return false;
}

static void check_policy(struct verify_group *group, const struct instance *instance)
{
    struct ipolicy policy = cfg_group_ipolicy(group->cfg, group->group);
    g_autofree char *text =
        lu_ipolicy_text(lu_ipolicy_violations_of(group->cfg, &policy, instance));
    if (verify_fails(&group->report, text != NULL)) {
        verify_warning(&group->report, CV_EINSTANCEPOLICY, instance->name, "%s",
                       text != NULL ? text : "it fits");
    }
}

static void check_exclusive(struct verify_group *group, const struct instance *instance,
                            const GPtrArray *nodes)
{
    struct cfg_disks disks = cfg_instance_disks(group->cfg, instance);
    g_autoptr(GPtrArray) unsupported = g_ptr_array_new(), names = g_ptr_array_new();
    for (size_t i = 0; i < disks.n; i++) {
        if (!const_has(C_DTS_EXCL_STORAGE, (int)disks.v[i]->dev_type)) {
            g_ptr_array_add(unsupported,
                            (char *)fact_enum_disk_template.words[disks.v[i]->dev_type]);
        }
        if (verify_fails(&group->report, !disks.v[i]->has.spindles)) {
            verify_error(&group->report, CV_EINSTANCEMISSINGCFGPARAMETER, instance->name,
                         "the spindles of disk %zu are not known though storage is exclusive, try "
                         "gnt-cluster repair-disk-sizes",
                         i);
        }
    }
    for (guint i = 0; i < nodes->len; i++) {
        if (verify_excludes(group->cfg, nodes->pdata[i])) {
            g_ptr_array_add(names, (char *)verify_node_name(group, nodes->pdata[i]));
        }
    }
    if (unsupported->len > 0) {
        g_autofree char *types = verify_join(unsupported), *where = verify_join(names);
        verify_error(&group->report, CV_EINSTANCEUNSUITABLENODE, instance->name,
                     "it has disks of type %s, which nodes with exclusive storage do not support: "
                     "%s",
                     types, where);
    }
}

/* --- Running ------------------------------------------------------------------------------------
 */
static void check_running(struct verify_group *group, const struct instance *instance,
                          const struct verify_node *primary)
{
    const char *name = verify_node_name(group, primary->uuid);
    if (instance->admin_state == ADMIN_UP) {
        bool runs = g_hash_table_contains(primary->running, instance->uuid);
        if (verify_fails(&group->report, !runs && !primary->offline)) {
            verify_error(&group->report, CV_EINSTANCEDOWN, instance->name,
                         "it does not run on its primary node %s", name);
        }
        if (verify_fails(&group->report, primary->offline)) {
            verify_error(&group->report, CV_EINSTANCEBADNODE, instance->name,
                         "it is marked as running and its node %s is offline", name);
        }
    }
}

/* --- Disks --------------------------------------------------------------------------------------
 */
static void check_volumes(struct verify_group *group, const struct instance *instance,
                          const GPtrArray *nodes)
{
    for (guint i = 0; i < nodes->len; i++) {
        const struct verify_node *node = verify_node_of(group, nodes->pdata[i]);
        g_autoptr(GPtrArray) volumes =
            verify_instance_volumes(group->cfg, instance, nodes->pdata[i]);
        if (node->offline || node->rpc_fail || node->lvm_fail) {
            continue;
        }
        for (guint j = 0; j < volumes->len; j++) {
            bool there = node->volumes != NULL && json_has(node->volumes, volumes->pdata[j]);
            if (verify_fails(&group->report, !there)) {
                verify_error(&group->report, CV_EINSTANCEMISSINGDISK, instance->name,
                             "volume %s is missing on node %s", (char *)volumes->pdata[j],
                             verify_node_name(group, node->uuid));
            }
        }
    }
}

static const char *ldisk_word(int64_t state)
{
    switch (state) {
    case C_LDS_OKAY:
        return "ok";
    case C_LDS_SYNC:
        return "sync";
    case C_LDS_FAULTY:
        return "faulty";
    default:
        return "unknown";
    }
}

static void check_disk(struct verify_group *group, const struct verify_disk *disk)
{
    const struct instance *instance = disk->instance;
    const struct verify_node *node = verify_node_of(group, disk->node_uuid);
    const char *name = verify_node_name(group, disk->node_uuid);
    if (!instance->disks_active) {
        return;
    }
    if (disk->failure != NULL && node->node != NULL && !node->offline) {
        verify_error(&group->report, CV_EINSTANCEFAULTYDISK, instance->name,
                     "no state of disk/%zu on %s: %s", disk->index, name, disk->failure);
    }
    const struct json *degraded =
        disk->failure == NULL ? json_get(disk->status, "is_degraded") : NULL;
    if (json_kind(degraded) == JSON_BOOL && json_boolean(degraded)) {
        const struct json *ldisk = json_get(disk->status, "ldisk_status");
        int64_t state = json_kind(ldisk) == JSON_INT ? json_int(ldisk) : C_LDS_UNKNOWN;
        bool usable = state == C_LDS_OKAY || state == C_LDS_SYNC;
        verify_say(&group->report, usable ? VERIFY_WARNING : VERIFY_ERROR, CV_EINSTANCEFAULTYDISK,
                   instance->name, "disk/%zu on %s is degraded; local disk state is '%s'",
                   disk->index, name, ldisk_word(state));
    }
}

/* --- Nodes --------------------------------------------------------------------------------------
 */
static void check_reachable(struct verify_group *group, const struct instance *instance,
                            const struct verify_node *node, const char *what)
{
    if (verify_fails(&group->report, node->rpc_fail && !node->offline)) {
        verify_error(&group->report, CV_ENODERPC, verify_node_name(group, node->uuid),
                     "instance %s: its %s node does not answer", instance->name, what);
    }
}

static void check_secondaries(struct verify_group *group, const struct instance *instance,
                              const GPtrArray *nodes)
{
    g_autoptr(GPtrArray) offline = g_ptr_array_new(), uuids = g_ptr_array_new();
    for (guint i = 1; i < nodes->len; i++) {
        const struct verify_node *node = verify_node_of(group, nodes->pdata[i]);
        g_ptr_array_add(uuids, nodes->pdata[i]);
        check_reachable(group, instance, node, "secondary");
        if (node->offline) {
            g_ptr_array_add(offline, (char *)verify_node_name(group, node->uuid));
        }
    }
    if (verify_fails(&group->report, uuids->len > 1)) {
        g_autofree char *text = verify_join(uuids);
        verify_warning(&group->report, CV_EINSTANCELAYOUT, instance->name,
                       "it has several secondary nodes: %s", text);
    }
    if (verify_fails(&group->report, offline->len > 0)) {
        g_autofree char *text = verify_join(offline);
        verify_error(&group->report, CV_EINSTANCEBADNODE, instance->name,
                     "secondary node(s) that are offline: %s", text);
    }
}

static const char *name_of_group(const struct verify_group *group, const char *node_uuid)
{
    const struct node *node = cfg_node_get(group->cfg, node_uuid);
    const struct node_group *of = node != NULL ? cfg_node_group(group->cfg, node) : NULL;
    return of != NULL ? of->name : "unknown";
}

static void check_split(struct verify_group *group, const struct instance *instance,
                        const GPtrArray *nodes)
{
    bool split = false;
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    if (!verify_has_mirror(group->cfg, instance)) {
        return;
    }
    for (guint i = 0; i < nodes->len; i++) {
        const char *name = name_of_group(group, nodes->pdata[i]);
        split = split || !g_str_equal(name, name_of_group(group, nodes->pdata[0]));
        g_ptr_array_add(texts, g_strdup_printf("%s (group %s)",
                                               verify_node_name(group, nodes->pdata[i]), name));
    }
    if (verify_fails(&group->report, split)) {
        g_autofree char *text = verify_join(texts);
        verify_warning(&group->report, CV_EINSTANCESPLITGROUPS, instance->name,
                       "its primary and secondary nodes are in different groups: %s", text);
    }
}

static void check_fitness(struct verify_group *group, const struct instance *instance,
                          const GPtrArray *nodes)
{
    for (guint i = 0; i < nodes->len; i++) {
        const struct verify_node *node = verify_node_of(group, nodes->pdata[i]);
        const char *name = verify_node_name(group, node->uuid);
        if (verify_fails(&group->report, node->node == NULL)) {
            verify_error(&group->report, CV_EINSTANCEBADNODE, instance->name,
                         "it lives on node %s, which does not exist", name);
        }
        if (verify_fails(&group->report, !node->vm_capable)) {
            verify_error(&group->report, CV_EINSTANCEBADNODE, instance->name,
                         "it lives on node %s, which may not hold instances", name);
        }
    }
}

void verify_instance(struct verify_group *group, const struct instance *instance)
{
    g_autoptr(GPtrArray) nodes = verify_instance_nodes(group->cfg, instance);
    const struct verify_node *primary = verify_node_of(group, instance->primary_node);
    bool exclusive = any_excludes(group, nodes);
    check_policy(group, instance);
    check_volumes(group, instance, nodes);
    check_running(group, instance, primary);
    const GArray *disks = g_hash_table_lookup(group->disks, instance->uuid);
    for (guint i = 0; disks != NULL && i < disks->len; i++) {
        check_disk(group, &g_array_index(disks, struct verify_disk, i));
    }
    check_reachable(group, instance, primary, "primary");
    if (exclusive) {
        check_exclusive(group, instance, nodes);
    }
    check_split(group, instance, nodes);
    check_secondaries(group, instance, nodes);
    check_fitness(group, instance, nodes);
}

/* --- Volumes that nobody has --------------------------------------------------------------------
 */
static GPtrArray *reserved_patterns(const struct verify_group *group)
{
    GPtrArray *patterns = g_ptr_array_new_with_free_func((GDestroyNotify)g_regex_unref);
    for (size_t i = 0; i < group->cluster->reserved_lvs.n; i++) {
        g_autofree char *whole = g_strdup_printf("^%s$", group->cluster->reserved_lvs.v[i]);
        GRegex *regex = g_regex_new(whole, 0, 0, NULL);
        if (regex != NULL) {
            g_ptr_array_add(patterns, regex);
        }
    }
    return patterns;
}

static bool matches(const GPtrArray *patterns, const char *text)
{
    for (guint i = 0; i < patterns->len; i++) {
        if (g_regex_match(patterns->pdata[i], text, 0, NULL)) {
            return true;
        }
    }
    return false;
}

static bool is_in_vg(const char *volume, const char *vg)
{
    size_t len = strlen(vg);
    return strncmp(volume, vg, len) == 0 && (volume[len] == '/' || volume[len] == '\0');
}

void verify_orphan_volumes(struct verify_group *group)
{
    g_autoptr(GPtrArray) patterns = reserved_patterns(group);
    for (guint i = 0; i < group->nodes->len; i++) {
        const struct verify_node *node = group->nodes->pdata[i];
        if (node->offline || node->rpc_fail || node->lvm_fail || !node->in_group ||
            node->volumes == NULL) {
            continue;
        }
        struct json_iter it = json_iter_begin(node->volumes);
        while (json_iter_next(&it)) {
            bool known =
                g_hash_table_contains(node->should_have, it.key) || matches(patterns, it.key);
            if (is_in_vg(it.key, group->vg_name) && verify_fails(&group->report, !known)) {
                verify_warning(&group->report, CV_ENODEORPHANLV, node->node->name,
                               "volume %s is unknown", it.key);
            }
        }
    }
}

/* --- Room for failovers -------------------------------------------------------------------------
 *
 * For each node and each of the primary nodes of its secondaries: whether all of them fit if that
 * one fails. */
void verify_failover_memory(struct verify_group *group)
{
    for (guint i = 0; i < group->nodes->len; i++) {
        const struct verify_node *node = group->nodes->pdata[i];
        g_autoptr(GHashTable) needed = g_hash_table_new(g_str_hash, g_str_equal);
        if (node->offline || !node->in_group) {
            continue;
        }
        for (guint j = 0; j < node->secondaries->len; j++) {
            const struct instance *instance = node->secondaries->pdata[j];
            struct beparams be = cfg_beparams(group->cfg, instance);
            gsize sum = GPOINTER_TO_SIZE(g_hash_table_lookup(needed, instance->primary_node));
            g_hash_table_insert(needed, instance->primary_node,
                                GSIZE_TO_POINTER(sum + (be.auto_balance ? (gsize)be.minmem : 0)));
        }
        GHashTableIter it;
        void *primary, *sum;
        g_hash_table_iter_init(&it, needed);
        while (g_hash_table_iter_next(&it, &primary, &sum)) {
            int64_t mib = (int64_t)GPOINTER_TO_SIZE(sum);
            if (verify_fails(&group->report, node->free_memory < mib)) {
                verify_error(
                    &group->report, CV_ENODEN1, node->node->name,
                    "not enough memory for the instances of node %s, should that one fail "
                    "(%" G_GINT64_FORMAT " MiB are needed, %" G_GINT64_FORMAT " MiB are free)",
                    verify_node_name(group, primary), (gint64)mib, (gint64)node->free_memory);
            }
        }
    }
}

/* --- Tags ---------------------------------------------------------------------------------------
 *
 * Instances with the same tag of a kind that the cluster names should not share a node. */
static bool excludes(const struct cluster *cluster, const char *tag)
{
    for (size_t i = 0; i < cluster->tags.n; i++) {
        if (g_str_has_prefix(cluster->tags.v[i], C_EX_TAGS_PREFIX) &&
            g_str_has_prefix(tag, cluster->tags.v[i] + strlen(C_EX_TAGS_PREFIX))) {
            return true;
        }
    }
    return false;
}

void verify_exclusion_tags(struct verify_group *group, const struct verify_node *node)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) twice = g_ptr_array_new();
    for (guint i = 0; i < node->primaries->len; i++) {
        const struct instance *instance = node->primaries->pdata[i];
        for (size_t j = 0; j < instance->tags.n; j++) {
            char *tag = instance->tags.v[j];
            if (excludes(group->cluster, tag) && !g_hash_table_add(seen, tag) &&
                g_hash_table_add(told, tag)) {
                g_ptr_array_add(twice, tag);
            }
        }
    }
    if (verify_fails(&group->report, twice->len > 0)) {
        g_autofree char *text = verify_join(twice);
        verify_warning(&group->report, CV_EEXTAGS, node->node->name,
                       "tags that exclude each other and that several instances have: %s", text);
    }
}
