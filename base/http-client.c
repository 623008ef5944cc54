#include "base/http-client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include <curl/curl.h>
#include <glib-unix.h>

enum {
    /* Descriptors left to the rest of the program. */
    SPARE_FDS = 128,
    MIN_PARALLEL = 16,
    MAX_PARALLEL = 4096,
    /* Seconds without a word until a host is asked whether it lives, and between such questions. */
    KEEPALIVE_IDLE = 20,
    KEEPALIVE_INTERVAL = 10,
    DEAD_MS = 60 * 1000, /* without an answer to anything */
};

struct http_client {
    GMainContext *context;
    CURLM *multi;
    GSource *timer;
    char *ca_file;
    bool any_server;
    char *cert_file;
    guint connect_timeout_ms;
    size_t max_response;
    GPtrArray *batches; /* under way, owned */
    GQueue waiting;     /* struct transfer, not given to libcurl yet */
    guint running, max_parallel;
};

struct transfer {
    struct http_batch *batch;
    CURL *easy; /* NULL: over */
    bool running;
    struct curl_slist *headers;
    char *where; /* "host:port" for errors */
    char *body;
    GString *answer;
    bool too_large;
    char reason[CURL_ERROR_SIZE];
};

struct http_batch {
    struct http_client *client;
    size_t n, left;
    struct transfer *transfers;
    struct http_response *responses;
    http_done_fn done;
    void *user;
    GSource *finish;
};

G_DEFINE_QUARK(gantry_http_client_error_quark, http_client_error)

static void drop_source(GSource **source)
{
    if (*source != NULL) {
        g_source_destroy(*source);
        g_clear_pointer(source, g_source_unref);
    }
}

static void attach(struct http_client *client, GSource *source, GSourceFunc fn, void *data)
{
    g_source_set_callback(source, fn, data, NULL);
    g_source_attach(source, client->context);
}

void http_responses_free(struct http_response *responses, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        g_clear_error(&responses[i].error);
        g_free(responses[i].body);
    }
    g_free(responses);
}

static void transfer_end(struct transfer *transfer)
{
    if (transfer->easy != NULL) {
        struct http_client *client = transfer->batch->client;

        if (transfer->running) {
            curl_multi_remove_handle(client->multi, transfer->easy);
            client->running--;
        } else {
            g_queue_remove(&client->waiting, transfer);
        }
        curl_easy_cleanup(transfer->easy);
        transfer->easy = NULL;
    }
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
    g_clear_pointer(&transfer->body, g_free);
}

static void batch_free(void *data)
{
    struct http_batch *batch = data;

    drop_source(&batch->finish);
    for (size_t i = 0; i < batch->n; i++) {
        struct transfer *transfer = &batch->transfers[i];

        transfer_end(transfer);
        g_free(transfer->where);
        if (transfer->answer != NULL) {
            g_string_free(transfer->answer, TRUE);
        }
    }
    g_free(batch->transfers);
    http_responses_free(batch->responses, batch->n);
    g_free(batch);
}

static gboolean on_batch_over(void *data)
{
    struct http_batch *batch = data;
    guint index;

    if (g_ptr_array_find(batch->client->batches, batch, &index)) {
        g_ptr_array_steal_index_fast(batch->client->batches, index);
    }
    batch->done(batch->responses, batch->n, batch->user);
    batch_free(batch);
    return G_SOURCE_REMOVE;
}

static void finish_if_over(struct http_batch *batch)
{
    if (batch->left == 0 && batch->finish == NULL) {
        batch->finish = g_idle_source_new();
        g_source_set_priority(batch->finish, G_PRIORITY_DEFAULT);
        attach(batch->client, batch->finish, on_batch_over, batch);
    }
}

static struct http_response *response_of(struct transfer *transfer)
{
    return &transfer->batch->responses[transfer - transfer->batch->transfers];
}

static void fail_transfer(struct transfer *transfer, enum http_client_error code,
                          const char *reason)
{
    g_set_error(&response_of(transfer)->error, HTTP_CLIENT_ERROR, (int)code, "%s: %s",
                transfer->where, reason);
    transfer_end(transfer);
    transfer->batch->left--;
}

