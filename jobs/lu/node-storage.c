/* Storage of nodes as they have it: listing, changing and repairing it (reference:
 * lib/cmdlib/node.py LUNodeQueryvols, LUNodeQueryStorage, LUNodeModifyStorage,
 * LURepairNodeStorage). */
#include "config.h"

#include <string.h>

#include "base/json-writer.h"
#include "base/text.h"
#include "compat-config/model/disk.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/storage.h"
#include "jobs/lu/disks.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"
#include "jobs/lu/node-guard.h"
#include "jobs/lu/rpc.h"

/* --- Arguments that units share -----------------------------------------------------------------
 */
static bool check_fields(const struct str_list *fields, bool (*is_known)(const char *field),
                         GError **errp)
{
    for (size_t i = 0; i < fields->n; i++) {
        if (!is_known(fields->v[i])) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "There is no field '%s' here",
                            fields->v[i]);
        }
    }
    return true;
}

/* Some nodes, or all of them, to be read only. */
static bool need_nodes(struct lu *lu, const struct str_list *names, GError **errp)
{
    lu_need_all_shared(lu);
    if (names->n == 0) {
        lu_need_all(lu, LOCK_LEVEL_NODE);
        return true;
    }
    g_autoptr(GPtrArray) uuids = lu_expand_nodes(lu, LU_TEXTS(*names), errp);
    if (uuids == NULL) {
        return false;
    }
    lu_need_many(lu, LOCK_LEVEL_NODE, (const char *const *)uuids->pdata, uuids->len);
    return true;
}

/* What the node daemon needs to know of a type of storage: [[directory]] or []. */
static struct json *storage_args(struct lu *lu, enum storage_type storage_type)
{
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    const char *dir = storage_type == STORAGE_FILE         ? cluster->file_storage_dir
                      : storage_type == STORAGE_SHAREDFILE ? cluster->shared_file_storage_dir
                      : storage_type == STORAGE_GLUSTER    ? cluster->gluster_storage_dir
                                                           : NULL;
    struct json *args = json_new_array();
    if (dir != NULL) {
        struct json *dirs = json_new_array();
        json_append(dirs, json_new_string(dir));
        json_append(args, dirs);
    }
    return args;
}

/* --- OP_NODE_QUERYVOLS --------------------------------------------------------------------------
 */
