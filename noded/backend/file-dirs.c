/* Folders of disks that are files. The reference means to check them against the list of the
 * administrator, but ignores the answer (_TransformFileStorageDir); here it counts. */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "noded/backend/common.h"
#include "noded/storage/file/paths.h"

enum { DIR_MODE = 0750 };

/* The path without "." and "..", if disks may be there. */
static char *check_dir(const char *dir, GError **errp)
{
    g_autofree char *path = NULL;

    if (!g_path_is_absolute(dir)) {
        noded_error_set(errp, "'%s' is not a full path", dir);
        return NULL;
    }
    path = g_canonicalize_filename(dir, "/");
    return file_path_check(path, true, errp) ? g_steal_pointer(&path) : NULL;
}

static bool not_a_dir(const char *path, GError **errp)
{
    return noded_fail(errp, "%s on %s is not a folder", path, backend_node_name());
}

NODED_CALL(file_storage_dir_create, NODED_WORKER)
{
    g_autofree char *path = check_dir(args->file_storage_dir, errp);

    if (path == NULL) {
        return false;
    }
    json_write_null(result);
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        return g_file_test(path, G_FILE_TEST_IS_DIR) || not_a_dir(path, errp);
    }
    return g_mkdir_with_parents(path, DIR_MODE) == 0 ||
           fs_error_set(errp, errno, "make folder", path);
}

NODED_CALL(file_storage_dir_remove, NODED_WORKER)
{
    g_autofree char *path = check_dir(args->file_storage_dir, errp);

    if (path == NULL) {
        return false;
    }
    json_write_null(result);
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        return true;
    }
    if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
        return not_a_dir(path, errp);
    }
    /* Only if it is empty: otherwise there are disks in it. */
    return g_rmdir(path) == 0 || fs_error_set(errp, errno, "remove folder", path);
}

NODED_CALL(file_storage_dir_rename, NODED_WORKER)
{
    g_autofree char *from = check_dir(args->old_file_storage_dir, errp);
    g_autofree char *to = from == NULL ? NULL : check_dir(args->new_file_storage_dir, errp);

    if (to == NULL) {
        return false;
    }
    json_write_null(result);
    if (g_file_test(to, G_FILE_TEST_EXISTS)) {
        return !g_file_test(from, G_FILE_TEST_EXISTS) ||
               noded_fail(errp, "cannot rename %s to %s on %s: both are there", from, to,
                          backend_node_name());
    }
    if (!g_file_test(from, G_FILE_TEST_IS_DIR)) {
        return not_a_dir(from, errp);
    }
    return fs_rename(from, to, errp);
}