static enum http_client_error classify(CURLcode code)
{
    static const struct {
        CURLcode curl;
        enum http_client_error error;
    } map[] = {
        {CURLE_COULDNT_CONNECT, HTTP_CLIENT_ERROR_CONNECT},
        {CURLE_COULDNT_RESOLVE_HOST, HTTP_CLIENT_ERROR_CONNECT},
        {CURLE_INTERFACE_FAILED, HTTP_CLIENT_ERROR_CONNECT},
        {CURLE_OPERATION_TIMEDOUT, HTTP_CLIENT_ERROR_TIMEOUT},
        {CURLE_PEER_FAILED_VERIFICATION, HTTP_CLIENT_ERROR_TLS},
        {CURLE_SSL_CONNECT_ERROR, HTTP_CLIENT_ERROR_TLS},
        {CURLE_SSL_CERTPROBLEM, HTTP_CLIENT_ERROR_SETUP},
        {CURLE_SSL_CACERT_BADFILE, HTTP_CLIENT_ERROR_SETUP},
        {CURLE_URL_MALFORMAT, HTTP_CLIENT_ERROR_SETUP},
        {CURLE_UNSUPPORTED_PROTOCOL, HTTP_CLIENT_ERROR_SETUP},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(map); i++) {
        if (map[i].curl == code) {
            return map[i].error;
        }
    }
    return HTTP_CLIENT_ERROR_PROTOCOL;
}

static void transfer_over(struct transfer *transfer, CURLcode code)
{
    struct http_response *response = response_of(transfer);
    long status = 0;

    if (transfer->too_large) {
        g_autofree char *reason = g_strdup_printf("the answer has more than %zu bytes",
                                                  transfer->batch->client->max_response);

        fail_transfer(transfer, HTTP_CLIENT_ERROR_TOO_LARGE, reason);
    } else if (code != CURLE_OK) {
        fail_transfer(transfer, classify(code),
                      *transfer->reason == '\0' ? curl_easy_strerror(code) : transfer->reason);
    } else {
        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
        response->status = (int)status;
        response->body_len = transfer->answer->len;
        response->body = g_string_free(g_steal_pointer(&transfer->answer), FALSE);
        transfer_end(transfer);
        transfer->batch->left--;
    }
    finish_if_over(transfer->batch);
}

static void start_waiting(struct http_client *client)
{
    while (client->running < client->max_parallel && !g_queue_is_empty(&client->waiting)) {
        struct transfer *transfer = g_queue_pop_head(&client->waiting);

        transfer->running = true;
        client->running++;
        curl_multi_add_handle(client->multi, transfer->easy);
    }
}

static void take_results(struct http_client *client)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        struct transfer *transfer = NULL;

        if (message->msg == CURLMSG_DONE) {
            /* The message is gone once the handle is removed. */
            CURLcode code = message->data.result;

            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
            transfer_over(transfer, code);
        }
    }
    start_waiting(client);
}

static void act(struct http_client *client, curl_socket_t fd, int events)
{
    int running;

    curl_multi_socket_action(client->multi, fd, events, &running);
    take_results(client);
}

static gboolean on_socket(int fd, GIOCondition condition, void *data)
{
    int events = 0;

    if ((condition & G_IO_IN) != 0) {
        events |= CURL_CSELECT_IN;
    }
    if ((condition & G_IO_OUT) != 0) {
        events |= CURL_CSELECT_OUT;
    }
    if ((condition & (G_IO_ERR | G_IO_HUP)) != 0) {
        events |= CURL_CSELECT_ERR;
    }
    act(data, fd, events);
    return G_SOURCE_CONTINUE;
}

