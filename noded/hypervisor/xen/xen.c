/* Xen by its tool xl: the operations, the same for paravirtual and fully virtual guests. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/hypervisor/hv-common.h"
#include "noded/hypervisor/nic-script.h"
#include "noded/hypervisor/xen/build.h"
#include "noded/hypervisor/xen/files.h"
#include "noded/hypervisor/xen/xl.h"

enum {
    MS = 1000,
    MAX_PASSWORD_FILE = 4096,
    MAX_CMDLINE = 64 * 1024,
    /* REBOOT_RETRY_COUNT times REBOOT_RETRY_INTERVAL, looked at more often. */
    REBOOT_LIMIT_S = 600,
    REBOOT_PAUSE_MS = 1000,
    /* For socat to listen. */
    RECEIVER_MS = 1000,
    KILL_MS = 5000,
};

static const char receive_command[] = "xl migrate-receive";
static const char away_ending[] = "--migratedaway";

static const enum path_id pvm_files[] = {PATH_COUNT};
static const enum path_id hvm_files[] = {PATH_VNC_PASSWORD_FILE, PATH_COUNT};

/* --- The node -----------------------------------------------------------------------------------
 */

static bool verify(const struct value_map *hvparams, char **ret_problem, GError **errp)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    (void)hvparams;
    (void)errp;
    *ret_problem = NULL;
    if (!xl_run(&error, "help", NULL)) {
        *ret_problem = g_strdup("The xen toolstack 'xl' is not available on this node.");
        return true;
    }
    text = xl_info(&error);
    if (text == NULL) {
        *ret_problem =
            g_strdup_printf("Retrieving information from xen failed: %s", error->message);
    }
    return true;
}

static bool validate_pvm(const struct value_map *hvparams, GError **errp)
{
    return hv_validate_paths(HYPERVISOR_XEN_PVM, hvparams, errp);
}

static bool validate_hvm(const struct value_map *hvparams, GError **errp)
{
    return hv_validate_paths(HYPERVISOR_XEN_HVM, hvparams, errp);
}

static bool node_info(const struct value_map *hvparams, struct node_hv_info *ret, GError **errp)
{
    g_autofree char *text = xl_info(errp);
    g_autoptr(GPtrArray) guests = text != NULL ? xl_list(errp) : NULL;

    (void)hvparams;
    return guests != NULL && xen_parse_info(text, guests, ret, errp);
}

static bool powercycle(const struct value_map *hvparams, GError **errp)
{
    g_autoptr(GError) error = NULL;

    if (!hv_linux_powercycle(hvparams, &error)) {
        log_error("%s", error->message);
    }
    return xl_run(errp, "debug", "R", NULL);
}

/* --- Who runs -----------------------------------------------------------------------------------
 */

static GPtrArray *info_all(const struct value_map *hvparams, GError **errp)
{
    GPtrArray *guests = xl_list(errp);

    (void)hvparams;
    for (guint i = guests != NULL ? guests->len : 0; i > 0; i--) {
        const struct hv_guest *guest = guests->pdata[i - 1];

        if (strcmp(guest->name, XEN_DOM0) == 0) {
            g_ptr_array_remove_index(guests, i - 1);
        }
    }
    return guests;
}

static GPtrArray *list(const struct value_map *hvparams, GError **errp)
{
    g_autoptr(GPtrArray) guests = info_all(hvparams, errp);
    GPtrArray *names;

    if (guests == NULL) {
        return NULL;
    }
    names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < guests->len; i++) {
        const struct hv_guest *guest = guests->pdata[i];

        if (guest->state == HV_STATE_RUNNING) {
            g_ptr_array_add(names, g_strdup(guest->name));
        }
    }
    return names;
}

static bool info(const char *name, const struct value_map *hvparams, struct hv_guest **ret,
                 GError **errp)
{
    (void)hvparams;
    return xl_find(name, ret, errp);
}

/* --- Start --------------------------------------------------------------------------------------
 */

/* Interfaces of instance communication, which the site's script sets up after the start. */
static GPtrArray *choose_taps(const struct instance *instance)
{
    GPtrArray *taps = g_ptr_array_new_with_free_func(g_free);
    int n = 0;

    for (size_t i = 0; i < instance->nics.n; i++) {
        g_ptr_array_add(taps, nic_script_is_communication(instance->nics.v[i].name)
                                  ? nic_script_communication_tap(n++)
                                  : NULL);
    }
    return taps;
}

static char *read_password(const struct value_map *hvparams, GError **errp)
{
    const char *path = hv_text(hvparams, HV_NAME_vnc_password_file);
    g_autoptr(GError) error = NULL;
    char *text = fs_read_file(path, MAX_PASSWORD_FILE, NULL, &error);

    if (text == NULL) {
        hv_fail(errp, "VNC password file: %s", error->message);
    }
    return text;
}

