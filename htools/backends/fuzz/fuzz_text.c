/* A cluster as text: what can be read is written again and must then read back. */
#include "config.h"

#include "htools/backends/text/text.h"
#include "htools/core/loader.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const struct ht_cluster *cluster)
{
    g_autoptr(GString) text = g_string_new(NULL);
    CLEANUP(ht_cluster_freep) struct ht_cluster *again = NULL;

    ht_text_serialize(cluster, NULL, text);
    again = ht_text_parse(text->str, text->len, NULL);
    if (again != NULL &&
        (again->n_nodes != cluster->n_nodes || again->n_instances != cluster->n_instances)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ht_merge_options merge = {.now = 1};
    CLEANUP(ht_cluster_freep)
    struct ht_cluster *cluster = ht_text_parse((const char *)data, size, NULL);

    if (cluster != NULL && ht_cluster_merge(cluster, &merge, NULL)) {
        g_ptr_array_unref(ht_cluster_update_memory(cluster, 0));
        check_round_trip(cluster);
    }
    return 0;
}
