/* OP_INSTANCE_CREATE: what is checked before (reference: lib/cmdlib/instance_create.py). */
#include "config.h"

#include "jobs/lu/instance-create.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "facts/paths.h"
#include "jobs/lu/disk-make.h"
#include "jobs/lu/hostname.h"
#include "jobs/lu/instance-check.h"
#include "jobs/lu/instance-env.h"
#include "jobs/lu/ipolicy-fit.h"
#include "jobs/lu/names.h"
#include "jobs/lu/nics.h"
#include "jobs/lu/node-check.h"
#include "jobs/lu/params.h"
#include "jobs/lu/tags.h"

static void create_clear(void *data)
{
    struct create_own *own = data;
    g_free(own->check_ip);
    fact_clear(&type_idisk_list, &own->disks);
    fact_object_free(&fact_object_instance, own->instance);
    fact_clear(&type_value_map, &own->osparams_secret);
    g_free(own->file_dir);
    g_clear_pointer(&own->nodes, g_ptr_array_unref);
    g_free(own->old_name);
    g_clear_pointer(&own->images, g_ptr_array_unref);
    g_clear_pointer(&own->macs, g_ptr_array_unref);
    g_free(own->source_ca);
}

static bool inval(GError **errp, const char *text)
{
    return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "%s", text);
}

/* --- Arguments ----------------------------------------------------------------------------------
 */
static bool check_name(struct lu *lu, GError **errp)
{
    struct op_instance_create *op = lu_params(lu);
    struct create_own *own = lu->own;
    g_autofree char *name = lu_hostname_normalize(op->instance_name, errp);
    if (name == NULL) {
        return false;
    }
    lu_text_set(&op->instance_name, name);
    if (!op->name_check) {
        return !op->ip_check || inval(errp, "The check of the address needs that of the name");
    }
    g_autofree char *whole = NULL;
    if (!lu_hostname_resolve(name, &whole, &own->check_ip, errp)) {
        return false;
    }
    lu_text_set(&op->instance_name, whole);
    return true;
}

static bool check_vlan(struct inic *nic, GError **errp)
{
    const char *vlan = nic->has.vlan ? nic->vlan : "";
    if (*vlan == '\0') {
        return true;
    }
    bool dotted = *vlan == '.' || *vlan == ':';
    if (strspn(vlan + (dotted ? 1 : 0), dotted ? "0123456789:" : "0123456789") !=
        strlen(vlan) - (dotted ? 1 : 0)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "'%s' is no VLAN", vlan);
    }
    if (!dotted) {
        /* An untagged port. */
        g_autofree char *whole = g_strconcat(".", vlan, NULL);
        lu_text_set(&nic->vlan, whole);
    }
    return true;
}

static bool check_disks(struct lu *lu, GError **errp)
{
    struct op_instance_create *op = lu_params(lu);
    struct create_own *own = lu->own;
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    size_t adopted = 0;
    if (!op->has.disk_template && cluster->enabled_disk_templates.n > 0) {
        op->disk_template = cluster->enabled_disk_templates.v[0];
        op->has.disk_template = true;
    }
    if (!lu_check_template_enabled(lu, op->disk_template, errp)) {
        return false;
    }
    for (size_t i = 0; i < op->disks.n; i++) {
        adopted += op->disks.v[i].has.adopt ? 1 : 0;
    }
    own->adopt = adopted > 0;
    if (adopted > 0 && adopted < op->disks.n) {
        return inval(errp, "Either all disks are adopted or none");
    }
    if (own->adopt && !const_has(C_DTS_MAY_ADOPT, (int)op->disk_template)) {
        return inval(errp, "Disks of this template cannot be adopted");
    }
    if (own->adopt && op->has.iallocator) {
        return inval(errp, "Disks to be adopted are where they are: no allocator can help");
    }
    if (!own->adopt && const_has(C_DTS_MUST_ADOPT, (int)op->disk_template)) {
        return inval(errp, "Disks of this template can only be adopted");
    }
    if (!op->has.file_driver && const_has(C_DTS_FILEBASED, (int)op->disk_template)) {
        op->file_driver = FILE_DRIVER_LOOP;
        op->has.file_driver = true;
    }
    return true;
}

