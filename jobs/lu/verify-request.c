/* What the nodes of a group are asked. */
#include "config.h"

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/all-hvparams.h"
#include "jobs/lu/verify-group.h"

static struct json *tree(const struct fact_type *type, const void *value)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    struct json *ret = NULL;
    fact_encode(type, value, &w);
    /* What our own writer wrote is always read. */
    if (!json_parse(text->str, (gssize)text->len, &ret, NULL)) {
        g_assert_not_reached();
    }
    return ret;
}

static struct json *list_of(const char *const *texts, size_t n)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < n; i++) {
        json_append(list, json_new_string(texts[i]));
    }
    return list;
}

static struct json *list_of_array(const GPtrArray *texts)
{
    return list_of((const char *const *)texts->pdata, texts->len);
}

/* --- Files --------------------------------------------------------------------------------------
 */
static struct json *file_list(const struct verify_group *group)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < group->files->n; i++) {
        g_autofree char *path = vcluster_path_to_wire(group->files->v[i].path, NULL);
        json_append(list, json_new_string(path != NULL ? path : group->files->v[i].path));
    }
    return list;
}

struct json *verify_request_files(const struct verify_group *group)
{
    struct json *request = json_new_object();
    json_set(request, C_NV_FILELIST, file_list(group));
    return request;
}

/* --- Who talks to whom --------------------------------------------------------------------------
 */
