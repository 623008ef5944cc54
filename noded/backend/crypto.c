#include "config.h"

#include "noded/backend/crypto.h"

#include <string.h>
#include <time.h>

#include <glib/gstdio.h>

#include "base/fs-tree.h"
#include "base/json.h"
#include "base/tls.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "provider-interface/script.h"

enum {
    MAX_VALIDITY_S = 7 * 24 * 60 * 60,
    KEY_MODE = 0400,
};

static const char key_file[] = "key", cert_file[] = "cert";

/* --- Certificates of transfers ------------------------------------------------------------------
 */

static bool write_pair(const char *dir, const char *key, const char *cert, GError **errp)
{
    const struct fs_write_opts opts = {.mode = KEY_MODE, .flags = FS_WRITE_VOLATILE};
    g_autofree char *key_path = g_build_filename(dir, key_file, NULL);
    g_autofree char *cert_path = g_build_filename(dir, cert_file, NULL);

    return fs_write_atomic(key_path, key, strlen(key), &opts, errp) &&
           fs_write_atomic(cert_path, cert, strlen(cert), &opts, errp);
}

static char *new_dir(GError **errp)
{
    g_autofree char *stamp = script_timestamp();
    g_autofree char *name = g_strdup_printf("x509-%s-XXXXXX", stamp);
    char *path = g_build_filename(path_get(PATH_CRYPTO_KEYS_DIR), name, NULL);

    if (g_mkdtemp(path) == NULL) {
        fs_error_set(errp, errno, "make folder", path);
        g_clear_pointer(&path, g_free);
    }
    return path;
}

bool crypto_transfer_files(const char *name, char **ret_key, char **ret_cert, GError **errp)
{
    g_autofree char *dir = NULL;

    if (*name == '\0' || *name == '.' || strchr(name, '/') != NULL) {
        return noded_fail(errp, "'%s' is not the name of a certificate", name);
    }
    dir = g_build_filename(path_get(PATH_CRYPTO_KEYS_DIR), name, NULL);
    *ret_key = g_build_filename(dir, key_file, NULL);
    *ret_cert = g_build_filename(dir, cert_file, NULL);
    return true;
}

/* The key never leaves the node. */
NODED_CALL(x509_cert_create, NODED_WORKER)
{
    const struct tls_spec spec = {.common_name = backend_node_name(),
                                  .validity = MIN(args->validity, MAX_VALIDITY_S),
                                  .serial = time(NULL),
                                  .key_bits = C_RSA_KEY_BITS};
    g_autofree char *key = NULL, *cert = NULL, *dir = NULL, *name = NULL;

    if (!tls_make_self_signed(&spec, &key, &cert, errp)) {
        return false;
    }
    dir = new_dir(errp);
    if (dir == NULL) {
        return false;
    }
    if (!write_pair(dir, key, cert, errp)) {
        (void)!fs_remove_tree(dir, NULL);
        return false;
    }
    name = g_path_get_basename(dir);
    json_write_array_begin(result);
    json_write_string(result, name);
    json_write_string(result, cert);
    json_write_array_end(result);
    return true;
}

NODED_CALL(x509_cert_remove, NODED_WORKER)
{
    g_autofree char *key = NULL, *cert = NULL, *dir = NULL;

    if (!crypto_transfer_files(args->name, &key, &cert, errp) || !fs_remove_file(key, errp) ||
        !fs_remove_file(cert, errp)) {
        return false;
    }
    dir = g_path_get_dirname(key);
    json_write_null(result);
    return g_rmdir(dir) == 0 || fs_error_set(errp, errno, "remove folder", dir);
}

/* --- The node's own -----------------------------------------------------------------------------
 */

/* [kind, action, options] */
static bool write_token(struct json_writer *result, const struct json *request, GError **errp)
{
    CLEANUP(tls_cert_freep) struct tls_cert *cert = NULL;
    g_autofree char *digest = NULL;
    const char *kind, *action;

    if (json_kind(request) != JSON_ARRAY || json_len(request) != 3 ||
        json_kind(json_at(request, 0)) != JSON_STRING ||
        json_kind(json_at(request, 1)) != JSON_STRING) {
        return noded_fail(errp, "a request for a token must be kind, action and options");
    }
    kind = json_string(json_at(request, 0));
    action = json_string(json_at(request, 1));
    if (!g_strv_contains(C_CRYPTO_TYPES, kind) || !g_strv_contains(C_CRYPTO_ACTIONS, action)) {
        return noded_fail(errp, "tokens of kind '%s' with action '%s' are not supported", kind,
                          action);
    }
    cert = tls_cert_read(path_get(PATH_NODED_CLIENT_CERT_FILE), errp);
    if (cert == NULL) {
        return false;
    }
    digest = tls_cert_sha1(cert);
    json_write_array_begin(result);
    json_write_string(result, kind);
    json_write_string(result, digest);
    json_write_array_end(result);
    return true;
}

NODED_CALL(node_crypto_tokens, NODED_WORKER)
{
    json_write_array_begin(result);
    for (size_t i = 0; i < args->token_request.n; i++) {
        if (!write_token(result, args->token_request.v[i], errp)) {
            return false;
        }
    }
    json_write_array_end(result);
    return true;
}

static void write_state(struct json_writer *result, const char *state, const char *text)
{
    json_write_array_begin(result);
    json_write_string(result, state);
    json_write_string(result, text);
    json_write_array_end(result);
}

/* A certificate that has signed itself stems from the first releases that had them. */
static const char *judge(const struct tls_cert *cert, char **ret_text)
{
    enum tls_validity validity = tls_cert_check(cert, time(NULL), C_SSL_CERT_EXPIRATION_WARN,
                                                C_SSL_CERT_EXPIRATION_ERROR, ret_text);
    g_autofree char *own = tls_cert_common_name(cert), *issuer = tls_cert_issuer_name(cert);

    if (validity != TLS_VALID) {
        return validity == TLS_VALIDITY_ERROR ? C_CV_ERROR : C_CV_WARNING;
    }
    g_clear_pointer(ret_text, g_free);
    if (g_strcmp0(own, issuer) == 0) {
        *ret_text = g_strdup_printf("%s is signed by itself, not by the cluster; "
                                    "'gnt-cluster renew-crypto --new-node-certificates' mends that",
                                    path_get(PATH_NODED_CLIENT_CERT_FILE));
        return C_CV_WARNING;
    }
    *ret_text = tls_cert_sha1(cert);
    return NULL;
}

void backend_write_client_cert(struct json_writer *result)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(tls_cert_freep)
    struct tls_cert *cert = tls_cert_read(path_get(PATH_NODED_CLIENT_CERT_FILE), &error);
    g_autofree char *text = NULL;
    const char *state;

    if (cert == NULL) {
        text = g_strdup_printf("%s; 'gnt-cluster renew-crypto --new-node-certificates' makes new "
                               "certificates for all nodes",
                               error->message);
        write_state(result, C_CV_ERROR, text);
        return;
    }
    state = judge(cert, &text);
    write_state(result, state, text);
}
