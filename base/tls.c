#include "base/tls.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/fs.h"
#include "base/hmac.h"

enum { SECONDS_PER_DAY = 24 * 3600 };

G_DEFINE_QUARK(gantry_tls_error_quark, tls_error)
DEFINE_CLEANUP(BIO *, BIO_free)
DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
DEFINE_CLEANUP(X509 *, X509_free)

struct tls_cert {
    X509 *x509;
};

static bool fail(GError **errp, enum tls_error code, const char *what)
{
    unsigned long reason = ERR_peek_last_error();
    const char *text = reason == 0 ? NULL : ERR_reason_error_string(reason);

    ERR_clear_error();
    g_set_error(errp, TLS_ERROR, (int)code, "%s%s%s", what, text == NULL ? "" : ": ",
                text == NULL ? "" : text);
    return false;
}

static char *take_text(BIO *bio)
{
    char *data;
    long len = BIO_get_mem_data(bio, &data);

    return g_strndup(data, (gsize)len);
}

static char *cert_to_pem(X509 *x509)
{
    CLEANUP(BIO_freep) BIO *bio = BIO_new(BIO_s_mem());

    return PEM_write_bio_X509(bio, x509) == 1 ? take_text(bio) : NULL;
}

static char *key_to_pem(EVP_PKEY *key)
{
    CLEANUP(BIO_freep) BIO *bio = BIO_new(BIO_s_mem());

    return PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1 ? take_text(bio)
                                                                              : NULL;
}

static BIO *text_bio(const char *text)
{
    return BIO_new_mem_buf(text, (int)MIN(strlen(text), (size_t)TLS_MAX_PEM));
}

/* No pass phrase is ever asked for. */
static int no_password(char *buf G_GNUC_UNUSED, int size G_GNUC_UNUSED, int rwflag G_GNUC_UNUSED,
                       void *user G_GNUC_UNUSED)
{
    return -1;
}

static X509 *read_x509(const char *pem)
{
    CLEANUP(BIO_freep) BIO *bio = text_bio(pem);

    return PEM_read_bio_X509(bio, NULL, no_password, NULL);
}

static EVP_PKEY *read_key(const char *pem)
{
    CLEANUP(BIO_freep) BIO *bio = text_bio(pem);

    return PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
}

static bool fill(X509 *x509, const struct tls_spec *spec, EVP_PKEY *key)
{
    const char *name = spec->common_name;

    /* Neither version nor extensions: the reference's certificates are version 1. */
    if (name != NULL && *name != '\0' &&
        X509_NAME_add_entry_by_NID(X509_get_subject_name(x509), NID_commonName, MBSTRING_UTF8,
                                   (const unsigned char *)name, -1, -1, 0) != 1) {
        return false;
    }
    return ASN1_INTEGER_set_int64(X509_get_serialNumber(x509), spec->serial) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(x509), 0) != NULL &&
           X509_gmtime_adj(X509_getm_notAfter(x509), (long)spec->validity) != NULL &&
           X509_set_pubkey(x509, key) == 1;
}

/* signer NULL: itself. */
static bool make(const struct tls_spec *spec, X509 *signer, EVP_PKEY *signer_key,
                 char **ret_key_pem, char **ret_cert_pem, GError **errp)
{
    CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = EVP_RSA_gen((unsigned)spec->key_bits);
    CLEANUP(X509_freep) X509 *x509 = X509_new();
    g_autofree char *key_pem = NULL, *cert_pem = NULL;

    if (key == NULL || x509 == NULL || !fill(x509, spec, key) ||
        X509_set_issuer_name(x509, X509_get_subject_name(signer == NULL ? x509 : signer)) != 1 ||
        X509_sign(x509, signer_key == NULL ? key : signer_key, EVP_sha256()) == 0) {
        return fail(errp, TLS_ERROR_CREATE, "cannot make a certificate");
    }
    key_pem = key_to_pem(key);
    cert_pem = cert_to_pem(x509);
    if (key_pem == NULL || cert_pem == NULL) {
        return fail(errp, TLS_ERROR_CREATE, "cannot write a certificate as text");
    }
    *ret_key_pem = g_steal_pointer(&key_pem);
    *ret_cert_pem = g_steal_pointer(&cert_pem);
    return true;
}