static bool is_volume_field(const char *field)
{
    static const char *const fields[] = {C_VF_NODE, C_VF_PHYS, C_VF_VG,
                                         C_VF_NAME, C_VF_SIZE, C_VF_INSTANCE};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (strcmp(field, fields[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool volumes_arguments(struct lu *lu, GError **errp)
{
    const struct op_node_queryvols *op = lu_params(lu);
    return check_fields((const struct str_list *)(const void *)&op->output_fields, is_volume_field,
                        errp);
}

static bool volumes_names(struct lu *lu, GError **errp)
{
    const struct op_node_queryvols *op = lu_params(lu);
    return need_nodes(lu, (const struct str_list *)(const void *)&op->nodes, errp);
}

/* Names of instances by "NODE UUID VG/LV". */
static void map_volumes(const struct disk *disk, const char *node_uuid, const char *instance,
                        GHashTable *map)
{
    const char *vg, *lv;
    struct cfg_drbd drbd;
    if (cfg_disk_lv(disk, &vg, &lv)) {
        g_hash_table_replace(map, g_strdup_printf("%s %s/%s", node_uuid, vg, lv), (void *)instance);
    }
    bool is_drbd = cfg_disk_drbd(disk, &drbd);
    for (size_t i = 0; i < disk->children.n; i++) {
        map_volumes(&disk->children.v[i], is_drbd ? drbd.node_a : node_uuid, instance, map);
        if (is_drbd) {
            map_volumes(&disk->children.v[i], drbd.node_b, instance, map);
        }
    }
}

static GHashTable *volumes_of_instances(const struct cfg *cfg)
{
    GHashTable *map = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (size_t i = 0; i < cfg_instance_count(cfg); i++) {
        const struct instance *instance = cfg_instance_at(cfg, i);
        struct cfg_disks disks = cfg_instance_disks(cfg, instance);
        for (size_t j = 0; j < disks.n && instance->primary_node != NULL; j++) {
            map_volumes(disks.v[j], instance->primary_node, instance->name, map);
        }
    }
    return map;
}

/* A member of a volume as text. */
static char *volume_text(const struct json *volume, const char *name)
{
    const struct json *value = json_kind(volume) == JSON_OBJECT ? json_get(volume, name) : NULL;
    return json_kind(value) == JSON_STRING ? g_strdup(json_string(value))
                                           : json_to_string(value, JSON_PYTHON);
}

static int by_device(const void *a, const void *b)
{
    g_autofree char *first = volume_text(*(struct json *const *)a, C_VF_DEV);
    g_autofree char *second = volume_text(*(struct json *const *)b, C_VF_DEV);
    return strcmp(first, second);
}

static void write_volume(const struct op_node_queryvols *op, const struct lu_answer *answer,
                         const struct json *volume, GHashTable *map, struct json_writer *result)
{
    json_write_array_begin(result);
    for (size_t i = 0; i < op->output_fields.n; i++) {
        const char *field = op->output_fields.v[i];
        g_autofree char *text = NULL;
        if (strcmp(field, C_VF_NODE) == 0) {
            text = g_strdup(answer->node_name);
        } else if (strcmp(field, C_VF_PHYS) == 0) {
            text = volume_text(volume, C_VF_DEV);
        } else if (strcmp(field, C_VF_SIZE) == 0) {
            g_autofree char *size = volume_text(volume, C_VF_SIZE);
            text = g_strdup_printf("%.0f", (double)(int64_t)g_ascii_strtod(size, NULL));
        } else if (strcmp(field, C_VF_INSTANCE) == 0) {
            g_autofree char *vg = volume_text(volume, C_VF_VG);
            g_autofree char *lv = volume_text(volume, C_VF_NAME);
            g_autofree char *key = g_strdup_printf("%s %s/%s", answer->node_uuid, vg, lv);
            const char *instance = g_hash_table_lookup(map, key);
            text = g_strdup(instance != NULL ? instance : "-");
        } else {
            text = volume_text(volume, field);
        }
        json_write_string(result, text);
    }
    json_write_array_end(result);
}

/* Whether the node told something; a failure is a warning, an offline node none. */
static bool is_usable(struct lu *lu, const struct lu_answer *answer, const char *what)
{
    if (answer->offline ||
        !lu_answer_warn(lu, answer, "Node %s does not tell its %s", answer->node_name, what)) {
        return false;
    }
    if (json_kind(answer->payload) != JSON_ARRAY) {
        lu_warn(lu, "Node %s does not tell its %s: the answer is no list", answer->node_name, what);
        return false;
    }
    return true;
}

static bool volumes_exec(struct lu *lu, struct json_writer *result, GError **errp G_GNUC_UNUSED)
{
    const struct op_node_queryvols *op = lu_params(lu);
    g_autoptr(GPtrArray) nodes = lu_owned(lu, LOCK_LEVEL_NODE);
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers = lu_call_nodes(lu, (const char *const *)nodes->pdata, nodes->len,
                                               LU_CALL(node_volumes, .whole = true));
    g_autoptr(GHashTable) map = volumes_of_instances(lu_cfg(lu));
    json_write_array_begin(result);
    for (size_t i = 0; i < answers->n; i++) {
        if (!is_usable(lu, &answers->v[i], "volumes")) {
            continue;
        }
        g_autoptr(GPtrArray) volumes = g_ptr_array_new();
        for (size_t j = 0; j < json_len(answers->v[i].payload); j++) {
            g_ptr_array_add(volumes, json_at(answers->v[i].payload, j));
        }
        g_ptr_array_sort(volumes, by_device);
        for (guint j = 0; j < volumes->len; j++) {
            write_volume(op, &answers->v[i], volumes->pdata[j], map, result);
        }
    }
    json_write_array_end(result);
    return true;
}

LU(node_queryvols, .check_arguments = volumes_arguments, .expand_names = volumes_names,
   .exec = volumes_exec)

/* --- OP_NODE_QUERY_STORAGE ----------------------------------------------------------------------
 */
static bool is_storage_field(const char *field)
{
    return strcmp(field, C_SF_NODE) == 0 || strcmp(field, C_SF_TYPE) == 0 ||
           fact_enum_find(&fact_enum_storage_field, field) >= 0;
}

static bool list_arguments(struct lu *lu, GError **errp)
{
    const struct op_node_query_storage *op = lu_params(lu);
    return check_fields((const struct str_list *)(const void *)&op->output_fields, is_storage_field,
                        errp);
}

static bool list_names(struct lu *lu, GError **errp)
{
    const struct op_node_query_storage *op = lu_params(lu);
    return need_nodes(lu, (const struct str_list *)(const void *)&op->nodes, errp);
}

static enum storage_type list_type(struct lu *lu)
{
    const struct op_node_query_storage *op = lu_params(lu);
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    if (op->has.storage_type) {
        return op->storage_type;
    }
    return cluster->enabled_disk_templates.n > 0
               ? storage_type_of(cluster->enabled_disk_templates.v[0])
               : STORAGE_DISKLESS;
}

/* Those whose units nodes can list (STS_REPORT_NODE_STORAGE). */
static bool can_be_listed(enum storage_type storage_type)
{
    switch (storage_type) {
    case STORAGE_FILE:
    case STORAGE_SHAREDFILE:
    case STORAGE_GLUSTER:
    case STORAGE_LVM_PV:
    case STORAGE_LVM_VG:
        return true;
    case STORAGE_DISKLESS:
    case STORAGE_BLOCKDEV:
    case STORAGE_RADOS:
    case STORAGE_EXT:
        break;
    }
    return false;
}

static bool list_prereq(struct lu *lu, GError **errp)
{
    const struct op_node_query_storage *op = lu_params(lu);
    if (op->has.storage_type) {
        return lu_check_storage_type(lu, op->storage_type, errp);
    }
    return can_be_listed(list_type(lu)) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_NONE,
                    "Storage of the type '%s' of the first enabled disk template cannot be "
                    "listed: name another type",
                    fact_enum_storage_type.words[list_type(lu)]);
}

/* What nodes are asked for: the name always, to sort by; node and type are known here. */
static GPtrArray *asked_fields(const struct op_node_query_storage *op)
{
    GPtrArray *fields = g_ptr_array_new();
    const char *name = fact_enum_storage_field.words[STORAGE_FIELD_NAME];
    g_ptr_array_add(fields, (void *)name);
    for (size_t i = 0; i < op->output_fields.n; i++) {
        const char *field = op->output_fields.v[i];
        if (strcmp(field, C_SF_NODE) != 0 && strcmp(field, C_SF_TYPE) != 0 &&
            strcmp(field, name) != 0) {
            g_ptr_array_add(fields, (void *)field);
        }
    }
    return fields;
}

static int by_name(const void *a, const void *b)
{
    const struct json *first = json_at(*(struct json *const *)a, 0);
    const struct json *second = json_at(*(struct json *const *)b, 0);
    return text_nice_compare(json_string(first), json_string(second));
}

static void write_unit(struct lu *lu, const char *node_name, const struct json *unit,
                       const GPtrArray *asked, struct json_writer *result)
{
    const struct op_node_query_storage *op = lu_params(lu);
    json_write_array_begin(result);
    for (size_t i = 0; i < op->output_fields.n; i++) {
        const char *field = op->output_fields.v[i];
        guint index = 0;
        if (strcmp(field, C_SF_NODE) == 0) {
            json_write_string(result, node_name);
        } else if (strcmp(field, C_SF_TYPE) == 0) {
            json_write_string(result, fact_enum_storage_type.words[list_type(lu)]);
        } else if (g_ptr_array_find_with_equal_func((GPtrArray *)asked, field, g_str_equal,
                                                    &index)) {
            json_write_value(result, json_at(unit, index));
        }
    }
    json_write_array_end(result);
}

static void write_units(struct lu *lu, const struct lu_answer *answer, const GPtrArray *asked,
                        struct json_writer *result)
{
    g_autoptr(GPtrArray) units = g_ptr_array_new();
    for (size_t i = 0; i < json_len(answer->payload); i++) {
        struct json *unit = json_at(answer->payload, i);
        if (json_kind(unit) == JSON_ARRAY && json_len(unit) == asked->len &&
            json_kind(json_at(unit, 0)) == JSON_STRING) {
            g_ptr_array_add(units, unit);
        } else {
            lu_warn(lu, "Node %s tells of a storage unit in a form that is not known",
                    answer->node_name);
        }
    }
    g_ptr_array_sort(units, by_name);
    for (guint i = 0; i < units->len; i++) {
        write_unit(lu, answer->node_name, units->pdata[i], asked, result);
    }
}

static bool list_exec(struct lu *lu, struct json_writer *result, GError **errp G_GNUC_UNUSED)
{
    const struct op_node_query_storage *op = lu_params(lu);
    g_autoptr(GPtrArray) nodes = lu_owned(lu, LOCK_LEVEL_NODE), asked = asked_fields(op);
    CLEANUP(json_unrefp) struct json *args = storage_args(lu, list_type(lu));
    CLEANUP(json_unrefp)
    struct json *name = op->has.name ? json_new_string(op->name) : NULL;
    struct any_list fields = {0};
    for (guint i = 0; i < asked->len; i++) {
        struct json **slot = fact_list_add(&type_any_list, &fields);
        *slot = json_new_string(asked->pdata[i]);
    }
    g_ptr_array_sort(nodes, text_nice_compare_slots);
    CLEANUP(lu_answers_freep)
    struct lu_answers *answers = lu_call_nodes(
        lu, (const char *const *)nodes->pdata, nodes->len,
        LU_CALL(storage_list, .su_name = (char *)fact_enum_storage_type.words[list_type(lu)],
                .su_args = args, .name = name, .fields = fields));
    fact_clear(&type_any_list, &fields);
    json_write_array_begin(result);
    for (size_t i = 0; i < answers->n; i++) {
        if (is_usable(lu, &answers->v[i], "storage")) {
            write_units(lu, &answers->v[i], asked, result);
        }
    }
    json_write_array_end(result);
    return true;
}

LU(node_query_storage, .check_arguments = list_arguments, .expand_names = list_names,
   .check_prereq = list_prereq, .exec = list_exec)

/* --- OP_NODE_MODIFY_STORAGE ---------------------------------------------------------------------
 */
static bool modify_arguments(struct lu *lu, GError **errp)
{
    struct op_node_modify_storage *op = lu_params(lu);
    if (lu_expand_node_slot(lu, LU_NODE_SLOT(op), errp) == NULL) {
        return false;
    }
    if (op->storage_type != STORAGE_LVM_PV) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Storage units of the type '%s' cannot be changed",
                        fact_enum_storage_type.words[op->storage_type]);
    }
    for (size_t i = 0; i < op->changes.n; i++) {
        if (strcmp(op->changes.v[i].key,
                   fact_enum_storage_field.words[STORAGE_FIELD_ALLOCATABLE]) != 0) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "'%s' of a storage unit of the type '%s' cannot be changed",
                            op->changes.v[i].key, fact_enum_storage_type.words[op->storage_type]);
        }
    }
    return true;
}

