/* Live data of instances. */
#ifndef GANTRY_LUXI_QUERY_INSTANCE_LIVE_H
#define GANTRY_LUXI_QUERY_INSTANCE_LIVE_H

struct query;

void query_instance_collect(struct query *query);
void query_instance_cancel(struct query *query);
void query_instance_clear(struct query *query);

#endif
