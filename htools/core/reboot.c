#include "config.h"

#include "htools/core/reboot.h"

#include "htools/core/moves.h"

G_DEFINE_QUARK(gantry_htools_reboot, reboot_error)

static void add_edge(GArray *edges, const bool *wanted, int from, int to)
{
    struct graph_edge edge = {from, to};

    if (wanted[from] && wanted[to]) {
        g_array_append_val(edges, edge);
    }
}

static gint64 edge_key(int from, int to)
{
    return ((gint64)from << 32) | (guint32)to;
}

/* False if the edge was there already. */
static bool note_edge(GHashTable *seen, int from, int to)
{
    gint64 *key = g_new(gint64, 1);

    *key = edge_key(from, to);
    return g_hash_table_add(seen, key);
}

static void add_instance_edges(const struct ht_cluster *cluster, const bool *wanted, GArray *edges,
                               GHashTable *seen)
{
    for (unsigned i = 0; i < cluster->n_instances; i++) {
        const struct ht_instance *inst = &cluster->instances[i];

        if (ht_instance_has_secondary(inst) && inst->snode != HT_NONE) {
            add_edge(edges, wanted, inst->pnode, inst->snode);
            add_edge(edges, wanted, inst->snode, inst->pnode);
            note_edge(seen, inst->pnode, inst->snode);
            note_edge(seen, inst->snode, inst->pnode);
        }
    }
}

/* Every primary node with every other (and itself) that has instances with this secondary node. */
static void add_shared_edges(const struct ht_cluster *cluster, const bool *wanted, GArray *edges,
                             GHashTable *seen, const struct ht_node *node)
{
    const struct ht_ints *sec = &node->sec;

    for (unsigned i = sec->n; i-- > 0;) {
        for (unsigned j = sec->n; j-- > 0;) {
            int from = cluster->instances[sec->v[i]].pnode;
            int to = cluster->instances[sec->v[j]].pnode;

            if (note_edge(seen, from, to)) {
                add_edge(edges, wanted, from, to);
            }
        }
    }
}

struct graph *reboot_graph(const struct ht_cluster *cluster, const bool *wanted, bool running)
{
    g_autoptr(GArray) edges = g_array_new(FALSE, FALSE, sizeof(struct graph_edge));
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    int low = HT_NONE, high = HT_NONE;

    for (int i = 0; i < (int)cluster->n_nodes; i++) {
        if (wanted[i]) {
            low = low == HT_NONE ? i : low;
            high = i;
        }
    }
    if (low == HT_NONE) {
        return NULL;
    }
    add_instance_edges(cluster, wanted, edges, seen);
    for (unsigned i = 0; running && i < cluster->n_nodes; i++) {
        add_shared_edges(cluster, wanted, edges, seen, &cluster->nodes[i]);
    }
    return graph_new(low, high, edges);
}

static void clear_group(gpointer data)
{
    struct reboot_group *group = data;

    ht_ints_clear(&group->nodes);
    g_clear_pointer(&group->cluster, ht_cluster_free);
}

GArray *reboot_groups_new(void)
{
    GArray *groups = g_array_new(FALSE, FALSE, sizeof(struct reboot_group));

    g_array_set_clear_func(groups, clear_group);
    return groups;
}

void reboot_groups_free(GArray *groups)
{
    if (groups != NULL) {
        g_array_unref(groups);
    }
}

bool reboot_has_unmirrored(const struct ht_cluster *cluster, int node)
{
    const struct ht_ints *pri = &cluster->nodes[node].pri;

    for (unsigned i = 0; i < pri->n; i++) {
        if (!ht_instance_has_secondary(&cluster->instances[pri->v[i]])) {
            return true;
        }
    }
    return false;
}

/* One way to clear a node: what has to leave it, and how one instance goes to a new node. */
struct clearing {
    void (*collect)(const struct ht_cluster *cluster, int node, struct ht_ints *ret);
    bool (*relocate)(struct ht_cluster *cluster, int instance, int target, struct ht_undo *undo);
};

static void collect_unmirrored(const struct ht_cluster *cluster, int node, struct ht_ints *ret)
{
    const struct ht_ints *pri = &cluster->nodes[node].pri;

    for (unsigned i = pri->n; i-- > 0;) {
        if (!ht_instance_has_secondary(&cluster->instances[pri->v[i]])) {
            ht_ints_push(ret, pri->v[i]);
        }
    }
}

