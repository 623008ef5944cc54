#include "config.h"

#include "noded/hypervisor/hv-common.h"

#include <poll.h>
#include <string.h>

#include "base/cmd.h"
#include "base/fs.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "facts/errors.h"

enum { SHORT_WAIT_MS = 1000 };

bool hv_fail(GError **errp, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    return err_fail(errp, ERR_HYPERVISOR, ECODE_NONE, "%s", text);
}

const char *hv_text(const struct value_map *hvparams, enum hv_name_id name)
{
    const char *text = fact_value_text(hv_value(hvparams, name));

    return text != NULL ? text : "";
}

bool hv_true(const struct value_map *hvparams, enum hv_name_id name)
{
    return fact_value_is_true(hv_value(hvparams, name));
}

int64_t hv_int(const struct value_map *hvparams, enum hv_name_id name, int64_t dflt)
{
    const struct fact_value *value = hv_value(hvparams, name);

    return value != NULL && value->kind == JSON_INT ? value->integer : dflt;
}

static bool is_url(const char *text)
{
    return g_str_has_prefix(text, "http://") || g_str_has_prefix(text, "https://") ||
           g_str_has_prefix(text, "ftp://") || g_str_has_prefix(text, "ftps://");
}

/* What is missing; NULL: nothing. */
static const char *missing_path(const struct hv_param *param, const char *path)
{
    switch (param->check) {
    case HV_CHECK_FILE:
        return g_file_test(path, G_FILE_TEST_IS_REGULAR) ? NULL : "not found or not a file";
    case HV_CHECK_FILE_OR_URL:
        return is_url(path) || g_file_test(path, G_FILE_TEST_IS_REGULAR)
                   ? NULL
                   : "not found or not a file or URL";
    case HV_CHECK_DIR:
        return g_file_test(path, G_FILE_TEST_IS_DIR) ? NULL : "not found or not a directory";
    default:
        return NULL;
    }
}

bool hv_validate_paths(enum hypervisor hypervisor, const struct value_map *hvparams, GError **errp)
{
    for (size_t i = 0; i < hvparams->n; i++) {
        const struct hv_param *param = hv_param_find(hypervisor, hvparams->v[i].key);
        const char *path = fact_value_text(&hvparams->v[i].value);
        const char *problem = NULL;

        if (param != NULL && path != NULL && (*path != '\0' || param->required)) {
            problem = missing_path(param, path);
        }
        if (problem != NULL) {
            return hv_fail(errp, "Parameter '%s' fails validation: %s (current value: '%s')",
                           param->name->name, problem, path);
        }
    }
    return true;
}

bool hv_make_dirs(const enum path_id *dirs, size_t n, GError **errp)
{
    for (size_t i = 0; i < n; i++) {
        if (!fs_make_dir(path_get(dirs[i]), C_RUN_DIRS_MODE, (uid_t)-1, (gid_t)-1, errp)) {
            err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
            return false;
        }
    }
    return true;
}

char *hv_guest_file(enum path_id dir, const char *name, GError **errp)
{
    if (name == NULL || name[0] == '\0' || strchr(name, '/') != NULL || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0) {
        hv_fail(errp, "'%s' cannot be the name of an instance", name != NULL ? name : "");
        return NULL;
    }
    return g_build_filename(path_get(dir), name, NULL);
}

bool hv_ensure_daemon(enum daemon_id id, GError **errp)
{
    const char *name = daemon_rows[id].name;
    g_autofree char *pid_file = path_format(PATH_DAEMON_PIDFILE, name);
    CLEANUP(cmd_freep) struct cmd *cmd = NULL;

    if (!fs_lock_is_dead(pid_file, FS_LOCK_BOTH)) {
        return true;
    }
    cmd = cmd_new(path_get(PATH_DAEMON_UTIL), "start", name, NULL);
    if (!cmd_check(cmd, NULL, errp)) {
        g_prefix_error(errp, "cannot start %s: ", name);
        err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
        return false;
    }
    return true;
}

int64_t hv_startup_memory(const struct beparams *beparams, int64_t free)
{
    return MAX(beparams->minmem, MIN(beparams->maxmem, free));
}

/* For hypervisors that cannot tell: the caller asks again. */
void hv_short_wait(const char *name, int ms)
{
    (void)name;
    (void)poll(NULL, 0, MIN(ms, SHORT_WAIT_MS));
}

bool hv_always_complete(const struct instance *instance)
{
    (void)instance;
    return true;
}

bool hv_no_restore(const struct instance *instance, const struct hv_disk *disks, size_t n_disks,
                   GError **errp)
{
    (void)instance;
    (void)disks;
    (void)n_disks;
    (void)errp;
    return true;
}

bool hv_no_validate(const struct value_map *hvparams, GError **errp)
{
    (void)hvparams;
    (void)errp;
    return true;
}

bool hv_no_cleanup(const char *name, GError **errp)
{
    (void)name;
    (void)errp;
    return true;
}

char *hv_no_migration_info(const struct instance *instance, GError **errp)
{
    (void)instance;
    (void)errp;
    return g_strdup("");
}

bool hv_no_accept(const struct instance *instance, const char *info, const char *target,
                  GError **errp)
{
    (void)instance;
    (void)info;
    (void)target;
    (void)errp;
    return true;
}

bool hv_no_finish_target(const struct instance *instance, const char *info, bool success,
                         GError **errp)
{
    (void)instance;
    (void)info;
    (void)success;
    (void)errp;
    return true;
}

bool hv_no_finish_source(const struct instance *instance, bool success, bool live, GError **errp)
{
    (void)instance;
    (void)success;
    (void)live;
    (void)errp;
    return true;
}

static bool fail_unsupported(const struct instance *instance, enum err_class error_class,
                             const char *what, GError **errp)
{
    return err_fail(errp, error_class, ECODE_NONE, "%s is not supported by the hypervisor of %s",
                    what, instance->name);
}

bool hv_unsupported_migrate(const char *cluster_name, const struct instance *instance,
                            const char *target, bool live, GError **errp)
{
    (void)cluster_name;
    (void)target;
    (void)live;
    return fail_unsupported(instance, ERR_HYPERVISOR, "Migration", errp);
}

bool hv_unsupported_migration_status(const struct instance *instance, struct hv_migration *ret,
                                     GError **errp)
{
    (void)ret;
    return fail_unsupported(instance, ERR_HYPERVISOR, "Migration", errp);
}

bool hv_unsupported_balloon(const struct instance *instance, int64_t memory, GError **errp)
{
    (void)memory;
    return fail_unsupported(instance, ERR_HYPERVISOR, "A change of memory", errp);
}

bool hv_unsupported_hot_supported(const struct instance *instance, GError **errp)
{
    return fail_unsupported(instance, ERR_HOTPLUG, "Hotplug", errp);
}

bool hv_unsupported_hot_verify(const struct instance *instance, enum hv_hot_action action,
                               enum hv_hot_target target, GError **errp)
{
    (void)action;
    (void)target;
    return fail_unsupported(instance, ERR_HOTPLUG, "Hotplug", errp);
}

bool hv_unsupported_hot_change(const struct instance *instance, enum hv_hot_action action,
                               const struct hv_device *device, GError **errp)
{
    (void)action;
    (void)device;
    return fail_unsupported(instance, ERR_HOTPLUG, "Hotplug", errp);
}

bool hv_unsupported_resize_disk(const struct instance *instance, const struct disk *disk,
                                int64_t size, GError **errp)
{
    (void)disk;
    (void)size;
    return fail_unsupported(instance, ERR_HOTPLUG, "The resize of a disk in use", errp);
}
