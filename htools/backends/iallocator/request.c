#include "config.h"

#include "htools/backends/iallocator/private.h"

#include "htools/core/loader.h"

/* One instance to place. */
static bool read_alloc(const struct reader *reader, const struct reader *request,
                       struct ht_cluster *cluster, struct ht_alloc_request *ret, GError **errp)
{
    const char *name, *group;
    int64_t n_required;

    if (!reader_string(reader, "name", &name, errp) ||
        !reader_maybe_string(request, "group_name", &group, errp) ||
        !reader_int(reader, "required_nodes", &n_required, errp) ||
        !iallocator_read_instance(reader, name, cluster, &ret->instance, errp)) {
        return false;
    }
    ht_cluster_tag_instance(cluster, &ret->instance);
    ret->group = group != NULL ? ht_cluster_strdup(cluster, group) : NULL;
    /* Whatever is not 1 or 2 is refused later, as an answer. */
    ret->n_required = n_required == 1 || n_required == 2 ? (int)n_required : 0;
    return true;
}

static bool read_allocate(const struct reader *request, struct ht_cluster *cluster,
                          struct ht_request *ret, GError **errp)
{
    g_autofree const char **names = NULL;
    unsigned n;

    ret->allocs = ht_cluster_alloc(cluster, sizeof(*ret->allocs));
    ret->n_allocs = 1;
    if (!read_alloc(request, request, cluster, ret->allocs, errp)) {
        return false;
    }
    if (!reader_has(request, "restrict-to-nodes")) {
        return true;
    }
    if (!reader_strings(request, "restrict-to-nodes", &names, errp)) {
        return false;
    }
    ret->restrict_to = ht_cluster_strv(cluster, names, -1, &n);
    return true;
}

static bool read_multi_allocate(const struct reader *request, struct ht_cluster *cluster,
                                struct ht_request *ret, GError **errp)
{
    const struct doc_value *array;

    if (!reader_array(request, "instances", &array, errp)) {
        return false;
    }
    ret->n_allocs = array->n;
    ret->allocs = ht_cluster_alloc(cluster, ret->n_allocs * sizeof(*ret->allocs) + 1);
    for (unsigned i = 0; i < ret->n_allocs; i++) {
        struct reader element;

        if (!reader_element(request, "instances", i, &element, errp) ||
            !read_alloc(&element, request, cluster, &ret->allocs[i], errp)) {
            return false;
        }
    }
    return true;
}

/* The instance under "name", by exactly this name. */
static bool read_name(const struct reader *request, struct ht_cluster *cluster,
                      struct ht_request *ret, GError **errp)
{
    int *instances = ht_cluster_alloc(cluster, sizeof(*instances));
    const char *name;

    if (!reader_string(request, "name", &name, errp)) {
        return false;
    }
    instances[0] = ht_cluster_instance_by_name(cluster, name);
    if (instances[0] == HT_NONE) {
        return reader_fail(request, "name", errp, "unknown instance '%s'", name);
    }
    ret->instances = instances;
    ret->n_instances = 1;
    return true;
}

/* The indexes of the names under key. */
static bool read_indexes(const struct reader *request, const char *key, struct ht_cluster *cluster,
                         int (*find)(const struct ht_cluster *, const char *), const int **ret,
                         unsigned *ret_n, GError **errp)
{
    g_autofree const char **names = NULL;
    int *indexes;
    unsigned n;

    if (!reader_strings(request, key, &names, errp)) {
        return false;
    }
    n = g_strv_length((char **)names);
    indexes = ht_cluster_alloc(cluster, n * sizeof(*indexes) + 1);
    for (unsigned i = 0; i < n; i++) {
        indexes[i] = find(cluster, names[i]);
        if (indexes[i] == HT_NONE) {
            return reader_fail(request, key, errp, "none or several are named '%s'", names[i]);
        }
    }
    *ret = indexes;
    *ret_n = n;
    return true;
}

