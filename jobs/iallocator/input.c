/* The question to an allocator. */
#include "config.h"

#include "jobs/iallocator/iallocator.h"

#include <string.h>

#include "base/json-writer.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "facts/storage.h"

/* --- Small pieces -------------------------------------------------------------------------------
 */
/* Any value that has a row. */
static struct json *as_json(const struct fact_type *type, const void *value)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    struct json *out = NULL;
    fact_encode(type, value, &w);
    if (!json_parse(text->str, (gssize)text->len, &out, NULL)) {
        g_assert_not_reached(); /* written right here */
    }
    return out;
}

static void put_text(struct json *object, const char *key, const char *text)
{
    json_set(object, key, text != NULL ? json_new_string(text) : NULL);
}

static void put_int(struct json *object, const char *key, int64_t value)
{
    json_set(object, key, json_new_int(value));
}

static struct json *texts(const char *const *v, size_t n)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < n; i++) {
        json_append(list, json_new_string(v[i]));
    }
    return list;
}

static const char *template_word(enum disk_template disk_template)
{
    return fact_enum_disk_template.words[disk_template];
}

/* What a disk of that size takes on a node (masterd/instance.py ComputeDiskSize). */
static int64_t space_of(enum disk_template disk_template, int64_t size)
{
    switch (disk_template) {
    case DISK_TEMPLATE_DISKLESS:
    case DISK_TEMPLATE_BLOCKDEV:
        return 0;
    case DISK_TEMPLATE_DRBD:
        return size + C_DRBD_META_SIZE;
    default:
        return size;
    }
}

/* --- What nodes are asked about -----------------------------------------------------------------
 */
static const struct instance *about_instance(const struct cfg *cfg,
                                             const struct ia_request *request)
{
    return request->instance_uuid != NULL ? cfg_instance_get(cfg, request->instance_uuid) : NULL;
}

enum disk_template ia_disk_template(const struct cfg *cfg, const struct ia_request *request)
{
    const struct cluster *cluster = cfg_cluster(cfg);
    const struct instance *instance = about_instance(cfg, request);
    if (request->mode == IALLOCATOR_MODE_ALLOCATE && request->n_instances == 1) {
        return request->instances[0].disk_template;
    }
    if (request->mode == IALLOCATOR_MODE_RELOCATE && instance != NULL) {
        return cfg_instance_disk_template(cfg, instance, NULL);
    }
    return cluster->enabled_disk_templates.n > 0 ? cluster->enabled_disk_templates.v[0]
                                                 : DISK_TEMPLATE_DISKLESS;
}

enum hypervisor ia_hypervisor(const struct cfg *cfg, const struct ia_request *request)
{
    const struct cluster *cluster = cfg_cluster(cfg);
    const struct instance *instance = about_instance(cfg, request);
    if (request->mode == IALLOCATOR_MODE_ALLOCATE && request->n_instances == 1) {
        return request->instances[0].hypervisor;
    }
    if (request->mode == IALLOCATOR_MODE_RELOCATE && instance != NULL) {
        return instance->hypervisor;
    }
    return cluster->enabled_hypervisors.n > 0 ? cluster->enabled_hypervisors.v[0] : HYPERVISOR_FAKE;
}

/* Storage whose space nodes report (constants STS_REPORT). */
static bool reports_space(enum disk_template disk_template)
{
    enum storage_type type = storage_type_of(disk_template);
    return type == STORAGE_FILE || type == STORAGE_LVM_VG || type == STORAGE_LVM_PV;
}

static struct json *unit(enum storage_type type, const char *key, bool with_flag, bool flag)
{
    struct json *out = json_new_array(), *params = json_new_array();
    if (with_flag) {
        json_append(params, json_new_bool(flag));
    }
    json_append(out, json_new_string(fact_enum_storage_type.words[type]));
    json_append(out, key != NULL ? json_new_string(key) : NULL);
    json_append(out, params);
    return out;
}

struct json *ia_storage_units(const struct cfg *cfg, const struct node *node,
                              enum disk_template disk_template)
{
    const struct cluster *cluster = cfg_cluster(cfg);
    struct json *units = json_new_array();
    if (!reports_space(disk_template)) {
        return units;
    }
    if (!const_has(C_DTS_LVM, (int)disk_template)) {
        json_append(units, unit(STORAGE_FILE, cluster->file_storage_dir, false, false));
        return units;
    }
    bool exclusive = cfg_node_ndparams(cfg, node).exclusive_storage;
    json_append(units, unit(STORAGE_LVM_VG, cluster->volume_group_name, true, exclusive));
    if (exclusive) {
        json_append(units, unit(STORAGE_LVM_PV, cluster->volume_group_name, true, exclusive));
    }
    return units;
}

