/* hspace: how many more instances a cluster could take. */
#include "config.h"

#include <inttypes.h>

#include "htools/core/capacity.h"
#include "htools/core/loader.h"
#include "htools/core/metrics.h"
#include "htools/core/print.h"
#include "htools/core/redundancy.h"
#include "htools/programs/cli.h"
#include "htools/programs/load.h"
#include "htools/programs/program.h"

static const char PREFIX[] = "HTS";

struct space {
    const struct htools_options *options;
    struct ht_cluster *cluster;
    struct ht_view view;
    struct ht_totals before;
    unsigned n_before; /* instances */
    enum ht_disk_template template;
    int64_t spindle_use;
    struct ht_algorithm algorithm;
    bool *ignore_groups;
    struct ht_alloc_nodes targets;
    bool stopped; /* nothing is allocated: the cluster is not N+1 happy as it is */
};

static char *show_int(int64_t value)
{
    return g_strdup_printf("%" PRId64, value);
}

static char *show_fixed(int decimals, double value)
{
    GString *out = g_string_new(NULL);

    ht_append_fixed(out, decimals, value);
    return g_string_free(out, FALSE);
}

static char *show_double(double value)
{
    GString *out = g_string_new(NULL);

    ht_append_show_double(out, value);
    return g_string_free(out, FALSE);
}

/* Prints "HTS_<kind>_<key>=value"; takes value. */
static void print_key(const char *kind, const char *key, char *value)
{
    g_autofree char *full = g_strdup_printf("%s_%s", kind, key);

    htools_print_key(PREFIX, full, value);
    g_free(value);
}

static double mem_efficiency(const struct ht_totals *t)
{
    return (double)t->i_mem / t->t_mem;
}

static double disk_efficiency(const struct ht_totals *t)
{
    return (double)t->i_dsk / t->t_dsk;
}

static double cpu_efficiency(const struct ht_totals *t)
{
    return (double)t->i_cpu / (double)t->v_cpu;
}

static double spindle_efficiency(const struct ht_totals *t)
{
    return (double)t->i_spindles / t->t_spindles;
}

/* The statistics of a phase (INI, TRL, FIN). */
static void print_phase(const char *kind, const struct ht_totals *t)
{
    print_key(kind, "SCORE", show_fixed(8, t->score));
    print_key(kind, "INST_CNT", show_int(t->n_instances));
    print_key(kind, "MEM_FREE", show_int(t->f_mem));
    print_key(kind, "MEM_AVAIL", show_int(t->a_mem));
    print_key(kind, "MEM_RESVD", show_int(t->f_mem - t->a_mem));
    print_key(kind, "MEM_INST", show_int(t->i_mem));
    print_key(kind, "MEM_OVERHEAD", show_int(t->x_mem + t->n_mem));
    print_key(kind, "MEM_EFF", show_fixed(8, mem_efficiency(t)));
    print_key(kind, "DSK_FREE", show_int(t->f_dsk));
    print_key(kind, "DSK_AVAIL", show_int(t->a_dsk));
    print_key(kind, "DSK_RESVD", show_int(t->f_dsk - t->a_dsk));
    print_key(kind, "DSK_INST", show_int(t->i_dsk));
    print_key(kind, "DSK_EFF", show_fixed(8, disk_efficiency(t)));
    print_key(kind, "SPN_FREE", show_int(t->f_spindles));
    print_key(kind, "SPN_INST", show_int(t->i_spindles));
    print_key(kind, "SPN_EFF", show_fixed(8, spindle_efficiency(t)));
    print_key(kind, "CPU_INST", show_int(t->i_cpu));
    print_key(kind, "CPU_EFF", show_fixed(8, cpu_efficiency(t)));
    print_key(kind, "MNODE_MEM_AVAIL", show_int(t->max_mem));
    print_key(kind, "MNODE_DSK_AVAIL", show_int(t->max_dsk));
}

static bool any_excl_storage(const struct ht_cluster *cluster)
{
    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        if (cluster->nodes[i].excl_storage) {
            return true;
        }
    }
    return false;
}

