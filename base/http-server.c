#include "base/http-server.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/http-server-private.h"
#include "base/log.h"
#include "base/parse.h"

enum {
    DEFAULT_MAX_HEADER = 32 * 1024,
    DEFAULT_MAX_CONNECTIONS = 1000,
    BACKLOG = 128,
};

struct mhd_source {
    GSource source;
    struct http_server *server;
    void *tag;
};

G_DEFINE_QUARK(gantry_http_server_error_quark, http_server_error)

/* --- The loop ----------------------------------------------------------------------------------
 */

static gboolean source_prepare(GSource *source, int *timeout)
{
    MHD_UNSIGNED_LONG_LONG ms;

    if (MHD_get_timeout(((struct mhd_source *)source)->server->daemon, &ms) != MHD_YES) {
        *timeout = -1;
        return FALSE;
    }
    *timeout = (int)MIN(ms, (MHD_UNSIGNED_LONG_LONG)G_MAXINT);
    return *timeout == 0;
}

static gboolean source_check(GSource *source)
{
    struct mhd_source *mhd = (struct mhd_source *)source;
    int timeout;

    return g_source_query_unix_fd(source, mhd->tag) != 0 || source_prepare(source, &timeout);
}

static void finish_stop_if_over(struct http_server *server)
{
    void (*stopped)(void *user) = server->stopped;

    if (stopped == NULL || g_hash_table_size(server->calls) > 0) {
        return;
    }
    server->stopped = NULL;
    stopped(server->stopped_user);
}

static gboolean source_dispatch(GSource *source, GSourceFunc fn G_GNUC_UNUSED,
                                void *data G_GNUC_UNUSED)
{
    struct http_server *server = ((struct mhd_source *)source)->server;

    g_source_set_ready_time(source, -1);
    (void)MHD_run(server->daemon);
    finish_stop_if_over(server);
    return G_SOURCE_CONTINUE;
}

static void attach_source(struct http_server *server)
{
    static GSourceFuncs funcs = {
        .prepare = source_prepare, .check = source_check, .dispatch = source_dispatch};
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct mhd_source *mhd;

    server->source = g_source_new(&funcs, sizeof(struct mhd_source));
    mhd = (struct mhd_source *)server->source;
    mhd->server = server;
    mhd->tag = g_source_add_unix_fd(server->source, info->epoll_fd, G_IO_IN);
    g_source_attach(server->source, server->context);
}

/* --- Requests ----------------------------------------------------------------------------------
 */

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result;

    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static bool announces_too_much(const struct http_server *server, struct MHD_Connection *connection)
{
    const char *text =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    uint64_t length;

    return text != NULL && !parse_uint64(text, server->max_body, &length, NULL);
}

static void take_body(const struct http_server *server, struct http_call *call, const char *data,
                      size_t len)
{
    if (call->too_large || len > server->max_body - call->body->len) {
        call->too_large = true;
        g_string_truncate(call->body, 0);
    } else {
        g_string_append_len(call->body, data, (gssize)len);
    }
}

static enum MHD_Result answer_or_wait(struct http_call *call)
{
    if (call->answered) {
        return MHD_queue_response(call->connection, call->status, call->response);
    }
    MHD_suspend_connection(call->connection);
    call->suspended = true;
    return MHD_YES;
}

static enum MHD_Result begin_call(struct http_server *server, struct MHD_Connection *connection,
                                  const char *path, const char *method, struct http_call **ret_call)
{
    struct http_call *call = http_call_new(server, connection, method, path);
    int status = server->admit == NULL ? 0 : server->admit(call, server->user);

    if (status != 0) {
        http_call_free(call);
        return refuse(connection, (unsigned)status);
    }
    *ret_call = call;
    return MHD_YES;
}

static enum MHD_Result on_access(void *user, struct MHD_Connection *connection, const char *path,
                                 const char *method, const char *version G_GNUC_UNUSED,
                                 const char *data, size_t *len, void **state)
{
    struct http_server *server = user;
    struct http_call *call = *state;

    if (call == NULL) {
        if (announces_too_much(server, connection)) {
            return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE);
        }
        return begin_call(server, connection, path, method, (struct http_call **)state);
    }
    if (*len > 0) {
        take_body(server, call, data, *len);
        *len = 0;
        return MHD_YES;
    }
    if (call->too_large) {
        return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE);
    }
    if (!call->handed_over) {
        call->handed_over = true;
        server->handle(call, server->user);
    }
    return answer_or_wait(call);
}

static void on_completed(void *user G_GNUC_UNUSED, struct MHD_Connection *connection G_GNUC_UNUSED,
                         void **state, enum MHD_RequestTerminationCode code G_GNUC_UNUSED)
{
    struct http_call *call = *state;

    if (call == NULL) {
        return;
    }
    *state = NULL;
    call->connection = NULL;
    if (call->answered || !call->handed_over) {
        http_call_free(call);
    }
}

static void log_message(void *user G_GNUC_UNUSED, const char *format, va_list args)
    G_GNUC_PRINTF(2, 0);
static void log_message(void *user G_GNUC_UNUSED, const char *format, va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);

    log_debug("http: %s", g_strchomp(text));
}

/* --- Start and end ------------------------------------------------------------------------------
 */

