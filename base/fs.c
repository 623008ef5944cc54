#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/fault.h"

enum {
    READ_CHUNK = 16 * 1024,
    BACKUP_MAX = 512 * 1024 * 1024,
    DEFAULT_MODE = 0600,
    /* Up to so many files are synced one by one. Beyond, one sync of the file system costs less,
       although it takes what others wrote along. */
    SYNC_EACH = 8,
};

DEFINE_CLEANUP(DIR *, closedir)

GQuark fs_error_quark(void)
{
    return g_quark_from_static_string("gantry-fs-error-quark");
}

void fs_error_put(GError **errp, int errnum, const char *step, const char *path)
{
    g_set_error(errp, FS_ERROR, errnum, "cannot %s %s: %s", step, path, g_strerror(errnum));
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

char *fs_read_fd(int fd, const char *path, size_t max, size_t *ret_len, GError **errp)
{
    g_autofree char *data = NULL;
    size_t size = 0, len = 0;
    struct stat st;

    if (fstat(fd, &st) != 0) {
        fs_error_set(errp, errno, "examine", path);
        return NULL;
    }
    if (S_ISDIR(st.st_mode)) {
        fs_error_set(errp, EISDIR, "read", path);
        return NULL;
    }
    if (S_ISREG(st.st_mode) && st.st_size > 0) {
        size = MIN((size_t)st.st_size, max);
    }
    /* One byte more than the file has: the read that finds the end needs no larger buffer. */
    size += 2;
    data = g_malloc(size);
    for (;;) {
        ssize_t n = read(fd, data + len, size - 1 - len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            fs_error_set(errp, errno, "read", path);
            return NULL;
        }
        if (n == 0) {
            break;
        }
        len += (size_t)n;
        if (len > max) {
            g_set_error(errp, FS_ERROR, EFBIG, "%s is larger than the %zu bytes allowed", path,
                        max);
            return NULL;
        }
        if (len == size - 1) {
            size = size * 2 + READ_CHUNK;
            data = g_realloc(data, size);
        }
    }
    data[len] = '\0';
    if (ret_len != NULL) {
        *ret_len = len;
    }
    return g_steal_pointer(&data);
}

char *fs_read_file(const char *path, size_t max, size_t *ret_len, GError **errp)
{
    CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0) {
        fs_error_set(errp, errno, "open", path);
        return NULL;
    }
    return fs_read_fd(fd, path, max, ret_len, errp);
}

bool fs_write_fd(int fd, const char *path, const void *data, size_t len, GError **errp)
{
    const char *next = data;

    while (len > 0) {
        ssize_t n = write(fd, next, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return fs_error_set(errp, errno, "write", path);
        }
        next += n;
        len -= (size_t)n;
    }
    return true;
}

bool fs_sync_dir(const char *dir, GError **errp)
{
    CLEANUP(close_fd) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        return fs_error_set(errp, errno, "open directory", dir);
    }
    /* File systems that cannot sync a directory say EINVAL. */
    if (fsync(fd) != 0 && errno != EINVAL) {
        return fs_error_set(errp, errno, "sync directory", dir);
    }
    return true;
}

/* An injected fault or the errno of the call that was made. */
static bool step_failed(int fault, int result, const char *step, const char *path, GError **errp)
{
    if (fault == 0 && result == 0) {
        return false;
    }
    fs_error_set(errp, fault != 0 ? fault : errno, step, path);
    return true;
}

static struct fs_write_opts effective_opts(const char *path, const struct fs_write_opts *opts)
{
    struct fs_write_opts eff = opts == NULL ? (struct fs_write_opts){0} : *opts;
    struct stat st;

    if (eff.mode == 0) {
        eff.mode = DEFAULT_MODE;
    }
    if ((eff.flags & FS_WRITE_KEEP_PERMS) != 0 && stat(path, &st) == 0) {
        eff.mode = st.st_mode & 07777;
        eff.chown = true;
        eff.uid = st.st_uid;
        eff.gid = st.st_gid;
    }
    return eff;
}

static bool write_pieces(int fd, const char *path, const struct iovec *pieces, size_t n,
                         GError **errp)
{
    for (size_t i = 0; i < n; i++) {
        if (!fs_write_fd(fd, path, pieces[i].iov_base, pieces[i].iov_len, errp)) {
            return false;
        }
    }
    return true;
}

