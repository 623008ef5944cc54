#include "htools/core/cluster.h"

/* Blocks, interned texts and name indexes: shared by a cluster and its copies. */
struct ht_arena {
    int refs;
    GPtrArray *blocks;
    char *free;
    size_t left;
    GHashTable *symbols; /* text -> symbol + 1 */
    GPtrArray *texts;
    GHashTable *pairs; /* (location, tag) -> pair + 1 */
    int n_pairs;
    GHashTable *group_index, *node_index, *instance_index; /* name -> index + 1 */
};

enum { ARENA_BLOCK = 64 * 1024 };

static struct ht_arena *arena_new(void)
{
    struct ht_arena *arena = g_new0(struct ht_arena, 1);

    arena->refs = 1;
    arena->blocks = g_ptr_array_new_with_free_func(g_free);
    arena->symbols = g_hash_table_new(g_str_hash, g_str_equal);
    arena->texts = g_ptr_array_new();
    arena->pairs = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    arena->group_index = g_hash_table_new(g_str_hash, g_str_equal);
    arena->node_index = g_hash_table_new(g_str_hash, g_str_equal);
    arena->instance_index = g_hash_table_new(g_str_hash, g_str_equal);
    return arena;
}

static void arena_unref(struct ht_arena *arena)
{
    if (--arena->refs > 0) {
        return;
    }
    g_hash_table_unref(arena->symbols);
    g_ptr_array_unref(arena->texts);
    g_hash_table_unref(arena->pairs);
    g_hash_table_unref(arena->group_index);
    g_hash_table_unref(arena->node_index);
    g_hash_table_unref(arena->instance_index);
    g_ptr_array_unref(arena->blocks);
    g_free(arena);
}

struct ht_cluster *ht_cluster_new(void)
{
    struct ht_cluster *cluster = g_new0(struct ht_cluster, 1);

    cluster->arena = arena_new();
    cluster->ipolicy = *ht_ipolicy_default();
    return cluster;
}

void ht_cluster_free(struct ht_cluster *cluster)
{
    if (cluster == NULL) {
        return;
    }
    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        ht_node_clear(&cluster->nodes[i]);
    }
    g_free(cluster->groups);
    g_free(cluster->nodes);
    g_free(cluster->instances);
    arena_unref(cluster->arena);
    g_free(cluster);
}

struct ht_cluster *ht_cluster_copy(const struct ht_cluster *cluster)
{
    struct ht_cluster *copy = g_new0(struct ht_cluster, 1);

    *copy = *cluster;
    copy->arena->refs++;
    copy->groups = g_memdup2(cluster->groups, cluster->n_groups * sizeof(*cluster->groups));
    copy->groups_cap = cluster->n_groups;
    copy->instances =
        g_memdup2(cluster->instances, cluster->n_instances * sizeof(*cluster->instances));
    copy->instances_cap = cluster->n_instances;
    copy->nodes = g_new0(struct ht_node, cluster->n_nodes);
    copy->nodes_cap = cluster->n_nodes;
    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        ht_node_copy(&copy->nodes[i], &cluster->nodes[i]);
        /* Policies belong to groups, and the copy has its own. */
        if (copy->nodes[i].ipolicy == &cluster->groups[copy->nodes[i].group].ipolicy) {
            copy->nodes[i].ipolicy = &copy->groups[copy->nodes[i].group].ipolicy;
        }
    }
    return copy;
}

void *ht_cluster_alloc(struct ht_cluster *cluster, size_t size)
{
    struct ht_arena *arena = cluster->arena;
    char *memory;

    size = (size + 15) & ~(size_t)15;
    if (size > ARENA_BLOCK / 4) {
        memory = g_malloc0(size);
        g_ptr_array_add(arena->blocks, memory);
        return memory;
    }
    if (size > arena->left) {
        arena->free = g_malloc0(ARENA_BLOCK);
        arena->left = ARENA_BLOCK;
        g_ptr_array_add(arena->blocks, arena->free);
    }
    memory = arena->free;
    arena->free += size;
    arena->left -= size;
    return memory;
}

const char *ht_cluster_strdup(struct ht_cluster *cluster, const char *text)
{
    size_t size = strlen(text) + 1;

    return memcpy(ht_cluster_alloc(cluster, size), text, size);
}

const char *const *ht_cluster_strv(struct ht_cluster *cluster, const char *const *list, int n,
                                   unsigned *ret_n)
{
    const char **copy;

    if (n < 0) {
        n = list == NULL ? 0 : (int)g_strv_length((char **)list);
    }
    copy = ht_cluster_alloc(cluster, ((size_t)n + 1) * sizeof(*copy));
    for (int i = 0; i < n; i++) {
        copy[i] = ht_cluster_strdup(cluster, list[i]);
    }
    *ret_n = (unsigned)n;
    return copy;
}

