/* Disks that are logical volumes (lib/storage/bdev.py LogicalVolume). An identity is (volume group,
 * volume). They stay active when a disk is shut down. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/cmd.h"
#include "base/fault.h"
#include "base/log.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "noded/storage/bdev-common.h"
#include "noded/storage/lvm/build.h"
#include "noded/storage/lvm/groups.h"
#include "noded/storage/lvm/parse.h"

enum { KIB_PER_MIB = 1024, LETTER_KIND = 0, LETTER_STATE = 4 };

struct volume {
    const char *vg, *name; /* of the disk's identity */
    struct lvm_disk *info; /* as last looked for; NULL: not there */
};

/* --- All volumes of the node --------------------------------------------------------------------
 *
 * One report serves a whole call: it costs more than anything else here, and grows with the node.
 */

static GHashTable *known;
static GError *known_error; /* of a report that ended badly and may lack volumes */

static void forget_volumes(void)
{
    g_clear_pointer(&known, g_hash_table_unref);
    g_clear_error(&known_error);
}

/* A report that fails for one group still lists the others. */
static bool learn_volumes(GError **errp)
{
    g_auto(GStrv) argv = lvm_build_report(LVM_REPORT_DISKS, NULL);
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new_argv((const char *const *)argv);
    CLEANUP(cmd_result_freep) struct cmd_result *result = cmd_run(cmd, errp);

    if (result == NULL) {
        return false;
    }
    if (result->exit_code < 0 || result->truncated) {
        return cmd_result_fail(result, errp);
    }
    known = lvm_disks_parse(result->out, errp);
    if (known != NULL && !cmd_result_ok(result)) {
        cmd_result_fail(result, &known_error);
    }
    return known != NULL;
}

static bool find_volume(struct volume *volume, GError **errp)
{
    g_autofree char *key = g_strdup_printf("%s/%s", volume->vg, volume->name);
    struct lvm_disk *info;

    g_clear_pointer(&volume->info, lvm_disk_unref);
    if (known == NULL && !learn_volumes(errp)) {
        return false;
    }
    info = g_hash_table_lookup(known, key);
    if (info == NULL && known_error != NULL) {
        g_propagate_prefixed_error(errp, g_error_copy(known_error),
                                   "cannot tell whether volume %s is there: ", key);
        return false;
    }
    volume->info = info != NULL ? g_rc_box_acquire(info) : NULL;
    return true;
}

/* --- The disk -----------------------------------------------------------------------------------
 */

static bool lvm_init(struct bdev *dev, GError **errp)
{
    const char *vg, *name;
    struct volume *volume;

    if (!bdev_identity(dev->disk, &vg, &name, errp)) {
        return false;
    }
    if (!lvm_name_ok(vg) || !lvm_name_ok(name)) {
        return bdev_fail(errp, "'%s' is not a valid name for LVM", lvm_name_ok(vg) ? name : vg);
    }
    volume = g_new0(struct volume, 1);
    volume->vg = vg;
    volume->name = name;
    dev->own = volume;
    dev->path = g_strdup_printf("/dev/%s/%s", vg, name);
    return true;
}

static void lvm_fini(struct bdev *dev)
{
    struct volume *volume = dev->own;

    if (volume != NULL) {
        lvm_disk_unref(volume->info);
        g_free(volume);
    }
}

static bool lvm_attach(struct bdev *dev, GError **errp)
{
    struct volume *volume = dev->own;

    if (!find_volume(volume, errp)) {
        return false;
    }
    dev->attached = volume->info != NULL;
    dev->major = dev->attached ? volume->info->major : -1;
    dev->minor = dev->attached ? volume->info->minor : -1;
    return true;
}

static bool need_attached(struct bdev *dev, GError **errp)
{
    return dev->attached || bdev_fail(errp, "%s: there is no such logical volume", dev->path);
}

