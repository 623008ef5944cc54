/* OP_NODE_ADD: a node comes into the cluster, or comes back (reference: lib/cmdlib/node.py
 * LUNodeAdd). Its node daemon runs already, with the cluster's certificate: "gnt-node add" has seen
 * to that. */
#include "config.h"

#include <string.h>
#include <sys/socket.h>

#include "base/json.h"
#include "base/net.h"
#include "compat-config/model/fill.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/params.h"
#include "facts/paths.h"
#include "jobs/lu/candidates.h"
#include "jobs/lu/lu.h"
#include "jobs/lu/names.h"
#include "jobs/lu/node-guard.h"
#include "jobs/lu/params.h"
#include "jobs/lu/redistribute.h"
#include "jobs/lu/rpc.h"
#include "jobs/lu/state.h"

struct own {
    struct node *node;        /* as it will be */
    struct node_group *group; /* a copy of its group */
};

static void own_clear(void *data)
{
    struct own *own = data;
    fact_object_free(&fact_object_node, own->node);
    fact_object_free(&fact_object_node_group, own->group);
}

static bool refuse(enum err_ecode ecode, GError **errp, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static bool refuse(enum err_ecode ecode, GError **errp, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    return err_fail(errp, ERR_OP_PREREQ, ecode, "%s", text);
}

/* --- Arguments ----------------------------------------------------------------------------------
 */
static bool is_ipv6(struct lu *lu)
{
    return cfg_cluster(lu_cfg(lu))->primary_ip_family == AF_INET6;
}

static bool check_arguments(struct lu *lu, GError **errp)
{
    struct op_node_add *op = lu_params(lu);
    g_autofree char *name = NULL, *address = NULL;
    if (!net_resolve(op->node_name, is_ipv6(lu), &name, &address, errp)) {
        err_wrap(errp, ERR_OP_PREREQ, ECODE_RESOLVER);
        return false;
    }
    lu_text_set(&op->node_name, name);
    lu_text_set(&op->primary_ip, address);
    op->has.primary_ip = true;
    const struct node *master = cfg_master(lu_cfg(lu));
    if (op->readd && master != NULL && strcmp(name, master->name) == 0) {
        return refuse(ECODE_STATE, errp, "The master, %s, cannot be added again", name);
    }
    return !op->readd || !op->has.group ||
           refuse(ECODE_INVAL, errp, "A node that is added again keeps its group: leave out '%s'",
                  op->group);
}

/* --- Prerequisites ------------------------------------------------------------------------------
 */
static const struct node *existing(struct lu *lu)
{
    const struct op_node_add *op = lu_params(lu);
    return cfg_node_named(lu_cfg(lu), op->node_name);
}

static bool check_addresses(struct lu *lu, GError **errp)
{
    struct op_node_add *op = lu_params(lu);
    if (!op->has.secondary_ip) {
        if (is_ipv6(lu)) {
            return refuse(ECODE_INVAL, errp,
                          "With an IPv6 primary address node %s needs a secondary one of IPv4",
                          op->node_name);
        }
        lu_text_set(&op->secondary_ip, op->primary_ip);
        op->has.secondary_ip = true;
    }
    return net_is_address(op->secondary_ip, false) ||
           refuse(ECODE_INVAL, errp, "The secondary address '%s' is no IPv4 address",
                  op->secondary_ip);
}

static bool check_known(struct lu *lu, GError **errp)
{
    const struct op_node_add *op = lu_params(lu);
    const struct node *node = existing(lu);
    if (!op->readd && node != NULL) {
        return refuse(ECODE_EXISTS, errp, "Node %s is in the cluster already", op->node_name);
    }
    if (op->readd && node == NULL) {
        return refuse(ECODE_NOENT, errp, "There is no node %s that could be added again",
                      op->node_name);
    }
    return node == NULL || strcmp(node->secondary_ip, op->secondary_ip) == 0 ||
           refuse(ECODE_INVAL, errp, "Node %s had the secondary address %s, and must have it still",
                  node->name, node->secondary_ip);
}

static bool check_unique(struct lu *lu, GError **errp)
{
    const struct op_node_add *op = lu_params(lu);
    const char *const addresses[] = {op->primary_ip, op->secondary_ip};
    for (size_t i = 0; i < cfg_node_count(lu_cfg(lu)); i++) {
        const struct node *other = cfg_node_at(lu_cfg(lu), i);
        for (size_t j = 0; other != existing(lu) && j < G_N_ELEMENTS(addresses); j++) {
            if (strcmp(other->primary_ip, addresses[j]) == 0 ||
                strcmp(other->secondary_ip, addresses[j]) == 0) {
                return refuse(ECODE_NOTUNIQUE, errp, "The address %s is that of node %s",
                              addresses[j], other->name);
            }
        }
    }
    return true;
}

static bool set_capable(struct lu *lu, GError **errp)
{
    struct op_node_add *op = lu_params(lu);
    const struct node *node = op->readd ? existing(lu) : NULL;
    if (!op->has.master_capable) {
        OP_SET(op, master_capable, node == NULL || node->master_capable);
    }
    if (!op->has.vm_capable) {
        OP_SET(op, vm_capable, node == NULL || node->vm_capable);
    }
    return node == NULL || op->vm_capable || lu_check_node_unused(lu, node, errp);
}

/* As many networks as the master has. */
static bool check_homing(struct lu *lu, const struct node *master, GError **errp)
{
    const struct op_node_add *op = lu_params(lu);
    bool master_single = strcmp(master->primary_ip, master->secondary_ip) == 0;
    bool single = strcmp(op->primary_ip, op->secondary_ip) == 0;
    return single == master_single ||
           refuse(ECODE_INVAL, errp,
                  master_single
                      ? "The master has no secondary address, so node %s must have none (it has %s)"
                      : "The master has a secondary address, so node %s must have one besides %s",
                  op->node_name, op->secondary_ip);
}

static bool check_reachable(struct lu *lu, const struct node *master, GError **errp)
{
    const struct op_node_add *op = lu_params(lu);
    int port = daemon_rows[DAEMON_noded].port;
    if (!net_tcp_ping(op->primary_ip, port, NULL)) {
        return refuse(ECODE_ENVIRON, errp, "Node %s (%s) does not answer", op->node_name,
                      op->primary_ip);
    }
    return strcmp(op->primary_ip, op->secondary_ip) == 0 ||
           net_tcp_ping(op->secondary_ip, port, master->secondary_ip) ||
           refuse(ECODE_ENVIRON, errp,
                  "The secondary address %s of node %s does not answer on the node daemon's port, "
                  "asked from %s",
                  op->secondary_ip, op->node_name, master->secondary_ip);
}

static bool build_node(struct lu *lu, GError **errp)
{
    const struct op_node_add *op = lu_params(lu);
    struct own *own = lu->own;
    const struct node *old = op->readd ? existing(lu) : NULL;
    const struct node_group *group = lu_expand_group(lu,
                                                     old != NULL     ? old->group
                                                     : op->has.group ? op->group
                                                                     : NULL,
                                                     errp);
    if (group == NULL) {
        return false;
    }
    own->group = fact_object_copy(&fact_object_node_group, group);
    struct node *node = own->node =
        old != NULL ? fact_object_copy(&fact_object_node, old) : fact_object_new(&fact_object_node);
    if (old == NULL) {
        fact_object_set_defaults(&fact_object_node, node);
        node->uuid = g_uuid_string_random();
        node->group = g_strdup(group->uuid);
        node->name = g_strdup(op->node_name);
        node->secondary_ip = g_strdup(op->secondary_ip);
        node->has.uuid = node->has.group = node->has.name = node->has.primary_ip =
            node->has.secondary_ip = node->has.master_candidate = node->has.offline =
                node->has.drained = node->has.serial_no = true;
    }
    lu_text_set(&node->primary_ip, op->primary_ip);
    node->offline = node->drained = false;
    node->powered = true;
    node->master_capable = op->master_capable;
    node->vm_capable = op->vm_capable;
    node->master_candidate =
        op->master_capable && lu_candidate_is_short(lu_cfg(lu), old != NULL ? old->uuid : NULL);
    fact_object_clear(&fact_object_ndparams, &node->ndparams);
    return lu_force_params(&op->ndparams, &nd_params, &fact_object_ndparams, &node->ndparams,
                           errp) &&
           lu_check_no_globals(&op->ndparams, &nd_params, errp) &&
           lu_hv_state_merge(&op->hv_state, &node->hv_state_static, errp) &&
           lu_disk_state_merge(&op->disk_state, &node->disk_state_static, errp);
}

static bool check_version(struct lu *lu, GError **errp)
{
    const struct op_node_add *op = lu_params(lu);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer = lu_call_node(lu, op->node_name, LU_CALL(version, .whole = true));
    if (!lu_answer_check_prereq(answer, ECODE_ENVIRON, errp, "Node %s does not tell its version",
                                op->node_name)) {
        return false;
    }
    int64_t version = json_kind(answer->payload) == JSON_INT ? json_int(answer->payload) : -1;
    return version == C_PROTOCOL_VERSION() ||
           refuse(ECODE_ENVIRON, errp,
                  "The node daemon of %s speaks version %" G_GINT64_FORMAT
                  " of the protocol, the master %d",
                  op->node_name, (gint64)version, C_PROTOCOL_VERSION());
}

/* lvcreate takes a colon for a range of extents. */
static bool check_pvs(struct lu *lu, GError **errp)
{
    const struct op_node_add *op = lu_params(lu);
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    if (!cluster->has.volume_group_name || *cluster->volume_group_name == '\0') {
        return true;
    }
    struct any_dict checks = {0};
    struct json *groups = json_new_array();
    json_append(groups, json_new_string(cluster->volume_group_name));
    *(struct json **)fact_dict_add(&type_any_dict, &checks, C_NV_PVLIST) = groups;
    CLEANUP(json_unrefp) struct json *hvparams = lu_json_of(&type_hv_map, &cluster->hvparams);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, op->node_name,
                     LU_CALL(node_verify_light, .checkdict = checks,
                             .cluster_name = cluster->cluster_name, .hvparams = hvparams));
    fact_clear(&type_any_dict, &checks);
    const struct json *pvs = answer->fail_msg == NULL && json_kind(answer->payload) == JSON_OBJECT
                                 ? json_get(answer->payload, C_NV_PVLIST)
                                 : NULL;
    if (json_kind(pvs) != JSON_ARRAY) {
        return refuse(ECODE_ENVIRON, errp, "Node %s did not tell its physical volumes%s%s",
                      op->node_name, answer->fail_msg != NULL ? ": " : "",
                      answer->fail_msg != NULL ? answer->fail_msg : "");
    }
    for (size_t i = 0; i < json_len(pvs); i++) {
        const struct json *pv = json_at(pvs, i);
        const struct json *name = json_kind(pv) == JSON_OBJECT ? json_get(pv, "name") : NULL;
        if (json_kind(name) == JSON_STRING && strchr(json_string(name), ':') != NULL) {
            return refuse(ECODE_ENVIRON, errp,
                          "Node %s has the physical volume '%s', whose name may have no ':'",
                          op->node_name, json_string(name));
        }
    }
    return true;
}