/* --- Groups -------------------------------------------------------------------------------------
 */
static struct json *groups(const struct cfg *cfg)
{
    struct json *out = json_new_object();
    for (size_t i = 0; i < cfg_group_count(cfg); i++) {
        const struct node_group *group = cfg_group_at(cfg, i);
        struct ipolicy policy = cfg_group_ipolicy(cfg, group);
        struct json *one = json_new_object(), *networks = json_new_array();
        for (size_t j = 0; j < group->networks.n; j++) {
            json_append(networks, json_new_string(group->networks.v[j].key));
        }
        put_text(one, "name", group->name);
        put_text(one, "alloc_policy", fact_enum_alloc_policy.words[group->alloc_policy]);
        json_set(one, "networks", networks);
        json_set(one, "ipolicy", as_json(&type_ipolicy, &policy));
        json_set(one, "tags", as_json(&type_tag_set, &group->tags));
        json_set(out, group->uuid, one);
    }
    return out;
}

/* --- Nodes --------------------------------------------------------------------------------------
 */
static bool complain(GError **errp, const struct node *node, const char *what)
{
    return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "Node %s does not tell %s", node->name, what);
}

static bool take_int(const struct json *from, const char *key, const struct node *node,
                     int64_t *ret, GError **errp)
{
    const struct json *value = json_kind(from) == JSON_OBJECT ? json_get(from, key) : NULL;
    if (json_kind(value) != JSON_INT) {
        return complain(errp, node, key);
    }
    *ret = json_int(value);
    return true;
}

/* Memory of the instances whose primary the node is: of all, of those that are up, and what is
 * really free once those have all that they may take. */
struct memory {
    int64_t primaries, up, free;
};

static void count_instance(const struct cfg *cfg, const struct instance *instance,
                           const struct json *running, struct memory *memory)
{
    struct beparams beparams = cfg_beparams(cfg, instance);
    const struct json *state =
        json_kind(running) == JSON_OBJECT ? json_get(running, instance->name) : NULL;
    const struct json *used = json_kind(state) == JSON_OBJECT ? json_get(state, "memory") : NULL;
    int64_t used_mib = json_kind(used) == JSON_INT || json_kind(used) == JSON_FLOAT
                           ? (int64_t)json_double(used)
                           : 0;
    memory->primaries += beparams.maxmem;
    if (instance->admin_state == ADMIN_UP && !cfg_instance_is_forthcoming(instance)) {
        memory->free -= MAX(beparams.maxmem - used_mib, 0);
        memory->up += beparams.maxmem;
    }
}

static const struct json *space(const struct json *units, enum storage_type type)
{
    const char *word = fact_enum_storage_type.words[type];
    for (size_t i = 0; json_kind(units) == JSON_ARRAY && i < json_len(units); i++) {
        const struct json *one = json_at(units, i);
        const struct json *its = json_kind(one) == JSON_OBJECT ? json_get(one, "type") : NULL;
        if (json_kind(its) == JSON_STRING && strcmp(json_string(its), word) == 0) {
            return one;
        }
    }
    return NULL;
}

static bool add_space(struct json *out, const struct json *units, const struct node *node,
                      enum disk_template disk_template, GError **errp)
{
    int64_t total = 0, free_mib = 0, spindles = 0, free_spindles = 0;
    if (reports_space(disk_template)) {
        const struct json *disk = space(units, storage_type_of(disk_template));
        const struct json *pv = space(units, STORAGE_LVM_PV);
        if (disk == NULL) {
            return complain(errp, node, "the space of its storage");
        }
        if (!take_int(disk, "storage_size", node, &total, errp) ||
            !take_int(disk, "storage_free", node, &free_mib, errp)) {
            return false;
        }
        if (const_has(C_DTS_LVM, (int)disk_template) && pv != NULL &&
            (!take_int(pv, "storage_size", node, &spindles, errp) ||
             !take_int(pv, "storage_free", node, &free_spindles, errp))) {
            return false;
        }
    }
    put_int(out, "total_disk", total);
    put_int(out, "free_disk", free_mib);
    put_int(out, "total_spindles", spindles);
    put_int(out, "free_spindles", free_spindles);
    return true;
}

