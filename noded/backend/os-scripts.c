/* Scripts of operating systems that work on instances. */
#include "config.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/fs-tree.h"
#include "base/fs.h"
#include "base/json.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/backend/disk-links.h"
#include "noded/backend/disks.h"
#include "noded/backend/os.h"
#include "provider-interface/script.h"

/* The caller waits this much longer. */
enum { MARGIN_S = 30 };

unsigned os_script_timeout(enum rpc_id call)
{
    return (unsigned)rpc_timeout_seconds(&rpc_rows[call].timeout) - MARGIN_S;
}

struct os_definition *os_open(const char *full_name, GError **errp)
{
    g_autofree char *name = NULL, *variant = NULL;
    CLEANUP(os_definition_freep) struct os_definition *os = NULL;

    os_split_name(full_name, &name, &variant);
    os = os_definition_find(name, path_list(PATH_OS_SEARCH_PATH));
    if (os->problem != NULL) {
        noded_error_set(errp, "operating system '%s' on %s: %s", name, backend_node_name(),
                        os->problem);
        return NULL;
    }
    return g_steal_pointer(&os);
}

struct bdev *os_open_disk(const struct disk *disk, GError **errp)
{
    CLEANUP(bdev_freep) struct bdev *dev = backend_disk_find(disk, errp);

    return dev != NULL && dev->ops->open(dev, false, true, errp) ? g_steal_pointer(&dev) : NULL;
}

static bool open_disk(struct os_work *work, size_t index, GError **errp)
{
    const struct disk *disk = &work->guest->disks.v[index];
    const struct instance *instance = work->guest->instance;
    char *uri = NULL;

    work->devs[index] = os_open_disk(disk, errp);
    if (work->devs[index] == NULL ||
        !disk_uri(work->devs[index], instance->hypervisor, &uri, errp)) {
        return false;
    }
    work->disks[index] =
        (struct os_disk){.disk = disk, .path = work->devs[index]->path, .uri = uri};
    return true;
}

static bool open_all(struct os_work *work, const struct any_dict *dict, int debug, GError **errp)
{
    const struct instance *instance;
    struct os_target target;

    work->guest = guest_read(dict, errp);
    if (work->guest == NULL) {
        return false;
    }
    instance = work->guest->instance;
    work->os = os_open(instance->os, errp);
    if (work->os == NULL) {
        return false;
    }
    work->devs = g_new0(struct bdev *, work->guest->disks.n);
    work->disks = g_new0(struct os_disk, work->guest->disks.n);
    while (work->n_disks < work->guest->disks.n) {
        if (!open_disk(work, work->n_disks++, errp)) {
            return false;
        }
    }
    target = (struct os_target){.os = work->os,
                                .full_name = instance->os,
                                .debug = debug,
                                .params = &instance->osparams,
                                .private_params = &instance->osparams_private,
                                .instance = instance,
                                .disks = work->disks,
                                .n_disks = work->n_disks};
    work->env = os_env_new(&target, errp);
    return work->env != NULL;
}

struct os_work *os_work_open(const struct any_dict *instance, int debug, GError **errp)
{
    CLEANUP(os_work_freep) struct os_work *work = g_new0(struct os_work, 1);

    return open_all(work, instance, debug, errp) ? g_steal_pointer(&work) : NULL;
}

void os_work_free(struct os_work *work)
{
    if (work == NULL) {
        return;
    }
    for (size_t i = 0; i < work->n_disks; i++) {
        g_free((char *)work->disks[i].uri);
        bdev_free(work->devs[i]);
    }
    g_free(work->disks);
    g_free(work->devs);
    if (work->env != NULL) {
        script_env_free(work->env);
    }
    os_definition_free(work->os);
    guest_free(work->guest);
    g_free(work);
}

/* --- Create and rename ---------------------------------------------------------------------------
 */

/* log: what the name of the log file begins with, and what it has for the instance. */
static bool run(const struct os_work *work, enum os_script script, const char *word,
                const char *kind, const char *log_name, enum rpc_id call, GError **errp)
{
    g_autofree char *what =
        g_strdup_printf("script '%s' of operating system '%s'", word, work->guest->instance->os);
    g_autofree char *log = NULL;

    if (work->os->scripts[script] == NULL) {
        return noded_fail(errp, "operating system '%s' has no script '%s'", work->os->name, word);
    }
    log = script_log_path(path_get(PATH_LOG_OS_DIR), errp, kind, work->guest->instance->os,
                          log_name, NULL);
    return log != NULL && script_run(&(struct script){.what = what,
                                                      .path = work->os->scripts[script],
                                                      .dir = work->os->path,
                                                      .env = work->env,
                                                      .log = log,
                                                      .timeout = os_script_timeout(call)},
                                     NULL, errp);
}

