#include "config.h"

#include "noded/hypervisor/kvm/migrate.h"

#include <poll.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "facts/constants.h"
#include "facts/errors.h"
#include "noded/hypervisor/hv-common.h"
#include "noded/hypervisor/kvm/files.h"
#include "noded/hypervisor/kvm/host.h"
#include "noded/hypervisor/kvm/process.h"
#include "noded/hypervisor/kvm/qmp.h"
#include "noded/hypervisor/kvm/start.h"

enum {
    BYTES_PER_MIB = 1024 * 1024,
    /* QEMU passes through states that are no answer ("setup", "device"); the reference waits ten
     * seconds for one that is. */
    STATUS_TRIES = 50,
    STATUS_PAUSE_MS = 200,
    /* Passes over all memory before the guest is moved over and takes the rest with it. */
    POSTCOPY_PASSES = 2,
};

static const char caps_separator[] = ":";

/* Turns the capabilities that the parameters name on or off. */
static bool set_capabilities(const struct instance *instance, struct qmp *qmp, bool on,
                             GError **errp)
{
    const char *names = hv_text(&instance->hvparams, HV_NAME_migration_caps);
    g_auto(GStrv) words = g_strsplit(names, caps_separator, -1);
    struct json *args, *list;

    if (*names == '\0') {
        return true;
    }
    args = json_new_object();
    list = json_new_array();
    json_set(args, "capabilities", list);
    for (char **word = words; *word != NULL; word++) {
        struct json *item = json_new_object();

        json_set(item, "capability", json_new_string(*word));
        json_set(item, "state", json_new_bool(on));
        json_append(list, item);
    }
    return qmp_call(qmp, "migrate-set-capabilities", args, NULL, errp);
}

/* IPv6 addresses stand in brackets. */
static char *host_of(const char *address)
{
    return strchr(address, ':') != NULL && *address != '[' ? g_strdup_printf("[%s]", address)
                                                           : g_strdup(address);
}

static int port_of(const struct instance *instance)
{
    return (int)hv_int(&instance->hvparams, HV_NAME_migration_port, 0);
}

/* --- Target -------------------------------------------------------------------------------------
 */

char *kvm_migration_info(const struct instance *instance, GError **errp)
{
    return kvm_files_read_runtime(instance->name, errp);
}

static void forget(const char *guest)
{
    g_autoptr(GError) error = NULL;

    if (!kvm_files_remove(guest, &error)) {
        log_warning("%s: %s", guest, error->message);
    }
}

static bool accept_capabilities(const struct instance *instance, GError **errp)
{
    CLEANUP(qmp_closep) struct qmp *qmp = qmp_open(instance->name, QMP_TIMEOUT_MS, errp);

    return qmp != NULL && set_capabilities(instance, qmp, true, errp);
}

bool kvm_accept(const struct instance *instance, const char *info, const char *target,
                GError **errp)
{
    CLEANUP(kvm_runtime_freep) struct kvm_runtime *runtime = kvm_runtime_parse(info, -1, errp);
    g_autofree char *host = host_of(target);
    const struct kvm_incoming incoming = {.address = host, .port = port_of(instance)};
    CLEANUP(kvm_caps_freep) struct kvm_caps *caps = NULL;

    if (runtime == NULL) {
        err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
        return false;
    }
    caps = kvm_host_caps(hv_text(&instance->hvparams, HV_NAME_kvm_path), errp);
    if (caps == NULL || !kvm_start(instance, runtime, caps, &incoming, errp)) {
        return false;
    }
    if (!accept_capabilities(instance, errp)) {
        if (kvm_process_kill(instance->name, NULL)) {
            forget(instance->name);
        }
        return false;
    }
    return true;
}

