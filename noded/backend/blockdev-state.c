/* Disks as they are: state, size, tags; and changes of size and parts. */
#include "config.h"

#include <sys/stat.h>

#include "base/json.h"
#include "base/log.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/backend/disks.h"
#include "noded/storage/bdev-common.h"
#include "noded/storage/drbd/drbd.h"

enum { BYTES_PER_MIB = 1024 * 1024 };

static void write_status(struct json_writer *result, const struct bdev *dev,
                         const struct bdev_status *status)
{
    struct block_dev_status row = {
        .has = {.dev_path = dev->path != NULL,
                .major = dev->major >= 0,
                .minor = dev->minor >= 0,
                .sync_percent = status->sync_percent >= 0,
                .estimated_time = status->estimated_time >= 0,
                .is_degraded = true,
                .ldisk_status = true},
        .dev_path = dev->path,
        .major = dev->major,
        .minor = dev->minor,
        .sync_percent = status->sync_percent,
        .estimated_time = status->estimated_time,
        .is_degraded = status->degraded,
        .ldisk_status = status->ldisk_status,
    };

    fact_object_encode(&fact_object_block_dev_status, &row, result);
}

NODED_CALL(blockdev_find, NODED_WORKER)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(backend_disk_freep) struct disk *disk = backend_disk(args->disk, errp);
    CLEANUP(bdev_freep) struct bdev *dev = disk != NULL ? bdev_find(disk, &error) : NULL;
    struct bdev_status status;

    if (error != NULL) {
        g_autofree char *text = backend_disk_text(disk);

        g_propagate_prefixed_error(errp, g_steal_pointer(&error), "cannot find %s on %s: ", text,
                                   backend_node_name());
        return false;
    }
    if (dev == NULL) {
        json_write_null(result);
        return disk != NULL;
    }
    if (!dev->ops->status(dev, &status, errp)) {
        return false;
    }
    write_status(result, dev, &status);
    return true;
}

static bool write_mirror_status(const struct disk *disk, struct json_writer *result, GError **errp)
{
    CLEANUP(bdev_freep) struct bdev *dev = backend_disk_find(disk, errp);
    struct bdev_status status;

    if (dev == NULL || !bdev_combined_status(dev, &status, errp)) {
        return false;
    }
    write_status(result, dev, &status);
    return true;
}

NODED_CALL(blockdev_getmirrorstatus, NODED_WORKER)
{
    g_autoptr(GPtrArray) disks = backend_disks(&args->disks, errp);

    json_write_array_begin(result);
    for (guint i = 0; disks != NULL && i < disks->len; i++) {
        if (!write_mirror_status(g_ptr_array_index(disks, i), result, errp)) {
            return false;
        }
    }
    json_write_array_end(result);
    return disks != NULL;
}

/* [true, state] or [false, what is wrong] for each disk: one that is only planned, or that cannot
 * be read, does not keep the others from being told. */
NODED_CALL(blockdev_getmirrorstatus_multi, NODED_WORKER)
{
    if (json_kind(args->node_disks) != JSON_ARRAY) {
        return noded_fail(errp, "disks must be a list");
    }
    json_write_array_begin(result);
    for (size_t i = 0; i < json_len(args->node_disks); i++) {
        g_autoptr(GError) error = NULL;
        CLEANUP(backend_disk_freep)
        struct disk *disk = backend_disk(json_at(args->node_disks, i), &error);
        g_autoptr(GString) text = g_string_new(NULL);
        struct json_writer w = json_writer_init(text, result->style);
        bool ok = disk != NULL && write_mirror_status(disk, &w, &error);

        json_write_array_begin(result);
        json_write_bool(result, ok);
        if (ok) {
            json_write_raw(result, text->str, text->len);
        } else {
            json_write_string(result, error->message);
        }
        json_write_array_end(result);
    }
    json_write_array_end(result);
    return true;
}

