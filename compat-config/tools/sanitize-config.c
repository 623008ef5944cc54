/* sanitize-config: a configuration that can be shown to others: keys and DRBD secrets are gone,
 * names, addresses and OS names are made up.
 *
 * The reference's tool of this name stops at the first instance with a disk, because it still
 * expects disks inside of instances; what it does to older files is done here to those of today. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json-writer.h"
#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "compat-config/model/disk.h"
#include "compat-config/model/txn.h"
#include "compat-config/paths/paths.h"
#include "compat-config/store/store.h"
#include "facts/codec.h"

struct options {
    char *path;
    char *names, *ips, *lvs, *os_names; /* "yes" or "no" */
    char *domain;
    gboolean keep_names;
    gboolean verbose;
    gboolean version;
};

static struct options options;

static const GOptionEntry entries[] = {
    {"path", 0, 0, G_OPTION_ARG_FILENAME, &options.path, "Read this configuration file", "FILE"},
    {"sanitize-names", 0, 0, G_OPTION_ARG_STRING, &options.names,
     "Make up names of cluster, nodes and instances [yes]", "yes|no"},
    {"sanitize-ips", 0, 0, G_OPTION_ARG_STRING, &options.ips, "Make up IP addresses [yes]",
     "yes|no"},
    {"sanitize-lvs", 0, 0, G_OPTION_ARG_STRING, &options.lvs, "Make up names of volumes [no]",
     "yes|no"},
    {"sanitize-os-names", 0, 0, G_OPTION_ARG_STRING, &options.os_names,
     "Make up names of OSes [yes]", "yes|no"},
    {"no-randomization", 0, 0, G_OPTION_ARG_NONE, &options.keep_names,
     "Make up secrets only, keep all names", NULL},
    {"base-domain", 0, 0, G_OPTION_ARG_STRING, &options.domain, "Domain of new names [example.com]",
     "DOMAIN"},
    {"verbose", 'v', 0, G_OPTION_ARG_NONE, &options.verbose, "Tell more", NULL},
    {"version", 0, 0, G_OPTION_ARG_NONE, &options.version, "Show the version and exit", NULL},
    {0},
};

/* yes, true and no, false, as the reference's options take them. */
static bool wanted(const char *text, bool by_default)
{
    if (options.keep_names) {
        return false;
    }
    if (text == NULL) {
        return by_default;
    }
    return g_ascii_strcasecmp(text, "yes") == 0 || g_ascii_strcasecmp(text, "true") == 0;
}

static bool is_yes_or_no(const char *text)
{
    static const char *const words[] = {"yes", "true", "no", "false", NULL};
    g_autofree char *low = text == NULL ? NULL : g_ascii_strdown(text, -1);

    return low == NULL || g_strv_contains(words, low);
}

static void replace_text(char **slot, char *text)
{
    g_free(*slot);
    *slot = text;
}

/* ---- secrets ---- */

enum { SECRET_BYTES = 20, DRBD_SECRET_INDEX = 5, LV_NAME_INDEX = 1, DISK_PATH_INDEX = 1 };

/* utils/io.py GenerateSecret. */
static char *new_secret(void)
{
    return random_hex(SECRET_BYTES);
}

static void clean_disk(struct disk *disk, bool lvs)
{
    struct cfg_drbd drbd;
    const char *vg, *lv;

    for (size_t i = 0; i < disk->children.n; i++) {
        clean_disk(&disk->children.v[i], lvs);
    }
    if (cfg_disk_drbd(disk, &drbd)) {
        replace_text(&disk->logical_id.v[DRBD_SECRET_INDEX].text, new_secret());
    }
    if (lvs && cfg_disk_lv(disk, &vg, &lv)) {
        replace_text(&disk->logical_id.v[LV_NAME_INDEX].text, g_uuid_string_random());
    }
}

/* ---- names and addresses ---- */

/* Old text -> new text, the same each time. */
struct renaming {
    GHashTable *map;
    char *(*make)(size_t number);
};

static const char *renamed(struct renaming *renaming, const char *old)
{
    const char *there = g_hash_table_lookup(renaming->map, old);

    if (there == NULL) {
        char *text = renaming->make(g_hash_table_size(renaming->map) + 1);

        g_hash_table_insert(renaming->map, g_strdup(old), text);
        there = text;
    }
    return there;
}

