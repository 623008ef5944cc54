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

static bool write_file(const char *path, const GString *text, enum job_write how, GError **errp)
{
    const struct fs_write_opts opts = {
        .mode = C_JOB_QUEUE_FILES_PERMS,
        .chown = true,
        .uid = (uid_t)-1,
        .gid = daemons_group(),
        .flags = how == JOB_WRITE_ORDERED ? FS_WRITE_DIR_LATER : 0,
    };

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

bool job_store_take_ids(const char *queue_dir, int64_t n, enum job_write how, int64_t *ret_first,
                        GError **errp)
{
    g_autofree char *path = serial_path(queue_dir);
    g_autoptr(GString) text = g_string_new(NULL);
    int64_t last;

    if (!job_store_last_id(queue_dir, &last, errp)) {
        return false;
    }
    if (last > INT64_MAX - n) {
        return err_fail(errp, ERR_JOB_QUEUE, ECODE_NONE, "%s: there are no more job numbers", path);
    }
    g_string_printf(text, "%" G_GINT64_FORMAT "\n", (gint64)(last + n));
    *ret_first = last + 1;
    return write_file(path, text, how, errp);
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

bool job_store_archive(const char *queue_dir, int64_t id, GError **errp)
{
    g_autofree char *live = queue_dir_job_path(queue_dir, id);
    g_autofree char *archived = queue_dir_archive_path(queue_dir, id);
    g_autofree char *dir = g_path_get_dirname(archived);

    return make_archive_dir(dir, errp) && fs_rename(live, archived, errp);
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
