#include "config.h"

#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/hypervisor/hv-common.h"

/* The tests run as a node of a virtual cluster below their own folder. */
static void enter_node(void)
{
    g_autofree char *root = g_build_filename(g_getenv("TEST_TMPDIR"), "node1.example.com", NULL);
    g_autofree char *run_dir = NULL;

    g_setenv(C_V_CLUSTER_ROOTDIR_ENVNAME, root, TRUE);
    g_setenv(C_V_CLUSTER_HOSTNAME_ENVNAME, "node1.example.com", TRUE);
    run_dir = g_strdup(path_get(PATH_RUN_DIR));
    ck_assert_int_eq(g_mkdir_with_parents(run_dir, 0755), 0);
    ck_assert(hv_fake.prepare(NULL));
}

static void leave_node(void)
{
}

static struct instance web1 = {.name = (char *)"web1.example.com",
                               .hypervisor = HYPERVISOR_FAKE,
                               .beparams = {.minmem = 128, .maxmem = 256, .vcpus = 2}};

static void expect_file(const char *expected)
{
    g_autofree char *path = hv_guest_file(PATH_FAKE_ROOT_DIR, web1.name, NULL);
    g_autofree char *text = fs_read_file(path, 100, NULL, NULL);

    ck_assert_ptr_nonnull(text);
    ck_assert_str_eq(text, expected);
}

static void expect_guests(guint n)
{
    g_autoptr(GPtrArray) names = hv_fake.list(NULL, NULL);
    g_autoptr(GPtrArray) guests = hv_fake.info_all(NULL, NULL);

    ck_assert_ptr_nonnull(names);
    ck_assert_ptr_nonnull(guests);
    ck_assert_uint_eq(names->len, n);
    ck_assert_uint_eq(guests->len, n);
}

START_TEST(guest_starts_balloons_and_stops)
{
    const struct hv_stop how = {.timeout = -1};
    CLEANUP(hv_guest_freep) struct hv_guest *guest = NULL, *gone = NULL;
    g_autoptr(GError) error = NULL;

    expect_guests(0);
    ck_assert_msg(hv_fake.start(&web1, NULL, 0, false, &error), "%s",
                  error != NULL ? error->message : "");
    expect_file("0\n256\n2\n");
    expect_guests(1);
    ck_assert(hv_fake.info(web1.name, NULL, &guest, NULL));
    ck_assert_str_eq(guest->name, web1.name);
    ck_assert_str_eq(guest->id, "0");
    ck_assert_int_eq(guest->memory, 256);
    ck_assert_int_eq(guest->vcpus, 2);
    ck_assert_int_eq(guest->state, HV_STATE_RUNNING);

    ck_assert(!hv_fake.start(&web1, NULL, 0, false, &error));
    ck_assert_int_eq(err_class(error), ERR_HYPERVISOR);
    g_clear_error(&error);
    ck_assert(hv_fake.balloon(&web1, 200, NULL));
    expect_file("0\n200\n2\n");

    ck_assert(hv_fake.stop(&web1, NULL, &how, NULL));
    ck_assert(!hv_fake.stop(&web1, NULL, &how, &error));
    ck_assert_int_eq(err_class(error), ERR_HYPERVISOR);
    ck_assert(hv_fake.info(web1.name, NULL, &gone, NULL));
    ck_assert_ptr_null(gone);
    expect_guests(0);
}
END_TEST

