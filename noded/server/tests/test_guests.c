/* Calls about guests, on a node that is a folder, with guests that are files. */
#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/fs-tree.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "noded/backend/disk-links.h"
#include "noded/server/tests/virtual-node.h"

#define GUEST "web1.example.com"

static void setup(void)
{
    static const enum path_id folders[] = {PATH_INSTANCE_REASON_DIR, PATH_DISK_LINKS_DIR,
                                           PATH_COUNT};

    node_make(folders);
}

/* The text with the instance in the place of "I", as the master sends it. */
static char *with_instance(const char *text, const char *hypervisor)
{
    static const char format[] =
        "{\"name\": \"" GUEST "\", \"primary_node\": \"u\", \"os\": \"noop\", \"hypervisor\": "
        "\"%s\", \"hvparams\": {}, \"beparams\": {\"minmem\": 64, \"maxmem\": 128, \"vcpus\": 2, "
        "\"auto_balance\": true, \"always_failover\": false, \"spindle_use\": 1}, \"osparams\": "
        "{}, \"admin_state\": \"up\", \"admin_state_source\": \"admin\", \"nics\": [], \"disks\": "
        "[], \"disks_info\": [], \"disks_active\": true, \"network_port\": null, \"ctime\": 1.5, "
        "\"mtime\": 1.5, \"uuid\": \"i-u\", \"serial_no\": 1, \"secondary_nodes\": []}";
    g_autofree char *instance = g_strdup_printf(format, hypervisor);
    GString *out = g_string_new(text);

    g_string_replace(out, "$I", instance, 0);
    return g_string_free(out, FALSE);
}

static void expect(enum rpc_id id, const char *text, const char *expected)
{
    g_autofree char *args = with_instance(text, "fake");

    node_expect(id, args, expected);
}

static void refuse(enum rpc_id id, const char *text, const char *part)
{
    g_autofree char *args = with_instance(text, "fake");

    node_refuse(id, args, part);
}

static void start(void)
{
    expect(RPC_instance_start, "[$I, false, []]", "[true, null]");
}

