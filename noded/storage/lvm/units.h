/* Physical volumes and volume groups as storage units, which people list and repair
 * (lib/storage/container.py LvmPvStorage, LvmVgStorage). */
#ifndef GANTRY_NODED_STORAGE_LVM_UNITS_H
#define GANTRY_NODED_STORAGE_LVM_UNITS_H

#include <glib.h>
#include <stdbool.h>

#include "base/json-writer.h"
#include "facts/objects.h"

/* Writes a list with a list of the fields' values for each unit; name NULL: all. Sizes are whole
 * MiB. type is STORAGE_LVM_PV or STORAGE_LVM_VG. */
bool lvm_units_list(enum storage_type type, const char *name, const enum storage_field *fields,
                    size_t n_fields, struct json_writer *result, GError **errp);

/* Whether new volumes may be made on a physical volume. */
bool lvm_pv_set_allocatable(const char *pv, bool allocatable, GError **errp);

/* Makes a volume group forget physical volumes that are gone, with all that was on them. */
bool lvm_group_repair(const char *group, GError **errp);

#endif
