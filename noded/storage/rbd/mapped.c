#include "config.h"

#include "noded/storage/rbd/mapped.h"

#include <string.h>

#include "base/json.h"
#include "noded/storage/bdev-common.h"

/* Text of a member; NULL if it is something else. */
static const char *text_of(const struct json *row, const char *name)
{
    const struct json *value = json_kind(row) == JSON_OBJECT ? json_get(row, name) : NULL;

    return json_kind(value) == JSON_STRING ? json_string(value) : NULL;
}

static bool look_at(const struct json *row, const char *pool, const char *name, char **ret_device,
                    GError **errp)
{
    const char *row_pool = text_of(row, "pool");
    const char *row_name = text_of(row, "name");
    const char *device = text_of(row, "device");

    if (row_pool == NULL || row_name == NULL || device == NULL) {
        return bdev_fail(errp, "'rbd showmapped' lists a device without pool, name or path");
    }
    if (strcmp(row_pool, pool) != 0 || strcmp(row_name, name) != 0) {
        return true;
    }
    if (*ret_device != NULL) {
        return bdev_fail(errp, "volume %s/%s is mapped twice, on %s and %s", pool, name,
                         *ret_device, device);
    }
    *ret_device = g_strdup(device);
    return true;
}

static bool look_at_all(const struct json *rows, const char *pool, const char *name,
                        char **ret_device, GError **errp)
{
    struct json_iter it;

    if (json_kind(rows) == JSON_ARRAY) {
        for (size_t i = 0; i < json_len(rows); i++) {
            if (!look_at(json_at(rows, i), pool, name, ret_device, errp)) {
                return false;
            }
        }
        return true;
    }
    if (json_kind(rows) != JSON_OBJECT) {
        return bdev_fail(errp, "'rbd showmapped' gave no list");
    }
    it = json_iter_begin(rows);
    while (json_iter_next(&it)) {
        if (!look_at(it.value, pool, name, ret_device, errp)) {
            return false;
        }
    }
    return true;
}

bool rbd_mapped_find(const char *text, const char *pool, const char *name, char **ret_device,
                     GError **errp)
{
    CLEANUP(json_unrefp) struct json *rows = NULL;
    g_autoptr(GError) error = NULL;

    *ret_device = NULL;
    if (!json_parse(text, -1, &rows, &error)) {
        return bdev_fail(errp, "cannot read the output of 'rbd showmapped': %s", error->message);
    }
    if (!look_at_all(rows, pool, name, ret_device, errp)) {
        g_clear_pointer(ret_device, g_free);
        return false;
    }
    return true;
}