static void print_cluster(const struct space *space)
{
    const struct ht_totals *t = &space->before;
    g_autofree char *mem = show_fixed(0, t->t_mem), *dsk = show_fixed(0, t->t_dsk);
    g_autofree char *cpu = show_fixed(0, t->t_cpu), *spindles = show_fixed(0, t->t_spindles);

    if (space->options->machine_readable) {
        print_key("CLUSTER", "MEM", g_steal_pointer(&mem));
        print_key("CLUSTER", "DSK", g_steal_pointer(&dsk));
        print_key("CLUSTER", "CPU", g_steal_pointer(&cpu));
        print_key("CLUSTER", "VCPU", show_int(t->v_cpu));
        print_key("CLUSTER", "SPN", g_steal_pointer(&spindles));
        print_key("CLUSTER", "NODES", show_int(space->cluster->n_nodes));
        print_phase("INI", t);
        return;
    }
    printf("The cluster has %u nodes and the following resources:\n"
           "  MEM %s, DSK %s, CPU %s, VCPU %" PRId64,
           space->cluster->n_nodes, mem, dsk, cpu, t->v_cpu);
    if (any_excl_storage(space->cluster)) {
        printf(", SPN %s", spindles);
    }
    puts(".");
    if (t->n_instances > 0) {
        printf("There are %d initial instances on the cluster.\n", t->n_instances);
    } else {
        puts("There are no initial instances on the cluster.");
    }
}

static char *spec_words(const struct ht_rspec *spec, bool spindles)
{
    g_autofree char *more =
        spindles ? g_strdup_printf(", SPN %" PRId64, spec->spindles) : g_strdup("");

    return g_strdup_printf("MEM %" PRId64 ", DSK %" PRId64 ", CPU %" PRId64 "%s", spec->mem,
                           spec->dsk, spec->cpu, more);
}

static void print_spec(const struct space *space, const struct ht_cluster *cluster,
                       const struct ht_rspec *spec, const char *kind, const char *description)
{
    const char *template = ht_disk_template_name(space->template);

    if (space->options->machine_readable) {
        print_key(kind, "MEM", show_int(spec->mem));
        print_key(kind, "DSK", show_int(spec->dsk));
        print_key(kind, "CPU", show_int(spec->cpu));
        print_key(kind, "SPN", show_int(spec->spindles));
        print_key(kind, "RQN", show_int(ht_disk_template_nodes(space->template)));
        print_key(kind, "DISK_TEMPLATE", g_strdup(template));
    } else {
        g_autofree char *words = spec_words(spec, any_excl_storage(cluster));

        printf("%s instance spec is:\n  %s, using disk template '%s'.\n", description, words,
               template);
    }
}

/* -v -v: where every new instance went, on standard error. */
static void print_map(const struct space *space, const struct ht_cluster *cluster,
                      const struct ht_capacity *result, const char *description)
{
    static const bool numeric[] = {false, false, false, true, true, true, true};
    bool excl_storage = any_excl_storage(cluster);
    CLEANUP(ht_table_freep) struct ht_table *table = ht_table_new(G_N_ELEMENTS(numeric));
    g_autoptr(GString) out = g_string_new(NULL);

    if (space->options->verbose <= 1) {
        return;
    }
    for (unsigned i = 0; i < result->placed->len; i++) {
        const struct ht_instance *inst = &cluster->instances[g_array_index(result->placed, int, i)];
        int64_t spindles = ht_instance_spindles(inst);

        ht_table_cell(table, g_strdup(inst->name));
        ht_table_cell(table, g_strdup(cluster->nodes[inst->pnode].name));
        ht_table_cell(table,
                      g_strdup(inst->snode == HT_NONE ? "" : cluster->nodes[inst->snode].name));
        ht_table_cell(table, show_int(inst->mem));
        ht_table_cell(table, show_int(inst->dsk));
        ht_table_cell(table, show_int(inst->vcpus));
        ht_table_cell(table, !excl_storage                     ? g_strdup("")
                             : spindles == HT_SPINDLES_UNKNOWN ? g_strdup("?")
                                                               : show_int(spindles));
    }
    ht_table_print(table, numeric, "", out);
    fprintf(stderr, "%s map\n%s", description, out->str);
}

