/* This node's certificate. */
#ifndef GANTRY_NODED_BACKEND_CRYPTO_H
#define GANTRY_NODED_BACKEND_CRYPTO_H

#include "base/json-writer.h"

/* Writes what node_verify answers: [state or null, text or digest] (_VerifyClientCertificate). */
void backend_write_client_cert(struct json_writer *result);

/* Key and certificate of a transfer, by the name that x509_cert_create gave; allocated. */
bool crypto_transfer_files(const char *name, char **ret_key, char **ret_cert, GError **errp);

#endif
