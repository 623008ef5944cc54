/* The client against the server over loopback, with certificates made here. */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/fs.h"
#include "base/http-client.h"
#include "base/http-server.h"
#include "base/tests/unit.h"
#include "base/tls.h"

enum {
    MAX_BODY = 2 * 1024 * 1024,
    MAX_RESPONSE = 3 * 1024 * 1024,
    LONG_MS = 30 * 1000,
};

struct fixture {
    char *dir, *server_pem, *client_pem, *other_pem;
    char *server_key, *server_cert;
    struct http_server *server;
    struct http_client *client;
    GPtrArray *held; /* calls not answered yet */
};
static struct fixture fix;

static char *write_pem(const char *name, const char *key, const char *cert)
{
    char *path = g_build_filename(fix.dir, name, NULL);
    g_autofree char *text = g_strconcat(key, cert, NULL);

    ck_assert(fs_write_atomic(path, text, strlen(text), NULL, NULL));
    return path;
}

static void make_certs(void)
{
    const struct tls_spec spec = {
        .common_name = "ganeti.example.com", .validity = 3600, .serial = 1, .key_bits = 2048};
    const struct tls_spec node = {
        .common_name = "node1.example.com", .validity = 3600, .serial = 2, .key_bits = 2048};
    g_autofree char *key = NULL, *cert = NULL, *other_key = NULL, *other = NULL, *both = NULL;

    ck_assert(tls_make_self_signed(&spec, &fix.server_key, &fix.server_cert, NULL));
    both = g_strconcat(fix.server_key, fix.server_cert, NULL);
    ck_assert(tls_make_signed(&node, both, &key, &cert, NULL));
    ck_assert(tls_make_self_signed(&spec, &other_key, &other, NULL));
    fix.server_pem = write_pem("server.pem", fix.server_key, fix.server_cert);
    fix.client_pem = write_pem("client.pem", key, cert);
    fix.other_pem = write_pem("other.pem", other_key, other);
}

static void reply_text(struct http_call *call, int status, const char *text)
{
    http_call_reply(call, status, "text/plain", text, strlen(text), NULL);
}

static void append_query(const char *name, const char *value, void *user)
{
    g_string_append_printf(user, " %s=%s", name, value == NULL ? "(none)" : value);
}

static void describe(struct http_call *call)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const struct http_peer_cert *cert = http_call_cert(call);
    size_t len;
    const char *body = http_call_body(call, &len);

    g_string_append_printf(text, "%s %s from %s header %s body %zu %.10s cert %s %s",
                           http_call_method(call), http_call_path(call), http_call_peer(call),
                           http_call_header(call, "x-test"), len, body,
                           cert == NULL ? "none" : cert->sha1,
                           cert != NULL && cert->trusted ? "trusted" : "untrusted");
    http_call_each_query(call, append_query, text);
    ck_assert_ptr_null(http_call_query(call, "absent"));
    reply_text(call, 200, text->str);
}

static void on_call(struct http_call *call, void *user G_GNUC_UNUSED)
{
    const char *path = http_call_path(call);
    static const char *const headers[] = {"X-One", "1", NULL};

    if (strcmp(path, "/hold") == 0) {
        g_ptr_array_add(fix.held, call);
    } else if (strcmp(path, "/echo") == 0) {
        size_t len;
        const char *body = http_call_body(call, &len);

        http_call_reply(call, 201, NULL, body, len, headers);
    } else if (strcmp(path, "/big") == 0) {
        g_autofree char *big = g_strnfill(MAX_RESPONSE + 1, 'x');

        reply_text(call, 200, big);
    } else {
        describe(call);
    }
}

static void start_server(bool tls)
{
    g_autoptr(GError) error = NULL;

    fix.server =
        http_server_new(&(struct http_server_opts){.address = "127.0.0.1",
                                                   .key_pem = tls ? fix.server_key : NULL,
                                                   .cert_pem = tls ? fix.server_cert : NULL,
                                                   .ask_client_cert = true,
                                                   .max_body = MAX_BODY,
                                                   .handle = on_call},
                        &error);
    ck_assert_msg(fix.server != NULL, "%s", error == NULL ? "" : error->message);
}

