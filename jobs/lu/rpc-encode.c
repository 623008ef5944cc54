/* One function for each encoding of the rows (reference: lib/rpc/node.py). */
#include "config.h"

#include "jobs/lu/rpc-encode.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "compat-config/model/disk.h"
#include "compat-config/model/fill.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/params.h"
#include "jobs/lu/params.h"
#include "jobs/lu/rpc.h"
#include "noded/proto/content.h"

/* What a body is made for. */
struct target {
    const struct cfg *cfg;
    const char *node_uuid;
    struct json_writer *w;
};

static void map_put(struct value_map *map, const char *key, const struct fact_value *value)
{
    fact_copy(&type_VALUE, fact_dict_add(&type_value_map, map, key), value);
}

static struct json *to_tree(const struct fact_object *object, const void *value)
{
    g_autoptr(GString) text = g_string_new(NULL);
    struct json_writer w = json_writer_init(text, JSON_COMPACT);
    struct json *tree = NULL;
    fact_object_encode(object, value, &w);
    /* What our own writer wrote is always read. */
    if (!json_parse(text->str, (gssize)text->len, &tree, NULL)) {
        g_assert_not_reached();
    }
    return tree;
}

/* --- Disks --------------------------------------------------------------------------------------
 *
 * Disks go over the wire with the parameters in force and, for DRBD, with the addresses and minors
 * as the node that is called sees them. */

/* The template's parameter that the volumes below a DRBD disk get their stripes from (objects.py
 * ComputeLDParams). */
static const char *const drbd_child_stripes[] = {"data-stripes", "meta-stripes"};

/* Gives a device the parameters it has not set itself. stripes: see above, NULL for others. */
static void fill_params(struct disk *disk, const struct value_map *params, const char *stripes)
{
    struct value_map filled = {0};
    for (size_t i = 0; i < ld_params_n; i++) {
        const struct ld_param *row = &ld_params[i];
        if (row->device != disk->dev_type) {
            continue;
        }
        const struct fact_value *value =
            fact_dict_get(&type_value_map, params, stripes != NULL ? stripes : row->source);
        if (value != NULL) {
            map_put(&filled, row->name, value);
        }
    }
    lu_map_merge(&filled, &disk->params);
    fact_clear(&type_value_map, &disk->params);
    disk->params = filled;
    disk->has.params = true;
}

static const char *secondary_ip(const struct target *to, const char *uuid)
{
    const struct node *node = cfg_node_get(to->cfg, uuid);
    return node != NULL ? node->secondary_ip : NULL;
}

static void write_end(struct json_writer *w, const char *ip_key, const char *ip,
                      const char *minor_key, int64_t minor)
{
    json_write_key(w, ip_key);
    json_write_string(w, ip);
    json_write_key(w, minor_key);
    json_write_int(w, minor);
}

/* Empty for all but DRBD disks on this node (objects.py UpdateDynamicDiskParams). */
static void write_dynamic_params(const struct target *to, const struct disk *disk)
{
    struct cfg_drbd drbd;
    json_write_object_begin(to->w);
    if (disk->dev_type == DISK_TEMPLATE_DRBD && cfg_disk_drbd_alone(disk, &drbd)) {
        const char *ip_a = secondary_ip(to, drbd.node_a), *ip_b = secondary_ip(to, drbd.node_b);
        if (strcmp(drbd.node_a, to->node_uuid) == 0) {
            write_end(to->w, C_DDP_LOCAL_IP, ip_a, C_DDP_LOCAL_MINOR, drbd.minor_a);
            write_end(to->w, C_DDP_REMOTE_IP, ip_b, C_DDP_REMOTE_MINOR, drbd.minor_b);
        } else if (strcmp(drbd.node_b, to->node_uuid) == 0) {
            write_end(to->w, C_DDP_LOCAL_IP, ip_b, C_DDP_LOCAL_MINOR, drbd.minor_b);
            write_end(to->w, C_DDP_REMOTE_IP, ip_a, C_DDP_REMOTE_MINOR, drbd.minor_a);
        }
    }
    json_write_object_end(to->w);
}

static void annotate(struct disk *disk, const struct value_map *params, const char *stripes)
{
    if (params != NULL && disk->dev_type != DISK_TEMPLATE_DISKLESS) {
        fill_params(disk, params, stripes);
    }
    for (size_t i = 0; i < disk->children.n; i++) {
        bool known = disk->dev_type == DISK_TEMPLATE_DRBD && i < G_N_ELEMENTS(drbd_child_stripes);
        annotate(&disk->children.v[i], known ? params : NULL, known ? drbd_child_stripes[i] : NULL);
    }
}