static bool check_prereq(struct lu *lu, GError **errp)
{
    const struct node *master = cfg_master(lu_cfg(lu));
    return check_addresses(lu, errp) && check_known(lu, errp) && check_unique(lu, errp) &&
           set_capable(lu, errp) && check_homing(lu, master, errp) &&
           check_reachable(lu, master, errp) && build_node(lu, errp) && check_version(lu, errp) &&
           check_pvs(lu, errp);
}

/* --- Execution ----------------------------------------------------------------------------------
 */
static bool add_to_hosts(struct lu *lu, GError **errp)
{
    const struct own *own = lu->own;
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    if (!cluster->modify_etc_hosts) {
        return true;
    }
    CLEANUP(json_unrefp) struct json *ip = json_new_string(own->node->primary_ip);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, cluster->master_node,
                     LU_CALL(etc_hosts_modify, .mode = (char *)C_ETC_HOSTS_ADD,
                             .name = own->node->name, .ip = ip));
    return lu_answer_check(answer, errp, "Cannot put node %s into the master's list of hosts",
                           own->node->name);
}

/* [[names], {}, []]: nodes to log in to, by group, none of other groups. */
static struct json *node_list(const char *name)
{
    struct json *list = json_new_array(), *names = json_new_array();
    json_append(names, json_new_string(name));
    json_append(list, names);
    json_append(list, json_new_object());
    json_append(list, json_new_array());
    return list;
}

