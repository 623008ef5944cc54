/* QEMU: the operations. */
#include "config.h"

#include <arpa/inet.h>
#include <pwd.h>
#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/hypervisor/hv-common.h"
#include "noded/hypervisor/kvm/build-private.h"
#include "noded/hypervisor/kvm/files.h"
#include "noded/hypervisor/kvm/host.h"
#include "noded/hypervisor/kvm/hotplug.h"
#include "noded/hypervisor/kvm/migrate.h"
#include "noded/hypervisor/kvm/process.h"
#include "noded/hypervisor/kvm/qmp.h"
#include "noded/hypervisor/kvm/start.h"

enum {
    MAX_GUESTS = 1000 * 1000,
    BYTES_PER_MIB = 1024 * 1024,
    IO_URING_SINCE = 5,
};

static const enum path_id ancillary_files[] = {PATH_KVM_VIF_BRIDGE, PATH_COUNT};

/* --- The node -----------------------------------------------------------------------------------
 */

static const char *qemu_path(const struct value_map *hvparams)
{
    const char *path = hv_text(hvparams, HV_NAME_kvm_path);

    return *path != '\0' ? path : C_KVM_PATH;
}

static bool verify(const struct value_map *hvparams, char **ret_problem, GError **errp)
{
    const struct {
        const char *what, *path;
    } programs[] = {{"KVM", qemu_path(hvparams)}, {"socat", C_SOCAT_PATH}};
    g_autoptr(GString) problems = g_string_new(NULL);

    (void)errp;
    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
        if (!g_file_test(programs[i].path, G_FILE_TEST_EXISTS)) {
            g_string_append_printf(problems, "%sThe %s binary ('%s') does not exist",
                                   problems->len > 0 ? "; " : "", programs[i].what,
                                   programs[i].path);
        }
    }
    *ret_problem = problems->len > 0 ? g_strdup(problems->str) : NULL;
    return true;
}

static bool node_info(const struct value_map *hvparams, struct node_hv_info *ret, GError **errp)
{
    struct kvm_version version;

    if (!hv_linux_node_info(ret, errp) || !kvm_host_version(qemu_path(hvparams), &version, errp)) {
        return false;
    }
    *(int64_t *)fact_list_add(&type_int_list, &ret->hv_version) = version.major;
    *(int64_t *)fact_list_add(&type_int_list, &ret->hv_version) = version.minor;
    *(int64_t *)fact_list_add(&type_int_list, &ret->hv_version) = version.revision;
    ret->has.hv_version = true;
    return true;
}

/* --- Parameters ---------------------------------------------------------------------------------
 */

