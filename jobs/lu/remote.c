/* Handshake and signatures between clusters. */
#include "config.h"

#include "jobs/lu/remote.h"

#include <string.h>

#include "base/fs.h"
#include "base/hmac.h"
#include "base/json.h"
#include "base/parse.h"
#include "base/tls.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "jobs/lu/hostname.h"
#include "jobs/lu/transfer.h"

enum { SECRET_MAX = 64 * 1024 };

char *remote_secret(GError **errp)
{
    const char *path = path_get(PATH_CLUSTER_DOMAIN_SECRET_FILE);
    size_t len;
    g_autofree char *text = fs_read_file(path, SECRET_MAX, &len, errp);
    if (text == NULL) {
        err_wrap(errp, ERR_OP_EXEC, ECODE_NONE);
        return NULL;
    }
    g_strchomp(text);
    if (*text == '\0' || strchr(text, '\n') != NULL) {
        err_set(errp, ERR_OP_EXEC, ECODE_NONE, "%s must be one line", path);
        return NULL;
    }
    return g_steal_pointer(&text);
}

/* --- Signed texts -------------------------------------------------------------------------------
 */
static void append_signature(struct json *list, const char *secret, const char *salt,
                             const char *text)
{
    g_autofree char *digest = hmac_sha1(secret, salt, text, -1);
    json_append(list, json_new_string(digest));
    json_append(list, json_new_string(salt));
}

/* list[at] is the digest of text with list[at + 1] as its salt. */
static bool is_signed(const char *secret, const struct json *list, size_t at, const char *text)
{
    const struct json *digest = json_at(list, at), *salt = json_at(list, at + 1);
    return json_kind(digest) == JSON_STRING && json_kind(salt) == JSON_STRING &&
           hmac_sha1_verify(secret, json_string(salt), text, -1, json_string(digest));
}

static bool is_list(const struct json *value, size_t n)
{
    return json_kind(value) == JSON_ARRAY && json_len(value) == n;
}

/* --- Handshake ----------------------------------------------------------------------------------
 */
static char *greeting(int64_t version)
{
    return g_strdup_printf("%" G_GINT64_FORMAT ":%s", (gint64)version, C_RIE_HANDSHAKE);
}

struct json *remote_handshake(const char *secret)
{
    g_autofree char *salt = transfer_secret(REMOTE_SALT_BYTES);
    g_autofree char *text = greeting(C_RIE_VERSION);
    struct json *list = json_new_array();
    json_append(list, json_new_int(C_RIE_VERSION));
    append_signature(list, secret, salt, text);
    return list;
}

bool remote_check_handshake(const char *secret, const struct json *handshake, GError **errp)
{
    if (!is_list(handshake, 3) || json_kind(json_at(handshake, 0)) != JSON_INT) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "The handshake of the other cluster is no version, digest and salt");
    }
    int64_t version = json_int(json_at(handshake, 0));
    g_autofree char *text = greeting(version);
    if (!is_signed(secret, handshake, 1, text)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "The handshake of the other cluster is not signed with this cluster's "
                        "domain secret: both must have the same");
    }
    return version == C_RIE_VERSION ||
           err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                    "The other cluster sends instances in the way %" G_GINT64_FORMAT
                    ", this one knows %d",
                    (gint64)version, C_RIE_VERSION);
}

struct json *remote_key_name(const char *secret, const char *salt, const char *name)
{
    struct json *list = json_new_array();
    json_append(list, json_new_string(name));
    append_signature(list, secret, salt, name);
    return list;
}

const char *remote_check_key_name(const char *secret, const struct json *signed_name, GError **errp)
{
    if (!is_list(signed_name, 3) || json_kind(json_at(signed_name, 0)) != JSON_STRING) {
        err_set(errp, ERR_OP_PREREQ, ECODE_INVAL,
                "The name of the X509 key is no name, digest and salt");
        return NULL;
    }
    const char *name = json_string(json_at(signed_name, 0));
    if (!is_signed(secret, signed_name, 1, name)) {
        err_set(errp, ERR_OP_PREREQ, ECODE_INVAL, "The signature of the X509 key's name is wrong");
        return NULL;
    }
    return name;
}

