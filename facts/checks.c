#include "config.h"

#include "facts/checks.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

#include "base/parse.h"

const char *fact_check_bits(const char *text)
{
    return text[strspn(text, "01")] == '\0' ? NULL : "a text of digits 0 and 1";
}

const char *fact_check_ipv4(const char *text)
{
    struct in_addr address;

    return inet_pton(AF_INET, text, &address) == 1 ? NULL : "an IPv4 address";
}

const char *fact_check_ipv4_net(const char *text)
{
    const char *slash = strchr(text, '/');
    g_autofree char *address = slash == NULL ? NULL : g_strndup(text, (gsize)(slash - text));
    uint64_t bits;

    if (address == NULL || fact_check_ipv4(address) != NULL ||
        !parse_uint64(slash + 1, 32, &bits, NULL)) {
        return "an IPv4 address and prefix length";
    }
    return NULL;
}

const char *fact_check_ipv6(const char *text)
{
    struct in6_addr address;

    return inet_pton(AF_INET6, text, &address) == 1 ? NULL : "an IPv6 address";
}

const char *fact_check_ipv6_net(const char *text)
{
    const char *slash = strchr(text, '/');
    g_autofree char *address = slash == NULL ? NULL : g_strndup(text, (gsize)(slash - text));
    uint64_t bits;

    if (address == NULL || fact_check_ipv6(address) != NULL ||
        !parse_uint64(slash + 1, 128, &bits, NULL)) {
        return "an IPv6 address and prefix length";
    }
    return NULL;
}

const char *fact_check_nonempty(const char *text)
{
    return text[0] != '\0' ? NULL : "a text that is not empty";
}

bool fact_is_url(const char *text)
{
    return g_str_has_prefix(text, "http://") || g_str_has_prefix(text, "https://") ||
           g_str_has_prefix(text, "ftp://") || g_str_has_prefix(text, "ftps://");
}
