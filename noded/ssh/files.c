#include "config.h"

#include "noded/ssh/files.h"

#include <pwd.h>
#include <string.h>

#include "base/cmd.h"
#include "base/fs.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/ssh/authorized-keys.h"

enum {
    MAX_FILE = 16 * 1024 * 1024,
    DIR_MODE = 0700,
    FILE_MODE = 0600,
};

/* Of the system's list of users, not of the environment: sudo and units keep other folders there.
 */
static char *ssh_path(const char *name)
{
    const struct passwd *user = getpwnam(C_SSH_LOGIN_USER);

    return g_build_filename(user != NULL ? user->pw_dir : "/root", ".ssh", name, NULL);
}

char *ssh_authorized_keys_path(void)
{
    return ssh_path("authorized_keys");
}

char *ssh_private_key_path(enum ssh_key_type type)
{
    g_autofree char *name = g_strconcat("id_", fact_enum_ssh_key_type.words[type], NULL);

    return ssh_path(name);
}

char *ssh_public_key_path(enum ssh_key_type type)
{
    g_autofree char *path = ssh_private_key_path(type);

    return g_strconcat(path, ".pub", NULL);
}

bool ssh_ensure_dir(GError **errp)
{
    g_autofree char *dir = ssh_path(NULL);

    return fs_make_dir(dir, DIR_MODE, (uid_t)-1, (gid_t)-1, errp);
}

/* --- authorized_keys ----------------------------------------------------------------------------
 */

typedef char *change_fn(const char *text, const char *const *keys, size_t n);

static bool change_authorized(change_fn *change, const char *const *keys, size_t n, GError **errp)
{
    const struct fs_write_opts opts = {.mode = FILE_MODE, .flags = FS_WRITE_KEEP_PERMS};
    g_autofree char *path = ssh_authorized_keys_path();
    g_autoptr(GError) error = NULL;
    g_autofree char *text = fs_read_file(path, MAX_FILE, NULL, &error);
    g_autofree char *next = NULL;

    if (text == NULL && !g_error_matches(error, FS_ERROR, ENOENT)) {
        g_propagate_error(errp, g_steal_pointer(&error));
        return false;
    }
    next = change(text != NULL ? text : "", keys, n);
    return g_strcmp0(text, next) == 0 || fs_write_atomic(path, next, strlen(next), &opts, errp);
}

bool ssh_authorize(const char *const *keys, size_t n, GError **errp)
{
    return ssh_ensure_dir(errp) && change_authorized(authorized_keys_add, keys, n, errp);
}

bool ssh_deauthorize(const char *const *keys, size_t n, GError **errp)
{
    return change_authorized(authorized_keys_remove, keys, n, errp);
}

/* --- root's own key -----------------------------------------------------------------------------
 */

bool ssh_key_length(enum ssh_key_type type, int64_t given, int64_t *ret_bits, GError **errp)
{
    static const struct {
        int64_t usual, least, others[3]; /* least 0: only these */
    } rows[] = {
        [SSH_KEY_TYPE_RSA] = {2048, 768, {0}},
        [SSH_KEY_TYPE_DSA] = {1024, 0, {1024}},
        [SSH_KEY_TYPE_ECDSA] = {384, 0, {256, 384, 521}},
    };
    int64_t bits = given != 0 ? given : rows[type].usual;
    bool good = rows[type].least > 0 && bits >= rows[type].least;

    for (size_t i = 0; i < G_N_ELEMENTS(rows[type].others); i++) {
        good = good || (bits > 0 && bits == rows[type].others[i]);
    }
    if (!good) {
        return err_fail(errp, ERR_OP_PREREQ, ECODE_INVAL,
                        "%s keys cannot have %" G_GINT64_FORMAT " bits",
                        fact_enum_ssh_key_type.words[type], (gint64)bits);
    }
    *ret_bits = bits;
    return true;
}

static bool put_aside(const char *path, GError **errp)
{
    g_autofree char *backup = NULL;

    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        return true;
    }
    backup = fs_backup(path, errp);
    return backup != NULL && fs_remove_file(path, errp);
}

static bool authorize_file(const char *path, GError **errp)
{
    g_autofree char *key = fs_read_file(path, MAX_FILE, NULL, errp);
    const char *const keys[] = {key};

    return key != NULL && ssh_authorize(keys, 1, errp);
}

bool ssh_make_key(enum ssh_key_type type, int64_t bits, const char *suffix, GError **errp)
{
    g_autofree char *plain = ssh_private_key_path(type);
    g_autofree char *private_key = g_strconcat(plain, suffix, NULL);
    g_autofree char *public_key = g_strconcat(private_key, ".pub", NULL);
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new("ssh-keygen", NULL);

    if (bits > 0) {
        cmd_add(cmd, "-b", NULL);
        cmd_addf(cmd, "%" G_GINT64_FORMAT, (gint64)bits);
    }
    cmd_add(cmd, "-t", fact_enum_ssh_key_type.words[type], "-f", private_key, "-q", "-N", "", NULL);
    return ssh_ensure_dir(errp) && put_aside(private_key, errp) && put_aside(public_key, errp) &&
           cmd_check(cmd, NULL, errp) && authorize_file(public_key, errp);
}