/* --- Certificates -------------------------------------------------------------------------------
 */
char *remote_sign_cert(const char *secret, const char *salt, const char *pem, GError **errp)
{
    CLEANUP(tls_cert_freep) struct tls_cert *cert = tls_cert_parse(pem, errp);
    if (cert == NULL) {
        err_wrap(errp, ERR_OP_EXEC, ECODE_NONE);
        return NULL;
    }
    return tls_cert_sign(cert, C_X509_CERT_SIGNATURE_HEADER, secret, salt);
}

char *remote_load_cert(const char *secret, const char *text, const char *whose, GError **errp)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *why = NULL;
    CLEANUP(tls_cert_freep)
    struct tls_cert *cert =
        tls_cert_load_signed(text, C_X509_CERT_SIGNATURE_HEADER, secret, NULL, &error);
    if (cert == NULL) {
        err_set(errp, ERR_OP_PREREQ, ECODE_INVAL, "The %s's X509 certificate cannot be used: %s",
                whose, error->message);
        return NULL;
    }
    if (tls_cert_check(cert, g_get_real_time() / G_USEC_PER_SEC, -1, -1, &why) != TLS_VALID) {
        err_set(errp, ERR_OP_PREREQ, ECODE_INVAL, "The %s's X509 certificate cannot be used: %s",
                whose, why);
        return NULL;
    }
    return tls_cert_pem(cert);
}

/* --- Disks --------------------------------------------------------------------------------------
 */
void remote_target_clear(struct remote_target *target)
{
    g_clear_pointer(&target->host, g_free);
    g_clear_pointer(&target->magic, g_free);
}

static char *disk_text(size_t index, const char *host, const char *port, const char *magic)
{
    return g_strdup_printf("%zu:%s:%s:%s", index, host, port, magic);
}

struct json *remote_disk_info(const char *secret, const char *salt, size_t index, const char *host,
                              int64_t port, const char *magic)
{
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)port);
    g_autofree char *text = disk_text(index, host, number, magic);
    struct json *list = json_new_array();
    json_append(list, json_new_string(host));
    json_append(list, json_new_int(port));
    json_append(list, json_new_string(magic));
    append_signature(list, secret, salt, text);
    return list;
}

/* As it is written, which is what is signed; a number or a text of digits. */
static char *port_text(const struct json *port)
{
    return json_kind(port) == JSON_INT
               ? g_strdup_printf("%" G_GINT64_FORMAT, (gint64)json_int(port))
           : json_kind(port) == JSON_STRING ? g_strdup(json_string(port))
                                            : g_strdup("");
}

bool remote_check_disk_info(const char *secret, size_t index, const struct json *info,
                            struct remote_target *ret, GError **errp)
{
    const struct json *host = is_list(info, 5) ? json_at(info, 0) : NULL;
    const struct json *magic = is_list(info, 5) ? json_at(info, 2) : NULL;
    if (json_kind(host) != JSON_STRING || json_kind(magic) != JSON_STRING ||
        json_string_len(host) == 0 || json_string_len(magic) == 0) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "What is told of disk %zu is no host, port, magic, digest and salt", index);
    }
    g_autofree char *port = port_text(json_at(info, 1));
    g_autofree char *text = disk_text(index, json_string(host), port, json_string(magic));
    if (!is_signed(secret, info, 3, text)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "What is told of disk %zu is not signed with the domain secret", index);
    }
    if (!parse_int64(port, 1, G_MAXUINT16, &ret->port, NULL)) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL, "Disk %zu: '%s' is no port", index, port);
    }
    ret->host = g_hostname_is_ip_address(json_string(host))
                    ? g_strdup(json_string(host))
                    : lu_hostname_normalize(json_string(host), errp);
    ret->magic = g_strdup(json_string(magic));
    return ret->host != NULL;
}
