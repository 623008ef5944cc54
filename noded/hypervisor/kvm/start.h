/* Brings QEMU up for a guest: the run layer of _ExecuteKVMRuntime. */
#ifndef GANTRY_NODED_HYPERVISOR_KVM_START_H
#define GANTRY_NODED_HYPERVISOR_KVM_START_H

#include <glib.h>
#include <stdbool.h>

#include "noded/hypervisor/kvm/build.h"
#include "noded/hypervisor/kvm/tap.h"

/* Where a guest that migrates here is to be taken. NULL address: it starts here. */
struct kvm_incoming {
    const char *address;
    int port;
};

/* Starts the guest of the runtime, with its interfaces, user, passwords, processors and memory. It
 * must not run. If that fails, no QEMU of it is left. */
bool kvm_start(const struct instance *instance, const struct kvm_runtime *runtime,
               const struct kvm_caps *caps, const struct kvm_incoming *incoming, GError **errp);

/* Connects an interface of the guest to the node. */
bool kvm_connect_nic(const struct instance *instance, const struct kvm_nic *nic, size_t index,
                     const char *interface, GError **errp);

#endif
