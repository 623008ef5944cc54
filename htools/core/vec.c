#include "htools/core/vec.h"

static void *grow(void *array, unsigned *cap, unsigned n, size_t size)
{
    if (n < *cap) {
        return array;
    }
    *cap = *cap == 0 ? 8 : *cap * 2;
    return g_realloc_n(array, *cap, size);
}

void ht_ints_push(struct ht_ints *vec, int value)
{
    vec->v = grow(vec->v, &vec->cap, vec->n, sizeof(vec->v[0]));
    vec->v[vec->n++] = value;
}

void ht_ints_remove_last(struct ht_ints *vec, int value)
{
    for (unsigned i = vec->n; i-- > 0;) {
        if (vec->v[i] == value) {
            memmove(&vec->v[i], &vec->v[i + 1], (vec->n - i - 1) * sizeof(vec->v[0]));
            vec->n--;
            return;
        }
    }
}

void ht_ints_copy(struct ht_ints *dst, const struct ht_ints *src)
{
    if (src->n > dst->cap) {
        dst->v = g_realloc_n(dst->v, src->n, sizeof(dst->v[0]));
        dst->cap = src->n;
    }
    if (src->n > 0) {
        memcpy(dst->v, src->v, src->n * sizeof(dst->v[0]));
    }
    dst->n = src->n;
}

void ht_ints_clear(struct ht_ints *vec)
{
    g_free(vec->v);
    *vec = (struct ht_ints){0};
}

static struct ht_count *counts_find(const struct ht_counts *counts, int key)
{
    for (unsigned i = 0; i < counts->n; i++) {
        if (counts->v[i].key == key) {
            return &counts->v[i];
        }
    }
    return NULL;
}

int64_t ht_counts_get(const struct ht_counts *counts, int key)
{
    const struct ht_count *found = counts_find(counts, key);

    return found == NULL ? 0 : found->value;
}

void ht_counts_insert(struct ht_counts *counts, unsigned place, int key, int64_t value)
{
    counts->v = grow(counts->v, &counts->cap, counts->n, sizeof(counts->v[0]));
    memmove(&counts->v[place + 1], &counts->v[place], (counts->n - place) * sizeof(counts->v[0]));
    counts->v[place] = (struct ht_count){.key = key, .value = value};
    counts->n++;
}

void ht_counts_remove(struct ht_counts *counts, int key)
{
    struct ht_count *found = counts_find(counts, key);

    if (found != NULL) {
        size_t behind = (size_t)(counts->v + counts->n - found - 1);

        memmove(found, found + 1, behind * sizeof(*found));
        counts->n--;
    }
}

void ht_counts_add(struct ht_counts *counts, int key, int64_t value)
{
    struct ht_count *found = counts_find(counts, key);

    if (found == NULL) {
        ht_counts_insert(counts, counts->n, key, value);
    } else {
        found->value += value;
    }
}

void ht_counts_drop(struct ht_counts *counts, int key)
{
    struct ht_count *found = counts_find(counts, key);

    if (found == NULL) {
        return;
    }
    if (found->value > 1) {
        found->value--;
    } else {
        ht_counts_remove(counts, key);
    }
}

void ht_counts_set_sorted(struct ht_counts *counts, int key, int64_t value)
{
    unsigned place = 0;

    ht_counts_remove(counts, key);
    while (place < counts->n && counts->v[place].value > value) {
        place++;
    }
    ht_counts_insert(counts, place, key, value);
}

void ht_counts_copy(struct ht_counts *dst, const struct ht_counts *src)
{
    if (src->n > dst->cap) {
        dst->v = g_realloc_n(dst->v, src->n, sizeof(dst->v[0]));
        dst->cap = src->n;
    }
    if (src->n > 0) {
        memcpy(dst->v, src->v, src->n * sizeof(dst->v[0]));
    }
    dst->n = src->n;
}

void ht_counts_clear(struct ht_counts *counts)
{
    g_free(counts->v);
    *counts = (struct ht_counts){0};
}

unsigned ht_set_common(const struct ht_set *a, const struct ht_set *b)
{
    unsigned common = 0;

    for (unsigned i = 0, j = 0; i < a->n && j < b->n;) {
        if (a->v[i] == b->v[j]) {
            common++;
            i++;
            j++;
        } else if (a->v[i] < b->v[j]) {
            i++;
        } else {
            j++;
        }
    }
    return common;
}

bool ht_set_within(const struct ht_set *a, const struct ht_set *b)
{
    return a->n == 0 || ht_set_common(a, b) == a->n;
}
