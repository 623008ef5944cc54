/* Mirrors: the driver (lib/storage/drbd.py DRBD8Dev). Each works on this node's half only. An
 * identity is (primary's UUID, secondary's UUID, port, minor there, minor there, secret); which
 * minor and which addresses are this node's comes in dynamic_params. */
#include "config.h"

#include "noded/storage/drbd/drbd.h"

#include <string.h>

#include "base/fault.h"
#include "base/json.h"
#include "base/log.h"
#include "facts/constants.h"
#include "noded/storage/drbd/private.h"

enum {
    MAJOR = 147,
    MAX_MINOR = (1 << 20) - 1, /* of the kernel */
    ID_PARTS = 6,
    ID_PORT = 2,
    ID_SECRET = 5,
};

/* --- Identity -----------------------------------------------------------------------------------
 */

static bool dynamic_minor(const struct json *params, int *ret_minor)
{
    const struct json *value = json_get(params, C_DDP_LOCAL_MINOR);

    if (json_kind(value) != JSON_INT || json_int(value) < 0 || json_int(value) > MAX_MINOR) {
        return false;
    }
    *ret_minor = (int)json_int(value);
    return true;
}

static bool dynamic_address(const struct json *params, const char *name, const char **ret_address)
{
    const struct json *value = json_get(params, name);

    *ret_address = json_kind(value) == JSON_STRING ? json_string(value) : NULL;
    return json_has(params, name) && (value == NULL || *ret_address != NULL);
}

/* A family for both, or none of them. */
static bool check_addresses(struct mirror *mirror, GError **errp)
{
    struct drbd_net *net = &mirror->net;

    if (net->local == NULL || net->remote == NULL) {
        net->local = net->remote = NULL;
        return true;
    }
    if (!g_hostname_is_ip_address(net->local) || !g_hostname_is_ip_address(net->remote)) {
        return bdev_fail(errp, "drbd%d: '%s' or '%s' is no IP address", mirror->minor, net->local,
                         net->remote);
    }
    net->ipv6 = strchr(net->local, ':') != NULL;
    if (net->ipv6 != (strchr(net->remote, ':') != NULL)) {
        return bdev_fail(errp, "drbd%d: cannot connect %s to %s: one is IPv4, the other IPv6",
                         mirror->minor, net->local, net->remote);
    }
    if (strcmp(net->local, net->remote) == 0) {
        return bdev_fail(errp, "drbd%d: both sides have the address %s and the port %d",
                         mirror->minor, net->local, net->local_port);
    }
    return true;
}

static bool read_identity(struct bdev *dev, struct mirror *mirror, GError **errp)
{
    const struct value_list *id = &dev->disk->logical_id;
    const struct json *extra = dev->disk->extra;
    const struct json *params = extra != NULL ? json_get(extra, "dynamic_params") : NULL;
    const struct fact_value *port = id->n == ID_PARTS ? &id->v[ID_PORT] : NULL;
    bool alone = port != NULL && port->kind == JSON_NULL;

    mirror->net.secret = id->n == ID_PARTS ? fact_value_text(&id->v[ID_SECRET]) : NULL;
    if (mirror->net.secret == NULL ||
        (!alone && (port->kind != JSON_INT || port->integer <= 0 || port->integer > G_MAXUINT16))) {
        return bdev_fail(errp, "disk %s: its identity is not that of a DRBD disk", dev->disk->uuid);
    }
    mirror->net.local_port = mirror->net.remote_port = alone ? 0 : (int)port->integer;
    mirror->net.hmac = C_DRBD_HMAC_ALG;
    if (json_kind(params) != JSON_OBJECT || !dynamic_minor(params, &mirror->minor) ||
        !dynamic_address(params, C_DDP_LOCAL_IP, &mirror->net.local) ||
        !dynamic_address(params, C_DDP_REMOTE_IP, &mirror->net.remote)) {
        return bdev_fail(errp, "disk %s: the master did not tell minor and addresses for this node",
                         dev->disk->uuid);
    }
    /* So a new half begins that replaces the one on another node. */
    if (alone) {
        mirror->net.local = NULL;
    }
    return check_addresses(mirror, errp);
}

