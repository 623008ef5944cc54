#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/parse.h"

enum { PID_TEXT_MAX = 100 };

struct fs_lock {
    int fd;
    char *path;
};

/* 0, or the errno. A shared lock is enough to see that nobody holds an exclusive one. */
static int lock_fd(int fd, enum fs_lock_kind kind, bool shared)
{
    struct flock record = {.l_type = shared ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET};

    if ((kind & FS_LOCK_FLOCK) != 0 && flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
        return errno;
    }
    if ((kind & FS_LOCK_RECORD) != 0 && fcntl(fd, F_OFD_SETLK, &record) != 0) {
        return errno == EACCES || errno == EAGAIN ? EWOULDBLOCK : errno;
    }
    return 0;
}

static void set_lock_error(GError **errp, int errnum, const struct fs_lock *lock)
{
    char text[PID_TEXT_MAX + 1] = "";
    ssize_t n;
    int pid;

    if (errnum != EWOULDBLOCK) {
        fs_error_set(errp, errnum, "lock", lock->path);
        return;
    }
    n = pread(lock->fd, text, PID_TEXT_MAX, 0);
    text[n > 0 ? strcspn(text, "\n") : 0] = '\0';
    if (parse_int(text, 1, G_MAXINT, &pid, NULL)) {
        g_set_error(errp, FS_ERROR, errnum,
                    "%s is locked by another process, the file names pid %d", lock->path, pid);
    } else {
        g_set_error(errp, FS_ERROR, errnum, "%s is locked by another process", lock->path);
    }
}

struct fs_lock *fs_lock_take(const char *path, enum fs_lock_kind kind, GError **errp)
{
    CLEANUP(fs_lock_freep) struct fs_lock *lock = g_new0(struct fs_lock, 1);
    int errnum;

    lock->path = g_strdup(path);
    lock->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (lock->fd < 0) {
        fs_error_set(errp, errno, "open lock file", path);
        return NULL;
    }
    errnum = lock_fd(lock->fd, kind, false);
    if (errnum != 0) {
        set_lock_error(errp, errnum, lock);
        return NULL;
    }
    return g_steal_pointer(&lock);
}

int fs_lock_fd(const struct fs_lock *lock)
{
    return lock->fd;
}

const char *fs_lock_path(const struct fs_lock *lock)
{
    return lock->path;
}

bool fs_lock_write(struct fs_lock *lock, const char *text, GError **errp)
{
    size_t len = strlen(text);

    /* Written before the old rest is cut off, so that a reader never finds the file empty. */
    if (pwrite(lock->fd, text, len, 0) != (ssize_t)len || ftruncate(lock->fd, (off_t)len) != 0) {
        return fs_error_set(errp, errno, "write", lock->path);
    }
    return true;
}

void fs_lock_free(struct fs_lock *lock)
{
    if (lock == NULL) {
        return;
    }
    if (lock->fd >= 0) {
        (void)close(lock->fd);
    }
    g_free(lock->path);
    g_free(lock);
}

void fs_lock_remove(struct fs_lock *lock)
{
    if (lock != NULL) {
        (void)unlink(lock->path);
    }
    fs_lock_free(lock);
}

bool fs_lock_is_dead(const char *path, enum fs_lock_kind kind)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    bool dead;

    if (fd < 0) {
        return errno == ENOENT;
    }
    dead = lock_fd(fd, kind, true) == 0;
    (void)close(fd);
    return dead;
}
