/* Calls of node daemons by logical units. */
#include "config.h"

#include "jobs/lu/rpc.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/codec.h"
#include "jobs/lu/env.h"
#include "jobs/lu/rpc-encode.h"

static void answer_clear(struct lu_answer *answer)
{
    g_free(answer->node_uuid);
    g_free(answer->node_name);
    g_free(answer->fail_msg);
    json_unref(answer->payload);
}

void lu_answer_free(struct lu_answer *answer)
{
    if (answer != NULL) {
        answer_clear(answer);
        g_free(answer);
    }
}

void lu_answers_free(struct lu_answers *answers)
{
    if (answers != NULL) {
        for (size_t i = 0; i < answers->n; i++) {
            answer_clear(&answers->v[i]);
        }
        g_free(answers->v);
        g_free(answers);
    }
}

/* Seconds (rpc_defs.py _TestDelayTimeout for the one call whose arguments decide). */
static unsigned timeout_of(const struct rpc_row *row, const void *args)
{
    if (!row->timeout.its_own) {
        return (unsigned)rpc_timeout_seconds(&row->timeout);
    }
    g_assert(row->id == RPC_test_delay);
    const struct lu_call_test_delay *delay = args;
    return (unsigned)CLAMP(json_double(delay->duration) + 5, 5, G_MAXINT);
}

/* One call under way: requests[i] is for answers->v[which[i]]. */
struct sending {
    struct rpc_request *requests;
    size_t *which;
    size_t n;
    GPtrArray *bodies;
};

static void add(struct lu *lu, struct sending *sending, struct lu_answers *answers, size_t index,
                const void *args)
{
    struct lu_answer *answer = &answers->v[index];
    const struct rpc_row *row = &rpc_rows[answer->call];
    const struct node *node = cfg_node_get(lu_cfg(lu), answer->node_uuid);
    bool shared = !lu_call_is_per_node(row->id) && sending->bodies->len > 0;

    answer->node_name = g_strdup(node != NULL ? node->name : answer->node_uuid);
    if (node != NULL && node->offline && !row->accept_offline) {
        answer->offline = true;
        answer->fail_msg = g_strdup("the node is marked offline");
        return;
    }
    if (!shared) {
        g_autoptr(GString) body = g_string_new(NULL);
        g_autoptr(GError) error = NULL;
        struct json_writer w = json_writer_init(body, JSON_PYTHON);
        if (!lu_call_encode(lu_cfg(lu), answer->node_uuid, row->id, args, &w, &error)) {
            answer->fail_msg = g_strdup(error->message);
            return;
        }
        g_ptr_array_add(sending->bodies, g_string_free(g_steal_pointer(&body), FALSE));
    }
    sending->which[sending->n] = index;
    sending->requests[sending->n++] = (struct rpc_request){
        .node = answer->node_name,
        .address = node != NULL ? node->primary_ip : answer->node_uuid,
        .arguments = sending->bodies->pdata[sending->bodies->len - 1],
    };
}

static void send_all(struct lu *lu, const struct rpc_row *row, unsigned timeout,
                     const struct sending *sending, struct lu_answers *answers)
{
    if (sending->n == 0) {
        return;
    }
    g_autofree struct rpc_answer *replies = g_new0(struct rpc_answer, sending->n);
    lu->env->ops->call(lu->env, row, timeout, sending->requests, replies, sending->n);
    for (size_t i = 0; i < sending->n; i++) {
        struct lu_answer *answer = &answers->v[sending->which[i]];
        if (replies[i].outcome == RPC_ANSWERED) {
            answer->payload = replies[i].payload;
        } else {
            answer->fail_msg =
                g_strdup(replies[i].error != NULL ? replies[i].error->message : "no answer");
            g_clear_error(&replies[i].error);
        }
    }
}