static int compare_texts(const void *a, const void *b)
{
    return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

/* Names of members that are online, sorted; candidates_only: master candidates among them. */
static GPtrArray *online_names(const struct verify_group *group, bool candidates_only)
{
    GPtrArray *names = g_ptr_array_new();
    for (size_t i = 0; i < group->members.n; i++) {
        const struct node *node = group->members.v[i];
        if (!node->offline && (!candidates_only || node->master_candidate)) {
            g_ptr_array_add(names, node->name);
        }
    }
    g_ptr_array_sort(names, compare_texts);
    return names;
}

/* For each other group its online nodes, sorted; arrays of borrowed names. */
static GPtrArray *other_groups(const struct verify_group *group)
{
    GPtrArray *groups = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    for (size_t i = 0; i < cfg_group_count(group->cfg); i++) {
        const struct node_group *other = cfg_group_at(group->cfg, i);
        if (other == group->group) {
            continue;
        }
        struct cfg_nodes nodes = cfg_group_nodes(group->cfg, other);
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        for (size_t j = 0; j < nodes.n; j++) {
            if (!nodes.v[j]->offline) {
                g_ptr_array_add(names, nodes.v[j]->name);
            }
        }
        if (names->len > 0) {
            g_ptr_array_sort(names, compare_texts);
            g_ptr_array_add(groups, g_steal_pointer(&names));
        }
    }
    return groups;
}

/* Each node talks to all of its group and, in turn, to one of each other group
 * (_SelectSshCheckNodes): [names, {name: names elsewhere}, candidates]. */
static struct json *node_list(const struct verify_group *group)
{
    g_autoptr(GPtrArray) online = online_names(group, false);
    g_autoptr(GPtrArray) candidates = online_names(group, true);
    g_autoptr(GPtrArray) groups = other_groups(group);
    struct json *elsewhere = json_new_object(), *list = json_new_array();
    for (guint i = 0; i < online->len; i++) {
        g_autoptr(GPtrArray) chosen = g_ptr_array_new();
        for (guint j = 0; j < groups->len; j++) {
            const GPtrArray *names = groups->pdata[j];
            g_ptr_array_add(chosen, names->pdata[i % names->len]);
        }
        g_ptr_array_sort(chosen, compare_texts);
        json_set(elsewhere, online->pdata[i], list_of_array(chosen));
    }
    json_append(list, list_of_array(online));
    json_append(list, elsewhere);
    json_append(list, list_of_array(candidates));
    return list;
}

static struct json *net_test(const struct verify_group *group)
{
    g_autoptr(GPtrArray) candidates = online_names(group, true);
    struct json *nodes = json_new_array(), *list = json_new_array();
    for (size_t i = 0; i < group->members.n; i++) {
        const struct node *node = group->members.v[i];
        const char *row[] = {node->name, node->primary_ip, node->secondary_ip};
        if (!node->offline) {
            json_append(nodes, list_of(row, G_N_ELEMENTS(row)));
        }
    }
    json_append(list, nodes);
    json_append(list, list_of_array(candidates));
    return list;
}

static struct json *master_address(const struct verify_group *group)
{
    g_autoptr(GPtrArray) candidates = online_names(group, true);
    struct json *list = json_new_array();
    json_append(list, group->master != NULL ? json_new_string(group->master->name) : NULL);
    json_append(list, json_new_string(group->cluster->master_ip));
    json_append(list, list_of_array(candidates));
    return list;
}

/* --- Parameters ---------------------------------------------------------------------------------
 */
static void add_hvparams(const char *source, enum hypervisor hypervisor,
                         const struct value_map *filled, void *list)
{
    struct json *row = json_new_array();
    json_append(row, json_new_string(source));
    json_append(row, json_new_string(fact_enum_hypervisor.words[hypervisor]));
    json_append(row, tree(&type_value_map, filled));
    json_append(list, row);
}

static struct json *all_hvparams(const struct verify_group *group)
{
    struct json *list = json_new_array();
    lu_all_hvparams(group->cfg, add_hvparams, list);
    return list;
}

/* Nodes for SSH: [[UUID, name, candidate, potential candidate, online], ...], and the kind of keys.
 * Each node counts as a potential candidate (config/__init__.py GetPotentialMasterCandidates). */
static struct json *ssh_setup(const struct verify_group *group)
{
    struct json *nodes = json_new_array(), *list = json_new_array();
    for (size_t i = 0; i < cfg_node_count(group->cfg); i++) {
        const struct node *node = cfg_node_at(group->cfg, i);
        struct json *row = json_new_array();
        json_append(row, json_new_string(node->uuid));
        json_append(row, json_new_string(node->name));
        json_append(row, json_new_bool(node->master_candidate));
        json_append(row, json_new_bool(true));
        json_append(row, json_new_bool(!node->offline));
        json_append(nodes, row);
    }
    json_append(list, nodes);
    json_append(list, tree(&type_ssh_key_type, &group->cluster->ssh_key_type));
    return list;
}

static struct json *non_vm_nodes(const struct verify_group *group)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < cfg_node_count(group->cfg); i++) {
        const struct node *node = cfg_node_at(group->cfg, i);
        if (!node->vm_capable) {
            json_append(list, json_new_string(node->name));
        }
    }
    return list;
}

static struct json *oob_paths(const struct verify_group *group)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    struct json *list = json_new_array();
    for (size_t i = 0; i < cfg_node_count(group->cfg); i++) {
        struct ndparams filled = cfg_node_ndparams(group->cfg, cfg_node_at(group->cfg, i));
        if (filled.oob_program != NULL && *filled.oob_program != '\0' &&
            g_hash_table_add(seen, filled.oob_program)) {
            json_append(list, json_new_string(filled.oob_program));
        }
    }
    return list;
}

/* --- Storage ------------------------------------------------------------------------------------
 */
static void add_lvm(const struct verify_group *group, struct json *request)
{
    if (group->vg_name == NULL) {
        return;
    }
    json_set(request, C_NV_VGLIST, NULL);
    json_set(request, C_NV_LVLIST, json_new_string(group->vg_name));
    json_set(request, C_NV_PVLIST, list_of(&group->vg_name, 1));
    if (group->exclusive_storage) {
        json_set(request, C_NV_EXCLUSIVEPVS, json_new_bool(true));
    }
}