static bool relocate_primary(struct ht_cluster *cluster, int instance, int target,
                             struct ht_undo *undo)
{
    struct ht_instance *inst = &cluster->instances[instance];
    struct ht_node *from = &cluster->nodes[inst->pnode], *to = &cluster->nodes[target];

    ht_undo_save_node(undo, target);
    if (ht_node_add_primary(cluster, to, inst, true) != HT_OK) {
        return false;
    }
    ht_undo_save_node(undo, inst->pnode);
    ht_undo_save_instance(undo, instance);
    ht_node_remove_primary(cluster, from, inst);
    inst->pnode = target;
    return true;
}

static void collect_secondaries(const struct ht_cluster *cluster, int node, struct ht_ints *ret)
{
    const struct ht_ints *sec = &cluster->nodes[node].sec;

    for (unsigned i = sec->n; i-- > 0;) {
        ht_ints_push(ret, sec->v[i]);
    }
}

/* Matches replaceSecondary with its slip: what is put in the old secondary node's place is the
 * primary node without the instance, which later steps and the printed moves then see. */
static bool relocate_secondary(struct ht_cluster *cluster, int instance, int target,
                               struct ht_undo *undo)
{
    struct ht_instance *inst = &cluster->instances[instance];
    int old = inst->snode;

    if (inst->pnode == target) {
        return false;
    }
    ht_undo_save_node(undo, target);
    if (ht_node_add_secondary(&cluster->nodes[target], inst, inst->pnode, true, false) != HT_OK) {
        return false;
    }
    ht_undo_save_node(undo, old);
    ht_undo_save_instance(undo, instance);
    ht_node_copy(&cluster->nodes[old], &cluster->nodes[inst->pnode]);
    ht_node_remove_secondary(&cluster->nodes[old], inst);
    inst->snode = target;
    return true;
}

static const struct clearing clear_unmirrored = {collect_unmirrored, relocate_primary};
static const struct clearing clear_secondaries = {collect_secondaries, relocate_secondary};

/* Every instance to the first target that takes it; false (and nothing changed) if one finds none.
 */
static bool clear_node(struct ht_cluster *cluster, const struct clearing *how, int node,
                       const struct ht_ints *targets)
{
    CLEANUP(ht_undo_freep) struct ht_undo *undo = ht_undo_new(cluster);
    struct ht_ints instances = {0};
    bool ok = true;

    how->collect(cluster, node, &instances);
    for (unsigned i = 0; i < instances.n && ok; i++) {
        ok = false;
        for (unsigned t = 0; t < targets->n && !ok; t++) {
            ok = how->relocate(cluster, instances.v[i], targets->v[t], undo);
        }
    }
    ht_ints_clear(&instances);
    if (!ok) {
        ht_undo_rollback(undo);
    }
    return ok;
}

/* Online nodes of the group that nobody else of this step has claimed. Groups are those of the
 * cluster as it is. */
static void collect_targets(const struct ht_cluster *cluster, const bool *usable, int node,
                            struct ht_ints *ret)
{
    for (int i = 0; i < (int)cluster->n_nodes; i++) {
        if (usable[i] && i != node && cluster->nodes[i].group == cluster->nodes[node].group) {
            ht_ints_push(ret, i);
        }
    }
}

/* Clears as many of the nodes as it can, one after the other (greedyClearNodes); done gets them,
 * left the others. */
static void clear_nodes(struct ht_cluster *cluster, const struct clearing *how, const bool *online,
                        const struct ht_ints *nodes, struct ht_ints *done, struct ht_ints *left)
{
    g_autofree bool *usable = g_memdup2(online, cluster->n_nodes * sizeof(bool));

    for (unsigned i = 0; i < nodes->n; i++) {
        struct ht_ints targets = {0};
        int node = nodes->v[i];

        collect_targets(cluster, usable, node, &targets);
        if (clear_node(cluster, how, node, &targets)) {
            usable[node] = false;
            ht_ints_push(done, node);
        } else {
            ht_ints_push(left, node);
        }
        ht_ints_clear(&targets);
    }
}

