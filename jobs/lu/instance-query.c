/* All there is to tell of instances (reference: lib/cmdlib/instance_query.py). */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/disk.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"
#include "jobs/lu/rpc.h"

/* --- OP_INSTANCE_QUERY_DATA: locks --------------------------------------------------------------
 */
struct data_own {
    GPtrArray *names; /* whole names; NULL: those whose locks are held */
};

static void data_clear(void *data)
{
    struct data_own *own = data;
    g_clear_pointer(&own->names, g_ptr_array_unref);
}

static bool expand(struct lu *lu, const struct op_instance_query_data *op, GError **errp)
{
    struct data_own *own = lu->own;
    g_autoptr(GPtrArray) uuids = lu_expand_instances(lu, LU_TEXTS(op->instances), errp);
    if (uuids == NULL) {
        return false;
    }
    own->names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < uuids->len; i++) {
        g_ptr_array_add(own->names, g_strdup(cfg_instance_get(lu_cfg(lu), uuids->pdata[i])->name));
    }
    return true;
}

static bool data_names(struct lu *lu, GError **errp)
{
    struct op_instance_query_data *op = lu_params(lu);
    struct data_own *own = lu->own;
    if (!op->is_static && !op->use_locking) {
        lu_warn(lu, "Locks are taken, because the nodes are asked");
        op->use_locking = true;
        op->has.use_locking = true;
    }
    if ((op->instances.n > 0 || !op->use_locking) && !expand(lu, op, errp)) {
        return false;
    }
    if (!op->use_locking) {
        return true;
    }
    lu_need_all_shared(lu);
    if (own->names == NULL) {
        lu_need_all(lu, LOCK_LEVEL_INSTANCE);
    } else {
        lu_need_many(lu, LOCK_LEVEL_INSTANCE, (const char *const *)own->names->pdata,
                     own->names->len);
    }
    lu_need_apart(lu, LOCK_LEVEL_NODEGROUP);
    lu_need_apart(lu, LOCK_LEVEL_NODE);
    lu_need_apart(lu, LOCK_LEVEL_NETWORK);
    return true;
}

/* Groups of all nodes of an instance; what fn is told is a UUID. */
static void each_group(struct lu *lu, const struct instance *instance,
                       void (*fn)(struct lu *lu, const char *uuid, void *data), void *data)
{
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, instance);
    for (guint i = 0; i < nodes->len; i++) {
        const struct node *node = cfg_node_get(lu_cfg(lu), nodes->pdata[i]);
        if (node != NULL) {
            fn(lu, node->group, data);
        }
    }
}

static void need_group(struct lu *lu, const char *uuid, void *data G_GNUC_UNUSED)
{
    lu_need(lu, LOCK_LEVEL_NODEGROUP, uuid);
}

static bool data_locks(struct lu *lu, enum lock_level level, GError **errp G_GNUC_UNUSED)
{
    if (level == LOCK_LEVEL_NODE) {
        lu_need_instances_nodes(lu, level, false);
        return true;
    }
    if (level != LOCK_LEVEL_NODEGROUP && level != LOCK_LEVEL_NETWORK) {
        return true;
    }
    g_autoptr(GPtrArray) owned = lu_owned(lu, LOCK_LEVEL_INSTANCE);
    for (guint i = 0; i < owned->len; i++) {
        const struct instance *instance = cfg_instance_named(lu_cfg(lu), owned->pdata[i]);
        if (instance == NULL) {
            continue;
        }
        if (level == LOCK_LEVEL_NODEGROUP) {
            each_group(lu, instance, need_group, NULL);
            continue;
        }
        for (size_t j = 0; j < instance->nics.n; j++) {
            if (instance->nics.v[j].network != NULL) {
                lu_need(lu, LOCK_LEVEL_NETWORK, instance->nics.v[j].network);
            }
        }
    }
    return true;
}

static void check_group(struct lu *lu, const char *uuid, void *data)
{
    bool *owned = data;
    *owned = *owned && lu_owns(lu, LOCK_LEVEL_NODEGROUP, uuid);
}

static bool data_prereq(struct lu *lu, GError **errp)
{
    const struct op_instance_query_data *op = lu_params(lu);
    struct data_own *own = lu->own;
    if (own->names == NULL) {
        own->names = lu_owned(lu, LOCK_LEVEL_INSTANCE);
    }
    for (guint i = 0; i < own->names->len; i++) {
        const struct instance *instance = cfg_instance_named(lu_cfg(lu), own->names->pdata[i]);
        bool owned = true;
        if (instance == NULL) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_NOENT, "Instance %s has gone meanwhile",
                            (const char *)own->names->pdata[i]);
        }
        if (op->use_locking) {
            each_group(lu, instance, check_group, &owned);
        }
        if (!owned) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                            "A node of instance %s went to another group meanwhile; try again",
                            instance->name);
        }
    }
    return true;
}

