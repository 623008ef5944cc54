/* Calls about disks and storage, from the text of the request to the text of the answer. LVM's
 * output and the answers are those of noded/storage/lvm/golden. */
#include <string.h>

#include "base/cmd-testing.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/tests/golden.h"
#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "noded/server/dispatch.h"

static char *store;

static void setup(void)
{
    g_autofree char *root = g_build_filename(g_getenv("TEST_TMPDIR"), "node1.lab.example", NULL);

    g_setenv("GANETI_ROOTDIR", root, TRUE);
    g_setenv("GANETI_HOSTNAME", "node1.lab.example", TRUE);
    ck_assert(paths_init(NULL));
    store = g_build_filename(g_getenv("TEST_TMPDIR"), "store", NULL);
    ck_assert_int_eq(g_mkdir_with_parents(store, 0755), 0);
    ck_assert_int_eq(g_mkdir_with_parents(path_get(PATH_CONF_DIR), 0755), 0);
    ck_assert_int_eq(g_mkdir_with_parents(path_get(PATH_BDEV_CACHE_DIR), 0755), 0);
    ck_assert_int_eq(g_mkdir_with_parents(path_get(PATH_DISK_LINKS_DIR), 0755), 0);
    ck_assert(g_file_set_contents(path_get(PATH_FILE_STORAGE_PATHS_FILE), store, -1, NULL));
}

static void teardown(void)
{
    g_clear_pointer(&store, g_free);
}

/* The answer, which must be good. */
static struct json *ask(enum rpc_id id, const char *text)
{
    g_autoptr(GString) answer = g_string_new(NULL);
    CLEANUP(json_unrefp) struct json *json = NULL;

    noded_answer(id, text, strlen(text), answer);
    ck_assert_msg(json_parse(answer->str, -1, &json, NULL), "%s", answer->str);
    ck_assert_msg(json_boolean(json_at(json, 0)), "%s", answer->str);
    return json_ref(json_at(json, 1));
}

static void expect(enum rpc_id id, const char *text, const char *expected)
{
    CLEANUP(json_unrefp) struct json *answer = ask(id, text);
    g_autofree char *shown = json_to_string(answer, JSON_PYTHON);

    ck_assert_str_eq(shown, expected);
}

static void refuse(enum rpc_id id, const char *text, const char *part)
{
    g_autoptr(GString) answer = g_string_new(NULL);

    noded_answer(id, text, strlen(text), answer);
    ck_assert_msg(g_str_has_prefix(answer->str, "[false, "), "%s", answer->str);
    ck_assert_msg(strstr(answer->str, part) != NULL, "%s", answer->str);
}

/* --- Disks --------------------------------------------------------------------------------------
 */

static char *disk(const char *name)
{
    return g_strdup_printf("{\"logical_id\": [\"loop\", \"%s/%s\"], \"dev_type\": \"file\", "
                           "\"size\": 2, \"iv_name\": \"disk/0\", \"params\": {}}",
                           store, name);
}

