/* Any bytes as a cluster: parsed or refused; what is parsed can be merged, scored, and written and
 * read again. */
#include <stdint.h>

#include "htools/backends/text/text.h"
#include "htools/core/loader.h"
#include "htools/core/metrics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(ht_cluster_freep)
    struct ht_cluster *cluster = ht_text_parse((const char *)data, size, NULL);
    struct ht_merge_options options = {.now = 1};
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GPtrArray) warnings = NULL;

    if (cluster == NULL) {
        return 0;
    }
    ht_text_serialize(cluster, NULL, text);
    if (ht_cluster_merge(cluster, &options, NULL)) {
        struct ht_view view = ht_view_all(cluster);

        warnings = ht_cluster_update_memory(cluster, 0);
        ht_score(cluster, &view);
        ht_score_optimal(cluster, &view);
        ht_view_clear(&view);
    }
    return 0;
}
