/* The node and instance lists of the tools, and totals over nodes. */
#include <inttypes.h>

#include "htools/core/metrics.h"
#include "htools/core/print.h"

static char *show_int(int width, int64_t value)
{
    return g_strdup_printf("%*" PRId64, width, value);
}

static char *show_fixed(int width, int decimals, double value)
{
    g_autoptr(GString) digits = g_string_new(NULL);
    GString *padded = g_string_new(NULL);

    ht_append_fixed(digits, decimals, value);
    ht_append_padded(padded, width, digits->str);
    return g_string_free(padded, FALSE);
}

static char *show_double(double value)
{
    GString *out = g_string_new(NULL);

    ht_append_show_double(out, value);
    return g_string_free(out, FALSE);
}

/* The newest first. */
static char *show_list(const struct ht_ints *list)
{
    GString *out = g_string_new("[");

    for (unsigned i = list->n; i-- > 0;) {
        g_string_append_printf(out, "%d%s", list->v[i], i > 0 ? "," : "");
    }
    g_string_append_c(out, ']');
    return g_string_free(out, FALSE);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *show_tags(const struct ht_cluster *cluster, const struct ht_counts *tags)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; i < tags->n; i++) {
        g_ptr_array_add(lines, (char *)ht_cluster_symbol_text(cluster, tags->v[i].key));
    }
    g_ptr_array_set_free_func(lines, NULL);
    g_ptr_array_sort(lines, compare_texts);
    g_ptr_array_set_free_func(lines, g_free);
    for (unsigned i = 0; i < lines->len; i++) {
        const char *tag = g_ptr_array_index(lines, i);
        int symbol = ht_cluster_symbol((struct ht_cluster *)cluster, tag);

        lines->pdata[i] = g_strdup_printf("%s=%" PRId64, tag, ht_counts_get(tags, symbol));
    }
    g_ptr_array_add(lines, NULL);
    return g_strjoinv(",", (char **)lines->pdata);
}

static char *show_peers(const struct ht_counts *peers)
{
    GString *out = g_string_new("[");

    for (unsigned i = 0; i < peers->n; i++) {
        g_string_append_printf(out, "%s(%d,%" PRId64 ")", i == 0 ? "" : ",", peers->v[i].key,
                               peers->v[i].value);
    }
    g_string_append_c(out, ']');
    return g_string_free(out, FALSE);
}

static char *show_status(const struct ht_node *node)
{
    return g_strdup(node->offline ? "-" : node->load.fail_n1 ? "*" : " ");
}

