#include "config.h"

#include "base/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
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

static enum net_answer answer_of(int errnum)
{
    return errnum == 0 ? NET_OPEN : errnum == ECONNREFUSED ? NET_REFUSED : NET_SILENT;
}

static enum net_answer wait_for_answer(int fd, int timeout_ms)
{
    struct pollfd polled = {.fd = fd, .events = POLLOUT};
    socklen_t len = sizeof(int);
    int errnum = 0;

    if (poll(&polled, 1, timeout_ms) != 1 ||
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &errnum, &len) != 0) {
        return NET_SILENT;
    }
    return answer_of(errnum);
}

enum net_answer net_tcp_try(const char *target, int port, const char *source, int timeout_ms)
{
    struct address to, from;
    enum net_answer answer = NET_SILENT;
    int fd;

    if (!parse_address(target, port, &to)) {
        return NET_SILENT;
    }
    fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return NET_SILENT;
    }
    if (source == NULL || (parse_address(source, 0, &from) && bind(fd, &from.any, from.len) == 0)) {
        int errnum = connect(fd, &to.any, to.len) == 0 ? 0 : errno;

        answer = errnum == EINPROGRESS ? wait_for_answer(fd, timeout_ms) : answer_of(errnum);
    }
    (void)close(fd);
    return answer;
}

bool net_tcp_ping(const char *target, int port, const char *source)
{
    return net_tcp_try(target, port, source, TCP_TIMEOUT_MS) != NET_SILENT;
}

bool net_tcp_live(const char *target, int port)
{
    return net_tcp_try(target, port, NULL, LIVE_TIMEOUT_MS) == NET_OPEN;
}

/* --- Addresses ----------------------------------------------------------------------------------
 */
bool net_is_address(const char *text, bool ipv6)
{
    struct in6_addr binary;

    return inet_pton(ipv6 ? AF_INET6 : AF_INET, text, &binary) == 1;
}

bool net_is_loopback(const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, text, &v4) == 1) {
        return ntohl(v4.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
    }
    return inet_pton(AF_INET6, text, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool net_is_own_address(const char *text)
{
    struct address own;
    bool is_own;
    int fd;

    if (!parse_address(text, 0, &own)) {
        return false;
    }
    fd = socket(own.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    is_own = bind(fd, &own.any, own.len) == 0;
    (void)close(fd);
    return is_own;
}

bool net_has_interface(const char *name)
{
    return if_nametoindex(name) != 0;
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
