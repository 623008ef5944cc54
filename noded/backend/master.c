/* What makes a node the master, and what ends that. */
#include "config.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "compat-config/ssconf/ssconf.h"
#include "facts/constants.h"
#include "noded/backend/common.h"

static struct cmd *daemon_util(const char *verb, const char *daemon)
{
    struct cmd *cmd = cmd_new(path_get(PATH_DAEMON_UTIL), verb, daemon, NULL);

    cmd_inherit_env(cmd);
    return cmd;
}

NODED_CALL(node_start_master_daemons, NODED_WORKER)
{
    CLEANUP(cmd_freep) struct cmd *cmd = daemon_util("start-master", NULL);
    const char *options = args->no_voting ? "--no-voting --yes-do-it" : "";

    cmd_set_env(cmd, "EXTRA_LUXID_ARGS", options);
    cmd_set_env(cmd, "EXTRA_WCONFD_ARGS", options);
    json_write_null(result);
    return cmd_check(cmd, NULL, errp);
}

/* A daemon that does not stop is in the log only: the caller goes on in any case. */
NODED_CALL(node_stop_master, NODED_WORKER)
{
    CLEANUP(cmd_freep) struct cmd *cmd = daemon_util("stop-master", NULL);
    g_autoptr(GError) error = NULL;

    json_write_null(result);
    if (!cmd_check(cmd, NULL, &error)) {
        log_error("the master's daemons could not be stopped: %s", error->message);
    }
    return true;
}

NODED_CALL(node_ensure_daemon, NODED_WORKER)
{
    const char *name = daemon_rows[DAEMON_kvmd].name;
    CLEANUP(cmd_freep)
    struct cmd *cmd = daemon_util(args->run ? "check-and-start" : "stop", args->daemon);
    g_autoptr(GError) error = NULL;
    bool ok = strcmp(args->daemon, name) == 0 && cmd_check(cmd, NULL, &error);

    if (error != NULL) {
        log_error("%s", error->message);
    }
    json_write_bool(result, ok);
    return true;
}

NODED_CALL(node_demote_from_mc, NODED_WORKER)
{
    const char *config = path_get(PATH_CLUSTER_CONF_FILE);
    g_autofree char *master = ssconf_read(path_get(PATH_DATA_DIR), SSCONF_master_node, NULL, errp);
    CLEANUP(cmd_freep) struct cmd *check = daemon_util("check", daemon_rows[DAEMON_masterd].name);
    g_autofree char *backup = NULL;

    if (master == NULL) {
        return false;
    }
    if (strcmp(master, backend_node_name()) == 0) {
        return noded_fail(errp, "%s is the master, it stays a master candidate", master);
    }
    if (cmd_check(check, NULL, NULL)) {
        return noded_fail(errp, "the master's daemons run on %s, it stays a master candidate",
                          backend_node_name());
    }
    json_write_null(result);
    if (!g_file_test(config, G_FILE_TEST_IS_REGULAR)) {
        return true;
    }
    backup = fs_backup(config, errp);
    return backup != NULL && fs_remove_file(config, errp);
}
