/* prepare-node-join: SSH set-up of a node that is about to join (reference:
 * lib/tools/prepare_node_join.py). */
#include "config.h"

#include <string.h>

#include "base/cmd.h"
#include "base/fs.h"
#include "compat-config/paths/paths.h"
#include "noded/ssh/files.h"
#include "noded/ssh/update.h"
#include "noded/tools/tool.h"

enum {
    PRIVATE_MODE = 0600,
    PUBLIC_MODE = 0644,
};

static const struct {
    enum path_id private_key, public_key;
} host_keys[] = {
    [SSH_KEY_TYPE_RSA] = {PATH_SSH_HOST_RSA_PRIV, PATH_SSH_HOST_RSA_PUB},
    [SSH_KEY_TYPE_DSA] = {PATH_SSH_HOST_DSA_PRIV, PATH_SSH_HOST_DSA_PUB},
    [SSH_KEY_TYPE_ECDSA] = {PATH_SSH_HOST_ECDSA_PRIV, PATH_SSH_HOST_ECDSA_PUB},
};

static bool write_key(enum path_id id, const char *text, mode_t mode, GError **errp)
{
    const struct fs_write_opts opts = {.mode = mode};
    const char *path = path_get(id);
    g_autofree char *backup = NULL;

    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        backup = fs_backup(path, errp);
        if (backup == NULL) {
            return false;
        }
    }
    return fs_write_atomic(path, text, strlen(text), &opts, errp);
}

/* All nodes of a cluster have the same host keys, so that an address may move from one to another.
 */
static bool take_host_keys(const struct ssh_key_pair_list *keys, GError **errp)
{
    CLEANUP(cmd_freep)
    struct cmd *reload = cmd_new(path_get(PATH_DAEMON_UTIL), "reload-ssh-keys", NULL);

    for (size_t i = 0; i < keys->n; i++) {
        const struct ssh_key_pair *key = &keys->v[i];

        if (!write_key(host_keys[key->type].private_key, key->private_key, PRIVATE_MODE, errp) ||
            !write_key(host_keys[key->type].public_key, key->public_key, PUBLIC_MODE, errp)) {
            return false;
        }
    }
    cmd_inherit_env(reload);
    return keys->n == 0 || cmd_check(reload, NULL, errp);
}

static bool authorize(const struct ssh_keys_dict *keys, GError **errp)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new();

    for (size_t i = 0; i < keys->n; i++) {
        for (size_t k = 0; k < keys->v[i].value.n; k++) {
            g_ptr_array_add(lines, keys->v[i].value.v[k]);
        }
    }
    return ssh_authorize((const char *const *)lines->pdata, lines->len, errp);
}

static bool prepare(const struct node_join *join, GError **errp)
{
    return (!join->has.ssh_host_key || take_host_keys(&join->ssh_host_key, errp)) &&
           (!join->has.ssh_key_type ||
            ssh_make_key(join->ssh_key_type, join->has.ssh_key_bits ? join->ssh_key_bits : 0, "",
                         errp)) &&
           (!join->has.authorized_keys || authorize(&join->authorized_keys, errp));
}

static bool prepare_node(const void *request, bool dry_run, GError **errp)
{
    const struct node_join *join = request;

    return ssh_request_is_ours(join->cluster_name, join->node_daemon_certificate, errp) &&
           (dry_run || prepare(join, errp));
}

int main(int argc, char **argv)
{
    static const struct tool tool = {
        .name = "prepare-node-join",
        .summary = "Gives this node the host keys of a cluster, makes root's key and lets the "
                   "cluster's nodes log in, as the\nJSON object on standard input says. "
                   "\"gnt-node add\" runs it over ssh.",
        .dry_run = true};

    return tool_request_main(&tool, &fact_object_node_join, prepare_node, argc, argv);
}