static int try_listen(const struct addrinfo *info, int *ret_errno)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1, off = 0;

    if (fd < 0) {
        *ret_errno = errno;
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (info->ai_family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    }
    if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        *ret_errno = errno;
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* Any address means IPv6 with IPv4 inside, or IPv4 alone where there is no IPv6. */
static int open_listener(const char *address, int port, GError **errp)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                                   .ai_socktype = SOCK_STREAM};
    const char *const any[] = {"::", "0.0.0.0"};
    const char *const *list = address == NULL ? any : &address;
    size_t n = address == NULL ? G_N_ELEMENTS(any) : 1;
    g_autofree char *service = g_strdup_printf("%d", port);
    int fd = -1, errnum = 0;

    for (size_t i = 0; fd < 0 && i < n; i++) {
        struct addrinfo *info;
        int rc = getaddrinfo(list[i], service, &hints, &info);

        if (rc != 0) {
            g_set_error(errp, HTTP_SERVER_ERROR, HTTP_SERVER_ERROR_ADDRESS,
                        "'%s' is not an address to listen on: %s", list[i], gai_strerror(rc));
            return -1;
        }
        fd = try_listen(info, &errnum);
        freeaddrinfo(info);
    }
    if (fd < 0) {
        g_set_error(errp, HTTP_SERVER_ERROR, HTTP_SERVER_ERROR_BIND,
                    "cannot listen on %s port %d: %s", address == NULL ? "any address" : address,
                    port, g_strerror(errnum));
    }
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    char service[NI_MAXSERV];
    int port;

    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0 ||
        getnameinfo((struct sockaddr *)&address, len, NULL, 0, service, sizeof(service),
                    NI_NUMERICSERV) != 0 ||
        !parse_int(service, 0, G_MAXUINT16, &port, NULL)) {
        return 0;
    }
    return port;
}

/* The library tells only its log why it does not start, so the likely reason is looked for first.
 */
static bool check_key_pair(const struct http_server_opts *opts, GError **errp)
{
    const gnutls_datum_t cert = {(unsigned char *)opts->cert_pem, (unsigned)strlen(opts->cert_pem)};
    const gnutls_datum_t key = {(unsigned char *)opts->key_pem, (unsigned)strlen(opts->key_pem)};
    gnutls_certificate_credentials_t credentials;
    int rc;

    gnutls_certificate_allocate_credentials(&credentials);
    rc = gnutls_certificate_set_x509_key_mem(credentials, &cert, &key, GNUTLS_X509_FMT_PEM);
    gnutls_certificate_free_credentials(credentials);
    if (rc < 0) {
        g_set_error(errp, HTTP_SERVER_ERROR, HTTP_SERVER_ERROR_TLS,
                    "the server's certificate and key cannot be used: %s", gnutls_strerror(rc));
        return false;
    }
    return true;
}

static struct MHD_Daemon *start_daemon(struct http_server *server,
                                       const struct http_server_opts *opts)
{
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls[4] = {{MHD_OPTION_END, 0, NULL}};
    size_t n = 0;

    if (opts->cert_pem != NULL) {
        flags |= MHD_USE_TLS;
        tls[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)opts->cert_pem};
        tls[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)opts->key_pem};
        if (opts->ask_client_cert) {
            tls[n++] =
                (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0, (void *)opts->cert_pem};
        }
        tls[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    }
    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_access, server, MHD_OPTION_EXTERNAL_LOGGER, log_message, NULL,
        MHD_OPTION_LISTEN_SOCKET, server->listen_fd, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
        server, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        opts->max_header == 0 ? (size_t)DEFAULT_MAX_HEADER : opts->max_header,
        MHD_OPTION_CONNECTION_LIMIT,
        opts->max_connections == 0 ? (unsigned)DEFAULT_MAX_CONNECTIONS : opts->max_connections,
        MHD_OPTION_CONNECTION_TIMEOUT, opts->idle_timeout_s, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

struct http_server *http_server_new(const struct http_server_opts *opts, GError **errp)
{
    CLEANUP(http_server_freep) struct http_server *server = g_new0(struct http_server, 1);

    server->context =
        g_main_context_ref(opts->context == NULL ? g_main_context_default() : opts->context);
    server->calls = g_hash_table_new(NULL, NULL);
    server->max_body = opts->max_body;
    server->admit = opts->admit;
    server->handle = opts->handle;
    server->user = opts->user;
    server->listen_fd = -1;
    if (opts->cert_pem != NULL && !check_key_pair(opts, errp)) {
        return NULL;
    }
    server->listen_fd = open_listener(opts->address, opts->port, errp);
    if (server->listen_fd < 0) {
        return NULL;
    }
    server->port = port_of(server->listen_fd);
    server->daemon = start_daemon(server, opts);
    if (server->daemon == NULL) {
        g_set_error(errp, HTTP_SERVER_ERROR, HTTP_SERVER_ERROR_START,
                    "the HTTP server on port %d cannot be started", server->port);
        return NULL;
    }
    server->listen_fd = -1;
    attach_source(server);
    return g_steal_pointer(&server);
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_stop(struct http_server *server, void (*stopped)(void *user), void *user)
{
    int fd = MHD_quiesce_daemon(server->daemon);

    if (fd >= 0) {
        (void)close(fd);
    }
    server->stopped = stopped;
    server->stopped_user = user;
    g_source_set_ready_time(server->source, 0);
}

static void close_connections(struct http_server *server)
{
    GHashTableIter iter;
    void *item;

    g_hash_table_iter_init(&iter, server->calls);
    while (g_hash_table_iter_next(&iter, &item, NULL)) {
        struct http_call *call = item;

        call->server = NULL;
        if (call->suspended) {
            call->suspended = false;
            MHD_resume_connection(call->connection);
        }
    }
    MHD_stop_daemon(server->daemon);
}

void http_server_free(struct http_server *server)
{
    if (server == NULL) {
        return;
    }
    if (server->source != NULL) {
        g_source_destroy(server->source);
        g_source_unref(server->source);
    }
    if (server->daemon != NULL) {
        close_connections(server);
    }
    if (server->listen_fd >= 0) {
        (void)close(server->listen_fd);
    }
    g_hash_table_unref(server->calls);
    g_main_context_unref(server->context);
    g_free(server);
}
