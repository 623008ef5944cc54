#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/text.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/backend/disk-links.h"
#include "noded/backend/disks.h"
#include "noded/backend/impexp.h"

enum { FOLDER_MODE = 0750, MIB = 1024 * 1024 };

/* --- Files --------------------------------------------------------------------------------------
 */

static bool is_below(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    return strncmp(path, dir, len) == 0 && path[len] == '/';
}

/* The same with links followed; the file itself may not be there. */
static bool is_really_below(const char *path, const char *dir)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *real = realpath(path, NULL);
    g_autofree char *real_folder = realpath(folder, NULL);
    g_autofree char *real_dir = realpath(dir, NULL);

    return real_folder != NULL && real_dir != NULL &&
           (strcmp(real_folder, real_dir) == 0 || is_below(real_folder, real_dir)) &&
           (real == NULL || is_below(real, real_dir));
}

static bool make_folder(const char *path, GError **errp)
{
    g_autofree char *folder = g_path_get_dirname(path);

    return g_mkdir_with_parents(folder, FOLDER_MODE) == 0 ||
           fs_error_set(errp, errno, "make folder", folder);
}

static bool open_file(const struct json *args, struct impexp_options *options, GError **errp)
{
    const char *exports = path_get(PATH_EXPORT_DIR);
    g_autofree char *canonical = NULL, *quoted = NULL;
    const char *path;
    struct stat st;

    if (json_len(args) != 1 || json_kind(json_at(args, 0)) != JSON_STRING) {
        return noded_fail(errp, "a transfer with a file needs its path");
    }
    path = json_string(json_at(args, 0));
    canonical = g_canonicalize_filename(path, "/");
    if (strcmp(path, canonical) != 0) {
        return noded_fail(errp, "'%s' is not a full path in its plain form", path);
    }
    if (!is_below(path, exports)) {
        return noded_fail(errp, "'%s' is not below the folder of exports %s", path, exports);
    }
    if (!make_folder(path, errp)) {
        return false;
    }
    if (!is_really_below(path, exports)) {
        return noded_fail(errp, "'%s' leads out of the folder of exports %s", path, exports);
    }
    quoted = text_shell_quote(path);
    options->cmd_suffix = g_strdup_printf("%c %s", options->import ? '>' : '<', quoted);
    if (!options->import && stat(path, &st) == 0) {
        options->exp_size =
            g_strdup_printf("%" G_GINT64_FORMAT, ((int64_t)st.st_size + MIB / 2) / MIB);
    }
    return true;
}

/* --- Disks and scripts --------------------------------------------------------------------------
 */

/* Data comes out of the command (export), or goes into it. */
static void set_command(struct impexp_options *options, const char *command)
{
    if (options->import) {
        options->cmd_suffix = g_strdup_printf("| %s", command);
    } else {
        options->cmd_prefix = g_strdup_printf("%s |", command);
    }
}

static struct disk *decode_disk(const struct json *args, size_t n, GError **errp)
{
    if (json_len(args) != n) {
        noded_error_set(errp, "a transfer of this kind has %zu arguments, not %zu", n,
                        json_len(args));
        return NULL;
    }
    return backend_disk(json_at(args, 0), errp);
}

static bool set_raw(const struct disk *disk, struct impexp_options *options, GError **errp)
{
    CLEANUP(bdev_freep) struct bdev *dev = os_open_disk(disk, errp);
    g_auto(GStrv) argv = NULL;
    g_autofree char *command = NULL;

    if (dev == NULL) {
        return false;
    }
    argv = (options->import ? dev->ops->import_argv : dev->ops->export_argv)(dev, errp);
    if (argv == NULL) {
        return false;
    }
    command = text_shell_join((const char *const *)argv);
    set_command(options, command);
    if (!options->import) {
        options->exp_size = g_strdup_printf("%" G_GINT64_FORMAT, disk->size);
    }
    return true;
}

static bool open_raw(const struct json *args, struct impexp_options *options, GError **errp)
{
    CLEANUP(backend_disk_freep) struct disk *disk = decode_disk(args, 1, errp);

    return disk != NULL && set_raw(disk, options, errp);
}

/* What the script finds beside the variables that all scripts have. */
struct io_vars {
    enum os_var_name device, path, uri, index;
};

