/* Networks: making, changing, renaming and removing them (reference: lib/cmdlib/network.py).
 * Connections to groups: network-connect.c. */
#include "config.h"

#include <string.h>

#include "base/text.h"
#include "compat-config/model/pool.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "jobs/lu/cluster-check.h"
#include "jobs/lu/draft.h"
#include "jobs/lu/group-locks.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"
#include "jobs/lu/tags.h"

struct own {
    char *uuid;
    struct lu_draft draft; /* of the network */
    bool gateway_stays;    /* the wanted one is the present one */
};

static void own_clear(void *data)
{
    struct own *own = data;
    g_free(own->uuid);
    lu_draft_clear(&own->draft);
}

static bool master_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post,
                         GError **errp G_GNUC_UNUSED)
{
    lu_master_hooks_nodes(lu, pre, post);
    return true;
}

static void put_if_set(struct hooks_env *env, const char *name, const char *value)
{
    if (value != NULL && *value != '\0') {
        hooks_env_set(env, name, value);
    }
}

/* Of the network as it shall be. */
static bool network_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct own *own = lu->own;
    const struct network *network = own->draft.draft;
    put_if_set(env, "NETWORK_NAME", network->name);
    put_if_set(env, "NETWORK_SUBNET", network->network);
    put_if_set(env, "NETWORK_GATEWAY", network->gateway);
    put_if_set(env, "NETWORK_SUBNET6", network->network6);
    put_if_set(env, "NETWORK_GATEWAY6", network->gateway6);
    put_if_set(env, "NETWORK_MAC_PREFIX", network->mac_prefix);
    if (network->tags.n > 0) {
        hooks_env_set_words(env, "NETWORK_TAGS", LU_TEXTS(network->tags));
    }
    return true;
}

/* NULL or "none": it has none afterwards. */
static void set_member(char **slot, bool *has, const char *value)
{
    bool is_none = value == NULL || strcmp(value, C_VALUE_NONE) == 0;
    lu_text_set(slot, is_none ? NULL : value);
    *has = !is_none;
}
#define SET_MEMBER(network, member, value)                                                         \
    set_member(&(network)->member, &(network)->has.member, value)

/* Finds the network and asks for its lock. */
static bool need_network(struct lu *lu, const char *name, GError **errp)
{
    struct own *own = lu->own;
    const struct network *network = lu_expand_network(lu, name, errp);
    if (network == NULL) {
        return false;
    }
    own->uuid = g_strdup(network->uuid);
    lu_need(lu, LOCK_LEVEL_NETWORK, network->uuid);
    return true;
}

static bool is_new_name(struct lu *lu, const char *name, GError **errp)
{
    const struct network *existing = lu_expand_network(lu, name, NULL);
    return existing == NULL ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_EXISTS, "There is a network '%s' already (UUID %s)",
                    name, existing->uuid);
}

/* --- OP_NETWORK_ADD -----------------------------------------------------------------------------
 */
static bool add_arguments(struct lu *lu, GError **errp)
{
    struct op_network_add *op = lu_params(lu);
    if (!op->has.mac_prefix) {
        return true;
    }
    g_autofree char *prefix = lu_mac_prefix(op->mac_prefix, errp);
    if (prefix == NULL) {
        return false;
    }
    lu_text_set(&op->mac_prefix, prefix);
    return true;
}

static bool add_names(struct lu *lu, GError **errp G_GNUC_UNUSED)
{
    const struct op_network_add *op = lu_params(lu);
    struct own *own = lu->own;
    own->uuid = g_uuid_string_random();
    if (op->conflicts_check) {
        lu_need_all(lu, LOCK_LEVEL_NODE);
        lu_need_shared(lu, LOCK_LEVEL_NODE);
    }
    lu_need_new(lu, LOCK_LEVEL_NETWORK, own->uuid);
    return true;
}