static bool fill_temp(int fd, const char *temp, const struct iovec *pieces, size_t n,
                      const struct fs_write_opts *opts, GError **errp)
{
    int fault;

    if (opts->chown &&
        step_failed(0, fchown(fd, opts->uid, opts->gid), "set the owner of", temp, errp)) {
        return false;
    }
    if (step_failed(0, fchmod(fd, opts->mode), "set the mode of", temp, errp)) {
        return false;
    }
    fault = FAULT_POINT("fs-write-data");
    if (step_failed(fault, 0, "write", temp, errp) || !write_pieces(fd, temp, pieces, n, errp)) {
        return false;
    }
    if ((opts->flags & FS_WRITE_VOLATILE) == 0) {
        fault = FAULT_POINT("fs-write-fsync");
        if (step_failed(fault, fault != 0 ? 0 : fsync(fd), "sync", temp, errp)) {
            return false;
        }
    }
    return true;
}

static bool put_in_place(const char *temp, const char *path, unsigned flags, GError **errp)
{
    int fault = FAULT_POINT("fs-write-before-rename");
    int result = 0;

    if (fault == 0 && (flags & FS_WRITE_NEW) != 0) {
        result = link(temp, path);
    } else if (fault == 0) {
        result = rename(temp, path);
    }
    return !step_failed(fault, result, "put in place", path, errp);
}

/* The text in a file of its own beside path, ready to take its place; NULL with an error. */
static char *make_temp(const char *path, const struct iovec *pieces, size_t n,
                       const struct fs_write_opts *opts, GError **errp)
{
    g_autofree char *temp = g_strconcat(path, "XXXXXX.new", NULL);
    CLEANUP(close_fd) int fd = -1;
    int fault = FAULT_POINT("fs-write-create");

    if (fault == 0) {
        fd = mkostemps(temp, (int)strlen(".new"), O_CLOEXEC);
    }
    if (step_failed(fault, fd < 0 ? -1 : 0, "create a file beside", path, errp)) {
        return NULL;
    }
    if (!fill_temp(fd, temp, pieces, n, opts, errp)) {
        (void)unlink(temp);
        return NULL;
    }
    return g_steal_pointer(&temp);
}

bool fs_write_atomic(const char *path, const void *data, size_t len,
                     const struct fs_write_opts *opts, GError **errp)
{
    const struct iovec piece = {.iov_base = (void *)data, .iov_len = len};

    return fs_write_atomicv(path, &piece, 1, opts, errp);
}

bool fs_write_atomicv(const char *path, const struct iovec *pieces, size_t n,
                      const struct fs_write_opts *opts, GError **errp)
{
    const struct fs_write_opts eff = effective_opts(path, opts);
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *temp = make_temp(path, pieces, n, &eff, errp);
    int fault;
    bool ok;

    if (temp == NULL) {
        return false;
    }
    ok = put_in_place(temp, path, eff.flags, errp);
    if (!ok || (eff.flags & FS_WRITE_NEW) != 0) {
        (void)unlink(temp);
    }
    if (!ok) {
        return false;
    }
    fault = FAULT_POINT("fs-write-after-rename");
    if (step_failed(fault, 0, "sync directory", dir, errp)) {
        return false;
    }
    return (eff.flags & (FS_WRITE_VOLATILE | FS_WRITE_DIR_LATER)) != 0 || fs_sync_dir(dir, errp);
}

/* One call for all that was written to the file system of the directory. */
static bool sync_all(const char *dir, GError **errp)
{
    CLEANUP(close_fd) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fault = FAULT_POINT("fs-write-fsync");

    return !step_failed(fault, fault != 0 ? 0 : fd < 0 ? -1 : syncfs(fd), "sync", dir, errp);
}

/* Gives the error to every file that has none yet. */
static void fail_all(struct fs_write_item *items, size_t n, const GError *error)
{
    for (size_t i = 0; i < n; i++) {
        if (items[i].error == NULL) {
            items[i].error = g_error_copy(error);
        }
    }
}

