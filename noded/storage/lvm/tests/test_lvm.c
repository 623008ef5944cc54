/* Commands and answers are compared with those of the reference's own code (from-reference), for
 * output that LVM 2.03.16 gave on three physical volumes. */
#include <string.h>

#include "base/cmd-testing.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/tests/golden.h"
#include "base/tests/unit.h"
#include "facts/codec.h"
#include "facts/errors.h"
#include "noded/storage/bdev.h"
#include "noded/storage/lvm/build.h"
#include "noded/storage/lvm/groups.h"
#include "noded/storage/lvm/parse.h"
#include "noded/storage/lvm/units.h"

enum { MAX_FILE = 1024 * 1024 };

static char *captured(const char *name)
{
    g_autofree char *relative = g_strdup_printf("noded/storage/lvm/golden/%s", name);
    g_autofree char *path = golden_path(relative);
    char *text = fs_read_file(path, MAX_FILE, NULL, NULL);

    ck_assert_msg(text != NULL, "%s", path);
    return text;
}

static void answer(struct cmd_recorder *recorder, const char *glob, const char *name)
{
    g_autofree char *text = captured(name);

    cmd_recorder_answer(recorder, glob, 0, 0, text, NULL);
}

enum { MAX_FAILING = 2 };

/* failing: parts of commands that fail; NULL: none. */
static struct cmd_recorder *recorder_new(const char *pvs, const char *const *failing)
{
    struct cmd_recorder *recorder = cmd_recorder_new();

    for (size_t i = 0; failing != NULL && i < MAX_FAILING && failing[i] != NULL; i++) {
        g_autofree char *glob = g_strdup_printf("*%s*", failing[i]);

        cmd_recorder_answer(recorder, glob, 0, 5, NULL, "  Insufficient free space\n");
    }
    answer(recorder, "lvs *stripes*", "disks.out");
    answer(recorder, "lvs *devices,vg_name*", "lv-devices.out");
    answer(recorder, "lvs *lv_size*", "lv-sizes.out");
    answer(recorder, "lvs *tags*", "tags.out");
    answer(recorder, "pvs *--options*", "units-pv.out");
    answer(recorder, "pvs *lv_name*", "pvs-lvs.out");
    answer(recorder, "pvs *", pvs);
    answer(recorder, "vgs *--options*", "units-vg.out");
    answer(recorder, "vgs *vg_free*", "vgs.out");
    answer(recorder, "vgs *name,size*", "vg-sizes.out");
    return recorder;
}

/* --- The cases of from-reference ----------------------------------------------------------------
 */

struct run {
    const char *title;
    const char *volume; /* "group/name" */
    int64_t size, stripes, spindles;
    bool exclusive, dry_run, not_backing;
    int64_t amount;
    const char *name; /* new, or of a snapshot */
    const char *failing[MAX_FAILING];
    const char *pvs;
    bool (*fn)(const struct run *run, struct bdev *dev);
};

static struct disk *disk_of(const char *volume, int64_t size, int64_t stripes, int64_t spindles)
{
    g_auto(GStrv) parts = g_strsplit(volume, "/", 2);
    g_autofree char *text = g_strdup_printf(
        "{\"logical_id\": [\"%s\", \"%s\"], \"dev_type\": \"plain\", \"size\": %" G_GINT64_FORMAT
        ", \"uuid\": \"u\", \"serial_no\": 1, \"params\": {\"stripes\": %" G_GINT64_FORMAT "}}",
        parts[0], parts[1], size, stripes);
    CLEANUP(json_unrefp) struct json *json = NULL;
    struct disk *disk;

    ck_assert(json_parse(text, -1, &json, NULL));
    disk = fact_object_decode(&fact_object_disk, json, NULL, NULL);
    ck_assert_ptr_nonnull(disk);
    disk->spindles = spindles;
    disk->has.spindles = spindles > 0;
    return disk;
}

static void disk_free(struct disk *disk)
{
    fact_object_free(&fact_object_disk, disk);
}
DEFINE_CLEANUP(struct disk *, disk_free)

static bool do_create(const struct run *run, struct bdev *dev)
{
    const struct bdev_create how = {.exclusive_storage = run->exclusive};

    return dev->ops->create(dev, &how, NULL);
}

