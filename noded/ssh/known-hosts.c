#include "config.h"

#include "noded/ssh/known-hosts.h"

#include "base/fs.h"
#include "compat-config/paths/paths.h"

enum { MODE = 0644 };

static void add_key(GString *text, const char *name, const char *type, const char *key)
{
    if (key != NULL && *key != '\0') {
        g_string_append_printf(text, "%s %s %s\n", name, type, key);
    }
}

bool ssh_write_known_hosts(const struct cluster *cluster, GError **errp)
{
    const struct fs_write_opts opts = {.mode = MODE};
    g_autoptr(GString) text = g_string_new(NULL);

    add_key(text, cluster->cluster_name, "ssh-rsa", cluster->rsahostkeypub);
    add_key(text, cluster->cluster_name, "ssh-dss",
            cluster->has.dsahostkeypub ? cluster->dsahostkeypub : NULL);
    return fs_write_atomic(path_get(PATH_SSH_KNOWN_HOSTS_FILE), text->str, text->len, &opts, errp);
}
