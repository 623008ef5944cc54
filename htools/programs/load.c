#include "config.h"

#include "htools/programs/load.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "facts/level.h"
#include "htools/backends/iallocator/iallocator.h"
#include "htools/backends/luxi/luxi.h"
#include "htools/backends/mond/mond.h"
#include "htools/backends/rapi/rapi.h"
#include "htools/backends/simulation/simulation.h"
#include "htools/backends/text/text.h"
#include "htools/core/loader.h"
#include "htools/core/print.h"
#include "htools/core/read.h"
#include "htools/programs/cli.h"

/* Where a cluster can come from: (asked for, loader, exclusive with others of its kind). */
static struct ht_cluster *load_text(const struct htools_options *options, GError **errp)
{
    return ht_text_load(options->text_data, errp);
}

static struct ht_cluster *load_iallocator(const struct htools_options *options, GError **errp)
{
    g_autofree char *text = NULL;
    gsize len;

    return htools_read_file(options->ialloc_src, &text, &len, errp)
               ? iallocator_load(g_steal_pointer(&text), len, errp)
               : NULL;
}

static struct ht_cluster *load_source(const struct htools_options *options, GError **errp)
{
    bool rapi = *options->master != '\0', luxi = options->luxi != NULL;
    bool text = options->text_data != NULL;

    if (rapi + luxi + text > 1) {
        g_set_error(errp, HT_LOAD_ERROR, 0,
                    "Only one of the rapi, luxi, and data files options should be given.");
        return NULL;
    }
    if (rapi) {
        return rapi_load(options->master, errp);
    }
    if (luxi) {
        return luxi_load(options->luxi, errp);
    }
    if (options->simulate != NULL) {
        return simulation_load((const char *const *)options->simulate, errp);
    }
    if (text) {
        return load_text(options, errp);
    }
    if (options->ialloc_src != NULL) {
        return load_iallocator(options, errp);
    }
    g_set_error(errp, HT_LOAD_ERROR, 0, "No backend selected! Exiting.");
    return NULL;
}

/* One line of -U: name and the four loads, each after exactly one blank. */
static bool parse_util(struct ht_cluster *cluster, char *line, struct ht_named_util *util,
                       GError **errp)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);

    if (g_strv_length(words) != HT_UTIL_COUNT + 1) {
        g_set_error(errp, HT_LOAD_ERROR, 0, "can't parse utilisation data: Cannot parse line %s",
                    line);
        return false;
    }
    util->name = ht_cluster_strdup(cluster, words[0]);
    for (int i = 0; i < HT_UTIL_COUNT; i++) {
        if (!read_double(words[0], words[i + 1], &util->util.v[i], errp)) {
            g_prefix_error(errp, "can't parse utilisation data: ");
            return false;
        }
    }
    return true;
}

static bool read_utils(const struct htools_options *options, struct ht_cluster *cluster,
                       GArray *utils, GError **errp)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (options->dynu_file == NULL) {
        return true;
    }
    if (!g_file_get_contents(options->dynu_file, &text, NULL, errp)) {
        return false;
    }
    lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; lines[i] != NULL; i++) {
        struct ht_named_util util;

        /* Behind the last line end there is no line. */
        if (*lines[i] == '\0' && lines[i + 1] == NULL) {
            break;
        }
        if (!parse_util(cluster, lines[i], &util, errp)) {
            return false;
        }
        g_array_append_val(utils, util);
    }
    return true;
}

static char **with_colons(char **tags)
{
    char **out = tags == NULL ? NULL : g_strdupv(tags);

    for (unsigned i = 0; out != NULL && out[i] != NULL; i++) {
        char *tag = out[i];

        out[i] = g_strconcat(tag, ":", NULL);
        g_free(tag);
    }
    return out;
}