static bool modify_names(struct lu *lu, GError **errp G_GNUC_UNUSED)
{
    const struct op_node_modify_storage *op = lu_params(lu);
    lu_need(lu, LOCK_LEVEL_NODE, op->node_uuid);
    return true;
}

static bool modify_prereq(struct lu *lu, GError **errp)
{
    const struct op_node_modify_storage *op = lu_params(lu);
    return lu_check_storage_type(lu, op->storage_type, errp);
}

static bool modify_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_node_modify_storage *op = lu_params(lu);
    CLEANUP(json_unrefp) struct json *args = storage_args(lu, op->storage_type);
    CLEANUP(json_unrefp) struct json *changes = json_new_object();
    CLEANUP(json_unrefp)
    struct json *name = op->has.name ? json_new_string(op->name) : NULL;
    for (size_t i = 0; i < op->changes.n; i++) {
        json_set(changes, op->changes.v[i].key, json_ref(op->changes.v[i].value));
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, op->node_uuid,
        LU_CALL(storage_modify, .su_name = (char *)fact_enum_storage_type.words[op->storage_type],
                .su_args = args, .name = name, .changes = changes));
    return lu_answer_check(answer, errp, "Could not change storage unit '%s' on node %s",
                           op->has.name ? op->name : "", op->node_name);
}