/* What the node said. */
static bool add_dynamic(struct json *out, const struct cfg *cfg, const struct node *node,
                        const struct ia_node_info *info, enum disk_template disk_template,
                        GError **errp)
{
    if (info->fail_msg != NULL) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "Cannot get data from node %s: %s",
                        node->name, info->fail_msg);
    }
    const struct json *parts = info->node;
    if (json_kind(parts) != JSON_ARRAY || json_len(parts) != 3 ||
        json_kind(json_at(parts, 2)) != JSON_ARRAY || json_len(json_at(parts, 2)) != 1) {
        return complain(errp, node, "its memory and storage as it should");
    }
    const struct json *hv = json_at(json_at(parts, 2), 0);
    int64_t total, reserved, cpus, reserved_cpus;
    struct memory memory = {0};
    if (!take_int(hv, "memory_free", node, &memory.free, errp) ||
        !take_int(hv, "memory_total", node, &total, errp) ||
        !take_int(hv, "memory_dom0", node, &reserved, errp) ||
        !take_int(hv, "cpu_total", node, &cpus, errp) ||
        !take_int(hv, "cpu_dom0", node, &reserved_cpus, errp) ||
        !add_space(out, json_at(parts, 1), node, disk_template, errp)) {
        return false;
    }
    struct cfg_instances primaries = cfg_node_primaries(cfg, node);
    for (size_t i = 0; i < primaries.n; i++) {
        count_instance(cfg, primaries.v[i], info->instances, &memory);
    }
    put_int(out, "total_memory", total);
    put_int(out, "reserved_memory", reserved);
    put_int(out, "free_memory", memory.free);
    put_int(out, "total_cpus", cpus);
    put_int(out, "reserved_cpus", reserved_cpus);
    put_int(out, "i_pri_memory", memory.primaries);
    put_int(out, "i_pri_up_memory", memory.up);
    return true;
}

static void add_static(struct json *out, const struct cfg *cfg, const struct node *node)
{
    struct ndparams params = cfg_node_ndparams(cfg, node);
    json_set(out, "tags", as_json(&type_tag_set, &node->tags));
    put_text(out, "primary_ip", node->primary_ip);
    put_text(out, "secondary_ip", node->secondary_ip);
    json_set(out, "offline", json_new_bool(node->offline));
    json_set(out, "drained", json_new_bool(node->drained));
    json_set(out, "master_candidate", json_new_bool(node->master_candidate));
    put_text(out, "group", node->group);
    json_set(out, "master_capable", json_new_bool(node->master_capable));
    json_set(out, "vm_capable", json_new_bool(node->vm_capable));
    json_set(out, "ndparams", as_json(&type_ndparams, &params));
}

static struct json *nodes(const struct cfg *cfg, const struct ia_node_info *infos, size_t n,
                          enum disk_template disk_template, GError **errp)
{
    CLEANUP(json_unrefp) struct json *out = json_new_object();
    g_autoptr(GHashTable) by_uuid = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < n; i++) {
        g_hash_table_insert(by_uuid, (void *)infos[i].node_uuid, (void *)&infos[i]);
    }
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        const struct node *node = cfg_node_at(cfg, i);
        const struct ia_node_info *info = g_hash_table_lookup(by_uuid, node->uuid);
        struct json *one = json_new_object();
        json_set(out, node->name, one);
        if (!node->offline && info != NULL &&
            !add_dynamic(one, cfg, node, info, disk_template, errp)) {
            return NULL;
        }
        add_static(one, cfg, node);
    }
    return g_steal_pointer(&out);
}

/* --- Instances ----------------------------------------------------------------------------------
 */
static struct json *nics_of(const struct cfg *cfg, const struct instance *instance)
{
    struct json *out = json_new_array();
    for (size_t i = 0; i < instance->nics.n; i++) {
        const struct nic *nic = &instance->nics.v[i];
        struct nicparams params = cfg_nicparams(cfg, nic);
        struct json *one = json_new_object();
        put_text(one, "mac", nic->mac);
        put_text(one, "ip", nic->ip);
        put_text(one, "mode", fact_enum_nic_mode.words[params.mode]);
        put_text(one, "link", params.link);
        if (params.mode == NIC_MODE_BRIDGED) {
            put_text(one, "bridge", params.link);
        }
        json_append(out, one);
    }
    return out;
}

static struct json *disks_of(struct cfg_disks disks, int64_t *ret_space)
{
    struct json *out = json_new_array();
    *ret_space = 0;
    for (size_t i = 0; i < disks.n; i++) {
        const struct disk *disk = disks.v[i];
        struct json *one = json_new_object();
        put_text(one, "dev_type", template_word(disk->dev_type));
        put_int(one, "size", disk->size);
        put_text(one, "mode", fact_enum_disk_mode.words[disk->mode]);
        json_set(one, "spindles", disk->has.spindles ? json_new_int(disk->spindles) : NULL);
        json_append(out, one);
        *ret_space += space_of(disk->dev_type, disk->size);
    }
    return out;
}