static bool same_spec(const struct ht_rspec *a, const struct ht_rspec *b)
{
    return a->cpu == b->cpu && a->mem == b->mem && a->dsk == b->dsk && a->spindles == b->spindles;
}

struct spec_count {
    struct ht_rspec spec;
    unsigned count;
};

/* Runs of equal sizes among the new instances. */
static GArray *count_specs(const struct ht_cluster *cluster, const struct ht_capacity *result)
{
    GArray *counts = g_array_new(FALSE, FALSE, sizeof(struct spec_count));

    for (unsigned i = 0; i < result->placed->len; i++) {
        struct spec_count one = {
            ht_instance_rspec(&cluster->instances[g_array_index(result->placed, int, i)]), 1};
        struct spec_count *last =
            counts->len == 0 ? NULL : &g_array_index(counts, struct spec_count, counts->len - 1);

        if (last != NULL && same_spec(&last->spec, &one.spec)) {
            last->count++;
        } else {
            g_array_append_val(counts, one);
        }
    }
    return counts;
}

static void print_scores(const struct space *space, const struct ht_totals *after,
                         bool excl_storage, const struct ht_capacity *result)
{
    struct {
        const char *name;
        double (*value)(const struct ht_totals *totals);
        bool shown;
    } efficiencies[] = {
        {"memory", mem_efficiency, true},
        {"disk", disk_efficiency, true},
        {"vcpu", cpu_efficiency, true},
        {"spindles", spindle_efficiency, excl_storage},
    };
    enum ht_fail reasons[HT_FAIL_COUNT];
    g_autofree char *first = show_fixed(8, space->before.score);
    g_autofree char *last = show_fixed(8, after->score);
    enum ht_fail most = HT_FAIL_MEM;

    ht_capacity_reasons(result, reasons);
    /* Of equally frequent reasons the first. */
    for (int fail = HT_OK + 1; fail < HT_FAIL_END; fail++) {
        if (result->failures[fail] > result->failures[most]) {
            most = (enum ht_fail)fail;
        }
    }
    printf("  - most likely failure reason: %s\n", ht_fail_name(most));
    printf("  - initial cluster score: %s\n  -   final cluster score: %s\n", first, last);
    for (unsigned i = 0; i < G_N_ELEMENTS(efficiencies); i++) {
        g_autoptr(GString) line = g_string_new("  - ");
        g_autofree char *value = NULL;

        if (!efficiencies[i].shown) {
            continue;
        }
        value = show_fixed(2, efficiencies[i].value(after) * 100);
        ht_append_padded(line, excl_storage ? 8 : 6, efficiencies[i].name);
        g_string_append(line, " usage efficiency: ");
        ht_append_padded(line, 5, value);
        printf("%s%%\n", line->str);
    }
}

/* USED, POOL, UNAV: what was used, what was added, what is left. */
static void print_resources(const char *kind, int64_t vcpus, double ncpus, int64_t mem,
                            int64_t disk, int64_t spindles)
{
    g_autofree char *full = g_strdup_printf("KM_%s", kind);

    print_key(full, "CPU", show_int(vcpus));
    print_key(full, "NPU", show_double(ncpus));
    print_key(full, "MEM", show_int(mem));
    print_key(full, "DSK", show_int(disk));
    print_key(full, "SPN", show_int(spindles));
}

static void print_usage(const struct ht_totals *a, const struct ht_totals *b)
{
    print_resources("USED", a->i_cpu, a->n_cpu, a->i_mem, a->i_dsk, a->i_spindles);
    print_resources("POOL", b->i_cpu - a->i_cpu, b->n_cpu - a->n_cpu, b->i_mem - a->i_mem,
                    b->i_dsk - a->i_dsk, b->i_spindles - a->i_spindles);
    print_resources("UNAV", b->v_cpu - b->i_cpu, b->t_cpu - b->n_cpu, (int64_t)b->t_mem - b->i_mem,
                    (int64_t)b->t_dsk - b->i_dsk, (int64_t)b->t_spindles - b->i_spindles);
}