/* --- Sizes --------------------------------------------------------------------------------------
 */

/* [bytes, spindles], or null for a disk that is not there. */
static void write_dimensions(const struct disk *disk, struct json_writer *result)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(bdev_freep) struct bdev *dev = bdev_find(disk, &error);
    int64_t bytes, spindles;

    if (dev == NULL || !dev->ops->size(dev, &bytes, &error) ||
        !dev->ops->spindles(dev, &spindles, &error)) {
        if (error != NULL) {
            log_warning("size of a disk: %s", error->message);
        }
        json_write_null(result);
        return;
    }
    json_write_array_begin(result);
    json_write_int(result, bytes);
    if (spindles >= 0) {
        json_write_int(result, spindles);
    } else {
        json_write_null(result);
    }
    json_write_array_end(result);
}

NODED_CALL(blockdev_getdimensions, NODED_WORKER)
{
    g_autoptr(GPtrArray) disks = backend_disks(&args->disks, errp);

    json_write_array_begin(result);
    for (guint i = 0; disks != NULL && i < disks->len; i++) {
        write_dimensions(g_ptr_array_index(disks, i), result);
    }
    json_write_array_end(result);
    return disks != NULL;
}

/* Those of the paths that are block devices below /dev, with their sizes in MiB. */
NODED_CALL(bdev_sizes, NODED_WORKER)
{
    json_write_object_begin(result);
    for (size_t i = 0; i < args->devices.n; i++) {
        const struct json *item = args->devices.v[i];
        g_autofree char *path = NULL;
        g_autoptr(GError) error = NULL;
        int64_t major, minor, bytes;

        if (json_kind(item) != JSON_STRING) {
            return noded_fail(errp, "paths of devices must be texts");
        }
        path = g_canonicalize_filename(json_string(item), "/");
        if (*json_string(item) != '/' || !g_str_has_prefix(path, "/dev/") ||
            !bdev_is_device(path, &major, &minor)) {
            continue;
        }
        if (!bdev_device_size(path, &bytes, &error)) {
            log_warning("%s", error->message);
            continue;
        }
        json_write_key(result, json_string(item));
        json_write_int(result, bytes / BYTES_PER_MIB);
    }
    json_write_object_end(result);
    return true;
}

NODED_CALL(blockdev_grow, NODED_WORKER)
{
    const struct bdev_grow how = {.amount = args->amount,
                                  .dry_run = args->dryrun,
                                  .backing_store = args->backingstore,
                                  .exclusive_storage = json_kind(args->es_flag) == JSON_BOOL &&
                                                       json_boolean(args->es_flag)};
    CLEANUP(backend_disk_freep) struct disk *disk = backend_disk(args->cf_bdev, errp);
    CLEANUP(bdev_freep)
    struct bdev *dev = disk != NULL ? backend_disk_find(disk, errp) : NULL;

    json_write_null(result);
    return dev != NULL && dev->ops->grow(dev, &how, errp);
}

/* --- Tags, snapshots ----------------------------------------------------------------------------
 */

NODED_CALL(blockdev_setinfo, NODED_WORKER)
{
    CLEANUP(backend_disk_freep) struct disk *disk = backend_disk(args->disk, errp);
    CLEANUP(bdev_freep)
    struct bdev *dev = disk != NULL ? backend_disk_find(disk, errp) : NULL;

    json_write_null(result);
    if (dev != NULL && json_kind(args->info) != JSON_STRING) {
        return noded_fail(errp, "whom a disk belongs to must be a text");
    }
    return dev != NULL && dev->ops->set_info(dev, json_string(args->info), errp);
}

