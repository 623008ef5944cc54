#include "config.h"

#include <string.h>

#include "compat-config/model/fill.h"
#include "compat-config/model/internal.h"
#include "compat-config/model/txn.h"
#include "compat-config/store/store.h"
#include "facts/codec.h"
#include "facts/params.h"

/* What objects.py UpgradeConfig does beyond single missing members, which have their defaults in
 * objects.def. */

/* What DRBD is told if nobody chose a helper (DEFAULT_DRBD_HELPER). */
static const char default_drbd_helper[] = "/bin/true";

/* The order in which templates are enabled that are found in use (DISK_TEMPLATE_PREFERENCE). */
static const enum disk_template preference[] = {
    DISK_TEMPLATE_BLOCKDEV, DISK_TEMPLATE_DISKLESS,   DISK_TEMPLATE_DRBD,
    DISK_TEMPLATE_EXT,      DISK_TEMPLATE_FILE,       DISK_TEMPLATE_PLAIN,
    DISK_TEMPLATE_RBD,      DISK_TEMPLATE_SHAREDFILE, DISK_TEMPLATE_GLUSTER,
};

static void *dict_slot(const struct fact_type *type, void *dict, const char *key)
{
    void *slot = fact_dict_get(type, dict, key);

    return slot != NULL ? slot : fact_dict_add(type, dict, key);
}

static void fill_hvparams(struct cluster *cluster)
{
    for (size_t i = 0; i < fact_enum_hypervisor.n; i++) {
        (void)hv_params_fill_defaults(
            (enum hypervisor)i,
            dict_slot(&type_hv_map, &cluster->hvparams, fact_enum_hypervisor.words[i]));
    }
}

static void fill_diskparams(struct cluster *cluster)
{
    for (size_t i = 0; i < fact_enum_disk_template.n; i++) {
        (void)disk_params_fill_defaults(
            (enum disk_template)i,
            dict_slot(&type_value_map_map, &cluster->diskparams, fact_enum_disk_template.words[i]));
    }
}

static void fill_grouped(struct cluster *cluster)
{
    (void)dict_slot(&type_beparams_map, &cluster->beparams, CFG_PARAMS_DEFAULT);
    (void)dict_slot(&type_nicparams_map, &cluster->nicparams, CFG_PARAMS_DEFAULT);
    for (size_t i = 0; i < cluster->beparams.n; i++) {
        (void)be_params_fill_defaults(&cluster->beparams.v[i].value);
    }
    for (size_t i = 0; i < cluster->nicparams.n; i++) {
        (void)nic_params_fill_defaults(&cluster->nicparams.v[i].value);
    }
}

static bool has_template(const struct disk_template_list *list, enum disk_template wanted)
{
    for (size_t i = 0; i < list->n; i++) {
        if (list->v[i] == wanted) {
            return true;
        }
    }
    return false;
}

/* For configurations of before there was such a list: what is in use is enabled. */
static void fill_enabled_templates(const struct cfg *cfg, struct cluster *cluster)
{
    bool used[sizeof(preference) / sizeof(preference[0])] = {false};
    bool lvm = cluster->has.volume_group_name && cluster->volume_group_name[0] != '\0';

    if (cluster->enabled_disk_templates.n > 0) {
        return;
    }
    for (size_t i = 0; i < cfg_disk_count(cfg); i++) {
        used[cfg_disk_at(cfg, i)->dev_type] = true;
    }
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        used[DISK_TEMPLATE_DISKLESS] |= cfg_instance_at(cfg, i)->disks.n == 0;
    }
    used[DISK_TEMPLATE_DRBD] |= lvm;
    used[DISK_TEMPLATE_PLAIN] |= lvm;
    for (size_t i = 0; i < G_N_ELEMENTS(preference); i++) {
        if (used[preference[i]]) {
            *(enum disk_template *)fact_list_add(&type_disk_template_list,
                                                 &cluster->enabled_disk_templates) = preference[i];
        }
    }
}

static bool allows_disabled(const struct ipolicy *policy, const struct cluster *cluster)
{
    for (size_t i = 0; i < policy->disk_templates.n; i++) {
        if (!has_template(&cluster->enabled_disk_templates, policy->disk_templates.v[i])) {
            return true;
        }
    }
    return false;
}

