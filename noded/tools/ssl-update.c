/* ssl-update: makes this node's own certificate, or removes it before a downgrade (reference:
 * lib/tools/ssl_update.py). */
#include "config.h"

#include <string.h>

#include "base/fs.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/crypto/node-cert.h"
#include "noded/ssh/update.h"
#include "noded/tools/tool.h"

/* Without certificates of their own, nodes must let the master in by the cluster's: the list of the
 * candidates' certificates goes too. */
static bool remove_certificate(GError **errp)
{
    g_autofree char *list =
        path_format(PATH_SSCONF_FILE, ssconf_rows[SSCONF_master_candidates_certs].key);

    return fs_remove_file(path_get(PATH_NODED_CLIENT_CERT_FILE), errp) &&
           fs_remove_file(list, errp);
}

static bool update(const void *data, bool dry_run, GError **errp)
{
    const struct ssl_update *request = data;
    bool create = strcmp(request->action, C_CRYPTO_ACTION_CREATE) == 0;

    if (!create && strcmp(request->action, C_CRYPTO_ACTION_DELETE) != 0) {
        return err_fail(errp, ERR_GENERIC, ECODE_NONE,
                        "certificates are created or deleted here, not \"%s\"", request->action);
    }
    if (create && !request->has.node_name) {
        return err_fail(errp, ERR_GENERIC, ECODE_NONE, "the request does not say this node's name");
    }
    if (!ssh_request_is_ours(request->cluster_name, NULL, errp) ||
        !node_cert_with_key_is_ours(request->node_daemon_certificate, errp)) {
        return false;
    }
    if (dry_run) {
        return true;
    }
    return create ? node_cert_renew(request->node_name, false, errp) : remove_certificate(errp);
}

int main(int argc, char **argv)
{
    static const struct tool tool = {
        .name = "ssl-update",
        .summary = "Makes or removes this node's own certificate, as the JSON object on standard "
                   "input says. The master runs\nit over ssh.",
        .dry_run = true};

    return tool_request_main(&tool, &fact_object_ssl_update, update, argc, argv);
}