/* Of a mirror it is its data that a snapshot is taken of, whether or not the mirror is set up. */
NODED_CALL(blockdev_snapshot, NODED_WORKER)
{
    CLEANUP(backend_disk_freep) struct disk *disk = backend_disk(args->cf_bdev, errp);
    CLEANUP(bdev_freep) struct bdev *dev = NULL;
    const struct disk *part = disk;
    const char *name =
        json_kind(args->snap_name) == JSON_STRING ? json_string(args->snap_name) : NULL;
    int64_t size = json_kind(args->snap_size) == JSON_INT ? json_int(args->snap_size) : 0;
    struct value_list id = {0};

    if (disk == NULL) {
        return false;
    }
    if (disk->dev_type == DISK_TEMPLATE_DRBD) {
        if (disk->children.n == 0) {
            return noded_fail(errp, "no snapshot of the mirror %s: it has no storage", disk->uuid);
        }
        part = &disk->children.v[0];
    }
    dev = backend_disk_find(part, errp);
    if (dev == NULL || !dev->ops->snapshot(dev, name, size, &id, errp)) {
        return false;
    }
    fact_encode(&type_value_list, &id, result);
    fact_clear(&type_value_list, &id);
    return true;
}

/* --- Parts of mirrors ---------------------------------------------------------------------------
 */

static bool two_parts(const GPtrArray *parts, GError **errp)
{
    return parts->len == 2 ||
           noded_fail(errp, "a mirror has two parts, data and metadata, not %u", parts->len);
}

NODED_CALL(blockdev_addchildren, NODED_WORKER)
{
    CLEANUP(backend_disk_freep) struct disk *disk = backend_disk(args->bdev, errp);
    g_autoptr(GPtrArray) disks = disk != NULL ? backend_disks(&args->ndevs, errp) : NULL;
    g_autoptr(GPtrArray) parts = disks != NULL ? backend_disks_find(disks, errp) : NULL;
    CLEANUP(bdev_freep)
    struct bdev *dev = parts != NULL ? backend_disk_find(disk, errp) : NULL;

    json_write_null(result);
    return dev != NULL && two_parts(parts, errp) &&
           drbd_add_disks(dev, g_ptr_array_index(parts, 0), g_ptr_array_index(parts, 1), errp);
}

/* The parts may be gone, so it is their paths that count. */
static char *path_of(const struct disk *disk, GError **errp)
{
    CLEANUP(bdev_freep) struct bdev *dev = bdev_new(disk, errp);

    return dev != NULL ? g_strdup(dev->path) : NULL;
}

NODED_CALL(blockdev_removechildren, NODED_WORKER)
{
    CLEANUP(backend_disk_freep) struct disk *disk = backend_disk(args->bdev, errp);
    g_autoptr(GPtrArray) parts = disk != NULL ? backend_disks(&args->ndevs, errp) : NULL;
    CLEANUP(bdev_freep)
    struct bdev *dev = parts != NULL ? backend_disk_find(disk, errp) : NULL;
    g_autofree char *data = NULL, *meta = NULL;

    if (dev == NULL || !two_parts(parts, errp)) {
        return false;
    }
    data = path_of(g_ptr_array_index(parts, 0), errp);
    meta = data != NULL ? path_of(g_ptr_array_index(parts, 1), errp) : NULL;
    json_write_null(result);
    return meta != NULL && drbd_remove_disks(dev, data, meta, errp);
}

/* [[whether it worked, what is wrong], ...] */
NODED_CALL(blockdev_pause_resume_sync, NODED_WORKER)
{
    g_autoptr(GPtrArray) disks = backend_disks(&args->disks, errp);

    json_write_array_begin(result);
    for (guint i = 0; disks != NULL && i < disks->len; i++) {
        g_autoptr(GError) error = NULL;
        CLEANUP(bdev_freep)
        struct bdev *dev = backend_disk_find(g_ptr_array_index(disks, i), &error);
        bool ok = dev != NULL && dev->ops->pause_sync(dev, args->pause, &error);

        json_write_array_begin(result);
        json_write_bool(result, ok);
        json_write_string(result, ok ? NULL : error->message);
        json_write_array_end(result);
    }
    json_write_array_end(result);
    return disks != NULL;
}