static bool check_placement(struct lu *lu, GError **errp)
{
    struct op_instance_create *op = lu_params(lu);
    const char *usual = cfg_cluster(lu_cfg(lu))->default_iallocator;
    if (op->has.pnode && op->has.iallocator) {
        return inval(errp, "Either the nodes are given or an allocator, not both");
    }
    if ((!op->has.pnode && !op->has.iallocator) ||
        (op->has.iallocator && strcmp(op->iallocator, C_DEFAULT_IALLOCATOR_SHORTCUT) == 0)) {
        if (usual == NULL || *usual == '\0') {
            return inval(errp, "Neither nodes nor an allocator are given, and the cluster has no "
                               "default allocator");
        }
        lu_text_set(&op->iallocator, usual);
        op->has.iallocator = true;
    }
    if (op->has.pnode) {
        bool mirrored = const_has(C_DTS_INT_MIRROR, (int)op->disk_template);
        if (mirrored && !op->has.snode) {
            return inval(errp, "Disks of this template need a secondary node");
        }
        if (!mirrored && op->has.snode) {
            lu_warn(lu, "The secondary node is ignored: disks of this template need none");
            op->has.snode = false;
            g_clear_pointer(&op->snode, g_free);
        }
    }
    return !op->opportunistic_locking || op->has.iallocator ||
           inval(errp, "Opportunistic locking needs an allocator");
}

/* One more interface, unless it is given already. */
static bool add_communication(struct lu *lu, GError **errp)
{
    struct op_instance_create *op = lu_params(lu);
    const char *network = cfg_cluster(lu_cfg(lu))->instance_communication_network;
    g_autofree char *name =
        g_strconcat(C_INSTANCE_COMMUNICATION_NIC_PREFIX, op->instance_name, NULL);
    for (size_t i = 0; i < op->nics.n; i++) {
        if (g_strcmp0(op->nics.v[i].name, name) == 0) {
            return true;
        }
    }
    if (network == NULL || *network == '\0') {
        return inval(errp, "The cluster has no network for interfaces to the metadata daemon; "
                           "see 'gnt-cluster modify --instance-communication-network'");
    }
    struct inic *nic = fact_list_add(&type_inic_list, &op->nics);
    lu_text_set(&nic->name, name);
    lu_text_set(&nic->mac, C_VALUE_GENERATE);
    lu_text_set(&nic->ip, fact_enum_nic_mode.words[NIC_MODE_POOL]);
    lu_text_set(&nic->network, network);
    nic->has.name = nic->has.mac = nic->has.ip = nic->has.network = true;
    return true;
}

static bool create_arguments(struct lu *lu, GError **errp)
{
    struct op_instance_create *op = lu_params(lu);
    if (op->forthcoming && op->commit) {
        return inval(errp, "An instance is either planned (forthcoming) or made real (commit)");
    }
    if (op->no_install && op->start) {
        lu_info(lu, "Nothing is installed, so the instance is not started");
        op->start = false;
    }
    if (!check_name(lu, errp) || (op->instance_communication && !add_communication(lu, errp))) {
        return false;
    }
    for (size_t i = 0; i < op->nics.n; i++) {
        if (!check_vlan(&op->nics.v[i], errp)) {
            return false;
        }
    }
    return check_disks(lu, errp) && check_placement(lu, errp) &&
           (op->mode == INST_CREATE_CREATE ? create_os_arguments(lu, errp)
                                           : create_import_arguments(lu, errp));
}

/* --- Locks --------------------------------------------------------------------------------------
 */
/* The forthcoming instance that becomes real. */
static const struct instance *planned(struct lu *lu, GError **errp)
{
    const struct op_instance_create *op = lu_params(lu);
    const struct instance *instance = lu_expand_instance(lu, op->instance_name, NULL, NULL);
    if (instance == NULL) {
        err_set(errp, ERR_OP_PREREQ, ECODE_INVAL, "Instance %s is not known", op->instance_name);
        return NULL;
    }
    if (!cfg_instance_is_forthcoming(instance)) {
        err_set(errp, ERR_OP_PREREQ, ECODE_STATE, "Instance %s is not forthcoming", instance->name);
        return NULL;
    }
    return instance;
}