static bool drbd_init(struct bdev *dev, GError **errp)
{
    struct mirror *mirror = g_new0(struct mirror, 1);

    dev->own = mirror;
    if (!read_identity(dev, mirror, errp)) {
        return false;
    }
    if (dev->n_children != 0 && dev->n_children != 2) {
        return bdev_fail(errp, "drbd%d: it must have no parts or two, not %zu", mirror->minor,
                         dev->n_children);
    }
    dev->path = g_strdup_printf("/dev/drbd%d", mirror->minor);
    return true;
}

static void drbd_fini(struct bdev *dev)
{
    g_free(dev->own);
}

int drbd_minor_of(const struct bdev *dev)
{
    return ((const struct mirror *)dev->own)->minor;
}

/* --- State --------------------------------------------------------------------------------------
 */

static void drop_children(struct bdev *dev)
{
    for (size_t i = 0; i < dev->n_children; i++) {
        bdev_free(dev->children[i]);
    }
    dev->n_children = 0;
}

static bool check_version(const struct drbd_proc *proc, GError **errp)
{
    return (proc->major == 8 && proc->minor >= 4) ||
           bdev_fail(errp, "the DRBD module of this node is %s; version 8.4 is needed",
                     proc->version);
}

static bool drbd_attach(struct bdev *dev, GError **errp)
{
    CLEANUP(drbd_proc_freep) struct drbd_proc *proc = NULL;
    const struct drbd_minor *minor;

    if (!drbd_parts_are_there(dev)) {
        drop_children(dev);
    }
    proc = drbd_node_read(errp);
    if (proc == NULL || !check_version(proc, errp)) {
        return false;
    }
    minor = drbd_proc_find(proc, drbd_minor_of(dev));
    dev->attached = minor != NULL && drbd_minor_in_use(minor);
    dev->major = MAJOR;
    dev->minor = dev->attached ? drbd_minor_of(dev) : -1;
    return true;
}

bool drbd_need_attached(const struct bdev *dev, GError **errp)
{
    return dev->attached || bdev_fail(errp, "drbd%d: it is not set up", drbd_minor_of(dev));
}

const struct drbd_minor *drbd_state(const struct bdev *dev, const struct drbd_proc *proc,
                                    GError **errp)
{
    const struct drbd_minor *minor = NULL;

    if (dev->ops != &bdev_drbd) {
        bdev_fail(errp, "%s is not a DRBD disk", dev->path);
    } else if (drbd_need_attached(dev, errp)) {
        minor = drbd_proc_find(proc, drbd_minor_of(dev));
        if (minor == NULL) {
            bdev_fail(errp, "drbd%d: it is not in %s", drbd_minor_of(dev), C_DRBD_STATUS_FILE);
        }
    }
    return minor;
}

static bool drbd_status(struct bdev *dev, struct bdev_status *ret, GError **errp)
{
    CLEANUP(drbd_proc_freep) struct drbd_proc *proc = drbd_node_read(errp);
    const struct drbd_minor *minor = proc != NULL ? drbd_state(dev, proc, errp) : NULL;

    if (minor == NULL) {
        return false;
    }
    *ret = (struct bdev_status){.sync_percent = minor->sync_percent,
                                .estimated_time = minor->estimated_time,
                                .degraded = !drbd_minor_is_connected(minor) ||
                                            !drbd_minor_is_up_to_date(minor)};
    if (drbd_minor_is_diskless(minor) || drbd_minor_is_standalone(minor)) {
        ret->ldisk_status = C_LDS_FAULTY;
    } else if (drbd_minor_is_up_to_date(minor)) {
        ret->ldisk_status = C_LDS_OKAY;
    } else {
        ret->ldisk_status = drbd_minor_is_in_resync(minor) ? C_LDS_SYNC : C_LDS_UNKNOWN;
    }
    return true;
}

/* --- Commands ----------------------------------------------------------------------------------
 */

struct drbd_show *drbd_read_setup(const struct bdev *dev, GError **errp)
{
    g_autofree char *text = NULL;

