/* Setting the address of the cluster on its master, and taking it away (reference:
 * lib/cmdlib/cluster/__init__.py LUClusterActivateMasterIp, LUClusterDeactivateMasterIp); hooks
 * and Open vSwitch of a new cluster (LUClusterPostInit). */
#include "config.h"

#include "jobs/lu/master-address.h"

#include "base/json.h"
#include "compat-config/model/fill.h"
#include "jobs/lu/lu.h"

/* All texts are borrowed. */
static struct master_network_parameters master_params(const struct cfg *cfg)
{
    const struct cluster *cluster = cfg_cluster(cfg);
    return (struct master_network_parameters){
        .uuid = cluster->master_node,
        .ip = cluster->master_ip,
        .netmask = cluster->master_netmask,
        .netdev = cluster->master_netdev,
        .ip_family = cluster->primary_ip_family,
        .has = {.uuid = true, .ip = true, .netmask = true, .netdev = true, .ip_family = true},
    };
}

struct lu_answer *lu_master_address_call(struct lu *lu, bool set)
{
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    struct master_network_parameters params = master_params(lu_cfg(lu));
    struct lu_arg_object object = {&fact_object_master_network_parameters, &params};
    return set ? lu_call_node(lu, cluster->master_node,
                              LU_CALL(node_activate_master_ip, .master_params = object,
                                      .use_external_mip_script = cluster->use_external_mip_script))
               : lu_call_node(lu, cluster->master_node,
                              LU_CALL(node_deactivate_master_ip, .master_params = object,
                                      .use_external_mip_script = cluster->use_external_mip_script));
}

static bool activate(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    CLEANUP(lu_answer_freep) struct lu_answer *answer = lu_master_address_call(lu, true);
    return lu_answer_check(answer, errp, "Cannot set the master address %s on %s",
                           cfg_cluster(lu_cfg(lu))->master_ip, answer->node_name);
}

LU(cluster_activate_master_ip, .exec = activate)

static bool deactivate(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    CLEANUP(lu_answer_freep) struct lu_answer *answer = lu_master_address_call(lu, false);
    return lu_answer_check(answer, errp, "Cannot take the master address %s away from %s",
                           cfg_cluster(lu_cfg(lu))->master_ip, answer->node_name);
}

LU(cluster_deactivate_master_ip, .exec = deactivate)

/* --- OP_CLUSTER_POST_INIT -----------------------------------------------------------------------
 */
static struct ndparams master_ndparams(struct lu *lu)
{
    const struct node *master = cfg_master(lu_cfg(lu));
    struct ndparams none = {0};
    return master != NULL ? cfg_node_ndparams(lu_cfg(lu), master) : none;
}

static bool has_link(const struct ndparams *params)
{
    return params->ovs_link != NULL && *params->ovs_link != '\0';
}

static bool init_arguments(struct lu *lu, GError **errp G_GNUC_UNUSED)
{
    struct ndparams params = master_ndparams(lu);
    if (params.ovs && !has_link(&params)) {
        lu_info(lu, "No interface for the Open vSwitch was given: it will have no connection to "
                    "the outside");
    }
    return true;
}

static bool init_env(struct lu *lu, struct hooks_env *env, GError **errp G_GNUC_UNUSED)
{
    hooks_env_set(env, "OP_TARGET", cfg_cluster(lu_cfg(lu))->cluster_name);
    return true;
}

static bool init_nodes(struct lu *lu, GPtrArray *pre G_GNUC_UNUSED, GPtrArray *post,
                       GError **errp G_GNUC_UNUSED)
{
    g_ptr_array_add(post, g_strdup(cfg_cluster(lu_cfg(lu))->master_node));
    return true;
}

static bool init_exec(struct lu *lu, struct json_writer *result, GError **errp)
{
    struct ndparams params = master_ndparams(lu);
    if (params.ovs) {
        CLEANUP(json_unrefp)
        struct json *link = has_link(&params) ? json_new_string(params.ovs_link) : NULL;
        CLEANUP(lu_answer_freep)
        struct lu_answer *answer = lu_call_node(
            lu, cfg_cluster(lu_cfg(lu))->master_node,
            LU_CALL(node_configure_ovs, .ovs_name = params.ovs_name, .ovs_link = link));
        if (!lu_answer_check(answer, errp, "Cannot set up Open vSwitch on %s", answer->node_name)) {
            return false;
        }
    }
    json_write_bool(result, true);
    return true;
}

LU(cluster_post_init, .check_arguments = init_arguments, .exec = init_exec, .hooks_env = init_env,
   .hooks_nodes = init_nodes)
