#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/fault.h"
#include "base/tests/unit.h"

static char *dir;

static char *in_dir(const char *name)
{
    return g_build_filename(dir, name, NULL);
}

static void setup(void)
{
    dir = g_dir_make_tmp("gantry-fs-XXXXXX", NULL);
    ck_assert_ptr_nonnull(dir);
}

static void teardown(void)
{
    g_autoptr(GPtrArray) names = fs_list_dir(dir, 100, NULL);

    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = in_dir(g_ptr_array_index(names, i));

        g_remove(path);
    }
    ck_assert_int_eq(g_rmdir(dir), 0);
    g_free(dir);
}

static void assert_content(const char *path, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = fs_read_file(path, 1000, NULL, &error);

    ck_assert_msg(text != NULL, "%s", error == NULL ? "" : error->message);
    ck_assert_str_eq(text, expected);
}

START_TEST(reading_is_bounded)
{
    g_autofree char *path = in_dir("file");
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL, *proc = NULL;
    size_t len = 0;

    ck_assert(fs_write_atomic(path, "a\0b", 3, NULL, NULL));
    text = fs_read_file(path, 3, &len, NULL);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_eq(len, 3);
    ck_assert(memcmp(text, "a\0b", 4) == 0);
    ck_assert_ptr_null(fs_read_file(path, 2, NULL, &error));
    ck_assert(g_error_matches(error, FS_ERROR, EFBIG));
    g_clear_error(&error);
    ck_assert_ptr_null(fs_read_file(dir, 2, NULL, &error));
    ck_assert(g_error_matches(error, FS_ERROR, EISDIR));
    g_clear_error(&error);
    ck_assert_ptr_null(fs_read_file("/nonexistent/x", 2, NULL, &error));
    ck_assert(g_error_matches(error, FS_ERROR, ENOENT));
    ck_assert_str_eq(error->message, "cannot open /nonexistent/x: No such file or directory");
    /* A file that says it is empty. */
    proc = fs_read_file("/proc/self/status", 1 << 20, &len, NULL);
    ck_assert_ptr_nonnull(proc);
    ck_assert_uint_eq(len, strlen(proc));
    ck_assert_uint_gt(len, 100);
}
END_TEST

