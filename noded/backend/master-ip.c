/* The master's address: the site's or our own script sets it and takes it away. */
#include "config.h"

#include <string.h>
#include <sys/socket.h>

#include "base/json.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/backend/hooks.h"

struct address_change {
    const char *verb; /* of the script */
    const char *opcode, *hooks;
};
static const struct address_change turn_up = {"start", C_FAKE_OP_MASTER_TURNUP, "master-ip-turnup"};
static const struct address_change turn_down = {"stop", C_FAKE_OP_MASTER_TURNDOWN,
                                                "master-ip-turndown"};

struct address {
    const struct address_change *change;
    const struct master_network_parameters *params;
    bool external; /* the site's script */
};

/* What the script and the hooks are told (backend.py _BuildMasterIpEnv). */
static void describe(const struct master_network_parameters *params,
                     void (*set)(void *env, const char *name, const char *value), void *env)
{
    g_autofree char *netmask = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)params->netmask);

    set(env, "MASTER_NETDEV", params->netdev);
    set(env, "MASTER_IP", params->ip);
    set(env, "MASTER_NETMASK", netmask);
    set(env, "CLUSTER_IP_VERSION", params->ip_family == AF_INET6 ? "6" : "4");
}

static void set_for_hooks(void *env, const char *name, const char *value)
{
    hooks_env_set(env, name, value);
}

static void set_for_script(void *cmd, const char *name, const char *value)
{
    cmd_set_env(cmd, name, value);
}

static bool run_script(const void *data, GError **errp)
{
    const struct address *address = data;
    CLEANUP(cmd_freep)
    struct cmd *cmd = cmd_new(path_get(address->external ? PATH_EXTERNAL_MASTER_SETUP_SCRIPT
                                                         : PATH_DEFAULT_MASTER_SETUP_SCRIPT),
                              address->change->verb, NULL);

    describe(address->params, set_for_script, cmd);
    if (!cmd_check(cmd, NULL, errp)) {
        g_prefix_error(errp, "cannot %s the master's address on %s: ", address->change->verb,
                       backend_node_name());
        return false;
    }
    return true;
}

static bool change_master_ip(const struct address *address, struct json_writer *result,
                             GError **errp)
{
    CLEANUP(hooks_env_freep) struct hooks_env *env = hooks_env_new();

    describe(address->params, set_for_hooks, env);
    json_write_null(result);
    return hooks_run_around(address->change->opcode, address->change->hooks, env, run_script,
                            address, errp);
}

NODED_CALL(node_activate_master_ip, NODED_WORKER)
{
    const struct address address = {&turn_up, &args->master_params, args->use_external_mip_script};

    return change_master_ip(&address, result, errp);
}

NODED_CALL(node_deactivate_master_ip, NODED_WORKER)
{
    const struct address address = {&turn_down, &args->master_params,
                                    args->use_external_mip_script};

    return change_master_ip(&address, result, errp);
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
    noded_error_set(errp, "a netmask must be a number");
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
