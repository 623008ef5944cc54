#include "config.h"

#include "luxi/client/client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "luxi/proto/frame.h"
#include "luxi/proto/message.h"

struct luxi_client {
    int fd;
    int read_timeout_ms;
    struct luxi_frame *frame;
};

enum {
    READ_CHUNK = 256 * 1024,
    RETRY_PAUSE_MS = 50,
    MS = 1000,
};

static void set_errno_error(GError **errp, const char *path, int code)
{
    enum err_class error_class = code == EACCES || code == EPERM ? ERR_PERMISSION : ERR_PROTOCOL;

    err_set(errp, error_class, ECODE_NONE, "cannot connect to %s: %s", path, g_strerror(code));
}

/* Returns 0 or an errno. The descriptor is blocking on return. */
static int try_connect(const char *path, int *ret_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
        return ENAMETOOLONG;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        int code = errno;

        (void)close(fd);
        return code;
    }
    *ret_fd = fd;
    return 0;
}

/* Whether a later try may find somebody listening: no server yet, or its backlog is full. */
static bool is_temporary(int code)
{
    return code == ENOENT || code == ECONNREFUSED || code == EAGAIN;
}

struct luxi_client *luxi_client_connect(const char *path, const struct luxi_client_options *options,
                                        GError **errp)
{
    static const struct luxi_client_options defaults;
    const struct luxi_client_options *opt = options != NULL ? options : &defaults;
    unsigned timeout = opt->connect_timeout != 0 ? opt->connect_timeout : LUXI_CONNECT_TIMEOUT;
    gint64 deadline = g_get_monotonic_time() + (gint64)timeout * G_TIME_SPAN_SECOND;
    struct luxi_client *client;
    int fd = -1;

    for (;;) {
        int code = try_connect(path, &fd);

        if (code == 0) {
            break;
        }
        if (!is_temporary(code)) {
            set_errno_error(errp, path, code);
            return NULL;
        }
        if (code != EAGAIN && opt->may_retry != NULL && !opt->may_retry(path, errp)) {
            return NULL;
        }
        if (g_get_monotonic_time() >= deadline) {
            err_set(errp, ERR_TIMEOUT, ECODE_NONE, "nobody answered at %s within %u seconds (%s)",
                    path, timeout, g_strerror(code));
            return NULL;
        }
        (void)poll(NULL, 0, RETRY_PAUSE_MS);
    }
    client = g_new0(struct luxi_client, 1);
    client->fd = fd;
    client->read_timeout_ms =
        (int)(opt->read_timeout != 0 ? opt->read_timeout : LUXI_READ_TIMEOUT) * MS;
    client->frame = luxi_frame_new(LUXI_MAX_REPLY);
    return client;
}

void luxi_client_free(struct luxi_client *client)
{
    (void)close(client->fd);
    luxi_frame_free(client->frame);
    g_free(client);
}

static bool wait_for(struct luxi_client *client, short events, GError **errp)
{
    struct pollfd item = {.fd = client->fd, .events = events};
    int ready;

    do {
        ready = poll(&item, 1, client->read_timeout_ms);
    } while (ready < 0 && errno == EINTR);
    if (ready < 0) {
        return err_fail(errp, ERR_PROTOCOL, ECODE_NONE, "waiting for the server: %s",
                        g_strerror(errno));
    }
    if (ready == 0) {
        return err_fail(errp, ERR_TIMEOUT, ECODE_NONE,
                        "no answer from the server within %d seconds",
                        client->read_timeout_ms / MS);
    }
    return true;
}

static bool send_all(struct luxi_client *client, const GString *text, GError **errp)
{
    size_t sent = 0;

    while (sent < text->len) {
        ssize_t n =
            send(client->fd, text->str + sent, text->len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n >= 0) {
            sent += (size_t)n;
        } else if (errno == EAGAIN) {
            if (!wait_for(client, POLLOUT, errp)) {
                return false;
            }
        } else if (errno != EINTR) {
            return err_fail(errp, ERR_CONNECTION_CLOSED, ECODE_NONE, "sending to the server: %s",
                            g_strerror(errno));
        }
    }
    return true;
}

