#include "config.h"

#include "luxi/query/ops.h"

const struct query_ops *query_ops_of(enum query_kind kind)
{
    switch (kind) {
    case QUERY_instance:
        return &query_ops_instance;
    case QUERY_node:
        return &query_ops_node;
    case QUERY_group:
        return &query_ops_group;
    case QUERY_network:
        return &query_ops_network;
    case QUERY_export:
        return &query_ops_export;
    case QUERY_filter:
        return &query_ops_filter;
    case QUERY_job:
        return &query_ops_job;
    case QUERY_lock:
        return &query_ops_lock;
    case QUERY_cluster:
    case QUERY_os:
    case QUERY_extstorage:
    case QUERY_COUNT:
        break;
    }
    return NULL;
}
