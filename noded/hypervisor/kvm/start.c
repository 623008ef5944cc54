#include "config.h"

#include "noded/hypervisor/kvm/start.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/cmd.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/log.h"
#include "compat-config/paths/paths.h"
#include "compat-config/ssconf/ssconf.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/hypervisor/cpu-mask.h"
#include "noded/hypervisor/hv-common.h"
#include "noded/hypervisor/kvm/files.h"
#include "noded/hypervisor/kvm/host.h"
#include "noded/hypervisor/kvm/process.h"
#include "noded/hypervisor/kvm/qmp.h"
#include "noded/hypervisor/nic-script.h"
#include "noded/hypervisor/uid-pool.h"

enum {
    MAX_PASSWORD_FILE = 4096,
    MAX_THREADS = 100 * 1000,
    BYTES_PER_MIB = 1024 * 1024,
};

/* One start; nothing in it outlives kvm_start(). */
struct start {
    const struct instance *instance;
    const struct kvm_runtime *runtime;
    const struct kvm_host *host;
    const struct kvm_incoming *incoming;
    struct value_map params; /* in force for the guest */
    struct kvm_open_tap *taps;
    size_t n_taps;
    struct uid_claim *uid;
    char *user;
    char *vnc_password, *spice_password;
};

static void clear(struct start *start)
{
    for (size_t i = 0; i < start->n_taps; i++) {
        kvm_tap_close(&start->taps[i]);
    }
    g_free(start->taps);
    if (start->uid != NULL) {
        uid_claim_cancel(start->uid);
    }
    fact_clear(&type_value_map, &start->params);
    g_free(start->user);
    g_free(start->vnc_password);
    g_free(start->spice_password);
}

/* --- Before -------------------------------------------------------------------------------------
 */

/* The only line of a file; *ret stays NULL if the parameter names no file (ReadOneLineFile). */
static bool read_password(const struct value_map *params, enum hv_name_id name, char **ret,
                          GError **errp)
{
    const char *path = hv_text(params, name);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    g_autoptr(GError) error = NULL;

    if (*path == '\0') {
        return true;
    }
    text = fs_read_file(path, MAX_PASSWORD_FILE, NULL, &error);
    if (text == NULL) {
        return hv_fail(errp, "password file: %s", error->message);
    }
    lines = g_strsplit_set(text, "\r\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        if (**line != '\0' && *ret != NULL) {
            return hv_fail(errp, "password file %s has more than one line", path);
        }
        if (**line != '\0') {
            *ret = g_strdup(*line);
        }
    }
    return *ret != NULL || hv_fail(errp, "password file %s is empty", path);
}

static bool user_of_id(uint32_t id, char **ret, GError **errp)
{
    const struct passwd *passwd = getpwuid(id);

    if (passwd == NULL) {
        return hv_fail(errp,
                       "user id %" G_GUINT32_FORMAT " of the cluster's pool is no user of "
                       "this node",
                       id);
    }
    *ret = g_strdup(passwd->pw_name);
    return true;
}

/* Who QEMU runs as, by the security model. */
static bool choose_user(struct start *start, GError **errp)
{
    const struct value_map *params = &start->instance->hvparams;
    const char *model = hv_text(params, HV_NAME_security_model);
    g_auto(GStrv) ranges = NULL;

    if (strcmp(model, C_HT_SM_USER) == 0) {
        start->user = g_strdup(hv_text(params, HV_NAME_security_domain));
        return true;
    }
    if (strcmp(model, C_HT_SM_POOL) != 0) {
        return true;
    }
    ranges = ssconf_read_lines(path_get(PATH_DATA_DIR), SSCONF_uid_pool, errp);
    if (ranges == NULL) {
        err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
        return false;
    }
    start->uid = uid_pool_take((const char *const *)ranges, errp);
    return start->uid != NULL && user_of_id(uid_claim_id(start->uid), &start->user, errp);
}

/* --- Interfaces ---------------------------------------------------------------------------------
 */

