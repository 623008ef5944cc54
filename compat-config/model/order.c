/* Objects in the natural order of their names, as lists show them. */
#include "config.h"

#include <stdlib.h>

#include "base/text.h"
#include "compat-config/model/internal.h"
#include "facts/codec.h"

struct named {
    const char *name;
    const void *object;
};

static int compare_named(const void *a, const void *b)
{
    return text_nice_compare(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static const char *name_of(const struct cfg_table *table, const struct fact_member *member,
                           const void *object)
{
    const char *name = NULL;

    if (fact_member_is_set(table->object, object, member)) {
        name = *(char *const *)(const void *)((const char *)object + member->offset);
    }
    return name != NULL ? name : "";
}

static const void **sort_by_name(const struct cfg_table *table)
{
    const struct fact_member *member = fact_object_find(table->object, "name");
    g_autofree struct named *named = g_new(struct named, MAX(table->n, 1));
    const void **sorted = g_new(const void *, MAX(table->n, 1));

    if (member == NULL) {
        member = fact_object_find(table->object, "uuid");
    }
    for (size_t i = 0; i < table->n; i++) {
        named[i].name = name_of(table, member, table->v[i]);
        named[i].object = table->v[i];
    }
    if (table->n > 1) {
        qsort(named, table->n, sizeof *named, compare_named);
    }
    for (size_t i = 0; i < table->n; i++) {
        sorted[i] = named[i].object;
    }
    return sorted;
}

const void *const *cfg_in_order(const struct cfg *cfg, enum cfg_kind kind)
{
    struct cfg_table *table = cfg->tables[kind];

    if (table->in_order == NULL) {
        table->in_order = sort_by_name(table);
    }
    return table->in_order;
}
