#include "config.h"

#include "noded/storage/lvm/parse.h"

#include <string.h>

#include "base/log.h"
#include "base/parse.h"
#include "facts/codec.h"
#include "noded/storage/bdev-common.h"
#include "noded/storage/lvm/build.h"

enum {
    DISK_FIELDS = 8,
    PV_FIELDS = 6,
    GROUP_FIELDS = 4,
    MIN_LETTERS = 6,
    MAX_SHOWN = 200,
};

/* Larger than anything LVM can hold, and far from where a double gets coarse. */
static const double max_size = 1e15;

bool lvm_size_parse(const char *text, double *ret_size)
{
    return parse_double(text, 0, max_size, ret_size, NULL);
}

static bool bad_line(GError **errp, const char *report, const char *line)
{
    return bdev_fail(errp, "cannot read a line of %s: '%.*s'", report, MAX_SHOWN, line);
}

/* Fields of a line without the blanks around them; NULL for an empty line. */
static char **split(const char *line, const char *separator)
{
    g_autofree char *copy = g_strstrip(g_strdup(line));
    char **fields;

    if (*copy == '\0') {
        return NULL;
    }
    if (*separator == ' ') {
        fields = g_strsplit_set(copy, " \t", -1);
    } else {
        fields = g_strsplit(copy, separator, -1);
    }
    for (char **field = fields; *field != NULL; field++) {
        g_strstrip(*field);
    }
    return fields;
}

/* For reports whose every line must be right. fn returns false if it is not. */
static bool each_line(const char *text, const char *report, guint n_fields,
                      bool (*fn)(char **fields, void *user), void *user, GError **errp)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) fields = split(*line, LVM_SEPARATOR);
        guint n = fields != NULL ? g_strv_length(fields) : 0;

        /* Some versions end lines with a separator. */
        if (n == n_fields + 1 && *fields[n_fields] == '\0') {
            n--;
        }
        if (fields != NULL && (n != n_fields || !fn(fields, user))) {
            return bad_line(errp, report, *line);
        }
    }
    return true;
}

void lvm_lines_parse(const char *text, const char *separator, guint min_fields, lvm_line_fn *fn,
                     void *user)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) fields = split(*line, separator);

        if (fields == NULL) {
            continue;
        }
        if (g_strv_length(fields) < min_fields) {
            log_warning("passed over a strange line of LVM: '%.*s'", MAX_SHOWN, *line);
            continue;
        }
        fn(fields, user);
    }
}

/* --- Logical volumes ----------------------------------------------------------------------------
 */

static void clear_disk(void *memory)
{
    struct lvm_disk *disk = memory;

    g_free(disk->attributes);
    g_ptr_array_unref(disk->pvs);
}

void lvm_disk_unref(struct lvm_disk *disk)
{
    if (disk != NULL) {
        g_rc_box_release_full(disk, clear_disk);
    }
}

static void free_disk(void *disk)
{
    lvm_disk_unref(disk);
}

/* "/dev/sda1(0),/dev/sdb1(12)"; empty for volumes that are on none. */
static bool parse_devices(const char *text, GPtrArray *pvs)
{
    g_auto(GStrv) devices = g_strsplit(text, ",", -1);

    for (char **device = devices; *device != NULL; device++) {
        size_t len = strcspn(*device, " ()");
        const char *rest = *device + len;
        size_t digits = *rest == '(' ? strspn(rest + 1, "0123456789") : 0;

        if (len == 0 || digits == 0 || strcmp(rest + 1 + digits, ")") != 0) {
            return false;
        }
        (*device)[len] = '\0';
        if (!g_ptr_array_find_with_equal_func(pvs, *device, g_str_equal, NULL)) {
            g_ptr_array_add(pvs, g_strdup(*device));
        }
    }
    return true;
}

static bool parse_disk(char **fields, void *user)
{
    g_autofree char *key = g_strdup_printf("%s/%s", fields[0], fields[1]);
    struct lvm_disk *disk = g_hash_table_lookup(user, key);
    double extent;

    /* A volume of several segments has a line for each; its numbers are those of the last one. */
    if (disk == NULL) {
        disk = g_rc_box_new0(struct lvm_disk);
        disk->pvs = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(user, g_steal_pointer(&key), disk);
    }
    g_free(disk->attributes);
    disk->attributes = g_strdup(fields[2]);
    if (strlen(fields[2]) < MIN_LETTERS ||
        !parse_int64(fields[3], -1, INT32_MAX, &disk->major, NULL) ||
        !parse_int64(fields[4], -1, INT32_MAX, &disk->minor, NULL) ||
        !lvm_size_parse(fields[5], &extent) ||
        !parse_int64(fields[6], 0, INT32_MAX, &disk->stripes, NULL)) {
        return false;
    }
    disk->extent_kib = (int64_t)extent;
    return parse_devices(fields[7], disk->pvs);
}

