/* Disks as objects: what a client wants, completed and given names of its own. */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "jobs/lu/disk-make.h"
#include "jobs/lu/disk-place.h"
#include "jobs/lu/names.h"

static const char *template_word(enum disk_template disk_template)
{
    return fact_enum_disk_template.words[disk_template];
}

/* --- What a client wants ------------------------------------------------------------------------
 */
bool lu_check_template_enabled(struct lu *lu, enum disk_template disk_template, GError **errp)
{
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    for (size_t i = 0; i < cluster->enabled_disk_templates.n; i++) {
        if (cluster->enabled_disk_templates.v[i] == disk_template) {
            return true;
        }
    }
    return err_fail(errp, ERR_OP_PREREQ, ECODE_NONE,
                    "The disk template %s is not enabled on this cluster: see 'gnt-cluster modify "
                    "--enabled-disk-templates'",
                    template_word(disk_template));
}

static bool complete_disk(struct lu *lu, struct idisk *disk, size_t index,
                          enum disk_template disk_template, GError **errp)
{
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    bool ext = disk_template == DISK_TEMPLATE_EXT;
    if (disk->extra != NULL) {
        json_remove(disk->extra, "dev_type"); /* the template says it */
    }
    if (!disk->has.size) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Disk %zu has no size", index);
    }
    if (disk->has.provider && !ext) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Disk %zu: only disks of the template %s have a provider, not %s", index,
                        template_word(DISK_TEMPLATE_EXT), template_word(disk_template));
    }
    if (ext && !disk->has.provider) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Disk %zu has no provider", index);
    }
    if (!ext && disk->extra != NULL && json_len(disk->extra) > 0) {
        struct json_iter it = json_iter_begin(disk->extra);
        (void)json_iter_next(&it);
        return err_fail(errp, ERR_TYPE_ENFORCEMENT, ECODE_NONE,
                        "Disk %zu: there is no parameter '%s'", index, it.key);
    }
    if (!disk->has.mode) {
        disk->mode = DISK_MODE_RW;
        disk->has.mode = true;
    }
    if (!disk->has.vg && cluster->volume_group_name != NULL) {
        disk->vg = g_strdup(cluster->volume_group_name);
        disk->has.vg = true;
    }
    if (disk->has.name && g_ascii_strcasecmp(disk->name, C_VALUE_NONE) == 0) {
        g_clear_pointer(&disk->name, g_free);
        disk->has.name = false;
    }
    return true;
}

bool lu_disks_complete(struct lu *lu, struct idisk *disks, size_t n,
                       enum disk_template disk_template, GError **errp)
{
    for (size_t i = 0; i < n; i++) {
        if (!complete_disk(lu, &disks[i], i, disk_template, errp)) {
            return false;
        }
    }
    return true;
}

bool lu_file_storage_dir(struct lu *lu, enum disk_template disk_template, const char *instance_name,
                         const char *below, char **ret, GError **errp)
{
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    const char *top = disk_template == DISK_TEMPLATE_FILE         ? cluster->file_storage_dir
                      : disk_template == DISK_TEMPLATE_SHAREDFILE ? cluster->shared_file_storage_dir
                                                                  : cluster->gluster_storage_dir;
    *ret = NULL;
    if (!const_has(C_DTS_FILEBASED, (int)disk_template)) {
        return true;
    }
    if (top == NULL || *top == '\0') {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "The cluster has no folder for disks of the template %s",
                        template_word(disk_template));
    }
    bool own = disk_template != DISK_TEMPLATE_GLUSTER;
    g_autofree char *folder = below != NULL
                                  ? g_build_filename(top, below, own ? instance_name : NULL, NULL)
                                  : g_build_filename(top, own ? instance_name : NULL, NULL);
    g_autofree char *plain = g_canonicalize_filename(folder, "/");
    if (strcmp(plain, folder) != 0 || !g_str_has_prefix(folder, top)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "'%s' is no folder below that for disks, %s", below, top);
    }
    *ret = g_steal_pointer(&folder);
    return true;
}

/* --- Objects ------------------------------------------------------------------------------------
 */
static char *new_uuid(void)
{
    return g_uuid_string_random();
}

static void id_add(struct disk *disk, struct json *value)
{
    (void)fact_value_set(fact_list_add(&type_value_list, &disk->logical_id), value);
    json_unref(value);
    disk->has.logical_id = true;
}

static void id_add_text(struct disk *disk, const char *text)
{
    id_add(disk, json_new_string(text));
}