static void add_drbd(const struct verify_group *group, struct json *request)
{
    const char *helper = group->cluster->drbd_usermode_helper;
    if (!lu_template_is_enabled(group->cluster, DISK_TEMPLATE_DRBD) || helper == NULL ||
        *helper == '\0') {
        return;
    }
    json_set(request, C_NV_DRBDVERSION, NULL);
    json_set(request, C_NV_DRBDLIST, NULL);
    json_set(request, C_NV_DRBDHELPER, json_new_string(helper));
}

static void add_files(const struct verify_group *group, struct json *request)
{
    const struct cluster *cluster = group->cluster;
    bool file = lu_template_is_enabled(cluster, DISK_TEMPLATE_FILE);
    bool shared = lu_template_is_enabled(cluster, DISK_TEMPLATE_SHAREDFILE);
    if ((file || shared) && group->master != NULL) {
        json_set(request, C_NV_ACCEPTED_STORAGE_PATHS, json_new_string(group->master->name));
    }
    if (file) {
        json_set(request, C_NV_FILE_STORAGE_PATH, json_new_string(cluster->file_storage_dir));
    }
    if (shared) {
        json_set(request, C_NV_SHARED_FILE_STORAGE_PATH,
                 json_new_string(cluster->shared_file_storage_dir));
    }
}

static void add_bridges(const struct verify_group *group, struct json *request)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    GHashTableIter it;
    void *name;
    g_hash_table_iter_init(&it, group->bridges);
    while (g_hash_table_iter_next(&it, &name, NULL)) {
        g_ptr_array_add(names, name);
    }
    if (names->len > 0) {
        g_ptr_array_sort(names, compare_texts);
        json_set(request, C_NV_BRIDGES, list_of_array(names));
    }
}

struct json *verify_request(struct verify_group *group, bool clutter)
{
    const struct cluster *cluster = group->cluster;
    struct json *request = verify_request_files(group);
    const char *script = path_get(PATH_EXTERNAL_MASTER_SETUP_SCRIPT);
    const char *first = cluster->enabled_hypervisors.n > 0
                            ? fact_enum_hypervisor.words[cluster->enabled_hypervisors.v[0]]
                            : NULL;

    json_set(request, C_NV_NODELIST, node_list(group));
    json_set(request, C_NV_HYPERVISOR, tree(&type_hypervisor_list, &cluster->enabled_hypervisors));
    json_set(request, C_NV_HVPARAMS, all_hvparams(group));
    json_set(request, C_NV_NODENETTEST, net_test(group));
    json_set(request, C_NV_INSTANCELIST,
             tree(&type_hypervisor_list, &cluster->enabled_hypervisors));
    json_set(request, C_NV_VERSION, NULL);
    json_set(request, C_NV_HVINFO, first != NULL ? json_new_string(first) : NULL);
    json_set(request, C_NV_NODESETUP, NULL);
    json_set(request, C_NV_TIME, NULL);
    json_set(request, C_NV_MASTERIP, master_address(group));
    json_set(request, C_NV_OSLIST, NULL);
    json_set(request, C_NV_NONVMNODES, non_vm_nodes(group));
    json_set(request, C_NV_USERSCRIPTS, list_of(&script, cluster->use_external_mip_script ? 1 : 0));
    json_set(request, C_NV_CLIENT_CERT, NULL);
    if (cluster->modify_ssh_setup) {
        json_set(request, C_NV_SSH_SETUP, ssh_setup(group));
        if (clutter) {
            json_set(request, C_NV_SSH_CLUTTER, json_new_bool(true));
        }
    }
    add_lvm(group, request);
    add_drbd(group, request);
    add_files(group, request);
    add_bridges(group, request);
    CLEANUP(json_unrefp) struct json *oob = oob_paths(group);
    if (json_len(oob) > 0) {
        json_set(request, C_NV_OOB_PATHS, json_ref(oob));
    }
    return request;
}
