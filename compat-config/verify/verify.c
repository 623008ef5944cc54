#include "config.h"

#include "compat-config/verify/verify.h"

#include <string.h>

#include "compat-config/model/disk.h"
#include "compat-config/model/pool.h"
#include "compat-config/verify/report.h"
#include "facts/codec.h"
#include "facts/constants.h"

static const char *instance_name(const struct instance *instance)
{
    return instance->has.name ? instance->name : instance->uuid;
}

static const char *yes_no(bool value)
{
    return value ? "yes" : "no";
}

/* ---- references ---- */

static void check_cluster(const struct cfg *cfg, GPtrArray *problems)
{
    const struct cluster *cluster = cfg_cluster(cfg);

    if (cluster->enabled_hypervisors.n == 0) {
        report_add(problems, "cluster: no hypervisor is enabled");
    }
    for (size_t i = 0; i < cluster->enabled_hypervisors.n; i++) {
        const char *name = fact_enum_hypervisor.words[cluster->enabled_hypervisors.v[i]];

        if (fact_dict_get(&type_hv_map, &cluster->hvparams, name) == NULL) {
            report_add(problems, "cluster: hypervisor %s is enabled but has no parameters", name);
        }
    }
    if (cluster->enabled_disk_templates.n == 0) {
        report_add(problems, "cluster: no disk template is enabled");
    }
    if (cfg_master(cfg) == NULL) {
        report_add(problems, "cluster: the master %s is no node", cluster->master_node);
    }
}

static void check_instance_references(const struct cfg *cfg, const struct instance *instance,
                                      GPtrArray *problems)
{
    const char *name = instance_name(instance);

    if (instance->has.primary_node && cfg_instance_primary(cfg, instance) == NULL) {
        report_add(problems, "instance %s: the primary node %s does not exist", name,
                   instance->primary_node);
    }
    for (size_t i = 0; i < instance->disks.n; i++) {
        const struct disk *disk = cfg_disk_get(cfg, instance->disks.v[i]);
        struct cfg_drbd drbd;

        if (disk == NULL) {
            report_add(problems, "instance %s: disk %zu, %s, does not exist", name, i,
                       instance->disks.v[i]);
        } else if (cfg_disk_drbd(disk, &drbd)) {
            if (cfg_node_get(cfg, drbd.node_a) == NULL) {
                report_add(problems, "instance %s: node %s of disk %zu does not exist", name,
                           drbd.node_a, i);
            }
            if (cfg_node_get(cfg, drbd.node_b) == NULL) {
                report_add(problems, "instance %s: node %s of disk %zu does not exist", name,
                           drbd.node_b, i);
            }
        }
    }
    for (size_t i = 0; i < instance->nics.n; i++) {
        const struct nic *nic = &instance->nics.v[i];

        if (nic->has.network && cfg_network_get(cfg, nic->network) == NULL) {
            report_add(problems, "instance %s: network %s of NIC %zu does not exist", name,
                       nic->network, i);
        }
    }
}

static void check_references(const struct cfg *cfg, GPtrArray *problems)
{
    check_cluster(cfg, problems);
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        const struct node *node = cfg_node_at(cfg, i);

        if (cfg_node_group(cfg, node) == NULL) {
            report_add(problems, "node %s: the group %s does not exist", node->name, node->group);
        }
    }
    for (size_t i = 0; i < cfg_group_count(cfg); i++) {
        const struct node_group *group = cfg_group_at(cfg, i);

        for (size_t k = 0; k < group->networks.n; k++) {
            if (cfg_network_get(cfg, group->networks.v[k].key) == NULL) {
                report_add(problems, "node group %s: the network %s does not exist", group->name,
                           group->networks.v[k].key);
            }
        }
    }
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        check_instance_references(cfg, cfg_instance_at(cfg, i), problems);
    }
}

GPtrArray *cfg_verify_references(const struct cfg *cfg)
{
    GPtrArray *problems = g_ptr_array_new_with_free_func(g_free);

    check_references(cfg, problems);
    return problems;
}

/* ---- single objects ---- */