/* --- OP_INSTANCE_QUERY_DATA: disks --------------------------------------------------------------
 */
static void write_text(struct json_writer *w, const char *key, const char *text)
{
    json_write_key(w, key);
    json_write_string(w, text);
}

static void write_int(struct json_writer *w, const char *key, bool known, int64_t value)
{
    json_write_key(w, key);
    if (known) {
        json_write_int(w, value);
    } else {
        json_write_null(w);
    }
}

static void write_node_name(struct lu *lu, struct json_writer *w, const char *key, const char *uuid)
{
    const struct node *node = uuid != NULL ? cfg_node_get(lu_cfg(lu), uuid) : NULL;
    write_text(w, key, node != NULL ? node->name : NULL);
}

/* The members of a state as a list, in the order of the rows. */
static void write_status_list(const struct block_dev_status *status, struct json_writer *w)
{
    const struct fact_object *object = &fact_object_block_dev_status;
    json_write_array_begin(w);
    for (size_t i = 0; i < object->n_members; i++) {
        const struct fact_member *member = &object->members[i];
        if (fact_member_is_set(object, status, member)) {
            fact_encode(member->spec->type, (const char *)status + member->offset, w);
        } else {
            json_write_null(w);
        }
    }
    json_write_array_end(w);
}

/* What the disk is on a node: a list of seven values; null where it is not known or not asked. */
static bool write_status(struct lu *lu, const struct instance *instance, const struct disk *disk,
                         const char *node_uuid, struct json_writer *w, GError **errp)
{
    const struct op_instance_query_data *op = lu_params(lu);
    if (op->is_static || node_uuid == NULL) {
        json_write_null(w);
        return true;
    }
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(
        lu, node_uuid, LU_CALL(blockdev_find, .disk = {.disk = disk, .instance = instance}));
    if (answer->offline) {
        json_write_null(w);
        return true;
    }
    if (!lu_answer_check(answer, errp, "Cannot ask node %s for the state of a disk of instance %s",
                         answer->node_name, instance->name)) {
        return false;
    }
    if (answer->payload == NULL) {
        json_write_null(w);
        return true;
    }
    struct block_dev_status status = {0};
    if (!fact_object_decode_at(&fact_object_block_dev_status, answer->payload, &status, NULL,
                               errp)) {
        err_wrap(errp, ERR_OP_EXEC, ECODE_NONE);
        g_prefix_error(errp, "Node %s on a disk of instance %s: ", answer->node_name,
                       instance->name);
        return false;
    }
    write_status_list(&status, w);
    fact_object_clear(&fact_object_block_dev_status, &status);
    return true;
}

/* The secret at the end of a DRBD disk's is left out. */
static void write_logical_id(const struct disk *disk, bool drbd, struct json_writer *w)
{
    json_write_array_begin(w);
    for (size_t i = 0; i < disk->logical_id.n; i++) {
        if (drbd && i + 1 == disk->logical_id.n) {
            json_write_null(w);
        } else {
            fact_encode(&type_VALUE, &disk->logical_id.v[i], w);
        }
    }
    json_write_array_end(w);
}

static void write_drbd(struct lu *lu, const struct cfg_drbd *drbd, const char *primary_uuid,
                       bool a_first, struct json_writer *w)
{
    json_write_object_begin(w);
    write_node_name(lu, w, "primary_node", primary_uuid);
    write_int(w, "primary_minor", true, a_first ? drbd->minor_a : drbd->minor_b);
    write_node_name(lu, w, "secondary_node", a_first ? drbd->node_b : drbd->node_a);
    write_int(w, "secondary_minor", true, a_first ? drbd->minor_b : drbd->minor_a);
    write_int(w, "port", true, drbd->port);
    json_write_object_end(w);
}

