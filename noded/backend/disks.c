#include "config.h"

#include "noded/backend/disks.h"

#include "base/json.h"
#include "facts/codec.h"
#include "noded/backend/common.h"

/* A disk that is about to be made, and a snapshot, have no UUID and no serial number yet. */
static void fill(struct json *json)
{
    struct json *children;

    if (json_kind(json) != JSON_OBJECT) {
        return;
    }
    if (json_get(json, "uuid") == NULL) {
        json_set(json, "uuid", json_new_string(""));
    }
    if (json_get(json, "serial_no") == NULL) {
        json_set(json, "serial_no", json_new_int(1));
    }
    children = json_get(json, "children");
    for (size_t i = 0; json_kind(children) == JSON_ARRAY && i < json_len(children); i++) {
        fill(json_at(children, i));
    }
}

struct disk *backend_disk(struct json *json, GError **errp)
{
    CLEANUP(json_unrefp) struct json *copy = json_copy(json);
    struct disk *disk;

    fill(copy);
    disk = fact_object_decode(&fact_object_disk, copy, NULL, errp);
    if (disk == NULL) {
        g_prefix_error(errp, "disk: ");
    } else if (disk->forthcoming) {
        noded_error_set(errp, "the disk %s is only planned", disk->uuid);
        g_clear_pointer(&disk, backend_disk_free);
    }
    return disk;
}

void backend_disk_free(struct disk *disk)
{
    fact_object_free(&fact_object_disk, disk);
}

static void free_disk(void *disk)
{
    backend_disk_free(disk);
}

GPtrArray *backend_disks(const struct any_list *list, GError **errp)
{
    g_autoptr(GPtrArray) disks = g_ptr_array_new_with_free_func(free_disk);

    for (size_t i = 0; i < list->n; i++) {
        struct disk *disk = backend_disk(list->v[i], errp);

        if (disk == NULL) {
            return NULL;
        }
        g_ptr_array_add(disks, disk);
    }
    return g_steal_pointer(&disks);
}

char *backend_disk_text(const struct disk *disk)
{
    const char *name = disk->iv_name != NULL && *disk->iv_name != '\0' ? disk->iv_name : "disk";

    return g_strdup_printf("%s (%s%s%s)", name, fact_enum_disk_template.words[disk->dev_type],
                           disk->uuid != NULL && *disk->uuid != '\0' ? ", " : "",
                           disk->uuid != NULL ? disk->uuid : "");
}

struct bdev *backend_disk_find(const struct disk *disk, GError **errp)
{
    g_autofree char *text = backend_disk_text(disk);
    g_autoptr(GError) error = NULL;
    struct bdev *dev = bdev_find(disk, &error);

    if (dev == NULL && error != NULL) {
        g_propagate_prefixed_error(errp, g_steal_pointer(&error), "cannot find %s on %s: ", text,
                                   backend_node_name());
    } else if (dev == NULL) {
        err_set(errp, ERR_BLOCK_DEVICE, ECODE_NONE, "%s is not set up on %s", text,
                backend_node_name());
    }
    return dev;
}

static void free_bdev(void *dev)
{
    bdev_free(dev);
}

GPtrArray *backend_disks_find(const GPtrArray *disks, GError **errp)
{
    g_autoptr(GPtrArray) devs = g_ptr_array_new_with_free_func(free_bdev);

    for (guint i = 0; i < disks->len; i++) {
        struct bdev *dev = backend_disk_find(g_ptr_array_index(disks, i), errp);

        if (dev == NULL) {
            return NULL;
        }
        g_ptr_array_add(devs, dev);
    }
    return g_steal_pointer(&devs);
}

void backend_note_problem(GPtrArray *problems, GError **error)
{
    g_ptr_array_add(problems, g_strdup((*error)->message));
    g_clear_error(error);
}

bool backend_no_problems(const GPtrArray *problems, const char *what, GError **errp)
{
    GString *text;

    if (problems->len == 0) {
        return true;
    }
    text = g_string_new(what);
    for (guint i = 0; i < problems->len; i++) {
        g_string_append_printf(text, "%s%s", i > 0 ? "; " : "",
                               (const char *)g_ptr_array_index(problems, i));
    }
    noded_error_set(errp, "%s", text->str);
    g_string_free(text, TRUE);
    return false;
}
