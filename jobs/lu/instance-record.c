/* Instances and their disks coming into the configuration and going out of it. */
#include "config.h"

#include "jobs/lu/instance-record.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/disk.h"
#include "compat-config/model/pool.h"
#include "compat-config/replica/replica.h"
#include "facts/codec.h"
#include "jobs/lu/names.h"

/* Others change the same networks and the cluster; then the change is made anew. */
enum { TRIES = 10 };

typedef bool change_fn(struct cfg_txn *txn, const void *data, GError **errp);

static bool change(struct lu *lu, change_fn *fn, const void *data, GError **errp)
{
    for (int try = 1;; try++) {
        g_autoptr(GError) error = NULL;
        struct cfg_txn *txn = lu_begin(lu, errp);
        if (txn == NULL) {
            return false;
        }
        if (!fn(txn, data, errp)) {
            cfg_txn_abort(txn);
            return false;
        }
        if (lu_commit(lu, txn, &error)) {
            return true;
        }
        if (try == TRIES || !cfg_replica_is_conflict(error)) {
            g_propagate_error(errp, g_steal_pointer(&error));
            return false;
        }
    }
}

/* --- Coming -------------------------------------------------------------------------------------
 */
struct addition {
    const struct instance *instance;
    const struct disk *const *disks;
    size_t n;
    bool replace;
};

static bool put(struct cfg_txn *txn, enum cfg_kind kind, const char *uuid, const void *object,
                bool replace, GError **errp)
{
    const struct fact_object *rows = cfg_kind_object(kind);
    void *slot = replace ? cfg_txn_edit(txn, kind, uuid) : NULL;
    if (slot != NULL) {
        const struct fact_member *serial = fact_object_find(rows, "serial_no");
        int64_t number = *(int64_t *)(void *)((char *)slot + serial->offset);
        fact_object_clear(rows, slot);
        fact_object_copy_at(rows, slot, object);
        *(int64_t *)(void *)((char *)slot + serial->offset) = number;
        fact_member_mark_set(rows, slot, serial, true);
        return true;
    }
    void *copy = fact_object_copy(rows, object);
    if (!cfg_txn_add(txn, kind, copy)) {
        fact_object_free(rows, copy);
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE, "There is an object %s already", uuid);
    }
    return true;
}

static bool add(struct cfg_txn *txn, const void *data, GError **errp)
{
    const struct addition *what = data;
    if (!put(txn, CFG_KIND_instance, what->instance->uuid, what->instance, what->replace, errp)) {
        return false;
    }
    for (size_t i = 0; i < what->n; i++) {
        if (!put(txn, CFG_KIND_disk, what->disks[i]->uuid, what->disks[i], what->replace, errp)) {
            return false;
        }
    }
    return true;
}

bool lu_instance_add(struct lu *lu, const struct instance *instance,
                     const struct disk *const *disks, size_t n, bool replace, GError **errp)
{
    struct instance *whole = fact_object_copy(&fact_object_instance, instance);
    g_autoptr(GPtrArray) uuids = g_ptr_array_new();
    for (size_t i = 0; i < n; i++) {
        g_ptr_array_add(uuids, disks[i]->uuid);
    }
    lu_list_set(&whole->disks, (const char *const *)uuids->pdata, uuids->len);
    whole->has.disks = true;
    const struct addition what = {.instance = whole, .disks = disks, .n = n, .replace = replace};
    bool ok = change(lu, add, &what, errp);
    fact_object_free(&fact_object_instance, whole);
    return ok;
}

/* --- Going --------------------------------------------------------------------------------------
 */
static bool release_addresses(struct cfg_txn *txn, const struct instance *instance, GError **errp)
{
    for (size_t i = 0; i < instance->nics.n; i++) {
        const struct nic *nic = &instance->nics.v[i];
        uint32_t index;
        const struct network *network = nic->network != NULL && nic->ip != NULL
                                            ? cfg_txn_get(txn, CFG_KIND_network, nic->network)
                                            : NULL;
        if (network != NULL && cfg_pool_index(network, nic->ip, &index) &&
            cfg_pool_is_reserved(network, index, false) &&
            !cfg_pool_release(cfg_txn_edit_network(txn, nic->network), nic->ip, false, errp)) {
            return false;
        }
    }
    return true;
}

static void return_port(struct cfg_txn *txn, int64_t port)
{
    struct cluster *cluster = cfg_txn_edit_cluster(txn);
    *(int64_t *)fact_list_add(&type_int_list, &cluster->tcpudp_port_pool) = port;
}

static bool forget(struct cfg_txn *txn, const void *data, GError **errp)
{
    const char *uuid = data;
    const struct instance *instance = cfg_txn_get(txn, CFG_KIND_instance, uuid);
    if (instance == NULL) {
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE, "There is no instance %s", uuid);
    }
    if (!release_addresses(txn, instance, errp)) {
        return false;
    }
    for (size_t i = 0; i < instance->disks.n; i++) {
        (void)cfg_txn_remove(txn, CFG_KIND_disk, instance->disks.v[i]);
    }
    if (instance->has.network_port) {
        return_port(txn, instance->network_port);
    }
    return cfg_txn_remove(txn, CFG_KIND_instance, uuid);
}

bool lu_instance_forget(struct lu *lu, const char *uuid, GError **errp)
{
    return change(lu, forget, uuid, errp);
}