static void rename_slot(struct renaming *renaming, char **slot)
{
    if (*slot != NULL && **slot != '\0') {
        replace_text(slot, g_strdup(renamed(renaming, *slot)));
    }
}

static char *new_ip(size_t number)
{
    return g_strdup_printf("10.%zu.%zu.%zu", number >> 16 & 255, number >> 8 & 255, number & 255);
}

static char *new_os(size_t number)
{
    return g_strdup_printf("ganeti-os%zu", number);
}

static char *new_node_name(size_t number)
{
    return g_strdup_printf("node%zu.%s", number, options.domain);
}

static char *new_instance_name(size_t number)
{
    return g_strdup_printf("instance%zu.%s", number, options.domain);
}

static struct renaming renaming_new(char *(*make)(size_t number))
{
    return (struct renaming){.map = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
                             .make = make};
}

/* Numbers follow the order in which people sort the old names. */
static struct renaming rename_all(const struct cfg *cfg, enum cfg_kind kind,
                                  char *(*make)(size_t number))
{
    struct renaming renaming = renaming_new(make);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const struct fact_member *name = fact_object_find(cfg_kind_object(kind), "name");

    for (size_t i = 0; i < cfg_count(cfg, kind); i++) {
        const char *text =
            *(char *const *)(const void *)((const char *)cfg_at(cfg, kind, i) + name->offset);

        if (text != NULL) {
            g_ptr_array_add(names, (void *)text);
        }
    }
    g_ptr_array_sort(names, text_nice_compare_slots);
    for (guint i = 0; i < names->len; i++) {
        (void)renamed(&renaming, g_ptr_array_index(names, i));
    }
    return renaming;
}

/* Paths of disks that are files hold the name of the instance. */
static void rename_in_paths(const struct cfg *cfg, struct cfg_txn *txn,
                            const struct instance *instance, const char *name)
{
    struct cfg_disks disks = cfg_instance_disks(cfg, instance);

    for (size_t i = 0; i < disks.n; i++) {
        const char *path = cfg_disk_path(disks.v[i]);
        g_auto(GStrv) parts = path == NULL ? NULL : g_strsplit(path, instance->name, -1);

        if (parts != NULL && g_strv_length(parts) > 1) {
            replace_text(
                &cfg_txn_edit_disk(txn, disks.v[i]->uuid)->logical_id.v[DISK_PATH_INDEX].text,
                g_strjoinv(name, parts));
        }
    }
}

static void sanitize_names(const struct cfg *cfg, struct cfg_txn *txn)
{
    struct renaming nodes = rename_all(cfg, CFG_KIND_node, new_node_name);
    struct renaming instances = rename_all(cfg, CFG_KIND_instance, new_instance_name);

    replace_text(&cfg_txn_edit_cluster(txn)->cluster_name,
                 g_strconcat("cluster.", options.domain, NULL));
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        rename_slot(&nodes, &cfg_txn_edit_node(txn, cfg_node_at(cfg, i)->uuid)->name);
    }
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        const struct instance *instance = cfg_instance_at(cfg, i);

        if (instance->name == NULL) {
            continue;
        }
        rename_slot(&instances, &cfg_txn_edit_instance(txn, instance->uuid)->name);
        rename_in_paths(cfg, txn, instance, renamed(&instances, instance->name));
    }
    g_hash_table_unref(nodes.map);
    g_hash_table_unref(instances.map);
}

static void sanitize_ips(const struct cfg *cfg, struct cfg_txn *txn)
{
    struct renaming ips = renaming_new(new_ip);

    rename_slot(&ips, &cfg_txn_edit_cluster(txn)->master_ip);
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        struct node *node = cfg_txn_edit_node(txn, cfg_node_at(cfg, i)->uuid);

        rename_slot(&ips, &node->primary_ip);
        rename_slot(&ips, &node->secondary_ip);
    }
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        struct instance *instance = cfg_txn_edit_instance(txn, cfg_instance_at(cfg, i)->uuid);

        for (size_t k = 0; k < instance->nics.n; k++) {
            rename_slot(&ips, &instance->nics.v[k].ip);
        }
    }
    g_hash_table_unref(ips.map);
}

