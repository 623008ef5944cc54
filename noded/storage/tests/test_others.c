/* Drivers that have little of their own: adopted devices, files on Gluster; and what holds for all.
 */
#include <string.h>

#include "base/cmd-testing.h"
#include "base/fs-tree.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/storage/bdev-common.h"
#include "noded/storage/devcache.h"

static char *mount_point;

static void write_file(const char *path, const char *text)
{
    g_autofree char *dir = g_path_get_dirname(path);

    ck_assert_int_eq(g_mkdir_with_parents(dir, 0755), 0);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static void enter_node(void)
{
    g_autofree char *root = g_build_filename(g_getenv("TEST_TMPDIR"), "node1.example.com", NULL);
    g_autofree char *ssconf = NULL;

    g_setenv(C_V_CLUSTER_ROOTDIR_ENVNAME, root, TRUE);
    g_setenv(C_V_CLUSTER_HOSTNAME_ENVNAME, "node1.example.com", TRUE);
    mount_point = g_build_filename(g_getenv("TEST_TMPDIR"), "gluster", NULL);
    ssconf = path_format(PATH_SSCONF_FILE, "gluster_storage_dir");
    write_file(ssconf, mount_point);
    write_file(path_get(PATH_FILE_STORAGE_PATHS_FILE), mount_point);
    ck_assert_int_eq(g_mkdir_with_parents(path_get(PATH_BDEV_CACHE_DIR), 0755), 0);
}

static void leave_node(void)
{
    g_clear_pointer(&mount_point, g_free);
}

static struct disk *disk_of(const char *type, const char *driver, const char *path)
{
    g_autofree char *text = g_strdup_printf(
        "{\"logical_id\": [\"%s\", \"%s\"], \"dev_type\": \"%s\", \"size\": 8, \"uuid\": \"u\", "
        "\"serial_no\": 1, \"params\": {\"host\": \"fd00::1\", \"port\": 24007, \"volume\": "
        "\"gv0\"}}",
        driver, path, type);
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

START_TEST(adopted_devices_lie_below_dev)
{
    static const char *const bad[] = {"/etc/passwd", "/dev/../etc/passwd", "dev/x", "/dev"};
    CLEANUP(disk_freep) struct disk *other = disk_of("blockdev", "automatic", "/dev/x");

    ck_assert_ptr_null(bdev_new(other, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        CLEANUP(disk_freep) struct disk *disk = disk_of("blockdev", "manual", bad[i]);

        ck_assert_msg(bdev_new(disk, NULL) == NULL, "%s", bad[i]);
    }
}
END_TEST

START_TEST(adopted_devices_stay_as_they_are)
{
    CLEANUP(disk_freep) struct disk *disk = disk_of("blockdev", "manual", "/dev/null");
    CLEANUP(bdev_freep) struct bdev *dev = bdev_new(disk, NULL);
    const struct bdev_grow grow = {.amount = 1, .backing_store = true};
    const struct bdev_create exclusive = {.exclusive_storage = true};

    ck_assert_ptr_nonnull(dev);
    /* Not a block device. */
    ck_assert(dev->ops->attach(dev, NULL) && !dev->attached);
    ck_assert(dev->ops->remove(dev, NULL));
    ck_assert(!dev->ops->grow(dev, &grow, NULL));
    ck_assert(!dev->ops->create(dev, &exclusive, NULL));
    ck_assert_ptr_null(dev->ops->import_argv(dev, NULL));
}
END_TEST

START_TEST(gluster_is_mounted_first)
{
    CLEANUP(cmd_recorder_freep) struct cmd_recorder *recorder = cmd_recorder_new();
    CLEANUP(disk_freep) struct disk *disk = disk_of("gluster", "loop", "ganeti/u.disk");
    CLEANUP(bdev_freep) struct bdev *dev = bdev_new(disk, NULL);
    g_autofree char *path = g_build_filename(mount_point, "ganeti/u.disk", NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *uri = NULL;

    ck_assert_ptr_nonnull(dev);
    ck_assert_str_eq(dev->path, path);
    cmd_recorder_answer(recorder, "mount*", 0, 0, NULL, "  no such volume\n");
    ck_assert(!dev->ops->attach(dev, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "no such volume"));
    ck_assert_ptr_nonnull(strstr(cmd_recorder_text(recorder), "server-port=24007 fd00::1:/gv0"));
    uri = dev->ops->userspace_uri(dev, HYPERVISOR_KVM, NULL);
    ck_assert_str_eq(uri, "gluster://[fd00::1]:24007/gv0/ganeti/u.disk");
}
END_TEST

START_TEST(no_operation_is_missing)
{
    for (int i = 0; i < (int)fact_enum_disk_template.n; i++) {
        const struct bdev_ops *ops = bdev_ops_find((enum disk_template)i);

        if (ops == NULL) {
            continue;
        }
        ck_assert(ops->init != NULL && ops->fini != NULL && ops->attach != NULL &&
                  ops->create != NULL && ops->remove != NULL && ops->rename != NULL);
        ck_assert(ops->assemble != NULL && ops->shutdown != NULL && ops->open != NULL &&
                  ops->close != NULL && ops->grow != NULL && ops->size != NULL);
        ck_assert(ops->spindles != NULL && ops->set_info != NULL && ops->snapshot != NULL &&
                  ops->status != NULL && ops->set_sync_params != NULL && ops->pause_sync != NULL);
        ck_assert_msg(ops->userspace_uri != NULL && ops->export_argv != NULL &&
                          ops->import_argv != NULL,
                      "%s", fact_enum_disk_template.words[i]);
    }
}
END_TEST

START_TEST(whose_a_device_is_is_noted)
{
    g_autofree char *path =
        g_build_filename(path_get(PATH_BDEV_CACHE_DIR), "bdev_xenvg_a.disk0", NULL);
    g_autofree char *text = NULL, *part = NULL;

    devcache_update("/dev/xenvg/a.disk0", "web1.example.com", true, "disk/0");
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert_str_eq(text, "web1.example.com primary disk/0\n");
    devcache_update("/dev/xenvg/a.disk0", "web1.example.com", false, "");
    ck_assert(g_file_get_contents(path, &part, NULL, NULL));
    ck_assert_str_eq(part, "web1.example.com secondary not_visible\n");
    devcache_remove("/dev/xenvg/a.disk0");
    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
    devcache_remove("/dev/xenvg/a.disk0");
    devcache_update(NULL, "x", true, NULL);
}
END_TEST

UNIT_MAIN_FIXTURE("others", enter_node, leave_node, adopted_devices_lie_below_dev,
                  adopted_devices_stay_as_they_are, gluster_is_mounted_first,
                  no_operation_is_missing, whose_a_device_is_is_noted)