static char *build_config(const struct xen_build *build, GError **errp)
{
    struct xen_build with_password = *build;
    g_autofree char *password = NULL;

    if (build->instance->hypervisor != HYPERVISOR_XEN_HVM) {
        return xen_build_pvm(build, errp);
    }
    password = read_password(&build->instance->hvparams, errp);
    with_password.vnc_password = password;
    return password != NULL ? xen_build_hvm(&with_password, errp) : NULL;
}

static bool startup_memory(const struct instance *instance, int64_t *ret, GError **errp)
{
    struct node_hv_info node = {0};
    bool ok = node_info(&instance->hvparams, &node, errp);

    *ret = hv_startup_memory(&instance->beparams, node.memory_free);
    fact_object_clear(&fact_object_node_hv_info, &node);
    return ok;
}

/* _MakeConfigFile. */
static bool write_files(const struct instance *instance, const struct hv_disk *disks,
                        size_t n_disks, const GPtrArray *taps, GError **errp)
{
    struct xen_build build = {.instance = instance,
                              .disks = disks,
                              .n_disks = n_disks,
                              .taps = (const char *const *)taps->pdata};
    g_autofree char *config = NULL;

    if (!startup_memory(instance, &build.memory, errp)) {
        return false;
    }
    for (size_t i = 0; i < instance->nics.n; i++) {
        g_autofree char *nic = xen_build_nic(instance, i, taps->pdata[i], errp);

        if (nic == NULL || !xen_files_write_nic(instance->name, i, nic, errp)) {
            return false;
        }
    }
    config = build_config(&build, errp);
    return config != NULL && xen_files_write_config(instance->name, config, errp);
}

static bool restore(const struct instance *instance, const struct hv_disk *disks, size_t n_disks,
                    GError **errp)
{
    g_autoptr(GPtrArray) taps = choose_taps(instance);

    return write_files(instance, disks, n_disks, taps, errp);
}

static bool is_complete(const struct instance *instance)
{
    return xen_files_has_config(instance->name);
}

static bool connect_taps(const struct instance *instance, const GPtrArray *taps, GError **errp)
{
    for (size_t i = 0; i < instance->nics.n; i++) {
        const struct nic *nic = &instance->nics.v[i];
        const struct nic_script script = {
            .instance = instance,
            .index = i,
            .mac = nic->mac,
            .ip = nic->ip,
            .name = taps->pdata[i],
            .uuid = nic->uuid,
            .params = &nic->nicparams,
            .network = nic->network,
            .netinfo = nic->extra != NULL ? json_get(nic->extra, "netinfo") : NULL,
            .interface = taps->pdata[i]};

        if (taps->pdata[i] != NULL && !nic_script_run(path_get(PATH_XEN_IFUP_OS), &script, errp)) {
            return false;
        }
    }
    return true;
}

static bool start(const struct instance *instance, const struct hv_disk *disks, size_t n_disks,
                  bool paused, GError **errp)
{
    g_autoptr(GPtrArray) taps = choose_taps(instance);
    g_autofree char *config = NULL, *stash = NULL;
    g_autoptr(GError) error = NULL, second = NULL;

    if (!write_files(instance, disks, n_disks, taps, errp)) {
        return false;
    }
    config = xen_files_config_path(instance->name, errp);
    if (config == NULL) {
        return false;
    }
    if (paused ? xl_run(&error, "create", "-p", config, NULL)
               : xl_run(&error, "create", config, NULL)) {
        return connect_taps(instance, taps, errp);
    }
    (void)xen_files_stash_config(instance->name, &stash, &second);
    return hv_fail(errp, "Failed to start instance %s: %s. Its configuration is %s now",
                   instance->name, error->message, stash);
}

/* --- Stop ---------------------------------------------------------------------------------------
 */

static void shut_down(const char *guest, int timeout)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new(XEN_XL, "shutdown", "-w", guest, NULL);
    g_autoptr(GError) error = NULL;

    if (timeout >= 0) {
        cmd_set_timeout(cmd, (guint)MAX(timeout, 1) * MS);
    }
    if (!cmd_check(cmd, NULL, &error)) {
        log_info("%s", error->message);
    }
}

