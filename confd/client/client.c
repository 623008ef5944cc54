#include "config.h"

#include "confd/client/client.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "confd/proto/packet.h"
#include "facts/errors.h"
#include "facts/paths.h"

static bool fail(GError **errp, const struct confd_peer *peer, const char *what)
{
    return err_fail(errp, ERR_CONFD_CLIENT, ECODE_NONE, "confd at %s: %s", peer->ip, what);
}

/* A socket that speaks only with the peer; -1 on error. */
static int open_socket(const struct confd_peer *peer, GError **errp)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_DGRAM};
    int number = peer->port != 0 ? peer->port : daemon_rows[DAEMON_confd].port;
    g_autofree char *port = g_strdup_printf("%d", number);
    struct addrinfo *found = NULL;
    int code = getaddrinfo(peer->ip, port, &hints, &found);
    int fd;

    if (code != 0) {
        fail(errp, peer, gai_strerror(code));
        return -1;
    }
    fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) < 0) {
        fail(errp, peer, g_strerror(errno));
        if (fd >= 0) {
            (void)close(fd);
        }
        fd = -1;
    }
    freeaddrinfo(found);
    return fd;
}

/* Waits until there is something to read; false at the deadline (monotonic microseconds). */
static bool wait_until(int fd, gint64 deadline)
{
    struct pollfd item = {.fd = fd, .events = POLLIN};

    for (;;) {
        gint64 left = (deadline - g_get_monotonic_time()) / G_TIME_SPAN_MILLISECOND;
        int ready = poll(&item, 1, (int)MAX(left, 0));

        if (ready > 0) {
            return true;
        }
        if (ready == 0 || errno != EINTR) {
            return false;
        }
    }
}

/* Whatever is not the reply is passed over, as anybody can send packets. */
static struct confd_reply *receive(int fd, const struct confd_peer *peer, const char *rsalt,
                                   const char *key, gint64 deadline, GError **errp)
{
    g_autofree char *packet = g_malloc(CONFD_MAX_PACKET);

    while (wait_until(fd, deadline)) {
        ssize_t n = recv(fd, packet, CONFD_MAX_PACKET, 0);
        struct confd_reply *reply;

        if (n < 0) {
            fail(errp, peer, g_strerror(errno));
            return NULL;
        }
        reply = confd_reply_unpack(packet, (size_t)n, rsalt, key, NULL);
        if (reply != NULL) {
            return reply;
        }
    }
    fail(errp, peer, "no reply; is ganeti-confd running?");
    return NULL;
}

struct confd_reply *confd_ask(const struct confd_peer *peer, const char *key,
                              enum confd_request_type type, struct json *query, int timeout_ms,
                              GError **errp)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * G_TIME_SPAN_MILLISECOND;
    g_autofree char *rsalt = g_uuid_string_random();
    g_autoptr(GString) request =
        confd_request_pack(type, query, rsalt, g_get_real_time() / G_USEC_PER_SEC, key);
    struct confd_reply *reply = NULL;
    int fd = open_socket(peer, errp);

    if (fd < 0) {
        return NULL;
    }
    if (send(fd, request->str, request->len, 0) < 0) {
        fail(errp, peer, g_strerror(errno));
    } else {
        reply = receive(fd, peer, rsalt, key, deadline, errp);
    }
    (void)close(fd);
    return reply;
}
