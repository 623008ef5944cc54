#include "config.h"

#include <string.h>

#include "compat-config/model/internal.h"

/* Who belongs to whom, from one kind of object to others: those of object i stand in
 * v[start[i]] .. v[start[i + 1]]. */
struct relation {
    size_t *start;
    const void **v;
};

struct cfg_links {
    struct relation group_nodes;
    struct relation node_primaries, node_secondaries;
    struct relation instance_disks, instance_secondaries;
    struct relation network_instances;
    const struct instance **disk_instance;
    /* Minors by node, made on their own when first asked for. */
    size_t *minor_start;
    struct cfg_minor *minors;
};

/* Collects (from, to) in any order; within one `from` the order of adding stays. */
struct pairs {
    GArray *v; /* struct pair */
    size_t n_from;
};

struct pair {
    size_t from;
    const void *to;
};

static struct pairs pairs_new(size_t n_from)
{
    return (struct pairs){.v = g_array_new(FALSE, FALSE, sizeof(struct pair)), .n_from = n_from};
}

static void pairs_add(struct pairs *pairs, size_t from, const void *to)
{
    const struct pair pair = {.from = from, .to = to};

    g_array_append_val(pairs->v, pair);
}

/* A counting sort; the pairs are gone. */
static struct relation pairs_finish(struct pairs *pairs)
{
    /* One pointer more: g_new() of nothing is NULL, and to NULL no offset may be added. */
    struct relation relation = {.start = g_new0(size_t, pairs->n_from + 1),
                                .v = g_new(const void *, pairs->v->len + 1)};
    const struct pair *v = (const struct pair *)(void *)pairs->v->data;
    g_autofree size_t *next = g_new(size_t, pairs->n_from + 1);

    for (guint i = 0; i < pairs->v->len; i++) {
        relation.start[v[i].from + 1]++;
    }
    for (size_t i = 0; i < pairs->n_from; i++) {
        relation.start[i + 1] += relation.start[i];
    }
    memcpy(next, relation.start, (pairs->n_from + 1) * sizeof(*next));
    for (guint i = 0; i < pairs->v->len; i++) {
        relation.v[next[v[i].from]++] = v[i].to;
    }
    g_array_free(pairs->v, TRUE);
    return relation;
}

static void relation_free(struct relation *relation)
{
    g_free(relation->start);
    g_free(relation->v);
}

/* Positions by UUID, for the time of one pass: faster than searching the sorted table for each of
 * tens of thousands of references. */
static GHashTable *positions(const struct cfg_table *table)
{
    GHashTable *map = g_hash_table_new(g_str_hash, g_str_equal);

    for (size_t i = 0; i < table->n; i++) {
        g_hash_table_insert(map, (void *)cfg_table_uuid(table, table->v[i]),
                            GSIZE_TO_POINTER(i + 1));
    }
    return map;
}

static bool position(GHashTable *map, const char *uuid, size_t *ret_index)
{
    size_t found = uuid == NULL ? 0 : GPOINTER_TO_SIZE(g_hash_table_lookup(map, uuid));

    *ret_index = found - 1;
    return found > 0;
}

/* One pass over everything. */
struct pass {
    const struct cfg *cfg;
    GHashTable *nodes, *groups, *disks, *networks;
    struct pairs group_nodes, node_primaries, node_secondaries;
    struct pairs instance_disks, instance_secondaries, network_instances;
    const struct instance **disk_instance;
};

/* The pairs of an instance are added one after the other, so looking at the end is enough. */
static bool has_pair(const struct pairs *pairs, size_t from, const void *to)
{
    const struct pair *v = (const struct pair *)(void *)pairs->v->data;

    for (guint i = pairs->v->len; i > 0 && v[i - 1].from == from; i--) {
        if (v[i - 1].to == to) {
            return true;
        }
    }
    return false;
}

