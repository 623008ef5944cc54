#include "config.h"

#include "compat-config/model/disk.h"

#include <string.h>

#include "facts/codec.h"

/* What stands at each place of a logical_id. */
enum { DRBD_NODE_A, DRBD_NODE_B, DRBD_PORT, DRBD_MINOR_A, DRBD_MINOR_B, DRBD_SECRET, DRBD_LEN };
enum { PAIR_FIRST, PAIR_SECOND, PAIR_LEN };

static const struct fact_value *part(const struct disk *disk, size_t index)
{
    return index < disk->logical_id.n ? &disk->logical_id.v[index] : NULL;
}

static bool is_text(const struct fact_value *value)
{
    return value != NULL && value->kind == JSON_STRING;
}

static bool is_int(const struct fact_value *value)
{
    return value != NULL && value->kind == JSON_INT;
}

static bool read_drbd(const struct disk *disk, bool alone, struct cfg_drbd *ret)
{
    const struct fact_value *v = disk->logical_id.v;

    if (!disk->has.dev_type || disk->dev_type != DISK_TEMPLATE_DRBD ||
        disk->logical_id.n != DRBD_LEN || !is_text(&v[DRBD_NODE_A]) || !is_text(&v[DRBD_NODE_B]) ||
        !(is_int(&v[DRBD_PORT]) || (alone && v[DRBD_PORT].kind == JSON_NULL)) ||
        !is_int(&v[DRBD_MINOR_A]) || !is_int(&v[DRBD_MINOR_B]) || !is_text(&v[DRBD_SECRET])) {
        return false;
    }
    *ret = (struct cfg_drbd){
        .node_a = v[DRBD_NODE_A].text,
        .node_b = v[DRBD_NODE_B].text,
        .port = is_int(&v[DRBD_PORT]) ? v[DRBD_PORT].integer : 0,
        .minor_a = v[DRBD_MINOR_A].integer,
        .minor_b = v[DRBD_MINOR_B].integer,
        .secret = v[DRBD_SECRET].text,
    };
    return true;
}

bool cfg_disk_drbd(const struct disk *disk, struct cfg_drbd *ret)
{
    return read_drbd(disk, false, ret);
}

bool cfg_disk_drbd_alone(const struct disk *disk, struct cfg_drbd *ret)
{
    return read_drbd(disk, true, ret);
}

const char *cfg_disk_secondary(const struct disk *disk, const char *primary_uuid)
{
    struct cfg_drbd drbd;

    if (!cfg_disk_drbd(disk, &drbd)) {
        return NULL;
    }
    return strcmp(drbd.node_a, primary_uuid) == 0 ? drbd.node_b : drbd.node_a;
}

bool cfg_disk_lv(const struct disk *disk, const char **ret_vg, const char **ret_lv)
{
    if (!disk->has.dev_type || disk->dev_type != DISK_TEMPLATE_PLAIN ||
        !is_text(part(disk, PAIR_FIRST)) || !is_text(part(disk, PAIR_SECOND))) {
        return false;
    }
    *ret_vg = part(disk, PAIR_FIRST)->text;
    *ret_lv = part(disk, PAIR_SECOND)->text;
    return true;
}

static bool has_path(const struct disk *disk)
{
    return disk->has.dev_type && disk->dev_type != DISK_TEMPLATE_DRBD &&
           disk->dev_type != DISK_TEMPLATE_PLAIN && disk->dev_type != DISK_TEMPLATE_DISKLESS;
}

const char *cfg_disk_path(const struct disk *disk)
{
    return has_path(disk) ? fact_value_text(part(disk, PAIR_SECOND)) : NULL;
}

const char *cfg_disk_driver(const struct disk *disk)
{
    return has_path(disk) ? fact_value_text(part(disk, PAIR_FIRST)) : NULL;
}

static bool check_shape(const struct disk *disk, const struct fact_path *path, GError **errp)
{
    const struct fact_path here = {.up = path, .member = "logical_id"};
    struct cfg_drbd drbd;

    if (!disk->has.logical_id || !disk->has.dev_type) {
        return true; /* a forthcoming disk */
    }
    if (disk->dev_type == DISK_TEMPLATE_DISKLESS) {
        return fact_fail(errp, FACT_ERROR_VALUE, path, "a disk cannot be diskless");
    }
    if (disk->dev_type == DISK_TEMPLATE_DRBD) {
        if (!cfg_disk_drbd(disk, &drbd)) {
            return fact_fail(errp, FACT_ERROR_VALUE, &here,
                             "expected two node UUIDs, port, two minors and secret of a DRBD disk");
        }
        return true;
    }
    if (disk->logical_id.n != PAIR_LEN || !is_text(part(disk, PAIR_FIRST)) ||
        !is_text(part(disk, PAIR_SECOND))) {
        return fact_fail(errp, FACT_ERROR_VALUE, &here, "expected two texts for a disk of type %s",
                         fact_enum_disk_template.words[disk->dev_type]);
    }
    return true;
}

bool cfg_disk_check(const struct disk *disk, const struct fact_path *path, GError **errp)
{
    const struct fact_path children = {.up = path, .member = "children"};

    if (!check_shape(disk, path, errp)) {
        return false;
    }
    for (size_t i = 0; i < disk->children.n; i++) {
        const struct fact_path here = {.up = &children, .index = i};

        if (!cfg_disk_check(&disk->children.v[i], &here, errp)) {
            return false;
        }
    }
    return true;
}

void cfg_disk_walk(const struct disk *disk, void (*fn)(const struct disk *disk, void *data),
                   void *data)
{
    fn(disk, data);
    for (size_t i = 0; i < disk->children.n; i++) {
        cfg_disk_walk(&disk->children.v[i], fn, data);
    }
}
