#include "config.h"

#include "htools/backends/iallocator/private.h"

#include "htools/backends/reader/policy.h"

/* Copies the strings under key to the arena. */
static bool read_words(const struct reader *reader, const char *key, struct ht_cluster *cluster,
                       const char *const **ret, unsigned *ret_n, GError **errp)
{
    g_autofree const char **words = NULL;

    if (!reader_strings(reader, key, &words, errp)) {
        return false;
    }
    *ret = ht_cluster_strv(cluster, words, -1, ret_n);
    return true;
}

static bool read_group(const struct reader *reader, struct ht_cluster *cluster, GError **errp)
{
    const char *name, *policy;
    struct ht_group *group;

    if (!reader_string(reader, "name", &name, errp) ||
        !reader_string(reader, "alloc_policy", &policy, errp)) {
        return false;
    }
    group = ht_cluster_add_group(cluster, name, reader->key);
    if (!ht_alloc_policy_parse(policy, &group->alloc_policy)) {
        return reader_fail(reader, "alloc_policy", errp, "unknown policy '%s'", policy);
    }
    return read_words(reader, "networks", cluster, &group->networks, &group->n_networks, errp) &&
           reader_policy(reader, "ipolicy", cluster, &group->ipolicy, errp) &&
           read_words(reader, "tags", cluster, &group->tags, &group->n_tags, errp);
}

/* What only a node that answers can tell; the others keep zeros. */
static bool read_live(const struct reader *node, struct ht_node_spec *spec, GError **errp)
{
    return (!spec->excl_storage || reader_int(node, "total_spindles", &spec->t_spindles, errp)) &&
           reader_int(node, "free_spindles", &spec->f_spindles, errp) &&
           reader_double(node, "total_memory", &spec->t_mem, errp) &&
           reader_int(node, "reserved_memory", &spec->n_mem, errp) &&
           reader_int(node, "free_memory", &spec->f_mem, errp) &&
           reader_double(node, "total_disk", &spec->t_dsk, errp) &&
           reader_int(node, "free_disk", &spec->f_dsk, errp) &&
           reader_double(node, "total_cpus", &spec->t_cpu, errp) &&
           reader_int(node, "reserved_cpus", &spec->n_cpu, errp);
}

static bool read_node(const struct reader *reader, struct ht_cluster *cluster, GError **errp)
{
    struct ht_node_spec spec = {.name = reader->key};
    struct reader params;
    bool offline, drained, vm_capable = true;
    const char *group;
    struct ht_node *node;

    if (!reader_bool(reader, "offline", &offline, errp) ||
        !reader_bool(reader, "drained", &drained, errp) ||
        !reader_string(reader, "group", &group, errp) ||
        (reader_has(reader, "vm_capable") &&
         !reader_bool(reader, "vm_capable", &vm_capable, errp)) ||
        !reader_object(reader, "ndparams", &params, errp) ||
        !reader_bool(&params, "exclusive_storage", &spec.excl_storage, errp)) {
        return false;
    }
    spec.group = ht_cluster_group_by_uuid(cluster, group);
    if (spec.group == HT_NONE) {
        return reader_fail(reader, "group", errp, "unknown node group '%s'", group);
    }
    if (!spec.excl_storage && !reader_int(&params, "spindle_count", &spec.t_spindles, errp)) {
        return false;
    }
    if (!offline && vm_capable && !read_live(reader, &spec, errp)) {
        return false;
    }
    spec.offline = offline || !vm_capable || drained;
    node = ht_cluster_add_node(cluster, &spec);
    return !reader_has(reader, "tags") ||
           read_words(reader, "tags", cluster, &node->tags, &node->n_tags, errp);
}

static bool read_disks(const struct reader *reader, struct ht_cluster *cluster,
                       struct ht_instance *inst, GError **errp)
{
    const struct doc_value *array;
    struct ht_disk *disks;
    size_t n;

    if (!reader_array(reader, "disks", &array, errp)) {
        return false;
    }
    n = array->n;
    disks = ht_cluster_alloc(cluster, n * sizeof(*disks) + 1);
    for (size_t i = 0; i < n; i++) {
        struct reader disk;

        disks[i].spindles = HT_SPINDLES_UNKNOWN;
        if (!reader_element(reader, "disks", i, &disk, errp) ||
            !reader_int(&disk, "size", &disks[i].size, errp) ||
            (reader_has(&disk, "spindles") &&
             !reader_int(&disk, "spindles", &disks[i].spindles, errp))) {
            return false;
        }
    }
    inst->disks = disks;
    inst->n_disks = (unsigned)n;
    return true;
}

/* Only networks matter for planning; the other members must be of the right kind. */
static bool read_nic(const struct reader *nics, struct ht_nic *nic, struct ht_cluster *cluster,
                     GError **errp)
{
    static const char *const texts[] = {"mac", "ip", "mode", "link", "bridge", "network"};
    const char *value = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (!reader_maybe_string(nics, texts[i], &value, errp)) {
            return false;
        }
        if (strcmp(texts[i], "mode") == 0 && value != NULL && strcmp(value, "bridged") != 0 &&
            strcmp(value, "routed") != 0 && strcmp(value, "openvswitch") != 0) {
            return reader_fail(nics, "mode", errp, "unknown NIC mode '%s'", value);
        }
    }
    nic->network = value != NULL ? ht_cluster_strdup(cluster, value) : NULL;
    return true;
}

static bool read_nics(const struct reader *reader, struct ht_cluster *cluster,
                      struct ht_instance *inst, GError **errp)
{
    const struct doc_value *array;
    struct ht_nic *nics;
    size_t n;

