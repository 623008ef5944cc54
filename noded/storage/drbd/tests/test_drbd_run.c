/* The run layer: what is run for a mirror in which state. Its parts are files, the kernel's word is
 * a file, and no program is started. */
#include <string.h>
#include <unistd.h>

#include "base/cmd-testing.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/tests/golden.h"
#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "noded/storage/bdev.h"
#include "noded/storage/drbd/drbd.h"

enum { META_BYTES = 128 * 1024 * 1024 };

static char *store, *status_path, *data_path, *meta_path;
static struct cmd_recorder *recorder;

static char *make_file(const char *name, int64_t size)
{
    char *path = g_build_filename(store, name, NULL);
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(ftruncate(fileno(file), size), 0);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

/* state: the line of minor 3 behind its number; NULL: none. */
static void set_state(const char *state)
{
    g_autofree char *text =
        g_strdup_printf("version: 8.4.11 (api:1/proto:86-101)\n%s%s\n", state != NULL ? " 3: " : "",
                        state != NULL ? state : "");

    ck_assert(g_file_set_contents(status_path, text, -1, NULL));
}

static const char secondary[] = "cs:Connected ro:Secondary/Primary ds:UpToDate/UpToDate C r-----";
static const char primary[] = "cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----";
static const char alone[] = "cs:StandAlone ro:Secondary/Unknown ds:UpToDate/DUnknown   r-----";

static void setup(void)
{
    g_autofree char *root = g_build_filename(g_getenv("TEST_TMPDIR"), "node1.example.com", NULL);

    g_setenv(C_V_CLUSTER_ROOTDIR_ENVNAME, root, TRUE);
    g_setenv(C_V_CLUSTER_HOSTNAME_ENVNAME, "node1.example.com", TRUE);
    store = g_build_filename(g_getenv("TEST_TMPDIR"), "store", NULL);
    ck_assert_int_eq(g_mkdir_with_parents(path_get(PATH_CONF_DIR), 0755), 0);
    ck_assert_int_eq(g_mkdir_with_parents(store, 0755), 0);
    ck_assert_int_eq(g_mkdir_with_parents(path_get(PATH_BDEV_CACHE_DIR), 0755), 0);
    ck_assert(g_file_set_contents(path_get(PATH_FILE_STORAGE_PATHS_FILE), store, -1, NULL));
    status_path = g_build_filename(store, "proc-drbd", NULL);
    drbd_node_set_status_path(status_path);
    data_path = make_file("data", 1024 * 1024);
    meta_path = make_file("meta", META_BYTES);
    recorder = cmd_recorder_new();
}

static void teardown(void)
{
    cmd_recorder_free(recorder);
    g_clear_pointer(&store, g_free);
    g_clear_pointer(&status_path, g_free);
    g_clear_pointer(&data_path, g_free);
    g_clear_pointer(&meta_path, g_free);
}

static char *defaults(void)
{
    GString *text = g_string_new("{");

    for (size_t i = 0; i < ld_params_n; i++) {
        if (ld_params[i].device == DISK_TEMPLATE_DRBD) {
            g_string_append_printf(
                text, "%s\"%s\": %s", text->len > 1 ? ", " : "", ld_params[i].name,
                disk_param_find(DISK_TEMPLATE_DRBD, ld_params[i].source)->default_json);
        }
    }
    g_string_append_c(text, '}');
    return g_string_free(text, FALSE);
}

static char *part(const char *path)
{
    return g_strdup_printf("{\"logical_id\": [\"loop\", \"%s\"], \"dev_type\": \"file\", "
                           "\"size\": 1, \"uuid\": \"\", \"serial_no\": 1}",
                           path);
}

static struct disk *decode(const char *text)
{
    CLEANUP(json_unrefp) struct json *json = NULL;
    g_autoptr(GError) error = NULL;
    struct disk *disk;

    ck_assert_msg(json_parse(text, -1, &json, NULL), "%s", text);
    disk = fact_object_decode(&fact_object_disk, json, NULL, &error);
    ck_assert_msg(disk != NULL, "%s", error != NULL ? error->message : "");
    return disk;
}

/* dynamic: members of dynamic_params. */
static struct disk *mirror(const char *dynamic)
{
    g_autofree char *params = defaults();
    g_autofree char *data = part(data_path), *meta = part(meta_path);
    g_autofree char *text = g_strdup_printf(
        "{\"logical_id\": [\"n1\", \"n2\", 11000, 3, 4, \"s3cret\"], \"dev_type\": \"drbd\", "
        "\"size\": 1024, \"uuid\": \"u\", \"serial_no\": 1, \"params\": %s, \"children\": "
        "[%s, %s], \"dynamic_params\": {%s}}",
        params, data, meta, dynamic);

    return decode(text);
}

static const char addresses[] = "\"local-ip\": \"192.0.2.1\", \"remote-ip\": \"192.0.2.2\", "
                                "\"local-minor\": 3, \"remote-minor\": 4";

static void disk_free(struct disk *disk)
{
    fact_object_free(&fact_object_disk, disk);
}
DEFINE_CLEANUP(struct disk *, disk_free)

/* How drbdsetup shows it: with its own disk and with the network, or parts of that. */
static char *shown(const char *data, const char *remote)
{
    GString *text = g_string_new("resource resource3 {\n");

    if (remote != NULL) {
        g_string_append_printf(text, "_remote_host { address ipv4 %s:11000; }\n", remote);
    }
    g_string_append(text, "_this_host {\n");
    if (remote != NULL) {
        g_string_append(text, "address ipv4 192.0.2.1:11000;\n");
    }
    g_string_append(text, "volume 0 { device minor 3;\n");
    if (data != NULL) {
        g_string_append_printf(text, "disk \"%s\"; meta-disk \"%s\";\n", data, meta_path);
    }
    g_string_append(text, "}\n}\n}\n");
    return g_string_free(text, FALSE);
}

static void answer_show(guint times, const char *data, const char *remote)
{
    g_autofree char *text = shown(data, remote);

    cmd_recorder_answer(recorder, "drbdsetup show 3", times, 0, text, NULL);
}

/* What was run, without the arguments behind the second. */
static void expect_runs(const char *expected)
{
    g_auto(GStrv) lines = g_strsplit(cmd_recorder_text(recorder), "\n", -1);
    g_autoptr(GString) text = g_string_new(NULL);

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", -1);

        if (**line != '\0') {
            const char *verb =
                g_str_equal(words[0], "drbdmeta") ? words[g_strv_length(words) - 1] : words[1];

            g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", verb);
        }
    }
    ck_assert_str_eq(text->str, expected);
    cmd_recorder_clear(recorder);
}

