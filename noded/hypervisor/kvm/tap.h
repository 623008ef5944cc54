/* Network interfaces of the host that a guest's interfaces end in (hv_kvm/netdev.py). */
#ifndef GANTRY_NODED_HYPERVISOR_KVM_TAP_H
#define GANTRY_NODED_HYPERVISOR_KVM_TAP_H

#include <glib.h>
#include <net/if.h>
#include <stdbool.h>

#include "noded/hypervisor/kvm/build.h"

enum { KVM_MAX_QUEUES = 8 };

/* An open tap: a descriptor per queue, and as many of vhost if that was needed. */
struct kvm_open_tap {
    char name[IFNAMSIZ];
    int fds[KVM_MAX_QUEUES], vhost_fds[KVM_MAX_QUEUES];
    size_t n_fds, n_vhost_fds;
};

/* Makes a new tap; name "": the kernel finds one. The interface goes with its last descriptor. */
bool kvm_tap_open(const char *name, const struct kvm_tap_needs *needs, struct kvm_open_tap *ret,
                  GError **errp);
void kvm_tap_close(struct kvm_open_tap *tap);

#endif