/* Takes what is there. True, with *ret_empty, if there is nothing now. */
static bool receive_some(struct luxi_client *client, char *chunk, bool *ret_empty, GError **errp)
{
    ssize_t n = recv(client->fd, chunk, READ_CHUNK, MSG_DONTWAIT);

    *ret_empty = n < 0 && (errno == EINTR || errno == EAGAIN);
    if (*ret_empty) {
        return true;
    }
    if (n <= 0) {
        return err_fail(errp, ERR_CONNECTION_CLOSED, ECODE_NONE,
                        "the server closed the connection%s%s", n < 0 ? ": " : "",
                        n < 0 ? g_strerror(errno) : "");
    }
    return luxi_frame_feed(client->frame, chunk, (size_t)n, errp);
}

static const char *receive(struct luxi_client *client, size_t *ret_len, GError **errp)
{
    const char *text;
    g_autofree char *chunk = NULL;
    bool empty;

    while ((text = luxi_frame_next(client->frame, ret_len)) == NULL) {
        if (!wait_for(client, POLLIN, errp)) {
            return NULL;
        }
        if (chunk == NULL) {
            chunk = g_malloc(READ_CHUNK);
        }
        if (!receive_some(client, chunk, &empty, errp)) {
            return NULL;
        }
    }
    return text;
}

/* Sends a finished request and waits for the answer, which is valid until the next call. */
static const char *exchange(struct luxi_client *client, GString *request, size_t *ret_len,
                            GError **errp)
{
    g_string_append_c(request, LUXI_END_OF_MESSAGE);
    return send_all(client, request, errp) ? receive(client, ret_len, errp) : NULL;
}

bool luxi_client_call(struct luxi_client *client, const char *method,
                      const struct fact_object *args_object, const void *args,
                      struct json **ret_result, GError **errp)
{
    g_autoptr(GString) request = g_string_new(NULL);
    struct json_writer w = luxi_request_begin(request, method);
    const char *text;
    size_t len;

    fact_object_encode(args_object, args, &w);
    luxi_request_end(&w);
    text = exchange(client, request, &len, errp);
    return text != NULL && luxi_reply_parse(text, len, ret_result, errp);
}

static const char *call_json(struct luxi_client *client, const char *method,
                             const struct json *args, size_t *ret_len, GError **errp)
{
    g_autoptr(GString) request = g_string_new(NULL);
    struct json_writer w = luxi_request_begin(request, method);

    json_write_value(&w, args);
    luxi_request_end(&w);
    return exchange(client, request, ret_len, errp);
}

bool luxi_client_call_json(struct luxi_client *client, const char *method, const struct json *args,
                           struct json **ret_result, GError **errp)
{
    size_t len;
    const char *text = call_json(client, method, args, &len, errp);

    return text != NULL && luxi_reply_parse(text, len, ret_result, errp);
}

bool luxi_client_call_text(struct luxi_client *client, const char *method, const struct json *args,
                           const char **ret_text, size_t *ret_len, GError **errp)
{
    size_t len;
    const char *text = call_json(client, method, args, &len, errp);

    return text != NULL && luxi_reply_find(text, len, ret_text, ret_len, errp);
}

bool luxi_client_send(struct luxi_client *client, const char *method,
                      const struct fact_object *args_object, const void *args, GError **errp)
{
    g_autoptr(GString) request = g_string_new(NULL);
    struct json_writer w = luxi_request_begin(request, method);

    fact_object_encode(args_object, args, &w);
    luxi_request_end(&w);
    g_string_append_c(request, LUXI_END_OF_MESSAGE);
    return send_all(client, request, errp);
}

int luxi_client_fd(const struct luxi_client *client)
{
    return client->fd;
}

bool luxi_client_try_receive(struct luxi_client *client, bool *ret_there, struct json **ret_result,
                             GError **errp)
{
    g_autofree char *chunk = g_malloc(READ_CHUNK);
    const char *text;
    size_t len;
    bool empty = false;

    while ((text = luxi_frame_next(client->frame, &len)) == NULL && !empty) {
        if (!receive_some(client, chunk, &empty, errp)) {
            return false;
        }
    }
    *ret_there = text != NULL;
    return text == NULL || luxi_reply_parse(text, len, ret_result, errp);
}
