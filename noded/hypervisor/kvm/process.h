/* The process of a guest of KVM: found by its pid file, recognized by its command line. */
#ifndef GANTRY_NODED_HYPERVISOR_KVM_PROCESS_H
#define GANTRY_NODED_HYPERVISOR_KVM_PROCESS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/* What a command line of QEMU says of its guest; name is NULL if it names none. */
struct kvm_cmdline {
    char *name;
    int64_t memory; /* MiB */
    int64_t vcpus;
};
void kvm_cmdline_clear(struct kvm_cmdline *cmdline);
/* text: /proc/PID/cmdline, arguments end with NUL. Pure (_InstancePidInfo). */
void kvm_cmdline_parse(const char *text, size_t len, struct kvm_cmdline *ret);

/* The pid of the guest's process if it runs, else 0 (_InstancePidAlive). cmdline may be NULL, else
 * it is filled for a guest that runs; kvm_cmdline_clear(). False and *errp only if the name is no
 * file name. */
bool kvm_process_find(const char *guest, pid_t *ret_pid, struct kvm_cmdline *cmdline,
                      GError **errp);

/* Waits for the guest to end, at most so long. */
void kvm_process_wait(const char *guest, int ms);
/* Ends the guest: TERM, after 30 seconds KILL. False and *errp if it is still there (KillProcess).
 */
bool kvm_process_kill(const char *guest, GError **errp);

#endif