bool kvm_connect_nic(const struct instance *instance, const struct kvm_nic *nic, size_t index,
                     const char *interface, GError **errp)
{
    const struct nic_script script = {.instance = instance,
                                      .index = index,
                                      .mac = nic->mac,
                                      .ip = nic->ip,
                                      .name = nic->name,
                                      .uuid = nic->uuid,
                                      .params = &nic->nicparams,
                                      .network = nic->network,
                                      .netinfo = nic->netinfo,
                                      .interface = interface};

    return nic_script_run(path_get(PATH_KVM_IFUP), &script, errp);
}

static bool open_tap(struct start *start, const struct kvm_nic *nic,
                     const struct kvm_tap_needs *needs, GError **errp)
{
    g_autofree char *name =
        nic_script_is_communication(nic->name) ? nic_script_communication_tap(0) : g_strdup("");

    if (!kvm_tap_open(name, needs, &start->taps[start->n_taps], errp)) {
        return false;
    }
    start->n_taps++;
    return true;
}

/* Routes to a guest that is still on its way here would take it off the net: those come when it has
 * arrived. */
static bool connects_now(const struct start *start, const struct kvm_nic *nic)
{
    return start->incoming->address == NULL || nic->nicparams.mode != NIC_MODE_ROUTED;
}

static bool make_interfaces(struct start *start, GError **errp)
{
    const struct kvm_nic_list *nics = &start->runtime->nics;
    struct kvm_tap_needs needs;

    if (nics->n == 0) {
        return true;
    }
    if (!kvm_build_tap_needs(&start->params, start->host->caps, &needs, errp)) {
        return false;
    }
    start->taps = g_new0(struct kvm_open_tap, nics->n);
    for (size_t i = 0; i < nics->n; i++) {
        if (!open_tap(start, &nics->v[i], &needs, errp)) {
            return false;
        }
        if (connects_now(start, &nics->v[i]) &&
            !kvm_connect_nic(start->instance, &nics->v[i], i, start->taps[i].name, errp)) {
            return false;
        }
    }
    return true;
}

static bool keep_interfaces(const struct start *start, GError **errp)
{
    for (size_t i = 0; i < start->n_taps; i++) {
        if (!kvm_files_write_nic(start->instance->name, i, start->taps[i].name, errp)) {
            return false;
        }
    }
    return true;
}

/* --- QEMU itself --------------------------------------------------------------------------------
 */

/* Numbers that the descriptors will have in QEMU: base/cmd.h gives them in the order of calls. */
static void number_fds(int *next, int *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        numbers[i] = (*next)++;
    }
}

struct numbered_tap {
    int fds[KVM_MAX_QUEUES], vhost_fds[KVM_MAX_QUEUES];
};

static char **build(const struct start *start, GError **errp)
{
    g_autofree struct numbered_tap *numbers = g_new0(struct numbered_tap, start->n_taps);
    g_autofree struct kvm_tap *taps = g_new0(struct kvm_tap, start->n_taps);
    const struct kvm_start how = {.taps = taps,
                                  .incoming = start->incoming->address,
                                  .incoming_port = start->incoming->port,
                                  .user = start->user};
    int next = STDERR_FILENO + 1;

    for (size_t i = 0; i < start->n_taps; i++) {
        const struct kvm_open_tap *tap = &start->taps[i];

        number_fds(&next, numbers[i].fds, tap->n_fds);
        number_fds(&next, numbers[i].vhost_fds, tap->n_vhost_fds);
        taps[i] = (struct kvm_tap){.fds = numbers[i].fds,
                                   .vhost_fds = numbers[i].vhost_fds,
                                   .n_fds = tap->n_fds,
                                   .n_vhost_fds = tap->n_vhost_fds};
    }
    if (next > STDERR_FILENO + 1 + CMD_MAX_KEPT_FDS) {
        hv_fail(errp, "%s has too many interfaces and queues: %d descriptors, at most %d",
                start->instance->name, next - STDERR_FILENO - 1, CMD_MAX_KEPT_FDS);
        return NULL;
    }
    return kvm_build_command(start->runtime, start->instance, &how, start->host, errp);
}

