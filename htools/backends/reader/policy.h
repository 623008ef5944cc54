/* Instance policies as JSON objects, in the form that the master daemon gives them everywhere. */
#ifndef GANTRY_HTOOLS_BACKENDS_READER_POLICY_H
#define GANTRY_HTOOLS_BACKENDS_READER_POLICY_H

#include "htools/backends/reader/reader.h"
#include "htools/core/cluster.h"

/* The policy under key; its arrays live in the cluster's arena. */
bool reader_policy(const struct reader *reader, const char *key, struct ht_cluster *cluster,
                   struct ht_ipolicy *ret, GError **errp) __attribute__((warn_unused_result));

#endif