GHashTable *lvm_disks_parse(const char *text, GError **errp)
{
    g_autoptr(GHashTable) disks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_disk);

    return each_line(text, "lvs", DISK_FIELDS, parse_disk, disks, errp) ? g_steal_pointer(&disks)
                                                                        : NULL;
}

/* --- Physical volumes and groups ----------------------------------------------------------------
 */

static void free_pv(void *pv)
{
    fact_object_free(&fact_object_lvm_pv_info, pv);
}

struct pvs {
    GPtrArray *v;
    GHashTable *by_name;
    GHashTable *pairs; /* "pv|lv" that are noted; NULL: volumes are not asked for */
};

static bool parse_pv(char **fields, void *user)
{
    struct pvs *pvs = user;
    struct lvm_pv_info *pv = g_hash_table_lookup(pvs->by_name, fields[0]);
    double size, free;

    if (*fields[3] == '\0' || !lvm_size_parse(fields[2], &free) ||
        !lvm_size_parse(fields[4], &size)) {
        return false;
    }
    if (pv == NULL) {
        pv = fact_object_new(&fact_object_lvm_pv_info);
        pv->name = g_strdup(fields[0]);
        pv->vg_name = g_strdup(fields[1]);
        pv->size = size;
        pv->free = free;
        pv->attributes = g_strdup(fields[3]);
        pv->has.name = pv->has.vg_name = pv->has.size = pv->has.free = pv->has.attributes =
            pv->has.lv_list = true;
        g_ptr_array_add(pvs->v, pv);
        g_hash_table_insert(pvs->by_name, pv->name, pv);
    }
    /* A volume of several segments on the same physical volume has a line for each. */
    if (pvs->pairs != NULL && *fields[5] != '\0' &&
        g_hash_table_add(pvs->pairs, g_strconcat(fields[0], LVM_SEPARATOR, fields[5], NULL))) {
        *(char **)fact_list_add(&type_str_list, &pv->lv_list) = g_strdup(fields[5]);
    }
    return true;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_pvs(const void *a, const void *b)
{
    const struct lvm_pv_info *left = *(struct lvm_pv_info *const *)a;
    const struct lvm_pv_info *right = *(struct lvm_pv_info *const *)b;

    return strcmp(left->name, right->name);
}

GPtrArray *lvm_pvs_parse(const char *text, bool with_lvs, GError **errp)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_pv);
    g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) pairs =
        with_lvs ? g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) : NULL;
    struct pvs pvs = {.v = list, .by_name = by_name, .pairs = pairs};

    if (!each_line(text, "pvs", PV_FIELDS, parse_pv, &pvs, errp)) {
        return NULL;
    }
    if (with_lvs) {
        g_ptr_array_sort(list, compare_pvs);
        for (guint i = 0; i < list->len; i++) {
            struct lvm_pv_info *pv = g_ptr_array_index(list, i);

            if (pv->lv_list.n > 0) {
                qsort(pv->lv_list.v, pv->lv_list.n, sizeof(*pv->lv_list.v), compare_texts);
            }
        }
    }
    return g_steal_pointer(&list);
}

static void free_group(void *memory)
{
    struct lvm_group *group = memory;

    g_free(group->name);
    g_free(group);
}

static bool parse_group(char **fields, void *user)
{
    struct lvm_group *group = g_new0(struct lvm_group, 1);

    g_ptr_array_add(user, group);
    group->name = g_strdup(fields[0]);
    group->read_only = fields[2][0] == 'r';
    return *fields[2] != '\0' && lvm_size_parse(fields[1], &group->free) &&
           lvm_size_parse(fields[3], &group->size);
}

GPtrArray *lvm_groups_parse(const char *text, GError **errp)
{
    g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func(free_group);

    return each_line(text, "vgs", GROUP_FIELDS, parse_group, groups, errp)
               ? g_steal_pointer(&groups)
               : NULL;
}