/* The master can log in there, and finds the host that it takes it for. */
static bool check_ssh(struct lu *lu, GError **errp)
{
    const struct own *own = lu->own;
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    struct any_dict checks = {0};
    *(struct json **)fact_dict_add(&type_any_dict, &checks, C_NV_NODELIST) =
        node_list(own->node->name);
    CLEANUP(json_unrefp) struct json *hvparams = lu_json_of(&type_hv_map, &cluster->hvparams);
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, cluster->master_node,
                     LU_CALL(node_verify, .checkdict = checks,
                             .cluster_name = cluster->cluster_name, .all_hvparams = hvparams));
    fact_clear(&type_any_dict, &checks);
    if (!lu_answer_check(answer, errp, "The master %s could not check node %s", answer->node_name,
                         own->node->name)) {
        return false;
    }
    const struct json *failed =
        json_kind(answer->payload) == JSON_OBJECT ? json_get(answer->payload, C_NV_NODELIST) : NULL;
    if (json_kind(failed) != JSON_OBJECT || json_len(failed) == 0) {
        return true;
    }
    struct json_iter it = json_iter_begin(failed);
    while (json_iter_next(&it)) {
        lu_log(lu, "The master cannot log in to %s: %s", it.key,
               json_kind(it.value) == JSON_STRING ? json_string(it.value) : "?");
    }
    return err_fail(errp, ERR_OP_EXEC, ECODE_NONE,
                    "Logging in to node %s from the master with SSH failed", own->node->name);
}