/* On the primary node: parts that are files are used on no other. */
static bool assemble(const struct disk *disk, GError **errp)
{
    const struct bdev_use use = {.owner = "i", .primary = true};
    CLEANUP(bdev_freep) struct bdev *dev = NULL;

    return bdev_assemble(disk, &use, &dev, errp);
}

START_TEST(a_new_mirror_is_assembled)
{
    CLEANUP(disk_freep) struct disk *disk = mirror(addresses);

    set_state(NULL);
    answer_show(0, data_path, "192.0.2.2");
    ck_assert(assemble(disk, NULL));
    expect_runs("new-resource new-minor apply-al attach disk-options connect show primary");
}
END_TEST

START_TEST(a_mirror_that_is_right_stays)
{
    CLEANUP(disk_freep) struct disk *disk = mirror(addresses);

    set_state(primary);
    answer_show(0, data_path, "192.0.2.2");
    ck_assert(assemble(disk, NULL));
    expect_runs("show");
}
END_TEST

START_TEST(what_lacks_is_added)
{
    CLEANUP(disk_freep) struct disk *disk = mirror(addresses);

    set_state(primary);
    answer_show(1, NULL, "192.0.2.2");
    ck_assert(assemble(disk, NULL));
    expect_runs("show apply-al attach disk-options");
    answer_show(1, data_path, NULL);
    answer_show(0, data_path, "192.0.2.2");
    ck_assert(assemble(disk, NULL));
    expect_runs("show connect show");
}
END_TEST

START_TEST(a_wrong_peer_is_left_a_wrong_disk_is_not_touched)
{
    CLEANUP(disk_freep) struct disk *disk = mirror(addresses);
    g_autoptr(GError) error = NULL;

    set_state(primary);
    answer_show(1, data_path, "192.0.2.9");
    answer_show(1, data_path, "192.0.2.2");
    ck_assert(assemble(disk, NULL));
    ck_assert_ptr_nonnull(strstr(cmd_recorder_text(recorder),
                                 "disconnect ipv4:192.0.2.1:11000 ipv4:192.0.2.9:11000"));
    expect_runs("show disconnect connect show");
    answer_show(0, "/dev/other/disk", "192.0.2.2");
    ck_assert(!assemble(disk, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "/dev/other/disk"));
    expect_runs("show");
}
END_TEST

