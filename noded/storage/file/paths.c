#include "config.h"

#include "noded/storage/file/paths.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"
#include "compat-config/paths/paths.h"
#include "facts/errors.h"

enum {
    MAX_LIST = 1024 * 1024,
    BYTES_PER_MIB = 1024 * 1024,
};

char **file_paths_parse(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GStrvBuilder *kept = g_strv_builder_new();
    char **result;

    for (char **line = lines; *line != NULL; line++) {
        g_strstrip(*line);
        if ((*line)[0] != '\0' && (*line)[0] != '#') {
            g_strv_builder_add(kept, *line);
        }
    }
    result = g_strv_builder_end(kept);
    g_strv_builder_unref(kept);
    return result;
}

char **file_paths_allowed(void)
{
    const char *path = path_get(PATH_FILE_STORAGE_PATHS_FILE);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = fs_read_file(path, MAX_LIST, NULL, &error);

    if (text == NULL && !g_error_matches(error, FS_ERROR, ENOENT)) {
        log_warning("no folder is allowed for disks that are files: %s", error->message);
    }
    return file_paths_parse(text != NULL ? text : "");
}

/* Two slashes in front are one here too, so that //etc is no way round the checks. */
static char *normalize(const char *path)
{
    while (path[0] == '/' && path[1] == '/') {
        path++;
    }
    return g_canonicalize_filename(path, "/");
}

/* Both are normalized and absolute (utils/io.py IsBelowDir: nothing is below itself). */
static bool is_below(const char *dir, const char *path)
{
    size_t len = strlen(dir);

    if (strcmp(dir, "/") == 0) {
        return strcmp(path, "/") != 0;
    }
    return strncmp(path, dir, len) == 0 && path[len] == '/' && path[len + 1] != '\0';
}

static bool is_or_is_below(const char *dir, const char *path)
{
    return strcmp(dir, path) == 0 || is_below(dir, path);
}

bool file_path_is_forbidden(const char *path)
{
    static const char *const system_dirs[] = {"/boot", "/dev",  "/etc", "/home",
                                              "/proc", "/root", "/sys"};
    static const char *const prefixes[] = {"", "/usr", "/usr/local"};
    static const char *const program_dirs[] = {"bin", "lib", "lib32", "lib64", "sbin"};
    g_autofree char *norm = NULL;

    if (!g_path_is_absolute(path)) {
        return true;
    }
    norm = normalize(path);
    for (size_t i = 0; i < G_N_ELEMENTS(system_dirs); i++) {
        if (is_or_is_below(system_dirs[i], norm)) {
            return true;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        for (size_t k = 0; k < G_N_ELEMENTS(program_dirs); k++) {
            g_autofree char *dir = g_strdup_printf("%s/%s", prefixes[i], program_dirs[k]);

            if (is_or_is_below(dir, norm)) {
                return true;
            }
        }
    }
    return false;
}

char **file_paths_wrong(const char *const *allowed)
{
    g_autoptr(GPtrArray) wrong = g_ptr_array_new();

    for (; *allowed != NULL; allowed++) {
        if (file_path_is_forbidden(*allowed)) {
            g_ptr_array_add(wrong, g_path_is_absolute(*allowed) ? normalize(*allowed)
                                                                : g_strdup(*allowed));
        }
    }
    g_ptr_array_sort(wrong, text_nice_compare_slots);
    g_ptr_array_add(wrong, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&wrong), FALSE);
}

static bool fail_path(GError **errp, const char *format, const char *path)
{
    g_autofree char *text = g_strdup_printf("Path '%s' %s", path, format);

    return err_fail(errp, ERR_FILE_STORAGE_PATH, ECODE_NONE, "%s", text);
}

bool file_path_check_in(const char *path, const char *const *allowed, bool exact_ok, GError **errp)
{
    g_autofree char *norm = NULL;

    if (allowed[0] == NULL) {
        return err_fail(errp, ERR_FILE_STORAGE_PATH, ECODE_NONE,
                        "No folder is allowed for disks that are files: list those that are in "
                        "'%s' on this node",
                        path_get(PATH_FILE_STORAGE_PATHS_FILE));
    }
    if (file_path_is_forbidden(path)) {
        return fail_path(errp, "uses a forbidden prefix", path);
    }
    norm = normalize(path);
    for (const char *const *dir = allowed; *dir != NULL; dir++) {
        g_autofree char *norm_dir = NULL;

        if (!g_path_is_absolute(*dir)) {
            log_info("Ignoring relative path '%s' for file storage", *dir);
            continue;
        }
        norm_dir = normalize(*dir);
        if (is_below(norm_dir, norm) || (exact_ok && strcmp(norm_dir, norm) == 0)) {
            return true;
        }
    }
    return fail_path(errp, "is not acceptable for file storage", path);
}

bool file_path_check(const char *path, bool exact_ok, GError **errp)
{
    g_auto(GStrv) allowed = file_paths_allowed();

    return file_path_check_in(path, (const char *const *)allowed, exact_ok, errp);
}

bool file_dir_check(const char *path, GError **errp)
{
    if (!file_path_check(path, true, errp)) {
        return false;
    }
    if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
        return fail_path(errp, "is not existing or not a directory", path);
    }
    if (access(path, W_OK) != 0) {
        return fail_path(errp, "is not writable", path);
    }
    return true;
}

static int64_t mib_of(uint64_t blocks, uint64_t block_size)
{
    return (int64_t)(blocks / BYTES_PER_MIB * block_size +
                     blocks % BYTES_PER_MIB * block_size / BYTES_PER_MIB);
}

bool file_path_space(const char *path, int64_t *ret_size, int64_t *ret_free, GError **errp)
{
    struct statvfs info;

    if (statvfs(path, &info) != 0) {
        return err_fail(errp, ERR_COMMAND, ECODE_NONE,
                        "Failed to retrieve file system information about path: %s - %s", path,
                        g_strerror(errno));
    }
    *ret_size = mib_of(info.f_blocks, info.f_frsize);
    *ret_free = mib_of(info.f_bavail, info.f_frsize);
    return true;
}
