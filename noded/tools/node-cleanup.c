/* node-cleanup: removes a cluster's configuration and secrets from a node that is no part of it any
 * more (reference: lib/tools/node_cleanup.py). */
#include "config.h"

#include "base/cmd.h"
#include "base/fs.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "noded/tools/tool.h"

static bool remove_file(const char *path, bool backup, GError **errp)
{
    g_autofree char *kept = NULL;

    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        return true;
    }
    if (backup) {
        log_info("keeping a copy of %s", path);
        kept = fs_backup(path, errp);
        if (kept == NULL) {
            return false;
        }
    }
    log_info("removing %s", path);
    return fs_remove_file(path, errp);
}

static bool clean(bool backup, GError **errp)
{
    static const enum path_id secrets[] = {
        PATH_CONFD_HMAC_KEY,    PATH_CLUSTER_CONF_FILE,      PATH_CLUSTER_DOMAIN_SECRET_FILE,
        PATH_NODED_CERT_FILE,   PATH_NODED_CLIENT_CERT_FILE, PATH_RAPI_CERT_FILE,
        PATH_SPICE_CACERT_FILE, PATH_SPICE_CERT_FILE};
    CLEANUP(cmd_freep) struct cmd *stop = cmd_new(path_get(PATH_DAEMON_UTIL), "stop-all", NULL);

    log_info("stopping daemons");
    cmd_inherit_env(stop);
    if (!cmd_check(stop, NULL, errp)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(secrets); i++) {
        if (!remove_file(path_get(secrets[i]), backup, errp)) {
            return false;
        }
    }
    for (size_t i = 0; i < SSCONF_COUNT; i++) {
        g_autofree char *path = path_format(PATH_SSCONF_FILE, ssconf_rows[i].key);

        if (!remove_file(path, false, errp)) {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    gboolean yes = FALSE, no_backup = FALSE;
    const GOptionEntry extra[] = {
        {"yes-do-it", 0, 0, G_OPTION_ARG_NONE, &yes, "really do it", NULL},
        {"no-backup", 0, 0, G_OPTION_ARG_NONE, &no_backup, "keep no copies of what is removed",
         NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    const struct tool tool = {.name = "node-cleanup",
                              .summary = "Stops all daemons and removes the cluster's "
                                         "configuration, certificates and keys from this node.\n"
                                         "There is no way back.",
                              .extra = extra};
    struct tool_options opts;
    GError *error = NULL;
    bool ok;
    int code;

    if (!tool_start(&tool, &opts, &argc, &argv, &code)) {
        return code;
    }
    if (!yes) {
        g_printerr("This removes the cluster from this node, without a way back. If that is what "
                   "you want, add --yes-do-it.\n");
        return TOOL_FAILURE;
    }
    ok = clean(!no_backup, &error);
    return tool_end(ok, error);
}