static void print_tiered(const struct space *space, const struct ht_cluster *cluster,
                         const struct ht_capacity *result)
{
    struct ht_totals after = ht_totals_compute(cluster, &space->view);
    g_autoptr(GArray) counts = count_specs(cluster, result);
    g_autoptr(GString) list = g_string_new(NULL);
    bool excl_storage = any_excl_storage(cluster);

    if (space->options->machine_readable) {
        print_phase("TRL", &after);
        for (unsigned i = 0; i < counts->len; i++) {
            const struct spec_count *one = &g_array_index(counts, struct spec_count, i);

            g_string_append_printf(list, "%s%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 "=%u",
                                   i == 0 ? "" : " ", one->spec.mem, one->spec.dsk, one->spec.cpu,
                                   one->spec.spindles, one->count);
        }
        htools_print_key(PREFIX, "TSPEC", list->str);
        print_usage(&space->before, &after);
        return;
    }
    puts("Tiered allocation results:");
    if (counts->len == 0) {
        puts("  - no instances allocated");
    }
    for (unsigned i = 0; i < counts->len; i++) {
        const struct spec_count *one = &g_array_index(counts, struct spec_count, i);
        g_autofree char *words = spec_words(&one->spec, excl_storage);

        printf("  - %3u instances of spec %s\n", one->count, words);
    }
    print_scores(space, &after, excl_storage, result);
}

/* All reasons, the most frequent first, of equals in their own order. */
static void sorted_reasons(const struct ht_capacity *result, enum ht_fail ret[HT_FAIL_COUNT])
{
    for (int i = 0; i < HT_FAIL_COUNT; i++) {
        enum ht_fail fail = (enum ht_fail)(i + 1);
        int place = i;

        while (place > 0 && result->failures[ret[place - 1]] < result->failures[fail]) {
            ret[place] = ret[place - 1];
            place--;
        }
        ret[place] = fail;
    }
}

static bool print_standard(const struct space *space, const struct ht_cluster *cluster,
                           const struct ht_capacity *result, GError **errp)
{
    struct ht_totals after = ht_totals_compute(cluster, &space->view);
    unsigned allocated = result->placed->len, all = space->n_before + allocated;
    enum ht_fail reasons[HT_FAIL_COUNT];

    if (!space->options->machine_readable) {
        puts("Normal (fixed-size) allocation results:");
        printf("  - %3u instances allocated\n", allocated);
        print_scores(space, &after, any_excl_storage(cluster), result);
        return true;
    }
    if ((int)all != after.n_instances) {
        g_set_error(errp, HT_LOAD_ERROR, 0,
                    "internal inconsistency, allocated (%u) != counted (%d)", all,
                    after.n_instances);
        return false;
    }
    sorted_reasons(result, reasons);
    print_phase("FIN", &after);
    print_key("ALLOC", "USAGE", show_fixed(8, (double)space->n_before / (double)all));
    print_key("ALLOC", "INSTANCES", show_int(allocated));
    print_key("ALLOC", "FAIL_REASON", g_ascii_strup(ht_fail_name(reasons[0]), -1));
    for (int i = 0; i < HT_FAIL_COUNT; i++) {
        g_autofree char *key = g_strdup_printf("%s_CNT", ht_fail_name(reasons[i]));

        if (!space->stopped || reasons[i] == HT_FAIL_N1) {
            print_key("ALLOC", key, show_int(result->failures[reasons[i]]));
        }
    }
    return true;
}

