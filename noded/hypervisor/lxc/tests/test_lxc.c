/* Configurations against those that the reference made (tests/from-reference); what the driver
 * runs. */
#include "config.h"

#include <string.h>
#include <sys/stat.h>

#include "base/cmd-testing.h"
#include "base/fs-tree.h"
#include "base/json.h"
#include "base/tests/golden.h"
#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/params.h"
#include "noded/hypervisor/hv-common.h"
#include "noded/hypervisor/lxc/build.h"
#include "noded/hypervisor/lxc/cgroup.h"

#define CASES "noded/hypervisor/lxc/golden/cases.json"
#define GUEST "web1.example.com"
enum { MIN_CASES = 20 };

static char *top;

static void setup(void)
{
    g_autofree char *root = NULL;

    top = g_dir_make_tmp("lxc-XXXXXX", NULL);
    root = g_build_filename(top, "node1.lab.example", NULL);
    g_setenv("GANETI_ROOTDIR", root, TRUE);
    g_setenv("GANETI_HOSTNAME", "node1.lab.example", TRUE);
    ck_assert(paths_init(NULL));
    ck_assert_int_eq(g_mkdir_with_parents(path_get(PATH_RUN_DIR), 0755), 0);
    ck_assert_int_eq(g_mkdir_with_parents(path_get(PATH_LOG_DIR), 0755), 0);
    ck_assert(hv_lxc.prepare(NULL));
}

static void teardown(void)
{
    ck_assert(fs_remove_tree(top, NULL));
    g_clear_pointer(&top, g_free);
}

static struct json *parse(const char *text)
{
    struct json *json = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert_msg(json_parse(text, -1, &json, &error), "%s", error != NULL ? error->message : "");
    return json;
}

static struct instance *instance_of(const struct json *entry)
{
    CLEANUP(json_unrefp)
    struct json *json = parse(
        "{\"name\": \"" GUEST "\", \"primary_node\": \"n\", \"os\": \"noop\", \"hypervisor\": "
        "\"lxc\", \"hvparams\": {}, \"beparams\": {\"minmem\": 128, \"maxmem\": 1024}, "
        "\"admin_state\": \"up\", \"admin_state_source\": \"admin\", \"disks_active\": true, "
        "\"uuid\": \"01234567-89ab-4cde-8fed-0123456789ab\", \"serial_no\": 1}");
    struct instance *instance;
    g_autoptr(GError) error = NULL;

    if (entry != NULL) {
        json_set(json, "hvparams", json_ref(json_get(entry, "hvparams")));
        json_set(json, "nics", json_ref(json_get(entry, "nics")));
        json_set(json_get(json, "beparams"), "vcpus", json_ref(json_get(entry, "vcpus")));
    }
    instance = fact_object_decode(&fact_object_instance, json, NULL, &error);
    ck_assert_msg(instance != NULL, "%s", error != NULL ? error->message : "");
    hv_params_fill_defaults(instance->hypervisor, &instance->hvparams);
    return instance;
}

static void check_case(const struct json *entry)
{
    struct instance *instance = instance_of(entry);
    const struct json *config = json_get(entry, "config");
    bool old = strcmp(json_string(json_get(entry, "version")), "1.0.5") == 0;
    const struct lxc_build build = {
        .instance = instance,
        .root = "/dev/mapper/loop0p1",
        .console_log = old ? NULL : "/var/run/ganeti/lxc/instance/" GUEST "/console.log",
        .swap_limit = json_boolean(json_get(entry, "swap"))};
    g_autoptr(GError) error = NULL;
    g_autofree char *text = lxc_build_config(&build, &error);

    if (config == NULL) {
        ck_assert_ptr_null(text);
        ck_assert_ptr_nonnull(error);
    } else {
        ck_assert_msg(text != NULL, "%s", error != NULL ? error->message : "");
        ck_assert_str_eq(text, json_string(config));
    }
    fact_object_free(&fact_object_instance, instance);
}

START_TEST(configurations_are_the_references)
{
    g_autofree char *path = golden_path(CASES);
    g_autofree char *text = NULL;
    CLEANUP(json_unrefp) struct json *cases = NULL;

    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    cases = parse(text);
    ck_assert_uint_ge(json_len(cases), MIN_CASES);
    for (size_t i = 0; i < json_len(cases); i++) {
        check_case(json_at(cases, i));
    }
}
END_TEST

START_TEST(tables_of_the_kernel)
{
    static const char mounts[] = "proc /proc proc rw 0 0\n"
                                 "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n"
                                 "cgroup2 /sys/fs/cgroup cgroup2 rw,memory 0 0\nbroken\n";
    static const char groups[] = "4:memory:/user.slice\n3:cpu,cpuacct:/a:b\n0::/x\nbroken\n";
    g_autofree char *cpu = cgroup_mount_in(mounts, "cpuacct");
    g_autofree char *memory = cgroup_mount_in(mounts, "memory");
    g_autofree char *user = cgroup_group_in(groups, "memory");
    g_autofree char *odd = cgroup_group_in(groups, "cpuacct");
    g_autofree char *none = cgroup_group_in(groups, "devices");
    g_auto(GStrv) names =
        cgroup_controllers_in("#subsys_name\thierarchy\ncpuset\t1\t1\t1\n\nmemory\t0");
    g_autofree char *joined = g_strjoinv(" ", names);

    ck_assert_str_eq(cpu, "/sys/fs/cgroup/cpu,cpuacct");
    ck_assert_ptr_null(memory);
    ck_assert_str_eq(user, "user.slice");
    ck_assert_str_eq(odd, "a:b");
    ck_assert_str_eq(none, "");
    ck_assert_str_eq(joined, "cpuset memory");
}
END_TEST

