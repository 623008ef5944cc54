/* Calls of node daemons by programs that work without jobs: while a cluster comes, goes or changes
 * its master (reference: lib/rpc/node.py BootstrapRunner). Each waits for its answers and runs the
 * default main context meanwhile. */
#ifndef GANTRY_BOOTSTRAP_CALLS_H
#define GANTRY_BOOTSTRAP_CALLS_H

#include <glib.h>
#include <stdbool.h>

#include "facts/rpccalls.h"
#include "noded/client/rpc.h"

/* args: struct rpc_call_<name>, borrowed; its members need no marks. The node's address is what the
 * simple store has, else what the resolver says. *ret_payload (may be NULL) is the caller's. */
bool bootstrap_call(const char *node, enum rpc_id call, const void *args, struct json **ret_payload,
                    GError **errp);
/* Asks n nodes at once; answers: zeroed memory, n elements, whose payloads and errors become the
 * caller's. */
void bootstrap_call_all(const char *const *nodes, size_t n, enum rpc_id call, const void *args,
                        struct rpc_answer *answers);

/* The node's primary address; the caller's. */
char *bootstrap_node_address(const char *node, GError **errp);

#endif