static int want_socket(CURL *easy G_GNUC_UNUSED, curl_socket_t fd, int what, void *data,
                       void *socket_data)
{
    struct http_client *client = data;
    GSource *source = socket_data;
    GIOCondition condition = 0;

    drop_source(&source);
    if (what != CURL_POLL_REMOVE) {
        condition |= (what & CURL_POLL_IN) != 0 ? G_IO_IN : 0;
        condition |= (what & CURL_POLL_OUT) != 0 ? G_IO_OUT : 0;
        source = g_unix_fd_source_new(fd, condition | G_IO_ERR | G_IO_HUP);
        attach(client, source, G_SOURCE_FUNC(on_socket), client);
    }
    curl_multi_assign(client->multi, fd, source);
    return 0;
}

static gboolean on_timer(void *data)
{
    struct http_client *client = data;

    drop_source(&client->timer);
    act(client, CURL_SOCKET_TIMEOUT, 0);
    return G_SOURCE_REMOVE;
}

static int want_timer(CURLM *multi G_GNUC_UNUSED, long ms, void *data)
{
    struct http_client *client = data;

    drop_source(&client->timer);
    if (ms >= 0) {
        client->timer = g_timeout_source_new((guint)MIN(ms, G_MAXINT));
        attach(client, client->timer, on_timer, client);
    }
    return 0;
}

static guint default_parallel(void)
{
    struct rlimit limit;
    rlim_t free_fds = MIN_PARALLEL;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > SPARE_FDS + MIN_PARALLEL) {
        free_fds = limit.rlim_cur - SPARE_FDS;
    }
    return (guint)MIN(free_fds, (rlim_t)MAX_PARALLEL);
}

/* OpenSSL writes to connections that may be gone. */
static void ignore_sigpipe(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction present;

    if (sigaction(SIGPIPE, NULL, &present) == 0 && present.sa_handler == SIG_DFL) {
        (void)sigaction(SIGPIPE, &ignore, NULL);
    }
}

struct http_client *http_client_new(const struct http_client_opts *opts)
{
    static gsize initialised;
    struct http_client *client = g_new0(struct http_client, 1);

    if (g_once_init_enter(&initialised)) {
        ignore_sigpipe();
        curl_global_init(CURL_GLOBAL_DEFAULT);
        g_once_init_leave(&initialised, 1);
    }
    client->context = opts->context == NULL ? g_main_context_ref(g_main_context_default())
                                            : g_main_context_ref(opts->context);
    client->ca_file = g_strdup(opts->ca_file);
    client->any_server = opts->any_server;
    client->cert_file = g_strdup(opts->cert_file);
    client->connect_timeout_ms = opts->connect_timeout_ms;
    client->max_response = opts->max_response;
    client->batches = g_ptr_array_new_with_free_func(batch_free);
    client->max_parallel = opts->max_parallel == 0 ? default_parallel() : opts->max_parallel;
    g_queue_init(&client->waiting);
    client->multi = curl_multi_init();
    /* Kept connections count as well. */
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)client->max_parallel);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, want_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    return client;
}

void http_client_free(struct http_client *client)
{
    if (client == NULL) {
        return;
    }
    g_ptr_array_unref(client->batches);
    curl_multi_cleanup(client->multi);
    drop_source(&client->timer);
    g_main_context_unref(client->context);
    g_free(client->ca_file);
    g_free(client->cert_file);
    g_free(client);
}

static size_t on_data(char *data, size_t size, size_t count, void *user)
{
    struct transfer *transfer = user;
    size_t len = size * count;

    if (len > transfer->batch->client->max_response - transfer->answer->len) {
        transfer->too_large = true;
        return 0;
    }
    g_string_append_len(transfer->answer, data, (gssize)len);
    return len;
}

static void set_headers(struct transfer *transfer, const struct http_request *request)
{
    /* Without this libcurl waits for "100 Continue" before large bodies. */
    transfer->headers = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; request->headers != NULL && request->headers[i] != NULL; i++) {
        transfer->headers = curl_slist_append(transfer->headers, request->headers[i]);
    }
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
}

static void set_body(struct transfer *transfer, const struct http_request *request)
{
    if (request->body != NULL) {
        transfer->body = g_memdup2(request->body, request->body_len);
        curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)request->body_len);
        curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS,
                         transfer->body == NULL ? "" : transfer->body);
    }
    if (request->method != NULL) {
        curl_easy_setopt(transfer->easy, CURLOPT_CUSTOMREQUEST, request->method);
    }
}