static struct json *nodes_of(const struct cfg *cfg, const struct instance *instance)
{
    struct json *out = json_new_array();
    const struct node *primary = cfg_instance_primary(cfg, instance);
    struct cfg_nodes secondaries = cfg_instance_secondaries(cfg, instance);
    if (primary != NULL) {
        json_append(out, json_new_string(primary->name));
    }
    for (size_t i = 0; i < secondaries.n; i++) {
        json_append(out, json_new_string(secondaries.v[i]->name));
    }
    return out;
}

static struct json *one_instance(const struct cfg *cfg, const struct instance *instance)
{
    struct beparams beparams = cfg_beparams(cfg, instance);
    struct json *out = json_new_object();
    int64_t disk_space;
    bool mixed;
    enum disk_template disk_template = cfg_instance_disk_template(cfg, instance, &mixed);

    json_set(out, "tags", as_json(&type_tag_set, &instance->tags));
    put_text(out, "admin_state", fact_enum_admin_state.words[instance->admin_state]);
    put_int(out, "vcpus", beparams.vcpus);
    put_int(out, "memory", beparams.maxmem);
    put_int(out, "spindle_use", beparams.spindle_use);
    put_text(out, "os", instance->os);
    json_set(out, "nodes", nodes_of(cfg, instance));
    json_set(out, "nics", nics_of(cfg, instance));
    json_set(out, "disks", disks_of(cfg_instance_disks(cfg, instance), &disk_space));
    put_text(out, "disk_template", mixed ? "mixed" : template_word(disk_template));
    json_set(out, "disks_active", json_new_bool(instance->disks_active));
    put_text(out, "hypervisor", fact_enum_hypervisor.words[instance->hypervisor]);
    put_int(out, "disk_space_total", disk_space);
    return out;
}

static struct json *instances(const struct cfg *cfg)
{
    struct json *out = json_new_object();
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        const struct instance *instance = cfg_instance_at(cfg, i);
        if (instance->name != NULL) {
            json_set(out, instance->name, one_instance(cfg, instance));
        }
    }
    return out;
}

/* --- The request itself -------------------------------------------------------------------------
 */
static struct json *place(const struct ia_instance *wanted)
{
    struct json *out = json_new_object(), *disks = json_new_array();
    int64_t total = 0;
    for (size_t i = 0; wanted->disks != NULL && i < json_len(wanted->disks); i++) {
        struct json *disk = json_copy(json_at(wanted->disks, i));
        const struct json *size = json_get(disk, "size");
        put_text(disk, "dev_type", template_word(wanted->disk_template));
        total += space_of(wanted->disk_template, json_kind(size) == JSON_INT ? json_int(size) : 0);
        json_append(disks, disk);
    }
    put_text(out, "name", wanted->name);
    put_text(out, "disk_template", template_word(wanted->disk_template));
    put_text(out, "group_name", wanted->group_name);
    json_set(out, "tags", texts(wanted->tags, wanted->n_tags));
    put_text(out, "os", wanted->os);
    put_int(out, "vcpus", wanted->vcpus);
    put_int(out, "memory", wanted->memory);
    put_int(out, "spindle_use", wanted->spindle_use);
    json_set(out, "disks", disks);
    put_int(out, "disk_space_total", total);
    json_set(out, "nics", wanted->nics != NULL ? json_copy(wanted->nics) : json_new_array());
    put_int(out, "required_nodes", const_has(C_DTS_INT_MIRROR, (int)wanted->disk_template) ? 2 : 1);
    put_text(out, "hypervisor", fact_enum_hypervisor.words[wanted->hypervisor]);
    return out;
}

static bool can_relocate(const struct cfg *cfg, const struct instance *instance, GError **errp)
{
    struct cfg_disks disks = cfg_instance_disks(cfg, instance);
    bool internal = false;
    for (size_t i = 0; i < disks.n; i++) {
        if (!const_has(C_DTS_MIRRORED, (int)disks.v[i]->dev_type)) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "Instance %s cannot be relocated: its disks are not mirrored",
                            instance->name);
        }
        internal = internal || const_has(C_DTS_INT_MIRROR, (int)disks.v[i]->dev_type);
    }
    if (internal && cfg_instance_secondaries(cfg, instance).n != 1) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "Instance %s does not have exactly one secondary node", instance->name);
    }
    return true;
}