/* A running instance of this size with one disk. */
static struct ht_instance instance_of(const struct space *space, struct ht_cluster *cluster,
                                      const struct ht_rspec *spec)
{
    struct ht_disk *disk = ht_cluster_alloc(cluster, sizeof(*disk));
    struct ht_instance inst;

    ht_instance_init(&inst, "new", space->template);
    *disk = (struct ht_disk){.size = spec->dsk, .spindles = spec->spindles};
    inst.disks = disk;
    inst.n_disks = 1;
    inst.mem = spec->mem;
    inst.dsk = spec->dsk;
    inst.vcpus = spec->cpu;
    inst.spindle_use = space->spindle_use;
    return inst;
}

static int64_t limit_of(const struct space *space)
{
    return space->options->max_length == -1 ? -1 : MAX(0, space->options->max_length);
}

/* The sizes in turn; the result of nothing is told apart by result->attempted. */
static bool allocate_tiered(const struct space *space, struct ht_cluster *cluster,
                            const struct ht_rspec *specs, unsigned n_specs,
                            struct ht_capacity *result, GError **errp)
{
    int64_t limit = limit_of(space);

    for (unsigned i = 0; i < n_specs; i++) {
        struct ht_instance inst = instance_of(space, cluster, &specs[i]);
        int64_t left = limit < 0 ? -1 : limit - result->placed->len;

        if (limit >= 0 && left <= 0) {
            break;
        }
        if (!ht_capacity_fill_tiered(cluster, &space->view, &space->algorithm, left, &inst,
                                     &space->targets, result, errp)) {
            return false;
        }
    }
    return true;
}

static struct ht_rspec from_ispec(const struct ht_ispec *spec)
{
    return (struct ht_rspec){.cpu = spec->cpu_count,
                             .mem = spec->memory_size,
                             .dsk = spec->disk_size,
                             .spindles = spec->spindle_use};
}

static struct ht_rspec from_option(const struct cli_spec *spec)
{
    return (struct ht_rspec){
        .cpu = spec->cpus, .mem = spec->memory, .dsk = spec->disk, .spindles = spec->spindles};
}

/* What both kinds of allocation show before their results. */
static bool show_allocation(const struct space *space, const struct ht_cluster *cluster,
                            const struct ht_capacity *result, const char *name, GError **errp)
{
    g_autofree char *title = g_strdup_printf("%s allocation", name);
    g_autofree char *lower = g_ascii_strdown(name, -1);
    g_autofree char *when = g_strdup_printf("after %s allocation", lower);

    print_map(space, cluster, result, title);
    htools_show_nodes(space->options, cluster, &space->view, title);
    return htools_save(space->options, cluster, NULL, lower, when, errp);
}

static bool run_tiered(const struct space *space, GError **errp)
{
    const struct ht_ipolicy *ipolicy = &space->cluster->ipolicy;
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = ht_cluster_copy(space->cluster);
    bool given = space->options->tiered_alloc.set;
    unsigned n_specs = given ? 1 : ipolicy->n_minmax;
    g_autofree struct ht_rspec *specs = g_new0(struct ht_rspec, n_specs + 1);
    struct ht_capacity result;
    bool ok;

    if (n_specs == 0) {
        g_set_error(errp, HT_LOAD_ERROR, 0, "Empty list of specs received from the cluster");
        return false;
    }
    for (unsigned i = 0; i < n_specs; i++) {
        specs[i] = given ? from_option(&space->options->tiered_alloc)
                         : from_ispec(&ipolicy->minmax[i].max);
    }
    ht_capacity_init(&result);
    result.failures[HT_FAIL_N1] = space->stopped;
    ok = space->stopped || allocate_tiered(space, cluster, specs, n_specs, &result, errp);
    if (ok) {
        print_spec(space, cluster, &specs[0], "TSPEC_INI", "Tiered (initial size)");
        ok = show_allocation(space, cluster, &result, "Tiered", errp);
    }
    if (ok) {
        print_tiered(space, cluster, &result);
    }
    ht_capacity_clear(&result);
    return ok;
}

