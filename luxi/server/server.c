#include "config.h"

#include "luxi/server/server.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/json.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "luxi/proto/frame.h"
#include "luxi/proto/message.h"

enum {
    LISTEN_BACKLOG = 128,
    READ_CHUNK = 64 * 1024,
    /* Beyond this the oldest idle connections would have to go; clients then see a refused
       connection. */
    MAX_CONNECTIONS = 4096,
    /* An answer buffer is given back beyond this size. */
    KEEP_BUFFER = 256 * 1024,
};

struct luxi_server {
    char *path;
    int fd;
    guint watch;
    struct luxi_server_options options;
    GPtrArray *connections;
};

/* Reading, or handling a call, or writing its answer: one thing at a time, so a client that does
 * not read its answers costs one answer. */
struct connection {
    struct luxi_server *server;
    int fd;
    guint watch;
    struct luxi_frame *frame;
    struct luxi_call *call;
    GString *out;
    size_t sent;
    bool close_after_answer;
};

struct luxi_call {
    struct connection *connection;
    struct luxi_request *request;
    struct json_writer result;
    void (*cancel)(void *data);
    void *cancel_data;
    bool answered;
};

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data);
static gboolean on_writable(gint fd, GIOCondition condition, gpointer data);
static gboolean on_hangup(gint fd, GIOCondition condition, gpointer data);
static void handle_next(struct connection *conn);

static void watch(struct connection *conn, GIOCondition condition, GUnixFDSourceFunc function)
{
    if (conn->watch != 0) {
        g_source_remove(conn->watch);
    }
    conn->watch = g_unix_fd_add(conn->fd, condition, function, conn);
}

static void call_free(struct luxi_call *call)
{
    fact_object_free(&fact_object_luxi_request, call->request);
    g_free(call);
}

/* The array's free function. */
static void connection_free(gpointer data)
{
    struct connection *conn = data;

    if (conn->watch != 0) {
        g_source_remove(conn->watch);
    }
    if (conn->call != NULL) {
        if (conn->call->cancel != NULL) {
            conn->call->cancel(conn->call->cancel_data);
        }
        call_free(conn->call);
    }
    (void)close(conn->fd);
    luxi_frame_free(conn->frame);
    g_string_free(conn->out, TRUE);
    g_free(conn);
}

static void connection_close(struct connection *conn)
{
    (void)g_ptr_array_remove_fast(conn->server->connections, conn);
}

/* ---- calls ---- */

struct json_writer *luxi_call_result(struct luxi_call *call)
{
    return &call->result;
}

void luxi_call_on_cancel(struct luxi_call *call, void (*cancel)(void *data), void *data)
{
    call->cancel = cancel;
    call->cancel_data = data;
}

/* The answer is complete in conn->out. The call itself lives until its bytes are under way. */
static void finish(struct luxi_call *call)
{
    struct connection *conn = call->connection;

    g_assert(!call->answered);
    call->answered = true;
    call->cancel = NULL;
    g_string_append_c(conn->out, LUXI_END_OF_MESSAGE);
    watch(conn, G_IO_OUT, on_writable);
}

void luxi_call_answer(struct luxi_call *call)
{
    luxi_reply_end(&call->result);
    finish(call);
}

void luxi_call_fail(struct luxi_call *call, const GError *error)
{
    luxi_reply_set_error(call->connection->out, error);
    finish(call);
}

void luxi_call_refuse(struct luxi_call *call, const char *reason)
{
    struct connection *conn = call->connection;
    struct json_writer w;
    g_autofree char *text = g_strdup_printf("Failed to parse request: %s", reason);

    g_string_truncate(conn->out, 0);
    w = luxi_reply_begin(conn->out, false);
    json_write_string(&w, text);
    luxi_reply_end(&w);
    conn->close_after_answer = true;
    finish(call);
}

static void begin_call(struct connection *conn, const char *text, size_t len)
{
    struct luxi_server *server = conn->server;
    g_autoptr(GError) error = NULL;
    struct luxi_call *call = g_new0(struct luxi_call, 1);

    call->connection = conn;
    conn->call = call;
    call->request = luxi_request_parse(text, len, &error);
    call->result = luxi_reply_begin(conn->out, true);
    if (call->request == NULL) {
        luxi_call_refuse(call, error->message);
        return;
    }
    watch(conn, G_IO_HUP, on_hangup);
    server->options.handler(call, call->request->method, call->request->args,
                            server->options.user_data);
}

/* ---- connections ---- */

static gboolean on_hangup(gint fd, GIOCondition condition, gpointer data)
{
    (void)fd;
    (void)condition;
    connection_close(data);
    return G_SOURCE_CONTINUE; /* already removed with the connection */
}

