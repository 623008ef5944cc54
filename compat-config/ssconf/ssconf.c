#include "config.h"

#include "compat-config/ssconf/ssconf.h"

#include <fcntl.h>
#include <string.h>

#include "base/fs.h"
#include "base/json-writer.h"
#include "base/text.h"
#include "compat-config/model/fill.h"
#include "facts/errors.h"

/* ---- values ---- */

static void add_line(GString *out, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Lines are joined; the newline in front of the first is taken off by take(). */
static void add_line(GString *out, const char *format, ...)
{
    va_list args;

    g_string_append_c(out, '\n');
    va_start(args, format);
    g_string_append_vprintf(out, format, args);
    va_end(args);
}

static const char *python_bool(bool value)
{
    return value ? "True" : "False";
}

/* What the values are made from. Names are sorted as people sort them. */
struct source {
    const struct cfg *cfg;
    const struct cluster *cluster;
    const char *release;
    GPtrArray *nodes, *groups;
};

static int compare_nodes(const void *a, const void *b)
{
    return text_nice_compare((*(const struct node *const *)a)->name,
                             (*(const struct node *const *)b)->name);
}

static int compare_groups(const void *a, const void *b)
{
    return text_nice_compare((*(const struct node_group *const *)a)->name,
                             (*(const struct node_group *const *)b)->name);
}

static GPtrArray *sorted(const struct cfg *cfg, enum cfg_kind kind, GCompareFunc compare)
{
    GPtrArray *all = g_ptr_array_new();

    for (size_t i = 0; i < cfg_count(cfg, kind); i++) {
        g_ptr_array_add(all, (void *)cfg_at(cfg, kind, i));
    }
    g_ptr_array_sort(all, compare);
    return all;
}

static bool is_candidate(const struct cfg *cfg, const struct node *node)
{
    enum cfg_node_role role = cfg_node_role(cfg, node);

    return role == CFG_NODE_MASTER || role == CFG_NODE_CANDIDATE;
}

/* One line for each node, in the order of names. */
static void add_node(const struct source *source, enum ssconf_id id, const struct node *node,
                     GString *out)
{
    switch ((int)id) {
    case SSCONF_node_list:
        add_line(out, "%s", node->name);
        break;
    case SSCONF_node_primary_ips:
        add_line(out, "%s %s", node->name, node->primary_ip);
        break;
    case SSCONF_node_secondary_ips:
        add_line(out, "%s %s", node->name, node->secondary_ip);
        break;
    case SSCONF_node_vm_capable:
        add_line(out, "%s=%s", node->name, python_bool(node->vm_capable));
        break;
    case SSCONF_ssh_ports:
        add_line(out, "%s=%" G_GINT64_FORMAT, node->name,
                 (gint64)cfg_node_ndparams(source->cfg, node).ssh_port);
        break;
    case SSCONF_offline_nodes:
    case SSCONF_online_nodes:
        if (node->offline == (id == SSCONF_offline_nodes)) {
            add_line(out, "%s", node->name);
        }
        break;
    default:
        g_assert_not_reached();
    }
}

static void make_nodes(const struct source *source, enum ssconf_id id, GString *out)
{
    for (guint i = 0; i < source->nodes->len; i++) {
        add_node(source, id, g_ptr_array_index(source->nodes, i), out);
    }
}

static void make_candidates(const struct source *source, enum ssconf_id id, GString *out)
{
    for (size_t i = 0; i < cfg_node_count(source->cfg); i++) {
        const struct node *node = cfg_node_at(source->cfg, i);

        if (is_candidate(source->cfg, node)) {
            add_line(out, "%s", id == SSCONF_master_candidates_ips ? node->primary_ip : node->name);
        }
    }
}

static void make_certs(const struct source *source, enum ssconf_id id, GString *out)
{
    const struct str_map *certs = &source->cluster->candidate_certs;

    (void)id;
    for (size_t i = 0; i < certs->n; i++) {
        add_line(out, "%s=%s", certs->v[i].key, certs->v[i].value);
    }
}

static void make_instances(const struct source *source, enum ssconf_id id, GString *out)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    (void)id;
    for (size_t i = 0; i < cfg_instance_count(source->cfg); i++) {
        const struct instance *instance = cfg_instance_at(source->cfg, i);

        if (instance->has.name) {
            g_ptr_array_add(names, instance->name);
        }
    }
    g_ptr_array_sort(names, text_nice_compare_slots);
    for (guint i = 0; i < names->len; i++) {
        add_line(out, "%s", (const char *)g_ptr_array_index(names, i));
    }
}

