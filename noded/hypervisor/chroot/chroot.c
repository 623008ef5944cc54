/* Guests that are folders: the operations (hv_chroot.py). */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cmd.h"
#include "base/fs.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "facts/errors.h"
#include "noded/hypervisor/chroot/mounts.h"
#include "noded/hypervisor/hv-common.h"

enum {
    MAX_GUESTS = 1000 * 1000,
    MAX_MOUNTS = 16 * 1024 * 1024,
    DIR_MODE = 0755,
    MS = 1000,
    /* For killed processes to end. */
    KILL_MS = 2000,
    KILL_STEP_MS = 50,
};

static const enum path_id no_files[] = {PATH_COUNT};

/* What stops a guest of which nothing is known but its name. */
static const char default_script[] = "/ganeti-chroot";

static bool prepare(GError **errp)
{
    static const enum path_id dirs[] = {PATH_CHROOT_ROOT_DIR};

    return hv_make_dirs(dirs, G_N_ELEMENTS(dirs), errp);
}

static bool verify(const struct value_map *hvparams, char **ret_problem, GError **errp)
{
    const char *dir = path_get(PATH_CHROOT_ROOT_DIR);

    (void)hvparams;
    (void)errp;
    *ret_problem = g_file_test(dir, G_FILE_TEST_EXISTS)
                       ? NULL
                       : g_strdup_printf("The required directory '%s' does not exist", dir);
    return true;
}

static bool node_info(const struct value_map *hvparams, struct node_hv_info *ret, GError **errp)
{
    (void)hvparams;
    return hv_linux_node_info(ret, errp);
}

static char *dir_of(const char *guest, GError **errp)
{
    return hv_guest_file(PATH_CHROOT_ROOT_DIR, guest, errp);
}

/* --- Who runs -----------------------------------------------------------------------------------
 */

static bool is_mounted(const char *dir)
{
    g_autofree char *parent = g_path_get_dirname(dir);
    struct stat own, above;

    return stat(dir, &own) == 0 && stat(parent, &above) == 0 && own.st_dev != above.st_dev;
}

/* Whether processes use the file system. */
static bool is_live(const char *dir)
{
    CLEANUP(cmd_freep) struct cmd *cmd = NULL;

    if (!is_mounted(dir)) {
        return false;
    }
    cmd = cmd_new("fuser", "-m", dir, NULL);
    return cmd_check(cmd, NULL, NULL);
}

static GPtrArray *list(const struct value_map *hvparams, GError **errp)
{
    GPtrArray *names = fs_list_dir(path_get(PATH_CHROOT_ROOT_DIR), MAX_GUESTS, errp);

    (void)hvparams;
    for (guint i = names != NULL ? names->len : 0; i > 0; i--) {
        g_autofree char *dir = dir_of(names->pdata[i - 1], NULL);

        if (dir == NULL || !is_live(dir)) {
            g_ptr_array_remove_index(names, i - 1);
        }
    }
    return names;
}

static struct hv_guest *guest_of(const char *name)
{
    struct hv_guest *guest = g_new0(struct hv_guest, 1);

    guest->name = g_strdup(name);
    guest->id = g_strdup("0");
    guest->state = HV_STATE_RUNNING;
    return guest;
}

static bool info(const char *name, const struct value_map *hvparams, struct hv_guest **ret,
                 GError **errp)
{
    g_autofree char *dir = dir_of(name, errp);

    (void)hvparams;
    *ret = dir != NULL && is_live(dir) ? guest_of(name) : NULL;
    return dir != NULL;
}

static void free_guest(void *guest)
{
    hv_guest_free(guest);
}

static GPtrArray *info_all(const struct value_map *hvparams, GError **errp)
{
    g_autoptr(GPtrArray) names = list(hvparams, errp);
    GPtrArray *guests;

    if (names == NULL) {
        return NULL;
    }
    guests = g_ptr_array_new_with_free_func(free_guest);
    for (guint i = 0; i < names->len; i++) {
        g_ptr_array_add(guests, guest_of(names->pdata[i]));
    }
    return guests;
}

/* --- Start and stop -----------------------------------------------------------------------------
 */

static bool run(struct cmd *cmd, const char *what, const char *guest, GError **errp)
{
    g_autoptr(GError) error = NULL;

    return cmd_check(cmd, NULL, &error) ||
           hv_fail(errp, "%s: cannot %s: %s", guest, what, error->message);
}

static bool mount_root(const char *guest, const char *dir, const struct hv_disk *disks,
                       size_t n_disks, GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *cmd = NULL;

    if (!fs_make_dir(dir, DIR_MODE, (uid_t)-1, (gid_t)-1, errp)) {
        err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
        return false;
    }
    if (is_mounted(dir)) {
        return true;
    }
    if (n_disks == 0 || disks[0].link == NULL) {
        return hv_fail(errp, "%s: the chroot manager needs at least one disk", guest);
    }
    cmd = cmd_new("mount", disks[0].link, dir, NULL);
    return run(cmd, "mount the root", guest, errp);
}