LU(node_modify_storage, .check_arguments = modify_arguments, .expand_names = modify_names,
   .check_prereq = modify_prereq, .exec = modify_exec)

/* --- OP_REPAIR_NODE_STORAGE ---------------------------------------------------------------------
 */
static bool repair_arguments(struct lu *lu, GError **errp)
{
    struct op_repair_node_storage *op = lu_params(lu);
    return lu_expand_node_slot(lu, LU_NODE_SLOT(op), errp) != NULL &&
           (op->storage_type == STORAGE_LVM_VG ||
            err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                     "Storage units of the type '%s' cannot be repaired",
                     fact_enum_storage_type.words[op->storage_type]));
}

static bool repair_names(struct lu *lu, GError **errp G_GNUC_UNUSED)
{
    const struct op_repair_node_storage *op = lu_params(lu);
    lu_need(lu, LOCK_LEVEL_NODE, op->node_uuid);
    return true;
}

/* Repairing drops what is missing, so the other halves of mirrors must be whole. */
static bool check_faulty(struct lu *lu, const struct instance *instance, const char *node_uuid,
                         GError **errp)
{
    g_autoptr(GArray) faulty = g_array_new(FALSE, FALSE, sizeof(int64_t));
    return lu_disks_find_faulty(lu, instance, node_uuid, faulty, errp) &&
           (faulty->len == 0 ||
            err_fail(errp, ERR_OP_PREREQ, ECODE_STATE, "Instance %s has faulty disks on node %s",
                     instance->name, cfg_node_get(lu_cfg(lu), node_uuid)->name));
}

