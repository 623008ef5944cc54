/* Methods on single objects (src/Ganeti/WConfd/ConfigModifications.hs).
 *
 * Each answers "locked" (null or false) while somebody holds the lock of the configuration; the
 * client tries again. */
#include "config.h"

#include <string.h>

#include "compat-config/model/pool.h"
#include "compat-config/store/store.h"
#include "compat-config/wconfd/core/methods.h"
#include "compat-config/wconfd/core/object-private.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"

/* ---- helpers shared with disk-methods.c ---- */

enum wconfd_outcome done_bool(struct wconfd_call *call, bool value)
{
    json_write_bool(call->result, value);
    return WCONFD_DONE;
}

static enum wconfd_outcome done_null(struct wconfd_call *call)
{
    json_write_null(call->result);
    return WCONFD_DONE;
}

void touch(const struct fact_object *object, void *value, double now)
{
    const struct fact_member *serial = fact_object_find(object, "serial_no");
    const struct fact_member *mtime = fact_object_find(object, "mtime");

    *(int64_t *)(void *)((char *)value + serial->offset) += 1;
    *(double *)(void *)((char *)value + mtime->offset) = now;
    fact_member_mark_set(object, value, mtime, true);
}

void touch_cluster(struct cfg_txn *txn, double now)
{
    touch(&fact_object_cluster, cfg_txn_edit_cluster(txn), now);
}

struct instance *edit_instance(struct cfg_txn *txn, const char *uuid, GError **errp)
{
    struct instance *instance = cfg_txn_edit_instance(txn, uuid);

    if (instance == NULL) {
        err_set(errp, ERR_CONFIGURATION, ECODE_NONE, "Could not find instance with UUID %s", uuid);
    }
    return instance;
}

bool id_is_used(const struct cfg *cfg, const char *id)
{
    for (int kind = 0; kind < CFG_KIND_COUNT; kind++) {
        if (kind != CFG_KIND_filter && cfg_get(cfg, kind, id) != NULL) {
            return true;
        }
    }
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        const struct instance *instance = cfg_instance_at(cfg, i);

        for (size_t k = 0; k < instance->nics.n; k++) {
            if (strcmp(instance->nics.v[k].uuid, id) == 0) {
                return true;
            }
        }
    }
    return strcmp(cfg_cluster(cfg)->uuid, id) == 0;
}

/* ---- replacing an object by a newer one ---- */

/* Where an object has what the update looks at. */
struct stamped {
    const struct fact_object *object;
    void *value;
};

static int64_t *serial_of(const struct stamped *s)
{
    return (int64_t *)(void *)((char *)s->value + fact_object_find(s->object, "serial_no")->offset);
}

static double *mtime_of(const struct stamped *s)
{
    return (double *)(void *)((char *)s->value + fact_object_find(s->object, "mtime")->offset);
}

/* Whether the update was done already and only its answer got lost: then the object is what the
 * client wants it to be, with the next serial number. */
static bool is_identical(const struct stamped *target, const struct stamped *current)
{
    double mtime = *mtime_of(target);
    bool identical;

    *mtime_of(target) = *mtime_of(current);
    *serial_of(target) += 1;
    identical = fact_object_equal(target->object, target->value, current->value);
    *serial_of(target) -= 1;
    *mtime_of(target) = mtime;
    return identical;
}

static enum wconfd_outcome done_stamp(struct wconfd_call *call, int64_t serial, double mtime)
{
    json_write_array_begin(call->result);
    json_write_int(call->result, serial);
    json_write_double(call->result, mtime);
    json_write_array_end(call->result);
    return WCONFD_DONE;
}

static bool check_serial(const struct stamped *target, const struct stamped *current, GError **errp)
{
    return *serial_of(target) == *serial_of(current) ||
           err_fail(errp, ERR_CONFIGURATION, ECODE_NONE,
                    "Configuration object updated since it has been read: %" G_GINT64_FORMAT
                    " != %" G_GINT64_FORMAT,
                    *serial_of(current), *serial_of(target));
}

/* Takes over value. */
static enum wconfd_outcome update(struct wconfd_core *core, struct wconfd_call *call,
                                  enum cfg_kind kind, void *value, GError **errp)
{
    const struct fact_object *object = cfg_kind_object(kind);
    struct stamped target = {.object = object, .value = value}, current = {.object = object};
    const char *uuid = *(char **)(void *)((char *)value + fact_object_find(object, "uuid")->offset);
    struct cfg_txn *txn;
    double now = core_now();

