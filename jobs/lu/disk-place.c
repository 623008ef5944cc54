/* Disks that come to stand on other nodes, as records. */
#include "config.h"

#include "jobs/lu/disk-place.h"

#include "base/json.h"
#include "compat-config/model/disk.h"
#include "facts/codec.h"
#include "jobs/lu/names.h"

/* Elements of the logical_id of a DRBD disk. */
enum { NODE_A, NODE_B, PORT, MINOR_A, MINOR_B };

void lu_disk_set_nodes(struct disk *disk, const char *const *nodes, size_t n)
{
    lu_list_set(&disk->nodes, nodes, n);
    for (size_t i = 0; i < disk->children.n; i++) {
        if (disk->children.v[i].nodes.n > 0) {
            lu_disk_set_nodes(&disk->children.v[i], nodes, n);
        }
    }
}

/* Takes over value. */
static void set_element(struct disk *disk, size_t index, struct json *value)
{
    fact_clear(&type_VALUE, &disk->logical_id.v[index]);
    (void)fact_value_set(&disk->logical_id.v[index], value);
    json_unref(value);
}

bool lu_disk_set_ends(struct disk *disk, struct lu_disk_end a, struct lu_disk_end b)
{
    struct cfg_drbd drbd;
    if (!cfg_disk_drbd(disk, &drbd)) {
        return false;
    }
    set_element(disk, NODE_A, json_new_string(a.node_uuid));
    set_element(disk, NODE_B, json_new_string(b.node_uuid));
    set_element(disk, MINOR_A, json_new_int(a.minor));
    set_element(disk, MINOR_B, json_new_int(b.minor));
    return true;
}

void lu_disk_set_alone(struct disk *disk)
{
    set_element(disk, PORT, NULL);
}

void lu_disk_set_name(struct disk *disk, const char *name)
{
    set_element(disk, 1, json_new_string(name));
}

bool lu_allocate_minors(struct lu *lu, const char *disk_uuid, const char *const *nodes, size_t n,
                        int64_t *ret, GError **errp)
{
    struct method_wconfd_allocate_drbd_minor args = {.has = {.disk = true, .nodes = true},
                                                     .disk = (char *)disk_uuid,
                                                     .nodes = {.v = (char **)nodes, .n = n}};
    CLEANUP(json_unrefp) struct json *minors = NULL;
    if (!lu_wconfd(lu, METHOD_wconfd_allocate_drbd_minor, &args, &minors, errp)) {
        return false;
    }
    bool ok = json_kind(minors) == JSON_ARRAY && json_len(minors) == n;
    for (size_t i = 0; ok && i < n; i++) {
        ok = json_kind(json_at(minors, i)) == JSON_INT;
        ret[i] = ok ? json_int(json_at(minors, i)) : 0;
    }
    return ok || err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                          "The configuration daemon gave no minors for a DRBD disk");
}

void lu_release_minors(struct lu *lu, const char *disk_uuid)
{
    struct method_wconfd_release_drbd_minors args = {.has.disk = true, .disk = (char *)disk_uuid};
    g_autoptr(GError) error = NULL;
    if (!lu_wconfd(lu, METHOD_wconfd_release_drbd_minors, &args, NULL, &error)) {
        lu_warn(lu, "Minors of a disk stay reserved: %s", error->message);
    }
}
