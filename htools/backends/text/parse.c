#include <inttypes.h>
#include <math.h>
#include <sys/stat.h>

#include "htools/backends/text/text.h"
#include "htools/core/read.h"

G_DEFINE_QUARK(ht_text_error, ht_text_error)

enum {
    GROUP_COLUMNS_MIN = 4,
    GROUP_COLUMNS = 5,
    NODE_COLUMNS_MIN = 9,
    NODE_COLUMNS = 15,
    INSTANCE_COLUMNS_MIN = 10,
    INSTANCE_COLUMNS = 13,
    POLICY_COLUMNS = 6,
    SECTIONS_MIN = 4,
    SECTIONS = 5,
};

/* One line under work. Texts point into the copy of the file, where separators became NUL. */
struct line {
    struct ht_cluster *cluster;
    unsigned number;
    const char *what; /* "node", ... */
    char *columns[32];
    unsigned n_columns;
};

static bool fail(const struct line *line, GError **errp, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static bool fail(const struct line *line, GError **errp, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(errp, HT_TEXT_ERROR, 0, "line %u (%s): %s", line->number, line->what, text);
    return false;
}

/* Cuts text at every separator in place. At most max parts are stored, the number of all is
 * returned; an empty text has none (Utils.hs, sepSplit). */
static unsigned split(char *text, char separator, char **parts, unsigned max)
{
    unsigned n = 0;

    if (*text == '\0') {
        return 0;
    }
    for (;;) {
        char *end = strchr(text, separator);

        if (n < max) {
            parts[n] = text;
        }
        n++;
        if (end == NULL) {
            return n;
        }
        *end = '\0';
        text = end + 1;
    }
}

/* Fewer columns than the form of today get what they meant then. */
static bool fill_columns(struct line *line, unsigned min, unsigned all, const char *const *defaults,
                         GError **errp)
{
    if (line->n_columns < min) {
        return fail(line, errp, "has %u columns, at least %u are needed", line->n_columns, min);
    }
    for (unsigned i = line->n_columns; i < all; i++) {
        line->columns[i] = (char *)defaults[i - min];
    }
    return true;
}

static bool column_int(const struct line *line, const char *name, const char *text, int64_t *ret,
                       GError **errp)
{
    g_autoptr(GError) error = NULL;

    if (!read_int(name, text, ret, &error)) {
        return fail(line, errp, "%s", error->message);
    }
    if (*ret > HT_TEXT_MAX_NUMBER || *ret < -HT_TEXT_MAX_NUMBER) {
        return fail(line, errp, "%s: %s is out of range", name, text);
    }
    return true;
}

static bool column_double(const struct line *line, const char *name, const char *text, double *ret,
                          GError **errp)
{
    g_autoptr(GError) error = NULL;

    if (!read_double(name, text, ret, &error)) {
        return fail(line, errp, "%s", error->message);
    }
    if (!(fabs(*ret) <= (double)HT_TEXT_MAX_NUMBER)) {
        return fail(line, errp, "%s: %s is out of range", name, text);
    }
    return true;
}

static bool column_flag(const struct line *line, const char *name, const char *text, bool *ret,
                        GError **errp)
{
    if (strcmp(text, "Y") != 0 && strcmp(text, "N") != 0) {
        return fail(line, errp, "%s: expected Y or N, not '%s'", name, text);
    }
    *ret = *text == 'Y';
    return true;
}

/* A list of words in the cluster's arena. */
static const char *const *column_words(const struct line *line, const char *text, unsigned *ret_n)
{
    g_autofree char *copy = g_strdup(text);
    unsigned max = (unsigned)strlen(text) + 1;
    g_autofree char **parts = g_new(char *, max + 1);
    unsigned n = split(copy, ',', parts, max);

    return ht_cluster_strv(line->cluster, (const char *const *)parts, (int)n, ret_n);
}

static bool parse_group(struct line *line, GError **errp)
{
    static const char *const defaults[] = {""};
    enum ht_alloc_policy policy;
    struct ht_group *group;

    if (!fill_columns(line, GROUP_COLUMNS_MIN, GROUP_COLUMNS, defaults, errp)) {
        return false;
    }
    if (!ht_alloc_policy_parse(line->columns[2], &policy)) {
        return fail(line, errp, "unknown allocation policy '%s'", line->columns[2]);
    }
    group = ht_cluster_add_group(line->cluster, line->columns[0], line->columns[1]);
    group->alloc_policy = policy;
    group->tags = column_words(line, line->columns[3], &group->n_tags);
    group->networks = column_words(line, line->columns[4], &group->n_networks);
    return true;
}

static bool parse_node(struct line *line, GError **errp)
{
    static const char *const defaults[] = {"1", "", "N", "0", "1", "1.0"};
    char *const *columns = line->columns;
    struct ht_node_spec spec = {0};
    bool excl_storage = false, unknown = false;
    double cpu_speed = 1;
    struct ht_node *node;

    if (!fill_columns(line, NODE_COLUMNS_MIN, NODE_COLUMNS, defaults, errp)) {
        return false;
    }
    spec.name = columns[0];
    spec.group = ht_cluster_group_by_uuid(line->cluster, columns[8]);
    if (spec.group == HT_NONE) {
        return fail(line, errp, "unknown group '%s' for node %s", columns[8], columns[0]);
    }
    for (int i = 1; i <= 6; i++) {
        unknown = unknown || strcmp(columns[i], "?") == 0;
    }
    if (unknown) {
        spec.offline = true;
        ht_cluster_add_node(line->cluster, &spec);
        return true;
    }
    if (!column_double(line, "total memory", columns[1], &spec.t_mem, errp) ||
        !column_int(line, "node memory", columns[2], &spec.n_mem, errp) ||
        !column_int(line, "free memory", columns[3], &spec.f_mem, errp) ||
        !column_double(line, "total disk", columns[4], &spec.t_dsk, errp) ||
        !column_int(line, "free disk", columns[5], &spec.f_dsk, errp) ||
        !column_double(line, "CPUs", columns[6], &spec.t_cpu, errp) ||
        !column_int(line, "CPUs of the node", columns[13], &spec.n_cpu, errp) ||
        !column_int(line, "spindles", columns[9], &spec.t_spindles, errp) ||
        !column_double(line, "CPU speed", columns[14], &cpu_speed, errp) ||
        !column_int(line, "free spindles", columns[12], &spec.f_spindles, errp) ||
        !column_flag(line, "exclusive storage", columns[11], &excl_storage, errp)) {
        return false;
    }
    spec.offline = strcmp(columns[7], "Y") == 0;
    spec.excl_storage = excl_storage;
    node = ht_cluster_add_node(line->cluster, &spec);
    node->is_master = strcmp(columns[7], "M") == 0;
    node->cpu_speed = cpu_speed;
    node->tags = column_words(line, columns[10], &node->n_tags);
    return true;
}

static bool find_node(const struct line *line, const char *name, int *ret, GError **errp)
{
    *ret = ht_cluster_node_by_name(line->cluster, name);
    return *ret != HT_NONE ||
           fail(line, errp, "unknown node '%s' for instance %s", name, line->columns[0]);
}

static bool parse_instance(struct line *line, GError **errp)
{
    static const char *const defaults[] = {"1", "-", "N"};
    char *const *columns = line->columns;
    enum ht_instance_status status;
    enum ht_disk_template dt;
    int pnode, snode = HT_NONE;
    int64_t mem, dsk, vcpus, spindle_use, spindles = HT_SPINDLES_UNKNOWN;
    bool auto_balance = true, forthcoming = false;
    struct ht_instance *inst;
    struct ht_disk *disk;

    if (!fill_columns(line, INSTANCE_COLUMNS_MIN, INSTANCE_COLUMNS, defaults, errp) ||
        !find_node(line, columns[6], &pnode, errp) ||
        (*columns[7] != '\0' && !find_node(line, columns[7], &snode, errp)) ||
        !column_int(line, "memory", columns[1], &mem, errp) ||
        !column_int(line, "disk", columns[2], &dsk, errp) ||
        !column_int(line, "VCPUs", columns[3], &vcpus, errp) ||
        !column_flag(line, "auto balance", columns[5], &auto_balance, errp) ||
        !column_int(line, "spindle use", columns[10], &spindle_use, errp) ||
        (strcmp(columns[11], "-") != 0 &&
         !column_int(line, "spindles", columns[11], &spindles, errp)) ||
        !column_flag(line, "forthcoming", columns[12], &forthcoming, errp)) {
        return false;
    }
    if (!ht_instance_status_parse(columns[4], &status)) {
        return fail(line, errp, "unknown instance status '%s'", columns[4]);
    }
    if (!ht_disk_template_parse(columns[8], &dt)) {
        return fail(line, errp, "unknown disk template '%s'", columns[8]);
    }
    if (spindles < 0 && strcmp(columns[11], "-") != 0) {
        return fail(line, errp, "spindles: %s is out of range", columns[11]);
    }
    if (ht_disk_template_mirror(dt) == HT_MIRROR_INTERNAL && pnode == snode) {
        return fail(line, errp, "instance %s has same primary and secondary node - %s", columns[0],
                    columns[6]);
    }
    inst = ht_cluster_add_instance(line->cluster, columns[0], dt);
    inst->mem = mem;
    inst->dsk = dsk;
    disk = ht_cluster_alloc(line->cluster, sizeof(*disk));
    *disk = (struct ht_disk){.size = dsk, .spindles = spindles};
    inst->disks = disk;
    inst->n_disks = 1;
    inst->vcpus = vcpus;
    inst->status = status;
    inst->auto_balance = auto_balance;
    inst->pnode = pnode;
    inst->snode = snode;
    inst->spindle_use = spindle_use;
    inst->forthcoming = forthcoming;
    inst->tags = column_words(line, columns[9], &inst->n_tags);
    return true;
}

static bool parse_spec(const struct line *line, const char *which, char *text,
                       struct ht_ispec *spec, GError **errp)
{
    char *parts[HT_ISPEC_MEMBERS];
    unsigned n = split(text, ',', parts, HT_ISPEC_MEMBERS);

    if (n < HT_ISPEC_MEMBERS) {
        return fail(line, errp, "%s has %u numbers, %d are needed", which, n, HT_ISPEC_MEMBERS);
    }
    for (int i = 0; i < HT_ISPEC_MEMBERS; i++) {
        const struct ht_ispec_row *row = &ht_ispec_rows[i];
        g_autofree char *name = g_strconcat(which, "/", row->word, NULL);

        if (!column_int(line, name, parts[i], ht_ispec_member(spec, row), errp)) {
            return false;
        }
    }
    return true;
}

static bool parse_minmax(const struct line *line, char *text, struct ht_ipolicy *ipolicy,
                         GError **errp)
{
    unsigned max = (unsigned)strlen(text) + 1;
    g_autofree char **parts = g_new(char *, max + 1);
    unsigned n = split(text, ';', parts, max);
    struct ht_minmax *minmax;

    if (n % 2 != 0) {
        return fail(line, errp, "odd number of min/max specs");
    }
    minmax = ht_cluster_alloc(line->cluster, (n / 2 + 1) * sizeof(*minmax));
    for (unsigned i = 0; i < n / 2; i++) {
        if (!parse_spec(line, "minspec", parts[2 * i], &minmax[i].min, errp) ||
            !parse_spec(line, "maxspec", parts[2 * i + 1], &minmax[i].max, errp)) {
            return false;
        }
    }
    ipolicy->minmax = minmax;
    ipolicy->n_minmax = n / 2;
    return true;
}

static bool parse_templates(const struct line *line, char *text, struct ht_ipolicy *ipolicy,
                            GError **errp)
{
    unsigned max = (unsigned)strlen(text) + 1;
    g_autofree char **parts = g_new(char *, max + 1);
    unsigned n = split(text, ',', parts, max);
    enum ht_disk_template *templates =
        ht_cluster_alloc(line->cluster, (n + 1) * sizeof(*templates));

    for (unsigned i = 0; i < n; i++) {
        if (!ht_disk_template_parse(parts[i], &templates[i])) {
            return fail(line, errp, "unknown disk template '%s'", parts[i]);
        }
    }
    ipolicy->templates = templates;
    ipolicy->n_templates = n;
    return true;
}

static bool parse_policy(struct line *line, GError **errp)
{
    char *const *columns = line->columns;
    struct ht_ipolicy ipolicy = {0};
    int group;

    if (!fill_columns(line, POLICY_COLUMNS, POLICY_COLUMNS, NULL, errp) ||
        !parse_spec(line, "stdspec", columns[1], &ipolicy.std, errp) ||
        !parse_minmax(line, columns[2], &ipolicy, errp) ||
        !parse_templates(line, columns[3], &ipolicy, errp) ||
        !column_double(line, "vcpu_ratio", columns[4], &ipolicy.vcpu_ratio, errp) ||
        !column_double(line, "spindle_ratio", columns[5], &ipolicy.spindle_ratio, errp)) {
        return false;
    }
    if (*columns[0] == '\0') {
        line->cluster->ipolicy = ipolicy;
        return true;
    }
    group = ht_cluster_find_group(line->cluster, columns[0]);
    if (group == HT_NONE) {
        return fail(line, errp, "policy for '%s', which is not the name of exactly one group",
                    columns[0]);
    }
    line->cluster->groups[group].ipolicy = ipolicy;
    return true;
}

/* A tag is the whole line. */
static bool keep_tag(struct ht_cluster *cluster, GPtrArray *tags, const char *text)
{
    g_ptr_array_add(tags, (char *)ht_cluster_strdup(cluster, text));
    return true;
}

static bool parse_section_line(struct line *line, unsigned section, char *text, GPtrArray *tags,
                               GError **errp)
{
    static const struct {
        const char *what;
        bool (*parse)(struct line *line, GError **errp);
    } sections[SECTIONS] = {
        {"group", parse_group}, {"node", parse_node},     {"instance", parse_instance},
        {"tag", NULL},          {"policy", parse_policy},
    };

    line->what = sections[section].what;
    if (sections[section].parse == NULL) {
        return keep_tag(line->cluster, tags, text);
    }
    line->n_columns = split(text, '|', line->columns, G_N_ELEMENTS(line->columns));
    return sections[section].parse(line, errp);
}

/* Walks the lines of text, which is writable and ends with NUL. */
static bool parse_lines(struct ht_cluster *cluster, char *text, GPtrArray *tags, GError **errp)
{
    struct line line = {.cluster = cluster};
    unsigned section = 0;
    bool last_empty = false;

    while (*text != '\0' && section < SECTIONS) {
        char *end = strchr(text, '\n');

        if (end != NULL) {
            *end = '\0';
        }
        line.number++;
        last_empty = *text == '\0';
        if (last_empty) {
            section++;
        } else if (!parse_section_line(&line, section, text, tags, errp)) {
            return false;
        }
        if (end == NULL) {
            break;
        }
        text = end + 1;
    }
    /* A file of no lines has no section at all. */
    if (line.number == 0 || section + 1 < SECTIONS_MIN) {
        g_set_error(errp, HT_TEXT_ERROR, 0,
                    "Invalid format of the input file: %u sections instead of %d or more",
                    line.number == 0 ? 0 : section + 1, SECTIONS_MIN);
        return false;
    }
    return true;
}

struct ht_cluster *ht_text_parse(const char *text, gsize len, GError **errp)
{
    g_autofree char *copy = NULL;
    g_autoptr(GPtrArray) tags = g_ptr_array_new();
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = ht_cluster_new();
    const char *bad = NULL;

    if (len > HT_TEXT_MAX_FILE) {
        g_set_error(errp, HT_TEXT_ERROR, 0, "the file is larger than %d MiB",
                    HT_TEXT_MAX_FILE / (1024 * 1024));
        return NULL;
    }
    if (!g_utf8_validate(text, (gssize)len, &bad)) {
        g_set_error(errp, HT_TEXT_ERROR, 0, "byte %zu is not UTF-8 text", (size_t)(bad - text) + 1);
        return NULL;
    }
    copy = g_strndup(text, len);
    if (!parse_lines(cluster, copy, tags, errp)) {
        return NULL;
    }
    g_ptr_array_add(tags, NULL);
    cluster->tags =
        ht_cluster_strv(cluster, (const char *const *)tags->pdata, -1, &cluster->n_tags);
    return g_steal_pointer(&cluster);
}

struct ht_cluster *ht_text_load(const char *path, GError **errp)
{
    g_autofree char *text = NULL;
    struct stat info;
    gsize len = 0;

    if (stat(path, &info) == 0 && info.st_size > HT_TEXT_MAX_FILE) {
        g_set_error(errp, HT_TEXT_ERROR, 0, "%s is larger than %d MiB", path,
                    HT_TEXT_MAX_FILE / (1024 * 1024));
        return NULL;
    }
    if (!g_file_get_contents(path, &text, &len, errp)) {
        return NULL;
    }
    struct ht_cluster *cluster = ht_text_parse(text, len, errp);

    if (cluster == NULL) {
        g_prefix_error(errp, "%s: ", path);
    }
    return cluster;
}
