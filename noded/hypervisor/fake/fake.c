/* Guests that are files: tests of whole clusters run with them. A file holds three lines: 0, the
 * memory in MiB, the virtual processors (lib/hypervisor/hv_fake.py). */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/parse.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/hypervisor/hv-common.h"

enum {
    MAX_GUESTS = 1000 * 1000,
    MAX_FILE = 4096,
};

static const enum path_id no_files[] = {PATH_COUNT};

static bool fake_prepare(GError **errp)
{
    static const enum path_id dirs[] = {PATH_FAKE_ROOT_DIR};

    return hv_make_dirs(dirs, G_N_ELEMENTS(dirs), errp);
}

static bool fake_verify(const struct value_map *hvparams, char **ret_problem, GError **errp)
{
    const char *dir = path_get(PATH_FAKE_ROOT_DIR);

    (void)hvparams;
    (void)errp;
    *ret_problem = g_file_test(dir, G_FILE_TEST_EXISTS)
                       ? NULL
                       : g_strdup_printf("The required directory '%s' does not exist", dir);
    return true;
}

/* A file that was damaged is still a guest that runs, so what cannot be read counts as 0. */
static int64_t number_of_line(const char *path, const char *line)
{
    g_autofree char *word = g_strstrip(g_strdup(line != NULL ? line : ""));
    g_autoptr(GError) error = NULL;
    int64_t number = 0;

    if (!parse_int64(word, 0, INT64_MAX, &number, &error)) {
        log_warning("%s: %s", path, error->message);
    }
    return number;
}

/* NULL without an error if there is no such guest. */
static struct hv_guest *read_guest(const char *path, const char *name, GError **errp)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = fs_read_file(path, MAX_FILE, NULL, &error);
    g_auto(GStrv) lines = NULL;
    struct hv_guest *guest;
    guint n;

    if (text == NULL) {
        if (!g_error_matches(error, FS_ERROR, ENOENT)) {
            hv_fail(errp, "Failed to list instance %s: %s", name, error->message);
        }
        return NULL;
    }
    lines = g_strsplit(text, "\n", 4);
    n = g_strv_length(lines);
    guest = g_new0(struct hv_guest, 1);
    guest->name = g_strdup(name);
    guest->id = g_strstrip(g_strdup(n > 0 ? lines[0] : ""));
    guest->memory = number_of_line(path, n > 1 ? lines[1] : NULL);
    guest->vcpus = number_of_line(path, n > 2 ? lines[2] : NULL);
    guest->state = HV_STATE_RUNNING;
    return guest;
}

static GPtrArray *fake_list(const struct value_map *hvparams, GError **errp)
{
    (void)hvparams;
    return fs_list_dir(path_get(PATH_FAKE_ROOT_DIR), MAX_GUESTS, errp);
}

static bool fake_info(const char *name, const struct value_map *hvparams, struct hv_guest **ret,
                      GError **errp)
{
    g_autofree char *path = hv_guest_file(PATH_FAKE_ROOT_DIR, name, errp);
    g_autoptr(GError) error = NULL;

    (void)hvparams;
    *ret = NULL;
    if (path == NULL) {
        return false;
    }
    *ret = read_guest(path, name, &error);
    if (error != NULL) {
        g_propagate_error(errp, g_steal_pointer(&error));
        return false;
    }
    return true;
}

static void guest_free(void *guest)
{
    hv_guest_free(guest);
}

static GPtrArray *fake_info_all(const struct value_map *hvparams, GError **errp)
{
    g_autoptr(GPtrArray) names = fake_list(hvparams, errp);
    g_autoptr(GPtrArray) guests = g_ptr_array_new_with_free_func(guest_free);

    if (names == NULL) {
        return NULL;
    }
    for (guint i = 0; i < names->len; i++) {
        struct hv_guest *guest;

        if (!fake_info(names->pdata[i], hvparams, &guest, errp)) {
            return NULL;
        }
        if (guest != NULL) {
            g_ptr_array_add(guests, guest);
        }
    }
    return g_steal_pointer(&guests);
}

static bool fake_node_info(const struct value_map *hvparams, struct node_hv_info *ret,
                           GError **errp)
{
    g_autoptr(GPtrArray) guests = NULL;

    if (!hv_linux_node_info(ret, errp)) {
        return false;
    }
    guests = fake_info_all(hvparams, errp);
    if (guests == NULL) {
        return false;
    }
    for (guint i = 0; i < guests->len; i++) {
        const struct hv_guest *guest = guests->pdata[i];

        ret->memory_free -= MIN(ret->memory_free, guest->memory);
    }
    return true;
}

static bool is_running(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static bool mark_up(const struct instance *instance, int64_t memory, const char *path,
                    GError **errp)
{
    g_autofree char *text = g_strdup_printf("0\n%" G_GINT64_FORMAT "\n%" G_GINT64_FORMAT "\n",
                                            memory, instance->beparams.vcpus);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, C_SECURE_FILE_MODE);
    bool ok;

    if (fd < 0) {
        return fs_error_set(errp, errno, "open", path);
    }
    ok = fs_write_fd(fd, path, text, strlen(text), errp);
    (void)close(fd);
    return ok;
}

