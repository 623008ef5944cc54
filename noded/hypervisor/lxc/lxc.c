/* Containers of LXC: the operations (hv_lxc.py). */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/cmd.h"
#include "base/fs.h"
#include "base/json-writer.h"
#include "base/json.h"
#include "base/log.h"
#include "base/parse.h"
#include "compat-config/paths/paths.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/hypervisor/cpu-mask.h"
#include "noded/hypervisor/hv-common.h"
#include "noded/hypervisor/lxc/build.h"
#include "noded/hypervisor/lxc/cgroup.h"

enum {
    DIR_MODE = 0755,
    FILE_MODE = 0600,
    MAX_STASH = 64 * 1024,
    MS = 1000,
    REBOOT_S = 120,
    STARTUP_S = 30,
    MAX_VERSION = 9999,
    BYTES_PER_MIB = 1024 * 1024,
};

static const char memory_limit[] = "memory.limit_in_bytes";
static const char swap_limit[] = "memory.memsw.limit_in_bytes";
static const double ns_per_s = 1e9;

static const enum path_id no_files[] = {PATH_COUNT};

static bool prepare(GError **errp)
{
    static const enum path_id dirs[] = {PATH_LXC_ROOT_DIR, PATH_LOG_LXC_DIR, PATH_LXC_INSTANCE_DIR};

    return hv_make_dirs(dirs, G_N_ELEMENTS(dirs), errp);
}

static bool node_info(const struct value_map *hvparams, struct node_hv_info *ret, GError **errp)
{
    (void)hvparams;
    return hv_linux_node_info(ret, errp);
}

static char *guest_path(const char *guest, const char *name, GError **errp)
{
    g_autofree char *dir = hv_guest_file(PATH_LXC_INSTANCE_DIR, guest, errp);

    return dir == NULL ? NULL : g_build_filename(dir, name, NULL);
}

/* Runs, and says what could not be done. */
static bool run(struct cmd *cmd, const char *guest, const char *what, GError **errp)
{
    g_autoptr(GError) error = NULL;

    return cmd_check(cmd, NULL, &error) ||
           hv_fail(errp, "%s: cannot %s: %s", guest, what, error->message);
}

/* --- LXC itself ---------------------------------------------------------------------------------
 */

struct version {
    int major, minor, micro;
};

static bool at_least(const struct version *version, int major, int minor, int micro)
{
    return version->major != major   ? version->major > major
           : version->minor != minor ? version->minor > minor
                                     : version->micro >= micro;
}

/* "4.0.11"; what may stand behind the third number ("1.0.0.beta1", "1.0.0-rc1") does not count. */
static bool parse_version(const char *text, struct version *ret)
{
    g_auto(GStrv) parts = g_strsplit_set(text, ".-", -1);

    return g_strv_length(parts) >= 3 && parse_int(parts[0], 0, MAX_VERSION, &ret->major, NULL) &&
           parse_int(parts[1], 0, MAX_VERSION, &ret->minor, NULL) &&
           parse_int(parts[2], 0, MAX_VERSION, &ret->micro, NULL);
}

static bool version_of(const char *program, struct version *ret, GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new(program, "--version", NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    if (!cmd_check(cmd, &text, &error)) {
        return hv_fail(errp, "Failed to get version info from command %s: %s", program,
                       error->message);
    }
    if (!parse_version(g_strchomp(text), ret)) {
        return hv_fail(errp, "Can't parse LXC version from %s: %s", program, text);
    }
    return true;
}

static void add_problem(GPtrArray *problems, GError **error)
{
    g_ptr_array_add(problems, g_strdup((*error)->message));
    g_clear_error(error);
}

static void check_programs(GPtrArray *problems)
{
    static const char *const programs[] = {"lxc-console", "lxc-start", "lxc-stop", "lxc-wait"};
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new("lxc-ls", "--help", NULL);
    CLEANUP(cmd_result_freep) struct cmd_result *help = NULL;
    g_autoptr(GError) error = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
        struct version version = {0};

        if (!version_of(programs[i], &version, &error)) {
            add_problem(problems, &error);
        } else if (!at_least(&version, 1, 0, 0)) {
            g_ptr_array_add(problems,
                            g_strdup_printf("LXC version >= 1.0.0 is required but command %s has "
                                            "version %d.%d.%d",
                                            programs[i], version.major, version.minor,
                                            version.micro));
        }
    }
    help = cmd_run(cmd, &error);
    if (help == NULL) {
        add_problem(problems, &error);
    } else if (strstr(help->out, "--running") == NULL && strstr(help->err, "--running") == NULL) {
        g_ptr_array_add(problems, g_strdup("this lxc-ls does not know --running"));
    }
}