static bool run_standard(const struct space *space, GError **errp)
{
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = ht_cluster_copy(space->cluster);
    struct ht_rspec spec = space->options->standard_alloc.set
                               ? from_option(&space->options->standard_alloc)
                               : from_ispec(&space->cluster->ipolicy.std);
    struct ht_instance inst = instance_of(space, cluster, &spec);
    struct ht_capacity result;
    bool ok;

    ht_capacity_init(&result);
    result.failures[HT_FAIL_N1] = space->stopped;
    ok = space->stopped || ht_capacity_fill(cluster, &space->view, &space->algorithm,
                                            limit_of(space), &inst, &space->targets, &result, errp);
    if (ok) {
        print_spec(space, cluster, &spec, "SPEC", "Standard (fixed-size)");
        ok = show_allocation(space, cluster, &result, "Standard", errp) &&
             print_standard(space, cluster, &result, errp);
    }
    ht_capacity_clear(&result);
    return ok;
}

/* -v -v -v: what is wrong already, on standard error. */
static void tell_bad_items(const struct space *space, const struct ht_bad_items *bad)
{
    struct ht_cluster *cluster = space->cluster;
    g_autoptr(GString) nodes = g_string_new(NULL);
    g_autoptr(GString) groups = g_string_new(NULL);

    if (space->options->verbose <= 3) {
        return;
    }
    for (unsigned i = 0; i < bad->n_nodes; i++) {
        g_string_append(nodes, i == 0 ? "" : ",");
        ht_append_show_string(nodes, cluster->nodes[bad->nodes[i]].name);
    }
    if (bad->n_nodes > 0) {
        fprintf(stderr, "Bad nodes: [%s]\n", nodes->str);
    }
    for (unsigned i = 0; i < cluster->n_groups; i++) {
        struct ht_view group = ht_view_group(cluster, (int)i);

        if (!ht_view_redundant(cluster, &group, &space->algorithm)) {
            g_string_append(groups, groups->len == 0 ? "" : ",");
            ht_append_show_string(groups, cluster->groups[i].name);
        }
        ht_view_clear(&group);
    }
    if (groups->len > 0) {
        fprintf(stderr, "Bad groups: [%s]\n", groups->str);
    }
}

/* The same for where instances may go: nodes, or primary nodes with their secondary nodes. */
static void tell_targets(const struct space *space)
{
    const struct ht_alloc_nodes *targets = &space->targets;
    const struct ht_node *nodes = space->cluster->nodes;
    bool pairs = targets->n_required == 2;
    g_autoptr(GString) out = g_string_new(pairs ? "Right [" : "Left [");
    const char *comma = "";

    for (unsigned i = 0; i < targets->n_nodes; i++) {
        g_autoptr(GString) others = g_string_new(NULL);

        for (unsigned j = 0; pairs && j < targets->n_nodes; j++) {
            if (j != i && nodes[targets->nodes[i]].group == nodes[targets->nodes[j]].group) {
                g_string_append_printf(others, "%s%d", others->len == 0 ? "" : ",",
                                       targets->nodes[j]);
            }
        }
        if (!pairs) {
            g_string_append_printf(out, "%s%d", comma, targets->nodes[i]);
        } else if (others->len > 0) {
            g_string_append_printf(out, "%s(%d,[%s])", comma, targets->nodes[i], others->str);
        } else {
            continue;
        }
        comma = ",";
    }
    fprintf(stderr, "Allocatable nodes: %s]\n", out->str);
}

/* Takes groups that nothing should be allocated in out of the targets, and finds out whether there
 * is a point in allocating at all. */
