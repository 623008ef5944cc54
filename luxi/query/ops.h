/* The kinds of resources that the queue daemon answers. */
#ifndef GANTRY_LUXI_QUERY_OPS_H
#define GANTRY_LUXI_QUERY_OPS_H

#include "luxi/query/query-private.h"

extern const struct query_ops query_ops_instance;
extern const struct query_ops query_ops_node;
extern const struct query_ops query_ops_group;
extern const struct query_ops query_ops_network;
extern const struct query_ops query_ops_export;
extern const struct query_ops query_ops_filter;
extern const struct query_ops query_ops_job;
extern const struct query_ops query_ops_lock;

#endif