    return bdev_run(drbd_build_action(DRBD_SHOW, drbd_minor_of(dev)), &text, errp,
                    "drbd%d: cannot see how it is set up", drbd_minor_of(dev))
               ? drbd_show_parse(text, errp)
               : NULL;
}

bool drbd_run_action(const struct bdev *dev, enum drbd_action action, const char *what,
                     GError **errp)
{
    return bdev_run(drbd_build_action(action, drbd_minor_of(dev)), NULL, errp, "drbd%d: cannot %s",
                    drbd_minor_of(dev), what);
}

bool drbd_run_all(const struct bdev *dev, GPtrArray *commands, guint first, const char *what,
                  GError **errp)
{
    bool ok = commands != NULL;

    for (guint i = first; ok && i < commands->len; i++) {
        char **argv = g_strdupv(g_ptr_array_index(commands, i));

        ok = bdev_run(argv, NULL, errp, "drbd%d: cannot %s", drbd_minor_of(dev), what);
    }
    if (commands != NULL) {
        g_ptr_array_unref(commands);
    }
    return ok;
}

/* --- Assemble -----------------------------------------------------------------------------------
 */

static bool assemble_new(struct bdev *dev, GError **errp)
{
    bool fresh = true;

    if (dev->n_children == 2) {
        if (!drbd_attach_parts(dev, true, errp)) {
            return false;
        }
        fresh = false;
    }
    return !drbd_has_network(dev) || drbd_start_network(dev, false, fresh, errp);
}

/* What is set up stays; what lacks is added; another peer is let go for the right one. Another disk
 * than ours is never touched. (_SlowAssemble) */
static bool assemble_rest(struct bdev *dev, GError **errp)
{
    CLEANUP(drbd_show_freep) struct drbd_show *show = drbd_read_setup(dev, errp);
    bool disk_ok, net_ok;

    if (show == NULL) {
        return false;
    }
    disk_ok = drbd_disk_matches(dev, show);
    net_ok = drbd_network_matches(dev, show);
    if (disk_ok && net_ok) {
        return true;
    }
    if (net_ok && show->data == NULL) {
        return drbd_attach_parts(dev, false, errp);
    }
    if (disk_ok && (show->local == NULL || show->data != NULL)) {
        if (show->local != NULL && !drbd_leave_peer(dev, show, errp)) {
            return false;
        }
        return !drbd_has_network(dev) || drbd_start_network(dev, false, false, errp);
    }
    return bdev_fail(errp,
                     "drbd%d: it is in use with another disk or peer (disk %s, peer %s); see "
                     "'drbdsetup show %d'",
                     drbd_minor_of(dev), show->data != NULL ? show->data : "none",
                     show->remote != NULL ? show->remote : "none", drbd_minor_of(dev));
}

static bool drbd_assemble(struct bdev *dev, GError **errp)
{
    bool ok = dev->attached ? assemble_rest(dev, errp) : assemble_new(dev, errp);

    if (ok) {
        dev->attached = true;
        dev->minor = drbd_minor_of(dev);
    }
    return ok;
}

static bool drbd_shutdown(struct bdev *dev, GError **errp)
{
    if (!dev->attached) {
        return true;
    }
    dev->attached = !drbd_run_action(dev, DRBD_DOWN, "shut it down", errp);
    return !dev->attached;
}

/* Whether it is in that role already, which costs less to see than to set. */
static bool has_role(const struct bdev *dev, bool primary)
{
    CLEANUP(drbd_proc_freep) struct drbd_proc *proc = drbd_node_read(NULL);
    const struct drbd_minor *state = proc != NULL ? drbd_state(dev, proc, NULL) : NULL;

    return state != NULL && state->role != NULL && drbd_minor_is_primary(state) == primary;
}

static bool drbd_open(struct bdev *dev, bool force, bool exclusive, GError **errp)
{
    (void)exclusive;
    return drbd_need_attached(dev, errp) &&
           (has_role(dev, true) || drbd_run_action(dev, force ? DRBD_PRIMARY_FORCED : DRBD_PRIMARY,
                                                   "make it primary", errp));
}

static bool drbd_close(struct bdev *dev, GError **errp)
{
    return drbd_need_attached(dev, errp) &&
           (has_role(dev, false) ||
            drbd_run_action(dev, DRBD_SECONDARY, "make it secondary", errp));
}