START_TEST(writing_replaces_as_a_whole)
{
    g_autofree char *path = in_dir("file");
    const struct fs_write_opts opts = {.mode = 0640};
    const struct fs_write_opts keep = {.mode = 0600, .flags = FS_WRITE_KEEP_PERMS};
    const struct fs_write_opts fresh = {.flags = FS_WRITE_NEW | FS_WRITE_VOLATILE};
    g_autoptr(GPtrArray) names = NULL;
    g_autoptr(GError) error = NULL;
    struct stat st;

    (void)umask(077);
    ck_assert(fs_write_atomic(path, "one", 3, &opts, NULL));
    ck_assert(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640);
    ck_assert(fs_write_atomic(path, "two", 3, &keep, NULL));
    ck_assert(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640);
    ck_assert(fs_write_atomic(path, "three", 5, NULL, NULL));
    ck_assert(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
    assert_content(path, "three");
    ck_assert(!fs_write_atomic(path, "four", 4, &fresh, &error));
    ck_assert(g_error_matches(error, FS_ERROR, EEXIST));
    assert_content(path, "three");
    names = fs_list_dir(dir, 100, NULL);
    ck_assert_uint_eq(names->len, 1);
}
END_TEST

static const char *const write_points[] = {"fs-write-create", "fs-write-data", "fs-write-fsync",
                                           "fs-write-before-rename"};

START_TEST(a_failed_step_changes_nothing)
{
    g_autofree char *path = in_dir("file");
    g_autoptr(GPtrArray) names = NULL;

    ck_assert(fs_write_atomic(path, "old", 3, NULL, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(write_points); i++) {
        g_autofree char *spec = g_strconcat(write_points[i], "=ENOSPC", NULL);
        g_autoptr(GError) error = NULL;

        fault_set(spec);
        ck_assert(!fs_write_atomic(path, "new", 3, NULL, &error));
        ck_assert_msg(g_error_matches(error, FS_ERROR, ENOSPC), "%s", error->message);
        ck_assert_ptr_nonnull(strstr(error->message, path));
        assert_content(path, "old");
    }
    fault_set("fs-write-after-rename=EIO");
    ck_assert(!fs_write_atomic(path, "new", 3, NULL, NULL));
    assert_content(path, "new");
    names = fs_list_dir(dir, 100, NULL);
    ck_assert_uint_eq(names->len, 1);
}
END_TEST

START_TEST(a_crash_leaves_the_old_or_the_new_file)
{
    g_autofree char *path = in_dir("file");

    ck_assert(fs_write_atomic(path, "old", 3, NULL, NULL));
    for (size_t i = 0; i <= G_N_ELEMENTS(write_points); i++) {
        bool after = i == G_N_ELEMENTS(write_points);
        g_autofree char *spec =
            g_strconcat(after ? "fs-write-after-rename" : write_points[i], "=abort", NULL);
        pid_t pid = fork();
        int status;

        if (pid == 0) {
            fault_set(spec);
            _exit(fs_write_atomic(path, "new", 3, NULL, NULL) ? 0 : 1);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_content(path, after ? "new" : "old");
    }
}
END_TEST

START_TEST(directories)
{
    g_autofree char *sub = in_dir("sub");
    g_autofree char *file = in_dir("file");
    g_autofree char *link_path = in_dir("link");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) names = NULL;
    struct stat st;

    ck_assert(fs_make_dir(sub, 0750, (uid_t)-1, (gid_t)-1, NULL));
    ck_assert(fs_make_dir(sub, 01777, getuid(), getgid(), NULL));
    ck_assert(stat(sub, &st) == 0 && (st.st_mode & 07777) == 01777);
    ck_assert(fs_write_atomic(file, "", 0, NULL, NULL));
    ck_assert(!fs_make_dir(file, 0750, (uid_t)-1, (gid_t)-1, &error));
    ck_assert(g_error_matches(error, FS_ERROR, ENOTDIR));
    ck_assert_int_eq(symlink(sub, link_path), 0);
    ck_assert(!fs_make_dir(link_path, 0700, (uid_t)-1, (gid_t)-1, NULL));
    names = fs_list_dir(dir, 3, NULL);
    ck_assert_uint_eq(names->len, 3);
    ck_assert_str_eq(g_ptr_array_index(names, 0), "file");
    ck_assert_str_eq(g_ptr_array_index(names, 2), "sub");
    ck_assert_ptr_null(fs_list_dir(dir, 2, NULL));
    ck_assert(fs_remove_file(file, NULL));
    ck_assert(fs_remove_file(file, NULL));
    ck_assert(!fs_remove_file(sub, NULL));
}
END_TEST

START_TEST(backups_and_renames)
{
    g_autofree char *path = in_dir("file");
    g_autofree char *other = in_dir("other");
    g_autofree char *prefix = in_dir("file.backup-");
    g_autofree char *backup = NULL;

    ck_assert(fs_write_atomic(path, "one", 3, NULL, NULL));
    backup = fs_backup(path, NULL);
    ck_assert_ptr_nonnull(backup);
    ck_assert(g_str_has_prefix(backup, prefix));
    assert_content(backup, "one");
    fault_set("fs-rename-before=EIO");
    ck_assert(!fs_rename(path, other, NULL));
    ck_assert(fs_rename(path, other, NULL));
    assert_content(other, "one");
    ck_assert_ptr_null(fs_backup(path, NULL));
}
END_TEST

/* Few files are synced one by one, many at once; either way a file that fails harms no other. */
START_TEST(many_files_at_once)
{
    enum { MANY = 20 };
    const struct fs_write_opts opts = {.mode = 0640};

    for (size_t n = 2; n <= MANY; n += MANY - 2) {
        struct fs_write_item items[MANY] = {{0}};
        g_autofree char *bad = in_dir("missing/file");
        g_auto(GStrv) paths = g_new0(char *, n + 1);
        g_autoptr(GPtrArray) names = NULL;

        for (size_t i = 0; i < n; i++) {
            g_autofree char *name = g_strdup_printf("file-%zu", i);

            paths[i] = in_dir(name);
            items[i] = (struct fs_write_item){.path = paths[i], .text = "text", .len = 4};
        }
        ck_assert(fs_write_many(dir, items, n, &opts));
        items[1] = (struct fs_write_item){.path = bad, .text = "x", .len = 1};
        items[0].text = "more";
        ck_assert(!fs_write_many(dir, items, n, &opts));
        ck_assert_ptr_null(items[0].error);
        ck_assert(g_error_matches(items[1].error, FS_ERROR, ENOENT));
        g_clear_error(&items[1].error);
        assert_content(paths[0], "more");
        assert_content(paths[n - 1], "text");
        items[1] = (struct fs_write_item){.path = paths[1], .text = "last", .len = 4};
        items[0].text = "last";
        fault_set("fs-write-fsync=EIO");
        ck_assert(!fs_write_many(dir, items, n, &opts));
        ck_assert(g_error_matches(items[0].error, FS_ERROR, EIO));
        assert_content(paths[0], "more");
        fault_set(NULL);
        for (size_t i = 0; i < n; i++) {
            g_clear_error(&items[i].error);
        }
        names = fs_list_dir(dir, 100, NULL);
        ck_assert_uint_eq(names->len, n);
    }
}
END_TEST

/* What the reference's two families see of the file, asked from another process as they would. */
static bool foreign_lock_works(const char *path, bool record)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct flock plain = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int fd = open(path, O_RDWR);

        _exit((record ? fcntl(fd, F_SETLK, &plain) : flock(fd, LOCK_EX | LOCK_NB)) == 0 ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

START_TEST(locks_are_seen_by_both_families)
{
    static const enum fs_lock_kind kinds[] = {FS_LOCK_FLOCK, FS_LOCK_RECORD, FS_LOCK_BOTH};
    g_autofree char *path = in_dir("lock");

    ck_assert(fs_lock_is_dead(path, FS_LOCK_BOTH));
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GError) error = NULL;
        struct fs_lock *lock = fs_lock_take(path, kinds[i], NULL);

        ck_assert_ptr_nonnull(lock);
        ck_assert(fs_lock_write(lock, "1234567\n", NULL));
        ck_assert(fs_lock_write(lock, "42\n", NULL));
        assert_content(path, "42\n");
        ck_assert(foreign_lock_works(path, false) == ((kinds[i] & FS_LOCK_FLOCK) == 0));
        ck_assert(foreign_lock_works(path, true) == ((kinds[i] & FS_LOCK_RECORD) == 0));
        ck_assert(!fs_lock_is_dead(path, FS_LOCK_BOTH));
        ck_assert_ptr_null(fs_lock_take(path, FS_LOCK_BOTH, &error));
        ck_assert(g_error_matches(error, FS_ERROR, EWOULDBLOCK));
        ck_assert_ptr_nonnull(strstr(error->message, "pid 42"));
        ck_assert(!fs_lock_is_dead(path, kinds[i]));
        fs_lock_free(lock);
        ck_assert(fs_lock_is_dead(path, FS_LOCK_BOTH));
    }
    fs_lock_remove(fs_lock_take(path, FS_LOCK_BOTH, NULL));
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

UNIT_MAIN_FIXTURE("fs", setup, teardown, reading_is_bounded, writing_replaces_as_a_whole,
                  a_failed_step_changes_nothing, a_crash_leaves_the_old_or_the_new_file,
                  directories, backups_and_renames, many_files_at_once,
                  locks_are_seen_by_both_families)
