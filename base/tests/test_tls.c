#include "base/tls.h"

#include <string.h>

#include "base/hmac.h"
#include "base/tests/unit.h"

/* Made and signed (key "key") by the reference's utils/x509.py; its digest is what
 * GetCertificateDigest answered. */
static const char reference_signed[] =
    "X-Ganeti-Signature: ab12/d0e746d4d9c11749ca20f4a3f53ec637bb793f8a\n"
    "\n"
    "-----BEGIN CERTIFICATE-----\n"
    "MIICrjCCAZYCAQEwDQYJKoZIhvcNAQELBQAwHTEbMBkGA1UEAwwSZ2FuZXRpLmV4\n"
    "YW1wbGUuY29tMB4XDTI2MTEyMTA4MzYxN1oXDTMxMTEyMDA4MzYxN1owHTEbMBkG\n"
    "A1UEAwwSZ2FuZXRpLmV4YW1wbGUuY29tMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n"
    "MIIBCgKCAQEAv1dMJfEOI4RvV7o36D2ztPJvKvvnFmtDe6gHGYxMyMTxfr9axONC\n"
    "ELakZDSZGONi9j7I5z95U4yRxy8zP979izjeNqvRgDAXsCT816OaYOlt+OEdZDiw\n"
    "AYNw3R+IxpF57fy97kp3o7/BLsHawSByacwT6OV7RxEh6l3pt6BCRS5krNTliopU\n"
    "3or2k3+SH6c/aE2OVO9qfKcK1ww90WyC83L8RDC167YSmy95fYVSdVWs9eXFY1w5\n"
    "LcmI9c07Ob6yNktJpGkzvimity7D2wNsc/y53o1DOCxyzSfiHlO4fUDVXlYGxEyI\n"
    "MlP5apqyfnobDyYt4g6/ijwMOOEXsbZ+jwIDAQABMA0GCSqGSIb3DQEBCwUAA4IB\n"
    "AQAEZxAHQP35pf9Vuk4OSOxGPMN5fWqK0aJMieYnAkeRX9glEvRcrCFsDg/RppG9\n"
    "IiuXJGZqcA9J7ICFL5l9YM9Di+m8X/D0ioU52CoyE+5KO5WaCXVZl2ZHLjdXACQA\n"
    "bEz6dPec3jhGn6pKh5pBuObHonPh1IuJhUCwDRYrA2b0zg8/kl4Hu2GVLelGVMK6\n"
    "1VdLZkPcNBgOZhdT1dC4UIPGR/EIVo80Wo/dCYHUWX1RuQYWZCd83s4Ja3qPmnNH\n"
    "yyZs4LNzRjqguEfhViTZNPT5Oqr3ARje4Tn8hq+0I7LvO68dqMBkalvYkkPfbQf6\n"
    "wip0PETvJqXTnB+k7iBfmEWH\n"
    "-----END CERTIFICATE-----\n";
#define HEADER         "X-Ganeti-Signature"
#define REFERENCE_SHA1 "EF:03:C1:B3:70:62:43:52:A7:47:E6:36:BB:FD:BA:2D:04:96:0A:47"

enum { DAY = 24 * 3600 };

static const struct tls_spec spec = {
    .common_name = "nöde.example.com", .validity = 10 * DAY, .serial = 42, .key_bits = 2048};

START_TEST(reading_what_the_reference_made)
{
    CLEANUP(tls_cert_freep) struct tls_cert *cert = tls_cert_parse(reference_signed, NULL);
    g_autofree char *sha1 = NULL, *name = NULL, *serial = NULL;

    ck_assert_ptr_nonnull(cert);
    sha1 = tls_cert_sha1(cert);
    ck_assert_str_eq(sha1, REFERENCE_SHA1);
    name = tls_cert_common_name(cert);
    ck_assert_str_eq(name, "ganeti.example.com");
    serial = tls_cert_serial(cert);
    ck_assert_str_eq(serial, "1");
    ck_assert_int_eq(tls_cert_not_after(cert) - tls_cert_not_before(cert), 5 * 365 * DAY);
}
END_TEST

START_TEST(signatures_of_the_reference)
{
    g_autofree char *salt = NULL, *again = NULL, *forged = g_strdup(reference_signed);
    g_autoptr(GError) error = NULL;
    CLEANUP(tls_cert_freep)
    struct tls_cert *cert = tls_cert_load_signed(reference_signed, HEADER, "key", &salt, NULL);

    ck_assert_ptr_nonnull(cert);
    ck_assert_str_eq(salt, "ab12");
    again = tls_cert_sign(cert, HEADER, "key", salt);
    ck_assert_str_eq(again, reference_signed);
    ck_assert_ptr_null(tls_cert_load_signed(reference_signed, HEADER, "other", NULL, &error));
    ck_assert(g_error_matches(error, TLS_ERROR, TLS_ERROR_SIGNATURE));
    forged[strlen(HEADER ": ")] = 'b';
    ck_assert_ptr_null(tls_cert_load_signed(forged, HEADER, "key", NULL, NULL));
    ck_assert_ptr_null(tls_cert_load_signed(strchr(forged, '-'), "X-Other", "key", NULL, NULL));
    ck_assert_ptr_null(tls_cert_load_signed(strstr(forged, "-----"), HEADER, "key", NULL, NULL));
}
END_TEST