static bool merge(const struct htools_options *options, struct ht_cluster *cluster, GError **errp)
{
    g_autoptr(GArray) utils = g_array_new(FALSE, FALSE, sizeof(struct ht_named_util));
    g_auto(GStrv) excl_tags = with_colons(options->exclusion_tags);
    struct ht_merge_options merge = {
        .clear_utils = options->ignore_dynu,
        .excl_tags = (const char *const *)excl_tags,
        .selected = (const char *const *)options->select_instances,
        .excluded = (const char *const *)options->exclude_instances,
        .level_30 = fact_level() == LEVEL_3_0,
        .now = (int64_t)time(NULL),
    };

    if (!read_utils(options, cluster, utils, errp)) {
        return false;
    }
    merge.utils = (const struct ht_named_util *)utils->data;
    merge.n_utils = utils->len;
    if (!ht_cluster_merge(cluster, &merge, errp)) {
        g_prefix_error(errp, "failed to load data, aborting: ");
        return false;
    }
    return true;
}

void htools_show_warnings(const GPtrArray *warnings)
{
    if (warnings->len == 0) {
        return;
    }
    fputs("Warning: cluster has inconsistent data:\n", stderr);
    for (unsigned i = 0; i < warnings->len; i++) {
        fprintf(stderr, "  - %s\n", (const char *)g_ptr_array_index(warnings, i));
    }
    fputc('\n', stderr);
}

bool htools_read_file(const char *path, char **ret_text, gsize *ret_len, GError **errp)
{
    const char *name = strcmp(path, "-") == 0 ? "/dev/stdin" : path;

    return g_file_get_contents(name, ret_text, ret_len, errp);
}

bool htools_write_file(const char *path, const GString *text, GError **errp)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
    bool ok;

    if (fd < 0) {
        return fs_error_set(errp, errno, "open", path);
    }
    ok = fs_write_fd(fd, path, text->str, text->len, errp);
    if (close(fd) != 0 && ok) {
        ok = fs_error_set(errp, errno, "close", path);
    }
    return ok;
}

bool htools_ask_mond(const struct htools_options *options, struct ht_cluster *cluster,
                     GError **errp)
{
    const struct mond_options how = {.file = options->mond_data, .xen = options->mond_xen};
    g_autofree char *problem = NULL;

    if (!options->mond || options->ignore_dynu) {
        return true;
    }
    if (!mond_apply(cluster, &how, &problem, errp)) {
        g_prefix_error(errp, "can't parse MonD data: ");
        return false;
    }
    if (problem != NULL && options->exit_on_missing_mond_data) {
        g_set_error(errp, HT_LOAD_ERROR, 0, "Not all required data available: %s", problem);
        return false;
    }
    if (problem != NULL) {
        fprintf(stderr, "Warning: the load that monitoring daemons tell is not used: %s\n",
                problem);
    }
    return true;
}

struct ht_cluster *htools_load(const struct htools_options *options, GError **errp)
{
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = load_source(options, errp);
    g_autoptr(GPtrArray) warnings = NULL;

    if (cluster == NULL) {
        g_prefix_error(errp, "failed to load data, aborting: ");
        return NULL;
    }
    if (!merge(options, cluster, errp)) {
        return NULL;
    }
    if (!htools_ask_mond(options, cluster, errp)) {
        return NULL;
    }
    warnings = ht_cluster_update_memory(cluster, options->static_kvm_node_memory);
    if (options->verbose != 0) {
        htools_show_warnings(warnings);
    }
    return g_steal_pointer(&cluster);
}

bool htools_set_node_status(const struct htools_options *options, struct ht_cluster *cluster,
                            GError **errp)
{
    if (!ht_cluster_set_offline(cluster, (const char *const *)options->offline, errp)) {
        return false;
    }
    for (unsigned i = 0; i < cluster->n_nodes; i++) {
        if (options->max_cpu.set) {
            ht_node_set_vcpu_ratio(&cluster->nodes[i], options->max_cpu.value);
        }
        ht_node_set_min_disk(&cluster->nodes[i], options->min_disk);
    }
    return true;
}

struct ht_cluster *htools_load_ready(const struct htools_options *options)
{
    GError *error = NULL;
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = htools_load(options, &error);

    if (cluster == NULL || !htools_set_node_status(options, cluster, &error)) {
        htools_complain(NULL, error);
        return NULL;
    }
    return g_steal_pointer(&cluster);
}