struct disk *lu_disk_annotated(const struct cfg *cfg, const struct disk *disk,
                               const struct instance *instance)
{
    struct disk *copy = fact_object_copy(&fact_object_disk, disk);
    const struct node *primary =
        instance->primary_node != NULL ? cfg_node_get(cfg, instance->primary_node) : NULL;
    const struct node_group *group = primary != NULL ? cfg_node_group(cfg, primary) : NULL;
    struct value_map params =
        cfg_diskparams(cfg, group, fact_enum_disk_template.words[disk->dev_type]);

    annotate(copy, &params, NULL);
    cfg_filled_free(&params);
    return copy;
}

static void write_disk(const struct target *to, const struct disk *disk,
                       const struct instance *instance)
{
    struct disk *copy = lu_disk_annotated(to->cfg, disk, instance);

    json_write_object_begin(to->w);
    fact_object_encode_members(&fact_object_disk, copy, to->w);
    json_write_key(to->w, "dynamic_params");
    write_dynamic_params(to, disk);
    json_write_object_end(to->w);
    fact_object_free(&fact_object_disk, copy);
}

static void encode_disk(const struct target *to, const struct lu_arg_disk *arg)
{
    write_disk(to, arg->disk, arg->instance);
}

static void encode_disks(const struct target *to, const struct lu_arg_disks *arg)
{
    json_write_array_begin(to->w);
    for (size_t i = 0; i < arg->n; i++) {
        write_disk(to, arg->v[i], arg->instance);
    }
    json_write_array_end(to->w);
}

static void encode_multi_disks(const struct target *to, const struct lu_arg_multi_disks *arg)
{
    json_write_array_begin(to->w);
    for (size_t i = 0; i < arg->n; i++) {
        encode_disk(to, &arg->v[i]);
    }
    json_write_array_end(to->w);
}

static void encode_node_disks(const struct target *to, const struct lu_arg_node_disks *arg)
{
    static const struct lu_arg_multi_disks none;
    const struct lu_arg_multi_disks *mine = &none;
    for (size_t i = 0; i < arg->n; i++) {
        if (strcmp(arg->v[i].node_uuid, to->node_uuid) == 0) {
            mine = &arg->v[i].disks;
        }
    }
    encode_multi_disks(to, mine);
}

/* As they are, without anything filled in (rpc/node.py _EncodeBlockdevRename). */
static void encode_renames(const struct target *to, const struct lu_arg_renames *arg)
{
    json_write_array_begin(to->w);
    for (size_t i = 0; i < arg->n; i++) {
        json_write_array_begin(to->w);
        fact_object_encode(&fact_object_disk, arg->v[i].disk, to->w);
        json_write_value(to->w, arg->v[i].new_id);
        json_write_array_end(to->w);
    }
    json_write_array_end(to->w);
}

static void encode_export_disks(const struct target *to, const struct lu_arg_disks *arg)
{
    json_write_array_begin(to->w);
    for (size_t i = 0; i < arg->n; i++) {
        if (arg->v[i] == NULL) {
            json_write_bool(to->w, false);
        } else {
            fact_object_encode(&fact_object_disk, arg->v[i], to->w);
        }
    }
    json_write_array_end(to->w);
}

/* --- Instances ----------------------------------------------------------------------------------
 */
static void add_netinfo(const struct target *to, struct nic *nic)
{
    const struct network *network =
        nic->has.network && nic->network != NULL ? cfg_network_get(to->cfg, nic->network) : NULL;
    if (network == NULL) {
        return;
    }
    struct json *extra = nic->extra != NULL ? json_copy(nic->extra) : json_new_object();
    json_set(extra, "netinfo", to_tree(&fact_object_network, network));
    json_unref(nic->extra);
    nic->extra = extra;
}

static void fill_nic(const struct target *to, struct nic *nic)
{
    struct nicparams filled = cfg_nicparams(to->cfg, nic), own = {0};
    fact_object_copy_at(&fact_object_nicparams, &own, &filled);
    fact_object_clear(&fact_object_nicparams, &nic->nicparams);
    nic->nicparams = own;
    add_netinfo(to, nic);
}

