#include "config.h"

#include "htools/backends/rapi/rapi.h"

#include "htools/backends/reader/policy.h"
#include "htools/backends/reader/reader.h"

/* The names by which errors call the answers. */
static const char *const part_names[RAPI_PARTS] = {
    [RAPI_GROUPS] = "groups",
    [RAPI_NODES] = "nodes",
    [RAPI_INSTANCES] = "instances",
    [RAPI_INFO] = "info",
};

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
    const char *name, *uuid, *policy;
    struct ht_group *group;

    if (!reader_string(reader, "name", &name, errp) ||
        !reader_string(reader, "uuid", &uuid, errp) ||
        !reader_string(reader, "alloc_policy", &policy, errp)) {
        return false;
    }
    group = ht_cluster_add_group(cluster, name, uuid);
    if (!ht_alloc_policy_parse(policy, &group->alloc_policy)) {
        return reader_fail(reader, "alloc_policy", errp, "unknown policy '%s'", policy);
    }
    return reader_policy(reader, "ipolicy", cluster, &group->ipolicy, errp) &&
           read_words(reader, "tags", cluster, &group->tags, &group->n_tags, errp);
}

static bool maybe_int(const struct reader *reader, const char *key, int64_t *ret, GError **errp)
{
    return !reader_has(reader, key) || reader_int(reader, key, ret, errp);
}

/* What only a node that answers can tell. */
static bool read_live(const struct reader *node, struct ht_node_spec *spec, GError **errp)
{
    return (!spec->excl_storage || reader_int(node, "sptotal", &spec->t_spindles, errp)) &&
           maybe_int(node, "spfree", &spec->f_spindles, errp) &&
           reader_double(node, "mtotal", &spec->t_mem, errp) &&
           reader_int(node, "mnode", &spec->n_mem, errp) &&
           reader_int(node, "mfree", &spec->f_mem, errp) &&
           (!reader_has(node, "dtotal") || reader_double(node, "dtotal", &spec->t_dsk, errp)) &&
           maybe_int(node, "dfree", &spec->f_dsk, errp) &&
           reader_double(node, "ctotal", &spec->t_cpu, errp) &&
           reader_int(node, "cnos", &spec->n_cpu, errp);
}

static bool read_node(const struct reader *reader, struct ht_cluster *cluster, GError **errp)
{
    struct ht_node_spec spec = {.t_mem = 0};
    bool offline, drained, vm_capable = true;
    struct reader params;
    const char *group;
    struct ht_node *node;

    if (!reader_string(reader, "name", &spec.name, errp) ||
        !reader_bool(reader, "offline", &offline, errp) ||
        !reader_bool(reader, "drained", &drained, errp) ||
        (reader_has(reader, "vm_capable") &&
         !reader_bool(reader, "vm_capable", &vm_capable, errp)) ||
        !reader_object(reader, "ndparams", &params, errp) ||
        !reader_bool(&params, "exclusive_storage", &spec.excl_storage, errp) ||
        !reader_string(reader, "group.uuid", &group, errp)) {
        return false;
    }
    spec.group = ht_cluster_group_by_uuid(cluster, group);
    if (spec.group == HT_NONE) {
        return reader_fail(reader, "group.uuid", errp, "unknown node group '%s'", group);
    }
    if ((!spec.excl_storage && !reader_int(&params, "spindle_count", &spec.t_spindles, errp)) ||
        (!offline && vm_capable && !read_live(reader, &spec, errp))) {
        return false;
    }
    spec.offline = offline || !vm_capable || drained;
    node = ht_cluster_add_node(cluster, &spec);
    return (!reader_has(reader, "cpu_speed") ||
            reader_double(reader, "cpu_speed", &node->cpu_speed, errp)) &&
           read_words(reader, "tags", cluster, &node->tags, &node->n_tags, errp);
}

/* A number of MiB or of spindles. */
static bool read_count(const struct doc_value *value, int64_t *ret)
{
    if (value->kind != JSON_INT || value->integer < 0 || value->integer > READER_MAX_NUMBER) {
        return false;
    }
    *ret = value->integer;
    return true;
}

static bool read_disk(const struct reader *reader, const struct doc_value *size,
                      const struct doc_value *spindles, struct ht_disk *ret, GError **errp)
{
    ret->spindles = HT_SPINDLES_UNKNOWN;
    if (!read_count(size, &ret->size)) {
        return reader_fail(reader, "disk.sizes", errp, "expected sizes in MiB");
    }
    return spindles->kind == JSON_NULL || read_count(spindles, &ret->spindles) ||
           reader_fail(reader, "disk.spindles", errp, "expected numbers or null");
}

static bool read_disks(const struct reader *reader, struct ht_cluster *cluster,
                       struct ht_instance *inst, GError **errp)
{
    const struct doc_value *sizes, *spindles;
    struct ht_disk *disks;
    size_t n;

    if (!reader_array(reader, "disk.sizes", &sizes, errp) ||
        !reader_array(reader, "disk.spindles", &spindles, errp)) {
        return false;
    }
    n = MIN(sizes->n, spindles->n);
    disks = ht_cluster_alloc(cluster, n * sizeof(*disks) + 1);
    for (size_t i = 0; i < n; i++) {
        if (!read_disk(reader, &sizes->elements[i], &spindles->elements[i], &disks[i], errp)) {
            return false;
        }
    }
    inst->disks = disks;
    inst->n_disks = (unsigned)n;
    return true;
}

/* What the hypervisor reports, else what is configured, by its old or its new name. */
static bool read_memory(const struct reader *reader, const struct reader *beparams,
                        struct ht_instance *inst, GError **errp)
{
    double reported;

