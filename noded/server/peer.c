#include "config.h"

#include "noded/server/peer.h"

#include <string.h>

#include "base/log.h"
#include "base/tls.h"
#include "compat-config/paths/paths.h"
#include "compat-config/ssconf/ssconf.h"

static bool is_cluster_cert(const char *sha1, const char *path)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(tls_cert_freep) struct tls_cert *cert = tls_cert_read(path, &error);
    g_autofree char *digest = cert == NULL ? NULL : tls_cert_sha1(cert);

    if (cert == NULL) {
        log_error("%s", error->message);
    }
    return digest != NULL && strcmp(digest, sha1) == 0;
}

bool noded_peer_is_known(const char *sha1, const char *data_dir, const char *cluster_cert)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) digests =
        ssconf_read_table(data_dir, SSCONF_master_candidates_certs, '=', &error);
    GHashTableIter iter;
    void *digest;

    if (digests == NULL || g_hash_table_size(digests) == 0) {
        log_info(
            "no certificates of master candidates are known, only the cluster's own counts%s%s",
            error == NULL ? "" : ": ", error == NULL ? "" : error->message);
        return is_cluster_cert(sha1, cluster_cert);
    }
    g_hash_table_iter_init(&iter, digests);
    while (g_hash_table_iter_next(&iter, NULL, &digest)) {
        if (strcmp(digest, sha1) == 0) {
            return true;
        }
    }
    return false;
}

bool noded_peer_may_call(struct http_call *call)
{
    const struct http_peer_cert *cert = http_call_cert(call);

    if (cert == NULL) {
        log_warning("%s sent no certificate, refused", http_call_peer(call));
        return false;
    }
    if (!noded_peer_is_known(cert->sha1, path_get(PATH_DATA_DIR), path_get(PATH_NODED_CERT_FILE))) {
        log_warning("%s has a certificate that is no master candidate's (%s), refused",
                    http_call_peer(call), cert->sha1);
        return false;
    }
    return true;
}
