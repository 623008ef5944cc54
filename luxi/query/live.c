#include "config.h"

#include "luxi/query/live.h"

#include "base/json.h"
#include "facts/errors.h"

struct asking {
    struct query *query;
    struct query_live *live;
    void (*then)(struct query *query);
};

enum qfield_status query_live_status(const struct rpc_answer *answer)
{
    return answer->outcome == RPC_OFFLINE ? QF_OFFLINE : QF_NODATA;
}

static void answers_are_in(struct rpc_answer *answers, size_t n, void *data)
{
    struct asking *asking = data;
    struct query_live *live = asking->live;

    live->batch = NULL;
    live->is_there = true;
    for (size_t i = 0; i < n; i++) {
        live->answers[i] = answers[i];
        answers[i].payload = NULL;
        answers[i].error = NULL;
        if (live->answers[i].outcome == RPC_FAILED) {
            g_warning("%s", live->answers[i].error->message);
        }
    }
    asking->then(asking->query);
    g_free(asking);
}

static void nobody_is_asked(struct query *query, struct query_live *live,
                            void (*then)(struct query *query))
{
    for (size_t i = 0; i < live->n_answers; i++) {
        live->answers[i].outcome = RPC_FAILED;
    }
    live->is_there = true;
    then(query);
}

void query_live_ask(struct query *query, struct query_live *live, enum rpc_id call,
                    GPtrArray *nodes, char **arguments, void (*then)(struct query *query))
{
    g_autofree struct rpc_request *requests = g_new0(struct rpc_request, MAX(nodes->len, 1));
    bool shared = arguments[0] != NULL && arguments[1] == NULL;
    const struct rpc_row *row = &rpc_rows[call];
    struct asking *asking;

    live->nodes = nodes;
    live->n_answers = nodes->len;
    live->answers = g_new0(struct rpc_answer, MAX(nodes->len, 1));
    if (query->env->rpc == NULL) {
        nobody_is_asked(query, live, then);
        return;
    }
    for (guint i = 0; i < nodes->len; i++) {
        const struct node *node = g_ptr_array_index(nodes, i);

        requests[i] = (struct rpc_request){
            .node = node->name,
            .address = node->primary_ip,
            .offline = node->offline && !row->luxid_accept_offline,
            .arguments = arguments[shared ? 0 : i],
        };
    }
    asking = g_new(struct asking, 1);
    *asking = (struct asking){.query = query, .live = live, .then = then};
    live->asking = asking;
    live->batch = rpc_client_call(query->env->rpc, row->name,
                                  (unsigned)rpc_timeout_seconds(&row->luxid_timeout), true,
                                  requests, nodes->len, answers_are_in, asking);
}

void query_live_stop(struct query_live *live)
{
    if (live->batch != NULL) {
        rpc_batch_cancel(live->batch);
        live->batch = NULL;
        g_free(live->asking);
    }
}

void query_live_cancel(struct query *query)
{
    query_live_stop(query->state);
}

void query_live_clear(struct query_live *live)
{
    for (size_t i = 0; i < live->n_answers; i++) {
        json_unref(live->answers[i].payload);
        g_clear_error(&live->answers[i].error);
    }
    g_free(live->answers);
    if (live->nodes != NULL) {
        g_ptr_array_free(live->nodes, TRUE);
    }
}