START_TEST(a_mirror_works_without_its_disk)
{
    CLEANUP(disk_freep) struct disk *disk = mirror(addresses);

    set_state(NULL);
    ck_assert_int_eq(unlink(meta_path), 0);
    answer_show(0, NULL, "192.0.2.2");
    ck_assert(assemble(disk, NULL));
    expect_runs("new-resource new-minor connect show primary");
}
END_TEST

START_TEST(a_half_without_a_port_stands_alone)
{
    CLEANUP(disk_freep) struct disk *disk = mirror(addresses);

    fact_clear(&type_VALUE, &disk->logical_id.v[2]);
    set_state(NULL);
    answer_show(0, data_path, NULL);
    ck_assert(assemble(disk, NULL));
    expect_runs("new-resource new-minor apply-al attach disk-options primary");
}
END_TEST

START_TEST(metadata_are_made)
{
    CLEANUP(disk_freep) struct disk *disk = mirror(addresses);
    const struct bdev_use use = {.owner = "i", .primary = true};
    const struct bdev_create how = {0};
    g_autoptr(GError) error = NULL;

    set_state(NULL);
    answer_show(0, data_path, "192.0.2.2");
    {
        CLEANUP(bdev_freep) struct bdev *dev = bdev_create(disk, &use, &how, &error);

        ck_assert_msg(dev != NULL, "%s", error != NULL ? error->message : "");
    }
    expect_runs(
        "create-md new-resource new-minor apply-al attach disk-options connect show primary");
    set_state(secondary);
    ck_assert_ptr_null(bdev_create(disk, &use, &how, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "in use"));
    g_clear_error(&error);
    set_state(NULL);
    ck_assert_int_eq(truncate(meta_path, META_BYTES - 1), 0);
    ck_assert_ptr_null(bdev_create(disk, &use, &how, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "at most"));
    expect_runs("");
}
END_TEST

START_TEST(roles_that_are_right_cost_nothing)
{
    CLEANUP(disk_freep) struct disk *disk = mirror(addresses);
    CLEANUP(bdev_freep) struct bdev *dev = NULL;

    set_state(primary);
    dev = bdev_find(disk, NULL);
    ck_assert(dev->ops->open(dev, false, true, NULL));
    expect_runs("");
    ck_assert(dev->ops->close(dev, NULL));
    expect_runs("secondary");
    set_state(secondary);
    ck_assert(dev->ops->close(dev, NULL));
    expect_runs("");
    ck_assert(dev->ops->open(dev, true, true, NULL));
    ck_assert_ptr_nonnull(strstr(cmd_recorder_text(recorder), "primary 3 --force"));
    cmd_recorder_clear(recorder);
    ck_assert(dev->ops->shutdown(dev, NULL));
    expect_runs("down");
}
END_TEST

START_TEST(parts_are_exchanged)
{
    CLEANUP(disk_freep) struct disk *disk = mirror(addresses);
    CLEANUP(bdev_freep) struct bdev *dev = NULL;
    g_autofree char *data_text = part(data_path), *meta_text = part(meta_path);
    CLEANUP(disk_freep) struct disk *data_disk = decode(data_text);
    CLEANUP(disk_freep) struct disk *meta_disk = decode(meta_text);
    CLEANUP(bdev_freep) struct bdev *data = bdev_find(data_disk, NULL);
    CLEANUP(bdev_freep) struct bdev *meta = bdev_find(meta_disk, NULL);
    g_autoptr(GError) error = NULL;

    set_state(secondary);
    dev = bdev_find(disk, NULL);
    answer_show(1, data_path, "192.0.2.2");
    ck_assert(!drbd_remove_disks(dev, "/dev/other", meta_path, &error));
    expect_runs("show");
    answer_show(2, data_path, "192.0.2.2");
    ck_assert(drbd_remove_disks(dev, data_path, meta_path, NULL));
    expect_runs("show detach");
    ck_assert(!drbd_add_disks(dev, data, meta, NULL));
    expect_runs("show");
    answer_show(0, NULL, "192.0.2.2");
    ck_assert(drbd_add_disks(dev, data, meta, NULL));
    /* The minor is in use, so another one has to do for the metadata. */
    ck_assert_ptr_nonnull(strstr(cmd_recorder_text(recorder), "--force /dev/drbd0 v08"));
    expect_runs("show create-md apply-al attach disk-options");
    ck_assert(drbd_remove_disks(dev, data_path, meta_path, NULL));
    expect_runs("show");
    ck_assert(!drbd_remove_disks(data, data_path, meta_path, NULL));
}
END_TEST

