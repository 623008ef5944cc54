#include "config.h"

#include "noded/hypervisor/kvm/qmp.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/json-writer.h"
#include "base/json.h"
#include "base/log.h"
#include "noded/hypervisor/kvm/build-private.h"
#include "noded/hypervisor/kvm/qmp-buffer.h"

enum {
    MS = 1000,
    CHUNK = 64 * 1024,
    /* Events that came with answers and nobody asked for yet. */
    MAX_EVENTS = 256,
    N_VERSION = 2,
};

struct qmp {
    char *guest;
    int fd;
    int timeout_ms;
    struct qmp_buffer *buffer;
    GQueue events; /* struct json *, oldest first */
    GHashTable *commands;
    int64_t version[N_VERSION];
};

static void unref_json(void *value)
{
    json_unref(value);
}

void qmp_close(struct qmp *qmp)
{
    if (qmp == NULL) {
        return;
    }
    if (qmp->fd >= 0) {
        (void)close(qmp->fd);
    }
    qmp_buffer_free(qmp->buffer);
    g_queue_clear_full(&qmp->events, unref_json);
    g_clear_pointer(&qmp->commands, g_hash_table_unref);
    g_free(qmp->guest);
    g_free(qmp);
}

static bool fail(const struct qmp *qmp, const char *what, const char *why, GError **errp)
{
    return hv_fail(errp, "%s: QEMU's monitor: %s: %s", qmp->guest, what, why);
}