static struct json *relocate(const struct cfg *cfg, const struct ia_request *request, GError **errp)
{
    const struct instance *instance = about_instance(cfg, request);
    struct json *out, *from;
    int64_t disk_space;
    if (instance == NULL || !can_relocate(cfg, instance, errp)) {
        return NULL;
    }
    out = json_new_object();
    from = json_new_array();
    json_unref(disks_of(cfg_instance_disks(cfg, instance), &disk_space));
    for (size_t i = 0; i < request->n_relocate_from; i++) {
        const struct node *node = cfg_node_get(cfg, request->relocate_from[i]);
        json_append(from, json_new_string(node != NULL ? node->name : request->relocate_from[i]));
    }
    put_text(out, "name", instance->name);
    put_int(out, "disk_space_total", disk_space);
    put_int(out, "required_nodes", 1);
    json_set(out, "relocate_from", from);
    return out;
}

static struct json *request_part(const struct cfg *cfg, const struct ia_request *request,
                                 GError **errp)
{
    struct json *out = NULL;
    switch (request->mode) {
    case IALLOCATOR_MODE_ALLOCATE:
        g_assert(request->n_instances == 1);
        out = place(&request->instances[0]);
        if (request->whitelist != NULL) {
            json_set(out, "restrict-to-nodes", texts(request->whitelist, request->n_whitelist));
        }
        break;
    case IALLOCATOR_MODE_MULTI_ALLOCATE: {
        struct json *list = json_new_array();
        out = json_new_object();
        for (size_t i = 0; i < request->n_instances; i++) {
            json_append(list, place(&request->instances[i]));
        }
        json_set(out, "instances", list);
        break;
    }
    case IALLOCATOR_MODE_ALLOCATE_SECONDARY:
        out = json_new_object();
        put_text(out, "name", about_instance(cfg, request)->name);
        break;
    case IALLOCATOR_MODE_RELOCATE:
        out = relocate(cfg, request, errp);
        break;
    case IALLOCATOR_MODE_NODE_EVACUATE:
        out = json_new_object();
        json_set(out, "instances", texts(request->names, request->n_names));
        put_text(out, "evac_mode", fact_enum_evac_mode.words[request->evac_mode]);
        break;
    case IALLOCATOR_MODE_CHANGE_GROUP:
        out = json_new_object();
        json_set(out, "instances", texts(request->names, request->n_names));
        json_set(out, "target_groups", texts(request->target_groups, request->n_target_groups));
        break;
    }
    if (out != NULL) {
        put_text(out, "type", fact_enum_iallocator_mode.words[request->mode]);
    }
    return out;
}

struct json *ia_input(const struct cfg *cfg, const struct ia_request *request,
                      const struct ia_node_info *infos, size_t n, GError **errp)
{
    const struct cluster *cluster = cfg_cluster(cfg);
    CLEANUP(json_unrefp) struct json *asked = request_part(cfg, request, errp);
    if (asked == NULL) {
        return NULL;
    }
    struct json *all_nodes = nodes(cfg, infos, n, ia_disk_template(cfg, request), errp);
    if (all_nodes == NULL) {
        return NULL;
    }
    struct json *out = json_new_object(), *hypervisors = json_new_array();
    for (size_t i = 0; i < cluster->enabled_hypervisors.n; i++) {
        json_append(hypervisors,
                    json_new_string(fact_enum_hypervisor.words[cluster->enabled_hypervisors.v[i]]));
    }
    put_int(out, "version", C_IALLOCATOR_VERSION);
    put_text(out, "cluster_name", cluster->cluster_name);
    json_set(out, "cluster_tags", as_json(&type_tag_set, &cluster->tags));
    json_set(out, "enabled_hypervisors", hypervisors);
    json_set(out, "ipolicy", as_json(&type_ipolicy, &cluster->ipolicy));
    json_set(out, "nodegroups", groups(cfg));
    json_set(out, "nodes", all_nodes);
    json_set(out, "instances", instances(cfg));
    json_set(out, "request", g_steal_pointer(&asked));
    return out;
}

struct json *ia_parameters(const struct cfg *cfg, const struct ia_request *request)
{
    struct json *out = as_json(&type_value_map, &cfg_cluster(cfg)->default_iallocator_params);
    if (request->mode == IALLOCATOR_MODE_NODE_EVACUATE && request->ignore_soft_errors) {
        json_set(out, "ignore-soft-errors", NULL);
    }
    return out;
}
