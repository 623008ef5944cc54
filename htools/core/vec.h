/* Growable arrays of the model: places of instances, and integer counters by key. They are small
 * (what one node carries), so searching is linear. */
#ifndef GANTRY_HTOOLS_CORE_VEC_H
#define GANTRY_HTOOLS_CORE_VEC_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct ht_ints {
    int *v;
    unsigned n, cap;
};

void ht_ints_push(struct ht_ints *vec, int value);
/* Takes out the last entry with this value (the first one of the reference's cons list) and keeps
 * the order of the others. Nothing happens if there is none. */
void ht_ints_remove_last(struct ht_ints *vec, int value);
void ht_ints_copy(struct ht_ints *dst, const struct ht_ints *src);
void ht_ints_clear(struct ht_ints *vec);

struct ht_count {
    int key;
    int64_t value;
};
struct ht_counts {
    struct ht_count *v;
    unsigned n, cap;
};

/* 0 if the key is not there. */
int64_t ht_counts_get(const struct ht_counts *counts, int key);
/* Adds; the entry is made when missing. */
void ht_counts_add(struct ht_counts *counts, int key, int64_t value);
/* Takes one away; an entry that would become zero goes. */
void ht_counts_drop(struct ht_counts *counts, int key);
void ht_counts_remove(struct ht_counts *counts, int key);
void ht_counts_insert(struct ht_counts *counts, unsigned place, int key, int64_t value);
/* Keeps the largest value first: the entry is replaced and put in front of equal ones, as the
 * reference's peer maps are kept (PeerMap.hs, addWith). */
void ht_counts_set_sorted(struct ht_counts *counts, int key, int64_t value);
void ht_counts_copy(struct ht_counts *dst, const struct ht_counts *src);
void ht_counts_clear(struct ht_counts *counts);

/* A set of symbols, ascending; the memory is the cluster's arena. */
struct ht_set {
    const int *v;
    unsigned n;
};
unsigned ht_set_common(const struct ht_set *a, const struct ht_set *b);
bool ht_set_within(const struct ht_set *a, const struct ht_set *b);

#endif
