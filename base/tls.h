/* Certificates: making, reading, checking, and the signature of import/export. The only user of
 * OpenSSL's libcrypto; in an archive of its own (LIBTLS_LIBS). Connections are made by
 * base/http-client.h and base/http-server.h. */
#ifndef GANTRY_BASE_TLS_H
#define GANTRY_BASE_TLS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

#define TLS_ERROR (tls_error_quark())
GQuark tls_error_quark(void);
enum tls_error {
    TLS_ERROR_SYNTAX,    /* no readable certificate or key in the text */
    TLS_ERROR_CREATE,    /* the library could not make one */
    TLS_ERROR_SIGNATURE, /* missing or wrong X-Ganeti-Signature */
};

enum {
    /* The largest PEM text that is read. */
    TLS_MAX_PEM = 1024 * 1024,
};

struct tls_spec {
    const char *common_name; /* NULL or empty: none */
    int64_t validity;        /* seconds from now */
    int64_t serial;
    int key_bits; /* RSA */
};

/* A new RSA key (PKCS#8) and a certificate for it that signs itself with SHA-256, both as PEM text.
 * The file the reference keeps is key followed by certificate (utils/x509.py
 * GenerateSelfSignedX509Cert). */
bool tls_make_self_signed(const struct tls_spec *spec, char **ret_key_pem, char **ret_cert_pem,
                          GError **errp) __attribute__((warn_unused_result));
/* Signed by the key and certificate in signer_pem (GenerateSignedX509Cert). */
bool tls_make_signed(const struct tls_spec *spec, const char *signer_pem, char **ret_key_pem,
                     char **ret_cert_pem, GError **errp) __attribute__((warn_unused_result));

struct tls_cert;
/* The first certificate in the text; anything else in it (a key) is skipped. */
struct tls_cert *tls_cert_parse(const char *pem, GError **errp) __attribute__((warn_unused_result));
struct tls_cert *tls_cert_read(const char *path, GError **errp) __attribute__((warn_unused_result));
void tls_cert_free(struct tls_cert *cert);
DEFINE_CLEANUP(struct tls_cert *, tls_cert_free)

/* The certificate alone, as PEM text. */
char *tls_cert_pem(const struct tls_cert *cert);
/* "AB:CD:...": what ssconf_master_candidates_certs holds (utils/security.py GetCertificateDigest).
 */
char *tls_cert_sha1(const struct tls_cert *cert);
char *tls_cert_sha256(const struct tls_cert *cert);
/* NULL if it has none. */
char *tls_cert_common_name(const struct tls_cert *cert);
char *tls_cert_issuer_name(const struct tls_cert *cert);
/* Decimal digits. */
char *tls_cert_serial(const struct tls_cert *cert);
/* Seconds since 1970. */
int64_t tls_cert_not_before(const struct tls_cert *cert);
int64_t tls_cert_not_after(const struct tls_cert *cert);
/* Whether the (first) private key in the text belongs to the certificate. */
bool tls_cert_has_key(const struct tls_cert *cert, const char *key_pem);

enum tls_validity {
    TLS_VALID,
    TLS_VALIDITY_WARNING,
    TLS_VALIDITY_ERROR,
};
/* now: seconds since 1970. warn_days, error_days: complain if it expires within so many days; -1:
 * never. *ret_text is NULL or tells what is wrong (utils/x509.py VerifyX509Certificate). */
enum tls_validity tls_cert_check(const struct tls_cert *cert, int64_t now, int warn_days,
                                 int error_days, char **ret_text);

/* The certificate's PEM text with a header that signs it: "HEADER: SALT/HMAC", empty line, PEM. The
 * salt must be hexadecimal (utils/x509.py SignX509Certificate). */
char *tls_cert_sign(const struct tls_cert *cert, const char *header, const char *key,
                    const char *salt);
/* Reads such a text; *ret_salt may be NULL (LoadSignedX509Certificate). */
struct tls_cert *tls_cert_load_signed(const char *text, const char *header, const char *key,
                                      char **ret_salt, GError **errp)
    __attribute__((warn_unused_result));

#endif