START_TEST(making_certificates)
{
    g_autofree char *key = NULL, *pem = NULL, *both = NULL, *node_key = NULL, *node_pem = NULL;
    g_autofree char *name = NULL, *serial = NULL, *sha256 = NULL, *copy = NULL;
    CLEANUP(tls_cert_freep) struct tls_cert *cert = NULL;
    CLEANUP(tls_cert_freep) struct tls_cert *node = NULL;

    ck_assert(tls_make_self_signed(&spec, &key, &pem, NULL));
    ck_assert(g_str_has_prefix(key, "-----BEGIN PRIVATE KEY-----\n"));
    both = g_strconcat(key, pem, NULL);
    cert = tls_cert_parse(both, NULL);
    name = tls_cert_common_name(cert);
    serial = tls_cert_serial(cert);
    sha256 = tls_cert_sha256(cert);
    copy = tls_cert_pem(cert);
    ck_assert_str_eq(name, spec.common_name);
    ck_assert_str_eq(serial, "42");
    ck_assert_uint_eq(strlen(sha256), 32 * 3 - 1);
    ck_assert_str_eq(copy, pem);
    ck_assert_int_eq(tls_cert_not_after(cert) - tls_cert_not_before(cert), spec.validity);
    ck_assert(tls_cert_has_key(cert, both));
    ck_assert(tls_make_signed(&spec, both, &node_key, &node_pem, NULL));
    node = tls_cert_parse(node_pem, NULL);
    ck_assert(tls_cert_has_key(node, node_key));
    ck_assert(!tls_cert_has_key(node, key));
    ck_assert(!tls_cert_has_key(node, "rubbish"));
}
END_TEST

START_TEST(validity)
{
    CLEANUP(tls_cert_freep) struct tls_cert *cert = tls_cert_parse(reference_signed, NULL);
    const int64_t end = tls_cert_not_after(cert);
    const struct {
        int64_t now;
        enum tls_validity result;
        const char *text;
    } rows[] = {
        {end + 1, TLS_VALIDITY_ERROR, "expired"},
        {end - DAY, TLS_VALIDITY_ERROR, "expires in about 1 days"},
        {end - 10 * DAY, TLS_VALIDITY_WARNING, "expires in about 10 days"},
        {end - 40 * DAY, TLS_VALID, NULL},
        {tls_cert_not_before(cert) - 1, TLS_VALIDITY_WARNING, "not yet valid"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = NULL;

        ck_assert_int_eq(tls_cert_check(cert, rows[i].now, 30, 7, &text), rows[i].result);
        if (rows[i].text == NULL) {
            ck_assert_ptr_null(text);
        } else {
            ck_assert_msg(strstr(text, rows[i].text) != NULL, "%s", text);
        }
    }
}
END_TEST

START_TEST(what_is_no_certificate)
{
    static const char *const texts[] = {
        "", "rubbish", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"};

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_null(tls_cert_parse(texts[i], &error));
        ck_assert(g_error_matches(error, TLS_ERROR, TLS_ERROR_SYNTAX));
    }
    ck_assert_ptr_null(tls_cert_read("/nonexistent", NULL));
}
END_TEST

START_TEST(hmac)
{
    /* RFC 2202, case 2; salted values as utils/hash.py. */
    g_autofree char *plain = hmac_sha1("Jefe", NULL, "what do ya want for nothing?", -1);
    g_autofree char *salted = hmac_sha1("Jefe", "what do", " ya want for nothing?", -1);

    ck_assert_str_eq(plain, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    ck_assert_str_eq(salted, plain);
    ck_assert(hmac_sha1_verify("Jefe", "what", " do ya want for nothing?", -1,
                               "EFFCDF6AE5EB2FA2D27416D5F184DF9C259A7C79"));
    ck_assert(!hmac_sha1_verify("Jefe", NULL, "what", -1, plain));
    ck_assert(!hmac_sha1_verify("Jefe", NULL, "what", -1, ""));
}
END_TEST

UNIT_MAIN("tls", reading_what_the_reference_made, signatures_of_the_reference, making_certificates,
          validity, what_is_no_certificate, hmac)
