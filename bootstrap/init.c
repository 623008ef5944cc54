#include "config.h"

#include "bootstrap/init.h"

#include <grp.h>
#include <pwd.h>

#include "base/cmd.h"
#include "base/fs.h"
#include "base/log.h"
#include "bootstrap/calls.h"
#include "bootstrap/daemons.h"
#include "bootstrap/init-private.h"
#include "bootstrap/secrets.h"
#include "compat-config/paths/paths.h"
#include "compat-config/ssconf/ssconf.h"
#include "compat-config/store/store.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/ssh/files.h"
#include "noded/ssh/known-hosts.h"
#include "noded/ssh/public-keys.h"

enum {
    CONFIG_MODE = 0600, /* ensure-dirs gives it to the configuration daemon */
    MAX_KEY = 64 * 1024,
};

static bool ensure_dirs(GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new(path_get(PATH_ENSURE_DIRS), NULL);

    cmd_inherit_env(cmd);
    return cmd_check(cmd, NULL, errp);
}

/* --- SSH ----------------------------------------------------------------------------------------
 */
static bool set_up_ssh(const struct cluster *cluster, const char *master_uuid, GError **errp)
{
    g_autofree char *path = ssh_public_key_path(cluster->ssh_key_type);
    CLEANUP(public_keys_freep) struct public_keys *keys = public_keys_new();
    g_autofree char *key = NULL;

    if (!ssh_make_key(cluster->ssh_key_type, cluster->ssh_key_bits, "", errp)) {
        return false;
    }
    key = fs_read_file(path, MAX_KEY, NULL, errp);
    if (key == NULL) {
        return false;
    }
    public_keys_add(keys, master_uuid, key);
    return public_keys_save(keys, errp);
}

/* --- Files --------------------------------------------------------------------------------------
 */
static bool write_config(const struct cfg *cfg, GError **errp)
{
    const struct fs_write_opts opts = {.mode = CONFIG_MODE};
    CLEANUP(ssconf_freep) struct ssconf *ssconf = ssconf_from_cfg(cfg, C_RELEASE_VERSION());

    return ssh_write_known_hosts(cfg_cluster(cfg), errp) &&
           ssconf_write(ssconf, path_get(PATH_DATA_DIR), path_get(PATH_SSCONF_LOCK_FILE), errp) &&
           cfg_save(cfg, path_get(PATH_CLUSTER_CONF_FILE), &opts, errp);
}

/* The configuration comes last: without it there is no cluster, so what a crash leaves is only
 * rubbish. */
static bool write_files(const struct cluster_init *request, const struct init_state *state,
                        GError **errp)
{
    static const struct secrets_new secrets = {.cluster_cert = true};
    g_autofree char *uuid = g_uuid_string_random(), *digest = NULL;
    CLEANUP(cfg_unrefp) const struct cfg *cfg = NULL;

    if (!ensure_dirs(errp) || !secrets_make(&secrets, state->host_name, errp)) {
        return false;
    }
    digest = secrets_client_digest(errp);
    cfg = digest != NULL ? init_config(request->cluster, state, uuid, digest, errp) : NULL;
    return cfg != NULL &&
           (!request->cluster->modify_ssh_setup || set_up_ssh(request->cluster, uuid, errp)) &&
           write_config(cfg, errp) && ensure_dirs(errp);
}

/* --- Daemons ------------------------------------------------------------------------------------
 */
static bool add_to_hosts(const struct init_state *state, GError **errp)
{
    CLEANUP(json_unrefp) struct json *ip = json_new_string(state->host_ip);
    const struct rpc_call_etc_hosts_modify args = {
        .mode = (char *)C_ETC_HOSTS_ADD, .name = state->host_name, .ip = ip};

    return bootstrap_call(state->host_name, RPC_etc_hosts_modify, &args, NULL, errp);
}

static bool start(const struct cluster *cluster, const struct init_state *state, GError **errp)
{
    return daemons_control(errp, "start", daemon_rows[DAEMON_noded].name, NULL) &&
           daemons_wait_for_node(state->host_name, errp) &&
           (!cluster->modify_etc_hosts || add_to_hosts(state, errp)) &&
           daemons_control(errp, "start-all", NULL) && daemons_wait_for_master(errp);
}

/* --- All of it ----------------------------------------------------------------------------------
 */
static bool check(const struct cluster_init *request, struct init_state *state, GError **errp)
{
    return init_check_left_overs(errp) && init_check_values(request->cluster, errp) &&
           init_check_network(request, state, errp) && init_check_host(request->cluster, errp);
}

static bool carry_out(const struct cluster_init *request, const struct init_state *state,
                      GError **errp)
{
    if (write_files(request, state, errp) && start(request->cluster, state, errp)) {
        return true;
    }
    g_prefix_error(
        errp,
        "The cluster was not finished; before another try, stop its daemons (%s stop-all) "
        "and remove what is in %s: ",
        path_get(PATH_DAEMON_UTIL), path_get(PATH_DATA_DIR));
    return false;
}

bool cluster_init(const struct cluster_init *request, GError **errp)
{
    struct init_state state = {0};
    bool ok = check(request, &state, errp) && daemons_control(errp, "stop-all", NULL) &&
              init_make_storage(request->cluster, errp) && carry_out(request, &state, errp);

    g_free(state.host_name);
    g_free(state.host_ip);
    g_free(state.secondary_ip);
    return ok;
}
