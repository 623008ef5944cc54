/* The iallocator protocol: the cluster and a question as one JSON document, and hail's answer. Also
 * a source of clusters (-I). */
#ifndef GANTRY_HTOOLS_BACKENDS_IALLOCATOR_IALLOCATOR_H
#define GANTRY_HTOOLS_BACKENDS_IALLOCATOR_IALLOCATOR_H

#include "base/json-writer.h"
#include "htools/backends/reader/reader.h"
#include "htools/core/alloc.h"
#include "htools/core/evacuate.h"

/* What the loader needs beside the document. */
struct iallocator_options {
    int64_t static_kvm_node_memory; /* MiB; 0: as the nodes report */
    int64_t now;                    /* seconds since the epoch */
    bool level_30;                  /* see struct ht_merge_options */
};

/* The cluster as the document tells it, not merged. text is taken over as by document_take().
 * Errors name the place in the document. */
struct ht_cluster *iallocator_load(char *text, size_t len, GError **errp)
    __attribute__((warn_unused_result));

/* Cluster (merged and complete) and question of a text that is taken over. The question refers to
 * the cluster and lives in its arena. *ret_warnings: about missing memory and disk. Unless
 * only_request is wanted from it, the cluster is the caller's. */
bool iallocator_parse(char *text, size_t len, const struct iallocator_options *options,
                      struct ht_cluster **ret_cluster, struct ht_request *ret_request,
                      GPtrArray **ret_warnings, GError **errp) __attribute__((warn_unused_result));

/* The answer's text: {"success":...,"info":...,"result":...}. result is one JSON value, compact;
 * NULL writes an empty list. */
char *iallocator_answer(bool success, const char *info, const char *result);

/* The jobs of an evacuation as lists of opcodes. */
void iallocator_write_jobs(struct json_writer *w, const struct ht_cluster *cluster,
                           const GArray *jobs);

#endif