static bool is_address(const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

static bool validate_user(const struct value_map *hvparams, GError **errp)
{
    const char *user = hv_text(hvparams, HV_NAME_security_domain);

    if (strcmp(hv_text(hvparams, HV_NAME_security_model), C_HT_SM_USER) != 0) {
        return true;
    }
    return getpwnam(user) != NULL ||
           hv_fail(errp, "the user '%s' of the parameter %s is not known on this node", user,
                   hv_names[HV_NAME_security_domain].name);
}

static bool validate_vnc(const struct value_map *hvparams, GError **errp)
{
    const char *bind = hv_text(hvparams, HV_NAME_vnc_bind_address);

    if (*bind == '\0' || *bind == '/' || is_address(bind) || kvm_host_has_interface(bind)) {
        return true;
    }
    return hv_fail(errp,
                   "VNC: the parameter %s must be an address, an interface of the node or an "
                   "absolute path, not '%s'",
                   hv_names[HV_NAME_vnc_bind_address].name, bind);
}

static bool validate_spice(const struct value_map *hvparams, const struct kvm_caps *caps,
                           GError **errp)
{
    const char *bind = hv_text(hvparams, HV_NAME_spice_bind);

    if (*bind == '\0') {
        return true;
    }
    if (*hv_text(hvparams, HV_NAME_vnc_bind_address) != '\0') {
        return hv_fail(errp, "Both SPICE and VNC are configured, but only one of them can be used "
                             "at a given time");
    }
    if (!caps->spice) {
        return hv_fail(errp, "SPICE is configured, but this node's QEMU has none: on Debian it is "
                             "in the package qemu-system-modules-spice");
    }
    if (!is_address(bind) && !kvm_host_has_interface(bind)) {
        return hv_fail(errp,
                       "SPICE: the parameter %s must be an address or an interface of the "
                       "node, not '%s'",
                       hv_names[HV_NAME_spice_bind].name, bind);
    }
    return true;
}

static bool validate_disks(const struct value_map *hvparams, const struct kvm_version *version,
                           GError **errp)
{
    if (strcmp(hv_text(hvparams, HV_NAME_disk_aio), C_HT_KVM_AIO_IO_URING) != 0 ||
        version->major >= IO_URING_SINCE) {
        return true;
    }
    return hv_fail(errp, "At least QEMU %d.0 required to use %s=%s", IO_URING_SINCE,
                   hv_names[HV_NAME_disk_aio].name, C_HT_KVM_AIO_IO_URING);
}

static bool validate_machine(const struct value_map *hvparams, GError **errp)
{
    const char *machine = hv_text(hvparams, HV_NAME_machine_version);
    g_autofree char *machines = NULL;

    if (*machine == '\0') {
        return true;
    }
    machines = kvm_host_machines(qemu_path(hvparams), errp);
    return machines != NULL && (kvm_machines_have(machines, machine) ||
                                hv_fail(errp, "Unsupported machine version: %s (see %s -machine ?)",
                                        machine, qemu_path(hvparams)));
}

static bool validate(const struct value_map *hvparams, GError **errp)
{
    CLEANUP(kvm_caps_freep) struct kvm_caps *caps = NULL;
    struct kvm_version version;

    if (!hv_validate_paths(HYPERVISOR_KVM, hvparams, errp) || !validate_user(hvparams, errp) ||
        !validate_vnc(hvparams, errp)) {
        return false;
    }
    caps = kvm_host_caps(qemu_path(hvparams), errp);
    return caps != NULL && kvm_host_version(qemu_path(hvparams), &version, errp) &&
           validate_spice(hvparams, caps, errp) && validate_disks(hvparams, &version, errp) &&
           validate_machine(hvparams, errp);
}

/* --- Who runs -----------------------------------------------------------------------------------
 */

static GPtrArray *list(const struct value_map *hvparams, GError **errp)
{
    g_autoptr(GPtrArray) files = fs_list_dir(path_get(PATH_KVM_PIDS_DIR), MAX_GUESTS, errp);
    GPtrArray *names;

    (void)hvparams;
    if (files == NULL) {
        err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
        return NULL;
    }
    names = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < files->len; i++) {
        pid_t pid;

        if (kvm_process_find(files->pdata[i], &pid, NULL, NULL) && pid != 0) {
            g_ptr_array_add(names, g_strdup(files->pdata[i]));
        }
    }
    return names;
}

/* What only QEMU knows; what it does not say stays as the command line has it. */
static void ask_guest(struct hv_guest *guest)
{
    g_autoptr(GError) error = NULL;
    CLEANUP(qmp_closep) struct qmp *qmp = qmp_open(guest->name, QMP_SHORT_TIMEOUT_MS, &error);
    CLEANUP(json_unrefp) struct json *cpus = NULL;
    CLEANUP(json_unrefp) struct json *balloon = NULL;
    const struct json *actual;

    if (qmp == NULL || !qmp_call(qmp, "query-cpus-fast", NULL, &cpus, &error)) {
        log_debug("%s", error->message);
        return;
    }
    if (json_kind(cpus) == JSON_ARRAY) {
        guest->vcpus = (int64_t)json_len(cpus);
    }
    if (!qmp_call(qmp, "query-balloon", NULL, &balloon, &error)) {
        log_debug("%s", error->message);
        return;
    }
    actual = json_kind(balloon) == JSON_OBJECT ? json_get(balloon, "actual") : NULL;
    if (json_kind(actual) == JSON_INT) {
        guest->memory = json_int(actual) / BYTES_PER_MIB;
    }
}

static bool info(const char *name, const struct value_map *hvparams, struct hv_guest **ret,
                 GError **errp)
{
    struct kvm_cmdline cmdline;
    struct hv_guest *guest;
    pid_t pid;

    (void)hvparams;
    *ret = NULL;
    if (!kvm_process_find(name, &pid, &cmdline, errp)) {
        return false;
    }
    if (pid == 0 && !kvm_files_went_down(name)) {
        return true;
    }
    *ret = guest = g_new0(struct hv_guest, 1);
    guest->name = g_strdup(name);
    guest->id = g_strdup_printf("%d", pid != 0 ? (int)pid : -1);
    guest->state = pid != 0 ? HV_STATE_RUNNING : HV_STATE_SHUTDOWN;
    if (pid != 0) {
        guest->memory = cmdline.memory;
        guest->vcpus = cmdline.vcpus;
        kvm_cmdline_clear(&cmdline);
        ask_guest(guest);
    }
    return true;
}

