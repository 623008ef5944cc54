/* Start, stop and reboot of guests. */
#include "config.h"

#include <math.h>

#include "base/json.h"
#include "base/log.h"
#include "facts/codec.h"
#include "facts/constants.h"
#include "noded/backend/common.h"
#include "noded/backend/disk-links.h"
#include "noded/backend/guest.h"

enum {
    MS = 1000,
    /* A guest that ignores its power button is asked again (InstanceShutdown). */
    ASK_AGAIN_MS = 5000,
    /* How long a guest whose plug was pulled may still be seen. */
    GONE_MS = 1000,
};

static const double max_timeout_s = 1e6;

/* --- Start --------------------------------------------------------------------------------------
 */

/* A guest that runs may still lack what its hypervisor needs on this node. */
static bool complete(const struct guest *guest, GError **errp)
{
    CLEANUP(guest_disks_freep) struct guest_disks *disks = NULL;

    log_info("Instance '%s' runs already, not starting", guest->instance->name);
    if (guest->hv->is_complete(guest->instance)) {
        return true;
    }
    log_info("Restoring the hypervisor's configuration of '%s'", guest->instance->name);
    disks = guest_link_disks(guest, errp);
    return disks != NULL && guest->hv->restore(guest->instance, disks->v, disks->n, errp);
}

static bool start_anew(const struct guest *guest, bool paused, GError **errp)
{
    CLEANUP(guest_disks_freep) struct guest_disks *disks = guest_link_disks(guest, errp);

    return disks != NULL && guest->hv->start(guest->instance, disks->v, disks->n, paused, errp);
}

/* *ret_started is false if it ran already. */
static bool start(const struct guest *guest, bool paused, bool *ret_started, GError **errp)
{
    g_autoptr(GError) error = NULL;
    enum hv_state state;
    bool known, ok;

    *ret_started = false;
    if (!guest_state(guest, &known, &state, errp)) {
        return false;
    }
    *ret_started = !known || state != HV_STATE_RUNNING;
    ok = *ret_started ? start_anew(guest, paused, &error) : complete(guest, &error);
    if (ok) {
        return true;
    }
    if (err_is(error, ERR_HYPERVISOR)) {
        disk_links_remove(guest->instance->name, guest->disks.n);
        return noded_fail(errp, "Hypervisor error: %s", error->message);
    }
    if (err_is(error, ERR_BLOCK_DEVICE)) {
        return noded_fail(errp, "Block device error: %s", error->message);
    }
    g_propagate_error(errp, g_steal_pointer(&error));
    return false;
}

NODED_CALL(instance_start, NODED_WORKER)
{
    CLEANUP(guest_freep) struct guest *guest = guest_open(&args->instance_hvp_bep, errp);
    bool started;

    if (guest == NULL || !start(guest, args->startup_paused, &started, errp)) {
        return false;
    }
    json_write_null(result);
    return !started || guest_keep_reason(guest->instance->name, "start", &args->reason, errp);
}

/* --- Stop ---------------------------------------------------------------------------------------
 */

static bool is_known(const struct guest *guest, bool *ret_known, GError **errp)
{
    enum hv_state state;

    return guest_state(guest, ret_known, &state, errp);
}

/* A guest that is gone when its stop fails is what was wanted. */
static bool ask_to_stop(const struct guest *guest, const struct hv_stop *how, bool *ret_known,
                        GError **errp)
{
    g_autoptr(GError) error = NULL;
    bool ok = guest->hv->stop(guest->instance, NULL, how, &error);

    if (!is_known(guest, ret_known, errp)) {
        return false;
    }
    if (!ok && *ret_known) {
        return noded_fail(errp, "Failed to %s instance '%s': %s",
                          how->force ? "force stop" : "stop", guest->instance->name,
                          error->message);
    }
    return true;
}

/* Waits until the guest is gone, at most until `end` (g_get_monotonic_time()). */
static bool wait_down(const struct guest *guest, gint64 end, bool *ret_known, GError **errp)
{
    gint64 left;

    while (*ret_known && (left = end - g_get_monotonic_time()) > 0) {
        guest->hv->wait_down(guest->instance->name, (int)(left / MS) + 1);
        if (!is_known(guest, ret_known, errp)) {
            return false;
        }
    }
    return true;
}

static bool stop_kindly(const struct guest *guest, double seconds, bool *ret_known, GError **errp)
{
    gint64 end = g_get_monotonic_time() + (gint64)(seconds * G_USEC_PER_SEC);
    struct hv_stop how = {.timeout = (int)ceil(seconds)};

    do {
        gint64 again = g_get_monotonic_time() + (gint64)ASK_AGAIN_MS * MS;

        if (!ask_to_stop(guest, &how, ret_known, errp) ||
            !wait_down(guest, MIN(again, end), ret_known, errp)) {
            return false;
        }
        how.retry = true;
    } while (*ret_known && g_get_monotonic_time() < end);
    return true;
}

