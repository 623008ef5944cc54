#include "config.h"

#include "compat-config/model/cfg.h"

#include <string.h>

#include "compat-config/model/internal.h"
#include "facts/codec.h"
#include "facts/errors.h"

static const struct {
    const struct fact_object *object;
    size_t member; /* offset in struct config_data */
    const char *title;
} kinds[CFG_KIND_COUNT] = {
#define KIND(kind, type, member_, title_)                                                          \
    [CFG_KIND_##kind] = {.object = &fact_object_##type,                                            \
                         .member = offsetof(struct config_data, member_),                          \
                         .title = title_},
    CFG_KINDS(KIND)
#undef KIND
};

const struct fact_object *cfg_kind_object(enum cfg_kind kind)
{
    return kinds[kind].object;
}

int cfg_kind_of_member(const struct fact_member *member)
{
    for (int kind = 0; kind < CFG_KIND_COUNT; kind++) {
        if (kinds[kind].member == member->offset) {
            return kind;
        }
    }
    return -1;
}

struct cfg *cfg_new(struct config_data *head, const struct cluster *cluster,
                    struct cfg_table *const tables[CFG_KIND_COUNT])
{
    struct cfg *cfg = g_new0(struct cfg, 1);

    cfg->refs = 1;
    cfg->head = *head;
    cfg->cluster = cluster;
    memcpy(cfg->tables, tables, sizeof(cfg->tables));
    memset(head, 0, sizeof(*head));
    return cfg;
}

const struct cfg *cfg_ref(const struct cfg *cfg)
{
    ((struct cfg *)cfg)->refs++;
    return cfg;
}

void cfg_unref(const struct cfg *cfg)
{
    struct cfg *gone = (struct cfg *)cfg;

    if (gone == NULL || --gone->refs > 0) {
        return;
    }
    fact_object_clear(&fact_object_config_data, &gone->head);
    cfg_object_unref(&fact_object_cluster, gone->cluster);
    for (size_t i = 0; i < CFG_KIND_COUNT; i++) {
        cfg_table_unref(gone->tables[i]);
    }
    cfg_links_free(gone->links);
    g_free(gone);
}

int64_t cfg_version(const struct cfg *cfg)
{
    return cfg->head.version;
}

int64_t cfg_serial(const struct cfg *cfg)
{
    return cfg->head.serial_no;
}

double cfg_ctime(const struct cfg *cfg)
{
    return cfg->head.ctime;
}

double cfg_mtime(const struct cfg *cfg)
{
    return cfg->head.mtime;
}

const struct cluster *cfg_cluster(const struct cfg *cfg)
{
    return cfg->cluster;
}

size_t cfg_count(const struct cfg *cfg, enum cfg_kind kind)
{
    return cfg->tables[kind]->n;
}

const void *cfg_at(const struct cfg *cfg, enum cfg_kind kind, size_t index)
{
    g_assert(index < cfg->tables[kind]->n);
    return cfg->tables[kind]->v[index];
}

const void *cfg_get(const struct cfg *cfg, enum cfg_kind kind, const char *uuid)
{
    return uuid == NULL ? NULL : cfg_table_get(cfg->tables[kind], uuid);
}

/* ---- names ---- */

/* Forthcoming instances may lack a name and are then not found by one; disks have names, but they
 * need not differ, and nothing finds a disk by them. */
static size_t name_offset(enum cfg_kind kind)
{
    const struct fact_member *member =
        kind == CFG_KIND_disk ? NULL : fact_object_find(kinds[kind].object, "name");

    return member == NULL ? 0 : member->offset;
}

static const char *name_at(const void *value, size_t offset)
{
    const char *name = *(char *const *)(const void *)((const char *)value + offset);

    return name == NULL ? "" : name;
}

static int compare_names(const void *a, const void *b, void *offset)
{
    return strcmp(name_at(*(const void *const *)a, *(size_t *)offset),
                  name_at(*(const void *const *)b, *(size_t *)offset));
}

static const void **by_name(struct cfg_table *table, size_t offset)
{
    if (table->by_name == NULL) {
        table->by_name = g_memdup2(table->v, table->n * sizeof(*table->v));
        /* Stable, so objects of one name stay in the order of their UUIDs. */
        g_qsort_with_data(table->by_name, (int)table->n, sizeof(*table->v), compare_names, &offset);
    }
    return table->by_name;
}

/* Index of the first object whose name is not below this one. */
static size_t name_place(struct cfg_table *table, size_t offset, const char *name)
{
    const void **sorted = by_name(table, offset);
    size_t low = 0, high = table->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (strcmp(name_at(sorted[mid], offset), name) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

const void *cfg_named(const struct cfg *cfg, enum cfg_kind kind, const char *name)
{
    struct cfg_table *table = cfg->tables[kind];
    size_t offset = name_offset(kind);
    const void *found = NULL;

    if (offset == 0 || name == NULL || name[0] == '\0') {
        return NULL;
    }
    /* Of several with one name the reference's map keeps the last. */
    for (size_t i = name_place(table, offset, name);
         i < table->n && strcmp(name_at(table->by_name[i], offset), name) == 0; i++) {
        found = table->by_name[i];
    }
    return found;
}

/* The objects whose name starts with the text and a dot: how many, and the last of them. */
static size_t find_short(struct cfg_table *table, size_t offset, const char *text,
                         const void **ret_found)
{
    g_autofree char *prefix = g_strconcat(text, ".", NULL);
    const char *last = NULL;
    size_t n = 0;

    for (size_t i = name_place(table, offset, prefix);
         i < table->n && g_str_has_prefix(name_at(table->by_name[i], offset), prefix); i++) {
        const char *name = name_at(table->by_name[i], offset);

        if (last == NULL || strcmp(last, name) != 0) {
            n++;
        }
        last = name;
        *ret_found = table->by_name[i];
    }
    return n;
}

const void *cfg_find(const struct cfg *cfg, enum cfg_kind kind, const char *text, GError **errp)
{
    size_t offset = name_offset(kind);
    const void *found = cfg_get(cfg, kind, text);
    size_t n;

    if (found != NULL) {
        return found;
    }
    if (offset == 0) {
        err_set(errp, ERR_OP_PREREQ, ECODE_NOENT, "%s uuid %s not found", kinds[kind].title, text);
        return NULL;
    }
    found = cfg_named(cfg, kind, text);
    if (found != NULL) {
        return found;
    }
    n = find_short(cfg->tables[kind], offset, text, &found);
    if (n == 1) {
        return found;
    }
    err_set(errp, ERR_OP_PREREQ, ECODE_NOENT, "%s name %s %s", kinds[kind].title, text,
            n == 0 ? "not found" : "has multiple matches");
    return NULL;
}