/* secondary: node of the other half, NULL if there is none. */
static bool write_disk(struct lu *lu, const struct instance *instance, const char *secondary,
                       const struct disk *disk, struct json_writer *w, GError **errp)
{
    struct cfg_drbd drbd;
    bool is_drbd = disk->dev_type == DISK_TEMPLATE_DRBD && cfg_disk_drbd(disk, &drbd);
    bool a_first = is_drbd && g_strcmp0(drbd.node_a, instance->primary_node) == 0;
    if (is_drbd) {
        secondary = a_first ? drbd.node_b : drbd.node_a;
    }
    json_write_object_begin(w);
    write_text(w, "iv_name", disk->iv_name);
    write_text(w, "dev_type", fact_enum_disk_template.words[disk->dev_type]);
    json_write_key(w, "logical_id");
    write_logical_id(disk, is_drbd, w);
    json_write_key(w, "drbd_info");
    if (is_drbd) {
        write_drbd(lu, &drbd, instance->primary_node, a_first, w);
    } else {
        json_write_null(w);
    }
    json_write_key(w, "pstatus");
    if (!write_status(lu, instance, disk, instance->primary_node, w, errp)) {
        return false;
    }
    json_write_key(w, "sstatus");
    if (!write_status(lu, instance, disk, secondary, w, errp)) {
        return false;
    }
    json_write_key(w, "children");
    json_write_array_begin(w);
    for (size_t i = 0; i < disk->children.n; i++) {
        if (!write_disk(lu, instance, secondary, &disk->children.v[i], w, errp)) {
            return false;
        }
    }
    json_write_array_end(w);
    write_text(w, "mode", fact_enum_disk_mode.words[disk->mode]);
    write_int(w, "size", true, disk->size);
    write_int(w, "spindles", disk->has.spindles, disk->spindles);
    write_text(w, "name", disk->name);
    write_text(w, "uuid", disk->uuid);
    json_write_object_end(w);
    return true;
}

/* --- OP_INSTANCE_QUERY_DATA: instances ----------------------------------------------------------
 */
/* Whether the cluster takes a shutdown from inside for the user's wish. */
static bool allows_user_down(struct lu *lu, const struct instance *instance)
{
    return cfg_cluster(lu_cfg(lu))->enabled_user_shutdown &&
           (instance->hypervisor != HYPERVISOR_KVM ||
            fact_value_is_true(
                cfg_hvparam(lu_cfg(lu), instance, hv_names[HV_NAME_user_shutdown].name)));
}

/* "up", "down", "user down", "offline"; NULL: nobody was asked. */
static bool find_run_state(struct lu *lu, const struct instance *instance,
                           const struct node *primary, const char **ret, GError **errp)
{
    const struct op_instance_query_data *op = lu_params(lu);
    CLEANUP(json_unrefp) struct json *info = NULL;
    *ret = NULL;
    if (primary->offline) {
        lu_warn(lu,
                "Primary node %s is marked offline: of instance %s only what is recorded is "
                "known",
                primary->name, instance->name);
        return true;
    }
    if (op->is_static) {
        return true;
    }
    if (!lu_instance_info(lu, instance, false, &info, errp)) {
        return false;
    }
    if (lu_info_is_running(info)) {
        *ret = "up";
    } else if (info != NULL && json_has(info, "state")) {
        *ret = allows_user_down(lu, instance) ? "user down" : "down";
    } else if (instance->admin_state == ADMIN_OFFLINE) {
        *ret = "offline";
    } else {
        *ret =
            instance->admin_state == ADMIN_DOWN && instance->admin_state_source == ADMIN_SOURCE_USER
                ? "user down"
                : "down";
    }
    return true;
}

static void write_nic(struct lu *lu, const struct nic *nic, struct json_writer *w)
{
    struct nicparams filled = cfg_nicparams(lu_cfg(lu), nic);
    const struct network *network =
        nic->network != NULL ? cfg_network_get(lu_cfg(lu), nic->network) : NULL;
    json_write_array_begin(w);
    json_write_string(w, nic->name);
    json_write_string(w, nic->uuid);
    json_write_string(w, nic->ip);
    json_write_string(w, nic->mac);
    json_write_string(w, fact_enum_nic_mode.words[filled.mode]);
    json_write_string(w, filled.link);
    json_write_string(w, filled.vlan);
    json_write_string(w, nic->network);
    if (network != NULL) {
        fact_object_encode(&fact_object_network, network, w);
    } else {
        json_write_null(w);
    }
    json_write_array_end(w);
}

enum of_node { NODE_NAME, NODE_GROUP_UUID, NODE_GROUP_NAME };

static void write_node(struct lu *lu, const struct node *node, enum of_node what,
                       struct json_writer *w)
{
    const struct node_group *group = cfg_node_group(lu_cfg(lu), node);
    json_write_string(w, what == NODE_NAME         ? node->name
                         : what == NODE_GROUP_UUID ? node->group
                         : group != NULL           ? group->name
                                                   : NULL);
}