static bool check_free_name(struct lu *lu, GError **errp)
{
    const struct op_instance_create *op = lu_params(lu);
    return cfg_instance_named(lu_cfg(lu), op->instance_name) == NULL ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_EXISTS, "There is an instance %s already",
                    op->instance_name);
}

static void need_node(struct lu *lu, const char *uuid)
{
    const struct node *node = cfg_node_get(lu_cfg(lu), uuid);
    lu_need(lu, LOCK_LEVEL_NODE, uuid);
    lu_need(lu, LOCK_LEVEL_NODE_RES, uuid);
    if (node != NULL) {
        lu_need(lu, LOCK_LEVEL_NODEGROUP, node->group);
    }
}

static bool need_given_nodes(struct lu *lu, GError **errp)
{
    struct op_instance_create *op = lu_params(lu);
    const struct lu_name_slot primary = {&op->pnode, &op->pnode_uuid, &op->has.pnode_uuid};
    const struct lu_name_slot secondary = {&op->snode, &op->snode_uuid, &op->has.snode_uuid};
    if (lu_expand_node_slot(lu, primary, errp) == NULL ||
        (op->has.snode && lu_expand_node_slot(lu, secondary, errp) == NULL)) {
        return false;
    }
    need_node(lu, op->pnode_uuid);
    if (op->has.snode) {
        need_node(lu, op->snode_uuid);
    }
    return true;
}

static void need_any_nodes(struct lu *lu)
{
    const struct op_instance_create *op = lu_params(lu);
    size_t at_least = op->disk_template == DISK_TEMPLATE_DRBD ? 2 : 1;
    lu_need_all(lu, LOCK_LEVEL_NODEGROUP);
    lu_need_all(lu, LOCK_LEVEL_NODE);
    if (op->opportunistic_locking) {
        lu_need_opportunistic(lu, LOCK_LEVEL_NODE, at_least);
        lu_need_apart(lu, LOCK_LEVEL_NODE_RES);
        lu_need_opportunistic(lu, LOCK_LEVEL_NODE_RES, at_least);
    } else {
        lu_need_all(lu, LOCK_LEVEL_NODE_RES);
    }
}

static bool create_names(struct lu *lu, GError **errp)
{
    struct op_instance_create *op = lu_params(lu);
    if (op->commit) {
        const struct instance *instance = planned(lu, errp);
        if (instance == NULL) {
            return false;
        }
        g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, instance);
        lu_text_set(&op->instance_name, instance->name);
        for (guint i = 0; i < nodes->len; i++) {
            need_node(lu, nodes->pdata[i]);
        }
    } else if (!check_free_name(lu, errp)) {
        return false;
    } else if (op->has.iallocator) {
        need_any_nodes(lu);
    } else if (!need_given_nodes(lu, errp)) {
        return false;
    }
    lu_need_new(lu, LOCK_LEVEL_INSTANCE, op->instance_name);
    lu_need_shared(lu, LOCK_LEVEL_NODEGROUP);
    return create_import_names(lu, errp);
}

static bool create_locks(struct lu *lu, enum lock_level level, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_create *op = lu_params(lu);
    if (level == LOCK_LEVEL_NODE_RES && op->opportunistic_locking) {
        g_autoptr(GPtrArray) owned = lu_owned(lu, LOCK_LEVEL_NODE);
        lu_need_many(lu, level, (const char *const *)owned->pdata, owned->len);
    }
    return true;
}

/* --- What it will be ----------------------------------------------------------------------------
 */
static void merge_any(struct value_map *map, const struct any_dict *given)
{
    for (size_t i = 0; i < given->n; i++) {
        (void)fact_value_set(fact_dict_add(&type_value_map, map, given->v[i].key),
                             given->v[i].value);
    }
}

static void merge_private(struct value_map *map, const struct private_dict *given)
{
    for (size_t i = 0; i < given->n; i++) {
        (void)fact_value_set(fact_dict_add(&type_value_map, map, given->v[i].key),
                             given->v[i].value);
    }
}