static bool spawn(const struct start *start, GError **errp)
{
    g_auto(GStrv) argv = build(start, errp);
    CLEANUP(cmd_freep) struct cmd *cmd = NULL;
    g_autoptr(GError) error = NULL;

    if (argv == NULL) {
        return false;
    }
    cmd = cmd_new_argv((const char *const *)argv);
    for (size_t i = 0; i < start->n_taps; i++) {
        for (size_t j = 0; j < start->taps[i].n_fds; j++) {
            (void)cmd_keep_fd(cmd, start->taps[i].fds[j]);
        }
        for (size_t j = 0; j < start->taps[i].n_vhost_fds; j++) {
            (void)cmd_keep_fd(cmd, start->taps[i].vhost_fds[j]);
        }
    }
    /* QEMU detaches itself and lets go of its outputs when the guest is ready. */
    if (!cmd_check(cmd, NULL, &error)) {
        return hv_fail(errp, "Failed to start instance %s: %s", start->instance->name,
                       error->message);
    }
    return true;
}

/* --- After --------------------------------------------------------------------------------------
 */

static bool set_password(struct qmp *qmp, const char *protocol, const char *password, GError **errp)
{
    struct json *args;

    if (password == NULL) {
        return true;
    }
    args = json_new_object();
    json_set(args, "protocol", json_new_string(protocol));
    json_set(args, "password", json_new_string(password));
    return qmp_call(qmp, "set_password", args, NULL, errp);
}

/* All threads that QEMU has now, as what comes later inherits from them. The reference binds the
 * first one only, which runs no virtual processor. */
static bool bind_all(pid_t pid, const GArray *mask, GError **errp)
{
    g_autofree char *dir = g_strdup_printf("/proc/%d/task", (int)pid);
    g_autoptr(GPtrArray) threads = fs_list_dir(dir, MAX_THREADS, errp);

    for (guint i = 0; threads != NULL && i < threads->len; i++) {
        int thread = (int)g_ascii_strtoll(threads->pdata[i], NULL, 10);

        if (!cpu_mask_apply(thread, mask, errp)) {
            return false;
        }
    }
    return threads != NULL;
}

static bool bind_each(struct qmp *qmp, const GPtrArray *masks, GError **errp)
{
    CLEANUP(json_unrefp) struct json *list = NULL;
    size_t n;

    if (!qmp_call(qmp, "query-cpus-fast", NULL, &list, errp)) {
        return false;
    }
    n = json_kind(list) == JSON_ARRAY ? json_len(list) : 0;
    if (n != masks->len) {
        return hv_fail(errp, "the CPU mask has %u parts for %zu virtual processors", masks->len, n);
    }
    for (size_t i = 0; i < n; i++) {
        const struct json *cpu = json_at(list, i);
        const struct json *index =
            json_kind(cpu) == JSON_OBJECT ? json_get(cpu, "cpu-index") : NULL;
        const struct json *thread =
            json_kind(cpu) == JSON_OBJECT ? json_get(cpu, "thread-id") : NULL;

        if (json_kind(index) != JSON_INT || json_kind(thread) != JSON_INT || json_int(index) < 0 ||
            json_int(index) >= (int64_t)masks->len) {
            return hv_fail(errp, "QEMU does not tell the threads of its virtual processors");
        }
        if (!cpu_mask_apply((int)json_int(thread), masks->pdata[json_int(index)], errp)) {
            return false;
        }
    }
    return true;
}

static bool bind_processors(const struct start *start, struct qmp *qmp, pid_t pid, GError **errp)
{
    const char *text = hv_text(&start->params, HV_NAME_cpu_mask);
    g_autoptr(GPtrArray) masks = NULL;

    if (!cpu_mask_is_set(text)) {
        return true;
    }
    masks = cpu_masks_parse(text, errp);
    if (masks == NULL) {
        return false;
    }
    return masks->len == 1 ? bind_all(pid, masks->pdata[0], errp) : bind_each(qmp, masks, errp);
}

