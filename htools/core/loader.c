#include "htools/core/loader.h"

#include <inttypes.h>

#include "htools/core/moves.h"
#include "htools/core/print.h"

G_DEFINE_QUARK(ht_load_error, ht_load_error)

/* What follows the prefix, or NULL. chomp: the prefix without its last colon also counts, with
 * nothing behind it (Utils.hs, chompPrefix). */
static const char *after_prefix(const char *tag, enum ht_tag_prefix which, bool chomp)
{
    const char *prefix = ht_tag_prefixes[which];
    size_t len = strlen(prefix);

    if (strncmp(tag, prefix, len) == 0) {
        return tag + len;
    }
    if (chomp && strlen(tag) == len - 1 && strncmp(tag, prefix, len - 1) == 0) {
        return tag + len - 1;
    }
    return NULL;
}

static bool starts_with_any(const char *text, const GPtrArray *prefixes)
{
    for (unsigned i = 0; i < prefixes->len; i++) {
        if (g_str_has_prefix(text, g_ptr_array_index(prefixes, i))) {
            return true;
        }
    }
    return false;
}

/* The ends of all cluster tags with this prefix; suffix is put behind each. */
static GPtrArray *cluster_tag_ends(const struct ht_cluster *cluster, enum ht_tag_prefix which,
                                   bool chomp, const char *suffix)
{
    GPtrArray *ends = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; i < cluster->n_tags; i++) {
        const char *end = after_prefix(cluster->tags[i], which, chomp);

        if (end != NULL && !(chomp && *end == '\0')) {
            g_ptr_array_add(ends, g_strconcat(end, suffix, NULL));
        }
    }
    return ends;
}

/* Symbols of the tags that start with one of the prefixes, in order. */
static GArray *matching_symbols(struct ht_cluster *cluster, const char *const *tags,
                                unsigned n_tags, const GPtrArray *prefixes)
{
    GArray *symbols = g_array_new(FALSE, FALSE, sizeof(int));

    for (unsigned i = 0; prefixes->len > 0 && i < n_tags; i++) {
        if (starts_with_any(tags[i], prefixes)) {
            int symbol = ht_cluster_symbol(cluster, tags[i]);

            g_array_append_val(symbols, symbol);
        }
    }
    return symbols;
}

static struct ht_set matching_set(struct ht_cluster *cluster, const char *const *tags,
                                  unsigned n_tags, const GPtrArray *prefixes)
{
    g_autoptr(GArray) symbols = matching_symbols(cluster, tags, n_tags, prefixes);

    return ht_cluster_set(cluster, (const int *)symbols->data, symbols->len);
}

/* Matches Tags.hs, getRecvMigRestrictions: what the node's own restrictions let in, by the cluster
 * tags "allowmigration:from::to". */
static struct ht_set received_migrations(struct ht_cluster *cluster, const struct ht_set *own)
{
    g_autoptr(GArray) symbols = g_array_new(FALSE, FALSE, sizeof(int));

    for (unsigned i = 0; i < own->n; i++) {
        const char *to = ht_cluster_symbol_text(cluster, own->v[i]);

        g_array_append_val(symbols, own->v[i]);
        for (unsigned j = 0; j < cluster->n_tags; j++) {
            const char *rest = after_prefix(cluster->tags[j], HT_TAG_ALLOW_MIGRATION, false);
            const char *colons = rest == NULL ? NULL : strstr(rest, "::");

            if (colons != NULL && strstr(colons + 2, "::") == NULL && strcmp(colons + 2, to) == 0) {
                g_autofree char *from = g_strndup(rest, (size_t)(colons - rest));
                int symbol = ht_cluster_symbol(cluster, from);

                g_array_append_val(symbols, symbol);
            }
        }
    }
    return ht_cluster_set(cluster, (const int *)symbols->data, symbols->len);
}

static void merge_node_tags(struct ht_cluster *cluster)
{
    g_autoptr(GPtrArray) locations = cluster_tag_ends(cluster, HT_TAG_LOCATION, false, ":");
    g_autoptr(GPtrArray) migrations = cluster_tag_ends(cluster, HT_TAG_MIGRATION, false, ":");

    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        struct ht_node *node = &cluster->nodes[i];

        node->location_tags = matching_set(cluster, node->tags, node->n_tags, locations);
        node->migration_tags = matching_set(cluster, node->tags, node->n_tags, migrations);
        node->recv_migration_tags = received_migrations(cluster, &node->migration_tags);
    }
}