/* Columns: (word, title, numeric, value); n is the node, c the cluster. */
#define NODE_COLUMNS(COLUMN)                                                                       \
    COLUMN("idx", "Index", true, show_int(4, n->idx))                                              \
    COLUMN("name", "Name", false, g_strdup(n->alias))                                              \
    COLUMN("fqdn", "Name", false, g_strdup(n->name))                                               \
    COLUMN("status", "F", false, show_status(n))                                                   \
    COLUMN("tmem", "t_mem", true, show_fixed(5, 0, n->t_mem))                                      \
    COLUMN("nmem", "n_mem", true, show_int(5, n->n_mem))                                           \
    COLUMN("xmem", "x_mem", true, show_int(5, n->x_mem))                                           \
    COLUMN("fmem", "f_mem", true, show_int(5, n->f_mem))                                           \
    COLUMN("umem", "u_mem", true, show_int(5, ht_node_unallocated_mem(n)))                         \
    COLUMN("imem", "i_mem", true, show_int(5, n->load.i_mem))                                      \
    COLUMN("rmem", "r_mem", true, show_int(5, n->load.r_mem))                                      \
    COLUMN("amem", "a_mem", true, show_int(5, ht_node_available_mem(n)))                           \
    COLUMN("tdsk", "t_dsk", true, show_fixed(5, 0, n->t_dsk / 1024))                               \
    COLUMN("fdsk", "f_dsk", true, show_int(5, n->load.f_dsk >> 10))                                \
    COLUMN("tcpu", "pcpu", true, show_fixed(4, 0, n->t_cpu))                                       \
    COLUMN("ucpu", "vcpu", true, show_int(4, n->load.u_cpu))                                       \
    COLUMN("pcnt", "pcnt", true, show_int(3, n->pri.n))                                            \
    COLUMN("scnt", "scnt", true, show_int(3, n->sec.n))                                            \
    COLUMN("plist", "primaries", true, show_list(&n->pri))                                         \
    COLUMN("slist", "secondaries", true, show_list(&n->sec))                                       \
    COLUMN("pfmem", "p_fmem", true, show_fixed(6, 4, ht_node_free_mem_ratio(n)))                   \
    COLUMN("pfdsk", "p_fdsk", true, show_fixed(6, 4, ht_node_free_disk_ratio(n)))                  \
    COLUMN("rcpu", "r_cpu", true, show_fixed(5, 2, ht_node_vcpu_use(n)))                           \
    COLUMN("cload", "lCpu", true, show_fixed(5, 3, n->load.util.v[HT_UTIL_CPU]))                   \
    COLUMN("mload", "lMem", true, show_fixed(5, 3, n->load.util.v[HT_UTIL_MEM]))                   \
    COLUMN("dload", "lDsk", true, show_fixed(5, 3, n->load.util.v[HT_UTIL_DSK]))                   \
    COLUMN("nload", "lNet", true, show_fixed(5, 3, n->load.util.v[HT_UTIL_NET]))                   \
    COLUMN("ptags", "PrimaryTags", false, show_tags(c, &n->excl_tags))                             \
    COLUMN("peermap", "PeerMap", false, show_peers(&n->peers))                                     \
    COLUMN("spindle_count", "NodeSpindles", true, show_int(0, n->t_spindles))                      \
    COLUMN("hi_spindles", "MaxSpindles", true, show_double(n->hi_spindles))                        \
    COLUMN("inst_spindles", "InstSpindles", true, show_double(n->load.inst_spindles))

static const char UNKNOWN_FIELD[] = "<unknown field>";

static const char *const default_fields[] = {
    "status", "name", "tmem", "nmem", "imem",  "xmem",  "fmem", "umem",  "rmem",  "tdsk",  "fdsk",
    "tcpu",   "ucpu", "pcnt", "scnt", "pfmem", "pfdsk", "rcpu", "cload", "mload", "dload", "nload",
};

static char *node_field(const struct ht_cluster *c, const struct ht_node *n, const char *field)
{
#define COLUMN(word, title, numeric, value)                                                        \
    if (strcmp(field, word) == 0) {                                                                \
        return value;                                                                              \
    }
    NODE_COLUMNS(COLUMN)
#undef COLUMN
    return g_strdup(UNKNOWN_FIELD);
}

static const char *node_field_title(const char *field, bool *numeric)
{
#define COLUMN(word, title, is_numeric, value)                                                     \
    if (strcmp(field, word) == 0) {                                                                \
        *numeric = is_numeric;                                                                     \
        return title;                                                                              \
    }
    NODE_COLUMNS(COLUMN)
#undef COLUMN
    *numeric = false;
    return UNKNOWN_FIELD;
}

void ht_print_nodes(const struct ht_cluster *cluster, const struct ht_view *view,
                    const char *const *fields, GString *out)
{
    g_autoptr(GPtrArray) chosen = g_ptr_array_new();
    CLEANUP(ht_table_freep) struct ht_table *table = NULL;
    g_autofree bool *numeric = NULL;
    bool none = fields == NULL || fields[0] == NULL;
    bool more = !none && strcmp(fields[0], "+") == 0;

    for (unsigned i = 0; (none || more) && i < G_N_ELEMENTS(default_fields); i++) {
        g_ptr_array_add(chosen, (char *)default_fields[i]);
    }
    for (unsigned i = more ? 1 : 0; !none && fields[i] != NULL; i++) {
        g_ptr_array_add(chosen, (char *)fields[i]);
    }
    table = ht_table_new(chosen->len);
    numeric = g_new0(bool, chosen->len + 1);
    for (unsigned i = 0; i < chosen->len; i++) {
        ht_table_cell(table, g_strdup(node_field_title(chosen->pdata[i], &numeric[i])));
    }
    for (unsigned i = 0; i < view->n_nodes; i++) {
        for (unsigned j = 0; j < chosen->len; j++) {
            ht_table_cell(table,
                          node_field(cluster, &cluster->nodes[view->nodes[i]], chosen->pdata[j]));
        }
    }
    ht_table_print(table, numeric, "", out);
}

