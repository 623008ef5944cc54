#include "config.h"

#include "luxi/query/config-items.h"

#include "base/text.h"
#include "facts/codec.h"
#include "facts/errors.h"

struct named {
    const char *name;
};

static int compare_named(const void *a, const void *b)
{
    return text_nice_compare(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static void append(struct query *query, const void *object)
{
    const struct query_item item = {.object = object};

    g_array_append_val(query->items, item);
}

static void list_all(struct query *query, enum cfg_kind kind)
{
    const void *const *sorted = cfg_in_order(query->cfg, kind);
    size_t n = cfg_count(query->cfg, kind);

    g_array_set_size(query->items, 0);
    for (size_t i = 0; i < n; i++) {
        append(query, sorted[i]);
    }
}

bool query_list_config(struct query *query, enum cfg_kind kind, const struct query_operand *names,
                       size_t n_names, GError **errp)
{
    size_t listed = 0;

    for (size_t i = 0; i < n_names; i++) {
        const void *object;

        if (names[i].text == NULL) {
            continue; /* numbers name nothing here */
        }
        object = cfg_find(query->cfg, kind, names[i].text, errp);
        if (object == NULL) {
            return false;
        }
        append(query, object);
        listed++;
    }
    if (listed == 0) {
        list_all(query, kind);
    }
    return true;
}

void query_set_instance_names(struct query_value *ret_value, struct cfg_instances instances)
{
    g_autofree struct named *sorted = g_new(struct named, MAX(instances.n, 1));
    GString *out = g_string_new(NULL);
    struct json_writer w = query_set_begin(out);
    size_t n = 0;

    for (size_t i = 0; i < instances.n; i++) {
        if (instances.v[i]->name != NULL) {
            sorted[n++].name = instances.v[i]->name;
        }
    }
    if (n > 1) {
        qsort(sorted, n, sizeof *sorted, compare_named);
    }
    json_write_array_begin(&w);
    for (size_t i = 0; i < n; i++) {
        json_write_string(&w, sorted[i].name);
    }
    json_write_array_end(&w);
    query_set_end(ret_value, out);
}