static struct http_client *new_client(const char *ca, const char *cert)
{
    return http_client_new(&(struct http_client_opts){.ca_file = ca,
                                                      .cert_file = cert,
                                                      .connect_timeout_ms = LONG_MS,
                                                      .max_response = MAX_RESPONSE});
}

static void setup(void)
{
    fix.dir = g_dir_make_tmp("gantry-http-XXXXXX", NULL);
    fix.held = g_ptr_array_new();
    make_certs();
    start_server(true);
    fix.client = new_client(fix.server_pem, fix.client_pem);
}

static void free_pem(char *path)
{
    g_remove(path);
    g_free(path);
}

static void teardown(void)
{
    http_client_free(fix.client);
    http_server_free(fix.server);
    free_pem(fix.server_pem);
    free_pem(fix.client_pem);
    free_pem(fix.other_pem);
    g_free(fix.server_key);
    g_free(fix.server_cert);
    g_ptr_array_unref(fix.held);
    g_rmdir(fix.dir);
    g_free(fix.dir);
}

static struct http_request request(const char *path)
{
    return (struct http_request){.host = "127.0.0.1",
                                 .port = http_server_port(fix.server),
                                 .path = path,
                                 .timeout_ms = LONG_MS};
}

static struct http_response *perform(struct http_request one)
{
    return http_client_perform(fix.client, &one, 1);
}

static void expect_body(struct http_request one, int status, const char *body)
{
    struct http_response *got = perform(one);

    ck_assert_msg(got->error == NULL, "%s", got->error == NULL ? "" : got->error->message);
    ck_assert_int_eq(got->status, status);
    ck_assert_str_eq(got->body, body);
    http_responses_free(got, 1);
}

static void expect_error(struct http_request one, enum http_client_error code, const char *text)
{
    struct http_response *got = perform(one);
    g_autofree char *where = g_strdup_printf("%s:%d: ", one.host, one.port);

    ck_assert_ptr_nonnull(got->error);
    ck_assert_msg(g_error_matches(got->error, HTTP_CLIENT_ERROR, (int)code), "%s",
                  got->error->message);
    ck_assert(g_str_has_prefix(got->error->message, where));
    ck_assert_msg(strstr(got->error->message, text) != NULL, "%s", got->error->message);
    http_responses_free(got, 1);
}

START_TEST(the_server_sees_the_request)
{
    static const char *const headers[] = {"X-Test: yes", NULL};
    CLEANUP(tls_cert_freep) struct tls_cert *cert = tls_cert_read(fix.client_pem, NULL);
    g_autofree char *sha1 = tls_cert_sha1(cert);
    g_autofree char *expected = g_strdup_printf("PUT /a b from 127.0.0.1 header yes body 4 data "
                                                "cert %s trusted x=1 y=&2 z=(none)",
                                                sha1);
    struct http_request put = request("/a%20b?x=1&y=%262&z");

    put.method = "PUT";
    put.headers = headers;
    put.body = "data";
    put.body_len = 4;
    expect_body(put, 200, expected);
}
END_TEST

START_TEST(bodies_of_any_size)
{
    g_autofree char *big = g_malloc(MAX_BODY + 1);
    struct http_request post = request("/echo");
    struct http_response *got;

    for (size_t i = 0; i <= MAX_BODY; i++) {
        big[i] = (char)(i % 251);
    }
    post.body = big;
    post.body_len = MAX_BODY;
    got = perform(post);
    ck_assert_msg(got->error == NULL, "%s", got->error == NULL ? "" : got->error->message);
    ck_assert_int_eq(got->status, 201);
    ck_assert_uint_eq(got->body_len, MAX_BODY);
    ck_assert(memcmp(got->body, big, MAX_BODY) == 0);
    http_responses_free(got, 1);
    post.body_len = 0;
    expect_body(post, 201, "");
    post.body_len = MAX_BODY + 1;
    got = perform(post);
    ck_assert(got->error != NULL || got->status == 413);
    http_responses_free(got, 1);
    expect_error(request("/big"), HTTP_CLIENT_ERROR_TOO_LARGE, "more than 3145728 bytes");
}
END_TEST

