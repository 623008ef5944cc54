/* Storage of the node: volume groups, volumes, storage units that people list and change. */
#include "config.h"

#include "noded/backend/storage.h"

#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/storage/file/paths.h"
#include "noded/storage/lvm/groups.h"
#include "noded/storage/lvm/parse.h"
#include "noded/storage/lvm/units.h"

enum { BYTES_PER_MIB = 1024 * 1024, MAX_OPEN_DIRS = 64 };

/* --- LVM ----------------------------------------------------------------------------------------
 */

/* Letters of a volume; "v" is one whose storage is gone. */
enum { LETTER_KIND = 0, LETTER_STATE = 4, LETTER_OPEN = 5 };

static void write_volume(char **fields, void *user)
{
    const char *attributes = fields[3];
    struct json_writer *result = user;
    g_autofree char *key = NULL;

    if (strlen(attributes) <= LETTER_OPEN || attributes[LETTER_KIND] == 'v') {
        return;
    }
    key = g_strdup_printf("%s/%s", fields[0], fields[1]);
    json_write_key(result, key);
    json_write_array_begin(result);
    json_write_string(result, fields[2]);
    json_write_bool(result, attributes[LETTER_STATE] == '-');
    json_write_bool(result, attributes[LETTER_OPEN] == 'o');
    json_write_array_end(result);
}

bool storage_write_volumes(const char *const *groups, struct json_writer *result, GError **errp)
{
    g_autofree char *text = lvm_report(LVM_REPORT_LV_SIZES, groups, errp);

    if (text == NULL) {
        g_prefix_error(errp, "cannot list logical volumes of %s: ", backend_node_name());
        return false;
    }
    json_write_object_begin(result);
    lvm_lines_parse(text, LVM_SEPARATOR, 4, write_volume, result);
    json_write_object_end(result);
    return true;
}

NODED_CALL(lv_list, NODED_WORKER)
{
    g_autoptr(GPtrArray) groups = g_ptr_array_new();

    for (size_t i = 0; json_kind(args->vg_name) == JSON_ARRAY && i < json_len(args->vg_name); i++) {
        const struct json *name = json_at(args->vg_name, i);

        if (json_kind(name) != JSON_STRING || !lvm_name_ok(json_string(name))) {
            return noded_fail(errp, "volume groups must be a list of names");
        }
        g_ptr_array_add(groups, (char *)json_string(name));
    }
    g_ptr_array_add(groups, NULL);
    return storage_write_volumes((const char *const *)groups->pdata, result, errp);
}

static void write_group(char **fields, void *user)
{
    struct json_writer *result = user;
    double size;

    if (lvm_size_parse(fields[1], &size)) {
        json_write_key(result, fields[0]);
        json_write_int(result, (int64_t)size);
    }
}

/* A node without LVM has no groups, which is no error. */
void storage_write_groups(struct json_writer *result)
{
    g_autofree char *text = lvm_report(LVM_REPORT_VG_SIZES, NULL, NULL);

    json_write_object_begin(result);
    lvm_lines_parse(text != NULL ? text : "", " ", 2, write_group, result);
    json_write_object_end(result);
}

NODED_CALL(vg_list, NODED_WORKER)
{
    storage_write_groups(result);
    return true;
}

static void write_node_volume(char **fields, void *user)
{
    g_auto(GStrv) devices = g_strsplit(fields[2], ",", -1);
    struct json_writer *result = user;

    /* A volume that is on no device, as a thin one, has one line all the same. */
    for (size_t i = 0; i == 0 || devices[i] != NULL; i++) {
        json_write_object_begin(result);
        json_write_key(result, "name");
        json_write_string(result, fields[0]);
        json_write_key(result, "size");
        json_write_string(result, fields[1]);
        json_write_key(result, "dev");
        json_write_string_len(result, devices[0] != NULL ? devices[i] : "",
                              devices[0] != NULL ? strcspn(devices[i], "(") : 0);
        json_write_key(result, "vg");
        json_write_string(result, fields[3]);
        json_write_object_end(result);
        if (devices[0] == NULL) {
            break;
        }
    }
}

NODED_CALL(node_volumes, NODED_WORKER)
{
    g_autofree char *text = lvm_report(LVM_REPORT_LV_DEVICES, NULL, errp);

    if (text == NULL) {
        g_prefix_error(errp, "cannot list logical volumes of %s: ", backend_node_name());
        return false;
    }
    json_write_array_begin(result);
    lvm_lines_parse(text, LVM_SEPARATOR, 4, write_node_volume, result);
    json_write_array_end(result);
    return true;
}

/* --- Storage units ------------------------------------------------------------------------------
 */

static int64_t used_bytes;

static int add_size(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)path;
    (void)ftw;
    if (type == FTW_F || type == FTW_SL) {
        used_bytes += st->st_size;
    }
    return 0;
}

/* MiB of all files in a folder, holes counted (utils.CalculateDirectorySize). */
static bool folder_used(const char *path, int64_t *ret_used, GError **errp)
{
    used_bytes = 0;
    if (nftw(path, add_size, MAX_OPEN_DIRS, FTW_PHYS) != 0) {
        return fs_error_set(errp, errno, "see what is in", path);
    }
    *ret_used = (int64_t)rint((double)used_bytes / BYTES_PER_MIB);
    return true;
}

static bool write_folder(const char *path, const enum storage_field *fields, size_t n,
                         struct json_writer *result, GError **errp)
{
    int64_t size = 0, free = 0, used = 0;