/* "auto" takes what the cluster has (ComputeFullBeParams). */
bool create_beparams(const struct op_instance_create *op, struct instance *instance, GError **errp)
{
    struct any_dict given = {0};
    for (size_t i = 0; i < op->beparams.n; i++) {
        struct json *value = op->beparams.v[i].value;
        if (json_kind(value) != JSON_STRING || strcmp(json_string(value), C_VALUE_AUTO) != 0) {
            *(struct json **)fact_dict_add(&type_any_dict, &given, op->beparams.v[i].key) =
                json_ref(value);
        }
    }
    lu_split_memory(&given);
    bool ok = lu_force_params(&given, &be_params, &fact_object_beparams, &instance->beparams, errp);
    fact_clear(&type_any_dict, &given);
    return ok;
}

static bool check_hvparams(struct lu *lu, const struct instance *instance, GError **errp)
{
    for (size_t i = 0; i < instance->hvparams.n; i++) {
        if (hv_param_is_global(instance->hvparams.v[i].key)) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                            "The hypervisor parameter %s is the whole cluster's and not for one "
                            "instance",
                            instance->hvparams.v[i].key);
        }
    }
    struct value_map filled = cfg_hvparams(lu_cfg(lu), instance, 0);
    bool ok = lu_check_hv_syntax(instance->hypervisor, &filled, errp);
    cfg_filled_free(&filled);
    return ok;
}

static bool set_hypervisor(struct lu *lu, GError **errp)
{
    struct op_instance_create *op = lu_params(lu);
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    if (!op->has.hypervisor && cluster->enabled_hypervisors.n > 0) {
        op->hypervisor = cluster->enabled_hypervisors.v[0];
        op->has.hypervisor = true;
    }
    for (size_t i = 0; i < cluster->enabled_hypervisors.n; i++) {
        if (cluster->enabled_hypervisors.v[i] == op->hypervisor) {
            return true;
        }
    }
    return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                    "The hypervisor %s is not enabled on this cluster",
                    fact_enum_hypervisor.words[op->hypervisor]);
}

static bool set_tags(const struct op_instance_create *op, struct instance *instance, GError **errp)
{
    for (size_t i = 0; i < op->tags.n; i++) {
        if (!lu_tag_check(op->tags.v[i], errp)) {
            return false;
        }
        (void)fact_set_add((struct fact_list *)&instance->tags, op->tags.v[i]);
    }
    return true;
}

static bool build_instance(struct lu *lu, const struct instance *plan, GError **errp)
{
    struct op_instance_create *op = lu_params(lu);
    struct create_own *own = lu->own;
    if (!set_hypervisor(lu, errp)) {
        return false;
    }
    struct instance *instance = own->instance = fact_object_new(&fact_object_instance);
    fact_object_set_defaults(&fact_object_instance, instance);
    instance->uuid = plan != NULL ? g_strdup(plan->uuid) : g_uuid_string_random();
    instance->name = g_strdup(op->instance_name);
    instance->os = g_strdup(op->has.os_type ? op->os_type : "");
    instance->hypervisor = op->hypervisor;
    if (plan != NULL) {
        instance->ctime = plan->ctime;
    }
    instance->serial_no = 1;
    instance->has.serial_no = true;
    instance->admin_state = ADMIN_DOWN;
    instance->admin_state_source = ADMIN_SOURCE_ADMIN;
    instance->has.uuid = instance->has.name = instance->has.os = instance->has.hypervisor =
        instance->has.admin_state = instance->has.admin_state_source = instance->has.disks_active =
            true;
    if (op->forthcoming) {
        instance->forthcoming = instance->has.forthcoming = true;
    }
    merge_any(&instance->osparams, &op->osparams);
    merge_private(&instance->osparams_private, &op->osparams_private);
    merge_private(&own->osparams_secret, &op->osparams_secret);
    if (!set_tags(op, instance, errp) ||
        !lu_force_hvparams(&op->hvparams, &instance->hvparams, errp) ||
        !check_hvparams(lu, instance, errp) || !create_beparams(op, instance, errp) ||
        !lu_nics_compute(lu, op->nics.v, op->nics.n, own->check_ip, &instance->nics, errp)) {
        return false;
    }
    if (op->identify_defaults) {
        create_drop_defaults(lu, instance);
    }
    return true;
}

