/* The network half of a mirror. */
#include "config.h"

#include <string.h>

#include "base/log.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "noded/storage/drbd/private.h"

enum {
    NET_SECONDS = 10,
    DISCONNECT_SECONDS = 60,
    DISCONNECT_AGAIN_SECONDS = 1,
};

bool drbd_has_network(const struct bdev *dev)
{
    return ((const struct mirror *)dev->own)->net.local != NULL;
}

/* Whether the network is set up as it shall be; having none may be right. (_MatchesNet) */
bool drbd_network_matches(const struct bdev *dev, const struct drbd_show *show)
{
    const struct drbd_net *net = &((const struct mirror *)dev->own)->net;

    if (net->local == NULL || show->local == NULL || show->remote == NULL) {
        return net->local == NULL && show->local == NULL && show->remote == NULL;
    }
    return strcmp(show->local, net->local) == 0 && show->local_port == net->local_port &&
           strcmp(show->remote, net->remote) == 0 && show->remote_port == net->remote_port;
}

static bool network_is_up(void *user)
{
    const struct bdev *dev = user;
    CLEANUP(drbd_show_freep) struct drbd_show *show = drbd_read_setup(dev, NULL);

    return show != NULL && drbd_network_matches(dev, show);
}

static bool disconnect_command(const struct bdev *dev, GError **errp)
{
    const struct mirror *mirror = dev->own;

    return bdev_run(drbd_build_disconnect(&mirror->net), NULL, errp, "drbd%d: cannot disconnect it",
                    mirror->minor);
}

bool drbd_start_network(struct bdev *dev, bool two_primaries, bool fresh, GError **errp)
{
    const struct mirror *mirror = dev->own;
    struct drbd_net net = mirror->net;
    const char *protocol = fact_value_text(ld_value(&dev->disk->params, LD_drbd_protocol));

    net.two_primaries = two_primaries;
    net.protocol = two_primaries || protocol == NULL ? C_DRBD_MIGRATION_NET_PROTOCOL : protocol;
    if (!drbd_run_all(dev, drbd_build_connect(mirror->minor, &net, &dev->disk->params, errp),
                      fresh ? 0 : DRBD_NEW_COMMANDS, "set up its network", errp)) {
        return false;
    }
    return drbd_wait(network_is_up, dev, NET_SECONDS) ||
           bdev_fail(errp, "drbd%d: its network is not as it was set up, even after %d s",
                     mirror->minor, NET_SECONDS);
}

bool drbd_connect(struct bdev *dev, bool two_primaries, GError **errp)
{
    CLEANUP(drbd_proc_freep) struct drbd_proc *proc = drbd_node_read(errp);
    const struct drbd_minor *state = proc != NULL ? drbd_state(dev, proc, errp) : NULL;

    if (state == NULL) {
        return false;
    }
    if (!drbd_has_network(dev)) {
        return bdev_fail(errp, "drbd%d: there are no addresses to connect", drbd_minor_of(dev));
    }
    if (!drbd_minor_is_standalone(state)) {
        return bdev_fail(errp, "drbd%d: cannot connect it, it is %s already", drbd_minor_of(dev),
                         state->connection);
    }
    return drbd_start_network(dev, two_primaries, false, errp);
}

bool drbd_leave_peer(const struct bdev *dev, const struct drbd_show *show, GError **errp)
{
    const struct drbd_net peer = {.local = show->local,
                                  .remote = show->remote != NULL ? show->remote : "",
                                  .ipv6 = strchr(show->local, ':') != NULL,
                                  .local_port = show->local_port,
                                  .remote_port = show->remote_port};

    log_warning("drbd%d: it is connected to %s, which is not its peer", drbd_minor_of(dev),
                peer.remote);
    return bdev_run(drbd_build_disconnect(&peer), NULL, errp,
                    "drbd%d: it has the right disk but the wrong peer %s, and cannot be "
                    "disconnected from it",
                    drbd_minor_of(dev), peer.remote);
}

struct disconnect_wait {
    struct bdev *dev;
    int64_t again; /* when to give the command again; microseconds */
    GError *error;
};

/* The command is given also to a mirror that stands alone, which may still have its old network
 * set up. The other side's disconnect at the same moment may swallow it, so it is given again. */
static bool try_disconnect(void *user)
{
    struct disconnect_wait *wait = user;
    CLEANUP(drbd_proc_freep) struct drbd_proc *proc = NULL;
    const struct drbd_minor *state;

    g_clear_error(&wait->error);
    proc = drbd_node_read(&wait->error);
    state = proc != NULL ? drbd_state(wait->dev, proc, &wait->error) : NULL;
    if (state == NULL) {
        return false;
    }
    if (wait->again != 0 && drbd_minor_is_standalone(state)) {
        return true;
    }
    if (g_get_monotonic_time() >= wait->again) {
        (void)disconnect_command(wait->dev, &wait->error);
        wait->again = g_get_monotonic_time() + DISCONNECT_AGAIN_SECONDS * G_USEC_PER_SEC;
    }
    return false;
}

bool drbd_disconnect(struct bdev *dev, GError **errp)
{
    struct disconnect_wait wait = {.dev = dev};
    CLEANUP(drbd_proc_freep) struct drbd_proc *proc = drbd_node_read(errp);
    bool ok;

    if (proc == NULL || drbd_state(dev, proc, errp) == NULL) {
        return false;
    }
    if (!drbd_has_network(dev)) {
        return bdev_fail(errp, "drbd%d: there are no addresses to disconnect", drbd_minor_of(dev));
    }
    ok = drbd_wait(try_disconnect, &wait, DISCONNECT_SECONDS);
    if (ok) {
        g_clear_error(&wait.error);
        return true;
    }
    if (wait.error == NULL) {
        return bdev_fail(errp, "drbd%d: still not disconnected after %d s", drbd_minor_of(dev),
                         DISCONNECT_SECONDS);
    }
    g_propagate_error(errp, wait.error);
    return false;
}