static void free_guest(void *guest)
{
    hv_guest_free(guest);
}

static GPtrArray *info_all(const struct value_map *hvparams, GError **errp)
{
    g_autoptr(GPtrArray) names = kvm_files_guests(errp);
    g_autoptr(GPtrArray) guests = g_ptr_array_new_with_free_func(free_guest);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        struct hv_guest *guest = NULL;

        if (!info(names->pdata[i], hvparams, &guest, errp)) {
            return NULL;
        }
        if (guest != NULL) {
            g_ptr_array_add(guests, guest);
        }
    }
    return names != NULL ? g_steal_pointer(&guests) : NULL;
}

/* --- Start and stop -----------------------------------------------------------------------------
 */

static bool must_be_down(const char *name, GError **errp)
{
    pid_t pid;

    return kvm_process_find(name, &pid, NULL, errp) &&
           (pid == 0 || hv_fail(errp, "Failed to start instance %s: already running (process %d)",
                                name, (int)pid));
}

static bool start_runtime(const struct instance *instance, const struct kvm_runtime *runtime,
                          const struct kvm_caps *caps, GError **errp)
{
    static const struct kvm_incoming none;

    return kvm_files_save_runtime(instance->name, runtime, errp) &&
           kvm_start(instance, runtime, caps, &none, errp);
}

static bool start(const struct instance *instance, const struct hv_disk *disks, size_t n_disks,
                  bool paused, GError **errp)
{
    CLEANUP(kvm_caps_freep) struct kvm_caps *caps = NULL;
    CLEANUP(kvm_runtime_freep) struct kvm_runtime *runtime = NULL;
    struct kvm_host host;

    if (!must_be_down(instance->name, errp)) {
        return false;
    }
    caps = kvm_host_caps(qemu_path(&instance->hvparams), errp);
    if (caps == NULL) {
        return false;
    }
    host = kvm_host_of(caps);
    runtime = kvm_build_runtime(instance, disks, n_disks, paused, &host, errp);
    if (runtime == NULL) {
        err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
        return false;
    }
    return start_runtime(instance, runtime, caps, errp);
}

static bool press_power_button(const char *name, GError **errp)
{
    CLEANUP(qmp_closep) struct qmp *qmp = qmp_open(name, QMP_TIMEOUT_MS, errp);

    return qmp != NULL && qmp_call(qmp, "system_powerdown", NULL, NULL, errp);
}

static bool stop(const struct instance *instance, const char *name, const struct hv_stop *how,
                 GError **errp)
{
    const char *guest = how->by_name ? name : instance->name;
    bool acpi = !how->by_name && hv_true(&instance->hvparams, HV_NAME_acpi);
    pid_t pid;

    if (how->by_name && !how->force) {
        return hv_fail(errp, "%s cannot be shut down kindly by its name only", name);
    }
    if (!kvm_process_find(guest, &pid, NULL, errp)) {
        return false;
    }
    if (pid != 0 &&
        !(how->force || !acpi ? kvm_process_kill(guest, errp) : press_power_button(guest, errp))) {
        return false;
    }
    return kvm_files_forget_down(guest, errp);
}

static bool cleanup(const char *name, GError **errp)
{
    pid_t pid;

    if (!kvm_process_find(name, &pid, NULL, errp)) {
        return false;
    }
    if (pid != 0) {
        return hv_fail(errp, "%s still runs (process %d): its files stay", name, (int)pid);
    }
    return kvm_files_remove(name, errp) && kvm_files_forget_down(name, errp);
}

/* A new QEMU with the devices that the guest has now, plugged ones too. */
static bool reboot(const struct instance *instance, GError **errp)
{
    CLEANUP(kvm_runtime_freep) struct kvm_runtime *runtime = NULL;
    CLEANUP(kvm_caps_freep) struct kvm_caps *caps = NULL;
    pid_t pid;

    if (!kvm_process_find(instance->name, &pid, NULL, errp)) {
        return false;
    }
    if (pid == 0) {
        return hv_fail(errp, "Failed to reboot instance %s: not running", instance->name);
    }
    runtime = kvm_files_load_runtime(instance->name, errp);
    if (runtime == NULL) {
        return false;
    }
    caps = kvm_host_caps(qemu_path(&instance->hvparams), errp);
    return caps != NULL && kvm_process_kill(instance->name, errp) &&
           kvm_files_remove(instance->name, errp) && start_runtime(instance, runtime, caps, errp);
}

