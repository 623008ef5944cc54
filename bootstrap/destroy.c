#include "config.h"

#include "bootstrap/destroy.h"

#include "bootstrap/calls.h"
#include "compat-config/paths/paths.h"
#include "compat-config/store/store.h"
#include "facts/errors.h"
#include "jobs/lu/master-address.h"

static void warn(GPtrArray *warnings, const char *what, GError *error)
{
    g_ptr_array_add(warnings, g_strdup_printf("%s: %s", what, error->message));
    g_error_free(error);
}

static void take_address_away(const struct cfg *cfg, const char *master, GPtrArray *warnings)
{
    const struct rpc_call_node_deactivate_master_ip args = {
        .master_params = lu_master_params(cfg),
        .use_external_mip_script = cfg_cluster(cfg)->use_external_mip_script};
    GError *error = NULL;

    if (!bootstrap_call(master, RPC_node_deactivate_master_ip, &args, NULL, &error)) {
        warn(warnings, "The master address could not be taken away", error);
    }
}

static void stop_master(const char *master, GPtrArray *warnings)
{
    const struct rpc_call_node_stop_master args = {0};
    GError *error = NULL;

    if (!bootstrap_call(master, RPC_node_stop_master, &args, NULL, &error)) {
        warn(warnings, "The daemons of the master could not be stopped", error);
    }
}

static void leave(const struct cfg *cfg, const char *master, GPtrArray *warnings)
{
    const struct rpc_call_node_leave_cluster args = {.modify_ssh_setup =
                                                         cfg_cluster(cfg)->modify_ssh_setup};
    GError *error = NULL;

    if (!bootstrap_call(master, RPC_node_leave_cluster, &args, NULL, &error)) {
        warn(warnings, "What the cluster put on this node could not be removed", error);
    }
}

bool cluster_finish_destroy(const char *master_uuid, GPtrArray *warnings, GError **errp)
{
    CLEANUP(cfg_unrefp) const struct cfg *cfg = cfg_load(path_get(PATH_CLUSTER_CONF_FILE), errp);
    const struct node *master = cfg != NULL ? cfg_node_get(cfg, master_uuid) : NULL;

    if (cfg == NULL) {
        return false;
    }
    if (master == NULL) {
        return err_fail(errp, ERR_OP_EXEC, ECODE_NONE, "The configuration has no node %s",
                        master_uuid);
    }
    take_address_away(cfg, master->name, warnings);
    stop_master(master->name, warnings);
    leave(cfg, master->name, warnings);
    return true;
}