static void set_instance_tags(struct ht_cluster *cluster, struct ht_instance *inst,
                              const GPtrArray *exclusions, const GPtrArray *desired)
{
    g_autoptr(GArray) symbols = NULL;

    if (inst->n_tags == 0 || exclusions->len + desired->len == 0) {
        return;
    }
    symbols = matching_symbols(cluster, inst->tags, inst->n_tags, exclusions);
    inst->n_excl_tags = symbols->len;
    if (symbols->len > 0) {
        size_t size = symbols->len * sizeof(int);

        inst->excl_tags = memcpy(ht_cluster_alloc(cluster, size), symbols->data, size);
    }
    inst->desired_locations = matching_set(cluster, inst->tags, inst->n_tags, desired);
}

static void merge_instance_tags(struct ht_cluster *cluster, const char *const *excl_tags)
{
    g_autoptr(GPtrArray) exclusions = cluster_tag_ends(cluster, HT_TAG_EXCLUSION, true, "");
    g_autoptr(GPtrArray) desired = cluster_tag_ends(cluster, HT_TAG_DESIRED_LOCATION, true, "");

    for (unsigned i = 0; excl_tags != NULL && excl_tags[i] != NULL; i++) {
        g_ptr_array_add(exclusions, g_strdup(excl_tags[i]));
    }
    for (unsigned i = 0; i < cluster->n_instances; i++) {
        set_instance_tags(cluster, &cluster->instances[i], exclusions, desired);
    }
}

void ht_cluster_tag_instance(struct ht_cluster *cluster, struct ht_instance *inst)
{
    g_autoptr(GPtrArray) exclusions = cluster_tag_ends(cluster, HT_TAG_EXCLUSION, true, "");
    g_autoptr(GPtrArray) desired = cluster_tag_ends(cluster, HT_TAG_DESIRED_LOCATION, true, "");

    set_instance_tags(cluster, inst, exclusions, desired);
}

/* Matches Loader.hs, getArPolicy. False: the tags do not say anything. */
static bool repair_policy(const char *const *tags, unsigned n_tags, int64_t now,
                          struct ht_repair_policy *ret)
{
    struct ht_repair_policy policy = {.state = HT_REPAIR_NOT_ENABLED};

    for (unsigned i = 0; i < n_tags; i++) {
        const char *type_word = after_prefix(tags[i], HT_TAG_AUTOREPAIR, true);
        const char *time_word = after_prefix(tags[i], HT_TAG_AR_SUSPENDED, true);
        enum ht_repair_type type;

        if (time_word != NULL) {
            char *end = NULL;
            int64_t until = g_ascii_strtoll(time_word, &end, 10);
            bool for_ever = *time_word == '\0';

            if (!for_ever && (end == time_word || *end != '\0' || until <= now)) {
                continue;
            }
            if (policy.state != HT_REPAIR_SUSPENDED) {
                policy = (struct ht_repair_policy){.state = HT_REPAIR_SUSPENDED, .until = until};
            } else if (policy.until != 0) {
                policy.until = MAX(policy.until, until);
            }
            policy.until = for_ever ? 0 : policy.until;
        } else if (type_word != NULL && policy.state != HT_REPAIR_SUSPENDED &&
                   ht_repair_type_parse(type_word, &type)) {
            if (policy.state != HT_REPAIR_ENABLED || type < policy.type) {
                policy.type = type;
            }
            policy.state = HT_REPAIR_ENABLED;
        }
    }
    *ret = policy;
    return policy.state != HT_REPAIR_NOT_ENABLED;
}

static void merge_repair_policies(struct ht_cluster *cluster, int64_t now)
{
    struct ht_repair_policy whole;
    g_autofree struct ht_repair_policy *groups =
        g_new0(struct ht_repair_policy, cluster->n_groups + 1);

    repair_policy(cluster->tags, cluster->n_tags, now, &whole);
    for (unsigned i = 0; i < cluster->n_groups; i++) {
        const struct ht_group *group = &cluster->groups[i];

        if (!repair_policy(group->tags, group->n_tags, now, &groups[i])) {
            groups[i] = whole;
        }
    }
    for (unsigned i = 0; i < cluster->n_instances; i++) {
        struct ht_instance *inst = &cluster->instances[i];

        if (!repair_policy(inst->tags, inst->n_tags, now, &inst->repair)) {
            inst->repair = groups[cluster->nodes[inst->pnode].group];
        }
    }
}

