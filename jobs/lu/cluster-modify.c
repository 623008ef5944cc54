/* OP_CLUSTER_SET_PARAMS: the parameters of the cluster (reference:
 * lib/cmdlib/cluster/__init__.py LUClusterSetParams). One commit carries all of it, so that a
 * change that fails on the way leaves nothing half done. */
#include "config.h"

#include "jobs/lu/cluster-modify.h"

#include <string.h>

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/candidates.h"
#include "jobs/lu/cluster-check.h"
#include "jobs/lu/communication.h"
#include "jobs/lu/group-locks.h"
#include "jobs/lu/master-address.h"
#include "jobs/lu/names.h"
#include "jobs/lu/rpc.h"

static void clear(void *data)
{
    struct cluster_change *own = data;
    lu_draft_clear(&own->draft);
    fact_clear(&type_value_map_map, &own->diskparams);
}

/* --- Arguments and locks ------------------------------------------------------------------------
 */
static bool check_arguments(struct lu *lu, GError **errp)
{
    struct op_cluster_set_params *op = lu_params(lu);
    if (op->has.mac_prefix) {
        g_autofree char *prefix = lu_mac_prefix(op->mac_prefix, errp);
        if (prefix == NULL) {
            return false;
        }
        lu_text_set(&op->mac_prefix, prefix);
    }
    return lu_check_uids(&op->uid_pool, errp) && lu_check_uids(&op->add_uids, errp) &&
           lu_check_uids(&op->remove_uids, errp) &&
           (!op->has.master_netmask || lu_check_netmask(cfg_cluster(lu_cfg(lu))->primary_ip_family,
                                                        op->master_netmask, errp)) &&
           (!op->has.install_image ||
            lu_check_image("The installation image", op->install_image, errp)) &&
           (!op->has.zeroing_image ||
            lu_check_image("The image that writes zeroes", op->zeroing_image, errp)) &&
           (op->compression_tools.n == 0 ||
            lu_check_compression_tools(&op->compression_tools, errp));
}

static bool expand_names(struct lu *lu, GError **errp G_GNUC_UNUSED)
{
    lu_need_all(lu, LOCK_LEVEL_NODE);
    lu_need_all(lu, LOCK_LEVEL_INSTANCE);
    lu_need_all(lu, LOCK_LEVEL_NODEGROUP);
    lu_need_all_shared(lu);
    return true;
}

/* --- Prerequisites ------------------------------------------------------------------------------
 */
static bool check_allocator(struct lu *lu, GError **errp)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    const char *name = op->default_iallocator;
    if (!op->has.default_iallocator || *name == '\0') {
        return true;
    }
    for (const char *const *dir = path_list(PATH_IALLOCATOR_SEARCH_PATH); *dir != NULL; dir++) {
        g_autofree char *path = g_build_filename(*dir, name, NULL);
        if (strchr(name, '/') == NULL && g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
            return true;
        }
    }
    return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "There is no allocator '%s' on this node",
                    name);
}

static void warn_if_other(struct lu *lu, const char *network, const char *what, const char *value,
                          const char *usual)
{
    if (g_strcmp0(value, usual) != 0) {
        lu_warn(lu,
                "Network '%s', by which instances are to talk to their node, has the %s %s (usual: "
                "%s), which may be a risk",
                network, what, value != NULL ? value : C_VALUE_NONE,
                usual != NULL ? usual : C_VALUE_NONE);
    }
}

static bool check_communication(struct lu *lu, GError **errp)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    const char *name = op->instance_communication_network;
    const struct network *network = op->has.instance_communication_network && *name != '\0'
                                        ? lu_expand_network(lu, name, NULL)
                                        : NULL;
    if (network == NULL) {
        return true;
    }
    if (network->network == NULL) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "Network '%s' has no IPv4 addresses, so instances cannot talk by it", name);
    }
    warn_if_other(lu, name, "gateway", network->gateway, NULL);
    warn_if_other(lu, name, "range of addresses", network->network,
                  C_INSTANCE_COMMUNICATION_NETWORK4);
    warn_if_other(lu, name, "IPv6 gateway", network->gateway6, NULL);
    warn_if_other(lu, name, "range of IPv6 addresses", network->network6,
                  C_INSTANCE_COMMUNICATION_NETWORK6);
    warn_if_other(lu, name, "MAC prefix", network->mac_prefix, C_INSTANCE_COMMUNICATION_MAC_PREFIX);
    return true;
}

