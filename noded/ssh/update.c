#include "config.h"

#include "noded/ssh/update.h"

#include <string.h>

#include "compat-config/paths/paths.h"
#include "compat-config/ssconf/ssconf.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/crypto/node-cert.h"
#include "noded/ssh/files.h"
#include "noded/ssh/public-keys.h"

/* --- Is it for us? ------------------------------------------------------------------------------
 */

static bool same_cluster(const char *name, GError **errp)
{
    g_autofree char *own = ssconf_read(path_get(PATH_DATA_DIR), SSCONF_cluster_name, "", errp);

    if (own == NULL) {
        return false;
    }
    if (name == NULL) {
        return err_fail(errp, ERR_SSH_UPDATE, ECODE_NONE, "the request names no cluster");
    }
    return *own == '\0' || strcmp(own, name) == 0 ||
           err_fail(errp, ERR_SSH_UPDATE, ECODE_NONE,
                    "this node belongs to the cluster %s, the request is for %s", own, name);
}

bool ssh_request_is_ours(const char *cluster_name, const char *cert_pem, GError **errp)
{
    return same_cluster(cluster_name, errp) &&
           (cert_pem == NULL || node_cert_is_ours(cert_pem, errp));
}

/* --- Carrying it out ----------------------------------------------------------------------------
 */

static bool is_action(const struct ssh_file_change *change, const char *action)
{
    return strcmp(change->action, action) == 0;
}

static bool unknown_action(const struct ssh_file_change *change, const char *what, GError **errp)
{
    return err_fail(errp, ERR_SSH_UPDATE, ECODE_NONE, "%s cannot be changed by \"%s\"", what,
                    change->action);
}

static bool change_authorized(const struct ssh_file_change *change, GError **errp)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    const char *const *lines;

    for (size_t i = 0; i < change->keys.n; i++) {
        for (size_t k = 0; k < change->keys.v[i].value.n; k++) {
            g_ptr_array_add(keys, change->keys.v[i].value.v[k]);
        }
    }
    lines = (const char *const *)keys->pdata;
    if (is_action(change, C_SSHS_ADD)) {
        return ssh_authorize(lines, keys->len, errp);
    }
    if (is_action(change, C_SSHS_REMOVE)) {
        return ssh_deauthorize(lines, keys->len, errp);
    }
    return unknown_action(change, "authorized_keys", errp);
}

static void put_all(struct public_keys *keys, const struct ssh_file_change *change, bool replace)
{
    for (size_t i = 0; i < change->keys.n; i++) {
        const char *node = change->keys.v[i].key;

        if (replace) {
            (void)public_keys_remove(keys, node);
        }
        for (size_t k = 0; k < change->keys.v[i].value.n; k++) {
            public_keys_add(keys, node, change->keys.v[i].value.v[k]);
        }
    }
}

static bool change_public(const struct ssh_file_change *change, GError **errp)
{
    bool afresh = is_action(change, C_SSHS_OVERRIDE) || is_action(change, C_SSHS_CLEAR);
    CLEANUP(public_keys_freep)
    struct public_keys *keys = afresh ? public_keys_new() : public_keys_load(errp);

    if (keys == NULL) {
        return false;
    }
    if (is_action(change, C_SSHS_REMOVE)) {
        for (size_t i = 0; i < change->keys.n; i++) {
            (void)public_keys_remove(keys, change->keys.v[i].key);
        }
    } else if (is_action(change, C_SSHS_OVERRIDE) || is_action(change, C_SSHS_ADD) ||
               is_action(change, C_SSHS_REPLACE_OR_ADD)) {
        put_all(keys, change, is_action(change, C_SSHS_REPLACE_OR_ADD));
    } else if (!is_action(change, C_SSHS_CLEAR)) {
        return unknown_action(change, "the list of the nodes' keys", errp);
    }
    return public_keys_save(keys, errp);
}

bool ssh_update_apply(const struct ssh_update *update, GError **errp)
{
    const struct ssh_key_wanted *key = &update->generate;

    return (!update->has.authorized_keys || change_authorized(&update->authorized_keys, errp)) &&
           (!update->has.public_keys || change_public(&update->public_keys, errp)) &&
           (!update->has.generate || ssh_make_key(key->type, key->bits, key->suffix, errp));
}
