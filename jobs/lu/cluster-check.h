/* Checks of what a cluster can be told, for a new one and for changes: syntax alone, nothing is
 * asked (reference: lib/cmdlib/cluster/__init__.py, lib/uidpool.py, lib/utils/text.py,
 * lib/cmdlib/common.py CheckImageValidity). OpPrereqErrors. */
#ifndef GANTRY_JOBS_LU_CLUSTER_CHECK_H
#define GANTRY_JOBS_LU_CLUSTER_CHECK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "facts/objects.h"

/* "aa:00:dd" in lower case, the caller's; NULL: it is no prefix of MAC addresses. */
char *lu_mac_prefix(const char *text, GError **errp);
/* Prefix length of the master address; family: as cluster->primary_ip_family. */
bool lu_check_netmask(int64_t family, int64_t netmask, GError **errp);
bool lu_check_uids(const struct uid_range_list *ranges, GError **errp);
bool lu_check_compression_tools(const struct nonempty_str_list *tools, GError **errp);
/* An absolute path or a URL; what: "The installation image". */
bool lu_check_image(const char *what, const char *image, GError **errp);
/* How the image is accessed, where a disk template has that choice. */
bool lu_check_access_modes(const struct value_map_map *diskparams, GError **errp);
bool lu_is_data_collector(const char *name);

#endif
