/* Copies of the job queue on master candidates. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/parse.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/proto/content.h"

enum {
    QUEUE_LOCK_S = 10,
    QUEUE_DIR_MODE = 0750,
    QUEUE_NUMBER_MAX = 64,
};

static struct fs_lock *lock_queue(GError **errp)
{
    return backend_lock(PATH_JOB_QUEUE_LOCK_FILE, QUEUE_LOCK_S, errp);
}

static bool write_queue_file(const char *path, const char *data, size_t len, GError **errp)
{
    struct fs_write_opts opts;

    return backend_file_owner(DAEMON_masterd, GROUP_daemons, C_JOB_QUEUE_FILES_PERMS, &opts,
                              errp) &&
           fs_write_atomic(path, data, len, &opts, errp);
}

/* The number in a file of the queue; *ret_there is false if there is no such file. */
static bool read_number(enum path_id id, bool *ret_there, int64_t *ret, GError **errp)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = fs_read_file(path_get(id), QUEUE_NUMBER_MAX, NULL, &error);

    *ret_there = !g_error_matches(error, FS_ERROR, ENOENT);
    if (text == NULL) {
        if (*ret_there) {
            g_propagate_error(errp, g_steal_pointer(&error));
        }
        return !*ret_there;
    }
    if (!parse_int64(g_strstrip(text), 0, INT64_MAX, ret, &error)) {
        return noded_fail(errp, "%s: %s", path_get(id), error->message);
    }
    return true;
}

static bool ensure_number(enum path_id id, int64_t fresh, int64_t *ret, GError **errp)
{
    g_autofree char *text = NULL;
    bool there;

    if (!read_number(id, &there, ret, errp)) {
        return false;
    }
    if (there) {
        return true;
    }
    *ret = fresh;
    text = g_strdup_printf("%" G_GINT64_FORMAT "\n", fresh);
    return write_queue_file(path_get(id), text, strlen(text), errp);
}

/* The lock file is whose who made it first; luxid must be able to take it too. */
static bool share_lock(GError **errp)
{
    const char *path = path_get(PATH_JOB_QUEUE_LOCK_FILE);
    struct fs_write_opts owner;

    if (geteuid() != 0) {
        return true; /* one user runs it all */
    }
    if (!backend_file_owner(DAEMON_masterd, GROUP_daemons, C_JOB_QUEUE_FILES_PERMS, &owner, errp)) {
        return false;
    }
    return (chown(path, owner.uid, owner.gid) == 0 && chmod(path, owner.mode) == 0) ||
           noded_fail(errp, "cannot set the owner of %s: %s", path, g_strerror(errno));
}

bool backend_prepare_queue(GError **errp)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(fs_lock_freep)
    struct fs_lock *lock = fs_lock_take(path_get(PATH_JOB_QUEUE_LOCK_FILE), FS_LOCK_FLOCK, &error);
    int64_t version = 0, serial = 0;

    if (lock == NULL) {
        if (g_error_matches(error, FS_ERROR, EWOULDBLOCK)) {
            return true; /* whoever holds it has looked */
        }
        g_propagate_error(errp, g_steal_pointer(&error));
        return false;
    }
    if (!share_lock(errp) ||
        !ensure_number(PATH_JOB_QUEUE_VERSION_FILE, C_JOB_QUEUE_VERSION, &version, errp)) {
        return false;
    }
    if (version != C_JOB_QUEUE_VERSION) {
        return noded_fail(errp, "the job queue has version %" G_GINT64_FORMAT ", expected %d",
                          version, C_JOB_QUEUE_VERSION);
    }
    return ensure_number(PATH_JOB_QUEUE_SERIAL_FILE, 0, &serial, errp);
}