static void *grow(void *array, unsigned *cap, unsigned n, size_t size)
{
    if (n < *cap) {
        return array;
    }
    *cap = MAX(64, *cap * 2);
    return g_realloc_n(array, *cap, size);
}

struct ht_group *ht_cluster_add_group(struct ht_cluster *cluster, const char *name,
                                      const char *uuid)
{
    struct ht_group *group;

    cluster->groups =
        grow(cluster->groups, &cluster->groups_cap, cluster->n_groups, sizeof(*cluster->groups));
    group = &cluster->groups[cluster->n_groups];
    *group = (struct ht_group){
        .name = ht_cluster_strdup(cluster, name),
        .uuid = ht_cluster_strdup(cluster, uuid),
        .idx = (int)cluster->n_groups,
        .alloc_policy = HT_ALLOC_PREFERRED,
        .ipolicy = *ht_ipolicy_default(),
    };
    cluster->n_groups++;
    g_hash_table_insert(cluster->arena->group_index, (char *)group->uuid,
                        GINT_TO_POINTER(cluster->n_groups));
    return group;
}

struct ht_node *ht_cluster_add_node(struct ht_cluster *cluster, const struct ht_node_spec *spec)
{
    struct ht_node *node;

    cluster->nodes =
        grow(cluster->nodes, &cluster->nodes_cap, cluster->n_nodes, sizeof(*cluster->nodes));
    node = &cluster->nodes[cluster->n_nodes];
    ht_node_init(node, spec);
    node->name = node->alias = ht_cluster_strdup(cluster, spec->name);
    node->idx = (int)cluster->n_nodes;
    cluster->n_nodes++;
    g_hash_table_insert(cluster->arena->node_index, (char *)node->name,
                        GINT_TO_POINTER(cluster->n_nodes));
    return node;
}

struct ht_instance *ht_cluster_add_instance(struct ht_cluster *cluster, const char *name,
                                            enum ht_disk_template dt)
{
    struct ht_instance *inst;

    cluster->instances = grow(cluster->instances, &cluster->instances_cap, cluster->n_instances,
                              sizeof(*cluster->instances));
    inst = &cluster->instances[cluster->n_instances];
    ht_instance_init(inst, ht_cluster_strdup(cluster, name), dt);
    inst->idx = (int)cluster->n_instances;
    cluster->n_instances++;
    g_hash_table_insert(cluster->arena->instance_index, (char *)inst->name,
                        GINT_TO_POINTER(cluster->n_instances));
    return inst;
}

unsigned ht_cluster_append_row(struct ht_cluster *cluster)
{
    cluster->instances = grow(cluster->instances, &cluster->instances_cap, cluster->n_instances,
                              sizeof(*cluster->instances));
    return cluster->n_instances++;
}

static int index_lookup(GHashTable *index, const char *name)
{
    return GPOINTER_TO_INT(g_hash_table_lookup(index, name)) - 1;
}

int ht_cluster_group_by_uuid(const struct ht_cluster *cluster, const char *uuid)
{
    return index_lookup(cluster->arena->group_index, uuid);
}

int ht_cluster_node_by_name(const struct ht_cluster *cluster, const char *name)
{
    return index_lookup(cluster->arena->node_index, name);
}

int ht_cluster_instance_by_name(const struct ht_cluster *cluster, const char *name)
{
    return index_lookup(cluster->arena->instance_index, name);
}

int ht_cluster_find_group(const struct ht_cluster *cluster, const char *name)
{
    int found = HT_NONE;

    for (unsigned i = 0; i < cluster->n_groups; i++) {
        if (g_str_equal(cluster->groups[i].name, name) ||
            g_str_equal(cluster->groups[i].uuid, name)) {
            if (found != HT_NONE) {
                return HT_NONE;
            }
            found = (int)i;
        }
    }
    return found;
}

int ht_cluster_find_node(const struct ht_cluster *cluster, const char *name)
{
    int found = HT_NONE;

    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        if (g_str_equal(cluster->nodes[i].name, name) ||
            g_str_equal(cluster->nodes[i].alias, name)) {
            if (found != HT_NONE) {
                return HT_NONE;
            }
            found = (int)i;
        }
    }
    return found;
}

int ht_cluster_find_instance(const struct ht_cluster *cluster, const char *name)
{
    int found = HT_NONE;

    for (unsigned i = 0; i < cluster->n_instances; i++) {
        if (g_str_equal(cluster->instances[i].name, name) ||
            g_str_equal(cluster->instances[i].alias, name)) {
            if (found != HT_NONE) {
                return HT_NONE;
            }
            found = (int)i;
        }
    }
    return found;
}

int ht_cluster_symbol(struct ht_cluster *cluster, const char *text)
{
    struct ht_arena *arena = cluster->arena;
    int symbol = index_lookup(arena->symbols, text);

    if (symbol < 0) {
        const char *own = ht_cluster_strdup(cluster, text);

        symbol = (int)arena->texts->len;
        g_ptr_array_add(arena->texts, (char *)own);
        g_hash_table_insert(arena->symbols, (char *)own, GINT_TO_POINTER(symbol + 1));
    }
    return symbol;
}