START_TEST(guest_migrates)
{
    const struct hv_stop by_name = {.by_name = true};
    struct hv_migration status;

    ck_assert(hv_fake.accept(&web1, "", "192.0.2.1", NULL));
    ck_assert(hv_fake.finish_target(&web1, "", true, NULL));
    expect_guests(1);
    ck_assert(!hv_fake.accept(&web1, "", "192.0.2.1", NULL));
    ck_assert(hv_fake.migration_status(&web1, &status, NULL));
    ck_assert_str_eq(status.status, C_HV_MIGRATION_COMPLETED);
    ck_assert(hv_fake.finish_source(&web1, false, true, NULL));
    expect_guests(1);
    ck_assert(hv_fake.finish_source(&web1, true, true, NULL));
    expect_guests(0);
    ck_assert(hv_fake.finish_target(&web1, "", true, NULL));
    ck_assert(hv_fake.finish_target(&web1, "", false, NULL));
    expect_guests(0);
    ck_assert(hv_fake.finish_target(&web1, "", true, NULL));
    ck_assert(hv_fake.stop(NULL, web1.name, &by_name, NULL));
    expect_guests(0);
}
END_TEST

START_TEST(damaged_guest_is_still_one)
{
    g_autofree char *path = hv_guest_file(PATH_FAKE_ROOT_DIR, web1.name, NULL);
    g_autoptr(GPtrArray) guests = NULL;

    ck_assert(g_file_set_contents(path, "", -1, NULL));
    guests = hv_fake.info_all(NULL, NULL);
    ck_assert_uint_eq(guests->len, 1);
    ck_assert_int_eq(((struct hv_guest *)guests->pdata[0])->memory, 0);
    ck_assert(fs_remove_file(path, NULL));
}
END_TEST

START_TEST(names_are_no_paths)
{
    static const char *const bad[] = {"", ".", "..", "../web1", "a/b"};

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        struct hv_guest *guest = NULL;

        ck_assert(!hv_fake.info(bad[i], NULL, &guest, &error));
        ck_assert_int_eq(err_class(error), ERR_HYPERVISOR);
    }
}
END_TEST

START_TEST(node_info_is_parsed)
{
    static const char meminfo[] = "MemTotal:        8052996 kB\nMemFree:  100 kB\n"
                                  "MemAvailable:    5242880 kB\n";
    static const char cpuinfo[] = "processor\t: 0\nmodel name\t: x\n\nprocessor : 1 \nprocessor\n";
    struct node_hv_info info = {0};
    g_autoptr(GError) error = NULL;

    ck_assert(hv_linux_node_info_parse(meminfo, cpuinfo, &info, NULL));
    ck_assert_int_eq(info.memory_total, 7864);
    ck_assert_int_eq(info.memory_free, 5120);
    ck_assert_int_eq(info.memory_dom0, 7864 - 5120);
    ck_assert_int_eq(info.cpu_total, 2);
    ck_assert_int_eq(info.cpu_dom0, 2);
    ck_assert_int_eq(info.cpu_nodes, 1);
    ck_assert_int_eq(info.cpu_sockets, 1);

    info = (struct node_hv_info){0};
    ck_assert(!hv_linux_node_info_parse("MemTotal: 12 kB\n", cpuinfo, &info, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "MemAvailable"));
    g_clear_error(&error);
    ck_assert(!hv_linux_node_info_parse("MemTotal: many kB\n", cpuinfo, &info, &error));
}
END_TEST

START_TEST(startup_memory_is_between_the_limits)
{
    ck_assert_int_eq(hv_startup_memory(&web1.beparams, 1024), 256);
    ck_assert_int_eq(hv_startup_memory(&web1.beparams, 200), 200);
    ck_assert_int_eq(hv_startup_memory(&web1.beparams, 0), 128);
}
END_TEST

START_TEST(console_says_there_is_none)
{
    const struct hv_console_args args = {.instance = &web1};
    struct console_info info = {0};

    ck_assert(hv_fake.console(&args, &info, NULL));
    ck_assert_str_eq(info.kind, C_CONS_MESSAGE);
    ck_assert_str_eq(info.instance, web1.name);
    fact_object_clear(&fact_object_console_info, &info);
}
END_TEST

UNIT_MAIN_FIXTURE("fake", enter_node, leave_node, guest_starts_balloons_and_stops, guest_migrates,
                  damaged_guest_is_still_one, names_are_no_paths, node_info_is_parsed,
                  startup_memory_is_between_the_limits, console_says_there_is_none)
