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

/* Asks the resolver for a host: its whole name, and its first address of the family. Both are owned
 * by the caller. */
bool net_resolve(const char *name, bool ipv6, char **ret_name, char **ret_address, GError **errp);

#endif