bool tls_make_self_signed(const struct tls_spec *spec, char **ret_key_pem, char **ret_cert_pem,
                          GError **errp)
{
    return make(spec, NULL, NULL, ret_key_pem, ret_cert_pem, errp);
}

bool tls_make_signed(const struct tls_spec *spec, const char *signer_pem, char **ret_key_pem,
                     char **ret_cert_pem, GError **errp)
{
    CLEANUP(X509_freep) X509 *signer = read_x509(signer_pem);
    CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = read_key(signer_pem);

    if (signer == NULL || key == NULL) {
        return fail(errp, TLS_ERROR_SYNTAX, "the signing certificate or its key cannot be read");
    }
    return make(spec, signer, key, ret_key_pem, ret_cert_pem, errp);
}

struct tls_cert *tls_cert_parse(const char *pem, GError **errp)
{
    X509 *x509 = read_x509(pem);
    struct tls_cert *cert;

    if (x509 == NULL) {
        fail(errp, TLS_ERROR_SYNTAX, "cannot read the certificate");
        return NULL;
    }
    ERR_clear_error();
    cert = g_new0(struct tls_cert, 1);
    cert->x509 = x509;
    return cert;
}

struct tls_cert *tls_cert_read(const char *path, GError **errp)
{
    g_autofree char *pem = fs_read_file(path, TLS_MAX_PEM, NULL, errp);
    struct tls_cert *cert = pem == NULL ? NULL : tls_cert_parse(pem, errp);

    if (pem != NULL && cert == NULL) {
        g_prefix_error(errp, "%s: ", path);
    }
    return cert;
}

void tls_cert_free(struct tls_cert *cert)
{
    if (cert != NULL) {
        X509_free(cert->x509);
        g_free(cert);
    }
}

char *tls_cert_pem(const struct tls_cert *cert)
{
    return cert_to_pem(cert->x509);
}

static char *digest(const struct tls_cert *cert, const EVP_MD *type)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    GString *text = g_string_new(NULL);

    if (X509_digest(cert->x509, type, bytes, &len) != 1) {
        len = 0;
    }
    for (unsigned i = 0; i < len; i++) {
        g_string_append_printf(text, "%s%02X", i == 0 ? "" : ":", bytes[i]);
    }
    return g_string_free(text, FALSE);
}

char *tls_cert_sha1(const struct tls_cert *cert)
{
    return digest(cert, EVP_sha1());
}

char *tls_cert_sha256(const struct tls_cert *cert)
{
    return digest(cert, EVP_sha256());
}

static char *common_name_of(X509_NAME *name)
{
    int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    unsigned char *utf8 = NULL;
    char *text;
    int len;

    if (index < 0) {
        return NULL;
    }
    len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
    if (len < 0) {
        return NULL;
    }
    text = g_strndup((const char *)utf8, (gsize)len);
    OPENSSL_free(utf8);
    return text;
}

char *tls_cert_common_name(const struct tls_cert *cert)
{
    return common_name_of(X509_get_subject_name(cert->x509));
}

char *tls_cert_issuer_name(const struct tls_cert *cert)
{
    return common_name_of(X509_get_issuer_name(cert->x509));
}

char *tls_cert_serial(const struct tls_cert *cert)
{
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert->x509), NULL);
    char *digits = number == NULL ? NULL : BN_bn2dec(number);
    char *text = g_strdup(digits == NULL ? "" : digits);

    OPENSSL_free(digits);
    BN_free(number);
    return text;
}

static int64_t to_seconds(const ASN1_TIME *time)
{
    struct tm parts = {0};

    return ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : 0;
}

int64_t tls_cert_not_before(const struct tls_cert *cert)
{
    return to_seconds(X509_get0_notBefore(cert->x509));
}

int64_t tls_cert_not_after(const struct tls_cert *cert)
{
    return to_seconds(X509_get0_notAfter(cert->x509));
}