/* A policy speaks only of templates that are enabled. */
static void restrict_templates(struct ipolicy *policy, const struct cluster *cluster)
{
    struct disk_template_list *list = &policy->disk_templates;
    size_t kept = 0;

    for (size_t i = 0; i < list->n; i++) {
        if (has_template(&cluster->enabled_disk_templates, list->v[i])) {
            list->v[kept++] = list->v[i];
        }
    }
    list->n = kept;
}

static void upgrade_cluster(const struct cfg *cfg, struct cluster *cluster)
{
    fill_hvparams(cluster);
    fill_diskparams(cluster);
    fill_grouped(cluster);
    (void)nd_params_fill_defaults(&cluster->ndparams);
    (void)ipolicy_fill_defaults(&cluster->ipolicy);
    fill_enabled_templates(cfg, cluster);
    restrict_templates(&cluster->ipolicy, cluster);
    if (!cluster->has.drbd_usermode_helper &&
        has_template(&cluster->enabled_disk_templates, DISK_TEMPLATE_DRBD)) {
        cluster->drbd_usermode_helper = g_strdup(default_drbd_helper);
        cluster->has.drbd_usermode_helper = true;
    }
}

static void drop_node_globals(struct cfg_txn *txn, const struct node *node)
{
    struct node *edited;

    for (size_t i = 0; i < nd_params.n; i++) {
        const struct fact_member *member =
            fact_object_find(&fact_object_ndparams, nd_params.v[i].name);

        if (!nd_params.v[i].global ||
            !fact_member_is_set(&fact_object_ndparams, &node->ndparams, member)) {
            continue;
        }
        edited = cfg_txn_edit_node(txn, node->uuid);
        fact_clear(member->spec->type, (char *)&edited->ndparams + member->offset);
        fact_member_mark_set(&fact_object_ndparams, &edited->ndparams, member, false);
    }
}

static void drop_instance_globals(struct cfg_txn *txn, const struct instance *instance)
{
    for (size_t i = 0; i < instance->hvparams.n; i++) {
        const char *name = instance->hvparams.v[i].key;

        if (hv_param_is_global(name)) {
            struct instance *edited = cfg_txn_edit_instance(txn, instance->uuid);

            (void)fact_dict_remove(&type_value_map, &edited->hvparams, name);
        }
    }
}

static void upgrade_group(struct cfg_txn *txn, const struct node_group *group,
                          const struct cluster *cluster)
{
    bool incomplete = allows_disabled(&group->ipolicy, cluster);
    struct node_group *edited;

    for (size_t i = 0; i < group->networks.n; i++) {
        incomplete |= !group->networks.v[i].value.has.mode || !group->networks.v[i].value.has.vlan;
    }
    if (!incomplete) {
        return;
    }
    edited = cfg_txn_edit_group(txn, group->uuid);
    restrict_templates(&edited->ipolicy, cluster);
    for (size_t i = 0; i < edited->networks.n; i++) {
        (void)nic_params_fill_defaults(&edited->networks.v[i].value);
    }
}

static void upgrade_disk(struct cfg_txn *txn, const struct disk *disk)
{
    if (!disk->has.params) {
        cfg_txn_edit_disk(txn, disk->uuid)->has.params = true;
    }
}

const struct cfg *cfg_upgrade(const struct cfg *cfg)
{
    struct cfg_txn *txn = cfg_txn_begin(cfg);
    struct cluster *cluster = fact_object_copy(&fact_object_cluster, cfg_cluster(cfg));

    cfg_txn_set_silent(txn);
    upgrade_cluster(cfg, cluster);
    for (size_t i = 0; i < cfg_group_count(cfg); i++) {
        upgrade_group(txn, cfg_group_at(cfg, i), cluster);
    }
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        drop_node_globals(txn, cfg_node_at(cfg, i));
    }
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        drop_instance_globals(txn, cfg_instance_at(cfg, i));
    }
    for (size_t i = 0; i < cfg_disk_count(cfg); i++) {
        upgrade_disk(txn, cfg_disk_at(cfg, i));
    }
    if (!fact_object_equal(&fact_object_cluster, cluster, cfg_cluster(cfg))) {
        struct cluster *edited = cfg_txn_edit_cluster(txn);

        fact_object_clear(&fact_object_cluster, edited);
        fact_object_copy_at(&fact_object_cluster, edited, cluster);
    }
    fact_object_free(&fact_object_cluster, cluster);
    return cfg_txn_commit(txn, 0);
}