START_TEST(only_what_stands_alone_is_connected)
{
    CLEANUP(disk_freep) struct disk *disk = mirror(addresses);
    CLEANUP(bdev_freep) struct bdev *dev = NULL;
    g_autoptr(GError) error = NULL;

    set_state(secondary);
    dev = bdev_find(disk, NULL);
    ck_assert(!drbd_connect(dev, true, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "Connected"));
    set_state(alone);
    answer_show(0, data_path, "192.0.2.2");
    ck_assert(drbd_connect(dev, true, NULL));
    ck_assert_ptr_nonnull(strstr(cmd_recorder_text(recorder), "--allow-two-primaries"));
    expect_runs("connect show");
    /* It may have old addresses set up still. */
    ck_assert(drbd_disconnect(dev, NULL));
    expect_runs("disconnect");
}
END_TEST

START_TEST(states_are_told)
{
    static const struct {
        const char *state;
        bool degraded;
        int ldisk;
    } rows[] = {
        {primary, false, C_LDS_OKAY},
        {alone, true, C_LDS_FAULTY},
        {"cs:WFConnection ro:Primary/Unknown ds:UpToDate/DUnknown C r-----", true, C_LDS_OKAY},
        {"cs:Connected ro:Primary/Secondary ds:Diskless/UpToDate C r-----", true, C_LDS_FAULTY},
        {"cs:SyncTarget ro:Secondary/Primary ds:Inconsistent/UpToDate C r-----", true, C_LDS_SYNC},
        {"cs:WFConnection ro:Secondary/Unknown ds:Inconsistent/DUnknown C r-----", true,
         C_LDS_UNKNOWN},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        CLEANUP(disk_freep) struct disk *disk = mirror(addresses);
        CLEANUP(bdev_freep) struct bdev *dev = NULL;
        struct bdev_status status;

        set_state(rows[i].state);
        dev = bdev_find(disk, NULL);
        ck_assert(dev->ops->status(dev, &status, NULL));
        ck_assert_msg(status.degraded == rows[i].degraded, "%s", rows[i].state);
        ck_assert_msg(status.ldisk_status == rows[i].ldisk, "%s", rows[i].state);
    }
}
END_TEST

START_TEST(identities_are_checked)
{
    static const char *const bad[] = {
        "",
        "\"local-ip\": \"192.0.2.1\", \"remote-ip\": \"192.0.2.2\", \"local-minor\": -1",
        "\"local-ip\": 7, \"remote-ip\": \"192.0.2.2\", \"local-minor\": 3",
        "\"local-ip\": \"host\", \"remote-ip\": \"192.0.2.2\", \"local-minor\": 3",
        "\"local-ip\": \"192.0.2.1\", \"remote-ip\": \"fd00::2\", \"local-minor\": 3",
        "\"local-ip\": \"192.0.2.1\", \"remote-ip\": \"192.0.2.1\", \"local-minor\": 3",
    };
    CLEANUP(disk_freep)
    struct disk *disk = mirror("\"local-ip\": null, \"remote-ip\": null, \"local-minor\": 3");
    CLEANUP(bdev_freep) struct bdev *no_network = bdev_new(disk, NULL);

    ck_assert_ptr_nonnull(no_network);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        CLEANUP(disk_freep) struct disk *wrong = mirror(bad[i]);

        ck_assert_msg(bdev_new(wrong, NULL) == NULL, "%s", bad[i]);
    }
}
END_TEST

UNIT_MAIN_FIXTURE("drbd-run", setup, teardown, a_new_mirror_is_assembled,
                  a_mirror_that_is_right_stays, what_lacks_is_added,
                  a_wrong_peer_is_left_a_wrong_disk_is_not_touched,
                  a_half_without_a_port_stands_alone, a_mirror_works_without_its_disk,
                  metadata_are_made, roles_that_are_right_cost_nothing, parts_are_exchanged,
                  only_what_stands_alone_is_connected, states_are_told, identities_are_checked)
