/* What two snapshots share and where they differ. */
#include "config.h"

#include <string.h>

#include "compat-config/model/internal.h"
#include "facts/codec.h"

static void diff_tables(enum cfg_kind kind, const struct cfg_table *from,
                        const struct cfg_table *to, cfg_diff_fn *fn, void *data)
{
    size_t i = 0, k = 0;

    while (i < from->n || k < to->n) {
        int order = i == from->n ? 1
                    : k == to->n
                        ? -1
                        : strcmp(cfg_table_uuid(from, from->v[i]), cfg_table_uuid(to, to->v[k]));

        if (order < 0) {
            fn(kind, cfg_table_uuid(from, from->v[i]), NULL, data);
        } else if (order > 0 || from->v[i] != to->v[k]) {
            fn(kind, cfg_table_uuid(to, to->v[k]), to->v[k], data);
        }
        i += order <= 0;
        k += order >= 0;
    }
}

void cfg_diff(const struct cfg *from, const struct cfg *to, cfg_diff_fn *fn, void *data)
{
    for (int kind = 0; kind < CFG_KIND_COUNT; kind++) {
        if (from->tables[kind] != to->tables[kind]) {
            diff_tables(kind, from->tables[kind], to->tables[kind], fn, data);
        }
    }
}

/* The table of base if all objects are equal, else a new one with what is equal from there. */
static struct cfg_table *share_table(const struct cfg_table *given, struct cfg_table *base)
{
    const void **v = g_new(const void *, given->n + 1);
    size_t shared = 0;

    for (size_t i = 0; i < given->n; i++) {
        const void *there = cfg_table_get(base, cfg_table_uuid(given, given->v[i]));
        bool equal = there != NULL && fact_object_equal(given->object, there, given->v[i]);

        v[i] = cfg_object_ref(equal ? there : given->v[i]);
        shared += equal;
    }
    if (shared == given->n && given->n == base->n) {
        for (size_t i = 0; i < given->n; i++) {
            cfg_object_unref(given->object, v[i]);
        }
        g_free(v);
        return cfg_table_ref(base);
    }
    return cfg_table_new(given->object, v, given->n);
}

const struct cfg *cfg_share(const struct cfg *given, const struct cfg *base)
{
    struct cfg_table *tables[CFG_KIND_COUNT];
    struct config_data *head = fact_object_copy(&fact_object_config_data, &given->head);
    bool equal = fact_object_equal(&fact_object_cluster, given->cluster, base->cluster);
    const struct cfg *cfg;

    for (int kind = 0; kind < CFG_KIND_COUNT; kind++) {
        tables[kind] = share_table(given->tables[kind], base->tables[kind]);
    }
    cfg = cfg_new(head, cfg_object_ref(equal ? base->cluster : given->cluster), tables);
    g_free(head);
    return cfg;
}

bool cfg_equal(const struct cfg *a, const struct cfg *b)
{
    const struct cfg *shared = cfg_share(a, b);
    bool equal = shared->cluster == b->cluster &&
                 fact_object_equal(&fact_object_config_data, &a->head, &b->head);

    for (int kind = 0; equal && kind < CFG_KIND_COUNT; kind++) {
        equal = shared->tables[kind] == b->tables[kind];
    }
    cfg_unref(shared);
    return equal;
}
