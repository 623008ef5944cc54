/* Connections of networks to node groups (reference: lib/cmdlib/network.py LUNetworkConnect,
 * LUNetworkDisconnect). */
#include "config.h"

#include <string.h>

#include "compat-config/model/pool.h"
#include "facts/codec.h"
#include "jobs/lu/group-locks.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"

struct own {
    char *network_uuid, *group_uuid;
    bool connected;          /* before */
    struct nicparams params; /* of the connection; texts are owned */
};

static void own_clear(void *data)
{
    struct own *own = data;
    g_free(own->network_uuid);
    g_free(own->group_uuid);
    fact_object_clear(&fact_object_nicparams, &own->params);
}

/* Finds both, and asks for the group's lock. */
static bool find(struct lu *lu, const char *network_name, const char *group_name, GError **errp)
{
    struct own *own = lu->own;
    const struct network *network = lu_expand_network(lu, network_name, errp);
    const struct node_group *group = network != NULL ? lu_expand_group(lu, group_name, errp) : NULL;
    if (group == NULL) {
        return false;
    }
    own->network_uuid = g_strdup(network->uuid);
    own->group_uuid = g_strdup(group->uuid);
    lu_need_level(lu, LOCK_LEVEL_INSTANCE);
    lu_need_shared(lu, LOCK_LEVEL_INSTANCE);
    lu_need(lu, LOCK_LEVEL_NODEGROUP, group->uuid);
    return true;
}

static bool group_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post, GError **errp G_GNUC_UNUSED)
{
    const struct own *own = lu->own;
    lu_group_hooks_nodes(lu, own->group_uuid, pre, post);
    return true;
}

static void params_env(const struct own *own, struct hooks_env *env)
{
    hooks_env_set(env, "GROUP_NETWORK_MODE", fact_enum_nic_mode.words[own->params.mode]);
    hooks_env_set(env, "GROUP_NETWORK_LINK", own->params.link);
    hooks_env_set(env, "GROUP_NETWORK_VLAN", own->params.vlan);
}

/* --- Conflicts ----------------------------------------------------------------------------------
 *
 * Interfaces of the group's instances that stand in the way: with an address of a network that
 * comes, or in the network that goes. */
static bool stands_in_the_way(const struct nic *nic, const struct network *network, bool comes)
{
    uint32_t index;
    if (comes) {
        return nic->ip != NULL && cfg_pool_index(network, nic->ip, &index);
    }
    return g_strcmp0(nic->network, network->uuid) == 0;
}

static bool check_conflicts(struct lu *lu, const struct network *network, bool comes, GError **errp)
{
    const struct own *own = lu->own;
    g_autoptr(GPtrArray) names = lu_group_instances(lu_cfg(lu), own->group_uuid);
    g_autoptr(GString) found = g_string_new(NULL);
    for (guint i = 0; i < names->len; i++) {
        const struct instance *instance = cfg_instance_named(lu_cfg(lu), names->pdata[i]);
        for (size_t j = 0; j < instance->nics.n; j++) {
            const struct nic *nic = &instance->nics.v[j];
            if (stands_in_the_way(nic, network, comes)) {
                g_string_append_printf(found, "%s%s: nic%zu/%s", found->len > 0 ? ", " : "",
                                       instance->name, j, nic->ip != NULL ? nic->ip : "-");
            }
        }
    }
    if (found->len == 0) {
        return true;
    }
    lu_warn(lu, "Addresses of network '%s' are in use in the node group: %s", network->name,
            found->str);
    return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                    "Instances of the node group have interfaces that conflict with network '%s': "
                    "remove or change these first",
                    network->name);
}

/* --- OP_NETWORK_CONNECT -------------------------------------------------------------------------
 */
static bool connect_names(struct lu *lu, GError **errp)
{
    const struct op_network_connect *op = lu_params(lu);
    struct own *own = lu->own;
    if (!find(lu, op->network_name, op->group_name, errp)) {
        return false;
    }
    if (op->conflicts_check) {
        lu_need(lu, LOCK_LEVEL_NETWORK, own->network_uuid);
        lu_need_shared(lu, LOCK_LEVEL_NETWORK);
        lu_need_group_instances(lu, own->group_uuid);
    }
    own->params.mode = op->network_mode;
    lu_text_set(&own->params.link, op->network_link);
    lu_text_set(&own->params.vlan, op->network_vlan);
    own->params.has.mode = own->params.has.link = own->params.has.vlan = true;
    return true;
}

