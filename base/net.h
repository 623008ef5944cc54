/* Names, addresses and whether they answer. */
#ifndef GANTRY_BASE_NET_H
#define GANTRY_BASE_NET_H

#include <glib.h>
#include <stdbool.h>

/* Whether an address (IPv4 or IPv6, in numbers) answers on a TCP port within ten seconds, asked
 * from the address `source` if that is not NULL; that nothing listens there is an answer too
 * (netutils.py TcpPing). */
bool net_tcp_ping(const char *target, int port, const char *source);
/* Whether somebody listens there, within one second. */
bool net_tcp_live(const char *target, int port);

enum net_answer {
    NET_SILENT,  /* nobody answers, or there is no way there */
    NET_REFUSED, /* a host, on which nothing listens on the port */
    NET_OPEN,
};
/* The same, with what the answer was and a limit, in milliseconds; source may be NULL. */
enum net_answer net_tcp_try(const char *target, int port, const char *source, int timeout_ms);

/* Whether it is an address of the family in numbers. */
bool net_is_address(const char *text, bool ipv6);
/* Whether it is one of those that lead back to the host itself; text must be an address. */
bool net_is_loopback(const char *text);
/* Whether it is an address of this host (netutils.py IPAddress.Own). */
bool net_is_own_address(const char *text);
/* Whether this host has a network interface of the name. */
bool net_has_interface(const char *name);

/* Asks the resolver for a host: its whole name, and its first address of the family. Both are owned
 * by the caller. */
bool net_resolve(const char *name, bool ipv6, char **ret_name, char **ret_address, GError **errp);

#endif
