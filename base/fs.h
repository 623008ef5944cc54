/* Files: bounded reading, atomic and durable writing, directories, lock files.
 *
 * Errors are of the domain FS_ERROR, their code is the errno (so callers test
 * g_error_matches(err, FS_ERROR, ENOENT)), their text names the path and the step that failed. */
#ifndef GANTRY_BASE_FS_H
#define GANTRY_BASE_FS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"

#define FS_ERROR (fs_error_quark())
GQuark fs_error_quark(void);

/* Sets an FS_ERROR "cannot STEP PATH: reason". */
void fs_error_put(GError **errp, int errnum, const char *step, const char *path);

/* The same for "return fs_error_set(...)". Inline, so that the compiler knows it for false and does
 * not take what a failed function left unset for used. */
static inline bool fs_error_set(GError **errp, int errnum, const char *step, const char *path)
{
    fs_error_put(errp, errnum, step, path);
    return false;
}

/* For descriptors in locals: CLEANUP(fs_closep) int fd = open(...). */
static inline void fs_closep(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

/* Reads a whole regular file (or pipe, or file in /proc) of at most max bytes; a larger one is an
 * EFBIG error. The text is NUL-terminated; *ret_len (may be NULL) is its length without the NUL. */
char *fs_read_file(const char *path, size_t max, size_t *ret_len, GError **errp)
    __attribute__((warn_unused_result));
/* The same from an open file, from its present position; path is for the errors. */
char *fs_read_fd(int fd, const char *path, size_t max, size_t *ret_len, GError **errp)
    __attribute__((warn_unused_result));

/* Writes all of it, however many calls that takes. path is for the errors. */
bool fs_write_fd(int fd, const char *path, const void *data, size_t len, GError **errp)
    __attribute__((warn_unused_result));

enum fs_write_flags {
    /* Mode and owner of the file that is there; those given count only if there is none. */
    FS_WRITE_KEEP_PERMS = 1 << 0,
    /* Atomic but not durable: no fsync. For what a reboot removes anyway. */
    FS_WRITE_VOLATILE = 1 << 1,
    /* Durable once the caller has synced the directory: for many files, then one fs_sync_dir(). */
    FS_WRITE_DIR_LATER = 1 << 3,
    /* Fails with EEXIST if the file is there already. */
    FS_WRITE_NEW = 1 << 2,
};

struct fs_write_opts {
    mode_t mode; /* 0 means 0600; the umask plays no part */
    bool chown;  /* set uid and gid (each may be -1: leave) */
    uid_t uid;
    gid_t gid;
    unsigned flags;
};

/* Replaces path as a whole: temporary file beside it, data, mode and owner, fsync, rename, fsync of
 * the directory. After an error the old file is untouched and no temporary file is left; after a
 * crash one named PATHxxxxxx.new may be (the reference's name, which its scans of directories
 * ignore). If only the last fsync fails, the error is returned though the new file is in place.
 * opts NULL: 0600, own user. Fault points: fs-write-create, fs-write-data, fs-write-fsync,
 * fs-write-before-rename, fs-write-after-rename.
 * (Reference: utils/io.py WriteFile, which does not sync the directory.) */
bool fs_write_atomic(const char *path, const void *data, size_t len,
                     const struct fs_write_opts *opts, GError **errp)
    __attribute__((warn_unused_result));

/* The same with data in pieces, for what would be large to put together. */
bool fs_write_atomicv(const char *path, const struct iovec *pieces, size_t n,
                      const struct fs_write_opts *opts, GError **errp)
    __attribute__((warn_unused_result));

/* Several files of one directory at once, each of them atomic: all texts are written and synced
 * before the first takes its place, and the directory is synced once at the end. A file whose
 * `error` is set afterwards has not changed, the others have. False if any has failed (or the last
 * sync, which then is the error of all). Of the flags only FS_WRITE_KEEP_PERMS counts. The fault
 * points are those of fs_write_atomic(). */
struct fs_write_item {
    const char *path;
    const char *text;
    size_t len;
    GError *error; /* set by the call; the caller's to free */
};
bool fs_write_many(const char *dir, struct fs_write_item *items, size_t n,
                   const struct fs_write_opts *opts);

/* Copies path to PATH.backup-<timestamp>.xxxxxx as utils/io.py CreateBackup; returns that path. */
char *fs_backup(const char *path, GError **errp) __attribute__((warn_unused_result));

/* rename(2), then fsync of the target's directory. Fault points: fs-rename-before, fs-rename-after.
 */
bool fs_rename(const char *from, const char *to, GError **errp) __attribute__((warn_unused_result));
/* rename(2) alone: durable once the caller has synced both directories. For many files. */
bool fs_move(const char *from, const char *to, GError **errp) __attribute__((warn_unused_result));
bool fs_sync_dir(const char *dir, GError **errp) __attribute__((warn_unused_result));
/* A file that is not there counts as removed. */
bool fs_remove_file(const char *path, GError **errp) __attribute__((warn_unused_result));

/* Makes the directory, and gives it mode and owner also if it is there already; its parents must be
 * there. uid or gid -1: leave as is. Anything else at that path (a link too) is ENOTDIR. */
bool fs_make_dir(const char *path, mode_t mode, uid_t uid, gid_t gid, GError **errp)
    __attribute__((warn_unused_result));

/* The names in a directory without "." and "..", sorted by bytes; elements are freed with the
 * array. More than max names is an ENOSPC error. */
GPtrArray *fs_list_dir(const char *path, guint max, GError **errp)
    __attribute__((warn_unused_result));

/* --- Lock files ---------------------------------------------------------------------------------
 *
 * The reference has two families that do not see each other: its Python programs use flock(2), its
 * Haskell ones record locks (fcntl). A pid file of a Python daemon is flocked, a livelock or a
 * Haskell daemon's pid file is record-locked. FS_LOCK_BOTH holds both, so either family sees the
 * owner.
 *
 * A lock belongs to the open file: closing another descriptor of the same file does not lose it
 * (the record lock is an "open file description" lock, which conflicts with everybody's plain
 * ones). The descriptor is close-on-exec; a child that forks without exec keeps the lock alive. */
enum fs_lock_kind {
    FS_LOCK_FLOCK = 1 << 0,
    FS_LOCK_RECORD = 1 << 1,
    FS_LOCK_BOTH = FS_LOCK_FLOCK | FS_LOCK_RECORD,
};

struct fs_lock;

/* Opens (creating with mode 0600, never truncating) and locks exclusively without waiting. If
 * another process holds it: EWOULDBLOCK, and the text gives the pid that the file names, if it
 * names one. */
struct fs_lock *fs_lock_take(const char *path, enum fs_lock_kind kind, GError **errp)
    __attribute__((warn_unused_result));
int fs_lock_fd(const struct fs_lock *lock);
const char *fs_lock_path(const struct fs_lock *lock);
/* Replaces the content of the lock file ("123\n" of a pid file). */
bool fs_lock_write(struct fs_lock *lock, const char *text, GError **errp)
    __attribute__((warn_unused_result));
/* Unlocks; the file stays. */
void fs_lock_free(struct fs_lock *lock);
DEFINE_CLEANUP(struct fs_lock *, fs_lock_free)
/* Removes the file, then unlocks. */
void fs_lock_remove(struct fs_lock *lock);

/* Whether the owner of a lock file is certainly gone: the file is missing or nobody holds it. False
 * also when it cannot be told (the reference's Utils/Livelock.hs isDead). */
bool fs_lock_is_dead(const char *path, enum fs_lock_kind kind);

#endif