static bool connect_to(struct qmp *qmp, GError **errp)
{
    g_autofree char *path = kvm_guest_path(PATH_KVM_CTRL_DIR, qmp->guest, ".qmp");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = qmp->timeout_ms / MS, .tv_usec = qmp->timeout_ms % MS * MS};

    if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >= sizeof(address.sun_path)) {
        return fail(qmp, path, g_strerror(ENAMETOOLONG), errp);
    }
    qmp->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (qmp->fd < 0) {
        return fail(qmp, "socket", g_strerror(errno), errp);
    }
    /* Also bounds connect(), which waits while another connection is served. */
    (void)setsockopt(qmp->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (connect(qmp->fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        return fail(qmp, path, g_strerror(errno), errp);
    }
    return true;
}

/* --- Messages -----------------------------------------------------------------------------------
 */

enum received {
    RECEIVED,
    RECEIVED_NOTHING, /* in time */
    RECEIVED_ERROR,
};

static enum received read_some(struct qmp *qmp, gint64 end, GError **errp)
{
    gint64 left = end - g_get_monotonic_time();
    struct pollfd polled = {.fd = qmp->fd, .events = POLLIN};
    char chunk[CHUNK];
    ssize_t n;

    if (left <= 0 || poll(&polled, 1, (int)(left / MS) + 1) <= 0) {
        return RECEIVED_NOTHING;
    }
    n = recv(qmp->fd, chunk, sizeof(chunk), 0);
    if (n > 0) {
        qmp_buffer_add(qmp->buffer, chunk, (size_t)n);
        return RECEIVED;
    }
    fail(qmp, "the connection is broken", n < 0 ? g_strerror(errno) : "QEMU has closed it", errp);
    return RECEIVED_ERROR;
}

static enum received receive(struct qmp *qmp, gint64 end, struct json **ret, GError **errp)
{
    g_autoptr(GError) error = NULL;
    enum received got = RECEIVED;

    while ((*ret = qmp_buffer_next(qmp->buffer, &error)) == NULL && error == NULL) {
        got = read_some(qmp, end, errp);
        if (got != RECEIVED) {
            return got;
        }
    }
    if (error != NULL) {
        fail(qmp, "wrong message", error->message, errp);
        return RECEIVED_ERROR;
    }
    return RECEIVED;
}

static void keep_event(struct qmp *qmp, struct json *event)
{
    if (g_queue_get_length(&qmp->events) >= MAX_EVENTS) {
        json_unref(g_queue_pop_head(&qmp->events));
    }
    g_queue_push_tail(&qmp->events, event);
}

/* The next message that has the member; events before it are kept. */
static struct json *receive_with(struct qmp *qmp, const char *member, const char *other,
                                 const char *what, GError **errp)
{
    gint64 end = g_get_monotonic_time() + (gint64)qmp->timeout_ms * MS;

    for (;;) {
        struct json *message = NULL;
        enum received got = receive(qmp, end, &message, errp);

        if (got == RECEIVED_NOTHING) {
            fail(qmp, what, "no answer in time; does the guest's QEMU hang?", errp);
        }
        if (got != RECEIVED) {
            return NULL;
        }
        if (json_has(message, member) || (other != NULL && json_has(message, other))) {
            return message;
        }
        keep_event(qmp, message);
    }
}

static char *compose(const char *command, struct json *args)
{
    CLEANUP(json_unrefp) struct json *message = json_new_object();
    g_autofree char *text = NULL;

    json_set(message, "execute", json_new_string(command));
    if (args != NULL) {
        json_set(message, "arguments", args);
    }
    text = json_to_string(message, JSON_PYTHON);
    return g_strconcat(text, "\n", NULL);
}

/* The descriptor goes with the first bytes. */
static bool send_text(struct qmp *qmp, const char *text, int fd, GError **errp)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    size_t len = strlen(text), sent = 0;

    while (sent < len) {
        struct iovec part = {.iov_base = (char *)text + sent, .iov_len = len - sent};
        struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
        ssize_t n;

        if (fd >= 0 && sent == 0) {
            struct cmsghdr *cmsg;

            header.msg_control = control.bytes;
            header.msg_controllen = sizeof(control.bytes);
            cmsg = CMSG_FIRSTHDR(&header);
            cmsg->cmsg_level = SOL_SOCKET;
            cmsg->cmsg_type = SCM_RIGHTS;
            cmsg->cmsg_len = CMSG_LEN(sizeof(int));
            memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
        }
        n = sendmsg(qmp->fd, &header, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR) {
            return fail(qmp, "send", g_strerror(errno), errp);
        }
        sent += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static const char *text_of(const struct json *object, const char *member)
{
    const struct json *value = json_kind(object) == JSON_OBJECT ? json_get(object, member) : NULL;

    return json_kind(value) == JSON_STRING ? json_string(value) : "";
}

bool qmp_call_with_fd(struct qmp *qmp, const char *command, struct json *args, int fd,
                      struct json **ret, GError **errp)
{
    g_autofree char *text = compose(command, args);
    CLEANUP(json_unrefp) struct json *answer = NULL;

    log_debug("%s: QMP: %s", qmp->guest, command);
    if (!send_text(qmp, text, fd, errp)) {
        return false;
    }
    answer = receive_with(qmp, "return", "error", command, errp);
    if (answer == NULL) {
        return false;
    }
    if (json_has(answer, "error")) {
        const struct json *error = json_get(answer, "error");

        return hv_fail(errp, "%s: QEMU refuses %s: %s (%s)", qmp->guest, command,
                       text_of(error, "desc"), text_of(error, "class"));
    }
    if (ret != NULL) {
        *ret = json_ref(json_get(answer, "return"));
    }
    return true;
}

bool qmp_call(struct qmp *qmp, const char *command, struct json *args, struct json **ret,
              GError **errp)
{
    return qmp_call_with_fd(qmp, command, args, -1, ret, errp);
}

/* --- Greeting -----------------------------------------------------------------------------------
 */

static bool read_greeting(struct qmp *qmp, GError **errp)
{
    static const char *const parts[N_VERSION] = {"major", "minor"};
    CLEANUP(json_unrefp) struct json *greeting = receive_with(qmp, "QMP", NULL, "greeting", errp);
    const struct json *at;

    if (greeting == NULL) {
        return false;
    }
    at = greeting;
    for (const char *const *name = (const char *const[]){"QMP", "version", "qemu", NULL};
         *name != NULL && json_kind(at) == JSON_OBJECT; name++) {
        at = json_get(at, *name);
    }
    for (size_t i = 0; i < N_VERSION; i++) {
        const struct json *part = json_kind(at) == JSON_OBJECT ? json_get(at, parts[i]) : NULL;

        if (json_kind(part) != JSON_INT) {
            return fail(qmp, "greeting", "it names no version", errp);
        }
        qmp->version[i] = json_int(part);
    }
    return true;
}

struct qmp *qmp_open(const char *guest, int timeout_ms, GError **errp)
{
    CLEANUP(qmp_closep) struct qmp *qmp = g_new0(struct qmp, 1);

    qmp->guest = g_strdup(guest);
    qmp->fd = -1;
    qmp->timeout_ms = timeout_ms;
    qmp->buffer = qmp_buffer_new();
    g_queue_init(&qmp->events);
    if (!connect_to(qmp, errp) || !read_greeting(qmp, errp) ||
        !qmp_call(qmp, "qmp_capabilities", NULL, NULL, errp)) {
        return NULL;
    }
    return g_steal_pointer(&qmp);
}

bool qmp_is_at_least(const struct qmp *qmp, int major, int minor)
{
    return qmp->version[0] > major || (qmp->version[0] == major && qmp->version[1] >= minor);
}

bool qmp_has_command(struct qmp *qmp, const char *command, bool *ret, GError **errp)
{
    CLEANUP(json_unrefp) struct json *list = NULL;

    if (qmp->commands == NULL) {
        if (!qmp_call(qmp, "query-commands", NULL, &list, errp)) {
            return false;
        }
        qmp->commands = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        for (size_t i = 0; json_kind(list) == JSON_ARRAY && i < json_len(list); i++) {
            g_hash_table_add(qmp->commands, g_strdup(text_of(json_at(list, i), "name")));
        }
    }
    *ret = g_hash_table_contains(qmp->commands, command);
    return true;
}

/* --- Events -------------------------------------------------------------------------------------
 */

static int match(const struct json *event, const char *const *names, size_t n, const char *device)
{
    const struct json *data = json_get(event, "data");

    for (size_t i = 0; i < n; i++) {
        /* Events of a device's inner parts come before, without a name. */
        if (strcmp(text_of(event, "event"), names[i]) == 0 &&
            strcmp(text_of(data, "device"), device) == 0) {
            return (int)i;
        }
    }
    return -1;
}

int qmp_wait_event(struct qmp *qmp, const char *const *names, size_t n, const char *device,
                   int timeout_ms)
{
    gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * MS;

    for (;;) {
        CLEANUP(json_unrefp) struct json *event = g_queue_pop_head(&qmp->events);
        g_autoptr(GError) error = NULL;
        int index;

        if (event == NULL && receive(qmp, end, &event, &error) != RECEIVED) {
            if (error != NULL) {
                log_warning("%s", error->message);
            }
            return -1;
        }
        index = match(event, names, n, device);
        if (index >= 0) {
            return index;
        }
    }
}
