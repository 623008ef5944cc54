/* Runtime files: what a node must remember of a guest of KVM to migrate it, reboot it or change its
 * devices. A JSON list of four: the command as built before the start, interfaces, hypervisor
 * parameters, disks (hv_kvm/kvm_runtime.py). */
#ifndef GANTRY_NODED_HYPERVISOR_KVM_RUNTIME_H
#define GANTRY_NODED_HYPERVISOR_KVM_RUNTIME_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"
#include "facts/objects.h"

void kvm_runtime_free(struct kvm_runtime *runtime);
DEFINE_CLEANUP(struct kvm_runtime *, kvm_runtime_free)

/* From the text of a file, of an older release too (_upgrade_serialized_runtime); what has no row
 * stays. NULL and *errp if it cannot be read. */
struct kvm_runtime *kvm_runtime_parse(const char *text, gssize len, GError **errp);
/* As the reference writes it; g_free(). */
char *kvm_runtime_to_text(const struct kvm_runtime *runtime);

/* Whether the guest was started to stay paused. */
bool kvm_runtime_is_paused(const struct kvm_runtime *runtime);

/* An argument at the end of the command. */
void kvm_runtime_add_arg(struct kvm_runtime *runtime, const char *arg);

#endif