static struct disk *new_disk(const struct lu_disk_plan *plan, enum disk_template type, int64_t size)
{
    struct disk *disk = fact_object_new(&fact_object_disk);
    fact_object_set_defaults(&fact_object_disk, disk);
    disk->dev_type = type;
    disk->size = size;
    disk->uuid = new_uuid();
    disk->forthcoming = plan->forthcoming;
    disk->serial_no = 1;
    disk->has.dev_type = disk->has.size = disk->has.uuid = disk->has.params = disk->has.serial_no =
        true;
    disk->has.forthcoming = plan->forthcoming;
    if (type == DISK_TEMPLATE_PLAIN || type == DISK_TEMPLATE_FILE || type == DISK_TEMPLATE_DRBD) {
        const char *const nodes[] = {plan->primary_node, plan->secondary_node};
        lu_list_set(&disk->nodes, nodes, plan->secondary_node != NULL ? 2 : 1);
    }
    return disk;
}

static void add_volume(struct disk *disk, const struct lu_disk_plan *plan, int64_t size,
                       const char *vg, const char *stem, const char *suffix)
{
    g_autofree char *lv = g_strconcat(stem, suffix, NULL);
    struct disk *part = new_disk(plan, DISK_TEMPLATE_PLAIN, size);
    id_add_text(part, vg);
    id_add_text(part, lv);
    fact_object_copy_at(&fact_object_disk, fact_list_add(&type_disk_list, &disk->children), part);
    fact_object_free(&fact_object_disk, part);
}

/* Port, minors and secret. */
static bool drbd_identity(struct lu *lu, struct disk *disk, const struct lu_disk_plan *plan,
                          GError **errp)
{
    const char *const nodes[] = {plan->primary_node, plan->secondary_node};
    int64_t minors[G_N_ELEMENTS(nodes)];
    struct method_wconfd_generate_drbd_secret secret_args = {0};
    struct method_wconfd_allocate_port port_args = {0};
    CLEANUP(json_unrefp) struct json *port = NULL;
    CLEANUP(json_unrefp) struct json *secret = NULL;
    if (!lu_wconfd(lu, METHOD_wconfd_allocate_port, &port_args, &port, errp) ||
        !lu_wconfd(lu, METHOD_wconfd_generate_drbd_secret, &secret_args, &secret, errp) ||
        !lu_allocate_minors(lu, disk->uuid, nodes, G_N_ELEMENTS(nodes), minors, errp)) {
        return false;
    }
    if (json_kind(port) != JSON_INT || json_kind(secret) != JSON_STRING) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                        "The configuration daemon gave no port and secret for a DRBD disk");
    }
    id_add_text(disk, plan->primary_node);
    id_add_text(disk, plan->secondary_node);
    id_add(disk, json_ref(port));
    id_add(disk, json_new_int(minors[0]));
    id_add(disk, json_new_int(minors[1]));
    id_add(disk, json_ref(secret));
    return true;
}

static const char *meta_vg(struct lu *lu, const struct lu_disk_plan *plan,
                           const struct idisk *wanted)
{
    if (wanted->has.metavg) {
        return wanted->metavg;
    }
    const struct node *primary = cfg_node_get(lu_cfg(lu), plan->primary_node);
    struct value_map params =
        cfg_diskparams(lu_cfg(lu), primary != NULL ? cfg_node_group(lu_cfg(lu), primary) : NULL,
                       template_word(DISK_TEMPLATE_DRBD));
    const char *vg = fact_value_text(
        fact_dict_get(&type_value_map, &params, ld_params[LD_drbd_default_metavg].source));
    cfg_filled_free(&params);
    return vg != NULL ? vg : wanted->vg;
}

static bool fill_drbd(struct lu *lu, struct disk *disk, const struct lu_disk_plan *plan,
                      const struct idisk *wanted, size_t index, GError **errp)
{
    g_autofree char *uuid = new_uuid();
    g_autofree char *stem = g_strdup_printf("%s.disk%zu", uuid, index);
    if (!drbd_identity(lu, disk, plan, errp)) {
        return false;
    }
    add_volume(disk, plan, wanted->size, wanted->vg, stem, "_data");
    add_volume(disk, plan, C_DRBD_META_SIZE, meta_vg(lu, plan, wanted), stem, "_meta");
    return true;
}

