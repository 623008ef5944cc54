/* Live data of nodes. */
#ifndef GANTRY_LUXI_QUERY_NODE_LIVE_H
#define GANTRY_LUXI_QUERY_NODE_LIVE_H

struct query;

void query_node_collect(struct query *query);
void query_node_clear(struct query *query);

#endif