static bool runs(void)
{
    g_autofree char *path = g_build_filename(path_get(PATH_FAKE_ROOT_DIR), GUEST, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* The last line of the trail that the monitoring daemon reads: [source, text, ns]. */
static char *last_reason(void)
{
    g_autofree char *path = g_build_filename(path_get(PATH_INSTANCE_REASON_DIR), GUEST, NULL);
    g_autofree char *text = NULL;
    struct json *trail = NULL;
    const struct json *last;
    char *source;

    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert(g_str_has_suffix(text, "\n"));
    ck_assert(json_parse(text, -1, &trail, NULL));
    last = json_at(trail, json_len(trail) - 1);
    ck_assert_uint_eq(json_len(last), 3);
    ck_assert_int_gt(json_int(json_at(last, 2)), G_USEC_PER_SEC);
    source = g_strdup(json_string(json_at(last, 0)));
    json_unref(trail);
    return source;
}

START_TEST(a_guest_lives)
{
    g_autofree char *first = NULL, *second = NULL;

    start();
    ck_assert(runs());
    first = last_reason();
    ck_assert_str_eq(first, "gnt:daemon:noded:start");
    /* Again: nothing happens. */
    start();
    expect(RPC_instance_info, "[\"" GUEST "\", \"fake\", {}]",
           "[true, {\"memory\": 128, \"vcpus\": 2, \"state\": 0, \"time\": 0.0}]");
    expect(RPC_instance_balloon_memory, "[$I, 100]", "[true, null]");
    expect(RPC_instance_info, "[\"" GUEST "\", \"fake\", {}]",
           "[true, {\"memory\": 100, \"vcpus\": 2, \"state\": 0, \"time\": 0.0}]");
    expect(RPC_instance_shutdown, "[$I, 1, [[\"gnt:user\", \"why\", 5]]]", "[true, null]");
    ck_assert(!runs());
    second = last_reason();
    ck_assert_str_eq(second, "gnt:daemon:noded:shutdown");
    expect(RPC_instance_shutdown, "[$I, 0.5, []]", "[true, null]");
    expect(RPC_instance_balloon_memory, "[$I, 100]", "[true, null]");
}
END_TEST

START_TEST(a_guest_reboots)
{
    g_autofree char *reason = NULL;

    refuse(RPC_instance_reboot, "[$I, \"hard\", 0, []]", "not running");
    start();
    expect(RPC_instance_reboot, "[$I, \"soft\", 0, []]", "[true, null]");
    expect(RPC_instance_reboot, "[$I, \"hard\", 0, []]", "[true, null]");
    ck_assert(runs());
    reason = last_reason();
    ck_assert_str_eq(reason, "gnt:daemon:noded:reboot");
    refuse(RPC_instance_reboot, "[$I, \"full\", 0, []]", "full");
    refuse(RPC_instance_reboot, "[$I, \"warm\", 0, []]", "warm");
}
END_TEST

START_TEST(a_guest_migrates)
{
    refuse(RPC_instance_migratable, "[$I]", "not running");
    expect(RPC_accept_instance, "[$I, \"\", \"192.0.2.1\"]", "[true, null]");
    start();
    refuse(RPC_accept_instance, "[$I, null, \"192.0.2.1\"]", "already running");
    refuse(RPC_accept_instance, "[$I, 7, \"192.0.2.1\"]", "text");
    expect(RPC_instance_migratable, "[$I]", "[true, null]");
    expect(RPC_migration_info, "[$I]", "[true, \"\"]");
    expect(RPC_instance_migrate, "[\"c\", $I, \"192.0.2.1\", true]", "[true, null]");
    expect(RPC_instance_get_migration_status, "[$I]", "[true, {\"status\": \"completed\"}]");
    expect(RPC_instance_finalize_migration_src, "[$I, true, true]", "[true, null]");
    ck_assert(!runs());
    expect(RPC_instance_finalize_migration_dst, "[$I, null, true]", "[true, null]");
    ck_assert(runs());
}
END_TEST

START_TEST(devices_of_guests_without_hotplug)
{
    start();
    refuse(RPC_hotplug_supported, "[$I]", "Hotplug is not supported");
    refuse(RPC_hotplug_device,
           "[$I, \"hotadd\", \"nic\", {\"mac\": \"aa:00:00:00:00:01\", "
           "\"nicparams\": {}, \"uuid\": \"n\"}, null, 0]",
           "Hotplug is not supported");
    refuse(RPC_hotplug_device, "[$I, \"hotter\", \"nic\", {}, null, 0]", "hotter");
    refuse(RPC_hotplug_device, "[$I, \"hotadd\", \"cpu\", {}, null, 0]", "cpu");
    refuse(RPC_hotplug_device, "[$I, \"hotadd\", \"nic\", {}, null, -1]", "number");
    refuse(RPC_resize_disk, "[$I, {}, \"big\"]", "bytes");
}
END_TEST

START_TEST(wrong_arguments_are_named)
{
    g_autofree char *xen = with_instance("[$I, false, []]", "lxc");
    g_autofree char *answer = node_call(RPC_instance_start, xen);

    ck_assert_ptr_nonnull(strstr(answer, "no driver for the hypervisor 'lxc'"));
    refuse(RPC_instance_start, "[{}, false, []]", "instance: ");
    refuse(RPC_instance_start, "[{\"name\": 1}, false, []]", "instance: ");
    refuse(RPC_instance_shutdown, "[$I, \"soon\", []]", "seconds");
    refuse(RPC_instance_shutdown, "[$I, -1, []]", "seconds");
}
END_TEST

START_TEST(consoles_of_several_guests)
{
    static const char args[] =
        "{\"" GUEST "\": {\"instance\": $I, \"node\": {\"name\": \"node1.lab.example\", "
        "\"primary_ip\": \"192.0.2.1\", \"secondary_ip\": \"192.0.2.1\", \"master_candidate\": "
        "true, \"offline\": false, \"drained\": false, \"group\": \"g\", \"uuid\": \"u\", "
        "\"serial_no\": 1, \"ndparams\": {}}, \"group\": {\"name\": \"default\", \"uuid\": \"g\", "
        "\"ndparams\": {\"ssh_port\": 2222}}, \"hvParams\": {\"serial_console\": true}, "
        "\"beParams\": {}}}";
    g_autofree char *fake = with_instance(args, "fake");
    g_autofree char *kvm = with_instance(args, "kvm");
    g_autofree char *first = node_call(RPC_instance_console_info, fake);
    g_autofree char *second = node_call(RPC_instance_console_info, kvm);

    ck_assert_ptr_nonnull(strstr(first, "[true, {\"" GUEST "\": {\"instance\": \"" GUEST
                                        "\", \"kind\": \"msg\", \"message\": "));
    ck_assert_ptr_nonnull(strstr(second, "\"kind\": \"ssh\", \"host\": \"node1.lab.example\", "
                                         "\"port\": 2222, \"user\": \"root\", \"command\": [\""));
    ck_assert_ptr_nonnull(strstr(second, "/kvm-console-wrapper\", "));
    ck_assert_ptr_nonnull(strstr(second, "\"STDIO,raw,echo=0,escape=0x1d\", \"UNIX-CONNECT:"));
    refuse(RPC_instance_console_info, "[]", "dictionary");
}
END_TEST

START_TEST(links_to_disks)
{
    g_autofree char *path = disk_link_path(GUEST, 0, NULL);
    g_autofree char *link = NULL, *target = NULL, *none = NULL;

    ck_assert(disk_link_set(GUEST, 0, "/dev/a", &link, NULL));
    ck_assert_str_eq(link, path);
    g_clear_pointer(&link, g_free);
    ck_assert(disk_link_set(GUEST, 0, "/dev/b", &link, NULL));
    target = g_file_read_link(path, NULL);
    ck_assert_str_eq(target, "/dev/b");
    ck_assert(disk_link_set(GUEST, 1, NULL, &none, NULL));
    ck_assert_ptr_null(none);
    ck_assert(disk_link_remove(GUEST, 0, NULL));
    ck_assert(!g_file_test(path, G_FILE_TEST_IS_SYMLINK));
    ck_assert(disk_link_remove(GUEST, 0, NULL));
    /* What is no link is not ours to remove, but a link takes its place. */
    ck_assert(g_file_set_contents(path, "x", -1, NULL));
    disk_links_remove(GUEST, 1);
    ck_assert(g_file_test(path, G_FILE_TEST_EXISTS));
    ck_assert_ptr_null(disk_link_path("../x", 0, NULL));
}
END_TEST

UNIT_MAIN_FIXTURE("guests", setup, node_remove, a_guest_lives, a_guest_reboots, a_guest_migrates,
                  devices_of_guests_without_hotplug, wrong_arguments_are_named,
                  consoles_of_several_guests, links_to_disks)
