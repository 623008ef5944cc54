/* Clusters as the master daemon on this machine tells them (-L). */
#ifndef GANTRY_HTOOLS_BACKENDS_LUXI_LUXI_H
#define GANTRY_HTOOLS_BACKENDS_LUXI_LUXI_H

#include "htools/core/cluster.h"

/* Asks at the socket; the cluster is not merged. */
struct ht_cluster *luxi_load(const char *socket, GError **errp) __attribute__((warn_unused_result));

struct json;
/* One answer to Query as a list of objects, in which what the daemon could not tell is missing.
 * fields (NULL-terminated): the names of the columns; a name "a/b" becomes member b of an object
 * named by group_of_prefix() in luxi.c. Takes nothing over; the caller frees the result. */
struct json *luxi_rows_to_objects(const struct json *answer, const char *const *fields,
                                  GError **errp);

#endif