static bool balloon(const struct instance *instance, int64_t memory, GError **errp)
{
    CLEANUP(qmp_closep) struct qmp *qmp = qmp_open(instance->name, QMP_TIMEOUT_MS, errp);
    struct json *args;

    if (qmp == NULL) {
        return false;
    }
    if (memory < 0 || memory > INT64_MAX / BYTES_PER_MIB) {
        return hv_fail(errp, "%" G_GINT64_FORMAT " MiB cannot be the memory of a guest", memory);
    }
    args = json_new_object();
    json_set(args, "value", json_new_int(memory * BYTES_PER_MIB));
    return qmp_call(qmp, "balloon", args, NULL, errp);
}

/* --- Console ------------------------------------------------------------------------------------
 */

static void serial_console(const struct hv_console_args *args, struct console_info *ret)
{
    const char *name = args->instance->name;
    g_autofree char *monitor = kvm_guest_path(PATH_KVM_CTRL_DIR, name, ".monitor");
    g_autofree char *serial = kvm_guest_path(PATH_KVM_CTRL_DIR, name, ".serial");

    hv_ssh_console(args, ret);
    hv_console_word(ret, path_get(PATH_KVM_CONSOLE_WRAPPER));
    hv_console_word(ret, C_SOCAT_PATH);
    hv_console_quoted(ret, name);
    hv_console_quoted(ret, monitor);
    if (C_SOCAT_USE_ESCAPE) {
        hv_console_wordf(ret, "STDIO,raw,echo=0,escape=%s", C_SOCAT_ESCAPE_CODE);
    } else {
        hv_console_word(ret, "STDIO,echo=0,icanon=0");
    }
    hv_console_wordf(ret, "UNIX-CONNECT:%s", serial);
}

static bool console(const struct hv_console_args *args, struct console_info *ret, GError **errp)
{
    const char *vnc = hv_text(args->hvparams, HV_NAME_vnc_bind_address);
    const char *spice = hv_text(args->hvparams, HV_NAME_spice_bind);
    int64_t port = args->instance->has.network_port ? args->instance->network_port : 0;

    (void)errp;
    if (hv_true(args->hvparams, HV_NAME_serial_console)) {
        serial_console(args, ret);
    } else if (*vnc != '\0' && port > C_VNC_BASE_PORT) {
        hv_port_console(args, C_CONS_VNC, vnc, ret);
        ret->display = g_strdup_printf("%" G_GINT64_FORMAT, port - C_VNC_BASE_PORT);
        ret->has.display = true;
    } else if (*spice != '\0') {
        hv_port_console(args, C_CONS_SPICE, spice, ret);
    } else {
        g_autofree char *message =
            g_strdup_printf("No serial shell for instance %s", args->instance->name);

        hv_message_console(args, message, ret);
    }
    return true;
}

const struct hv_ops hv_kvm = {
    .id = HYPERVISOR_KVM,
    .flags = HV_CAN_MIGRATE,
    .ancillary_files = ancillary_files,
    .prepare = kvm_files_prepare,
    .verify = verify,
    .validate = validate,
    .node_info = node_info,
    .list = list,
    .info = info,
    .info_all = info_all,
    .start = start,
    .is_complete = hv_always_complete,
    .restore = hv_no_restore,
    .stop = stop,
    .wait_down = kvm_process_wait,
    .cleanup = cleanup,
    .reboot = reboot,
    .balloon = balloon,
    .migration_info = kvm_migration_info,
    .accept = kvm_accept,
    .migrate = kvm_migrate,
    .migration_status = kvm_migration_status,
    .finish_target = kvm_finish_target,
    .finish_source = kvm_finish_source,
    .console = console,
    .powercycle = hv_linux_powercycle,
    .hot_supported = kvm_hot_supported,
    .hot_verify = kvm_hot_verify,
    .hot_change = kvm_hot_change,
    .resize_disk = kvm_resize_disk,
};