/* --- Where it will be ---------------------------------------------------------------------------
 */
static void take_planned_nodes(struct lu *lu, const struct instance *plan)
{
    struct op_instance_create *op = lu_params(lu);
    g_autoptr(GPtrArray) nodes = lu_instance_nodes(lu, plan);
    lu_text_set(&op->pnode_uuid, plan->primary_node);
    lu_text_set(&op->pnode, cfg_node_get(lu_cfg(lu), plan->primary_node)->name);
    op->has.pnode = op->has.pnode_uuid = true;
    if (nodes->len > 1) {
        lu_text_set(&op->snode_uuid, nodes->pdata[1]);
        lu_text_set(&op->snode, cfg_node_get(lu_cfg(lu), nodes->pdata[1])->name);
        op->has.snode = op->has.snode_uuid = true;
    }
}

static bool release_others(struct lu *lu, GError **errp)
{
    const struct op_instance_create *op = lu_params(lu);
    const struct create_own *own = lu->own;
    g_autoptr(GPtrArray) groups = g_ptr_array_new(), keep = g_ptr_array_new();
    for (guint i = 0; i < own->nodes->len; i++) {
        const struct node *node = cfg_node_get(lu_cfg(lu), own->nodes->pdata[i]);
        g_ptr_array_add(keep, own->nodes->pdata[i]);
        if (node != NULL) {
            g_ptr_array_add(groups, node->group);
        }
    }
    if (op->has.src_node_uuid) {
        g_ptr_array_add(keep, op->src_node_uuid);
    }
    const char *const *nodes = (const char *const *)keep->pdata;
    return lu_release_all_but(lu, LOCK_LEVEL_NODE, nodes, keep->len, errp) &&
           lu_release_all_but(lu, LOCK_LEVEL_NODE_RES, nodes, keep->len, errp) &&
           lu_release_all_but(lu, LOCK_LEVEL_NODEGROUP, (const char *const *)groups->pdata,
                              groups->len, errp);
}

static bool find_nodes(struct lu *lu, const struct instance *plan, GError **errp)
{
    struct op_instance_create *op = lu_params(lu);
    struct create_own *own = lu->own;
    if (plan != NULL) {
        take_planned_nodes(lu, plan);
    } else if (op->has.iallocator && !create_allocate(lu, errp)) {
        return false;
    }
    own->nodes = g_ptr_array_new_with_free_func(g_free);
    own->instance->primary_node = g_strdup(op->pnode_uuid);
    own->instance->has.primary_node = true;
    g_ptr_array_add(own->nodes, g_strdup(op->pnode_uuid));
    bool mirrored = const_has(C_DTS_INT_MIRROR, (int)op->disk_template);
    if (mirrored) {
        g_ptr_array_add(own->nodes, g_strdup(op->snode_uuid));
    }
    if (!release_others(lu, errp) || !lu_check_node_usable(lu, op->pnode_uuid, "primary", errp)) {
        return false;
    }
    if (mirrored && strcmp(op->pnode_uuid, op->snode_uuid) == 0) {
        return inval(errp, "The secondary node cannot be the primary node");
    }
    return !mirrored || lu_check_node_usable(lu, op->snode_uuid, "secondary", errp);
}

static bool check_storage(struct lu *lu, GError **errp)
{
    const struct op_instance_create *op = lu_params(lu);
    struct create_own *own = lu->own;
    bool exclusive = false;
    for (guint i = 0; i < own->nodes->len; i++) {
        exclusive = exclusive || lu_node_has_exclusive_storage(lu, own->nodes->pdata[i]);
    }
    if (exclusive && !const_has(C_DTS_EXCL_STORAGE, (int)op->disk_template)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                        "Nodes with exclusive storage do not have disks of the template %s",
                        fact_enum_disk_template.words[op->disk_template]);
    }
    for (size_t i = 0; i < own->disks.n; i++) {
        if (own->disks.v[i].has.spindles != exclusive) {
            return inval(errp, exclusive ? "With exclusive storage each disk needs its spindles"
                                         : "Spindles are for exclusive storage only");
        }
    }
    if (own->adopt) {
        return create_check_adoption(lu, errp);
    }
    return lu_check_disk_space(lu, (const char *const *)own->nodes->pdata, own->nodes->len,
                               op->disk_template, own->disks.v, own->disks.n, errp);
}

