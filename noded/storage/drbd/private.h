/* Inside the driver. */
#ifndef GANTRY_NODED_STORAGE_DRBD_PRIVATE_H
#define GANTRY_NODED_STORAGE_DRBD_PRIVATE_H

#include "noded/storage/bdev-common.h"
#include "noded/storage/drbd/build.h"
#include "noded/storage/drbd/drbd.h"
#include "noded/storage/drbd/show.h"

enum {
    /* Commands in front of those of build.h that only a new device needs. */
    DRBD_NEW_COMMANDS = 2,
};

/* own of a bdev. */
struct mirror {
    int minor;
    struct drbd_net net; /* addresses NULL: it shall have no network */
};

int drbd_minor_of(const struct bdev *dev);
bool drbd_need_attached(const struct bdev *dev, GError **errp);

/* How it is set up, whatever that is. */
struct drbd_show *drbd_read_setup(const struct bdev *dev, GError **errp);
bool drbd_run_action(const struct bdev *dev, enum drbd_action action, const char *what,
                     GError **errp);
/* Runs them in turn, from the first on; frees them. commands NULL: fails without an error. */
bool drbd_run_all(const struct bdev *dev, GPtrArray *commands, guint first, const char *what,
                  GError **errp);

/* --- network.c ----------------------------------------------------------------------------------
 */

bool drbd_has_network(const struct bdev *dev);
/* Whether the network is set up as it shall be; having none may be right. */
bool drbd_network_matches(const struct bdev *dev, const struct drbd_show *show);
/* fresh: DRBD does not know the device yet. */
bool drbd_start_network(struct bdev *dev, bool two_primaries, bool fresh, GError **errp);
/* Away from a peer that is not ours. */
bool drbd_leave_peer(const struct bdev *dev, const struct drbd_show *show, GError **errp);

/* --- disks.c ------------------------------------------------------------------------------------
 */

/* Whether the parts can be used. */
bool drbd_parts_are_there(const struct bdev *dev);
/* Whether the disk is the one it shall have; having none may be right. */
bool drbd_disk_matches(const struct bdev *dev, const struct drbd_show *show);
/* Attaches the disk's own parts. */
bool drbd_attach_parts(const struct bdev *dev, bool fresh, GError **errp);
bool drbd_check_meta_size(const struct bdev *dev, struct bdev *meta, GError **errp);
bool drbd_init_meta(int minor, const char *path, GError **errp);
bool drbd_set_speed(const struct bdev *dev, const struct value_map *params, GError **errp);

#endif