static void make_groups(const struct source *source, enum ssconf_id id, GString *out)
{
    (void)id;
    for (guint i = 0; i < source->groups->len; i++) {
        const struct node_group *group = g_ptr_array_index(source->groups, i);

        add_line(out, "%s %s", group->uuid, group->name);
    }
}

static void make_networks(const struct source *source, enum ssconf_id id, GString *out)
{
    (void)id;
    for (size_t i = 0; i < cfg_network_count(source->cfg); i++) {
        const struct network *network = cfg_network_at(source->cfg, i);

        add_line(out, "%s %s", network->uuid, network->name);
    }
}

/* A hypervisor parameter as hvparamShow in WConfd/Ssconf.hs spells it. */
static char *show_value(const struct fact_value *value)
{
    struct json *json;
    char *text;

    if (value->kind == JSON_STRING) {
        return g_strdup(value->text);
    }
    if (value->kind == JSON_BOOL) {
        return g_strdup(python_bool(value->boolean));
    }
    json = fact_value_to_json(value);
    text = json_to_string(json, JSON_COMPACT);
    json_unref(json);
    return text;
}

static void make_hvparams(const struct source *source, enum hypervisor hypervisor, GString *out)
{
    const struct hv_map *all = &source->cluster->hvparams;

    for (size_t i = 0; i < all->n; i++) {
        const struct value_map *params = &all->v[i].value;

        if (strcmp(all->v[i].key, fact_enum_hypervisor.words[hypervisor]) != 0) {
            continue;
        }
        for (size_t k = 0; k < params->n; k++) {
            g_autofree char *text = show_value(&params->v[k].value);

            add_line(out, "%s=%s", params->v[k].key, text);
        }
    }
}

static void make_tags(const struct source *source, enum ssconf_id id, GString *out)
{
    (void)id;
    for (size_t i = 0; i < source->cluster->tags.n; i++) {
        add_line(out, "%s", source->cluster->tags.v[i]);
    }
}

static void make_hypervisors(const struct source *source, enum ssconf_id id, GString *out)
{
    (void)id;
    for (size_t i = 0; i < source->cluster->enabled_hypervisors.n; i++) {
        add_line(out, "%s", fact_enum_hypervisor.words[source->cluster->enabled_hypervisors.v[i]]);
    }
}

/* Config.hs formatUidRange. */
static void make_uid_pool(const struct source *source, enum ssconf_id id, GString *out)
{
    (void)id;
    for (size_t i = 0; i < source->cluster->uid_pool.n; i++) {
        const struct int_list *range = &source->cluster->uid_pool.v[i];

        if (range->n == 2 && range->v[0] != range->v[1]) {
            add_line(out, "%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT, (gint64)range->v[0],
                     (gint64)range->v[1]);
        } else if (range->n > 0) {
            add_line(out, "%" G_GINT64_FORMAT, (gint64)range->v[0]);
        }
    }
}

/* One line each, from members of the cluster. */
static void make_single(const struct source *source, enum ssconf_id id, GString *out)
{
    const struct cluster *cluster = source->cluster;
    const struct node *master = cfg_master(source->cfg);

    switch ((int)id) {
    case SSCONF_cluster_name:
        add_line(out, "%s", cluster->cluster_name);
        break;
    case SSCONF_enabled_user_shutdown:
        add_line(out, "%s", python_bool(cluster->enabled_user_shutdown));
        break;
    case SSCONF_file_storage_dir:
        add_line(out, "%s", cluster->file_storage_dir);
        break;
    case SSCONF_gluster_storage_dir:
        add_line(out, "%s", cluster->gluster_storage_dir);
        break;
    case SSCONF_maintain_node_health:
        add_line(out, "%s", python_bool(cluster->maintain_node_health));
        break;
    case SSCONF_master_ip:
        add_line(out, "%s", cluster->master_ip);
        break;
    case SSCONF_master_netdev:
        add_line(out, "%s", cluster->master_netdev);
        break;
    case SSCONF_master_netmask:
        add_line(out, "%" G_GINT64_FORMAT, (gint64)cluster->master_netmask);
        break;
    case SSCONF_master_node:
        add_line(out, "%s", master == NULL ? "NO MASTER" : master->name);
        break;
    case SSCONF_primary_ip_family:
        add_line(out, "%" G_GINT64_FORMAT, (gint64)cluster->primary_ip_family);
        break;
    case SSCONF_release_version:
        add_line(out, "%s", source->release);
        break;
    case SSCONF_shared_file_storage_dir:
        add_line(out, "%s", cluster->shared_file_storage_dir);
        break;
    default:
        g_assert_not_reached();
    }
}

