#include "config.h"

#include "noded/storage/lvm/build.h"

#include <string.h>

enum { MAX_TAG = 128 };

#define NAME_CHARS G_CSET_a_2_z G_CSET_A_2_Z "0123456789+_."

/* The options of each report are its reference's own; the last one lists the fields. */
static const struct {
    const char *program;
    const char *options[6];
} reports[] = {
    [LVM_REPORT_DISKS] = {"lvs",
                          {"--noheadings", "--separator=" LVM_SEPARATOR, "--units=k", "--nosuffix",
                           "-ovg_name,lv_name,lv_attr,lv_kernel_major,lv_kernel_minor,"
                           "vg_extent_size,stripes,devices"}},
    [LVM_REPORT_PVS] = {"pvs",
                        {"--noheadings", "--nosuffix", "--units=m", "--unbuffered",
                         "--separator=" LVM_SEPARATOR,
                         "-opv_name,vg_name,pv_free,pv_attr,pv_size,pv_name"}},
    [LVM_REPORT_PVS_LVS] = {"pvs",
                            {"--noheadings", "--nosuffix", "--units=m", "--unbuffered",
                             "--separator=" LVM_SEPARATOR,
                             "-opv_name,vg_name,pv_free,pv_attr,pv_size,lv_name"}},
    [LVM_REPORT_VGS] = {"vgs",
                        {"--noheadings", "--nosuffix", "--units=m", "--unbuffered",
                         "--separator=" LVM_SEPARATOR, "-ovg_name,vg_free,vg_attr,vg_size"}},
    [LVM_REPORT_VG_SIZES] = {"vgs", {"--noheadings", "--units=m", "--nosuffix", "-oname,size"}},
    [LVM_REPORT_LV_SIZES] = {"lvs",
                             {"--noheadings", "--units=m", "--nosuffix",
                              "--separator=" LVM_SEPARATOR, "-ovg_name,lv_name,lv_size,lv_attr"}},
    [LVM_REPORT_LV_DEVICES] = {"lvs",
                               {"--noheadings", "--units=m", "--nosuffix",
                                "--separator=" LVM_SEPARATOR,
                                "--options=lv_name,lv_size,devices,vg_name"}},
    [LVM_REPORT_TAGS] = {"lvs", {"--noheadings", "--nosuffix", "-otags"}},
    [LVM_REPORT_CONSISTENCY] = {"vgs", {"--noheadings", "--nosuffix"}},
};

const char *const lvm_policies[] = {"contiguous", "cling", "normal", NULL};

static char **finish(GStrvBuilder *argv)
{
    char **vector = g_strv_builder_end(argv);

    g_strv_builder_unref(argv);
    return vector;
}

static GStrvBuilder *begin(const char *program)
{
    GStrvBuilder *argv = g_strv_builder_new();

    g_strv_builder_add(argv, program);
    return argv;
}