    json_write_array_begin(result);
    for (size_t i = 0; i < n; i++) {
        switch (fields[i]) {
        case STORAGE_FIELD_NAME:
            json_write_string(result, path);
            break;
        case STORAGE_FIELD_ALLOCATABLE:
            json_write_bool(result, true);
            break;
        case STORAGE_FIELD_USED:
            if (!folder_used(path, &used, errp)) {
                return false;
            }
            json_write_int(result, used);
            break;
        case STORAGE_FIELD_SIZE:
        case STORAGE_FIELD_FREE:
            if (!file_path_space(path, &size, &free, errp)) {
                return false;
            }
            json_write_int(result, fields[i] == STORAGE_FIELD_SIZE ? size : free);
            break;
        }
    }
    json_write_array_end(result);
    return true;
}

/* su_args: [[folders]] */
static bool list_folders(const struct json *su_args, const char *name,
                         const enum storage_field *fields, size_t n, struct json_writer *result,
                         GError **errp)
{
    const struct json *paths =
        json_kind(su_args) == JSON_ARRAY && json_len(su_args) == 1 ? json_at(su_args, 0) : NULL;

    json_write_array_begin(result);
    if (name != NULL && !write_folder(name, fields, n, result, errp)) {
        return false;
    }
    for (size_t i = 0; name == NULL && json_kind(paths) == JSON_ARRAY && i < json_len(paths); i++) {
        if (json_kind(json_at(paths, i)) != JSON_STRING) {
            return noded_fail(errp, "folders must be texts");
        }
        if (!write_folder(json_string(json_at(paths, i)), fields, n, result, errp)) {
            return false;
        }
    }
    json_write_array_end(result);
    return true;
}

static bool find_type(const char *word, enum storage_type *ret_type, GError **errp)
{
    int type = fact_enum_find(&fact_enum_storage_type, word);

    switch (type) {
    case STORAGE_LVM_PV:
    case STORAGE_LVM_VG:
    case STORAGE_FILE:
    case STORAGE_SHAREDFILE:
    case STORAGE_GLUSTER:
        *ret_type = (enum storage_type)type;
        return true;
    default:
        return noded_fail(errp, "storage of type '%s' cannot be listed or changed", word);
    }
}

/* NULL: no name, which is good for a list only. */
static bool unit_name(const struct json *value, const char **ret_name, GError **errp)
{
    *ret_name = json_kind(value) == JSON_STRING ? json_string(value) : NULL;
    return (value == NULL || (*ret_name != NULL && **ret_name != '\0' && **ret_name != '-')) ||
           noded_fail(errp, "the name of a storage unit must be a text, and no option");
}

NODED_CALL(storage_list, NODED_WORKER)
{
    g_autofree enum storage_field *fields = g_new0(enum storage_field, args->fields.n + 1);
    enum storage_type type = STORAGE_FILE;
    const char *name;

    if (!find_type(args->su_name, &type, errp) || !unit_name(args->name, &name, errp)) {
        return false;
    }
    for (size_t i = 0; i < args->fields.n; i++) {
        const struct json *word = args->fields.v[i];
        int field = json_kind(word) == JSON_STRING
                        ? fact_enum_find(&fact_enum_storage_field, json_string(word))
                        : -1;

        if (field < 0) {
            return noded_fail(errp, "storage units have no field '%s'",
                              json_kind(word) == JSON_STRING ? json_string(word) : "");
        }
        fields[i] = (enum storage_field)field;
    }
    if (type == STORAGE_LVM_PV || type == STORAGE_LVM_VG) {
        return lvm_units_list(type, name, fields, args->fields.n, result, errp);
    }
    return list_folders(args->su_args, name, fields, args->fields.n, result, errp);
}

NODED_CALL(storage_modify, NODED_WORKER)
{
    const char *allocatable = fact_enum_storage_field.words[STORAGE_FIELD_ALLOCATABLE];
    struct json_iter it;
    enum storage_type type = STORAGE_FILE;
    const char *name;

    if (!find_type(args->su_name, &type, errp) || !unit_name(args->name, &name, errp)) {
        return false;
    }
    json_write_null(result);
    if (json_kind(args->changes) != JSON_OBJECT || name == NULL) {
        return noded_fail(errp, "a storage unit is changed by its name and a dictionary");
    }
    it = json_iter_begin(args->changes);
    while (json_iter_next(&it)) {
        if (type != STORAGE_LVM_PV || strcmp(it.key, allocatable) != 0 ||
            json_kind(it.value) != JSON_BOOL) {
            return noded_fail(errp, "'%s' of storage of type '%s' cannot be changed", it.key,
                              args->su_name);
        }
        if (!lvm_pv_set_allocatable(name, json_boolean(it.value), errp)) {
            return false;
        }
    }
    return true;
}

NODED_CALL(storage_execute, NODED_WORKER)
{
    enum storage_type type = STORAGE_FILE;
    const char *name;

    if (!find_type(args->su_name, &type, errp) || !unit_name(args->name, &name, errp)) {
        return false;
    }
    json_write_null(result);
    if (type != STORAGE_LVM_VG || strcmp(args->op, C_SO_FIX_CONSISTENCY) != 0 || name == NULL ||
        !lvm_name_ok(name)) {
        return noded_fail(errp, "storage of type '%s' has no operation '%s' for '%s'",
                          args->su_name, args->op, name != NULL ? name : "");
    }
    return lvm_group_repair(name, errp);
}
