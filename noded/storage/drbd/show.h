/* Output of "drbdsetup show MINOR": how a device is set up (lib/storage/drbd_info.py
 * DRBD84ShowInfo). Pure. Understood are the tools of 8.4, those of 9 with a module of 8.4, and the
 * form for modules of 9 (addresses in a path of a connection). */
#ifndef GANTRY_NODED_STORAGE_DRBD_SHOW_H
#define GANTRY_NODED_STORAGE_DRBD_SHOW_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"

struct drbd_show {
    char *data, *meta;    /* devices; NULL: no disk attached */
    int meta_index;       /* -1: the whole device */
    char *local, *remote; /* addresses, without brackets; NULL: no network */
    int local_port, remote_port;
};

/* NULL and *errp (BlockDeviceError) if the text is not such output. An empty text is a device that
 * is not set up. */
struct drbd_show *drbd_show_parse(const char *text, GError **errp);
void drbd_show_free(struct drbd_show *show);
DEFINE_CLEANUP(struct drbd_show *, drbd_show_free)

#endif