/* Routes may come here now. What fails is not worth to lose the guest for. */
static void connect_routed(const struct instance *instance, const struct kvm_runtime *runtime)
{
    for (size_t i = 0; i < runtime->nics.n; i++) {
        const struct kvm_nic *nic = &runtime->nics.v[i];
        g_autofree char *interface = NULL;
        g_autoptr(GError) error = NULL;

        if (nic->nicparams.mode != NIC_MODE_ROUTED) {
            continue;
        }
        interface = kvm_files_read_nic(instance->name, i);
        if (interface == NULL) {
            log_warning("the node's interface of interface %zu of %s is not known", i,
                        instance->name);
        } else if (!kvm_connect_nic(instance, nic, i, interface, &error)) {
            log_warning("%s", error->message);
        }
    }
}

/* A guest that was stopped for its migration arrives stopped: QEMU moves that, too. The reference
 * leaves it so. */
static bool go_on(struct qmp *qmp, const struct kvm_runtime *runtime, GError **errp)
{
    CLEANUP(json_unrefp) struct json *answer = NULL;
    const struct json *status;

    if (kvm_runtime_is_paused(runtime)) {
        return true;
    }
    if (!qmp_call(qmp, "query-status", NULL, &answer, errp)) {
        return false;
    }
    status = json_kind(answer) == JSON_OBJECT ? json_get(answer, "status") : NULL;
    return json_kind(status) != JSON_STRING || strcmp(json_string(status), "paused") != 0 ||
           qmp_call(qmp, "cont", NULL, NULL, errp);
}

static bool arrive(const struct instance *instance, const char *info, GError **errp)
{
    CLEANUP(kvm_runtime_freep) struct kvm_runtime *runtime = kvm_runtime_parse(info, -1, errp);
    CLEANUP(qmp_closep) struct qmp *qmp = NULL;

    if (runtime == NULL) {
        err_wrap(errp, ERR_HYPERVISOR, ECODE_NONE);
        return false;
    }
    connect_routed(instance, runtime);
    if (!kvm_files_write_runtime(instance->name, info, errp)) {
        return false;
    }
    qmp = qmp_open(instance->name, QMP_TIMEOUT_MS, errp);
    return qmp != NULL && go_on(qmp, runtime, errp) && set_capabilities(instance, qmp, false, errp);
}

bool kvm_finish_target(const struct instance *instance, const char *info, bool success,
                       GError **errp)
{
    if (success) {
        return arrive(instance, info, errp);
    }
    if (!kvm_process_kill(instance->name, errp)) {
        return false;
    }
    forget(instance->name);
    return kvm_files_forget_down(instance->name, errp);
}

/* --- Source -------------------------------------------------------------------------------------
 */

static bool set_limits(const struct instance *instance, struct qmp *qmp, GError **errp)
{
    int64_t bandwidth = hv_int(&instance->hvparams, HV_NAME_migration_bandwidth, 0) * BYTES_PER_MIB;
    struct json *args = json_new_object();

    json_set(args, "max-bandwidth", json_new_int(bandwidth));
    json_set(args, "downtime-limit",
             json_new_int(hv_int(&instance->hvparams, HV_NAME_migration_downtime, 0)));
    if (qmp_is_at_least(qmp, 3, 0)) {
        json_set(args, "max-postcopy-bandwidth", json_new_int(bandwidth));
    }
    return qmp_call(qmp, "migrate-set-parameters", args, NULL, errp);
}

static bool runs(const char *guest, bool *ret, GError **errp)
{
    pid_t pid;

    if (!kvm_process_find(guest, &pid, NULL, errp)) {
        return false;
    }
    *ret = pid != 0;
    return true;
}

bool kvm_migrate(const char *cluster_name, const struct instance *instance, const char *target,
                 bool live, GError **errp)
{
    CLEANUP(qmp_closep) struct qmp *qmp = NULL;
    g_autofree char *host = host_of(target);
    g_autofree char *uri = g_strdup_printf("tcp:%s:%d", host, port_of(instance));
    struct json *args;
    bool alive;

    (void)cluster_name;
    if (!runs(instance->name, &alive, errp)) {
        return false;
    }
    if (!alive) {
        return hv_fail(errp, "Instance not running, cannot migrate");
    }
    qmp = qmp_open(instance->name, QMP_TIMEOUT_MS, errp);
    if (qmp == NULL || (!live && !qmp_call(qmp, "stop", NULL, NULL, errp)) ||
        !set_limits(instance, qmp, errp) || !set_capabilities(instance, qmp, true, errp)) {
        return false;
    }
    args = json_new_object();
    json_set(args, "uri", json_new_string(uri));
    return qmp_call(qmp, "migrate", args, NULL, errp);
}