/* A node that is short of memory gives less than the most. */
static bool limit_memory(const struct start *start, struct qmp *qmp, GError **errp)
{
    const struct beparams *beparams = &start->instance->beparams;
    struct node_hv_info info = {0};
    struct json *args;
    int64_t memory;
    bool ok = hv_linux_node_info(&info, errp);

    memory = hv_startup_memory(beparams, info.memory_free);
    fact_object_clear(&fact_object_node_hv_info, &info);
    if (!ok || memory >= beparams->maxmem) {
        return ok;
    }
    args = json_new_object();
    json_set(args, "value", json_new_int(memory * BYTES_PER_MIB));
    return qmp_call(qmp, "balloon", args, NULL, errp);
}

static bool finish(struct start *start, GError **errp)
{
    const char *name = start->instance->name;
    CLEANUP(qmp_closep) struct qmp *qmp = NULL;
    pid_t pid;

    if (!kvm_process_find(name, &pid, NULL, errp)) {
        return false;
    }
    if (pid == 0) {
        return hv_fail(errp, "Failed to start instance %s: QEMU ended at once", name);
    }
    if (start->uid != NULL) {
        uint32_t id = uid_claim_id(start->uid);

        uid_claim_keep(g_steal_pointer(&start->uid));
        if (!kvm_files_write_uid(name, id, errp)) {
            return false;
        }
    }
    if (!keep_interfaces(start, errp)) {
        return false;
    }
    qmp = qmp_open(name, QMP_TIMEOUT_MS, errp);
    return qmp != NULL && set_password(qmp, "vnc", start->vnc_password, errp) &&
           set_password(qmp, "spice", start->spice_password, errp) &&
           bind_processors(start, qmp, pid, errp) && limit_memory(start, qmp, errp) &&
           (start->incoming->address != NULL || kvm_runtime_is_paused(start->runtime) ||
            qmp_call(qmp, "cont", NULL, NULL, errp));
}

static bool run(struct start *start, GError **errp)
{
    const struct value_map *params = &start->instance->hvparams;
    const char *name = start->instance->name;

    if (hv_true(params, HV_NAME_user_shutdown) && !hv_ensure_daemon(DAEMON_kvmd, errp)) {
        return false;
    }
    return kvm_files_forget_down(name, errp) &&
           read_password(params, HV_NAME_vnc_password_file, &start->vnc_password, errp) &&
           read_password(params, HV_NAME_spice_password_file, &start->spice_password, errp) &&
           (!hv_true(params, HV_NAME_use_chroot) || kvm_files_make_chroot(name, errp)) &&
           choose_user(start, errp) && make_interfaces(start, errp) && spawn(start, errp);
}

/* Half a guest helps nobody: the next start would find it running. */
static void undo(const char *name)
{
    g_autoptr(GError) error = NULL;

    if (!kvm_process_kill(name, &error) || !kvm_files_remove(name, &error)) {
        log_error("what is left of the start of %s: %s", name, error->message);
    }
}

bool kvm_start(const struct instance *instance, const struct kvm_runtime *runtime,
               const struct kvm_caps *caps, const struct kvm_incoming *incoming, GError **errp)
{
    const struct kvm_host host = kvm_host_of(caps);
    struct start start = {
        .instance = instance, .runtime = runtime, .host = &host, .incoming = incoming};
    pid_t pid;
    bool ok;

    if (!kvm_process_find(instance->name, &pid, NULL, errp)) {
        return false;
    }
    if (pid != 0) {
        return hv_fail(errp, "Failed to start instance %s: already running (process %d)",
                       instance->name, (int)pid);
    }
    kvm_start_params(&start.params, runtime, instance);
    ok = run(&start, errp) && finish(&start, errp);
    if (!ok) {
        undo(instance->name);
    }
    clear(&start);
    return ok;
}