const char *ht_cluster_symbol_text(const struct ht_cluster *cluster, int symbol)
{
    return g_ptr_array_index(cluster->arena->texts, symbol);
}

int ht_cluster_pair(struct ht_cluster *cluster, int location, int tag)
{
    struct ht_arena *arena = cluster->arena;
    int64_t key = (int64_t)location << 32 | (uint32_t)tag;
    int pair = GPOINTER_TO_INT(g_hash_table_lookup(arena->pairs, &key)) - 1;

    if (pair < 0) {
        pair = arena->n_pairs++;
        g_hash_table_insert(arena->pairs, g_memdup2(&key, sizeof(key)), GINT_TO_POINTER(pair + 1));
    }
    return pair;
}

static int compare_ints(const void *a, const void *b)
{
    int left = *(const int *)a, right = *(const int *)b;

    return (left > right) - (left < right);
}

struct ht_set ht_cluster_set(struct ht_cluster *cluster, const int *symbols, unsigned n)
{
    int *sorted;
    unsigned kept = 0;

    if (n == 0) {
        return (struct ht_set){0};
    }
    sorted = ht_cluster_alloc(cluster, n * sizeof(*sorted));
    memcpy(sorted, symbols, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), compare_ints);
    for (unsigned i = 0; i < n; i++) {
        if (i == 0 || sorted[i] != sorted[i - 1]) {
            sorted[kept++] = sorted[i];
        }
    }
    return (struct ht_set){.v = sorted, .n = kept};
}

void ht_view_clear(struct ht_view *view)
{
    g_free(view->nodes);
    g_free(view->instances);
    *view = (struct ht_view){0};
}

static bool in_group(const struct ht_cluster *cluster, int node, int group)
{
    return group == HT_NONE || cluster->nodes[node].group == group;
}

struct ht_view ht_view_group(const struct ht_cluster *cluster, int group)
{
    struct ht_view view = {.group = group};

    view.nodes = g_new(int, cluster->n_nodes + 1);
    view.instances = g_new(int, cluster->n_instances + 1);
    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        if (in_group(cluster, (int)i, group)) {
            view.nodes[view.n_nodes++] = (int)i;
        }
    }
    for (unsigned i = 0; i < cluster->n_instances; i++) {
        int pnode = cluster->instances[i].pnode;

        if (group == HT_NONE || (pnode != HT_NONE && in_group(cluster, pnode, group))) {
            view.instances[view.n_instances++] = (int)i;
        }
    }
    return view;
}

struct ht_view ht_view_all(const struct ht_cluster *cluster)
{
    return ht_view_group(cluster, HT_NONE);
}

struct ht_view *ht_view_split(const struct ht_cluster *cluster, unsigned *ret_n)
{
    struct ht_view *views = g_new0(struct ht_view, cluster->n_groups + 1);
    unsigned n = 0;

    for (unsigned i = 0; i < cluster->n_groups; i++) {
        struct ht_view view = ht_view_group(cluster, (int)i);

        if (view.n_nodes > 0) {
            views[n++] = view;
        } else {
            ht_view_clear(&view);
        }
    }
    *ret_n = n;
    return views;
}

void ht_views_free(struct ht_view *views, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        ht_view_clear(&views[i]);
    }
    g_free(views);
}

int ht_cluster_instance_group(const struct ht_cluster *cluster, const struct ht_instance *inst)
{
    int group = cluster->nodes[inst->pnode].group;

    if (inst->snode != HT_NONE && cluster->nodes[inst->snode].group != group) {
        return HT_NONE;
    }
    return group;
}

/* The length of the common end of two texts. */
static size_t common_end(const char *a, size_t len_a, const char *b)
{
    size_t len_b = strlen(b), common = 0;

    while (common < len_a && common < len_b && a[len_a - 1 - common] == b[len_b - 1 - common]) {
        common++;
    }
    return common;
}

char *ht_cluster_common_suffix(const struct ht_cluster *cluster)
{
    const char *first, *suffix;
    size_t common;

    if (cluster->n_nodes + cluster->n_instances == 0) {
        return g_strdup("");
    }
    first = cluster->n_nodes > 0 ? cluster->nodes[0].name : cluster->instances[0].name;
    common = strlen(first);
    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        common = MIN(common, common_end(first, strlen(first), cluster->nodes[i].name));
    }
    for (unsigned i = 0; i < cluster->n_instances; i++) {
        common = MIN(common, common_end(first, strlen(first), cluster->instances[i].name));
    }
    suffix = strchr(first + strlen(first) - common, '.');
    return g_strdup(suffix == NULL ? "" : suffix);
}
