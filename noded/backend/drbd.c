/* Mirrors: their network, and what the node's DRBD is like. */
#include "config.h"

#include "noded/backend/common.h"
#include "noded/backend/disks.h"
#include "noded/storage/drbd/drbd.h"

enum {
    CONNECT_SECONDS = 120,
    WAIT_SECONDS = 15,
    ALL_PERCENT = 100,
};

NODED_CALL(drbd_helper, NODED_QUICK)
{
    g_autofree char *helper = drbd_node_helper(errp);

    json_write_string(result, helper);
    return helper != NULL;
}

NODED_CALL(drbd_disconnect_net, NODED_WORKER)
{
    g_autoptr(GPtrArray) disks = backend_disks(&args->disks, errp);
    g_autoptr(GPtrArray) devs = disks != NULL ? backend_disks_find(disks, errp) : NULL;

    for (guint i = 0; devs != NULL && i < devs->len; i++) {
        if (!drbd_disconnect(g_ptr_array_index(devs, i), errp)) {
            return false;
        }
    }
    json_write_null(result);
    return devs != NULL;
}

/* --- Connect ------------------------------------------------------------------------------------
 */

struct connect {
    const GPtrArray *devs;
    bool two_primaries;
    GError *error;
};

/* Both nodes open a disk for two primaries at once, so it must be in sync: while it is not, one of
 * them might open outdated data and tear the connection down (DrbdAttachNet). */
static bool is_connected(const struct drbd_minor *state, bool two_primaries)
{
    if (two_primaries) {
        return drbd_minor_is_connected(state) && drbd_minor_is_up_to_date(state) &&
               drbd_minor_peer_is_up_to_date(state);
    }
    return drbd_minor_is_connected(state) || drbd_minor_is_in_resync(state);
}

/* True when all are connected, and also to end the wait with an error. A mirror that found its peer
 * set up otherwise, since that node was not as far yet, stands alone and is connected anew. */
static bool all_connected(void *user)
{
    struct connect *connect = user;
    CLEANUP(drbd_proc_freep) struct drbd_proc *proc = drbd_node_read(&connect->error);
    bool all = true;

    for (guint i = 0; proc != NULL && i < connect->devs->len; i++) {
        struct bdev *dev = g_ptr_array_index(connect->devs, i);
        const struct drbd_minor *state = drbd_state(dev, proc, &connect->error);

        if (state == NULL || (drbd_minor_is_standalone(state) &&
                              !drbd_connect(dev, connect->two_primaries, &connect->error))) {
            return true;
        }
        all = all && is_connected(state, connect->two_primaries);
    }
    return proc == NULL || all;
}

NODED_CALL(drbd_attach_net, NODED_WORKER)
{
    g_autoptr(GPtrArray) disks = backend_disks(&args->disks, errp);
    g_autoptr(GPtrArray) devs = disks != NULL ? backend_disks_find(disks, errp) : NULL;
    struct connect connect = {.devs = devs, .two_primaries = args->multimaster};

    for (guint i = 0; devs != NULL && i < devs->len; i++) {
        if (!drbd_connect(g_ptr_array_index(devs, i), args->multimaster, errp)) {
            return false;
        }
    }
    if (devs == NULL) {
        return false;
    }
    if (!drbd_wait(all_connected, &connect, CONNECT_SECONDS)) {
        return noded_fail(errp,
                          "disks of %s are still not connected to their peers after %d s; see "
                          "/proc/drbd on both nodes",
                          backend_node_name(), CONNECT_SECONDS);
    }
    if (connect.error != NULL) {
        g_propagate_error(errp, connect.error);
        return false;
    }
    json_write_null(result);
    return true;
}

/* --- Sync ---------------------------------------------------------------------------------------
 */

struct sync {
    const struct bdev *dev;
    bool connected, syncing;
    double percent;
    GError *error;
};

static bool is_syncing_or_done(void *user)
{
    struct sync *sync = user;
    CLEANUP(drbd_proc_freep) struct drbd_proc *proc = drbd_node_read(&sync->error);
    const struct drbd_minor *state =
        proc != NULL ? drbd_state(sync->dev, proc, &sync->error) : NULL;

    if (state == NULL) {
        return true;
    }
    sync->syncing = drbd_minor_is_in_resync(state);
    sync->connected = drbd_minor_is_connected(state) || sync->syncing;
    sync->percent = state->sync_percent;
    return sync->connected;
}

/* [whether all are in sync, percents of the one that is least so]; a mirror without connection gets
 * some seconds to find its peer. */
NODED_CALL(drbd_wait_sync, NODED_WORKER)
{
    g_autoptr(GPtrArray) disks = backend_disks(&args->disks, errp);
    g_autoptr(GPtrArray) devs = disks != NULL ? backend_disks_find(disks, errp) : NULL;
    bool done = true;
    double percent = ALL_PERCENT;

    for (guint i = 0; devs != NULL && i < devs->len; i++) {
        struct sync sync = {.dev = g_ptr_array_index(devs, i)};

        (void)drbd_wait(is_syncing_or_done, &sync, WAIT_SECONDS);
        if (sync.error != NULL) {
            g_propagate_error(errp, sync.error);
            return false;
        }
        if (!sync.connected) {
            return noded_fail(errp, "%s on %s is not connected to its peer", sync.dev->path,
                              backend_node_name());
        }
        done = done && !sync.syncing;
        percent = sync.percent >= 0 ? MIN(percent, sync.percent) : percent;
    }
    json_write_array_begin(result);
    json_write_bool(result, done);
    json_write_double(result, percent);
    json_write_array_end(result);
    return devs != NULL;
}

/* UUIDs of those that are not set up, or have lost disk or peer for good. */
NODED_CALL(drbd_needs_activation, NODED_WORKER)
{
    g_autoptr(GPtrArray) disks = backend_disks(&args->disks, errp);

    json_write_array_begin(result);
    for (guint i = 0; disks != NULL && i < disks->len; i++) {
        const struct disk *disk = g_ptr_array_index(disks, i);
        g_autoptr(GError) error = NULL;
        CLEANUP(bdev_freep) struct bdev *dev = bdev_find(disk, &error);
        CLEANUP(drbd_proc_freep)
        struct drbd_proc *proc = dev != NULL ? drbd_node_read(&error) : NULL;
        const struct drbd_minor *state = proc != NULL ? drbd_state(dev, proc, &error) : NULL;

        if (error != NULL) {
            g_propagate_error(errp, g_steal_pointer(&error));
            return false;
        }
        if (state == NULL || drbd_minor_is_standalone(state) || drbd_minor_is_diskless(state)) {
            json_write_string(result, disk->uuid);
        }
    }
    json_write_array_end(result);
    return disks != NULL;
}
