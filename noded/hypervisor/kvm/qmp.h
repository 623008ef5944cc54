/* A connection to the monitor of a guest (QEMU's QMP; hv_kvm/monitor.py). One call at a time;
 * QEMU serves one connection at a time, so keep none longer than needed.
 *
 *     CLEANUP(qmp_closep) struct qmp *qmp = qmp_open("web1", QMP_TIMEOUT_MS, errp);
 *     if (qmp == NULL || !qmp_call(qmp, "cont", NULL, NULL, errp)) ...
 */
#ifndef GANTRY_NODED_HYPERVISOR_KVM_QMP_H
#define GANTRY_NODED_HYPERVISOR_KVM_QMP_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"

struct json;
struct qmp;

enum {
    QMP_TIMEOUT_MS = 30 * 1000,
    /* For questions that are asked of every guest of a node: one that hangs shall not hold up the
     * others (QmpConnection._QMP_TIMEOUT). */
    QMP_SHORT_TIMEOUT_MS = 5 * 1000,
};

/* timeout_ms: for each answer. Errors are HypervisorErrors that name the guest. */
struct qmp *qmp_open(const char *guest, int timeout_ms, GError **errp);
void qmp_close(struct qmp *qmp);
DEFINE_CLEANUP(struct qmp *, qmp_close)

/* args: an object, taken over; NULL: none. *ret (may be NULL) is owned by the caller. */
bool qmp_call(struct qmp *qmp, const char *command, struct json *args, struct json **ret,
              GError **errp);
/* The same, and QEMU gets a copy of the descriptor. */
bool qmp_call_with_fd(struct qmp *qmp, const char *command, struct json *args, int fd,
                      struct json **ret, GError **errp);
/* Whether this QEMU has the command. */
bool qmp_has_command(struct qmp *qmp, const char *command, bool *ret, GError **errp);
/* Whether it is this release or a later one. */
bool qmp_is_at_least(const struct qmp *qmp, int major, int minor);

/* Waits for one of the events that names the device, also one that came with an answer before.
 * Returns its index in names, -1 after timeout_ms. */
int qmp_wait_event(struct qmp *qmp, const char *const *names, size_t n, const char *device,
                   int timeout_ms);

#endif
