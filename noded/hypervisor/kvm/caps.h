/* What an installed QEMU can do, told by its own texts. Pure (hv_kvm/__init__.py, its regular
 * expressions). */
#ifndef GANTRY_NODED_HYPERVISOR_KVM_CAPS_H
#define GANTRY_NODED_HYPERVISOR_KVM_CAPS_H

#include <glib.h>
#include <stdbool.h>

#include "base/cleanup.h"

struct kvm_caps {
    char *default_machine; /* NULL: none is named as the default */
    GHashTable *devices;   /* names of devices */
    bool vhost;            /* taps with vhost */
    bool queues;           /* taps with several queues */
    bool auto_read_only;   /* block devices know auto-read-only */
    bool run_with;         /* -run-with sets user and root folder */
    bool no_acpi;          /* -no-acpi; without it the machine has a property */
    bool spice;            /* -spice */
};

struct kvm_version {
    int64_t major, minor, revision;
};
/* From the output of --help; false if it names none (_ParseKVMVersion). */
bool kvm_version_parse(const char *help, struct kvm_version *ret);
/* Whether the output of -machine ? has that machine of a PC (validate_machine_version, without its
 * regular expressions). */
bool kvm_machines_have(const char *machines, const char *machine);

/* The outputs of --help, -machine ? and -device ?. Never fails: what cannot be found is not there.
 */
struct kvm_caps *kvm_caps_parse(const char *help, const char *machines, const char *devices);
void kvm_caps_free(struct kvm_caps *caps);
DEFINE_CLEANUP(struct kvm_caps *, kvm_caps_free)

bool kvm_caps_has_device(const struct kvm_caps *caps, const char *device);

#endif
