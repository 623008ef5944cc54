#include "config.h"

#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/storage/bdev.h"
#include "noded/storage/file/paths.h"

static char *store;

static void enter_node(void)
{
    g_autofree char *root = g_build_filename(g_getenv("TEST_TMPDIR"), "node1.example.com", NULL);
    g_autofree char *list = NULL;

    g_setenv(C_V_CLUSTER_ROOTDIR_ENVNAME, root, TRUE);
    g_setenv(C_V_CLUSTER_HOSTNAME_ENVNAME, "node1.example.com", TRUE);
    store = g_build_filename(g_getenv("TEST_TMPDIR"), "store", NULL);
    ck_assert_int_eq(g_mkdir_with_parents(path_get(PATH_CONF_DIR), 0755), 0);
    ck_assert_int_eq(g_mkdir_with_parents(store, 0755), 0);
    list = g_strdup_printf("# disks\n\n  %s/  \nrelative\n", store);
    ck_assert(g_file_set_contents(path_get(PATH_FILE_STORAGE_PATHS_FILE), list, -1, NULL));
}

static void leave_node(void)
{
    g_clear_pointer(&store, g_free);
}

static struct disk *disk_at(const char *name)
{
    g_autofree char *text = g_strdup_printf(
        "{\"logical_id\": [\"loop\", \"%s/%s\"], \"dev_type\": \"file\", \"size\": 8, "
        "\"uuid\": \"u\", \"serial_no\": 1}",
        store, name);
    CLEANUP(json_unrefp) struct json *json = NULL;
    struct disk *disk;

    ck_assert(json_parse(text, -1, &json, NULL));
    disk = fact_object_decode(&fact_object_disk, json, NULL, NULL);
    ck_assert_ptr_nonnull(disk);
    return disk;
}

static void disk_free(struct disk *disk)
{
    fact_object_free(&fact_object_disk, disk);
}
DEFINE_CLEANUP(struct disk *, disk_free)

START_TEST(disk_lives_and_dies)
{
    CLEANUP(disk_freep) struct disk *disk = disk_at("disk0");
    CLEANUP(disk_freep) struct disk *renamed = disk_at("disk1");
    const struct bdev_create how = {0};
    const struct bdev_grow grow = {.amount = 4, .backing_store = true};
    const struct bdev_grow dry = {.amount = 4, .backing_store = true, .dry_run = true};
    struct bdev_status status;
    struct bdev *assembled;
    g_autoptr(GError) error = NULL;
    int64_t bytes, spindles;

    ck_assert_ptr_null(bdev_find(disk, &error));
    ck_assert_ptr_null(error);
    ck_assert(!bdev_assemble(disk, NULL, &assembled, &error));
    ck_assert_ptr_null(assembled);
    ck_assert_int_eq(err_class(error), ERR_BLOCK_DEVICE);
    g_clear_error(&error);
    {
        CLEANUP(bdev_freep) struct bdev *dev = bdev_create(disk, NULL, &how, &error);

        ck_assert_msg(dev != NULL, "%s", error != NULL ? error->message : "");
        ck_assert(dev->attached);
        ck_assert_ptr_null(bdev_create(disk, NULL, &how, &error));
        g_clear_error(&error);
    }
    {
        CLEANUP(bdev_freep) struct bdev *dev = NULL;

        ck_assert(bdev_assemble(disk, NULL, &dev, NULL));
        ck_assert(dev->ops->size(dev, &bytes, NULL));
        ck_assert_int_eq(bytes, 8 * 1024 * 1024);
        ck_assert(dev->ops->grow(dev, &dry, NULL));
        ck_assert(dev->ops->grow(dev, &grow, NULL));
        ck_assert(dev->ops->size(dev, &bytes, NULL));
        ck_assert_int_eq(bytes, 12 * 1024 * 1024);
        ck_assert(bdev_combined_status(dev, &status, NULL));
        ck_assert_int_eq(status.ldisk_status, C_LDS_OKAY);
        ck_assert(!status.degraded && status.sync_percent < 0);
        ck_assert(dev->ops->spindles(dev, &spindles, NULL));
        ck_assert_int_eq(spindles, -1);
        ck_assert(!dev->ops->snapshot(dev, "s", 8, NULL, &error));
        g_clear_error(&error);
        ck_assert(dev->ops->rename(dev, renamed, NULL));
    }
    ck_assert_ptr_null(bdev_find(disk, NULL));
    {
        CLEANUP(bdev_freep) struct bdev *dev = bdev_find(renamed, NULL);

        ck_assert_ptr_nonnull(dev);
        ck_assert(dev->ops->remove(dev, NULL));
        ck_assert(dev->ops->remove(dev, NULL));
    }
    ck_assert_ptr_null(bdev_find(renamed, NULL));
}
END_TEST