static bool set_up_switch(struct lu *lu, GError **errp)
{
    const struct own *own = lu->own;
    struct ndparams params = {0};
    fact_object_overlay(&fact_object_ndparams, &params, &cfg_cluster(lu_cfg(lu))->ndparams);
    fact_object_overlay(&fact_object_ndparams, &params, &own->group->ndparams);
    fact_object_overlay(&fact_object_ndparams, &params, &own->node->ndparams);
    if (!params.has.ovs || !params.ovs) {
        return true;
    }
    bool has_link = params.ovs_link != NULL && *params.ovs_link != '\0';
    if (!has_link) {
        lu_info(lu, "No interface for the Open vSwitch was given: it will have no connection to "
                    "the outside");
    }
    CLEANUP(json_unrefp) struct json *link = has_link ? json_new_string(params.ovs_link) : NULL;
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, own->node->name,
                     LU_CALL(node_configure_ovs, .ovs_name = params.ovs_name, .ovs_link = link));
    return lu_answer_check(answer, errp, "Cannot set up Open vSwitch on node %s", own->node->name);
}

static bool record(struct lu *lu, GError **errp)
{
    const struct op_node_add *op = lu_params(lu);
    const struct own *own = lu->own;
    struct cfg_txn *txn = lu_begin(lu, errp);
    if (txn == NULL) {
        return false;
    }
    if (!op->readd) {
        (void)cfg_txn_add_node(txn, fact_object_copy(&fact_object_node, own->node));
    } else {
        struct node *node = cfg_txn_edit_node(txn, own->node->uuid);
        fact_object_clear(&fact_object_node, node);
        fact_object_copy_at(&fact_object_node, node, own->node);
    }
    return lu_commit(lu, txn, errp);
}