START_TEST(certificates_are_demanded)
{
    http_client_free(fix.client);
    fix.client = new_client(fix.other_pem, fix.client_pem);
    expect_error(request("/"), HTTP_CLIENT_ERROR_TLS, "certificate");
    http_client_free(fix.client);
    fix.client = new_client(fix.server_pem, NULL);
    expect_body(request("/"), 200,
                "GET / from 127.0.0.1 header (null) body 0  cert none untrusted");
    http_client_free(fix.client);
    fix.client = new_client(fix.server_pem, fix.other_pem);
    {
        struct http_response *got = perform(request("/"));

        ck_assert_msg(got->error != NULL || g_str_has_suffix(got->body, "untrusted"), "%s",
                      got->body);
        http_responses_free(got, 1);
    }
    http_client_free(fix.client);
    fix.client = new_client("/nonexistent", NULL);
    expect_error(request("/"), HTTP_CLIENT_ERROR_SETUP, "/nonexistent");
}
END_TEST

START_TEST(errors_name_host_and_reason)
{
    struct http_request bad = request("/");
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    /* A port that is bound but not listened to refuses. */
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, len), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    bad.port = ntohs(address.sin_port);
    expect_error(bad, HTTP_CLIENT_ERROR_CONNECT, "onnect");
    close(fd);
    bad = request("/");
    bad.host = "a@127.0.0.1";
    expect_error(bad, HTTP_CLIENT_ERROR_SETUP, "cannot be made");
    bad = request("/hold");
    bad.timeout_ms = 200;
    expect_error(bad, HTTP_CLIENT_ERROR_TIMEOUT, "imed out");
    ck_assert_uint_eq(fix.held->len, 1);
    reply_text(g_ptr_array_index(fix.held, 0), 200, "late");
}
END_TEST

struct waiting {
    struct http_response *responses;
    size_t n;
};

static void keep(struct http_response *responses, size_t n, void *user)
{
    struct waiting *waiting = user;

    waiting->responses = g_memdup2(responses, n * sizeof(*responses));
    waiting->n = n;
    memset(responses, 0, n * sizeof(*responses));
}

static void hold_until(guint n)
{
    while (fix.held->len < n) {
        g_main_context_iteration(NULL, TRUE);
    }
}

START_TEST(many_at_once_are_answered_in_place)
{
    enum { N = 50 };
    struct http_request requests[N];
    struct waiting waiting = {0};

    for (int i = 0; i < N; i++) {
        requests[i] = request(i % 2 == 0 ? "/hold" : "/echo");
        requests[i].body = &"0123456789"[i % 10];
        requests[i].body_len = 1;
    }
    http_client_send(fix.client, requests, N, keep, &waiting);
    ck_assert_ptr_null(waiting.responses);
    hold_until(N / 2);
    /* The last first. */
    for (guint i = fix.held->len; i > 0; i--) {
        struct http_call *call = g_ptr_array_index(fix.held, i - 1);

        reply_text(call, 200, http_call_body(call, NULL));
    }
    while (waiting.responses == NULL) {
        g_main_context_iteration(NULL, TRUE);
    }
    for (int i = 0; i < N; i++) {
        ck_assert_ptr_null(waiting.responses[i].error);
        ck_assert_int_eq(waiting.responses[i].status, i % 2 == 0 ? 200 : 201);
        ck_assert_int_eq(waiting.responses[i].body[0], "0123456789"[i % 10]);
    }
    http_responses_free(waiting.responses, N);
}
END_TEST