static bool do_remove(const struct run *run G_GNUC_UNUSED, struct bdev *dev)
{
    return dev->ops->remove(dev, NULL);
}

static bool do_rename(const struct run *run, struct bdev *dev)
{
    CLEANUP(disk_freep) struct disk *disk = disk_of(run->name, 4, 1, 0);

    return dev->ops->rename(dev, disk, NULL);
}

static bool do_assemble(const struct run *run G_GNUC_UNUSED, struct bdev *dev)
{
    return dev->ops->assemble(dev, NULL);
}

static bool do_grow(const struct run *run, struct bdev *dev)
{
    const struct bdev_grow how = {.amount = run->amount,
                                  .dry_run = run->dry_run,
                                  .backing_store = !run->not_backing,
                                  .exclusive_storage = run->exclusive};

    return dev->ops->grow(dev, &how, NULL);
}

static bool do_snapshot(const struct run *run, struct bdev *dev)
{
    struct value_list id = {0};
    bool ok = dev->ops->snapshot(dev, run->name, run->amount, &id, NULL);

    ck_assert(!ok || (id.n == 2 && g_str_equal(fact_value_text(&id.v[0]), "xenvg")));
    fact_clear(&type_value_list, &id);
    return ok;
}

static bool do_allocatable(const struct run *run, struct bdev *dev G_GNUC_UNUSED)
{
    return lvm_pv_set_allocatable("/dev/ubdb1", run->amount != 0, NULL);
}

#define CREATE .volume = "xenvg/new", .fn = do_create
#define D0     .volume = "xenvg/d0", .size = 1280
#define M0     .volume = "xenvg/m0", .size = 128

static const struct run runs[] = {
    {"create", CREATE, .size = 1024, .stripes = 1},
    {"create, two stripes", CREATE, .size = 1024, .stripes = 2},
    {"create, more stripes than there are", CREATE, .size = 1024, .stripes = 5},
    {"create, badly spread", CREATE, .size = 1024, .stripes = 3, .failing = {"-i3", "-i2"}},
    {"create, not at all", CREATE, .size = 1024, .stripes = 2, .failing = {"-i"}},
    {"create, too large", CREATE, .size = 26657, .stripes = 1},
    {"create, as large as can be", CREATE, .size = 26656, .stripes = 1},
    {"create, no such group", .volume = "othervg/new", .size = 4, .stripes = 1, .fn = do_create},
    {"create, exclusive", CREATE, .size = 9000, .stripes = 1, .spindles = 1, .exclusive = true,
     .pvs = "pvs-empty.out"},
    {"create, exclusive on two", CREATE, .size = 9255, .stripes = 1, .spindles = 2,
     .exclusive = true, .pvs = "pvs-empty.out"},
    {"create, exclusive on too few", CREATE, .size = 9255, .stripes = 1, .spindles = 1,
     .exclusive = true, .pvs = "pvs-empty.out"},
    {"create, exclusive on more than are empty", CREATE, .size = 9255, .stripes = 1, .spindles = 3,
     .exclusive = true, .pvs = "pvs-empty.out"},
    {"create, exclusive without a number", CREATE, .size = 4, .stripes = 1, .exclusive = true,
     .pvs = "pvs-empty.out"},
    {"remove", D0, .fn = do_remove},
    {"remove what is not there", .volume = "xenvg/d1", .fn = do_remove},
    {"rename", D0, .name = "xenvg/d9", .fn = do_rename},
    {"rename to another group", D0, .name = "othervg/d9", .fn = do_rename},
    {"activate", .volume = "xenvg/s.1", .fn = do_assemble},
    {"grow", D0, .amount = 100, .fn = do_grow},
    {"grow in stripes", M0, .amount = 5, .fn = do_grow},
    {"grow, only look", M0, .amount = 5, .dry_run = true, .fn = do_grow},
    {"grow, not the storage", D0, .amount = 100, .not_backing = true, .fn = do_grow},
    {"grow, second try", D0, .amount = 100, .failing = {"contiguous"}, .fn = do_grow},
    {"grow, not at all", D0, .amount = 100, .failing = {"lvextend"}, .fn = do_grow},
    {"grow, exclusive", M0, .amount = 100, .exclusive = true, .fn = do_grow},
    {"grow, exclusive, too much", M0, .amount = 20000, .exclusive = true, .fn = do_grow},
    {"snapshot", D0, .fn = do_snapshot},
    {"snapshot, of a size", D0, .name = "mine", .amount = 200, .fn = do_snapshot},
    {"snapshot, an old one is there", D0, .name = "snap", .fn = do_snapshot},
    {"snapshot, no room", .volume = "xenvg/d0", .size = 30000, .fn = do_snapshot},
    {"allocatable", D0, .amount = 1, .fn = do_allocatable},
    {"not allocatable", D0, .amount = 0, .fn = do_allocatable},
};

