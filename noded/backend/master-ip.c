/* The master's address: the site's or our own script sets it and takes it away. */
#include "config.h"

#include <string.h>
#include <sys/socket.h>

#include "base/json.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "compat-config/ssconf/ssconf.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/backend/hooks.h"
#include "noded/proto/hook-env.h"

struct address_change {
    const char *verb; /* of the script */
    const char *opcode, *hooks;
};
static const struct address_change turn_up = {"start", C_FAKE_OP_MASTER_TURNUP, "master-ip-turnup"};
static const struct address_change turn_down = {"stop", C_FAKE_OP_MASTER_TURNDOWN,
                                                "master-ip-turndown"};

/* What the script and the hooks are told, "NAME=value" (backend.py _BuildMasterIpEnv);
 * g_strfreev(). */
static char **describe(const struct master_network_parameters *params)
{
    GPtrArray *vars = g_ptr_array_new();

    g_ptr_array_add(vars, g_strdup_printf("MASTER_NETDEV=%s", params->netdev));
    g_ptr_array_add(vars, g_strdup_printf("MASTER_IP=%s", params->ip));
    g_ptr_array_add(vars,
                    g_strdup_printf("MASTER_NETMASK=%" G_GINT64_FORMAT, (gint64)params->netmask));
    g_ptr_array_add(
        vars, g_strdup_printf("CLUSTER_IP_VERSION=%d", params->ip_family == AF_INET6 ? 6 : 4));
    g_ptr_array_add(vars, NULL);
    return (char **)g_ptr_array_free(vars, FALSE);
}

/* A hook of the first phase that fails keeps the address as it is; one of the second is in the log
 * only (backend.py RunLocalHooks). */
static bool run_hooks(const struct address_change *change, const char *phase, char **vars,
                      GError **errp)
{
    const char *dir = path_get(PATH_DATA_DIR);
    g_autofree char *cluster = ssconf_read(dir, SSCONF_cluster_name, NULL, errp);
    g_autofree char *master =
        cluster == NULL ? NULL : ssconf_read(dir, SSCONF_master_node, NULL, errp);
    const struct hook_run run = {.opcode = change->opcode,
                                 .path = change->hooks,
                                 .phase = phase,
                                 .cluster = cluster,
                                 .master = master};
    bool is_post = strcmp(phase, C_HOOKS_PHASE_POST) == 0;
    g_autoptr(GPtrArray) env = NULL;

    if (master == NULL) {
        return false;
    }
    env = hook_env_new(&run);
    hook_env_add(env, C_HOOKS_PHASE_PRE, (const char *const *)vars);
    if (is_post) {
        hook_env_add(env, C_HOOKS_PHASE_POST, (const char *const *)vars);
    }
    g_ptr_array_add(env, NULL);
    return hooks_run_local(change->hooks, phase, (char **)env->pdata, errp);
}

static bool run_script(const struct address_change *change, bool external, char **vars,
                       GError **errp)
{
    CLEANUP(cmd_freep)
    struct cmd *cmd = cmd_new(
        path_get(external ? PATH_EXTERNAL_MASTER_SETUP_SCRIPT : PATH_DEFAULT_MASTER_SETUP_SCRIPT),
        change->verb, NULL);

    for (char **var = vars; *var != NULL; var++) {
        g_auto(GStrv) pair = g_strsplit(*var, "=", 2);

        cmd_set_env(cmd, pair[0], pair[1]);
    }
    if (!cmd_check(cmd, NULL, errp)) {
        g_prefix_error(errp, "cannot %s the master's address on %s: ", change->verb,
                       backend_node_name());
        return false;
    }
    return true;
}

static bool change_master_ip(const struct address_change *change,
                             const struct master_network_parameters *params, bool external,
                             struct json_writer *result, GError **errp)
{
    g_auto(GStrv) vars = describe(params);

    json_write_null(result);
    return run_hooks(change, C_HOOKS_PHASE_PRE, vars, errp) &&
           run_script(change, external, vars, errp) &&
           run_hooks(change, C_HOOKS_PHASE_POST, vars, errp);
}

NODED_CALL(node_activate_master_ip, NODED_WORKER)
{
    return change_master_ip(&turn_up, &args->master_params, args->use_external_mip_script, result,
                            errp);
}

NODED_CALL(node_deactivate_master_ip, NODED_WORKER)
{
    return change_master_ip(&turn_down, &args->master_params, args->use_external_mip_script, result,
                            errp);
}

/* --- Its netmask --------------------------------------------------------------------------------
 */

static bool change_address(const char *verb, const char *address, const char *netmask,
                           const char *device, GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new(C_IP_COMMAND_PATH, "address", verb, NULL);

    cmd_addf(cmd, "%s/%s", address, netmask);
    cmd_add(cmd, "dev", device, "label", NULL);
    cmd_addf(cmd, "%s:0", device);
    return cmd_check(cmd, NULL, errp);
}

/* A number, or its text. */
static char *netmask_text(const struct json *value, GError **errp)
{
    if (json_kind(value) == JSON_INT) {
        return g_strdup_printf("%" G_GINT64_FORMAT, (gint64)json_int(value));
    }
    if (json_kind(value) == JSON_STRING) {
        return g_strdup(json_string(value));
    }
    noded_fail(errp, "a netmask must be a number");
    return NULL;
}

NODED_CALL(node_change_master_netmask, NODED_WORKER)
{
    g_autofree char *from = netmask_text(args->old_netmask, errp);
    g_autofree char *to = from == NULL ? NULL : netmask_text(args->netmask, errp);
    bool here = false;

    if (to == NULL) {
        return false;
    }
    json_write_null(result);
    if (strcmp(from, to) == 0) {
        return true;
    }
    if (!backend_has_address(args->master_ip, &here, errp)) {
        return false;
    }
    if (!here) {
        return noded_fail(errp, "%s does not have the master's address %s, its netmask stays",
                          backend_node_name(), args->master_ip);
    }
    return change_address("add", args->master_ip, to, args->master_netdev, errp) &&
           change_address("del", args->master_ip, from, args->master_netdev, errp);
}