/* --- Disks of an instance -----------------------------------------------------------------------
 */
static struct instance *edit_instance(struct cfg_txn *txn, const char *uuid, GError **errp)
{
    struct instance *instance = cfg_txn_edit_instance(txn, uuid);
    if (instance == NULL) {
        err_set(errp, ERR_CONFIGURATION, ECODE_NONE, "There is no instance %s", uuid);
    }
    return instance;
}

/* Disks know their place by name. */
static void renumber(struct cfg_txn *txn, const struct instance *instance)
{
    for (size_t i = 0; i < instance->disks.n; i++) {
        g_autofree char *name = g_strdup_printf("disk/%zu", i);
        const struct disk *disk = cfg_txn_get(txn, CFG_KIND_disk, instance->disks.v[i]);
        if (disk != NULL && strcmp(disk->iv_name, name) != 0) {
            lu_text_set(&cfg_txn_edit_disk(txn, instance->disks.v[i])->iv_name, name);
        }
    }
}

static bool set_path(struct cfg_txn *txn, const struct lu_disk_change *what, GError **errp)
{
    if (what->path == NULL) {
        return true;
    }
    struct disk *disk = cfg_txn_edit_disk(txn, what->disk_uuid);
    if (disk == NULL || disk->logical_id.n < 2) {
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE, "There is no disk %s with a path",
                        what->disk_uuid);
    }
    CLEANUP(json_unrefp) struct json *path = json_new_string(what->path);
    fact_clear(&type_VALUE, &disk->logical_id.v[1]);
    (void)fact_value_set(&disk->logical_id.v[1], path);
    return true;
}

static bool find_disk(const struct instance *instance, const char *uuid, size_t *ret)
{
    for (size_t i = 0; i < instance->disks.n; i++) {
        if (strcmp(instance->disks.v[i], uuid) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}

static bool attach(struct cfg_txn *txn, const void *data, GError **errp)
{
    const struct lu_disk_change *what = data;
    struct instance *instance = edit_instance(txn, what->instance_uuid, errp);
    if (instance == NULL) {
        return false;
    }
    if (what->added != NULL &&
        !put(txn, CFG_KIND_disk, what->disk_uuid, what->added, false, errp)) {
        return false;
    }
    g_autoptr(GPtrArray) uuids = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < instance->disks.n; i++) {
        g_ptr_array_add(uuids, g_strdup(instance->disks.v[i]));
    }
    g_ptr_array_insert(uuids, (gint)MIN(what->index, uuids->len), g_strdup(what->disk_uuid));
    lu_list_set(&instance->disks, (const char *const *)uuids->pdata, uuids->len);
    instance->has.disks = true;
    renumber(txn, instance);
    return set_path(txn, what, errp);
}

/* With the port it has. */
static void forget_disk(struct cfg_txn *txn, const char *uuid)
{
    const struct disk *disk = cfg_txn_get(txn, CFG_KIND_disk, uuid);
    struct cfg_drbd drbd;
    if (disk != NULL && cfg_disk_drbd(disk, &drbd)) {
        return_port(txn, drbd.port);
    }
    (void)cfg_txn_remove(txn, CFG_KIND_disk, uuid);
}

static bool detach(struct cfg_txn *txn, const void *data, GError **errp)
{
    const struct lu_disk_change *what = data;
    struct instance *instance = edit_instance(txn, what->instance_uuid, errp);
    size_t index;
    if (instance == NULL) {
        return false;
    }
    if (find_disk(instance, what->disk_uuid, &index)) {
        fact_list_remove(&type_str_list, &instance->disks, index);
    }
    renumber(txn, instance);
    if (what->forget) {
        forget_disk(txn, what->disk_uuid);
        return true;
    }
    return set_path(txn, what, errp);
}

bool lu_instance_attach_disk(struct lu *lu, const struct lu_disk_change *what, GError **errp)
{
    return change(lu, attach, what, errp);
}

bool lu_instance_detach_disk(struct lu *lu, const struct lu_disk_change *what, GError **errp)
{
    return change(lu, detach, what, errp);
}

struct swap {
    const char *uuid;
    const struct disk *const *disks;
    size_t n;
};

static bool swap(struct cfg_txn *txn, const void *data, GError **errp)
{
    const struct swap *what = data;
    struct instance *instance = edit_instance(txn, what->uuid, errp);
    g_autoptr(GPtrArray) uuids = g_ptr_array_new();
    if (instance == NULL) {
        return false;
    }
    for (size_t i = 0; i < instance->disks.n; i++) {
        forget_disk(txn, instance->disks.v[i]);
    }
    for (size_t i = 0; i < what->n; i++) {
        if (!put(txn, CFG_KIND_disk, what->disks[i]->uuid, what->disks[i], false, errp)) {
            return false;
        }
        g_ptr_array_add(uuids, what->disks[i]->uuid);
    }
    lu_list_set(&instance->disks, (const char *const *)uuids->pdata, uuids->len);
    instance->has.disks = true;
    return true;
}

bool lu_instance_swap_disks(struct lu *lu, const char *uuid, const struct disk *const *disks,
                            size_t n, GError **errp)
{
    const struct swap what = {.uuid = uuid, .disks = disks, .n = n};
    return change(lu, swap, &what, errp);
}
