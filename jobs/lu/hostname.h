/* Names and addresses of guests as the network knows them (reference: lib/netutils.py Hostname,
 * TcpPing; lib/cmdlib/instance_utils.py CheckHostnameSane). */
#ifndef GANTRY_JOBS_LU_HOSTNAME_H
#define GANTRY_JOBS_LU_HOSTNAME_H

#include <glib.h>
#include <stdbool.h>

/* In lower case, without a dot at the end; NULL and an OpPrereqError if it is no host name. The
 * caller's. */
char *lu_hostname_normalize(const char *name, GError **errp);
/* Asks the resolver. The whole name must begin with the one given; OpPrereqErrors
 * (ResolverError's code). *ret_name and *ret_ip are the caller's. */
bool lu_hostname_resolve(const char *name, char **ret_name, char **ret_ip, GError **errp);
/* Whether somebody answers at the address: takes or refuses a connection to the port within ten
 * seconds. */
bool lu_address_answers(const char *ip, const char *port);

#endif
