#include "config.h"

#include "jobs/file/queue-dir.h"

#include <string.h>

#include "base/fs.h"
#include "base/parse.h"

static const char job_prefix[] = "job-";
static const char archive_name[] = "archive";

enum {
    JOBS_PER_ARCHIVE_DIR = 10000,
    MAX_JOBS = 10 * 1000 * 1000,
};

char *queue_dir_job_path(const char *queue_dir, int64_t id)
{
    return g_strdup_printf("%s/%s%" G_GINT64_FORMAT, queue_dir, job_prefix, (gint64)id);
}

char *queue_dir_archive_path(const char *queue_dir, int64_t id)
{
    return g_strdup_printf("%s/%s/%" G_GINT64_FORMAT "/%s%" G_GINT64_FORMAT, queue_dir,
                           archive_name, (gint64)(id / JOBS_PER_ARCHIVE_DIR), job_prefix,
                           (gint64)id);
}

bool queue_dir_parse_name(const char *name, int64_t *ret_id)
{
    size_t n = strlen(job_prefix);

    return strncmp(name, job_prefix, n) == 0 && g_ascii_isdigit(name[n]) &&
           parse_int64(name + n, 0, INT64_MAX, ret_id, NULL);
}

static bool list_dir(const char *dir, GArray *ids, GError **errp)
{
    g_autoptr(GPtrArray) names = fs_list_dir(dir, MAX_JOBS, errp);

    if (names == NULL) {
        return false;
    }
    for (guint i = 0; i < names->len; i++) {
        int64_t id;

        if (queue_dir_parse_name(g_ptr_array_index(names, i), &id)) {
            g_array_append_val(ids, id);
        }
    }
    return true;
}

static void list_archive(const char *queue_dir, GArray *ids)
{
    g_autofree char *archive = g_build_filename(queue_dir, archive_name, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) dirs = fs_list_dir(archive, MAX_JOBS, &error);

    for (guint i = 0; dirs != NULL && i < dirs->len && error == NULL; i++) {
        const char *name = g_ptr_array_index(dirs, i);
        g_autofree char *dir = g_build_filename(archive, name, NULL);

        if (name[0] != '.' && g_file_test(dir, G_FILE_TEST_IS_DIR)) {
            (void)list_dir(dir, ids, &error);
        }
    }
    if (error != NULL) {
        g_warning("archived jobs are missing in an answer: %s", error->message);
    }
}

static gint compare_ids(gconstpointer a, gconstpointer b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

GArray *queue_dir_list(const char *queue_dir, bool archived, GError **errp)
{
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));

    if (!list_dir(queue_dir, ids, errp)) {
        g_array_free(ids, TRUE);
        return NULL;
    }
    if (archived) {
        list_archive(queue_dir, ids);
    }
    g_array_sort(ids, compare_ids);
    return ids;
}