static void add_secondary(struct pass *pass, size_t at, const struct instance *instance,
                          const struct disk *disk)
{
    const char *uuid;
    size_t node;

    if (instance->primary_node == NULL) {
        return;
    }
    uuid = cfg_disk_secondary(disk, instance->primary_node);
    if (uuid == NULL || !position(pass->nodes, uuid, &node) ||
        has_pair(&pass->instance_secondaries, at, cfg_node_at(pass->cfg, node))) {
        return;
    }
    pairs_add(&pass->instance_secondaries, at, cfg_node_at(pass->cfg, node));
    pairs_add(&pass->node_secondaries, node, instance);
}

/* Whether a NIC before this one is in the same network. */
static bool earlier_nic(const struct instance *instance, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (g_strcmp0(instance->nics.v[i].network, instance->nics.v[at].network) == 0) {
            return true;
        }
    }
    return false;
}

static void add_instance(struct pass *pass, size_t at)
{
    const struct instance *instance = cfg_instance_at(pass->cfg, at);
    size_t index;

    if (position(pass->nodes, instance->primary_node, &index)) {
        pairs_add(&pass->node_primaries, index, instance);
    }
    for (size_t i = 0; i < instance->disks.n; i++) {
        if (position(pass->disks, instance->disks.v[i], &index)) {
            pairs_add(&pass->instance_disks, at, cfg_disk_at(pass->cfg, index));
            pass->disk_instance[index] = instance;
            add_secondary(pass, at, instance, cfg_disk_at(pass->cfg, index));
        }
    }
    for (size_t i = 0; i < instance->nics.n; i++) {
        if (position(pass->networks, instance->nics.v[i].network, &index) &&
            !earlier_nic(instance, i)) {
            pairs_add(&pass->network_instances, index, instance);
        }
    }
}

static struct cfg_links *make_links(const struct cfg *cfg)
{
    struct cfg_links *links = g_new0(struct cfg_links, 1);
    struct pass pass = {
        .cfg = cfg,
        .nodes = positions(cfg->tables[CFG_KIND_node]),
        .groups = positions(cfg->tables[CFG_KIND_group]),
        .disks = positions(cfg->tables[CFG_KIND_disk]),
        .networks = positions(cfg->tables[CFG_KIND_network]),
        .group_nodes = pairs_new(cfg_group_count(cfg)),
        .node_primaries = pairs_new(cfg_node_count(cfg)),
        .node_secondaries = pairs_new(cfg_node_count(cfg)),
        .instance_disks = pairs_new(cfg_instance_count(cfg)),
        .instance_secondaries = pairs_new(cfg_instance_count(cfg)),
        .network_instances = pairs_new(cfg_network_count(cfg)),
        .disk_instance = g_new0(const struct instance *, cfg_disk_count(cfg)),
    };

    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        size_t group;

        if (position(pass.groups, cfg_node_at(cfg, i)->group, &group)) {
            pairs_add(&pass.group_nodes, group, cfg_node_at(cfg, i));
        }
    }
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        add_instance(&pass, i);
    }
    links->group_nodes = pairs_finish(&pass.group_nodes);
    links->node_primaries = pairs_finish(&pass.node_primaries);
    links->node_secondaries = pairs_finish(&pass.node_secondaries);
    links->instance_disks = pairs_finish(&pass.instance_disks);
    links->instance_secondaries = pairs_finish(&pass.instance_secondaries);
    links->network_instances = pairs_finish(&pass.network_instances);
    links->disk_instance = pass.disk_instance;
    g_hash_table_unref(pass.nodes);
    g_hash_table_unref(pass.groups);
    g_hash_table_unref(pass.disks);
    g_hash_table_unref(pass.networks);
    return links;
}

const struct cfg_links *cfg_links(const struct cfg *cfg)
{
    if (cfg->links == NULL) {
        ((struct cfg *)cfg)->links = make_links(cfg);
    }
    return cfg->links;
}

void cfg_links_free(struct cfg_links *links)
{
    if (links == NULL) {
        return;
    }
    relation_free(&links->group_nodes);
    relation_free(&links->node_primaries);
    relation_free(&links->node_secondaries);
    relation_free(&links->instance_disks);
    relation_free(&links->instance_secondaries);
    relation_free(&links->network_instances);
    g_free(links->disk_instance);
    g_free(links->minor_start);
    g_free(links->minors);
    g_free(links);
}

