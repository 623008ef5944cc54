/* The text of /etc/hosts with a change made. Both return a new text. */
#ifndef GANTRY_NODED_BACKEND_ETC_HOSTS_H
#define GANTRY_NODED_BACKEND_ETC_HOSTS_H

#include <glib.h>

/* One line for the address, where the first one for it stood; other lines for it go
 * (utils/nodesetup.py SetEtcHostsEntry). */
char *etc_hosts_set(const char *text, const char *address, const char *const *names);
/* The names go from all lines; a line without any name left goes too (RemoveEtcHostsEntry). */
char *etc_hosts_remove(const char *text, const char *const *names);

#endif