/* What a shutdown leaves is a domain too ("preserve"), so it is always destroyed. */
static bool stop(const struct instance *instance, const char *name, const struct hv_stop *how,
                 GError **errp)
{
    const char *guest = how->by_name ? name : instance->name;
    CLEANUP(hv_guest_freep) struct hv_guest *found = NULL;
    CLEANUP(hv_guest_freep) struct hv_guest *left = NULL;
    g_autoptr(GError) error = NULL;

    if (!xl_find(guest, &found, errp)) {
        return false;
    }
    if (found == NULL) {
        return hv_fail(errp, "Failed to shutdown instance %s, not running", guest);
    }
    if (!how->force && found->state == HV_STATE_RUNNING) {
        shut_down(guest, how->timeout);
    }
    if (!xl_find(guest, &left, errp)) {
        return false;
    }
    if (left != NULL && !xl_run(&error, "destroy", guest, NULL)) {
        g_clear_pointer(&left, hv_guest_free);
        if (!xl_find(guest, &left, errp)) {
            return false;
        }
        if (left != NULL) {
            return hv_fail(errp, "Failed to stop instance %s: %s", guest, error->message);
        }
    }
    return xen_files_remove(guest, errp);
}

/* Done when it is another domain, or has less time behind it. */
static bool wait_for_reboot(const struct hv_guest *before, GError **errp)
{
    gint64 end = g_get_monotonic_time() + (gint64)REBOOT_LIMIT_S * G_USEC_PER_SEC;

    do {
        CLEANUP(hv_guest_freep) struct hv_guest *now = NULL;

        if (!xl_find(before->name, &now, errp)) {
            return false;
        }
        if (now != NULL && (strcmp(now->id, before->id) != 0 || now->cpu_time < before->cpu_time)) {
            return true;
        }
        (void)poll(NULL, 0, REBOOT_PAUSE_MS);
    } while (g_get_monotonic_time() < end);
    return hv_fail(errp, "Failed to reboot instance %s: it did not within %d seconds", before->name,
                   REBOOT_LIMIT_S);
}

static bool reboot(const struct instance *instance, GError **errp)
{
    CLEANUP(hv_guest_freep) struct hv_guest *before = NULL;

    if (!xl_find(instance->name, &before, errp)) {
        return false;
    }
    if (before == NULL) {
        return hv_fail(errp, "Failed to reboot instance %s, not running", instance->name);
    }
    return xl_run(errp, "reboot", instance->name, NULL) && wait_for_reboot(before, errp);
}

static bool balloon(const struct instance *instance, int64_t memory, GError **errp)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, memory);
    g_autofree char *config = NULL, *changed = NULL;

    if (!xl_run(errp, "mem-set", instance->name, text, NULL)) {
        return false;
    }
    config = xen_files_read_config(instance->name, errp);
    if (config == NULL) {
        return false;
    }
    changed = xen_build_with_memory(config, memory);
    return xen_files_write_config(instance->name, changed, errp);
}

/* --- Migration ----------------------------------------------------------------------------------
 */

static int port_of(const struct instance *instance)
{
    return (int)hv_int(&instance->hvparams, HV_NAME_migration_port, 0);
}

static char *migration_info(const struct instance *instance, GError **errp)
{
    return xen_files_read_config(instance->name, errp);
}

static bool is_receiver(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/cmdline", (int)pid);
    size_t len = 0;
    g_autofree char *text = fs_read_file(path, MAX_CMDLINE, &len, NULL);

    for (size_t i = 0; text != NULL && i < len; i++) {
        text[i] = text[i] == '\0' ? ' ' : text[i];
    }
    return text != NULL && strstr(text, receive_command) != NULL;
}