    current.value = (void *)cfg_get(core->cfg, kind, uuid);
    if (current.value == NULL) {
        err_set(errp, ERR_CONFIGURATION, ECODE_NONE, "Configuration object unknown: %s %s",
                object->name, uuid);
        fact_object_free(object, value);
        return WCONFD_ERROR;
    }
    if (is_identical(&target, &current)) {
        fact_object_free(object, value);
        return done_stamp(call, *serial_of(&current), *mtime_of(&current));
    }
    if (!check_serial(&target, &current, errp)) {
        fact_object_free(object, value);
        return WCONFD_ERROR;
    }
    touch(object, value, now);
    (void)done_stamp(call, *serial_of(&target), now);
    txn = cfg_txn_begin(core->cfg);
    cfg_txn_replace(txn, kind, value);
    if (kind == CFG_KIND_node) {
        touch_cluster(txn, now);
    }
    core_commit_as_is(core, txn);
    return WCONFD_DONE;
}

static enum wconfd_outcome read_and_update(struct wconfd_core *core, struct wconfd_call *call,
                                           enum cfg_kind kind, struct json *json, GError **errp)
{
    void *value;

    if (core_is_config_locked(core)) {
        return done_null(call);
    }
    value = cfg_read_object(kind, json, errp);
    return value == NULL ? WCONFD_ERROR : update(core, call, kind, value, errp);
}

#define UPDATE(method, kind, argument)                                                             \
    enum wconfd_outcome do_wconfd_##method(struct wconfd_core *core, struct wconfd_call *call,     \
                                           const void *args, GError **errp)                        \
    {                                                                                              \
        const struct method_wconfd_##method *a = args;                                             \
                                                                                                   \
        return read_and_update(core, call, CFG_KIND_##kind, a->argument, errp);                    \
    }
UPDATE(update_instance, instance, instance)
UPDATE(update_network, network, network)
UPDATE(update_node, node, node)
UPDATE(update_node_group, group, group)

enum wconfd_outcome do_wconfd_update_disk(struct wconfd_core *core, struct wconfd_call *call,
                                          const void *args, GError **errp)
{
    const struct method_wconfd_update_disk *a = args;
    enum wconfd_outcome outcome;
    struct disk *disk;
    g_autofree char *uuid = NULL;

    if (core_is_config_locked(core)) {
        return done_null(call);
    }
    disk = cfg_read_object(CFG_KIND_disk, a->disk, errp);
    if (disk == NULL) {
        return WCONFD_ERROR;
    }
    uuid = g_strdup(disk->uuid);
    outcome = update(core, call, CFG_KIND_disk, disk, errp);
    if (outcome == WCONFD_DONE && reservations_drop_minors(core->reservations, uuid)) {
        core_reservations_changed(core, NULL);
    }
    return outcome;
}

enum wconfd_outcome do_wconfd_update_cluster(struct wconfd_core *core, struct wconfd_call *call,
                                             const void *args, GError **errp)
{
    const struct method_wconfd_update_cluster *a = args;
    struct stamped target = {.object = &fact_object_cluster};
    struct stamped current = {.object = &fact_object_cluster,
                              .value = (void *)cfg_cluster(core->cfg)};
    struct cluster *cluster;
    struct cfg_txn *txn;
    double now = core_now();

    if (core_is_config_locked(core)) {
        return done_null(call);
    }
    target.value = cluster = cfg_read_cluster(a->cluster, errp);
    if (cluster == NULL) {
        return WCONFD_ERROR;
    }
    if (is_identical(&target, &current)) {
        fact_object_free(&fact_object_cluster, cluster);
        return done_stamp(call, *serial_of(&current), *mtime_of(&current));
    }
    if (!check_serial(&target, &current, errp)) {
        fact_object_free(&fact_object_cluster, cluster);
        return WCONFD_ERROR;
    }
    touch(&fact_object_cluster, cluster, now);
    (void)done_stamp(call, cluster->serial_no, now);
    txn = cfg_txn_begin(core->cfg);
    cfg_txn_replace_cluster(txn, cluster);
    core_commit_as_is(core, txn);
    return WCONFD_DONE;
}

/* ---- instances ---- */

static bool check_macs(const struct cfg *cfg, const struct instance *added, GError **errp)
{
    g_autoptr(GHashTable) macs = g_hash_table_new(g_str_hash, g_str_equal);

    for (size_t k = 0; k < added->nics.n; k++) {
        (void)g_hash_table_add(macs, added->nics.v[k].mac);
    }
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        const struct instance *instance = cfg_instance_at(cfg, i);

        for (size_t k = 0; strcmp(instance->uuid, added->uuid) != 0 && k < instance->nics.n; k++) {
            if (g_hash_table_contains(macs, instance->nics.v[k].mac)) {
                return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE,
                                "Cannot add instance %s; MAC address %s is in use by instance %s",
                                added->name, instance->nics.v[k].mac, instance->name);
            }
        }
    }
    return true;
}