static bool set_certificate(struct lu *lu, GError **errp)
{
    const struct own *own = lu->own;
    if (own->node->master_candidate) {
        return lu_candidate_cert_add(lu, own->node->uuid, errp);
    }
    g_autofree char *digest = lu_node_digest(lu, own->node->uuid, errp);
    return digest != NULL && lu_candidate_cert_remove(lu, own->node->uuid, errp);
}

static bool set_ssh_keys(struct lu *lu, GError **errp)
{
    const struct op_node_add *op = lu_params(lu);
    const struct own *own = lu->own;
    const struct node *node = own->node;
    if (!op->has.node_setup || !op->node_setup) {
        return true;
    }
    if (op->readd &&
        !lu_ssh_key_remove(lu, node->uuid, node->name,
                           LU_SSH_AUTHORIZED | LU_SSH_PUBLIC | LU_SSH_CLEAR_PUBLIC | LU_SSH_READD,
                           errp)) {
        return false;
    }
    return lu_ssh_key_add(
        lu, node->uuid, node->name,
        LU_SSH_PUBLIC | LU_SSH_GET_PUBLIC | (node->master_candidate ? LU_SSH_AUTHORIZED : 0), errp);
}

static void demote(struct lu *lu, const struct node *node)
{
    CLEANUP(lu_answer_freep)
    struct lu_answer *answer =
        lu_call_node(lu, node->uuid, LU_CALL(node_demote_from_mc, .whole = true));
    lu_answer_warn(lu, answer, "Node %s could not put its copy of the configuration away",
                   node->name);
}

static bool exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_node_add *op = lu_params(lu);
    const struct own *own = lu->own;
    const struct node *node = own->node;
    if (op->readd) {
        lu_info(lu, "The node comes back: it is neither offline nor drained any more");
    }
    if (node->master_candidate) {
        lu_info(lu, "The node will be a master candidate");
    }
    if (!add_to_hosts(lu, errp) ||
        (strcmp(node->primary_ip, node->secondary_ip) != 0 &&
         !lu_check_node_has_ip(lu, node->name, node->secondary_ip, false, errp)) ||
        !check_ssh(lu, errp) || !set_up_switch(lu, errp) || !record(lu, errp)) {
        return false;
    }
    lu_redistribute_files(lu);
    if (op->readd && !node->master_candidate) {
        demote(lu, node);
    }
    if (!set_certificate(lu, errp)) {
        return false;
    }
    lu_kvmd_adjust(lu, node->uuid, true);
    return set_ssh_keys(lu, errp);
}

/* --- Hooks --------------------------------------------------------------------------------------
 */
static bool hooks_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    const struct op_node_add *op = lu_params(lu);
    hooks_env_set(env, "OP_TARGET", op->node_name);
    hooks_env_set(env, "NODE_NAME", op->node_name);
    hooks_env_set(env, "NODE_PIP", op->primary_ip);
    hooks_env_set(env, "NODE_SIP", op->secondary_ip);
    hooks_env_set(env, "MASTER_CAPABLE", op->master_capable ? "True" : "False");
    hooks_env_set(env, "VM_CAPABLE", op->vm_capable ? "True" : "False");
    return true;
}

/* All the others; afterwards on the new one too. */
static bool hooks_nodes(struct lu *lu, GPtrArray *pre, GPtrArray *post, GError **errp G_GNUC_UNUSED)
{
    for (size_t i = 0; i < cfg_node_count(lu_cfg(lu)); i++) {
        const struct node *node = cfg_node_at(lu_cfg(lu), i);
        if (node != existing(lu)) {
            g_ptr_array_add(pre, g_strdup(node->uuid));
            g_ptr_array_add(post, g_strdup(node->uuid));
        }
    }
    return true;
}

static void post_hooks_nodes(struct lu *lu, GPtrArray *post)
{
    const struct own *own = lu->own;
    g_ptr_array_add(post, g_strdup(own->node->uuid));
}

LU(node_add, .own_size = sizeof(struct own), .clear = own_clear, .check_arguments = check_arguments,
   .check_prereq = check_prereq, .exec = exec, .hooks_env = hooks_env, .hooks_nodes = hooks_nodes,
   .post_hooks_nodes = post_hooks_nodes)