START_TEST(a_disk_lives_by_calls)
{
    g_autofree char *a = disk("a"), *b = disk("b");
    g_autofree char *create =
        g_strdup_printf("[%s, 2, \"web1\", true, \"originstname+web1\", false]", a);
    g_autofree char *create_b = g_strdup_printf("[%s, 2, \"web1\", true, \"\", false]", b);
    g_autofree char *one = g_strdup_printf("[%s]", a);
    g_autofree char *list = g_strdup_printf("[[%s, %s]]", a, b);
    g_autofree char *assemble =
        g_strdup_printf("[%s, {\"name\": \"web1\", \"hypervisor\": \"fake\"}, true, 0]", a);
    g_autofree char *elsewhere =
        g_strdup_printf("[%s, {\"name\": \"web1\", \"hypervisor\": \"fake\"}, false, 0]", a);
    g_autofree char *link = g_strdup_printf("%s/web1:0", path_get(PATH_DISK_LINKS_DIR));
    g_autofree char *assembled = g_strdup_printf("[\"%s/a\", \"%s\", null]", store, link);
    g_autofree char *close = g_strdup_printf("[\"web1\", [%s]]", a);
    g_autofree char *grow = g_strdup_printf("[%s, 1, false, true, false]", a);
    g_autofree char *beyond = g_strdup_printf("[%s, 1, 2]", a);
    g_autofree char *snapshot = g_strdup_printf("[%s, null, null]", a);
    g_autofree char *identity = g_strdup_printf("[\"loop\", \"%s/a\"]", store);
    g_autofree char *state = g_strdup_printf(
        "{\"dev_path\": \"%s/a\", \"is_degraded\": false, \"ldisk_status\": 1}", store);
    g_autofree char *identity_b = g_strdup_printf("[\"loop\", \"%s/b\"]", store);
    g_autofree char *path_a = g_build_filename(store, "a", NULL);
    g_autofree char *path_b = g_build_filename(store, "b", NULL);
    g_autofree char *convert = g_strdup_printf("[%s, %s]", a, b);
    g_autofree char *copied = NULL, *with_broken = g_strdup_printf("[[7, %s]]", a);
    CLEANUP(json_unrefp) struct json *states = NULL, *others = NULL;

    expect(RPC_blockdev_find, one, "null");
    refuse(RPC_blockdev_assemble, assemble, "disk/0");
    expect(RPC_blockdev_create, create, identity);
    refuse(RPC_blockdev_create, create, "create");
    expect(RPC_blockdev_assemble, assemble, assembled);
    expect(RPC_blockdev_assemble, elsewhere, "[true, true]");
    expect(RPC_blockdev_find, one, state);
    states = ask(RPC_blockdev_getmirrorstatus_multi, list);
    ck_assert(json_boolean(json_at(json_at(states, 0), 0)));
    ck_assert(!json_boolean(json_at(json_at(states, 1), 0)));
    others = ask(RPC_blockdev_getmirrorstatus_multi, with_broken);
    ck_assert(!json_boolean(json_at(json_at(others, 0), 0)));
    ck_assert(json_boolean(json_at(json_at(others, 1), 0)));
    expect(RPC_blockdev_grow, grow, "null");
    expect(RPC_blockdev_getdimensions, list, "[[3145728, null], null]");
    refuse(RPC_blockdev_wipe, beyond, "overwrite");
    refuse(RPC_blockdev_snapshot, snapshot, "snapshot");
    ck_assert(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    expect(RPC_blockdev_close, close, "null");
    ck_assert(!g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    expect(RPC_blockdev_create, create_b, identity_b);
    ck_assert(g_file_set_contents(path_a, "written", -1, NULL));
    expect(RPC_blockdev_convert, convert, "null");
    ck_assert(g_file_get_contents(path_b, &copied, NULL, NULL));
    ck_assert_int_eq(strncmp(copied, "written", strlen("written")), 0);
    expect(RPC_blockdev_remove, one, "null");
    expect(RPC_blockdev_remove, one, "null");
    expect(RPC_blockdev_find, one, "null");
}
END_TEST

/* --- Storage of the node ------------------------------------------------------------------------
 */

static char *captured(const char *name)
{
    g_autofree char *relative = g_strdup_printf("noded/storage/lvm/golden/%s", name);
    g_autofree char *path = golden_path(relative);
    char *text = NULL;

    ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
    return text;
}

static void answer(struct cmd_recorder *recorder, const char *glob, const char *name)
{
    g_autofree char *text = captured(name);

    cmd_recorder_answer(recorder, glob, 0, 0, text, NULL);
}

/* member: of answers.json. */
static void compare(const struct json *answer_json, const char *member)
{
    g_autofree char *text = captured("answers.json");
    g_autofree char *shown = json_to_string(answer_json, JSON_PYTHON);
    CLEANUP(json_unrefp) struct json *expected = NULL;

    ck_assert(json_parse(text, -1, &expected, NULL) && json_has(expected, member));
    ck_assert_msg(json_equal(json_get(expected, member), answer_json), "%s: %s", member, shown);
}

START_TEST(storage_is_told_as_the_reference_does)
{
    CLEANUP(cmd_recorder_freep) struct cmd_recorder *recorder = cmd_recorder_new();
    CLEANUP(json_unrefp) struct json *lvs = NULL, *volumes = NULL, *units = NULL, *info = NULL;
    CLEANUP(json_unrefp) struct json *verify = NULL;

    answer(recorder, "lvs *devices,vg_name*", "lv-devices.out");
    answer(recorder, "lvs *lv_size*", "lv-sizes.out");
    answer(recorder, "pvs *--options*", "units-pv.out");
    answer(recorder, "pvs *lv_name*", "pvs-lvs.out");
    answer(recorder, "pvs *", "pvs.out");
    answer(recorder, "vgs *vg_free*", "vgs.out");
    answer(recorder, "vgs *name,size*", "vg-sizes.out");
    lvs = ask(RPC_lv_list, "[[]]");
    compare(lvs, "lv_list");
    expect(RPC_vg_list, "[]", "{\"xenvg\": 28600}");
    volumes = ask(RPC_node_volumes, "[]");
    compare(volumes, "node_volumes");
    units = ask(RPC_storage_list, "[\"lvm-pv\", [], null, [\"name\", \"size\", \"used\", "
                                  "\"free\", \"allocatable\"]]");
    compare(units, "storage_list lvm-pv");
    info = ask(RPC_node_info,
               "[[[\"lvm-vg\", \"xenvg\", [false]], [\"lvm-pv\", \"xenvg\", [true]]], []]");
    compare(json_at(json_at(info, 1), 0), "room");
    compare(json_at(json_at(info, 1), 1), "spindles");
    verify =
        ask(RPC_node_verify, "[{\"lvlist\": \"xenvg\", \"vglist\": null, \"pvlist\": [\"xenvg\"], "
                             "\"exclusive-pvs\": true}, \"c\", {}]");
    compare(json_get(verify, "lvlist"), "lv_list");
    compare(json_get(verify, "pvlist"), "pvlist");
    compare(json_get(verify, "exclusive-pvs"), "exclusive-pvs");
}
END_TEST

START_TEST(units_that_are_not_there)
{
    CLEANUP(cmd_recorder_freep) struct cmd_recorder *recorder = cmd_recorder_new();

    cmd_recorder_answer(recorder, "vgs*", 0, 5, NULL, "  no locking\n");
    cmd_recorder_answer(recorder, "lvs*", 0, 5, NULL, "  no locking\n");
    refuse(RPC_lv_list, "[[\"xenvg\"]]", "no locking");
    refuse(RPC_lv_list, "[[\"--config\"]]", "names");
    refuse(RPC_storage_list, "[\"rados\", [], null, []]", "rados");
    refuse(RPC_storage_list, "[\"lvm-pv\", [], \"--config\", []]", "option");
    refuse(RPC_storage_list, "[\"lvm-pv\", [], null, [\"colour\"]]", "colour");
    refuse(RPC_storage_modify, "[\"lvm-vg\", [], \"xenvg\", {\"allocatable\": true}]",
           "allocatable");
    refuse(RPC_storage_execute, "[\"lvm-vg\", [], \"xenvg\", \"explode\"]", "explode");
    refuse(RPC_node_info, "[[[\"lvm-vg\", \"xenvg\", []]], []]", "truth value");
}
END_TEST

START_TEST(folders_inside_a_volume_are_its_drivers)
{
    expect(RPC_file_storage_dir_create, "[\"ganeti\"]", "null");
    ck_assert(!g_file_test("ganeti", G_FILE_TEST_EXISTS));
    expect(RPC_file_storage_dir_remove, "[\"ganeti\"]", "null");
    refuse(RPC_file_storage_dir_create, "[\"\"]", "full path");
    refuse(RPC_file_storage_dir_create, "[\"/etc/x\"]", "/etc/x");
    refuse(RPC_file_storage_dir_rename, "[\"a\", \"b\"]", "full path");
}
END_TEST

UNIT_MAIN_FIXTURE("storage", setup, teardown, a_disk_lives_by_calls,
                  storage_is_told_as_the_reference_does, units_that_are_not_there,
                  folders_inside_a_volume_are_its_drivers)
