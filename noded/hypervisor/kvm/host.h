/* What this node's QEMU can do and which addresses the node has. */
#ifndef GANTRY_NODED_HYPERVISOR_KVM_HOST_H
#define GANTRY_NODED_HYPERVISOR_KVM_HOST_H

#include <glib.h>
#include <stdbool.h>

#include "noded/hypervisor/kvm/build.h"

/* kvm_caps_free(). path: of QEMU. */
struct kvm_caps *kvm_host_caps(const char *path, GError **errp);
bool kvm_host_version(const char *path, struct kvm_version *ret, GError **errp);
/* Its list of machines; g_free(). */
char *kvm_host_machines(const char *path, GError **errp);

/* For struct kvm_host: borrows caps. */
struct kvm_host kvm_host_of(const struct kvm_caps *caps);
bool kvm_host_has_interface(const char *name);

#endif