/* Puts the parameters in force, and over them those of the call, in the place of map. */
static void replace_map(struct value_map *map, struct value_map filled,
                        const struct value_map *over)
{
    struct value_map whole = {0};
    lu_map_merge(&whole, &filled);
    lu_map_merge(&whole, over);
    cfg_filled_free(&filled);
    fact_clear(&type_value_map, map);
    *map = whole;
}

static void encode_instance(const struct target *to, const struct lu_arg_instance *arg)
{
    const struct instance *instance = arg->instance;
    const struct instance *known = cfg_instance_get(to->cfg, instance->uuid);
    struct instance *copy = fact_object_copy(&fact_object_instance, instance);
    struct beparams beparams = cfg_beparams(to->cfg, instance);

    replace_map(&copy->hvparams, cfg_hvparams(to->cfg, instance, 0), arg->hvparams);
    replace_map(&copy->osparams, cfg_osparams(to->cfg, instance, 0), arg->osparams);
    if (arg->beparams != NULL) {
        fact_object_overlay(&fact_object_beparams, &beparams, arg->beparams);
    }
    fact_object_clear(&fact_object_beparams, &copy->beparams);
    fact_object_copy_at(&fact_object_beparams, &copy->beparams, &beparams);
    for (size_t i = 0; i < copy->nics.n; i++) {
        fill_nic(to, &copy->nics.v[i]);
    }

    json_write_object_begin(to->w);
    fact_object_encode_members(&fact_object_instance, copy, to->w);
    json_write_key(to->w, "secondary_nodes");
    json_write_array_begin(to->w);
    struct cfg_nodes secondaries = {0};
    struct cfg_disks disks = {0};
    if (known != NULL) {
        secondaries = cfg_instance_secondaries(to->cfg, known);
        disks = cfg_instance_disks(to->cfg, known);
    }
    for (size_t i = 0; i < secondaries.n; i++) {
        json_write_string(to->w, secondaries.v[i]->uuid);
    }
    json_write_array_end(to->w);
    json_write_key(to->w, "disks_info");
    const struct lu_arg_disks all = {.v = disks.v, .n = disks.n, .instance = instance};
    encode_disks(to, &all);
    json_write_object_end(to->w);
    fact_object_free(&fact_object_instance, copy);
}

static void encode_instance_alone(const struct target *to, const struct lu_arg_instance *arg)
{
    g_assert(arg->hvparams == NULL && arg->beparams == NULL && arg->osparams == NULL);
    encode_instance(to, arg);
}

static void encode_device(const struct target *to, const struct lu_arg_device *arg)
{
    if (arg->disk != NULL) {
        write_disk(to, arg->disk, arg->instance);
        return;
    }
    struct nic *copy = fact_object_copy(&fact_object_nic, arg->nic);
    add_netinfo(to, copy);
    fact_object_encode(&fact_object_nic, copy, to->w);
    fact_object_free(&fact_object_nic, copy);
}

/* --- Everything else ----------------------------------------------------------------------------
 */
static void encode_object(const struct target *to, const struct lu_arg_object *arg)
{
    fact_object_encode(arg->object, arg->value, to->w);
}

static void encode_text(const struct target *to, const struct lu_arg_text *arg)
{
    rpc_content_write(to->w, arg->text, arg->len);
}

static void encode_impexp(const struct target *to, const struct lu_arg_impexp *arg)
{
    json_write_array_begin(to->w);
    json_write_string(to->w, arg->kind);
    if (arg->disk.disk == NULL) {
        json_write_value(to->w, arg->rest);
    } else {
        json_write_array_begin(to->w);
        encode_disk(to, &arg->disk);
        if (strcmp(arg->kind, C_IEIO_SCRIPT) == 0) {
            json_write_value(to->w, arg->rest);
        }
        json_write_array_end(to->w);
    }
    json_write_array_end(to->w);
}

static void write_owner(struct json_writer *w, const struct stat *st)
{
    const struct passwd *user = getpwuid(st->st_uid);
    const struct group *group = getgrgid(st->st_gid);
    json_write_string(w, user != NULL ? user->pw_name : NULL);
    json_write_string(w, group != NULL ? group->gr_name : NULL);
}

static double seconds(const struct timespec *time)
{
    return (double)time->tv_sec + (double)time->tv_nsec / 1e9;
}