static bool *online_nodes(const struct ht_cluster *cluster)
{
    bool *online = g_new0(bool, cluster->n_nodes + 1);

    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        online[i] = !cluster->nodes[i].offline;
    }
    return online;
}

/* Splits the nodes into groups that can be cleared at once, each from the same start
 * (partitionNodes). online: where instances may go. */
static bool partition(const struct ht_cluster *start, const bool *online,
                      const struct clearing *how, const struct ht_ints *nodes, GArray *groups,
                      GError **errp)
{
    struct ht_ints waiting = {0};
    bool ok = true;

    ht_ints_copy(&waiting, nodes);
    while (ok && waiting.n > 0) {
        struct reboot_group group = {.cluster = ht_cluster_copy(start)};
        struct ht_ints left = {0};

        clear_nodes(group.cluster, how, online, &waiting, &group.nodes, &left);
        ok = group.nodes.n > 0;
        g_array_append_val(groups, group);
        ht_ints_clear(&waiting);
        waiting = left;
    }
    ht_ints_clear(&waiting);
    if (!ok) {
        g_set_error_literal(errp, REBOOT_ERROR, REBOOT_ERROR_CAPACITY, "there is not enough room");
    }
    return ok;
}

bool reboot_move_unmirrored(const struct ht_cluster *cluster, const struct ht_ints *nodes,
                            GArray *groups, GError **errp)
{
    g_autofree bool *online = online_nodes(cluster);

    return partition(cluster, online, &clear_unmirrored, nodes, groups, errp);
}

/* Matches migrate: both nodes swap, soft limits and migration tags do not count. */
static bool swap_nodes(struct ht_cluster *cluster, int instance)
{
    struct ht_instance *inst = &cluster->instances[instance];
    int pnode = inst->pnode, snode = inst->snode;
    struct ht_node *from = &cluster->nodes[pnode], *to = &cluster->nodes[snode];

    ht_node_remove_primary(cluster, from, inst);
    ht_node_remove_secondary(to, inst);
    if (ht_node_add_primary(cluster, to, inst, true) != HT_OK ||
        ht_node_add_secondary(from, inst, snode, true, false) != HT_OK) {
        return false;
    }
    inst->pnode = snode;
    inst->snode = pnode;
    return true;
}

static void collect_mirrored(const struct ht_cluster *cluster, const struct ht_ints *nodes,
                             struct ht_ints *ret)
{
    for (unsigned n = 0; n < nodes->n; n++) {
        const struct ht_ints *pri = &cluster->nodes[nodes->v[n]].pri;

        for (unsigned i = pri->n; i-- > 0;) {
            if (ht_instance_has_secondary(&cluster->instances[pri->v[i]])) {
                ht_ints_push(ret, pri->v[i]);
            }
        }
    }
}

bool reboot_migrate(const struct ht_cluster *start, GArray *groups, GError **errp)
{
    bool ok = true;

    for (guint g = 0; g < groups->len && ok; g++) {
        struct reboot_group *group = &g_array_index(groups, struct reboot_group, g);
        struct ht_ints instances = {0};

        if (group->cluster == NULL) {
            group->cluster = ht_cluster_copy(start);
        }
        collect_mirrored(group->cluster, &group->nodes, &instances);
        for (unsigned i = 0; i < instances.n && ok; i++) {
            ok = swap_nodes(group->cluster, instances.v[i]);
        }
        ht_ints_clear(&instances);
    }
    if (!ok) {
        g_set_error_literal(errp, REBOOT_ERROR, REBOOT_ERROR_CAPACITY, "there is not enough room");
    }
    return ok;
}

bool reboot_move_secondaries(const struct ht_cluster *start, GArray **groups, GError **errp)
{
    g_autofree bool *online = online_nodes(start);
    GArray *split = reboot_groups_new();
    bool ok = true;

    for (guint g = 0; g < (*groups)->len && ok; g++) {
        const struct reboot_group *group = &g_array_index(*groups, struct reboot_group, g);

        ok = partition(group->cluster != NULL ? group->cluster : start, online, &clear_secondaries,
                       &group->nodes, split, errp);
    }
    reboot_groups_free(*groups);
    *groups = split;
    return ok;
}
