/* The methods that set something on the master and its candidates: SetDrainFlag, SetWatcherPause;
 * and the calls to these nodes that others make too (reference: src/Ganeti/Query/Server.hs). */
#include "config.h"

#include "base/json-writer.h"
#include "facts/errors.h"
#include "jobs/queue/store.h"
#include "luxi/server/methods.h"

/* ---- calls to the candidates ---- */

struct told {
    void (*then)(void *data);
    void *data;
};

static void answers_are_in(struct rpc_answer *answers, size_t n, void *data)
{
    struct told *told = data;

    for (size_t i = 0; i < n; i++) {
        if (answers[i].outcome == RPC_FAILED) {
            g_warning("%s", answers[i].error->message);
        }
    }
    if (told->then != NULL) {
        told->then(told->data);
    }
    g_free(told);
}

void luxid_tell_candidates(struct luxid *luxid, const struct cfg *cfg, enum rpc_id id,
                           bool with_master, const char *arguments, void (*then)(void *data),
                           void *data)
{
    const struct rpc_row *row = &rpc_rows[id];
    g_autoptr(GArray) requests = g_array_new(FALSE, TRUE, sizeof(struct rpc_request));
    struct told *told = g_new(struct told, 1);

    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        const struct node *node = cfg_node_at(cfg, i);
        const struct rpc_request request = {
            .node = node->name,
            .address = node->primary_ip,
            .offline = node->offline && !row->luxid_accept_offline,
            .arguments = arguments,
        };

        if (cfg_node_is_master(cfg, node) ? with_master : node->master_candidate) {
            g_array_append_val(requests, request);
        }
    }
    *told = (struct told){.then = then, .data = data};
    (void)rpc_client_call(luxid->env.rpc, row->name,
                          (unsigned)rpc_timeout_seconds(&row->luxid_timeout), false,
                          (const struct rpc_request *)(const void *)requests->data, requests->len,
                          answers_are_in, told);
}

void luxid_tell_master(struct luxid *luxid, const struct node *master, enum rpc_id id,
                       const char *arguments)
{
    const struct rpc_row *row = &rpc_rows[id];
    const struct rpc_request request = {
        .node = master->name, .address = master->primary_ip, .arguments = arguments};

    (void)rpc_client_call(luxid->env.rpc, row->name,
                          (unsigned)rpc_timeout_seconds(&row->luxid_timeout), false, &request, 1,
                          answers_are_in, g_new0(struct told, 1));
}

/* ---- a call that answers when the nodes have been told ---- */

struct telling {
    struct luxi_call *call; /* NULL: the client is gone */
    void (*write)(struct json_writer *w, double value);
    double value;
};

static void client_is_gone(void *data)
{
    ((struct telling *)data)->call = NULL;
}

static void nodes_were_told(void *data)
{
    struct telling *telling = data;

    if (telling->call != NULL) {
        luxi_call_on_cancel(telling->call, NULL, NULL);
        telling->write(luxi_call_result(telling->call), telling->value);
        luxi_call_answer(telling->call);
    }
    g_free(telling);
}

static struct telling *telling_new(struct luxi_call *call,
                                   void (*write)(struct json_writer *w, double value), double value)
{
    struct telling *telling = g_new(struct telling, 1);

    *telling = (struct telling){.call = call, .write = write, .value = value};
    luxi_call_on_cancel(call, client_is_gone, telling);
    return telling;
}

/* ---- SetDrainFlag ---- */

static void write_true(struct json_writer *w, double value)
{
    (void)value;
    json_write_bool(w, true);
}

void luxi_do_set_drain_flag(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    const struct luxi_args_set_drain_flag *wanted = args;
    CLEANUP(cfg_unrefp) const struct cfg *cfg = luxid_config(luxid, call);
    g_autoptr(GError) error = NULL;

    if (cfg == NULL) {
        return;
    }
    if (!job_store_set_drained(wanted->flag, &error)) {
        err_wrap(&error, ERR_JOB_QUEUE, ECODE_NONE);
        luxi_call_fail(call, error);
        return;
    }
    luxid_tell_candidates(luxid, cfg, RPC_jobqueue_set_drain_flag, false,
                          wanted->flag ? "[true]" : "[false]", nodes_were_told,
                          telling_new(call, write_true, 0));
}

/* ---- SetWatcherPause ---- */

static void write_time(struct json_writer *w, double value)
{
    json_write_double(w, value);
}

static void write_none(struct json_writer *w, double value)
{
    (void)value;
    json_write_null(w);
}

/* The file is the node daemons' on the master as well: it belongs to root. */
void luxi_do_set_watcher_pause(struct luxid *luxid, struct luxi_call *call, const void *args)
{
    const struct luxi_args_set_watcher_pause *wanted = args;
    CLEANUP(cfg_unrefp) const struct cfg *cfg = luxid_config(luxid, call);
    g_autoptr(GString) arguments = g_string_new(NULL);
    struct json_writer w = json_writer_init(arguments, JSON_COMPACT);

    if (cfg == NULL) {
        return;
    }
    json_write_array_begin(&w);
    if (wanted->has.until) {
        json_write_double(&w, wanted->until);
    } else {
        json_write_null(&w);
    }
    json_write_array_end(&w);
    luxid_tell_candidates(
        luxid, cfg, RPC_set_watcher_pause, true, arguments->str, nodes_were_told,
        telling_new(call, wanted->has.until ? write_time : write_none, wanted->until));
}