static bool check_policy(struct lu *lu, GError **errp)
{
    const struct op_instance_create *op = lu_params(lu);
    const struct create_own *own = lu->own;
    const struct node *primary = cfg_node_get(lu_cfg(lu), op->pnode_uuid);
    const struct node_group *group = cfg_node_group(lu_cfg(lu), primary);
    struct ipolicy policy = cfg_group_ipolicy(lu_cfg(lu), group);
    struct beparams be = cfg_beparams(lu_cfg(lu), own->instance);
    g_autofree struct lu_sizes_disk *disks = g_new0(struct lu_sizes_disk, own->disks.n);
    for (size_t i = 0; i < own->disks.n; i++) {
        disks[i] = (struct lu_sizes_disk){op->disk_template, own->disks.v[i].size};
    }
    const struct lu_sizes sizes = {.memory = be.maxmem,
                                   .vcpus = be.vcpus,
                                   .nics = (int64_t)own->instance->nics.n,
                                   .spindles = be.spindle_use,
                                   .disks = disks,
                                   .n_disks = own->disks.n};
    g_autofree char *why =
        op->ignore_ipolicy ? NULL : lu_ipolicy_text(lu_ipolicy_violations(&policy, &sizes));
    return why == NULL ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "The instance violates the policy of the node group %s: %s", group->name, why);
}

/* What nodes have to say. */
static bool check_on_nodes(struct lu *lu, GError **errp)
{
    const struct op_instance_create *op = lu_params(lu);
    const struct create_own *own = lu->own;
    const char *const *nodes = (const char *const *)own->nodes->pdata;
    struct value_map hv = cfg_hvparams(lu_cfg(lu), own->instance, 0);
    struct value_map filled_os = cfg_osparams(lu_cfg(lu), own->instance, 0), os = {0};
    lu_map_merge(&os, &filled_os);
    lu_map_merge(&os, &own->instance->osparams_private);
    lu_map_merge(&os, &own->osparams_secret);
    bool ok = lu_check_hvparams(lu, nodes, own->nodes->len, op->hypervisor, &hv, errp) &&
              lu_check_os(lu, nodes, own->nodes->len, op->os_type, &os, op->force_variant, errp) &&
              lu_check_bridges(lu, own->instance, op->pnode_uuid, errp);
    cfg_filled_free(&hv);
    cfg_filled_free(&filled_os);
    fact_clear(&type_value_map, &os);
    if (!ok || !op->start) {
        return ok;
    }
    g_autofree char *what = g_strdup_printf("creating instance %s", op->instance_name);
    return lu_check_free_memory(lu, op->pnode_uuid, what,
                                cfg_beparams(lu_cfg(lu), own->instance).maxmem, op->hypervisor,
                                errp);
}

static bool check_address_free(struct lu *lu, GError **errp)
{
    const struct op_instance_create *op = lu_params(lu);
    const struct create_own *own = lu->own;
    g_autofree char *port = g_strdup_printf("%d", daemon_rows[DAEMON_noded].port);
    return !op->ip_check || own->check_ip == NULL || !lu_address_answers(own->check_ip, port) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_NOTUNIQUE,
                    "Somebody answers at the address %s of instance %s", own->check_ip,
                    op->instance_name);
}