/* ---- asking ---- */

struct slice {
    const void *const *v;
    size_t n;
};

static struct slice related(const struct relation *relation, const struct cfg *cfg,
                            enum cfg_kind kind, const char *uuid)
{
    const struct cfg_table *table = cfg->tables[kind];
    size_t at = cfg_table_place(table, uuid);

    if (at == table->n) {
        return (struct slice){NULL, 0};
    }
    return (struct slice){&relation->v[relation->start[at]],
                          relation->start[at + 1] - relation->start[at]};
}

/* The array of pointers to const void is read as one to const T: same representation. */
#define RELATED(result, member, kind, object)                                                      \
    do {                                                                                           \
        struct slice slice =                                                                       \
            related(&cfg_links(cfg)->member, cfg, CFG_KIND_##kind, (object)->uuid);                \
                                                                                                   \
        return (struct result){(void *)slice.v, slice.n};                                          \
    } while (0)

struct cfg_nodes cfg_group_nodes(const struct cfg *cfg, const struct node_group *group)
{
    RELATED(cfg_nodes, group_nodes, group, group);
}

struct cfg_instances cfg_node_primaries(const struct cfg *cfg, const struct node *node)
{
    RELATED(cfg_instances, node_primaries, node, node);
}

struct cfg_instances cfg_node_secondaries(const struct cfg *cfg, const struct node *node)
{
    RELATED(cfg_instances, node_secondaries, node, node);
}

struct cfg_disks cfg_instance_disks(const struct cfg *cfg, const struct instance *instance)
{
    RELATED(cfg_disks, instance_disks, instance, instance);
}

struct cfg_nodes cfg_instance_secondaries(const struct cfg *cfg, const struct instance *instance)
{
    RELATED(cfg_nodes, instance_secondaries, instance, instance);
}

struct cfg_instances cfg_network_instances(const struct cfg *cfg, const struct network *network)
{
    RELATED(cfg_instances, network_instances, network, network);
}

const struct instance *cfg_disk_instance(const struct cfg *cfg, const struct disk *disk)
{
    const struct cfg_table *table = cfg->tables[CFG_KIND_disk];
    size_t at = cfg_table_place(table, disk->uuid);

    return at == table->n ? NULL : cfg_links(cfg)->disk_instance[at];
}

const struct node_group *cfg_node_group(const struct cfg *cfg, const struct node *node)
{
    return cfg_group_get(cfg, node->group);
}

const struct node *cfg_instance_primary(const struct cfg *cfg, const struct instance *instance)
{
    return cfg_node_get(cfg, instance->primary_node);
}

enum disk_template cfg_instance_disk_template(const struct cfg *cfg,
                                              const struct instance *instance, bool *ret_mixed)
{
    struct cfg_disks disks = cfg_instance_disks(cfg, instance);
    bool mixed = false;

    for (size_t i = 1; i < disks.n; i++) {
        mixed = mixed || disks.v[i]->dev_type != disks.v[0]->dev_type;
    }
    if (ret_mixed != NULL) {
        *ret_mixed = mixed;
    }
    return disks.n == 0 ? DISK_TEMPLATE_DISKLESS : disks.v[0]->dev_type;
}

const struct node *cfg_master(const struct cfg *cfg)
{
    return cfg_node_get(cfg, cfg_cluster(cfg)->master_node);
}

bool cfg_node_is_master(const struct cfg *cfg, const struct node *node)
{
    return strcmp(node->uuid, cfg_cluster(cfg)->master_node) == 0;
}

enum cfg_node_role cfg_node_role(const struct cfg *cfg, const struct node *node)
{
    if (cfg_node_is_master(cfg, node)) {
        return CFG_NODE_MASTER;
    }
    if (node->master_candidate) {
        return CFG_NODE_CANDIDATE;
    }
    if (node->drained) {
        return CFG_NODE_DRAINED;
    }
    return node->offline ? CFG_NODE_OFFLINE : CFG_NODE_REGULAR;
}

/* ---- DRBD minors ---- */

struct minor_pass {
    const struct cfg *cfg;
    GHashTable *nodes;
    GArray *found; /* struct node_minor */
    const struct instance *instance;
    size_t disk_index;
};

struct node_minor {
    size_t node;
    struct cfg_minor minor;
};

static void add_minor(struct minor_pass *pass, const struct disk *disk, const char *node,
                      const char *peer, int64_t minor)
{
    struct node_minor entry = {
        .minor = {.minor = minor,
                  .disk = disk,
                  .instance = pass->instance,
                  .disk_index = pass->disk_index,
                  .primary = pass->instance != NULL &&
                             g_strcmp0(pass->instance->primary_node, node) == 0}};
    size_t index;

    if (!position(pass->nodes, node, &entry.node)) {
        return;
    }
    entry.minor.peer = position(pass->nodes, peer, &index) ? cfg_node_at(pass->cfg, index) : NULL;
    g_array_append_val(pass->found, entry);
}

static void visit_disk(const struct disk *disk, void *data)
{
    struct minor_pass *pass = data;
    struct cfg_drbd drbd;

    if (cfg_disk_drbd(disk, &drbd)) {
        add_minor(pass, disk, drbd.node_a, drbd.node_b, drbd.minor_a);
        add_minor(pass, disk, drbd.node_b, drbd.node_a, drbd.minor_b);
    }
}

static void make_minors(const struct cfg *cfg, struct cfg_links *links)
{
    size_t n = cfg_node_count(cfg);
    struct minor_pass pass = {.cfg = cfg,
                              .nodes = positions(cfg->tables[CFG_KIND_node]),
                              .found = g_array_new(FALSE, FALSE, sizeof(struct node_minor))};
    g_autofree size_t *next = g_new(size_t, n + 1);
    const struct node_minor *found;

    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        struct cfg_disks disks = cfg_instance_disks(cfg, cfg_instance_at(cfg, i));

        pass.instance = cfg_instance_at(cfg, i);
        for (pass.disk_index = 0; pass.disk_index < disks.n; pass.disk_index++) {
            cfg_disk_walk(disks.v[pass.disk_index], visit_disk, &pass);
        }
    }
    pass.instance = NULL;
    pass.disk_index = 0;
    for (size_t i = 0; i < cfg_disk_count(cfg); i++) {
        if (links->disk_instance[i] == NULL) {
            cfg_disk_walk(cfg_disk_at(cfg, i), visit_disk, &pass);
        }
    }
    links->minor_start = g_new0(size_t, n + 1);
    links->minors = g_new(struct cfg_minor, pass.found->len + 1);
    found = (const struct node_minor *)(void *)pass.found->data;
    for (guint i = 0; i < pass.found->len; i++) {
        links->minor_start[found[i].node + 1]++;
    }
    for (size_t i = 0; i < n; i++) {
        links->minor_start[i + 1] += links->minor_start[i];
    }
    memcpy(next, links->minor_start, (n + 1) * sizeof(*next));
    for (guint i = 0; i < pass.found->len; i++) {
        links->minors[next[found[i].node]++] = found[i].minor;
    }
    g_array_free(pass.found, TRUE);
    g_hash_table_unref(pass.nodes);
}

struct cfg_minors cfg_node_minors(const struct cfg *cfg, const struct node *node)
{
    struct cfg_links *links = (struct cfg_links *)cfg_links(cfg);
    size_t at = cfg_table_place(cfg->tables[CFG_KIND_node], node->uuid);

    if (links->minor_start == NULL) {
        make_minors(cfg, links);
    }
    if (at == cfg_node_count(cfg)) {
        return (struct cfg_minors){NULL, 0};
    }
    return (struct cfg_minors){&links->minors[links->minor_start[at]],
                               links->minor_start[at + 1] - links->minor_start[at]};
}
