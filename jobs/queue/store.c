#include "config.h"

#include "jobs/queue/store.h"

#include <errno.h>
#include <grp.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/fs.h"
#include "base/parse.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "jobs/file/queue-dir.h"
#include "jobs/file/write.h"

enum {
    SERIAL_MAX = 64, /* bytes of the serial file */
    QUEUE_DIR_MODE = 0750,
    MAX_GROUPS = 1024,
};

/* ---- files of the queue ---- */

static bool may_give_to(gid_t group)
{
    gid_t groups[MAX_GROUPS];
    int n = getgroups(MAX_GROUPS, groups);

    if (geteuid() == 0 || getegid() == group) {
        return true;
    }
    for (int i = 0; i < n; i++) {
        if (groups[i] == group) {
            return true;
        }
    }
    return false;
}

/* The group that all daemons read with; (gid_t)-1 where there is none, or not for us, as when
 * somebody runs a cluster of his own. The owner is who writes. */
static gid_t daemons_group(void)
{
    static gid_t gid = (gid_t)-1;
    static bool is_known;

    if (!is_known) {
        const struct group *entry = getgrnam(group_name(GROUP_daemons));

        gid = entry != NULL && may_give_to(entry->gr_gid) ? entry->gr_gid : (gid_t)-1;
        is_known = true;
    }
    return gid;
}

static struct fs_write_opts file_opts(enum job_write how)
{
    return (struct fs_write_opts){
        .mode = C_JOB_QUEUE_FILES_PERMS,
        .chown = true,
        .uid = (uid_t)-1,
        .gid = daemons_group(),
        .flags = how == JOB_WRITE_ORDERED ? FS_WRITE_DIR_LATER : 0,
    };
}

static void free_text(gpointer text)
{
    g_string_free(text, TRUE);
}

static bool write_file(const char *path, const GString *text, enum job_write how, GError **errp)
{
    const struct fs_write_opts opts = file_opts(how);

    return fs_write_atomic(path, text->str, text->len, &opts, errp);
}

bool job_store_write(const char *queue_dir, const struct queued_job *job,
                     enum opcode_dialect dialect, enum job_write how, GError **errp)
{
    g_autofree char *path = queue_dir_job_path(queue_dir, job->id);
    g_autoptr(GString) text = g_string_new(NULL);
    int fault = FAULT_POINT("job-write");

    if (fault != 0) {
        return fs_error_set(errp, fault, "write", path);
    }
    job_encode(job, dialect, text);
    return write_file(path, text, how, errp);
}

bool job_store_sync(const char *queue_dir, GError **errp)
{
    int fault = FAULT_POINT("job-sync");

    if (fault != 0) {
        return fs_error_set(errp, fault, "sync directory", queue_dir);
    }
    return fs_sync_dir(queue_dir, errp);
}

/* ---- numbers ---- */

static char *serial_path(const char *queue_dir)
{
    g_autofree char *name = g_path_get_basename(path_plain(PATH_JOB_QUEUE_SERIAL_FILE));

    return g_build_filename(queue_dir, name, NULL);
}

bool job_store_last_id(const char *queue_dir, int64_t *ret_id, GError **errp)
{
    g_autofree char *path = serial_path(queue_dir);
    g_autofree char *text = fs_read_file(path, SERIAL_MAX, NULL, errp);
    g_autoptr(GError) error = NULL;

    if (text == NULL) {
        return false;
    }
    if (!parse_int64(g_strstrip(text), 0, INT64_MAX, ret_id, &error)) {
        return err_fail(errp, ERR_JOB_QUEUE, ECODE_NONE,
                        "%s holds no job number (%s); it must be the highest number any job has",
                        path, error->message);
    }
    return true;
}

bool job_store_add(const char *queue_dir, int64_t last_id, const struct queued_job *const *jobs,
                   size_t n, GError **errors)
{
    g_autofree struct fs_write_item *items = g_new0(struct fs_write_item, n + 1);
    g_auto(GStrv) paths = g_new0(char *, n + 2);
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(free_text);
    const struct fs_write_opts opts = file_opts(JOB_WRITE_DURABLE);
    bool ok;

    for (size_t i = 0; i <= n; i++) {
        GString *text = g_string_new(NULL);

        if (i == 0) {
            g_string_printf(text, "%" G_GINT64_FORMAT "\n", (gint64)last_id);
            paths[i] = serial_path(queue_dir);
        } else {
            job_encode(jobs[i - 1], OPCODE_SUBMITTED, text);
            paths[i] = queue_dir_job_path(queue_dir, jobs[i - 1]->id);
        }
        g_ptr_array_add(texts, text);
        items[i] = (struct fs_write_item){.path = paths[i], .text = text->str, .len = text->len};
    }
    ok = fs_write_many(queue_dir, items, n + 1, &opts);
    for (size_t i = 0; i < n; i++) {
        errors[i] = items[i + 1].error;
        /* A job whose number may be given away again does not exist. */
        if (items[0].error != NULL && errors[i] == NULL &&
            fs_remove_file(paths[i + 1], &errors[i])) {
            errors[i] = g_error_copy(items[0].error);
        }
    }
    g_clear_error(&items[0].error);
    return ok;
}

/* ---- archive, drain flag ---- */

static bool make_archive_dir(const char *dir, GError **errp)
{
    g_autofree char *above = g_path_get_dirname(dir);

    return g_file_test(dir, G_FILE_TEST_IS_DIR) ||
           (fs_make_dir(above, QUEUE_DIR_MODE, (uid_t)-1, daemons_group(), errp) &&
            fs_make_dir(dir, QUEUE_DIR_MODE, (uid_t)-1, daemons_group(), errp) &&
            fs_sync_dir(above, errp));
}

/* The first error counts. */
static void sync_too(const char *dir, GError **error)
{
    g_autoptr(GError) later = NULL;

    if (!fs_sync_dir(dir, &later) && *error == NULL) {
        *error = g_steal_pointer(&later);
    }
}

size_t job_store_archive(const char *queue_dir, const int64_t *ids, size_t n, GError **errp)
{
    g_autoptr(GHashTable) dirs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GError) error = NULL;
    GHashTableIter iter;
    gpointer dir;
    size_t done = 0;

    while (done < n && error == NULL) {
        g_autofree char *live = queue_dir_job_path(queue_dir, ids[done]);
        g_autofree char *archived = queue_dir_archive_path(queue_dir, ids[done]);
        g_autofree char *folder = g_path_get_dirname(archived);

        if (make_archive_dir(folder, &error) && fs_move(live, archived, &error)) {
            g_hash_table_add(dirs, g_steal_pointer(&folder));
            done++;
        }
    }
    g_hash_table_iter_init(&iter, dirs);
    while (g_hash_table_iter_next(&iter, &dir, NULL)) {
        sync_too(dir, &error);
    }
    if (done > 0) {
        sync_too(queue_dir, &error);
    }
    if (error != NULL) {
        g_propagate_error(errp, g_steal_pointer(&error));
    }
    return done;
}

bool job_store_is_drained(void)
{
    return g_file_test(path_get(PATH_JOB_QUEUE_DRAIN_FILE), G_FILE_TEST_EXISTS);
}

bool job_store_set_drained(bool drained, GError **errp)
{
    g_autoptr(GString) nothing = g_string_new(NULL);
    const char *path = path_get(PATH_JOB_QUEUE_DRAIN_FILE);

    return drained ? write_file(path, nothing, JOB_WRITE_DURABLE, errp)
                   : fs_remove_file(path, errp) && fs_sync_dir(path_get(PATH_QUEUE_DIR), errp);
}