static bool stop_now(const struct guest *guest, GError **errp)
{
    const struct hv_stop how = {.force = true, .timeout = -1};
    gint64 end;
    bool known;

    log_error("Shutdown of '%s' unsuccessful, forcing", guest->instance->name);
    if (!ask_to_stop(guest, &how, &known, errp)) {
        return false;
    }
    end = g_get_monotonic_time() + (gint64)GONE_MS * MS;
    if (!wait_down(guest, end, &known, errp)) {
        return false;
    }
    return !known || noded_fail(errp,
                                "Could not shutdown instance '%s' even by destroy: see the "
                                "log of its hypervisor on %s",
                                guest->instance->name, backend_node_name());
}

static bool shutdown_guest(const struct guest *guest, double seconds, bool *ret_ran, GError **errp)
{
    g_autoptr(GError) error = NULL;
    bool known;

    if (!is_known(guest, ret_ran, errp)) {
        return false;
    }
    known = *ret_ran;
    if (!known) {
        log_info("Instance '%s' does not run, doing nothing", guest->instance->name);
    } else if (!stop_kindly(guest, seconds, &known, errp) || (known && !stop_now(guest, errp))) {
        return false;
    }
    if (!guest->hv->cleanup(guest->instance->name, &error)) {
        log_warning("what is left of %s: %s", guest->instance->name, error->message);
    }
    disk_links_remove(guest->instance->name, guest->disks.n);
    return true;
}

static bool read_timeout(const struct json *value, double *ret, GError **errp)
{
    bool number = json_kind(value) == JSON_INT || json_kind(value) == JSON_FLOAT;

    if (!number || !(json_double(value) >= 0 && json_double(value) <= max_timeout_s)) {
        return noded_fail(errp, "the time for a shutdown must be a number of seconds, at most %.0f",
                          max_timeout_s);
    }
    *ret = json_double(value);
    return true;
}

NODED_CALL(instance_shutdown, NODED_WORKER)
{
    CLEANUP(guest_freep) struct guest *guest = guest_open(&args->instance, errp);
    double seconds = 0;
    bool ran;

    if (guest == NULL || !read_timeout(args->timeout, &seconds, errp) ||
        !shutdown_guest(guest, seconds, &ran, errp)) {
        return false;
    }
    json_write_null(result);
    return !ran || guest_keep_reason(guest->instance->name, "shutdown", &args->reason, errp);
}

/* --- Reboot -------------------------------------------------------------------------------------
 */

static bool reboot_soft(const struct guest *guest, GError **errp)
{
    g_autoptr(GError) error = NULL;

    return guest->hv->reboot(guest->instance, &error) ||
           noded_fail(errp, "Failed to soft reboot instance '%s': %s", guest->instance->name,
                      error->message);
}

static bool reboot_hard(const struct guest *guest, int64_t seconds, const struct any_list *trail,
                        GError **errp)
{
    bool ran, started;

    return shutdown_guest(guest, (double)CLAMP(seconds, 0, (int64_t)max_timeout_s), &ran, errp) &&
           start(guest, false, &started, errp) &&
           guest_keep_reason(guest->instance->name, "reboot", trail, errp);
}

NODED_CALL(instance_reboot, NODED_WORKER)
{
    CLEANUP(guest_freep) struct guest *guest = guest_open(&args->inst, errp);
    int type = fact_enum_find(&fact_enum_reboot_type, args->reboot_type);
    bool known;

    json_write_null(result);
    if (guest == NULL || !is_known(guest, &known, errp)) {
        return false;
    }
    if (!known) {
        return noded_fail(errp, "Cannot reboot instance '%s' that is not running",
                          guest->instance->name);
    }
    switch (type) {
    case REBOOT_SOFT:
        return reboot_soft(guest, errp);
    case REBOOT_HARD:
        return reboot_hard(guest, args->shutdown_timeout, &args->reason, errp);
    default:
        /* A full one is a stop and a start by the master. */
        return noded_fail(errp, "Invalid reboot_type received: '%s'", args->reboot_type);
    }
}

/* --- Memory -------------------------------------------------------------------------------------
 */

NODED_CALL(instance_balloon_memory, NODED_WORKER)
{
    CLEANUP(guest_freep) struct guest *guest = guest_open(&args->instance, errp);
    g_autoptr(GError) error = NULL;
    bool runs;

    json_write_null(result);
    if (guest == NULL || !guest_runs(guest, &runs, errp)) {
        return false;
    }
    if (!runs) {
        log_info("Instance %s does not run, its memory stays", guest->instance->name);
        return true;
    }
    return guest->hv->balloon(guest->instance, args->memory, &error) ||
           noded_fail(errp, "Failed to balloon instance memory: %s", error->message);
}