static void expect_fails(bool ok, GError **error, const char *part)
{
    ck_assert(!ok);
    ck_assert_msg(strstr((*error)->message, part) != NULL, "%s", (*error)->message);
    g_clear_error(error);
}

START_TEST(a_start_that_fails_gives_the_loop_device_back)
{
    CLEANUP(cmd_recorder_freep) struct cmd_recorder *recorder = cmd_recorder_new();
    struct instance *instance = instance_of(NULL);
    const struct hv_disk disks[2] = {{.link = "/dev/disk"}};
    g_autofree char *stash =
        g_build_filename(path_get(PATH_LXC_INSTANCE_DIR), GUEST, "stash", NULL);
    g_autoptr(GError) error = NULL;

    cmd_recorder_answer(recorder, "losetup -f*", 0, 0, "/dev/loop7\n", NULL);
    cmd_recorder_answer(recorder, "kpartx -a*", 0, 0,
                        "add map loop7p1 (254:1): 0 2048 linear 7:7 2048\n", NULL);
    cmd_recorder_answer(recorder, "lxc-start --version", 0, 0, "4.0.11\n", NULL);
    cmd_recorder_answer(recorder, "lxc-start -n*", 0, 1, NULL, "no such thing");
    expect_fails(hv_lxc.start(instance, disks, 0, false, &error), &error, "diskless");
    expect_fails(hv_lxc.start(instance, disks, 2, false, &error), &error, "one disk only");
    expect_fails(hv_lxc.start(instance, disks, 1, false, &error), &error, "no such thing");
    ck_assert_ptr_nonnull(strstr(cmd_recorder_text(recorder), "kpartx -d /dev/loop7"));
    ck_assert_ptr_nonnull(strstr(cmd_recorder_text(recorder), "losetup -d /dev/loop7"));
    ck_assert(!g_file_test(stash, G_FILE_TEST_EXISTS));
    fact_object_free(&fact_object_instance, instance);
}
END_TEST

START_TEST(a_guest_lives_and_is_cleaned_up)
{
    CLEANUP(cmd_recorder_freep) struct cmd_recorder *recorder = cmd_recorder_new();
    struct instance *instance = instance_of(NULL);
    const struct hv_disk disk = {.link = "/dev/disk"};
    g_autoptr(GError) error = NULL;

    cmd_recorder_answer(recorder, "losetup -f*", 0, 0, "/dev/loop7\n", NULL);
    cmd_recorder_answer(recorder, "kpartx -a*", 0, 0,
                        "add map loop7p1 (254:1): 0 2048 linear 7:7 2048\n", NULL);
    cmd_recorder_answer(recorder, "lxc-start --version", 0, 0, "4.0.11\n", NULL);
    cmd_recorder_answer(recorder, "lxc-ls --running", 0, 0, "other.example.com " GUEST " \n", NULL);
    ck_assert_msg(hv_lxc.start(instance, &disk, 1, false, &error), "%s",
                  error != NULL ? error->message : "");
    cmd_recorder_clear(recorder);
    ck_assert(hv_lxc.stop(instance, GUEST, &(struct hv_stop){.timeout = -1}, NULL));
    ck_assert(hv_lxc.stop(instance, GUEST, &(struct hv_stop){.force = true, .timeout = -1}, NULL));
    ck_assert_str_eq(cmd_recorder_text(recorder), "lxc-ls --running\n"
                                                  "lxc-stop -n " GUEST " --nokill --timeout -1\n"
                                                  "lxc-ls --running\n"
                                                  "lxc-stop -n " GUEST " --kill\n");
    /* By default containers may not boot. */
    expect_fails(hv_lxc.reboot(instance, &error), &error, "SYS_BOOT");
    cmd_recorder_clear(recorder);
    ck_assert(hv_lxc.cleanup(GUEST, NULL));
    ck_assert_str_eq(cmd_recorder_text(recorder),
                     "kpartx -d /dev/loop7\nudevadm settle\nlosetup -d /dev/loop7\n");
    cmd_recorder_clear(recorder);
    ck_assert(hv_lxc.cleanup(GUEST, NULL));
    ck_assert_str_eq(cmd_recorder_text(recorder), "");
    fact_object_free(&fact_object_instance, instance);
}
END_TEST

START_TEST(what_is_wrong_is_all_said)
{
    CLEANUP(cmd_recorder_freep) struct cmd_recorder *recorder = cmd_recorder_new();
    struct instance *instance = instance_of(NULL);
    g_autofree char *problem = NULL;

    cmd_recorder_answer(recorder, "lxc-start --version", 0, 0, "0.9.0\n", NULL);
    cmd_recorder_answer(recorder, "lxc-stop --version", 0, 0, "two\n", NULL);
    cmd_recorder_answer(recorder, "lxc-ls*", 0, 0, "Usage: lxc-ls\n", NULL);
    cmd_recorder_answer(recorder, "*--version", 0, 0, "4.0.11\n", NULL);
    ck_assert(hv_lxc.verify(&instance->hvparams, &problem, NULL));
    ck_assert_str_eq(problem, "LXC version >= 1.0.0 is required but command lxc-start has version "
                              "0.9.0; Can't parse LXC version from lxc-stop: two; this lxc-ls does "
                              "not know --running");
    fact_object_free(&fact_object_instance, instance);
}
END_TEST

UNIT_MAIN_FIXTURE("lxc", setup, teardown, configurations_are_the_references, tables_of_the_kernel,
                  a_start_that_fails_gives_the_loop_device_back, a_guest_lives_and_is_cleaned_up,
                  what_is_wrong_is_all_said)
