#include "config.h"

#include "base/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TCP_TIMEOUT_MS = 10 * 1000,
    LIVE_TIMEOUT_MS = 1000,
};

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t len;
};

static bool parse_address(const char *text, int port, struct address *ret)
{
    *ret = (struct address){.len = sizeof(ret->v4)};
    if (inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1) {
        ret->v4.sin_family = AF_INET;
        ret->v4.sin_port = htons((uint16_t)port);
        return true;
    }
    *ret = (struct address){.len = sizeof(ret->v6)};
    ret->v6.sin6_family = AF_INET6;
    ret->v6.sin6_port = htons((uint16_t)port);
    return inet_pton(AF_INET6, text, &ret->v6.sin6_addr) == 1;
}

/* The error of the connection that is under way. */
static int connected(int fd, int timeout_ms)
{
    struct pollfd polled = {.fd = fd, .events = POLLOUT};
    socklen_t len = sizeof(int);
    int errnum = 0;

    if (poll(&polled, 1, timeout_ms) != 1 ||
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &errnum, &len) != 0) {
        return ETIMEDOUT;
    }
    return errnum;
}

/* 0: somebody listens there; else what connecting ended with. */
static int try_connect(const char *target, int port, const char *source, int timeout_ms)
{
    struct address to, from;
    int errnum = EADDRNOTAVAIL;
    int fd;

    if (!parse_address(target, port, &to)) {
        return EINVAL;
    }
    fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return errno;
    }
    if (source == NULL || (parse_address(source, 0, &from) && bind(fd, &from.any, from.len) == 0)) {
        errnum = connect(fd, &to.any, to.len) == 0 ? 0 : errno;
        errnum = errnum == EINPROGRESS ? connected(fd, timeout_ms) : errnum;
    }
    (void)close(fd);
    return errnum;
}

bool net_tcp_ping(const char *target, int port, const char *source)
{
    int errnum = try_connect(target, port, source, TCP_TIMEOUT_MS);

    return errnum == 0 || errnum == ECONNREFUSED;
}

bool net_tcp_live(const char *target, int port)
{
    return try_connect(target, port, NULL, LIVE_TIMEOUT_MS) == 0;
}

bool net_resolve(const char *name, bool ipv6, char **ret_name, char **ret_address, GError **errp)
{
    const struct addrinfo hints = {.ai_family = ipv6 ? AF_INET6 : AF_INET,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_CANONNAME};
    struct addrinfo *found = NULL;
    char address[INET6_ADDRSTRLEN];
    int rc = getaddrinfo(name, NULL, &hints, &found);

    if (rc != 0) {
        g_set_error(errp, G_FILE_ERROR, G_FILE_ERROR_NOENT, "cannot resolve host name '%s': %s",
                    name, gai_strerror(rc));
        return false;
    }
    rc = getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof address, NULL, 0,
                     NI_NUMERICHOST);
    *ret_name = g_ascii_strdown(found->ai_canonname != NULL ? found->ai_canonname : name, -1);
    *ret_address = rc == 0 ? g_strdup(address) : NULL;
    freeaddrinfo(found);
    if (rc != 0) {
        g_clear_pointer(ret_name, g_free);
        g_set_error(errp, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "the address of host '%s' has no form: %s", name, gai_strerror(rc));
    }
    return rc == 0;
}
