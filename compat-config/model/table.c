#include "config.h"

#include <string.h>

#include "compat-config/model/internal.h"
#include "facts/codec.h"

static int compare_uuids(const void *a, const void *b, void *table)
{
    return strcmp(cfg_table_uuid(table, *(const void *const *)a),
                  cfg_table_uuid(table, *(const void *const *)b));
}

struct cfg_table *cfg_table_new(const struct fact_object *object, const void **v, size_t n)
{
    struct cfg_table *table = g_new0(struct cfg_table, 1);

    table->refs = 1;
    table->object = object;
    table->uuid_offset = fact_object_find(object, "uuid")->offset;
    table->v = v;
    table->n = n;
    for (size_t i = 1; i < n; i++) {
        if (compare_uuids(&v[i - 1], &v[i], table) > 0) {
            g_qsort_with_data(v, (int)n, sizeof(*v), compare_uuids, table);
            break;
        }
    }
    return table;
}

struct cfg_table *cfg_table_ref(struct cfg_table *table)
{
    table->refs++;
    return table;
}

void cfg_table_unref(struct cfg_table *table)
{
    if (table == NULL || --table->refs > 0) {
        return;
    }
    for (size_t i = 0; i < table->n; i++) {
        cfg_object_unref(table->object, table->v[i]);
    }
    g_free(table->v);
    g_free(table->by_name);
    g_free(table->in_order);
    g_free(table);
}

size_t cfg_table_place(const struct cfg_table *table, const char *uuid)
{
    size_t low = 0, high = table->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (strcmp(cfg_table_uuid(table, table->v[mid]), uuid) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}

const void *cfg_table_get(const struct cfg_table *table, const char *uuid)
{
    size_t at = cfg_table_place(table, uuid);

    if (at == table->n || strcmp(cfg_table_uuid(table, table->v[at]), uuid) != 0) {
        return NULL;
    }
    return table->v[at];
}