/* Takes up the next message that is there, or waits for one. */
static void handle_next(struct connection *conn)
{
    size_t len;
    const char *text = luxi_frame_next(conn->frame, &len);

    if (text != NULL) {
        begin_call(conn, text, len);
    } else {
        watch(conn, G_IO_IN, on_readable);
    }
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
    struct connection *conn = data;
    char chunk[READ_CHUNK];
    ssize_t n = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT);
    g_autoptr(GError) error = NULL;

    (void)condition;
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return G_SOURCE_CONTINUE;
    }
    if (n <= 0) {
        connection_close(conn);
        return G_SOURCE_CONTINUE;
    }
    if (!luxi_frame_feed(conn->frame, chunk, (size_t)n, &error)) {
        g_message("closing a connection to %s: %s", conn->server->path, error->message);
        connection_close(conn);
        return G_SOURCE_CONTINUE;
    }
    handle_next(conn);
    return G_SOURCE_CONTINUE;
}

/* The whole answer is out: ready for the next request. */
static void answer_sent(struct connection *conn)
{
    call_free(conn->call);
    conn->call = NULL;
    conn->sent = 0;
    if (conn->out->allocated_len > KEEP_BUFFER) {
        g_string_free(conn->out, TRUE);
        conn->out = g_string_new(NULL);
    } else {
        g_string_truncate(conn->out, 0);
    }
    if (conn->close_after_answer) {
        connection_close(conn);
    } else {
        handle_next(conn);
    }
}

static gboolean on_writable(gint fd, GIOCondition condition, gpointer data)
{
    struct connection *conn = data;

    (void)condition;
    while (conn->sent < conn->out->len) {
        ssize_t n = send(fd, conn->out->str + conn->sent, conn->out->len - conn->sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            return G_SOURCE_CONTINUE;
        }
        if (n < 0) {
            connection_close(conn);
            return G_SOURCE_CONTINUE;
        }
        conn->sent += (size_t)n;
    }
    answer_sent(conn);
    return G_SOURCE_CONTINUE;
}

static gboolean on_connection(gint fd, GIOCondition condition, gpointer data)
{
    struct luxi_server *server = data;
    struct connection *conn;
    int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    (void)condition;
    if (client < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            g_warning("accepting a connection to %s: %s", server->path, g_strerror(errno));
        }
        return G_SOURCE_CONTINUE;
    }
    if (server->connections->len >= MAX_CONNECTIONS) {
        g_warning("more than %d connections to %s, refusing one", MAX_CONNECTIONS, server->path);
        (void)close(client);
        return G_SOURCE_CONTINUE;
    }
    conn = g_new0(struct connection, 1);
    conn->server = server;
    conn->fd = client;
    conn->frame = luxi_frame_new(LUXI_MAX_REQUEST);
    conn->out = g_string_new(NULL);
    g_ptr_array_add(server->connections, conn);
    watch(conn, G_IO_IN, on_readable);
    return G_SOURCE_CONTINUE;
}

/* ---- the socket ---- */

static bool fill_address(struct sockaddr_un *address, const char *path, GError **errp)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (g_strlcpy(address->sun_path, path, sizeof address->sun_path) >= sizeof address->sun_path) {
        return err_fail(errp, ERR_GENERIC, ECODE_NONE, "socket path %s is longer than %zu bytes",
                        path, sizeof address->sun_path - 1);
    }
    return true;
}

/* True if a process accepts connections there. */
static bool somebody_listens(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool listens =
        fd >= 0 &&
        (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN);

    if (fd >= 0) {
        (void)close(fd);
    }
    return listens;
}

static int open_listener(const char *path, unsigned mode, GError **errp)
{
    struct sockaddr_un address;
    mode_t mask;
    int fd, bound;

    if (!fill_address(&address, path, errp)) {
        return -1;
    }
    if (somebody_listens(&address)) {
        err_set(errp, ERR_GENERIC, ECODE_NONE, "another process listens on %s already", path);
        return -1;
    }
    (void)unlink(path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mask = umask(~mode & 0777);
    bound = fd < 0 ? -1 : bind(fd, (const struct sockaddr *)&address, sizeof address);
    (void)umask(mask);
    if (bound < 0 || listen(fd, LISTEN_BACKLOG) < 0) {
        err_set(errp, ERR_GENERIC, ECODE_NONE, "cannot listen on %s: %s", path, g_strerror(errno));
        if (fd >= 0) {
            (void)close(fd);
        }
        return -1;
    }
    return fd;
}

struct luxi_server *luxi_server_new(const char *path, const struct luxi_server_options *options,
                                    GError **errp)
{
    int fd = open_listener(path, options->mode, errp);
    struct luxi_server *server;

    if (fd < 0) {
        return NULL;
    }
    server = g_new0(struct luxi_server, 1);
    server->path = g_strdup(path);
    server->fd = fd;
    server->options = *options;
    server->connections = g_ptr_array_new_with_free_func(connection_free);
    server->watch = g_unix_fd_add(fd, G_IO_IN, on_connection, server);
    return server;
}

void luxi_server_free(struct luxi_server *server)
{
    g_source_remove(server->watch);
    g_ptr_array_free(server->connections, TRUE);
    (void)close(server->fd);
    (void)unlink(server->path);
    g_free(server->path);
    g_free(server);
}
