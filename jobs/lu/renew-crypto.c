/* OP_CLUSTER_RENEW_CRYPTO: the second half of a renewal. gnt-cluster renew-crypto has made the new
 * certificates while the daemons stood still; this collects their digests, and renews SSH keys
 * (reference: lib/cmdlib/cluster/__init__.py LUClusterRenewCrypto, lib/ssh.py DetermineKeyBits). */
#include "config.h"

#include <string.h>

#include "facts/codec.h"
#include "jobs/lu/candidates.h"
#include "jobs/lu/lu.h"

enum { TRIES = 3 };

struct own {
    enum ssh_key_type key_type;
    int64_t bits;
};

static bool expand_names(struct lu *lu, GError **errp G_GNUC_UNUSED)
{
    lu_need_all_shared(lu);
    lu_need_all(lu, LOCK_LEVEL_NODE);
    lu->needs[LOCK_LEVEL_NODE].shared = false;
    return true;
}

/* --- Lengths of keys ----------------------------------------------------------------------------
 */
static int64_t usual_bits(enum ssh_key_type key_type)
{
    switch (key_type) {
    case SSH_KEY_TYPE_RSA:
        return 2048;
    case SSH_KEY_TYPE_DSA:
        return 1024;
    case SSH_KEY_TYPE_ECDSA:
        return 384;
    }
    g_return_val_if_reached(0);
}

static bool is_length(enum ssh_key_type key_type, int64_t bits)
{
    switch (key_type) {
    case SSH_KEY_TYPE_RSA:
        return bits >= 768;
    case SSH_KEY_TYPE_DSA:
        return bits == 1024;
    case SSH_KEY_TYPE_ECDSA:
        return bits == 256 || bits == 384 || bits == 521;
    }
    g_return_val_if_reached(false);
}

static bool check_prereq(struct lu *lu, GError **errp)
{
    const struct op_cluster_renew_crypto *op = lu_params(lu);
    const struct cluster *cluster = cfg_cluster(lu_cfg(lu));
    struct own *own = lu->own;
    own->key_type = op->has.ssh_key_type ? op->ssh_key_type : cluster->ssh_key_type;
    own->bits = op->has.ssh_key_bits                     ? op->ssh_key_bits
                : own->key_type == cluster->ssh_key_type ? cluster->ssh_key_bits
                                                         : usual_bits(own->key_type);
    return is_length(own->key_type, own->bits) ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "SSH keys of the type %s cannot have %" G_GINT64_FORMAT " bits",
                    fact_enum_ssh_key_type.words[own->key_type], (gint64)own->bits);
}

/* --- Certificates -------------------------------------------------------------------------------
 */
/* A node daemon may have been started a moment ago. */
static char *digest_of(struct lu *lu, const char *uuid, GError **errp)
{
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < TRIES; i++) {
        g_clear_error(&error);
        char *digest = lu_node_digest(lu, uuid, &error);
        if (digest != NULL) {
            return digest;
        }
        if (i + 1 < TRIES) {
            lu_pause(lu, 1);
        }
    }
    g_propagate_error(errp, g_steal_pointer(&error));
    return NULL;
}

/* Of the master and the candidates that are online; without the master's nobody could call. */
static bool collect_digests(struct lu *lu, struct str_map *digests, GError **errp)
{
    const struct cfg *cfg = lu_cfg(lu);
    g_autoptr(GString) failed = g_string_new(NULL);
    for (size_t i = 0; i < cfg_node_count(cfg); i++) {
        const struct node *node = cfg_node_at(cfg, i);
        bool is_master = cfg_node_is_master(cfg, node);
        g_autoptr(GError) error = NULL;
        if (!is_master && (node->offline || !node->master_candidate)) {
            continue;
        }
        char *digest = digest_of(lu, node->uuid, &error);
        if (digest != NULL) {
            *(char **)fact_dict_add(&type_str_map, digests, node->uuid) = digest;
        } else if (is_master) {
            g_propagate_error(errp, g_steal_pointer(&error));
            return false;
        } else {
            g_string_append_printf(failed, "\nnode %s: %s", node->name, error->message);
        }
    }
    if (failed->len > 0) {
        lu_log(
            lu,
            "Some candidates did not tell the digests of their certificates. Make sure that they "
            "can be reached and run this once more:%s",
            failed->str);
    }
    return true;
}

static bool renew_certificates(struct lu *lu, GError **errp)
{
    struct str_map digests = {0};
    lu_log(lu, "Collecting the new certificates of the nodes");
    struct cfg_txn *txn = collect_digests(lu, &digests, errp) ? lu_begin(lu, errp) : NULL;
    if (txn == NULL) {
        fact_clear(&type_str_map, &digests);
        return false;
    }
    struct cluster *cluster = cfg_txn_edit_cluster(txn);
    fact_clear(&type_str_map, &cluster->candidate_certs);
    cluster->candidate_certs = digests;
    cluster->has.candidate_certs = true;
    return lu_commit(lu, txn, errp);
}

/* --- SSH keys -----------------------------------------------------------------------------------
 */
static bool renew_ssh(struct lu *lu, GError **errp)
{
    const struct own *own = lu->own;
    if (!cfg_cluster(lu_cfg(lu))->modify_ssh_setup) {
        lu_log(lu, "The cluster does not care for SSH, so its keys stay");
        return true;
    }
    lu_log(lu, "Renewing SSH keys");
    struct cfg_txn *txn =
        lu_ssh_keys_renew(lu, own->key_type, own->bits, errp) ? lu_begin(lu, errp) : NULL;
    if (txn == NULL) {
        return false;
    }
    struct cluster *cluster = cfg_txn_edit_cluster(txn);
    cluster->ssh_key_type = own->key_type;
    cluster->ssh_key_bits = own->bits;
    cluster->has.ssh_key_type = cluster->has.ssh_key_bits = true;
    return lu_commit(lu, txn, errp);
}

static bool exec(struct lu *lu, struct json_writer *result G_GNUC_UNUSED, GError **errp)
{
    const struct op_cluster_renew_crypto *op = lu_params(lu);
    return (!op->node_certificates || renew_certificates(lu, errp)) &&
           (!op->renew_ssh_keys || renew_ssh(lu, errp));
}

LU(cluster_renew_crypto, .own_size = sizeof(struct own), .expand_names = expand_names,
   .check_prereq = check_prereq, .exec = exec)
