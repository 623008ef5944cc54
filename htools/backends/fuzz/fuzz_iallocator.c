/* An iallocator request of any kind: read, and if it can be read, answered. */
#include "config.h"

#include "htools/backends/iallocator/iallocator.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(struct ht_cluster *cluster, const struct ht_request *request)
{
    struct ht_algorithm algorithm = ht_algorithm_default();

    for (unsigned i = 0; i < request->n_allocs; i++) {
        const struct ht_alloc_request *alloc = &request->allocs[i];
        struct ht_alloc_solution solution;

        if (ht_alloc_in_group(cluster, &algorithm, alloc->group, &alloc->instance,
                              alloc->n_required, &solution, NULL)) {
            ht_alloc_solution_clear(&solution);
        }
    }
    if (request->kind == HT_REQUEST_NODE_EVACUATE) {
        struct ht_evac_solution solution;

        ht_evac_solution_init(&solution);
        ht_evac_nodes(cluster, &algorithm, request->evac_mode, request->instances,
                      request->n_instances, &solution);
        ht_evac_solution_clear(&solution);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct iallocator_options options = {.static_kvm_node_memory = 4096, .now = 1};
    struct ht_cluster *cluster = NULL;
    g_autoptr(GPtrArray) warnings = NULL;
    struct ht_request request;

    if (iallocator_parse(g_strndup((const char *)data, size), size, &options, &cluster, &request,
                         &warnings, NULL)) {
        answer(cluster, &request);
        ht_cluster_free(cluster);
    }
    return 0;
}
