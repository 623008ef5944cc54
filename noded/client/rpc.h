/* Calls to node daemons (reference: lib/rpc/node.py, src/Ganeti/Rpc.hs).
 *
 * A call is a POST of a JSON list, the arguments, to https://NODE:PORT/PROCEDURE; the answer is
 * [true, payload] or [false, error text]. One batch sends to many nodes at once and is answered
 * when the last one has answered or run into its timeout. */
#ifndef GANTRY_NODED_CLIENT_RPC_H
#define GANTRY_NODED_CLIENT_RPC_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"

struct json;
struct rpc_batch;
struct rpc_client;

struct rpc_client_options {
    /* PEM files: the cluster's certificate, the only trust; and our own with its key. Without the
     * second the first counts for both, as in clusters of before 2.11. */
    const char *cluster_cert;
    const char *client_cert;
    /* TCP port of the node daemons. */
    int port;
};

/* Strings are copied. */
struct rpc_client *rpc_client_new(const struct rpc_client_options *options);
/* Drops what is under way, without calling back. */
void rpc_client_free(struct rpc_client *client);
DEFINE_CLEANUP(struct rpc_client *, rpc_client_free)

struct rpc_request {
    const char *node;      /* name, for errors */
    const char *address;   /* IP address */
    bool offline;          /* marked offline: not called */
    const char *arguments; /* JSON text of a list */
};

enum rpc_outcome {
    RPC_ANSWERED,
    RPC_OFFLINE, /* not asked */
    RPC_FAILED,  /* not reached, or the call failed there */
};

struct rpc_answer {
    enum rpc_outcome outcome;
    struct json *payload; /* RPC_ANSWERED */
    GError *error;        /* RPC_FAILED; names node, procedure and reason */
    bool refused;         /* RPC_FAILED: the node was reached, and answered with the error */
};

/* answers[i] belongs to requests[i]; valid during the call, payloads and errors may be stolen (set
 * NULL). */
typedef void rpc_done(struct rpc_answer *answers, size_t n, void *data);

/* Never calls back before it returns. timeout: seconds for the whole call. repeatable: the call
 * only asks, so it may be sent again over a new connection when a kept one turns out to be dead;
 * others always take a new connection. */
struct rpc_batch *rpc_client_call(struct rpc_client *client, const char *procedure,
                                  unsigned timeout, bool repeatable,
                                  const struct rpc_request *requests, size_t n, rpc_done *done,
                                  void *data);
/* The batch goes away without a call of done. */
void rpc_batch_cancel(struct rpc_batch *batch);

#endif