static bool add_prereq(struct lu *lu, GError **errp)
{
    const struct op_network_add *op = lu_params(lu);
    struct own *own = lu->own;
    lu_draft_begin(&own->draft, &fact_object_network, NULL);
    struct network *network = own->draft.draft;
    if (!is_new_name(lu, op->network_name, errp)) {
        return false;
    }
    fact_object_set_defaults(&fact_object_network, network);
    network->serial_no = 1;
    network->has.serial_no = true;
    SET_MEMBER(network, name, op->network_name);
    SET_MEMBER(network, uuid, own->uuid);
    SET_MEMBER(network, network, op->network);
    SET_MEMBER(network, gateway, op->has.gateway ? op->gateway : NULL);
    SET_MEMBER(network, network6, op->has.network6 ? op->network6 : NULL);
    SET_MEMBER(network, gateway6, op->has.gateway6 ? op->gateway6 : NULL);
    SET_MEMBER(network, mac_prefix, op->has.mac_prefix ? op->mac_prefix : NULL);
    for (size_t i = 0; i < op->tags.n; i++) {
        if (!lu_tag_check(op->tags.v[i], errp)) {
            return false;
        }
        fact_set_add((struct fact_list *)(void *)&network->tags, op->tags.v[i]);
    }
    return true;
}

/* What belongs to the cluster itself goes to no instance. */
static void reserve_own(struct lu *lu, struct network *network, const char *address,
                        const char *whose)
{
    uint32_t index;
    g_autoptr(GError) error = NULL;
    if (address == NULL || !cfg_pool_index(network, address, &index)) {
        return;
    }
    if (cfg_pool_reserve(network, address, true, &error)) {
        lu_info(lu, "Reserved the address %s of %s", address, whose);
    } else {
        lu_warn(lu, "Cannot reserve the address %s of %s: %s", address, whose, error->message);
    }
}

static void reserve_cluster(struct lu *lu, struct network *network)
{
    const struct cfg *cfg = lu_cfg(lu);
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        const struct node *node = cfg_node_at(cfg, i);
        g_autofree char *whose = g_strdup_printf("node %s", node->name);
        reserve_own(lu, network, node->primary_ip, whose);
        /* The reference tries an address twice that is both, and warns then. */
        if (strcmp(node->primary_ip, node->secondary_ip) != 0) {
            reserve_own(lu, network, node->secondary_ip, whose);
        }
    }
    reserve_own(lu, network, cfg_cluster(cfg)->master_ip, "the cluster");
}

static bool fill_pool(struct lu *lu, struct network *network, GError **errp)
{
    const struct op_network_add *op = lu_params(lu);
    g_autoptr(GError) error = NULL;
    if (!cfg_pool_init(network, &error)) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                        "Network '%s' cannot have a pool of addresses: %s", op->network_name,
                        error->message);
    }
    if (op->conflicts_check) {
        reserve_cluster(lu, network);
    }
    for (size_t i = 0; i < op->add_reserved_ips.n; i++) {
        if (!cfg_pool_reserve(network, op->add_reserved_ips.v[i], true, &error)) {
            return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "Cannot reserve the address %s: %s",
                            op->add_reserved_ips.v[i], error->message);
        }
    }
    return true;
}

static bool add_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    struct own *own = lu->own;
    if (!fill_pool(lu, own->draft.draft, errp)) {
        return false;
    }
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    if (!cfg_txn_add_network(txn, fact_object_copy(&fact_object_network, own->draft.draft))) {
        cfg_txn_abort(txn);
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "There is a network %s already", own->uuid);
    }
    return lu_commit(lu, txn, errp);
}

LU(network_add, .own_size = sizeof(struct own), .clear = own_clear,
   .check_arguments = add_arguments, .expand_names = add_names, .check_prereq = add_prereq,
   .exec = add_exec, .hooks_env = network_env, .hooks_nodes = master_nodes)

/* --- OP_NETWORK_REMOVE --------------------------------------------------------------------------
 */
static bool remove_names(struct lu *lu, GError **errp)
{
    const struct op_network_remove *op = lu_params(lu);
    lu_need_all(lu, LOCK_LEVEL_NODEGROUP);
    lu_need_shared(lu, LOCK_LEVEL_NODEGROUP);
    return need_network(lu, op->network_name, errp);
}

static bool is_connected(const struct node_group *group, const char *network_uuid)
{
    return fact_dict_get(&type_nicparams_map, &group->networks, network_uuid) != NULL;
}