static bool find_targets(struct space *space, GError **errp)
{
    const struct htools_options *options = space->options;
    struct ht_cluster *cluster = space->cluster;
    g_autofree enum ht_alloc_policy *policies = g_new(enum ht_alloc_policy, cluster->n_groups + 1);
    bool any_left = false, ok;
    struct ht_bad_items bad;

    htools_bad_items(cluster, &space->view, &bad);
    tell_bad_items(space, &bad);
    for (unsigned i = 0; i < cluster->n_groups; i++) {
        policies[i] = cluster->groups[i].alloc_policy;
    }
    for (unsigned i = 0; i < bad.n_nodes && !options->accept_existing_errors; i++) {
        cluster->groups[cluster->nodes[bad.nodes[i]].group].alloc_policy = HT_ALLOC_UNALLOCABLE;
    }
    if (options->independent_groups) {
        space->ignore_groups = g_new0(bool, cluster->n_groups + 1);
        for (unsigned i = 0; i < cluster->n_groups; i++) {
            struct ht_view group = ht_view_group(cluster, (int)i);

            if (!ht_view_redundant(cluster, &group, &space->algorithm)) {
                cluster->groups[i].alloc_policy = HT_ALLOC_UNALLOCABLE;
                space->ignore_groups[i] = true;
            }
            ht_view_clear(&group);
        }
        space->algorithm.ignore_groups = space->ignore_groups;
    }
    for (unsigned i = 0; i < cluster->n_groups; i++) {
        any_left = any_left || ht_group_allocable(&cluster->groups[i]);
    }
    space->stopped = !options->accept_existing_errors &&
                     !(options->independent_groups && any_left) && bad.n_nodes > 0;
    g_free(bad.nodes);
    ok = ht_alloc_nodes_collect(cluster, &space->view, &space->algorithm,
                                ht_disk_template_nodes(space->template), true, &space->targets,
                                errp);
    for (unsigned i = 0; i < cluster->n_groups; i++) {
        cluster->groups[i].alloc_policy = policies[i];
    }
    return ok;
}

static bool run(struct space *space, GError **errp)
{
    const struct htools_options *options = space->options;
    const struct ht_ipolicy *ipolicy = &space->cluster->ipolicy;
    g_autofree char *suffix = ht_cluster_common_suffix(space->cluster);

    if (ipolicy->n_templates == 0) {
        g_set_error(errp, HT_LOAD_ERROR, 0, "null list of disk templates received from cluster");
        return false;
    }
    space->template = ipolicy->templates[0];
    if (options->disk_template != NULL &&
        !ht_disk_template_parse(options->disk_template, &space->template)) {
        g_set_error(errp, HT_LOAD_ERROR, 0, "unknown disk template '%s'", options->disk_template);
        return false;
    }
    space->spindle_use =
        options->spindle_use.set ? options->spindle_use.value : ipolicy->std.spindle_use;
    if (*suffix != '\0' && options->verbose > 1) {
        fprintf(stderr, "Note: Stripping common suffix of '%s' from names\n", suffix);
    }
    htools_show_nodes(options, space->cluster, &space->view, "Initial cluster");
    if (options->verbose > 2) {
        g_autoptr(GString) table = g_string_new(NULL);

        ht_append_fixed(table, 8, space->before.score);
        g_string_append_c(table, '\n');
        ht_score_table(space->cluster, &space->view, "  ", table);
        fprintf(stderr, "Initial coefficients: overall %s", table->str);
    }
    print_cluster(space);
    if (!find_targets(space, errp)) {
        g_prefix_error(errp, "failure during allocation: ");
        return false;
    }
    if (options->verbose > 3) {
        tell_targets(space);
    }
    if (!run_tiered(space, errp) || !run_standard(space, errp)) {
        return false;
    }
    if (options->machine_readable) {
        htools_print_key(PREFIX, "OK", "1");
    }
    return true;
}

int hspace_main(const struct htools_options *options, const char *const *operands)
{
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = NULL;
    struct space space = {.options = options, .algorithm = htools_algorithm(options)};
    GError *error = NULL;
    bool ok;

    if (!htools_no_operands(operands)) {
        return EXIT_FAILURE;
    }
    cluster = htools_load_ready(options);
    if (cluster == NULL) {
        return EXIT_FAILURE;
    }
    space.cluster = cluster;
    space.view = ht_view_all(cluster);
    space.before = ht_totals_compute(cluster, &space.view);
    space.n_before = cluster->n_instances;
    ok = run(&space, &error);
    ht_alloc_nodes_clear(&space.targets);
    ht_view_clear(&space.view);
    g_free(space.ignore_groups);
    return ok ? EXIT_SUCCESS : htools_complain(NULL, error);
}
