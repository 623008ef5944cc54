/* Resets this node. */
#include "config.h"

#include <limits.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "noded/backend/common.h"
#include "noded/backend/guests.h"

enum {
    DELAY_S = 5,
    MS = 1000,
};

/* The answer must be out before the node goes down, so a process of its own does it, and from
 * memory: the disk may be what is broken. */
static void reset_later(const struct backend_hv *hv) G_GNUC_NORETURN;
static void reset_later(const struct backend_hv *hv)
{
    g_autoptr(GError) error = NULL;

    (void)setsid();
    /* The answer ends when nobody holds its pipe any more. */
    (void)close_range(STDERR_FILENO + 1, UINT_MAX, 0);
    if (!log_reopen(&error)) {
        g_clear_error(&error);
    }
    if (mlockall(MCL_CURRENT) != 0) {
        log_warning("cannot lock memory before the reset");
    }
    (void)poll(NULL, 0, DELAY_S * MS);
    if (!hv->ops->powercycle(&hv->params, &error)) {
        log_error("cannot reset this node: %s", error->message);
    }
    _exit(1);
}

NODED_CALL(node_powercycle, NODED_WORKER)
{
    struct backend_hv hv;
    pid_t pid;

    if (!backend_hv_open(args->hypervisor, args->hvparams, &hv, errp)) {
        return false;
    }
    pid = fork();
    if (pid == 0) {
        reset_later(&hv);
    }
    backend_hv_close(&hv);
    if (pid < 0) {
        return noded_fail(errp, "cannot start the process that resets %s: %s", backend_node_name(),
                          g_strerror(errno));
    }
    json_write_string(result, "Reboot scheduled in 5 seconds");
    return true;
}
