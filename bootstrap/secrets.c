#include "config.h"

#include "bootstrap/secrets.h"

#include <string.h>

#include "base/fs.h"
#include "base/random.h"
#include "base/tls.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/crypto/node-cert.h"

enum {
    SECRET_BYTES = 20, /* utils/io.py GenerateSecret */
    PRIVATE_MODE = 0400,
    SECRET_MODE = 0440,
    DAY_S = 24 * 60 * 60,
};

static bool is_there(enum path_id id)
{
    return g_file_test(path_get(id), G_FILE_TEST_EXISTS);
}

static bool replace(enum path_id id, const char *text, mode_t mode, GError **errp)
{
    const struct fs_write_opts opts = {.mode = mode};
    g_autofree char *backup = NULL;

    if (is_there(id)) {
        backup = fs_backup(path_get(id), errp);
        if (backup == NULL) {
            return false;
        }
    }
    return fs_write_atomic(path_get(id), text, strlen(text), &opts, errp);
}

static bool make_secret(enum path_id id, GError **errp)
{
    g_autofree char *secret = random_hex(SECRET_BYTES);
    g_autofree char *text = g_strconcat(secret, "\n", NULL);

    return replace(id, text, PRIVATE_MODE, errp);
}

/* *ret_cert (may be NULL): the certificate without its key. */
static bool make_cert(enum path_id id, char **ret_cert, GError **errp)
{
    const struct tls_spec spec = {.common_name = C_X509_CERT_CN,
                                  .validity = (int64_t)C_X509_CERT_DEFAULT_VALIDITY * DAY_S,
                                  .serial = 1,
                                  .key_bits = C_RSA_KEY_BITS};
    g_autofree char *key = NULL, *cert = NULL, *text = NULL;

    if (!tls_make_self_signed(&spec, &key, &cert, errp)) {
        return false;
    }
    text = g_strconcat(key, cert, NULL);
    if (!replace(id, text, SECRET_MODE, errp)) {
        return false;
    }
    if (ret_cert != NULL) {
        *ret_cert = g_steal_pointer(&cert);
    }
    return true;
}

static bool make_rapi(const struct secrets_new *wanted, GError **errp)
{
    if (wanted->rapi_cert_pem != NULL) {
        return replace(PATH_RAPI_CERT_FILE, wanted->rapi_cert_pem, SECRET_MODE, errp);
    }
    return (!wanted->rapi_cert && is_there(PATH_RAPI_CERT_FILE)) ||
           make_cert(PATH_RAPI_CERT_FILE, NULL, errp);
}

/* A certificate that signs itself is its own authority. */
static bool make_spice(const struct secrets_new *wanted, GError **errp)
{
    g_autofree char *cert = NULL;

    if (wanted->spice_cert_pem != NULL) {
        return replace(PATH_SPICE_CERT_FILE, wanted->spice_cert_pem, SECRET_MODE, errp) &&
               replace(PATH_SPICE_CACERT_FILE, wanted->spice_ca_pem, SECRET_MODE, errp);
    }
    return (!wanted->spice_cert && is_there(PATH_SPICE_CERT_FILE)) ||
           (make_cert(PATH_SPICE_CERT_FILE, &cert, errp) &&
            replace(PATH_SPICE_CACERT_FILE, cert, PRIVATE_MODE, errp));
}

static bool make_domain_secret(const struct secrets_new *wanted, GError **errp)
{
    if (wanted->domain_secret_text != NULL) {
        return replace(PATH_CLUSTER_DOMAIN_SECRET_FILE, wanted->domain_secret_text, PRIVATE_MODE,
                       errp);
    }
    return (!wanted->domain_secret && is_there(PATH_CLUSTER_DOMAIN_SECRET_FILE)) ||
           make_secret(PATH_CLUSTER_DOMAIN_SECRET_FILE, errp);
}

bool secrets_make(const struct secrets_new *wanted, const char *master_name, GError **errp)
{
    bool cluster_cert = wanted->cluster_cert || !is_there(PATH_NODED_CERT_FILE);
    bool client_cert =
        cluster_cert || wanted->client_cert || !is_there(PATH_NODED_CLIENT_CERT_FILE);

    return (!cluster_cert || make_cert(PATH_NODED_CERT_FILE, NULL, errp)) &&
           (!client_cert || node_cert_renew(master_name, false, errp)) &&
           ((!wanted->hmac_key && is_there(PATH_CONFD_HMAC_KEY)) ||
            make_secret(PATH_CONFD_HMAC_KEY, errp)) &&
           make_rapi(wanted, errp) && make_spice(wanted, errp) && make_domain_secret(wanted, errp);
}

char *secrets_client_digest(GError **errp)
{
    CLEANUP(tls_cert_freep)
    struct tls_cert *cert = tls_cert_read(path_get(PATH_NODED_CLIENT_CERT_FILE), errp);

    return cert != NULL ? tls_cert_sha1(cert) : NULL;
}
