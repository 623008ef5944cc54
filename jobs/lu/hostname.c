/* Names and addresses of guests as the network knows them. */
#include "config.h"

#include "jobs/lu/hostname.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "facts/errors.h"

enum { NAME_MAX_LEN = 255, ANSWER_MS = 10000 };

char *lu_hostname_normalize(const char *name, GError **errp)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);
    size_t len = strlen(lower);
    size_t good = strspn(lower, "abcdefghijklmnopqrstuvwxyz0123456789._-");
    if (len == 0 || len > NAME_MAX_LEN || good != len || strstr(lower, "..") != NULL ||
        lower[0] == '.') {
        err_set(errp, ERR_OP_PREREQ, ECODE_INVAL, "'%s' is no name of a host", name);
        return NULL;
    }
    if (lower[len - 1] == '.') {
        lower[len - 1] = '\0';
    }
    return g_steal_pointer(&lower);
}

static struct addrinfo *look_up(const char *name, const char *port, int flags, int *ret_code)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags}, *found = NULL;
    *ret_code = getaddrinfo(name, port, &hints, &found);
    return *ret_code == 0 ? found : NULL;
}

bool lu_hostname_resolve(const char *name, char **ret_name, char **ret_ip, GError **errp)
{
    int code;
    char ip[NI_MAXHOST];
    struct addrinfo *found = look_up(name, NULL, AI_CANONNAME, &code);
    if (found == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_RESOLVER,
                        "The name '%s' does not resolve: %s. --no-name-check goes on without", name,
                        gai_strerror(code));
    }
    bool ok = getnameinfo(found->ai_addr, found->ai_addrlen, ip, sizeof(ip), NULL, 0,
                          NI_NUMERICHOST) == 0;
    *ret_name = g_ascii_strdown(found->ai_canonname != NULL ? found->ai_canonname : name, -1);
    *ret_ip = ok ? g_strdup(ip) : NULL;
    freeaddrinfo(found);
    size_t len = strlen(name);
    if (strncmp(*ret_name, name, len) != 0 ||
        ((*ret_name)[len] != '\0' && (*ret_name)[len] != '.')) {
        err_set(errp, ERR_OP_PREREQ, ECODE_INVAL,
                "'%s' resolves to '%s', which is not the same name", name, *ret_name);
        g_clear_pointer(ret_name, g_free);
        g_clear_pointer(ret_ip, g_free);
        return false;
    }
    return true;
}

bool lu_address_answers(const char *ip, const char *port)
{
    int code, error = 0;
    socklen_t len = sizeof(error);
    struct addrinfo *found = look_up(ip, port, AI_NUMERICHOST, &code);
    if (found == NULL) {
        return false;
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool answers = false;
    if (fd >= 0) {
        if (connect(fd, found->ai_addr, found->ai_addrlen) == 0) {
            answers = true;
        } else if (errno == EINPROGRESS) {
            struct pollfd pfd = {.fd = fd, .events = POLLOUT};
            answers = poll(&pfd, 1, ANSWER_MS) == 1 &&
                      getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 &&
                      (error == 0 || error == ECONNREFUSED);
        } else {
            answers = errno == ECONNREFUSED;
        }
        close(fd);
    }
    freeaddrinfo(found);
    return answers;
}