/* What was run, without reports. */
static void add_commands(GString *text, const struct cmd_recorder *recorder, const struct run *run)
{
    g_auto(GStrv) lines = g_strsplit(cmd_recorder_text(recorder), "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        bool failing = false;

        if (**line == '\0' || g_str_has_prefix(*line, "lvs ") || g_str_has_prefix(*line, "pvs ") ||
            g_str_has_prefix(*line, "vgs ")) {
            continue;
        }
        for (size_t i = 0; i < MAX_FAILING && run->failing[i] != NULL; i++) {
            failing = failing || strstr(*line, run->failing[i]) != NULL;
        }
        g_string_append_printf(text, "%s%s\n", failing ? "fails: " : "", *line);
    }
}

static void add_run(GString *text, const struct run *run)
{
    CLEANUP(cmd_recorder_freep)
    struct cmd_recorder *recorder =
        recorder_new(run->pvs != NULL ? run->pvs : "pvs.out", run->failing);
    CLEANUP(disk_freep)
    struct disk *disk = disk_of(run->volume, run->size, run->stripes, run->spindles);
    CLEANUP(bdev_freep) struct bdev *dev = bdev_new(disk, NULL);
    bool ok;

    ck_assert_ptr_nonnull(dev);
    ck_assert(dev->ops->attach(dev, NULL));
    ok = run->fn(run, dev);
    g_string_append_printf(text, "# %s\n", run->title);
    add_commands(text, recorder, run);
    if (!ok) {
        g_string_append(text, "refused\n");
    }
}

START_TEST(commands_are_the_reference_s)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(runs); i++) {
        add_run(text, &runs[i]);
    }
    golden_check("noded/storage/lvm/golden/commands.txt", text->str);
}
END_TEST

/* --- Reports ------------------------------------------------------------------------------------
 */

START_TEST(volumes_are_read)
{
    g_autofree char *text = captured("disks.out");
    g_autoptr(GHashTable) disks = lvm_disks_parse(text, NULL);
    const struct lvm_disk *disk;

    ck_assert_ptr_nonnull(disks);
    ck_assert_uint_eq(g_hash_table_size(disks), 6);
    disk = g_hash_table_lookup(disks, "xenvg/d0");
    ck_assert_str_eq(disk->attributes, "owi-a-s---");
    ck_assert(disk->major == 254 && disk->minor == 0);
    /* Two segments on two physical volumes. */
    ck_assert_uint_eq(disk->pvs->len, 2);
    disk = g_hash_table_lookup(disks, "xenvg/s.1");
    ck_assert(disk->major == -1 && disk->minor == -1);
    ck_assert(disk->extent_kib == 4096 && disk->stripes == 3);
    ck_assert_uint_eq(disk->pvs->len, 3);
    ck_assert_str_eq(g_ptr_array_index(disk->pvs, 1), "/dev/ubdb2");
    disk = g_hash_table_lookup(disks, "xenvg/thin");
    ck_assert_uint_eq(disk->pvs->len, 0);
}
END_TEST