/* The group and network of the opcode; *ret_params: how they are connected, NULL if not. */
static bool look_up(struct lu *lu, const char *group_name, const char *network_name,
                    const struct network **ret_network, const struct nicparams **ret_params,
                    GError **errp)
{
    struct own *own = lu->own;
    const struct node_group *group = lu_locked_group(lu, own->group_uuid, group_name, errp);
    *ret_network =
        group != NULL ? lu_locked_network(lu, own->network_uuid, network_name, errp) : NULL;
    if (*ret_network == NULL) {
        return false;
    }
    *ret_params = fact_dict_get(&type_nicparams_map, &group->networks, own->network_uuid);
    own->connected = *ret_params != NULL;
    return true;
}

static bool connect_prereq(struct lu *lu, GError **errp)
{
    const struct op_network_connect *op = lu_params(lu);
    const struct own *own = lu->own;
    const struct network *network;
    const struct nicparams *params;
    if ((op->conflicts_check && !lu_check_group_instances(lu, own->group_uuid, errp)) ||
        !look_up(lu, op->group_name, op->network_name, &network, &params, errp)) {
        return false;
    }
    if (own->connected) {
        lu_warn(lu, "Network '%s' is connected to node group '%s' already", op->network_name,
                op->group_name);
        return true;
    }
    return !op->conflicts_check || check_conflicts(lu, network, true, errp);
}

static bool connect_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_network_connect *op = lu_params(lu);
    hooks_env_set(env, "GROUP_NAME", op->group_name);
    params_env(lu->own, env);
    return true;
}

static bool connect_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct own *own = lu->own;
    struct cfg_txn *txn = own->connected ? NULL : lu_begin(lu, errp);
    struct node_group *group = txn != NULL ? cfg_txn_edit_group(txn, own->group_uuid) : NULL;
    if (group == NULL) {
        cfg_txn_abort(txn);
        return own->connected;
    }
    fact_object_copy_at(&fact_object_nicparams,
                        fact_dict_add(&type_nicparams_map, &group->networks, own->network_uuid),
                        &own->params);
    return lu_commit(lu, txn, errp);
}

LU(network_connect, .own_size = sizeof(struct own), .clear = own_clear,
   .expand_names = connect_names, .check_prereq = connect_prereq, .exec = connect_exec,
   .hooks_env = connect_env, .hooks_nodes = group_nodes)

/* --- OP_NETWORK_DISCONNECT ----------------------------------------------------------------------
 */
static bool disconnect_names(struct lu *lu, GError **errp)
{
    const struct op_network_disconnect *op = lu_params(lu);
    const struct own *own = lu->own;
    if (!find(lu, op->network_name, op->group_name, errp)) {
        return false;
    }
    lu_need_group_instances(lu, own->group_uuid);
    return true;
}

static bool disconnect_prereq(struct lu *lu, GError **errp)
{
    const struct op_network_disconnect *op = lu_params(lu);
    struct own *own = lu->own;
    const struct network *network;
    const struct nicparams *params;
    if (!lu_check_group_instances(lu, own->group_uuid, errp) ||
        !look_up(lu, op->group_name, op->network_name, &network, &params, errp)) {
        return false;
    }
    if (!own->connected) {
        lu_warn(lu, "Network '%s' is not connected to node group '%s'", op->network_name,
                op->group_name);
        return true;
    }
    fact_object_copy_at(&fact_object_nicparams, &own->params, params);
    return check_conflicts(lu, network, false, errp);
}

static bool disconnect_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_network_disconnect *op = lu_params(lu);
    const struct own *own = lu->own;
    hooks_env_set(env, "GROUP_NAME", op->group_name);
    if (own->connected) {
        params_env(own, env);
    }
    return true;
}

static bool disconnect_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct own *own = lu->own;
    struct cfg_txn *txn = own->connected ? lu_begin(lu, errp) : NULL;
    struct node_group *group = txn != NULL ? cfg_txn_edit_group(txn, own->group_uuid) : NULL;
    if (group == NULL) {
        cfg_txn_abort(txn);
        return !own->connected;
    }
    fact_dict_remove(&type_nicparams_map, &group->networks, own->network_uuid);
    return lu_commit(lu, txn, errp);
}

LU(network_disconnect, .own_size = sizeof(struct own), .clear = own_clear,
   .expand_names = disconnect_names, .check_prereq = disconnect_prereq, .exec = disconnect_exec,
   .hooks_env = disconnect_env, .hooks_nodes = group_nodes)