    if (doc_number(doc_get(reader->object, "oper_ram"), &reported)) {
        return reader_int(reader, "oper_ram", &inst->mem, errp);
    }
    return reader_int(beparams, "memory", &inst->mem, NULL) ||
           reader_int(beparams, "maxmem", &inst->mem, errp);
}

static bool find_node(const struct reader *reader, const char *key,
                      const struct ht_cluster *cluster, const char *name, int *ret, GError **errp)
{
    *ret = ht_cluster_node_by_name(cluster, name);
    return *ret != HT_NONE || reader_fail(reader, key, errp, "unknown node '%s'", name);
}

static bool read_nodes_of(const struct reader *reader, const struct ht_cluster *cluster,
                          struct ht_instance *inst, GError **errp)
{
    g_autofree const char **snodes = NULL;
    const char *pnode;

    if (!reader_string(reader, "pnode", &pnode, errp) ||
        !reader_strings(reader, "snodes", &snodes, errp) ||
        !find_node(reader, "pnode", cluster, pnode, &inst->pnode, errp) ||
        (snodes[0] != NULL &&
         !find_node(reader, "snodes", cluster, snodes[0], &inst->snode, errp))) {
        return false;
    }
    if (inst->snode == inst->pnode) {
        return reader_fail(reader, "snodes", errp, "the primary node is there, too");
    }
    if (inst->snode == HT_NONE && ht_instance_mirror(inst) == HT_MIRROR_INTERNAL) {
        return reader_fail(reader, "snodes", errp, "the secondary node is missing");
    }
    return true;
}

static bool read_instance(const struct reader *reader, struct ht_cluster *cluster, GError **errp)
{
    const char *name, *disk_template, *status;
    enum ht_disk_template dt;
    struct ht_instance *inst;
    struct reader beparams;

    if (!reader_string(reader, "name", &name, errp) ||
        !reader_string(reader, "disk_template", &disk_template, errp) ||
        !reader_string(reader, "status", &status, errp) ||
        !reader_object(reader, "beparams", &beparams, errp)) {
        return false;
    }
    if (!ht_disk_template_parse(disk_template, &dt)) {
        return reader_fail(reader, "disk_template", errp, "unknown disk template '%s'",
                           disk_template);
    }
    inst = ht_cluster_add_instance(cluster, name, dt);
    if (!ht_instance_status_parse(status, &inst->status)) {
        return reader_fail(reader, "status", errp, "unknown state '%s'", status);
    }
    if (!reader_bool(reader, "forthcoming", &inst->forthcoming, NULL)) {
        inst->forthcoming = false;
    }
    return reader_int(reader, "disk_usage", &inst->dsk, errp) &&
           read_disks(reader, cluster, inst, errp) && read_memory(reader, &beparams, inst, errp) &&
           reader_int(&beparams, "vcpus", &inst->vcpus, errp) &&
           read_nodes_of(reader, cluster, inst, errp) &&
           read_words(reader, "tags", cluster, &inst->tags, &inst->n_tags, errp) &&
           reader_bool(&beparams, "auto_balance", &inst->auto_balance, errp) &&
           reader_int(&beparams, "spindle_use", &inst->spindle_use, errp);
}

static bool read_info(const struct reader *info, struct ht_cluster *cluster, GError **errp)
{
    const char *master, *hypervisor;
    int index;

    if (!reader_string(info, "master", &master, errp) ||
        !reader_string(info, "default_hypervisor", &hypervisor, errp) ||
        !read_words(info, "tags", cluster, &cluster->tags, &cluster->n_tags, errp) ||
        !reader_policy(info, "ipolicy", cluster, &cluster->ipolicy, errp) ||
        !find_node(info, "master", cluster, master, &index, errp)) {
        return false;
    }
    cluster->nodes[index].is_master = true;
    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        cluster->nodes[i].is_kvm = strcmp(hypervisor, "kvm") == 0;
    }
    return true;
}

static bool read_list(const struct reader *document, enum rapi_part part,
                      struct ht_cluster *cluster,
                      bool (*read)(const struct reader *, struct ht_cluster *, GError **),
                      GError **errp)
{
    const struct doc_value *array;

    if (!reader_array(document, part_names[part], &array, errp)) {
        return false;
    }
    for (size_t i = 0; i < array->n; i++) {
        struct reader element;

        if (!reader_element(document, part_names[part], i, &element, errp) ||
            !read(&element, cluster, errp)) {
            return false;
        }
    }
    return true;
}

const char *rapi_part_name(enum rapi_part part)
{
    return part_names[part];
}

struct ht_cluster *rapi_parse_document(const struct doc_value *document, GError **errp)
{
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = ht_cluster_new();
    struct reader reader, info;

    if (!reader_begin(document, &reader, errp) ||
        !read_list(&reader, RAPI_GROUPS, cluster, read_group, errp) ||
        !read_list(&reader, RAPI_NODES, cluster, read_node, errp) ||
        !read_list(&reader, RAPI_INSTANCES, cluster, read_instance, errp) ||
        !reader_object(&reader, part_names[RAPI_INFO], &info, errp) ||
        !read_info(&info, cluster, errp)) {
        return NULL;
    }
    return g_steal_pointer(&cluster);
}

struct ht_cluster *rapi_parse(const char *const texts[RAPI_PARTS], GError **errp)
{
    CLEANUP(document_freep)
    struct document *document = document_join(part_names, texts, RAPI_PARTS, errp);

    return document != NULL ? rapi_parse_document(document_root(document), errp) : NULL;
}