START_TEST(dd_reads_and_writes_it)
{
    CLEANUP(disk_freep) struct disk *disk = disk_at("disk0");
    CLEANUP(bdev_freep) struct bdev *dev = bdev_new(disk, NULL);
    g_auto(GStrv) from = dev->ops->export_argv(dev, NULL);
    g_auto(GStrv) to = dev->ops->import_argv(dev, NULL);
    g_autofree char *from_text = g_strjoinv(" ", from);
    g_autofree char *to_text = g_strjoinv(" ", to);
    g_autofree char *from_expected =
        g_strdup_printf("dd if=%s/disk0 bs=1048576 count=8 iflag=direct", store);
    g_autofree char *to_expected =
        g_strdup_printf("dd of=%s/disk0 bs=1048576 oflag=direct conv=notrunc", store);

    ck_assert_str_eq(from_text, from_expected);
    ck_assert_str_eq(to_text, to_expected);
}
END_TEST

START_TEST(paths_are_checked)
{
    CLEANUP(disk_freep) struct disk *outside = disk_at("../elsewhere");
    CLEANUP(disk_freep) struct disk *folder = disk_at("");
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(bdev_new(outside, &error));
    ck_assert_int_eq(err_class(error), ERR_FILE_STORAGE_PATH);
    g_clear_error(&error);
    ck_assert_ptr_null(bdev_new(folder, NULL));
    ck_assert(file_dir_check(store, NULL));
    ck_assert(!file_dir_check("/srv/other", &error));
    ck_assert_int_eq(err_class(error), ERR_FILE_STORAGE_PATH);
}
END_TEST

START_TEST(system_folders_are_forbidden)
{
    static const char *const bad[] = {"/bin",          "/usr/lib/x", "/usr/local/sbin",
                                      "/etc/../dev/x", "/boot/",     "srv",
                                      "/home/x/y",     "/lib64",     "//etc/shadow"};
    static const char *const good[] = {"/srv", "/usr/share", "/binx",
                                       "/",    "/var/lib",   "/local/bin"};
    static const char *const listed[] = {"/srv/b", "/usr/lib/d10", "/usr/lib/d9/", "x", NULL};
    g_auto(GStrv) wrong = file_paths_wrong(listed);
    static const char *const everything[] = {"/", NULL};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        ck_assert_msg(file_path_is_forbidden(bad[i]), "%s", bad[i]);
        ck_assert(!file_path_check_in(bad[i], everything, true, NULL));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        ck_assert_msg(!file_path_is_forbidden(good[i]), "%s", good[i]);
    }
    ck_assert_uint_eq(g_strv_length(wrong), 3);
    ck_assert_str_eq(wrong[0], "/usr/lib/d9");
    ck_assert_str_eq(wrong[1], "/usr/lib/d10");
    ck_assert_str_eq(wrong[2], "x");
}
END_TEST

START_TEST(space_is_told)
{
    g_autoptr(GError) error = NULL;
    int64_t size = 0, free = -1;

    ck_assert(file_path_space(store, &size, &free, NULL));
    ck_assert_int_gt(size, 0);
    ck_assert_int_ge(free, 0);
    ck_assert_int_le(free, size);
    ck_assert(!file_path_space("/nonexistent", &size, &free, &error));
    ck_assert_int_eq(err_class(error), ERR_COMMAND);
}
END_TEST

START_TEST(other_templates_are_refused)
{
    CLEANUP(disk_freep) struct disk *disk = disk_at("disk0");
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(bdev_ops_find(DISK_TEMPLATE_DISKLESS));
    disk->dev_type = DISK_TEMPLATE_DISKLESS;
    ck_assert_ptr_null(bdev_new(disk, &error));
    ck_assert_int_eq(err_class(error), ERR_BLOCK_DEVICE);
}
END_TEST

UNIT_MAIN_FIXTURE("file", enter_node, leave_node, disk_lives_and_dies, dd_reads_and_writes_it,
                  paths_are_checked, system_folders_are_forbidden, space_is_told,
                  other_templates_are_refused)
