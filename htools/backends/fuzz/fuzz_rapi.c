/* The four answers of the remote API as one object with members groups, nodes, instances and info.
 */
#include "config.h"

#include "htools/backends/rapi/rapi.h"
#include "htools/backends/reader/document.h"
#include "htools/core/loader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ht_merge_options merge = {.now = 1};
    CLEANUP(document_freep)
    struct document *document = document_parse((const char *)data, (gssize)size, NULL);
    CLEANUP(ht_cluster_freep) struct ht_cluster *cluster = NULL;

    if (document != NULL) {
        cluster = rapi_parse_document(document_root(document), NULL);
    }
    if (cluster != NULL && ht_cluster_merge(cluster, &merge, NULL)) {
        g_ptr_array_unref(ht_cluster_update_memory(cluster, 0));
    }
    return 0;
}
