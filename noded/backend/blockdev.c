/* Disks come and go: make, assemble, open, rename, close, shut down, remove. */
#include "config.h"

#include <poll.h>

#include "base/fault.h"
#include "base/json.h"
#include "base/log.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/backend/disk-links.h"
#include "noded/backend/disks.h"
#include "noded/storage/devcache.h"

enum { MS_PER_SECOND = 1000 };

/* --- Make and assemble --------------------------------------------------------------------------
 */

NODED_CALL(blockdev_create, NODED_WORKER)
{
    const struct bdev_use use = {.owner = args->owner, .primary = args->on_primary};
    const struct bdev_create how = {.exclusive_storage = args->exclusive_storage};
    CLEANUP(backend_disk_freep) struct disk *disk = backend_disk(args->bdev, errp);
    CLEANUP(bdev_freep) struct bdev *dev = NULL;

    if (disk == NULL) {
        return false;
    }
    dev = bdev_create(disk, &use, &how, errp);
    if (dev == NULL) {
        g_autofree char *text = backend_disk_text(disk);

        g_prefix_error(errp, "cannot make %s on %s: ", text, backend_node_name());
        return false;
    }
    if (json_kind(args->info) == JSON_STRING &&
        !dev->ops->set_info(dev, json_string(args->info), errp)) {
        return false;
    }
    fact_encode(&type_value_list, &disk->logical_id, result);
    return true;
}

static const char *text_of(const struct any_dict *dict, const char *key)
{
    for (size_t i = 0; i < dict->n; i++) {
        if (g_str_equal(dict->v[i].key, key) && json_kind(dict->v[i].value) == JSON_STRING) {
            return json_string(dict->v[i].value);
        }
    }
    return NULL;
}

/* What of the instance matters to its disks. */
static bool read_owner(const struct any_dict *instance, const char **ret_name,
                       enum hypervisor *ret_hypervisor, GError **errp)
{
    const char *word = text_of(instance, "hypervisor");
    int id = word != NULL ? fact_enum_find(&fact_enum_hypervisor, word) : -1;

    *ret_name = text_of(instance, "name");
    if (*ret_name == NULL || id < 0) {
        return noded_fail(errp, "the instance must have a name and a known hypervisor");
    }
    *ret_hypervisor = (enum hypervisor)id;
    return true;
}

/* The primary node also gets the link that the guest opens, and the address if the hypervisor
 * reaches the disk itself. */
static bool write_assembled(const char *owner, enum hypervisor hypervisor, bool primary,
                            int64_t index, struct bdev *dev, struct json_writer *result,
                            GError **errp)
{
    g_autofree char *link = NULL, *uri = NULL;

    if (primary && (!disk_link_set(owner, (size_t)index, dev->path, &link, errp) ||
                    !disk_uri(dev, hypervisor, &uri, errp))) {
        return false;
    }
    json_write_array_begin(result);
    json_write_string(result, dev->path);
    json_write_string(result, link);
    json_write_string(result, uri);
    json_write_array_end(result);
    return true;
}

NODED_CALL(blockdev_assemble, NODED_WORKER)
{
    CLEANUP(backend_disk_freep) struct disk *disk = backend_disk(args->disk, errp);
    CLEANUP(bdev_freep) struct bdev *dev = NULL;
    struct bdev_use use = {.primary = args->on_primary};
    enum hypervisor hypervisor = HYPERVISOR_FAKE;

    if (disk == NULL || !read_owner(&args->instance, &use.owner, &hypervisor, errp)) {
        return false;
    }
    if (args->idx < 0) {
        return noded_fail(errp, "a disk cannot have the index %" G_GINT64_FORMAT, args->idx);
    }
    if (!bdev_assemble(disk, &use, &dev, errp)) {
        g_autofree char *text = backend_disk_text(disk);

        g_prefix_error(errp, "cannot assemble %s of %s on %s: ", text, use.owner,
                       backend_node_name());
        return false;
    }
    if (dev == NULL) {
        json_write_array_begin(result);
        json_write_bool(result, true);
        json_write_bool(result, true);
        json_write_array_end(result);
        return true;
    }
    return write_assembled(use.owner, hypervisor, args->on_primary, args->idx, dev, result, errp);
}

/* --- Shut down and remove -----------------------------------------------------------------------
 */

/* A way to be done with a disk. */
struct ending {
    bool (*end)(struct bdev *dev, GError **errp);
    /* One that cannot be looked for as the disk that it is counts as gone. */
    bool missing_ok;
};

/* From the top to the parts, whether or not the top is there (BlockdevShutdown); whatever goes
 * wrong with one, the others have their turn. */
static void end_all(const struct disk *disk, const struct ending *how, GPtrArray *problems)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(bdev_freep) struct bdev *dev = bdev_find(disk, &error);

    if (dev != NULL) {
        g_autofree char *path = g_strdup(dev->path);

        if (how->end(dev, &error)) {
            devcache_remove(path);
        }
    } else if (error != NULL && how->missing_ok && err_class(error) == ERR_BLOCK_DEVICE) {
        log_info("nothing to remove: %s", error->message);
        g_clear_error(&error);
    }
    if (error != NULL) {
        backend_note_problem(problems, &error);
    }
    for (size_t i = 0; i < disk->children.n; i++) {
        end_all(&disk->children.v[i], how, problems);
    }
}