static bool verify(const struct value_map *hvparams, char **ret_problem, GError **errp)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    const char *dir = path_get(PATH_LXC_ROOT_DIR);
    g_autoptr(GError) error = NULL;

    (void)errp;
    if (!g_file_test(dir, G_FILE_TEST_EXISTS)) {
        g_ptr_array_add(problems,
                        g_strdup_printf("The required directory '%s' does not exist", dir));
    }
    if (!cgroup_mount_all(hv_text(hvparams, HV_NAME_extra_cgroups), &error)) {
        add_problem(problems, &error);
    }
    check_programs(problems);
    *ret_problem = NULL;
    if (problems->len > 0) {
        g_ptr_array_add(problems, NULL);
        *ret_problem = g_strjoinv("; ", (char **)problems->pdata);
    }
    return true;
}

/* --- Who runs -----------------------------------------------------------------------------------
 */

static GPtrArray *list(const struct value_map *hvparams, GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new("lxc-ls", "--running", NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_auto(GStrv) words = NULL;
    GPtrArray *names;

    (void)hvparams;
    if (!cmd_check(cmd, &text, &error)) {
        hv_fail(errp, "Failed to get running LXC containers list: %s", error->message);
        return NULL;
    }
    words = g_strsplit_set(text, " \t\n", -1);
    names = g_ptr_array_new_with_free_func(g_free);
    for (char **word = words; *word != NULL; word++) {
        if (**word != '\0') {
            g_ptr_array_add(names, g_strdup(*word));
        }
    }
    return names;
}

static bool is_alive(const char *guest, bool *ret, GError **errp)
{
    g_autoptr(GPtrArray) names = list(NULL, errp);

    *ret = names != NULL && g_ptr_array_find_with_equal_func(names, guest, g_str_equal, NULL);
    return names != NULL;
}

static bool read_number(const char *parameter, const char *guest, int64_t *ret, GError **errp)
{
    g_autofree char *text = cgroup_get(parameter, guest, errp);
    char *end = NULL;

    if (text == NULL) {
        g_prefix_error(errp, "%s: ", guest);
        err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
        return false;
    }
    *ret = g_ascii_strtoll(text, &end, 10);
    return (end != text && *end == '\0') ||
           hv_fail(errp, "%s: %s is no number: '%.40s'", guest, parameter, text);
}

static bool count_cpus(const char *guest, int64_t *ret, GError **errp)
{
    g_autofree char *text = cgroup_get("cpuset.cpus", guest, errp);
    g_autoptr(GPtrArray) masks = text == NULL ? NULL : cpu_masks_parse(text, errp);

    if (masks == NULL) {
        err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
        return false;
    }
    *ret = ((const GArray *)masks->pdata[0])->len;
    return true;
}

static struct hv_guest *guest_of(const char *name, GError **errp)
{
    CLEANUP(hv_guest_freep) struct hv_guest *guest = g_new0(struct hv_guest, 1);
    int64_t memory = 0, time_ns = 0;

    if (!count_cpus(name, &guest->vcpus, errp) || !read_number(memory_limit, name, &memory, errp) ||
        !read_number("cpuacct.usage", name, &time_ns, errp)) {
        return NULL;
    }
    guest->name = g_strdup(name);
    guest->id = g_strdup("0");
    guest->memory = memory / BYTES_PER_MIB;
    guest->cpu_time = (double)time_ns / ns_per_s;
    guest->state = HV_STATE_RUNNING;
    return g_steal_pointer(&guest);
}

static bool info(const char *name, const struct value_map *hvparams, struct hv_guest **ret,
                 GError **errp)
{
    bool alive = false;

    (void)hvparams;
    *ret = NULL;
    if (!is_alive(name, &alive, errp)) {
        return false;
    }
    *ret = alive ? guest_of(name, errp) : NULL;
    return !alive || *ret != NULL;
}

static void free_guest(void *guest)
{
    hv_guest_free(guest);
}

/* Of those that we have started; one that cannot be asked is left out. */
static GPtrArray *info_all(const struct value_map *hvparams, GError **errp)
{
    g_autoptr(GPtrArray) names = list(hvparams, errp);
    GPtrArray *guests = names == NULL ? NULL : g_ptr_array_new_with_free_func(free_guest);

    for (guint i = 0; guests != NULL && i < names->len; i++) {
        g_autofree char *dir = hv_guest_file(PATH_LXC_INSTANCE_DIR, names->pdata[i], NULL);
        g_autoptr(GError) error = NULL;
        struct hv_guest *guest;

        if (dir == NULL || !g_file_test(dir, G_FILE_TEST_IS_DIR)) {
            continue;
        }
        guest = guest_of(names->pdata[i], &error);
        if (guest != NULL) {
            g_ptr_array_add(guests, guest);
        } else {
            log_warning("%s", error->message);
        }
    }
    return guests;
}

/* --- Disks with partitions ----------------------------------------------------------------------
 */

static bool release_loop(const char *loop, GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *unmap = cmd_new("kpartx", "-d", loop, NULL);
    CLEANUP(cmd_freep) struct cmd *settle = cmd_new("udevadm", "settle", NULL);
    CLEANUP(cmd_freep) struct cmd *detach = cmd_new("losetup", "-d", loop, NULL);

    return cmd_check(unmap, NULL, errp) && cmd_check(settle, NULL, errp) &&
           cmd_check(detach, NULL, errp);
}

/* "add map loop0p1 (254:1): 0 2048 linear 7:0 2048" for each partition. */
static char *first_partition(const char *maps)
{
    g_auto(GStrv) words = g_strsplit(maps, " ", 4);

    return g_strv_length(words) >= 3 ? g_build_filename("/dev/mapper", words[2], NULL) : NULL;
}

/* The device to mount as root, and the loop device that it took, if any; both allocated. */
static char *map_root(const char *disk, char **ret_loop, GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *attach = cmd_new("losetup", "-f", "--show", disk, NULL);
    CLEANUP(cmd_freep) struct cmd *map = NULL;
    g_autofree char *loop = NULL, *maps = NULL;
    char *part;

    *ret_loop = NULL;
    if (!cmd_check(attach, &loop, errp)) {
        return NULL;
    }
    g_strchomp(loop);
    map = cmd_new("kpartx", "-a", "-v", loop, NULL);
    if (!cmd_check(map, &maps, errp)) {
        (void)release_loop(loop, NULL);
        return NULL;
    }
    part = first_partition(maps);
    if (part != NULL) {
        *ret_loop = g_steal_pointer(&loop);
        return part;
    }
    return release_loop(loop, errp) ? g_strdup(disk) : NULL;
}

/* --- The stash ----------------------------------------------------------------------------------
 */

static const char loop_key[] = "allocated_loopdev";

static bool write_guest_file(const char *path, const char *text, mode_t mode, GError **errp)
{
    const struct fs_write_opts opts = {.mode = mode};

    return fs_write_atomic(path, text, strlen(text), &opts, errp);
}

static bool save_stash(const char *guest, const char *loop, GError **errp)
{
    g_autofree char *path = guest_path(guest, "stash", errp);
    CLEANUP(json_unrefp) struct json *stash = json_new_object();
    g_autofree char *text = NULL;

    if (loop != NULL) {
        json_set(stash, loop_key, json_new_string(loop));
    }
    text = json_to_string(stash, JSON_PYTHON);
    return path != NULL && write_guest_file(path, text, FILE_MODE, errp);
}

static bool end_stash(const char *guest, const char *loop, GError **errp)
{
    g_autofree char *path = guest_path(guest, "stash", errp);

    return path != NULL && (loop == NULL || release_loop(loop, errp)) && fs_remove_file(path, errp);
}

static bool cleanup(const char *name, GError **errp)
{
    g_autofree char *path = guest_path(name, "stash", errp);
    CLEANUP(json_unrefp) struct json *stash = NULL;
    const struct json *loop;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    if (path == NULL) {
        return false;
    }
    text = fs_read_file(path, MAX_STASH, NULL, &error);
    if (g_error_matches(error, FS_ERROR, ENOENT)) {
        return true; /* cleaned up already */
    }
    if (text == NULL || !json_parse(text, -1, &stash, &error)) {
        return hv_fail(errp, "Failed to load instance stash file %s : %s", path, error->message);
    }
    loop = json_kind(stash) == JSON_OBJECT ? json_get(stash, loop_key) : NULL;
    return end_stash(name, json_kind(loop) == JSON_STRING ? json_string(loop) : NULL, &error) ||
           hv_fail(errp, "%s: cannot clean up: %s", name, error->message);
}

/* --- Start --------------------------------------------------------------------------------------
 */

static bool check_disks(const char *guest, size_t n_disks, GError **errp)
{
    return n_disks == 1 ||
           hv_fail(errp, "%s: %s", guest,
                   n_disks == 0 ? "LXC cannot have diskless instances"
                                : "LXC supports one disk only; create the instance anew with one");
}

static bool write_config(const struct instance *instance, const char *root, const char *path,
                         GError **errp)
{
    g_autofree char *console = guest_path(instance->name, "console.log", errp);
    g_autofree char *limit = cgroup_path(swap_limit, NULL, errp);
    g_autofree char *text = NULL;
    struct version version = {0};
    struct lxc_build build = {.instance = instance, .root = root, .console_log = console};

    if (console == NULL || limit == NULL || !version_of("lxc-start", &version, errp)) {
        return false;
    }
    build.swap_limit = g_file_test(limit, G_FILE_TEST_EXISTS);
    if (!at_least(&version, 1, 0, 6)) {
        log_warning("Console log file is not supported in this version of LXC");
        build.console_log = NULL;
    } else if (!write_guest_file(console, "", FILE_MODE, errp)) {
        return false;
    }
    text = lxc_build_config(&build, errp);
    return text != NULL && write_guest_file(path, text, DIR_MODE & ~0111, errp);
}

static bool spawn(const struct instance *instance, const char *log, const char *config,
                  GError **errp)
{
    int64_t limit = hv_int(&instance->hvparams, HV_NAME_startup_timeout, STARTUP_S);
    CLEANUP(cmd_freep)
    struct cmd *begin = cmd_new("lxc-start", "-n", instance->name, "-o", log, "-l", "DEBUG", "-f",
                                config, "-d", NULL);
    CLEANUP(cmd_freep)
    struct cmd *wait = cmd_new("lxc-wait", "-n", instance->name, "-s", C_LXC_STATE_RUNNING, NULL);
    CLEANUP(cmd_result_freep) struct cmd_result *waited = NULL;
    bool alive = false;

    if (!run(begin, instance->name, "start the container", errp)) {
        return false;
    }
    cmd_set_timeout(wait, (guint)CLAMP(limit, 1, G_MAXINT / MS) * MS);
    waited = cmd_run(wait, errp);
    if (waited == NULL) {
        return false;
    }
    if (waited->timed_out) {
        return hv_fail(errp,
                       "Instance %s state didn't change to %s within %" G_GINT64_FORMAT " secs",
                       instance->name, C_LXC_STATE_RUNNING, limit);
    }
    if (!cmd_result_ok(waited)) {
        return cmd_result_fail(waited, errp);
    }
    return is_alive(instance->name, &alive, errp) &&
           (alive || hv_fail(errp, "Failed to start instance %s: the lxc process ended at once",
                             instance->name));
}

static char *log_path(const struct instance *instance)
{
    g_autofree char *name = g_strdup_printf("%s.%s.log", instance->name, instance->uuid);

    return g_build_filename(path_get(PATH_LOG_LXC_DIR), name, NULL);
}

/* Volatile containers: all that is needed is made at each start. */
static bool start_on(const struct instance *instance, const char *root, GError **errp)
{
    g_autofree char *config = guest_path(instance->name, "config", errp);
    g_autofree char *log = log_path(instance);
    g_autoptr(GError) error = NULL;

    if (config == NULL ||
        (!g_file_test(log, G_FILE_TEST_EXISTS) && !write_guest_file(log, "", FILE_MODE, errp))) {
        return false;
    }
    return (write_config(instance, root, config, &error) && spawn(instance, log, config, &error)) ||
           hv_fail(errp, "%s (LXC's own log: %s)", error->message, log);
}

static bool start(const struct instance *instance, const struct hv_disk *disks, size_t n_disks,
                  bool paused, GError **errp)
{
    g_autofree char *dir = hv_guest_file(PATH_LXC_INSTANCE_DIR, instance->name, errp);
    g_autofree char *loop = NULL, *root = NULL;
    g_autoptr(GError) error = NULL;

    (void)paused;
    if (dir == NULL || !check_disks(instance->name, n_disks, errp) ||
        !cgroup_mount_all(hv_text(&instance->hvparams, HV_NAME_extra_cgroups), errp)) {
        return false;
    }
    root = fs_make_dir(dir, DIR_MODE, (uid_t)-1, (gid_t)-1, &error)
               ? map_root(disks[0].link, &loop, &error)
               : NULL;
    if (root == NULL) {
        return hv_fail(errp, "%s: %s", instance->name, error->message);
    }
    /* First the stash: whatever happens now, the cleanup knows the loop device. */
    if (save_stash(instance->name, loop, &error) && start_on(instance, root, &error)) {
        return true;
    }
    hv_fail(errp, "%s: %s", instance->name, error->message);
    g_clear_error(&error);
    if (!end_stash(instance->name, loop, &error)) {
        log_warning("Cleanup for instance %s incomplete: %s", instance->name, error->message);
    }
    return false;
}

/* --- Stop, reboot, memory -----------------------------------------------------------------------
 */

static bool stop(const struct instance *instance, const char *name, const struct hv_stop *how,
                 GError **errp)
{
    const char *guest = how->by_name ? name : instance->name;
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new("lxc-stop", "-n", guest, NULL);
    g_autoptr(GError) error = NULL;
    bool alive = false;

    if (!is_alive(guest, &alive, errp)) {
        return false;
    }
    if (!alive) {
        return true;
    }
    if (how->timeout >= 0) {
        cmd_set_timeout(cmd, (guint)MAX(how->timeout, 1) * MS);
    }
    if (how->force) {
        cmd_add(cmd, "--kill", NULL);
        return run(cmd, guest, "kill the container", errp);
    }
    /* Without a limit of its own lxc-stop would kill it in the end. That it has not gone in time is
     * for the caller to see. */
    cmd_add(cmd, "--nokill", "--timeout", "-1", NULL);
    if (!cmd_check(cmd, NULL, &error)) {
        log_error("Failed to stop instance %s: %s", guest, error->message);
    }
    return true;
}

static bool reboot(const struct instance *instance, GError **errp)
{
    CLEANUP(cmd_freep)
    struct cmd *cmd = cmd_new("lxc-stop", "-n", instance->name, "--reboot", "--timeout", NULL);

    if (lxc_drops_capability(&instance->hvparams, "sys_boot")) {
        return hv_fail(errp,
                       "%s: a container without the capability SYS_BOOT (drop_capabilities) "
                       "cannot reboot; shut it down and start it",
                       instance->name);
    }
    cmd_addf(cmd, "%d", REBOOT_S);
    return run(cmd, instance->name, "reboot the container", errp);
}

/* The limit of memory with swap space is never below that without: the order follows. If the second
 * cannot be set, the first goes back. */
static bool balloon(const struct instance *instance, int64_t memory, GError **errp)
{
    const char *parameters[2] = {swap_limit, memory_limit};
    g_autofree char *path = cgroup_path(swap_limit, NULL, errp);
    g_autofree char *wanted = NULL, *before = NULL;
    int64_t now = 0;
    size_t first, n;

    if (path == NULL || !read_number(memory_limit, instance->name, &now, errp)) {
        return false;
    }
    if (memory < 0 || memory > INT64_MAX / BYTES_PER_MIB) {
        return hv_fail(errp, "%s: %" G_GINT64_FORMAT " MiB is no size of memory", instance->name,
                       memory);
    }
    first = g_file_test(path, G_FILE_TEST_EXISTS) ? 0 : 1;
    n = 2 - first;
    if (n == 2 && memory * BYTES_PER_MIB <= now) {
        parameters[0] = memory_limit;
        parameters[1] = swap_limit;
    }
    wanted = g_strdup_printf("%" G_GINT64_FORMAT, memory * BYTES_PER_MIB);
    before = g_strdup_printf("%" G_GINT64_FORMAT, now);
    for (size_t i = 0; i < n; i++) {
        g_autoptr(GError) error = NULL;

        if (cgroup_set(parameters[first + i], instance->name, wanted, &error)) {
            continue;
        }
        if (i > 0 && !cgroup_set(parameters[first], instance->name, before, NULL)) {
            log_warning("%s: cannot set %s back to %s", instance->name, parameters[first], before);
        }
        return hv_fail(errp, "%s: cannot set memory to %" G_GINT64_FORMAT " MiB: %s",
                       instance->name, memory, error->message);
    }
    return true;
}

static bool console(const struct hv_console_args *args, struct console_info *ret, GError **errp)
{
    (void)errp;
    hv_ssh_console(args, ret);
    hv_console_word(ret, "lxc-console");
    hv_console_word(ret, "-n");
    hv_console_word(ret, args->instance->name);
    return true;
}

const struct hv_ops hv_lxc = {
    .id = HYPERVISOR_LXC,
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