/* Nothing to do for one that is active; the rest is LVM's to judge. */
static bool lvm_assemble(struct bdev *dev, GError **errp)
{
    const struct volume *volume = dev->own;

    if (volume->info != NULL && volume->info->attributes[LETTER_STATE] == 'a' &&
        g_file_test(dev->path, G_FILE_TEST_EXISTS)) {
        return true;
    }
    return bdev_run(lvm_build_activate(dev->path), NULL, errp, "cannot activate %s", dev->path);
}

static bool lvm_status(struct bdev *dev, struct bdev_status *ret, GError **errp)
{
    const struct volume *volume = dev->own;

    if (!need_attached(dev, errp) || !bdev_status_healthy(dev, ret, errp)) {
        return false;
    }
    /* What "vgreduce --removemissing" leaves of a volume whose storage is gone. */
    ret->degraded = volume->info->attributes[LETTER_KIND] == 'v';
    ret->ldisk_status = ret->degraded ? C_LDS_FAULTY : C_LDS_OKAY;
    return true;
}

static bool lvm_spindles(struct bdev *dev, int64_t *ret_spindles, GError **errp)
{
    const struct volume *volume = dev->own;

    if (!need_attached(dev, errp)) {
        return false;
    }
    *ret_spindles = volume->info->pvs->len;
    return true;
}

/* --- Create -------------------------------------------------------------------------------------
 */

/* Where a new volume may be. */
struct place {
    char **pvs; /* names */
    int64_t stripes;
};

static int most_free_first(const void *a, const void *b)
{
    const struct lvm_pv_info *left = *(struct lvm_pv_info *const *)a;
    const struct lvm_pv_info *right = *(struct lvm_pv_info *const *)b;

    return (left->free < right->free) - (left->free > right->free);
}

/* Names of those that are wanted, max of them at most. */
static char **names_of(const GPtrArray *pvs, bool only_empty, int64_t max)
{
    GStrvBuilder *names = g_strv_builder_new();
    char **vector;

    for (guint i = 0; i < pvs->len && max > 0; i++) {
        const struct lvm_pv_info *pv = g_ptr_array_index(pvs, i);

        if (!only_empty || lvm_pv_is_empty(pv)) {
            g_strv_builder_add(names, pv->name);
            max--;
        }
    }
    vector = g_strv_builder_end(names);
    g_strv_builder_unref(names);
    return vector;
}

static bool place_exclusive(const struct bdev *dev, const GPtrArray *pvs, int64_t wanted_stripes,
                            struct place *place, GError **errp)
{
    const struct disk *disk = dev->disk;
    double need;

    if (!disk->has.spindles) {
        return bdev_fail(errp,
                         "%s: exclusive storage needs the number of spindles of a disk; "
                         "'gnt-cluster repair-disk-sizes' finds it out",
                         dev->path);
    }
    if (lvm_sizes_differ(pvs)) {
        log_warning("%s: sizes of physical volumes differ too much for exclusive storage",
                    dev->path);
    }
    need = ceil((double)disk->size / lvm_standard_size(pvs));
    if ((double)disk->spindles < need) {
        return bdev_fail(errp,
                         "%s: %" G_GINT64_FORMAT " spindles are not enough for %" G_GINT64_FORMAT
                         " MiB, at least %.0f are needed",
                         dev->path, disk->spindles, disk->size, need);
    }
    place->pvs = names_of(pvs, true, disk->spindles);
    place->stripes = g_strv_length(place->pvs);
    if (place->stripes < disk->spindles) {
        return bdev_fail(errp,
                         "%s: %" G_GINT64_FORMAT " MiB need %" G_GINT64_FORMAT
                         " empty physical volumes, %" G_GINT64_FORMAT " are there",
                         dev->path, disk->size, disk->spindles, place->stripes);
    }
    if (place->stripes > wanted_stripes) {
        log_warning("%s: %" G_GINT64_FORMAT " stripes instead of %" G_GINT64_FORMAT
                    ", to use all its spindles",
                    dev->path, place->stripes, wanted_stripes);
    }
    return true;
}