/* The memory that the node can give it, as its start does. */
static bool mark_started(const struct instance *instance, const char *path, GError **errp)
{
    struct node_hv_info info = {0};
    bool ok =
        fake_node_info(&instance->hvparams, &info, errp) &&
        mark_up(instance, hv_startup_memory(&instance->beparams, info.memory_free), path, errp);

    fact_object_clear(&fact_object_node_hv_info, &info);
    if (!ok) {
        g_prefix_error(errp, "Failed to start instance %s: ", instance->name);
        err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
    }
    return ok;
}

static bool fake_start(const struct instance *instance, const struct hv_disk *disks, size_t n_disks,
                       bool paused, GError **errp)
{
    g_autofree char *path = hv_guest_file(PATH_FAKE_ROOT_DIR, instance->name, errp);

    (void)disks;
    (void)n_disks;
    (void)paused;
    if (path == NULL) {
        return false;
    }
    if (is_running(path)) {
        return hv_fail(errp, "Failed to start instance %s: already running", instance->name);
    }
    return mark_started(instance, path, errp);
}

static bool mark_down(const char *path, GError **errp)
{
    if (!fs_remove_file(path, errp)) {
        err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
        return false;
    }
    return true;
}

static bool fake_stop(const struct instance *instance, const char *name, const struct hv_stop *how,
                      GError **errp)
{
    const char *guest = how->by_name ? name : instance->name;
    g_autofree char *path = hv_guest_file(PATH_FAKE_ROOT_DIR, guest, errp);

    if (path == NULL) {
        return false;
    }
    if (!is_running(path)) {
        return hv_fail(errp, "Failed to stop instance %s: not running", guest);
    }
    return mark_down(path, errp);
}

static bool fake_reboot(const struct instance *instance, GError **errp)
{
    (void)instance;
    (void)errp;
    return true;
}

static bool fake_balloon(const struct instance *instance, int64_t memory, GError **errp)
{
    g_autofree char *path = hv_guest_file(PATH_FAKE_ROOT_DIR, instance->name, errp);

    if (path == NULL) {
        return false;
    }
    if (!is_running(path)) {
        return hv_fail(errp, "Failed to balloon memory for %s: not running", instance->name);
    }
    if (!mark_up(instance, memory, path, errp)) {
        g_prefix_error(errp, "Failed to balloon memory for %s: ", instance->name);
        err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
        return false;
    }
    return true;
}

static bool fake_accept(const struct instance *instance, const char *info, const char *target,
                        GError **errp)
{
    g_autofree char *path = hv_guest_file(PATH_FAKE_ROOT_DIR, instance->name, errp);

    (void)info;
    (void)target;
    if (path == NULL) {
        return false;
    }
    if (is_running(path)) {
        return hv_fail(errp, "Can't accept instance %s: already running", instance->name);
    }
    return true;
}

static bool fake_migrate(const char *cluster_name, const struct instance *instance,
                         const char *target, bool live, GError **errp)
{
    (void)cluster_name;
    (void)errp;
    log_debug("Fake hypervisor migrating %s to %s (live=%d)", instance->name, target, live);
    return true;
}

static bool fake_migration_status(const struct instance *instance, struct hv_migration *ret,
                                  GError **errp)
{
    (void)instance;
    (void)errp;
    *ret = (struct hv_migration){
        .status = C_HV_MIGRATION_COMPLETED, .transferred_ram = -1, .total_ram = -1};
    return true;
}

static bool fake_finish_target(const struct instance *instance, const char *info, bool success,
                               GError **errp)
{
    g_autofree char *path = hv_guest_file(PATH_FAKE_ROOT_DIR, instance->name, errp);

    (void)info;
    if (path == NULL) {
        return false;
    }
    return success ? mark_started(instance, path, errp) : mark_down(path, errp);
}

static bool fake_finish_source(const struct instance *instance, bool success, bool live,
                               GError **errp)
{
    g_autofree char *path = hv_guest_file(PATH_FAKE_ROOT_DIR, instance->name, errp);

    (void)live;
    return path != NULL && (!success || mark_down(path, errp));
}

static bool fake_console(const struct hv_console_args *args, struct console_info *ret,
                         GError **errp)
{
    (void)errp;
    hv_message_console(args, "Guests of the fake hypervisor have no console", ret);
    return true;
}

const struct hv_ops hv_fake = {
    .id = HYPERVISOR_FAKE,
    .flags = HV_CAN_MIGRATE,
    .ancillary_files = no_files,
    .prepare = fake_prepare,
    .verify = fake_verify,
    .validate = hv_no_validate,
    .node_info = fake_node_info,
    .list = fake_list,
    .info = fake_info,
    .info_all = fake_info_all,
    .start = fake_start,
    .is_complete = hv_always_complete,
    .restore = hv_no_restore,
    .stop = fake_stop,
    .wait_down = hv_short_wait,
    .cleanup = hv_no_cleanup,
    .reboot = fake_reboot,
    .balloon = fake_balloon,
    .migration_info = hv_no_migration_info,
    .accept = fake_accept,
    .migrate = fake_migrate,
    .migration_status = fake_migration_status,
    .finish_target = fake_finish_target,
    .finish_source = fake_finish_source,
    .console = fake_console,
    .powercycle = hv_linux_powercycle,
    HV_OPS_WITHOUT_HOTPLUG,
};
