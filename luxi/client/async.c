#include "config.h"

#include "luxi/client/async.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "luxi/proto/frame.h"
#include "luxi/proto/message.h"

enum { READ_CHUNK = 64 * 1024 };

struct luxi_async {
    char *path;
    luxi_async_fn *fn;
    void *data;
    int fd; /* -1 */
    guint io, timer;
    GString *out;
    size_t sent;
    struct luxi_frame *frame;
    GError *error; /* what is told from the idle source */
};

static void call_free(struct luxi_async *call)
{
    if (call->io != 0) {
        g_source_remove(call->io);
    }
    if (call->timer != 0) {
        g_source_remove(call->timer);
    }
    if (call->fd >= 0) {
        (void)close(call->fd);
    }
    g_string_free(call->out, TRUE);
    luxi_frame_free(call->frame);
    g_clear_error(&call->error);
    g_free(call->path);
    g_free(call);
}

void luxi_async_cancel(struct luxi_async *call)
{
    call_free(call);
}

static void finish(struct luxi_async *call, struct json *result, const GError *error)
{
    call->fn(result, error, call->data);
    call_free(call);
}

static void fail(struct luxi_async *call, enum err_class error_class, const char *why)
{
    g_autoptr(GError) error = NULL;

    err_set(&error, error_class, ECODE_NONE, "%s: %s", call->path, why);
    finish(call, NULL, error);
}

static gboolean time_is_up(gpointer data)
{
    struct luxi_async *call = data;

    call->timer = 0;
    fail(call, ERR_TIMEOUT, "no answer in time");
    return G_SOURCE_REMOVE;
}

static gboolean could_not_connect(gpointer data)
{
    struct luxi_async *call = data;

    call->timer = 0;
    finish(call, NULL, call->error);
    return G_SOURCE_REMOVE;
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
    struct luxi_async *call = data;
    CLEANUP(json_unrefp) struct json *result = NULL;
    g_autoptr(GError) error = NULL;
    char chunk[READ_CHUNK];
    ssize_t n = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT);
    const char *text;
    size_t len;

    (void)condition;
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return G_SOURCE_CONTINUE;
    }
    if (n > 0 && luxi_frame_feed(call->frame, chunk, (size_t)n, &error)) {
        text = luxi_frame_next(call->frame, &len);
        if (text == NULL) {
            return G_SOURCE_CONTINUE;
        }
        (void)luxi_reply_parse(text, len, &result, &error);
    }
    call->io = 0;
    if (n <= 0) {
        fail(call, ERR_CONNECTION_CLOSED, n < 0 ? g_strerror(errno) : "closed without an answer");
    } else {
        finish(call, result, error);
    }
    return G_SOURCE_REMOVE;
}

static gboolean on_writable(gint fd, GIOCondition condition, gpointer data)
{
    struct luxi_async *call = data;
    ssize_t n = send(fd, call->out->str + call->sent, call->out->len - call->sent,
                     MSG_NOSIGNAL | MSG_DONTWAIT);

    (void)condition;
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return G_SOURCE_CONTINUE;
    }
    if (n < 0) {
        call->io = 0;
        fail(call, ERR_CONNECTION_CLOSED, g_strerror(errno));
        return G_SOURCE_REMOVE;
    }
    call->sent += (size_t)n;
    if (call->sent < call->out->len) {
        return G_SOURCE_CONTINUE;
    }
    call->io = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP, on_readable, call);
    return G_SOURCE_REMOVE;
}

/* A local socket connects at once or not at all. */
static bool connect_to(struct luxi_async *call)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (g_strlcpy(address.sun_path, call->path, sizeof address.sun_path) >=
        sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    call->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return call->fd >= 0 &&
           connect(call->fd, (const struct sockaddr *)&address, sizeof address) == 0;
}

struct luxi_async *luxi_async_call(const char *path, const char *method,
                                   const struct fact_object *args_object, const void *args,
                                   unsigned timeout, luxi_async_fn *fn, void *data)
{
    struct luxi_async *call = g_new0(struct luxi_async, 1);
    struct json_writer w;

    call->path = g_strdup(path);
    call->fn = fn;
    call->data = data;
    call->fd = -1;
    call->out = g_string_new(NULL);
    call->frame = luxi_frame_new(LUXI_MAX_REPLY);
    w = luxi_request_begin(call->out, method);
    fact_object_encode(args_object, args, &w);
    luxi_request_end(&w);
    g_string_append_c(call->out, LUXI_END_OF_MESSAGE);
    if (connect_to(call)) {
        call->io = g_unix_fd_add(call->fd, G_IO_OUT, on_writable, call);
        call->timer = g_timeout_add_seconds(timeout, time_is_up, call);
    } else {
        err_set(&call->error, ERR_PROTOCOL, ECODE_NONE, "cannot connect to %s: %s", path,
                g_strerror(errno));
        call->timer = g_idle_add(could_not_connect, call);
    }
    return call;
}