static bool place_shared(const struct bdev *dev, const GPtrArray *pvs, int64_t wanted_stripes,
                         struct place *place, GError **errp)
{
    double free = 0;

    for (guint i = 0; i < pvs->len; i++) {
        free += ((const struct lvm_pv_info *)g_ptr_array_index(pvs, i))->free;
    }
    if (free < (double)dev->disk->size) {
        return bdev_fail(errp, "%s: %" G_GINT64_FORMAT " MiB are needed, %.0f MiB are free",
                         dev->path, dev->disk->size, free);
    }
    place->pvs = names_of(pvs, false, G_MAXINT64);
    place->stripes = MIN(wanted_stripes, (int64_t)pvs->len);
    if (place->stripes < wanted_stripes) {
        log_warning("%s: %" G_GINT64_FORMAT " stripes instead of %" G_GINT64_FORMAT
                    ", there are no more physical volumes",
                    dev->path, place->stripes, wanted_stripes);
    }
    return true;
}

static bool find_place(const struct bdev *dev, bool exclusive, struct place *place, GError **errp)
{
    const struct volume *volume = dev->own;
    const char *const groups[] = {volume->vg, NULL};
    const struct fact_value *stripes = ld_value(&dev->disk->params, LD_plain_stripes);
    int64_t wanted = stripes != NULL && stripes->kind == JSON_INT ? stripes->integer : 1;
    g_autoptr(GPtrArray) pvs = lvm_pvs(groups, 0, errp);

    if (pvs == NULL) {
        return false;
    }
    if (pvs->len == 0) {
        return bdev_fail(errp, "%s: volume group %s has no physical volume to use", dev->path,
                         volume->vg);
    }
    g_ptr_array_sort(pvs, most_free_first);
    for (guint i = 0; i < pvs->len; i++) {
        const struct lvm_pv_info *pv = g_ptr_array_index(pvs, i);

        if (strchr(pv->name, ':') != NULL) {
            return bdev_fail(errp,
                             "physical volume %s has a ':' in its name, which LVM takes for "
                             "something else; choose its name by filter or preferred_names in "
                             "lvm.conf",
                             pv->name);
        }
    }
    return (exclusive ? place_exclusive : place_shared)(dev, pvs, wanted, place, errp);
}

static bool lvm_create(struct bdev *dev, const struct bdev_create *how, GError **errp)
{
    const struct volume *volume = dev->own;
    struct place place = {0};
    bool ok = find_place(dev, how->exclusive_storage, &place, errp);
    g_autoptr(GError) error = NULL;
    int errnum;

    /* Room that is spread badly allows for fewer stripes. */
    for (int64_t n = MAX(place.stripes, 1); ok && n > 0; n--) {
        g_clear_error(&error);
        if (bdev_run(lvm_build_create(volume->vg, volume->name, dev->disk->size, n,
                                      (const char *const *)place.pvs),
                     NULL, &error, "cannot create logical volume %s", dev->path)) {
            break;
        }
    }
    g_strfreev(place.pvs);
    forget_volumes();
    if (ok && error != NULL) {
        g_propagate_error(errp, g_steal_pointer(&error));
        return false;
    }
    if (ok) {
        errnum = FAULT_POINT("lvm-created");
        ok = errnum == 0 || bdev_fail(errp, "%s: %s", dev->path, g_strerror(errnum));
    }
    return ok;
}

/* --- Change -------------------------------------------------------------------------------------
 */

static bool lvm_remove(struct bdev *dev, GError **errp)
{
    const struct volume *volume = dev->own;
    bool ok;

    if (!dev->attached) {
        return true;
    }
    ok = bdev_run(lvm_build_remove(volume->vg, volume->name), NULL, errp, "cannot remove %s",
                  dev->path);
    forget_volumes();
    dev->attached = !ok;
    return ok;
}

