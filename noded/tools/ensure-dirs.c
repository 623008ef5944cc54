/* ensure-dirs: folders, owners and modes of everything the cluster keeps on a node, from the rows
 * of facts/paths.def (reference: lib/tools/ensure_dirs.py). Runs as root before each daemon starts.
 */
#include "config.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "facts/errors.h"
#include "facts/level.h"
#include "noded/tools/tool.h"

enum {
    MAX_NAMES = 10 * 1000 * 1000,
    ARCHIVE_DIR_MODE = 0750,
    ARCHIVE_FILE_MODE = 0640,
};

struct owner {
    uid_t uid;
    gid_t gid;
};

static bool find_owner(enum daemon_id user, enum group_id group, struct owner *ret, GError **errp)
{
    const struct passwd *passwd = getpwnam(daemon_rows[user].user);
    const struct group *row = getgrnam(group_name(group));

    if (passwd == NULL) {
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE,
                        "there is no user '%s' on this node; it is made when the package is "
                        "installed",
                        daemon_rows[user].user);
    }
    if (row == NULL) {
        return err_fail(errp, ERR_CONFIGURATION, ECODE_NONE, "there is no group '%s' on this node",
                        group_name(group));
    }
    *ret = (struct owner){.uid = passwd->pw_uid, .gid = row->gr_gid};
    return true;
}

/* Only what differs is changed, so that a run where all is well writes nothing. A file that is not
 * there stays so. Links are not followed out of the folder. */
static bool ensure_file(const char *path, mode_t mode, const struct owner *owner, GError **errp)
{
    struct stat st;

    if (lstat(path, &st) != 0) {
        return errno == ENOENT || fs_error_set(errp, errno, "look at", path);
    }
    if (S_ISLNK(st.st_mode) && stat(path, &st) != 0) {
        return errno == ENOENT || fs_error_set(errp, errno, "look at", path);
    }
    if ((st.st_uid != owner->uid || st.st_gid != owner->gid) &&
        chown(path, owner->uid, owner->gid) != 0) {
        return fs_error_set(errp, errno, "change the owner of", path);
    }
    if ((st.st_mode & ALLPERMS) != mode && chmod(path, mode) != 0) {
        return fs_error_set(errp, errno, "change the mode of", path);
    }
    return true;
}

static bool ensure_names(const char *dir, const char *prefix, mode_t mode,
                         const struct owner *owner, GError **errp)
{
    g_autoptr(GPtrArray) names = fs_list_dir(dir, MAX_NAMES, errp);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *path = g_build_filename(dir, name, NULL);

        if (g_str_has_prefix(name, prefix) && !ensure_file(path, mode, owner, errp)) {
            return false;
        }
    }
    return names != NULL;
}

static bool ensure_ssconf(mode_t mode, const struct owner *owner, GError **errp)
{
    for (size_t i = 0; i < SSCONF_COUNT; i++) {
        g_autofree char *path = path_format(PATH_SSCONF_FILE, ssconf_rows[i].key);

        if (!ensure_file(path, mode, owner, errp)) {
            return false;
        }
    }
    return true;
}

static bool ensure_row(const struct ensure_row *row, GError **errp)
{
    g_autofree char *log = NULL;
    struct owner owner;

    if (!find_owner(row->user, row->group, &owner, errp)) {
        return false;
    }
    switch (row->kind) {
    case ENSURE_DIR:
        return fs_make_dir(path_get(row->path), row->mode, owner.uid, owner.gid, errp);
    case ENSURE_FILE:
        return ensure_file(path_get(row->path), row->mode, &owner, errp);
    case ENSURE_QUEUE:
        return ensure_names(path_get(row->path), "job-", row->mode, &owner, errp);
    case ENSURE_SSCONF:
        return ensure_ssconf(row->mode, &owner, errp);
    case ENSURE_LOG:
        log = path_of_log(row->daemon, row->log);
        return ensure_file(log, row->mode, &owner, errp);
    }
    return true;
}

/* Job files by the hundred thousand: only if asked. */
static bool ensure_archive(GError **errp)
{
    const char *archive = path_get(PATH_JOB_QUEUE_ARCHIVE_DIR);
    g_autoptr(GPtrArray) names = NULL;
    struct owner owner;

    if (!find_owner(DAEMON_masterd, GROUP_daemons, &owner, errp)) {
        return false;
    }
    names = fs_list_dir(archive, MAX_NAMES, errp);
    for (guint i = 0; names != NULL && i < names->len; i++) {
        g_autofree char *dir = g_build_filename(archive, g_ptr_array_index(names, i), NULL);

        if (!fs_make_dir(dir, ARCHIVE_DIR_MODE, owner.uid, owner.gid, errp) ||
            !ensure_names(dir, "", ARCHIVE_FILE_MODE, &owner, errp)) {
            return false;
        }
    }
    return names != NULL;
}

static bool ensure_all(bool full, GError **errp)
{
    for (size_t i = 0; i < n_ensure_rows; i++) {
        const struct ensure_row *row = &ensure_rows[i];

        if (row->since <= fact_level() && fact_level() <= row->until && !ensure_row(row, errp)) {
            return false;
        }
    }
    return !full || ensure_archive(errp);
}

int main(int argc, char **argv)
{
    gboolean full = FALSE;
    const GOptionEntry extra[] = {
        {"full-run", 'f', 0, G_OPTION_ARG_NONE, &full,
         "also look at each archived job (takes its time)", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    const struct tool tool = {.name = "ensure-dirs",
                              .summary = "Makes the folders of the cluster on this node and sets "
                                         "owners and modes right. Run it as root.",
                              .extra = extra};
    struct tool_options opts;
    GError *error = NULL;
    bool ok;
    int code;

    if (!tool_start(&tool, &opts, &argc, &argv, &code)) {
        return code;
    }
    ok = ensure_all(full, &error);
    return tool_end(ok, error);
}
