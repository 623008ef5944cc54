/* Arguments of LVM's programs (lib/storage/bdev.py LogicalVolume, lib/storage/container.py). Pure.
 * Results are g_strfreev(). */
#ifndef GANTRY_NODED_STORAGE_LVM_BUILD_H
#define GANTRY_NODED_STORAGE_LVM_BUILD_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Between the fields of all reports. */
#define LVM_SEPARATOR "|"

enum lvm_report {
    LVM_REPORT_DISKS,       /* all logical volumes as disks: parse.h lvm_disks_parse() */
    LVM_REPORT_PVS,         /* name, group, free MiB, letters, size MiB, name */
    LVM_REPORT_PVS_LVS,     /* the same, with a logical volume on it in place of the last name */
    LVM_REPORT_VGS,         /* name, free MiB, letters, size MiB */
    LVM_REPORT_VG_SIZES,    /* name, size MiB, with blanks between */
    LVM_REPORT_LV_SIZES,    /* group, name, size MiB, letters */
    LVM_REPORT_LV_DEVICES,  /* name, size MiB, devices, group */
    LVM_REPORT_TAGS,        /* of one logical volume, with commas between */
    LVM_REPORT_CONSISTENCY, /* of one group; for its complaints */
};
/* names: of what is to be reported, NULL for all. */
char **lvm_build_report(enum lvm_report report, const char *const *names);
/* A report with these fields (with commas between) of the program "pvs" or "vgs"; name may be NULL.
 */
char **lvm_build_units(const char *program, const char *fields, const char *name);

/* size: MiB. pvs: where it may be. */
char **lvm_build_create(const char *vg, const char *name, int64_t size, int64_t stripes,
                        const char *const *pvs);
char **lvm_build_snapshot(const char *path, const char *name, int64_t size);
char **lvm_build_remove(const char *vg, const char *name);
char **lvm_build_rename(const char *vg, const char *from, const char *to);
char **lvm_build_activate(const char *path);
/* Ways to place what a volume grows by, the best first; NULL-terminated. */
extern const char *const lvm_policies[];
/* kib: rounded to whole stripes. pvs: where it may grow, empty: anywhere. */
char **lvm_build_extend(const char *path, int64_t kib, bool dry_run, const char *policy,
                        const char *const *pvs);
/* old: tags that go, with commas and blanks between as LVM reports them. */
char **lvm_build_retag(const char *path, const char *old, const char *tag);
/* A text as LVM takes it for a tag; allocated. */
char *lvm_tag_from(const char *text);

char **lvm_build_allocatable(const char *pv, bool allocatable);
char **lvm_build_remove_missing(const char *vg, bool force);

/* Whether it may be the name of a group or a volume. */
bool lvm_name_ok(const char *name);

#endif
