/* The node goes out of the cluster: what the cluster put here is removed (backend.py LeaveCluster).
 * When the call has been answered, the daemon ends (noded/server). */
#include "config.h"

#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/ssh/files.h"

enum { MAX_KEY = 64 * 1024 };

static void complain(GError **error)
{
    if (*error != NULL) {
        log_error("while leaving the cluster: %s", (*error)->message);
        g_clear_error(error);
    }
}

/* root's key was made for the cluster. */
static void remove_ssh_key(enum ssh_key_type type)
{
    g_autofree char *private_key = ssh_private_key_path(type);
    g_autofree char *public_key = ssh_public_key_path(type);
    g_autoptr(GError) error = NULL;
    g_autofree char *key = fs_read_file(public_key, MAX_KEY, NULL, &error);
    const char *const keys[] = {key};

    if (g_error_matches(error, FS_ERROR, ENOENT)) {
        return;
    }
    if (key != NULL && ssh_deauthorize(keys, 1, &error) && fs_remove_file(private_key, &error)) {
        (void)!fs_remove_file(public_key, &error);
    }
    complain(&error);
}

/* The list of nodes' keys and its like are in the data folder, which is emptied as a whole. */
static void remove_secrets(void)
{
    static const enum path_id secrets[] = {PATH_CONFD_HMAC_KEY, PATH_RAPI_CERT_FILE,
                                           PATH_SPICE_CERT_FILE, PATH_SPICE_CACERT_FILE,
                                           PATH_NODED_CERT_FILE};

    for (size_t i = 0; i < G_N_ELEMENTS(secrets); i++) {
        g_autoptr(GError) error = NULL;

        (void)!fs_remove_file(path_get(secrets[i]), &error);
        complain(&error);
    }
}

static void stop_daemons(void)
{
    static const enum daemon_id daemons[] = {DAEMON_confd, DAEMON_mond, DAEMON_kvmd};

    for (size_t i = 0; i < G_N_ELEMENTS(daemons); i++) {
        CLEANUP(cmd_freep)
        struct cmd *cmd =
            cmd_new(path_get(PATH_DAEMON_UTIL), "stop", daemon_rows[daemons[i]].name, NULL);
        g_autoptr(GError) error = NULL;

        cmd_inherit_env(cmd);
        (void)!cmd_check(cmd, NULL, &error);
        complain(&error);
    }
}

NODED_CALL(node_leave_cluster, NODED_WORKER)
{
    if (!backend_clean_dir(PATH_DATA_DIR, PATH_JOB_QUEUE_LOCK_FILE, errp) ||
        !backend_clean_dir(PATH_CRYPTO_KEYS_DIR, PATH_JOB_QUEUE_LOCK_FILE, errp) ||
        !backend_purge_queue(errp)) {
        return false;
    }
    if (args->modify_ssh_setup) {
        for (size_t type = 0; type < fact_enum_ssh_key_type.n; type++) {
            remove_ssh_key((enum ssh_key_type)type);
        }
    }
    remove_secrets();
    stop_daemons();
    json_write_string(result, "Shutdown scheduled");
    return true;
}
