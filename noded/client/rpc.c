#include "config.h"

#include "noded/client/rpc.h"

#include <string.h>
#include <sys/stat.h>

#include "base/http-client.h"
#include "base/json-writer.h"
#include "base/json.h"
#include "facts/errors.h"

enum {
    CONNECT_TIMEOUT_MS = 5000,
    /* A node with thousands of instances answers with some MB. */
    MAX_RESPONSE = 256 * 1024 * 1024,
    MS = 1000,
    HTTP_OK = 200,
};

struct rpc_client {
    struct http_client *http;
    int port;
};

struct rpc_batch {
    struct http_batch *http;
    char *procedure;
    char **nodes;
    struct rpc_answer *answers;
    /* http request i is that of node sent[i] */
    size_t *sent;
    size_t n;
    rpc_done *done; /* NULL: cancelled */
    void *data;
    guint idle; /* when no node had to be asked */
};

static bool file_exists(const char *path)
{
    struct stat st;

    return path != NULL && stat(path, &st) == 0;
}

struct rpc_client *rpc_client_new(const struct rpc_client_options *options)
{
    const struct http_client_opts http = {
        .ca_file = options->cluster_cert,
        .cert_file =
            file_exists(options->client_cert) ? options->client_cert : options->cluster_cert,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .max_response = MAX_RESPONSE,
    };
    struct rpc_client *client = g_new0(struct rpc_client, 1);

    client->http = http_client_new(&http);
    client->port = options->port;
    return client;
}

void rpc_client_free(struct rpc_client *client)
{
    http_client_free(client->http);
    g_free(client);
}

static void batch_free(struct rpc_batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        json_unref(batch->answers[i].payload);
        g_clear_error(&batch->answers[i].error);
    }
    g_free(batch->answers);
    g_free(batch->sent);
    g_strfreev(batch->nodes);
    g_free(batch->procedure);
    g_free(batch);
}

static void finish(struct rpc_batch *batch)
{
    if (batch->done != NULL) {
        batch->done(batch->answers, batch->n, batch->data);
    }
    batch_free(batch);
}

/* Takes [true, payload] or [false, text] apart. */
static bool open_envelope(struct json *json, struct json **ret_payload, GError **errp)
{
    g_autofree char *text = NULL;

    if (json_kind(json) != JSON_ARRAY || json_len(json) != 2 ||
        json_kind(json_at(json, 0)) != JSON_BOOL) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                        "the answer is not a list of success and result");
    }
    if (json_boolean(json_at(json, 0))) {
        *ret_payload = json_ref(json_at(json, 1));
        return true;
    }
    json = json_at(json, 1);
    text = json_kind(json) == JSON_STRING ? g_strdup(json_string(json))
                                          : json_to_string(json, JSON_PYTHON);
    return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "%s", text);
}

static bool read_response(const struct http_response *response, struct json **ret_payload,
                          GError **errp)
{
    CLEANUP(json_unrefp) struct json *json = NULL;

    if (response->error != NULL) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "%s", response->error->message);
    }
    if (response->status != HTTP_OK) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "HTTP status %d", response->status);
    }
    return json_parse(response->body, (gssize)response->body_len, &json, errp) &&
           open_envelope(json, ret_payload, errp);
}

static void responses_are_in(struct http_response *responses, size_t n, void *user)
{
    struct rpc_batch *batch = user;

    for (size_t i = 0; i < n; i++) {
        struct rpc_answer *answer = &batch->answers[batch->sent[i]];

        if (read_response(&responses[i], &answer->payload, &answer->error)) {
            answer->outcome = RPC_ANSWERED;
        } else {
            answer->outcome = RPC_FAILED;
            answer->refused = responses[i].error == NULL;
            g_prefix_error(&answer->error, "node %s, call %s: ", batch->nodes[batch->sent[i]],
                           batch->procedure);
        }
    }
    finish(batch);
}

static gboolean nobody_to_ask(gpointer data)
{
    finish(data);
    return G_SOURCE_REMOVE;
}

struct rpc_batch *rpc_client_call(struct rpc_client *client, const char *procedure,
                                  unsigned timeout, bool repeatable,
                                  const struct rpc_request *requests, size_t n, rpc_done *done,
                                  void *data)
{
    static const char *const headers[] = {"Content-type: application/json", NULL};
    g_autofree struct http_request *http = g_new0(struct http_request, MAX(n, 1));
    g_autofree char *path = g_strdup_printf("/%s", procedure);
    struct rpc_batch *batch = g_new0(struct rpc_batch, 1);
    size_t n_sent = 0;

    batch->procedure = g_strdup(procedure);
    batch->nodes = g_new0(char *, n + 1);
    batch->answers = g_new0(struct rpc_answer, MAX(n, 1));
    batch->sent = g_new0(size_t, MAX(n, 1));
    batch->n = n;
    batch->done = done;
    batch->data = data;
    for (size_t i = 0; i < n; i++) {
        batch->nodes[i] = g_strdup(requests[i].node);
        if (requests[i].offline) {
            batch->answers[i].outcome = RPC_OFFLINE;
            continue;
        }
        batch->sent[n_sent] = i;
        http[n_sent++] = (struct http_request){
            .host = requests[i].address,
            .port = client->port,
            .path = path,
            .headers = headers,
            .body = requests[i].arguments,
            .body_len = strlen(requests[i].arguments),
            .timeout_ms = timeout * MS,
            .repeatable = repeatable,
        };
    }
    if (n_sent == 0) {
        batch->idle = g_idle_add(nobody_to_ask, batch);
    } else {
        batch->http = http_client_send(client->http, http, n_sent, responses_are_in, batch);
    }
    return batch;
}

void rpc_batch_cancel(struct rpc_batch *batch)
{
    batch->done = NULL;
    if (batch->idle != 0) {
        g_source_remove(batch->idle);
        batch_free(batch);
    } else {
        http_batch_cancel(batch->http);
    }
}