static void make_value(const struct source *source, enum ssconf_id id, GString *out)
{
    static const struct {
        enum ssconf_id id;
        void (*make)(const struct source *source, enum ssconf_id id, GString *out);
    } makers[] = {
        {SSCONF_cluster_tags, make_tags},
        {SSCONF_hypervisor_list, make_hypervisors},
        {SSCONF_instance_list, make_instances},
        {SSCONF_master_candidates, make_candidates},
        {SSCONF_master_candidates_certs, make_certs},
        {SSCONF_master_candidates_ips, make_candidates},
        {SSCONF_networks, make_networks},
        {SSCONF_node_list, make_nodes},
        {SSCONF_node_primary_ips, make_nodes},
        {SSCONF_node_secondary_ips, make_nodes},
        {SSCONF_node_vm_capable, make_nodes},
        {SSCONF_nodegroups, make_groups},
        {SSCONF_offline_nodes, make_nodes},
        {SSCONF_online_nodes, make_nodes},
        {SSCONF_ssh_ports, make_nodes},
        {SSCONF_uid_pool, make_uid_pool},
    };
    static const struct {
        enum ssconf_id id;
        enum hypervisor hypervisor;
    } hvparams[] = {
        {SSCONF_hvparams_chroot, HYPERVISOR_CHROOT},
        {SSCONF_hvparams_fake, HYPERVISOR_FAKE},
        {SSCONF_hvparams_kvm, HYPERVISOR_KVM},
        {SSCONF_hvparams_lxc, HYPERVISOR_LXC},
        {SSCONF_hvparams_xen_hvm, HYPERVISOR_XEN_HVM},
        {SSCONF_hvparams_xen_pvm, HYPERVISOR_XEN_PVM},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(makers); i++) {
        if (makers[i].id == id) {
            makers[i].make(source, id, out);
            return;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(hvparams); i++) {
        if (hvparams[i].id == id) {
            make_hvparams(source, hvparams[i].hypervisor, out);
            return;
        }
    }
    make_single(source, id, out);
}

struct ssconf *ssconf_from_cfg(const struct cfg *cfg, const char *release)
{
    struct ssconf *ssconf = g_new0(struct ssconf, 1);
    const struct source source = {.cfg = cfg,
                                  .cluster = cfg_cluster(cfg),
                                  .release = release,
                                  .nodes = sorted(cfg, CFG_KIND_node, compare_nodes),
                                  .groups = sorted(cfg, CFG_KIND_group, compare_groups)};

    for (int id = 0; id < SSCONF_COUNT; id++) {
        g_autoptr(GString) out = g_string_new(NULL);

        make_value(&source, id, out);
        ssconf->values[id] = g_strdup(out->len > 0 ? out->str + 1 : "");
    }
    g_ptr_array_unref(source.nodes);
    g_ptr_array_unref(source.groups);
    return ssconf;
}

void ssconf_free(struct ssconf *ssconf)
{
    if (ssconf == NULL) {
        return;
    }
    for (size_t i = 0; i < SSCONF_COUNT; i++) {
        g_free(ssconf->values[i]);
    }
    g_free(ssconf);
}

bool ssconf_equal(const struct ssconf *a, const struct ssconf *b)
{
    for (size_t i = 0; i < SSCONF_COUNT; i++) {
        if (strcmp(a->values[i], b->values[i]) != 0) {
            return false;
        }
    }
    return true;
}

int ssconf_find(const char *key)
{
    for (int i = 0; i < SSCONF_COUNT; i++) {
        if (strcmp(ssconf_rows[i].key, key) == 0) {
            return i;
        }
    }
    return -1;
}