static void set_tls(const struct http_client *client, CURL *easy)
{
    if (client->ca_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_file);
    }
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, client->any_server ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    if (client->cert_file != NULL) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, client->cert_file);
        curl_easy_setopt(easy, CURLOPT_SSLKEY, client->cert_file);
    }
}

static bool set_url(CURL *easy, const struct http_request *request)
{
    bool bare_ipv6 = strchr(request->host, ':') != NULL;
    g_autofree char *url =
        g_strdup_printf("%s://%s%s%s:%d%s", request->plain ? "http" : "https", bare_ipv6 ? "[" : "",
                        request->host, bare_ipv6 ? "]" : "", request->port, request->path);

    /* A host such as "a@b" or "a/b" would send the request somewhere else. */
    return strpbrk(request->host, "/@?#\\ ") == NULL && *request->path == '/' &&
           curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK;
}

/* Also ends a connection whose last probes went unanswered (tcp(7), TCP_USER_TIMEOUT). */
static int set_up_socket(void *user G_GNUC_UNUSED, curl_socket_t fd,
                         curlsocktype purpose G_GNUC_UNUSED)
{
    const unsigned ms = DEAD_MS;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
    return CURL_SOCKOPT_OK;
}

static void start(struct transfer *transfer, const struct http_request *request)
{
    struct http_client *client = transfer->batch->client;
    CURL *easy = curl_easy_init();

    transfer->easy = NULL;
    transfer->where = g_strdup_printf("%s:%d", request->host, request->port);
    transfer->answer = g_string_new(NULL);
    if (easy == NULL || !set_url(easy, request) ||
        (!request->plain && client->ca_file == NULL && !client->any_server)) {
        curl_easy_cleanup(easy);
        fail_transfer(transfer, HTTP_CLIENT_ERROR_SETUP, "this request cannot be made");
        return;
    }
    transfer->easy = easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->reason);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, request->repeatable ? 0L : 1L);
    /* A host that lost its power is noticed in a minute, also by a call that may last a day. */
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, set_up_socket);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)client->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    set_headers(transfer, request);
    set_body(transfer, request);
    if (!request->plain) {
        set_tls(client, easy);
    }
    g_queue_push_tail(&client->waiting, transfer);
}

struct http_batch *http_client_send(struct http_client *client, const struct http_request *requests,
                                    size_t n, http_done_fn done, void *user)
{
    struct http_batch *batch = g_new0(struct http_batch, 1);

    batch->client = client;
    batch->n = n;
    batch->left = n;
    batch->transfers = g_new0(struct transfer, n);
    batch->responses = g_new0(struct http_response, n);
    batch->done = done;
    batch->user = user;
    g_ptr_array_add(client->batches, batch);
    for (size_t i = 0; i < n; i++) {
        batch->transfers[i].batch = batch;
        start(&batch->transfers[i], &requests[i]);
    }
    start_waiting(client);
    finish_if_over(batch);
    return batch;
}

void http_batch_cancel(struct http_batch *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        if (batch->transfers[i].easy != NULL) {
            fail_transfer(&batch->transfers[i], HTTP_CLIENT_ERROR_CANCELLED, "cancelled");
        }
    }
    start_waiting(batch->client);
    finish_if_over(batch);
}

struct gathered {
    struct http_response *responses;
    bool over;
};

static void gather(struct http_response *responses, size_t n, void *user)
{
    struct gathered *gathered = user;

    if (n > 0) {
        gathered->responses = g_memdup2(responses, n * sizeof(*responses));
        memset(responses, 0, n * sizeof(*responses));
    }
    gathered->over = true;
}

struct http_response *http_client_perform(struct http_client *client,
                                          const struct http_request *requests, size_t n)
{
    struct gathered gathered = {0};

    http_client_send(client, requests, n, gather, &gathered);
    while (!gathered.over) {
        g_main_context_iteration(client->context, TRUE);
    }
    return gathered.responses;
}
