#include "htools/core/alike.h"

static guint traits_hash(gconstpointer key)
{
    const uint64_t *words = key;
    uint64_t hash = 5381;

    G_STATIC_ASSERT(sizeof(struct ht_traits) % sizeof(*words) == 0);
    for (size_t i = 0; i < sizeof(struct ht_traits) / sizeof(*words); i++) {
        hash = (hash ^ words[i]) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 32;
    }
    return (guint)hash;
}

static gboolean traits_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(struct ht_traits)) == 0;
}

static void alike_free(gpointer data)
{
    struct ht_alike *alike = data;

    g_array_unref(alike->nodes);
    g_aligned_free(alike);
}

void ht_alikes_init(struct ht_alikes *alikes)
{
    alikes->classes = g_ptr_array_new_with_free_func(alike_free);
    alikes->index = g_hash_table_new(traits_hash, traits_equal);
}

void ht_alikes_clear(struct ht_alikes *alikes)
{
    g_hash_table_unref(alikes->index);
    g_ptr_array_unref(alikes->classes);
}

struct ht_alike *ht_alikes_add(struct ht_alikes *alikes, const struct ht_trial *trial)
{
    const struct ht_node *node = trial->node;
    struct ht_traits traits;
    struct ht_alike *alike;

    memset(&traits, 0, sizeof(traits));
    ht_row_compute(node, &node->load, &traits.before);
    ht_row_compute(node, &trial->load, &traits.after);
    ht_sums_add(&traits.change, node, &node->load, -1);
    ht_sums_add(&traits.change, node, &trial->load, 1);
    traits.group = node->group;
    traits.node = node->location_tags.n > 0 ? node->idx : HT_NONE;
    alike = g_hash_table_lookup(alikes->index, &traits);
    if (alike == NULL) {
        alike = g_aligned_alloc0(1, sizeof(*alike), sizeof(ht_pair));
        alike->traits = traits;
        alike->sample = node;
        alike->after = trial->load;
        alike->nodes = g_array_new(FALSE, FALSE, sizeof(int));
        g_ptr_array_add(alikes->classes, alike);
        g_hash_table_add(alikes->index, alike);
    }
    g_array_append_val(alike->nodes, node->idx);
    return alike;
}