START_TEST(strange_reports_are_refused)
{
    static const char *const bad[] = {
        "  xenvg|d0|-wi-a-----|254|0|4096.00|1\n",
        "  xenvg|d0|-wi-a-----|254|0|4096.00|1|/dev/sda|x\n",
        "  xenvg|d0|-wi|254|0|4096.00|1|/dev/sda(0)\n",
        "  xenvg|d0|-wi-a-----|a|0|4096.00|1|/dev/sda(0)\n",
        "  xenvg|d0|-wi-a-----|254|0|x|1|/dev/sda(0)\n",
        "  xenvg|d0|-wi-a-----|254|0|4096.00|1|/dev/sda\n",
        "  xenvg|d0|-wi-a-----|254|0|4096.00|1|/dev/sda(0),\n",
        "  xenvg|d0|-wi-a-----|254|0|4096.00|1|/dev/sda(x)\n",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_msg(lvm_disks_parse(bad[i], &error) == NULL, "%s", bad[i]);
        ck_assert_int_eq(err_class(error), ERR_BLOCK_DEVICE);
    }
    ck_assert_ptr_null(lvm_pvs_parse("  /dev/sda|xenvg|x|a--|1.00|/dev/sda\n", false, NULL));
    ck_assert_ptr_null(lvm_pvs_parse("  /dev/sda|xenvg|1.00||1.00|/dev/sda\n", false, NULL));
    ck_assert_ptr_null(lvm_groups_parse("  xenvg|1.00|wz--n-\n", NULL));
}
END_TEST

START_TEST(groups_have_room)
{
    CLEANUP(cmd_recorder_freep) struct cmd_recorder *recorder = recorder_new("pvs.out", NULL);
    double size = 0, free = 0;
    int64_t all, empty;
    bool there;

    ck_assert(lvm_group_room("xenvg", false, &size, &free, &there, NULL));
    ck_assert(there && size == 28600 && free == 26656);
    ck_assert(lvm_group_room("othervg", false, &size, &free, &there, NULL) && !there);
    ck_assert(lvm_group_room("xenvg", true, &size, &free, &there, NULL));
    ck_assert(there && free == 0);
    ck_assert(lvm_group_spindles("xenvg", &all, &empty, NULL));
    ck_assert(all == 3 && empty == 0);
    cmd_recorder_free(g_steal_pointer(&recorder));
    recorder = recorder_new("pvs-empty.out", NULL);
    ck_assert(lvm_group_room("xenvg", true, &size, &free, &there, NULL));
    /* Two empty ones, each counts as the smallest less a reserve. */
    ck_assert(free == 2 * 9254);
    ck_assert(lvm_group_spindles("xenvg", &all, &empty, NULL));
    ck_assert(all == 3 && empty == 2);
}
END_TEST

START_TEST(a_failing_report_is_no_absence)
{
    CLEANUP(cmd_recorder_freep) struct cmd_recorder *recorder = cmd_recorder_new();
    CLEANUP(disk_freep) struct disk *there = disk_of("xenvg/d0", 1280, 1, 0);
    CLEANUP(disk_freep) struct disk *other = disk_of("othervg/d0", 1280, 1, 0);
    CLEANUP(bdev_freep) struct bdev *dev = NULL;
    g_autofree char *text = captured("disks.out");
    g_autoptr(GError) error = NULL;

    cmd_recorder_answer(recorder, "lvs *", 0, 5, text, "  Volume group othervg is inconsistent\n");
    dev = bdev_find(there, &error);
    ck_assert_ptr_nonnull(dev);
    ck_assert_ptr_null(bdev_find(other, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "othervg is inconsistent"));
    ck_assert_int_ne(err_class(error), ERR_BLOCK_DEVICE);
}
END_TEST

START_TEST(one_report_serves_many_disks)
{
    CLEANUP(cmd_recorder_freep) struct cmd_recorder *recorder = recorder_new("pvs.out", NULL);
    CLEANUP(disk_freep) struct disk *first = disk_of("xenvg/d0", 1280, 1, 0);
    CLEANUP(disk_freep) struct disk *second = disk_of("xenvg/m0", 128, 1, 0);
    CLEANUP(bdev_freep) struct bdev *a = bdev_find(first, NULL);
    CLEANUP(bdev_freep) struct bdev *b = bdev_find(second, NULL);
    struct bdev_status status;
    int64_t spindles;

    ck_assert(a != NULL && b != NULL);
    ck_assert(strchr(cmd_recorder_text(recorder), '\n') ==
              strrchr(cmd_recorder_text(recorder), '\n'));
    ck_assert(b->ops->spindles(b, &spindles, NULL) && spindles == 2);
    ck_assert(a->ops->status(a, &status, NULL) && !status.degraded);
}
END_TEST

/* --- Answers ------------------------------------------------------------------------------------
 */