static const char *known_status(const struct json *answer)
{
    static const char *const words[] = {C_HV_MIGRATION_ACTIVE, C_HV_MIGRATION_CANCELLED,
                                        C_HV_MIGRATION_COMPLETED, C_HV_MIGRATION_FAILED,
                                        C_HV_KVM_MIGRATION_POSTCOPY_ACTIVE};
    const struct json *status =
        json_kind(answer) == JSON_OBJECT ? json_get(answer, "status") : NULL;

    for (size_t i = 0; json_kind(status) == JSON_STRING && i < G_N_ELEMENTS(words); i++) {
        if (strcmp(json_string(status), words[i]) == 0) {
            return words[i];
        }
    }
    return NULL;
}

static int64_t ram_number(const struct json *answer, const char *member)
{
    const struct json *ram = json_get(answer, "ram");
    const struct json *value = json_kind(ram) == JSON_OBJECT ? json_get(ram, member) : NULL;

    return json_kind(value) == JSON_INT ? json_int(value) : -1;
}

/* Moves the guest over when the capability is on and copying alone does not end. */
static bool maybe_postcopy(const struct instance *instance, struct qmp *qmp,
                           const struct json *answer, struct hv_migration *ret, GError **errp)
{
    const char *names = hv_text(&instance->hvparams, HV_NAME_migration_caps);

    if (strstr(names, "postcopy-ram") == NULL || strcmp(ret->status, C_HV_MIGRATION_ACTIVE) != 0 ||
        ram_number(answer, "dirty-sync-count") < POSTCOPY_PASSES) {
        return true;
    }
    if (!qmp_call(qmp, "migrate-start-postcopy", NULL, NULL, errp)) {
        return false;
    }
    log_info("switched the migration of %s to postcopy", instance->name);
    ret->postcopy = true;
    return true;
}

bool kvm_migration_status(const struct instance *instance, struct hv_migration *ret, GError **errp)
{
    CLEANUP(qmp_closep) struct qmp *qmp = qmp_open(instance->name, QMP_TIMEOUT_MS, errp);

    *ret = (struct hv_migration){
        .status = C_HV_MIGRATION_FAILED, .transferred_ram = -1, .total_ram = -1};
    for (int i = 0; qmp != NULL && i < STATUS_TRIES; i++) {
        CLEANUP(json_unrefp) struct json *answer = NULL;

        if (!qmp_call(qmp, "query-migrate", NULL, &answer, errp)) {
            return false;
        }
        if (known_status(answer) != NULL) {
            ret->status = known_status(answer);
            ret->transferred_ram = ram_number(answer, "transferred");
            ret->total_ram = ram_number(answer, "total");
            return maybe_postcopy(instance, qmp, answer, ret, errp);
        }
        (void)poll(NULL, 0, STATUS_PAUSE_MS);
    }
    return qmp != NULL;
}

bool kvm_finish_source(const struct instance *instance, bool success, bool live, GError **errp)
{
    CLEANUP(qmp_closep) struct qmp *qmp = NULL;
    bool alive;

    (void)live;
    if (!runs(instance->name, &alive, errp)) {
        return false;
    }
    if (!success && alive) {
        qmp = qmp_open(instance->name, QMP_TIMEOUT_MS, errp);
        return qmp != NULL && qmp_call(qmp, "cont", NULL, NULL, errp) &&
               set_capabilities(instance, qmp, false, errp);
    }
    return kvm_process_kill(instance->name, errp) && kvm_files_remove(instance->name, errp) &&
           kvm_files_forget_down(instance->name, errp);
}