    if (!reader_array(reader, "nics", &array, errp)) {
        return false;
    }
    n = array->n;
    nics = ht_cluster_alloc(cluster, n * sizeof(*nics) + 1);
    for (size_t i = 0; i < n; i++) {
        struct reader nic;

        if (!reader_element(reader, "nics", i, &nic, errp) ||
            !read_nic(&nic, &nics[i], cluster, errp)) {
            return false;
        }
    }
    inst->nics = nics;
    inst->n_nics = (unsigned)n;
    return true;
}

/* A state that is missing or strange counts as up (parseBaseInstance in Backend/IAlloc.hs). */
static enum ht_instance_status read_status(const struct reader *reader)
{
    const char *state;

    if (!reader_string(reader, "admin_state", &state, NULL)) {
        return HT_STATUS_RUNNING;
    }
    return strcmp(state, "down") == 0      ? HT_STATUS_DOWN
           : strcmp(state, "offline") == 0 ? HT_STATUS_OFFLINE
                                           : HT_STATUS_RUNNING;
}

bool iallocator_read_instance(const struct reader *reader, const char *name,
                              struct ht_cluster *cluster, struct ht_instance *inst, GError **errp)
{
    enum ht_disk_template disk_template;
    const char *word;

    if (!reader_string(reader, "disk_template", &word, errp)) {
        return false;
    }
    if (!ht_disk_template_parse(word, &disk_template)) {
        return reader_fail(reader, "disk_template", errp, "unknown disk template '%s'", word);
    }
    ht_instance_init(inst, ht_cluster_strdup(cluster, name), disk_template);
    inst->status = read_status(reader);
    if (!reader_bool(reader, "forthcoming", &inst->forthcoming, NULL)) {
        inst->forthcoming = false;
    }
    return reader_int(reader, "disk_space_total", &inst->dsk, errp) &&
           read_disks(reader, cluster, inst, errp) &&
           reader_int(reader, "memory", &inst->mem, errp) &&
           reader_int(reader, "vcpus", &inst->vcpus, errp) &&
           read_words(reader, "tags", cluster, &inst->tags, &inst->n_tags, errp) &&
           reader_int(reader, "spindle_use", &inst->spindle_use, errp) &&
           read_nics(reader, cluster, inst, errp);
}

static bool find_node(const struct reader *reader, const struct ht_cluster *cluster,
                      const char *name, int *ret, GError **errp)
{
    *ret = ht_cluster_node_by_name(cluster, name);
    return *ret != HT_NONE || reader_fail(reader, "nodes", errp, "unknown node '%s'", name);
}

static bool read_placed_instance(const struct reader *reader, struct ht_cluster *cluster,
                                 GError **errp)
{
    g_autofree const char **nodes = NULL;
    struct ht_instance read, *inst;
    int idx;

    if (!iallocator_read_instance(reader, reader->key, cluster, &read, errp) ||
        !reader_strings(reader, "nodes", &nodes, errp)) {
        return false;
    }
    if (nodes[0] == NULL) {
        return reader_fail(reader, "nodes", errp, "the list is empty");
    }
    if (!find_node(reader, cluster, nodes[0], &read.pnode, errp) ||
        (nodes[1] != NULL && !find_node(reader, cluster, nodes[1], &read.snode, errp))) {
        return false;
    }
    if (read.pnode == read.snode) {
        return reader_fail(reader, "nodes", errp, "both nodes are '%s'", nodes[0]);
    }
    if (read.snode == HT_NONE && ht_instance_mirror(&read) == HT_MIRROR_INTERNAL) {
        return reader_fail(reader, "nodes", errp, "the secondary node is missing");
    }
    inst = ht_cluster_add_instance(cluster, reader->key, read.disk_template);
    idx = inst->idx;
    *inst = read;
    inst->idx = idx;
    return true;
}

/* Calls read for every member of the object under key, in the order of the document. */
static bool read_members(const struct reader *document, const char *key, struct ht_cluster *cluster,
                         bool (*read)(const struct reader *, struct ht_cluster *, GError **),
                         GError **errp)
{
    struct reader objects;

    if (!reader_object(document, key, &objects, errp)) {
        return false;
    }
    for (uint32_t i = 0; i < objects.object->n; i++) {
        struct reader reader;

        if (!reader_member(&objects, &objects.object->members[i], &reader, errp) ||
            !read(&reader, cluster, errp)) {
            return false;
        }
    }
    return true;
}

/* The first enabled hypervisor is taken for that of all nodes, as the protocol does not tell it per
 * node (parseData in Backend/IAlloc.hs). */
static bool read_hypervisor(const struct reader *document, struct ht_cluster *cluster,
                            GError **errp)
{
    g_autofree const char **names = NULL;

    if (!reader_strings(document, "enabled_hypervisors", &names, errp)) {
        return false;
    }
    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        cluster->nodes[i].is_kvm = names[0] != NULL && strcmp(names[0], "kvm") == 0;
    }
    return true;
}

struct ht_cluster *iallocator_read_cluster(const struct reader *document, GError **errp)
{
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = ht_cluster_new();

    cluster->ipolicy = *ht_ipolicy_default();
    if (!read_members(document, "nodegroups", cluster, read_group, errp) ||
        !read_members(document, "nodes", cluster, read_node, errp) ||
        !read_members(document, "instances", cluster, read_placed_instance, errp) ||
        !read_words(document, "cluster_tags", cluster, &cluster->tags, &cluster->n_tags, errp) ||
        !read_hypervisor(document, cluster, errp)) {
        return NULL;
    }
    return g_steal_pointer(&cluster);
}