bool check_id(const struct cfg *cfg, const char *what, const char *name, const char *uuid,
              bool replace, GError **errp)
{
    if (id_is_used(cfg, uuid) == replace) {
        return true;
    }
    if (replace) {
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE,
                        "Cannot replace %s %s: UUID %s not present", what, name, uuid);
    }
    return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE, "Cannot add %s %s: UUID %s already in use",
                    what, name, uuid);
}

enum wconfd_outcome do_wconfd_add_instance(struct wconfd_core *core, struct wconfd_call *call,
                                           const void *args, GError **errp)
{
    const struct method_wconfd_add_instance *a = args;
    struct instance *instance;
    struct cfg_txn *txn;

    if (core_is_config_locked(core)) {
        return done_bool(call, false);
    }
    instance = cfg_read_object(CFG_KIND_instance, a->instance, errp);
    if (instance == NULL) {
        return WCONFD_ERROR;
    }
    txn = cfg_txn_begin(core->cfg);
    if (!check_macs(core->cfg, instance, errp) ||
        !check_id(core->cfg, "instance", instance->name, instance->uuid, a->check, errp) ||
        !commit_reserved_ips(core, txn, &a->client, errp)) {
        fact_object_free(&fact_object_instance, instance);
        cfg_txn_abort(txn);
        return WCONFD_ERROR;
    }
    if (reservations_drop_minors(core->reservations, instance->uuid)) {
        core_reservations_changed(core, NULL);
    }
    instance->ctime = instance->mtime = core_now();
    instance->has.ctime = instance->has.mtime = true;
    cfg_txn_replace(txn, CFG_KIND_instance, instance);
    core_commit_as_is(core, txn);
    return done_bool(call, true);
}

static void return_port(struct cfg_txn *txn, int64_t port)
{
    struct cluster *cluster = cfg_txn_edit_cluster(txn);
    struct int_list *pool = &cluster->tcpudp_port_pool;

    *(int64_t *)fact_list_add(&type_int_list, pool) = port;
    memmove(pool->v + 1, pool->v, (pool->n - 1) * sizeof(*pool->v));
    pool->v[0] = port;
}

static bool release_addresses(struct cfg_txn *txn, const struct instance *instance, GError **errp)
{
    for (size_t i = 0; i < instance->nics.n; i++) {
        const struct nic *nic = &instance->nics.v[i];

        if (nic->has.network && nic->has.ip &&
            !commit_ip(txn, C_RELEASE_ACTION, nic->network, nic->ip, errp)) {
            return false;
        }
    }
    return true;
}

enum wconfd_outcome do_wconfd_remove_instance(struct wconfd_core *core, struct wconfd_call *call,
                                              const void *args, GError **errp)
{
    const struct method_wconfd_remove_instance *a = args;
    const struct instance *instance = cfg_instance_get(core->cfg, a->instance);
    struct cfg_txn *txn;

    if (core_is_config_locked(core)) {
        return done_bool(call, false);
    }
    txn = cfg_txn_begin(core->cfg);
    if (instance != NULL) {
        if (instance->has.network_port) {
            return_port(txn, instance->network_port);
        }
        if (!release_addresses(txn, instance, errp)) {
            cfg_txn_abort(txn);
            return WCONFD_ERROR;
        }
        (void)cfg_txn_remove(txn, CFG_KIND_instance, a->instance);
    }
    touch_cluster(txn, core_now()); /* also if it was gone already, as there */
    core_commit_as_is(core, txn);
    return done_bool(call, true);
}