static void add_format(GStrvBuilder *argv, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add_format(GStrvBuilder *argv, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_strv_builder_add(argv, text);
}

static void add_all(GStrvBuilder *argv, const char *const *texts)
{
    for (; texts != NULL && *texts != NULL; texts++) {
        g_strv_builder_add(argv, *texts);
    }
}

char **lvm_build_report(enum lvm_report report, const char *const *names)
{
    GStrvBuilder *argv = begin(reports[report].program);

    for (size_t i = 0; i < G_N_ELEMENTS(reports[report].options); i++) {
        if (reports[report].options[i] != NULL) {
            g_strv_builder_add(argv, reports[report].options[i]);
        }
    }
    add_all(argv, names);
    return finish(argv);
}

char **lvm_build_units(const char *program, const char *fields, const char *name)
{
    GStrvBuilder *argv = begin(program);

    g_strv_builder_add_many(argv, "--noheadings", "--units=m", "--nosuffix", "--separator",
                            LVM_SEPARATOR, "--options", fields, name, NULL);
    return finish(argv);
}

/* -Wn: a newer LVM asks a question about old signatures otherwise, and fails for want of an answer.
 */
char **lvm_build_create(const char *vg, const char *name, int64_t size, int64_t stripes,
                        const char *const *pvs)
{
    GStrvBuilder *argv = begin("lvcreate");

    g_strv_builder_add(argv, "-Wn");
    add_format(argv, "-L%" G_GINT64_FORMAT "m", size);
    add_format(argv, "-n%s", name);
    add_format(argv, "-i%" G_GINT64_FORMAT, stripes);
    g_strv_builder_add(argv, vg);
    add_all(argv, pvs);
    return finish(argv);
}

char **lvm_build_snapshot(const char *path, const char *name, int64_t size)
{
    GStrvBuilder *argv = begin("lvcreate");

    add_format(argv, "-L%" G_GINT64_FORMAT "m", size);
    g_strv_builder_add(argv, "-s");
    add_format(argv, "-n%s", name);
    g_strv_builder_add(argv, path);
    return finish(argv);
}

char **lvm_build_remove(const char *vg, const char *name)
{
    GStrvBuilder *argv = begin("lvremove");

    g_strv_builder_add(argv, "-f");
    add_format(argv, "%s/%s", vg, name);
    return finish(argv);
}

char **lvm_build_rename(const char *vg, const char *from, const char *to)
{
    GStrvBuilder *argv = begin("lvrename");

    g_strv_builder_add_many(argv, vg, from, to, NULL);
    return finish(argv);
}

char **lvm_build_activate(const char *path)
{
    GStrvBuilder *argv = begin("lvchange");

    g_strv_builder_add_many(argv, "-ay", path, NULL);
    return finish(argv);
}

char **lvm_build_extend(const char *path, int64_t kib, bool dry_run, const char *policy,
                        const char *const *pvs)
{
    GStrvBuilder *argv = begin("lvextend");

    g_strv_builder_add(argv, "-L");
    add_format(argv, "+%" G_GINT64_FORMAT "k", kib);
    if (dry_run) {
        g_strv_builder_add(argv, "--test");
    }
    g_strv_builder_add_many(argv, "--alloc", policy, path, NULL);
    add_all(argv, pvs);
    return finish(argv);
}

char **lvm_build_retag(const char *path, const char *old, const char *tag)
{
    GStrvBuilder *argv = begin("lvchange");
    g_auto(GStrv) tags = g_strsplit(old, ",", -1);

    for (char **item = tags; *item != NULL; item++) {
        g_strstrip(*item);
        /* A tag both taken away and given would be gone. */
        if (**item != '\0' && strcmp(*item, tag) != 0) {
            g_strv_builder_add_many(argv, "--deltag", *item, NULL);
        }
    }
    g_strv_builder_add_many(argv, "--addtag", tag, path, NULL);
    return finish(argv);
}

char *lvm_tag_from(const char *text)
{
    GString *tag = g_string_new(NULL);

    /* One "_" for each character, not for each of its bytes. */
    for (const char *p = text; *p != '\0' && tag->len < MAX_TAG; p++) {
        bool good = strchr(NAME_CHARS, *p) != NULL || (*p == '-' && p > text);

        if (good) {
            g_string_append_c(tag, *p);
        } else if (((unsigned char)*p & 0xC0) != 0x80) {
            g_string_append_c(tag, '_');
        }
    }
    return g_string_free(tag, FALSE);
}

char **lvm_build_allocatable(const char *pv, bool allocatable)
{
    GStrvBuilder *argv = begin("pvchange");

    g_strv_builder_add_many(argv, "--allocatable", allocatable ? "y" : "n", pv, NULL);
    return finish(argv);
}

char **lvm_build_remove_missing(const char *vg, bool force)
{
    GStrvBuilder *argv = begin("vgreduce");

    g_strv_builder_add(argv, "--removemissing");
    if (force) {
        g_strv_builder_add(argv, "--force");
    }
    g_strv_builder_add(argv, vg);
    return finish(argv);
}

/* LogicalVolume._ValidateName, and no name that LVM would take for an option. */
bool lvm_name_ok(const char *name)
{
    static const char *const reserved[] = {".", "..", "snapshot", "pvmove"};

    if (*name == '\0' || *name == '-' || name[strspn(name, NAME_CHARS "-")] != '\0') {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(reserved); i++) {
        if (strcmp(name, reserved[i]) == 0) {
            return false;
        }
    }
    return strstr(name, "_mlog") == NULL && strstr(name, "_mimage") == NULL;
}