bool fs_write_many(const char *dir, struct fs_write_item *items, size_t n,
                   const struct fs_write_opts *opts)
{
    g_auto(GStrv) temps = g_new0(char *, n + 1);
    g_autoptr(GError) error = NULL;
    bool ok = true, at_once = n > SYNC_EACH;

    for (size_t i = 0; i < n; i++) {
        const struct iovec piece = {.iov_base = (void *)items[i].text, .iov_len = items[i].len};
        struct fs_write_opts eff = effective_opts(items[i].path, opts);
        char *temp;

        eff.flags = at_once ? FS_WRITE_VOLATILE : 0;
        temp = make_temp(items[i].path, &piece, 1, &eff, &items[i].error);
        temps[i] = temp != NULL ? temp : g_strdup("");
    }
    if (at_once && !sync_all(dir, &error)) {
        fail_all(items, n, error);
        g_clear_error(&error);
    }
    for (size_t i = 0; i < n; i++) {
        if (temps[i][0] != '\0' && (items[i].error != NULL ||
                                    !put_in_place(temps[i], items[i].path, 0, &items[i].error))) {
            (void)unlink(temps[i]);
        }
        ok = ok && items[i].error == NULL;
    }
    if (!step_failed(FAULT_POINT("fs-write-after-rename"), 0, "sync directory", dir, &error) &&
        fs_sync_dir(dir, &error)) {
        return ok;
    }
    fail_all(items, n, error);
    return false;
}

char *fs_backup(const char *path, GError **errp)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *stamp = g_date_time_format(now, "%Y-%m-%d_%H_%M_%S");
    g_autofree char *backup = g_strdup_printf("%s.backup-%s.XXXXXX", path, stamp);
    g_autofree char *data = NULL;
    CLEANUP(close_fd) int fd = -1;
    size_t len;

    data = fs_read_file(path, BACKUP_MAX, &len, errp);
    if (data == NULL) {
        return NULL;
    }
    fd = mkostemps(backup, 0, O_CLOEXEC);
    if (fd < 0) {
        fs_error_set(errp, errno, "create", backup);
        return NULL;
    }
    if (!fs_write_fd(fd, backup, data, len, errp)) {
        (void)unlink(backup);
        return NULL;
    }
    if (step_failed(0, fsync(fd), "sync", backup, errp)) {
        (void)unlink(backup);
        return NULL;
    }
    return g_steal_pointer(&backup);
}

bool fs_move(const char *from, const char *to, GError **errp)
{
    int fault = FAULT_POINT("fs-rename-before");

    return !step_failed(fault, fault != 0 ? 0 : rename(from, to), "rename to", to, errp);
}

bool fs_rename(const char *from, const char *to, GError **errp)
{
    g_autofree char *dir = g_path_get_dirname(to);

    return fs_move(from, to, errp) &&
           !step_failed(FAULT_POINT("fs-rename-after"), 0, "sync directory", dir, errp) &&
           fs_sync_dir(dir, errp);
}

bool fs_remove_file(const char *path, GError **errp)
{
    if (unlink(path) != 0 && errno != ENOENT) {
        return fs_error_set(errp, errno, "remove", path);
    }
    return true;
}

bool fs_make_dir(const char *path, mode_t mode, uid_t uid, gid_t gid, GError **errp)
{
    CLEANUP(close_fd) int fd = -1;

    if (mkdir(path, mode & 0700) != 0 && errno != EEXIST) {
        return fs_error_set(errp, errno, "make directory", path);
    }
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return fs_error_set(errp, errno == ELOOP ? ENOTDIR : errno, "open directory", path);
    }
    if ((uid != (uid_t)-1 || gid != (gid_t)-1) &&
        step_failed(0, fchown(fd, uid, gid), "set the owner of", path, errp)) {
        return false;
    }
    return !step_failed(0, fchmod(fd, mode), "set the mode of", path, errp);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *fs_list_dir(const char *path, guint max, GError **errp)
{
    CLEANUP(closedirp) DIR *dir = opendir(path);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const struct dirent *entry;

    if (dir == NULL) {
        fs_error_set(errp, errno, "open directory", path);
        return NULL;
    }
    for (errno = 0; (entry = readdir(dir)) != NULL; errno = 0) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (names->len == max) {
            g_set_error(errp, FS_ERROR, ENOSPC, "more than %u entries in directory %s", max, path);
            return NULL;
        }
        g_ptr_array_add(names, g_strdup(entry->d_name));
    }
    if (errno != 0) {
        fs_error_set(errp, errno, "read directory", path);
        return NULL;
    }
    g_ptr_array_sort(names, compare_names);
    return g_steal_pointer(&names);
}