static bool shut_down(struct bdev *dev, GError **errp)
{
    return dev->ops->shutdown(dev, errp);
}

NODED_CALL(blockdev_shutdown, NODED_WORKER)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    CLEANUP(backend_disk_freep) struct disk *disk = backend_disk(args->disk, errp);

    if (disk == NULL) {
        return false;
    }
    end_all(disk, &(struct ending){.end = shut_down}, problems);
    json_write_null(result);
    return backend_no_problems(problems, "", errp);
}

/* A disk that somebody still has open for a moment (udev looks at every change) cannot go yet. */
static bool remove_patiently(struct bdev *dev, GError **errp)
{
    for (int waited = 0;; waited += C_DISK_REMOVE_RETRY_INTERVAL) {
        g_autoptr(GError) error = NULL;

        if (dev->ops->remove(dev, &error)) {
            return true;
        }
        if (waited >= C_DISK_REMOVE_RETRY_TIMEOUT) {
            g_propagate_error(errp, g_steal_pointer(&error));
            return false;
        }
        log_warning("%s; trying again in %d s", error->message, C_DISK_REMOVE_RETRY_INTERVAL);
        (void)poll(NULL, 0, C_DISK_REMOVE_RETRY_INTERVAL * MS_PER_SECOND);
    }
}

NODED_CALL(blockdev_remove, NODED_WORKER)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    CLEANUP(backend_disk_freep) struct disk *disk = backend_disk(args->bdev, errp);

    if (disk == NULL) {
        return false;
    }
    /* So that the parts can go: of a half-made disk, or where the DRBD module is not loaded. But if
     * the tools fail to say what is there, nobody knows, and nothing may claim that it is gone.
     * (BlockdevRemove) */
    end_all(disk, &(struct ending){.end = remove_patiently, .missing_ok = true}, problems);
    json_write_null(result);
    return backend_no_problems(problems, "", errp);
}

/* --- Open, close, rename ------------------------------------------------------------------------
 */

NODED_CALL(blockdev_open, NODED_WORKER)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) disks = backend_disks(&args->disks, errp);
    g_autoptr(GPtrArray) devs = disks != NULL ? backend_disks_find(disks, errp) : NULL;

    for (guint i = 0; devs != NULL && i < devs->len; i++) {
        struct bdev *dev = g_ptr_array_index(devs, i);
        g_autoptr(GError) error = NULL;
        g_autofree char *link = NULL;

        if (!dev->ops->open(dev, false, args->exclusive, &error) ||
            !disk_link_set(args->instance_name, i, dev->path, &link, &error)) {
            backend_note_problem(problems, &error);
        }
    }
    json_write_null(result);
    return devs != NULL && backend_no_problems(problems, "cannot open disks: ", errp);
}

/* The links go with the last disk that is closed. */
NODED_CALL(blockdev_close, NODED_WORKER)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) disks = backend_disks(&args->disks, errp);
    g_autoptr(GPtrArray) devs = disks != NULL ? backend_disks_find(disks, errp) : NULL;

    for (guint i = 0; devs != NULL && i < devs->len; i++) {
        struct bdev *dev = g_ptr_array_index(devs, i);
        g_autoptr(GError) error = NULL;

        if (!dev->ops->close(dev, &error)) {
            backend_note_problem(problems, &error);
        }
    }
    if (devs == NULL || !backend_no_problems(problems, "cannot close disks: ", errp)) {
        return false;
    }
    if (*args->instance_name != '\0') {
        disk_links_remove(args->instance_name, devs->len);
    }
    json_write_null(result);
    return true;
}

/* item: [disk, new identity] */
static bool rename_disk(const struct json *item, GError **errp)
{
    CLEANUP(backend_disk_freep) struct disk *disk = NULL, *renamed = NULL;
    CLEANUP(bdev_freep) struct bdev *dev = NULL;
    g_autofree char *old_path = NULL;

    if (json_kind(item) != JSON_ARRAY || json_len(item) != 2) {
        return noded_fail(errp, "a disk to rename must be a pair of disk and identity");
    }
    disk = backend_disk(json_at(item, 0), errp);
    if (disk == NULL) {
        return false;
    }
    renamed = fact_object_copy(&fact_object_disk, disk);
    fact_clear(&type_value_list, &renamed->logical_id);
    if (!fact_decode(&type_value_list, json_at(item, 1), &renamed->logical_id, NULL, errp)) {
        return false;
    }
    dev = backend_disk_find(disk, errp);
    if (dev == NULL) {
        return false;
    }
    old_path = g_strdup(dev->path);
    if (!dev->ops->rename(dev, renamed, errp)) {
        return false;
    }
    if (g_strcmp0(old_path, dev->path) != 0) {
        devcache_remove(old_path);
    }
    return true;
}

NODED_CALL(blockdev_rename, NODED_WORKER)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);

    for (size_t i = 0; i < args->devlist.n; i++) {
        g_autoptr(GError) error = NULL;

        if (!rename_disk(args->devlist.v[i], &error)) {
            backend_note_problem(problems, &error);
        }
    }
    json_write_null(result);
    return backend_no_problems(problems, "cannot rename: ", errp);
}