NODED_CALL(instance_os_add, NODED_WORKER)
{
    CLEANUP(os_work_freep)
    struct os_work *work = os_work_open(&args->instance_osp, (int)args->debug, errp);

    if (work == NULL) {
        return false;
    }
    if (args->reinstall) {
        script_env_set(work->env, os_var_names[OS_VAR_INSTANCE_REINSTALL], "1");
    }
    json_write_null(result);
    return run(work, OS_CREATE, C_OS_SCRIPT_CREATE, "add", work->guest->instance->name,
               RPC_instance_os_add, errp);
}

NODED_CALL(instance_run_rename, NODED_WORKER)
{
    CLEANUP(os_work_freep)
    struct os_work *work = os_work_open(&args->instance, (int)args->debug, errp);
    g_autofree char *names = NULL;

    if (work == NULL) {
        return false;
    }
    script_env_set(work->env, os_var_names[OS_VAR_OLD_INSTANCE_NAME], args->old_name);
    names = g_strdup_printf("%s-%s", args->old_name, work->guest->instance->name);
    json_write_null(result);
    return run(work, OS_RENAME, C_OS_SCRIPT_RENAME, C_OS_SCRIPT_RENAME, names,
               RPC_instance_run_rename, errp);
}

/* --- Export of a definition ----------------------------------------------------------------------
 */

static bool override(struct script_env *env, const struct any_dict *vars, GError **errp)
{
    for (size_t i = 0; i < vars->n; i++) {
        if (json_kind(vars->v[i].value) != JSON_STRING) {
            return noded_fail(errp, "variable '%s': the value must be a text", vars->v[i].key);
        }
        script_env_set(env, vars->v[i].key, json_string(vars->v[i].value));
    }
    return true;
}

static bool write_environment(const char *dir, const struct script_env *env, GError **errp)
{
    const struct fs_write_opts opts = {.flags = FS_WRITE_VOLATILE};
    g_autofree char *path = g_build_filename(dir, "environment", NULL);
    g_autofree const char **names = script_env_names(env);
    g_autoptr(GString) text = g_string_new(NULL);

    for (const char **name = names; *name != NULL; name++) {
        g_string_append_printf(text, "%s=%s\n", *name, script_env_get(env, *name));
    }
    return fs_write_atomic(path, text->str, text->len, &opts, errp);
}

/* Followed, so that the archive holds the files themselves. */
static bool link_definition(const char *dir, const struct os_definition *os, GError **errp)
{
    g_autofree char *path = g_build_filename(dir, "os", NULL);

    return symlink(os->path, path) == 0 || fs_error_set(errp, errno, "make the link", path);
}

static bool pack(const char *dir, const char *archive, GError **errp)
{
    CLEANUP(cmd_freep)
    struct cmd *cmd = cmd_new("tar", "--dereference", "-cz", "-f", archive, "-C", dir, ".", NULL);

    cmd_set_timeout(cmd, os_script_timeout(RPC_os_export) * 1000);
    return cmd_check(cmd, NULL, errp);
}

/* A gzip-compressed archive of the definition and the environment of its scripts; its path is the
 * answer, and the file the caller's to remove (ExportOS). It may hold secrets. */
static char *export(const struct os_work *work, GError **errp)
{
    g_autofree char *archive = NULL, *dir = g_dir_make_tmp("ganeti-os-XXXXXX", errp);
    bool ok;
    int fd;

    if (dir == NULL) {
        return NULL;
    }
    fd = g_file_open_tmp("ganeti-os-XXXXXX.tgz", &archive, errp);
    ok = fd >= 0 && link_definition(dir, work->os, errp) &&
         write_environment(dir, work->env, errp) && pack(dir, archive, errp);
    fs_closep(&fd);
    if (!ok && archive != NULL) {
        (void)g_unlink(archive);
    }
    (void)!fs_remove_tree(dir, NULL);
    return ok ? g_steal_pointer(&archive) : NULL;
}

NODED_CALL(os_export, NODED_WORKER)
{
    CLEANUP(os_work_freep) struct os_work *work = os_work_open(&args->instance, 0, errp);
    g_autofree char *archive = NULL;

    if (work == NULL || !override(work->env, &args->override_env, errp)) {
        return false;
    }
    archive = export(work, errp);
    if (archive != NULL) {
        json_write_string(result, archive);
    }
    return archive != NULL;
}
