/* ssh-update: changes the SSH keys of this node as the master asks on standard input (reference:
 * lib/tools/ssh_update.py). */
#include "config.h"

#include "noded/ssh/update.h"
#include "noded/tools/tool.h"

static bool update_node(const void *request, bool dry_run, GError **errp)
{
    const struct ssh_update *update = request;

    return ssh_request_is_ours(update->cluster_name, update->node_daemon_certificate, errp) &&
           (dry_run || ssh_update_apply(update, errp));
}

int main(int argc, char **argv)
{
    static const struct tool tool = {
        .name = "ssh-update",
        .summary = "Changes this node's authorized_keys and its list of the nodes' keys, and makes "
                   "a new key of root, as\nthe JSON object on standard input says. The master runs "
                   "it over ssh.",
        .dry_run = true};

    return tool_request_main(&tool, &fact_object_ssh_update, update_node, argc, argv);
}