static bool encode_file(const struct target *to, const struct lu_arg_file *arg, GError **errp)
{
    int fd = open(arg->path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        fs_error_set(errp, errno, "read", arg->path);
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    size_t len;
    g_autofree char *text = fs_read_fd(fd, arg->path, RPC_CONTENT_MAX, &len, errp);
    close(fd);
    g_autofree char *wire_path = text != NULL ? vcluster_path_to_wire(arg->path, errp) : NULL;
    if (wire_path == NULL) {
        return false;
    }
    json_write_array_begin(to->w);
    json_write_string(to->w, wire_path);
    rpc_content_write(to->w, text, len);
    json_write_int(to->w, st.st_mode);
    write_owner(to->w, &st);
    json_write_double(to->w, seconds(&st.st_atim));
    json_write_double(to->w, seconds(&st.st_mtim));
    json_write_array_end(to->w);
    return true;
}

static bool encode(const struct target *to, const struct lu_call_arg *arg, const void *value,
                   GError **errp)
{
    switch (arg->encoding) {
    case RPC_ENCODING_PLAIN:
    case RPC_ENCODING_WHOLE:
        fact_encode(arg->type, value, to->w);
        return true;
    case RPC_ENCODING_BLOCKDEV_RENAME:
        encode_renames(to, value);
        return true;
    case RPC_ENCODING_COMPRESS:
        encode_text(to, value);
        return true;
    case RPC_ENCODING_DEVICE_DICT:
        encode_device(to, value);
        return true;
    case RPC_ENCODING_DISKS_DICT_DP:
        encode_disks(to, value);
        return true;
    case RPC_ENCODING_FILE_DETAILS:
        return encode_file(to, value, errp);
    case RPC_ENCODING_FINALIZE_EXPORT_DISKS:
        encode_export_disks(to, value);
        return true;
    case RPC_ENCODING_IMPEXP_IO:
        encode_impexp(to, value);
        return true;
    case RPC_ENCODING_INST_DICT:
        encode_instance_alone(to, value);
        return true;
    case RPC_ENCODING_INST_DICT_HVP_BEP_DP:
    case RPC_ENCODING_INST_DICT_OSP_DP:
        encode_instance(to, value);
        return true;
    case RPC_ENCODING_MULTI_DISKS_DICT_DP:
        encode_multi_disks(to, value);
        return true;
    case RPC_ENCODING_NODE_TO_DISK_DICT_DP:
        encode_node_disks(to, value);
        return true;
    case RPC_ENCODING_OBJECT_DICT:
        encode_object(to, value);
        return true;
    case RPC_ENCODING_SINGLE_DISK_DICT_DP:
        encode_disk(to, value);
        return true;
    }
    g_return_val_if_reached(false);
}

bool lu_call_encode(const struct cfg *cfg, const char *node_uuid, enum rpc_id call,
                    const void *args, struct json_writer *w, GError **errp)
{
    const struct lu_call_args *rows = &lu_call_args[call];
    const struct target to = {.cfg = cfg, .node_uuid = node_uuid, .w = w};
    bool bare = rows->n == 1 && rows->v[0].encoding == RPC_ENCODING_WHOLE;

    if (!bare) {
        json_write_array_begin(w);
    }
    for (size_t i = 0; i < rows->n; i++) {
        if (!encode(&to, &rows->v[i], (const char *)args + rows->v[i].offset, errp)) {
            return false;
        }
    }
    if (!bare) {
        json_write_array_end(w);
    }
    return true;
}

bool lu_call_is_per_node(enum rpc_id call)
{
    const struct lu_call_args *rows = &lu_call_args[call];
    for (size_t i = 0; i < rows->n; i++) {
        switch (rows->v[i].encoding) {
        case RPC_ENCODING_DEVICE_DICT:
        case RPC_ENCODING_DISKS_DICT_DP:
        case RPC_ENCODING_IMPEXP_IO:
        case RPC_ENCODING_INST_DICT:
        case RPC_ENCODING_INST_DICT_HVP_BEP_DP:
        case RPC_ENCODING_INST_DICT_OSP_DP:
        case RPC_ENCODING_MULTI_DISKS_DICT_DP:
        case RPC_ENCODING_NODE_TO_DISK_DICT_DP:
        case RPC_ENCODING_SINGLE_DISK_DICT_DP:
            return true;
        case RPC_ENCODING_PLAIN:
        case RPC_ENCODING_BLOCKDEV_RENAME:
        case RPC_ENCODING_COMPRESS:
        case RPC_ENCODING_FILE_DETAILS:
        case RPC_ENCODING_FINALIZE_EXPORT_DISKS:
        case RPC_ENCODING_OBJECT_DICT:
        case RPC_ENCODING_WHOLE:
            break;
        }
    }
    return false;
}
