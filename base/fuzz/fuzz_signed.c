#include <stdint.h>
#include <stdlib.h>

#include "base/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Certificates with and without the signature of import/export. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    CLEANUP(tls_cert_freep) struct tls_cert *plain = tls_cert_parse(text, NULL);
    CLEANUP(tls_cert_freep) struct tls_cert *cert = NULL;
    g_autofree char *salt = NULL, *message = NULL, *name = NULL, *serial = NULL;

    cert = tls_cert_load_signed(text, "X-Ganeti-Signature", "key", &salt, NULL);
    if (cert != NULL && (salt == NULL || plain == NULL)) {
        abort();
    }
    if (plain != NULL) {
        name = tls_cert_common_name(plain);
        serial = tls_cert_serial(plain);
        (void)tls_cert_check(plain, 0, 30, 7, &message);
        (void)tls_cert_has_key(plain, text);
    }
    return 0;
}
