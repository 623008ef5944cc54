#include "config.h"

#include "noded/crypto/node-cert.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <time.h>

#include "base/fs.h"
#include "base/tls.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "facts/errors.h"

enum {
    CERT_MODE = 0440,
    DAY_S = 24 * 60 * 60,
};

static bool set_owner(struct fs_write_opts *opts, GError **errp)
{
    const struct passwd *user = getpwnam(daemon_rows[DAEMON_masterd].user);
    const struct group *group = getgrnam(daemon_rows[DAEMON_masterd].group);

    if (user == NULL || group == NULL) {
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE, "there is no %s '%s' on this node",
                        user == NULL ? "user" : "group",
                        user == NULL ? daemon_rows[DAEMON_masterd].user
                                     : daemon_rows[DAEMON_masterd].group);
    }
    opts->chown = true;
    opts->uid = user->pw_uid;
    opts->gid = group->gr_gid;
    return true;
}

bool node_cert_renew(const char *node_name, bool owner, GError **errp)
{
    const struct tls_spec spec = {.common_name = node_name,
                                  .validity = (int64_t)C_X509_CERT_DEFAULT_VALIDITY * DAY_S,
                                  .serial = time(NULL),
                                  .key_bits = C_RSA_KEY_BITS};
    const char *path = path_get(PATH_NODED_CLIENT_CERT_FILE);
    struct fs_write_opts opts = {.mode = CERT_MODE};
    g_autofree char *signer = fs_read_file(path_get(PATH_NODED_CERT_FILE), TLS_MAX_PEM, NULL, errp);
    g_autofree char *key = NULL, *cert = NULL, *text = NULL, *backup = NULL;

    if (signer == NULL || !tls_make_signed(&spec, signer, &key, &cert, errp) ||
        (owner && !set_owner(&opts, errp))) {
        return false;
    }
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        backup = fs_backup(path, errp);
        if (backup == NULL) {
            return false;
        }
    }
    text = g_strconcat(key, cert, NULL);
    return fs_write_atomic(path, text, strlen(text), &opts, errp);
}

bool node_cert_is_ours(const char *cert_pem, GError **errp)
{
    const char *path = path_get(PATH_NODED_CERT_FILE);
    CLEANUP(tls_cert_freep) struct tls_cert *cert = tls_cert_parse(cert_pem, errp);
    g_autoptr(GError) error = NULL;
    g_autofree char *own = NULL;

    if (cert == NULL) {
        g_prefix_error(errp, "the request's certificate: ");
        return false;
    }
    own = fs_read_file(path, TLS_MAX_PEM, NULL, &error);
    if (own == NULL && !g_error_matches(error, FS_ERROR, ENOENT)) {
        g_propagate_error(errp, g_steal_pointer(&error));
        return false;
    }
    return own == NULL || tls_cert_has_key(cert, own) ||
           err_fail(errp, ERR_X509_CERT, ECODE_NONE,
                    "the request's certificate was not made with the key in %s", path);
}

bool node_cert_with_key_is_ours(const char *pem, GError **errp)
{
    CLEANUP(tls_cert_freep) struct tls_cert *cert = tls_cert_parse(pem, errp);

    if (cert == NULL) {
        g_prefix_error(errp, "the request's certificate: ");
        return false;
    }
    return tls_cert_has_key(cert, pem)
               ? node_cert_is_ours(pem, errp)
               : err_fail(errp, ERR_X509_CERT, ECODE_NONE,
                          "the request's certificate does not belong to the key beside it");
}