static void merge_utils(struct ht_cluster *cluster, const struct ht_merge_options *options)
{
    g_autoptr(GHashTable) by_name = NULL;

    if (options->clear_utils) {
        for (unsigned i = 0; i < cluster->n_instances; i++) {
            cluster->instances[i].util = (struct ht_util){{0}};
        }
        return;
    }
    if (options->n_utils == 0) {
        return;
    }
    /* Names that occur twice are nobody's (Container.hs, findByName). */
    by_name = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; i < cluster->n_instances; i++) {
        struct ht_instance *inst = &cluster->instances[i];
        bool twice = g_hash_table_contains(by_name, inst->name);

        g_hash_table_insert(by_name, (char *)inst->name, twice ? NULL : inst);
    }
    for (unsigned i = 0; i < options->n_utils; i++) {
        struct ht_instance *inst = g_hash_table_lookup(by_name, options->utils[i].name);

        if (inst != NULL) {
            inst->util = options->utils[i].util;
        }
    }
}

const char *ht_lookup_name(const char *const *names, const char *text)
{
    size_t len = strlen(text);
    const char *partial = NULL;
    bool ambiguous = false;

    for (unsigned i = 0; names[i] != NULL; i++) {
        if (strncmp(names[i], text, len) != 0) {
            continue;
        }
        if (names[i][len] == '\0') {
            return names[i];
        }
        if (names[i][len] == '.') {
            ambiguous = partial != NULL;
            partial = partial == NULL ? names[i] : partial;
            if (ambiguous) {
                break;
            }
        }
    }
    if (!ambiguous) {
        return partial;
    }
    for (unsigned i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], text) == 0) {
            return names[i];
        }
    }
    return NULL;
}

/* Looks up each name; the entries found go to found, the others to unknown. */
static void lookup_all(const char *const *names, const char *const *wanted, GHashTable *found,
                       GPtrArray *unknown)
{
    for (unsigned i = 0; wanted != NULL && wanted[i] != NULL; i++) {
        const char *name = ht_lookup_name(names, wanted[i]);

        if (name != NULL) {
            g_hash_table_add(found, (char *)name);
        } else {
            g_ptr_array_add(unknown, (char *)wanted[i]);
        }
    }
}

static bool merge_selection(struct ht_cluster *cluster, const struct ht_merge_options *options,
                            GError **errp)
{
    g_autofree const char **names = g_new0(const char *, cluster->n_instances + 1);
    g_autoptr(GHashTable) selected = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) excluded = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) unknown = g_ptr_array_new();
    bool select = options->selected != NULL && options->selected[0] != NULL;

    if (!select && (options->excluded == NULL || options->excluded[0] == NULL)) {
        return true;
    }
    for (unsigned i = 0; i < cluster->n_instances; i++) {
        names[i] = cluster->instances[i].name;
    }
    lookup_all(names, options->selected, selected, unknown);
    lookup_all(names, options->excluded, excluded, unknown);
    if (unknown->len > 0) {
        g_autoptr(GString) list = g_string_new("[");

        for (unsigned i = 0; i < unknown->len; i++) {
            g_string_append(list, i == 0 ? "" : ",");
            ht_append_show_string(list, g_ptr_array_index(unknown, i));
        }
        g_set_error(errp, HT_LOAD_ERROR, 0, "Unknown instance(s): %s]", list->str);
        return false;
    }
    for (unsigned i = 0; i < cluster->n_instances; i++) {
        struct ht_instance *inst = &cluster->instances[i];

        if (g_hash_table_contains(excluded, inst->name) ||
            (select && !g_hash_table_contains(selected, inst->name))) {
            inst->movable = false;
        }
    }
    return true;
}

static const char *alias_of(struct ht_cluster *cluster, const char *name, size_t suffix)
{
    g_autofree char *alias = suffix == 0 ? NULL : g_strndup(name, strlen(name) - suffix);

    return alias == NULL ? name : ht_cluster_strdup(cluster, alias);
}

static void merge_aliases(struct ht_cluster *cluster)
{
    g_autofree char *suffix = ht_cluster_common_suffix(cluster);
    size_t len = strlen(suffix);

    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        cluster->nodes[i].alias = alias_of(cluster, cluster->nodes[i].name, len);
    }
    for (unsigned i = 0; i < cluster->n_instances; i++) {
        cluster->instances[i].alias = alias_of(cluster, cluster->instances[i].name, len);
    }
}

static void merge_placements(struct ht_cluster *cluster)
{
    for (unsigned i = 0; i < cluster->n_instances; i++) {
        struct ht_instance *inst = &cluster->instances[i];
        struct ht_node *pnode = &cluster->nodes[inst->pnode];
        struct ht_node *snode = inst->snode == HT_NONE ? NULL : &cluster->nodes[inst->snode];

        inst->location_score = ht_location_score(pnode, snode);
        ht_node_place_primary(cluster, pnode, inst);
        if (snode != NULL) {
            ht_node_place_secondary(snode, inst);
        }
        if (ht_cluster_instance_group(cluster, inst) == HT_NONE ||
            (snode == NULL && ht_instance_has_secondary(inst))) {
            inst->movable = false;
        }
    }
}