static void check_roles(const struct cfg *cfg, GPtrArray *problems)
{
    const struct node *master = cfg_master(cfg);
    int64_t now = 0, possible = 0, wanted;

    if (master != NULL && !master->master_candidate) {
        report_add(problems, "node %s: the master is not a master candidate", master->name);
    }
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        const struct node *node = cfg_node_at(cfg, i);

        now += node->master_candidate ? 1 : 0;
        possible += !node->offline && !node->drained && node->master_capable ? 1 : 0;
        if (node->master_candidate + node->drained + node->offline > 1) {
            report_add(problems,
                       "node %s: may be one of these only: master candidate (%s), drained (%s), "
                       "offline (%s)",
                       node->name, yes_no(node->master_candidate), yes_no(node->drained),
                       yes_no(node->offline));
        }
    }
    wanted = MIN(possible, cfg_cluster(cfg)->candidate_pool_size);
    if (now < wanted) {
        report_add(problems,
                   "cluster: %" G_GINT64_FORMAT " master candidates instead of %" G_GINT64_FORMAT,
                   (gint64)now, (gint64)wanted);
    }
}

static void check_disk_names(const struct cfg *cfg, const struct instance *instance,
                             GPtrArray *problems)
{
    struct cfg_disks disks = cfg_instance_disks(cfg, instance);

    for (size_t i = 0; i < disks.n; i++) {
        g_autofree char *expected = g_strdup_printf("disk/%zu", i);

        if (strcmp(disks.v[i]->iv_name, expected) != 0) {
            report_add(problems, "instance %s: disk %zu is named %s instead of %s",
                       instance_name(instance), i, disks.v[i]->iv_name, expected);
        }
    }
}

static void check_map(const struct network *network, const char *what, const char *map,
                      GPtrArray *problems)
{
    if (map != NULL && strlen(map) != cfg_pool_size(network)) {
        report_add(problems, "network %s: %s of %zu addresses in a network of %u", network->name,
                   what, strlen(map), cfg_pool_size(network));
    }
}

static void check_network(const struct network *network, GPtrArray *problems)
{
    uint32_t index;

    check_map(network, "reservations", network->reservations, problems);
    check_map(network, "external reservations", network->ext_reservations, problems);
    if (network->has.gateway && !cfg_pool_index(network, network->gateway, &index)) {
        report_add(problems, "network %s: the gateway %s is outside of %s", network->name,
                   network->gateway, network->network);
    }
}

/* objects.py TaggableObject.ValidateTag. */
static bool tag_is_good(const char *tag)
{
    size_t len = strlen(tag);

    if (len == 0 || len > C_MAX_TAG_LEN) {
        return false;
    }
    for (const char *at = tag; *at != '\0'; at++) {
        /* Letters of other scripts count as word characters. */
        if ((unsigned char)*at < 0x80 && !g_ascii_isalnum(*at) && strchr("_.+*/:@-", *at) == NULL) {
            return false;
        }
    }
    return true;
}

static void check_tags(const char *what, const char *name, const struct tag_set *tags,
                       GPtrArray *problems)
{
    for (size_t i = 0; i < tags->n; i++) {
        if (!tag_is_good(tags->v[i])) {
            report_add(problems, "%s %s: \"%s\" cannot be a tag", what, name, tags->v[i]);
        }
    }
    if (tags->n > C_MAX_TAGS_PER_OBJ) {
        report_add(problems, "%s %s: %zu tags, at most %d are allowed", what, name, tags->n,
                   C_MAX_TAGS_PER_OBJ);
    }
}

static void check_objects(const struct cfg *cfg, GPtrArray *problems)
{
    check_tags("cluster", cfg_cluster(cfg)->cluster_name, &cfg_cluster(cfg)->tags, problems);
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        check_tags("node", cfg_node_at(cfg, i)->name, &cfg_node_at(cfg, i)->tags, problems);
    }
    for (size_t i = 0; i < cfg_group_count(cfg); i++) {
        const struct node_group *group = cfg_group_at(cfg, i);

        check_tags("node group", group->name, &group->tags, problems);
        if (g_uuid_string_is_valid(group->name)) {
            report_add(problems, "node group %s: the name looks like a UUID", group->name);
        }
    }
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        const struct instance *instance = cfg_instance_at(cfg, i);

        check_tags("instance", instance_name(instance), &instance->tags, problems);
        check_disk_names(cfg, instance, problems);
    }
    for (size_t i = 0; i < cfg_network_count(cfg); i++) {
        check_tags("network", cfg_network_at(cfg, i)->name, &cfg_network_at(cfg, i)->tags,
                   problems);
        check_network(cfg_network_at(cfg, i), problems);
    }
}

GPtrArray *cfg_verify(const struct cfg *cfg)
{
    GPtrArray *problems = cfg_verify_references(cfg);

    verify_parameters(cfg, problems);
    check_roles(cfg, problems);
    check_objects(cfg, problems);
    verify_unique(cfg, problems);
    return problems;
}