static bool create_prereq(struct lu *lu, GError **errp)
{
    const struct op_instance_create *op = lu_params(lu);
    struct create_own *own = lu->own;
    const struct instance *plan = NULL;
    if (op->commit ? (plan = planned(lu, errp)) == NULL : !check_free_name(lu, errp)) {
        return false;
    }
    if (!lu_file_storage_dir(lu, op->disk_template, op->instance_name,
                             op->has.file_storage_dir ? op->file_storage_dir : NULL, &own->file_dir,
                             errp)) {
        return false;
    }
    if (!create_import_read(lu, errp)) {
        return false;
    }
    const char *vg = cfg_cluster(lu_cfg(lu))->volume_group_name;
    if (const_has(C_DTS_LVM, (int)op->disk_template) && (vg == NULL || *vg == '\0')) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE, "The cluster has no volume group");
    }
    fact_copy(&type_idisk_list, &own->disks, &op->disks);
    if (!build_instance(lu, plan, errp)) {
        return false;
    }
    create_import_keep_macs(lu);
    return lu_disks_complete(lu, own->disks.v, own->disks.n, op->disk_template, errp) &&
           check_address_free(lu, errp) && find_nodes(lu, plan, errp) &&
           lu_nics_place(lu, &own->instance->nics, op->pnode_uuid, op->conflicts_check, errp) &&
           check_storage(lu, errp) && check_policy(lu, errp) && check_on_nodes(lu, errp) &&
           create_os_check(lu, errp);
}

/* All nodes the second time. */
static bool create_retry(struct lu *lu, GError **errp G_GNUC_UNUSED)
{
    struct op_instance_create *op = lu_params(lu);
    lu_log(lu, "* falling back to full lock allocation");
    op->opportunistic_locking = false;
    create_clear(lu->own);
    memset(lu->own, 0, sizeof(struct create_own));
    return true;
}

/* --- Hooks --------------------------------------------------------------------------------------
 */
static bool create_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_instance_create *op = lu_params(lu);
    const struct create_own *own = lu->own;
    hooks_env_set(env, "ADD_MODE", fact_enum_inst_create_mode.words[op->mode]);
    if (op->mode == INST_CREATE_IMPORT) {
        hooks_env_set(env, "SRC_NODE", op->src_node);
        hooks_env_set(env, "SRC_PATH", op->src_path);
    }
    hooks_env_set_bool(env, "INSTANCE_STATUS", op->start);
    hooks_env_set(env, "INSTANCE_DISK_TEMPLATE", fact_enum_disk_template.words[op->disk_template]);
    hooks_env_set(env, "INSTANCE_SECONDARIES", own->nodes->len > 1 ? op->snode : "");
    hooks_env_set_int(env, "INSTANCE_DISK_COUNT", (int64_t)own->disks.n);
    for (size_t i = 0; i < own->disks.n; i++) {
        const struct idisk *disk = &own->disks.v[i];
        g_autofree char *size = g_strdup_printf("INSTANCE_DISK%zu_SIZE", i);
        g_autofree char *mode = g_strdup_printf("INSTANCE_DISK%zu_MODE", i);
        g_autofree char *name = g_strdup_printf("INSTANCE_DISK%zu_NAME", i);
        hooks_env_set_int(env, size, disk->size);
        hooks_env_set(env, mode, fact_enum_disk_mode.words[disk->mode]);
        if (disk->has.name) {
            hooks_env_set(env, name, disk->name);
        }
    }
    lu_instance_env(lu, own->instance, env);
    return true;
}

static bool create_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post,
                         GError **errp G_GNUC_UNUSED)
{
    const struct create_own *own = lu->own;
    lu_instance_hooks_nodes(lu, own->instance, pre, post);
    if (own->nodes->len > 1 &&
        !g_ptr_array_find_with_equal_func(pre, own->nodes->pdata[1], g_str_equal, NULL)) {
        g_ptr_array_add(pre, g_strdup(own->nodes->pdata[1]));
        g_ptr_array_add(post, g_strdup(own->nodes->pdata[1]));
    }
    return true;
}

static void create_dry_run(struct lu *lu, struct json_writer *result)
{
    const struct create_own *own = lu->own;
    json_write_array_begin(result);
    for (guint i = 0; i < own->nodes->len; i++) {
        json_write_string(result, own->nodes->pdata[i]);
    }
    json_write_array_end(result);
}

LU(instance_create, .own_size = sizeof(struct create_own), .clear = create_clear,
   .check_arguments = create_arguments, .expand_names = create_names, .declare_locks = create_locks,
   .check_prereq = create_prereq, .prepare_retry = create_retry, .exec = create_exec,
   .dry_run_result = create_dry_run, .hooks_env = create_env, .hooks_nodes = create_nodes)