enum wconfd_outcome do_wconfd_set_instance_status(struct wconfd_core *core,
                                                  struct wconfd_call *call, const void *args,
                                                  GError **errp)
{
    const struct method_wconfd_set_instance_status *a = args;
    struct cfg_txn *txn;
    struct instance *instance;

    if (core_is_config_locked(core)) {
        return done_null(call);
    }
    txn = cfg_txn_begin(core->cfg);
    instance = edit_instance(txn, a->instance, errp);
    if (instance == NULL) {
        cfg_txn_abort(txn);
        return WCONFD_ERROR;
    }
    if (a->has.state) {
        instance->admin_state = a->state;
        instance->has.admin_state = true;
    }
    if (a->has.disks_active) {
        instance->disks_active = a->disks_active;
        instance->has.disks_active = true;
    }
    if (a->has.source) {
        instance->admin_state_source = a->source;
        instance->has.admin_state_source = true;
    }
    if (fact_object_equal(&fact_object_instance, instance,
                          cfg_instance_get(core->cfg, a->instance))) {
        cfg_txn_abort(txn);
    } else {
        touch(&fact_object_instance, instance, core_now());
        core_commit_as_is(core, txn);
    }
    cfg_write_object(call->result, &fact_object_instance, cfg_instance_get(core->cfg, a->instance));
    return WCONFD_DONE;
}

enum wconfd_outcome do_wconfd_set_instance_primary_node(struct wconfd_core *core,
                                                        struct wconfd_call *call, const void *args,
                                                        GError **errp)
{
    const struct method_wconfd_set_instance_primary_node *a = args;
    struct cfg_txn *txn;
    struct instance *instance;

    if (core_is_config_locked(core)) {
        return done_bool(call, false);
    }
    txn = cfg_txn_begin(core->cfg);
    instance = edit_instance(txn, a->instance, errp);
    if (instance == NULL) {
        cfg_txn_abort(txn);
        return WCONFD_ERROR;
    }
    g_free(instance->primary_node);
    instance->primary_node = g_strdup(a->node);
    instance->has.primary_node = true;
    core_commit_as_is(core, txn);
    return done_bool(call, true);
}

/* ---- ports ---- */

enum wconfd_outcome do_wconfd_add_tcp_udp_port(struct wconfd_core *core, struct wconfd_call *call,
                                               const void *args, GError **errp)
{
    const struct method_wconfd_add_tcp_udp_port *a = args;
    struct cfg_txn *txn;
    struct int_list *pool;

    (void)errp;
    if (core_is_config_locked(core)) {
        return done_bool(call, false);
    }
    txn = cfg_txn_begin(core->cfg);
    pool = &cfg_txn_edit_cluster(txn)->tcpudp_port_pool;
    for (size_t i = pool->n; i > 0; i--) {
        if (pool->v[i - 1] == a->port) {
            fact_list_remove(&type_int_list, pool, i - 1);
        }
    }
    return_port(txn, a->port);
    core_commit_as_is(core, txn);
    return done_bool(call, true);
}

enum wconfd_outcome do_wconfd_allocate_port(struct wconfd_core *core, struct wconfd_call *call,
                                            const void *args, GError **errp)
{
    struct cfg_txn *txn;
    struct cluster *cluster;
    int64_t port;

    (void)args;
    if (core_is_config_locked(core)) {
        return done_null(call);
    }
    txn = cfg_txn_begin(core->cfg);
    cluster = cfg_txn_edit_cluster(txn);
    if (cluster->tcpudp_port_pool.n > 0) {
        port = cluster->tcpudp_port_pool.v[0];
        fact_list_remove(&type_int_list, &cluster->tcpudp_port_pool, 0);
    } else if (cluster->highest_used_port < C_LAST_DRBD_PORT) {
        port = ++cluster->highest_used_port;
    } else {
        cfg_txn_abort(txn);
        err_set(errp, ERR_CONFIGURATION, ECODE_NONE,
                "The highest used port is greater than %d. Aborting.", (int)C_LAST_DRBD_PORT);
        return WCONFD_ERROR;
    }
    core_commit_as_is(core, txn);
    json_write_int(call->result, port);
    return WCONFD_DONE;
}
