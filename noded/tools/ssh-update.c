/* ssh-update: changes the SSH keys of this node as the master asks on standard input (reference:
 * lib/tools/ssh_update.py). */
#include "config.h"

#include "base/log.h"
#include "facts/codec.h"
#include "noded/ssh/update.h"
#include "noded/tools/tool.h"

static bool update_node(const struct tool_options *opts, GError **errp)
{
    struct ssh_update *update = tool_read_request(&fact_object_ssh_update, errp);
    bool ok;

    if (update == NULL) {
        return false;
    }
    ok = ssh_request_is_ours(update->cluster_name, update->node_daemon_certificate, errp);
    if (ok && opts->dry_run) {
        log_info("dry run: nothing is changed");
    } else {
        ok = ok && ssh_update_apply(update, errp);
    }
    fact_object_free(&fact_object_ssh_update, update);
    return ok;
}

int main(int argc, char **argv)
{
    static const struct tool tool = {
        .name = "ssh-update",
        .summary = "Changes this node's authorized_keys and its list of the nodes' keys, and makes "
                   "a new key of root, as\nthe JSON object on standard input says. The master runs "
                   "it over ssh.",
        .dry_run = true};
    struct tool_options opts;
    GError *error = NULL;
    bool ok;
    int code;

    if (!tool_start(&tool, &opts, &argc, &argv, &code)) {
        return code;
    }
    ok = update_node(&opts, &error);
    return tool_end(ok, error);
}