static bool check_prereq(struct lu *lu, GError **errp)
{
    struct cluster_change *own = lu->own;
    if (!cluster_draft(lu, own, errp) || !cluster_check_storage(lu, own, errp)) {
        return false;
    }
    if (fact_dict_get(&type_value_map_map, &own->diskparams,
                      fact_enum_disk_template.words[DISK_TEMPLATE_DRBD]) != NULL) {
        lu_warn(lu, "DRBD parameters count for devices that are made from now on: shut an instance "
                    "down and start it (a reboot will not do), or give it a new secondary node "
                    "(gnt-instance replace-disks --new-secondary)");
    }
    return cluster_check_instances(lu, own, errp) && cluster_check_params(lu, own, errp) &&
           check_allocator(lu, errp) && check_communication(lu, errp);
}

/* --- Hooks --------------------------------------------------------------------------------------
 */
static bool hooks_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    hooks_env_set(env, "OP_TARGET", cfg_cluster(lu_cfg(lu))->cluster_name);
    hooks_env_set(env, "NEW_VG_NAME", op->has.vg_name ? op->vg_name : NULL);
    return true;
}

static bool hooks_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post, GError **errp G_GNUC_UNUSED)
{
    lu_master_hooks_nodes(lu, pre, post);
    return true;
}

/* --- Execution ----------------------------------------------------------------------------------
 */
/* What is as it shall be already. */
static void tell_same(struct lu *lu)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    const struct cluster_change *own = lu->own;
    const struct cluster *old = cluster_old(own), *new = cluster_new(own);
    if (op->has.vg_name && g_strcmp0(old->volume_group_name, new->volume_group_name) == 0) {
        lu_log(lu, "The volume group is as it shall be already");
    }
    if (op->has.file_storage_dir && strcmp(old->file_storage_dir, new->file_storage_dir) == 0) {
        lu_log(lu, "The directory for file storage is '%s' already", old->file_storage_dir);
    }
    if (op->has.shared_file_storage_dir &&
        strcmp(old->shared_file_storage_dir, new->shared_file_storage_dir) == 0) {
        lu_log(lu, "The directory for shared file storage is '%s' already",
               old->shared_file_storage_dir);
    }
    if (op->has.drbd_helper) {
        if ((own->enabled & 1u << DISK_TEMPLATE_DRBD) == 0) {
            lu_log(lu, "There is a DRBD helper, but DRBD is not enabled");
        }
        if (g_strcmp0(old->drbd_usermode_helper, new->drbd_usermode_helper) == 0) {
            lu_log(lu, "The DRBD helper is as it shall be already");
        }
    }
}

static bool is_netdev_new(const struct op_cluster_set_params *op)
{
    return op->has.master_netdev && *op->master_netdev != '\0';
}

/* The address leaves the old interface while the configuration still names it. */
static bool leave_netdev(struct lu *lu, GError **errp)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    lu_log(lu, "Taking the master address away from %s", cfg_cluster(lu_cfg(lu))->master_netdev);
    CLEANUP(lu_answer_freep) struct lu_answer *answer = lu_master_address_call(lu, false);
    if (!op->force) {
        return lu_answer_check(answer, errp, "Cannot take the master address away");
    }
    if (answer->fail_msg != NULL) {
        lu_log(lu, "Cannot take the master address away, but going on: %s", answer->fail_msg);
    }
    return true;
}

static void change_netmask(struct lu *lu)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    CLEANUP(json_unrefp) struct json *old = json_new_int(cluster->master_netmask);
    CLEANUP(json_unrefp) struct json *new = json_new_int(op->master_netmask);
    lu_log(lu, "Changing the netmask of the master address to %" G_GINT64_FORMAT,
           (gint64)op->master_netmask);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(lu, cluster->master_node,
                                            LU_CALL(node_change_master_netmask, .old_netmask = old,
                                                    .netmask = new, .master_ip = cluster->master_ip,
                                                    .master_netdev = cluster->master_netdev));
    if (answer->fail_msg != NULL) {
        lu_log(lu, "Cannot change the netmask of the master address: %s", answer->fail_msg);
    }
}