static bool read_relocate(const struct reader *request, struct ht_cluster *cluster,
                          struct ht_request *ret, GError **errp)
{
    return read_name(request, cluster, ret, errp) &&
           reader_int(request, "required_nodes", &ret->n_required, errp) &&
           read_indexes(request, "relocate_from", cluster, ht_cluster_find_node,
                        &ret->relocate_from, &ret->n_relocate_from, errp);
}

static bool read_change_group(const struct reader *request, struct ht_cluster *cluster,
                              struct ht_request *ret, GError **errp)
{
    return read_indexes(request, "instances", cluster, ht_cluster_find_instance, &ret->instances,
                        &ret->n_instances, errp) &&
           read_indexes(request, "target_groups", cluster, ht_cluster_find_group,
                        &ret->target_groups, &ret->n_target_groups, errp);
}

static bool read_evacuate(const struct reader *request, struct ht_cluster *cluster,
                          struct ht_request *ret, GError **errp)
{
    const char *mode;

    if (!read_indexes(request, "instances", cluster, ht_cluster_find_instance, &ret->instances,
                      &ret->n_instances, errp) ||
        !reader_string(request, "evac_mode", &mode, errp)) {
        return false;
    }
    return ht_evac_mode_parse(mode, &ret->evac_mode) ||
           reader_fail(request, "evac_mode", errp, "unknown mode '%s'", mode);
}

static bool (*const readers[])(const struct reader *request, struct ht_cluster *cluster,
                               struct ht_request *ret, GError **errp) = {
    [HT_REQUEST_ALLOCATE] = read_allocate,
    [HT_REQUEST_ALLOCATE_SECONDARY] = read_name,
    [HT_REQUEST_RELOCATE] = read_relocate,
    [HT_REQUEST_NODE_EVACUATE] = read_evacuate,
    [HT_REQUEST_CHANGE_GROUP] = read_change_group,
    [HT_REQUEST_MULTI_ALLOCATE] = read_multi_allocate,
};

bool iallocator_read_request(const struct reader *document, struct ht_cluster *cluster,
                             struct ht_request *ret, GError **errp)
{
    struct reader request;
    const char *type;

    *ret = (struct ht_request){.n_allocs = 0};
    if (!reader_object(document, "request", &request, errp) ||
        !reader_string(&request, "type", &type, errp)) {
        return false;
    }
    for (size_t i = 0; i < HT_REQUEST_COUNT; i++) {
        if (strcmp(type, ht_request_words[i]) == 0) {
            ret->kind = (enum ht_request_kind)i;
            return readers[ret->kind](&request, cluster, ret, errp);
        }
    }
    return reader_fail(&request, "type", errp, "unknown type '%s'", type);
}

struct ht_cluster *iallocator_load(char *text, size_t len, GError **errp)
{
    CLEANUP(document_freep) struct document *document = document_take(text, len, errp);
    struct reader reader;

    return document != NULL && reader_begin(document_root(document), &reader, errp)
               ? iallocator_read_cluster(&reader, errp)
               : NULL;
}

bool iallocator_parse(char *text, size_t len, const struct iallocator_options *options,
                      struct ht_cluster **ret_cluster, struct ht_request *ret_request,
                      GPtrArray **ret_warnings, GError **errp)
{
    struct ht_merge_options merge = {.now = options->now, .level_30 = options->level_30};
    CLEANUP(document_freep) struct document *document = document_take(text, len, errp);
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = NULL;
    g_autoptr(GPtrArray) warnings = NULL;
    struct reader reader;

    if (document == NULL || !reader_begin(document_root(document), &reader, errp)) {
        return false;
    }
    cluster = iallocator_read_cluster(&reader, errp);
    if (cluster == NULL || !ht_cluster_merge(cluster, &merge, errp)) {
        return false;
    }
    warnings = ht_cluster_update_memory(cluster, options->static_kvm_node_memory);
    if (!iallocator_read_request(&reader, cluster, ret_request, errp)) {
        return false;
    }
    *ret_cluster = g_steal_pointer(&cluster);
    *ret_warnings = g_steal_pointer(&warnings);
    return true;
}
