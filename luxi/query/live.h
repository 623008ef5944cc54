/* Asking nodes for live data: what all kinds that do so share. */
#ifndef GANTRY_LUXI_QUERY_LIVE_H
#define GANTRY_LUXI_QUERY_LIVE_H

#include "facts/objects.h"
#include "facts/rpccalls.h"
#include "luxi/query/query-private.h"
#include "noded/client/rpc.h"

struct fact_object;

/* What a query keeps while nodes are asked, and the answers afterwards; query->state of those kinds
 * begins with it. */
struct query_live {
    struct rpc_batch *batch;
    void *asking;     /* of the batch under way */
    GPtrArray *nodes; /* const struct node, in the order of the answers */
    /* answers[i] came from nodes[i]; owned. Valid once `is_there`. */
    struct rpc_answer *answers;
    size_t n_answers;
    bool is_there;
};

/* Status of a field whose node gave no answer. */
enum qfield_status query_live_status(const struct rpc_answer *answer);

/* Sends a call to `nodes` (taken over) with the arguments of each, arguments[i] for nodes[i], or
 * arguments[0] for all if there is only one; `then` is called when all answers are there. Without
 * node RPC all nodes count as failed. */
void query_live_ask(struct query *query, struct query_live *live, enum rpc_id call,
                    GPtrArray *nodes, char **arguments, void (*then)(struct query *query));
/* The batch under way, if any, goes away. */
void query_live_stop(struct query_live *live);
/* query_ops.cancel for kinds whose state begins with a query_live. */
void query_live_cancel(struct query *query);
void query_live_clear(struct query_live *live);

#endif
