#include "config.h"

#include "noded/storage/lvm/units.h"

#include <math.h>
#include <string.h>

#include "base/cmd.h"
#include "noded/storage/bdev-common.h"
#include "noded/storage/lvm/build.h"
#include "noded/storage/lvm/groups.h"
#include "noded/storage/lvm/parse.h"

/* --- Listing ------------------------------------------------------------------------------------
 */

/* Fields of a report, in the order of kinds[].fields. */
enum column { COLUMN_NAME, COLUMN_SIZE, COLUMN_FREE, COLUMN_ATTRIBUTES, N_COLUMNS };

static const struct {
    const char *program;
    const char *fields;
    bool may_be_closed; /* for new volumes */
} kinds[] = {
    [STORAGE_LVM_PV] = {"pvs", "pv_name,pv_size,pv_free,pv_attr", true},
    [STORAGE_LVM_VG] = {"vgs", "vg_name,vg_size,vg_free,vg_attr", false},
};

struct listing {
    const enum storage_field *fields;
    size_t n_fields;
    bool may_be_closed;
    struct json_writer *result;
};

static void write_size(struct json_writer *result, double size)
{
    json_write_int(result, (int64_t)rint(size));
}

static void write_unit(char **columns, void *user)
{
    const struct listing *listing = user;
    double size, free;

    if (!lvm_size_parse(columns[COLUMN_SIZE], &size) ||
        !lvm_size_parse(columns[COLUMN_FREE], &free)) {
        return;
    }
    json_write_array_begin(listing->result);
    for (size_t i = 0; i < listing->n_fields; i++) {
        switch (listing->fields[i]) {
        case STORAGE_FIELD_NAME:
            json_write_string(listing->result, columns[COLUMN_NAME]);
            break;
        case STORAGE_FIELD_SIZE:
            write_size(listing->result, size);
            break;
        case STORAGE_FIELD_FREE:
            write_size(listing->result, free);
            break;
        case STORAGE_FIELD_USED:
            json_write_int(listing->result, (int64_t)rint(size) - (int64_t)rint(free));
            break;
        case STORAGE_FIELD_ALLOCATABLE:
            json_write_bool(listing->result,
                            !listing->may_be_closed || columns[COLUMN_ATTRIBUTES][0] == 'a');
            break;
        }
    }
    json_write_array_end(listing->result);
}

bool lvm_units_list(enum storage_type type, const char *name, const enum storage_field *fields,
                    size_t n_fields, struct json_writer *result, GError **errp)
{
    struct listing listing = {.fields = fields,
                              .n_fields = n_fields,
                              .may_be_closed = kinds[type].may_be_closed,
                              .result = result};
    g_autofree char *text = NULL;

    if (!bdev_run(lvm_build_units(kinds[type].program, kinds[type].fields, name), &text, errp,
                  "cannot list storage of type %s", fact_enum_storage_type.words[type])) {
        return false;
    }
    json_write_array_begin(result);
    lvm_lines_parse(text, LVM_SEPARATOR, N_COLUMNS, write_unit, &listing);
    json_write_array_end(result);
    return true;
}

/* --- Changes ------------------------------------------------------------------------------------
 */

bool lvm_pv_set_allocatable(const char *pv, bool allocatable, GError **errp)
{
    return bdev_run(lvm_build_allocatable(pv, allocatable), NULL, errp,
                    "cannot change physical volume %s", pv);
}

/* Both outputs, however it ends. */
static char *output_of(char **argv, bool *ret_ok, GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new_argv((const char *const *)argv);
    CLEANUP(cmd_result_freep) struct cmd_result *result = cmd_run(cmd, errp);

    g_strfreev(argv);
    if (result == NULL) {
        return NULL;
    }
    *ret_ok = cmd_result_ok(result);
    return g_strconcat(result->out, result->err, NULL);
}

/* Exit codes of vgreduce tell little: older ones fail for a group that is whole, newer ones want to
 * be forced (LvmVgStorage._RemoveMissing). */
bool lvm_group_repair(const char *group, GError **errp)
{
    const char *const names[] = {group, NULL};
    g_autofree char *reduced = NULL, *forced = NULL, *checked = NULL;
    bool ok;

    reduced = output_of(lvm_build_remove_missing(group, false), &ok, errp);
    if (reduced == NULL) {
        return false;
    }
    if (strstr(reduced, "Wrote out consistent volume group") == NULL ||
        strstr(reduced, "vgreduce --removemissing --force") != NULL) {
        forced = output_of(lvm_build_remove_missing(group, true), &ok, errp);
        if (forced == NULL) {
            return false;
        }
    }
    checked = output_of(lvm_build_report(LVM_REPORT_CONSISTENCY, names), &ok, errp);
    if (checked == NULL) {
        return false;
    }
    return (ok && strstr(checked, "Couldn't find device with uuid") == NULL) ||
           bdev_fail(errp, "volume group %s is still not whole; vgreduce: %s%s; vgs: %s", group,
                     g_strchomp(reduced), forced != NULL ? g_strchomp(forced) : "",
                     g_strchomp(checked));
}
