#include "base/http-server.h"

#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "base/http-server-private.h"

enum { PEM_LINE = 64 };

struct http_call *http_call_new(struct http_server *server, struct MHD_Connection *connection,
                                const char *method, const char *path)
{
    struct http_call *call = g_new0(struct http_call, 1);

    call->server = server;
    call->connection = connection;
    call->method = g_strdup(method);
    call->path = g_strdup(path);
    call->body = g_string_new(NULL);
    g_hash_table_add(server->calls, call);
    return call;
}

static void cert_free(struct http_peer_cert *cert)
{
    if (cert != NULL) {
        g_free(cert->sha1);
        g_free(cert->sha256);
        g_free(cert->pem);
        g_free(cert);
    }
}

void http_call_free(struct http_call *call)
{
    if (call->server != NULL) {
        g_hash_table_remove(call->server->calls, call);
        if (call->server->stopped != NULL) {
            /* The graceful stop may have waited for this one. */
            g_source_set_ready_time(call->server->source, 0);
        }
    }
    if (call->response != NULL) {
        MHD_destroy_response(call->response);
    }
    cert_free(call->cert);
    g_string_free(call->body, TRUE);
    g_free(call->method);
    g_free(call->path);
    g_free(call->peer);
    g_free(call);
}

const char *http_call_method(const struct http_call *call)
{
    return call->method;
}

const char *http_call_path(const struct http_call *call)
{
    return call->path;
}

static const char *value_of(struct http_call *call, enum MHD_ValueKind kind, const char *name)
{
    const char *value = NULL;
    size_t len;

    if (call->connection == NULL ||
        MHD_lookup_connection_value_n(call->connection, kind, name, strlen(name), &value, &len) !=
            MHD_YES) {
        return NULL;
    }
    return value == NULL ? "" : value;
}

const char *http_call_query(struct http_call *call, const char *name)
{
    return value_of(call, MHD_GET_ARGUMENT_KIND, name);
}

const char *http_call_header(struct http_call *call, const char *name)
{
    return value_of(call, MHD_HEADER_KIND, name);
}

struct each {
    void (*fn)(const char *name, const char *value, void *user);
    void *user;
};

static enum MHD_Result on_each(void *data, enum MHD_ValueKind kind G_GNUC_UNUSED, const char *name,
                               const char *value)
{
    const struct each *each = data;

    each->fn(name, value, each->user);
    return MHD_YES;
}

void http_call_each_query(struct http_call *call,
                          void (*each)(const char *name, const char *value, void *user), void *user)
{
    struct each state = {each, user};

    if (call->connection != NULL) {
        (void)MHD_get_connection_values(call->connection, MHD_GET_ARGUMENT_KIND, on_each, &state);
    }
}

const char *http_call_body(const struct http_call *call, size_t *ret_len)
{
    if (ret_len != NULL) {
        *ret_len = call->body->len;
    }
    return call->body->str;
}

const char *http_call_peer(struct http_call *call)
{
    const union MHD_ConnectionInfo *info;
    char host[NI_MAXHOST] = "?";

    if (call->peer == NULL && call->connection != NULL) {
        info = MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        if (info != NULL) {
            (void)getnameinfo(info->client_addr,
                              info->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                                       : sizeof(struct sockaddr_in),
                              host, sizeof(host), NULL, 0, NI_NUMERICHOST);
        }
        /* An IPv4 client of a socket for both families. */
        call->peer = g_strdup(g_str_has_prefix(host, "::ffff:") ? host + strlen("::ffff:") : host);
    }
    return call->peer == NULL ? "?" : call->peer;
}

bool http_call_gone(const struct http_call *call)
{
    return call->connection == NULL;
}

static char *digest(GChecksumType type, const gnutls_datum_t *der)
{
    g_autofree char *hex = g_compute_checksum_for_data(type, der->data, der->size);
    GString *text = g_string_new(NULL);

    for (size_t i = 0; hex[i] != '\0'; i++) {
        if (i > 0 && i % 2 == 0) {
            g_string_append_c(text, ':');
        }
        g_string_append_c(text, g_ascii_toupper(hex[i]));
    }
    return g_string_free(text, FALSE);
}

static char *to_pem(const gnutls_datum_t *der)
{
    g_autofree char *base64 = g_base64_encode(der->data, der->size);
    size_t len = strlen(base64);
    GString *pem = g_string_new("-----BEGIN CERTIFICATE-----\n");

    for (size_t i = 0; i < len; i += PEM_LINE) {
        g_string_append_printf(pem, "%.*s\n", (int)PEM_LINE, base64 + i);
    }
    g_string_append(pem, "-----END CERTIFICATE-----\n");
    return g_string_free(pem, FALSE);
}

static struct http_peer_cert *read_cert(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    const gnutls_datum_t *list;
    struct http_peer_cert *cert;
    unsigned n = 0, status = 0;

    if (info == NULL || info->tls_session == NULL) {
        return NULL;
    }
    list = gnutls_certificate_get_peers(info->tls_session, &n);
    if (list == NULL || n == 0) {
        return NULL;
    }
    cert = g_new0(struct http_peer_cert, 1);
    cert->sha1 = digest(G_CHECKSUM_SHA1, &list[0]);
    cert->sha256 = digest(G_CHECKSUM_SHA256, &list[0]);
    cert->pem = to_pem(&list[0]);
    cert->trusted =
        gnutls_certificate_verify_peers2(info->tls_session, &status) == 0 && status == 0;
    return cert;
}

const struct http_peer_cert *http_call_cert(struct http_call *call)
{
    if (!call->cert_read && call->connection != NULL) {
        call->cert = read_cert(call->connection);
        call->cert_read = true;
    }
    return call->cert;
}

void http_call_set_data(struct http_call *call, void *data)
{
    call->data = data;
}

void *http_call_data(const struct http_call *call)
{
    return call->data;
}

void http_call_reply(struct http_call *call, int status, const char *content_type, const void *body,
                     size_t len, const char *const *headers)
{
    g_assert(!call->answered);
    if (call->connection == NULL) {
        http_call_free(call);
        return;
    }
    call->answered = true;
    call->status = (unsigned)status;
    call->response = MHD_create_response_from_buffer(len, (void *)body, MHD_RESPMEM_MUST_COPY);
    if (content_type != NULL) {
        (void)MHD_add_response_header(call->response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    }
    for (size_t i = 0; headers != NULL && headers[i] != NULL; i += 2) {
        (void)MHD_add_response_header(call->response, headers[i], headers[i + 1]);
    }
    if (call->suspended) {
        call->suspended = false;
        MHD_resume_connection(call->connection);
        g_source_set_ready_time(call->server->source, 0);
    }
}