static void write_nodes(struct lu *lu, const struct instance *instance, const struct node *primary,
                        struct json_writer *w)
{
    static const struct {
        const char *of_primary, *of_secondaries;
        enum of_node what;
    } rows[] = {
        {"pnode", "snodes", NODE_NAME},
        {"pnode_group_uuid", "snodes_group_uuids", NODE_GROUP_UUID},
        {"pnode_group_name", "snodes_group_names", NODE_GROUP_NAME},
    };
    struct cfg_nodes secondaries = cfg_instance_secondaries(lu_cfg(lu), instance);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        json_write_key(w, rows[i].of_primary);
        write_node(lu, primary, rows[i].what, w);
        json_write_key(w, rows[i].of_secondaries);
        json_write_array_begin(w);
        for (size_t j = 0; j < secondaries.n; j++) {
            write_node(lu, secondaries.v[j], rows[i].what, w);
        }
        json_write_array_end(w);
    }
}

static void write_map(struct json_writer *w, const char *key, const struct value_map *map)
{
    json_write_key(w, key);
    fact_encode(&type_value_map, map, w);
}

static void write_params(struct lu *lu, const struct instance *instance, struct json_writer *w)
{
    struct value_map hv = cfg_hvparams(lu_cfg(lu), instance, CFG_FILL_NO_GLOBALS);
    struct value_map os = cfg_osparams(lu_cfg(lu), instance, 0);
    struct beparams be = cfg_beparams(lu_cfg(lu), instance);
    write_text(w, "hypervisor", fact_enum_hypervisor.words[instance->hypervisor]);
    write_int(w, "network_port", instance->has.network_port, instance->network_port);
    write_map(w, "hv_instance", &instance->hvparams);
    write_map(w, "hv_actual", &hv);
    json_write_key(w, "be_instance");
    fact_object_encode(&fact_object_beparams, &instance->beparams, w);
    json_write_key(w, "be_actual");
    fact_object_encode(&fact_object_beparams, &be, w);
    write_map(w, "os_instance", &instance->osparams);
    write_map(w, "os_actual", &os);
    cfg_filled_free(&hv);
    cfg_filled_free(&os);
}

static bool write_disks(struct lu *lu, const struct instance *instance, struct json_writer *w,
                        GError **errp)
{
    struct cfg_disks disks = cfg_instance_disks(lu_cfg(lu), instance);
    bool mixed;
    enum disk_template template = cfg_instance_disk_template(lu_cfg(lu), instance, &mixed);
    write_text(w, "disk_template", mixed ? C_DT_MIXED : fact_enum_disk_template.words[template]);
    json_write_key(w, "disks");
    json_write_array_begin(w);
    for (size_t i = 0; i < disks.n; i++) {
        if (!write_disk(lu, instance, NULL, disks.v[i], w, errp)) {
            return false;
        }
    }
    json_write_array_end(w);
    return true;
}

static bool write_instance(struct lu *lu, const struct instance *instance, struct json_writer *w,
                           GError **errp)
{
    const struct node *primary = cfg_instance_primary(lu_cfg(lu), instance);
    const char *run_state;
    if (primary == NULL) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "Instance %s has no primary node",
                        instance->name);
    }
    if (!find_run_state(lu, instance, primary, &run_state, errp)) {
        return false;
    }
    json_write_object_begin(w);
    write_text(w, "name", instance->name);
    write_text(w, "config_state", fact_enum_admin_state.words[instance->admin_state]);
    write_text(w, "run_state", run_state);
    write_nodes(lu, instance, primary, w);
    write_text(w, "os", instance->os);
    json_write_key(w, "nics");
    json_write_array_begin(w);
    for (size_t i = 0; i < instance->nics.n; i++) {
        write_nic(lu, &instance->nics.v[i], w);
    }
    json_write_array_end(w);
    if (!write_disks(lu, instance, w, errp)) {
        return false;
    }
    write_params(lu, instance, w);
    write_int(w, "serial_no", true, instance->serial_no);
    json_write_key(w, "mtime");
    json_write_double(w, instance->mtime);
    json_write_key(w, "ctime");
    json_write_double(w, instance->ctime);
    write_text(w, "uuid", instance->uuid);
    json_write_object_end(w);
    return true;
}

static bool data_exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct data_own *own = lu->own;
    json_write_object_begin(result);
    for (guint i = 0; i < own->names->len; i++) {
        const char *name = own->names->pdata[i];
        json_write_key(result, name);
        if (!write_instance(lu, cfg_instance_named(lu_cfg(lu), name), result, errp)) {
            return false;
        }
    }
    json_write_object_end(result);
    return true;
}

LU(instance_query_data, .own_size = sizeof(struct data_own), .clear = data_clear,
   .expand_names = data_names, .declare_locks = data_locks, .check_prereq = data_prereq,
   .exec = data_exec)