/* One that an earlier migration left would keep the port. */
static bool end_receiver(GError **errp)
{
    pid_t pid = xen_files_receiver();
    int fd = pid != 0 ? pidfd_open(pid, 0) : -1;

    if (fd >= 0 && is_receiver(pid)) {
        struct pollfd polled = {.fd = fd, .events = POLLIN};

        (void)pidfd_send_signal(fd, SIGTERM, NULL, 0);
        if (poll(&polled, 1, KILL_MS) <= 0) {
            (void)pidfd_send_signal(fd, SIGKILL, NULL, 0);
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return xen_files_forget_receiver(errp);
}

static void on_receiver_done(struct cmd_result *result, void *user)
{
    (void)user;
    cmd_result_free(result);
}

static bool start_receiver(const char *target, int port, pid_t *ret_pid, GError **errp)
{
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new("socat", "-b524288", NULL);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    struct cmd_job *job;

    cmd_addf(cmd, "TCP-LISTEN:%d,bind=%s,reuseaddr", port, target);
    cmd_addf(cmd, "SYSTEM:'%s'", receive_command);
    /* It outlives this call. */
    cmd_set_session(cmd);
    cmd_set_output_fds(cmd, null, null);
    job = cmd_start(cmd, NULL, on_receiver_done, NULL, errp);
    if (null >= 0) {
        (void)close(null);
    }
    if (job == NULL) {
        err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
        return false;
    }
    *ret_pid = cmd_job_pid(job);
    return true;
}

static bool accept_guest(const struct instance *instance, const char *config, const char *target,
                         GError **errp)
{
    int port = port_of(instance);
    struct pollfd polled = {.events = POLLIN};
    pid_t pid;
    bool ended;

    (void)config;
    if (!end_receiver(errp) || !start_receiver(target, port, &pid, errp) ||
        !xen_files_set_receiver(pid, errp)) {
        return false;
    }
    polled.fd = pidfd_open(pid, 0);
    ended = polled.fd < 0 || poll(&polled, 1, RECEIVER_MS) > 0;
    if (polled.fd >= 0) {
        (void)close(polled.fd);
    }
    return !ended || hv_fail(errp, "socat does not listen for %s at %s, port %d: is the port free?",
                             instance->name, target, port);
}

static bool migrate(const char *cluster_name, const struct instance *instance, const char *target,
                    bool live, GError **errp)
{
    CLEANUP(hv_guest_freep) struct hv_guest *found = NULL;
    g_autofree char *config = NULL, *transport = NULL;

    (void)cluster_name;
    (void)live;
    if (!xl_find(instance->name, &found, errp)) {
        return false;
    }
    if (found == NULL) {
        return hv_fail(errp, "Instance not running, cannot migrate");
    }
    config = xen_files_config_path(instance->name, errp);
    if (config == NULL) {
        return false;
    }
    /* xl appends the host and its own command, which the comment sign hides. */
    transport = g_strdup_printf("socat -b524288 - TCP:%s:%d #", target, port_of(instance));
    return xl_run(errp, "migrate", "-s", transport, "-C", config, instance->name, target, NULL);
}

/* Migration ends before its call does. */
static bool migration_status(const struct instance *instance, struct hv_migration *ret,
                             GError **errp)
{
    (void)instance;
    (void)errp;
    *ret = (struct hv_migration){
        .status = C_HV_MIGRATION_COMPLETED, .transferred_ram = -1, .total_ram = -1};
    return true;
}

/* What counts is whether the domain runs here, whatever the master thinks. */
static bool finish_target(const struct instance *instance, const char *config, bool success,
                          GError **errp)
{
    CLEANUP(hv_guest_freep) struct hv_guest *found = NULL;

    if (!xl_find(instance->name, &found, errp)) {
        return false;
    }
    if (found != NULL && found->state == HV_STATE_RUNNING &&
        !xen_files_write_config(instance->name, config, errp)) {
        return false;
    }
    if (success) {
        return true;
    }
    /* Made, but its memory never came: it runs on the source. */
    return end_receiver(errp) &&
           (found == NULL || found->cpu_time > 0 || xl_run(errp, "destroy", instance->name, NULL));
}

static bool finish_source(const struct instance *instance, bool success, bool live, GError **errp)
{
    g_autofree char *away = g_strconcat(instance->name, away_ending, NULL);
    CLEANUP(hv_guest_freep) struct hv_guest *found = NULL;

    (void)live;
    if (success) {
        return xen_files_remove(instance->name, errp);
    }
    /* One that could not be frozen runs on under the name that xl gave it. */
    return xl_find(away, &found, errp) &&
           (found == NULL || xl_run(errp, "rename", away, instance->name, NULL));
}

/* --- Console ------------------------------------------------------------------------------------
 */

static bool console(const struct hv_console_args *args, struct console_info *ret, GError **errp)
{
    (void)errp;
    hv_ssh_console(args, ret);
    hv_console_word(ret, path_get(PATH_XEN_CONSOLE_WRAPPER));
    hv_console_word(ret, XEN_XL);
    hv_console_word(ret, args->instance->name);
    return true;
}

#define XEN_OPS                                                                                    \
    .flags = HV_CAN_MIGRATE, .prepare = xen_files_prepare, .verify = verify,                       \
    .node_info = node_info, .list = list, .info = info, .info_all = info_all, .start = start,      \
    .is_complete = is_complete, .restore = restore, .stop = stop, .wait_down = hv_short_wait,      \
    .cleanup = hv_no_cleanup, .reboot = reboot, .balloon = balloon,                                \
    .migration_info = migration_info, .accept = accept_guest, .migrate = migrate,                  \
    .migration_status = migration_status, .finish_target = finish_target,                          \
    .finish_source = finish_source, .console = console, .powercycle = powercycle,                  \
    HV_OPS_WITHOUT_HOTPLUG

const struct hv_ops hv_xen_pvm = {
    .id = HYPERVISOR_XEN_PVM, .ancillary_files = pvm_files, .validate = validate_pvm, XEN_OPS};
const struct hv_ops hv_xen_hvm = {
    .id = HYPERVISOR_XEN_HVM, .ancillary_files = hvm_files, .validate = validate_hvm, XEN_OPS};