/* Renames the keys of a map over OSes. */
static void rename_keys(const struct fact_type *type, void *map, struct renaming *renaming)
{
    struct fact_list old;

    memcpy(&old, map, sizeof(old));
    memset(map, 0, sizeof(old));
    for (size_t i = 0; i < old.n; i++) {
        const char *key = fact_dict_key(type, &old, i);

        fact_copy(type->elem, fact_dict_add(type, map, renamed(renaming, key)),
                  fact_dict_get(type, &old, key));
    }
    fact_clear(type, &old);
}

static void sanitize_os_names(const struct cfg *cfg, struct cfg_txn *txn)
{
    struct renaming oses = renaming_new(new_os);
    struct cluster *cluster = cfg_txn_edit_cluster(txn);

    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        rename_slot(&oses, &cfg_txn_edit_instance(txn, cfg_instance_at(cfg, i)->uuid)->os);
    }
    rename_keys(&type_os_hv_map, &cluster->os_hvp, &oses);
    rename_keys(&type_value_map_map, &cluster->osparams, &oses);
    rename_keys(&type_value_map_map, &cluster->osparams_private_cluster, &oses);
    g_hash_table_unref(oses.map);
}

static const struct cfg *sanitize(const struct cfg *cfg)
{
    struct cfg_txn *txn = cfg_txn_begin(cfg);
    struct cluster *cluster = cfg_txn_edit_cluster(txn);

    cfg_txn_set_silent(txn);
    replace_text(&cluster->rsahostkeypub, g_strdup(""));
    replace_text(&cluster->dsahostkeypub, g_strdup(""));
    cluster->has.dsahostkeypub = true;
    for (size_t i = 0; i < cfg_disk_count(cfg); i++) {
        clean_disk(cfg_txn_edit_disk(txn, cfg_disk_at(cfg, i)->uuid), wanted(options.lvs, false));
    }
    if (wanted(options.names, true)) {
        sanitize_names(cfg, txn);
    }
    if (wanted(options.ips, true)) {
        sanitize_ips(cfg, txn);
    }
    if (wanted(options.os_names, true)) {
        sanitize_os_names(cfg, txn);
    }
    return cfg_txn_commit(txn, 0);
}

/* In the dialect of the reference's Python tools. */
static char *python_text(const struct cfg *cfg)
{
    g_autoptr(GString) compact = g_string_new(NULL);
    CLEANUP(json_unrefp) struct json *tree = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    cfg_encode(cfg, compact);
    if (!json_parse(compact->str, (gssize)compact->len, &tree, &error)) {
        g_error("own output: %s", error->message);
    }
    text = json_to_string(tree, JSON_PYTHON);
    return g_strconcat(text, "\n", NULL);
}

static bool write_output(const char *path, const char *text, GError **errp)
{
    if (strcmp(path, "-") == 0) {
        return fs_write_fd(STDOUT_FILENO, "standard output", text, strlen(text), errp);
    }
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_autofree char *backup = fs_backup(path, errp);

        if (backup == NULL) {
            return false;
        }
    }
    return fs_write_atomic(path, text, strlen(text), NULL, errp);
}

static bool run(const char *output, GError **errp)
{
    CLEANUP(cfg_unrefp)
    const struct cfg *cfg =
        cfg_load(options.path != NULL ? options.path : path_get(PATH_CLUSTER_CONF_FILE), errp);
    CLEANUP(cfg_unrefp) const struct cfg *clean = NULL;
    g_autofree char *text = NULL;

    if (cfg == NULL) {
        return false;
    }
    clean = sanitize(cfg);
    text = python_text(clean);
    return write_output(output, text, errp);
}

static bool options_are_good(void)
{
    return is_yes_or_no(options.names) && is_yes_or_no(options.ips) && is_yes_or_no(options.lvs) &&
           is_yes_or_no(options.os_names);
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new("{OUTPUT | -}");
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "sanitize-config: %s\n", error->message);
        return 2;
    }
    if (options.version) {
        puts("sanitize-config (" PACKAGE_NAME ") " PACKAGE_VERSION);
        return 0;
    }
    if (!options_are_good()) {
        fputs("sanitize-config: the --sanitize options take yes or no\n", stderr);
        return 2;
    }
    if (argc != 2) {
        fputs("Usage: sanitize-config [options] {OUTPUT | -}\n", stderr);
        return 1;
    }
    if (options.domain == NULL) {
        options.domain = g_strdup("example.com");
    }
    if (!run(argv[1], &error)) {
        fprintf(stderr, "sanitize-config: %s\n", error->message);
        return 1;
    }
    return 0;
}
