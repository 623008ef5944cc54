/* hscan: saves the state of clusters to files, with a line about each. */
#include "config.h"

#include <time.h>

#include "facts/level.h"
#include "htools/backends/luxi/luxi.h"
#include "htools/backends/rapi/rapi.h"
#include "htools/backends/text/text.h"
#include "htools/core/loader.h"
#include "htools/core/metrics.h"
#include "htools/core/print.h"
#include "htools/programs/cli.h"
#include "htools/programs/load.h"
#include "htools/programs/program.h"

/* The name of the cluster on this machine. */
static const char local_name[] = "LOCAL";

enum { EXIT_SOME_FAILED = 2 };

static void append_right(GString *out, int width, int decimals, double value)
{
    g_autoptr(GString) text = g_string_new(NULL);

    ht_append_fixed(text, decimals, value);
    ht_append_padded(out, width, text->str);
}

static void print_line(const struct ht_cluster *cluster, const struct ht_view *all)
{
    g_autoptr(GString) out = g_string_new(NULL);
    double t_mem = 0, t_dsk = 0;
    int64_t f_mem = 0, f_dsk = 0;
    struct ht_bad_items bad;

    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        const struct ht_node *node = &cluster->nodes[i];

        t_mem += node->t_mem;
        t_dsk += node->t_dsk;
        f_mem += node->f_mem;
        f_dsk += node->load.f_dsk;
    }
    htools_bad_items(cluster, all, &bad);
    g_string_append_printf(out, "%5u %5u %5u %5u ", cluster->n_nodes, cluster->n_instances,
                           bad.n_nodes, bad.n_instances);
    g_free(bad.nodes);
    append_right(out, 6, 0, t_mem);
    g_string_append_printf(out, " %6" G_GINT64_FORMAT " ", f_mem);
    append_right(out, 6, 0, t_dsk / 1024);
    g_string_append_printf(out, " %6" G_GINT64_FORMAT " ", f_dsk / 1024);
    ht_append_fixed(out, 8, ht_score(cluster, all));
    puts(out->str);
    fflush(stdout);
}

static void print_nodes(const struct htools_options *options, const struct ht_cluster *cluster,
                        const struct ht_view *all)
{
    g_autoptr(GString) out = g_string_new(NULL);

    if (options->print_nodes != NULL) {
        ht_print_nodes(cluster, all, (const char *const *)options->print_nodes, out);
        fputs(out->str, stdout);
    }
}

/* Slashes of the name would lead elsewhere. */
static bool save(const struct htools_options *options, const GString *text, const char *name,
                 GError **errp)
{
    g_autofree char *file = g_strdelimit(g_strconcat(name, ".data", NULL), "/", '_');
    g_autofree char *path = g_build_filename(options->output_dir, file, NULL);

    return htools_write_file(path, text, errp);
}

static bool scan(const struct htools_options *options, const char *name, int width,
                 struct ht_cluster *cluster, GError **errp)
{
    const struct ht_merge_options merge = {
        .now = (int64_t)time(NULL),
        .level_30 = fact_level() == LEVEL_3_0,
    };
    g_autoptr(GPtrArray) warnings = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    struct ht_view all;

    if (cluster == NULL) {
        return false;
    }
    /* 3.0 saves what was read, 3.1 what was made of it. */
    if (merge.level_30) {
        ht_text_serialize(cluster, NULL, text);
    }
    if (!ht_cluster_merge(cluster, &merge, errp)) {
        return false;
    }
    warnings = ht_cluster_update_memory(cluster, options->static_kvm_node_memory);
    if (!merge.level_30) {
        ht_text_serialize(cluster, NULL, text);
    }
    all = ht_view_all(cluster);
    printf("%-*s ", width, name);
    print_line(cluster, &all);
    print_nodes(options, cluster, &all);
    ht_view_clear(&all);
    return save(options, text, name, errp);
}

/* True if the cluster was scanned; what went wrong is printed, as the others go on. */
static bool scan_and_tell(const struct htools_options *options, const char *name, int width,
                          bool local)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = NULL;

    if (local) {
        cluster = luxi_load(options->luxi != NULL ? options->luxi : cli_default_socket(), &error);
    } else {
        cluster = rapi_load(name, &error);
    }
    if (scan(options, name, width, cluster, &error)) {
        return true;
    }
    printf("\nError for %s: failed to load data. Details:\n%s\n", name, error->message);
    return false;
}

int hscan_main(const struct htools_options *options, const char *const *operands)
{
    int width = operands[0] == NULL ? (int)strlen(local_name) : 0;
    bool ok = true;

    for (size_t i = 0; operands[i] != NULL; i++) {
        width = MAX(width, (int)strlen(operands[i]));
    }
    if (!options->no_headers) {
        printf("%-*s %5s %5s %5s %5s %6s %6s %6s %6s %10s\n", width, "Name", "Nodes", "Inst",
               "BNode", "BInst", "t_mem", "f_mem", "t_disk", "f_disk", "Score");
    }
    if (operands[0] == NULL) {
        ok = scan_and_tell(options, local_name, width, true);
    }
    for (size_t i = 0; operands[i] != NULL; i++) {
        ok = scan_and_tell(options, operands[i], width, false) && ok;
    }
    return ok ? EXIT_SUCCESS : EXIT_SOME_FAILED;
}
