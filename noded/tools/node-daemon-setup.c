/* node-daemon-setup: makes this machine a node of a cluster: simple store, secrets, certificates,
 * daemons (reference: lib/tools/node_daemon_setup.py). */
#include "config.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "base/cmd.h"
#include "base/fs.h"
#include "compat-config/paths/paths.h"
#include "compat-config/ssconf/ssconf.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/crypto/node-cert.h"
#include "noded/ssh/update.h"
#include "noded/tools/tool.h"

enum { SECRET_MODE = 0440 };

static bool check(const struct node_daemon_setup *setup, GError **errp)
{
    char *const *name =
        fact_dict_get(&type_str_text_dict, &setup->ssconf, ssconf_rows[SSCONF_cluster_name].key);

    for (size_t i = 0; i < setup->ssconf.n; i++) {
        if (ssconf_find(setup->ssconf.v[i].key) < 0) {
            return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE,
                            "\"%s\" is no key of the simple store", setup->ssconf.v[i].key);
        }
    }
    if (name == NULL || strcmp(*name, setup->cluster_name) != 0) {
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE,
                        "the request is for the cluster %s, the simple store in it for %s",
                        setup->cluster_name, name != NULL ? *name : "none");
    }
    return ssh_request_is_ours(setup->cluster_name, NULL, errp) &&
           node_cert_with_key_is_ours(setup->node_daemon_certificate, errp);
}

static bool write_ssconf(const struct node_daemon_setup *setup, GError **errp)
{
    const char *dir = path_get(PATH_DATA_DIR);

    for (size_t i = 0; i < setup->ssconf.n; i++) {
        int id = ssconf_find(setup->ssconf.v[i].key);

        if (!ssconf_write_value(dir, (enum ssconf_id)id, setup->ssconf.v[i].value, errp)) {
            return false;
        }
    }
    return true;
}

static bool write_secret(enum path_id id, const char *text, GError **errp)
{
    const struct passwd *user = getpwnam(daemon_rows[DAEMON_masterd].user);
    const struct group *group = getgrnam(daemon_rows[DAEMON_masterd].group);
    struct fs_write_opts opts = {.mode = SECRET_MODE, .chown = true};

    if (user == NULL || group == NULL) {
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE,
                        "the user '%s' or its group '%s' is missing on this node",
                        daemon_rows[DAEMON_masterd].user, daemon_rows[DAEMON_masterd].group);
    }
    opts.uid = user->pw_uid;
    opts.gid = group->gr_gid;
    return fs_write_atomic(path_get(id), text, strlen(text), &opts, errp);
}

static bool daemon_util(const char *verb, const char *daemon, GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new(path_get(PATH_DAEMON_UTIL), verb, daemon, NULL);

    cmd_inherit_env(cmd);
    return cmd_check(cmd, NULL, errp);
}

static bool is_installed(enum daemon_id id)
{
    g_autofree char *path = g_build_filename(path_get(PATH_SBINDIR), daemon_rows[id].name, NULL);

    return g_file_test(path, G_FILE_TEST_IS_EXECUTABLE);
}

static bool restart(GError **errp)
{
    return daemon_util("stop-all", NULL, errp) &&
           daemon_util("start", daemon_rows[DAEMON_noded].name, errp) &&
           (!C_ENABLE_MOND || !is_installed(DAEMON_mond) ||
            daemon_util("start", daemon_rows[DAEMON_mond].name, errp));
}

static bool set_up(const struct node_daemon_setup *setup, GError **errp)
{
    bool has_name = setup->has.node_name && *setup->node_name != '\0';

    return (has_name || err_fail(errp, ERR_CONFIGURATION, ECODE_NONE,
                                 "the request does not say this node's name")) &&
           write_ssconf(setup, errp) && write_secret(PATH_CONFD_HMAC_KEY, setup->hmac_key, errp) &&
           write_secret(PATH_NODED_CERT_FILE, setup->node_daemon_certificate, errp) &&
           node_cert_renew(setup->node_name, true, errp) &&
           (!setup->has.start_node_daemon || !setup->start_node_daemon || restart(errp));
}

static bool set_node_up(const void *request, bool dry_run, GError **errp)
{
    return check(request, errp) && (dry_run || set_up(request, errp));
}

int main(int argc, char **argv)
{
    static const struct tool tool = {
        .name = "node-daemon-setup",
        .summary = "Makes this machine a node of the cluster that the JSON object on standard "
                   "input describes, and starts its\nnode daemon. \"gnt-node add\" runs it over "
                   "ssh.",
        .dry_run = true};

    return tool_request_main(&tool, &fact_object_node_daemon_setup, set_node_up, argc, argv);
}
