/* Reports of LVM's programs. Pure. */
#ifndef GANTRY_NODED_STORAGE_LVM_PARSE_H
#define GANTRY_NODED_STORAGE_LVM_PARSE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "facts/objects.h"

/* A logical volume as a disk. Reference counted: g_rc_box_acquire(), lvm_disk_unref(). */
struct lvm_disk {
    char *attributes;     /* at least six letters */
    int64_t major, minor; /* -1: not active */
    int64_t extent_kib, stripes;
    GPtrArray *pvs; /* names (char *) of the physical volumes it is on, each once */
};
void lvm_disk_unref(struct lvm_disk *disk);

/* LVM_REPORT_DISKS as a table "vg/name" -> struct lvm_disk; g_hash_table_unref(). NULL and *errp
 * (BlockDeviceError) if a line has another shape. (_ParseLvInfoLine) */
GHashTable *lvm_disks_parse(const char *text, GError **errp);

/* LVM_REPORT_PVS or, with_lvs, LVM_REPORT_PVS_LVS as an array of struct lvm_pv_info, freed with it.
 * (GetPVInfo) */
GPtrArray *lvm_pvs_parse(const char *text, bool with_lvs, GError **errp);

struct lvm_group {
    char *name;
    double size, free; /* MiB */
    bool read_only;
};
/* LVM_REPORT_VGS as an array of struct lvm_group, freed with it. */
GPtrArray *lvm_groups_parse(const char *text, GError **errp);

/* Calls fn with the fields of each line, without blanks around them; a line with fewer than
 * min_fields is logged and passed over. */
typedef void lvm_line_fn(char **fields, void *user);
void lvm_lines_parse(const char *text, const char *separator, guint min_fields, lvm_line_fn *fn,
                     void *user);

/* A size as LVM prints it without a suffix. */
bool lvm_size_parse(const char *text, double *ret_size);

#endif