static bool record(struct lu *lu, GError **errp)
{
    const struct cluster_change *own = lu->own;
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    lu_draft_apply(&own->draft, cfg_txn_edit_cluster(txn));
    return lu_commit(lu, txn, errp);
}

static void enter_netdev(struct lu *lu)
{
    lu_log(lu, "Setting the master address on %s", cfg_cluster(lu_cfg(lu))->master_netdev);
    CLEANUP(lu_answer_freep) struct lu_answer *answer = lu_master_address_call(lu, true);
    lu_answer_warn(lu, answer,
                   "Cannot set the master address on the master; try gnt-cluster "
                   "activate-master-ip");
}

static bool has_kvm(const struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->enabled_hypervisors.n; i++) {
        if (cluster->enabled_hypervisors.v[i] == HYPERVISOR_KVM) {
            return true;
        }
    }
    return false;
}

static void adjust_kvmd(struct lu *lu)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    const struct cluster_change *own = lu->own;
    const struct cluster *old = cluster_old(own), *new = cluster_new(own);
    if (op->has.enabled_hypervisors || old->enabled_user_shutdown != new->enabled_user_shutdown) {
        lu_kvmd_adjust_all(lu, !has_kvm(old) && !has_kvm(new));
    }
}

/* The network, and its connection with each group, are one job's work. */
static void make_network(struct lu *lu, const char *name)
{
    const struct cfg *cfg = lu_cfg(lu);
    const struct network *network = lu_expand_network(lu, name, NULL);
    g_autoptr(GPtrArray) ops = g_ptr_array_new();
    if (network == NULL) {
        g_ptr_array_add(ops, lu_op_add_communication(name));
    }
    for (size_t i = 0; i < cfg_group_count(cfg); i++) {
        const struct node_group *group = cfg_group_at(cfg, i);
        if (network == NULL ||
            fact_dict_get(&type_nicparams_map, &group->networks, network->uuid) == NULL) {
            g_ptr_array_add(ops, lu_op_connect_communication(group->uuid, name));
        }
    }
    if (ops->len > 0) {
        lu_jobs_add(lu, (struct opcode *const *)ops->pdata, ops->len);
    }
}

static void change_communication(struct lu *lu)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    const struct cluster_change *own = lu->own;
    const char *old = cluster_old(own)->instance_communication_network;
    const char *name = op->instance_communication_network;
    if (!op->has.instance_communication_network) {
        return;
    }
    if (g_strcmp0(old, name) == 0) {
        lu_log(lu, "The network by which instances talk to their node is '%s' already", name);
        return;
    }
    if (old != NULL && *old != '\0' && lu_expand_network(lu, old, NULL) != NULL) {
        lu_log(lu, "The network '%s' served so far and should be removed by hand", old);
    }
    if (*name == '\0') {
        lu_log(lu, "New instances will have no network to talk to their node");
        return;
    }
    lu_log(lu, "New instances will talk to their node by the network '%s'", name);
    make_network(lu, name);
}

static bool exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_cluster_set_params *op = lu_params(lu);
    tell_same(lu);
    if (is_netdev_new(op) && !leave_netdev(lu, errp)) {
        return false;
    }
    if (op->has.master_netmask) {
        change_netmask(lu);
    }
    if (!record(lu, errp)) {
        return false;
    }
    if (is_netdev_new(op)) {
        enter_netdev(lu);
    }
    adjust_kvmd(lu);
    change_communication(lu);
    return !op->has.candidate_pool_size || lu_candidates_adjust(lu, NULL, errp);
}

LU(cluster_set_params, .own_size = sizeof(struct cluster_change), .clear = clear,
   .check_arguments = check_arguments, .expand_names = expand_names, .check_prereq = check_prereq,
   .exec = exec, .hooks_env = hooks_env, .hooks_nodes = hooks_nodes)
