/* What is told about the cluster as a whole: by luxid (QueryClusterInfo) and by jobs
 * (OP_CLUSTER_QUERY, OP_CLUSTER_CONFIG_QUERY). Rows: facts/clusterinfo.def. */
#ifndef GANTRY_LUXI_QUERY_CLUSTER_INFO_H
#define GANTRY_LUXI_QUERY_CLUSTER_INFO_H

#include <stdbool.h>

#include "base/json-writer.h"

struct cfg;

/* The object of all rows. only_enabled: parameters of hypervisors that are not enabled are left
 * out. The configuration must have its master node. */
void cluster_info_write(const struct cfg *cfg, bool only_enabled, struct json_writer *w);
/* The value of one row; false: there is no such row, and nothing is written. */
bool cluster_info_write_one(const struct cfg *cfg, const char *wire, struct json_writer *w);

#endif
