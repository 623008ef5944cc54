/* Certificates, keys and secrets of a cluster, on its master (reference: lib/bootstrap.py
 * GenerateClusterCrypto). What is replaced stays as a backup beside it. Owners and modes are set
 * right by ensure-dirs, which runs before each daemon starts. */
#ifndef GANTRY_BOOTSTRAP_SECRETS_H
#define GANTRY_BOOTSTRAP_SECRETS_H

#include <glib.h>
#include <stdbool.h>

/* What is to be made although it is there already. What is missing is made in any case. All texts
 * may be NULL. */
struct secrets_new {
    bool cluster_cert; /* and with it the client certificate, which it signs */
    bool client_cert;
    bool rapi_cert;
    bool spice_cert;
    bool hmac_key;
    bool domain_secret;
    /* In the place of ones of our own making; PEM with keys. */
    const char *rapi_cert_pem;
    const char *spice_cert_pem, *spice_ca_pem; /* both or none */
    const char *domain_secret_text;
};
bool secrets_make(const struct secrets_new *wanted, const char *master_name, GError **errp);

/* Digest of this node's client certificate, as candidate_certs holds it; the caller's. */
char *secrets_client_digest(GError **errp);

#endif