/* Builds with sanitizers check themselves unless told not to. */
static bool wants_self_check(void)
{
    const char *wish = g_getenv("HTOOLS_SELF_CHECK");

#ifdef __SANITIZE_ADDRESS__
    return wish == NULL || strcmp(wish, "0") != 0;
#else
    return wish != NULL && strcmp(wish, "0") != 0;
#endif
}

struct ht_algorithm htools_algorithm(const struct htools_options *options)
{
    return (struct ht_algorithm){
        .disk_moves = options->disk_moves,
        .instance_moves = options->instance_moves,
        .restricted_migration = options->restricted_migration,
        .ignore_soft_errors = options->ignore_soft_errors,
        .evac_mode = options->evac_mode,
        .self_check = wants_self_check(),
        .min_gain = options->min_gain,
        .min_gain_limit = options->min_gain_limit,
        .capacity = options->capacity_checks,
        .accept_existing = options->accept_existing_errors,
        .restrict_to = (const char *const *)options->restrict_allocation_to,
    };
}

int htools_complain(const char *what, GError *error)
{
    fflush(stdout);
    fprintf(stderr, "Error: %s%s%s\n", what == NULL ? "" : what, what == NULL ? "" : ": ",
            error->message);
    g_error_free(error);
    return EXIT_FAILURE;
}

bool htools_no_operands(const char *const *operands)
{
    if (operands[0] != NULL) {
        fputs("Error: This program doesn't take any arguments.\n", stderr);
    }
    return operands[0] == NULL;
}

bool htools_save(const struct htools_options *options, const struct ht_cluster *cluster,
                 const struct ht_view *view, const char *extension, const char *when, GError **errp)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *path = NULL;

    if (options->save == NULL) {
        return true;
    }
    path = g_strdup_printf("%s.%s", options->save, extension);
    ht_text_serialize(cluster, view, text);
    if (!htools_write_file(path, text, errp)) {
        return false;
    }
    fflush(stdout);
    fprintf(stderr, "The cluster state %s has been written to file '%s'\n", when, path);
    return true;
}

void htools_show_nodes(const struct htools_options *options, const struct ht_cluster *cluster,
                       const struct ht_view *view, const char *title)
{
    g_autoptr(GString) out = g_string_new(NULL);

    if (options->print_nodes != NULL) {
        ht_print_nodes(cluster, view, (const char *const *)options->print_nodes, out);
        fprintf(stderr, "\n%s status:\n%s\n", title, out->str);
    }
}

void htools_show_instances(const struct htools_options *options, const struct ht_cluster *cluster,
                           const struct ht_view *view, const char *title)
{
    g_autoptr(GString) out = g_string_new(NULL);

    if (options->print_instances) {
        ht_print_instances(cluster, view, out);
        fprintf(stderr, "\n%s instance map:\n%s", title, out->str);
    }
}

void htools_bad_items(const struct ht_cluster *cluster, const struct ht_view *view,
                      struct ht_bad_items *ret)
{
    g_autofree bool *bad = g_new0(bool, cluster->n_instances + 1);

    *ret = (struct ht_bad_items){.nodes = g_new(int, view->n_nodes + 1)};
    for (unsigned i = 0; i < view->n_nodes; i++) {
        const struct ht_node *node = &cluster->nodes[view->nodes[i]];
        const struct ht_ints *lists[] = {&node->pri, &node->sec};

        if (node->offline || !node->load.fail_n1) {
            continue;
        }
        ret->nodes[ret->n_nodes++] = node->idx;
        for (unsigned j = 0; j < G_N_ELEMENTS(lists); j++) {
            for (unsigned k = 0; k < lists[j]->n; k++) {
                bool *seen = &bad[lists[j]->v[k]];

                ret->n_instances += !*seen;
                *seen = true;
            }
        }
    }
}

void htools_print_key(const char *prefix, const char *key, const char *value)
{
    g_autofree char *upper = g_utf8_strup(key, -1);
    bool plain = true;

    for (const char *p = value; *p != '\0'; p = g_utf8_next_char(p)) {
        plain = plain && (*p == '.' || g_unichar_isalnum(g_utf8_get_char(p)));
    }
    printf(plain ? "%s_%s=%s\n" : "%s_%s='%s'\n", prefix, upper, value);
}
