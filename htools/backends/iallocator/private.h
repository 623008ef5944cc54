/* Shared by the files of this folder. */
#ifndef GANTRY_HTOOLS_BACKENDS_IALLOCATOR_PRIVATE_H
#define GANTRY_HTOOLS_BACKENDS_IALLOCATOR_PRIVATE_H

#include "htools/backends/iallocator/iallocator.h"

/* The groups, nodes, instances and tags of the document. */
struct ht_cluster *iallocator_read_cluster(const struct reader *document, GError **errp);

/* What an instance and a request for one have in common; inst is initialised and filled. */
bool iallocator_read_instance(const struct reader *reader, const char *name,
                              struct ht_cluster *cluster, struct ht_instance *inst, GError **errp);

/* The question of a document whose cluster is merged. */
bool iallocator_read_request(const struct reader *document, struct ht_cluster *cluster,
                             struct ht_request *ret, GError **errp);

#endif
