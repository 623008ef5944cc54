#include "base/fs-tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"

enum { MAX_DEPTH = 256 };

static bool empty_dir(int fd, const char *path, int depth, GError **errp);

static bool remove_entry(int dir, const char *name, const char *path, int depth, GError **errp)
{
    g_autofree char *full = g_build_filename(path, name, NULL);
    int fd;

    if (unlinkat(dir, name, 0) == 0) {
        return true;
    }
    if (errno != EISDIR && errno != EPERM) {
        return fs_error_set(errp, errno, "remove", full);
    }
    fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return fs_error_set(errp, errno, "remove", full);
    }
    return empty_dir(fd, full, depth + 1, errp) &&
           (unlinkat(dir, name, AT_REMOVEDIR) == 0 || fs_error_set(errp, errno, "remove", full));
}

/* Takes the descriptor over. */
static bool empty_dir(int fd, const char *path, int depth, GError **errp)
{
    DIR *dir = depth > MAX_DEPTH ? NULL : fdopendir(fd);
    const struct dirent *entry;
    bool ok = true;

    if (dir == NULL) {
        int errnum = depth > MAX_DEPTH ? ELOOP : errno;

        (void)close(fd);
        return fs_error_set(errp, errnum, "read folder", path);
    }
    while (ok && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            ok = remove_entry(dirfd(dir), entry->d_name, path, depth, errp);
        }
    }
    (void)closedir(dir);
    return ok;
}

bool fs_remove_tree(const char *path, GError **errp)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0) {
        return fs_error_set(errp, errno, "open folder", path);
    }
    return empty_dir(fd, path, 0, errp) &&
           (rmdir(path) == 0 || fs_error_set(errp, errno, "remove", path));
}
