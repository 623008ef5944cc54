#include "config.h"

#include <limits.h>
#include <string.h>

#include "compat-config/model/internal.h"
#include "facts/codec.h"

/* Long enough that a configuration of tens of thousands of objects has some hundred runs, short
 * enough that making the text of one takes well below a millisecond. */
enum { RUN = 64 };

static int compare_uuids(const void *a, const void *b, void *table)
{
    return strcmp(cfg_table_uuid(table, *(const void *const *)a),
                  cfg_table_uuid(table, *(const void *const *)b));
}

/* The first bytes of a UUID as a number that sorts as they do. */
static uint64_t uuid_head(const char *uuid)
{
    uint64_t head = 0;
    size_t i = 0;

    for (; i < sizeof head && uuid[i] != '\0'; i++) {
        head = head << CHAR_BIT | (unsigned char)uuid[i];
    }
    return i == 0 ? 0 : head << CHAR_BIT * (sizeof head - i);
}

/* ---- runs ---- */

static void run_unref(const struct fact_object *object, struct cfg_run *run)
{
    if (--run->refs > 0) {
        return;
    }
    for (size_t i = 0; i < run->n; i++) {
        cfg_object_unref(object, run->v[i]);
    }
    g_free(run->v);
    g_free(run->heads);
    g_free(run->text);
    g_free(run);
}

/* Takes over the references in v, but not the array. */
static void add_run(const struct cfg_table *order, GPtrArray *runs, const void *const *v, size_t n)
{
    struct cfg_run *run = g_new0(struct cfg_run, 1);

    run->refs = 1;
    run->v = g_memdup2(v, n * sizeof(*v));
    run->heads = g_new(uint64_t, n);
    run->n = n;
    for (size_t i = 0; i < n; i++) {
        run->heads[i] = uuid_head(cfg_table_uuid(order, v[i]));
    }
    g_ptr_array_add(runs, run);
}

/* One run, or several where that would be a long one. */
static void add_runs(const struct cfg_table *order, GPtrArray *runs, const void *const *v, size_t n)
{
    while (n > 2 * (size_t)RUN) {
        add_run(order, runs, v, RUN);
        v += RUN;
        n -= RUN;
    }
    if (n > 0) {
        add_run(order, runs, v, n);
    }
}

/* Takes over the runs. */
static struct cfg_table *new_table(const struct fact_object *object, GPtrArray *runs)
{
    struct cfg_table *table = g_new0(struct cfg_table, 1);
    size_t at = 0;

    table->refs = 1;
    table->object = object;
    table->uuid_offset = fact_object_find(object, "uuid")->offset;
    table->n_runs = runs->len;
    table->runs = (struct cfg_run **)g_ptr_array_free(runs, FALSE);
    for (size_t i = 0; i < table->n_runs; i++) {
        table->n += table->runs[i]->n;
    }
    table->v = g_new(const void *, table->n);
    table->heads = g_new(uint64_t, table->n);
    for (size_t i = 0; i < table->n_runs; i++) {
        const struct cfg_run *run = table->runs[i];

        memcpy(&table->v[at], run->v, run->n * sizeof(*table->v));
        memcpy(&table->heads[at], run->heads, run->n * sizeof(*table->heads));
        at += run->n;
    }
    return table;
}

/* ---- tables ---- */

struct cfg_table *cfg_table_new(const struct fact_object *object, const void **v, size_t n)
{
    const struct cfg_table order = {.uuid_offset = fact_object_find(object, "uuid")->offset};
    GPtrArray *runs = g_ptr_array_new();

    for (size_t i = 1; i < n; i++) {
        if (compare_uuids(&v[i - 1], &v[i], (void *)&order) > 0) {
            g_qsort_with_data(v, (int)n, sizeof(*v), compare_uuids, (void *)&order);
            break;
        }
    }
    add_runs(&order, runs, v, n);
    g_free(v);
    return new_table(object, runs);
}

/* The objects of a run (NULL: of none) after the changes that fall into it. */
static void change_run(const struct cfg_table *table, const struct cfg_run *run,
                       const struct cfg_table_change *changes, size_t n, GPtrArray *runs)
{
    g_autoptr(GPtrArray) v = g_ptr_array_new();
    size_t n_old = run == NULL ? 0 : run->n;
    size_t i = 0;

    for (size_t at = 0; at < n || i < n_old;) {
        int order = at == n      ? -1
                    : i == n_old ? 1
                                 : strcmp(cfg_table_uuid(table, run->v[i]), changes[at].uuid);

        if (order < 0) {
            g_ptr_array_add(v, (void *)cfg_object_ref(run->v[i++]));
            continue;
        }
        i += order == 0;
        if (changes[at].value != NULL) {
            g_ptr_array_add(v, (void *)changes[at].value);
        }
        at++;
    }
    add_runs(table, runs, (const void *const *)v->pdata, v->len);
}

struct cfg_table *cfg_table_next(const struct cfg_table *table,
                                 const struct cfg_table_change *changes, size_t n)
{
    GPtrArray *runs = g_ptr_array_sized_new((guint)table->n_runs + 1);
    size_t at = 0;

    for (size_t i = 0; i < table->n_runs; i++) {
        struct cfg_run *run = table->runs[i];
        size_t first = at;

        /* What lies between two runs belongs to the first of them. */
        while (at < n &&
               (i + 1 == table->n_runs ||
                strcmp(changes[at].uuid, cfg_table_uuid(table, table->runs[i + 1]->v[0])) < 0)) {
            at++;
        }
        if (at > first) {
            change_run(table, run, &changes[first], at - first, runs);
        } else {
            run->refs++;
            g_ptr_array_add(runs, run);
        }
    }
    if (table->n_runs == 0) {
        change_run(table, NULL, changes, n, runs);
    }
    return new_table(table->object, runs);
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
    for (size_t i = 0; i < table->n_runs; i++) {
        run_unref(table->object, table->runs[i]);
    }
    g_free(table->runs);
    g_free(table->v);
    g_free(table->heads);
    g_free(table->by_name);
    g_free(table->in_order);
    g_free(table);
}

size_t cfg_table_place(const struct cfg_table *table, const char *uuid)
{
    size_t low = 0, high = table->n;
    uint64_t head = uuid_head(uuid);

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        bool below = table->heads[mid] != head
                         ? table->heads[mid] < head
                         : strcmp(cfg_table_uuid(table, table->v[mid]), uuid) < 0;

        if (below) {
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
