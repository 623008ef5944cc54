/* A node's own certificate, client.pem, with which it calls other nodes (reference:
 * lib/utils/x509.py GenerateSignedSslCert, lib/tools/common.py). */
#ifndef GANTRY_NODED_CRYPTO_NODE_CERT_H
#define GANTRY_NODED_CRYPTO_NODE_CERT_H

#include <glib.h>
#include <stdbool.h>

/* Makes it anew, signed with the cluster's certificate; the old one is kept as a backup. owner: the
 * file gets the user and group of the reference (only root can do that). */
bool node_cert_renew(const char *node_name, bool owner, GError **errp);

/* Whether a certificate was made with the key in this node's server.pem, if there is such a file
 * (CheckNodeCertificate). */
bool node_cert_is_ours(const char *cert_pem, GError **errp);
/* The same of a PEM text that must hold the key too. */
bool node_cert_with_key_is_ours(const char *pem, GError **errp);

#endif