static bool lvm_rename(struct bdev *dev, const struct disk *disk, GError **errp)
{
    struct volume *volume = dev->own;
    const char *vg, *name;

    if (!bdev_identity(disk, &vg, &name, errp)) {
        return false;
    }
    if (strcmp(vg, volume->vg) != 0) {
        return bdev_fail(errp, "%s cannot move to another volume group (%s)", dev->path, vg);
    }
    if (!lvm_name_ok(name)) {
        return bdev_fail(errp, "'%s' is not a valid name for LVM", name);
    }
    if (!bdev_run(lvm_build_rename(vg, volume->name, name), NULL, errp, "cannot rename %s to %s",
                  dev->path, name)) {
        return false;
    }
    forget_volumes();
    volume->vg = vg;
    volume->name = name;
    g_free(dev->path);
    dev->path = g_strdup_printf("/dev/%s/%s", vg, name);
    return true;
}

/* Room on the physical volumes of the disk, KiB (_GetGrowthAvaliabilityExclStor). */
static bool exclusive_growth(const struct bdev *dev, double *ret_kib, GError **errp)
{
    const struct volume *volume = dev->own;
    const char *const groups[] = {volume->vg, NULL};
    g_autoptr(GPtrArray) pvs = lvm_pvs(groups, 0, errp);
    double standard;

    if (pvs == NULL) {
        return false;
    }
    if (pvs->len == 0) {
        return bdev_fail(errp, "%s: volume group %s has no physical volume to use", dev->path,
                         volume->vg);
    }
    standard = lvm_standard_size(pvs);
    *ret_kib = 0;
    for (guint i = 0; i < pvs->len; i++) {
        const struct lvm_pv_info *pv = g_ptr_array_index(pvs, i);

        if (g_ptr_array_find_with_equal_func(volume->info->pvs, pv->name, g_str_equal, NULL)) {
            *ret_kib += (pv->free - (pv->size - standard)) * KIB_PER_MIB;
        }
    }
    return true;
}

static bool extend(const struct bdev *dev, int64_t kib, const struct bdev_grow *how, GError **errp)
{
    const struct volume *volume = dev->own;
    g_autoptr(GPtrArray) pvs = g_ptr_array_new();
    g_autoptr(GError) error = NULL;

    /* More physical volumes would be more spindles. */
    for (guint i = 0; how->exclusive_storage && i < volume->info->pvs->len; i++) {
        g_ptr_array_add(pvs, g_ptr_array_index(volume->info->pvs, i));
    }
    g_ptr_array_add(pvs, NULL);
    for (const char *const *policy = lvm_policies; *policy != NULL; policy++) {
        g_clear_error(&error);
        if (bdev_run(lvm_build_extend(dev->path, kib, how->dry_run, *policy,
                                      (const char *const *)pvs->pdata),
                     NULL, &error, "cannot grow %s", dev->path)) {
            forget_volumes();
            return true;
        }
    }
    g_propagate_error(errp, g_steal_pointer(&error));
    return false;
}

static bool lvm_grow(struct bdev *dev, const struct bdev_grow *how, GError **errp)
{
    const struct volume *volume = dev->own;
    int64_t kib, stripe;
    double room = 0;

    if (!how->backing_store) {
        return true;
    }
    if (!need_attached(dev, errp)) {
        return false;
    }
    if (how->amount < 0 || how->amount > G_MAXINT32 * (int64_t)KIB_PER_MIB) {
        return bdev_fail(errp, "%s: cannot grow by %" G_GINT64_FORMAT " MiB", dev->path,
                         how->amount);
    }
    stripe = MAX(volume->info->extent_kib * MAX(volume->info->stripes, 1), 1);
    kib = (how->amount * KIB_PER_MIB + stripe - 1) / stripe * stripe;
    if (how->exclusive_storage) {
        if (!exclusive_growth(dev, &room, errp)) {
            return false;
        }
        if ((double)kib > room) {
            return bdev_fail(errp,
                             "%s: %" G_GINT64_FORMAT
                             " MiB are needed, %.0f MiB are free on its own physical volumes",
                             dev->path, kib / KIB_PER_MIB, room / KIB_PER_MIB);
        }
    }
    return extend(dev, kib, how, errp);
}