struct lu_answers *lu_call_each(struct lu *lu, const char *const *nodes, size_t n, enum rpc_id call,
                                const void *(*args_of)(const char *node, void *data), void *data)
{
    const struct rpc_row *row = &rpc_rows[call];
    struct lu_answers *answers = g_new0(struct lu_answers, 1);
    struct sending sending = {
        .requests = g_new0(struct rpc_request, n),
        .which = g_new0(size_t, n),
        .bodies = g_ptr_array_new_with_free_func(g_free),
    };
    unsigned timeout = 0;

    answers->v = g_new0(struct lu_answer, n);
    answers->n = n;
    for (size_t i = 0; i < n; i++) {
        const void *args = args_of(nodes[i], data);
        answers->v[i].call = call;
        answers->v[i].node_uuid = g_strdup(nodes[i]);
        timeout = MAX(timeout, timeout_of(row, args));
        add(lu, &sending, answers, i, args);
    }
    send_all(lu, row, timeout, &sending, answers);
    g_free(sending.requests);
    g_free(sending.which);
    g_ptr_array_unref(sending.bodies);
    return answers;
}

static const void *same_args(const char *node G_GNUC_UNUSED, void *data)
{
    return data;
}

struct lu_answers *lu_call_nodes(struct lu *lu, const char *const *nodes, size_t n,
                                 struct lu_call call)
{
    return lu_call_each(lu, nodes, n, call.id, same_args, (void *)call.args);
}

struct lu_answer *lu_call_node(struct lu *lu, const char *node, struct lu_call call)
{
    struct lu_answers *answers = lu_call_nodes(lu, &node, 1, call);
    struct lu_answer *answer = g_memdup2(&answers->v[0], sizeof *answer);
    answers->n = 0;
    lu_answers_free(answers);
    return answer;
}

const struct lu_answer *lu_answers_of(const struct lu_answers *answers, const char *node_uuid)
{
    for (size_t i = 0; i < answers->n; i++) {
        if (strcmp(answers->v[i].node_uuid, node_uuid) == 0) {
            return &answers->v[i];
        }
    }
    return NULL;
}

struct any_list lu_reason(const struct lu *lu)
{
    const struct op_common *common = lu->op->common;
    struct any_list out = {0};
    for (size_t i = 0; i < common->reason.n; i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        struct json_writer w = json_writer_init(text, JSON_COMPACT);
        fact_encode(&type_REASON_STEP, &common->reason.v[i], &w);
        if (!json_parse(text->str, (gssize)text->len, fact_list_add(&type_any_list, &out), NULL)) {
            g_assert_not_reached(); /* written right here */
        }
    }
    return out;
}

/* --- Judging ------------------------------------------------------------------------------------
 */
static char *failure(const struct lu_answer *answer, const char *format, va_list args)
    G_GNUC_PRINTF(2, 0);
static char *failure(const struct lu_answer *answer, const char *format, va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);
    return g_strdup_printf("%s: %s", text, answer->fail_msg);
}

bool lu_answer_check(const struct lu_answer *answer, GError **errp, const char *format, ...)
{
    if (answer->fail_msg == NULL) {
        return true;
    }
    va_list args;
    va_start(args, format);
    g_autofree char *text = failure(answer, format, args);
    va_end(args);
    return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "%s", text);
}

bool lu_answer_check_prereq(const struct lu_answer *answer, enum err_ecode ecode, GError **errp,
                            const char *format, ...)
{
    if (answer->fail_msg == NULL) {
        return true;
    }
    va_list args;
    va_start(args, format);
    g_autofree char *text = failure(answer, format, args);
    va_end(args);
    return err_fail(errp, ERR_OP_PREREQ, ecode, "%s", text);
}

bool lu_answer_warn(struct lu *lu, const struct lu_answer *answer, const char *format, ...)
{
    if (answer->fail_msg == NULL) {
        return true;
    }
    va_list args;
    va_start(args, format);
    g_autofree char *text = failure(answer, format, args);
    va_end(args);
    lu_warn(lu, "%s", text);
    return false;
}