/* Matches Node.hs, buildPeers. */
static void build_peers(const struct ht_cluster *cluster, struct ht_node *node)
{
    for (unsigned i = 0; i < node->sec.n; i++) {
        const struct ht_instance *inst = &cluster->instances[node->sec.v[i]];
        int64_t mem = ht_instance_uses_secondary_memory(inst) ? inst->mem : 0;

        ht_counts_set_sorted(&node->peers, inst->pnode,
                             ht_counts_get(&node->peers, inst->pnode) + mem);
    }
    node->load.r_mem = node->peers.n == 0 ? 0 : node->peers.v[0].value;
    if (cluster->level_30) {
        node->load.fail_n1 = node->f_mem < node->load.r_mem;
    }
}

bool ht_cluster_merge(struct ht_cluster *cluster, const struct ht_merge_options *options,
                      GError **errp)
{
    cluster->level_30 = options->level_30;
    merge_repair_policies(cluster, options->now);
    merge_utils(cluster, options);
    merge_instance_tags(cluster, options->excl_tags);
    if (!merge_selection(cluster, options, errp)) {
        return false;
    }
    merge_node_tags(cluster);
    merge_placements(cluster);
    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        struct ht_node *node = &cluster->nodes[i];

        build_peers(cluster, node);
        ht_node_set_policy(node, &cluster->groups[node->group].ipolicy);
    }
    merge_aliases(cluster);
    return true;
}

/* Disk of all instances on the node, whatever their template. */
static int64_t instance_disk(const struct ht_cluster *cluster, const struct ht_node *node)
{
    int64_t sum = 0;

    for (unsigned i = 0; i < node->pri.n; i++) {
        sum += cluster->instances[node->pri.v[i]].dsk;
    }
    for (unsigned i = 0; i < node->sec.n; i++) {
        sum += cluster->instances[node->sec.v[i]].dsk;
    }
    return sum;
}

static int64_t instance_memory(const struct ht_cluster *cluster, const struct ht_node *node)
{
    int64_t sum = 0;

    for (unsigned i = 0; i < node->pri.n; i++) {
        const struct ht_instance *inst = &cluster->instances[node->pri.v[i]];

        sum += ht_instance_uses_memory(inst) ? inst->mem : 0;
    }
    return sum;
}

GPtrArray *ht_cluster_update_memory(struct ht_cluster *cluster, int64_t static_kvm_node_mem)
{
    GPtrArray *warnings = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        struct ht_node *node = &cluster->nodes[i];
        int64_t missing_disk;

        if (static_kvm_node_mem > 0 && node->is_kvm) {
            node->n_mem = static_kvm_node_mem;
        }
        node->load.i_mem = instance_memory(cluster, node);
        node->x_mem = ht_node_recorded_free_mem(node) - node->f_mem;
        if (!cluster->level_30) {
            node->load.fail_n1 = ht_node_unallocated_mem(node) <= node->load.r_mem;
        }
        missing_disk = (int64_t)node->t_dsk - node->load.f_dsk - instance_disk(cluster, node);
        if (node->x_mem > 512 || missing_disk > 1024) {
            g_ptr_array_insert(warnings, 0,
                               g_strdup_printf("node %s is missing %" PRId64 " MB ram and %" PRId64
                                               " GB disk",
                                               node->name, node->x_mem, missing_disk >> 10));
        }
    }
    return warnings;
}

bool ht_cluster_set_offline(struct ht_cluster *cluster, const char *const *names, GError **errp)
{
    g_autofree const char **known = g_new0(const char *, cluster->n_nodes + 1);
    g_autoptr(GHashTable) found = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) unknown = g_ptr_array_new();

    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        known[i] = cluster->nodes[i].name;
    }
    lookup_all(known, names, found, unknown);
    if (unknown->len > 0) {
        g_autofree char *list = NULL;

        g_ptr_array_add(unknown, NULL);
        list = g_strjoinv(", ", (char **)unknown->pdata);
        g_set_error(errp, HT_LOAD_ERROR, 0, "wrong node name(s) set as offline: %s", list);
        return false;
    }
    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        if (g_hash_table_contains(found, cluster->nodes[i].name)) {
            cluster->nodes[i].offline = true;
        }
    }
    return true;
}