static bool lvm_set_info(struct bdev *dev, const char *text, GError **errp)
{
    const char *const names[] = {dev->path, NULL};
    g_autofree char *tag = lvm_tag_from(text);
    g_autofree char *old = NULL;

    return bdev_children_set_info(dev, text, errp) &&
           bdev_run(lvm_build_report(LVM_REPORT_TAGS, names), &old, errp,
                    "cannot read the tags of %s", dev->path) &&
           bdev_run(lvm_build_retag(dev->path, old, tag), NULL, errp, "cannot tag %s", dev->path);
}

/* --- Snapshots ----------------------------------------------------------------------------------
 */

/* One of the same name is left from an export that did not end well. */
static void remove_old_snapshot(const struct volume *volume, const char *name)
{
    struct volume old = {.vg = volume->vg, .name = name};
    g_autoptr(GError) error = NULL;

    if (find_volume(&old, &error) && old.info != NULL) {
        (void)bdev_run(lvm_build_remove(volume->vg, name), NULL, &error,
                       "cannot remove old snapshot %s/%s", volume->vg, name);
        forget_volumes();
    }
    if (error != NULL) {
        log_warning("%s", error->message);
    }
    lvm_disk_unref(old.info);
}

static bool check_room(const struct bdev *dev, int64_t size, GError **errp)
{
    const struct volume *volume = dev->own;
    double all = 0, free = 0;
    bool there;

    if (!lvm_group_room(volume->vg, false, &all, &free, &there, errp)) {
        return false;
    }
    if (!there) {
        return bdev_fail(errp, "%s: there is no volume group %s to write to", dev->path,
                         volume->vg);
    }
    return free >= (double)size ||
           bdev_fail(errp, "%s: a snapshot needs %" G_GINT64_FORMAT " MiB, %.0f MiB are free in %s",
                     dev->path, size, free, volume->vg);
}

static bool lvm_snapshot(struct bdev *dev, const char *name, int64_t size,
                         struct value_list *ret_id, GError **errp)
{
    const struct volume *volume = dev->own;
    g_autofree char *snapshot =
        name != NULL && *name != '\0' ? g_strdup(name) : g_strconcat(volume->name, ".snap", NULL);

    if (!lvm_name_ok(snapshot)) {
        return bdev_fail(errp, "'%s' is not a valid name for LVM", snapshot);
    }
    if (size <= 0) {
        size = dev->disk->size;
    }
    remove_old_snapshot(volume, snapshot);
    if (!check_room(dev, size, errp) ||
        !bdev_run(lvm_build_snapshot(dev->path, snapshot, size), NULL, errp,
                  "cannot take a snapshot of %s", dev->path)) {
        return false;
    }
    forget_volumes();
    bdev_identity_set(ret_id, volume->vg, snapshot);
    return true;
}

const struct bdev_ops bdev_plain = {
    .id = DISK_TEMPLATE_PLAIN,
    .flags = BDEV_ON_SECONDARY | BDEV_OPEN_ON_SECONDARY,
    .init = lvm_init,
    .fini = lvm_fini,
    .attach = lvm_attach,
    .create = lvm_create,
    .remove = lvm_remove,
    .rename = lvm_rename,
    .assemble = lvm_assemble,
    .shutdown = bdev_no_change,
    .open = bdev_no_open,
    .close = bdev_no_change,
    .grow = lvm_grow,
    .size = bdev_size_of_device,
    .spindles = lvm_spindles,
    .set_info = lvm_set_info,
    .snapshot = lvm_snapshot,
    .status = lvm_status,
    .set_sync_params = bdev_children_set_sync_params,
    .pause_sync = bdev_children_pause_sync,
    .userspace_uri = bdev_unsupported_uri,
    .export_argv = bdev_dd_export,
    .import_argv = bdev_dd_import,
};