static const char *script_of(const struct instance *instance)
{
    return instance != NULL ? hv_text(&instance->hvparams, HV_NAME_init_script) : default_script;
}

static bool start(const struct instance *instance, const struct hv_disk *disks, size_t n_disks,
                  bool paused, GError **errp)
{
    g_autofree char *dir = dir_of(instance->name, errp);
    CLEANUP(cmd_freep) struct cmd *cmd = NULL;

    (void)paused;
    if (dir == NULL || !mount_root(instance->name, dir, disks, n_disks, errp)) {
        return false;
    }
    cmd = cmd_new("chroot", dir, script_of(instance), "start", NULL);
    return run(cmd, "run the start script", instance->name, errp);
}

static bool ask_to_stop(const struct instance *instance, const char *guest, const char *dir,
                        int timeout, GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new("chroot", dir, script_of(instance), "stop", NULL);

    if (timeout >= 0) {
        cmd_set_timeout(cmd, (guint)MAX(timeout, 1) * MS);
    }
    return run(cmd, "run the stop script", guest, errp);
}

/* That there are none left to signal is no error. */
static void signal_all(const char *dir, const char *signal)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new("fuser", "-k", signal, "-m", dir, NULL);
    g_autoptr(GError) error = NULL;

    if (!cmd_check(cmd, NULL, &error)) {
        log_debug("%s", error->message);
    }
}

static bool stop(const struct instance *instance, const char *name, const struct hv_stop *how,
                 GError **errp)
{
    const char *guest = how->by_name ? name : instance->name;
    g_autofree char *dir = dir_of(guest, errp);

    if (dir == NULL) {
        return false;
    }
    if (!is_live(dir)) {
        return true;
    }
    /* The script runs once only. */
    if (!how->force && !how->retry && !ask_to_stop(instance, guest, dir, how->timeout, errp)) {
        return false;
    }
    signal_all(dir, how->force ? "-KILL" : "-TERM");
    for (int waited = 0; how->force && waited < KILL_MS && is_live(dir); waited += KILL_STEP_MS) {
        (void)poll(NULL, 0, KILL_STEP_MS);
    }
    return !how->force || !is_live(dir) ||
           hv_fail(errp, "%s: processes that use %s do not end: fuser -vm %s shows them", guest,
                   dir, dir);
}

static bool unmount(const char *dir, GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new("umount", dir, NULL);

    return cmd_check(cmd, NULL, errp);
}

static void unmount_below(const char *dir)
{
    g_autofree char *mounts = fs_read_file("/proc/mounts", MAX_MOUNTS, NULL, NULL);
    g_autoptr(GPtrArray) paths = chroot_mounts_below(mounts != NULL ? mounts : "", dir);

    for (guint i = 0; i < paths->len; i++) {
        g_autoptr(GError) error = NULL;

        if (!unmount(paths->pdata[i], &error)) {
            log_warning("%s", error->message);
        }
    }
}

static bool cleanup(const char *name, GError **errp)
{
    g_autofree char *dir = dir_of(name, errp);
    g_autoptr(GError) error = NULL;

    if (dir == NULL) {
        return false;
    }
    if (!is_mounted(dir)) {
        return true;
    }
    if (is_live(dir)) {
        return hv_fail(errp, "%s: processes still use %s: fuser -vm %s shows them", name, dir, dir);
    }
    unmount_below(dir);
    return unmount(dir, &error) || hv_fail(errp, "%s: %s", name, error->message);
}

static bool reboot(const struct instance *instance, GError **errp)
{
    return hv_fail(errp, "%s: the chroot manager cannot reboot; shut it down and start it",
                   instance->name);
}

/* They have no limit of memory. */
static bool balloon(const struct instance *instance, int64_t memory, GError **errp)
{
    (void)instance;
    (void)memory;
    (void)errp;
    return true;
}

static bool console(const struct hv_console_args *args, struct console_info *ret, GError **errp)
{
    g_autofree char *dir = dir_of(args->instance->name, errp);

    if (dir == NULL) {
        return false;
    }
    if (!is_mounted(dir)) {
        return hv_fail(errp, "Instance %s is not running", args->instance->name);
    }
    hv_ssh_console(args, ret);
    hv_console_word(ret, "chroot");
    hv_console_word(ret, dir);
    hv_console_word(ret, "/bin/sh");
    return true;
}

const struct hv_ops hv_chroot = {
    .id = HYPERVISOR_CHROOT,
    .ancillary_files = no_files,
    .prepare = prepare,
    .verify = verify,
    .validate = hv_no_validate,
    .node_info = node_info,
    .list = list,
    .info = info,
    .info_all = info_all,
    .start = start,
    .is_complete = hv_always_complete,
    .restore = hv_no_restore,
    .stop = stop,
    .wait_down = hv_short_wait,
    .cleanup = cleanup,
    .reboot = reboot,
    .balloon = balloon,
    .console = console,
    .powercycle = hv_linux_powercycle,
    HV_OPS_WITHOUT_MIGRATION,
    HV_OPS_WITHOUT_HOTPLUG,
};
