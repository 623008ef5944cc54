#include <string.h>

#include "base/cmd-testing.h"
#include "base/json.h"
#include "base/tests/golden.h"
#include "base/tests/unit.h"
#include "facts/codec.h"
#include "noded/storage/bdev.h"
#include "noded/storage/rbd/build.h"
#include "noded/storage/rbd/mapped.h"

static const char mapped[] = "[{\"id\": \"0\", \"pool\": \"p\", \"namespace\": \"\", \"name\": "
                             "\"vol\", \"snap\": \"-\", \"device\": \"/dev/rbd0\"}]";

static struct disk *disk_of(const char *pool)
{
    g_autofree char *text =
        g_strdup_printf("{\"logical_id\": [\"rbd\", \"vol\"], \"dev_type\": \"rbd\", \"size\": "
                        "1024, \"uuid\": \"u\", \"serial_no\": 1, \"params\": {\"pool\": \"%s\"}}",
                        pool);
    CLEANUP(json_unrefp) struct json *json = NULL;

    ck_assert(json_parse(text, -1, &json, NULL));
    return fact_object_decode(&fact_object_disk, json, NULL, NULL);
}

static void disk_free(struct disk *disk)
{
    fact_object_free(&fact_object_disk, disk);
}
DEFINE_CLEANUP(struct disk *, disk_free)

static void take(GString *text, struct cmd_recorder *recorder, const char *title)
{
    g_string_append_printf(text, "# %s\n%s", title, cmd_recorder_text(recorder));
    cmd_recorder_clear(recorder);
}

static void add_argv(GString *text, char **argv)
{
    g_autofree char *line = g_strjoinv(" ", argv);

    g_string_append_printf(text, "%s\n", line);
    g_strfreev(argv);
}

START_TEST(commands_are_the_reference_s)
{
    CLEANUP(cmd_recorder_freep) struct cmd_recorder *recorder = cmd_recorder_new();
    CLEANUP(disk_freep) struct disk *disk = disk_of("p");
    CLEANUP(bdev_freep) struct bdev *dev = bdev_new(disk, NULL);
    const struct bdev_create create = {0};
    const struct bdev_grow grow = {.amount = 100, .backing_store = true};
    const struct bdev_grow dry = {.amount = 100, .backing_store = true, .dry_run = true};
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *uri = NULL;

    cmd_recorder_answer(recorder, "rbd showmapped*", 1, 0, "[]", NULL);
    cmd_recorder_answer(recorder, "rbd showmapped*", 0, 0, mapped, NULL);
    ck_assert(dev->ops->create(dev, &create, NULL) && dev->ops->attach(dev, NULL));
    ck_assert_str_eq(dev->path, "/dev/rbd0");
    take(text, recorder, "create, which maps it");
    ck_assert(dev->ops->grow(dev, &dry, NULL) && dev->ops->grow(dev, &grow, NULL));
    take(text, recorder, "grow");
    take(text, recorder, "export");
    add_argv(text, dev->ops->export_argv(dev, NULL));
    uri = dev->ops->userspace_uri(dev, HYPERVISOR_KVM, NULL);
    g_string_append_printf(text, "# address\n%s\n", uri);
    ck_assert_ptr_null(dev->ops->userspace_uri(dev, HYPERVISOR_XEN_PVM, NULL));
    {
        g_auto(GStrv) import = dev->ops->import_argv(dev, NULL);

        take(text, recorder, "import, which unmaps and removes it");
        add_argv(text, g_strdupv(import));
    }
    /* Where the tests run there is no such device. */
    dev->attached = true;
    ck_assert(dev->ops->remove(dev, NULL));
    take(text, recorder, "remove");
    ck_assert(!dev->attached && dev->path == NULL);
    golden_check("noded/storage/rbd/golden/commands.txt", text->str);
}
END_TEST

START_TEST(devices_are_found)
{
    char *device;

    ck_assert(rbd_mapped_find(mapped, "p", "vol", &device, NULL));
    ck_assert_str_eq(device, "/dev/rbd0");
    g_free(device);
    ck_assert(rbd_mapped_find(mapped, "other", "vol", &device, NULL) && device == NULL);
    /* Before Ceph 14. */
    ck_assert(
        rbd_mapped_find("{\"0\": {\"pool\": \"p\", \"name\": \"v\", \"device\": \"/dev/rbd1\"}}",
                        "p", "v", &device, NULL));
    ck_assert_str_eq(device, "/dev/rbd1");
    g_free(device);
    ck_assert(rbd_mapped_find("{}", "p", "v", &device, NULL) && device == NULL);
}
END_TEST

START_TEST(strange_lists_are_refused)
{
    static const char *const bad[] = {
        "",
        "null",
        "7",
        "[7]",
        "[{\"pool\": \"p\", \"name\": \"v\"}]",
        "[{\"pool\": \"p\", \"name\": \"v\", \"device\": \"/dev/rbd1\"}, "
        "{\"pool\": \"p\", \"name\": \"v\", \"device\": \"/dev/rbd2\"}]"};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        char *device = NULL;

        ck_assert_msg(!rbd_mapped_find(bad[i], "p", "v", &device, NULL), "%s", bad[i]);
        ck_assert_ptr_null(device);
    }
}
END_TEST

START_TEST(options_are_no_names)
{
    CLEANUP(disk_freep) struct disk *disk = disk_of("--keyring");

    ck_assert_ptr_null(bdev_new(disk, NULL));
}
END_TEST

UNIT_MAIN("rbd", commands_are_the_reference_s, devices_are_found, strange_lists_are_refused,
          options_are_no_names)