/* --- The rest -----------------------------------------------------------------------------------
 */

static bool drbd_create(struct bdev *dev, const struct bdev_create *how, GError **errp)
{
    CLEANUP(drbd_proc_freep) struct drbd_proc *proc = drbd_node_read(errp);
    const struct drbd_minor *state;
    int errnum;

    if (proc == NULL || !check_version(proc, errp)) {
        return false;
    }
    if (dev->n_children != 2 || how->exclusive_storage) {
        return bdev_fail(errp, "drbd%d: %s", drbd_minor_of(dev),
                         how->exclusive_storage ? "a mirror cannot have storage for itself"
                                                : "a new mirror needs two parts");
    }
    state = drbd_proc_find(proc, drbd_minor_of(dev));
    if (state != NULL && drbd_minor_in_use(state)) {
        return bdev_fail(errp, "drbd%d: this minor is in use already (%s)", drbd_minor_of(dev),
                         state->connection);
    }
    if (!drbd_check_meta_size(dev, dev->children[1], errp) ||
        !drbd_init_meta(drbd_minor_of(dev), dev->children[1]->path, errp)) {
        return false;
    }
    errnum = FAULT_POINT("drbd-created");
    return errnum == 0 || bdev_fail(errp, "%s: %s", dev->path, g_strerror(errnum));
}

static bool drbd_rename(struct bdev *dev, const struct disk *disk, GError **errp)
{
    (void)disk;
    return bdev_fail(errp, "drbd%d: mirrors have no names to change", drbd_minor_of(dev));
}

static bool drbd_grow(struct bdev *dev, const struct bdev_grow *how, GError **errp)
{
    if (!drbd_need_attached(dev, errp)) {
        return false;
    }
    if (dev->n_children != 2) {
        return bdev_fail(errp, "drbd%d: cannot grow, its disk is not there", drbd_minor_of(dev));
    }
    if (!dev->children[0]->ops->grow(dev->children[0], how, errp)) {
        return false;
    }
    /* DRBD cannot try without doing. */
    return how->dry_run || how->backing_store ||
           bdev_run(drbd_build_resize(drbd_minor_of(dev), dev->disk->size + how->amount), NULL,
                    errp, "drbd%d: cannot grow", drbd_minor_of(dev));
}

static bool drbd_set_sync_params(struct bdev *dev, const struct value_map *params,
                                 GPtrArray *problems, GError **errp)
{
    g_autoptr(GError) error = NULL;

    if (!drbd_need_attached(dev, &error) || !drbd_set_speed(dev, params, &error)) {
        g_ptr_array_add(problems, g_strdup(error->message));
    }
    return bdev_children_set_sync_params(dev, params, problems, errp);
}

static bool drbd_pause_sync(struct bdev *dev, bool pause, GError **errp)
{
    return drbd_need_attached(dev, errp) && bdev_children_pause_sync(dev, pause, errp) &&
           drbd_run_action(dev, pause ? DRBD_PAUSE_SYNC : DRBD_RESUME_SYNC,
                           pause ? "pause the resync" : "resume the resync", errp);
}

const struct bdev_ops bdev_drbd = {
    .id = DISK_TEMPLATE_DRBD,
    .flags = BDEV_ON_SECONDARY | BDEV_PARTS_OPTIONAL,
    .init = drbd_init,
    .fini = drbd_fini,
    .attach = drbd_attach,
    .create = drbd_create,
    .remove = drbd_shutdown,
    .rename = drbd_rename,
    .assemble = drbd_assemble,
    .shutdown = drbd_shutdown,
    .open = drbd_open,
    .close = drbd_close,
    .grow = drbd_grow,
    .size = bdev_size_of_device,
    .spindles = bdev_no_spindles,
    .set_info = bdev_children_set_info,
    .snapshot = bdev_unsupported_snapshot,
    .status = drbd_status,
    .set_sync_params = drbd_set_sync_params,
    .pause_sync = drbd_pause_sync,
    .userspace_uri = bdev_unsupported_uri,
    .export_argv = bdev_dd_export,
    .import_argv = bdev_dd_import,
};