static bool check_instance(struct lu *lu, const struct instance *instance, GError **errp)
{
    const struct op_repair_node_storage *op = lu_params(lu);
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, instance);
    if (!instance->disks_active ||
        !g_ptr_array_find_with_equal_func(nodes, op->node_uuid, g_str_equal, NULL)) {
        return true;
    }
    for (guint i = 0; i < nodes->len; i++) {
        g_autoptr(GError) error = NULL;
        if (strcmp(nodes->pdata[i], op->node_uuid) == 0 ||
            check_faulty(lu, instance, nodes->pdata[i], &error)) {
            continue;
        }
        if (!op->ignore_consistency) {
            g_propagate_error(errp, g_steal_pointer(&error));
            return false;
        }
        lu_warn(lu, "%s", error->message);
    }
    return true;
}

static bool repair_prereq(struct lu *lu, GError **errp)
{
    const struct op_repair_node_storage *op = lu_params(lu);
    if (!lu_check_storage_type(lu, op->storage_type, errp)) {
        return false;
    }
    for (size_t i = 0; i < cfg_instance_count(lu_cfg(lu)); i++) {
        if (!check_instance(lu, cfg_instance_at(lu_cfg(lu), i), errp)) {
            return false;
        }
    }
    return true;
}

static bool repair_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_repair_node_storage *op = lu_params(lu);
    const char *unit = op->has.name ? op->name : "";
    CLEANUP(json_unrefp) struct json *args = storage_args(lu, op->storage_type);
    CLEANUP(json_unrefp)
    struct json *name = op->has.name ? json_new_string(op->name) : NULL;
    lu_log(lu, "Repairing storage unit '%s' on node %s", unit, op->node_name);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, op->node_uuid,
        LU_CALL(storage_execute, .su_name = (char *)fact_enum_storage_type.words[op->storage_type],
                .su_args = args, .name = name, .op = (char *)C_SO_FIX_CONSISTENCY));
    return lu_answer_check(answer, errp, "Could not repair storage unit '%s' on node %s", unit,
                           op->node_name);
}

LU(repair_node_storage, .check_arguments = repair_arguments, .expand_names = repair_names,
   .check_prereq = repair_prereq, .exec = repair_exec)

/* --- OP_NODE_POWERCYCLE -------------------------------------------------------------------------
 *
 * The last resort: it waits for no lock. */
static bool cycle_arguments(struct lu *lu, GError **errp)
{
    struct op_node_powercycle *op = lu_params(lu);
    const struct node *node = lu_expand_node_slot(lu, LU_NODE_SLOT(op), errp);
    if (node == NULL) {
        return false;
    }
    return op->force || !cfg_node_is_master(lu_cfg(lu), node) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "Node %s is the master, which is reset by force only", node->name);
}

static bool cycle_exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_node_powercycle *op = lu_params(lu);
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    const char *hypervisor = fact_enum_hypervisor.words[cluster->enabled_hypervisors.v[0]];
    const struct value_map *params = fact_dict_get(&type_hv_map, &cluster->hvparams, hypervisor);
    CLEANUP(json_unrefp) struct json *hvparams = json_new_object();
    for (size_t i = 0; params != NULL && i < params->n; i++) {
        json_set(hvparams, params->v[i].key, fact_value_to_json(&params->v[i].value));
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, op->node_uuid,
        LU_CALL(node_powercycle, .hypervisor = (char *)hypervisor, .hvparams = hvparams));
    if (!lu_answer_check(answer, errp, "Could not reset node %s", op->node_name)) {
        return false;
    }
    json_write_value(result, answer->payload);
    return true;
}

LU(node_powercycle, .check_arguments = cycle_arguments, .exec = cycle_exec)