static void set_vars(struct script_env *env, const struct io_vars *vars, const char *path,
                     const char *uri, int64_t index)
{
    script_env_set(env, os_var_names[vars->device], path);
    script_env_set(env, os_var_names[vars->path], path);
    script_env_set(env, os_var_names[vars->uri], uri);
    script_env_take(env, os_var_names[vars->index], g_strdup_printf("%" G_GINT64_FORMAT, index));
}

static bool set_import_vars(struct script_env *env, int64_t index)
{
    static const struct io_vars vars = {OS_VAR_IMPORT_DEVICE, OS_VAR_IMPORT_DISK_PATH,
                                        OS_VAR_IMPORT_DISK_URI, OS_VAR_IMPORT_INDEX};

    set_vars(env, &vars, os_env_disk_path(env, (size_t)index), os_env_disk_uri(env, (size_t)index),
             index);
    return true;
}

/* The disk may be a snapshot, so it is none of the instance's. */
static bool set_export_vars(struct script_env *env, const struct disk *disk,
                            const struct instance *instance, int64_t index, GError **errp)
{
    static const struct io_vars vars = {OS_VAR_EXPORT_DEVICE, OS_VAR_EXPORT_DISK_PATH,
                                        OS_VAR_EXPORT_DISK_URI, OS_VAR_EXPORT_INDEX};
    CLEANUP(bdev_freep) struct bdev *dev = os_open_disk(disk, errp);
    g_autofree char *uri = NULL;

    if (dev == NULL || !disk_uri(dev, instance->hypervisor, &uri, errp)) {
        return false;
    }
    set_vars(env, &vars, dev->path, uri, index);
    return true;
}

static bool set_script(const struct os_work *work, const struct disk *disk, int64_t index,
                       struct impexp_options *options, GError **errp)
{
    const char *script = work->os->scripts[options->import ? OS_IMPORT : OS_EXPORT];
    g_autofree char *dir = text_shell_quote(work->os->path);
    g_autofree char *quoted = text_shell_quote(script);
    g_autofree char *command = g_strdup_printf("( cd %s && %s; )", dir, quoted);

    if (!(options->import ? set_import_vars(work->env, index)
                          : set_export_vars(work->env, disk, work->guest->instance, index, errp))) {
        return false;
    }
    set_command(options, command);
    options->exp_size = g_strdup(C_IE_CUSTOM_SIZE);
    return true;
}

static bool open_script(struct impexp_io *io, const struct any_dict *instance,
                        const struct json *args, struct impexp_options *options, GError **errp)
{
    CLEANUP(backend_disk_freep) struct disk *disk = decode_disk(args, 2, errp);

    if (disk == NULL) {
        return false;
    }
    if (json_kind(json_at(args, 1)) != JSON_INT || json_int(json_at(args, 1)) < 0) {
        return noded_fail(errp, "the index of a disk must be a number");
    }
    io->work = os_work_open(instance, 0, errp);
    return io->work != NULL &&
           set_script(io->work, disk, json_int(json_at(args, 1)), options, errp);
}

bool impexp_io_open(struct impexp_io *io, const struct any_dict *instance, const struct json *kind,
                    const struct json *args, struct impexp_options *options, GError **errp)
{
    const char *word = json_kind(kind) == JSON_STRING ? json_string(kind) : "";

    io->guest = guest_read(instance, errp);
    if (io->guest == NULL) {
        return false;
    }
    if (json_kind(args) != JSON_ARRAY) {
        return noded_fail(errp, "the arguments of a transfer must be a list");
    }
    if (strcmp(word, C_IEIO_FILE) == 0) {
        return open_file(args, options, errp);
    }
    if (strcmp(word, C_IEIO_RAW_DISK) == 0) {
        return open_raw(args, options, errp);
    }
    if (strcmp(word, C_IEIO_SCRIPT) == 0) {
        return open_script(io, instance, args, options, errp);
    }
    return noded_fail(errp, "'%s' is no kind of transfer", word);
}

void impexp_io_clear(struct impexp_io *io)
{
    os_work_free(io->work);
    guest_free(io->guest);
    *io = (struct impexp_io){NULL, NULL};
}