static bool remove_prereq(struct lu *lu, GError **errp)
{
    const struct op_network_remove *op = lu_params(lu);
    const struct own *own = lu->own;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    if (lu_locked_network(lu, own->uuid, op->network_name, errp) == NULL) {
        return false;
    }
    for (size_t i = 0; i < cfg_group_count(lu_cfg(lu)); i++) {
        const struct node_group *group = cfg_group_at(lu_cfg(lu), i);
        if (is_connected(group, own->uuid)) {
            g_ptr_array_add(names, group->name);
        }
    }
    if (names->len == 0) {
        return true;
    }
    g_ptr_array_sort(names, text_nice_compare_slots);
    g_ptr_array_add(names, NULL);
    g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
    lu_warn(lu, "Network '%s' is connected to these node groups: %s", op->network_name, list);
    return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE,
                    "Network '%s' is still connected: disconnect it first", op->network_name);
}

static bool remove_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_network_remove *op = lu_params(lu);
    hooks_env_set(env, "NETWORK_NAME", op->network_name);
    return true;
}

static bool remove_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_network_remove *op = lu_params(lu);
    const struct own *own = lu->own;
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    if (!cfg_txn_remove(txn, CFG_KIND_network, own->uuid)) {
        cfg_txn_abort(txn);
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "Network '%s' has gone meanwhile",
                        op->network_name);
    }
    return lu_commit(lu, txn, errp);
}

LU(network_remove, .own_size = sizeof(struct own), .clear = own_clear, .expand_names = remove_names,
   .check_prereq = remove_prereq, .exec = remove_exec, .hooks_env = remove_env,
   .hooks_nodes = master_nodes)

/* --- OP_NETWORK_RENAME --------------------------------------------------------------------------
 */
static bool rename_names(struct lu *lu, GError **errp)
{
    const struct op_network_rename *op = lu_params(lu);
    return need_network(lu, op->network_name, errp);
}

static bool rename_prereq(struct lu *lu, GError **errp)
{
    const struct op_network_rename *op = lu_params(lu);
    return is_new_name(lu, op->new_name, errp);
}

static bool rename_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_network_rename *op = lu_params(lu);
    hooks_env_set(env, "OLD_NAME", op->network_name);
    hooks_env_set(env, "NEW_NAME", op->new_name);
    return true;
}

/* The master, and the nodes of the groups that it is connected to. */
static bool rename_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post,
                         GError **errp G_GNUC_UNUSED)
{
    const struct own *own = lu->own;
    lu_master_hooks_nodes(lu, pre, post);
    for (size_t i = 0; i < cfg_group_count(lu_cfg(lu)); i++) {
        const struct node_group *group = cfg_group_at(lu_cfg(lu), i);
        if (is_connected(group, own->uuid)) {
            lu_group_hooks_nodes(lu, group->uuid, pre, post);
        }
    }
    return true;
}

static bool rename_exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    const struct op_network_rename *op = lu_params(lu);
    const struct own *own = lu->own;
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    struct network *network = cfg_txn_edit_network(txn, own->uuid);
    if (network == NULL) {
        cfg_txn_abort(txn);
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "Network '%s' has gone meanwhile",
                        op->network_name);
    }
    lu_text_set(&network->name, op->new_name);
    json_write_string(result, op->new_name);
    return lu_commit(lu, txn, errp);
}

LU(network_rename, .own_size = sizeof(struct own), .clear = own_clear, .expand_names = rename_names,
   .check_prereq = rename_prereq, .exec = rename_exec, .hooks_env = rename_env,
   .hooks_nodes = rename_nodes)

/* --- OP_NETWORK_SET_PARAMS ----------------------------------------------------------------------
 */
static bool set_arguments(struct lu *lu, GError **errp)
{
    const struct op_network_set_params *op = lu_params(lu);
    return !op->has.gateway || (op->add_reserved_ips.n == 0 && op->remove_reserved_ips.n == 0) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "The gateway and reserved addresses cannot be changed together");
}

static bool set_names(struct lu *lu, GError **errp)
{
    const struct op_network_set_params *op = lu_params(lu);
    return need_network(lu, op->network_name, errp);
}

static bool plan_gateway(struct lu *lu, const char *old, GError **errp)
{
    const struct op_network_set_params *op = lu_params(lu);
    struct own *own = lu->own;
    struct network *planned = own->draft.draft;
    uint32_t index;
    if (strcmp(op->gateway, C_VALUE_NONE) != 0) {
        if (!cfg_pool_index(planned, op->gateway, &index)) {
            return err_fail(errp, ERR_ADDRESS_POOL, ECODE_NONE, "%s does not contain %s",
                            planned->network, op->gateway);
        }
        if (cfg_pool_is_reserved(planned, index, false)) {
            return err_fail(errp, ERR_OP_PREREQ, ECODE_STATE, "The address %s is reserved already",
                            op->gateway);
        }
    }
    SET_MEMBER(planned, gateway, op->gateway);
    own->gateway_stays = g_strcmp0(old, planned->gateway) == 0;
    return true;
}