START_TEST(no_more_at_once_than_allowed)
{
    enum { N = 6, PARALLEL = 2 };
    struct http_request requests[N];
    struct waiting waiting = {0};
    struct http_client *client =
        http_client_new(&(struct http_client_opts){.ca_file = fix.server_pem,
                                                   .connect_timeout_ms = LONG_MS,
                                                   .max_response = MAX_RESPONSE,
                                                   .max_parallel = PARALLEL});

    for (int i = 0; i < N; i++) {
        requests[i] = request("/hold");
    }
    http_client_send(client, requests, N, keep, &waiting);
    for (int answered = 0; answered < N; answered += PARALLEL) {
        hold_until(PARALLEL);
        while (g_main_context_iteration(NULL, FALSE)) {
        }
        ck_assert_uint_eq(fix.held->len, PARALLEL);
        for (int i = 0; i < PARALLEL; i++) {
            reply_text(g_ptr_array_index(fix.held, 0), 200, "");
            g_ptr_array_remove_index(fix.held, 0);
        }
    }
    while (waiting.responses == NULL) {
        g_main_context_iteration(NULL, TRUE);
    }
    for (int i = 0; i < N; i++) {
        ck_assert_int_eq(waiting.responses[i].status, 200);
    }
    http_responses_free(waiting.responses, N);
    http_client_send(client, requests, N, keep, &waiting);
    http_client_free(client);
}
END_TEST

START_TEST(cancelling_a_batch)
{
    struct http_request requests[] = {request("/echo"), request("/hold")};
    struct waiting waiting = {0};
    struct http_batch *batch = http_client_send(fix.client, requests, 2, keep, &waiting);

    hold_until(1);
    http_batch_cancel(batch);
    while (waiting.responses == NULL) {
        g_main_context_iteration(NULL, TRUE);
    }
    ck_assert(g_error_matches(waiting.responses[1].error, HTTP_CLIENT_ERROR,
                              HTTP_CLIENT_ERROR_CANCELLED));
    http_responses_free(waiting.responses, 2);
    http_client_send(fix.client, requests, 2, keep, &waiting);
    hold_until(2);
    http_client_free(g_steal_pointer(&fix.client));
    for (guint i = 0; i < fix.held->len; i++) {
        reply_text(g_ptr_array_index(fix.held, i), 200, "");
    }
}
END_TEST

static void set_flag(void *user)
{
    *(bool *)user = true;
}

START_TEST(stopping_waits_for_the_last_answer)
{
    struct http_request requests[] = {request("/hold")};
    struct waiting waiting = {0};
    bool stopped = false;

    http_client_send(fix.client, requests, 1, keep, &waiting);
    hold_until(1);
    http_server_stop(fix.server, set_flag, &stopped);
    expect_error((struct http_request){.host = "127.0.0.1",
                                       .port = http_server_port(fix.server),
                                       .path = "/",
                                       .timeout_ms = LONG_MS},
                 HTTP_CLIENT_ERROR_CONNECT, "");
    ck_assert(!stopped);
    reply_text(g_ptr_array_index(fix.held, 0), 200, "done");
    while (!stopped || waiting.responses == NULL) {
        g_main_context_iteration(NULL, TRUE);
    }
    ck_assert_str_eq(waiting.responses[0].body, "done");
    http_responses_free(waiting.responses, 1);
}
END_TEST

START_TEST(freeing_the_server_leaves_calls_valid)
{
    struct http_request requests[] = {request("/hold")};
    struct waiting waiting = {0};

    http_client_send(fix.client, requests, 1, keep, &waiting);
    hold_until(1);
    http_server_free(g_steal_pointer(&fix.server));
    ck_assert(http_call_gone(g_ptr_array_index(fix.held, 0)));
    reply_text(g_ptr_array_index(fix.held, 0), 200, "too late");
    while (waiting.responses == NULL) {
        g_main_context_iteration(NULL, TRUE);
    }
    ck_assert_ptr_nonnull(waiting.responses[0].error);
    http_responses_free(waiting.responses, 1);
}
END_TEST

START_TEST(plain_http)
{
    struct http_request plain;

    http_server_free(fix.server);
    start_server(false);
    plain = request("/");
    plain.plain = true;
    expect_body(plain, 200, "GET / from 127.0.0.1 header (null) body 0  cert none untrusted");
    plain.plain = false;
    expect_error(plain, HTTP_CLIENT_ERROR_TLS, "");
}
END_TEST

/* Answers every request but the second, on which it hangs up; counts them. */
struct flaky {
    int listen_fd, stop_fd, requests;
};

static void flaky_serve(struct flaky *flaky, struct pollfd *fd)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    char text[4096];

    if (recv(fd->fd, text, sizeof(text), 0) > 0 && ++flaky->requests != 2 &&
        send(fd->fd, answer, strlen(answer), MSG_NOSIGNAL) > 0) {
        return;
    }
    close(fd->fd);
    fd->fd = -1;
}