void ht_print_instances(const struct ht_cluster *cluster, const struct ht_view *view, GString *out)
{
    static const char *const titles[] = {"F",   "Name", "Pri_node", "Sec_node", "Auto_bal", "vcpu",
                                         "mem", "dsk",  "lCpu",     "lMem",     "lDsk",     "lNet"};
    static const bool numeric[G_N_ELEMENTS(titles)] = {false, false, false, false, false, true,
                                                       true,  true,  true,  true,  true,  true};
    CLEANUP(ht_table_freep) struct ht_table *table = ht_table_new(G_N_ELEMENTS(titles));

    for (unsigned i = 0; i < G_N_ELEMENTS(titles); i++) {
        ht_table_cell(table, g_strdup(titles[i]));
    }
    for (unsigned i = 0; i < view->n_instances; i++) {
        const struct ht_instance *inst = &cluster->instances[view->instances[i]];

        ht_table_cell(table, g_strdup(ht_instance_running(inst) ? "R" : " "));
        ht_table_cell(table, g_strdup(inst->name));
        ht_table_cell(table, g_strdup(cluster->nodes[inst->pnode].name));
        ht_table_cell(table,
                      g_strdup(inst->snode == HT_NONE ? "" : cluster->nodes[inst->snode].name));
        ht_table_cell(table, g_strdup(inst->auto_balance ? "Y" : "N"));
        ht_table_cell(table, show_int(3, inst->vcpus));
        ht_table_cell(table, show_int(5, inst->mem));
        ht_table_cell(table, show_int(5, inst->dsk >> 10));
        for (int k = 0; k < HT_UTIL_COUNT; k++) {
            ht_table_cell(table, show_fixed(5, 3, inst->util.v[k]));
        }
    }
    ht_table_print(table, numeric, "", out);
}

struct ht_totals ht_totals_compute(const struct ht_cluster *cluster, const struct ht_view *view)
{
    struct ht_totals totals = {0};

    for (unsigned i = 0; i < view->n_nodes; i++) {
        const struct ht_node *node = &cluster->nodes[view->nodes[i]];
        const struct ht_load *load = &node->load;
        int64_t mem = ht_node_available_mem(node), disk = ht_node_available_disk(node);
        int64_t cpu = ht_node_available_cpu(node);

        totals.f_mem += ht_node_unallocated_mem(node);
        totals.f_dsk += load->f_dsk;
        totals.f_spindles += load->f_spindles;
        totals.a_mem += mem;
        totals.a_dsk += disk;
        totals.a_cpu += cpu;
        totals.max_mem = MAX(totals.max_mem, mem);
        totals.max_dsk = MAX(totals.max_dsk, disk);
        totals.max_cpu = MAX(totals.max_cpu, cpu);
        totals.i_mem += load->i_mem;
        totals.i_dsk += (int64_t)node->t_dsk - load->f_dsk;
        totals.i_spindles += node->t_spindles - load->f_spindles;
        totals.i_cpu += load->u_cpu;
        totals.t_mem += node->t_mem;
        totals.t_dsk += node->t_dsk;
        totals.t_spindles += (double)node->t_spindles;
        totals.t_cpu += node->t_cpu;
        totals.v_cpu += node->hi_cpu;
        totals.n_cpu += (double)load->u_cpu / node->vcpu_ratio;
        totals.x_mem += node->x_mem;
        totals.n_mem += node->n_mem;
        totals.n_instances += (int)node->pri.n;
    }
    totals.score = ht_score(cluster, view);
    return totals;
}
