#include "config.h"

#include "htools/backends/simulation/simulation.h"

#include "htools/core/read.h"

G_DEFINE_QUARK(gantry_htools_simulation, simulation_error)

enum { MIN_FIELDS = 5, MAX_FIELDS = 7 };

struct group_spec {
    enum ht_alloc_policy policy;
    int64_t n_nodes, disk, memory, cpus, spindles;
    bool excl_storage;
};

static bool fail(GError **errp, const char *format, const char *text)
{
    g_autofree char *message = g_strdup_printf("%s '%s'", format, text);

    g_set_error_literal(errp, SIMULATION_ERROR, SIMULATION_ERROR_SPEC, message);
    return false;
}

/* Also the short forms (apolAbbrev in Backend/Simu.hs). */
static bool parse_policy(const char *text, enum ht_alloc_policy *ret, GError **errp)
{
    static const struct {
        const char *letter;
        enum ht_alloc_policy policy;
    } letters[] = {
        {"p", HT_ALLOC_PREFERRED}, {"a", HT_ALLOC_LAST_RESORT}, {"u", HT_ALLOC_UNALLOCABLE}};

    for (size_t i = 0; i < G_N_ELEMENTS(letters); i++) {
        if (strcmp(text, letters[i].letter) == 0) {
            *ret = letters[i].policy;
            return true;
        }
    }
    return ht_alloc_policy_parse(text, ret) || fail(errp, "unknown allocation policy", text);
}

static bool parse_flag(const char *text, bool *ret, GError **errp)
{
    g_autofree char *word = g_strstrip(g_strdup(text));

    *ret = strcmp(word, "True") == 0;
    return *ret || strcmp(word, "False") == 0 ||
           fail(errp, "exclusive storage is neither True nor False:", text);
}

static bool parse_spec(const char *text, struct group_spec *ret, GError **errp)
{
    g_auto(GStrv) fields = g_strsplit(text, ",", -1);
    guint n = g_strv_length(fields);

    *ret = (struct group_spec){.spindles = 1};
    if (n < MIN_FIELDS || n > MAX_FIELDS) {
        return fail(errp,
                    "not policy,nodes,disk,memory,cpus[,spindles[,exclusive storage]]:", text);
    }
    if (!parse_policy(fields[0], &ret->policy, errp) ||
        !read_int("node count", fields[1], &ret->n_nodes, errp) ||
        !read_unit("disk size", fields[2], &ret->disk, errp) ||
        !read_unit("memory size", fields[3], &ret->memory, errp) ||
        !read_int("cpu count", fields[4], &ret->cpus, errp) ||
        (n > 5 && !read_int("spindles", fields[5], &ret->spindles, errp)) ||
        (n > 6 && !parse_flag(fields[6], &ret->excl_storage, errp))) {
        return false;
    }
    return ret->n_nodes <= SIMULATION_MAX_NODES || fail(errp, "too many nodes in", text);
}

static void add_group(struct ht_cluster *cluster, const struct group_spec *spec)
{
    int number = (int)cluster->n_groups + 1;
    g_autofree char *name = g_strdup_printf("group-%02d", number);
    g_autofree char *uuid = g_strdup_printf("fake-uuid-%02d", number);
    struct ht_group *group = ht_cluster_add_group(cluster, name, uuid);

    group->alloc_policy = spec->policy;
    group->ipolicy = *ht_ipolicy_default();
    for (int64_t i = 1; i <= spec->n_nodes; i++) {
        g_autofree char *node_name = g_strdup_printf("node-%02d-%03d", number, (int)i);
        struct ht_node_spec node = {
            .name = node_name,
            .t_mem = (double)spec->memory,
            .f_mem = spec->memory,
            .t_dsk = (double)spec->disk,
            .f_dsk = spec->disk,
            .t_cpu = (double)spec->cpus,
            .n_cpu = 1,
            .t_spindles = spec->spindles,
            .group = number - 1,
            .excl_storage = spec->excl_storage,
        };

        ht_cluster_add_node(cluster, &node)->is_master = number == 1 && i == 1;
    }
}

struct ht_cluster *simulation_load(const char *const *specs, GError **errp)
{
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = ht_cluster_new();

    cluster->ipolicy = *ht_ipolicy_default();
    for (size_t i = 0; specs[i] != NULL; i++) {
        struct group_spec spec;

        if (!parse_spec(specs[i], &spec, errp)) {
            return NULL;
        }
        add_group(cluster, &spec);
    }
    return g_steal_pointer(&cluster);
}
