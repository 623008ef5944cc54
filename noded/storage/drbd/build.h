/* Arguments of drbdsetup and drbdmeta 8.4 (lib/storage/drbd_cmdgen.py DRBD84CmdGenerator). Pure.
 * Parameters are those of the device, in force. Results are g_strfreev(). */
#ifndef GANTRY_NODED_STORAGE_DRBD_BUILD_H
#define GANTRY_NODED_STORAGE_DRBD_BUILD_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "facts/objects.h"

/* What needs no more than the minor. */
enum drbd_action {
    DRBD_SHOW,
    DRBD_PAUSE_SYNC,
    DRBD_RESUME_SYNC,
    DRBD_PRIMARY,
    DRBD_PRIMARY_FORCED,
    DRBD_SECONDARY,
    DRBD_DETACH,
    DRBD_DOWN,
};
char **drbd_build_action(enum drbd_action action, int minor);

char **drbd_build_init_meta(int minor, const char *meta_device);
char **drbd_build_resize(int minor, int64_t size);
/* The rate or the controller of the resync. */
char **drbd_build_sync_params(int minor, const struct value_map *params, GError **errp);

/* How to make a device, one after another: elements are char **, freed with the array. NULL and
 * *errp if a parameter is bad. size 0: as large as the data device. */
GPtrArray *drbd_build_attach(int minor, const char *data_device, const char *meta_device,
                             int64_t size, const struct value_map *params, GError **errp);

struct drbd_net {
    bool ipv6;
    const char *local, *remote; /* addresses */
    int local_port, remote_port;
    const char *protocol; /* A, B or C */
    bool two_primaries;
    const char *hmac, *secret; /* NULL: none */
};
GPtrArray *drbd_build_connect(int minor, const struct drbd_net *net, const struct value_map *params,
                              GError **errp);
char **drbd_build_disconnect(const struct drbd_net *net);

#endif
