/* Mirrors: what they can beyond bdev.h, and DRBD on this node as a whole (lib/storage/drbd.py).
 * Errors are of the class BlockDeviceError. */
#ifndef GANTRY_NODED_STORAGE_DRBD_DRBD_H
#define GANTRY_NODED_STORAGE_DRBD_DRBD_H

#include <glib.h>
#include <stdbool.h>

#include "noded/storage/bdev.h"
#include "noded/storage/drbd/proc.h"

/* --- The node -----------------------------------------------------------------------------------
 */

/* State of all devices; the error says if the module is not loaded. */
struct drbd_proc *drbd_node_read(GError **errp);
/* For tests: a file in place of /proc/drbd; it is not copied. */
void drbd_node_set_status_path(const char *path);
/* The program that DRBD calls from the kernel (GetUsermodeHelper); allocated. */
char *drbd_node_helper(GError **errp);

/* --- One mirror, which must be attached ---------------------------------------------------------
 */

/* Gives a mirror without a disk its two parts: data and metadata, which is made anew. */
bool drbd_add_disks(struct bdev *dev, struct bdev *data, struct bdev *meta, GError **errp);
/* Takes the disk away; it must be the one at these paths. None there is no error. */
bool drbd_remove_disks(struct bdev *dev, const char *data, const char *meta, GError **errp);

/* Away from the other node; waits until it is so, up to a minute. */
bool drbd_disconnect(struct bdev *dev, GError **errp);
/* Towards the other node again; does not wait for it. two_primaries: both sides may be opened,
 * while a guest migrates. The mirror must stand alone. */
bool drbd_connect(struct bdev *dev, bool two_primaries, GError **errp);

/* The state of this one among all; borrowed from proc. */
const struct drbd_minor *drbd_state(const struct bdev *dev, const struct drbd_proc *proc,
                                    GError **errp);

/* Calls check until it is true, at first often and then ever less so; false after that time. */
bool drbd_wait(bool (*check)(void *user), void *user, unsigned seconds);

#endif