static bool set_prereq(struct lu *lu, GError **errp)
{
    const struct op_network_set_params *op = lu_params(lu);
    struct own *own = lu->own;
    const struct network *network = lu_locked_network(lu, own->uuid, op->network_name, errp);
    if (network == NULL) {
        return false;
    }
    lu_draft_begin(&own->draft, &fact_object_network, network);
    struct network *planned = own->draft.draft;
    if (op->has.gateway && !plan_gateway(lu, network->gateway, errp)) {
        return false;
    }
    if (op->has.mac_prefix) {
        bool is_none = strcmp(op->mac_prefix, C_VALUE_NONE) == 0;
        g_autofree char *prefix = is_none ? NULL : lu_mac_prefix(op->mac_prefix, errp);
        if (!is_none && prefix == NULL) {
            return false;
        }
        SET_MEMBER(planned, mac_prefix, prefix);
    }
    if (op->has.network6) {
        SET_MEMBER(planned, network6, op->network6);
    }
    if (op->has.gateway6) {
        SET_MEMBER(planned, gateway6, op->gateway6);
    }
    return true;
}

static bool set_env(struct lu *lu, struct hooks_env *env, GError **errp)
{
    const struct op_network_set_params *op = lu_params(lu);
    hooks_env_set(env, "NETWORK_NAME", op->network_name);
    return network_env(lu, env, errp);
}

/* Its address is taken out of the pool, and that of the old one comes back. */
static bool change_gateway(struct lu *lu, struct network *network, GError **errp)
{
    const struct own *own = lu->own;
    const char *gateway = ((const struct network *)own->draft.draft)->gateway;
    if (own->gateway_stays) {
        lu_warn(lu, "The gateway is %s already", gateway != NULL ? gateway : C_VALUE_NONE);
        return true;
    }
    if ((gateway != NULL && !cfg_pool_reserve(network, gateway, true, errp)) ||
        (network->gateway != NULL && !cfg_pool_release(network, network->gateway, true, errp))) {
        return false;
    }
    SET_MEMBER(network, gateway, gateway);
    return true;
}

static void change_reserved(struct lu *lu, struct network *network)
{
    const struct op_network_set_params *op = lu_params(lu);
    for (size_t i = 0; i < op->add_reserved_ips.n; i++) {
        g_autoptr(GError) error = NULL;
        if (!cfg_pool_reserve(network, op->add_reserved_ips.v[i], true, &error)) {
            lu_warn(lu, "Cannot reserve the address %s: %s", op->add_reserved_ips.v[i],
                    error->message);
        }
    }
    for (size_t i = 0; i < op->remove_reserved_ips.n; i++) {
        const char *address = op->remove_reserved_ips.v[i];
        g_autoptr(GError) error = NULL;
        if (g_strcmp0(address, network->gateway) == 0) {
            lu_warn(lu, "The address %s of the gateway stays reserved", address);
        } else if (!cfg_pool_release(network, address, true, &error)) {
            lu_warn(lu, "Cannot set the address %s free: %s", address, error->message);
        }
    }
}

static bool set_exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_network_set_params *op = lu_params(lu);
    const struct own *own = lu->own;
    struct cfg_txn *txn = lu_begin(lu, errp);
    struct network *network = txn != NULL ? cfg_txn_edit_network(txn, own->uuid) : NULL;
    if (network == NULL || (op->has.gateway && !change_gateway(lu, network, errp))) {
        cfg_txn_abort(txn);
        return false;
    }
    change_reserved(lu, network);
    lu_draft_apply(&own->draft, network);
    return lu_commit(lu, txn, errp);
}

LU(network_set_params, .own_size = sizeof(struct own), .clear = own_clear,
   .check_arguments = set_arguments, .expand_names = set_names, .check_prereq = set_prereq,
   .exec = set_exec, .hooks_env = set_env, .hooks_nodes = master_nodes)