static void expect_answer(const char *name, const char *text)
{
    g_autofree char *golden = captured("answers.json");
    CLEANUP(json_unrefp) struct json *expected = NULL, *got = NULL;

    ck_assert(json_parse(golden, -1, &expected, NULL));
    ck_assert_msg(json_has(expected, name), "%s", name);
    ck_assert_msg(json_parse(text, -1, &got, NULL), "%s", text);
    ck_assert_msg(json_equal(json_get(expected, name), got), "%s: %s", name, text);
}

START_TEST(units_are_listed)
{
    CLEANUP(cmd_recorder_freep) struct cmd_recorder *recorder = recorder_new("pvs.out", NULL);
    static const enum storage_field fields[] = {STORAGE_FIELD_NAME, STORAGE_FIELD_SIZE,
                                                STORAGE_FIELD_USED, STORAGE_FIELD_FREE,
                                                STORAGE_FIELD_ALLOCATABLE};
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_PYTHON);

    ck_assert(lvm_units_list(STORAGE_LVM_PV, NULL, fields, G_N_ELEMENTS(fields), &w, NULL));
    expect_answer("storage_list lvm-pv", text->str);
    g_string_truncate(text, 0);
    w = json_writer_init(text, JSON_PYTHON);
    ck_assert(lvm_units_list(STORAGE_LVM_VG, NULL, fields, G_N_ELEMENTS(fields), &w, NULL));
    expect_answer("storage_list lvm-vg", text->str);
}
END_TEST

START_TEST(a_group_is_repaired_until_it_is_whole)
{
    CLEANUP(cmd_recorder_freep) struct cmd_recorder *recorder = cmd_recorder_new();
    g_autoptr(GError) error = NULL;

    cmd_recorder_answer(recorder, "vgreduce*", 0, 5, NULL, "  still 1 PV missing\n");
    cmd_recorder_answer(recorder, "vgs*", 0, 0, "  xenvg 2 1 0 wz-pn- 2g 1g\n",
                        "  WARNING: Couldn't find device with uuid abc.\n");
    ck_assert(!lvm_group_repair("xenvg", &error));
    ck_assert_str_eq(cmd_recorder_text(recorder), "vgreduce --removemissing xenvg\n"
                                                  "vgreduce --removemissing --force xenvg\n"
                                                  "vgs --noheadings --nosuffix xenvg\n");
    ck_assert_ptr_nonnull(strstr(error->message, "uuid abc"));
    cmd_recorder_free(g_steal_pointer(&recorder));
    recorder = cmd_recorder_new();
    cmd_recorder_answer(recorder, "vgreduce*", 0, 0, "  Wrote out consistent volume group xenvg\n",
                        NULL);
    ck_assert(lvm_group_repair("xenvg", NULL));
    ck_assert_str_eq(cmd_recorder_text(recorder), "vgreduce --removemissing xenvg\n"
                                                  "vgs --noheadings --nosuffix xenvg\n");
}
END_TEST

START_TEST(names_and_tags)
{
    static const char *const bad[] = {"",       ".",       "..",       "a/b", "a b", "snapshot",
                                      "pvmove", "x_mlog1", "x_mimage", "-x",  "a:b"};
    g_autofree char *longest = g_strnfill(200, 'x');
    g_autofree char *cut = lvm_tag_from(longest);
    g_autofree char *tag = lvm_tag_from("-a b/c\303\244-d");
    g_autofree char *text = NULL;
    g_auto(GStrv) argv = lvm_build_retag("/dev/v/x", "old, new ,third\n", "new");

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        ck_assert_msg(!lvm_name_ok(bad[i]), "%s", bad[i]);
    }
    ck_assert(lvm_name_ok("a.b+c_d-1"));
    ck_assert_str_eq(tag, "_a_b_c_-d");
    ck_assert_uint_eq(strlen(cut), 128);
    text = g_strjoinv(" ", argv);
    ck_assert_str_eq(text, "lvchange --deltag old --deltag third --addtag new /dev/v/x");
}
END_TEST

UNIT_MAIN("lvm", commands_are_the_reference_s, volumes_are_read, strange_reports_are_refused,
          groups_have_room, a_failing_report_is_no_absence, one_report_serves_many_disks,
          units_are_listed, a_group_is_repaired_until_it_is_whole, names_and_tags)