/* Templates whose disks are one device. */
static void fill_simple(struct disk *disk, const struct lu_disk_plan *plan,
                        const struct idisk *wanted, size_t index)
{
    g_autofree char *uuid = new_uuid();
    /* plain: "UUID.disk0", else "UUID.file.disk0" and so on. */
    bool plain = plan->disk_template == DISK_TEMPLATE_PLAIN;
    g_autofree char *name = g_strdup_printf("%s%s%s.disk%zu", uuid, plain ? "" : ".",
                                            plain ? "" : template_word(plan->disk_template), index);
    const char *driver = fact_enum_file_driver.words[plan->file_driver];
    g_autofree char *path = NULL;

    switch (plan->disk_template) {
    case DISK_TEMPLATE_PLAIN:
        id_add_text(disk, wanted->vg);
        id_add_text(disk, name);
        break;
    case DISK_TEMPLATE_FILE:
    case DISK_TEMPLATE_SHAREDFILE:
        path = g_strdup_printf("%s/%s", plan->file_dir, name);
        id_add_text(disk, driver);
        id_add_text(disk, path);
        break;
    case DISK_TEMPLATE_GLUSTER:
        path = g_strdup_printf("ganeti/%s.%zu", plan->instance_uuid, index);
        id_add_text(disk, driver);
        id_add_text(disk, path);
        break;
    case DISK_TEMPLATE_BLOCKDEV:
        id_add_text(disk, C_BLOCKDEV_DRIVER_MANUAL);
        id_add_text(disk, wanted->adopt);
        break;
    case DISK_TEMPLATE_RBD:
        id_add_text(disk, template_word(DISK_TEMPLATE_RBD));
        id_add_text(disk, name);
        break;
    case DISK_TEMPLATE_EXT:
        id_add_text(disk, wanted->provider);
        id_add_text(disk, name);
        break;
    case DISK_TEMPLATE_DRBD:
    case DISK_TEMPLATE_DISKLESS:
        g_assert_not_reached(); /* see lu_disks_generate() */
    }
}

static void set_param(struct disk *disk, const char *name, struct json *value)
{
    (void)fact_value_set(fact_dict_add(&type_value_map, &disk->params, name), value);
    json_unref(value);
}

static void fill_common(struct disk *disk, const struct lu_disk_plan *plan,
                        const struct idisk *wanted, size_t index)
{
    g_free(disk->iv_name);
    disk->iv_name = g_strdup_printf("disk/%zu", index);
    disk->mode = wanted->mode;
    disk->has.iv_name = disk->has.mode = true;
    if (wanted->has.name) {
        lu_text_set(&disk->name, wanted->name);
        disk->has.name = true;
    }
    if (plan->disk_template == DISK_TEMPLATE_DRBD) {
        return;
    }
    if (wanted->has.spindles) {
        disk->spindles = wanted->spindles;
        disk->has.spindles = true;
    }
    if (wanted->has.access && const_has(C_DTS_HAVE_ACCESS, (int)plan->disk_template)) {
        set_param(disk, "access", json_new_string(wanted->access));
    }
    if (plan->disk_template == DISK_TEMPLATE_EXT) {
        set_param(disk, "provider", json_new_string(wanted->provider));
        struct json_iter it;
        if (wanted->extra != NULL) {
            it = json_iter_begin(wanted->extra);
            while (json_iter_next(&it)) {
                set_param(disk, it.key, json_ref(it.value));
            }
        }
    }
}

static void free_disk(void *disk)
{
    fact_object_free(&fact_object_disk, disk);
}

GPtrArray *lu_disks_generate(struct lu *lu, const struct lu_disk_plan *plan, GError **errp)
{
    g_autoptr(GPtrArray) disks = g_ptr_array_new_with_free_func(free_disk);
    if (!lu_check_template_enabled(lu, plan->disk_template, errp)) {
        return NULL;
    }
    size_t n = plan->disk_template == DISK_TEMPLATE_DISKLESS ? 0 : plan->n;
    for (size_t i = 0; i < n; i++) {
        const struct idisk *wanted = &plan->disks[i];
        size_t index = plan->first_index + i;
        struct disk *disk = new_disk(plan, plan->disk_template, wanted->size);
        g_ptr_array_add(disks, disk);
        if (plan->disk_template == DISK_TEMPLATE_DRBD) {
            if (!fill_drbd(lu, disk, plan, wanted, index, errp)) {
                return NULL;
            }
        } else {
            g_autofree char *size = text_format_mib((double)wanted->size, 'h');
            lu_log(lu, "* disk %zu, size %s", index, size);
            fill_simple(disk, plan, wanted, index);
        }
        fill_common(disk, plan, wanted, index);
    }
    return g_steal_pointer(&disks);
}