bool tls_cert_has_key(const struct tls_cert *cert, const char *key_pem)
{
    CLEANUP(EVP_PKEY_freep) EVP_PKEY *key = read_key(key_pem);
    bool matches = key != NULL && X509_check_private_key(cert->x509, key) == 1;

    ERR_clear_error();
    return matches;
}

static char *format_time(int64_t seconds)
{
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(seconds);

    return when == NULL ? g_strdup("?") : g_date_time_format(when, "%Y-%m-%d %H:%M:%S");
}

enum tls_validity tls_cert_check(const struct tls_cert *cert, int64_t now, int warn_days,
                                 int error_days, char **ret_text)
{
    int64_t before = tls_cert_not_before(cert), after = tls_cert_not_after(cert);
    g_autofree char *from = format_time(before), *until = format_time(after);
    int64_t days = (after - now) / SECONDS_PER_DAY;

    *ret_text = NULL;
    if (after < now) {
        *ret_text = g_strdup_printf("certificate is expired (valid from %s to %s)", from, until);
        return TLS_VALIDITY_ERROR;
    }
    if (before > now) {
        *ret_text = g_strdup_printf("certificate is not yet valid (valid from %s)", from);
        return TLS_VALIDITY_WARNING;
    }
    if (days > MAX(warn_days, error_days)) {
        return TLS_VALID;
    }
    *ret_text = g_strdup_printf("certificate expires in about %d days", (int)days);
    return days <= error_days ? TLS_VALIDITY_ERROR : TLS_VALIDITY_WARNING;
}

char *tls_cert_sign(const struct tls_cert *cert, const char *header, const char *key,
                    const char *salt)
{
    g_autofree char *pem = tls_cert_pem(cert);
    g_autofree char *hmac = hmac_sha1(key, salt, pem, -1);

    return g_strdup_printf("%s: %s/%s\n\n%s", header, salt, hmac, pem);
}

/* "HEADER: SALT/HMAC" before the first PEM line, the header in any case. */
static bool find_signature(const char *text, const char *header, char **ret_salt, char **ret_hmac)
{
    g_autofree char *quoted = g_regex_escape_string(header, -1);
    g_autofree char *pattern =
        g_strdup_printf("^[ \\t]*%s:\\s*([0-9a-f]+)/([0-9a-f]+)[ \\t\\r]*$", quoted);
    g_autoptr(GRegex) regex =
        g_regex_new(pattern, G_REGEX_CASELESS | G_REGEX_MULTILINE | G_REGEX_RAW, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    const char *pem = g_str_has_prefix(text, "---") ? text : strstr(text, "\n---");

    if (!g_regex_match_full(regex, text, pem == NULL ? -1 : pem - text, 0, 0, &match, NULL)) {
        return false;
    }
    *ret_salt = g_match_info_fetch(match, 1);
    *ret_hmac = g_match_info_fetch(match, 2);
    return true;
}

struct tls_cert *tls_cert_load_signed(const char *text, const char *header, const char *key,
                                      char **ret_salt, GError **errp)
{
    g_autofree char *salt = NULL, *hmac = NULL, *pem = NULL;
    CLEANUP(tls_cert_freep) struct tls_cert *cert = NULL;

    if (strlen(text) > TLS_MAX_PEM || !find_signature(text, header, &salt, &hmac)) {
        g_set_error(errp, TLS_ERROR, TLS_ERROR_SIGNATURE, "the certificate has no signature (%s)",
                    header);
        return NULL;
    }
    cert = tls_cert_parse(text, errp);
    if (cert == NULL) {
        return NULL;
    }
    pem = tls_cert_pem(cert);
    if (!hmac_sha1_verify(key, salt, pem, -1, hmac)) {
        g_set_error(errp, TLS_ERROR, TLS_ERROR_SIGNATURE,
                    "the signature of the certificate is wrong");
        return NULL;
    }
    if (ret_salt != NULL) {
        *ret_salt = g_steal_pointer(&salt);
    }
    return g_steal_pointer(&cert);
}