static void *flaky_main(void *data)
{
    enum { LISTEN, STOP, FIRST, MAX = 10 };
    struct flaky *flaky = data;
    struct pollfd fds[MAX];

    for (int i = 0; i < MAX; i++) {
        fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
    }
    fds[LISTEN].fd = flaky->listen_fd;
    fds[STOP].fd = flaky->stop_fd;
    for (int n = FIRST; poll(fds, MAX, -1) > 0 && fds[STOP].revents == 0;) {
        for (int i = FIRST; i < n; i++) {
            if (fds[i].fd >= 0 && fds[i].revents != 0) {
                flaky_serve(flaky, &fds[i]);
            }
        }
        if (fds[LISTEN].revents != 0 && n < MAX) {
            fds[n++].fd = accept4(flaky->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        }
    }
    for (int i = FIRST; i < MAX; i++) {
        if (fds[i].fd >= 0) {
            close(fds[i].fd);
        }
    }
    return NULL;
}

static void check_repeating(bool repeatable)
{
    struct flaky flaky = {.listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct http_request one = {.host = "127.0.0.1",
                               .plain = true,
                               .path = "/",
                               .body = "x",
                               .body_len = 1,
                               .timeout_ms = LONG_MS,
                               .repeatable = repeatable};
    socklen_t len = sizeof(address);
    GThread *thread;
    int stop[2];

    ck_assert_int_eq(bind(flaky.listen_fd, (struct sockaddr *)&address, len), 0);
    ck_assert_int_eq(getsockname(flaky.listen_fd, (struct sockaddr *)&address, &len), 0);
    ck_assert_int_eq(listen(flaky.listen_fd, 5), 0);
    ck_assert_int_eq(pipe2(stop, O_CLOEXEC), 0);
    flaky.stop_fd = stop[0];
    one.port = ntohs(address.sin_port);
    thread = g_thread_new("flaky", flaky_main, &flaky);
    expect_body(one, 200, "ok");
    if (repeatable) {
        expect_body(one, 200, "ok");
    } else {
        expect_error(one, HTTP_CLIENT_ERROR_PROTOCOL, "");
    }
    close(stop[1]);
    g_thread_join(thread);
    ck_assert_int_eq(flaky.requests, repeatable ? 3 : 2);
    close(stop[0]);
    close(flaky.listen_fd);
}

START_TEST(only_repeatable_requests_are_repeated)
{
    check_repeating(false);
    check_repeating(true);
}
END_TEST

START_TEST(a_server_that_cannot_start_says_why)
{
    struct http_server_opts opts = {.address = "nowhere", .handle = on_call};
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(http_server_new(&opts, &error));
    ck_assert(g_error_matches(error, HTTP_SERVER_ERROR, HTTP_SERVER_ERROR_ADDRESS));
    g_clear_error(&error);
    opts.address = "127.0.0.1";
    opts.port = http_server_port(fix.server);
    ck_assert_ptr_null(http_server_new(&opts, &error));
    ck_assert(g_error_matches(error, HTTP_SERVER_ERROR, HTTP_SERVER_ERROR_BIND));
    ck_assert_ptr_nonnull(strstr(error->message, "cannot listen on 127.0.0.1 port "));
    g_clear_error(&error);
    opts.port = 0;
    opts.cert_pem = fix.server_cert;
    opts.key_pem = "rubbish";
    ck_assert_ptr_null(http_server_new(&opts, &error));
    ck_assert(g_error_matches(error, HTTP_SERVER_ERROR, HTTP_SERVER_ERROR_TLS));
}
END_TEST

UNIT_MAIN_FIXTURE("http", setup, teardown, the_server_sees_the_request, bodies_of_any_size,
                  certificates_are_demanded, errors_name_host_and_reason,
                  many_at_once_are_answered_in_place, no_more_at_once_than_allowed,
                  cancelling_a_batch, stopping_waits_for_the_last_answer,
                  freeing_the_server_leaves_calls_valid, plain_http,
                  only_repeatable_requests_are_repeated, a_server_that_cannot_start_says_why)