NODED_CALL(jobqueue_update, NODED_WORKER)
{
    g_autofree char *path = backend_path_below(PATH_QUEUE_DIR, args->file_name, errp);
    CLEANUP(fs_lock_freep) struct fs_lock *lock = path == NULL ? NULL : lock_queue(errp);
    g_autofree char *data = NULL;
    size_t len;

    if (lock == NULL) {
        return false;
    }
    json_write_null(result);
    data = rpc_content_unpack(&args->content, &len, errp);
    return data != NULL && write_queue_file(path, data, len, errp);
}

/* The folders between the queue's own and the file, which must be below it. */
static bool make_parents(const char *path, GError **errp)
{
    g_autofree char *dir = g_path_get_dirname(path);
    struct fs_write_opts owner;

    if (g_file_test(dir, G_FILE_TEST_IS_DIR)) {
        return true;
    }
    return make_parents(dir, errp) &&
           backend_file_owner(DAEMON_masterd, GROUP_daemons, QUEUE_DIR_MODE, &owner, errp) &&
           fs_make_dir(dir, owner.mode, owner.uid, owner.gid, errp);
}

static bool rename_one(const struct json *pair, GError **errp)
{
    g_autofree char *from = NULL, *to = NULL;

    if (json_kind(pair) != JSON_ARRAY || json_len(pair) != 2 ||
        json_kind(json_at(pair, 0)) != JSON_STRING || json_kind(json_at(pair, 1)) != JSON_STRING) {
        return noded_fail(errp, "a renaming must be a pair of paths");
    }
    from = backend_path_below(PATH_QUEUE_DIR, json_string(json_at(pair, 0)), errp);
    to = from == NULL ? NULL
                      : backend_path_below(PATH_QUEUE_DIR, json_string(json_at(pair, 1)), errp);
    return to != NULL && make_parents(to, errp) && fs_rename(from, to, errp);
}

NODED_CALL(jobqueue_rename, NODED_WORKER)
{
    CLEANUP(fs_lock_freep) struct fs_lock *lock = lock_queue(errp);

    if (lock == NULL) {
        return false;
    }
    json_write_array_begin(result);
    for (size_t i = 0; i < args->rename.n; i++) {
        if (!rename_one(args->rename.v[i], errp)) {
            return false;
        }
        json_write_null(result);
    }
    json_write_array_end(result);
    return true;
}

NODED_CALL(jobqueue_set_drain_flag, NODED_WORKER)
{
    const char *path = path_get(PATH_JOB_QUEUE_DRAIN_FILE);
    CLEANUP(fs_lock_freep) struct fs_lock *lock = lock_queue(errp);

    if (lock == NULL) {
        return false;
    }
    json_write_null(result);
    return args->flag ? write_queue_file(path, "", 0, errp) : fs_remove_file(path, errp);
}

bool backend_clean_dir(enum path_id dir, enum path_id keep, GError **errp)
{
    g_autoptr(GPtrArray) names = NULL;

    if (!g_file_test(path_get(dir), G_FILE_TEST_IS_DIR)) {
        return true;
    }
    names = backend_list_visible(path_get(dir), errp);
    for (guint i = 0; names != NULL && i < names->len; i++) {
        g_autofree char *path =
            g_build_filename(path_get(dir), (const char *)g_ptr_array_index(names, i), NULL);
        struct stat st;

        if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && strcmp(path, path_get(keep)) != 0 &&
            !fs_remove_file(path, errp)) {
            return false;
        }
    }
    return names != NULL;
}

bool backend_purge_queue(GError **errp)
{
    return backend_clean_dir(PATH_QUEUE_DIR, PATH_JOB_QUEUE_LOCK_FILE, errp) &&
           backend_clean_dir(PATH_JOB_QUEUE_ARCHIVE_DIR, PATH_JOB_QUEUE_LOCK_FILE, errp);
}

NODED_CALL(jobqueue_purge, NODED_WORKER)
{
    CLEANUP(fs_lock_freep) struct fs_lock *lock = lock_queue(errp);

    json_write_null(result);
    return lock != NULL && backend_purge_queue(errp);
}
