#include "config.h"

#include "noded/hypervisor/xen/files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fs-tree.h"
#include "base/fs.h"
#include "base/parse.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/hypervisor/hv-common.h"

enum {
    MAX_CONFIG = 1024 * 1024,
    MAX_PID_FILE = 64,
};

static bool wrap(bool ok, GError **errp)
{
    if (!ok) {
        err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
    }
    return ok;
}

bool xen_files_prepare(GError **errp)
{
    static const enum path_id dirs[] = {PATH_XEN_ROOT_DIR, PATH_XEN_NICS_DIR,
                                        PATH_XEN_MIGRATION_DIR};

    return hv_make_dirs(dirs, G_N_ELEMENTS(dirs), errp);
}

/* --- Configuration ------------------------------------------------------------------------------
 */

char *xen_files_config_path(const char *guest, GError **errp)
{
    return hv_guest_file(PATH_XEN_CONFIG_DIR, guest, errp);
}

char *xen_files_read_config(const char *guest, GError **errp)
{
    g_autofree char *path = xen_files_config_path(guest, errp);
    char *text = path != NULL ? fs_read_file(path, MAX_CONFIG, NULL, errp) : NULL;

    (void)wrap(text != NULL, errp);
    return text;
}

bool xen_files_write_config(const char *guest, const char *text, GError **errp)
{
    g_autofree char *path = xen_files_config_path(guest, errp);
    g_autofree char *autostart =
        path != NULL ? g_strdup_printf("%s/auto/%s", path_get(PATH_XEN_CONFIG_DIR), guest) : NULL;

    /* Ganeti starts its guests, not Xen. */
    return path != NULL && wrap(fs_remove_file(autostart, errp) &&
                                    fs_write_atomic(path, text, strlen(text), NULL, errp),
                                errp);
}

bool xen_files_has_config(const char *guest)
{
    g_autofree char *path = xen_files_config_path(guest, NULL);

    return path != NULL && g_file_test(path, G_FILE_TEST_EXISTS);
}

bool xen_files_stash_config(const char *guest, char **ret_path, GError **errp)
{
    g_autofree char *path = xen_files_config_path(guest, errp);
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *stamp = g_date_time_format(now, "%Y-%m-%d_%H_%M_%S");

    *ret_path = g_strdup_printf("%s/%s-%s", path_get(PATH_LOG_XEN_DIR), guest, stamp);
    return path != NULL && wrap(fs_rename(path, *ret_path, errp), errp);
}

bool xen_files_write_nic(const char *guest, size_t index, const char *text, GError **errp)
{
    static const struct fs_write_opts opts = {.flags = FS_WRITE_VOLATILE};
    g_autofree char *dir = hv_guest_file(PATH_XEN_NICS_DIR, guest, errp);
    g_autofree char *path = NULL;

    if (dir == NULL) {
        return false;
    }
    path = g_strdup_printf("%s/%" G_GSIZE_FORMAT, dir, index);
    return wrap(fs_make_dir(dir, C_RUN_DIRS_MODE, (uid_t)-1, (gid_t)-1, errp) &&
                    fs_write_atomic(path, text, strlen(text), &opts, errp),
                errp);
}

bool xen_files_remove(const char *guest, GError **errp)
{
    g_autofree char *path = xen_files_config_path(guest, errp);
    g_autofree char *dir = path != NULL ? hv_guest_file(PATH_XEN_NICS_DIR, guest, errp) : NULL;

    return dir != NULL &&
           wrap(fs_remove_file(path, errp) &&
                    (!g_file_test(dir, G_FILE_TEST_IS_DIR) || fs_remove_tree(dir, errp)),
                errp);
}

/* --- Migration ----------------------------------------------------------------------------------
 */

/* One port for all, so one process. */
static char *receiver_path(void)
{
    return g_strdup_printf("%s/%s", path_get(PATH_XEN_MIGRATION_DIR), C_XL_MIGRATION_PIDFILE);
}

pid_t xen_files_receiver(void)
{
    g_autofree char *path = receiver_path();
    g_autofree char *text = fs_read_file(path, MAX_PID_FILE, NULL, NULL);
    int pid = 0;

    return text != NULL && parse_int(g_strstrip(text), 1, G_MAXINT, &pid, NULL) ? pid : 0;
}

bool xen_files_set_receiver(pid_t pid, GError **errp)
{
    static const struct fs_write_opts opts = {.flags = FS_WRITE_VOLATILE};
    g_autofree char *path = receiver_path();
    g_autofree char *text = g_strdup_printf("%d\n", (int)pid);

    return wrap(fs_write_atomic(path, text, strlen(text), &opts, errp), errp);
}

bool xen_files_forget_receiver(GError **errp)
{
    g_autofree char *path = receiver_path();

    return wrap(fs_remove_file(path, errp), errp);
}
